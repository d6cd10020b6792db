/* cmd_stats.c: what is usual and what is rare per service. */
#include <stdio.h>

#include "base/file.h"
#include "base/meta.h"
#include "cli/commands_priv.h"
#include "trace/callstats.h"
#include "trace/import.h"

static const struct option options[] = {
    { "compat", OPT_CHOICE, "tracellm", NULL, "that program's figures and its way of merging files",
      0, 0 },
    { "top", OPT_INT, "N", "20", "services in the table", 1, 1e9 },
    OPTION_JSON,
    OPTION_THREADS,
    OPTION_OUT,
    OPTION_END
};

static bool count(void *ctx, const struct callgraph *g, const struct names *names, double weight,
                  struct err *err)
{
    (void)weight;
    (void)err;
    callstats_add(ctx, g, names, 1000);
    return true;
}

static bool count_compat(void *ctx, const struct compat_graph *g, struct err *err)
{
    (void)err;
    callstats_add_compat(ctx, g);
    return true;
}

/* Careful: all files are one recording. TraceLLM: each file on its own and by that program's own
 * preprocessing, traces are not rejoined. A file of which nothing can be used is an error then only
 * if no other can. */
static bool read_inputs(const struct args *a, bool compat, struct callstats *s, struct err *err)
{
    size_t n = args_operands(a), step = compat ? 1 : n, good = 0;
    struct import_options o = { .threads = (size_t)args_int(a, "threads"), .progress = true };
    struct err first = { 0 };
    for (size_t i = 0; i < n; i += step) {
        struct import_report rep = { 0 };
        struct err one = { 0 };
        char *const *paths = args_operand(a) + i;
        if (compat ? compat_tracellm(paths, step, true, count_compat, s, &rep, &one)
                   : import_alibaba_2022_stream(paths, step, &o, count, s, &rep, &one))
            good++;
        else if (!first.status)
            first = one;
        import_report_words(&rep, stderr);
        callstats_end_file(s);
        /* not there, or our own trouble: do not go on */
        if (one.status && one.status != EXIT_DATA) {
            if (err)
                *err = one;
            return false;
        }
    }
    if (!good && err)
        *err = first;
    return good > 0;
}

static bool write_out(const struct args *a, const struct callstats *s, struct err *err)
{
    struct outfile out;
    const char *path = args_text(a, "o");
    if (!outfile_open(&out, path, err))
        return false;
    if (args_flag(a, "json"))
        callstats_write(s, out.f);
    else
        callstats_words(s, (size_t)args_int(a, "top"), out.f);
    if (!outfile_commit(&out, err))
        return false;
    struct meta *m = meta_new("stats");
    meta_text(m, "compat", args_text(a, "compat") ? args_text(a, "compat") : "no");
    bool ok = true;
    for (size_t i = 0; i < args_operands(a) && ok && args_given(a, "o"); i++) {
        char role[32];
        snprintf(role, sizeof role, "input %zu", i + 1);
        ok = meta_input(m, role, args_operand(a)[i], err);
    }
    ok = ok && meta_write_beside(m, path, err);
    meta_free(m);
    return ok;
}

static int run(const struct args *a, struct err *err)
{
    bool compat = args_text(a, "compat") != NULL;
    struct callstats *s = callstats_new(compat ? CALLSTATS_TRACELLM : CALLSTATS_CAREFUL);
    bool ok = read_inputs(a, compat, s, err);
    if (ok) {
        callstats_finish(s);
        ok = write_out(a, s, err);
    }
    callstats_free(s);
    return ok ? EXIT_GOOD : err->status;
}

const struct command cmd_stats = {
    .name = "stats",
    .summary = "per service: latencies, rare calls, candidates for infilling",
    .operands = "INPUT.csv...",
    .min_operands = 1,
    .max_operands = SIZE_MAX,
    .options = options,
    .examples = "  tracewright stats graphs.csv\n"
                "  tracewright stats --json CallGraph_*.csv.gz -o stats.json\n"
                "  tracewright stats --compat tracellm --json CallGraph_*.csv -o stats.json",
    .run = run,
};
