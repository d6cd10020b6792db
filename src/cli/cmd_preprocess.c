/* cmd_preprocess.c: a serverless trace, read once and told in a line, a pickle or a cache.
 *
 * AlpaServe's preprocess_azure_v1_trace and preprocess_azure_v2_trace: the same line (its number of
 * days is the trace's here) and, with --to pickle, the same pickle. */
#include <inttypes.h>
#include <string.h>

#include "cli/commands_priv.h"
#include "trace/invocations.h"

static const struct option options[] = {
    { "trace", OPT_CHOICE, "azure-v1|azure-v2|azure-llm|azure_v1|azure_v2", NULL,
      "the schema of the files", 0, 0 },
    { "to", OPT_CHOICE, "cache|pickle", "cache",
      "what to write to -o: a cache of our own, or the original's pickle", 0, 0 },
    { "days", OPT_INT, "N", NULL, "read the days d01 to dN", 1, INVOCATIONS_DAYS_MAX },
    { "compat", OPT_FLAG, NULL, NULL,
      "as AlpaServe: functions by their id alone, stop where it stops", 0, 0 },
    { "o", OPT_TEXT, "FILE", NULL, "write the trace there", 0, 0 },
    OPTION_JSON,
    OPTION_THREADS,
    OPTION_END
};

struct totals {
    uint64_t sum, max, min;
    double mean;
};

static struct totals totals_of(const struct invocations *v)
{
    struct totals t = { .min = UINT64_MAX };
    for (size_t f = 0; f < v->n; f++) {
        uint64_t x = v->total[f];
        t.sum += x;
        t.max = x > t.max ? x : t.max;
        t.min = x < t.min ? x : t.min;
    }
    t.mean = (double)t.sum / (double)v->n;
    return t;
}

static void print(const struct invocations *v, const struct invocations_report *rep, bool json)
{
    struct totals t = totals_of(v);
    if (!json) {
        printf("#days: %u, #functions: %zu, total invocations: %" PRIu64 ", max: %" PRIu64
               ", min: %" PRIu64 ", avg: %.2f\n",
               v->n_days, v->n, t.sum, t.max, t.min, t.mean);
        return;
    }
    printf("{\"days\":%u,\"functions\":%zu,\"invocations\":%" PRIu64 ",\"max\":%" PRIu64
           ",\"min\":%" PRIu64 ",\"mean\":%.17g,\"bytes_kept\":%zu,\"report\":",
           v->n_days, v->n, t.sum, t.max, t.min, t.mean, invocations_bytes(v));
    invocations_report_write(rep, stdout);
    printf("}\n");
}

static bool write_trace(const struct args *a, const struct invocations *v, struct err *err)
{
    const char *path = args_text(a, "o");
    if (!path)
        return true;
    return strcmp(args_text(a, "to"), "pickle") == 0 ? invocations_pickle_write(v, path, err) :
                                                       invocations_cache_write(v, path, err);
}

static int run(const struct args *a, struct err *err)
{
    const char *path = args_text(a, "o");
    if (!args_given(a, "trace")) {
        err_set(err, EXIT_USAGE, "preprocess: --trace is missing: azure-v1, azure-v2 or azure-llm");
        return err->status;
    }
    if (args_given(a, "to") && !path) {
        err_set(err, EXIT_USAGE, "preprocess: --to needs -o FILE");
        return err->status;
    }
    struct invocations_options o = { .days = args_given(a, "days") ?
                                             (uint32_t)args_int(a, "days") : 0,
                                     .compat = args_flag(a, "compat"), .progress = true,
                                     .threads = (size_t)args_int(a, "threads") };
    struct invocations_report rep;
    struct invocations *v = invocations_read(invocations_format(args_text(a, "trace")),
                                             args_operand(a)[0], &o, &rep, err);
    if (rep.files && (invocations_report_dropped(&rep) || rep.repeated.rows || rep.late))
        invocations_report_words(&rep, stderr);
    bool ok = v && write_trace(a, v, err);
    if (ok && !(path && strcmp(path, "-") == 0))
        print(v, &rep, args_flag(a, "json"));
    invocations_free(v);
    return ok ? EXIT_GOOD : err->status;
}

const struct command cmd_preprocess = {
    .name = "preprocess",
    .summary = "read a serverless trace, account for its rows, keep it as a pickle or cache",
    .operands = "PATH",
    .min_operands = 1,
    .max_operands = 1,
    .options = options,
    .examples =
        "  tracewright preprocess --trace azure-v1 azurefunctions2019/ --days 14 -o day14.cache\n"
        "  tracewright preprocess --trace azure-v2 azurefunctions2021/ --compat --to pickle \\\n"
        "      -o azure_v2.pkl\n"
        "  tracewright preprocess --trace azure-llm AzureLLMInferenceTrace_conv.csv --json",
    .run = run,
};
