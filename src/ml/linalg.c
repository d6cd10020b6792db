/* linalg.c: the constructor pins BLAS to one thread before anything can call it; the repair of
 * the core type needs a new process, because OpenBLAS chose while loading, before main.
 *
 * A core is named only if the processor has its instructions: OpenBLAS does not check a name
 * it is given, and a wrong one dies of an illegal instruction.
 */
#include "ml/linalg.h"

#include <cblas.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"

__attribute__((constructor)) static void one_thread_per_caller(void)
{
    openblas_set_num_threads(1);
}

const char *linalg_core(void)
{
    return openblas_get_corename();
}

const char *linalg_best_core(void)
{
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512cd"))
        return "SkylakeX";
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return "Haswell";
    return NULL;
}

/* Is `core` at least as good as what best_core would name? Newer cores count as good. */
static bool core_is_good(const char *core, const char *best)
{
    static const char *const wide[] = { "SkylakeX", "Cooperlake", "SapphireRapids" };
    static const char *const middle[] = { "Haswell", "Zen", "Excavator" };
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
        if (strcmp(core, wide[i]) == 0)
            return true;
    for (size_t i = 0; i < sizeof middle / sizeof *middle; i++)
        if (strcmp(core, middle[i]) == 0)
            return strcmp(best, "Haswell") == 0;
    return false;
}

void linalg_start(int argc, char **argv)
{
    (void)argc;
    const char *best = linalg_best_core();
    const char *preload = getenv("LD_PRELOAD");
    if (getenv("OPENBLAS_CORETYPE") || !best || core_is_good(linalg_core(), best))
        return;
    if (preload && strstr(preload, "valgrind"))
        return;   /* a new process would leave valgrind behind */
    if (setenv("OPENBLAS_CORETYPE", best, 1) == 0)
        execv("/proc/self/exe", argv);
    /* No /proc, or no new process: slower, not wrong. */
}

static void gemm(enum CBLAS_TRANSPOSE ta, enum CBLAS_TRANSPOSE tb, size_t M, size_t N, size_t K,
                 const float *a, size_t lda, const float *b, size_t ldb, float beta, float *c,
                 size_t ldc)
{
    REQUIRE((M | N | K | lda | ldb | ldc) <= 0x7fffffff);
    if (M && N)
        cblas_sgemm(CblasRowMajor, ta, tb, (int)M, (int)N, (int)K, 1, a, (int)lda, b, (int)ldb,
                    beta, c, (int)ldc);
}

void linalg_nt(size_t M, size_t N, size_t K, const float *a, size_t lda, const float *b,
               size_t ldb, float beta, float *c, size_t ldc)
{
    gemm(CblasNoTrans, CblasTrans, M, N, K, a, lda, b, ldb, beta, c, ldc);
}

void linalg_nn(size_t M, size_t N, size_t K, const float *a, size_t lda, const float *b,
               size_t ldb, float beta, float *c, size_t ldc)
{
    gemm(CblasNoTrans, CblasNoTrans, M, N, K, a, lda, b, ldb, beta, c, ldc);
}

void linalg_tn(size_t M, size_t N, size_t K, const float *a, size_t lda, const float *b,
               size_t ldb, float beta, float *c, size_t ldc)
{
    gemm(CblasTrans, CblasNoTrans, M, N, K, a, lda, b, ldb, beta, c, ldc);
}
