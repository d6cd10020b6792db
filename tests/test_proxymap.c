/* test_proxymap.c: which proxy each function gets, by every rule and on every kind of dirt. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/rng.h"
#include "load/proxymap.h"
#include "tests/near.h"

enum { MOST = 8, P50 = 3, P75 = 4 };     /* places in function_duration_pct */

static struct function function_table[MOST];
static struct proxy proxy_table[MOST];
static const char *const keys[] = { "a", "b", "c", "d", "e", "f", "g", "h" };
static const char *const names[] = { "A", "B", "C", "D", "E", "F", "G", "H" };

/* Functions and proxies of memory 1 at these p75 durations; p50 is a tenth. */
static void set(const double *function, size_t n, const double *proxy, size_t k,
                struct functions *f, struct proxies *p)
{
    memset(function_table, 0, sizeof function_table);
    memset(proxy_table, 0, sizeof proxy_table);
    for (size_t i = 0; i < n; i++) {
        function_table[i].key = keys[i];
        function_table[i].duration[P75] = function[i];
        function_table[i].duration[P50] = function[i] / 10;
        for (size_t q = 0; q < FUNCTION_MEMORIES; q++)
            function_table[i].memory[q] = 1;
    }
    for (size_t j = 0; j < k; j++) {
        struct proxy *q = &proxy_table[j];
        q->key = keys[j];
        q->name = names[j];
        q->pipelined = -1;
        for (size_t c = 0; c < PROXY_PCTS; c++) {
            q->memory.at[c] = 1;
            q->duration.at[c] = proxy[j];
            q->memory.have[c] = q->duration.have[c] = true;
        }
    }
    *f = (struct functions){ .at = function_table, .n = n };
    *p = (struct proxies){ .at = proxy_table, .n = k };
}

static struct proxymap_options options(enum proxymap_rule rule, bool compat)
{
    return (struct proxymap_options){ .rule = rule, .percentile = 75, .most = INFINITY,
                                      .capacity = 1, .compat = compat };
}

/* What is reported, function by function; "-" for none. */
static struct proxymap expect(const struct functions *f, const struct proxies *p,
                              struct proxymap_options how, const char *want)
{
    struct proxymap m;
    struct err err = { 0 };
    char got[MOST + 1] = "";
    assert_true(proxymap_find(f, p, &how, &m, &err));
    for (size_t i = 0; i < m.n; i++)
        strcat(got, *m.reported[i] ? m.reported[i] : "-");
    assert_string_equal(got, want);
    return m;
}

static void greedy_takes_the_first_nearest(void **state)
{
    (void)state;
    struct functions f;
    struct proxies p;
    set((double[]){ 10, 99, 30 }, 3, (double[]){ 100, 10, 10, 1000 }, 4, &f, &p);
    struct proxymap m = expect(&f, &p, options(PROXYMAP_GREEDY, true), "BAB");
    assert_near(m.total, log(100.0 / 99) + log(3), 1e-12);
    assert_true(m.used == 2 && m.mapped == 3 && !m.fell_back);
    proxymap_free(&m);
    struct proxymap_options how = options(PROXYMAP_GREEDY, true);
    how.percentile = 50;                 /* as invitro: 1, 9.9, 3 */
    m = expect(&f, &p, how, "BBB");
    proxymap_free(&m);
}

static void unique_reports_keys_of_the_least_sum(void **state)
{
    (void)state;
    struct functions f;
    struct proxies p;
    for (int compat = 0; compat < 2; compat++) {
        set((double[]){ 10, 11, 100 }, 3, (double[]){ 100, 10, 500, 2 }, 4, &f, &p);
        struct proxymap m = expect(&f, &p, options(PROXYMAP_UNIQUE, compat), "bda");
        assert_near(m.total, log(5.5), 1e-12);
        proxymap_free(&m);
    }
}

/* Spec 3: too many functions, a NaN, a pair that cannot be: the original warns and is greedy. */
static void unique_falls_back_and_says_why(void **state)
{
    (void)state;
    struct functions f;
    struct proxies p;
    set((double[]){ 10, 11, 12 }, 3, (double[]){ 10, 20 }, 2, &f, &p);
    struct proxymap m = expect(&f, &p, options(PROXYMAP_UNIQUE, true), "AAA");
    assert_non_null(strstr(m.fell_back, "more functions than proxies"));
    proxymap_free(&m);
    set((double[]){ 10, NAN }, 2, (double[]){ 20, 10 }, 2, &f, &p);
    m = expect(&f, &p, options(PROXYMAP_UNIQUE, true), "B-");
    assert_non_null(m.fell_back);
    proxymap_free(&m);
    set((double[]){ 10, -3 }, 2, (double[]){ 20, 10 }, 2, &f, &p);
    m = expect(&f, &p, options(PROXYMAP_UNIQUE, true), "B-");
    assert_non_null(m.fell_back);
    proxymap_free(&m);
    /* both can only have the second: infeasible */
    set((double[]){ 10, 11 }, 2, (double[]){ 20, 10 }, 2, &f, &p);
    proxy_table[0].memory.have[proxy_pct_index(75)] = false;
    m = expect(&f, &p, options(PROXYMAP_UNIQUE, true), "BB");
    assert_non_null(m.fell_back);
    proxymap_free(&m);
}

