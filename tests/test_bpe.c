/* test_bpe.c: merges learnt and obeyed, in GPT-2's style and in Llama's; any bytes come back. The
 * ids of tests/fixtures/tokenizers were recorded from npm's @huggingface/tokenizers. */
#include "tests/near.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/rng.h"
#include "llm/tokenizer.h"

#define FIXTURES "tests/fixtures/tokenizers/"

static struct tokenizer *learnt(const char *text, enum tokenizer_rule rule, size_t max_vocab)
{
    struct str s = str_of(text);
    return tokenizer_train(&s, 1, &(struct tokenizer_options){ .rule = rule,
                                                               .max_vocab = max_vocab });
}

static struct tokenizer *fixture(const char *name)
{
    struct err err;
    char path[128];
    snprintf(path, sizeof path, FIXTURES "%s/tokenizer.json", name);
    struct tokenizer *t = tokenizer_load(path, &err);
    if (!t)
        fail_msg("%s", err.msg);
    return t;
}

static void assert_merges(const struct tokenizer *t, const char *want)
{
    struct buf b = { 0 };
    buf_str(&b, "");
    for (size_t i = 0; i < tokenizer_merges(t); i++) {
        uint32_t left, right;
        tokenizer_merge(t, i, &left, &right);
        buf_str(&b, i ? ", " : "");
        tokenizer_spell(t, left, &b);
        buf_char(&b, ' ');
        tokenizer_spell(t, right, &b);
    }
    assert_string_equal(b.p, want);
    buf_free(&b);
}

/* "aaab", " aaab", " ab": a a 4 times, a b 3, then aa ab twice; of two pairs seen twice the one of
 * the lower left id (bytes 0x21.. first, the blank among the last). */
static void merges_are_learnt_by_count(void **state)
{
    (void)state;
    struct tokenizer *t = learnt("aaab aaab ab", TOKENIZER_GPT2, 0);
    assert_merges(t, "a a, a b, aa ab");
    assert_int_equal(tokenizer_size(t), 3 + 256 + 3);
    assert_int_equal(tokenizer_find(t, STR("aaab")), 261);
    tokenizer_free(t);
    t = learnt("ab cd ab cd", TOKENIZER_GPT2, 0);
    assert_merges(t, "a b, c d, \xc4\xa0 cd");
    tokenizer_free(t);
    t = learnt("ab cd ab cd", TOKENIZER_GPT2, 260);
    assert_merges(t, "a b");
    tokenizer_free(t);
    t = learnt("", TOKENIZER_GPT2, 0);
    assert_int_equal(tokenizer_size(t), 3 + 256);
    tokenizer_free(t);
}

/* "_ab_ab_ad": characters by falling count, the blank first; _ a 3 times, then _a b twice. */
static void llama_learns_characters_first(void **state)
{
    (void)state;
    struct tokenizer *t = learnt("ab ab ad", TOKENIZER_LLAMA, 0);
    assert_int_equal(tokenizer_find(t, STR(" ")), 259);
    assert_int_equal(tokenizer_find(t, STR("a")), 260);
    assert_int_equal(tokenizer_find(t, STR("b")), 261);
    assert_int_equal(tokenizer_find(t, STR("d")), 262);
    assert_merges(t, "\xe2\x96\x81 a, \xe2\x96\x81" "a b");
    assert_int_equal(tokenizer_unk(t), 0);
    assert_int_equal(tokenizer_bos(t), 1);
    assert_int_equal(tokenizer_eos(t), 2);
    assert_int_equal(tokenizer_pad(t), TOKENIZER_NONE);
    assert_int_equal(tokenizer_kind(t, 3 + 'x'), TOKEN_BYTE);
    struct tokens id = { 0 };
    tokenizer_encode_line(t, STR("abx\xff ad"), &id);
    static const uint32_t want[] = { 1, 264, 3 + 'x', 3 + 0xff, 263, 262 };
    assert_int_equal(id.n, 6);
    assert_memory_equal(id.id, want, sizeof want);
    tokens_free(&id);
    tokenizer_free(t);
}

/* ---- against the slow way ---- */

