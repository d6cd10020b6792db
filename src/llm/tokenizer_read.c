/* tokenizer_read.c: Hugging Face's tokenizer.json, as far as we would do exactly what it says.
 *
 *     normalizer            pre_tokenizer                      decoder     rule
 *     null                  Sequence [Split, ByteLevel]        ByteLevel   by the expression
 *     null                  ByteLevel, use_regex               ByteLevel   GPT2
 *     Prepend, Replace      null                               Sequence    LLAMA
 *     null                  Metaspace, first or always         Sequence    LLAMA, newer form
 *
 * Every key that would change what a token means is looked at; what we would not reproduce is
 * refused by its name. The vocabulary and the merges are read in tokenizer_vocab.c.
 */
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "llm/tokenizer_read_priv.h"

void quote(const char *text, struct quoted *q)
{
    json_t *s = json_string(text);
    char *dumped = json_dumps(s, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    snprintf(q->s, sizeof q->s, "%.50s%s", dumped, strlen(dumped) > 50 ? "..." : "");
    free(dumped);
    json_decref(s);
}

bool refuse(struct parser *p, const char *what, const char *fmt, ...)
{
    char why[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    return err_set(p->err, EXIT_DATA, "%s: %s: %s", p->file, what, why);
}

static const char *text_at(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

static bool is_text(const json_t *o, const char *key, const char *want)
{
    return strcmp(text_at(o, key), want) == 0;
}

/* Missing, null, false or empty: older files write "" where newer ones write null. */
static bool absent(const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);
    return !v || json_is_null(v) || json_is_false(v) ||
           (json_is_string(v) && json_string_length(v) == 0);
}

static bool no_such_type(struct parser *p, const char *what, const json_t *o)
{
    const char *type = json_string_value(json_object_get(o, "type"));
    struct quoted q = { "" };
    if (type)
        quote(type, &q);
    return refuse(p, what, type ? "%s is not supported here" : "has no type%s", q.s);
}

static const json_t *part(const json_t *sequence, const char *key, size_t i)
{
    return is_text(sequence, "type", "Sequence")
               ? json_array_get(json_object_get(sequence, key), i)
               : NULL;
}

static size_t parts(const json_t *sequence, const char *key)
{
    return json_array_size(json_object_get(sequence, key));
}

/* {"type": "Replace", "pattern": {"String": from}, "content": to} */
static bool is_replace(const json_t *o, const char *from, const char *to)
{
    return is_text(o, "type", "Replace") &&
           is_text(json_object_get(o, "pattern"), "String", from) && is_text(o, "content", to);
}

static bool read_normalizer(struct parser *p, const json_t *o, bool *prepends)
{
    *prepends = false;
    if (!o || json_is_null(o))
        return true;
    if (!is_text(o, "type", "Sequence"))
        return no_such_type(p, "normalizer", o);
    const json_t *a = part(o, "normalizers", 0), *b = part(o, "normalizers", 1);
    *prepends = parts(o, "normalizers") == 2 && is_text(a, "type", "Prepend") &&
                is_text(a, "prepend", BLANK_MARK) && is_replace(b, " ", BLANK_MARK);
    return *prepends || refuse(p, "normalizer", "of sequences, only Prepend U+2581 and Replace "
                                                "\" \" by U+2581 is supported");
}

/* ---- pre-tokenizers ---- */

static bool read_byte_level(struct parser *p, const json_t *o, bool use_regex)
{
    const json_t *regex = json_object_get(o, "use_regex");
    if (!json_is_false(json_object_get(o, "add_prefix_space")))
        return refuse(p, "pre_tokenizer", "ByteLevel: add_prefix_space is not false");
    if (use_regex ? regex && !json_is_true(regex) : !json_is_false(regex))
        return refuse(p, "pre_tokenizer", "ByteLevel: use_regex is not %s", use_regex ? "true"
                                                                                      : "false");
    return true;
}

static bool read_split(struct parser *p, const json_t *o)
{
    const json_t *split = part(o, "pretokenizers", 0), *level = part(o, "pretokenizers", 1);
    const char *regex = json_string_value(json_object_get(json_object_get(split, "pattern"),
                                                          "Regex"));
    if (parts(o, "pretokenizers") != 2 || !is_text(split, "type", "Split") ||
        !is_text(level, "type", "ByteLevel"))
        return refuse(p, "pre_tokenizer", "of sequences, only Split and ByteLevel is supported");
    if (!is_text(split, "behavior", "Isolated") || !json_is_false(json_object_get(split, "invert")))
        return refuse(p, "pre_tokenizer", "Split: only \"Isolated\", not inverted, is supported");
    return read_byte_level(p, level, false) &&
           ((regex && pretoken_from_regex(&p->t->rule, str_of(regex))) ||
            refuse(p, "pre_tokenizer", "Split: this pattern is not supported"));
}

static bool read_metaspace(struct parser *p, const json_t *o)
{
    bool first = is_text(o, "prepend_scheme", "first");
    p->t->rule.kind = TOKENIZER_LLAMA;
    p->t->blank = first ? BLANK_FIRST : BLANK_ALWAYS;
    if (!is_text(o, "replacement", BLANK_MARK))
        return refuse(p, "pre_tokenizer", "Metaspace: replacement is not U+2581");
    if (!first && !is_text(o, "prepend_scheme", "always"))
        return refuse(p, "pre_tokenizer", "Metaspace: prepend_scheme is not first or always");
    return json_is_false(json_object_get(o, "split")) ||
           refuse(p, "pre_tokenizer", "Metaspace: split is not false");
}

static bool read_pretokenizer(struct parser *p, const json_t *o, bool prepends)
{
    if (prepends) {
        p->t->rule.kind = TOKENIZER_LLAMA;
        p->t->blank = BLANK_SECTION;
        return !o || json_is_null(o) || no_such_type(p, "pre_tokenizer", o);
    }
    if (is_text(o, "type", "ByteLevel")) {
        p->t->rule.kind = TOKENIZER_GPT2;
        return read_byte_level(p, o, true);
    }
    if (is_text(o, "type", "Sequence"))
        return read_split(p, o);
    return is_text(o, "type", "Metaspace") ? read_metaspace(p, o)
                                           : no_such_type(p, "pre_tokenizer", o);
}

static bool read_decoder(struct parser *p, const json_t *o)
{
    if (p->t->rule.kind != TOKENIZER_LLAMA)
        return is_text(o, "type", "ByteLevel") || no_such_type(p, "decoder", o);
    const json_t *strip = part(o, "decoders", 3);
    if (!is_text(o, "type", "Sequence"))
        return no_such_type(p, "decoder", o);
    return (parts(o, "decoders") == 4 && is_replace(part(o, "decoders", 0), BLANK_MARK, " ") &&
            is_text(part(o, "decoders", 1), "type", "ByteFallback") &&
            is_text(part(o, "decoders", 2), "type", "Fuse") && is_text(strip, "type", "Strip") &&
            is_text(strip, "content", " ") &&
            json_integer_value(json_object_get(strip, "start")) == 1 &&
            json_integer_value(json_object_get(strip, "stop")) == 0) ||
           refuse(p, "decoder", "of sequences, only Replace U+2581 by \" \", ByteFallback, Fuse, "
                                "Strip one \" \" at the start is supported");
}

/* ---- the template ---- */

static uint32_t find_added(const struct tokenizer *t, const char *content)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->token[i].content && strcmp(t->token[i].content, content) == 0)
            return (uint32_t)i;
    return TOKENIZER_NONE;
}

