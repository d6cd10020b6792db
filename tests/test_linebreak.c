/* test_linebreak.c: lines of a paragraph against all ways to break it; hyphens by hand; pages. */
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "report/hyphen.h"
#include "report/linebreak.h"
#include "report/paper_pages.h"
#include "tests/near.h"

/* Words of these widths with glue 4 +2 -1 between. */
static size_t items(const double *w, size_t n, struct linebreak_item *it)
{
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        if (i)
            it[k++] = (struct linebreak_item){ LINEBREAK_GLUE, 4, 2, 1, 0, false };
        it[k++] = (struct linebreak_item){ .kind = LINEBREAK_BOX, .width = w[i] };
    }
    return k;
}

static void lines_by_hand(void **state)
{
    (void)state;
    /* 10 4 10 4 10 = 38 in 38: exact; then 20 alone */
    static const double w[] = { 10, 10, 10, 20 };
    struct linebreak_item it[8];
    struct linebreak_line *l;
    size_t n = linebreak(it, items(w, 4, it), 38, 38, &l);
    assert_int_equal(n, 2);
    assert_int_equal(l[0].from, 0);
    assert_int_equal(l[0].to, 5);
    assert_near(l[0].ratio, 0, 1e-12);
    assert_int_equal(l[1].from, 6);
    assert_near(l[1].ratio, 0, 0);
    free(l);
    /* in 40 the first line stretches by 2 over two glues of 2 each: ratio .5 */
    n = linebreak(it, 7, 40, 40, &l);
    assert_near(l[0].ratio, 0.5, 1e-12);
    free(l);
    /* a box wider than the line stands alone */
    static const double wide[] = { 10, 100, 10 };
    n = linebreak(it, items(wide, 3, it), 50, 50, &l);
    assert_int_equal(n, 3);
    free(l);
}

/* Total demerits of one choice of breaks, for comparison; INFINITY if a line is too full. */
static double total(const double *w, size_t n, unsigned breaks, double width)
{
    double sum = 0, line = 0, glue = 0;
    for (size_t i = 0; i < n; i++) {
        line += w[i];
        bool last = i + 1 == n;
        if (!last && !(breaks >> i & 1)) {
            line += 4;
            glue++;
            continue;
        }
        double r = line < width ? (last ? 0 : glue > 0 ? (width - line) / (2 * glue) : 1e3)
                                : line == width ? 0 : glue > 0 ? (width - line) / glue : -1e3;
        if (r < -1)
            return INFINITY;
        double d = 1 + fmin(100 * pow(fabs(r), 3), 1e6);
        sum += d * d;
        line = glue = 0;
    }
    return sum;
}

static void best_of_all_breaks(void **state)
{
    (void)state;
    gsl_rng *r = rng_stream(1, "test/linebreak", 0);
    for (int trial = 0; trial < 200; trial++) {
        enum { N = 11 };
        double w[N], best = INFINITY;
        struct linebreak_item it[2 * N];
        struct linebreak_line *l;
        for (size_t i = 0; i < N; i++)
            w[i] = 8 + (double)rng_below(r, 25);
        for (unsigned b = 0; b < 1u << (N - 1); b++)
            best = fmin(best, total(w, N, b, 70));
        size_t n = linebreak(it, items(w, N, it), 70, 70, &l);
        unsigned chosen = 0;
        for (size_t i = 0; i + 1 < n; i++)
            chosen |= 1u << (l[i].to / 2);
        assert_near(total(w, N, chosen, 70), best, 1e-6 * best);
        free(l);
    }
    gsl_rng_free(r);
}

static void hyphens(void **state)
{
    (void)state;
    static const struct { const char *word, *parts;
    } t[] = {
        { "generation", "genera-tion" },
        { "grammar", "gram-mar" },
        { "measurement", "measure-ment" },
        { "call", "call" },
        { "MS_000012", "MS_000012" },
        { "KLdivergence", "KLdivergence" },
        { "microservices", "micro-ser-vices" },
        { "strength", "strength" },
        { "database", "database" },
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        bool at[64];
        char got[64];
        size_t n = strlen(t[i].word), k = 0;
        hyphen_points(t[i].word, n, at);
        for (size_t c = 0; c < n; c++) {
            if (at[c])
                got[k++] = '-';
            got[k++] = t[i].word[c];
        }
        got[k] = '\0';
        assert_string_equal(got, t[i].parts);
    }
}

/* Every line and float has one place, in its column, in order, and none lies on another. */
static void pages_hold_everything_once(void **state)
{
    (void)state;
    static const struct paper_page_shape shape = { 50, 60, 240, 24, 600, 9, 80 };
    gsl_rng *r = rng_stream(2, "test/pages", 0);
    for (int trial = 0; trial < 60; trial++) {
        size_t n = 30 + rng_below(r, 300), things = 0, pages, last = 0;
        struct paper_atom *a = calloc(n, sizeof *a);
        for (size_t i = 0; i < n; i++) {
            size_t k = rng_below(r, 20);
            a[i].kind = k == 0 ? PAPER_FLOAT : k < 4 ? PAPER_SPACE : PAPER_LINE;
            if (i == n * 3 / 4)
                a[i].kind = PAPER_BARRIER, k = 5;
            a[i].height = k == 0 ? 40 + (double)rng_below(r, 500) : k < 4 ? 5 : 11;
            a[i].wide = k == 0 && rng_below(r, 2);
            a[i].keep = k > 15;
            things += a[i].kind == PAPER_LINE || a[i].kind == PAPER_FLOAT;
        }
        struct paper_placed *p;
        assert_int_equal(paper_pages(a, n, &shape, &p, &pages), things);
        for (size_t i = 0; i < things; i++) {
            const struct paper_atom *x = &a[p[i].atom];
            assert_true(p[i].y >= 60 - 1e-9 && p[i].y + x->height <= 660 + 1e-6);
            if (x->kind == PAPER_LINE) {
                assert_true(p[i].atom >= last);
                last = p[i].atom;
            }
            for (size_t j = 0; j < i; j++) {
                const struct paper_atom *y = &a[p[j].atom];
                /* a float before the barrier is on no later page than a line behind it */
                if (x->kind == PAPER_FLOAT && y->kind == PAPER_LINE && p[i].atom < n * 3 / 4)
                    assert_true(p[j].atom < n * 3 / 4 || p[i].page <= p[j].page);
                double wx = x->wide ? 504 : 240, wy = y->wide ? 504 : 240;
                if (p[i].page == p[j].page && p[i].x + wx > p[j].x + 1e-6 &&
                    p[j].x + wy > p[i].x + 1e-6)
                    assert_true(p[i].y >= p[j].y + y->height - 1e-6 ||
                                p[j].y >= p[i].y + x->height - 1e-6);
            }
        }
        free(p);
        free(a);
    }
    gsl_rng_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_by_hand),
        cmocka_unit_test(best_of_all_breaks),
        cmocka_unit_test(hyphens),
        cmocka_unit_test(pages_hold_everything_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
