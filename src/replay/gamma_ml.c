/* gamma_ml.c: Newton on ln a - digamma(a) = s in 1/a, from a start that is within 1.5 %.
 *
 * ln a - digamma(a) is computed as one function, since both terms grow while their difference
 * falls as 1/(2a): subtracting them loses every digit at the shapes of nearly regular gaps. Small
 * arguments are carried up by digamma(a) = digamma(a + 1) - 1/a to where the asymptotic series
 * holds.
 */
#include "replay/gamma_ml.h"

#include <math.h>

double gamma_ml_s(const double *t, size_t n, double shift, double *mean)
{
    *mean = (t[n - 1] - t[0]) / (double)(n - 1) + shift;
    double sum = 0, product = 1;
    for (size_t i = 0; i + 1 < n; i++) {   /* a logarithm of products: a few gaps a call */
        product *= (t[i + 1] - t[i] + shift) / *mean;
        if (product < 1e-150 || product > 1e150) {
            sum += log(product);
            product = 1;
        }
    }
    return -(sum + log(product)) / (double)(n - 1);
}

/* f = ln a - digamma(a), *slope = f'(a) = 1/a - trigamma(a). */
static double log_less_digamma(double a, double *slope)
{
    double f = 0, d = 0, from = a;
    for (; a < 8; a++) {
        f += 1 / a;
        d -= 1 / (a * a);
    }
    double r = 1 / a, r2 = r * r;
    f += r * (0.5 + r * (1.0 / 12 - r2 * (1.0 / 120 - r2 * (1.0 / 252 - r2 / 240))));
    d -= r2 * (0.5 + r * (1.0 / 6 - r2 * (1.0 / 30 - r2 * (1.0 / 42 - r2 / 30))));
    if (from < 8) {   /* the logarithm is of the first argument */
        f += log(from / a);
        d += 1 / from - r;
    }
    *slope = d;
    return f;
}

double gamma_ml_shape(double s)
{
    double a = (3 - s + sqrt((s - 3) * (s - 3) + 24 * s)) / (12 * s);
    for (int i = 0; i < 20; i++) {
        double slope, f = log_less_digamma(a, &slope);
        double next = 1 / (1 / a + (f - s) / (a * a * slope));   /* Newton in 1/a */
        if (!(next > 0))
            next = a / 2;
        double step = fabs(next - a);
        a = next;
        if (step <= 4e-16 * a)
            break;
    }
    return a;
}
