/* test_deploy.c: what deployment and profiling read and write: yaml names, lists of kn, pods of
 * kubectl, measurements, plans of a low rate. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/file.h"
#include "load/deploy.h"
#include "load/load_json.h"
#include "load/profiling.h"
#include "tests/near.h"

static void yamls_are_renamed(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out, *name;
    } t[] = {
        { "metadata:\n  name: aes # x\n  labels:\n    name: no\nspec:\n  name: no\n",
          "metadata:\n  name: aes-x1\n  labels:\n    name: no\nspec:\n  name: no\n", "aes-x1" },
        { "spec: {}\nmetadata:\n    labels:\n        name: no\n    name: \"b\"\n",
          "spec: {}\nmetadata:\n    labels:\n        name: no\n    name: b-x1\n", "b-x1" },
        { "metadata:\n  namespace: default\nspec: {}\n",
          "metadata:\n  name: function-x1\n  namespace: default\nspec: {}\n", "function-x1" },
        { "metadata:\n", "metadata:\n  name: function-x1\n", "function-x1" },
        { "# name: no\nmetadata:\n\n  # name: no\n  name: 'c'",
          "# name: no\nmetadata:\n\n  # name: no\n  name: c-x1", "c-x1" },
        { "spec:\n  metadata:\n    name: no\n", NULL, NULL },
        { "metadata: {name: one-line}\n", NULL, NULL },
        { "", NULL, NULL },
    };
    struct arena *mem = arena_new();
    struct buf out = { 0 };
    for (size_t k = 0; k < sizeof t / sizeof *t; k++) {
        const char *name = NULL;
        struct err err = { 0 };
        bool good = deploy_rename(str_of(t[k].in), "-x1", &out, mem, &name, &err);
        assert_int_equal(good, t[k].out != NULL);
        if (!good) {
            assert_int_equal(err.status, EXIT_DATA);
            continue;
        }
        assert_string_equal(name, t[k].name);
        if (!str_is(buf_view(&out), t[k].out))
            fail_msg("%zu: \"%.*s\"", k, (int)out.n, out.p);
    }
    buf_free(&out);
    arena_free(mem);
}

/* Ready is the ninth word, since "3 OK / 3" is four; names are compared whole. */
static void lists_of_services_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        bool same, ready;
        const char *endpoint;
    } t[] = {
        { "aes  http://aes.x.io  aes-00001  2m  3 OK / 3  True", true, true, "aes.x.io" },
        { "aes  https://aes.x.io  aes-1  2m  3 OK / 3  False    Why : so", true, false,
          "aes.x.io" },
        { "aes  http://aes.x.io  aes-1  2m  1 OK / 3  Unknown", true, false, "aes.x.io" },
        { "aes-2  http://aes-2.x.io  aes-2-1  2m  3 OK / 3  True", false, true, "aes-2.x.io" },
        { "my-aes  h  r  2m  3 OK / 3  True", false, true, "h" },
        { "aes", true, false, "" },
        { "No services found.", false, false, "services" },
        { "", false, false, "" },
    };
    for (size_t k = 0; k < sizeof t / sizeof *t; k++) {
        struct str endpoint;
        bool ready;
        assert_int_equal(deploy_list_line(str_of(t[k].line), "aes", &endpoint, &ready),
                         t[k].same);
        assert_int_equal(ready, t[k].ready);
        assert_true(str_is(endpoint, t[k].endpoint));
    }
}

static void pods_belong_to_their_service(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        bool is;
    } t[] = {
        { "aes-00001-deployment-6b9f7-x2  3m  22Mi", true }, { "aes 3m 22Mi", true },
        { "aes-00012 3m 22Mi", true }, { "aes-go-00001-deployment-1 3m 22Mi", false },
        { "aes-2-00001-deployment-1 3m 22Mi", false }, { "aesop-00001-deployment 3m 22Mi", false },
        { "aes-00001-deployment-1 3m", false }, { "aes-00001-deployment-1 3m x", false },
        { "aes-", false }, { "", false },
    };
    for (size_t k = 0; k < sizeof t / sizeof *t; k++) {
        double cpu = -1, memory = -1;
        if (profiling_top_line(str_of(t[k].line), "aes", &cpu, &memory) != t[k].is)
            fail_msg("\"%s\"", t[k].line);
        if (t[k].is)
            assert_true(cpu == 3 && memory == 22);
    }
}