/* Defect 11: a percentile of 0 is below what the table resolves, not a hundredth. */
static void nothing_is_half_a_unit(void **state)
{
    (void)state;
    struct functions f;
    struct proxies p;
    set((double[]){ 0 }, 1, (double[]){ 0.75, 0.02 }, 2, &f, &p);
    struct proxymap m = expect(&f, &p, options(PROXYMAP_GREEDY, false), "A");
    assert_near(m.total, log(1.5), 1e-12);
    proxymap_free(&m);
    m = expect(&f, &p, options(PROXYMAP_GREEDY, true), "B");
    assert_near(m.total, log(2), 1e-12);
    proxymap_free(&m);
    set((double[]){ 5 }, 1, (double[]){ 0, 500 }, 2, &f, &p);     /* a proxy's 0 stays none */
    m = expect(&f, &p, options(PROXYMAP_GREEDY, true), "B");
    proxymap_free(&m);
}

static void filters_leave_proxies_out(void **state)
{
    (void)state;
    struct functions f;
    struct proxies p;
    set((double[]){ 10, 10 }, 2, (double[]){ 10, 11, 12, 50 }, 4, &f, &p);
    proxy_table[0].kind = "eventing";
    proxy_table[1].pipelined = 1;
    proxy_table[2].kind = "serving";
    struct proxymap_options how = options(PROXYMAP_GREEDY, false);
    how.kind = "serving";
    struct proxymap m = expect(&f, &p, how, "BB");   /* B does not say what it is */
    assert_int_equal(m.candidates, 3);
    proxymap_free(&m);
    how.no_pipelined = true;
    m = expect(&f, &p, how, "CC");
    proxymap_free(&m);
    how.rule = PROXYMAP_UNIQUE;
    m = expect(&f, &p, how, "cd");
    proxymap_free(&m);
    struct err err = { 0 };
    how.kind = "none such";
    proxy_table[3].kind = "serving";
    assert_false(proxymap_find(&f, &p, &how, &m, &err));
    assert_int_equal(err.status, EXIT_USAGE);
}

/* Of what may not be paired as few as possible stay without a proxy, dear or not. */
static void a_limit_leaves_the_fewest_out(void **state)
{
    (void)state;
    struct functions f;
    struct proxies p;
    set((double[]){ 10, 1, 1000 }, 3, (double[]){ 10, 27, 2 }, 3, &f, &p);
    struct proxymap_options how = options(PROXYMAP_UNIQUE, false);
    how.most = 1;
    /* the second can only have c; the first takes its own; the third is farther than e^1 of all */
    struct proxymap m = expect(&f, &p, how, "ac-");
    assert_true(m.mapped == 2 && isinf(m.error[2]));
    assert_near(m.total, log(2), 1e-12);
    proxymap_free(&m);
    set((double[]){ 10, 9 }, 2, (double[]){ 10, 27 }, 2, &f, &p);
    /* 9 is too far from 27 and 10 is not: moving the first costs 1 and saves a function */
    m = expect(&f, &p, how, "ba");
    proxymap_free(&m);
}

static double try_all(const struct functions *f, const struct proxies *p, size_t i, size_t *left)
{
    double best = INFINITY;
    if (i == f->n)
        return 0;
    for (size_t j = 0; j < p->n; j++) {
        if (!left[j])
            continue;
        left[j]--;
        double e = proxymap_error(proxymap_function_point(&f->at[i], 75, false),
                                  proxymap_proxy_point(&p->at[j], 75));
        best = fmin(best, e + try_all(f, p, i + 1, left));
        left[j]++;
    }
    return best;
}

/* Defect 12: more functions than proxies, and each proxy is taken at most K times. */
static void a_capacity_spreads(void **state)
{
    (void)state;
    for (uint64_t t = 0; t < 60; t++) {
        gsl_rng *r = rng_stream(t, "test/proxymap", 0);
        double function[MOST], proxy[MOST];
        struct functions f;
        struct proxies p;
        for (size_t i = 0; i < MOST; i++) {
            function[i] = exp(rng_unit(r) * 5);
            proxy[i] = exp(rng_unit(r) * 5);
        }
        set(function, 7, proxy, 3, &f, &p);
        struct proxymap_options how = options(PROXYMAP_CAPACITY, false);
        how.capacity = 3;
        struct proxymap m;
        struct err err = { 0 };
        size_t on[3] = { 0 }, left[3] = { 3, 3, 3 };
        assert_true(proxymap_find(&f, &p, &how, &m, &err));
        for (size_t i = 0; i < m.n; i++)
            assert_true(++on[m.proxy[i]] <= 3);
        assert_near(m.total, try_all(&f, &p, 0, left), 1e-12);
        proxymap_free(&m);
        how.capacity = 2;
        assert_false(proxymap_find(&f, &p, &how, &m, &err));
        gsl_rng_free(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(greedy_takes_the_first_nearest),
        cmocka_unit_test(unique_reports_keys_of_the_least_sum),
        cmocka_unit_test(unique_falls_back_and_says_why),
        cmocka_unit_test(nothing_is_half_a_unit),
        cmocka_unit_test(filters_leave_proxies_out),
        cmocka_unit_test(a_limit_leaves_the_fewest_out),
        cmocka_unit_test(a_capacity_spreads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
