/* The grammar of the compact stream: random walks end well, and masks say what they should. */
#include "tests/near.h"

#include <stdlib.h>
#include <string.h>

#include "tests/fixtures.h"
#include "tests/graphs.h"
#include "text/compact.h"
#include "text/compact_grammar.h"
#include "text/compact_index.h"
#include "text/format.h"
#include "text/oracle.h"

enum { ALL_TYPES = (1 << CALL_TYPES) - 1 };

struct vocabulary {
    struct compact_word word[400];
    char spelling[400][24];
    size_t n;
};

static size_t add_word(struct vocabulary *v, const char *spelling, uint8_t types, bool service)
{
    REQUIRE(v->n < 400);
    snprintf(v->spelling[v->n], sizeof v->spelling[0], "%s", spelling);
    v->word[v->n] = compact_word_classify(str_of(spelling));
    v->word[v->n].types = types;
    v->word[v->n].service = service;
    return v->n++;
}

static void fill(struct vocabulary *v, bool nonleaf)
{
    memset(v, 0, sizeof *v);
    for (size_t i = 0; compact_word_fixed(i); i++)
        add_word(v, compact_word_fixed(i), 0, false);
    if (nonleaf) {
        add_word(v, "A", 1 << CALL_HTTP | 1 << CALL_RPC, false);
        add_word(v, "B", 1 << CALL_RPC, false);
    }
    add_word(v, "cache", 1 << CALL_MC, false);
    add_word(v, "table", 1 << CALL_DB | 1 << CALL_MQ, false);
    add_word(v, "S_1", 0, true);
    add_word(v, "S_2", 0, true);
    static const char *const more[] = { "@if", "~server", "~client", "!ok", "!error", "&",
                                        "=",   "^",       "<gate",   "x y", "stray",  "\xc4\xa0" };
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        add_word(v, more[i], 0, false);
}

static size_t word_at(const struct vocabulary *v, const char *spelling)
{
    for (size_t i = 0; i < v->n; i++)
        if (strcmp(v->spelling[i], spelling) == 0)
            return i;
    fail_msg("no word %s", spelling);
    return 0;
}

/* Step through the words of a text; the count of words taken before one was refused, or all. */
static size_t feed(const struct compact_grammar *g, const struct vocabulary *v,
                   struct compact_state *s, const char *text)
{
    struct str rest = str_of(text), piece;
    size_t n = 0;
    while (rest.n && str_next(&rest, ' ', &piece)) {
        char word[64];
        snprintf(word, sizeof word, "%.*s", (int)piece.n, piece.p);
        if (!compact_step(g, s, word_at(v, word)))
            return n;
        n++;
    }
    return n;
}

static void append(struct buf *line, const char *word)
{
    if (line->n)
        buf_char(line, ' ');
    buf_str(line, word);
}

/* Children start no earlier than their parent. */
static void check_starts(const struct callgraph *g)
{
    for (size_t i = 1; i < g->n; i++) {
        const struct call *c = &g->calls[i];
        assert_true(c->start >= g->calls[c->parent].start);
    }
}

/* As a table and as layers the graph is right by the strict oracle. */
static void check_strictly(const struct graphset *s, const struct callgraph *g)
{
    struct text_samples t = { 0 };
    text_tabular.samples(g, s->names, 1000, NULL, NULL, &t);
    text_recursive.samples(g, s->names, 1000, NULL, NULL, &t);
    for (size_t i = 0; i < t.n; i++) {
        struct str prompt = { t.text.p + t.at[i].prompt, t.at[i].output - t.at[i].prompt };
        struct str output = { t.text.p + t.at[i].output, t.at[i].end - t.at[i].output };
        struct verdict v = oracle_judge(&oracle_strict, i ? TASK_RECURSIVE : TASK_TABULAR, prompt,
                                        output);
        if (!v.valid)
            fail_msg("code %u: %.*s", v.codes[0], (int)(prompt.n + output.n), prompt.p);
    }
    text_samples_free(&t);
}

static void assert_list_is_mask(const struct compact_index *x, const struct compact_state *s,
                                const uint8_t *mask, size_t n, size_t words)
{
    uint32_t list[400];
    size_t k = 0;
    assert_int_equal(compact_index_allowed(x, s, list), n);
    for (size_t i = 0; i < words; i++)
        if (mask[i])
            assert_int_equal(list[k++], i);
}

/* One uniformly random walk: returns its length in words. It ends when it must, or where it may
 * and a coin says so. */
