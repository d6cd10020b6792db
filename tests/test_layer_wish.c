/* A call that must occur does, in all three formats, whatever is chosen, and the graph is still the
 * one asked for; where it cannot, that is said before anything is written. */
#include "tests/near.h"

#include <inttypes.h>
#include <stdlib.h>

#include "tests/layer_walk.h"

enum { MOST_EDGES = 24, MOST_DEPTH = 6 };

/* CALLER>TYPE>CALLEE, as users name them. */
static const struct wanted {
    const char *src, *dst;
    enum call_type type;
} wanted[] = {
    { "MS_1", "a table", CALL_MQ }, { "MS_12", "MS_12", CALL_RPC }, { "MS_12", "MS_1", CALL_HTTP },
    { "USER", "MS_1", CALL_RPC },   { "MS_1", "MS_1", CALL_RPC },
};
enum { WANTED = sizeof wanted / sizeof *wanted };

static bool has_call(const struct graphset *s, const struct wanted *w)
{
    const struct callgraph *g = &s->graphs[0];
    for (size_t i = 0; i < g->n; i++)
        if (g->calls[i].type == w->type && str_is(names_str(s->names, g->calls[i].src), w->src) &&
            str_is(names_str(s->names, g->calls[i].dst), w->dst))
            return true;
    return false;
}

static bool can_be(const struct wanted *w, int64_t edges, int64_t depth)
{
    return str_is(str_of(w->src), "USER") || (edges != 1 && depth != 1);
}

/* Write a graph and hold it to what was asked. */
static void write_and_judge(const struct layer_grammar *g, const struct wanted *w, int64_t edges,
                            int64_t depth, enum policy p, gsl_rng *r)
{
    struct text_ask a = { STR("S_1"), edges, depth, -1, .include_src = str_of(w->src),
                          .include_dst = str_of(w->dst), .include_type = w->type };
    struct graphset *out = graphset_new();
    struct walk walk;
    bool added = false, met = walk_graph(g, &a, 0, p, r, &walk);
    if (met != can_be(w, edges, depth))
        fail_msg("%s, edges %" PRId64 " depth %" PRId64 ", %s>%s: met %d",
                 text_task_names[g->limits.task], edges, depth, w->src, w->dst, met);
    if (met) {
        bool correct = oracle_graph(&oracle_strict, g->limits.task, walk.layers, walk.n, out,
                                    &added).correct;
        if (!correct || !added || !has_call(out, w))
            fail_msg("%s, policy %d, edges %" PRId64 " depth %" PRId64 ", %s>%s: %d %d\n%.*s",
                     text_task_names[g->limits.task], p, edges, depth, w->src, w->dst, correct,
                     added, (int)walk.layers[0].output.n, walk.layers[0].output.p);
        assert_true(edges < 0 || out->graphs[0].n == (size_t)edges);
        assert_true(depth < 0 || callgraph_depth(&out->graphs[0]) == (size_t)depth);
    }
    graphset_free(out);
    walk_free(&walk);
}

static bool cell_exists(int64_t edges, int64_t depth)
{
    return edges < 0 || depth < 0 || (depth <= edges && (depth > 1 || edges == 1));
}

static void a_wished_call_occurs_whatever_is_chosen(void **state)
{
    (void)state;
    gsl_rng *r = rng_stream(21, "test/layer-wish", 0);
    size_t k = 0, rounds = getenv("SANITIZED") ? 2 : 8;
    for (int task = 0; task < TEXT_TASKS; task++)
        for (int64_t edges = -1; edges <= MOST_EDGES; edges += edges < 0 ? 2 : 1)
            for (int64_t depth = -1; depth <= MOST_DEPTH; depth += depth < 0 ? 2 : 1)
                for (size_t i = 0; cell_exists(edges, depth) && i < rounds * WANTED; i++, k++) {
                    struct layer_grammar g = few_grammar((enum text_task)task, k, 60);
                    enum policy p = i / WANTED < POLICIES ? (enum policy)(i / WANTED) : AT_RANDOM;
                    write_and_judge(&g, &wanted[i % WANTED], edges, depth, p, r);
                }
    gsl_rng_free(r);
}

/* Layers of over 15 calls are split: a part holds the call. */
static void wide_graphs_have_it_too(void **state)
{
    (void)state;
    gsl_rng *r = rng_stream(22, "test/layer-wish", 0);
    size_t rounds = getenv("SANITIZED") ? 4 : 30;
    for (int task = 0; task < TEXT_TASKS; task++)
        for (int64_t edges = 30; edges <= 60; edges += 6)
            for (size_t k = 0; k < rounds * WANTED; k++) {
                struct layer_grammar g = few_grammar((enum text_task)task, 1 + k, 60);
                write_and_judge(&g, &wanted[k % WANTED], edges, 2 + (int64_t)(k / WANTED % 2),
                                (enum policy)(k % POLICIES), r);
            }
    gsl_rng_free(r);
}

static void what_cannot_be_said_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *src, *dst, *why;
        enum call_type type;
    } bad[] = {
        { "MS_2", "MS_1", "does not know MS_2", CALL_RPC },
        { "MS_1", "MS_2", "does not know MS_2", CALL_RPC },
        { "MS_1", "cache", "never called by rpc", CALL_RPC },
        { "S_1", "cache", "in a way that lets it call", CALL_MC },
        { "a table", "cache", "in a way that lets it call", CALL_MC },
    };
    struct layer_grammar g = few_grammar(TASK_RECURSIVE, 1, 60);
    struct layer_wish w;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err err = { 0 };
        assert_false(layer_wish_find(&g, bad[i].src, bad[i].type, bad[i].dst, &w, &err));
        assert_int_equal(err.status, EXIT_DATA);
        assert_non_null(strstr(err.msg, bad[i].why));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wished_call_occurs_whatever_is_chosen),
        cmocka_unit_test(wide_graphs_have_it_too),
        cmocka_unit_test(what_cannot_be_said_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
