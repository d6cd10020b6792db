/* scale.c: see the header.
 *
 *      0  //  1         10        100       1000
 *   |--o--|---|----.....-|---------|---------|      a logarithmic axis with a zero
 *   <-9 %->
 */
#include "report/scale.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"

double scale_step(double span, size_t n)
{
    REQUIRE(span > 0 && n > 0);
    double raw = span / (double)n, p = pow(10, floor(log10(raw))), m = raw / p;
    return (m < 1.5 ? 1 : m < 3.5 ? 2 : m < 7.5 ? 5 : 10) * p;
}

/* The largest of 1, 2, 5 times a power of ten not above v; or the smallest not below it. */
static double round_125(double v, bool up)
{
    static const double m[] = { 1, 2, 5, 10 };
    double p = pow(10, floor(log10(v) + 1e-12)), best = p;
    for (int i = 0; i < 4; i++) {
        if (up && m[i] * p >= v * (1 - 1e-12))
            return m[i] * p;
        if (!up && m[i] * p <= v * (1 + 1e-12))
            best = m[i] * p;
    }
    return best;
}

static void nice_log(struct scale *s, bool fixed_lo, bool fixed_hi)
{
    bool wide = s->hi / s->lo >= 100;
    if (!fixed_lo) {
        double ten = pow(10, floor(log10(s->lo) + 1e-12)), near = round_125(s->lo, false);
        s->lo = wide && near / ten < 1.5 ? ten : near;
    }
    if (!fixed_hi) {
        double ten = pow(10, ceil(log10(s->hi) - 1e-12)), near = round_125(s->hi, true);
        s->hi = wide && ten / near < 1.5 ? ten : near;
    }
    if (!(s->hi > s->lo))
        s->hi = s->lo * 10;
}

struct scale scale_nice(enum scale_kind kind, double lo, double hi, bool fixed_lo, bool fixed_hi)
{
    struct scale s = { kind, lo, hi, 0, 1 };
    if (!isfinite(lo) || !isfinite(hi) || lo > hi)
        s.lo = kind == SCALE_LINEAR ? 0 : 1, s.hi = kind == SCALE_LINEAR ? 1 : 10;
    if (kind != SCALE_LINEAR) {
        REQUIRE(s.lo > 0);
        nice_log(&s, fixed_lo, fixed_hi);
        return s;
    }
    if (s.lo == s.hi) {
        double by = s.lo != 0 ? fabs(s.lo) * 0.1 : 1;
        s.lo -= fixed_lo ? 0 : by;
        s.hi += by;
    }
    double step = scale_step(s.hi - s.lo, 5);
    if (!fixed_lo)
        s.lo = floor(s.lo / step + 1e-9) * step;
    if (!fixed_hi)
        s.hi = ceil(s.hi / step - 1e-9) * step;
    return s;
}

double scale_at(const struct scale *s, double v)
{
    if (isnan(v))
        return NAN;
    double f;
    if (s->kind == SCALE_LINEAR) {
        f = isinf(v) ? (v > 0) : (v - s->lo) / (s->hi - s->lo);
    } else {
        double zero = s->kind == SCALE_LOG_ZERO ? SCALE_ZERO_SHARE : 0;
        if (v < 0 || (v == 0 && zero == 0))
            return NAN;
        double share = isinf(v) ? 1 : v == 0 ? 0 : log(v / s->lo) / log(s->hi / s->lo);
        f = v == 0 ? zero / 2 : zero * 1.35 + share * (1 - zero * 1.35);
    }
    return s->from + f * (s->to - s->from);
}

/* Decimals needed to tell multiples of step apart. */
static int decimals(double step)
{
    int d = 0;
    while (d < 9 && fabs(step - round(step)) > 1e-9 * fabs(step)) {
        step *= 10;
        d++;
    }
    return d;
}

static void thousands(char *s)
{
    size_t n = strlen(s), start = s[0] == '-';
    if (n - start < 5)
        return;
    for (size_t at = n; at > start + 3;) {
        at -= 3;
        memmove(s + at + 1, s + at, n - at + 1);
        s[at] = ',';
        n++;
    }
}

void scale_label(double v, double step, char out[24])
{
    double a = fabs(v);
    if (a < step * 1e-9)
        v = a = 0;
    if (a >= 1e6 && step >= 1e5 && a < 1e9)
        snprintf(out, 24, "%.*fM", decimals(step / 1e6), v / 1e6);
    else if (a >= 1e9 || (a > 0 && a < 1e-4))
        snprintf(out, 24, "%.3g", v);
    else {
        int d = decimals(step);
        snprintf(out, 24, "%.*f", d, v);
        if (d == 0)
            thousands(out);
    }
    if (out[0] == '-') {                      /* a true minus sign */
        memmove(out + 3, out + 1, strlen(out));
        memcpy(out, "\xE2\x88\x92", 3);
    }
}

static size_t linear_ticks(const struct scale *s, size_t want, bool percent, struct scale_tick *t,
                           size_t cap)
{
    double unit = percent ? 100 : 1, step = scale_step((s->hi - s->lo) * unit, want);
    size_t n = 0;
    for (double k = ceil(s->lo * unit / step - 1e-9);
         n < cap && k * step <= s->hi * unit * (1 + 1e-12) + step * 1e-9; k++) {
        t[n] = (struct scale_tick){ .at = k * step / unit, .major = true };
        scale_label(k * step, step, t[n].label);
        if (percent)
            strcat(t[n].label, "%");
        n++;
    }
    return n;
}

static void log_label(double v, char out[24])
{
    if (v >= 1e3 && v < 1e6)
        snprintf(out, 24, "%.6gk", v / 1e3);
    else if (v >= 1e6 && v < 1e9)
        snprintf(out, 24, "%.6gM", v / 1e6);
    else
        snprintf(out, 24, "%.6g", v);
}

/* Powers of ten are labelled (every second or third when there are many); 2 and 5 times one too
 * when there is room; the rest are minor. */
static size_t log_ticks(const struct scale *s, size_t want, bool percent, struct scale_tick *t,
                        size_t cap)
{
    size_t n = 0;
    double decades = log10(s->hi / s->lo);
    bool fine = decades < 1.2 || decades * 3 <= (double)want + 1.5;
    int every = decades > (double)want * 2 ? 3 : decades > (double)want ? 2 : 1;
    if (s->kind == SCALE_LOG_ZERO && n < cap)
        t[n++] = (struct scale_tick){ .at = 0, .major = true, .label = "0" };
    int first = (int)floor(log10(s->lo) + 1e-9), last = (int)ceil(log10(s->hi) - 1e-9);
    for (int d = first; d <= last; d++)
        for (int m = 1; m < 10; m++) {
            double v = m * pow(10, d);
            if (v < s->lo * (1 - 1e-9) || v > s->hi * (1 + 1e-9) || n == cap)
                continue;
            bool major = m == 1 ? (d - first) % every == 0 : fine && (m == 2 || m == 5);
            t[n] = (struct scale_tick){ .at = v, .major = major };
            log_label(percent ? v * 100 : v, t[n].label);
            if (percent)
                strcat(t[n].label, "%");
            n += major || (decades <= 8);
        }
    return n;
}

size_t scale_ticks(const struct scale *s, size_t want, bool percent, struct scale_tick *ticks,
                   size_t cap)
{
    return s->kind == SCALE_LINEAR ? linear_ticks(s, want, percent, ticks, cap)
                                   : log_ticks(s, want, percent, ticks, cap);
}
