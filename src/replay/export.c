/* export.c: see the header. */
#include "replay/export.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"

struct what {
    const struct replay_options *o;
    const struct replay *r;
    size_t n;
    double run_ms, memory_mb;
};

static void write_invocations(const struct what *w, FILE *f)
{
    size_t minutes = (size_t)ceil((w->o->end_s - w->o->start_s) / w->o->time_scale / 60);
    uint64_t *count = mem_array(minutes + 1, sizeof *count);
    char hex[SHA256_HEX];
    fputs("HashOwner,HashApp,HashFunction,Trigger", f);
    for (size_t m = 1; m <= minutes; m++)
        fprintf(f, ",%zu", m);
    fputc('\n', f);
    for (size_t i = 0; i < w->n; i++) {
        memset(count, 0, (minutes + 1) * sizeof *count);
        for (size_t k = 0; k < w->r[i].arrivals.n; k++) {
            double m = floor((w->r[i].arrivals.t[k] - w->o->start_s) / 60);
            if (m >= 0 && m < (double)minutes)   /* compat may run past the end */
                count[(size_t)m]++;
        }
        hash_sha256(w->r[i].model, strlen(w->r[i].model), hex);
        fprintf(f, "%s,%s,%s,http", hex, hex, hex);
        for (size_t m = 0; m < minutes; m++)
            fprintf(f, ",%llu", (unsigned long long)count[m]);
        fputc('\n', f);
    }
    free(count);
}

/* Hashes, n, then the same value `times` times. */
static void write_constant(const struct what *w, size_t i, bool durations, FILE *f)
{
    char hex[SHA256_HEX];
    size_t count = w->r[i].arrivals.n;
    hash_sha256(w->r[i].model, strlen(w->r[i].model), hex);
    fprintf(f, "%s,%s,%s,", hex, hex, hex);
    if (durations)
        fprintf(f, "%.9g,%zu", w->run_ms, count);
    else
        fprintf(f, "%zu,%.9g", count, w->memory_mb);
    for (size_t k = 0; k < (durations ? 9u : 8u); k++)
        fprintf(f, ",%.9g", durations ? w->run_ms : w->memory_mb);
    fputc('\n', f);
}

static void write_durations(const struct what *w, FILE *f)
{
    fputs("HashFunction,HashOwner,HashApp,Average,Count,Minimum,Maximum,percentile_Average_0,"
          "percentile_Average_1,percentile_Average_25,percentile_Average_50,percentile_Average_75,"
          "percentile_Average_99,percentile_Average_100\n", f);
    for (size_t i = 0; i < w->n; i++)
        write_constant(w, i, true, f);
}

static void write_memory(const struct what *w, FILE *f)
{
    fputs("HashOwner,HashApp,HashFunction,SampleCount,AverageAllocatedMb,AverageAllocatedMb_pct1,"
          "AverageAllocatedMb_pct5,AverageAllocatedMb_pct25,AverageAllocatedMb_pct50,"
          "AverageAllocatedMb_pct75,AverageAllocatedMb_pct95,AverageAllocatedMb_pct99,"
          "AverageAllocatedMb_pct100\n", f);
    for (size_t i = 0; i < w->n; i++)
        write_constant(w, i, false, f);
}

bool replay_export(const struct replay_options *o, const struct replay *r, size_t n, double run_ms,
                   double memory_mb, const char *dir, struct err *err)
{
    static const struct {
        const char *name;
        void (*write)(const struct what *w, FILE *f);
    } file[] = {
        { "invocations.csv", write_invocations }, { "durations.csv", write_durations },
        { "memory.csv", write_memory },
    };
    struct what w = { o, r, n, run_ms, memory_mb };
    bool ok = file_mkdirs(dir, err);
    for (size_t i = 0; ok && i < sizeof file / sizeof *file; i++) {
        char *path = file_join(dir, file[i].name);
        struct outfile out;
        ok = outfile_open(&out, path, err);
        if (ok) {
            file[i].write(&w, out.f);
            ok = outfile_commit(&out, err);
        }
        free(path);
    }
    return ok;
}
