/* Workloads: cut, dealt, merged; goodput and latencies by hand. */
#include "near.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "replay/workload.h"

/*   i       0  1  2    3  4  5
 *   arrival 1  2  2.5  4  8  9     models a b a a b a */
static struct workload *six(void)
{
    static const double t[] = { 1, 2, 2.5, 4, 8, 9 };
    static const char *const model[] = { "a", "b", "a", "a", "b", "a" };
    struct workload *w = workload_new();
    for (size_t i = 0; i < 6; i++)
        workload_add(w, model[i], t[i], 1);
    return w;
}

static void assert_idx(const struct workload *w, const char *want)
{
    char got[64] = "";
    for (size_t i = 0; i < w->n; i++)
        snprintf(got + strlen(got), sizeof got - strlen(got), "%d", (int)w->at[i].idx);
    assert_string_equal(got, want);
}

static void slices_are_those_of_python(void **state)
{
    (void)state;
    enum { O = 99 };   /* an end left out */
    static const struct { int from, to, step; const char *want; } row[] = {
        { 1, 4, 1, "123" }, { O, O, 2, "024" }, { -2, O, 1, "45" }, { O, -2, 1, "0123" },
        { O, O, -1, "543210" }, { 4, 1, -2, "42" }, { 50, O, 1, "" }, { -50, 2, 1, "01" },
        { 5, 0, 1, "" }, { O, O, 100, "0" }, { O, O, -100, "5" }, { O, 50, 3, "03" },
    };
    struct workload *w = six();
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct workload *s = workload_slice(w, row[i].from == O ? WORKLOAD_OPEN : row[i].from,
                                            row[i].to == O ? WORKLOAD_OPEN : row[i].to,
                                            row[i].step);
        assert_idx(s, row[i].want);
        workload_free(s);
    }
    workload_free(w);
}

static void splits_and_merges_are_inverse(void **state)
{
    (void)state;
    struct workload *w = six(), *part[3], **cut;
    size_t n;
    workload_split_round_robin(w, 3, part);
    assert_idx(part[0], "03");
    assert_idx(part[2], "25");
    struct workload *back = workload_merge(part, 3);
    assert_idx(back, "012345");
    for (size_t i = 0; i < 6; i++) {
        assert_near(back->at[i].arrival, w->at[i].arrival, 0);
        assert_string_equal(names_get(back->models, back->at[i].model),
                            names_get(w->models, w->at[i].model));
    }
    assert_idx(part[2], "25");   /* the inputs are as they were */
    cut = workload_split_interval(w, 1.5, &n);   /* 1 2 2.5 | 4 | 8 9: 2.5 is not later than 2.5 */
    assert_int_equal(n, 3);
    assert_idx(cut[0], "012");
    assert_idx(cut[1], "3");
    assert_idx(cut[2], "45");
    for (size_t i = 0; i < 3; i++) {
        workload_free(cut[i]);
        workload_free(part[i]);
    }
    free(cut);
    struct workload *empty = workload_new();
    assert_null(workload_split_interval(empty, 1, &n));
    assert_int_equal(n, 0);
    workload_free(empty);
    workload_free(back);
    workload_free(w);
}

static void ties_keep_the_order_of_their_workloads(void **state)
{
    (void)state;
    struct workload *w[2] = { workload_new(), workload_new() };
    for (size_t i = 0; i < 100; i++) {
        workload_add(w[0], "first", 5, 1);
        workload_add(w[1], "second", 5, 1);
    }
    struct workload *all = workload_merge(w, 2);
    for (size_t i = 0; i < 200; i++)
        assert_string_equal(names_get(all->models, all->at[i].model),
                            i < 100 ? "first" : "second");
    workload_free(all);
    workload_free(w[0]);
    workload_free(w[1]);
}

