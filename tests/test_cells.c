/* The cells of the accuracy map: which there are, what headers they keep or are made of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gen/cells.h"
#include "tests/fixtures.h"

static void there_are_136(void **state)
{
    (void)state;
    size_t n = 0;
    for (int64_t depth = -1; depth <= 8; depth++)
        for (int64_t calls = -1; calls <= 40; calls++)
            n += cells_has(depth, calls);
    assert_int_equal(n, 136);
    assert_true(cells_has(1, 1) && cells_has(6, 6) && cells_has(6, 30) && cells_has(2, 2));
    assert_false(cells_has(1, 2) || cells_has(6, 5) || cells_has(7, 9) || cells_has(2, 31));
}

static void headers_beyond_the_map_are_left_out(void **state)
{
    (void)state;
    struct cells *c = cells_new(1);
    cells_add(c, "S_1", 31, 2);
    cells_add(c, "S_1", 5, 7);
    cells_add(c, "S_1", 2, 1);
    cells_add(c, "S_1", 5, 3);
    size_t all = 0;
    for (size_t d = 0; d <= CELL_DEPTHS; d++)
        for (size_t n = 0; n <= CELL_CALLS; n++)
            all += c->cell[d][n].n;
    assert_int_equal(all, 1);
    assert_string_equal(c->cell[3][5].at[0].service, "S_1");
    assert_int_equal(c->cell[3][5].at[0].edges, 5);
    assert_int_equal(c->cell[3][5].at[0].depth, 3);
    assert_int_equal(c->cell[3][5].at[0].latency, PROMPT_OPEN);
    cells_free(c);
}

/* Of 1,000 headers 200 are kept, of the first 500 about as many as of the last. */
static void the_choice_is_even(void **state)
{
    (void)state;
    struct cells *c = cells_new(7);
    size_t early = 0;
    for (int i = 0; i < 1000; i++) {
        char name[16];
        snprintf(name, sizeof name, "S_%d", i);
        cells_add(c, name, 4, 2);
    }
    const struct cell *at = &c->cell[2][4];
    assert_int_equal(at->n, CELL_HEADERS);
    assert_int_equal(at->seen, 1000);
    for (size_t i = 0; i < at->n; i++)
        early += strlen(at->at[i].service) == 5 && at->at[i].service[2] < '5';
    assert_in_range(early, 55, 105);      /* 400 of the 1,000 */
    cells_free(c);
}

static void others_are_made_of_the_nearest(void **state)
{
    (void)state;
    struct cells *c = cells_new(1);
    cells_add(c, "S_near", 9, 2);
    cells_add(c, "S_far", 2, 2);
    cells_add(c, "S_deep", 20, 3);
    cells_make(c);
    assert_false(c->cell[2][9].made);
    assert_true(c->cell[2][20].made);              /* its own depth comes first */
    assert_string_equal(c->cell[2][20].at[0].service, "S_near");
    assert_int_equal(c->cell[2][20].at[0].edges, 20);
    assert_string_equal(c->cell[2][3].at[0].service, "S_far");
    assert_string_equal(c->cell[6][6].at[0].service, "S_deep");
    assert_int_equal(c->cell[6][6].at[0].depth, 6);
    assert_int_equal(c->cell[1][2].n, 0);          /* there is no such cell */
    cells_free(c);
}

static void trained_counts_distinct_structures(void **state)
{
    (void)state;
    struct graphset *s = graphset_new();
    size_t trained[CELL_DEPTHS + 1];
    fixture_chain_and_leaf(s);
    fixture_chain_and_leaf(s)->calls[0].rt = 12;   /* times do not count */
    fixture_single(s);
    cells_trained(s, trained);
    assert_int_equal(trained[1], 1);
    assert_int_equal(trained[2], 0);
    assert_int_equal(trained[3], 1);
    graphset_free(s);
}

static void shares(void **state)
{
    (void)state;
    struct cell_sum a = { 4, 3, 1 };
    cell_sum_add(&a, (struct cell_sum){ 4, 4, 2 });
    assert_true(a.asked == 8 && a.valid == 7 && a.correct == 3);
    assert_true(cell_sum_share(&a) == 3.0 / 8);
    assert_true(isnan(cell_sum_share(&(struct cell_sum){ 0 })));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_are_136),
        cmocka_unit_test(headers_beyond_the_map_are_left_out),
        cmocka_unit_test(the_choice_is_even),
        cmocka_unit_test(others_are_made_of_the_nearest),
        cmocka_unit_test(trained_counts_distinct_structures),
        cmocka_unit_test(shares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
