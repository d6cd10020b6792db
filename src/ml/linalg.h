/* linalg.h: the only door to BLAS.
 *
 * Single-precision products of row-major matrices with row strides (ld, in floats). BLAS
 * runs on one thread per caller; parallel work goes outside, over fixed slots, so that the
 * bits of a product depend on its shape and its numbers alone. Between core types of
 * OpenBLAS bits differ: linalg_core() names the one in force.
 *
 * Debian's OpenBLAS 0.3.21 is older than today's processors and takes recent Intel ones for
 * Prescott (SSE3, a fifth of the speed). The choice is made while the library loads, from
 * OPENBLAS_CORETYPE; linalg_start therefore sets the variable and executes the program once
 * more when the processor can do better than the core that was picked. A core that the user
 * named is kept.
 */
#ifndef ML_LINALG_H
#define ML_LINALG_H

#include <stddef.h>

/* First line of every main. May not return: the program starts again with a better core.
 * Does nothing when OPENBLAS_CORETYPE is set, when the core is right, and under valgrind. */
void linalg_start(int argc, char **argv);

/* The core type OpenBLAS runs, such as "SkylakeX". */
const char *linalg_core(void);

/* The core type this processor should run, or NULL when OpenBLAS is to choose. */
const char *linalg_best_core(void);

/* C (M, N) = A (M, K) B(N, K)^T + beta C: activations times a weight stored [out, in]. */
void linalg_nt(size_t M, size_t N, size_t K, const float *a, size_t lda, const float *b,
               size_t ldb, float beta, float *c, size_t ldc);

/* C (M, N) = A (M, K) B (K, N) + beta C. */
void linalg_nn(size_t M, size_t N, size_t K, const float *a, size_t lda, const float *b,
               size_t ldb, float beta, float *c, size_t ldc);

/* C (M, N) = A(K, M)^T B (K, N) + beta C: a weight's gradient. */
void linalg_tn(size_t M, size_t N, size_t K, const float *a, size_t lda, const float *b,
               size_t ldb, float beta, float *c, size_t ldc);

#endif
