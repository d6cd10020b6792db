/* tokenizer.c: the tokens and the tables over them.
 *
 *     bytes -> id          for words, characters and what merges make
 *     (left, right) -> rank of the merge
 *     added tokens         sorted by content, for the longest match
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

static size_t table_size_for(size_t n)
{
    size_t size = 16;
    while (size < 2 * n + 1)
        size *= 2;
    return size;
}

struct tokenizer *tokenizer_new(void)
{
    struct tokenizer *t = mem_alloc(sizeof *t);
    t->bos = t->eos = t->pad = t->unk = TOKENIZER_NONE;
    for (size_t b = 0; b < 256; b++)
        t->byte[b] = TOKENIZER_NONE;
    t->table_size = table_size_for(0);
    t->table = mem_array(t->table_size, sizeof *t->table);
    return t;
}

static void added_free(struct added_set *s)
{
    for (size_t i = 0; i < s->n; i++)
        free(s->at[i].key);
    free(s->at);
}

void tokenizer_free(struct tokenizer *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->n; i++) {
        free(t->token[i].bytes);
        free(t->token[i].content);
    }
    pretoken_rule_free(&t->rule);
    tokens_free(&t->before);
    tokens_free(&t->after);
    added_free(&t->raw);
    added_free(&t->normalized);
    free(t->token);
    free(t->table);
    free(t->merge);
    free(t->merge_table);
    free(t);
}

/* ---- bytes to tokens ---- */

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

static void enter(struct tokenizer *t, size_t i)
{
    t->table[place(t, (struct str){ t->token[i].bytes, t->token[i].n })] = (uint32_t)i + 1;
}

static void grow_table(struct tokenizer *t)
{
    if (2 * (t->n + 1) < t->table_size)
        return;
    t->table_size *= 2;
    free(t->table);
    t->table = mem_array(t->table_size, sizeof *t->table);
    for (size_t i = 0; i < t->n; i++)
        if (t->token[i].kind == TOKEN_TEXT)
            enter(t, i);
}

static char *copied(struct str s)
{
    char *p = mem_alloc(s.n + 1);
    memcpy(p, s.p, s.n);
    return p;
}

static uint32_t add(struct tokenizer *t, struct token k)
{
    REQUIRE(t->n + 1 < TOKENIZER_NONE);
    MEM_GROW(t->token, t->n, t->cap);
    t->token[t->n] = k;
    return (uint32_t)t->n++;
}

uint32_t tokenizer_add(struct tokenizer *t, struct str bytes, bool *fresh)
{
    uint32_t old = tokenizer_find(t, bytes);
    if (fresh)
        *fresh = old == TOKENIZER_NONE;
    if (old != TOKENIZER_NONE)
        return old;
    grow_table(t);
    uint32_t id = add(t, (struct token){ .bytes = copied(bytes), .n = bytes.n });
    enter(t, id);
    return id;
}

uint32_t tokenizer_add_byte(struct tokenizer *t, unsigned char b)
{
    char c = (char)b;
    t->byte[b] = (uint32_t)t->n;
    return add(t, (struct token){ .bytes = copied((struct str){ &c, 1 }), .n = 1,
                                  .kind = TOKEN_BYTE });
}

uint32_t tokenizer_add_special(struct tokenizer *t, struct str name)
{
    return add(t, (struct token){ .kind = TOKEN_SPECIAL, .content = copied(name) });
}

uint32_t tokenizer_add_added(struct tokenizer *t, struct str content)
{
    return add(t, (struct token){ .kind = TOKEN_ADDED, .content = copied(content),
                                  .bytes = copied(content), .n = content.n });
}

uint32_t tokenizer_find(const struct tokenizer *t, struct str bytes)
{
    return bytes.n ? t->table[place(t, bytes)] - 1u : TOKENIZER_NONE;
}

/* ---- added tokens ---- */

static int by_key(const void *a, const void *b)
{
    const struct added *x = a, *y = b;
    return str_cmp((struct str){ x->key, x->n }, (struct str){ y->key, y->n });
}

/* A token that is looked for after normalization is looked for normalized: with a blank before it,
 * as Hugging Face's readers do. */
static struct added added_key(const struct tokenizer *t, uint32_t id)
{
    struct buf b = { 0 };
    if (t->token[id].normalized)
        buf_char(&b, ' ');
    buf_str(&b, t->token[id].content);
    return (struct added){ b.p, b.n, id };
}

