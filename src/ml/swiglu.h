/* swiglu.h: y = silu(gate) * up, silu(z) = z / (1 + e^-z) (Shazeer, 2020). */
#ifndef ML_SWIGLU_H
#define ML_SWIGLU_H

#include <stddef.h>

/* gate_up (T, 2 F): gate in columns [0, F), up in [F, 2 F); y (T, F). */
void swiglu_forward(size_t T, size_t F, const float *gate_up, float *y);

/* gate_up is replaced by its gradient from dy (T, F). */
void swiglu_backward(size_t T, size_t F, float *gate_up, const float *dy);

#endif
