/* cmd_encode.c: call graphs as words, in the compact stream or in one of TraceLLM's formats. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/meta.h"
#include "base/rng.h"
#include "cli/commands_priv.h"
#include "cli/graphs.h"
#include "text/format.h"

static const struct option options[] = {
    { "to", OPT_CHOICE, "compact|tabular|recursive|instruction", "compact", "the format", 0, 0 },
    { "stats", OPT_TEXT, "FILE", NULL,
      "what `stats --json` wrote: for the conditions on latency and rare calls", 0, 0 },
    { "order", OPT_CHOICE, "seeded|fixed", "seeded",
      "fixed: nothing is drawn, nothing left out, everything in the order of the format", 0, 0 },
    { "no-scratchpad", OPT_FLAG, NULL, NULL, "instruction: answers without their arithmetic", 0,
      0 },
    OPTION_SEED,
    OPTION_THREADS,
    OPTION_OUT,
    OPTION_END
};

static struct callstats *read_stats(const char *path, struct err *err)
{
    struct buf b = { 0 };
    struct callstats *s = file_read(path, &b, err) ? callstats_read(path, buf_view(&b), err) : NULL;
    buf_free(&b);
    return s;
}

static bool write_texts(const struct args *a, const struct graphset *s,
                        const struct callstats *stats, FILE *f)
{
    const struct text_format *format = text_format_find(args_text(a, "to"));
    struct text_options o = { .stats = stats, .no_scratchpad = args_flag(a, "no-scratchpad") };
    bool fixed = strcmp(args_text(a, "order"), "fixed") == 0;
    uint64_t seed = (uint64_t)args_int(a, "seed");
    gsl_rng *rng = rng_stream(seed, "encode", 0);
    struct buf b = { 0 };
    for (size_t i = 0; i < s->n && !ferror(f); i++) {
        rng_restart(rng, seed, "encode", i);
        buf_clear(&b);
        format->encode(&s->graphs[i], s->names, s->tick_us, &o, fixed ? NULL : rng, &b);
        fwrite(b.p, 1, b.n, f);
    }
    buf_free(&b);
    gsl_rng_free(rng);
    return !ferror(f);
}

static bool write_meta(const struct args *a, struct err *err)
{
    struct meta *m = meta_new("encode");
    bool fixed = strcmp(args_text(a, "order"), "fixed") == 0;
    meta_text(m, "to", args_text(a, "to"));
    meta_text(m, "order", args_text(a, "order"));
    if (!fixed)
        meta_int(m, "seed", args_int(a, "seed"));
    if (args_flag(a, "no-scratchpad"))
        meta_text(m, "scratchpad", "no");
    bool good = meta_input(m, "input", args_operand(a)[0], err) &&
                (!args_text(a, "stats") || meta_input(m, "stats", args_text(a, "stats"), err)) &&
                meta_write_beside(m, args_text(a, "o"), err);
    meta_free(m);
    return good;
}

static int run(const struct args *a, struct err *err)
{
    const char *stats_path = args_text(a, "stats");
    struct callstats *stats = stats_path ? read_stats(stats_path, err) : NULL;
    if (stats_path && !stats)
        return err->status;
    struct graphset *s = graphs_read(args_operand(a)[0], (size_t)args_int(a, "threads"), err);
    struct outfile out = { 0 };
    bool good = s && outfile_open(&out, args_text(a, "o"), err);
    if (good && !write_texts(a, s, stats, out.f)) {
        outfile_abandon(&out);
        good = err_set(err, EXIT_IO, "%s: write failed", args_text(a, "o"));
    }
    good = good && outfile_commit(&out, err) && (!args_given(a, "o") || write_meta(a, err));
    graphset_free(s);
    callstats_free(stats);
    return good ? EXIT_GOOD : err->status;
}

const struct command cmd_encode = {
    .name = "encode",
    .summary = "call graphs as words",
    .operands = "INPUT.csv",
    .min_operands = 1,
    .max_operands = 1,
    .options = options,
    .examples = "  tracewright encode graphs.csv > graphs.txt\n"
                "  tracewright stats graphs.csv --json > stats.json\n"
                "  tracewright encode --to instruction --stats stats.json graphs.csv > q.txt\n"
                "  tracewright encode --to tabular --order fixed graphs.csv",
    .run = run,
};
