/* test_tokenizer.c: lossless on any bytes, words whole, and all of it said in tokenizer.json. */
#include "tests/near.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/rng.h"
#include "llm/tokenizer.h"

static const char lines[] = "S_1 MS_00001 rpc 12\nS_2 MS_00002 http 7\nS_1 MS_00001 db 12\n";

static struct tokenizer *trained(const char *text, const struct tokenizer_options *o)
{
    struct str s = str_of(text);
    return tokenizer_train(&s, 1, o);
}

/* The tokens of text, written "a|b|c"; the caller frees. */
static char *pieces(const struct tokenizer *t, struct str text)
{
    struct tokens id = { 0 };
    struct buf b = { 0 };
    tokenizer_encode(t, text, &id);
    for (size_t i = 0; i < id.n; i++) {
        struct str s = tokenizer_bytes(t, id.id[i]);
        if (i)
            buf_char(&b, '|');
        buf_add(&b, s.p, s.n);
    }
    tokens_free(&id);
    return b.p;
}

static void assert_pieces(const struct tokenizer *t, const char *text, const char *want)
{
    char *got = pieces(t, str_of(text));
    assert_string_equal(got, want);
    free(got);
}

static void words_are_whole(void **state)
{
    (void)state;
    struct tokenizer *t = trained(lines, NULL);
    assert_pieces(t, "S_1 MS_00002 db 7\n", "S_1| MS_00002| db| 7|\n");
    assert_pieces(t, "S_3 db", "S|_|3| db");           /* never seen: bytes */
    assert_pieces(t, "  db\n\n", " | db|\n|\n");
    assert_int_equal(tokenizer_bos(t), 0);
    assert_int_equal(tokenizer_eos(t), 1);
    assert_int_equal(tokenizer_pad(t), 2);
    assert_int_equal(tokenizer_size(t), 3 + 256 + 9);  /* S_1 S_2, 2 names, 3 types, 2 numbers */
    assert_int_equal(tokenizer_find(t, STR(" 12")), 259);       /* seen twice, first bytewise */
    assert_int_equal(tokenizer_find(t, STR("12")), TOKENIZER_NONE);
    assert_int_equal(tokenizer_find(t, STR("")), TOKENIZER_NONE);
    assert_int_equal(tokenizer_bytes(t, tokenizer_bos(t)).n, 0);
    assert_pieces(t, "<|begin|>", "<|||b|e|g|i|n|||>");    /* special tokens are not made of text */
    tokenizer_free(t);
}

static void counts_and_limits_choose_the_words(void **state)
{
    (void)state;
    struct tokenizer *all = trained(lines, NULL);
    struct tokenizer *twice = trained(lines, &(struct tokenizer_options){ .min_count = 2 });
    struct tokenizer *few = trained(lines, &(struct tokenizer_options){ .max_vocab = 261 });
    assert_int_equal(tokenizer_size(twice), 3 + 256 + 3);       /* S_1, MS_00001, 12 */
    assert_int_equal(tokenizer_size(few), 261);
    for (uint32_t i = 259; i < 261; i++)
        assert_true(str_eq(tokenizer_bytes(few, i), tokenizer_bytes(all, i)));
    tokenizer_free(all);
    tokenizer_free(twice);
    tokenizer_free(few);
}

static const struct str phrases[] = { { "The call", 8 },
                                      { "The call takes", 14 },
                                      { "a.b|(c)", 7 } };

static struct tokenizer *text_tokenizer(unsigned digits)
{
    struct tokenizer_options o = { .rule = TOKENIZER_TEXT, .digits = digits, .phrases = phrases,
                                   .n_phrases = 3 };
    return trained("The call takes 1234 ms,\na.b|(c) S_1/x-2\nThe call _ab.cd. caf\xc3\xa9!\n", &o);
}

