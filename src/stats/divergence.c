/* divergence.c: sums run by ascending category, so the bits do not depend on anything else. */
#include "stats/divergence.h"

#include <math.h>
#include <stdbool.h>

static double sum(const double *p, size_t n)
{
    double s = 0;
    for (size_t i = 0; i < n; i++)
        s += p[i];
    return s;
}

double divergence_kl(const double *p, const double *q, size_t n, double pseudo)
{
    double sp = sum(p, n) + (double)n * pseudo, sq = sum(q, n) + (double)n * pseudo, kl = 0;
    if (!(sp > 0 && sq > 0))
        return NAN;
    for (size_t i = 0; i < n; i++) {
        double a = (p[i] + pseudo) / sp, b = (q[i] + pseudo) / sq;
        if (a > 0)
            kl += a * log(a / b);
    }
    return kl > 0 ? kl : 0;   /* rounding may leave -1e-17 */
}

double divergence_js_bits(const double *p, const double *q, size_t n)
{
    double sp = sum(p, n), sq = sum(q, n), js = 0;
    if (!(sp > 0 && sq > 0))
        return NAN;
    for (size_t i = 0; i < n; i++) {
        double a = p[i] / sp, b = q[i] / sq, m = (a + b) / 2;
        if (a > 0)
            js += a / 2 * log2(a / m);
        if (b > 0)
            js += b / 2 * log2(b / m);
    }
    return js < 0 ? 0 : js > 1 ? 1 : js;
}

double divergence_tv(const double *p, const double *q, size_t n)
{
    double sp = sum(p, n), sq = sum(q, n), tv = 0;
    if (!(sp > 0 && sq > 0))
        return NAN;
    for (size_t i = 0; i < n; i++)
        tv += fabs(p[i] / sp - q[i] / sq);
    return tv / 2;
}

/* a comes after b in the order of popularity. */
static bool after(const double *count, size_t a, size_t b)
{
    if (count[a] != count[b])
        return count[a] < count[b];
    return a > b;
}

/* Sift down in a heap whose top is the least popular of the chosen. */
static void sift(const double *count, size_t *heap, size_t n, size_t i)
{
    for (;;) {
        size_t c = 2 * i + 1, worst = i;
        if (c < n && after(count, heap[c], heap[worst]))
            worst = c;
        if (c + 1 < n && after(count, heap[c + 1], heap[worst]))
            worst = c + 1;
        if (worst == i)
            return;
        size_t t = heap[i];
        heap[i] = heap[worst];
        heap[worst] = t;
        i = worst;
    }
}

size_t divergence_top(const double *count, size_t n, size_t k, size_t *index)
{
    size_t held = 0;
    for (size_t i = 0; i < n && k; i++) {
        if (!(count[i] > 0))
            continue;
        if (held < k) {
            index[held++] = i;
            if (held == k)
                for (size_t j = k / 2 + 1; j-- > 0;)
                    sift(count, index, k, j);
        } else if (after(count, index[0], i)) {
            index[0] = i;
            sift(count, index, k, 0);
        }
    }
    if (held < k)
        for (size_t j = held / 2 + 1; j-- > 0;)
            sift(count, index, held, j);
    for (size_t m = held; m > 1; m--) {   /* heap sort: the least popular goes last */
        size_t t = index[0];
        index[0] = index[m - 1];
        index[m - 1] = t;
        sift(count, index, m - 1, 0);
    }
    return held;
}
