/* The baselines draw what their tables say, fail nothing, and do not see the threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>

#include "base/rng.h"
#include "gen/bag.h"
#include "gen/generator.h"
#include "tests/fixtures.h"
#include "tests/near.h"

static void bag_draws_in_proportion(void **state)
{
    (void)state;
    struct bag b = { 0 };
    bag_add(&b, 5, 1);
    bag_add(&b, -2, 1);
    bag_add(&b, 5, 2);
    bag_seal(&b);
    assert_int_equal(b.n, 2);
    assert_near(bag_share(&b, 5), 0.75, 1e-15);
    assert_near(bag_share(&b, 7), 0, 0);
    gsl_rng *rng = rng_stream(1, "test/bag", 0);
    size_t fives = 0, n = 40000;
    for (size_t i = 0; i < n; i++) {
        int64_t x = bag_draw(&b, rng);
        assert_true(x == 5 || x == -2);
        fives += x == 5;
    }
    assert_near((double)fives / (double)n, 0.75, 5 * sqrt(0.75 * 0.25 / (double)n));
    gsl_rng_free(rng);
    bag_free(&b);
}

/* Training sets with known answers:
 *
 *     3 x   http A [0,10] -> rpc B [1,5] -> mc C [2,3];  db D [6,8]      service s1
 *     1 x   http E [0,4]                                                  service s2
 */
static struct graphset *known(void)
{
    static const struct fixture_call big[] = {
        { 0, 0, CALL_HTTP, "A", 0, 10 }, { 1, 1, CALL_RPC, "B", 1, 5 },
        { 2, 1, CALL_MC, "C", 2, 3 },    { 1, 2, CALL_DB, "D", 6, 8 },
    };
    static const struct fixture_call lone[] = { { 0, 0, CALL_HTTP, "E", 0, 4 } };
    struct graphset *s = graphset_new();
    for (int i = 0; i < 3; i++)
        fixture_graph(s, "s1", big, 4);
    fixture_graph(s, "s2", lone, 1);
    for (size_t i = 0; i < s->n; i++) {
        s->graphs[i].timed = true;
        s->graphs[i].trace_id = NAMES_NONE;
    }
    return s;
}

static struct graphset *draw_many(const struct generator *g, const struct graphset *train,
                                  struct prompt_fields fields, size_t n, size_t threads,
                                  struct draw_report *rep)
{
    struct prompt_pool pool = prompt_pool_new(train, fields);
    void *fitted = g->fit(train);
    struct graphset *out = graphset_new();
    struct draw_job job = { .prompts = &pool, .n = n, .seed = 7, .threads = threads };
    generator_run(g, fitted, &job, out, rep);
    g->free(fitted);
    prompt_pool_free(&pool);
    return out;
}

static bool is_dst(const struct graphset *s, const struct call *c, const char *name)
{
    return str_is(names_str(s->names, c->dst), name);
}

/* Shares of the drawn graphs against the tables of `known`: a root is a leaf with probability 1/4
 * and has two children else; its destination is A with 3/4; children are rpc or db evenly; an rpc
 * at level 1 always has one mc child, which at level 2 is always C. */
static void probabilistic_draws_its_tables(void **state)
{
    (void)state;
    struct graphset *train = known();
    struct draw_report rep;
    struct graphset *out =
        draw_many(&generator_probabilistic, train, prompt_service, 8000, 2, &rep);
    double n = (double)out->n, lone = 0, roots_a = 0, level1 = 0, rpc = 0;
    assert_int_equal(out->n, 8000);
    for (size_t i = 0; i < out->n; i++) {
        const struct callgraph *g = &out->graphs[i];
        lone += g->n == 1;
        roots_a += is_dst(out, &g->calls[0], "A");
        assert_true(is_dst(out, &g->calls[0], "A") || is_dst(out, &g->calls[0], "E"));
        assert_string_equal(names_get(out->names, g->calls[0].src), "USER");
        assert_true(g->n == 1 || callgraph_children(g, 0) == 2);
        for (size_t k = 1; k < g->n; k++) {
            const struct call *c = &g->calls[k];
            assert_true(c->level == 2         ? is_dst(out, c, "C") && c->type == CALL_MC
                        : c->type == CALL_RPC ? is_dst(out, c, "B")
                                              : c->type == CALL_DB && is_dst(out, c, "D"));
            level1 += c->level == 1;
            rpc += c->level == 1 && c->type == CALL_RPC;
            if (c->level == 1)
                assert_int_equal(callgraph_children(g, k), c->type == CALL_RPC);
        }
    }
    assert_near(lone / n, 0.25, 5 * sqrt(0.25 * 0.75 / n));
    assert_near(roots_a / n, 0.75, 5 * sqrt(0.25 * 0.75 / n));
    assert_near(rpc / level1, 0.5, 5 * sqrt(0.25 / level1));
    assert_int_equal(draw_report_redraws(&rep), 0);
    assert_int_equal(rep.outcome[DRAW_GOOD], 8000);
    graphset_free(out);
    graphset_free(train);
}

