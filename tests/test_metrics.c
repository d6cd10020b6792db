/* Every metric on graphs small enough to work out by hand.
 *
 *   A  chain_and_leaf of fixtures.h, service 1: USER-1, 1-2, 2-3, 1-4      rt 10 6 1 1
 *   B  single of fixtures.h, service 2: USER-5                             rt 0
 *   C  service 1: USER-1, 1-2, 1-2, 1-1                                    rt 10 1 1 3
 */
#include "tests/near.h"

#include "eval/compare.h"
#include "tests/fixtures.h"

static void add_c(struct graphset *s)
{
    static const struct fixture_call f[] = {
        { 0, 0, CALL_HTTP, "MS_00001", 0, 10 }, { 1, 1, CALL_MC, "MS_00002", 1, 2 },
        { 1, 2, CALL_MC, "MS_00002", 3, 4 },    { 1, 3, CALL_RPC, "MS_00001", 5, 8 },
    };
    fixture_graph(s, "S_000000001", f, 4);
}

/* A set by letters; "a" is A with another time, "b" is B without times. */
static struct graphset *set_of(const char *letters)
{
    struct graphset *s = graphset_new();
    for (const char *c = letters; *c; c++) {
        if (*c == 'A' || *c == 'a')
            fixture_chain_and_leaf(s);
        else if (*c == 'B' || *c == 'b')
            fixture_single(s);
        else
            add_c(s);
        if (*c == 'a')
            s->graphs[s->n - 1].calls[3].rt = 0;
        if (*c == 'b')
            s->graphs[s->n - 1].timed = false;
    }
    return s;
}

static double value_in(const char *metric, enum view view, const char *real, const char *train,
                       const char *gen)
{
    struct graphset *r = set_of(real), *t = set_of(train), *g = set_of(gen);
    struct compare_source source = { "gen", g, 0 };
    struct comparison *c = compare_run(r, t, &source, 1, &(struct compare_options){
                                           .redraws = 20, .repeats = 1, .threads = 1 });
    const struct compare_row *row = compare_get(c, metric, view, "gen");
    assert_non_null(row);
    assert_int_equal(isnan(row->value.value), row->why != NULL);
    double value = row->value.value;
    comparison_free(c);
    graphset_free(r);
    graphset_free(t);
    graphset_free(g);
    return value;
}

static double value(const char *metric, const char *real, const char *train, const char *gen)
{
    return value_in(metric, VIEW_TRAFFIC, real, train, gen);
}

/* Counts of the five calls: real 1 1 1 1 1, gen 2 2 2 2 0. */
static void calls(void **state)
{
    (void)state;
    double many = 2.5 / 10.5, few = 0.5 / 10.5;
    double kl = 0.8 * log(0.2 / many) + 0.2 * log(0.2 / few);
    double rkl = 4 * many * log(many / 0.2) + few * log(few / 0.2);
    assert_near(value("kl100", "AB", "A", "AA"), kl, 1e-14);
    assert_near(value("rkl100", "AB", "A", "AA"), rkl, 1e-14);
    double js = 0.5 * (0.8 * log2(0.2 / 0.225) + 0.2) + 0.5 * log2(0.25 / 0.225);
    assert_near(value("jsd100", "AB", "A", "AA"), js, 1e-14);
    assert_near(value("jsd_all", "AB", "A", "AA"), js, 1e-14);
    assert_near(value("jsd_all", "A", "A", "B"), 1, 1e-14);
    assert_near(value("jsd100", "A", "A", "B"), 1, 1e-14);   /* none of the popular calls */
    assert_near(value("kl100", "A", "A", "B"), 0, 1e-14);    /* only pseudo-counts, all equal */
}

/* C has the calls USER-1, 1-2 twice, 1-1. Counted: 1 2 1; present: 1 1 1. Against C and B:
 * jsd with counts p = 1 2 1 1 / 5, q = 1 2 1 0 / 4; present p = 1 1 1 1 / 4, q = 1 1 1 0 / 3. */
static void presence_counts_a_call_once_per_graph(void **state)
{
    (void)state;
    double p = 0.25, q = 1.0 / 3, m = (p + q) / 2;
    double present = 0.5 * (3 * p * log2(p / m) + p) + 0.5 * 3 * q * log2(q / m);
    assert_near(value("presence_jsd100", "CB", "A", "C"), present, 1e-14);
    double kl = 3 * 0.25 * log(0.25 / (1.5 / 5)) + 0.25 * log(0.25 / (0.5 / 5));
    assert_near(value("presence_kl100", "CB", "A", "C"), kl, 1e-14);
}

static void services(void **state)
{
    (void)state;
    double want = 0.5 * (0.5 * log2(0.5 / 0.75) + 0.5) + 0.5 * log2(1 / 0.75);
    assert_near(value("services_jsd", "AB", "A", "C"), want, 1e-14);
}

