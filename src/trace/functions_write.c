/* functions_write.c: the three tables again, numbers as short as they can be read back. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "trace/functions.h"

static void put_number(FILE *f, double x)
{
    char text[32];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, x);
        if (strtod(text, NULL) == x || isnan(x))
            break;
    }
    fprintf(f, ",%s", text);
}

static void put_word(FILE *f, const char *s)
{
    struct buf b = { 0 };
    buf_csv(&b, str_of(s));
    if (b.n)
        fwrite(b.p, 1, b.n, f);
    buf_free(&b);
}

static void put_key(FILE *f, const struct function *x)
{
    put_word(f, x->owner);
    fputc(',', f);
    put_word(f, x->app);
    fputc(',', f);
    put_word(f, x->name);
}

static void put_durations(const struct functions *o, FILE *f)
{
    fputs("HashOwner,HashApp,HashFunction,Average,Count,Minimum,Maximum", f);
    for (size_t p = 0; p < FUNCTION_DURATIONS; p++)
        fprintf(f, ",percentile_Average_%d", function_duration_pct[p]);
    fputc('\n', f);
    for (size_t i = 0; i < o->n; i++) {
        const struct function *x = &o->at[i];
        put_key(f, x);
        put_number(f, x->average);
        put_number(f, x->count);
        put_number(f, x->minimum);
        put_number(f, x->maximum);
        for (size_t p = 0; p < FUNCTION_DURATIONS; p++)
            put_number(f, x->duration[p]);
        fputc('\n', f);
    }
}

static void put_memory(const struct functions *o, FILE *f)
{
    fputs("HashOwner,HashApp,HashFunction,SampleCount,AverageAllocatedMb", f);
    for (size_t p = 0; p < FUNCTION_MEMORIES; p++)
        fprintf(f, ",AverageAllocatedMb_pct%d", function_memory_pct[p]);
    fputc('\n', f);
    for (size_t i = 0; i < o->n; i++) {
        const struct function *x = &o->at[i];
        put_key(f, x);
        put_number(f, x->samples);
        put_number(f, x->allocated);
        for (size_t p = 0; p < FUNCTION_MEMORIES; p++)
            put_number(f, x->memory[p]);
        fputc('\n', f);
    }
}

static void put_invocations(const struct functions *o, FILE *f)
{
    fputs("HashOwner,HashApp,HashFunction,Trigger", f);
    for (size_t u = 0; u < o->units; u++) {
        fputc(',', f);
        if (u < o->named)
            put_word(f, o->unit_name[u]);
        else
            fprintf(f, "%zu", u + 1);
    }
    fputc('\n', f);
    for (size_t i = 0; i < o->n; i++) {
        const struct function *x = &o->at[i];
        put_key(f, x);
        fputc(',', f);
        put_word(f, x->trigger);
        for (size_t u = 0; u < x->units; u++)
            fprintf(f, ",%ld", (long)x->calls[u]);
        fputc('\n', f);
    }
}

bool functions_write(const struct functions *o, const char *dir, struct err *err)
{
    static const struct {
        const char *name;
        void (*put)(const struct functions *, FILE *);
    } files[] = {
        { "durations.csv", put_durations },
        { "memory.csv", put_memory },
        { "invocations.csv", put_invocations },
    };
    if (!file_mkdirs(dir, err))
        return false;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *path = file_join(dir, files[i].name);
        struct outfile out = { 0 };
        bool good = outfile_open(&out, path, err);
        if (good) {
            files[i].put(o, out.f);
            good = outfile_commit(&out, err);
        }
        free(path);
        if (!good)
            return false;
    }
    return true;
}
