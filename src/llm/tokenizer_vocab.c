/* tokenizer_vocab.c: the vocabulary, the added tokens and the merges of a tokenizer.json.
 *
 * Ids are 0 to n - 1, each once, over the vocabulary and the added tokens that are not in it. A
 * merge joins two tokens of the vocabulary to a third; bytes <0xHH> and added tokens take no part,
 * for then a text that spells one would come back as something else.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "llm/tokenizer_read_priv.h"

struct entry { const char *text; const json_t *added; };   /* by id */

struct vocabulary { struct entry *at; size_t n; };

static bool take_vocab(struct parser *p, json_t *vocab, struct vocabulary *v)
{
    const char *key;
    json_t *value;
    struct quoted q;
    json_object_foreach(vocab, key, value) {
        json_int_t id = json_is_integer(value) ? json_integer_value(value) : -1;
        quote(key, &q);
        if (id < 0 || (uint64_t)id >= v->n)
            return refuse(p, "vocab", "the id of %s is no number from 0 to %zu", q.s, v->n - 1);
        if (v->at[id].text)
            return refuse(p, "vocab", "%s has id %zu, as another token has", q.s, (size_t)id);
        v->at[id].text = key;
    }
    return true;
}

static bool take_added(struct parser *p, const json_t *a, const json_t *vocab, struct vocabulary *v)
{
    static const char *const never[] = { "single_word", "lstrip", "rstrip" };
    const char *text = json_string_value(json_object_get(a, "content"));
    const json_t *number = json_object_get(a, "id"), *own;
    struct quoted q;
    if (!text || !*text)
        return refuse(p, "added_tokens", "an entry has no content");
    quote(text, &q);
    json_int_t id = json_is_integer(number) ? json_integer_value(number) : -1;
    if (id < 0 || (uint64_t)id >= v->n)
        return refuse(p, "added_tokens", "the id of %s is no number from 0 to %zu", q.s, v->n - 1);
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        if (json_is_true(json_object_get(a, never[i])))
            return refuse(p, "added_tokens", "%s: %s is not supported", q.s, never[i]);
    if ((own = json_object_get(vocab, text)) && json_integer_value(own) != id)
        return refuse(p, "added_tokens", "%s has another id in vocab", q.s);
    if (v->at[id].added || (v->at[id].text && !own))
        return refuse(p, "added_tokens", "the id of %s is another token's", q.s);
    v->at[id] = (struct entry){ text, a };
    return true;
}

/* How many added tokens the vocabulary does not hold. */
static size_t count_new(const json_t *added, const json_t *vocab)
{
    size_t n = 0;
    for (size_t i = 0; i < json_array_size(added); i++) {
        const char *text = json_string_value(json_object_get(json_array_get(added, i), "content"));
        n += text && !json_object_get(vocab, text);
    }
    return n;
}

static void mark_role(struct tokenizer *t, uint32_t id, const char *name)
{
    static const struct { const char *name; bool bos, eos, pad; } role[] = {
        { "<|begin|>", true, false, false },       { "<s>", true, false, false },
        { "<|begin_of_text|>", true, false, false }, { "<|end|>", false, true, false },
        { "</s>", false, true, false },            { "<|end_of_text|>", false, true, false },
        { "<|endoftext|>", true, true, false },    { "<|pad|>", false, false, true },
        { "<pad>", false, false, true },
    };
    for (size_t i = 0; i < sizeof role / sizeof *role; i++)
        if (strcmp(role[i].name, name) == 0) {
            t->bos = role[i].bos ? id : t->bos;
            t->eos = role[i].eos ? id : t->eos;
            t->pad = role[i].pad ? id : t->pad;
        }
}

static bool put_added(struct parser *p, const struct entry *e)
{
    struct tokenizer *t = p->t;
    struct str s = str_of(e->text);
    bool special = json_is_true(json_object_get(e->added, "special"));
    const json_t *n = json_object_get(e->added, "normalized");
    bool normalized = n ? json_is_true(n) : !special;
    uint32_t id = special ? tokenizer_add_special(t, s) : tokenizer_add_added(t, s);
    if (special)
        mark_role(t, id, e->text);
    /* only a normalizer normalizes */
    t->token[id].normalized = normalized && t->rule.kind == TOKENIZER_LLAMA &&
                              t->blank == BLANK_SECTION;
    return !t->token[id].normalized || !strstr(e->text, BLANK_MARK) ||
           refuse(p, "added_tokens", "a normalized token with U+2581 is not supported");
}