/* The prompt's service is kept, in the prompts' proportion; with no prompt it is drawn. */
static void services_follow_the_prompts(void **state)
{
    (void)state;
    struct graphset *train = known();
    const struct prompt_fields modes[] = { prompt_service, prompt_none };
    for (size_t g = 0; generators[g]; g++)
        for (size_t m = 0; m < 2; m++) {
            struct draw_report rep;
            struct graphset *out = draw_many(generators[g], train, modes[m], 4000, 1, &rep);
            double s1 = 0;
            for (size_t i = 0; i < out->n; i++)
                s1 += str_is(names_str(out->names, out->graphs[i].service), "s1");
            assert_near(s1 / 4000, 0.75, 5 * sqrt(0.25 * 0.75 / 4000));
            graphset_free(out);
        }
    graphset_free(train);
}

/* Weak: destinations by type alone, so an rpc anywhere may be any rpc's destination; E and A are
 * both http. What the weak form must not know is the level: give mc two names on two levels. */
static void weak_forgets_the_level(void **state)
{
    (void)state;
    static const struct fixture_call f[] = {
        { 0, 0, CALL_HTTP, "A", 0, 9 }, { 1, 1, CALL_RPC, "B", 0, 9 },
        { 2, 1, CALL_MC, "deep", 1, 2 }, { 1, 2, CALL_MC, "flat", 9, 9 },
    };
    struct graphset *train = graphset_new();
    fixture_graph(train, "s", f, 4)->timed = true;
    const struct generator *which[] = { &generator_probabilistic, &generator_probabilistic_weak };
    for (size_t w = 0; w < 2; w++) {
        struct draw_report rep;
        struct graphset *out = draw_many(which[w], train, prompt_full, 2000, 1, &rep);
        size_t flat_on_2 = 0;
        for (size_t i = 0; i < out->n; i++)
            for (size_t k = 0; k < out->graphs[i].n; k++)
                flat_on_2 += out->graphs[i].calls[k].level == 2 &&
                             is_dst(out, &out->graphs[i].calls[k], "flat");
        assert_true(w == 0 ? flat_on_2 == 0 : flat_on_2 > 400);
        graphset_free(out);
    }
    graphset_free(train);
}

/* Times nest even when the tables draw children longer than their parents. */
static void times_are_fitted(void **state)
{
    (void)state;
    static const struct fixture_call slow[] = {
        { 0, 0, CALL_HTTP, "A", 0, 1000 }, { 1, 1, CALL_RPC, "B", 10, 990 } };
    static const struct fixture_call fast[] = {
        { 0, 0, CALL_HTTP, "A", 0, 2 }, { 1, 1, CALL_RPC, "B", 1, 2 } };
    struct graphset *train = graphset_new();
    fixture_graph(train, "s", slow, 2)->timed = true;
    fixture_graph(train, "s", fast, 2)->timed = true;
    const struct generator *which[] = { &generator_probabilistic, &generator_probabilistic_weak };
    for (size_t w = 0; w < 2; w++) {
        struct draw_report rep;
        struct graphset *out = draw_many(which[w], train, prompt_full, 1000, 1, &rep);
        size_t cut = 0, roots_long = 0;
        for (size_t i = 0; i < out->n; i++) {
            const struct callgraph *g = &out->graphs[i];
            assert_int_equal(callgraph_check(g, NULL), GRAPH_GOOD);
            assert_true(g->calls[1].start >= g->calls[0].start);
            cut += g->calls[0].rt == 2 && g->calls[1].rt != 1;
            roots_long += g->calls[0].rt == 1000;
        }
        assert_true(cut > 0);
        assert_near((double)roots_long / 1000, w == 0 ? 0.5 : 0.25, 0.08);
        assert_int_equal(draw_report_redraws(&rep), 0);
        graphset_free(out);
    }
    graphset_free(train);
}

static void bootstrap_copies_what_was_asked(void **state)
{
    (void)state;
    struct graphset *train = known();
    struct draw_report rep;
    struct graphset *out = draw_many(&generator_bootstrap, train, prompt_full, 4000, 2, &rep);
    double big = 0;
    for (size_t i = 0; i < out->n; i++) {
        const struct callgraph *g = &out->graphs[i];
        big += g->n == 4;
        assert_true(callgraph_same(g, out->names, &train->graphs[g->n == 4 ? 0 : 3], train->names));
    }
    assert_near(big / 4000, 0.75, 5 * sqrt(0.25 * 0.75 / 4000));
    graphset_free(out);
    void *m = generator_bootstrap.fit(train);   /* an unseen header backs off to its service */
    out = graphset_new();
    gsl_rng *rng = rng_stream(1, "test", 0);
    struct prompt p = { .service = "s1", .edges = 99, .depth = 9, .latency = 12345 };
    for (int i = 0; i < 50; i++)
        assert_int_equal(generator_bootstrap.draw(m, &p, rng, out), DRAW_GOOD);
    for (size_t i = 0; i < out->n; i++)
        assert_int_equal(out->graphs[i].n, 4);
    gsl_rng_free(rng);
    generator_bootstrap.free(m);
    graphset_free(out);
    graphset_free(train);
}