static bool read_special(struct parser *p, const json_t *item, const json_t *known,
                         struct tokens *out)
{
    const char *name = json_string_value(json_object_get(item, "id"));
    uint32_t id = name ? find_added(p->t, name) : TOKENIZER_NONE;
    const json_t *ids = name ? json_object_get(json_object_get(known, name), "ids") : NULL;
    if (id == TOKENIZER_NONE || p->t->token[id].kind != TOKEN_SPECIAL ||
        json_array_size(ids) != 1 ||
        json_integer_value(json_array_get(ids, 0)) != (json_int_t)id)
        return refuse(p, "post_processor", "TemplateProcessing: a special token is not the special "
                                           "added token of its name and id");
    tokens_add(out, id);
    return true;
}

static bool read_template(struct parser *p, const json_t *o)
{
    const json_t *single = json_object_get(o, "single");
    const json_t *known = json_object_get(o, "special_tokens");
    bool met = p->t->before.n || p->t->after.n;
    if (met)
        return refuse(p, "post_processor", "there are two templates");
    for (size_t i = 0; i < json_array_size(single); i++) {
        const json_t *item = json_array_get(single, i);
        const json_t *sequence = json_object_get(item, "Sequence");
        if (sequence && !met && is_text(sequence, "id", "A"))
            met = true;
        else if (sequence || !read_special(p, json_object_get(item, "SpecialToken"), known,
                                           met ? &p->t->after : &p->t->before))
            return sequence ? refuse(p, "post_processor", "TemplateProcessing: \"single\" has "
                                                          "another sequence than one A")
                            : false;
    }
    return met || refuse(p, "post_processor", "TemplateProcessing: \"single\" has no sequence A");
}

