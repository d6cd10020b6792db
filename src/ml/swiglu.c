/* swiglu.c: with s = sigmoid(z), d silu = s (1 + z (1 - s)). */
#include "ml/swiglu.h"

#include "ml/lanes_priv.h"

VECTOR_CLONES void swiglu_forward(size_t T, size_t F, const float *gate_up, float *y)
{
    for (size_t t = 0; t < T; t++, gate_up += 2 * F, y += F) {
        const float *up = gate_up + F;
        size_t f = 0;
        for (; f + 8 <= F; f += 8) {
            eight z = load_eight(gate_up + f);
            store_eight(y + f, z / (1.0f + eight_exp(-z)) * load_eight(up + f));
        }
        for (; f < F; f++) {
            float z = gate_up[f];
            y[f] = z / (1.0f + fast_exp(-z)) * up[f];
        }
    }
}

VECTOR_CLONES void swiglu_backward(size_t T, size_t F, float *gate_up, const float *dy)
{
    for (size_t t = 0; t < T; t++, gate_up += 2 * F, dy += F) {
        float *up = gate_up + F;
        size_t f = 0;
        for (; f + 8 <= F; f += 8) {
            eight z = load_eight(gate_up + f), d = load_eight(dy + f);
            eight s = 1.0f / (1.0f + eight_exp(-z));
            store_eight(gate_up + f, d * load_eight(up + f) * (s * (1.0f + z * (1.0f - s))));
            store_eight(up + f, d * (z * s));
        }
        for (; f < F; f++) {
            float z = gate_up[f], u = up[f], s = 1.0f / (1.0f + fast_exp(-z));
            gate_up[f] = dy[f] * u * (s * (1.0f + z * (1.0f - s)));
            up[f] = dy[f] * (z * s);
        }
    }
}
