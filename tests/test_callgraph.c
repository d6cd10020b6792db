/* The tree in trace/callgraph.h: questions about fixtures, and every fault once. */
#include "tests/near.h"

#include "tests/fixtures.h"

static void questions_have_hand_counted_answers(void **state)
{
    (void)state;
    struct graphset *s = graphset_new();
    struct callgraph *g = fixture_chain_and_leaf(s);
    assert_int_equal(callgraph_depth(g), 3);
    assert_int_equal(callgraph_end(g, 1), 3);
    assert_int_equal(callgraph_end(g, 0), 4);
    assert_int_equal(callgraph_children(g, 0), 2);
    struct buf b = { 0 };
    callgraph_rpcid(g, 2, &b);
    assert_string_equal(b.p, "0.1.1");
    buf_free(&b);
    assert_int_equal(callgraph_check(g, NULL), GRAPH_GOOD);
    graphset_free(s);
}

static void hashes_ignore_ids_and_times_or_do_not(void **state)
{
    (void)state;
    struct graphset *s = graphset_new(), *t = graphset_new();
    names_id_of(t->names, "shifts every id");
    fixture_chain_and_leaf(s);
    fixture_chain_and_leaf(t);
    struct callgraph *a = &s->graphs[0], *b = &t->graphs[0];
    assert_true(callgraph_same(a, s->names, b, t->names));
    assert_int_equal(callgraph_hash_full(a, s->names), callgraph_hash_full(b, t->names));
    b->calls[3].rt = 0;
    assert_false(callgraph_same(a, s->names, b, t->names));
    assert_int_equal(callgraph_hash_structure(a, s->names), callgraph_hash_structure(b, t->names));
    assert_int_not_equal(callgraph_hash_full(a, s->names), callgraph_hash_full(b, t->names));
    b->calls[3].type = CALL_MC;
    assert_int_not_equal(callgraph_hash_structure(a, s->names),
                         callgraph_hash_structure(b, t->names));
    graphset_free(s);
    graphset_free(t);
}

static void break_parent(struct callgraph *g) { g->calls[2].parent = 0; }
static void break_level(struct callgraph *g) { g->calls[1].level = 2; }
static void break_id(struct callgraph *g) { g->calls[3].id = 1; }
static void break_src(struct callgraph *g) { g->calls[2].src = g->calls[0].src; }
static void break_rt(struct callgraph *g) { g->calls[2].rt = -1; }
static void break_start(struct callgraph *g) { g->calls[0].start = -1; }
static void break_finish(struct callgraph *g) { g->calls[2].rt = 6; }
static void async_may(struct callgraph *g) { g->calls[2].rt = 6; g->calls[2].async = true; }
static void break_sum(struct callgraph *g) { g->calls[0].start = 2; g->calls[0].rt = INT64_MAX; }

static void every_fault_is_named(void **state)
{
    (void)state;
    static const struct {
        void (*breaks)(struct callgraph *g);
        enum callgraph_fault fault;
        size_t at;
    } way[] = {
        { break_parent, GRAPH_NOT_TREE, 2 },     { break_level, GRAPH_NOT_TREE, 1 },
        { break_id, GRAPH_ID_ORDER, 3 },         { break_src, GRAPH_SRC_MISMATCH, 2 },
        { break_rt, GRAPH_TIME_NEGATIVE, 2 },    { break_start, GRAPH_TIME_NEGATIVE, 0 },
        { break_finish, GRAPH_FINISH_AFTER_PARENT, 2 }, { async_may, GRAPH_GOOD, 99 },
        { break_sum, GRAPH_TIME_NEGATIVE, 0 },
    };
    for (size_t i = 0; i < sizeof way / sizeof *way; i++) {
        struct graphset *s = graphset_new();
        struct callgraph *g = fixture_chain_and_leaf(s);
        way[i].breaks(g);
        size_t at = 99;
        assert_int_equal(callgraph_check(g, &at), way[i].fault);
        assert_int_equal(at, way[i].at);
        graphset_free(s);
    }
}

/* The set's array moves while it copies its own first graph. */
static void copies_within_a_set_and_across(void **state)
{
    (void)state;
    struct graphset *s = graphset_new(), *t = graphset_new();
    fixture_chain_and_leaf(s);
    for (int i = 0; i < 100; i++)
        graphset_copy(s, &s->graphs[0], NULL);
    names_id_of(t->names, "shifts every id");
    graphset_copy(t, &s->graphs[100], s->names);
    assert_true(callgraph_same(&s->graphs[0], s->names, &t->graphs[0], t->names));
    graphset_free(t);
    graphset_free(s);
}

static void selections_share_and_carry_weights(void **state)
{
    (void)state;
    struct graphset *s = graphset_new();
    fixture_chain_and_leaf(s);
    s->weight = mem_array(s->n, sizeof *s->weight);
    s->weight[0] = 5;
    fixture_single(s);
    assert_near(s->weight[1], 1, 0);
    struct graphset *t = graphset_select(s, (size_t[]){ 1, 0, 1 }, 3);
    assert_int_equal(t->n, 3);
    assert_near(t->weight[1], 5, 0);
    assert_ptr_equal(t->graphs[2].calls, s->graphs[1].calls);
    graphset_free(t);
    graphset_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions_have_hand_counted_answers),
        cmocka_unit_test(hashes_ignore_ids_and_times_or_do_not),
        cmocka_unit_test(every_fault_is_named),
        cmocka_unit_test(copies_within_a_set_and_across),
        cmocka_unit_test(selections_share_and_carry_weights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
