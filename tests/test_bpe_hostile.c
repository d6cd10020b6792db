/* Files of byte-pair tokenizers, broken in every way: each is refused in one line that says why. */
#include "tests/near.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "llm/tokenizer.h"

#define FIXTURES "tests/fixtures/tokenizers/"

static struct buf file(const char *name)
{
    struct buf b = { 0 };
    struct err err;
    char path[128];
    snprintf(path, sizeof path, FIXTURES "%s/tokenizer.json", name);
    assert_true(file_read(path, &b, &err));
    return b;
}

/* b with the first `from` replaced by to[0..n); the caller frees. */
static struct buf replaced(const struct buf *b, const char *from, struct str to)
{
    const char *at = strstr(b->p, from);
    struct buf out = { 0 };
    if (!at)
        fail_msg("no \"%s\" in the fixture", from);
    buf_add(&out, b->p, (size_t)(at - b->p));
    buf_add(&out, to.p, to.n);
    buf_str(&out, at + strlen(from));
    return out;
}

static void assert_refused(struct str json, const char *says)
{
    struct err err = { 0 };
    struct tokenizer *t = tokenizer_parse(json, "x.json", &err);
    if (t || !strstr(err.msg, says))
        print_error("wanted \"%s\": %s\n", says, t ? "accepted" : err.msg);
    assert_null(t);
    assert_non_null(strstr(err.msg, says));
    assert_int_equal(strncmp(err.msg, "x.json:", 7), 0);
    assert_null(strchr(err.msg, '\n'));
    assert_int_equal(err.status, EXIT_DATA);
}

static void hostile_llama_files_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *from;
        struct str to;
        const char *says;
    } row[] = {
        { "\"Prepend\"", STR("\"NFC\""), "normalizer: of sequences" },
        { "\"prepend\": \"\xe2\x96\x81\"", STR("\"prepend\": \"_\""), "normalizer" },
        { "\"normalizer\": {\n  \"type\": \"Sequence\"",
          STR("\"normalizer\": {\n  \"type\": \"NFKC\""), "normalizer: \"NFKC\" is not supported" },
        { "\"pre_tokenizer\": null", STR("\"pre_tokenizer\": {\"type\": \"Whitespace\"}"),
          "pre_tokenizer: \"Whitespace\"" },
        { "\"ByteFallback\"", STR("\"CTC\""), "decoder" },
        { "\"start\": 1", STR("\"start\": 2"), "decoder" },
        { "\"decoder\": {\n  \"type\": \"Sequence\"",
          STR("\"decoder\": {\n  \"type\": \"Metaspace\""), "decoder: \"Metaspace\"" },
        { "\"byte_fallback\": true", STR("\"byte_fallback\": false"), "byte_fallback" },
        { "\"ignore_merges\": false", STR("\"ignore_merges\": true"), "ignore_merges" },
        { "\"<0x41>\"", STR("\"<0x4q>\""), "no token for byte 0x41" },
        { "\"<0x41>\"", STR("\"<0x42>\""), "duplicate" },
        { "\"\xe2\x96\x81\": ", STR("\"_blank\": "), "no token for a blank" },
        { "\"\xe2\x96\x81\": ", STR("\"a b\": "), "\"a b\" is empty or holds a blank" },
        { "\"TemplateProcessing\"", STR("\"RobertaProcessing\""), "post_processor: \"Roberta" },
        { "\"ids\": [\n     1\n    ]", STR("\"ids\": [5]"), "post_processor" },
        { "\"ids\": [\n     1\n    ]", STR("\"ids\": [1, 1]"), "post_processor" },
        { "\"id\": \"A\"", STR("\"id\": \"B\""), "post_processor" },
        { "\"lstrip\": false", STR("\"lstrip\": true"), "lstrip is not supported" },
        { "\"rstrip\": false", STR("\"rstrip\": true"), "rstrip is not supported" },
        { "\"single_word\": false", STR("\"single_word\": true"), "single_word" },
        { "\"content\": \"<s>\"", STR("\"content\": \"\""), "an entry has no content" },
        { "\"content\": \"<s>\"", STR("\"content\": 7"), "an entry has no content" },
        { "\"content\": \"<s>\"", STR("\"content\": \"</s>\""), "another id" },
        { "\"content\": \"@MS_0\"", STR("\"content\": \"@MS_\""), "" },
        { "\"content\": \"@MS_0\"", STR("\"content\": \"@\xe2\x96\x81\""), "U+2581" },
        { "\"id\": 2,", STR("\"id\": 1e999,"), "x.json:" },
        { "\"id\": 2,", STR("\"id\": 99999999999999999999,"), "x.json:" },
        { "\"id\": 2,", STR("\"id\": 4294967296,"), "added_tokens: the id of \"</s>\"" },
        { "\"id\": 2,", STR("\"id\": 2.0,"), "added_tokens: the id of" },
        { "\"added_tokens\": [", STR("\"added_tokens\": 3, \"x\": ["), "added_tokens: is no list" },
        { "\"<unk>\": 0", STR("\"<unk>\": 1"), "has id 1, as another token has" },
        { "\"<unk>\": 0", STR("\"<unk>\": 4294967295"), "vocab: the id of \"<unk>\"" },
        { "\"<unk>\": 0", STR("\"<unk>\": -9223372036854775808"), "vocab: the id of" },
        { "\"<unk>\": 0", STR("\"<unk>\": [0]"), "vocab: the id of" },
        { "\"merges\": [", STR("\"merges\": [[\"<0x41>\", \"a\"],"), "entry 0 joins" },
        { "\"merges\": [", STR("\"merges\": [[\"<s>\", \"a\"],"), "entry 0 joins" },
        { "\"merges\": [", STR("\"merges\": [[\"\", \"a\"],"), "entry 0 joins" },
        { "\"merges\": [", STR("\"merges\": [\"a a a\","), "entry 0 joins" },
        { "\"merges\": [", STR("\"merges\": [\"aa\","), "entry 0 is neither" },
        { "\"merges\": [", STR("\"merges\": [null,"), "entry 0 is neither" },
        { "\"merges\": [", STR("\"merges\": [[\"a\", \"\xe2\x96\x81\"],"), "entry 0 makes" },
        { "\"version\"", STR("\"v\xff\""), "byte 0xff" },
        { "\"version\"", STR("\"v\\ud800\""), "x.json:" },
        { "\"version\"", STR("\"v\\u0000\""), "x.json:" },
        { "\"version\"", STR("\"v\0\""), "x.json:" },
    };
    struct buf b = file("llama_added");
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct buf hostile = replaced(&b, row[i].from, row[i].to);
        assert_refused(buf_view(&hostile), row[i].says);
        buf_free(&hostile);
    }
    buf_free(&b);
}

