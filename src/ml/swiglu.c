/* swiglu.c: with s = sigmoid(z), d silu = s (1 + z (1 - s)). */
#include "ml/swiglu.h"

#include "ml/lanes_priv.h"

VECTOR_CLONES void swiglu_forward(size_t T, size_t F, const float *gate_up, float *y)
{
    for (size_t t = 0; t < T; t++, gate_up += 2 * F, y += F)
        for (size_t f = 0; f < F; f++) {
            float z = gate_up[f];
            y[f] = z / (1.0f + fast_exp(-z)) * gate_up[F + f];
        }
}

VECTOR_CLONES void swiglu_backward(size_t T, size_t F, float *gate_up, const float *dy)
{
    for (size_t t = 0; t < T; t++, gate_up += 2 * F, dy += F)
        for (size_t f = 0; f < F; f++) {
            float z = gate_up[f], up = gate_up[F + f];
            float s = 1.0f / (1.0f + fast_exp(-z));
            gate_up[f] = dy[f] * up * (s * (1.0f + z * (1.0f - s)));
            gate_up[F + f] = dy[f] * (z * s);
        }
}
