/* reference_azure_v1.c: counts by the minute. Functions are drawn side by side for all days and
 * kept as codes of days; then the files are written day by day. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "base/threads.h"
#include "trace/invocations.h"
#include "trace/minutes_priv.h"
#include "trace/reference_azure_priv.h"

struct drawn {
    uint8_t *code;                 /* days one after the other */
    uint32_t *bytes;               /* (days) */
};

struct drawing {
    const struct reference_azure_options *o;
    struct azure_function *f;
    struct drawn *drawn;
    gsl_rng **rng;                 /* one a worker */
    struct azure_times *times;
};

static void encode_day(const struct azure_times *t, size_t *at, uint32_t day, struct drawn *d,
                       size_t *n, size_t *cap)
{
    uint32_t dense[DAY_MINUTES] = { 0 };
    double end = ((double)day + 1) * DAY_SECONDS, start = (double)day * DAY_SECONDS;
    for (; *at < t->n && t->t[*at] < end; ++*at) {
        size_t m = (size_t)((t->t[*at] - start) / 60);
        dense[m < DAY_MINUTES ? m : DAY_MINUTES - 1]++;
    }
    struct minutes busy;
    minutes_of(dense, &busy);
    MEM_RESERVE(d->code, *n + MINUTES_CODE_MAX, *cap);
    d->bytes[day] = (uint32_t)minutes_encode(&busy, d->code + *n);
    *n += d->bytes[day];
}

static void draw_function(void *ctx, size_t i, size_t worker)
{
    struct drawing *job = ctx;
    struct azure_times *t = &job->times[worker];
    struct drawn *d = &job->drawn[i];
    size_t at = 0, n = 0, cap = 0;
    azure_draw(job->o, &job->f[i], i, 0, (double)job->o->days * DAY_SECONDS, job->rng[worker], t);
    job->f[i].written = t->n;
    d->bytes = mem_array(job->o->days, sizeof *d->bytes);
    for (uint32_t day = 0; day < job->o->days; day++)
        encode_day(t, &at, day, d, &n, &cap);
    d->code = mem_resize(d->code, n ? n : 1, 1);
}

static void draw_all(struct drawing *job)
{
    size_t threads = job->o->threads ? job->o->threads : threads_default();
    job->drawn = mem_array(job->o->functions, sizeof *job->drawn);
    job->rng = mem_array(threads, sizeof(gsl_rng *));
    job->times = mem_array(threads, sizeof *job->times);
    for (size_t w = 0; w < threads; w++)
        job->rng[w] = rng_stream(0, "reference/azure/arrivals", 0);
    threads_for(threads, job->o->functions, draw_function, job);
    for (size_t w = 0; w < threads; w++) {
        gsl_rng_free(job->rng[w]);
        free(job->times[w].t);
    }
    free(job->rng);
    free(job->times);
}

static void write_row(FILE *out, const struct azure_function *f, const uint8_t *code)
{
    static const char *const trigger[LAWS] = { [LAW_POISSON] = "event", [LAW_BURSTY] = "queue",
                                               [LAW_PERIODIC] = "timer", [LAW_DIURNAL] = "http" };
    struct minutes m;
    minutes_decode(code, &m);
    fprintf(out, "%s,%s,%s,%s", f->owner, f->app, f->function, trigger[f->law]);
    char cells[DAY_MINUTES * 12], *p = cells;
    for (size_t k = 0, i = 0; i < DAY_MINUTES; i++) {
        *p++ = ',';
        if (k < m.n && m.at[k] == i)
            p += sprintf(p, "%u", m.count[k++]);
        else
            *p++ = '0';
    }
    *p++ = '\n';
    fwrite(cells, 1, (size_t)(p - cells), out);
}

static bool write_day(const struct drawing *job, uint32_t day, size_t *at, const char *dir,
                      struct err *err)
{
    char name[64];
    struct outfile out;
    snprintf(name, sizeof name, "invocations_per_function_md.anon.d%02u.csv", day + 1);
    char *path = file_join(dir, name);
    bool ok = outfile_open(&out, path, err);
    free(path);
    if (!ok)
        return false;
    fputs("HashOwner,HashApp,HashFunction,Trigger", out.f);
    for (int m = 1; m <= DAY_MINUTES; m++)
        fprintf(out.f, ",%d", m);
    fputc('\n', out.f);
    for (size_t i = 0; i < job->o->functions; i++) {
        uint32_t bytes = job->drawn[i].bytes[day];
        if (bytes)
            write_row(out.f, &job->f[i], job->drawn[i].code + at[i]);
        at[i] += bytes;
    }
    ok = outfile_commit(&out, err);
    outfile_abandon(&out);
    return ok;
}

bool reference_azure_v1(const struct reference_azure_options *o, const char *dir, struct err *err)
{
    if (!file_mkdirs(dir, err))
        return false;
    struct drawing job = { .o = o, .f = azure_functions(o, false) };
    draw_all(&job);
    size_t *at = mem_array(o->functions, sizeof *at);
    bool ok = true;
    for (uint32_t day = 0; ok && day < o->days; day++)
        ok = write_day(&job, day, at, dir, err);
    ok = ok && azure_write_truth(o, job.f, dir, err);
    for (size_t i = 0; i < o->functions; i++) {
        free(job.drawn[i].code);
        free(job.drawn[i].bytes);
    }
    free(job.drawn);
    free(job.f);
    free(at);
    return ok;
}
