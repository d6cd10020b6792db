/* Products in panels: near the sum in doubles, and the same bits on every path, for every number of
 * rows, and however the panels are shared out. */
#include "tests/near.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "ml/halves.h"
#include "ml/panels.h"
#include "ml/path.h"

enum { ROWS_MAX = 67, K_MAX = 300, N_MAX = 170 };

struct numbers {
    float *w, *x;          /* (N_MAX, K_MAX), (ROWS_MAX, K_MAX) */
};

/* Of many sizes, so that sums round and cancel; with a few zeros and subnormals. */
static float number(gsl_rng *rng)
{
    double u = rng_unit(rng) * 2 - 1;
    size_t kind = rng_below(rng, 40);
    if (kind < 2)
        return kind ? (float)(u * 1e-41) : 0;
    return (float)ldexp(u, (int)rng_below(rng, 12));
}

static struct numbers draw(uint64_t seed)
{
    gsl_rng *rng = rng_stream(seed, "test/panels", 0);
    struct numbers a = { mem_array(N_MAX * K_MAX, sizeof(float)),
                         mem_array(ROWS_MAX * K_MAX, sizeof(float)) };
    for (size_t i = 0; i < N_MAX * K_MAX; i++)
        a.w[i] = number(rng);
    for (size_t i = 0; i < ROWS_MAX * K_MAX; i++)
        a.x[i] = number(rng);
    gsl_rng_free(rng);
    return a;
}

static void numbers_free(struct numbers *a)
{
    free(a->w);
    free(a->x);
}

static struct panels pack_as(enum panels_type type, const float *w, size_t N, size_t K)
{
    struct panels p = panels_new(N, K, type);
    panels_fill(&p, 0, N / 2, w);
    panels_fill(&p, N / 2, N - N / 2, w + N / 2 * K);
    return p;
}

static struct panels pack(const float *w, size_t N, size_t K)
{
    return pack_as(PANELS_F32, w, N, K);
}

/* The whole product, R rows at once. */
static float *product(const struct panels *p, size_t R, const float *x)
{
    float *out = mem_array(R * p->N, sizeof *out);
    panels_product(p, 0, panels_count(p->N), R, x, p->K, out, p->N);
    return out;
}

