/* Walks with a wish: the wished call occurs, in every shape that has room for it, and a least
 * latency is reached; what has no room is refused before the walk. */
#include "tests/near.h"

#include <string.h>

#include "base/rng.h"
#include "text/compact.h"
#include "text/compact_grammar.h"

struct vocabulary {
    struct compact_word word[200];
    char spelling[200][16];
    size_t n;
};

static size_t add_word(struct vocabulary *v, const char *spelling, uint8_t types, bool service)
{
    assert_true(v->n < 200);
    snprintf(v->spelling[v->n], sizeof v->spelling[0], "%s", spelling);
    v->word[v->n] = compact_word_classify(str_of(spelling));
    v->word[v->n].types = types;
    v->word[v->n].service = service;
    return v->n++;
}

/* A and B call others; cache and table are called alone; only A is called by http. */
static void fill(struct vocabulary *v)
{
    memset(v, 0, sizeof *v);
    for (size_t i = 0; compact_word_fixed(i); i++)
        add_word(v, compact_word_fixed(i), 0, false);
    add_word(v, "A", 1 << CALL_HTTP | 1 << CALL_RPC, false);
    add_word(v, "B", 1 << CALL_RPC, false);
    add_word(v, "C", 1 << CALL_RPC | 1 << CALL_HTTP, false);
    add_word(v, "cache", 1 << CALL_MC, false);
    add_word(v, "table", 1 << CALL_DB, false);
    add_word(v, "S_1", 0, true);
}

static size_t word_at(const struct vocabulary *v, const char *spelling)
{
    for (size_t i = 0; i < v->n; i++)
        if (strcmp(v->spelling[i], spelling) == 0)
            return i;
    fail_msg("no word %s", spelling);
    return 0;
}

static struct compact_wish wish_of(const struct vocabulary *v, const char *src, enum call_type type,
                                   const char *dst)
{
    bool user = strcmp(src, "USER") == 0;
    return (struct compact_wish){ .include = true, .from_user = user, .type = (uint8_t)type,
                                  .src = user ? 0 : word_at(v, src), .dst = word_at(v, dst) };
}

/* False: a word of the header is refused. */
static bool put_header(const struct compact_grammar *g, const struct vocabulary *v,
                       struct compact_state *s, const char *header, struct buf *line)
{
    struct str rest = str_of(header), piece;
    buf_str(line, header);
    while (str_next(&rest, ' ', &piece)) {
        char word[16];
        snprintf(word, sizeof word, "%.*s", (int)piece.n, piece.p);
        if (!compact_step(g, s, word_at(v, word)))
            return false;
    }
    return true;
}

/* A uniformly random walk that hurries with a coin where it may. False: the header has no room. */
static bool walk(const struct compact_grammar *g, const struct vocabulary *v,
                 const struct compact_wish *wish, const char *header, gsl_rng *r,
                 struct graphset *out)
{
    struct compact_state s = compact_start(g);
    struct buf line = { 0 };
    uint8_t mask[200];
    s.wish = *wish;
    bool fits = put_header(g, v, &s, header, &line) && compact_allowed(g, &s, mask);
    while (fits && !s.finished && !(s.may_end && rng_below(r, 6) == 0)) {
        if (compact_may_hurry(&s) && rng_below(r, 4) == 0)
            compact_hurry(g, &s);
        size_t n = compact_allowed(g, &s, mask), w = 0;
        assert_true(n > 0);
        for (size_t pick = rng_below(r, n); !mask[w] || pick--;)
            w++;
        assert_true(compact_step(g, &s, w));
        buf_char(&line, ' ');
        buf_str(&line, v->spelling[w]);
    }
    if (fits) {
        struct err err = { 0 };
        assert_true(s.may_end);
        if (!compact_parse(buf_view(&line), out, &err))
            fail_msg("%.1000s: %s", line.p, err.msg);
    }
    buf_free(&line);
    return fits;
}

static size_t occurrences(const struct callgraph *g, const struct names *names, const char *src,
                          enum call_type type, const char *dst)
{
    size_t n = 0;
    for (size_t i = 0; i < g->n; i++)
        n += g->calls[i].type == type && strcmp(names_get(names, g->calls[i].src), src) == 0 &&
             strcmp(names_get(names, g->calls[i].dst), dst) == 0;
    return n;
}

/* (edges, depth) has room for a call from a microservice iff 2 <= depth <= edges; for a call from
 * USER, iff it may be a root of such a graph. 0 is open. */
static bool has_room(uint64_t edges, uint64_t depth, bool user, bool leaf)
{
    if (edges && depth && (depth > edges || (depth == 1 && edges > 1)))
        return false;
    if (!user)
        return edges != 1 && depth != 1;
    return !leaf || (edges <= 1 && depth <= 1);
}

