/* base/threads: every item once, on a worker in range, for any numbers of both. */
#include "tests/near.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/threads.h"

struct seen {
    atomic_int *times;   /* (n) */
    size_t threads;
    atomic_bool stray;
};

static void visit(void *ctx, size_t item, size_t worker)
{
    struct seen *s = ctx;
    atomic_fetch_add(&s->times[item], 1);
    if (worker >= s->threads)
        atomic_store(&s->stray, true);
}

static void every_item_is_done_once(void **state)
{
    (void)state;
    static const size_t threads[] = { 1, 2, 4, 64 }, items[] = { 0, 1, 3, 1000 };
    for (size_t i = 0; i < 16; i++) {
        size_t n = items[i % 4];
        struct seen s = { .times = mem_array(n, sizeof *s.times), .threads = threads[i / 4] };
        threads_for(s.threads, n, visit, &s);
        for (size_t k = 0; k < n; k++)
            assert_int_equal(s.times[k], 1);
        assert_false(s.stray);
        free(s.times);
    }
    assert_true(threads_default() >= 1);
}

static void draw(void *ctx, size_t item, size_t worker)
{
    (void)worker;
    gsl_rng *r = rng_stream(1, "threads", item);
    ((uint64_t *)ctx)[item] = rng_u64(r);
    gsl_rng_free(r);
}

static void results_do_not_depend_on_threads(void **state)
{
    (void)state;
    uint64_t one[500], four[500];
    threads_for(1, 500, draw, one);
    threads_for(4, 500, draw, four);
    assert_memory_equal(one, four, sizeof one);
    threads_for(0, 500, draw, four);
    assert_memory_equal(one, four, sizeof one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_item_is_done_once),
        cmocka_unit_test(results_do_not_depend_on_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
