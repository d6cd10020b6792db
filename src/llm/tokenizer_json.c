/* tokenizer_json.c: a tokenizer as Hugging Face's tokenizer.json, and back.
 *
 * Token text is written in GPT-2's byte alphabet, so that any bytes are valid JSON. What we read
 * must mean exactly what we would do: every key that would change that is looked at and refused
 * by name.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "llm/tokenizer_priv.h"

static void add_utf8(struct buf *b, uint32_t u)
{
    if (u < 0x80)
        buf_char(b, (char)u);
    else {   /* the alphabet ends below U+0200 */
        buf_char(b, (char)(0xC0 | u >> 6));
        buf_char(b, (char)(0x80 | (u & 0x3F)));
    }
}

static void to_alphabet(struct str bytes, struct buf *out)
{
    buf_clear(out);
    for (size_t i = 0; i < bytes.n; i++)
        add_utf8(out, byte_alphabet_code((unsigned char)bytes.p[i]));
}

/* False when a character is not of the alphabet. */
static bool from_alphabet(struct str s, struct buf *out)
{
    buf_clear(out);
    for (size_t i = 0; i < s.n;) {
        unsigned char c = (unsigned char)s.p[i];
        uint32_t u = c;
        size_t n = c < 0x80 ? 1 : 2, b = 0;
        if (n == 2) {
            if ((c & 0xE0) != 0xC0 || i + 1 >= s.n)
                return false;
            u = (c & 0x1Fu) << 6 | ((unsigned char)s.p[i + 1] & 0x3F);
        }
        while (b < 256 && byte_alphabet_code((unsigned char)b) != u)
            b++;
        if (b == 256)
            return false;
        buf_char(out, (char)b);
        i += n;
    }
    return true;
}

static json_t *added_tokens(const struct tokenizer *t)
{
    json_t *list = json_array();
    for (size_t i = 0; i < t->n; i++)
        if (t->token[i].special)
            json_array_append_new(list, json_pack("{s:I, s:s, s:b, s:b, s:b, s:b, s:b}",
                "id", (json_int_t)i, "content", t->token[i].special, "single_word", 0, "lstrip", 0,
                "rstrip", 0, "normalized", 0, "special", 1));
    return list;
}

static void token_text(const struct tokenizer *t, size_t id, struct buf *out)
{
    buf_clear(out);
    if (t->token[id].special)
        buf_str(out, t->token[id].special);
    else
        to_alphabet((struct str){ t->token[id].bytes, t->token[id].n }, out);
}

static json_t *model_json(const struct tokenizer *t)
{
    json_t *vocab = json_object(), *merges = json_array();
    struct buf a = { 0 }, b = { 0 };
    for (size_t i = 0; i < t->n; i++) {
        token_text(t, i, &a);
        json_object_set_new(vocab, a.p ? a.p : "", json_integer((json_int_t)i));
    }
    for (size_t i = 0; i < t->n_merges; i++) {
        token_text(t, t->merge[i].left, &a);
        token_text(t, t->merge[i].right, &b);
        json_array_append_new(merges, json_pack("[s, s]", a.p, b.p));
    }
    buf_free(&a);
    buf_free(&b);
    return json_pack("{s:s, s:n, s:n, s:n, s:n, s:b, s:b, s:b, s:o, s:o}", "type", "BPE", "dropout",
                     "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", 0,
                     "byte_fallback", 0, "ignore_merges", (int)t->ignore_merges, "vocab", vocab,
                     "merges", merges);
}

bool tokenizer_save(const struct tokenizer *t, const char *path, struct err *err)
{
    struct buf regex = { 0 };
    pretoken_regex(&t->rule, &regex);
    json_t *level = json_pack("{s:s, s:b, s:b, s:b}", "type", "ByteLevel", "add_prefix_space", 0,
                              "trim_offsets", 1, "use_regex", 0);
    json_t *split = json_pack("{s:s, s:{s:s}, s:s, s:b}", "type", "Split", "pattern", "Regex",
                              regex.p, "behavior", "Isolated", "invert", 0);
    json_t *root = json_pack("{s:s, s:n, s:n, s:o, s:n, s:{s:s, s:[o, O]}, s:n, s:o, s:o}",
                             "version", "1.0", "truncation", "padding", "added_tokens",
                             added_tokens(t), "normalizer", "pre_tokenizer", "type", "Sequence",
                             "pretokenizers", split, level, "post_processor", "decoder", level,
                             "model", model_json(t));
    REQUIRE(root);   /* our own names and regex are UTF-8 */
    char *text = json_dumps(root, JSON_INDENT(1));
    REQUIRE(text);
    bool good = file_write(path, text, strlen(text), err);
    free(text);
    json_decref(root);
    buf_free(&regex);
    return good;
}

