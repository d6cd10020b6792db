/* driver.c: see the header. */
#define _GNU_SOURCE   /* RUSAGE fields are XSI; CLOCK_MONOTONIC alone would be POSIX */
#include "cli/driver.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/threads.h"
#include "ml/linalg.h"
#include "trace/export.h"
#include "trace/import.h"

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static _Noreturn void usage(const char *name, const char *wrong)
{
    fprintf(stderr, "%s: %s\nusage: %s --out DIR [--data DIR] [--scale small|full] [--seed S] "
            "[--threads N] [--checkpoint DIR] [--shipped DIR] [--compat tracellm] [--only PART]\n",
            name, wrong, name);
    exit(EXIT_USAGE);
}

static bool take(struct driver *d, const char *key, const char *value)
{
    uint64_t n;
    if (strcmp(key, "--out") == 0)
        d->out = value;
    else if (strcmp(key, "--data") == 0)
        d->data = *value ? value : NULL;
    else if (strcmp(key, "--checkpoint") == 0)
        d->checkpoint = *value ? value : NULL;
    else if (strcmp(key, "--shipped") == 0)
        d->shipped = *value ? value : NULL;
    else if (strcmp(key, "--only") == 0)
        d->only = *value ? value : NULL;
    else if (strcmp(key, "--compat") == 0)
        return d->compat = strcmp(value, "tracellm") == 0;
    else if (strcmp(key, "--scale") == 0) {
        d->full = strcmp(value, "full") == 0;
        return d->full || strcmp(value, "small") == 0;
    } else if (strcmp(key, "--seed") == 0)
        return str_u64(str_of(value), &d->seed);
    else if (strcmp(key, "--threads") == 0) {
        bool good = str_u64(str_of(value), &n);
        d->threads = (size_t)n;
        return good;
    } else
        return false;
    return true;
}

struct driver driver_start(int argc, char **argv, const char *name)
{
    linalg_start(argc, argv);
    outfile_clean_on_signals();
    struct driver d = { .name = name, .seed = 1, .started_s = now_s() };
    for (int i = 1; i < argc; i += 2)
        if (i + 1 >= argc || !take(&d, argv[i], argv[i + 1]))
            usage(name, argv[i]);
    if (!d.out)
        usage(name, "--out is missing");
    if (d.threads == 0)
        d.threads = threads_default();
    struct err err = { 0 };
    driver_need(&d, file_mkdirs(d.out, &err), &err);
    return d;
}

bool driver_does(const struct driver *d, const char *part)
{
    return !d->only || strcmp(d->only, part) == 0;
}

char *driver_path(const struct driver *d, const char *name)
{
    return file_join(d->out, name);
}

void driver_need(const struct driver *d, bool ok, const struct err *err)
{
    if (!ok)
        exit(err_report(err, d->name));
}

struct outfile driver_csv(const struct driver *d, const char *name, const char *header)
{
    struct err err = { 0 };
    struct outfile o;
    char *path = driver_path(d, name);
    driver_need(d, outfile_open(&o, path, &err), &err);
    fprintf(o.f, "%s\n", header);
    free(path);
    return o;
}

void driver_close(struct outfile *o)
{
    struct err err = { 0 };
    if (!outfile_commit(o, &err))
        exit(err_report(&err, "experiment"));
}

struct graphset *driver_graphs(const struct driver *d, const char *name)
{
    struct err err = { 0 };
    struct import_report report = { 0 };
    struct graphset *s = graphset_new();
    char *path = driver_path(d, name);
    driver_need(d, import_alibaba_2022(&path, 1, NULL, s, &report, &err), &err);
    free(path);
    return s;
}

void driver_write_graphs(const struct driver *d, const char *name, const struct graphset *s)
{
    struct err err = { 0 };
    struct outfile o;
    char *path = driver_path(d, name);
    driver_need(d, outfile_open(&o, path, &err), &err);
    driver_need(d, export_alibaba_2022(s, o.f), &err);
    driver_need(d, outfile_commit(&o, &err), &err);
    free(path);
}

int driver_end(const struct driver *d)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    double cpu = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
                 1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
    double wall = now_s() - d->started_s, mb = (double)u.ru_maxrss / 1024;
    char name[128];
    snprintf(name, sizeof name, "%s.cost.csv", d->name);
    struct outfile o = driver_csv(d, name, "driver,wall_s,cpu_s,peak_mb");
    fprintf(o.f, "%s,%.1f,%.1f,%.0f\n", d->name, wall, cpu, mb);
    driver_close(&o);
    fprintf(stderr, "%s: %.1f s, %.0f MB\n", d->name, wall, mb);
    return EXIT_GOOD;
}
