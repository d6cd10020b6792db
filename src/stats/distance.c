/* distance.c: both distances look at the two distribution functions, which are steps:
 *
 *     1 |            ____ F            W1 is the area between them,
 *       |      __,--'__,- G            KS their widest vertical gap
 *     0 |__,--'__,--'
 *
 * so one walk along the merged positions gives both.
 */
#include "stats/distance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "stats/sort.h"

static const struct distance none = { NAN, NAN };

struct distance distance_sorted(const double *a, size_t na, const double *b, size_t nb)
{
    if (na == 0 || nb == 0)
        return none;
    struct distance d = { 0, 0 };
    double ra = 1.0 / (double)na, rb = 1.0 / (double)nb;
    size_t i = 0, j = 0;
    while (i < na && j < nb) {
        double x = a[i] < b[j] ? a[i] : b[j];
        while (i < na && a[i] == x)
            i++;
        while (j < nb && b[j] == x)
            j++;
        double gap = fabs((double)i * ra - (double)j * rb);
        double next = i < na && (j == nb || a[i] < b[j]) ? a[i] : j < nb ? b[j] : x;
        if (gap > d.ks)
            d.ks = gap;
        d.w1 += gap * (next - x);
    }
    for (; i + 1 < na; i++)   /* one side has ended: its function stays at 1 */
        d.w1 += (1 - (double)(i + 1) * ra) * (a[i + 1] - a[i]);
    for (; j + 1 < nb; j++)
        d.w1 += (1 - (double)(j + 1) * rb) * (b[j + 1] - b[j]);
    return d;
}

static double *sorted_copy(const double *x, size_t n)
{
    double *y = mem_array(n + 1, sizeof *y);
    if (n)
        memcpy(y, x, n * sizeof *y);
    sort_doubles(y, n);
    return y;
}

struct distance distance_samples(const double *a, size_t na, const double *b, size_t nb)
{
    double *sa = sorted_copy(a, na), *sb = sorted_copy(b, nb);
    struct distance d = distance_sorted(sa, na, sb, nb);
    free(sa);
    free(sb);
    return d;
}

struct distance distance_weighted(const double *x, const double *p, const double *q, size_t n)
{
    double sum_p = 0, sum_q = 0;
    for (size_t i = 0; i < n; i++) {
        sum_p += p[i];
        sum_q += q[i];
    }
    if (!(sum_p > 0 && sum_q > 0))
        return none;
    struct distance d = { 0, 0 };
    double f = 0, g = 0;
    for (size_t i = 0; i + 1 < n; i++) {   /* at the last position both functions are 1 */
        f += p[i];
        g += q[i];
        double gap = fabs(f / sum_p - g / sum_q);
        if (gap > d.ks)
            d.ks = gap;
        d.w1 += gap * (x[i + 1] - x[i]);
    }
    return d;
}

double distance_ks_p(double ks, size_t na, size_t nb)
{
    if (na == 0 || nb == 0 || isnan(ks))
        return NAN;
    double n = sqrt((double)na * (double)nb / (double)(na + nb));
    double t = (n + 0.12 + 0.11 / n) * ks, sum = 0;
    if (t < 0.2)
        return 1;   /* the series converges slowly here, and Q(0.2) > 1 - 1e-12 */
    for (int k = 1; k <= 100; k++) {
        double term = exp(-2.0 * k * k * t * t);
        sum += k % 2 ? term : -term;
        if (term < 1e-17)
            break;
    }
    return 2 * sum < 1 ? 2 * sum : 1;
}
