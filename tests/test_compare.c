/* Comparisons as wholes: what must be 0, what a known shift must give, and what must not matter. */
#include "tests/near.h"

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "eval/columns.h"
#include "eval/compare.h"
#include "tests/fixtures.h"

enum { N = 160 };

/* A graph of a small law: a root with up to 4 callees of a dozen, some of which call once more. */
static void add_drawn(struct graphset *s, gsl_rng *r)
{
    struct fixture_call f[9] = { { 0, 0, CALL_HTTP, "MS_0", 0, 0 } };
    static const char *const ms[] = { "MS_1", "MS_2", "MS_3", "MS_4", "MS_5", "MS_6",
                                      "MS_7", "MS_8", "MS_9", "MS_10", "MS_11", "MS_12" };
    size_t n = 1, children = rng_below(r, 5);
    int64_t t = 0;
    for (size_t k = 0; k < children; k++) {
        size_t dst = rng_below(r, 1 + rng_below(r, 12));
        int64_t rt = (int64_t)rng_below(r, 1 + rng_below(r, 40));
        enum call_type type = dst % 2 ? CALL_RPC : CALL_MC;
        f[n++] = (struct fixture_call){ 1, (uint32_t)k + 1, type, ms[dst], t, t + rt };
        if (dst % 2 && rng_below(r, 2))
            f[n++] = (struct fixture_call){ 2, 1, CALL_DB, ms[(dst + 3) % 12], t, t + rt / 2 };
        t += rt;
    }
    f[0].finish = t + (int64_t)rng_below(r, 5);
    fixture_graph(s, rng_below(r, 3) ? "S_1" : "S_2", f, n);
}

static struct graphset *drawn_set(uint64_t index, size_t n)
{
    struct graphset *s = graphset_new();
    gsl_rng *r = rng_stream(21, "test/compare", index);
    for (size_t i = 0; i < n; i++)
        add_drawn(s, r);
    gsl_rng_free(r);
    return s;
}

static const struct compare_options quick = {
    .seed = 1, .redraws = 40, .repeats = 1, .threads = 1,
};

static struct comparison *compare_one(struct graphset *real, struct graphset *train,
                                      struct graphset *gen)
{
    struct compare_source source = { "gen", gen, 0 };
    return compare_run(real, train, &source, 1, &quick);
}

static void the_same_sample_is_ideal(void **state)
{
    (void)state;
    struct graphset *s = drawn_set(0, N);
    struct comparison *c = compare_one(s, s, s);
    assert_true(c->fidelity);
    size_t known = 0;
    for (size_t i = 0; i < c->n; i++) {
        const struct compare_row *r = &c->row[i];
        if (isnan(r->value.value))
            continue;
        known++;
        if (strcmp(r->metric->name, "auc") == 0)
            assert_true(r->value.value <= 0.5);   /* both classes have the same rows in a fold */
        else if (strcmp(r->metric->name, "mean_calls") == 0)
            assert_near(r->value.value, r->floor, 0.3);
        else
            assert_near(r->value.value, r->metric->better == BETTER_LOWER ? 0 : 1, 0);
        assert_true(!(r->value.lo > r->value.value) && !(r->value.hi < r->value.value));
    }
    assert_true(known > 30);
    comparison_free(c);
    graphset_free(s);
}

/* A second sample of the same law scores about what halves of the first score. */
static void a_second_sample_stands_at_the_floor(void **state)
{
    (void)state;
    struct graphset *a = drawn_set(1, N), *b = drawn_set(2, N);
    struct comparison *c = compare_one(a, a, b);
    static const char *const distance[] = { "jsd_all", "emd_size", "emd_depth", "emd_lrt",
                                            "emd_in_degree", "presence_jsd100" };
    for (size_t k = 0; k < sizeof distance / sizeof *distance; k++)
        for (int v = 0; v < VIEWS; v++) {
            double got = compare_get(c, distance[k], (enum view)v, "gen")->value.value;
            assert_true(got > 0);
            assert_true(got <= compare_get(c, distance[k], (enum view)v, "halves")->value.hi);
        }
    assert_near(compare_get(c, "auc", VIEW_TRAFFIC, "gen")->value.value, 0.5, 0.1);
    assert_null(compare_get(c, "emd_size", VIEW_TRAFFIC, "train"));
    assert_near(compare_get(c, "struct_copy", VIEW_TRAFFIC, "copier")->value.value, 1, 0);
    comparison_free(c);
    graphset_free(a);
    graphset_free(b);
}

