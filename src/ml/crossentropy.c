/* crossentropy.c: loss = log(sum e^x) - x[target], from the same row maximum as the softmax. */
#include "ml/crossentropy.h"

#include <math.h>

#include "ml/lanes_priv.h"

VECTOR_CLONES double crossentropy(size_t T, size_t V, float *logits, const uint32_t *target,
                                  float scale, float smoothing)
{
    float spread = scale * smoothing / (float)V;
    double loss = 0;
    for (size_t t = 0; t < T; t++, logits += V) {
        float top = lanes_max(logits, V), right = logits[target[t]];
        exp_row(V, 1.0f, top, logits);
        float sum = lanes_sum(logits, V), k = scale / sum;
        for (size_t v = 0; v < V; v++)
            logits[v] = logits[v] * k - spread;
        logits[target[t]] -= scale * (1 - smoothing);
        loss += (double)top + log((double)sum) - (double)right;
    }
    return loss;
}
