/* test_tree.c: which lines a tree gets, and what a terminal shows.
 *
 *     a ── b ── c        49 further c under a are folded, as are two equal subtrees d(e)
 */
#include <stdlib.h>
#include <string.h>

#include "report/tree.h"
#include "tests/near.h"

static const struct tree_call small[] = {
    { TREE_ROOT, "MS_1", "http", 0, 10 },
    { 0, "MS_2", "rpc", 1, 7 },
    { 1, "MS_3", "mc", 2, 3 },
    { 0, "MS_4", "db", 8, 9 },
};

static char *print(const struct tree_graph *g, size_t width, size_t rows, bool color)
{
    char *text;
    size_t n;
    FILE *f = open_memstream(&text, &n);
    tree_print(g, f, width, rows, color);
    fclose(f);
    return text;
}

static void terminal_shows_the_tree(void **state)
{
    (void)state;
    struct tree_graph g = { small, 4 };
    char *s = print(&g, 50, 0, false);
    /* 19 columns for 10 ms: 1.9 a ms */
    assert_string_equal(s,
        "MS_1 http     ███████████████████ 0–10 ms\n"
        "├─ MS_2 rpc   ·█████████████····· 1–7 ms\n"
        "│  └─ MS_3 mc ···███············· 2–3 ms\n"
        "└─ MS_4 db    ···············███· 8–9 ms\n");
    free(s);
    s = print(&g, 60, 2, true);
    assert_non_null(strstr(s, "\033[34m"));
    assert_non_null(strstr(s, "and 3 more calls"));
    free(s);
}

static void equal_neighbours_are_folded(void **state)
{
    (void)state;
    struct tree_call c[60] = { { TREE_ROOT, "a", "http", 0, 100 } };
    size_t n = 1;
    for (size_t i = 0; i < 49; i++)
        c[n++] = (struct tree_call){ 0, "c", "mc", (double)i, (double)i + 1 };
    for (size_t i = 0; i < 2; i++) {
        c[n++] = (struct tree_call){ 0, "d", "rpc", 60, 70 };
        c[n] = (struct tree_call){ n - 1, "e", "db", 61, 62 };
        n++;
    }
    c[n++] = (struct tree_call){ 0, "d", "rpc", 80, 90 };      /* like the others but childless */
    struct tree_graph g = { c, n };
    struct tree_row *r;
    size_t rows = tree_rows(&g, 0, &r), calls = 0;
    assert_int_equal(rows, 5);                                   /* a, c x49, d x2, e, d */
    assert_int_equal(r[1].times, 49);
    assert_near(r[1].start, 0, 0);
    assert_near(r[1].finish, 49, 0);
    assert_int_equal(r[2].times, 2);
    assert_int_equal(r[4].times, 1);
    assert_true(r[4].last && !r[1].last);
    for (size_t i = 0; i < rows; i++)
        calls += r[i].calls;
    assert_int_equal(calls, n);                                  /* every call is in some row */
    free(r);
    rows = tree_rows(&g, 3, &r);
    assert_int_equal(rows, 3);
    assert_true(r[2].more);
    assert_int_equal(r[2].calls, n - 50);
    free(r);
}

static void wrong_parents_are_refused(void **state)
{
    (void)state;
    static const struct tree_call two_roots[] = { { TREE_ROOT, "a", "", 0, 0 },
                                                  { TREE_ROOT, "b", "", 0, 0 } };
    static const struct tree_call forward[] = { { TREE_ROOT, "a", "", 0, 0 },
                                                { 1, "b", "", 0, 0 } };
    static const struct tree_call no_root[] = { { 0, "a", "", 0, 0 } };
    assert_false(tree_valid(&(struct tree_graph){ two_roots, 2 }));
    assert_false(tree_valid(&(struct tree_graph){ forward, 2 }));
    assert_false(tree_valid(&(struct tree_graph){ no_root, 1 }));
    assert_false(tree_valid(&(struct tree_graph){ NULL, 0 }));
    assert_true(tree_valid(&(struct tree_graph){ small, 4 }));
}

/* A chain of 3000 calls and a fan of 3000: neither recursion nor quadratic work. */
static void deep_and_wide(void **state)
{
    (void)state;
    enum { N = 3000 };
    struct tree_call *c = calloc(N, sizeof *c);
    struct tree_row *r;
    for (int wide = 0; wide < 2; wide++) {
        for (size_t i = 0; i < N; i++)
            c[i] = (struct tree_call){ i ? (wide ? 0 : i - 1) : TREE_ROOT, i % 2 ? "a" : "b", "rpc",
                                       0, 1 };
        struct tree_graph g = { c, N };
        assert_int_equal(tree_rows(&g, 0, &r), N);
        free(r);
        char *s = print(&g, 80, 30, false);
        assert_non_null(strstr(s, "more calls"));
        free(s);
    }
    free(c);
}

static void colour_is_asked_for(void **state)
{
    (void)state;
    setenv("NO_COLOR", "1", 1);
    setenv("CLICOLOR_FORCE", "1", 1);
    assert_false(tree_colors(stderr));
    setenv("NO_COLOR", "", 1);
    assert_true(tree_colors(stderr));
    unsetenv("CLICOLOR_FORCE");
    setenv("TERM", "dumb", 1);
    assert_false(tree_colors(stderr));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(terminal_shows_the_tree), cmocka_unit_test(equal_neighbours_are_folded),
        cmocka_unit_test(wrong_parents_are_refused), cmocka_unit_test(deep_and_wide),
        cmocka_unit_test(colour_is_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
