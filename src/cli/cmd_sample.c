/* cmd_sample.c: nested samples of a serverless trace. */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/meta.h"
#include "cli/commands_priv.h"
#include "load/fsample.h"

static const struct option options[] = {
    { "trace", OPT_TEXT, "DIR", "trace", "folder of durations.csv, memory.csv, invocations.csv",
      0, 0 },
    { "functions", OPT_TEXT, "N[,N...]", NULL,
      "sizes; each sample is part of the next larger one", 0, 0 },
    { "trials", OPT_INT, "T", "16", "random draws per size, of which the nearest is kept", 1, 1e6 },
    { "from", OPT_INT, "M", "0", "first minute to keep", 0, 1e7 },
    { "minutes", OPT_INT, "M", "0", "minutes to keep; 0: to the end", 0, 1e7 },
    { "o", OPT_TEXT, "DIR", "sample", "the tables go there; of several sizes, each to DIR/N", 0,
      0 },
    OPTION_SEED,
    OPTION_JSON,
    OPTION_END
};

enum { MOST_SIZES = 64 };

static int descending(const void *a, const void *b)
{
    const size_t *x = a, *y = b;
    return (*x < *y) - (*x > *y);
}

static bool read_sizes(const char *text, size_t most, size_t *size, size_t *n, struct err *err)
{
    struct str rest = str_of(text ? text : ""), piece;
    *n = 0;
    if (!text)
        return err_set(err, EXIT_USAGE, "--functions is missing");
    while (str_next(&rest, ',', &piece)) {
        uint64_t x;
        if (!str_u64(piece, &x) || !x || *n == MOST_SIZES)
            return err_set(err, EXIT_USAGE, "--functions: \"%.*s\" is no size", (int)piece.n,
                           piece.p);
        if (x > most)
            return err_set(err, EXIT_USAGE,
                           "--functions: %llu of the %zu functions that are called",
                           (unsigned long long)x, most);
        size[(*n)++] = (size_t)x;
    }
    qsort(size, *n, sizeof *size, descending);
    return *n > 0 || err_set(err, EXIT_USAGE, "--functions: no size");
}

static bool write_sample(const struct args *a, const struct functions *o, const struct fsample *s,
                         bool several, struct err *err)
{
    struct functions part = *o;
    struct function *at = mem_array(s->n, sizeof *at);
    char *dir = mem_strdup(args_text(a, "o")), number[32];
    for (size_t k = 0; k < s->n; k++)
        at[k] = o->at[s->member[k]];
    part.at = at;
    part.n = s->n;
    if (several) {
        snprintf(number, sizeof number, "%zu", s->n);
        char *below = file_join(dir, number);
        free(dir);
        dir = below;
    }
    bool good = functions_write(&part, dir, err);
    free(dir);
    free(at);
    return good;
}

/* DIR/distances.csv, and what made it. */
static bool write_distances(const struct args *a, const struct fsample *s, size_t n,
                            struct err *err)
{
    static const char *const said[] = { "functions", "trials", "from", "minutes", "seed" };
    char *path = file_join(args_text(a, "o"), "distances.csv");
    struct outfile o = { 0 };
    bool good = outfile_open(&o, path, err);
    if (good) {
        fputs("functions,distance,random_distance\n", o.f);
        for (size_t k = 0; k < n; k++)
            fprintf(o.f, "%zu,%.9g,%.9g\n", s[k].n, s[k].distance, s[k].random);
        good = outfile_commit(&o, err);
    }
    struct meta *m = meta_new("sample");
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        meta_text(m, said[i], args_text(a, said[i]));
    good = good && meta_write_beside(m, path, err);
    meta_free(m);
    free(path);
    return good;
}

static void report(const struct fsample *s, size_t n, bool json)
{
    for (size_t k = 0; k < n; k++)
        printf(json ? "%s{\"functions\":%zu,\"distance\":%.9g,\"random_distance\":%.9g}"
                    : "%s%zu functions: distance %.6g, a random sample's %.6g\n",
               json ? (k ? "," : "[") : "", s[k].n, s[k].distance, s[k].random);
    if (json)
        printf("]\n");
}

static int run(const struct args *a, struct err *err)
{
    struct functions o = { 0 };
    struct functions_report rows;
    struct fsample s[MOST_SIZES] = { 0 };
    size_t size[MOST_SIZES], n = 0, dropped = 0;
    bool good = functions_read(args_text(a, "trace"), true, &o, &rows, err);
    functions_report_words(&rows, stderr);
    good = good && fsample_prepare(&o, (size_t)args_int(a, "from"),
                                   (size_t)args_int(a, "minutes"), &dropped, err) &&
           read_sizes(args_text(a, "functions"), o.n, size, &n, err);
    if (good) {
        if (dropped)
            fprintf(stderr, "%zu functions are not called in these minutes, or take no time\n",
                    dropped);
        fsample_draw(&o, size, n, (size_t)args_int(a, "trials"), (uint64_t)args_int(a, "seed"), s);
    }
    for (size_t k = 0; k < n && good; k++)
        good = write_sample(a, &o, &s[k], n > 1, err);
    good = good && write_distances(a, s, n, err);
    if (good)
        report(s, n, args_flag(a, "json"));
    for (size_t k = 0; k < n; k++)
        free(s[k].member);
    functions_free(&o);
    return good ? EXIT_GOOD : err->status;
}

const struct command cmd_sample = {
    .name = "sample",
    .summary = "choose a few functions of a serverless trace that stand for all",
    .options = options,
    .examples = "  tracewright sample --trace azure --functions 200,50,10 --trials 50 -o samples\n"
                "  tracewright sample --trace azure --functions 50 --from 540 --minutes 150 -o s50",
    .run = run,
};
