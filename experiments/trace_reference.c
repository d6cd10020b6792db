/* trace_reference: does the reference workload look like the traces it stands for?
 *
 * Claim    size, depth, type, time and popularity of the reference workload have a
 *          Kolmogorov-Smirnov distance of at most 0.10 to Alibaba's 2022 traces; shares are within
 *          20 %. Of repairs of its rows, spoilt, fewer than one in a hundred is wrong.
 * Reads    nothing: the targets are published or measured figures (trace/reference_check.c)
 * Writes   trace_reference.csv  metric,view,target,obtained,ks_or_relative_error,tolerance,source
 *          trace_reference_curves.csv  curve,series,x,y: distribution functions; that of
 *                               popularity is the share of the x most popular services
 *          trace_reference_sum.csv  judged,missed,worst,metric   (worst: error over tolerance)
 *          trace_repair.csv    year,times,traces,trees,whole,named,repairs,wrong,unknown,touched,
 *                              calls_wrong,calls_unknown: rows spoilt as the raw samples are, and
 *                              so many times as often, mended and held against the truth
 *          trace_repair_sum.csv   worst,year,times: the largest share of wrong repairs in per
 *                              cent, by repair or by call
 * Scale    small: 20,000 traces, 1 s of work;  full: the same and 20 more seeds, whose worst errors
 *          are rows of view "worst of 20 seeds"
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/driver.h"
#include "trace/mend_check.h"
#include "trace/reference.h"
#include "trace/reference_check.h"

static struct reference_report *measure(uint64_t seed)
{
    struct graphset *all = reference_graphs(&(struct reference_options){ .seed = seed });
    struct reference_report *r = reference_check(all, seed);
    graphset_free(all);
    return r;
}

static void number(FILE *f, double x, char end)
{
    if (!isnan(x))
        fprintf(f, "%.9g", x);
    fputc(end, f);
}

static void write_check(FILE *f, const struct reference_check *c, const char *view)
{
    fprintf(f, "%s,%s,", c->metric, view);
    number(f, c->target, ',');
    number(f, c->obtained, ',');
    number(f, c->error, ',');
    number(f, c->tolerance, ',');
    fprintf(f, "\"%s\"\n", c->source);
}

/* The check of the 20 seeds after the first whose error is largest. */
static void write_worst(FILE *f, struct reference_report *const *seeds, size_t n)
{
    for (size_t i = 0; i < seeds[0]->n_checks; i++) {
        size_t worst = 0;
        for (size_t k = 1; k < n; k++)
            if (seeds[k]->check[i].error > seeds[worst]->check[i].error)
                worst = k;
        write_check(f, &seeds[worst]->check[i], "worst of 20 seeds");
    }
}

static void write_checks(const struct driver *d, const struct reference_report *r)
{
    enum { SEEDS = 20 };
    struct outfile out =
        driver_csv(d, "trace_reference.csv",
                   "metric,view,target,obtained,ks_or_relative_error,tolerance,source");
    for (size_t i = 0; i < r->n_checks; i++)
        write_check(out.f, &r->check[i], r->check[i].view);
    if (d->full) {
        struct reference_report *more[SEEDS];
        for (size_t k = 0; k < SEEDS; k++)
            more[k] = measure(d->seed + 1 + k);
        write_worst(out.f, more, SEEDS);
        for (size_t k = 0; k < SEEDS; k++)
            reference_report_free(more[k]);
    }
    driver_close(&out);
}