static bool put_token(struct parser *p, const struct entry *e)
{
    struct str s = str_of(e->text);
    struct quoted q;
    unsigned char b;
    bool fresh;
    if (e->added)
        return put_added(p, e);
    if (p->t->rule.kind == TOKENIZER_LLAMA && unspell_byte(s, &b)) {
        tokenizer_add_byte(p->t, b);
        return true;
    }
    quote(e->text, &q);
    if (!s.n || !unspell_bytes(p->t->rule.kind, s, &p->bytes))
        return refuse(p, "vocab", p->t->rule.kind == TOKENIZER_LLAMA
                          ? "%s is empty or holds a blank" : "%s is not of the byte alphabet", q.s);
    tokenizer_add(p->t, buf_view(&p->bytes), &fresh);
    return fresh || refuse(p, "vocab", "%s stands for the same bytes as another token", q.s);
}

bool read_vocabulary(struct parser *p, const json_t *root)
{
    const json_t *model = json_object_get(root, "model"), *added = json_object_get(root,
                                                                                  "added_tokens");
    json_t *vocab = json_object_get(model, "vocab");
    if (!json_object_size(vocab))
        return refuse(p, "vocab", "is missing or empty");
    if (added && !json_is_null(added) && !json_is_array(added))
        return refuse(p, "added_tokens", "is no list");
    struct vocabulary v = { .n = json_object_size(vocab) + count_new(added, vocab) };
    v.at = mem_array(v.n, sizeof *v.at);
    bool good = take_vocab(p, vocab, &v);
    for (size_t i = 0; good && i < json_array_size(added); i++)
        good = take_added(p, json_array_get(added, i), vocab, &v);
    for (size_t i = 0; good && i < v.n; i++)
        good = v.at[i].text ? put_token(p, &v.at[i]) : refuse(p, "vocab", "no token has id %zu", i);
    free(v.at);
    const char *unk = json_string_value(json_object_get(model, "unk_token"));
    for (size_t i = 0; good && unk && i < v.n; i++)
        if (p->t->token[i].content && strcmp(p->t->token[i].content, unk) == 0)
            p->t->unk = (uint32_t)i;
    return good;
}

/* ---- merges ---- */

static bool find_spelled(struct parser *p, struct str s, uint32_t *id)
{
    if (!unspell_bytes(p->t->rule.kind, s, &p->bytes))
        return false;
    *id = tokenizer_find(p->t, buf_view(&p->bytes));
    return *id != TOKENIZER_NONE;
}

/* "a b" or ["a", "b"]. */
static bool cut_merge(const json_t *m, struct str *left, struct str *right)
{
    if (json_is_string(m)) {
        const char *s = json_string_value(m), *blank = strchr(s, ' ');
        if (!blank)
            return false;
        *left = (struct str){ s, (size_t)(blank - s) };
        *right = str_of(blank + 1);
        return true;
    }
    const char *a = json_string_value(json_array_get(m, 0));
    const char *b = json_string_value(json_array_get(m, 1));
    if (!a || !b || json_array_size(m) != 2)
        return false;
    *left = str_of(a);
    *right = str_of(b);
    return true;
}

static bool read_merge(struct parser *p, const json_t *entry, size_t i)
{
    struct str left, right;
    struct merge m;
    if (!cut_merge(entry, &left, &right))
        return refuse(p, "merges", "entry %zu is neither \"a b\" nor [\"a\", \"b\"]", i);
    if (!find_spelled(p, left, &m.left) || !find_spelled(p, right, &m.right))
        return refuse(p, "merges", "entry %zu joins what is no token of vocab", i);
    struct buf both = { 0 };
    buf_add(&both, left.p, left.n);
    buf_add(&both, right.p, right.n);
    bool good = find_spelled(p, buf_view(&both), &m.made);
    buf_free(&both);
    if (!good)
        return refuse(p, "merges", "entry %zu makes what is no token of vocab", i);
    tokenizer_add_merge(p->t, m);
    return true;
}

bool read_merges(struct parser *p, const json_t *root)
{
    const json_t *list = json_object_get(json_object_get(root, "model"), "merges");
    bool good = !list || json_is_array(list) || refuse(p, "merges", "is no list");
    for (size_t i = 0; good && i < json_array_size(list); i++)
        good = read_merge(p, json_array_get(list, i), i);
    return good;
}
