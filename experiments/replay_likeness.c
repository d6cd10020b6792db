/* replay_likeness: is a replay like the trace it was fitted to?
 *
 * Claim    Rates from counts keep the number of arrivals at any window length, where rates from
 *          gaps (AlpaServe's) make too many in sparse windows; and gamma windows keep the
 *          burstiness that exponential ones lose.
 * Method   Bursty functions of the azure-v2 reference (gamma gaps of cv 4, popularity k^-1.1) stand
 *          for 12 models. Refitted and redrawn over window lengths, laws and modes. Each replay is
 *          held against the trace beside its floor, the trace's even windows against its odd ones
 *          (replay/fidelity.h), at 3600 s. Laws are fitted to the gaps of the same windows.
 * Reads    nothing
 * Writes   replay_windows.csv   mode,law,interval_s,trace,generated,ratio,window_error: root mean
 *                               square error of a window's count over its Poisson spread
 *          replay_likeness.csv  mode,law,metric,distance,floor,score: means over models
 *          replay_gaps.csv      series,x,y: distribution functions of the gaps of all models
 *          replay_laws.csv      law,windows,best,ks,ad,aic: share of windows where it is the best
 *                               by BIC; medians; aic above the least of its window
 *          replay_likeness_sum.csv   careful_off,compat_ratio (at 600 s),careful_gamma,
 *                               careful_exponential (gap law),best_gamma
 * Scale    small: 2 days of 30,000 invocations, 2 s of work;  full: 14 days of 140,000
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/driver.h"
#include "replay/fidelity.h"
#include "replay/goodness.h"
#include "replay/share.h"
#include "stats/interval.h"
#include "stats/sort.h"
#include "trace/reference_azure.h"

enum { MODELS = 12, N_LAWS = 6 };

static const struct { const char *mode; const struct process *p; bool compat; } ways[] = {
    { "careful", &process_gamma, false }, { "careful", &process_poisson, false },
    { "careful", &process_pareto, false }, { "careful", &process_mmpp, false },
    { "compat", &process_gamma, true }, { "compat", &process_poisson, true },
};
enum { WAYS = sizeof ways / sizeof *ways };
static const double intervals[] = { 60, 300, 600, 1800, 5400, 14400 };

static const char *names[MODELS];

static struct invocations *make_trace(const struct driver *d)
{
    struct reference_azure_options o = {
        .functions = 60, .days = d->full ? 14 : 2, .law = LAW_BURSTY,
        .invocations = d->full ? 140000 : 30000, .seed = d->seed, .threads = d->threads,
    };
    struct invocations_options how = { .threads = d->threads, .days = o.days };
    struct invocations_report rep = { 0 };
    struct err err = { 0 };
    char *dir = driver_path(d, "replay-bursty");
    driver_need(d, reference_azure_v2(&o, dir, &err), &err);
    struct invocations *v = invocations_read(invocations_format("azure-v2"), dir, &how, &rep, &err);
    driver_need(d, v != NULL, &err);
    free(dir);
    return v;
}

static struct replay_options options_of(const struct driver *d, const struct invocations *v)
{
    return (struct replay_options){
        .kind = REPLAY_TIMES, .trace = "azure_v2", .arrivals = "", .end_s = 86400.0 * v->n_days,
        .interval_s = 3600, .rate_scale = 1, .cv_scale = 1, .time_scale = 1, .replicate = 1,
        .seed = d->seed, .least = 3, .threads = d->threads,
    };
}

/* Ratio and window error over window lengths; returns the ratio at 600 s. */
static double write_windows(const struct shares *s, struct replay_options o, size_t way, FILE *f)
{
    double at600 = NAN;
    o.process = ways[way].p;
    o.compat = ways[way].compat;
    for (size_t i = 0; i < sizeof intervals / sizeof *intervals; i++) {
        struct replay r[MODELS];
        double made = 0, square = 0;
        o.interval_s = intervals[i];
        replay_run(&o, names, s->share, MODELS, r);
        for (size_t m = 0; m < MODELS; m++) {
            made += (double)r[m].arrivals.n;
            double e = fidelity_of(&o, &s->share[m], &r[m]).distance[6];
            square += e * e * 2 * (double)s->share[m].n;
        }
        double ratio = made / (double)s->invocations;
        fprintf(f, "%s,%s,%g,%llu,%.0f,%.9g,%.9g\n", ways[way].mode, ways[way].p->name,
                intervals[i], (unsigned long long)s->invocations, made, ratio,
                sqrt(square / (2 * (double)s->invocations)));
        at600 = intervals[i] == 600 ? ratio : at600;
        replay_free(r, MODELS);
    }
    return at600;
}

