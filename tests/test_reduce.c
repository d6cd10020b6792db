/* test_reduce.c: the tree of reduce.h, by hand and against ranks that own its branches. */
#include "tests/near.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/rng.h"
#include "llm/reduce.h"

/* 2^24 and 1 tell the order: 2^24 + 1 is 2^24 in floats, and 1 + 1 is not lost. */
static void the_tree_by_hand(void **state)
{
    (void)state;
    static const struct {
        size_t slots;
        float in[5], want;
    } row[] = {
        { 1, { 7 }, 7 },
        { 2, { 3, 4 }, 7 },
        { 3, { 16777216, 1, 1 }, 16777216 },                /* (a + b) + c */
        { 4, { 16777216, 1, 1, 1 }, 16777218 },             /* (a + b) + (c + d) */
        { 4, { 1, 1, 16777216, 1 }, 16777218 },
        { 5, { 1, 1, 16777216, 1, 2 }, 16777220 },          /* ((a + b) + (c + d)) + e */
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        float value[5], *slot[5];
        for (size_t k = 0; k < 5; k++) {
            value[k] = row[i].in[k];
            slot[k] = &value[k];
        }
        reduce_slots(row[i].slots, slot, 0, 1);
        assert_true(value[0] == row[i].want);
    }
}

enum { SLOTS = 8, N = 1000 };

static void draw(float **slot)
{
    gsl_rng *r = rng_stream(2, "test/reduce", 0);
    for (size_t k = 0; k < SLOTS; k++)
        for (size_t i = 0; i < N; i++)
            slot[k][i] = (float)(rng_unit(r) - 0.5);
    gsl_rng_free(r);
}

static void pieces_and_ranks_give_the_same_bits(void **state)
{
    (void)state;
    float *whole[SLOTS], *parts[SLOTS];
    for (size_t k = 0; k < SLOTS; k++) {
        whole[k] = mem_array(N, sizeof **whole);
        parts[k] = mem_array(N, sizeof **parts);
    }
    draw(whole);
    reduce_slots(SLOTS, whole, 0, N);
    for (size_t ranks = 1; ranks <= SLOTS; ranks *= 2) {
        size_t own = SLOTS / ranks;
        float *top[SLOTS];
        draw(parts);
        for (size_t r = 0; r < ranks; r++) {
            for (size_t at = 0; at < N; at += 300)
                reduce_slots(own, parts + r * own, at, N - at < 300 ? N - at : 300);
            top[r] = parts[r * own];
        }
        reduce_slots(ranks, top, 0, N);
        assert_memory_equal(top[0], whole[0], N * sizeof **whole);
    }
    for (size_t k = 0; k < SLOTS; k++) {
        free(whole[k]);
        free(parts[k]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tree_by_hand),
        cmocka_unit_test(pieces_and_ranks_give_the_same_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