static bool gather(struct tokenizer *t, struct added_set *set, bool normalized, const char *name,
                   struct err *err)
{
    REQUIRE(!set->at);
    size_t cap = 0;
    for (size_t i = 0; i < t->n; i++)
        if (t->token[i].content && t->token[i].normalized == normalized) {
            MEM_GROW(set->at, set->n, cap);
            set->at[set->n++] = added_key(t, (uint32_t)i);
        }
    if (set->n)
        qsort(set->at, set->n, sizeof *set->at, by_key);
    for (size_t i = 1; i < set->n; i++)
        if (by_key(&set->at[i - 1], &set->at[i]) == 0)
            return err_set(err, EXIT_DATA, "%s: added tokens %u and %u are the same text", name,
                           set->at[i - 1].id, set->at[i].id);
    return true;
}

/* What a normalized token matches in the text is what it stands for. */
static void stand_for_keys(struct tokenizer *t)
{
    for (size_t i = 0; i < t->normalized.n; i++) {
        const struct added *a = &t->normalized.at[i];
        struct token *k = &t->token[a->id];
        if (k->kind != TOKEN_ADDED)
            continue;
        free(k->bytes);
        k->bytes = copied((struct str){ a->key, a->n });
        k->n = a->n;
    }
}

bool tokenizer_index(struct tokenizer *t, const char *name, struct err *err)
{
    for (unsigned b = 0; b < 256 && t->rule.kind != TOKENIZER_LLAMA; b++) {
        char c = (char)b;
        t->byte[b] = tokenizer_find(t, (struct str){ &c, 1 });
    }
    for (unsigned b = 0; b < 256; b++)
        if (t->byte[b] == TOKENIZER_NONE)
            return err_set(err, EXIT_DATA, "%s: no token for byte 0x%02X", name, b);
    if (t->rule.kind == TOKENIZER_LLAMA && tokenizer_find(t, STR(" ")) == TOKENIZER_NONE)
        return err_set(err, EXIT_DATA, "%s: no token for a blank, U+2581", name);
    if (!gather(t, &t->raw, false, name, err) || !gather(t, &t->normalized, true, name, err))
        return false;
    stand_for_keys(t);
    return true;
}

/* ---- merges ---- */

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

void tokenizer_add_merge(struct tokenizer *t, struct merge m)
{
    REQUIRE(t->n_merges + 1 < TOKENIZER_NONE);
    MEM_GROW(t->merge, t->n_merges, t->cap_merges);
    t->merge[t->n_merges++] = m;
}

bool tokenizer_index_merges(struct tokenizer *t, const char *name, struct err *err)
{
    free(t->merge_table);
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

size_t tokenizer_rank(const struct tokenizer *t, uint32_t left, uint32_t right)
{
    uint32_t entry = t->merge_table[merge_place(t, left, right)];
    return entry ? entry - 1 : SIZE_MAX;
}

/* ---- what others ask ---- */

size_t tokenizer_size(const struct tokenizer *t) { return t->n; }
uint32_t tokenizer_bos(const struct tokenizer *t) { return t->bos; }
uint32_t tokenizer_eos(const struct tokenizer *t) { return t->eos; }
uint32_t tokenizer_pad(const struct tokenizer *t) { return t->pad; }
uint32_t tokenizer_unk(const struct tokenizer *t) { return t->unk; }
enum tokenizer_rule tokenizer_rule(const struct tokenizer *t) { return t->rule.kind; }
size_t tokenizer_merges(const struct tokenizer *t) { return t->n_merges; }

struct str tokenizer_bytes(const struct tokenizer *t, uint32_t id)
{
    REQUIRE(id < t->n);
    return (struct str){ t->token[id].bytes, t->token[id].n };
}

enum token_kind tokenizer_kind(const struct tokenizer *t, uint32_t id)
{
    REQUIRE(id < t->n);
    return t->token[id].kind;
}

void tokenizer_merge(const struct tokenizer *t, size_t rank, uint32_t *left, uint32_t *right)
{
    REQUIRE(rank < t->n_merges);
    *left = t->merge[rank].left;
    *right = t->merge[rank].right;
}

void tokenizer_spell(const struct tokenizer *t, uint32_t id, struct buf *out)
{
    REQUIRE(id < t->n);
    const struct token *k = &t->token[id];
    struct buf b = { 0 };
    if (k->content)
        buf_str(out, k->content);
    else if (k->kind == TOKEN_BYTE)
        buf_printf(out, "<0x%02X>", (unsigned char)k->bytes[0]);
    else {
        spell_bytes(t->rule.kind, (struct str){ k->bytes, k->n }, &b);
        buf_add(out, b.p, b.n);
    }
    buf_free(&b);
}