struct parser {
    struct tokenizer *t;
    const char *file;
    struct err *err;
    struct buf bytes;
};

static bool refuse(struct parser *p, const char *what, const char *why)
{
    return err_set(p->err, EXIT_DATA, "%s: %s: %s", p->file, what, why);
}

static bool is_text(const json_t *o, const char *key, const char *want)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s && strcmp(s, want) == 0;
}

static bool absent(const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);
    return !v || json_is_null(v) || json_is_false(v);
}

static bool read_pretokenizer(struct parser *p, const json_t *o)
{
    const json_t *list = json_object_get(o, "pretokenizers");
    const json_t *split = json_array_get(list, 0), *level = json_array_get(list, 1);
    if (!is_text(o, "type", "Sequence") || json_array_size(list) != 2 ||
        !is_text(split, "type", "Split") || !is_text(split, "behavior", "Isolated") ||
        !absent(split, "invert"))
        return refuse(p, "pre_tokenizer", "is not a Split, isolated, and then ByteLevel");
    if (!is_text(level, "type", "ByteLevel") || !absent(level, "add_prefix_space") ||
        !json_is_false(json_object_get(level, "use_regex")))
        return refuse(p, "pre_tokenizer", "its ByteLevel splits or adds blanks");
    const json_t *regex = json_object_get(json_object_get(split, "pattern"), "Regex");
    if (!json_is_string(regex) ||
        !pretoken_from_regex(&p->t->rule, (struct str){ json_string_value(regex),
                                                        json_string_length(regex) }))
        return refuse(p, "pre_tokenizer", "its pattern is none that we cut by");
    return true;
}

static bool read_frame(struct parser *p, const json_t *root)
{
    const json_t *model = json_object_get(root, "model");
    static const char *const frame[] = { "normalizer", "post_processor", "truncation", "padding" };
    static const char *const none[] = { "dropout", "unk_token", "continuing_subword_prefix",
                                        "end_of_word_suffix", "fuse_unk", "byte_fallback" };
    if (!json_is_object(root))
        return refuse(p, "the file", "is no JSON object");
    for (size_t i = 0; i < sizeof frame / sizeof *frame; i++)
        if (!absent(root, frame[i]))
            return refuse(p, frame[i], "is not supported");
    if (!is_text(json_object_get(root, "decoder"), "type", "ByteLevel"))
        return refuse(p, "decoder", "is not ByteLevel");
    if (!is_text(model, "type", "BPE"))
        return refuse(p, "model", "is not BPE");
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        if (!absent(model, none[i]))
            return refuse(p, none[i], "is not supported");
    p->t->ignore_merges = json_is_true(json_object_get(model, "ignore_merges"));
    return read_pretokenizer(p, json_object_get(root, "pre_tokenizer"));
}

/* The contents of special tokens by id; NULL elsewhere. */
static bool read_added(struct parser *p, const json_t *list, const char **special, size_t n)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *a = json_array_get(list, i), *id = json_object_get(a, "id");
        const char *text = json_string_value(json_object_get(a, "content"));
        if (!json_is_integer(id) || json_integer_value(id) < 0 ||
            (uint64_t)json_integer_value(id) >= n || !text)
            return refuse(p, "added_tokens", "an entry lacks its content, or an id within vocab");
        if (!json_is_true(json_object_get(a, "special")))
            return refuse(p, "added_tokens", "a token that is not special is not supported");
        special[json_integer_value(id)] = text;
    }
    return true;
}

static bool add_token(struct parser *p, const char *text, size_t len, const char *special)
{
    struct str s = { text, len };
    if (special) {
        if (!str_is(s, special))
            return refuse(p, "added_tokens", "an entry is not what vocab has under its id");
        uint32_t id = tokenizer_add_special(p->t, s);
        if (str_is(s, "<|begin|>") || str_is(s, "<s>"))
            p->t->bos = id;
        else if (str_is(s, "<|end|>") || str_is(s, "</s>"))
            p->t->eos = id;
        else if (str_is(s, "<|pad|>") || str_is(s, "<pad>"))
            p->t->pad = id;
        return true;
    }
    if (!s.n || !from_alphabet(s, &p->bytes))
        return refuse(p, "vocab", "a token is not written in the byte alphabet");
    tokenizer_add(p->t, buf_view(&p->bytes));
    return true;
}