/* Joined as the definition says: the lowest rank, leftmost, until there is none. */
static void join_slowly(const struct tokenizer *t, struct tokens *id)
{
    for (;;) {
        size_t best = SIZE_MAX, at = 0;
        for (size_t i = 0; i + 1 < id->n; i++)
            for (size_t k = 0; k < tokenizer_merges(t) && k < best; k++) {
                uint32_t left, right;
                tokenizer_merge(t, k, &left, &right);
                if (left == id->id[i] && right == id->id[i + 1]) {
                    best = k;
                    at = i;
                }
            }
        if (best == SIZE_MAX)
            return;
        struct buf both = { 0 };
        for (size_t i = at; i < at + 2; i++)
            buf_add(&both, tokenizer_bytes(t, id->id[i]).p, tokenizer_bytes(t, id->id[i]).n);
        id->id[at] = tokenizer_find(t, buf_view(&both));
        memmove(id->id + at + 1, id->id + at + 2, (id->n - at - 2) * sizeof *id->id);
        id->n--;
        buf_free(&both);
    }
}

static void joins_are_lowest_rank_leftmost_first(void **state)
{
    (void)state;
    struct tokenizer *t = learnt("abaab babba aabab bbaab abba baba abab", TOKENIZER_GPT2, 0);
    gsl_rng *rng = rng_stream(1, "test/bpe", 0);
    assert_true(tokenizer_merges(t) > 5);
    for (size_t round = 0; round < 500; round++) {
        char text[60];
        struct str s = { text, 1 + rng_below(rng, sizeof text - 1) };
        struct tokens fast = { 0 }, slow = { 0 };
        for (size_t i = 0; i < s.n; i++) {
            text[i] = "ab"[rng_below(rng, 2)];
            tokens_add(&slow, tokenizer_find(t, (struct str){ text + i, 1 }));
        }
        tokenizer_encode(t, s, &fast);
        join_slowly(t, &slow);
        assert_int_equal(fast.n, slow.n);
        assert_memory_equal(fast.id, slow.id, fast.n * sizeof *fast.id);
        tokens_free(&fast);
        tokens_free(&slow);
    }
    gsl_rng_free(rng);
    tokenizer_free(t);
}

/* The next merge by counting everything again: words of letters, each behind a blank. */
static bool best_pair(struct tokens *word, size_t n, uint32_t best[2])
{
    size_t most = 1;
    for (size_t w = 0; w < n; w++)
        for (size_t i = 0; i + 1 < word[w].n; i++) {
            uint32_t p[2] = { word[w].id[i], word[w].id[i + 1] };
            size_t count = 0;
            for (size_t v = 0; v < n; v++)
                for (size_t k = 0; k + 1 < word[v].n; k++)
                    count += word[v].id[k] == p[0] && word[v].id[k + 1] == p[1];
            bool lower = p[0] != best[0] ? p[0] < best[0] : p[1] < best[1];
            if (count > most || (count == most && most > 1 && lower)) {
                most = count;
                memcpy(best, p, sizeof p);
            }
        }
    return most > 1;
}

static void join_pair(struct tokens *word, const uint32_t pair[2], uint32_t made)
{
    size_t n = 0;
    for (size_t i = 0; i < word->n; i++) {
        bool both = i + 1 < word->n && word->id[i] == pair[0] && word->id[i + 1] == pair[1];
        word->id[n++] = both ? made : word->id[i];
        i += both;
    }
    word->n = n;
}