static bool read_one_processor(struct parser *p, const json_t *o)
{
    if (is_text(o, "type", "TemplateProcessing"))
        return read_template(p, o);
    /* ByteLevel here moves offsets alone */
    return (is_text(o, "type", "ByteLevel") && p->t->rule.kind != TOKENIZER_LLAMA) ||
           no_such_type(p, "post_processor", o);
}

static bool read_processor(struct parser *p, const json_t *o)
{
    if (!o || json_is_null(o))
        return true;
    if (!is_text(o, "type", "Sequence"))
        return read_one_processor(p, o);
    bool good = true;
    for (size_t i = 0; good && i < parts(o, "processors"); i++)
        good = read_one_processor(p, part(o, "processors", i));
    return good;
}

/* ---- the whole ---- */

static bool read_model_keys(struct parser *p, const json_t *model)
{
    static const char *const none[] = { "dropout", "continuing_subword_prefix",
                                        "end_of_word_suffix" };
    bool llama = p->t->rule.kind == TOKENIZER_LLAMA;
    if (!json_is_object(model))
        return refuse(p, "model", "is missing or no object");
    if (json_object_get(model, "type") ? !is_text(model, "type", "BPE")
                                       : !json_object_get(model, "merges"))
        return no_such_type(p, "model", model);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        if (!absent(model, none[i]))
            return refuse(p, none[i], "is not supported");
    if (absent(model, "byte_fallback") == llama)
        return refuse(p, "byte_fallback", "is not %s, as this pre_tokenizer wants",
                      llama ? "true" : "false");
    p->t->ignore_merges = json_is_true(json_object_get(model, "ignore_merges"));
    return !llama || !p->t->ignore_merges ||
           refuse(p, "ignore_merges", "is not supported with byte_fallback");
}

static bool read_frame(struct parser *p, const json_t *root)
{
    bool prepends;
    if (!json_is_object(root))
        return refuse(p, "tokenizer", "is no object");
    if (!absent(root, "truncation"))
        return refuse(p, "truncation", "is not supported");
    if (!absent(root, "padding"))
        return refuse(p, "padding", "is not supported");
    return read_normalizer(p, json_object_get(root, "normalizer"), &prepends) &&
           read_pretokenizer(p, json_object_get(root, "pre_tokenizer"), prepends) &&
           read_decoder(p, json_object_get(root, "decoder")) &&
           read_model_keys(p, json_object_get(root, "model"));
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
    bool good = read_frame(&p, root) && read_vocabulary(&p, root) &&
                tokenizer_index(p.t, name, err) && read_merges(&p, root) &&
                tokenizer_index_merges(p.t, name, err) &&
                read_processor(&p, json_object_get(root, "post_processor"));
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