/* Gaps 1 .5 1.5 4 1: mean 1.6, population variance (.36 + 1.21 + .01 + 5.76 + .36)/5 */
static void rate_and_cv_are_the_originals(void **state)
{
    (void)state;
    struct workload *w = six(), *one = workload_new();
    double rate = 1 / (1.6 + 1e-6);
    assert_near(workload_rate(w), rate, 1e-15);
    assert_near(workload_cv(w), sqrt(7.7 / 5) * rate, 1e-12);
    workload_add(one, "a", 3, 1);
    assert_near(workload_rate(one), 0, 0);
    assert_near(workload_cv(one), 0, 0);
    workload_free(one);
    workload_free(w);
}

static void goodput_and_latencies_by_hand(void **state)
{
    (void)state;
    struct workload *w = six();
    /* latencies .5 .9 2 .7 1 .1; a: 0 2 3 5, of which 2 is late and 5 is rejected */
    const struct outcome o[] = { { 1, 1.5, false }, { 2, 2.9, false }, { 2.5, 4.5, false },
                                 { 4, 4.7, false }, { 8, 9, false }, { 9, 9.1, true } };
    struct served s[3];
    assert_int_equal(workload_served(w, o, 0, s), 3);
    assert_string_equal(s[0].model, "b");            /* fewer requests come first */
    assert_near(s[0].goodput, 1, 0);
    assert_near(s[0].throughput, 2.0 / 6, 1e-15);
    assert_near(s[0].mean, 0.95, 1e-15);
    assert_near(s[0].sd, 0.05, 1e-15);
    assert_near(s[0].p90, 1, 1e-15);                 /* sorted[floor(.9 * 2)] */
    assert_near(s[1].goodput, 0.5, 0);
    assert_near(s[1].throughput, 2.0 / 3, 1e-15);
    assert_near(s[1].mean, 0.6, 1e-15);
    assert_near(s[2].goodput, 4.0 / 6, 1e-15);
    assert_near(s[2].mean, 5.2 / 6, 1e-15);
    assert_near(s[2].rate, 6.0 / 8, 1e-15);
    assert_int_equal(s[2].requests, 6);
    /* 1.4 s of 8 are floor(1.05) = 1 request at each end */
    assert_int_equal(workload_served(w, o, 1.4, s), 3);
    assert_int_equal(s[2].requests, 4);
    assert_int_equal(workload_served(w, o, 1e9, s), 1);
    assert_int_equal(s[0].requests, 0);
    assert_true(isnan(s[0].goodput));
    workload_free(w);
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    char path[] = "/tmp/workload.XXXXXX", word[256];
    int fd = mkstemp(path);
    FILE *f = fdopen(fd, "w");
    struct workload *w = six();
    workload_add(w, "q\"u\n", 9.0000000000000018, 0.25);
    workload_write(w, f);
    fprintf(f, "\n{\"model_name\":\"a\"}\nnot JSON\n");
    fclose(f);
    size_t bad;
    struct err err;
    struct workload *back = workload_read(path, &bad, word, &err);
    assert_non_null(back);
    assert_int_equal(bad, 2);
    assert_non_null(strstr(word, ":9: "));
    assert_int_equal(back->n, 7);
    assert_near(back->at[6].arrival, 9.0000000000000018, 0);
    assert_near(back->at[6].slo, 0.25, 0);
    assert_string_equal(names_get(back->models, back->at[6].model), "q\"u\n");
    workload_free(back);
    workload_free(w);
    file_write(path, "[]\n", 3, &err);
    assert_null(workload_read(path, &bad, word, &err));
    assert_int_equal(err.status, EXIT_DATA);
    unlink(path);
    assert_null(workload_read(path, &bad, word, &err));
    assert_int_equal(err.status, EXIT_NOINPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_are_those_of_python),
        cmocka_unit_test(splits_and_merges_are_inverse),
        cmocka_unit_test(ties_keep_the_order_of_their_workloads),
        cmocka_unit_test(rate_and_cv_are_the_originals),
        cmocka_unit_test(goodput_and_latencies_by_hand),
        cmocka_unit_test(what_is_written_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