/* Weights stand for repeats. */
static void weights_count(void **state)
{
    (void)state;
    struct graphset *train = known();
    train->weight = mem_array(train->n, sizeof *train->weight);
    for (size_t i = 0; i < 4; i++)
        train->weight[i] = i == 3 ? 9 : 1.0 / 3;
    for (size_t g = 0; generators[g]; g++) {
        struct draw_report rep;
        struct graphset *out = draw_many(generators[g], train, prompt_full, 4000, 1, &rep);
        double lone = 0;
        for (size_t i = 0; i < out->n; i++)
            lone += out->graphs[i].n == 1;
        assert_near(lone / 4000, 0.9, 5 * sqrt(0.09 / 4000));
        graphset_free(out);
    }
    graphset_free(train);
}

static void threads_change_nothing(void **state)
{
    (void)state;
    struct graphset *train = known();
    for (size_t g = 0; generators[g]; g++) {
        struct draw_report r1, r4;
        struct graphset *a = draw_many(generators[g], train, prompt_full, 5000, 1, &r1);
        struct graphset *b = draw_many(generators[g], train, prompt_full, 5000, 4, &r4);
        assert_int_equal(a->n, b->n);
        for (size_t i = 0; i < a->n; i++) {
            assert_true(callgraph_same(&a->graphs[i], a->names, &b->graphs[i], b->names));
            assert_int_equal(a->graphs[i].calls[0].dst, b->graphs[i].calls[0].dst);
        }
        assert_memory_equal(r1.outcome, r4.outcome, sizeof r1.outcome);
        graphset_free(a);
        graphset_free(b);
    }
    graphset_free(train);
}

/* A generator that fails on purpose: every failure is counted, every header is drawn again. */
static void *fit_stubborn(const struct graphset *train)
{
    return (void *)(uintptr_t)train;
}

static enum draw_outcome draw_stubborn(const void *fitted, const struct prompt *p, gsl_rng *rng,
                                       struct graphset *out)
{
    const struct graphset *train = fitted;
    if (str_is(str_of(p->service), "s2"))
        return DRAW_ORACLE;
    if (rng_below(rng, 4))
        return DRAW_UNREADABLE;
    graphset_copy(out, &train->graphs[0], train->names);
    return DRAW_GOOD;
}

static void free_nothing(void *fitted)
{
    (void)fitted;
}

static void failures_are_counted_and_drawn_again(void **state)
{
    (void)state;
    const struct generator stubborn = { "stubborn",    "",          "", fit_stubborn,
                                        draw_stubborn, free_nothing };
    struct graphset *train = known();
    struct prompt_pool pool = prompt_pool_new(train, prompt_service);
    struct graphset *out = graphset_new();
    struct draw_report rep;
    struct draw_job job = { .prompts = &pool, .n = 2000, .seed = 3, .threads = 2,
                            .attempts = 200 };
    generator_run(&stubborn, stubborn.fit(train), &job, out, &rep);
    assert_int_equal(rep.graphs + rep.given_up, 2000);
    assert_int_equal(out->n, rep.graphs);
    assert_near((double)rep.given_up / 2000, 0.25, 5 * sqrt(0.25 * 0.75 / 2000));
    assert_int_equal(rep.outcome[DRAW_ORACLE], 200 * rep.given_up);
    assert_near((double)rep.outcome[DRAW_UNREADABLE] / (double)rep.graphs, 3, 0.5);
    assert_int_equal(draw_report_redraws(&rep),
                     rep.outcome[DRAW_ORACLE] + rep.outcome[DRAW_UNREADABLE]);
    prompt_pool_free(&pool);
    graphset_free(out);
    graphset_free(train);
}

static void untimed_stays_untimed(void **state)
{
    (void)state;
    struct graphset *train = known();
    for (size_t i = 0; i < train->n; i++) {
        train->graphs[i].timed = false;
        for (size_t k = 0; k < train->graphs[i].n; k++)
            train->graphs[i].calls[k].start = train->graphs[i].calls[k].rt = 0;
    }
    for (size_t g = 0; generators[g]; g++) {
        struct draw_report rep;
        struct graphset *out = draw_many(generators[g], train, prompt_full, 200, 1, &rep);
        for (size_t i = 0; i < out->n; i++)
            for (size_t k = 0; k < out->graphs[i].n; k++)
                assert_true(!out->graphs[i].timed && out->graphs[i].calls[k].rt == 0);
        graphset_free(out);
    }
    graphset_free(train);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bag_draws_in_proportion),
        cmocka_unit_test(probabilistic_draws_its_tables),
        cmocka_unit_test(services_follow_the_prompts),
        cmocka_unit_test(weak_forgets_the_level),
        cmocka_unit_test(times_are_fitted),
        cmocka_unit_test(bootstrap_copies_what_was_asked),
        cmocka_unit_test(weights_count),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(failures_are_counted_and_drawn_again),
        cmocka_unit_test(untimed_stays_untimed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
