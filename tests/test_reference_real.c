/* test_reference_real.c: the reference workload against the public examples themselves, where a
 * copy lies in ../shared; and the measuring itself, which must find that those examples meet the
 * figures that were measured on them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/examples.h"
#include "trace/reference.h"
#include "trace/reference_check.h"

struct values {
    double *v;
    size_t n, cap;
};

/* What is compared of a call: -1 the size, -2 the depth of its graph (for the root), else the rt of
 * calls of that type. */
static void add_values(struct values *x, const struct callgraph *g, int what)
{
    for (size_t i = 0; i < g->n; i++) {
        if (what < 0 ? i > 0 : g->calls[i].type != what)
            continue;
        MEM_GROW(x->v, x->n, x->cap);
        x->v[x->n++] = what == -1   ? (double)g->n
                       : what == -2 ? (double)callgraph_depth(g)
                                    : (double)g->calls[i].rt;
    }
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double ks(struct values *a, struct values *b)
{
    double worst = 0;
    qsort(a->v, a->n, sizeof *a->v, ascending);
    qsort(b->v, b->n, sizeof *b->v, ascending);
    for (size_t i = 0, k = 0; i < a->n || k < b->n;) {
        double x = k == b->n || (i < a->n && a->v[i] <= b->v[k]) ? a->v[i] : b->v[k];
        while (i < a->n && a->v[i] <= x)
            i++;
        while (k < b->n && b->v[k] <= x)
            k++;
        worst = fmax(worst, fabs((double)i / (double)a->n - (double)k / (double)b->n));
    }
    return worst;
}

static void workload_is_near_every_whole_distribution(void **state)
{
    (void)state;
    struct graphset *real = examples_read();
    if (!real) {
        printf("SKIP reference against the examples: no " EXAMPLES_PATH "\n");
        return;
    }
    static const struct { const char *name; int what; } compared[] = {
        { "size", -1 }, { "depth", -2 }, { "rt of http", CALL_HTTP }, { "rt of rpc", CALL_RPC },
        { "rt of db", CALL_DB }, { "rt of mc", CALL_MC }
    };
    struct graphset *all = reference_graphs(&(struct reference_options){ .seed = 1 });
    struct names *seen = names_new();
    for (size_t c = 0; c < sizeof compared / sizeof *compared; c++) {
        struct values a = { 0 }, b = { 0 };
        for (size_t i = 0; i < real->n; i++)
            add_values(&a, &real->graphs[i], compared[c].what);
        names_free(seen);
        seen = names_new();
        for (size_t i = 0; i < all->n; i++) {   /* each graph once, as TraceLLM keeps them */
            uint64_t h = callgraph_hash_full(&all->graphs[i], all->names);
            char key[32];
            snprintf(key, sizeof key, "%016llx", (unsigned long long)h);
            uint32_t before = names_count(seen);
            if (names_id_of(seen, key) == before)
                add_values(&b, &all->graphs[i], compared[c].what);
        }
        double d = ks(&a, &b);
        printf("%-10s KS %.3f (n %zu and %zu)\n", compared[c].name, d, a.n, b.n);
        assert_true(d <= .10);
        free(a.v);
        free(b.v);
    }
    names_free(seen);
    graphset_free(all);
    graphset_free(real);
}

/* Figures measured on the 1,091 examples must come out again; those on 1,361 or of DGG need not. */
static void the_examples_meet_their_own_figures(void **state)
{
    (void)state;
    struct graphset *real = examples_read();
    if (!real) {
        printf("SKIP the examples' own figures: no " EXAMPLES_PATH "\n");
        return;
    }
    assert_int_equal(real->n, 1091);
    struct reference_report *r = reference_check(real, 1);
    size_t met = 0;
    for (size_t i = 0; i < r->n_checks; i++) {
        const struct reference_check *c = &r->check[i];
        if (!strstr(c->source, "1,091 graphs"))
            continue;
        printf("%-40s target %7.3f obtained %7.3f error %.4f\n", c->metric, c->target, c->obtained,
               c->error);
        met++;
        if (c->error > .05)   /* they were rounded to two or three digits */
            fail_msg("%s: target %g, obtained %g", c->metric, c->target, c->obtained);
    }
    assert_true(met > 25);
    reference_report_free(r);
    graphset_free(real);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(workload_is_near_every_whole_distribution),
        cmocka_unit_test(the_examples_meet_their_own_figures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
