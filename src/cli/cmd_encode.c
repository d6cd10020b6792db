/* cmd_encode.c: call graphs as words, in the compact stream or in one of TraceLLM's formats. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/meta.h"
#include "base/rng.h"
#include "cli/commands_priv.h"
#include "text/format.h"
#include "trace/import.h"

static const struct option options[] = {
    { "to", OPT_CHOICE, "compact|tabular|recursive|instruction", "compact", "the format", 0, 0 },
    { "stats", OPT_TEXT, "FILE", NULL,
      "what `stats --json` wrote: for the conditions on latency and rare calls", 0, 0 },
    { "order", OPT_CHOICE, "seeded|fixed", "seeded",
      "fixed: nothing is drawn, nothing left out, everything in the order of the format", 0, 0 },
    { "open", OPT_TEXT, "FIELDS", NULL,
      "compact: header fields written \"?\", of service,edges,depth,latency", 0, 0 },
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

/* "service,depth" as a mask. */
static bool read_open(const char *text, struct compact_header_mask *m, struct err *err)
{
    struct str rest = str_of(text), piece;
    while (rest.n && str_next(&rest, ',', &piece)) {
        bool *field = str_is(piece, "service")   ? &m->service
                      : str_is(piece, "edges")   ? &m->edges
                      : str_is(piece, "depth")   ? &m->depth
                      : str_is(piece, "latency") ? &m->latency
                                                 : NULL;
        if (!field)
            return err_set(err, EXIT_USAGE, "--open: \"%.*s\" is no header field", (int)piece.n,
                           piece.p);
        *field = true;
    }
    return true;
}

struct encoding {
    const struct text_format *format;
    struct text_options options;
    gsl_rng *rng;              /* restarted for every graph */
    bool fixed;
    uint64_t seed, n;          /* graphs so far */
    struct buf text;
    FILE *f;
};

/* Graph i draws from stream i, so that no other graph moves its text. */
static bool take_graph(void *ctx, const struct callgraph *g, const struct names *names,
                       double weight, struct err *err)
{
    (void)weight;
    struct encoding *e = ctx;
    rng_restart(e->rng, e->seed, "encode", e->n++);
    buf_clear(&e->text);
    e->format->encode(g, names, 1000, &e->options, e->fixed ? NULL : e->rng, &e->text);
    fwrite(e->text.p, 1, e->text.n, e->f);
    return !ferror(e->f) || err_set(err, EXIT_IO, "write failed");
}

static bool write_texts(const struct args *a, const struct callstats *stats, FILE *f,
                        struct err *err)
{
    struct encoding e = { .format = text_format_find(args_text(a, "to")), .f = f };
    e.options = (struct text_options){ .stats = stats,
                                       .no_scratchpad = args_flag(a, "no-scratchpad") };
    if (args_text(a, "open") && !read_open(args_text(a, "open"), &e.options.open, err))
        return false;
    e.fixed = strcmp(args_text(a, "order"), "fixed") == 0;
    e.seed = (uint64_t)args_int(a, "seed");
    e.rng = rng_stream(e.seed, "encode", 0);
    struct import_options o = { .threads = (size_t)args_int(a, "threads"), .progress = true };
    struct import_report rep = { 0 };
    bool good = import_alibaba_2022_stream(args_operand(a), args_operands(a), &o, take_graph, &e,
                                           &rep, err);
    if (rep.rows_used < rep.rows_read)
        import_report_words(&rep, stderr);
    buf_free(&e.text);
    gsl_rng_free(e.rng);
    return good;
}

static bool write_meta(const struct args *a, struct err *err)
{
    struct meta *m = meta_new("encode");
    bool fixed = strcmp(args_text(a, "order"), "fixed") == 0;
    meta_text(m, "to", args_text(a, "to"));
    meta_text(m, "order", args_text(a, "order"));
    if (!fixed)
        meta_int(m, "seed", args_int(a, "seed"));
    if (args_text(a, "open"))
        meta_text(m, "open", args_text(a, "open"));
    if (args_flag(a, "no-scratchpad"))
        meta_text(m, "scratchpad", "no");
    bool good = !args_text(a, "stats") || meta_input(m, "stats", args_text(a, "stats"), err);
    for (size_t i = 0; good && i < args_operands(a); i++) {
        char role[32];
        snprintf(role, sizeof role, "input %zu", i + 1);
        good = meta_input(m, role, args_operand(a)[i], err);
    }
    good = good && meta_write_beside(m, args_text(a, "o"), err);
    meta_free(m);
    return good;
}

static int run(const struct args *a, struct err *err)
{
    const char *stats_path = args_text(a, "stats");
    struct callstats *stats = stats_path ? read_stats(stats_path, err) : NULL;
    if (stats_path && !stats)
        return err->status;
    struct outfile out;
    bool good = outfile_open(&out, args_text(a, "o"), err);
    if (good && !write_texts(a, stats, out.f, err)) {
        outfile_abandon(&out);
        good = false;
    }
    good = good && outfile_commit(&out, err) && (!args_given(a, "o") || write_meta(a, err));
    callstats_free(stats);
    return good ? EXIT_GOOD : err->status;
}

const struct command cmd_encode = {
    .name = "encode",
    .summary = "call graphs as words",
    .operands = "INPUT.csv...",
    .min_operands = 1,
    .max_operands = SIZE_MAX,
    .options = options,
    .examples = "  tracewright encode graphs.csv > graphs.txt\n"
                "  tracewright stats graphs.csv --json > stats.json\n"
                "  tracewright encode --to instruction --stats stats.json graphs.csv > q.txt\n"
                "  tracewright encode --to tabular --order fixed graphs.csv",
    .run = run,
};
