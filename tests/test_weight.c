/* A weight gives the same products wherever its parts lie and whatever holds them; 16-bit floats
 * widen exactly and narrow to the nearest. */
#include "tests/near.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "llm/weight.h"
#include "ml/halves.h"
#include "ml/linalg.h"

enum { OUT = 7, IN = 5, ROWS = 3 };

/* Eighths between -4 and 4: exact in every type. */
static void fill(size_t n, float *x, size_t salt)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (float)((i * 37 + salt * 11 + i * i * 5) % 64) / 8 - 4;
}

static void plain_products(const float *w, const float *x, const float *dy, float *y, float *dx)
{
    for (size_t t = 0; t < ROWS; t++) {
        for (size_t o = 0; o < OUT; o++)
            for (size_t i = 0; i < IN; i++)
                y[t * OUT + o] += x[t * IN + i] * w[o * IN + i];
        for (size_t i = 0; i < IN; i++)
            for (size_t o = 0; o < OUT; o++)
                dx[t * IN + i] += dy[t * OUT + o] * w[o * IN + i];
    }
}

static void check_products(const struct weight *w, const float *plain)
{
    float x[ROWS * IN], dy[ROWS * OUT], y[2][ROWS * OUT] = { 0 }, dx[2][ROWS * IN], row[3 * IN];
    static const uint32_t id[] = { 6, 0, 3 };
    fill(ROWS * IN, x, 1);
    fill(ROWS * OUT, dy, 2);
    fill(ROWS * IN, dx[0], 3);
    memcpy(dx[1], dx[0], sizeof *dx);
    plain_products(plain, x, dy, y[0], dx[0]);
    weight_nt(ROWS, x, IN, w, 0, y[1], OUT);
    weight_nn(ROWS, dy, OUT, w, 1, dx[1], IN);
    assert_memory_equal(y[0], y[1], sizeof *y);   /* eighths: sums are exact */
    assert_memory_equal(dx[0], dx[1], sizeof *dx);
    weight_rows(w, 2, 3, row);
    assert_memory_equal(row, plain + 2 * IN, sizeof row);
    weight_gather(3, w, id, row);
    for (size_t i = 0; i < 3; i++)
        assert_memory_equal(row + i * IN, plain + id[i] * IN, IN * sizeof *row);
}

static void every_place_and_type_gives_the_same(void **state)
{
    (void)state;
    float w[OUT * IN];
    uint16_t bf16[OUT * IN], f16[OUT * IN];
    char odd[OUT * IN * 4 + 1];
    fill(OUT * IN, w, 0);
    bf16_narrow(OUT * IN, w, bf16);
    f16_narrow(OUT * IN, w, f16);
    memcpy(odd + 1, w, sizeof w);
    struct weight whole = weight_f32(w, OUT, IN), mixed = { .in = IN }, crooked = { .in = IN };
    check_products(&whole, w);
    weight_add(&mixed, bf16, TENSOR_BF16, 4);
    weight_add(&mixed, w + 4 * IN, TENSOR_F32, 1);
    weight_add(&mixed, f16 + 5 * IN, TENSOR_F16, 2);
    assert_int_equal(mixed.out, OUT);
    check_products(&mixed, w);
    weight_add(&crooked, odd + 1, TENSOR_F32, OUT);
    check_products(&crooked, w);
}

/* More than one tile: 1500 rows of 1,000 in scratch of 1,048 rows. */
static void tiles_make_the_whole(void **state)
{
    (void)state;
    enum { N = 1500, K = 1000 };
    float *w = mem_array(N * K, sizeof *w), *x = mem_array(K, sizeof *x);
    float *y = mem_array(2 * N, sizeof *y), *dx = mem_array(2 * K, sizeof *dx);
    uint16_t *half = mem_array(N * K, sizeof *half);
    fill(N * K, w, 5);
    fill(K, x, 6);
    bf16_narrow(N * K, w, half);
    struct weight a = weight_f32(w, N, K), b = { .in = K };
    weight_add(&b, half, TENSOR_BF16, N);
    assert_true(N > WEIGHT_TILE / K);
    weight_nt(1, x, K, &a, 0, y, N);
    weight_nt(1, x, K, &b, 0, y + N, N);
    assert_memory_equal(y, y + N, N * sizeof *y);
    weight_nn(1, y, N, &a, 0, dx, K);
    weight_nn(1, y, N, &b, 0, dx + K, K);
    for (size_t i = 0; i < K; i++)
        assert_near(dx[i], dx[K + i], 1e-5 * fabs((double)dx[i]) + 1e-3);
    free(w);
    free(x);
    free(y);
    free(dx);
    free(half);
}

