/* cmd_replay.c: fit a serverless trace window by window, and draw new arrivals for models. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/meta.h"
#include "cli/commands_priv.h"
#include "cli/replay_plot.h"
#include "replay/export.h"
#include "replay/fidelity.h"
#include "replay/goodness.h"
#include "replay/replay_stats.h"
#include "replay/share.h"
#include "replay/slice.h"
#include "replay/workload.h"

static const struct option options[] = {
    { "trace", OPT_CHOICE, "azure-v1|azure-v2|azure-llm", NULL,
      "what the trace is: 2019 (counts per minute), 2021 (times), LLM inference", 0, 0 },
    { "models", OPT_TEXT, "A,B,C|NAME:N", NULL, "models to replay for; gpt:5 names gpt0 to gpt4", 0,
      0 },
    { "mapping", OPT_CHOICE, "stripe|round_robin|block|volume|random", "stripe",
      "function to model; round_robin is the original's contiguous blocks", 0, 0 },
    { "mapping-scope", OPT_CHOICE, "slice|trace", "slice",
      "functions that are mapped: those of the slice, or once those of the whole trace", 0, 0 },
    { "start", OPT_TEXT, "D.H.M", "0.0.0", "the slice starts here: day.hour.minute", 0, 0 },
    { "end", OPT_TEXT, "D.H.M", NULL, "and ends before this [the end of the data; --compat "
      "13.23.60]", 0, 0 },
    { "arrivals", OPT_CHOICE, "vanilla|exponential|gamma|pareto|mmpp|deterministic", "exponential",
      "as they are, or drawn from this process", 0, 0 },
    { "interval", OPT_REAL, "S", "600", "seconds of a window", 0, 0 },
    { "rate-scale", OPT_REAL, "X", "1", "factor on every window's rate", 0, 0 },
    { "cv-scale", OPT_REAL, "X", "1", "factor on every window's cv; of azure-v1 it is the cv", 0,
      0 },
    { "time-scale", OPT_REAL, "X", "1", "vanilla: squeeze time by this factor", 0, 0 },
    { "replicate", OPT_INT, "N", "1", "vanilla: each arrival N times", 0, 0 },
    { "cv-by", OPT_CHOICE, "ml|moments", "ml", "how a window's cv is estimated", 0, 0 },
    { "least", OPT_INT, "N", "3", "windows with fewer arrivals are Poisson", 3, 1e9 },
    { "days", OPT_INT, "N", "0", "read the first N days; 0 is all", 0, 3660 },
    { "compat", OPT_FLAG, NULL, NULL,
      "AlpaServe's way: fresh processes per window, rates from gaps, ids merged, 14 days", 0, 0 },
    { "stats", OPT_FLAG, NULL, NULL, "print what each replay is like; on standard error unless -o "
      "takes the arrivals", 0, 0 },
    { "json", OPT_FLAG, NULL, NULL, "statistics as JSON; implies --stats", 0, 0 },
    { "params", OPT_TEXT, "FILE.json", NULL, "write rate and cv of every window", 0, 0 },
    { "slo", OPT_REAL, "S", NULL, "seconds a request may take, for --workload", 0, 0 },
    { "workload", OPT_TEXT, "FILE.jsonl", NULL, "write all requests, in order of arrival", 0, 0 },
    { "plot", OPT_TEXT, "FILE.pdf", NULL, "draw arrivals over time (.pdf, .svg, .png)", 0, 0 },
    { "bin", OPT_REAL, "S", "0", "seconds of a bin of --plot; 0: 99 bins", 0, 1e12 },
    { "fit", OPT_TEXT, "FILE.csv|json", NULL,
      "write how well six laws fit the gaps of every window (KS, AD, AIC, BIC)", 0, 0 },
    { "fidelity", OPT_TEXT, "FILE.csv|json", NULL,
      "write how like the trace each replay is, beside the trace against itself", 0, 0 },
    { "export", OPT_TEXT, "DIR", NULL, "write invocations, durations and memory per model, as "
      "invitro and vSwarm's loader read them", 0, 0 },
    { "run-ms", OPT_REAL, "MS", "1000", "--export: how long an invocation runs", 1e-3, 1e9 },
    { "memory-mb", OPT_REAL, "MB", "170", "--export: memory of an invocation", 1e-3, 1e9 },
    { "seed", OPT_INT, "N", "0", "seed of everything that is drawn", 0, 9e15 },
    OPTION_THREADS,
    OPTION_OUT,
    OPTION_END
};

/* Everything that is known before the trace is read. */
static bool read_options(const struct args *a, struct replay_options *o, struct err *err)
{
    static const char *const needed[] = { "trace", "models" };
    for (size_t i = 0; i < 2; i++)
        if (!args_given(a, needed[i]))
            return err_set(err, EXIT_USAGE, "--%s is missing", needed[i]);
    if (args_given(a, "workload") && !(args_real(a, "slo") > 0))
        return err_set(err, EXIT_USAGE, "--workload needs --slo above 0");
    if (args_given(a, "fit") && strcmp(args_text(a, "trace"), "azure-v1") == 0)
        return err_set(err, EXIT_USAGE, "--fit: azure-v1 has counts, and no gaps to fit");
    const char *trace = args_text(a, "trace"), *arrivals = args_text(a, "arrivals");
    const struct invocations_format *f = invocations_format(trace);
    *o = (struct replay_options){
        .kind = invocations_format_kind(f) == INVOCATIONS_COUNTS ? REPLAY_COUNTS : REPLAY_TIMES,
        .trace = strcmp(trace, "azure-v1") == 0 ? "azure_v1"
               : strcmp(trace, "azure-v2") == 0 ? "azure_v2" : "azure_llm",
        .arrivals = arrivals, .start = args_text(a, "start"), .end = args_text(a, "end"),
        .process = strcmp(arrivals, "vanilla") == 0 ? NULL : process_find(arrivals),
        .interval_s = args_real(a, "interval"), .rate_scale = args_real(a, "rate-scale"),
        .cv_scale = args_real(a, "cv-scale"), .time_scale = args_real(a, "time-scale"),
        .replicate = (long)args_int(a, "replicate"), .seed = (uint64_t)args_int(a, "seed"),
        .compat = args_flag(a, "compat"), .moments = strcmp(args_text(a, "cv-by"), "moments") == 0,
        .least = (size_t)args_int(a, "least"), .threads = (size_t)args_int(a, "threads"),
    };
    const char *warning;
    if (!replay_check(o, &warning, err))
        return false;
    if (warning)
        fprintf(stderr, "tracewright: %s\n", warning);
    return true;
}

