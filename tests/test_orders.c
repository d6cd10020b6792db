/* test_orders.c: parallel calls get one order for a model, and recorded orders again afterwards. */
#include "gen/orders.h"

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "tests/graphs.h"
#include "tests/near.h"

/* A calls the letters of `calls` in this order; B calls "x" itself.                           */
static void add_graph(struct graphset *s, const char *calls)
{
    size_t n = 1, k = 1;
    for (const char *p = calls; *p; p++)
        n += 1 + (*p == 'B');
    struct callgraph *g = graphset_add(s, n);
    g->service = names_id_of(s->names, "S");
    g->trace_id = NAMES_NONE;
    g->calls[0] = (struct call){ .dst = names_id_of(s->names, "A"), .interface = NAMES_NONE };
    for (const char *p = calls; *p; p++) {
        char name[2] = { *p };
        g->calls[k++] = (struct call){ .dst = names_id_of(s->names, name), .level = 1,
                                       .interface = NAMES_NONE };
        if (*p == 'B')
            g->calls[k++] = (struct call){ .dst = names_id_of(s->names, "x"), .level = 2,
                                           .interface = NAMES_NONE };
    }
    assert_true(callgraph_link(g));
    uint32_t id = 0;
    for (size_t i = 0; i < n; i++) {
        struct call *c = &g->calls[i];
        c->src = i ? g->calls[c->parent].dst : names_id_of(s->names, "USER");
        c->id = i == 0 ? 0 : c->level == 2 ? 1 : ++id;
    }
    assert_int_equal(callgraph_check(g, NULL), GRAPH_GOOD);
}

/* The letters of level 1; x must follow B and nothing else. */
static const char *told(const struct graphset *s, size_t i)
{
    static char text[16];
    size_t n = 0;
    const struct callgraph *g = &s->graphs[i];
    assert_int_equal(callgraph_check(g, NULL), GRAPH_GOOD);
    for (size_t k = 1; k < g->n; k++) {
        char c = names_get(s->names, g->calls[k].dst)[0];
        if (c == 'x')
            assert_int_equal(text[n - 1], 'B');
        else
            text[n++] = c;
    }
    text[n] = '\0';
    return text;
}

static void families_take_their_usual_order(void **state)
{
    (void)state;
    static const char *const recorded[] = { "BCD", "CBD", "CBD", "DCB", "CCB", "BC" };
    static const char *const usual[] = { "CBD", "CBD", "CBD", "CBD", "CCB", "BC" };
    struct graphset *s = graphset_new();
    for (size_t i = 0; i < 6; i++)
        add_graph(s, recorded[i]);
    struct orders *o = orders_learn(s);
    struct graphset *u = orders_usual(o);
    for (size_t i = 0; i < 6; i++)
        assert_string_equal(told(u, i), usual[i]);
    graphset_free(u);
    orders_free(o);
    graphset_free(s);
}

/* Drawn orders are recorded ones, in their shares; other families stay as they are. */
static void drawn_orders_are_recorded_ones(void **state)
{
    (void)state;
    enum { N = 2000 };
    struct graphset *s = graphset_new(), *made = graphset_new();
    for (size_t i = 0; i < 40; i++)
        add_graph(s, i % 4 == 0 ? "BCD" : "DCB");
    for (size_t i = 0; i < N; i++)
        add_graph(made, i % 2 ? "CDB" : "CDDB");
    struct orders *o = orders_learn(s);
    orders_draw(o, made, 5);
    double first = 0;
    for (size_t i = 0; i < N; i++) {
        const char *order = told(made, i);
        if (i % 2 == 0) {
            assert_string_equal(order, "CDDB");
            continue;
        }
        assert_true(strcmp(order, "BCD") == 0 || strcmp(order, "DCB") == 0);
        first += order[0] == 'B';
    }
    assert_near(first / (N / 2), 0.25, 0.05);
    orders_free(o);
    graphset_free(made);
    graphset_free(s);
}

static void odd_graphs_stay_what_they_are(void **state)
{
    (void)state;
    struct graphset *s = graphset_new();
    gsl_rng *r = rng_stream(7, "test/orders", 0);
    for (size_t i = 0; i < 200; i++) {
        struct callgraph *g = random_graph(s, r, 1 + rng_below(r, 30), 6, true);
        g->timed = false;
        for (size_t k = 0; k < g->n; k++) {
            g->calls[k].start = g->calls[k].rt = 0;
            g->calls[k].dst %= 5;
            g->calls[k].src = k ? g->calls[g->calls[k].parent].dst : g->calls[k].src;
        }
    }
    struct orders *o = orders_learn(s);
    struct graphset *u = orders_usual(o);
    orders_draw(o, u, 1);
    for (size_t i = 0; i < s->n; i++) {
        uint64_t before = 0, after = 0;
        assert_int_equal(callgraph_check(&u->graphs[i], NULL), GRAPH_GOOD);
        assert_int_equal(u->graphs[i].n, s->graphs[i].n);
        for (size_t k = 0; k < s->graphs[i].n; k++) {
            before += s->graphs[i].calls[k].level * 31u + s->graphs[i].calls[k].kind;
            after += u->graphs[i].calls[k].level * 31u + u->graphs[i].calls[k].kind;
        }
        assert_int_equal(before, after);
    }
    graphset_free(u);
    orders_free(o);
    gsl_rng_free(r);
    graphset_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(families_take_their_usual_order),
        cmocka_unit_test(drawn_orders_are_recorded_ones),
        cmocka_unit_test(odd_graphs_stay_what_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