static void hostile_newer_files_are_refused(void **state)
{
    (void)state;
    static const struct { const char *file, *from, *to, *says; } row[] = {
        { "llama_newer", "\"split\": false", "\"split\": true", "Metaspace: split" },
        { "llama_newer", "\"first\"", "\"never\"", "prepend_scheme" },
        { "llama_newer", "\"replacement\": \"\xe2\x96\x81\"", "\"replacement\": \"_\"",
          "replacement" },
        { "gpt2", "\"add_prefix_space\": false", "\"add_prefix_space\": true", "add_prefix_space" },
        { "gpt2", "\"use_regex\": true", "\"use_regex\": false", "use_regex" },
        { "gpt2", "\"post_processor\": null", "\"post_processor\": {}", "has no type" },
        { "gpt2_pairs", "\\\\p{N}+", "\\\\p{N}{1,3}", "pattern" },
        { "gpt2_pairs", "\"Isolated\"", "\"Removed\"", "Split" },
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct buf b = file(row[i].file);
        struct buf hostile = replaced(&b, row[i].from, str_of(row[i].to));
        assert_refused(buf_view(&hostile), row[i].says);
        buf_free(&hostile);
        buf_free(&b);
    }
}

static void cut_and_nested_files_are_refused(void **state)
{
    (void)state;
    struct buf b = file("llama_added"), deep = { 0 };
    for (size_t n = 0; n + 2 < b.n; n += 1 + n / 50)
        assert_refused((struct str){ b.p, n }, "");
    for (size_t i = 0; i < 100000; i++)
        buf_str(&deep, i % 2 ? "[" : "{\"a\":");
    assert_refused(buf_view(&deep), "depth");
    buf_free(&b);
    buf_free(&deep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_llama_files_are_refused),
        cmocka_unit_test(hostile_newer_files_are_refused),
        cmocka_unit_test(cut_and_nested_files_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
