/* path.c: asked once a product; the answer is one load. */
#include "ml/path.h"

#include <stdatomic.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

const char *const path_names[PATHS] = { "plain", "AVX2", "AVX-512" };

static _Atomic int chosen = -1;

#if defined(__x86_64__)
/* clang 14's __builtin_cpu_supports does not know this name. */
static bool has_f16c(void)
{
    unsigned a, b, c = 0, d;
    return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_F16C);
}
#endif

bool path_has(int path)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (path == PATH_AVX512)
        return __builtin_cpu_supports("avx512f");
    if (path == PATH_AVX2)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c();
#endif
    return path == PATH_PLAIN;
}

int path_now(void)
{
    int path = atomic_load_explicit(&chosen, memory_order_relaxed);
    if (path >= 0)
        return path;
    path = PATHS - 1;
    while (!path_has(path))
        path--;
    atomic_store_explicit(&chosen, path, memory_order_relaxed);
    return path;
}

bool path_use(int path)
{
    if (path >= 0 && !path_has(path))
        return false;
    atomic_store(&chosen, path);
    return true;
}