/* 1 + rt doubled for every call is one doubling of distance; shapes stay where they are. */
static void a_known_shift_of_times_is_found(void **state)
{
    (void)state;
    struct graphset *a = drawn_set(3, N), *b = drawn_set(3, N);
    for (size_t i = 0; i < b->n; i++)
        for (size_t k = 0; k < b->graphs[i].n; k++) {
            struct call *call = &b->graphs[i].calls[k];
            call->rt = 2 * call->rt + 1;
            call->async = true;
        }
    struct comparison *c = compare_one(a, a, b);
    assert_near(compare_get(c, "emd_lrt", VIEW_TRAFFIC, "gen")->value.value, 1, 1e-12);
    assert_near(compare_get(c, "emd_size", VIEW_TRAFFIC, "gen")->value.value, 0, 0);
    assert_near(compare_get(c, "full_copy3", VIEW_TRAFFIC, "gen")->value.value, 0, 0);
    assert_near(compare_get(c, "struct_copy", VIEW_TRAFFIC, "gen")->value.value, 1, 0);
    assert_true(compare_get(c, "auc", VIEW_TRAFFIC, "gen")->value.value > 0.8);
    comparison_free(c);
    graphset_free(a);
    graphset_free(b);
}

/* Microseconds or milliseconds, the times are the same. */
static void ticks_do_not_matter(void **state)
{
    (void)state;
    struct graphset *a = drawn_set(4, N), *b = drawn_set(4, N);
    b->tick_us = 1;
    for (size_t i = 0; i < b->n; i++)
        for (size_t k = 0; k < b->graphs[i].n; k++) {
            b->graphs[i].calls[k].rt *= 1000;
            b->graphs[i].calls[k].start *= 1000;
        }
    struct comparison *c = compare_one(a, a, b);
    assert_near(compare_get(c, "emd_lrt", VIEW_TRAFFIC, "gen")->value.value, 0, 0);
    assert_true(compare_get(c, "auc", VIEW_TRAFFIC, "gen")->value.value <= 0.5);
    comparison_free(c);
    graphset_free(a);
    graphset_free(b);
}

static void the_order_of_graphs_does_not_matter(void **state)
{
    (void)state;
    struct graphset *a = drawn_set(5, N), *b = drawn_set(6, N);
    size_t back[N];
    for (size_t i = 0; i < N; i++)
        back[i] = N - 1 - i;
    struct graphset *reversed = graphset_select(b, back, N);
    struct comparison *c = compare_one(a, a, b), *d = compare_one(a, a, reversed);
    for (size_t i = 0; i < c->n; i++)
        if (!c->row[i].metric->columns && strcmp(c->row[i].metric->name, "emd_lrt") != 0)
            assert_near(c->row[i].value.value, d->row[i].value.value, 1e-12);
    comparison_free(c);
    comparison_free(d);
    graphset_free(reversed);
    graphset_free(a);
    graphset_free(b);
}

/* A graph of weight 3 is by traffic three graphs, and by topology one. */
static void weights_are_occurrences(void **state)
{
    (void)state;
    struct graphset *a = drawn_set(7, N), *b = drawn_set(8, 20);
    size_t index[60];
    for (size_t i = 0; i < 60; i++)
        index[i] = i / 3;
    struct graphset *thrice = graphset_select(b, index, 60);
    b->weight = mem_array(b->cap, sizeof *b->weight);
    for (size_t i = 0; i < b->n; i++)
        b->weight[i] = 3;
    struct comparison *c = compare_one(a, a, b), *d = compare_one(a, a, thrice);
    for (size_t i = 0; i < c->n; i++)
        if (!c->row[i].metric->columns)
            assert_near(c->row[i].value.value, d->row[i].value.value, 1e-12);
    comparison_free(c);
    comparison_free(d);
    graphset_free(thrice);
    graphset_free(a);
    graphset_free(b);
}