static void the_wished_call_occurs(void **state)
{
    (void)state;
    static const struct {
        const char *src, *dst;
        enum call_type type;
    } wish[] = {
        { "A", "cache", CALL_MC },   { "B", "table", CALL_DB }, { "A", "B", CALL_RPC },
        { "A", "A", CALL_HTTP },     { "B", "A", CALL_HTTP },   { "USER", "A", CALL_HTTP },
        { "USER", "cache", CALL_MC }, { "B", "B", CALL_RPC },
    };
    struct vocabulary v;
    fill(&v);
    gsl_rng *r = rng_stream(5, "test/include", 0);
    for (size_t k = 0; k < 8; k++)
        for (uint64_t edges = 0; edges <= 7; edges++)
            for (uint64_t depth = 0; depth <= 6; depth++) {
                struct compact_grammar g;
                struct compact_limits limits = compact_limits_standard;
                limits.max_edges = 9;
                limits.max_depth = depth ? 6 : 2 + edges % 3;
                assert_true(compact_grammar_init(&g, v.word, v.n, &limits, NULL));
                struct compact_wish w = wish_of(&v, wish[k].src, wish[k].type, wish[k].dst);
                assert_true(compact_wish_check(&g, &w, NULL));
                bool room = has_room(edges, depth, w.from_user,
                                     call_type_is_leaf(wish[k].type));
                char header[32], e[8] = "?", d[8] = "?";
                if (edges)
                    snprintf(e, sizeof e, "%d", (int)edges);
                if (depth)
                    snprintf(d, sizeof d, "%d", (int)depth);
                snprintf(header, sizeof header, "S_1 %s %s 9", e, d);
                struct graphset *s = graphset_new();
                for (size_t i = 0; i < 60; i++)
                    if (walk(&g, &v, &w, header, r, s) != room)
                        fail_msg("%s>%s in \"%s\": room %d", wish[k].src, wish[k].dst, header,
                                 room);
                assert_int_equal(s->n, room ? 60 : 0);
                for (size_t i = 0; i < s->n; i++) {
                    const struct callgraph *c = &s->graphs[i];
                    assert_true(occurrences(c, s->names, wish[k].src, wish[k].type, wish[k].dst));
                    assert_true(!edges || c->n == edges);
                    assert_true(!depth || callgraph_depth(c) == depth);
                    assert_int_equal(callgraph_check(c, NULL), GRAPH_GOOD);
                }
                graphset_free(s);
            }
    gsl_rng_free(r);
}

/* Without a header, fields drawn: they leave room for the call. */
static void drawn_headers_leave_room(void **state)
{
    (void)state;
    struct vocabulary v;
    fill(&v);
    struct compact_grammar g;
    struct compact_limits limits = compact_limits_standard;
    limits.max_edges = 12;
    limits.max_depth = 5;
    limits.max_latency = 1000;
    assert_true(compact_grammar_init(&g, v.word, v.n, &limits, NULL));
    gsl_rng *r = rng_stream(6, "test/include", 0);
    struct graphset *s = graphset_new();
    struct compact_wish w = wish_of(&v, "B", CALL_DB, "table");
    w.least_latency = 777;
    for (size_t i = 0; i < 2000; i++)
        assert_true(walk(&g, &v, &w, i % 2 ? "S_1" : "S_1 ?", r, s));
    for (size_t i = 0; i < s->n; i++) {
        assert_true(occurrences(&s->graphs[i], s->names, "B", CALL_DB, "table"));
        assert_true(s->graphs[i].calls[0].rt >= 777);
    }
    graphset_free(s);
    gsl_rng_free(r);
}

static void least_latency_is_reached(void **state)
{
    (void)state;
    struct vocabulary v;
    fill(&v);
    struct compact_grammar g;
    assert_true(compact_grammar_init(&g, v.word, v.n, &compact_limits_standard, NULL));
    gsl_rng *r = rng_stream(7, "test/include", 0);
    struct graphset *s = graphset_new();
    struct compact_wish w = { .least_latency = 12345 };
    for (size_t i = 0; i < 500; i++)
        assert_true(walk(&g, &v, &w, "S_1 3 2 ?", r, s));
    for (size_t i = 0; i < s->n; i++)
        assert_true(s->graphs[i].calls[0].rt >= 12345);
    assert_false(walk(&g, &v, &w, "S_1 3 2 #2 99 99", r, s));    /* 9999 is less than asked for */
    assert_true(walk(&g, &v, &w, "S_1 3 2 #3 1 23 45", r, s));
    graphset_free(s);
    gsl_rng_free(r);
}

static void wishes_beyond_the_vocabulary_are_named(void **state)
{
    (void)state;
    struct vocabulary v;
    fill(&v);
    struct compact_grammar g;
    struct err err = { 0 };
    assert_true(compact_grammar_init(&g, v.word, v.n, &compact_limits_standard, NULL));
    struct compact_wish w = wish_of(&v, "A", CALL_HTTP, "B");
    assert_false(compact_wish_check(&g, &w, &err));
    assert_string_equal(err.msg, "the callee is never called by http");
    w = wish_of(&v, "cache", CALL_RPC, "B");
    assert_false(compact_wish_check(&g, &w, &err));
    assert_string_equal(err.msg, "the caller is never called in a way that lets it call");
    w = (struct compact_wish){ .least_latency = compact_limits_standard.max_latency + 1 };
    assert_false(compact_wish_check(&g, &w, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_wished_call_occurs),
        cmocka_unit_test(drawn_headers_leave_room),
        cmocka_unit_test(least_latency_is_reached),
        cmocka_unit_test(wishes_beyond_the_vocabulary_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
