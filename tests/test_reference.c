/* test_reference.c: the reference workload repeats itself, and its graphs are what its rows say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/hash.h"
#include "trace/reference.h"

static uint64_t written(const struct reference_options *o, uint64_t *truth_hash)
{
    char *csv, *truth;
    size_t n, m;
    FILE *f = open_memstream(&csv, &n), *t = open_memstream(&truth, &m);
    struct err err;
    assert_true(reference_callgraphs(o, f, t, &err));
    fclose(f);
    fclose(t);
    uint64_t h = hash64(csv, n, 0);
    *truth_hash = hash64(truth, m, 0);
    free(csv);
    free(truth);
    return h;
}

static void threads_change_nothing_and_the_seed_does(void **state)
{
    (void)state;
    for (int defects = 0; defects < 2; defects++)
        for (int preset = 0; preset < 2; preset++) {
            struct reference_options o = { .traces = 3000, .seed = 5, .threads = 1, .defects = defects,
                                           .preset = (enum reference_preset)preset };
            uint64_t truth[3], h1 = written(&o, &truth[0]);
            o.threads = 4;
            assert_true(written(&o, &truth[1]) == h1 && truth[0] == truth[1]);
            o.seed = 6;
            assert_true(written(&o, &truth[2]) != h1 && truth[2] != truth[0]);
        }
}

static void every_graph_is_valid_and_prefixes_agree(void **state)
{
    (void)state;
    for (int preset = 0; preset < 2; preset++) {
        struct reference_options o = { .traces = 2000, .seed = 9, .preset = (enum reference_preset)preset };
        struct graphset *all = reference_graphs(&o);
        o.traces = 500;
        struct graphset *some = reference_graphs(&o);
        assert_int_equal(all->n, 2000);
        for (size_t i = 0; i < all->n; i++) {
            size_t at;
            assert_int_equal(callgraph_check(&all->graphs[i], &at), GRAPH_GOOD);
            assert_true(!i || all->graphs[i].arrival >= all->graphs[i - 1].arrival);
            for (size_t k = 0; k + 1 < all->graphs[i].n; k++)
                if (all->graphs[i].calls[k + 1].level > all->graphs[i].calls[k].level)
                    assert_false(call_type_is_leaf(all->graphs[i].calls[k].type));
        }
        for (size_t i = 0; i < some->n; i++)
            assert_true(callgraph_same(&some->graphs[i], some->names, &all->graphs[i], all->names));
        graphset_free(some);
        graphset_free(all);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_change_nothing_and_the_seed_does),
        cmocka_unit_test(every_graph_is_valid_and_prefixes_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