static void write_curve(const char *series, const double *const *t, const size_t *n, FILE *f)
{
    size_t total = 0, at = 0;
    for (size_t m = 0; m < MODELS; m++)
        total += n[m];
    double *gap = mem_array(total + 1, sizeof *gap);
    for (size_t m = 0; m < MODELS; m++)
        for (size_t i = 1; i < n[m]; i++)
            gap[at++] = fmax(1e-6, t[m][i] - t[m][i - 1]);
    sort_doubles(gap, at);
    for (int k = 1; k < 100; k++)
        fprintf(f, "%s,%.9g,%.9g\n", series, quantile_sorted(gap, at, k / 100.0), k / 100.0);
    free(gap);
}

/* Likeness of one way; returns the mean score of the gap law. */
static double write_likeness(const struct shares *s, struct replay_options o, size_t way, FILE *f,
                             FILE *curves)
{
    struct replay r[MODELS];
    double sum[FIDELITY_METRICS][3] = { { 0 } };
    const double *t[MODELS];
    size_t n[MODELS];
    char series[64];
    o.process = ways[way].p;
    o.compat = ways[way].compat;
    replay_run(&o, names, s->share, MODELS, r);
    for (size_t m = 0; m < MODELS; m++) {
        struct fidelity v = fidelity_of(&o, &s->share[m], &r[m]);
        for (size_t k = 0; k < FIDELITY_METRICS; k++) {
            sum[k][0] += v.distance[k] / MODELS;
            sum[k][1] += v.floor[k] / MODELS;
            sum[k][2] += v.score[k] / MODELS;
        }
        t[m] = r[m].arrivals.t;
        n[m] = r[m].arrivals.n;
    }
    for (size_t k = 0; k < FIDELITY_METRICS; k++)
        fprintf(f, "%s,%s,%s,%.9g,%.9g,%.9g\n", ways[way].mode, ways[way].p->name,
                fidelity_metrics[k], sum[k][0], sum[k][1], sum[k][2]);
    snprintf(series, sizeof series, "%s %s", ways[way].mode, ways[way].p->name);
    write_curve(series, t, n, curves);
    replay_free(r, MODELS);
    return sum[0][0];
}

struct law_sums {
    double *ks, *ad, *aic;
    size_t n, best;
};