static size_t walk(const struct compact_grammar *g, const struct vocabulary *v, const char *header,
                   gsl_rng *r, struct graphset *out)
{
    struct compact_state s = compact_start(g);
    struct buf line = { 0 };
    uint8_t mask[400];
    size_t words = 0;
    struct compact_index *index = compact_index_new(g, NULL);
    if (*header) {
        struct compact_state t = s;
        feed(g, v, &t, header);
        s = t;
        append(&line, header);
    }
    while (!s.finished && !(s.may_end && rng_below(r, 12) == 0)) {
        size_t n = compact_allowed(g, &s, mask);
        assert_true(n > 0);
        assert_true(words < 200000);
        assert_list_is_mask(index, &s, mask, n, v->n);
        size_t pick = rng_below(r, n), w = 0;
        while (!mask[w] || pick--)
            w++;
        assert_true(compact_step(g, &s, w));
        append(&line, v->spelling[w]);
        words++;
    }
    assert_true(s.may_end);
    compact_index_free(index);
    struct err err;
    if (!compact_parse(buf_view(&line), out, &err)) {
        print_error("%.2000s\n%s\n", line.p, err.msg);
        fail();
    }
    buf_free(&line);
    return words;
}

/* A list of some words is that of all, without the others. */
static void an_index_lists_what_it_may(void **state)
{
    (void)state;
    struct vocabulary v;
    fill(&v, true);
    struct compact_grammar g;
    assert_true(compact_grammar_init(&g, v.word, v.n, &compact_limits_standard, NULL));
    uint8_t odd[400] = { 0 }, mask[400];
    uint32_t list[400];
    for (size_t i = 1; i < v.n; i += 2)
        odd[i] = 1;
    struct compact_index *index = compact_index_new(&g, odd);
    static const char *const after[] = { "S_1", "S_1 ? ? ?", "S_1 ? ? ? http" };
    for (size_t k = 0; k < sizeof after / sizeof *after; k++) {
        struct compact_state s = compact_start(&g);
        feed(&g, &v, &s, after[k]);
        size_t n = compact_index_allowed(index, &s, list), j = 0;
        assert_true(compact_allowed(&g, &s, mask) > n);
        for (size_t i = 1; i < v.n; i += 2)
            if (mask[i])
                assert_true(j < n && list[j++] == i);
        assert_int_equal(j, n);
    }
    compact_index_free(index);
}

static void random_walks_end_in_right_graphs(void **state)
{
    (void)state;
    struct vocabulary v;
    fill(&v, true);
    static const struct { const char *header; uint64_t edges, depth; int64_t latency;
    } asked[] = {
        { "", 0, 0, -1 },
        { "? ? ? ?", 0, 0, -1 },
        { "S_1 ? ? ?", 0, 0, -1 },
        { "S_2 9 4 20", 9, 4, 20 },
        { "S_1 6 6 #2 3 7", 6, 6, 307 },
        { "S_1 1 1 0", 1, 1, 0 },
        { "S_1 2 2 0", 2, 2, 0 },
        { "S_1 ? 5 7", 0, 5, 7 },
        { "S_1 40 ? ?", 40, 0, -1 },
        { "? 12 3 ?", 12, 3, -1 },
        { "S_2 ? 1 3", 0, 1, 3 },
        { "S_2 32 31 #3 10 20 30", 32, 31, 102030 },
    };
    struct compact_limits limits = compact_limits_standard;
    gsl_rng *r = rng_stream(3, "test/walk", 0);
    enum { WALKS = 100000 };
    struct graphset *s = graphset_new();
    for (size_t k = 0; k < WALKS; k++) {
        struct compact_grammar g;
        limits.max_edges = k % 2 ? 8 : 60;
        limits.max_depth = k % 3 ? 32 : 6;
        limits.draw_open = k % 5 == 0;
        limits.marks = k % 10 == 9 ? (1u << COMPACT_CLASSES) - 1 : 0;
        assert_true(compact_grammar_init(&g, v.word, v.n, &limits, NULL));
        size_t a = k % (sizeof asked / sizeof *asked);
        struct compact_state t = compact_start(&g);
        size_t wanted = 0;
        for (const char *c = asked[a].header; *c; c++)
            wanted += *c == ' ' || !c[1];
        if (feed(&g, &v, &t, asked[a].header) < wanted) {
            assert_true(asked[a].edges > limits.max_edges || asked[a].depth > limits.max_depth);
            continue;
        }
        walk(&g, &v, asked[a].header, r, s);
        const struct callgraph *c = &s->graphs[s->n - 1];
        if (asked[a].edges)
            assert_int_equal(c->n, asked[a].edges);
        if (asked[a].depth)
            assert_int_equal(callgraph_depth(c), asked[a].depth);
        if (asked[a].latency >= 0)
            assert_int_equal(c->calls[0].rt, asked[a].latency);
        if (!limits.marks)
            check_starts(c);
        if (!limits.marks && k % 8 == 0)
            check_strictly(s, c);
        for (size_t i = 0; i + 1 < c->n; i++)
            assert_false(call_type_is_leaf((enum call_type)c->calls[i].type) &&
                         c->calls[i + 1].parent == i);
        if (s->n == 1000) {
            graphset_free(s);
            s = graphset_new();
        }
    }
    graphset_free(s);
    gsl_rng_free(r);
}