static void text_keeps_phrases_and_names(void **state)
{
    (void)state;
    struct tokenizer *t = text_tokenizer(2);
    assert_pieces(t, "The call takes 1234 ms,", "The call takes| 12|34| ms|,");
    assert_pieces(t, "The call S_1/x-2", "The call| S_1|/|x-2");
    assert_pieces(t, "a.b|(c) _ab.cd.", "a.b|(c)| _ab.cd|.");
    assert_pieces(t, " caf\xc3\xa9!\n", " caf\xc3\xa9|!|\n");
    tokenizer_free(t);
    t = text_tokenizer(1);
    assert_pieces(t, " 1234", " 1|2|3|4");
    tokenizer_free(t);
}

static void assert_lossless(const struct tokenizer *t, struct str text)
{
    struct tokens id = { 0 };
    struct buf b = { 0 };
    tokenizer_encode(t, text, &id);
    tokenizer_decode(t, id.id, id.n, &b);
    assert_int_equal(b.n, text.n);
    if (text.n)
        assert_memory_equal(b.p, text.p, text.n);
    for (size_t i = 0; i < id.n; i++)
        assert_true(id.id[i] > 2 && id.id[i] < tokenizer_size(t));
    tokens_free(&id);
    buf_free(&b);
}

/* Random bytes, and random bytes of the few that the rules treat apart. */
static void any_bytes_come_back(void **state)
{
    (void)state;
    static const char special[] = " \n\t_aZ09-./!\x7f\x80\xff\0 The call";
    struct tokenizer *t[] = { trained(lines, NULL), text_tokenizer(1), text_tokenizer(3) };
    gsl_rng *rng = rng_stream(1, "test/tokenizer", 0);
    for (size_t round = 0; round < 3000; round++) {
        char text[64];
        struct str s = { text, rng_below(rng, sizeof text) };
        for (size_t i = 0; i < s.n; i++)
            text[i] =
                round % 2 ? (char)rng_below(rng, 256) : special[rng_below(rng, sizeof special - 1)];
        for (size_t k = 0; k < 3; k++)
            assert_lossless(t[k], s);
    }
    gsl_rng_free(rng);
    for (size_t k = 0; k < 3; k++)
        tokenizer_free(t[k]);
}

static char *temp_dir(void)
{
    static char path[] = "/tmp/test_tokenizer.XXXXXX";
    strcpy(path + sizeof path - 7, "XXXXXX");
    assert_non_null(mkdtemp(path));
    return path;
}

static struct buf saved(const struct tokenizer *t)
{
    char *dir = temp_dir(), *path = file_join(dir, "tokenizer.json");
    struct buf b = { 0 };
    struct err err;
    assert_true(tokenizer_save(t, path, &err));
    assert_true(file_read(path, &b, &err));
    unlink(path);
    rmdir(dir);
    free(path);
    return b;
}

static void save_and_load_is_the_identity(void **state)
{
    (void)state;
    struct tokenizer *t[] = { trained(lines, NULL), text_tokenizer(1), text_tokenizer(3),
                              trained("quote\" back\\slash \x01\xff\xc3\xa9 \n", NULL) };
    gsl_rng *rng = rng_stream(2, "test/tokenizer", 0);
    for (size_t k = 0; k < 4; k++) {
        struct buf first = saved(t[k]);
        struct err err;
        struct tokenizer *u = tokenizer_parse(buf_view(&first), "saved", &err);
        assert_non_null(u);
        struct buf second = saved(u);
        assert_string_equal(first.p, second.p);
        assert_int_equal(tokenizer_size(u), tokenizer_size(t[k]));
        for (size_t round = 0; round < 300; round++) {
            char text[40];
            struct str s = { text, rng_below(rng, sizeof text) };
            for (size_t i = 0; i < s.n; i++)
                text[i] = "S_1 MS_00002\n7The call"[rng_below(rng, 21)];
            struct tokens a = { 0 }, b = { 0 };
            tokenizer_encode(t[k], s, &a);
            tokenizer_encode(u, s, &b);
            assert_int_equal(a.n, b.n);
            for (size_t i = 0; i < a.n; i++)
                assert_int_equal(a.id[i], b.id[i]);
            tokens_free(&a);
            tokens_free(&b);
        }
        buf_free(&first);
        buf_free(&second);
        tokenizer_free(t[k]);
        tokenizer_free(u);
    }
    gsl_rng_free(rng);
}

