/* crossentropy.h: the loss of next-token logits, and its gradient in their place. */
#ifndef ML_CROSSENTROPY_H
#define ML_CROSSENTROPY_H

#include <stddef.h>
#include <stdint.h>

/* logits (T, V) become scale * (softmax(logits) - onehot(target)), which is the gradient of
 * scale * loss. Returns the summed loss in nats, rows in order. With smoothing e the gradient is of
 * the loss against (1 - e) onehot + e / V; the loss returned stays that of the target. */
double crossentropy(size_t T, size_t V, float *logits, const uint32_t *target, float scale,
                    float smoothing);

#endif