static void measurements_have_units(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        enum measure_kind kind;
        double want;             /* NaN: it is none */
    } t[] = {
        { "1500", MEASURE_DURATION, 1.5 }, { "7us", MEASURE_DURATION, 0.007 },
        { "12ms", MEASURE_DURATION, 12 }, { "0.5s", MEASURE_DURATION, 500 },
        { "22Mi", MEASURE_MEMORY, 22 }, { "512Ki", MEASURE_MEMORY, 0.5 },
        { "1Gi", MEASURE_MEMORY, 1024 }, { "3", MEASURE_MEMORY, 3 }, { "3m", MEASURE_CPU, 3 },
        { "2000000n", MEASURE_CPU, 2 }, { "22Mi", MEASURE_CPU, NAN }, { "-1", MEASURE_CPU, NAN },
        { "", MEASURE_MEMORY, NAN }, { "Mi", MEASURE_MEMORY, NAN }, { "nan", MEASURE_CPU, NAN },
        { "1 Mi", MEASURE_MEMORY, NAN }, { "inf", MEASURE_DURATION, NAN },
    };
    for (size_t k = 0; k < sizeof t / sizeof *t; k++) {
        double x = NAN;
        bool good = measure_word(str_of(t[k].word), t[k].kind, &x);
        assert_int_equal(good, !isnan(t[k].want));
        if (good)
            assert_near(x, t[k].want, 1e-12);
    }
}

/* Defect 15, on 1 2 3 4 10: cumulative means are 1 1.5 2 2.5 4. */
static void percentiles_are_true_unless_compat(void **state)
{
    (void)state;
    for (int compat = 0; compat < 2; compat++) {
        double x[] = { 10, 1, 4, 3, 2 };
        struct measures m = { x, 5, 5 };
        struct proxy_axis a = measures_axis(&m, compat);
        assert_near(a.at[proxy_pct_index(0)], 1, 1e-12);
        assert_near(a.at[proxy_pct_index(50)], compat ? 2 : 3, 1e-12);
        assert_near(a.at[proxy_pct_index(75)], compat ? 2.5 : 4, 1e-12);
        assert_near(a.at[proxy_pct_index(95)], compat ? 3.7 : 8.8, 1e-12);
        assert_near(a.at[proxy_pct_index(100)], compat ? 4 : 10, 1e-12);
    }
    struct measures none = { 0 };
    assert_false(measures_axis(&none, false).have[0]);
}

/* One call to start the pod, then call k at k / rps, in whichever second that is. */
static void low_rates_are_planned(void **state)
{
    (void)state;
    static const struct {
        double rps;
        size_t seconds, calls, first[4];     /* calls in the first seconds */
    } t[] = { { 0.2, 10, 2, { 1, 0, 0, 0 } }, { 3, 2, 6, { 3, 3 } }, { 1.5, 4, 6, { 2, 1, 2, 1 } },
              { 1000, 1, 1000, { 1000 } } };
    for (size_t k = 0; k < sizeof t / sizeof *t; k++) {
        char path[] = "/tmp/test_deploy.XXXXXX";
        struct buf b = { 0 };
        struct err err = { 0 };
        int fd = mkstemp(path);
        assert_true(fd >= 0);
        profiling_plan("h.x", t[k].rps, t[k].seconds, &b);
        assert_true(write(fd, b.p, b.n) == (ssize_t)b.n && close(fd) == 0);
        struct load_reader *r = load_open(path, &err);
        struct load_unit u;
        size_t units = 0, calls = 0;
        for (; r && load_next(r, &u, &err); units++) {
            for (size_t i = 0; i < u.n && units; i++, calls++)
                assert_near((double)(units - 1) + u.at_us[i] * 1e-6, (double)calls / t[k].rps,
                            2e-6);
            if (units > 0 && units <= 4)
                assert_int_equal(u.n, t[k].first[units - 1]);
            if (units == 0)
                assert_int_equal(u.n, 1);
        }
        assert_int_equal(units, 1 + t[k].seconds);
        assert_int_equal(calls, t[k].calls);
        load_close(r);
        unlink(path);
        buf_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(yamls_are_renamed),
        cmocka_unit_test(lists_of_services_are_read),
        cmocka_unit_test(pods_belong_to_their_service),
        cmocka_unit_test(measurements_have_units),
        cmocka_unit_test(percentiles_are_true_unless_compat),
        cmocka_unit_test(low_rates_are_planned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