/* text with the first `from` replaced by `to`; the caller frees. */
static char *replaced(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    struct buf b = { 0 };
    assert_non_null(at);
    buf_add(&b, text, (size_t)(at - text));
    buf_str(&b, to);
    buf_str(&b, at + strlen(from));
    return b.p;
}

/* BPE over bytes: "lo" (rank 0), "low" (1), "er" (2); "lower" is no token, "slow" is. The pieces
 * are worked by hand: l o w e r -> lo w e r -> low e r -> low er. */
static char *with_merges(const char *merges, const char *ignore)
{
    struct tokenizer *t = trained("lo low er slow\n", NULL);
    struct buf b = saved(t);
    char *bare = replaced(b.p, "\"\xc4\xa0" "low\"", "\"low\"");
    char *er = replaced(bare, "\"\xc4\xa0" "er\"", "\"er\"");
    char *merged = replaced(er, "\"merges\": []", merges);
    char *text = replaced(merged, "\"ignore_merges\": true", ignore);
    buf_free(&b);
    free(bare);
    free(er);
    free(merged);
    tokenizer_free(t);
    return text;
}

static void merges_are_obeyed_in_either_encoding(void **state)
{
    (void)state;
    static const char *const encoding[] = {
        "\"merges\": [\"l o\", \"lo w\", \"e r\"]",
        "\"merges\": [[\"l\", \"o\"], [\"lo\", \"w\"], [\"e\", \"r\"]]",
    };
    for (size_t i = 0; i < 4; i++) {
        char *text = with_merges(encoding[i % 2], i < 2 ? "\"ignore_merges\": true"
                                                        : "\"ignore_merges\": false");
        struct err err;
        struct tokenizer *t = tokenizer_parse(str_of(text), "merges", &err);
        assert_non_null(t);
        assert_pieces(t, "lower", "low|er");
        assert_pieces(t, "lolo", "lo|lo");
        assert_pieces(t, "owl", "o|w|l");
        assert_pieces(t, "low slow", i < 2 ? "low| slow" : "low| |s|low");
        assert_lossless(t, STR("a lower slow owl\n"));
        struct buf again = saved(t);
        struct tokenizer *u = tokenizer_parse(buf_view(&again), "again", &err);
        assert_non_null(u);
        assert_pieces(u, "lower slow", i < 2 ? "low|er| slow" : "low|er| |s|low");
        tokenizer_free(u);
        buf_free(&again);
        tokenizer_free(t);
        free(text);
    }
}

