/* reference_check.h: does the reference workload look like its source?
 *
 * Each check sets a published or measured figure of the Alibaba traces beside the same figure of a
 * set of reference graphs. Two kinds of error: for a distribution the Kolmogorov-Smirnov distance
 * at the points that are known of the source, for a share |obtained / target - 1|. A check without
 * tolerance (NaN) informs, it does not judge.
 *
 * Views: "all" is every trace; "kept" is each graph once, times included, as TraceLLM keeps them;
 * "sample" is 1,361 graphs drawn from kept, the size of TraceLLM's published examples.
 */
#ifndef TRACE_REFERENCE_CHECK_H
#define TRACE_REFERENCE_CHECK_H

#include "trace/callgraph.h"

struct reference_check {
    const char *metric, *view;
    double target, obtained;   /* for a distribution: where it is worst */
    double error, tolerance;
    const char *source;
};

struct reference_point {       /* of a distribution; NaN: not known there */
    const char *curve;
    double x, target, obtained;
};

struct reference_report {
    struct reference_check *check;
    size_t n_checks, cap_checks;
    struct reference_point *point;
    size_t n_points, cap_points;
};

/* Measure a set that reference_graphs made; seed draws the sample. */
struct reference_report *reference_check(const struct graphset *all, uint64_t seed);
void reference_report_free(struct reference_report *r);

/* Checks whose error exceeds their tolerance. */
size_t reference_report_misses(const struct reference_report *r);

#endif