static const size_t shapes[][2] = {   /* N, K */
    { 1, 1 }, { 31, 5 }, { 32, 127 }, { 33, 128 }, { 64, 129 }, { 100, 300 }, { 170, 64 },
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static void near_the_sum_in_doubles(void **state)
{
    (void)state;
    struct numbers a = draw(1);
    for (size_t s = 0; s < SHAPES; s++) {
        size_t N = shapes[s][0], K = shapes[s][1];
        struct panels p = pack(a.w, N, K);
        float *out = product(&p, ROWS_MAX, a.x);
        for (size_t r = 0; r < ROWS_MAX; r++)
            for (size_t n = 0; n < N; n++) {
                double sum = 0, size = 0;
                for (size_t k = 0; k < K; k++) {
                    double term = (double)a.x[r * K + k] * (double)a.w[n * K + k];
                    sum += term;
                    size += fabs(term);
                }
                assert_near((double)out[r * N + n], sum,
                            (double)K * (double)FLT_EPSILON * size + 1e-44);
            }
        free(out);
        panels_free(&p);
    }
    numbers_free(&a);
}

/* One term after the other, each rounded once: the order and the rounding that panels.h states. */
static void the_order_is_the_one_written(void **state)
{
    (void)state;
    struct numbers a = draw(2);
    for (int path = 0; path < PATHS; path++) {
        if (!path_use(path)) {
            print_message("this processor has no %s\n", path_names[path]);
            continue;
        }
        for (size_t s = 0; s < SHAPES; s++) {
            size_t N = shapes[s][0], K = shapes[s][1];
            struct panels p = pack(a.w, N, K);
            float *out = product(&p, ROWS_MAX, a.x);
            for (size_t r = 0; r < ROWS_MAX; r++)
                for (size_t n = 0; n < N; n++) {
                    float sum = 0;
                    for (size_t k = 0; k < K; k++)
                        sum = fmaf(a.x[r * K + k], a.w[n * K + k], sum);
                    assert_memory_equal(&out[r * N + n], &sum, sizeof sum);
                }
            free(out);
            panels_free(&p);
        }
    }
    path_use(-1);
    numbers_free(&a);
}

/* Numbers that are halves lose nothing as such: the products are those of floats. */
static void halves_give_the_bits_of_floats(enum panels_type type, struct numbers *a)
{
    for (int path = 0; path < PATHS; path++)
        for (size_t s = 0; path_use(path) && s < SHAPES; s++) {
            size_t N = shapes[s][0], K = shapes[s][1];
            struct panels p = pack(a->w, N, K), q = pack_as(type, a->w, N, K);
            for (size_t R = 1; R <= ROWS_MAX; R += ROWS_MAX - 1) {
                float *want = product(&p, R, a->x), *got = product(&q, R, a->x);
                assert_memory_equal(got, want, R * N * sizeof *got);
                free(want);
                free(got);
            }
            panels_free(&p);
            panels_free(&q);
        }
    path_use(-1);
}

static void bf16_gives_the_bits_of_floats(void **state)
{
    (void)state;
    struct numbers a = draw(5);
    uint16_t *half = mem_array(N_MAX * K_MAX, sizeof *half);
    assert_false(bf16_exact(N_MAX * K_MAX, a.w));
    bf16_narrow(N_MAX * K_MAX, a.w, half);
    bf16_widen(N_MAX * K_MAX, half, a.w);
    assert_true(bf16_exact(N_MAX * K_MAX, a.w));
    halves_give_the_bits_of_floats(PANELS_BF16, &a);
    free(half);
    numbers_free(&a);
}

/* Subnormals of f16 among them. What is not an f16 is rounded when it is filled in. */
static void f16_gives_the_bits_of_floats(void **state)
{
    (void)state;
    struct numbers a = draw(7);
    uint16_t *half = mem_array(N_MAX * K_MAX, sizeof *half);
    for (size_t i = 0; i < N_MAX * K_MAX; i += 3)
        a.w[i] *= 0x1p-22f;
    struct panels rounded = pack_as(PANELS_F16, a.w, N_MAX, K_MAX);
    f16_narrow(N_MAX * K_MAX, a.w, half);
    f16_widen(N_MAX * K_MAX, half, a.w);
    halves_give_the_bits_of_floats(PANELS_F16, &a);
    struct panels floats = pack(a.w, N_MAX, K_MAX);
    float *want = product(&floats, ROWS_MAX, a.x), *got = product(&rounded, ROWS_MAX, a.x);
    assert_memory_equal(got, want, ROWS_MAX * N_MAX * sizeof *got);
    free(want);
    free(got);
    panels_free(&floats);
    panels_free(&rounded);
    free(half);
    numbers_free(&a);
}

/* Side by side in room of another's, they are what they are alone. */
static void panels_lie_in_room_that_is_lent(void **state)
{
    (void)state;
    static const enum panels_type types[] = { PANELS_F32, PANELS_BF16, PANELS_F16, PANELS_INT8 };
    enum { N = 33, K = 5 };
    struct numbers a = draw(8);
    struct panels p[4], alone[4];
    size_t floats = 0;
    for (size_t i = 0; i < N * K; i++)
        a.w[i] = (float)(i % 64) / 8 - 4;
    for (size_t i = 0; i < 4; i++)
        floats += panels_floats(N, K, types[i]);
    struct panels_room room = panels_room(floats);
    float *next = room.at;
    for (size_t i = 0; i < 4; i++) {
        p[i] = panels_at(next, N, K, types[i]);
        next += panels_floats(N, K, types[i]);
        alone[i] = pack_as(types[i], a.w, N, K);
    }
    for (size_t i = 0; i < 4; i++)
        panels_fill(&p[i], 0, N, a.w);
    for (size_t i = 0; i < 4; i++) {
        float *got = product(&p[i], 4, a.x), *want = product(&alone[i], 4, a.x);
        assert_memory_equal(got, want, 4 * N * sizeof *got);
        free(got);
        free(want);
        panels_free(&p[i]);
        panels_free(&alone[i]);
    }
    assert_ptr_equal(next, room.at + floats);
    free(room.base);
    numbers_free(&a);
}

/* Row n of w in 255 steps, as panels.h says; what is lost is half a step at most. */
static float rounded_row(const float *w, size_t K, float *q)
{
    float most = 0;
    for (size_t k = 0; k < K; k++)
        most = fmaxf(most, fabsf(w[k]));
    float scale = most > 1e-35f ? most / 127 : 0;
    for (size_t k = 0; k < K; k++) {
        q[k] = scale > 0 ? rintf(w[k] * (127 / most)) : 0;
        assert_true(fabsf(q[k]) <= 127 && fabsf(q[k] * scale - w[k]) <= 0.501f * scale + 1e-35f);
    }
    return scale;
}

static void int8_sums_integers_then_scales(void **state)
{
    (void)state;
    struct numbers a = draw(6);
    memset(a.w + K_MAX, 0, K_MAX * sizeof *a.w);       /* a row of nothing */
    for (int path = 0; path < PATHS; path++)
        for (size_t s = 0; path_use(path) && s < SHAPES; s++) {
            size_t N = shapes[s][0], K = shapes[s][1];
            struct panels p = pack_as(PANELS_INT8, a.w, N, K);
            float *out = product(&p, ROWS_MAX, a.x), q[K_MAX];
            for (size_t n = 0; n < N; n++) {
                float scale = rounded_row(a.w + n * K, K, q);
                for (size_t r = 0; r < ROWS_MAX; r++) {
                    float sum = 0;
                    for (size_t k = 0; k < K; k++)
                        sum = fmaf(a.x[r * K + k], q[k], sum);
                    sum *= scale;
                    assert_memory_equal(&out[r * N + n], &sum, sizeof sum);
                }
            }
            free(out);
            panels_free(&p);
        }
    path_use(-1);
    numbers_free(&a);
}

static void rows_do_not_meet_as(enum panels_type type)
{
    struct numbers a = draw(3);
    for (int path = 0; path < PATHS; path++) {
        if (!path_use(path))
            continue;
        for (size_t s = 0; s < SHAPES; s++) {
            size_t N = shapes[s][0], K = shapes[s][1];
            struct panels p = pack_as(type, a.w, N, K);
            float *whole = product(&p, ROWS_MAX, a.x);
            for (size_t R = 1; R <= 26; R++) {
                float *some = product(&p, R, a.x + K);
                assert_memory_equal(some, whole + N, R * N * sizeof *some);
                free(some);
            }
            free(whole);
            panels_free(&p);
        }
    }
    path_use(-1);
    numbers_free(&a);
}

static void rows_do_not_meet(void **state)
{
    (void)state;
    rows_do_not_meet_as(PANELS_F32);
    rows_do_not_meet_as(PANELS_BF16);
    rows_do_not_meet_as(PANELS_F16);
    rows_do_not_meet_as(PANELS_INT8);
}

static void panels_are_shared_out_as(enum panels_type type)
{
    struct numbers a = draw(4);
    size_t N = 170, K = 64, ends[] = { 0, 1, 4, 6 };
    struct panels p = pack_as(type, a.w, N, K);
    for (size_t R = 1; R <= 7; R += 3) {
        float *want = product(&p, R, a.x), *got = mem_array(R * N + 1, sizeof *got);
        got[R * N] = 7;
        for (size_t i = 0; i < 3; i++)
            panels_product(&p, ends[i], ends[i + 1], R, a.x, K, got + ends[i] * PANEL, N);
        assert_memory_equal(got, want, R * N * sizeof *got);
        assert_near((double)got[R * N], 7, 0);
        free(want);
        free(got);
    }
    panels_free(&p);
    numbers_free(&a);
}

/* A part of the panels fills its own columns, those between and nothing else. */
static void panels_are_shared_out(void **state)
{
    (void)state;
    panels_are_shared_out_as(PANELS_F32);
    panels_are_shared_out_as(PANELS_BF16);
    panels_are_shared_out_as(PANELS_F16);
    panels_are_shared_out_as(PANELS_INT8);
}

/* Sums at the edges of the format: the plain path makes its fused products by hand. */
static void odd_sums_are_rounded_once(void **state)
{
    (void)state;
    static const float edge[] = { 0,       -0.0f,   1,      -1,      FLT_MAX,       -FLT_MAX,
                                  FLT_MIN, 1e-45f,  -1e-45f, 3.5f,   1 + FLT_EPSILON, 0x1p-24f,
                                  0x1p-75f, 0x1.fffffep0f, INFINITY, -INFINITY, 0x1.000002p-70f };
    enum { E = sizeof edge / sizeof *edge };
    for (int path = 0; path < PATHS; path++) {
        if (!path_use(path))
            continue;
        for (size_t i = 0; i < E * E * E; i++) {
            float w[2] = { edge[i % E], edge[i / E % E] }, x[2] = { 1, edge[i / E / E] }, got;
            struct panels p = pack(w, 1, 2);
            panels_product(&p, 0, 1, 1, x, 2, &got, 1);
            float want = fmaf(x[1], w[1], fmaf(x[0], w[0], 0));
            assert_true(isnan(want) ? isnan(got) : memcmp(&got, &want, sizeof got) == 0);
            panels_free(&p);
        }
    }
    path_use(-1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(near_the_sum_in_doubles),
        cmocka_unit_test(the_order_is_the_one_written),
        cmocka_unit_test(bf16_gives_the_bits_of_floats),
        cmocka_unit_test(f16_gives_the_bits_of_floats),
        cmocka_unit_test(panels_lie_in_room_that_is_lent),
        cmocka_unit_test(int8_sums_integers_then_scales),
        cmocka_unit_test(rows_do_not_meet),
        cmocka_unit_test(panels_are_shared_out),
        cmocka_unit_test(odd_sums_are_rounded_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
