/* tokenizer_write.c: a tokenizer as Hugging Face's tokenizer.json.
 *
 * Merges are written "a b": every reader knows that form, those before tokenizers 0.20 no other,
 * and no token's spelling has a blank.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "llm/tokenizer_priv.h"

static json_t *spelled(const struct tokenizer *t, uint32_t id)
{
    struct buf b = { 0 };
    tokenizer_spell(t, id, &b);
    json_t *s = json_stringn(b.p ? b.p : "", b.n);
    buf_free(&b);
    return s;
}

static json_t *added_tokens(const struct tokenizer *t)
{
    json_t *list = json_array();
    for (size_t i = 0; i < t->n; i++)
        if (t->token[i].content)
            json_array_append_new(list, json_pack("{s:I, s:o, s:b, s:b, s:b, s:b, s:b}",
                "id", (json_int_t)i, "content", spelled(t, (uint32_t)i), "single_word", 0,
                "lstrip", 0, "rstrip", 0, "normalized", (int)t->token[i].normalized, "special",
                t->token[i].kind == TOKEN_SPECIAL));
    return list;
}

static json_t *model_json(const struct tokenizer *t)
{
    json_t *vocab = json_object(), *merges = json_array();
    bool llama = t->rule.kind == TOKENIZER_LLAMA;
    struct buf b = { 0 };
    for (size_t i = 0; i < t->n; i++) {
        buf_clear(&b);
        tokenizer_spell(t, (uint32_t)i, &b);
        json_object_setn_new(vocab, b.p, b.n, json_integer((json_int_t)i));
    }
    for (size_t i = 0; i < t->n_merges; i++) {
        buf_clear(&b);
        tokenizer_spell(t, t->merge[i].left, &b);
        buf_char(&b, ' ');
        tokenizer_spell(t, t->merge[i].right, &b);
        json_array_append_new(merges, json_stringn(b.p, b.n));
    }
    buf_free(&b);
    return json_pack("{s:s, s:n, s:o, s:n, s:n, s:b, s:b, s:b, s:o, s:o}", "type", "BPE", "dropout",
                     "unk_token", t->unk == TOKENIZER_NONE ? json_null() : spelled(t, t->unk),
                     "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", (int)llama,
                     "byte_fallback", (int)llama, "ignore_merges", (int)t->ignore_merges, "vocab",
                     vocab, "merges", merges);
}

static json_t *byte_level(bool use_regex)
{
    return json_pack("{s:s, s:b, s:b, s:b}", "type", "ByteLevel", "add_prefix_space", 0,
                     "trim_offsets", 1, "use_regex", (int)use_regex);
}

static json_t *pre_tokenizer(const struct tokenizer *t)
{
    if (t->rule.kind == TOKENIZER_GPT2)
        return byte_level(true);
    if (t->rule.kind == TOKENIZER_LLAMA)
        return t->blank == BLANK_SECTION
                   ? json_null()
                   : json_pack("{s:s, s:s, s:s, s:b}", "type", "Metaspace", "replacement",
                               BLANK_MARK, "prepend_scheme",
                               t->blank == BLANK_FIRST ? "first" : "always", "split", 0);
    struct buf regex = { 0 };
    pretoken_regex(&t->rule, &regex);
    json_t *split = json_pack("{s:s, s:{s:s}, s:s, s:b}", "type", "Split", "pattern", "Regex",
                              regex.p, "behavior", "Isolated", "invert", 0);
    buf_free(&regex);
    return json_pack("{s:s, s:[o, o]}", "type", "Sequence", "pretokenizers", split,
                     byte_level(false));
}

static json_t *normalizer(const struct tokenizer *t)
{
    if (t->rule.kind != TOKENIZER_LLAMA || t->blank != BLANK_SECTION)
        return json_null();
    return json_pack("{s:s, s:[{s:s, s:s}, {s:s, s:{s:s}, s:s}]}", "type", "Sequence",
                     "normalizers", "type", "Prepend", "prepend", BLANK_MARK, "type", "Replace",
                     "pattern", "String", " ", "content", BLANK_MARK);
}

static json_t *decoder(const struct tokenizer *t)
{
    if (t->rule.kind != TOKENIZER_LLAMA)
        return byte_level(t->rule.kind == TOKENIZER_GPT2);
    return json_pack("{s:s, s:[{s:s, s:{s:s}, s:s}, {s:s}, {s:s}, {s:s, s:s, s:i, s:i}]}", "type",
                     "Sequence", "decoders", "type", "Replace", "pattern", "String", BLANK_MARK,
                     "content", " ", "type", "ByteFallback", "type", "Fuse", "type", "Strip",
                     "content", " ", "start", 1, "stop", 0);
}

/* ---- the template ---- */

static void put_special(const struct tokenizer *t, const struct tokens *ids, json_t *items,
                        json_t *known)
{
    for (size_t i = 0; i < ids->n; i++) {
        const char *name = t->token[ids->id[i]].content;
        json_array_append_new(items, json_pack("{s:{s:s, s:i}}", "SpecialToken", "id", name,
                                               "type_id", 0));
        json_object_set_new(known, name, json_pack("{s:s, s:[I], s:[s]}", "id", name, "ids",
                                                   (json_int_t)ids->id[i], "tokens", name));
    }
}

static json_t *template_items(const struct tokenizer *t, const char *last, json_t *known)
{
    json_t *items = json_array();
    for (const char *sequence = "A"; ; sequence = "B") {
        put_special(t, &t->before, items, known);
        json_array_append_new(items, json_pack("{s:{s:s, s:i}}", "Sequence", "id", sequence,
                                               "type_id", *sequence == 'B'));
        put_special(t, &t->after, items, known);
        if (strcmp(sequence, last) == 0)
            return items;
    }
}

static json_t *post_processor(const struct tokenizer *t)
{
    if (!t->before.n && !t->after.n)
        return json_null();
    json_t *known = json_object();
    json_t *single = template_items(t, "A", known), *pair = template_items(t, "B", known);
    return json_pack("{s:s, s:o, s:o, s:o}", "type", "TemplateProcessing", "single", single, "pair",
                     pair, "special_tokens", known);
}

bool tokenizer_save(const struct tokenizer *t, const char *path, struct err *err)
{
    json_t *root = json_pack("{s:s, s:n, s:n, s:o, s:o, s:o, s:o, s:o, s:o}", "version", "1.0",
                             "truncation", "padding", "added_tokens", added_tokens(t), "normalizer",
                             normalizer(t), "pre_tokenizer", pre_tokenizer(t), "post_processor",
                             post_processor(t), "decoder", decoder(t), "model", model_json(t));
    REQUIRE(root);   /* our own names and expressions are UTF-8 */
    char *text = json_dumps(root, JSON_INDENT(1));
    REQUIRE(text);
    bool good = file_write(path, text, strlen(text), err);
    free(text);
    json_decref(root);
    return good;
}
