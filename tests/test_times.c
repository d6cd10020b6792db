/* test_times.c: drawn times are valid, sum up, keep what clocks, overlaps and async calls show. */
#include "gen/times.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "stats/distance.h"
#include "tests/graphs.h"
#include "tests/near.h"

enum { N = 600 };

/* A root with two calls, whose times the caller sets: pre-order, no ids but 0, 1, 2. */
static struct callgraph *pair(struct graphset *s)
{
    static const char *const callee[] = { "A", "B", "C" };
    struct callgraph *g = graphset_add(s, 3);
    g->service = names_id_of(s->names, "S");
    g->trace_id = NAMES_NONE;
    g->timed = true;
    for (size_t i = 0; i < 3; i++)
        g->calls[i] = (struct call){ .dst = names_id_of(s->names, callee[i]), .level = i > 0,
                                     .type = CALL_RPC, .kind = KIND_CLIENT, .id = (uint32_t)i,
                                     .interface = NAMES_NONE };
    assert_true(callgraph_link(g));
    for (size_t i = 0; i < 3; i++)
        g->calls[i].src = i ? g->calls[0].dst : names_id_of(s->names, "USER");
    return g;
}

static void set(struct call *c, int64_t start, int64_t rt)
{
    c->start = start;
    c->rt = rt;
}

/* The same calls without times. */
static struct graphset *bare(const struct graphset *s)
{
    struct graphset *out = graphset_new();
    for (size_t i = 0; i < s->n; i++) {
        struct callgraph *g = graphset_copy(out, &s->graphs[i], s->names);
        g->timed = false;
        for (size_t k = 0; k < g->n; k++) {
            set(&g->calls[k], 0, 0);
            g->calls[k].async = false;
        }
    }
    return out;
}

static struct graphset *redrawn(const struct graphset *s, uint64_t seed, size_t threads)
{
    struct times *t = times_learn(s);
    struct graphset *out = bare(s);
    times_fill(t, out, seed, threads);
    times_free(t);
    return out;
}

/* B lasts log-normally long, C begins 10 after it ends and lasts 1,000 or, when B was slow, 9,000;
 * the root ends 7 after C: that law, not a smoothed shadow of it, is drawn. */
static void sums_and_dependence_stay(void **state)
{
    (void)state;
    struct graphset *s = graphset_new();
    gsl_rng *r = rng_stream(3, "test/times", 0);
    for (size_t i = 0; i < N; i++) {
        struct callgraph *g = pair(s);
        int64_t b = (int64_t)(2000 * exp(2 * rng_unit(r))), c = b > 5400 ? 9000 : 1000;
        set(&g->calls[1], 5, b);
        set(&g->calls[2], 5 + b + 10, c);
        set(&g->calls[0], 0, 5 + b + 10 + c + 7);
    }
    struct graphset *out = redrawn(s, 1, 1);
    double a[N], b[N], wrong = 0;
    for (size_t i = 0; i < N; i++) {
        const struct call *c = out->graphs[i].calls;
        a[i] = (double)s->graphs[i].calls[0].rt;
        b[i] = (double)c[0].rt;
        assert_near((double)(call_finish(&c[0]) - call_finish(&c[2])), 7, 3);
        assert_near((double)(c[2].start - call_finish(&c[1])), 10, 4);
        wrong += (c[1].rt > 5400) != (c[2].rt > 3000);
    }
    assert_true(distance_samples(a, N, b, N).ks < 0.08);
    assert_true(wrong / N < 0.03);
    graphset_free(out);
    graphset_free(s);
    gsl_rng_free(r);
}

/* Milliseconds in a set of microseconds; B and C in parallel; C outlasts the root by 2 ms in every
 * fourth graph; B takes no time at all in every third. */
static void what_a_recording_shows_is_shown_again(void **state)
{
    (void)state;
    struct graphset *s = graphset_new();
    s->tick_us = 1;
    gsl_rng *r = rng_stream(4, "test/times", 0);
    for (size_t i = 0; i < N; i++) {
        struct callgraph *g = pair(s);
        int64_t all = 1000 * (20 + (int64_t)rng_below(r, 60));
        set(&g->calls[0], 0, all);
        set(&g->calls[1], 1000, i % 3 == 0 ? 0 : all - 3000);
        set(&g->calls[2], 2000, i % 4 ? all - 5000 : all);
        g->calls[2].async = i % 4 == 0;
    }
    struct times *t = times_learn(s);
    assert_int_equal(times_grain(t), 1000);
    times_free(t);
    struct graphset *out = redrawn(s, 1, 2);
    double zero = 0, async = 0, overlap = 0;
    for (size_t i = 0; i < N; i++) {
        const struct call *c = out->graphs[i].calls;
        for (size_t k = 0; k < 3; k++)
            assert_int_equal(c[k].start % 1000 + c[k].rt % 1000, 0);
        zero += c[1].rt == 0;
        async += c[2].async;
        overlap += c[2].start < call_finish(&c[1]);
        assert_int_equal(c[2].async, call_finish(&c[2]) > call_finish(&c[0]));
    }
    assert_near(zero / N, 1.0 / 3, 0.07);
    assert_near(async / N, 0.25, 0.07);
    assert_near(overlap / N, 2.0 / 3, 0.07);
    graphset_free(out);
    graphset_free(s);
    gsl_rng_free(r);
}

/* Whatever was recorded, odd as can be: valid, and the same bytes from any number of threads. */
static void odd_graphs_stay_valid(void **state)
{
    (void)state;
    struct graphset *s = graphset_new();
    gsl_rng *r = rng_stream(5, "test/times", 0);
    for (size_t i = 0; i < N; i++)
        random_graph(s, r, 1 + rng_below(r, 25), 7, true)->timed = true;
    struct graphset *one = redrawn(s, 9, 1), *four = redrawn(s, 9, 4), *other = redrawn(s, 8, 1);
    size_t differ = 0;
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(callgraph_check(&one->graphs[i], NULL), GRAPH_GOOD);
        assert_true(callgraph_same(&one->graphs[i], one->names, &four->graphs[i], four->names));
        differ += !callgraph_same(&one->graphs[i], one->names, &other->graphs[i], other->names);
    }
    assert_true(differ > N / 2);
    graphset_free(one);
    graphset_free(four);
    graphset_free(other);
    graphset_free(s);
    gsl_rng_free(r);
}

/* Calls that nobody recorded in such a place, or at all, get times too. */
static void strangers_get_times(void **state)
{
    (void)state;
    struct graphset *s = graphset_new(), *out = graphset_new();
    struct callgraph *g = graphset_add(s, 1);
    *g->calls = (struct call){ .dst = names_id_of(s->names, "X"), .interface = NAMES_NONE,
                               .parent = CALL_NONE, .src = names_id_of(s->names, "USER"),
                               .rt = 40 };
    g->timed = true;
    for (size_t i = 0; i < 50; i++)
        pair(out)->timed = false;
    struct times *t = times_learn(s);
    times_fill(t, out, 1, 1);
    for (size_t i = 0; i < 50; i++) {
        assert_true(out->graphs[i].timed);
        assert_int_equal(callgraph_check(&out->graphs[i], NULL), GRAPH_GOOD);
        assert_near((double)out->graphs[i].calls[0].rt, 40, 12);
    }
    times_free(t);
    graphset_free(s);
    graphset_free(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_and_dependence_stay),
        cmocka_unit_test(what_a_recording_shows_is_shown_again),
        cmocka_unit_test(odd_graphs_stay_valid),
        cmocka_unit_test(strangers_get_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
