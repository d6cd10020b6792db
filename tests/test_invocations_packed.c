/* trace/invocations: the packed forms, cache and pickle, give back the whole trace or nothing. */
#define _GNU_SOURCE   /* memfd_create */
#include "tests/near.h"

#include <math.h>

#include "base/mem.h"
#include "tests/serverless.h"
#include "trace/reference_azure.h"

/* Equal in all but, where `ids` is set, owners and apps. */
static void same_trace(const struct invocations *a, const struct invocations *b, bool ids)
{
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->n, b->n);
    assert_int_equal(a->n_days, b->n_days);
    uint64_t *x = mem_array((size_t)a->n_days * DAY_MINUTES, sizeof *x), *y = mem_array(
                  (size_t)a->n_days * DAY_MINUTES, sizeof *y);
    for (size_t f = 0; f < a->n; f++) {
        assert_string_equal(a->key[f].function, b->key[f].function);
        if (!ids) {
            assert_string_equal(a->key[f].app, b->key[f].app);
            assert_string_equal(a->key[f].owner, b->key[f].owner);
        }
        assert_int_equal(a->total[f], b->total[f]);
        memset(x, 0, (size_t)a->n_days * DAY_MINUTES * sizeof *x);
        memset(y, 0, (size_t)a->n_days * DAY_MINUTES * sizeof *y);
        invocations_minutes(a, f, 0, a->n_days * DAY_MINUTES, x);
        invocations_minutes(b, f, 0, a->n_days * DAY_MINUTES, y);
        assert_memory_equal(x, y, (size_t)a->n_days * DAY_MINUTES * sizeof *x);
        size_t n, m;
        if (a->kind != INVOCATIONS_TIMES)
            continue;
        const double *s = invocations_times(a, f, -INFINITY, INFINITY, &n);
        const double *t = invocations_times(b, f, -INFINITY, INFINITY, &m);
        assert_int_equal(n, m);
        assert_true(n == 0 || memcmp(s, t, n * sizeof *s) == 0);
    }
    free(x);
    free(y);
}

static void packed_forms_give_the_trace_back(void **state)
{
    (void)state;
    struct err err;
    struct invocations_report rep;
    char *pickle = file_join(root, "pickle"), *cache = file_join(root, "cache");
    static const char *const format[] = { "azure-v1", "azure-v2" };
    for (int k = 0; k < 2; k++) {
        struct reference_azure_options o = { .functions = 60, .days = 3, .law = LAW_MIXED,
                                             .invocations = 4000, .seed = 5 };
        char *dir = folder(format[k]);
        assert_true((k ? reference_azure_v2 : reference_azure_v1)(&o, dir, &err));
        struct invocations *one = read_path(format[k], dir, (struct invocations_options)
                                            { .threads = 1 }, &rep, &err);
        struct invocations *v = read_path(format[k], dir, (struct invocations_options)
                                          { .threads = 4 }, &rep, &err);
        assert_non_null(one);
        same_trace(one, v, false);
        assert_true(invocations_cache_write(v, cache, &err));
        struct invocations *back = read_path(format[k], cache, (struct invocations_options){ 0 },
                                             &rep, &err);
        assert_non_null(back);
        same_trace(v, back, false);
        assert_true(rep.packed);
        invocations_free(back);
        assert_null(read_path(format[!k], cache, (struct invocations_options){ 0 }, &rep, &err));
        assert_int_equal(err.status, EXIT_DATA);
        /* Merged by id, as the original does when it reads the raw files. */
        struct invocations *merged = read_path(format[k], dir, (struct invocations_options)
                                               { .compat = true, .days = 3 }, &rep, &err);
        assert_non_null(merged);
        assert_true(k == 0 || merged->n < v->n);
        assert_true(invocations_pickle_write(v, pickle, &err));
        back = read_path(format[k], pickle, (struct invocations_options){ .days = 3 }, &rep, &err);
        assert_non_null(back);
        same_trace(merged, back, true);
        assert_null(read_path(format[!k], pickle, (struct invocations_options){ 0 }, &rep, &err));
        invocations_free(back);
        invocations_free(merged);
        invocations_free(one);
        invocations_free(v);
        free(dir);
    }
    free(pickle);
    free(cache);
}

static void no_byte_of_a_cache_can_change_unseen(void **state)
{
    (void)state;
    struct err err;
    struct invocations_report rep;
    struct buf whole = { 0 };
    char *dir = three_days("sealed"), *cache = file_join(root, "sealed.cache");
    struct invocations *v = read_path("azure-v1", dir, (struct invocations_options){ 0 }, &rep,
                                      &err);
    assert_true(v && invocations_cache_write(v, cache, &err));
    assert_true(file_read(cache, &whole, &err));
    for (size_t i = 0; i < whole.n; i++) {
        whole.p[i] ^= 1;
        struct memfile m = memfile_open(whole.p, whole.n);
        assert_null(read_path("azure-v1", m.path, (struct invocations_options){ 0 }, &rep, &err));
        assert_int_equal(err.status, EXIT_DATA);
        memfile_close(&m);
        m = memfile_open(whole.p, i);          /* nor can it end early */
        assert_null(read_path("azure-v1", m.path, (struct invocations_options){ 0 }, &rep, &err));
        memfile_close(&m);
        whole.p[i] ^= 1;
    }
    invocations_free(v);
    buf_free(&whole);
    free(cache);
    free(dir);
}

static void raw_files_win_over_the_pickle_beside_them(void **state)
{
    (void)state;
    struct err err;
    struct invocations_report rep;
    char *dir = three_days("both"), *pickle = file_join(dir, "azure_v1.pkl");
    char *alone = folder("alone"), *there = file_join(alone, "azure_v1.pkl");
    struct invocations *v = read_text("azure-v1", "HashFunction,1\nonly,3\n",
                                      (struct invocations_options){ 0 }, &rep, &err);
    assert_true(v && invocations_pickle_write(v, pickle, &err) &&
                invocations_pickle_write(v, there, &err));
    invocations_free(v);
    v = read_path("azure-v1", dir, (struct invocations_options){ 0 }, &rep, &err);
    assert_int_equal(v->n, 4);
    invocations_free(v);
    v = read_path("azure-v1", alone, (struct invocations_options){ 0 }, &rep, &err);
    assert_int_equal(v->n, 1);
    assert_string_equal(v->key[0].function, "only");
    invocations_free(v);
    assert_null(read_path("azure-v1", alone, (struct invocations_options){ .days = 2 }, &rep,
                          &err));
    free(pickle);
    free(there);
    free(alone);
    free(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packed_forms_give_the_trace_back),
        cmocka_unit_test(no_byte_of_a_cache_can_change_unseen),
        cmocka_unit_test(raw_files_win_over_the_pickle_beside_them),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