static void learning_equals_counting_again(void **state)
{
    (void)state;
    gsl_rng *rng = rng_stream(2, "test/bpe", 0);
    for (size_t round = 0; round < 40; round++) {
        struct tokens word[12] = { { 0 } };
        struct buf text = { 0 };
        struct tokenizer *bytes = learnt("", TOKENIZER_GPT2, 0);
        for (size_t w = 0; w < 12; w++) {
            size_t from = text.n;
            buf_char(&text, ' ');
            for (size_t i = 1 + rng_below(rng, 9); i > 0; i--)
                buf_char(&text, "abc"[rng_below(rng, 3)]);
            tokenizer_encode(bytes, (struct str){ text.p + from, text.n - from }, &word[w]);
        }
        struct tokenizer *t = learnt(text.p, TOKENIZER_GPT2, 0);
        for (size_t k = 0; k < tokenizer_merges(t); k++) {
            uint32_t want[2] = { 0 }, left, right;
            struct buf both = { 0 };
            assert_true(best_pair(word, 12, want));
            tokenizer_merge(t, k, &left, &right);
            assert_int_equal(left, want[0]);
            assert_int_equal(right, want[1]);
            tokenizer_spell(t, left, &both);
            tokenizer_spell(t, right, &both);
            for (size_t w = 0; w < 12; w++)
                join_pair(&word[w], want, 259 + (uint32_t)k);
            struct buf made = { 0 };
            tokenizer_spell(t, 259 + (uint32_t)k, &made);
            assert_string_equal(made.p, both.p);
            buf_free(&made);
            buf_free(&both);
        }
        uint32_t none[2] = { 0 };
        assert_false(best_pair(word, 12, none));
        for (size_t w = 0; w < 12; w++)
            tokens_free(&word[w]);
        tokenizer_free(bytes);
        tokenizer_free(t);
        buf_free(&text);
    }
    gsl_rng_free(rng);
}

/* ---- any bytes ---- */

static void assert_back(const struct tokenizer *t, struct str text, bool line)
{
    struct tokens id = { 0 };
    struct buf b = { 0 };
    (line ? tokenizer_encode_line : tokenizer_encode)(t, text, &id);
    (line ? tokenizer_decode_line : tokenizer_decode)(t, id.id, id.n, &b);
    assert_int_equal(b.n, text.n);
    if (text.n)
        assert_memory_equal(b.p, text.p, text.n);
    for (size_t i = 0; i < id.n; i++)
        assert_true(id.id[i] < tokenizer_size(t) &&
                    (line || tokenizer_kind(t, id.id[i]) != TOKEN_SPECIAL));
    tokens_free(&id);
    buf_free(&b);
}

/* Pieces that the rules treat apart: blanks and their mark, special names, cut UTF-8. */
static const struct str piece[] = {
    STR(" "), STR("  "), STR("\n"), STR("\t"), STR("\r"), STR("\0"), STR("\xe2\x96\x81"),
    STR("\xe2\x96"), STR("\xc2\xa0"), STR("\xe3\x80\x80"), STR("\xff"), STR("<s>"), STR("</s>"),
    STR("<unk>"), STR("<0x41>"), STR("<0xZZ>"), STR("<|begin|>"), STR("<|call|>"), STR("<|call|>s"),
    STR("@MS_"), STR("@MS_0"), STR("rpc http"), STR("'s"), STR("'ll"), STR("MS_00001"), STR("12"),
    STR("\xc3\xa9"), STR("\xd0\xb6\xd1\x83"), STR("\xe6\x97\xa5"), STR("\xf0\x9f\x98\x80"),
    STR("!?"),
};

static void any_bytes_come_back(void **state)
{
    (void)state;
    static const char *const name[] = { "words", "gpt2", "gpt2_pairs", "llama", "llama_added",
                                        "llama_newer" };
    gsl_rng *rng = rng_stream(3, "test/bpe", 0);
    for (size_t k = 0; k < sizeof name / sizeof *name; k++) {
        struct tokenizer *t = fixture(name[k]);
        bool newer = strcmp(name[k], "llama_newer") == 0;
        for (size_t round = 0; round < 3000; round++) {
            struct buf b = { 0 };
            for (size_t i = rng_below(rng, 12); i > 0; i--) {
                struct str s = piece[rng_below(rng, sizeof piece / sizeof *piece)];
                char c = (char)rng_below(rng, 256);
                s = round % 2 ? s : (struct str){ &c, 1 };
                if (!newer || b.n || s.p[0] != ' ')   /* what that form loses, tested below */
                    buf_add(&b, s.p, s.n);
            }
            assert_back(t, buf_view(&b), false);
            assert_back(t, buf_view(&b), true);
            buf_free(&b);
        }
        tokenizer_free(t);
    }
    gsl_rng_free(rng);
}

static char *line_back(const struct tokenizer *t, const char *text)
{
    struct tokens id = { 0 };
    struct buf b = { 0 };
    buf_str(&b, "");
    tokenizer_encode_line(t, str_of(text), &id);
    tokenizer_decode_line(t, id.id, id.n, &b);
    tokens_free(&id);
    return b.p;
}

