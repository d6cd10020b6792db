/* test_nearest.c: the distance by hand, its bounds, and the nearest of several. */
#include "tests/near.h"

#include "eval/nearest.h"
#include "tests/graphs.h"

/* USER -> a -> b (calls times), each of which takes rt us. */
static void add(struct graphset *s, const char *a, const char *b, size_t calls, int64_t rt)
{
    struct callgraph *g = graphset_add(s, 1 + calls);
    g->service = names_id_of(s->names, "S");
    g->trace_id = NAMES_NONE;
    g->timed = true;
    for (size_t i = 0; i <= calls; i++)
        g->calls[i] = (struct call){ .src = names_id_of(s->names, i ? a : "USER"),
                                     .dst = names_id_of(s->names, i ? b : a),
                                     .interface = NAMES_NONE, .id = (uint32_t)i,
                                     .type = i ? CALL_RPC : CALL_HTTP, .kind = KIND_CLIENT,
                                     .level = i > 0, .rt = i ? rt : 1000 };
    assert_true(callgraph_link(g));
}

static double between(size_t calls, int64_t rt, const char *b, size_t calls2, int64_t rt2)
{
    struct graphset *x = graphset_new(), *y = graphset_new();
    double d;
    x->tick_us = y->tick_us = 1;
    names_id_of(y->names, "something else first");   /* ids differ, spellings do not */
    add(x, "a", "b", calls, rt);
    add(y, "a", b, calls2, rt2);
    nearest_distances(x, y, 1, &d);
    graphset_free(x);
    graphset_free(y);
    return d;
}

static void it_is_what_the_formula_says(void **state)
{
    (void)state;
    assert_near(between(1, 7, "b", 1, 7), 0, 0);
    /* 2 of 4 calls in common: J = 1/2; times alike. */
    assert_near(between(1, 7, "b", 3, 7), 0.25, 1e-15);
    /* The same calls, one of two takes 7 us and 31: log2 8 and log2 32, T = (0 + 2) / 2. */
    assert_near(between(1, 7, "b", 1, 31), 0.25, 1e-15);
    /* The root in common, 1 of 3. */
    assert_near(between(1, 7, "c", 1, 7), 0.5 * 2 / 3, 1e-15);
}

static void the_nearest_of_several_counts(void **state)
{
    (void)state;
    struct graphset *x = graphset_new(), *y = graphset_new();
    double d[2], again[2];
    x->tick_us = y->tick_us = 1;
    add(x, "a", "b", 2, 7);
    add(x, "z", "y", 2, 7);
    add(y, "a", "b", 9, 7);
    add(y, "a", "b", 2, 7);
    add(y, "q", "r", 1, 7);
    nearest_distances(x, y, 1, d);
    nearest_distances(x, y, 4, again);
    assert_near(d[0], 0, 0);
    assert_near(d[1], 0.5, 1e-15);         /* nothing in common */
    assert_memory_equal(d, again, sizeof d);
    graphset_free(x);
    graphset_free(y);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_what_the_formula_says),
        cmocka_unit_test(the_nearest_of_several_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
