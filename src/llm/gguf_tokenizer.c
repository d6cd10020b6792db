/* gguf_tokenizer.c: vocabulary, merges and special tokens of a tokenizer.json as GGUF keys.
 *
 * A reader takes the length of the token list for the rows of the embedding, so it is padded
 * with unused tokens to the model's vocabulary, as Hugging Face's own converter does.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "llm/gguf_priv.h"

enum gguf_kind { NORMAL = 1, UNKNOWN = 2, CONTROL = 3, USER = 4, UNUSED = 5, BYTE = 6 };

struct vocabulary {
    const json_t *root, *model;
    const char *file;
    struct err *err;
    size_t n;                      /* the model's; tokens beyond the file's are unused */
    const char **text;             /* (n) borrowed from the JSON; NULL: none */
    int32_t *kind;                 /* (n) */
    float *score;                  /* (n) */
};

static bool refuse(const struct vocabulary *v, const char *part, const char *why)
{
    return err_set(v->err, EXIT_DATA, "%s: %s: %s", v->file, part, why);
}

static bool put_token(struct vocabulary *v, const json_t *id, const char *text, int32_t kind)
{
    json_int_t i = json_integer_value(id);
    if (!json_is_integer(id) || i < 0 || (uint64_t)i >= v->n)
        return refuse(v, text, "the id is none of the model's");
    if (v->text[i] && strcmp(v->text[i], text) != 0)
        return refuse(v, text, "the id has another token");
    v->text[i] = text;
    v->kind[i] = kind;
    return true;
}

static int32_t kind_of(const struct vocabulary *v, const char *text)
{
    const char *unknown = json_string_value(json_object_get(v->model, "unk_token"));
    bool bytes = json_is_true(json_object_get(v->model, "byte_fallback"));
    unsigned byte;
    char end;
    if (unknown && strcmp(unknown, text) == 0)
        return UNKNOWN;
    return bytes && strlen(text) == 6 && sscanf(text, "<0x%2X%c", &byte, &end) == 2 && end == '>'
           ? BYTE : NORMAL;
}

static bool read_vocabulary(struct vocabulary *v)
{
    const char *text;
    json_t *id, *vocab = json_object_get(v->model, "vocab");
    size_t i;
    json_t *a, *added = json_object_get(v->root, "added_tokens");
    if (!json_is_object(vocab))
        return refuse(v, "vocab", "is no object");
    json_object_foreach(vocab, text, id)
        if (!put_token(v, id, text, kind_of(v, text)))
            return false;
    json_array_foreach(added, i, a) {
        const char *content = json_string_value(json_object_get(a, "content"));
        if (!content)
            return refuse(v, "added_tokens", "one has no content");
        int32_t kind = kind_of(v, content);
        if (kind != UNKNOWN)
            kind = json_is_true(json_object_get(a, "special")) ? CONTROL : USER;
        if (!put_token(v, json_object_get(a, "id"), content, kind))
            return false;
    }
    return true;
}

/* The two sides of a merge, "a b" or ["a", "b"]. */
static bool sides(const json_t *m, struct str *left, struct str *right)
{
    const char *s = json_string_value(m), *blank = s ? strchr(s, ' ') : NULL;
    const char *a = json_string_value(json_array_get(m, 0));
    const char *b = json_string_value(json_array_get(m, 1));
    if (blank) {
        *left = (struct str){ s, (size_t)(blank - s) };
        *right = str_of(blank + 1);
    } else if (a && b) {
        *left = str_of(a);
        *right = str_of(b);
    }
    return blank || (a && b);
}

static bool add_merges(struct gguf_keys *k, const struct vocabulary *v, const json_t *merges)
{
    gguf_key_array(k, "tokenizer.ggml.merges", GGUF_STRING, json_array_size(merges));
    for (size_t i = 0; i < json_array_size(merges); i++) {
        struct str left, right;
        if (!sides(json_array_get(merges, i), &left, &right))
            return refuse(v, "merges", "an entry is no pair of tokens");
        if (memchr(left.p, ' ', left.n) || memchr(right.p, ' ', right.n))
            return refuse(v, "merges", "a side has a blank, which GGUF cannot say");
        gguf_u64(&k->b, left.n + 1 + right.n);
        buf_add(&k->b, left.p, left.n);
        buf_char(&k->b, ' ');
        buf_add(&k->b, right.p, right.n);
    }
    return true;
}

/* The earlier the merge that makes a token, the higher its score; what no merge makes (special,
 * bytes, characters) never competes. */