static bool read_trace(const struct args *a, struct replay_options *o, struct invocations **v,
                       char end[32], struct err *err)
{
    struct invocations_options r = {
        .days = (uint32_t)args_int(a, "days"), .compat = o->compat, .threads = o->threads,
        .progress = true,
    };
    struct invocations_report rep = { 0 };
    *v = invocations_read(invocations_format(args_text(a, "trace")), args_operand(a)[0], &r, &rep,
                          err);
    if (*v || err->status == EXIT_DATA)
        invocations_report_words(&rep, stderr);
    uint32_t days = *v ? (o->compat ? AZURE_DAYS : (*v)->n_days) : 0;
    if (!*v || !slice_parse(o->start, o->end, days, o->compat, &o->start_s, &o->end_s, err))
        return false;
    if (!o->end) {
        snprintf(end, 32, o->compat ? "13.23.60" : "%u.23.60", days - 1);
        o->end = end;
    }
    return true;
}

/* Lines are put together by hand: millions of them are most of a replay's time otherwise. */
static void write_arrivals(const struct replay *r, size_t n, FILE *f)
{
    enum { CHUNK = 1 << 16 };
    struct buf name = { 0 }, text = { 0 };
    fprintf(f, "model,arrival\n");
    for (size_t i = 0; i < n; i++) {
        buf_clear(&name);
        buf_csv(&name, str_of(r[i].model));
        buf_char(&name, ',');
        MEM_RESERVE(text.p, CHUNK + name.n + DECIMAL17_MAX + 2, text.cap);
        for (size_t k = 0; k < r[i].arrivals.n; k++) {
            memcpy(text.p + text.n, name.p, name.n);
            text.n += name.n;
            text.n += decimal17(r[i].arrivals.t[k], text.p + text.n);
            text.p[text.n++] = '\n';
            if (text.n >= CHUNK) {
                fwrite(text.p, 1, text.n, f);
                text.n = 0;
            }
        }
    }
    if (text.n)
        fwrite(text.p, 1, text.n, f);
    buf_free(&text);
    buf_free(&name);
}

static void write_workload(const struct replay *r, size_t n, double slo, FILE *f)
{
    struct workload **each = mem_array(n, sizeof *each);
    for (size_t i = 0; i < n; i++) {
        each[i] = workload_new();
        for (size_t k = 0; k < r[i].arrivals.n; k++)
            workload_add(each[i], r[i].model, r[i].arrivals.t[k], slo);
    }
    struct workload *all = workload_merge(each, n);
    workload_write(all, f);
    workload_free(all);
    for (size_t i = 0; i < n; i++)
        workload_free(each[i]);
    free(each);
}

static bool write_meta(const struct args *a, const char *path, struct err *err)
{
    struct meta *m = meta_new("replay");
    for (size_t i = 0; options[i].name; i++) {
        static const char *const others[] = { "o", "threads", "params", "workload", "plot", "bin",
                                              "json", "stats", "fit", "fidelity", "export",
                                              "run-ms", "memory-mb" };
        bool other = false;
        for (size_t k = 0; k < sizeof others / sizeof *others; k++)
            other |= strcmp(options[i].name, others[k]) == 0;
        if (!other && options[i].kind == OPT_FLAG)
            meta_text(m, options[i].name, args_flag(a, options[i].name) ? "yes" : "no");
        else if (!other && args_text(a, options[i].name))
            meta_text(m, options[i].name, args_text(a, options[i].name));
    }
    const char *in = args_operand(a)[0];
    bool ok = (file_is_dir(in) || meta_input(m, "trace", in, err)) &&
              meta_write_beside(m, path, err);
    meta_free(m);
    return ok;
}

