/* trace_reference: does the reference workload look like the traces it stands for?
 *
 * Claim    size, depth, type, time and popularity of the reference workload have a
 *          Kolmogorov-Smirnov distance of at most 0.10 to Alibaba's 2022 traces; shares are within 20 %.
 * Reads    nothing: the targets are published or measured figures (trace/reference_check.c)
 * Writes   OUTDIR/trace_reference.csv         metric,view,target,obtained,ks_or_relative_error,tolerance,source
 *          OUTDIR/trace_reference_curves.csv  curve,x,target,obtained: distribution functions; popularity
 *                                             is the share of the x most popular services
 * Scale    small: 20,000 traces, 1 s of work;  full: the same and 20 more seeds, whose worst errors
 *          are rows of view "worst of 20 seeds"
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
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

static bool write_checks(const char *dir, const struct reference_report *r, uint64_t seed, bool full, struct err *err)
{
    enum { SEEDS = 20 };
    char *path = file_join(dir, "trace_reference.csv");
    struct outfile out;
    bool ok = outfile_open(&out, path, err);
    free(path);
    if (!ok)
        return false;
    fputs("metric,view,target,obtained,ks_or_relative_error,tolerance,source\n", out.f);
    for (size_t i = 0; i < r->n_checks; i++)
        write_check(out.f, &r->check[i], r->check[i].view);
    if (full) {
        struct reference_report *more[SEEDS];
        for (size_t k = 0; k < SEEDS; k++)
            more[k] = measure(seed + 1 + k);
        write_worst(out.f, more, SEEDS);
        for (size_t k = 0; k < SEEDS; k++)
            reference_report_free(more[k]);
    }
    return outfile_commit(&out, err);
}

static bool write_curves(const char *dir, const struct reference_report *r, struct err *err)
{
    char *path = file_join(dir, "trace_reference_curves.csv");
    struct outfile out;
    bool ok = outfile_open(&out, path, err);
    free(path);
    if (!ok)
        return false;
    fputs("curve,x,target,obtained\n", out.f);
    for (size_t i = 0; i < r->n_points; i++) {
        fprintf(out.f, "%s,%.9g,", r->point[i].curve, r->point[i].x);
        number(out.f, r->point[i].target, ',');
        number(out.f, r->point[i].obtained, '\n');
    }
    return outfile_commit(&out, err);
}

int main(int argc, char **argv)
{
    const char *dir = NULL;
    uint64_t seed = 1;
    bool full = false, good = argc % 2;
    for (int i = 1; i + 1 < argc && good; i += 2)
        if (strcmp(argv[i], "-o") == 0)
            dir = argv[i + 1];
        else if (strcmp(argv[i], "--seed") == 0)
            good = str_u64(str_of(argv[i + 1]), &seed);
        else if (strcmp(argv[i], "--scale") == 0)
            full = strcmp(argv[i + 1], "full") == 0;
        else
            good = false;
    if (!good || !dir) {
        fprintf(stderr, "usage: trace_reference [--seed S] [--scale small|full] -o OUTDIR\n");
        return EXIT_USAGE;
    }
    struct err err = { 0 };
    struct reference_report *r = measure(seed);
    if (!file_mkdirs(dir, &err) || !write_checks(dir, r, seed, full, &err) || !write_curves(dir, r, &err))
        return err_report(&err, "trace_reference");
    reference_report_free(r);
    return EXIT_GOOD;
}
