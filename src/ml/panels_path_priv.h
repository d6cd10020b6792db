/* panels_path_priv.h: the product on one path (path_priv.h); included by panels.c alone.
 *
 * A block of rows times columns lives in registers: as many sums as hide the latency of an
 * addition and still leave registers for a row of the panel.
 *
 *     AVX-512   12 x 32: 24 of 32 registers        AVX2   3 x 32: 12 of 16
 *
 * K is cut in pieces that keep a piece of the panel in the first cache while all rows pass, and the
 * next one that is fetched meanwhile: where AVX2 is the widest, that cache is mostly the smaller.
 * Sums rest in `out` in between, which moves no bit.
 */
#define VS (PANEL / LANES)

/* LANES weights from the i-th on. */
INLINE TARGET V NAME(weights)(enum panels_type type, const void *w, size_t i)
{
    if (type == PANELS_BF16)
        return WIDEN_BF16((const uint16_t *)w + i);
    if (type == PANELS_F16)
        return WIDEN_F16((const uint16_t *)w + i);
    if (type == PANELS_INT8)
        return WIDEN_INT8((const int8_t *)w + i);
    return LOAD((const float *)w + i);
}

/* R rows, P panels side by side, k in [0, K). `more`: the sums so far are in out. */
INLINE TARGET void NAME(block)(size_t R, size_t P, size_t K, bool more, const float *x, size_t ldx,
                               enum panels_type type, const void *w, size_t stride, float *out,
                               size_t ldo)
{
    V sum[BLOCK_ROWS][BLOCK_PANELS * VS];
    _Pragma("GCC unroll 16") for (size_t r = 0; r < R; r++)
        _Pragma("GCC unroll 16") for (size_t v = 0; v < P * VS; v++)
            sum[r][v] = more ? LOAD(out + r * ldo + v * LANES) : ZERO;
    for (size_t k = 0; k < K; k++)
        _Pragma("GCC unroll 16") for (size_t r = 0; r < R; r++) {
            V f = SPLAT(x[r * ldx + k]);
            _Pragma("GCC unroll 16") for (size_t v = 0; v < P * VS; v++)
                sum[r][v] =
                    FMA(f, NAME(weights)(type, w, v / VS * stride + k * PANEL + v % VS * LANES),
                        sum[r][v]);
        }
    _Pragma("GCC unroll 16") for (size_t r = 0; r < R; r++)
        _Pragma("GCC unroll 16") for (size_t v = 0; v < P * VS; v++)
            STORE(out + r * ldo + v * LANES, sum[r][v]);
}

/* All rows against a piece of a panel, of floats. While it serves block after block, what comes
 * after it, `ahead` bytes at `next`, is fetched, a share with every block. */
INLINE TARGET void NAME(piece)(size_t R, size_t K, bool more, const float *x, size_t ldx,
                               const float *w, float *out, size_t ldo, const char *next,
                               size_t ahead)
{
    size_t r = 0, share = R < BLOCK_ROWS ? 0 : ahead / (R / BLOCK_ROWS) + 64;
    for (; r + BLOCK_ROWS <= R; r += BLOCK_ROWS) {
        for (size_t i = 0; i < share; i += 64, next += 64)
            __builtin_prefetch(next);
        NAME(block)(BLOCK_ROWS, 1, K, more, x + r * ldx, ldx, PANELS_F32, w, 0, out + r * ldo, ldo);
    }
    for (; r + FEW_ROWS <= R; r += FEW_ROWS)
        NAME(block)(FEW_ROWS, 1, K, more, x + r * ldx, ldx, PANELS_F32, w, 0, out + r * ldo, ldo);
    for (; r < R; r++)
        NAME(block)(1, 1, K, more, x + r * ldx, ldx, PANELS_F32, w, 0, out + r * ldo, ldo);
}

/* n weights to floats. */
INLINE TARGET void NAME(widen)(size_t n, enum panels_type type, const void *w, float *out)
{
    for (size_t i = 0; i < n; i += LANES)
        STORE(out + i, NAME(weights)(type, w, i));
}

/* All rows against one whole panel; one that is narrow is widened piece by piece, for all rows. The
 * piece after the last is the next panel's first. */
INLINE TARGET void NAME(panel_of)(size_t R, size_t K, enum panels_type type, const float *x,
                                  size_t ldx, const void *w, float *out, size_t ldo)
{
    if (R == 1) {
        NAME(block)(1, 1, K, false, x, ldx, type, w, 0, out, ldo);
        return;
    }
    size_t size = panels_sizes[type], piece = type != PANELS_F32 || R > BLOCK_ROWS ? PIECE : K;
    size_t ahead = R > BLOCK_ROWS ? PIECE * PANEL * size : 0;
    _Alignas(64) float wide[PIECE * PANEL];
    const char *at = w;
    for (size_t k = 0; k < K; k += piece) {
        size_t n = K - k < piece ? K - k : piece;
        const void *now = at;
        at += n * PANEL * size;
        if (type != PANELS_F32)
            NAME(widen)(n * PANEL, type, now, wide);
        NAME(piece)(R, n, k, x + k, ldx, type == PANELS_F32 ? now : wide, out, ldo, at, ahead);
    }
}

TARGET static void NAME(panel)(size_t R, size_t K, enum panels_type type, const float *x,
                               size_t ldx, const void *w, float *out, size_t ldo)
{
    if (type == PANELS_BF16)
        NAME(panel_of)(R, K, PANELS_BF16, x, ldx, w, out, ldo);
    else if (type == PANELS_F16)
        NAME(panel_of)(R, K, PANELS_F16, x, ldx, w, out, ldo);
    else if (type == PANELS_INT8)
        NAME(panel_of)(R, K, PANELS_INT8, x, ldx, w, out, ldo);
    else
        NAME(panel_of)(R, K, PANELS_F32, x, ldx, w, out, ldo);
}

/* One row against BLOCK_PANELS whole panels: alone, a panel's sums would wait for each other. */
TARGET static void NAME(row)(size_t K, enum panels_type type, const float *x, const void *w,
                             size_t stride, float *out)
{
    if (type == PANELS_BF16)
        NAME(block)(1, BLOCK_PANELS, K, false, x, 0, PANELS_BF16, w, stride, out, 0);
    else if (type == PANELS_F16)
        NAME(block)(1, BLOCK_PANELS, K, false, x, 0, PANELS_F16, w, stride, out, 0);
    else if (type == PANELS_INT8)
        NAME(block)(1, BLOCK_PANELS, K, false, x, 0, PANELS_INT8, w, stride, out, 0);
    else
        NAME(block)(1, BLOCK_PANELS, K, false, x, 0, PANELS_F32, w, stride, out, 0);
}

#undef VS