static bool read_vocab(struct parser *p, const json_t *root)
{
    json_t *vocab = json_object_get(json_object_get(root, "model"), "vocab"), *v;
    size_t n = json_object_size(vocab);
    const char **text = mem_array(n, sizeof *text), **special = mem_array(n, sizeof *special), *key;
    bool good = n > 0 || refuse(p, "vocab", "is missing or empty");
    if (good)
        json_object_foreach(vocab, key, v) {
            json_int_t id = json_is_integer(v) ? json_integer_value(v) : -1;
            if (good && (id < 0 || (uint64_t)id >= n || text[id]))
                good = refuse(p, "vocab", "ids are not 0 to n - 1, each once");
            if (good)
                text[id] = key;
        }
    good = good && read_added(p, json_object_get(root, "added_tokens"), special, n);
    for (size_t i = 0; good && i < n; i++)
        good = add_token(p, text[i], strlen(text[i]), special[i]);
    free(text);
    free(special);
    return good;
}

static bool find_alphabet(struct parser *p, struct str s, uint32_t *id)
{
    if (!from_alphabet(s, &p->bytes))
        return false;
    *id = tokenizer_find(p->t, buf_view(&p->bytes));
    return *id != TOKENIZER_NONE;
}

/* "a b" or ["a", "b"]. */
static bool read_merge(struct parser *p, const json_t *m, struct merge *out)
{
    struct str left, right;
    if (json_is_string(m)) {
        const char *s = json_string_value(m), *blank = strchr(s, ' ');
        if (!blank)
            return false;
        left = (struct str){ s, (size_t)(blank - s) };
        right = str_of(blank + 1);
    } else {
        const char *a = json_string_value(json_array_get(m, 0));
        const char *b = json_string_value(json_array_get(m, 1));
        if (!a || !b || json_array_size(m) != 2)
            return false;
        left = str_of(a);
        right = str_of(b);
    }
    if (!find_alphabet(p, left, &out->left) || !find_alphabet(p, right, &out->right))
        return false;
    struct buf both = { 0 };
    buf_add(&both, left.p, left.n);
    buf_add(&both, right.p, right.n);
    bool good = find_alphabet(p, buf_view(&both), &out->made);
    buf_free(&both);
    return good;
}

static bool read_merges(struct parser *p, const json_t *root)
{
    const json_t *list = json_object_get(json_object_get(root, "model"), "merges");
    if (list && !json_is_array(list))
        return refuse(p, "merges", "is no list");
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct merge m;
        if (!read_merge(p, json_array_get(list, i), &m))
            return refuse(p, "merges", "an entry is no pair of tokens that makes a token");
        MEM_GROW(p->t->merge, p->t->n_merges, p->t->cap_merges);
        p->t->merge[p->t->n_merges++] = m;
    }
    return true;
}

struct tokenizer *tokenizer_parse(struct str json, const char *name, struct err *err)
{
    json_error_t je;
    json_t *root = json_loadb(json.p, json.n, JSON_REJECT_DUPLICATES, &je);
    if (!root) {
        err_set(err, EXIT_DATA, "%s:%d: %s", name, je.line, je.text);
        return NULL;
    }
    struct parser p = { .t = tokenizer_new(), .file = name, .err = err };
    bool good = read_frame(&p, root) && read_vocab(&p, root) && tokenizer_index(p.t, name, err);
    good = good && read_merges(&p, root) && tokenizer_index(p.t, name, err);
    if (good && (p.t->bos == TOKENIZER_NONE || p.t->eos == TOKENIZER_NONE))
        good = refuse(&p, "added_tokens", "no begin or no end token");
    json_decref(root);
    buf_free(&p.bytes);
    if (good)
        return p.t;
    tokenizer_free(p.t);
    return NULL;
}

struct tokenizer *tokenizer_load(const char *path, struct err *err)
{
    struct buf b = { 0 };
    struct tokenizer *t = NULL;
    if (file_read(path, &b, err))
        t = tokenizer_parse(buf_view(&b), path, err);
    buf_free(&b);
    return t;
}
