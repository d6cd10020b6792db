/* clone_measure.c: distances and copies by eval/compare, nearness by eval/nearest.
 *
 * For nearness the unseen traces are halved, and of the learned ones as many are looked at:
 *
 *     made ----+--> learned           unseen, one half --+--> learned
 *              `--> the other half of unseen              `--> the other half
 *
 * so that both ends are as large, and what stands for the floor is far from both as the made ones
 * are.
 */
#include "cli/clone_measure.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "eval/nearest.h"
#include "stats/sort.h"

static const struct {
    const char *metric, *what;
} real_rows[] = {
    { "kl100", "KL, the 100 busiest calls" },
    { "jsd_all", "JSD, all calls" },
    { "presence_jsd100", "JSD, which calls a trace has" },
    { "emd_size", "EMD, spans of a trace" },
    { "emd_depth", "EMD, depth of a trace" },
    { "emd_lrt", "EMD, latency in doublings" },
    { "auc", "AUC, real or synthetic" },
}, copy_rows[] = {
    { "struct_copy", "Structure of a learned trace" },
    { "full_copy", "Equal to a learned trace" },
    { "full_copy3", "The same, three spans or more" },
};
enum { COMPARED = sizeof real_rows / sizeof *real_rows,
       COPIES = sizeof copy_rows / sizeof *copy_rows };

static struct clone_row row_of(const struct comparison *c, const char *metric, const char *what)
{
    const struct compare_row *r = compare_get(c, metric, VIEW_TRAFFIC, "synthetic");
    if (!r)
        return (struct clone_row){ metric, what, NAN, NAN, NAN, NAN, 0 };
    return (struct clone_row){ metric, what, r->value.value, r->value.lo, r->value.hi, r->floor,
                               r->value.n };
}

static void compare_sets(const struct clone_sets *s, const struct clone_effort *e, uint64_t seed,
                         size_t threads, struct clone_measured *out)
{
    struct compare_source source = { .name = "synthetic", .graphs = s->made };
    struct compare_options o = { .seed = seed, .redraws = e->redraws, .repeats = e->repeats,
                                 .threads = threads };
    struct comparison *c = compare_run(s->unseen, s->train, &source, 1, &o);
    for (size_t i = 0; i < COMPARED; i++)
        out->real[i] = row_of(c, real_rows[i].metric, real_rows[i].what);
    for (size_t i = 0; i < COPIES; i++)
        out->private[i] = row_of(c, copy_rows[i].metric, copy_rows[i].what);
    size_t n = compare_tells(c, "auc", VIEW_TRAFFIC, 0, out->tell, CLONE_TELLS);
    for (; n < CLONE_TELLS; n++)
        out->tell[n] = (struct compare_tell){ NULL, 0 };
    comparison_free(c);
}

/* ---- nearness ---- */

/* At most `most` of every second graph of s from `from` on, evenly chosen; step 1: of every. */
static struct graphset *some(const struct graphset *s, size_t from, size_t step, size_t most)
{
    size_t all = (s->n - from + step - 1) / step, n = all < most ? all : most;
    size_t *index = mem_array(n + 1, sizeof *index);
    for (size_t i = 0; i < n; i++)
        index[i] = from + step * (i * all / n);
    struct graphset *out = graphset_select(s, index, n);
    free(index);
    return out;
}

/* A quantile of x, which is sorted, between the ranks that hold it in 19 of 20 samples. */
static struct interval quantile_of(double *x, size_t n, double q)
{
    double half = 1.96 * sqrt((double)n * q * (1 - q)), at = (double)n * q;
    double lo = fmax(0, at - half) / (double)n, hi = fmin((double)n, at + half) / (double)n;
    sort_doubles(x, n);
    return (struct interval){ quantile_sorted(x, n, q), quantile_sorted(x, n, lo),
                              quantile_sorted(x, n, hi), n };
}

struct side {                     /* distances of one set of traces */
    struct interval median, twentieth, ratio, nearer;
};

static struct side side_of(const struct graphset *x, const struct graphset *train,
                           const struct graphset *unseen, size_t threads)
{
    double *a = mem_array(x->n + 1, sizeof *a), *b = mem_array(x->n + 1, sizeof *b);
    double *ratio = mem_array(x->n + 1, sizeof *ratio), nearer = 0;
    nearest_distances(x, train, threads, a);
    nearest_distances(x, unseen, threads, b);
    for (size_t i = 0; i < x->n; i++) {
        nearer += a[i] < b[i] ? 1 : a[i] == b[i] ? 0.5 : 0;
        ratio[i] = a[i] == b[i] ? 1 : b[i] > 0 ? a[i] / b[i] : HUGE_VAL;
    }
    struct side s = { .ratio = quantile_of(ratio, x->n, 0.5),
                      .nearer = interval_wilson((size_t)(nearer + 0.5), x->n),
                      .twentieth = quantile_of(a, x->n, 0.05) };
    s.median = quantile_of(a, x->n, 0.5);
    free(a);
    free(b);
    free(ratio);
    return s;
}

static struct clone_row near_row(const char *name, const char *what, struct interval x,
                                 double floor)
{
    return (struct clone_row){ name, what, x.value, x.lo, x.hi, floor, x.n };
}

static void nearness(const struct clone_sets *s, size_t most, size_t threads,
                     struct clone_row row[CLONE_PRIVATE - COPIES])
{
    struct graphset *made = some(s->made, 0, 1, most);
    struct graphset *one = some(s->unseen, 0, 2, most), *other = some(s->unseen, 1, 2, most);
    struct graphset *train = some(s->train, 0, 1, other->n);
    struct side x = side_of(made, train, other, threads),
                floor = side_of(one, train, other, threads);
    row[0] = near_row("nearest_median", "Nearest learned trace, median", x.median,
                      floor.median.value);
    row[1] = near_row("nearest_p5", "The same, nearest twentieth", x.twentieth,
                      floor.twentieth.value);
    row[2] = near_row("nearest_ratio", "Ratio to nearest unseen, median", x.ratio,
                      floor.ratio.value);
    row[3] = near_row("nearer_to_learned", "Nearer to learned than unseen", x.nearer,
                      floor.nearer.value);
    graphset_free(made);
    graphset_free(one);
    graphset_free(other);
    graphset_free(train);
}

void clone_measure(const struct clone_sets *s, const struct clone_arrivals_distance *arrivals,
                   const struct clone_effort *e, uint64_t seed, size_t threads,
                   struct clone_measured *out)
{
    compare_sets(s, e, seed, threads, out);
    out->real[COMPARED] = (struct clone_row){
        "ks_gaps", "KS, gaps between starts", arrivals->gaps, NAN, NAN, arrivals->gaps_floor,
        arrivals->n };
    out->real[COMPARED + 1] = (struct clone_row){
        "emd_starts", "EMD, starts in the recording", arrivals->places, NAN, NAN,
        arrivals->places_floor, arrivals->n };
    nearness(s, e->nearest, threads, out->private + COPIES);
}