static void what_would_mean_something_else_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *says;
    } row[] = {
        { "\"normalizer\": null", "\"normalizer\": {\"type\": \"NFC\"}", "normalizer" },
        { "\"truncation\": null", "\"truncation\": {\"max_length\": 4}", "truncation" },
        { "\"padding\": null", "\"padding\": {\"pad_id\": 0}", "padding" },
        { "\"post_processor\": null", "\"post_processor\": {\"type\": \"BertProcessing\"}",
          "post_processor" },
        { "\"decoder\": {\n  \"type\": \"ByteLevel\"", "\"decoder\": {\n  \"type\": \"WordPiece\"",
          "decoder" },
        { "\"type\": \"BPE\"", "\"type\": \"Unigram\"", "model" },
        { "\"dropout\": null", "\"dropout\": 0.1", "dropout" },
        { "\"continuing_subword_prefix\": null", "\"continuing_subword_prefix\": \"##\"",
          "continuing_subword_prefix" },
        { "\"end_of_word_suffix\": null", "\"end_of_word_suffix\": \"</w>\"",
          "end_of_word_suffix" },
        { "\"byte_fallback\": false", "\"byte_fallback\": true", "byte_fallback" },
        { "\"type\": \"Sequence\"", "\"type\": \"Whitespace\"", "pre_tokenizer" },
        { "\"behavior\": \"Isolated\"", "\"behavior\": \"Removed\"", "pre_tokenizer" },
        { "\"invert\": false", "\"invert\": true", "pre_tokenizer" },
        { "\"add_prefix_space\": false", "\"add_prefix_space\": true", "pre_tokenizer" },
        { "\"use_regex\": false", "\"use_regex\": true", "pre_tokenizer" },
        { " ?[^ \\\\n]+|", "\\\\s+|", "pre_tokenizer" },
        { "\"merges\": []", "\"merges\": [\"ab\"]", "merges" },
        { "\"merges\": []", "\"merges\": [[\"a\", \"b\", \"c\"]]", "merges" },
        { "\"merges\": []", "\"merges\": [\"x q\"]", "merges" },
        { "\"merges\": []", "\"merges\": [7]", "merges" },
        { "\"merges\": []", "\"merges\": 7", "merges" },
        { "\"merges\": []", "\"merges\": [\"d b\", \"d b\"]", "merges" },
        { "\"content\": \"<|end|>\"", "\"content\": \"<|stop|>\"", "added_tokens" },
        { "\"id\": 1,", "\"id\": 99999,", "added_tokens" },
        { "\"id\": 1,", "\"id\": -1,", "added_tokens" },
        { "\"id\": 1,", "\"id\": 0,", "added_tokens" },
        { "\"<|end|>\": 1", "\"<|end|>\": 0", "vocab" },
        { "\"<|end|>\": 1", "\"<|end|>\": 5000", "vocab" },
        { "\"<|end|>\": 1", "\"<|end|>\": \"1\"", "vocab" },
        { "\"!\": 3", "\"\": 3", "vocab" },
        { "\"!\": 3", "\"\xe2\x82\xac\": 3", "vocab" },
        { "\"!\": 3", "\"db!\": 3", "byte 0x21" },
        { "\"vocab\"", "\"words\"", "vocab" },
        { "\"version\"", "\"model\": 1, \"version\"", "duplicate" },
        { "{", "[", "x.json:" },
    };
    struct tokenizer *t = trained("db\n", NULL);
    struct buf b = saved(t);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct err err = { 0 };
        char *text = replaced(b.p, row[i].from, row[i].to);
        struct tokenizer *u = tokenizer_parse(str_of(text), "x.json", &err);
        if (u || !strstr(err.msg, row[i].says) || strncmp(err.msg, "x.json", 6) != 0)
            print_error("row %zu (%s): %s\n", i, row[i].to, u ? "accepted" : err.msg);
        assert_null(u);
        assert_non_null(strstr(err.msg, row[i].says));
        assert_int_equal(err.status, EXIT_DATA);
        free(text);
    }
    buf_free(&b);
    tokenizer_free(t);
}

/* Phrases in another order than longest first would be cut otherwise than we cut. */
static void a_pattern_of_other_order_is_refused(void **state)
{
    (void)state;
    struct tokenizer *t = text_tokenizer(1);
    struct buf b = saved(t);
    static const char *const to[] = { "The call|The call takes|",
                                      "The call takes|The call|The call|",
                                      "The call takes|\\\\d|The call|" };
    for (size_t i = 0; i < 3; i++) {
        struct err err;
        char *text = replaced(b.p, "The call takes|The call|", to[i]);
        assert_null(tokenizer_parse(str_of(text), "x", &err));
        assert_non_null(strstr(err.msg, "pattern"));
        free(text);
    }
    buf_free(&b);
    tokenizer_free(t);
}

static void files_that_are_not_there(void **state)
{
    (void)state;
    struct err err;
    assert_null(tokenizer_load("/nonexistent/tokenizer.json", &err));
    assert_int_equal(err.status, EXIT_NOINPUT);
    struct tokenizer *t = trained("a\n", NULL);
    assert_false(tokenizer_save(t, "/nonexistent/tokenizer.json", &err));
    assert_non_null(strstr(err.msg, "/nonexistent"));
    tokenizer_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_whole),
        cmocka_unit_test(counts_and_limits_choose_the_words),
        cmocka_unit_test(text_keeps_phrases_and_names),
        cmocka_unit_test(any_bytes_come_back),
        cmocka_unit_test(save_and_load_is_the_identity),
        cmocka_unit_test(merges_are_obeyed_in_either_encoding),
        cmocka_unit_test(what_would_mean_something_else_is_refused),
        cmocka_unit_test(a_pattern_of_other_order_is_refused),
        cmocka_unit_test(files_that_are_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
