/* cmd_reference.c: write a workload whose law is known. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/meta.h"
#include "cli/commands_priv.h"
#include "load/measure.h"
#include "trace/reference.h"
#include "trace/reference_azure.h"
#include "trace/reference_functions.h"

static const struct option options[] = {
    { "traces", OPT_INT, "N", "20000", "traces to write", 1, 1e12 },
    { "defects", OPT_FLAG, NULL, NULL,
      "corrupt rows as the raw samples are; the truth goes to FILE.truth.csv", 0, 0 },
    { "preset", OPT_CHOICE, "2022|2021", "2022", "which year's sizes and defects", 0, 0 },
    { "functions", OPT_INT, "N", "1000", "azure: functions; functions: how many [250]", 1, 1e7 },
    { "days", OPT_INT, "D", "1", "azure: days", 1, 99 },
    { "law", OPT_CHOICE, "poisson|bursty|periodic|diurnal|mixed|heavy", "mixed",
      "azure: how functions are invoked; the truth goes to DIR/truth.csv", 0, 0 },
    { "invocations", OPT_REAL, "X", NULL,
      "azure: invocations a day, of all functions together (default: 100 a function)", 1e-3, 1e10 },
    { "minutes", OPT_INT, "N", "1440", "functions: minutes of the trace", 1, 1e6 },
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

static bool write_graphs_meta(const struct reference_options *o, const char *path, struct err *err)
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

static bool write_graphs(const struct args *a, struct err *err)
{
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
              (!with_truth || outfile_commit(&truth, err)) && write_graphs_meta(&o, path, err);
    if (!ok) {
        outfile_abandon(&csv);
        outfile_abandon(&truth);
    }
    return ok;
}

static bool write_azure_meta(const struct reference_azure_options *o, const char *kind,
                             const char *dir, struct err *err)
{
    struct meta *m = meta_new(kind);
    meta_int(m, "functions", (int64_t)o->functions);
    meta_int(m, "days", o->days);
    meta_int(m, "seed", (int64_t)o->seed);
    meta_text(m, "law", azure_law_names[o->law]);
    meta_real(m, "invocations", o->invocations);
    char *path = file_join(dir, "truth.csv");
    bool ok = meta_write_beside(m, path, err);
    free(path);
    meta_free(m);
    return ok;
}

static bool write_azure(const struct args *a, bool v1, struct err *err)
{
    const char *dir = args_text(a, "o");
    if (strcmp(dir, "-") == 0)
        return err_set(err, EXIT_USAGE, "reference: %s writes a folder of files: -o DIR is missing",
                       args_operand(a)[0]);
    struct reference_azure_options o = {
        .functions = (size_t)args_int(a, "functions"), .days = (uint32_t)args_int(a, "days"),
        .seed = (uint64_t)args_int(a, "seed"), .threads = (size_t)args_int(a, "threads"),
        .invocations = args_real(a, "invocations"),
    };
    if (!args_given(a, "invocations"))
        o.invocations = 100.0 * (double)o.functions;
    while (strcmp(azure_law_names[o.law], args_text(a, "law")) != 0)
        o.law++;
    return (v1 ? reference_azure_v1 : reference_azure_v2)(&o, dir, err) &&
           write_azure_meta(&o, v1 ? "reference azure-v1" : "reference azure-v2", dir, err);
}

/* Options of one kind of workload say nothing about another. */
static bool check_options(const struct args *a, struct err *err)
{
    static const struct {
        const char *name, *kinds;    /* first letters of the kinds that have it */
    } of[] = { { "traces", "c" }, { "defects", "c" }, { "preset", "c" }, { "functions", "af" },
               { "days", "a" }, { "law", "a" }, { "invocations", "a" }, { "minutes", "f" } };
    const char *kind = args_operand(a)[0];
    for (size_t i = 0; i < sizeof of / sizeof *of; i++)
        if (args_given(a, of[i].name) && !strchr(of[i].kinds, kind[0]))
            return err_set(err, EXIT_USAGE, "reference: --%s is not an option of %s", of[i].name,
                           kind);
    return true;
}

/* DIR/{durations,memory,invocations}.csv, DIR/profile.json, and what made them. */
static bool write_functions(const struct args *a, struct err *err)
{
    const char *dir = args_text(a, "o");
    uint64_t seed = (uint64_t)args_int(a, "seed");
    if (strcmp(dir, "-") == 0)
        return err_set(err, EXIT_USAGE, "reference functions: -o DIR is missing");
    size_t n = args_given(a, "functions") ? (size_t)args_int(a, "functions") : REFERENCE_FUNCTIONS;
    size_t minutes = (size_t)args_int(a, "minutes");
    struct functions f = reference_functions(n, minutes, seed);
    struct proxies p = proxies_reference(REFERENCE_PROXIES, seed);
    char *profile = file_join(dir, "profile.json");
    struct meta *m = meta_new("reference functions");
    meta_int(m, "functions", (int64_t)n);
    meta_int(m, "minutes", (int64_t)minutes);
    meta_int(m, "seed", (int64_t)seed);
    bool good = functions_write(&f, dir, err) && proxies_write(p.at, p.n, false, profile, err) &&
                meta_write_beside(m, profile, err);
    meta_free(m);
    free(profile);
    proxies_free(&p);
    functions_free(&f);
    return good;
}

static int run(const struct args *a, struct err *err)
{
    const char *kind = args_operand(a)[0];
    bool v1 = strcmp(kind, "azure-v1") == 0, v2 = strcmp(kind, "azure-v2") == 0;
    bool functions = strcmp(kind, "functions") == 0;
    if (!v1 && !v2 && !functions && strcmp(kind, "callgraphs") != 0) {
        err_set(err, EXIT_USAGE, "reference: \"%s\" is not a kind of workload; there are: "
                "callgraphs, functions, azure-v1, azure-v2", kind);
        return err->status;
    }
    bool ok = check_options(a, err) && (functions  ? write_functions(a, err)
                                        : v1 || v2 ? write_azure(a, v1, err)
                                                   : write_graphs(a, err));
    return ok ? EXIT_GOOD : err->status;
}

const struct command cmd_reference = {
    .name = "reference",
    .summary = "write a seeded workload with a known law, as Alibaba or Azure publish theirs",
    .operands = "callgraphs|functions|azure-v1|azure-v2",
    .min_operands = 1,
    .max_operands = 1,
    .options = options,
    .examples = "  tracewright reference callgraphs -o calls.csv\n"
                "  tracewright reference callgraphs --traces 100000 --defects --seed 7 -o raw.csv\n"
                "  tracewright reference callgraphs --preset 2021 -o heavy.csv\n"
                "  tracewright reference functions --functions 300 -o trace\n"
                "  tracewright reference azure-v1 --functions 500 --days 2 --law mixed -o 2019/\n"
                "  tracewright reference azure-v2 --functions 424 --days 14 --law bursty -o 2021/",
    .run = run,
};
