/* test_fold.c: graphs become fewer words and come back as they were; what is rare is no word. */
#include "gen/fold.h"

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "tests/graphs.h"
#include "tests/near.h"

/*  A calls B, which calls C and D;  with `rare` it calls E instead of D.                      */
static void add_graph(struct graphset *s, bool rare)
{
    static const char *const callee[] = { "A", "B", "C", "D" };
    static const uint16_t level[] = { 0, 1, 2, 2 };
    struct callgraph *g = graphset_add(s, 4);
    g->service = names_id_of(s->names, "S");
    g->trace_id = NAMES_NONE;
    for (size_t i = 0; i < 4; i++)
        g->calls[i] = (struct call){
            .dst = names_id_of(s->names, rare && i == 3 ? "E" : callee[i]), .level = level[i],
            .type = i ? CALL_MC : CALL_HTTP, .kind = i ? KIND_CLIENT : KIND_SERVER,
            .status = i == 2 ? STATUS_ERROR : STATUS_UNSET, .interface = NAMES_NONE,
        };
    assert_true(callgraph_link(g));
    for (size_t i = 0; i < 4; i++) {
        struct call *c = &g->calls[i];
        c->src = i ? g->calls[c->parent].dst : names_id_of(s->names, "USER");
        c->id = i == 0 ? 0 : i == 3 ? 2 : 1;
    }
    assert_int_equal(callgraph_check(g, NULL), GRAPH_GOOD);
}

static void what_many_share_is_one_word(void **state)
{
    (void)state;
    struct graphset *s = graphset_new();
    for (size_t i = 0; i < 5; i++)
        add_graph(s, i == 4);
    struct fold *f = fold_learn(s, 4);
    struct graphset *folded = fold_apply(f);
    assert_int_equal(folded->graphs[0].n, 1);             /* the whole graph, four times there */
    assert_int_equal(folded->graphs[4].n, 4);             /* E's graph is there once */
    assert_int_equal(fold_trees(f), 1);
    assert_int_equal(folded->graphs[0].calls[0].type, CALL_DB);
    assert_int_equal(folded->graphs[4].calls[1].type, CALL_RPC);
    assert_int_equal(folded->graphs[4].calls[3].type, CALL_DB);
    graphset_free(folded);
    fold_free(f);
    f = fold_learn(s, 6);
    assert_int_equal(fold_trees(f), 0);
    fold_free(f);
    graphset_free(s);
}

/* Only the part below B is shared by as many as are asked for: B's own word covers C and D. */
static void a_part_is_a_word_where_the_whole_is_not(void **state)
{
    (void)state;
    struct graphset *s = graphset_new();
    for (size_t i = 0; i < 6; i++) {
        add_graph(s, false);
        if (i >= 3)
            s->graphs[i].calls[0].dst = s->graphs[i].calls[1].src = names_id_of(s->names, "A2");
    }
    struct fold *f = fold_learn(s, 4);
    struct graphset *folded = fold_apply(f);
    assert_int_equal(fold_trees(f), 1);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(folded->graphs[i].n, 2);
    graphset_free(folded);
    fold_free(f);
    graphset_free(s);
}

static bool same_calls(const struct callgraph *a, const struct names *na, const struct callgraph *b,
                       const struct names *nb)
{
    for (size_t k = 0; k < a->n && a->n == b->n; k++) {
        const struct call *x = &a->calls[k], *y = &b->calls[k];
        if (x->level != y->level || x->type != y->type || x->kind != y->kind ||
            x->status != y->status || !str_eq(names_str(na, x->dst), names_str(nb, y->dst)) ||
            !str_eq(names_str(na, x->src), names_str(nb, y->src)))
            return false;
    }
    return a->n == b->n && str_eq(names_str(na, a->service), names_str(nb, b->service));
}

static void there_and_back_is_the_same(void **state)
{
    (void)state;
    struct graphset *s = graphset_new();
    gsl_rng *r = rng_stream(7, "test/fold", 0);
    for (size_t i = 0; i < 300; i++) {
        struct callgraph *g = random_graph(s, r, 1 + rng_below(r, i % 3 ? 5 : 30), 6, true);
        g->service = g->calls[0].dst;
    }
    for (size_t i = 0; i < 120; i++) {
        struct callgraph again = s->graphs[i % 20];
        graphset_copy(s, &again, NULL);
    }
    for (size_t least = 2; least < 20; least += 8) {
        struct fold *f = fold_learn(s, least);
        struct graphset *folded = fold_apply(f), *back = fold_undo(f, folded);
        size_t before = 0, after = 0;
        assert_int_equal(back->n, s->n);
        for (size_t i = 0; i < s->n; i++) {
            assert_int_equal(callgraph_check(&folded->graphs[i], NULL), GRAPH_GOOD);
            assert_int_equal(callgraph_check(&back->graphs[i], NULL), GRAPH_GOOD);
            assert_true(same_calls(&s->graphs[i], s->names, &back->graphs[i], back->names));
            before += s->graphs[i].n;
            after += folded->graphs[i].n;
        }
        assert_true(least > 2 || after < before);
        graphset_free(folded);
        graphset_free(back);
        fold_free(f);
    }
    gsl_rng_free(r);
    graphset_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_many_share_is_one_word),
        cmocka_unit_test(a_part_is_a_word_where_the_whole_is_not),
        cmocka_unit_test(there_and_back_is_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
