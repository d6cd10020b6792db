/* clone_arrivals.h: when synthetic traces start: as the real ones did.
 *
 *     real starts --windows--> rate over time --gaps in operational time--> law and cv (replay/)
 *                                            \--process_run--> new starts
 *
 * Where nothing started for very long the recording was off: it falls into parts, and nothing will
 * start between them. A part is cut into windows of equal length, of 25 starts or so, more where
 * they come in bursts; the rate is a window's own, the cv that of all gaps in operational time, in
 * which the rate is 1 (with window by window estimates the few gaps of each would decide). The
 * process is the one whose law of gaps has the least bic. Which trace starts when is chance.
 *
 * Source: AlpaServe's replay of traces (replay/estimate.h), with one cv and the law chosen.
 */
#ifndef CLI_CLONE_ARRIVALS_H
#define CLI_CLONE_ARRIVALS_H

#include "replay/process.h"
#include "trace/callgraph.h"

struct clone_arrivals {
    const struct process *process;     /* NULL: all traces start at once */
    int64_t first, grain;              /* ticks: the first start; all are multiples from it */
    double tick_s;
    double length_s;                   /* of the recording: a mean gap after the last start */
    double rate, cv;                   /* starts a second over that; of the gaps as they are */
    double own_cv;                     /* of the gaps in operational time */
    size_t n, parts, windows;
    double *t;                         /* (n) seconds from the first, ascending */
    struct process_window *w;          /* (windows) */
};

struct clone_arrivals clone_arrivals_of(const struct graphset *s);
void clone_arrivals_free(struct clone_arrivals *a);

/* n new starts, ascending, in ticks. Of more than were recorded, or fewer, the rate stays: the
 * recording begins again, or ends early. */
void clone_arrivals_draw(const struct clone_arrivals *a, size_t n, uint64_t seed, int64_t *out);

/* How new starts differ from real ones. The ruler is a random half of the real ones, the floor what
 * the other half scores: ks of gaps (as shares of the mean gap), earth mover's distance of the
 * places in the recording (as a share of its length). NaN where there are too few. */
struct clone_arrivals_distance {
    double gaps, gaps_floor, places, places_floor;
    double cv;                         /* of the new gaps */
    size_t n, n_real;                  /* gaps compared on each side */
};
struct clone_arrivals_distance clone_arrivals_compare(const struct clone_arrivals *a,
                                                      const int64_t *made, size_t n,
                                                      uint64_t seed);

#endif