/* One of the outputs, aside and renamed, with its provenance; nothing when nobody asked for it. */
enum output { ARRIVALS, PARAMS, WORKLOAD, FIT, FIDELITY };

struct made {
    const struct replay_options *o;
    const struct shares *s;
    const char *const *model;
    const struct replay *r;
    size_t n;
};

static bool write_one(const struct args *a, const struct made *m, enum output what,
                      struct err *err)
{
    static const char *const option[] = { "o", "params", "workload", "fit", "fidelity" };
    const char *path = args_text(a, option[what]);
    struct outfile out;
    if (!path)
        return true;
    if (!outfile_open(&out, path, err))
        return false;
    const bool json = str_ends(str_of(path), ".json");
    if (what == ARRIVALS)
        write_arrivals(m->r, m->n, out.f);
    else if (what == PARAMS)
        replay_params_json(m->o, m->r, m->n, out.f);
    else if (what == WORKLOAD)
        write_workload(m->r, m->n, args_real(a, "slo"), out.f);
    else if (what == FIT)
        goodness_write(m->o, m->model, m->s->share, m->n, json, out.f);
    else
        fidelity_write(m->o, m->s->share, m->r, m->n, json, out.f);
    return outfile_commit(&out, err) && (strcmp(path, "-") == 0 || write_meta(a, path, err));
}

static bool write_all(const struct args *a, const struct made *m, struct err *err)
{
    const struct replay_options *o = m->o;
    const struct replay *r = m->r;
    size_t n = m->n;
    FILE *words = strcmp(args_text(a, "o"), "-") == 0 ? stderr : stdout;
    for (enum output what = PARAMS; what <= FIDELITY; what++)
        if (!write_one(a, m, what, err))
            return false;
    if (args_given(a, "export") &&
        !replay_export(o, r, n, args_real(a, "run-ms"), args_real(a, "memory-mb"),
                       args_text(a, "export"), err))
        return false;
    if (args_given(a, "plot") &&
        !replay_plot(o, r, n, args_real(a, "bin"), args_text(a, "plot"), err))
        return false;
    if (args_flag(a, "json"))
        replay_stats_json(o, r, n, words);
    else if (args_flag(a, "stats"))
        replay_stats_words(o, r, n, words);
    return write_one(a, m, ARRIVALS, err);
}

static int run(const struct args *a, struct err *err)
{
    struct replay_options o;
    struct invocations *v = NULL;
    struct shares s = { 0 };
    struct replay *r = NULL;
    char **model = NULL, end[32];
    size_t n = 0;
    bool ok = read_options(a, &o, err) &&
              replay_models(args_text(a, "models"), o.compat, &model, &n, err) &&
              read_trace(a, &o, &v, end, err) &&
              shares_make(v, &o, mapping_find(args_text(a, "mapping")),
                          strcmp(args_text(a, "mapping-scope"), "trace") == 0, n, &s, err);
    if (ok) {
        r = mem_array(n, sizeof *r);
        replay_run(&o, (const char *const *)model, s.share, n, r);
        ok = write_all(a, &(struct made){ &o, &s, (const char *const *)model, r, n }, err);
    }
    replay_free(r, n);
    free(r);
    shares_free(&s);
    invocations_free(v);
    free(model);
    return ok ? EXIT_GOOD : err->status;
}

const struct command cmd_replay = {
    .name = "replay",
    .summary = "fit, rescale and redraw the arrivals of a serverless trace",
    .operands = "PATH",
    .min_operands = 1,
    .max_operands = 1,
    .options = options,
    .examples =
        "  tracewright replay --trace azure-v2 --models gpt:5 --end 1.0.0 --arrivals vanilla "
        "azure_v2.pkl > arrivals.csv\n"
        "  tracewright replay --trace azure-v2 --models gpt:5 --end 5.0.0 --arrivals gamma "
        "--interval 3600 azure_v2.pkl > arrivals.csv\n"
        "  tracewright replay --trace azure-v2 --models gpt:5 --arrivals vanilla --time-scale 2 "
        "azure_v2.pkl > arrivals.csv\n"
        "  tracewright replay --trace azure-v2 --models gpt:5 --end 1.0.0 --arrivals gamma "
        "--rate-scale 8 --cv-scale 8 azure_v2.pkl > arrivals.csv\n"
        "  tracewright replay --trace azure-v2 --models gpt:5 --stats --plot arrivals.pdf "
        "azure_v2.pkl > arrivals.csv\n"
        "  tracewright replay --trace azure-v2 --models gpt:5 --slo 1 --workload workload.jsonl "
        "azure_v2.pkl > arrivals.csv\n"
        "  tracewright replay --trace azure-v2 --models gpt:5 --arrivals gamma --fit fit.csv "
        "--fidelity fidelity.csv azure_v2.pkl > arrivals.csv\n"
        "  tracewright replay --trace azure-v1 --models bert:48 --end 0.1.0 --arrivals gamma "
        "--interval 60 --rate-scale 2e-3 --cv-scale 4 azurefunctions-dataset2019/ > arrivals.csv",
    .run = run,
};
