/* tokenizer.c: a word seen often enough is a token; everything else is its bytes.
 *
 *     "S_1 12 MS_999\n"  ->  "S_1"  " 12"  " " "M" "S" "_" "9" "9" "9"  "\n"
 *                                          \_ never seen in training _/
 *
 * Names in traces are identities, not morphology: pieces of a name say nothing, and a model that
 * must spell names miscopies them. So no merges are learned; those of a file are obeyed.
 */
#include "llm/tokenizer.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "llm/tokenizer_priv.h"

void tokens_add(struct tokens *t, uint32_t id)
{
    MEM_GROW(t->id, t->n, t->cap);
    t->id[t->n++] = id;
}

void tokens_free(struct tokens *t)
{
    free(t->id);
    *t = (struct tokens){ 0 };
}

static bool byte_is_itself(unsigned b)
{
    return (b >= 0x21 && b <= 0x7E) || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
}

uint32_t byte_alphabet_code(unsigned char b)
{
    if (byte_is_itself(b))
        return b;
    uint32_t k = 0;
    for (unsigned i = 0; i < b; i++)
        k += !byte_is_itself(i);
    return 0x100 + k;
}

unsigned char byte_alphabet_nth(size_t i)
{
    for (unsigned pass = 0; pass < 2; pass++)
        for (unsigned b = 0; b < 256; b++)
            if (byte_is_itself(b) == (pass == 0) && i-- == 0)
                return (unsigned char)b;
    REQUIRE(!"a byte has 256 values");
    return 0;
}

struct tokenizer *tokenizer_new(void)
{
    struct tokenizer *t = mem_alloc(sizeof *t);
    t->ignore_merges = true;
    t->bos = t->eos = t->pad = TOKENIZER_NONE;
    return t;
}

void tokenizer_free(struct tokenizer *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->n; i++) {
        free(t->token[i].bytes);
        free(t->token[i].special);
    }
    pretoken_rule_free(&t->rule);
    free(t->token);
    free(t->table);
    free(t->merge);
    free(t->merge_table);
    free(t);
}

uint32_t tokenizer_add(struct tokenizer *t, struct str bytes)
{
    MEM_GROW(t->token, t->n, t->cap);
    char *copy = mem_alloc(bytes.n + 1);
    memcpy(copy, bytes.p, bytes.n);
    t->token[t->n] = (struct token){ .bytes = copy, .n = bytes.n };
    return (uint32_t)t->n++;
}

uint32_t tokenizer_add_special(struct tokenizer *t, struct str name)
{
    MEM_GROW(t->token, t->n, t->cap);
    t->token[t->n] = (struct token){ .special = mem_strndup(name.p, name.n) };
    return (uint32_t)t->n++;
}

/* The place of these bytes in the table: an entry that has them, or an empty one. */
static size_t place(const struct tokenizer *t, struct str s)
{
    size_t at = hash64(s.p, s.n, 0) & (t->table_size - 1);
    while (t->table[at]) {
        const struct token *k = &t->token[t->table[at] - 1];
        if (k->n == s.n && memcmp(k->bytes, s.p, s.n) == 0)
            break;
        at = (at + 1) & (t->table_size - 1);
    }
    return at;
}

static size_t merge_place(const struct tokenizer *t, uint32_t left, uint32_t right)
{
    size_t at = hash64_mix(left, right) & (t->merge_table_size - 1);
    while (t->merge_table[at]) {
        const struct merge *m = &t->merge[t->merge_table[at] - 1];
        if (m->left == left && m->right == right)
            break;
        at = (at + 1) & (t->merge_table_size - 1);
    }
    return at;
}

static size_t table_size_for(size_t n)
{
    size_t size = 16;
    while (size < 2 * n + 1)
        size *= 2;
    return size;
}

