/* scale.h: from values to places on the page, and where the ticks go.
 *
 * Three kinds. Linear. Logarithmic: values must be above 0. Logarithmic with a zero: the first
 * SCALE_ZERO_SHARE of the axis is a segment of its own, cut off by a break sign and labelled 0,
 * in whose middle every 0 is drawn; the rest is logarithmic from the smallest positive value. A
 * logarithmic axis whose data hold a 0 becomes this kind by itself; a negative value there is
 * an error of the figure. So a zero is never dropped and never moved to "1".
 */
#ifndef REPORT_SCALE_H
#define REPORT_SCALE_H

#include <stdbool.h>
#include <stddef.h>

enum scale_kind { SCALE_LINEAR, SCALE_LOG, SCALE_LOG_ZERO };
#define SCALE_ZERO_SHARE 0.09

struct scale {
    enum scale_kind kind;
    double lo, hi; /* values at the two ends; lo is the smallest positive one for SCALE_LOG_ZERO */
    double from, to;        /* the two ends on the page, points; from > to is fine (upwards) */
};

struct scale_tick {
    double at;              /* value */
    bool major;             /* labelled */
    char label[24];
};

/* A scale that holds [lo, hi] and ends at round numbers (linear: at ticks; log: at powers of
 * ten, or at 1, 2, 5 times one when it spans less than two decades). fixed_lo/hi keep that end. */
struct scale scale_nice(enum scale_kind kind, double lo, double hi, bool fixed_lo, bool fixed_hi);

/* Place of v: NaN for NaN and for what the kind cannot show; clamped to the ends for infinite v. */
double scale_at(const struct scale *s, double v);

/* Ticks in ascending order, at most cap; about `want` labelled ones. percent: labels in %. */
enum { SCALE_TICKS = 64 };
size_t scale_ticks(const struct scale *s, size_t want, bool percent, struct scale_tick *ticks,
                   size_t cap);

/* The round step (1, 2, 5 times a power of ten) that cuts span into about n parts. */
double scale_step(double span, size_t n);

/* A number as people write it: "0.25", "1,200", "10k", "2M"; digits follow the step between
 * ticks. */
void scale_label(double v, double step, char out[24]);

#endif