static void without_times_only_times_are_unknown(void **state)
{
    (void)state;
    struct graphset *a = drawn_set(9, N), *b = drawn_set(10, N);
    for (size_t i = 0; i < b->n; i++) {
        b->graphs[i].timed = false;
        for (size_t k = 0; k < b->graphs[i].n; k++)
            b->graphs[i].calls[k].start = b->graphs[i].calls[k].rt = 0;
    }
    struct comparison *c = compare_one(a, a, b);
    const struct compare_row *r = compare_get(c, "emd_lrt", VIEW_TRAFFIC, "gen");
    assert_true(isnan(r->value.value) && isnan(r->value.lo));
    assert_int_equal(r->value.n, N);
    assert_string_equal(r->why, "no response times");
    assert_true(isnan(compare_get(c, "full_copy", VIEW_TRAFFIC, "gen")->value.value));
    assert_false(isnan(compare_get(c, "emd_depth", VIEW_TRAFFIC, "gen")->value.value));
    /* by shape alone */
    assert_near(compare_get(c, "auc", VIEW_TRAFFIC, "gen")->value.value, 0.5, 0.12);
    comparison_free(c);
    graphset_free(a);
    graphset_free(b);
}

static void dropped_graphs_are_invalid(void **state)
{
    (void)state;
    struct graphset *a = drawn_set(11, N), *b = drawn_set(12, 90);
    struct compare_source source = { "gen", b, 10 };
    struct comparison *c = compare_run(a, a, &source, 1, &quick);
    const struct interval *v = &compare_get(c, "validity", VIEW_TRAFFIC, "gen")->value;
    assert_near(v->value, 0.9, 1e-15);
    assert_near(v->lo, 0.8238, 1e-4);   /* Clopper-Pearson, 90 of 100 */
    assert_near(v->hi, 0.9510, 1e-4);
    assert_int_equal(v->n, 100);
    comparison_free(c);
    b->graphs[3].calls[0].rt = -1;
    source.dropped = 0;
    c = compare_run(a, a, &source, 1, &quick);
    assert_near(compare_get(c, "validity", VIEW_TRAFFIC, "gen")->value.value, 89.0 / 90, 1e-15);
    comparison_free(c);
    graphset_free(a);
    graphset_free(b);
}

static void generalisation_has_floors_of_its_own(void **state)
{
    (void)state;
    struct graphset *real = drawn_set(13, 80), *train = drawn_set(14, N), *b = drawn_set(15, N);
    struct comparison *c = compare_one(real, train, b);
    assert_false(c->fidelity);
    const struct compare_row *r = compare_get(c, "emd_size", VIEW_TRAFFIC, "gen");
    assert_near(r->floor, compare_get(c, "emd_size", VIEW_TRAFFIC, "train")->value.value, 0);
    assert_true(r->floor > 0);
    r = compare_get(c, "struct_copy", VIEW_TRAFFIC, "gen");
    assert_near(r->floor, compare_get(c, "struct_copy", VIEW_TRAFFIC, "real")->value.value, 0);
    assert_true(r->floor > 0 && r->floor < 1);
    assert_false(isnan(compare_get(c, "unseen_coverage", VIEW_TRAFFIC, "gen")->value.value));
    assert_null(compare_get(c, "emd_size", VIEW_TRAFFIC, "halves"));
    comparison_free(c);
    graphset_free(real);
    graphset_free(train);
    graphset_free(b);
}