bool tokenizer_index(struct tokenizer *t, const char *name, struct err *err)
{
    free(t->table);
    free(t->merge_table);
    t->table_size = table_size_for(t->n);
    t->table = mem_array(t->table_size, sizeof *t->table);
    for (size_t i = 0; i < t->n; i++) {
        if (!t->token[i].bytes)
            continue;
        size_t at = place(t, (struct str){ t->token[i].bytes, t->token[i].n });
        if (t->table[at])
            return err_set(err, EXIT_DATA, "%s: tokens %u and %zu stand for the same bytes", name,
                           t->table[at] - 1, i);
        t->table[at] = (uint32_t)i + 1;
    }
    for (unsigned b = 0; b < 256; b++) {
        char c = (char)b;
        if ((t->byte[b] = tokenizer_find(t, (struct str){ &c, 1 })) == TOKENIZER_NONE)
            return err_set(err, EXIT_DATA, "%s: no token for byte 0x%02X", name, b);
    }
    t->merge_table_size = table_size_for(t->n_merges);
    t->merge_table = mem_array(t->merge_table_size, sizeof *t->merge_table);
    for (size_t i = 0; i < t->n_merges; i++) {
        size_t at = merge_place(t, t->merge[i].left, t->merge[i].right);
        if (t->merge_table[at])
            return err_set(err, EXIT_DATA, "%s: merges %u and %zu join the same pair", name,
                           t->merge_table[at] - 1, i);
        t->merge_table[at] = (uint32_t)i + 1;
    }
    return true;
}

size_t tokenizer_size(const struct tokenizer *t) { return t->n; }
uint32_t tokenizer_bos(const struct tokenizer *t) { return t->bos; }
uint32_t tokenizer_eos(const struct tokenizer *t) { return t->eos; }
uint32_t tokenizer_pad(const struct tokenizer *t) { return t->pad; }

struct str tokenizer_bytes(const struct tokenizer *t, uint32_t id)
{
    REQUIRE(id < t->n);
    return (struct str){ t->token[id].bytes, t->token[id].n };
}

uint32_t tokenizer_find(const struct tokenizer *t, struct str bytes)
{
    return bytes.n ? t->table[place(t, bytes)] - 1u : TOKENIZER_NONE;
}

/* Join neighbours by the merge of lowest rank, leftmost first, until none applies. */
static void apply_merges(const struct tokenizer *t, struct tokens *out, size_t from)
{
    while (t->n_merges) {
        size_t best = SIZE_MAX, at = 0;
        for (size_t i = from; i + 1 < out->n; i++) {
            uint32_t rank = t->merge_table[merge_place(t, out->id[i], out->id[i + 1])];
            if (rank && rank - 1 < best) {
                best = rank - 1;
                at = i;
            }
        }
        if (best == SIZE_MAX)
            return;
        out->id[at] = t->merge[best].made;
        memmove(out->id + at + 1, out->id + at + 2, (out->n - at - 2) * sizeof *out->id);
        out->n--;
    }
}

void tokenizer_encode(const struct tokenizer *t, struct str text, struct tokens *out)
{
    while (text.n) {
        struct str piece = { text.p, pretoken_length(&t->rule, text) };
        text.p += piece.n;
        text.n -= piece.n;
        uint32_t id = t->ignore_merges ? tokenizer_find(t, piece) : TOKENIZER_NONE;
        if (id != TOKENIZER_NONE) {
            tokens_add(out, id);
            continue;
        }
        size_t from = out->n;
        for (size_t i = 0; i < piece.n; i++)
            tokens_add(out, t->byte[(unsigned char)piece.p[i]]);
        apply_merges(t, out, from);
    }
}

void tokenizer_decode(const struct tokenizer *t, const uint32_t *id, size_t n, struct buf *out)
{
    for (size_t i = 0; i < n; i++) {
        struct str s = tokenizer_bytes(t, id[i]);
        if (s.n)
            buf_add(out, s.p, s.n);
    }
}

void tokenizer_encode_line(const struct tokenizer *t, struct str text, struct tokens *out)
{
    tokenizer_encode(t, text, out);
}

void tokenizer_decode_line(const struct tokenizer *t, const uint32_t *id, size_t n, struct buf *out)
{
    tokenizer_decode(t, id, n, out);
}