static void the_newer_form_loses_one_leading_blank(void **state)
{
    (void)state;
    struct tokenizer *t = fixture("llama_newer");
    static const char *const row[][2] = { { "a b", "a b" }, { " a", "a" }, { "  a", " a" },
                                          { " ", "" }, { "<s> a", "<s> a" } };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        char *got = line_back(t, row[i][0]);
        assert_string_equal(got, row[i][1]);
        free(got);
    }
    tokenizer_free(t);
}

/* ---- recorded ids ---- */

static void recorded_ids_are_ours(void **state)
{
    (void)state;
    static const char *const name[] = { "words", "gpt2", "gpt2_pairs", "llama", "llama_added",
                                        "llama_newer" };
    struct buf texts = { 0 };
    struct err err;
    assert_true(file_read(FIXTURES "texts.txt", &texts, &err));
    for (size_t k = 0; k < sizeof name / sizeof *name; k++) {
        struct tokenizer *t = fixture(name[k]);
        struct buf want = { 0 }, got = { 0 };
        char path[128];
        snprintf(path, sizeof path, FIXTURES "%s/ids.txt", name[k]);
        assert_true(file_read(path, &want, &err));
        struct str rest = { texts.p, texts.n - 1 }, line;   /* the last newline ends a line */
        while (str_next(&rest, '\n', &line)) {
            struct tokens id = { 0 };
            tokenizer_encode_line(t, line, &id);
            for (size_t i = 0; i < id.n; i++)
                buf_printf(&got, i ? " %u" : "%u", id.id[i]);
            buf_char(&got, '\n');
            tokens_free(&id);
        }
        assert_string_equal(got.p, want.p);
        buf_free(&want);
        buf_free(&got);
        tokenizer_free(t);
    }
    buf_free(&texts);
}

/* ---- saved and read ---- */

static struct buf saved(const struct tokenizer *t)
{
    char dir[] = "/tmp/test_bpe.XXXXXX";
    struct buf b = { 0 };
    struct err err;
    assert_non_null(mkdtemp(dir));
    char *path = file_join(dir, "tokenizer.json");
    assert_true(tokenizer_save(t, path, &err));
    assert_true(file_read(path, &b, &err));
    unlink(path);
    rmdir(dir);
    free(path);
    return b;
}

static void what_is_read_is_written_again(void **state)
{
    (void)state;
    static const char *const name[] = { "words", "gpt2", "gpt2_pairs", "llama", "llama_added",
                                        "llama_newer" };
    struct buf texts = { 0 };
    struct err err;
    assert_true(file_read(FIXTURES "texts.txt", &texts, &err));
    for (size_t k = 0; k < sizeof name / sizeof *name; k++) {
        struct tokenizer *t = fixture(name[k]);
        struct buf first = saved(t);
        struct tokenizer *u = tokenizer_parse(buf_view(&first), "saved", &err);
        assert_non_null(u);
        struct buf second = saved(u);
        assert_string_equal(first.p, second.p);
        assert_int_equal(tokenizer_rule(t), tokenizer_rule(u));
        struct tokens a = { 0 }, b = { 0 };
        tokenizer_encode_line(t, buf_view(&texts), &a);
        tokenizer_encode_line(u, buf_view(&texts), &b);
        assert_int_equal(a.n, b.n);
        assert_memory_equal(a.id, b.id, a.n * sizeof *a.id);
        tokens_free(&a);
        tokens_free(&b);
        buf_free(&first);
        buf_free(&second);
        tokenizer_free(t);
        tokenizer_free(u);
    }
    buf_free(&texts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(merges_are_learnt_by_count),
        cmocka_unit_test(llama_learns_characters_first),
        cmocka_unit_test(joins_are_lowest_rank_leftmost_first),
        cmocka_unit_test(learning_equals_counting_again),
        cmocka_unit_test(any_bytes_come_back),
        cmocka_unit_test(the_newer_form_loses_one_leading_blank),
        cmocka_unit_test(recorded_ids_are_ours),
        cmocka_unit_test(what_is_read_is_written_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