/* The words allowed after a text, joined by blanks; more than 20 are counted instead. */
static void expect_words(const struct compact_grammar *g, const struct vocabulary *v,
                         const char *text, const char *want)
{
    struct compact_state s = compact_start(g);
    uint8_t mask[400];
    struct buf got = { 0 };
    struct str t = str_of(text);
    size_t blanks = t.n > 0;
    for (size_t i = 0; i < t.n; i++)
        blanks += t.p[i] == ' ';
    assert_int_equal(feed(g, v, &s, text), blanks);
    size_t n = compact_allowed(g, &s, mask);
    buf_str(&got, "");
    for (size_t i = 0; i < v->n && n <= 20; i++)
        if (mask[i])
            append(&got, v->spelling[i]);
    if (n > 20)
        buf_printf(&got, "%zu", n);
    if (s.may_end)
        append(&got, s.finished ? "END" : "end");
    if (strcmp(got.p ? got.p : "", want) != 0) {
        print_error("after \"%s\": got \"%s\", want \"%s\"\n", text, got.p, want);
        fail();
    }
    buf_free(&got);
}

static void masks_are_what_hand_work_says(void **state)
{
    (void)state;
    struct vocabulary v;
    fill(&v, true);
    struct compact_limits limits = compact_limits_standard;
    limits.max_edges = 5;
    limits.max_latency = 1234;
    struct compact_grammar g;
    assert_true(compact_grammar_init(&g, v.word, v.n, &limits, NULL));
    expect_words(&g, &v, "", "S_1 S_2");
    expect_words(&g, &v, "S_1", "1 2 3 4 5");
    expect_words(&g, &v, "S_1 1", "1");
    expect_words(&g, &v, "S_1 3", "2 3");
    expect_words(&g, &v, "S_1 3 2", "101");                        /* 0..99 and #2 */
    expect_words(&g, &v, "S_1 3 2 #2", "1 2 3 4 5 6 7 8 9 10 11 12");
    expect_words(&g, &v, "S_1 3 2 #2 12", "35");                   /* up to 1234 */
    expect_words(&g, &v, "S_1 3 3 10", "http rpc");     /* a root that must be extended */
    expect_words(&g, &v, "S_1 1 1 10", "http rpc db mc mq");
    expect_words(&g, &v, "S_1 1 1 10 db", "table");
    expect_words(&g, &v, "S_1 1 1 10 db table", "END");
    expect_words(&g, &v, "S_1 3 3 10 http A", "http rpc");
    expect_words(&g, &v, "S_1 3 2 10 http A", "http rpc db mc mq");
    expect_words(&g, &v, "S_1 3 2 10 http A rpc", "A B");
    expect_words(&g, &v, "S_1 3 2 10 http A rpc A", "0 1 2 3 4 5 6 7 8 9 10");
    expect_words(&g, &v, "S_1 3 2 10 http A rpc A 4", "0 1 2 3 4 5 6");
    expect_words(&g, &v, "S_1 3 2 10 http A rpc A 4 3", "/1");
    expect_words(&g, &v, "S_1 3 3 10 http A rpc A 4 3", "/2");
    expect_words(&g, &v, "S_1 4 3 10 http A rpc A 4 3", "/1 /2");
    expect_words(&g, &v, "S_1 4 3 10 http A mc cache 4 3", "/1");
    expect_words(&g, &v, "S_1 4 3 10 http A mc cache 4 3 /1", "http rpc");
    expect_words(&g, &v, "S_1 3 2 10 http A rpc A 4 3 /1 rpc A", "- 0 1 2 3");
    expect_words(&g, &v, "S_1 3 2 10 http A rpc A 4 3 /1 rpc A -", "1 2 3");
    expect_words(&g, &v, "S_1 3 2 10 http A rpc A 4 6 /1 rpc A", "- 0");
    expect_words(&g, &v, "S_1 3 2 10 http A rpc A 4 0 /1 rpc A", "0 1 2 3 4 5 6");
    expect_words(&g, &v, "S_1 ? 2 10 http A rpc A 4 0", "/1 end");
    expect_words(&g, &v, "S_1 ? ? 10 http A", "http rpc db mc mq end");
    expect_words(&g, &v, "? ? ? ?", "S_1 S_2");
    expect_words(&g, &v, "? ? ? ? S_2 mq table 3", "END");
    limits.marks = 1u << WORD_ASYNC | 1u << WORD_ID | 1u << WORD_START | 1u << WORD_UNTIMED;
    limits.draw_open = true;
    assert_true(compact_grammar_init(&g, v.word, v.n, &limits, NULL));
    expect_words(&g, &v, "", "? S_1 S_2");
    expect_words(&g, &v, "S_1 1 1 n/a http A", "& end");
    expect_words(&g, &v, "S_1 2 2 n/a http A", "http rpc db mc mq &");
    expect_words(&g, &v, "S_1 2 2 n/a http A rpc B & = 7", "END");
    expect_words(&g, &v, "S_1 2 2 3 http A ^ 9 rpc B", "0 1 2 3 & =");
}