/* A service that the third slice never saw gives a set away that shape and times do not. */
static void names_are_judged_by_a_third_slice(void **state)
{
    (void)state;
    struct graphset *real = drawn_set(16, N), *slice = drawn_set(17, N), *b = drawn_set(18, N);
    for (size_t i = 0; i < b->n; i++)
        b->graphs[i].service = names_id_of(b->names, "S_unheard_of");
    struct compare_source source = { "gen", b, 0 };
    struct compare_options o = quick;
    o.slice = slice;
    struct comparison *c = compare_run(real, real, &source, 1, &o);
    assert_true(compare_get(c, "auc_identity", VIEW_TRAFFIC, "gen")->value.value > 0.95);
    struct compare_tell tell[COLUMNS_IDENTITY];
    size_t n = compare_tells(c, "auc_identity", VIEW_TRAFFIC, 0, tell, 50);
    assert_int_equal(compare_tells(c, "auc_identity", VIEW_TRAFFIC, 0, tell, 2), 2);
    assert_string_equal(tell[0].column, "frequency of the service");
    assert_true(tell[0].share > tell[1].share && n <= COLUMNS_IDENTITY && n > 2);
    assert_near(compare_get(c, "auc", VIEW_TRAFFIC, "gen")->value.value, 0.5, 0.1);
    comparison_free(c);
    graphset_free(real);
    graphset_free(slice);
    graphset_free(b);
}

static char *json_of(const struct comparison *c)
{
    char *text;
    size_t n;
    FILE *f = open_memstream(&text, &n);
    compare_write_json(c, f);
    compare_write_table(c, f);
    compare_write_csv(c, f);
    fclose(f);
    return text;
}

static void threads_do_not_change_a_byte(void **state)
{
    (void)state;
    struct graphset *real = drawn_set(19, 70), *train = drawn_set(20, N), *b = drawn_set(21, 300);
    struct compare_source source[] = { { "one", b, 0 }, { "two", train, 3 } };
    struct compare_options one = quick, four = quick;
    four.threads = 4;
    struct comparison *c = compare_run(real, train, source, 2, &one);
    struct comparison *d = compare_run(real, train, source, 2, &four);
    char *x = json_of(c), *y = json_of(d);
    assert_string_equal(x, y);
    free(x);
    free(y);
    comparison_free(c);
    comparison_free(d);
    graphset_free(real);
    graphset_free(train);
    graphset_free(b);
}

static void differences_are_paired(void **state)
{
    (void)state;
    struct graphset *real = drawn_set(22, N);
    struct graphset *near = drawn_set(23, 2000), *far = drawn_set(24, 2000);
    for (size_t i = 0; i < far->n; i++)
        for (size_t k = 0; k < far->graphs[i].n; k++)
            far->graphs[i].calls[k].rt += 20;
    struct compare_source source[] = { { "near", near, 0 }, { "far", far, 0 } };
    struct comparison *c = compare_run(real, real, source, 2, &quick);
    struct interval d = compare_difference(c, "emd_lrt", VIEW_TRAFFIC, 0, 1);
    struct interval e = compare_difference(c, "emd_lrt", VIEW_TRAFFIC, 1, 0);
    assert_near(d.value, -e.value, 1e-15);
    assert_near(d.lo, -e.hi, 1e-12);
    assert_true(d.hi < 0);
    d = compare_difference(c, "emd_size", VIEW_TRAFFIC, 0, 1);
    assert_true(d.lo < 0 && d.hi > 0);   /* the same law of sizes */
    double alone = compare_get(c, "emd_size", VIEW_TRAFFIC, "near")->value.hi -
                   compare_get(c, "emd_size", VIEW_TRAFFIC, "near")->value.lo;
    assert_true(d.hi - d.lo < alone);    /* the common reference does not blur the difference */
    comparison_free(c);
    graphset_free(real);
    graphset_free(near);
    graphset_free(far);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_sample_is_ideal),
        cmocka_unit_test(a_second_sample_stands_at_the_floor),
        cmocka_unit_test(a_known_shift_of_times_is_found),
        cmocka_unit_test(ticks_do_not_matter),
        cmocka_unit_test(the_order_of_graphs_does_not_matter),
        cmocka_unit_test(weights_are_occurrences),
        cmocka_unit_test(without_times_only_times_are_unknown),
        cmocka_unit_test(dropped_graphs_are_invalid),
        cmocka_unit_test(generalisation_has_floors_of_its_own),
        cmocka_unit_test(names_are_judged_by_a_third_slice),
        cmocka_unit_test(threads_do_not_change_a_byte),
        cmocka_unit_test(differences_are_paired),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
