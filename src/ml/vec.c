/* vec.c: plain loops that the compiler makes wide; sums in lanes_priv.h's order. */
#include "ml/vec.h"

#include <math.h>

#include "ml/lanes_priv.h"

VECTOR_CLONES void vec_exp(size_t n, const float *x, float *y)
{
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        store_eight(y + i, eight_exp(load_eight(x + i)));
    for (; i < n; i++)
        y[i] = fast_exp(x[i]);
}

VECTOR_CLONES void vec_add(size_t n, const float *x, float *y)
{
    for (size_t i = 0; i < n; i++)
        y[i] += x[i];
}

VECTOR_CLONES void vec_scale(size_t n, float a, float *x)
{
    for (size_t i = 0; i < n; i++)
        x[i] *= a;
}

VECTOR_CLONES float vec_dot(size_t n, const float *x, const float *y)
{
    return lanes_dot(x, y, n);
}

VECTOR_CLONES double vec_sum_squares(size_t n, const float *x)
{
    double lane[16] = { 0 }, sum = 0;
    size_t i = 0;
    for (; i + 16 <= n; i += 16)
        for (size_t j = 0; j < 16; j++)
            lane[j] += (double)x[i + j] * (double)x[i + j];
    for (; i < n; i++)
        lane[0] += (double)x[i] * (double)x[i];
    for (size_t j = 0; j < 16; j++)
        sum += lane[j];
    return sum;
}

size_t vec_find_bad(size_t n, const float *x)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            return i;
    return n;
}

VECTOR_CLONES float vec_softmax(size_t n, float *x)
{
    float top = lanes_max(x, n);
    exp_row(n, 1.0f, top, x);
    float sum = lanes_sum(x, n), scale = 1.0f / sum;
    for (size_t i = 0; i < n; i++)
        x[i] *= scale;
    return top + logf(sum);
}