static bool score_merges(struct vocabulary *v, const json_t *merges)
{
    const json_t *vocab = json_object_get(v->model, "vocab");
    struct buf both = { 0 };
    bool good = true;
    for (size_t i = json_array_size(merges); good && i-- > 0;) {
        struct str left, right;
        good = sides(json_array_get(merges, i), &left, &right) ||
               refuse(v, "merges", "an entry is no pair of tokens");
        if (!good)
            break;
        buf_clear(&both);
        buf_add(&both, left.p, left.n);
        buf_add(&both, right.p, right.n);
        const json_t *id = json_object_get(vocab, both.p);
        if (id)
            v->score[json_integer_value(id)] = -(float)i;
        else
            good = refuse(v, "merges", "an entry makes no token of the vocabulary");
    }
    buf_free(&both);
    return good;
}

/* Does the pre-tokenizer, or one of its sequence, cut by GPT-2's own pattern? */
static bool cuts_as_gpt2(const json_t *pre)
{
    const json_t *list = json_object_get(pre, "pretokenizers");
    for (size_t i = 0; i < json_array_size(list); i++)
        if (cuts_as_gpt2(json_array_get(list, i)))
            return true;
    const char *type = json_string_value(json_object_get(pre, "type"));
    const json_t *regex = json_object_get(pre, "use_regex");
    return type && strcmp(type, "ByteLevel") == 0 && (!regex || json_is_true(regex));
}

static void add_tokens(struct gguf_keys *k, const struct vocabulary *v)
{
    gguf_key_array(k, "tokenizer.ggml.tokens", GGUF_STRING, v->n);
    for (size_t i = 0; i < v->n; i++) {
        char unused[40];
        snprintf(unused, sizeof unused, "[PAD%zu]", i);
        gguf_string(&k->b, v->text[i] ? v->text[i] : unused);
    }
    gguf_key_array(k, "tokenizer.ggml.token_type", GGUF_I32, v->n);
    for (size_t i = 0; i < v->n; i++)
        gguf_u32(&k->b, v->text[i] ? (uint32_t)v->kind[i] : UNUSED);
}

static bool add_kind(struct gguf_keys *k, struct vocabulary *v)
{
    const json_t *merges = json_object_get(v->model, "merges");
    bool scored = json_is_true(json_object_get(v->model, "byte_fallback"));
    if (scored && !score_merges(v, merges))
        return false;
    gguf_key_string(k, "tokenizer.ggml.model", scored ? "llama" : "gpt2");
    const char *pre = json_is_true(json_object_get(v->model, "ignore_merges")) ? "llama-bpe"
                    : cuts_as_gpt2(json_object_get(v->root, "pre_tokenizer")) ? "gpt-2" : "default";
    gguf_key_string(k, "tokenizer.ggml.pre", scored ? "default" : pre);
    add_tokens(k, v);
    if (!scored)
        return add_merges(k, v, merges);
    gguf_key_array(k, "tokenizer.ggml.scores", GGUF_F32, v->n);
    gguf_raw(&k->b, v->score, v->n * sizeof *v->score);
    return true;
}

static void add_ids(struct gguf_keys *k, const struct vocabulary *v, const struct llama_config *c)
{
    gguf_key_u32(k, "tokenizer.ggml.bos_token_id", c->bos);
    gguf_key_u32(k, "tokenizer.ggml.eos_token_id", c->eos);
    if (c->pad < v->n)
        gguf_key_u32(k, "tokenizer.ggml.padding_token_id", c->pad);
    for (size_t i = 0; i < v->n; i++)
        if (v->text[i] && v->kind[i] == UNKNOWN)
            gguf_key_u32(k, "tokenizer.ggml.unknown_token_id", (uint32_t)i);
    gguf_key_bool(k, "tokenizer.ggml.add_bos_token", true);
    gguf_key_bool(k, "tokenizer.ggml.add_eos_token", false);
}

static bool add_all(struct gguf_keys *k, struct vocabulary *v, const struct llama_config *c)
{
    const char *type = json_string_value(json_object_get(v->model, "type"));
    if (!type || strcmp(type, "BPE") != 0)
        return refuse(v, "model", "is no BPE");
    if (!read_vocabulary(v) || !add_kind(k, v))
        return false;
    add_ids(k, v, c);
    return true;
}

bool gguf_tokenizer(struct gguf_keys *k, const struct llama_config *c,
                    const struct gguf_options *o, struct err *err)
{
    json_error_t je;
    json_t *root = json_loadb(o->tokenizer.p, o->tokenizer.n, JSON_REJECT_DUPLICATES, &je);
    if (!root)
        return err_set(err, EXIT_DATA, "%s:%d: %s", o->tokenizer_name, je.line, je.text);
    struct vocabulary v = { .root = root, .model = json_object_get(root, "model"),
                            .file = o->tokenizer_name, .err = err, .n = c->vocab };
    v.text = mem_array(v.n, sizeof *v.text);
    v.kind = mem_array(v.n, sizeof *v.kind);
    v.score = mem_array(v.n, sizeof *v.score);
    bool good = add_all(k, &v, c);
    free(v.text);
    free(v.kind);
    free(v.score);
    json_decref(root);
    return good;
}