/* All windows of 3600 s of all models; returns the share where gamma is best. */
static double write_laws(const struct driver *d, const struct shares *s,
                         const struct replay_options *o)
{
    struct outfile f = driver_csv(d, "replay_laws.csv", "law,windows,best,ks,ad,aic");
    size_t most = estimate_count(o->start_s, o->end_s, o->interval_s) * MODELS, windows = 0;
    struct law_sums sums[N_LAWS] = { { 0 } };
    for (size_t l = 0; l < N_LAWS; l++)
        sums[l] = (struct law_sums){ mem_array(most, sizeof(double)),
                                     mem_array(most, sizeof(double)),
                                     mem_array(most, sizeof(double)), 0, 0 };
    for (size_t m = 0; m < MODELS; m++)
        for (size_t i = 0, first; i < s->share[m].n;) {
            double end = (floor(s->share[m].t[i] / o->interval_s) + 1) * o->interval_s;
            for (first = i; i < s->share[m].n && s->share[m].t[i] < end;)
                i++;
            size_t n = i - first - 1, best = 0;
            if (n < 20)
                continue;
            double *x = mem_array(n, sizeof *x), least = INFINITY;
            struct goodness g[N_LAWS];
            for (size_t k = 0; k < n; k++)
                x[k] = s->share[m].t[first + k + 1] - s->share[m].t[first + k] + 1e-6;
            sort_doubles(x, n);
            for (size_t l = 0; l < N_LAWS; l++) {
                g[l] = goodness_of(laws[l], x, n);
                best = g[l].bic < g[best].bic ? l : best;
                least = fmin(least, g[l].aic);
            }
            for (size_t l = 0; l < N_LAWS; l++)
                if (!isnan(g[l].aic)) {
                    sums[l].ks[sums[l].n] = g[l].ks;
                    sums[l].ad[sums[l].n] = g[l].ad;
                    sums[l].aic[sums[l].n++] = g[l].aic - least;
                }
            sums[best].best++;
            windows++;
            free(x);
        }
    for (size_t l = 0; l < N_LAWS; l++) {
        double *const column[] = { sums[l].ks, sums[l].ad, sums[l].aic };
        fprintf(f.f, "%s,%zu,%.9g", laws[l]->name, windows,
                (double)sums[l].best / (double)windows);
        for (size_t c = 0; c < 3; c++) {
            sort_doubles(column[c], sums[l].n);
            fprintf(f.f, ",%.9g", quantile_sorted(column[c], sums[l].n, 0.5));
            free(column[c]);
        }
        fputc('\n', f.f);
    }
    driver_close(&f);
    return (double)sums[1].best / (double)windows;
}

int main(int argc, char **argv)
{
    struct driver d = driver_start(argc, argv, "replay_likeness");
    struct invocations *v = make_trace(&d);
    struct replay_options o = options_of(&d, v);
    struct shares s;
    struct err err = { 0 };
    char letters[MODELS][16];
    for (size_t m = 0; m < MODELS; m++) {
        snprintf(letters[m], sizeof letters[m], "m%zu", m);
        names[m] = letters[m];
    }
    driver_need(&d, shares_make(v, &o, mapping_find("stripe"), false, MODELS, &s, &err), &err);
    struct outfile windows = driver_csv(&d, "replay_windows.csv",
        "mode,law,interval_s,trace,generated,ratio,window_error");
    struct outfile likeness = driver_csv(&d, "replay_likeness.csv",
                                         "mode,law,metric,distance,floor,score");
    struct outfile gaps = driver_csv(&d, "replay_gaps.csv", "series,x,y");
    const double *t[MODELS];
    size_t n[MODELS];
    double ratio[WAYS], gap_law[WAYS];
    for (size_t m = 0; m < MODELS; m++) {
        t[m] = s.share[m].t;
        n[m] = s.share[m].n;
    }
    write_curve("trace", t, n, gaps.f);
    for (size_t w = 0; w < WAYS; w++) {
        ratio[w] = write_windows(&s, o, w, windows.f);
        gap_law[w] = write_likeness(&s, o, w, likeness.f, gaps.f);
    }
    driver_close(&windows);
    driver_close(&likeness);
    driver_close(&gaps);
    double best_gamma = write_laws(&d, &s, &o);
    struct outfile f = driver_csv(&d, "replay_likeness_sum.csv", "careful_off,compat_ratio,"
                                  "careful_gamma,careful_exponential,best_gamma");
    fprintf(f.f, "%.9g,%.9g,%.9g,%.9g,%.9g\n", fabs(ratio[0] - 1), ratio[4], gap_law[0],
            gap_law[1], best_gamma);
    driver_close(&f);
    shares_free(&s);
    invocations_free(v);
    return driver_end(&d);
}