/* received: A and B 1 1 1 1 1, C 2 2; issued: A and B 2 1 0 0 0, C 3 0 */
static void earth_movers(void **state)
{
    (void)state;
    assert_near(value("emd_in_degree", "AB", "A", "C"), 1, 1e-14);
    assert_near(value("emd_out_degree", "AB", "A", "C"), 0.1 + 0.3 + 0.5, 1e-14);
    assert_near(value("emd_size", "AB", "A", "C"), 1.5, 1e-14);
    assert_near(value("emd_depth", "AB", "A", "C"), 1, 1e-14);
    double lrt = 0.2 + 0.1 + 0.15 * (log2(7) - 2) + 0.05 * (log2(11) - log2(7));
    assert_near(value("emd_lrt", "AB", "A", "C"), lrt, 1e-14);
    assert_near(value("mean_calls", "A", "A", "AB"), 2.5, 1e-14);
}

static void copies(void **state)
{
    (void)state;
    assert_near(value("struct_copy", "C", "A", "AaB"), 2.0 / 3, 1e-15);
    assert_near(value("struct_copy3", "C", "A", "AaB"), 1, 1e-15);
    assert_near(value("full_copy", "C", "A", "AaB"), 1.0 / 3, 1e-15);
    assert_near(value("full_copy3", "C", "A", "AaB"), 0.5, 1e-15);
    assert_near(value_in("struct_copy", VIEW_TOPOLOGY, "C", "A", "AaB"), 0.5, 1e-15);
    assert_true(isnan(value("struct_copy3", "C", "A", "B")));    /* no graph of 3 calls */
}

static void unseen_structures(void **state)
{
    (void)state;
    assert_near(value("unseen_coverage", "ABBC", "A", "B"), 2.0 / 3, 1e-15);
    assert_near(value_in("unseen_coverage", VIEW_TOPOLOGY, "ABBC", "A", "B"), 0.5, 1e-15);
    assert_near(value("unseen_coverage", "AB", "A", "A"), 0, 0);
    assert_true(isnan(value("unseen_coverage", "A", "AB", "B")));
}

/* By topology AAAB is AB. */
static void topology_counts_a_structure_once(void **state)
{
    (void)state;
    assert_near(value_in("emd_size", VIEW_TOPOLOGY, "AB", "A", "AaAB"), 0, 0);
    assert_near(value_in("emd_size", VIEW_TRAFFIC, "AB", "A", "AaAB"), 0.75, 1e-15);
}

static void what_cannot_be_computed_is_not_a_number(void **state)
{
    (void)state;
    assert_true(isnan(value("emd_lrt", "bb", "b", "b")));
    assert_true(isnan(value("full_copy", "AB", "A", "bb")));
    assert_true(isnan(value("auc", "AB", "A", "AB")));
    assert_true(isnan(value("auc_identity", "AB", "A", "AB")));
    assert_true(isnan(value("kl100", "A", "A", "")));
    assert_true(isnan(value("emd_size", "", "A", "A")));
    assert_true(isnan(value("struct_copy", "A", "", "A")));
    assert_true(isnan(value("hh10", "AB", "A", "AB")));
}

static void the_busiest_overlap(void **state)
{
    (void)state;
    enum { CELLS = 20 };
    double real[CELLS], gen[CELLS], p[CELLS], q[CELLS];
    size_t index[CELLS];
    for (int i = 0; i < CELLS; i++) {
        real[i] = CELLS - i;             /* 0 ... 9 are the busiest */
        gen[i] = i < 7 ? 100 : i;        /* 0 ... 6 and 17 18 19 */
    }
    struct metric_input in = { .cells = CELLS, .real = real, .train = real, .gen = gen,
                               .p = p, .q = q, .index = index };
    assert_near(metric_find("hh10", NULL)->compute(&in), 0.7, 1e-15);
    assert_true(isnan(metric_find("hh20", NULL)->compute(&in)));   /* 20 of 20 says nothing */
    real[19] = 0;
    assert_true(isnan(metric_find("hh10", NULL)->compute(&in)));
}

static void the_list_is_in_order(void **state)
{
    (void)state;
    for (size_t i = 0; metrics[i]; i++) {
        size_t at;
        assert_ptr_equal(metric_find(metrics[i]->name, &at), metrics[i]);
        assert_int_equal(at, i);
        assert_true(metrics[i]->prose && metrics[i]->least < metrics[i]->most);
        assert_true(metrics[i]->columns ? !metrics[i]->feature
                                        : metrics[i]->feature && metrics[i]->compute);
    }
    assert_true(metric_count() <= METRICS_MAX);
    assert_null(metric_find("no such metric", NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls),
        cmocka_unit_test(presence_counts_a_call_once_per_graph),
        cmocka_unit_test(services),
        cmocka_unit_test(earth_movers),
        cmocka_unit_test(copies),
        cmocka_unit_test(unseen_structures),
        cmocka_unit_test(topology_counts_a_structure_once),
        cmocka_unit_test(what_cannot_be_computed_is_not_a_number),
        cmocka_unit_test(the_busiest_overlap),
        cmocka_unit_test(the_list_is_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