/* Curves that have a published side; popularity by rank is thinned beyond the 100th. */
static void write_curves(const struct driver *d, const struct reference_report *r)
{
    struct outfile out = driver_csv(d, "trace_reference_curves.csv", "curve,series,x,y");
    const char *last = "";
    bool known = false;
    for (size_t i = 0; i < r->n_points; i++) {
        const struct reference_point *p = &r->point[i];
        if (strcmp(p->curve, last) != 0) {
            last = p->curve;
            known = false;
            for (size_t k = i; k < r->n_points && strcmp(r->point[k].curve, last) == 0; k++)
                known = known || !isnan(r->point[k].target);
        }
        if (!known || (p->x > 100 && isnan(p->target) && (int)p->x % 25))
            continue;
        if (!isnan(p->target))
            fprintf(out.f, "%s,published,%.9g,%.9g\n", p->curve, p->x, p->target);
        if (!isnan(p->obtained))
            fprintf(out.f, "%s,obtained,%.9g,%.9g\n", p->curve, p->x, p->obtained);
    }
    driver_close(&out);
}

/* The worst error in units of its tolerance, over the checks that are judged. */
static void write_sum(const struct driver *d, const struct reference_report *r)
{
    struct outfile out = driver_csv(d, "trace_reference_sum.csv", "judged,missed,worst,metric");
    size_t judged = 0, at = 0;
    double worst = 0;
    for (size_t i = 0; i < r->n_checks; i++) {
        const struct reference_check *c = &r->check[i];
        judged += !isnan(c->tolerance);
        if (!isnan(c->tolerance) && c->error / c->tolerance > worst) {
            worst = c->error / c->tolerance;
            at = i;
        }
    }
    fprintf(out.f, "%zu,%zu,%.6g,\"%s\"\n", judged, reference_report_misses(r), worst,
            r->check[at].metric);
    driver_close(&out);
}

static struct mend_check repair(const struct driver *d, bool of_2021, int times)
{
    struct reference_options o = {
        .seed = d->seed, .defects = true, .defect_rate = times,
        .preset = of_2021 ? REFERENCE_2021 : REFERENCE_2022,
        .traces = (of_2021 ? 1000 : 4000) * (d->full ? 10 : 1)
    };
    return mend_check(&o, REPAIR_ALL);
}

static void write_repairs(const struct driver *d)
{
    static const int often[] = { 1, 3 };
    struct outfile out = driver_csv(d, "trace_repair.csv",
                                    "year,times,traces,trees,whole,named,repairs,wrong,unknown,"
                                    "touched,calls_wrong,calls_unknown"),
                   sum = driver_csv(d, "trace_repair_sum.csv", "worst,year,times");
    double worst = -1;
    int worst_year = 0, worst_times = 0;
    for (int year = 2022; year >= 2021; year--)
        for (size_t i = 0; i < sizeof often / sizeof *often; i++) {
            struct mend_check c = repair(d, year == 2021, often[i]);
            double by_repair = (double)c.repair.wrong / (double)c.repair.made,
                   by_call = (double)c.call.wrong / (double)c.call.made;
            fprintf(out.f, "%d,%d,%" PRIu64 ",%.6f,%.6f,%.6f,%" PRIu64 ",%.6f,%.6f,%" PRIu64
                           ",%.6f,%.6f\n",
                    year, often[i], c.traces, (double)c.trees / (double)c.traces,
                    (double)c.whole / (double)c.traces, (double)c.named / (double)c.traces,
                    c.repair.made, by_repair, (double)c.repair.unknown / (double)c.repair.made,
                    c.call.made, by_call, (double)c.call.unknown / (double)c.call.made);
            if (fmax(by_repair, by_call) > worst) {
                worst = fmax(by_repair, by_call);
                worst_year = year;
                worst_times = often[i];
            }
        }
    fprintf(sum.f, "%.6g,%d,%d\n", 100 * worst, worst_year, worst_times);
    driver_close(&out);
    driver_close(&sum);
}

int main(int argc, char **argv)
{
    struct driver d = driver_start(argc, argv, "trace_reference");
    struct reference_report *r = measure(d.seed);
    write_checks(&d, r);
    write_curves(&d, r);
    write_sum(&d, r);
    write_repairs(&d);
    reference_report_free(r);
    return driver_end(&d);
}