static void headers_that_cannot_be_met_are_refused(void **state)
{
    (void)state;
    struct vocabulary v;
    struct compact_grammar g;
    struct compact_limits limits = compact_limits_standard;
    limits.max_edges = 50;
    limits.max_latency = 99;
    fill(&v, true);
    assert_true(compact_grammar_init(&g, v.word, v.n, &limits, NULL));
    static const struct { const char *header; size_t taken;
    } bad[] = {
        { "A", 0 },         { "5", 0 },          { "S_1 0", 1 },       { "S_1 51", 1 },
        { "S_1 #2", 1 },    { "S_1 2 3", 2 },    { "S_1 2 1", 2 },     { "S_1 1 2", 2 },
        { "S_1 40 33", 2 }, { "S_1 4 2 #2", 3 }, { "S_1 4 2 n/a", 3 }, { "S_1 4 2 -", 3 },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct compact_state s = compact_start(&g);
        assert_int_equal(feed(&g, &v, &s, bad[i].header), bad[i].taken);
    }
    fill(&v, false);    /* only leaves can be called: graphs have one call */
    assert_true(compact_grammar_init(&g, v.word, v.n, &limits, NULL));
    expect_words(&g, &v, "S_1", "1");
    expect_words(&g, &v, "S_1 ?", "1");
    expect_words(&g, &v, "S_1 ? ? 3 mc cache", "END");
    struct err err;
    v.word[word_at(&v, "73")].class = WORD_FOREIGN;
    assert_false(compact_grammar_init(&g, v.word, v.n, &limits, &err));
    assert_string_equal(err.msg, "the vocabulary lacks the word \"73\"");
    fill(&v, true);
    v.word[word_at(&v, "S_1")].service = v.word[word_at(&v, "S_2")].service = false;
    assert_false(compact_grammar_init(&g, v.word, v.n, &limits, &err));
    assert_string_equal(err.msg, "the vocabulary has no service");
}

/* What the encoder writes of plain graphs, the grammar takes, word by word, to the end. */
static void encoded_graphs_are_legal_walks(void **state)
{
    (void)state;
    struct vocabulary v;
    gsl_rng *r = rng_stream(5, "test/legal", 0);
    for (size_t k = 0; k < 300; k++) {
        struct graphset *s = graphset_new();
        struct callgraph *c = random_graph(s, r, 1 + rng_below(r, 14), 5, false);
        if (c->calls[0].rt > 86400000) {
            graphset_free(s);
            continue;
        }
        fill(&v, true);
        add_word(&v, names_get(s->names, c->service), 0, true);
        for (size_t i = 0; i < c->n; i++)
            add_word(&v, names_get(s->names, c->calls[i].dst), ALL_TYPES, false);
        struct compact_grammar g;
        assert_true(compact_grammar_init(&g, v.word, v.n, &compact_limits_standard, NULL));
        struct buf b = { 0 };
        unsigned m = (unsigned)rng_below(r, 16);
        compact_encode(c, s->names, 1000,
                       (struct compact_header_mask){ m & 1, m & 2, m & 4, m & 8 }, &b);
        b.p[--b.n] = '\0';
        struct compact_state t = compact_start(&g);
        size_t words = 1;
        for (size_t i = 0; i < b.n; i++)
            words += b.p[i] == ' ';
        if (feed(&g, &v, &t, b.p) != words || !t.may_end)
            fail_msg("refused: %s", b.p);
        buf_free(&b);
        graphset_free(s);
    }
    gsl_rng_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(masks_are_what_hand_work_says),
        cmocka_unit_test(headers_that_cannot_be_met_are_refused),
        cmocka_unit_test(encoded_graphs_are_legal_walks),
        cmocka_unit_test(random_walks_end_in_right_graphs),
        cmocka_unit_test(an_index_lists_what_it_may),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
