/* cmd_reference.c: write a workload whose law is known. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/meta.h"
#include "cli/commands_priv.h"
#include "trace/reference.h"

static const struct option options[] = {
    { "traces", OPT_INT, "N", "20000", "traces to write", 1, 1e12 },
    { "defects", OPT_FLAG, NULL, NULL,
      "corrupt rows as the raw samples are; the truth goes to FILE.truth.csv", 0, 0 },
    { "preset", OPT_CHOICE, "2022|2021", "2022", "which year's sizes and defects", 0, 0 },
    OPTION_SEED,
    OPTION_THREADS,
    OPTION_OUT,
    OPTION_END
};

static bool write_truth_beside(const char *path, struct outfile *truth, struct err *err)
{
    char *name = mem_array(strlen(path) + 16, 1);
    strcat(strcpy(name, path), ".truth.csv");
    bool ok = outfile_open(truth, name, err);
    free(name);
    return ok;
}

static bool write_meta(const struct reference_options *o, const char *path, struct err *err)
{
    struct meta *m = meta_new("reference callgraphs");
    meta_int(m, "traces", (int64_t)o->traces);
    meta_int(m, "seed", (int64_t)o->seed);
    meta_text(m, "preset", o->preset == REFERENCE_2021 ? "2021" : "2022");
    meta_text(m, "defects", o->defects ? "yes" : "no");
    bool ok = meta_write_beside(m, path, err);
    meta_free(m);
    return ok;
}

static int run(const struct args *a, struct err *err)
{
    if (strcmp(args_operand(a)[0], "callgraphs") != 0) {
        err_set(err, EXIT_USAGE,
                "reference: \"%s\" is not a kind of workload; there is: callgraphs",
                args_operand(a)[0]);
        return err->status;
    }
    const char *path = args_text(a, "o");
    struct reference_options o = {
        .traces = (uint64_t)args_int(a, "traces"),
        .seed = (uint64_t)args_int(a, "seed"),
        .preset = strcmp(args_text(a, "preset"), "2021") == 0 ? REFERENCE_2021 : REFERENCE_2022,
        .defects = args_flag(a, "defects"),
        .threads = (size_t)args_int(a, "threads"),
    };
    struct outfile csv = { 0 }, truth = { 0 };
    bool with_truth = o.defects && strcmp(path, "-") != 0;
    bool ok = outfile_open(&csv, path, err) &&
              (!with_truth || write_truth_beside(path, &truth, err)) &&
              reference_callgraphs(&o, csv.f, truth.f, err) && outfile_commit(&csv, err) &&
              (!with_truth || outfile_commit(&truth, err)) && write_meta(&o, path, err);
    if (!ok) {
        outfile_abandon(&csv);
        outfile_abandon(&truth);
    }
    return ok ? EXIT_GOOD : err->status;
}

const struct command cmd_reference = {
    .name = "reference",
    .summary = "write a seeded workload with a known law, as Alibaba-2022 CSV",
    .operands = "callgraphs",
    .min_operands = 1,
    .max_operands = 1,
    .options = options,
    .examples = "  tracewright reference callgraphs -o calls.csv\n"
                "  tracewright reference callgraphs --traces 100000 --defects --seed 7 -o raw.csv\n"
                "  tracewright reference callgraphs --preset 2021 -o heavy.csv",
    .run = run,
};