/* Every f16 and every bf16 comes back from its f32, and the f32 are increasing: exact. */
static void all_halves_survive(void **state)
{
    (void)state;
    for (uint32_t h = 0; h < 0x10000; h++) {
        uint16_t in = (uint16_t)h, out;
        float f;
        f16_widen(1, &in, &f);
        f16_narrow(1, &f, &out);
        if ((h & 0x7fff) <= 0x7c00)
            assert_int_equal(in, out);
        else
            assert_true(isnan(f) && (out & 0x7fff) > 0x7c00);
        bf16_widen(1, &in, &f);
        bf16_narrow(1, &f, &out);
        if ((h & 0x7fff) <= 0x7f80)
            assert_int_equal(in, out);
        else
            assert_true(isnan(f) && (out & 0x7fff) > 0x7f80);
    }
}

static void narrowing_rounds_to_nearest_even(void **state)
{
    (void)state;
    static const struct { float x; uint16_t bf16, f16; } way[] = {
        { 1, 0x3f80, 0x3c00 }, { -2, 0xc000, 0xc000 },
        { 1 + 0x1p-8f, 0x3f80, 0x3c04 },               /* a tie in bf16: to even, below */
        { 1 + 0x1p-8f + 0x1p-20f, 0x3f81, 0x3c04 },
        { 1 + 3 * 0x1p-8f, 0x3f82, 0x3c0c },           /* a tie: to even, above */
        { 1 + 0x1p-11f, 0x3f80, 0x3c00 }, { 1 + 3 * 0x1p-11f, 0x3f80, 0x3c02 },
        { 65504, 0x4780, 0x7bff }, { 65519, 0x4780, 0x7bff }, { 65520, 0x4780, 0x7c00 },
        { 0x1.fffffep127f, 0x7f80, 0x7c00 }, { 0x1p-24f, 0x3380, 0x0001 },
        { 0x1p-25f, 0x3300, 0x0000 }, { 0x1.8p-25f, 0x3340, 0x0001 },
        { 3 * 0x1p-25f, 0x33c0, 0x0002 }, { 0x1.ffcp-15f, 0x3880, 0x0400 },
        { -0.0f, 0x8000, 0x8000 }, { INFINITY, 0x7f80, 0x7c00 },
    };
    for (size_t i = 0; i < sizeof way / sizeof *way; i++) {
        uint16_t bf16, f16;
        bf16_narrow(1, &way[i].x, &bf16);
        f16_narrow(1, &way[i].x, &f16);
        if (bf16 != way[i].bf16 || f16 != way[i].f16)
            fail_msg("%a: bf16 %04x, want %04x; f16 %04x, want %04x", (double)way[i].x, bf16,
                     way[i].bf16, f16, way[i].f16);
    }
}

/* Between two neighbours the middle goes to the even one, what is above it up, below it down;
 * within the range nothing is infinite. */
static void every_f16_has_its_share(void **state)
{
    (void)state;
    for (uint32_t h = 0; h < 0x7c00; h++) {
        uint16_t pair[] = { (uint16_t)h, (uint16_t)(h + 1) }, got[3], within[3];
        float end[2], middle;
        f16_widen(2, pair, end);
        middle = h == 0x7bff ? 65520 : (end[0] + end[1]) / 2;
        float x[] = { nextafterf(middle, 0), middle, nextafterf(middle, INFINITY) };
        f16_narrow(3, x, got);
        f16_narrow_within(3, x, within);
        assert_int_equal(got[0], h);
        assert_int_equal(got[1], h % 2 ? h + 1 : h);
        assert_int_equal(got[2], h + 1);
        for (size_t i = 0; i < 3; i++) {
            assert_int_equal(within[i], h == 0x7bff ? h : got[i]);
            x[i] = -x[i];
        }
        f16_narrow(3, x, within);
        for (size_t i = 0; i < 3; i++)
            assert_int_equal(within[i], got[i] | 0x8000);
    }
    static const float wild[] = { 1e9f, -1e9f, INFINITY, -INFINITY, NAN };
    uint16_t out[5];
    f16_narrow_within(5, wild, out);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(out[i] & 0x7fff, 0x7bff);
    assert_int_equal(out[1], 0xfbff);
    assert_int_equal(out[3], 0xfbff);
}

int main(int argc, char **argv)
{
    linalg_start(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_place_and_type_gives_the_same),
        cmocka_unit_test(tiles_make_the_whole),
        cmocka_unit_test(all_halves_survive),
        cmocka_unit_test(narrowing_rounds_to_nearest_even),
        cmocka_unit_test(every_f16_has_its_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
