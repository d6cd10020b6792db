/* test_augment.c: varied graphs are valid, and vary in nothing else. */
#include "gen/augment.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "tests/graphs.h"
#include "tests/near.h"

/*  A (2..5) with a child, gap 1, B (6..7);  the other graph has them the other way round.
 *      0 1 2 3 4 5 6 7 8 9 10
 *      |   A A A A   B B     |
 *      |       c c           |                                                     */
static struct callgraph *two_children(struct graphset *s, bool swapped)
{
    static const char *const callee[][4] = { { "MS_1", "MS_a", "MS_c", "MS_b" },
                                             { "MS_1", "MS_b", "MS_a", "MS_c" } };
    static const uint16_t level[][4] = { { 0, 1, 2, 1 }, { 0, 1, 1, 2 } };
    static const int64_t start[][4] = { { 0, 2, 4, 7 }, { 0, 2, 5, 7 } };
    static const int64_t rt[][4] = { { 10, 4, 2, 2 }, { 10, 2, 4, 2 } };
    struct callgraph *g = graphset_add(s, 4);
    g->service = names_id_of(s->names, "S_1");
    g->timed = true;
    for (size_t i = 0; i < 4; i++)
        g->calls[i] = (struct call){
            .dst = names_id_of(s->names, callee[swapped][i]), .level = level[swapped][i],
            .type = i ? CALL_RPC : CALL_HTTP, .kind = KIND_CLIENT, .interface = NAMES_NONE,
            .start = start[swapped][i], .rt = rt[swapped][i],
        };
    assert_true(callgraph_link(g));
    for (size_t i = 0; i < 4; i++) {
        struct call *c = &g->calls[i];
        c->src = i ? g->calls[c->parent].dst : names_id_of(s->names, "USER");
        c->id = i == 0 ? 0 : c->level == 2 || i == 1 ? 1 : 2;
    }
    assert_int_equal(callgraph_check(g, NULL), GRAPH_GOOD);
    return g;
}

static void neighbours_seen_both_ways_change_places(void **state)
{
    (void)state;
    struct graphset *s = graphset_new();
    two_children(s, false);
    struct augment_order *one_way = augment_learn(s);
    two_children(s, true);
    struct augment_order *both = augment_learn(s);
    static const struct augment always = { .shuffle = 1 };
    gsl_rng *rng = rng_stream(1, "test/augment", 0);
    struct graphset *t = graphset_new();
    struct callgraph *g = graphset_copy(t, &s->graphs[0], s->names);
    augment_graph(g, t->names, one_way, &always, rng);
    assert_true(callgraph_same(g, t->names, &s->graphs[0], s->names));
    augment_graph(g, t->names, both, &always, rng);
    assert_true(callgraph_same(g, t->names, &s->graphs[1], s->names));
    augment_graph(g, t->names, both, &always, rng);
    assert_true(callgraph_same(g, t->names, &s->graphs[0], s->names));
    gsl_rng_free(rng);
    augment_free(one_way);
    augment_free(both);
    graphset_free(t);
    graphset_free(s);
}

static int by_name(const void *a, const void *b)
{
    return (*(const uint32_t *)a > *(const uint32_t *)b) -
           (*(const uint32_t *)a < *(const uint32_t *)b);
}

static void assert_same_callees(const struct callgraph *a, const struct callgraph *b)
{
    uint32_t *x = mem_array(a->n, sizeof *x), *y = mem_array(a->n, sizeof *y);
    for (size_t i = 0; i < a->n; i++)
        x[i] = a->calls[i].dst, y[i] = b->calls[i].dst;
    qsort(x, a->n, sizeof *x, by_name);
    qsort(y, a->n, sizeof *y, by_name);
    assert_memory_equal(x, y, a->n * sizeof *x);
    free(x);
    free(y);
}

/* Whatever comes in: valid, as long, as deep, the same callees, the same root. */
static void what_is_varied_stays_valid(void **state)
{
    (void)state;
    gsl_rng *r = rng_stream(1, "test/augment", 1);
    struct graphset *s = graphset_new();
    for (size_t i = 0; i < 600; i++)
        random_graph(s, r, 1 + rng_below(r, 30), 2 + rng_below(r, 4), i % 2);
    for (size_t i = 0; i < s->n; i++)            /* few names: many pairs are seen both ways */
        for (size_t k = 1; k < s->graphs[i].n && i % 2 == 0; k++)
            s->graphs[i].calls[k].dst = s->graphs[i].calls[k].dst % 3;
    for (size_t i = 0; i < s->n; i++)
        for (size_t k = 1; k < s->graphs[i].n; k++)
            s->graphs[i].calls[k].src = s->graphs[i].calls[s->graphs[i].calls[k].parent].dst;
    struct augment_order *o = augment_learn(s);
    static const struct augment much = { .shuffle = 0.7, .jitter = 0.8 };
    size_t moved = 0, later = 0;
    for (size_t i = 0; i < s->n; i++) {
        struct graphset *t = graphset_new();
        struct callgraph *g = graphset_copy(t, &s->graphs[i], NULL);
        assert_int_equal(callgraph_check(g, NULL), GRAPH_GOOD);
        augment_graph(g, s->names, o, &much, r);
        assert_int_equal(callgraph_check(g, NULL), GRAPH_GOOD);
        assert_int_equal(callgraph_depth(g), callgraph_depth(&s->graphs[i]));
        assert_same_callees(g, &s->graphs[i]);
        assert_memory_equal(&g->calls[0], &s->graphs[i].calls[0], sizeof g->calls[0]);
        for (size_t k = 1; k < g->n; k++) {
            moved += g->calls[k].dst != s->graphs[i].calls[k].dst;
            later += g->calls[k].start != s->graphs[i].calls[k].start;
        }
        graphset_free(t);
    }
    assert_true(moved > 100 && later > 1000);
    augment_free(o);
    gsl_rng_free(r);
    graphset_free(s);
}

/* The factors' logarithm has the spread asked for where nothing bounds them. */
static void jitter_has_its_spread(void **state)
{
    (void)state;
    enum { N = 4000 };
    struct graphset *s = graphset_new();
    static const struct augment some = { .jitter = 0.1 };
    gsl_rng *rng = rng_stream(1, "test/augment", 2);
    double sum = 0, squares = 0;
    for (size_t i = 0; i < N; i++) {
        s->n = 0;
        struct callgraph *g = two_children(s, false);
        g->calls[0].rt = 1000000000;
        g->calls[3] = (struct call){ .dst = 1, .src = g->calls[0].dst, .level = 1, .id = 2,
                                     .start = 1000, .rt = 1000000 };
        augment_graph(g, s->names, NULL, &some, rng);
        double x = log((double)g->calls[3].rt / 1e6);
        sum += x;
        squares += x * x;
    }
    assert_near(sum / N, 0, 0.006);
    assert_near(sqrt(squares / N), 0.1, 0.005);
    gsl_rng_free(rng);
    graphset_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neighbours_seen_both_ways_change_places),
        cmocka_unit_test(what_is_varied_stays_valid),
        cmocka_unit_test(jitter_has_its_spread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
