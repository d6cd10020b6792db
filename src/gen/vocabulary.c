/* vocabulary.c: tokens as words. Single bytes are in every vocabulary; they are words only where
 * they were learnt as names, or as the "?" that may open a line. */
#include "gen/vocabulary.h"

#include <stdlib.h>

#include "base/mem.h"

enum { SERVICE_BIT = 1 << 6 };

bool vocabulary_blank(const struct tokenizer *t, uint32_t id)
{
    struct str s = tokenizer_bytes(t, id);
    return s.n > 1 && s.p[0] == ' ';
}

struct compact_word *vocabulary_words(const struct tokenizer *t)
{
    size_t n = tokenizer_size(t);
    struct compact_word *words = mem_array(n, sizeof *words);
    for (size_t i = 0; i < n; i++) {
        struct str s = tokenizer_bytes(t, (uint32_t)i);
        bool blank = vocabulary_blank(t, (uint32_t)i);
        if (blank)
            s = (struct str){ s.p + 1, s.n - 1 };
        if (s.n == 0)
            continue;   /* a special token: WORD_FOREIGN */
        struct compact_word w = compact_word_classify(s);
        if (blank || w.class == WORD_NAME || w.class == WORD_OPEN)
            words[i] = w;
    }
    return words;
}

uint32_t vocabulary_find(const struct tokenizer *t, struct str word, bool first)
{
    if (first)
        return tokenizer_find(t, word);
    struct buf b = { 0 };
    buf_char(&b, ' ');
    buf_add(&b, word.p, word.n);
    uint32_t id = tokenizer_find(t, buf_view(&b));
    buf_free(&b);
    return id;
}

static uint32_t find_name(const struct tokenizer *t, struct str name, bool first)
{
    struct buf b = { 0 };
    compact_put_name(name, &b);
    uint32_t id = vocabulary_find(t, buf_view(&b), first);
    buf_free(&b);
    return id;
}

static void learn_graph(struct compact_word *words, const uint32_t *callee, const uint32_t *service,
                        const struct callgraph *g)
{
    for (size_t i = 0; i < g->n; i++)
        if (callee[g->calls[i].dst] != TOKENIZER_NONE)
            words[callee[g->calls[i].dst]].types |= (uint8_t)(1u << g->calls[i].type);
    if (service[g->service] != TOKENIZER_NONE)
        words[service[g->service]].service = true;
    if (callee[g->service] != TOKENIZER_NONE)
        words[callee[g->service]].service = true;
}

void vocabulary_learn(struct compact_word *words, const struct tokenizer *t,
                      const struct graphset *graphs)
{
    size_t n = names_count(graphs->names);
    uint32_t *callee = mem_array(n, sizeof *callee), *service = mem_array(n, sizeof *service);
    for (size_t i = 0; i < n; i++) {
        struct str name = names_str(graphs->names, (uint32_t)i);
        callee[i] = find_name(t, name, false);
        service[i] = find_name(t, name, true);
    }
    for (size_t i = 0; i < graphs->n; i++)
        learn_graph(words, callee, service, &graphs->graphs[i]);
    free(callee);
    free(service);
}

void vocabulary_open(struct compact_word *words, const struct tokenizer *t)
{
    size_t n = tokenizer_size(t);
    for (size_t i = 0; i < n; i++)
        if (words[i].class == WORD_NAME && tokenizer_bytes(t, (uint32_t)i).n > 1) {
            words[i].types = (1u << CALL_TYPES) - 1;
            words[i].service = true;
        }
}

void vocabulary_write(const struct compact_word *words, size_t n, struct buf *out)
{
    for (size_t i = 0; i < n; i++)
        buf_printf(out, "%02x", words[i].types | (words[i].service ? SERVICE_BIT : 0));
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool vocabulary_read(struct compact_word *words, size_t n, struct str text)
{
    if (text.n != 2 * n)
        return false;
    for (size_t i = 0; i < text.n; i++)
        if (hex_digit(text.p[i]) < 0)
            return false;
    for (size_t i = 0; i < n; i++) {
        int bits = hex_digit(text.p[2 * i]) << 4 | hex_digit(text.p[2 * i + 1]);
        words[i].types = (uint8_t)(bits & ((1 << CALL_TYPES) - 1));
        words[i].service = bits & SERVICE_BIT;
    }
    return true;
}
