/* cmd_workload.c: cut, deal, merge and describe lists of requests (replay --workload). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "cli/commands_priv.h"
#include "replay/replay_stats.h"
#include "replay/workload.h"
#include "report/table.h"

static const struct option options[] = {
    { "from", OPT_INT, "N", NULL, "slice: first place; negative counts from the end", -9e15, 9e15 },
    { "to", OPT_INT, "N", NULL, "slice: the place before which it ends", -9e15, 9e15 },
    { "step", OPT_INT, "N", "1", "slice: every N-th request", -9e15, 9e15 },
    { "round-robin", OPT_INT, "K", NULL, "split: into K, the i-th has requests i, i + K, ...", 1,
      1e6 },
    { "every", OPT_REAL, "S", NULL, "split: a part begins S seconds after the one before began", 0,
      1e300 },
    { "slo", OPT_REAL, "S", NULL, "make: seconds a request may take", 0, 1e300 },
    { "results", OPT_TEXT, "FILE.csv", NULL,
      "stats: start,finish[,rejected] of each request, in order of arrival", 0, 0 },
    { "warmup", OPT_REAL, "S", "10", "stats: seconds left out at both ends", 0, 1e300 },
    OPTION_JSON,
    OPTION_OUT,
    OPTION_END
};

static struct workload *read_one(const char *path, struct err *err)
{
    size_t bad;
    char word[256];
    struct workload *w = workload_read(path, &bad, word, err);
    if (w && bad)
        fprintf(stderr, "tracewright: %zu lines are no requests, the first %s\n", bad, word);
    return w;
}

static bool write_to(const char *path, const struct workload *w, struct err *err)
{
    struct outfile o;
    if (!outfile_open(&o, path, err))
        return false;
    workload_write(w, o.f);
    return outfile_commit(&o, err);
}

/* "out.jsonl", 3 -> "out.3.jsonl" */
static char *numbered(const char *path, size_t i)
{
    const char *base = file_base(path), *dot = strrchr(base, '.');
    size_t stem = dot && dot != base ? (size_t)(dot - path) : strlen(path);
    char *name = mem_array(strlen(path) + 24, 1);
    snprintf(name, strlen(path) + 24, "%.*s.%zu%s", (int)stem, path, i, path + stem);
    return name;
}

static bool do_slice(const struct args *a, struct workload *const *w, size_t n, struct err *err)
{
    if (n != 1)
        return err_set(err, EXIT_USAGE, "workload slice takes one file");
    if (args_int(a, "step") == 0)
        return err_set(err, EXIT_USAGE, "--step: 0 goes nowhere");
    struct workload *out = workload_slice(
        w[0], args_given(a, "from") ? args_int(a, "from") : WORKLOAD_OPEN,
        args_given(a, "to") ? args_int(a, "to") : WORKLOAD_OPEN, args_int(a, "step"));
    bool ok = write_to(args_text(a, "o"), out, err);
    workload_free(out);
    return ok;
}

static bool do_merge(const struct args *a, struct workload *const *w, size_t n, struct err *err)
{
    struct workload *out = workload_merge(w, n);
    bool ok = write_to(args_text(a, "o"), out, err);
    workload_free(out);
    return ok;
}

static bool do_split(const struct args *a, struct workload *const *w, size_t n, struct err *err)
{
    const bool dealt = args_given(a, "round-robin"), timed = args_given(a, "every");
    const char *path = args_text(a, "o");
    if (n != 1 || dealt == timed || strcmp(path, "-") == 0 ||
        (timed && !(args_real(a, "every") > 0)))
        return err_set(err, EXIT_USAGE, "workload split takes one file, -o NAME.jsonl, and either "
                       "--round-robin K or --every S above 0");
    size_t parts = dealt ? (size_t)args_int(a, "round-robin") : 0;
    struct workload **part;
    if (dealt) {
        part = mem_array(parts, sizeof *part);
        workload_split_round_robin(w[0], parts, part);
    } else
        part = workload_split_interval(w[0], args_real(a, "every"), &parts);
    bool ok = true;
    for (size_t i = 0; i < parts; i++) {
        char *name = numbered(path, i);
        ok = ok && write_to(name, part[i], err);
        free(name);
        workload_free(part[i]);
    }
    free(part);
    if (ok)
        fprintf(stderr, "%zu parts\n", parts);
    return ok;
}

/* Outcomes from a CSV with columns start and finish, and rejected (0 or 1) if it likes. */
static struct outcome *read_results(const char *path, size_t n, struct err *err)
{
    struct table t = { 0 };
    size_t start, finish, rejected = 0;
    struct outcome *o = NULL;
    bool ok = table_read(&t, path, err) && table_col(&t, "start", &start, err) &&
              table_col(&t, "finish", &finish, err);
    const bool has = ok && table_has(&t, "rejected");
    ok = ok && (!has || table_col(&t, "rejected", &rejected, err));
    if (ok && t.rows != n)
        ok = err_set(err, EXIT_DATA, "%s: %zu rows for %zu requests", path, t.rows, n);
    if (ok)
        o = mem_array(n + 1, sizeof *o);
    for (size_t i = 0; ok && i < n; i++) {
        double r = 0;
        ok = table_number(&t, i, start, &o[i].start, err) &&
             table_number(&t, i, finish, &o[i].finish, err) &&
             (!has || table_number(&t, i, rejected, &r, err));
        o[i].rejected = r != 0;
        if (ok && (isnan(o[i].start) || (isnan(o[i].finish) && !o[i].rejected)))
            ok = err_set(err, EXIT_DATA, "%s:%zu: no start or finish", path, t.line[i]);
    }
    table_free(&t);
    if (!ok)
        free(o);
    return ok ? o : NULL;
}

static void json_value(FILE *f, const char *key, double x)
{
    fprintf(f, isfinite(x) ? ",\"%s\":%.17g" : ",\"%s\":null", key, x);
}

static void json_served(FILE *f, const struct served *s)
{
    fprintf(f, "{\"requests\":%zu", s->requests);
    const struct { const char *key; double x; } v[] = {
        { "goodput", s->goodput }, { "throughput", s->throughput }, { "rate", s->rate },
        { "latency_mean", s->mean }, { "latency_std", s->sd }, { "latency_p50", s->p50 },
        { "latency_p90", s->p90 }, { "latency_p99", s->p99 },
    };
    for (size_t i = 0; i < sizeof v / sizeof *v; i++)
        json_value(f, v[i].key, v[i].x);
    fputc('}', f);
}

static void write_stats(const struct args *a, const struct workload *w, const struct served *s,
                        size_t n, FILE *f)
{
    if (args_flag(a, "json")) {
        fprintf(f, "{\"len\":%zu,\"rate\":%.17g,\"cv\":%.17g", w->n, workload_rate(w),
                workload_cv(w));
        if (n) {
            fputs(",\"overall\":", f);
            json_served(f, &s[n - 1]);
            fputs(",\"models\":{", f);
            for (size_t i = 0; i + 1 < n; i++) {
                fputs(i ? ",\n" : "\n", f);
                replay_json_text(f, s[i].model);
                fputc(':', f);
                json_served(f, &s[i]);
            }
            fputc('}', f);
        }
        fputs("}\n", f);
        return;
    }
    workload_words(w, f);
    for (size_t i = 0; i + 1 < n; i++)
        fprintf(f, "%s #req: %zu, goodput: %.2f %%, throughput: %.2f q/s, latency mean: %.2f ms, "
                "std: %.2f ms, p90: %.2f ms\n", s[i].model, s[i].requests, 100 * s[i].goodput,
                s[i].throughput, 1e3 * s[i].mean, 1e3 * s[i].sd, 1e3 * s[i].p90);
    if (n)
        fprintf(f, "total #req: %zu, rate: %.2f q/s, average goodput: %.2f %%, latency mean: "
                "%.2f ms\n", s[n - 1].requests, s[n - 1].rate, 100 * s[n - 1].goodput,
                1e3 * s[n - 1].mean);
}

static bool do_stats(const struct args *a, struct workload *const *w, size_t n, struct err *err)
{
    struct outcome *o = NULL;
    if (n != 1)
        return err_set(err, EXIT_USAGE, "workload stats takes one file");
    if (args_given(a, "results") && !(o = read_results(args_text(a, "results"), w[0]->n, err)))
        return false;
    struct served *s = mem_array(names_count(w[0]->models) + 1, sizeof *s);
    size_t entries = o ? workload_served(w[0], o, args_real(a, "warmup"), s) : 0;
    struct outfile out;
    bool ok = outfile_open(&out, args_text(a, "o"), err);
    if (ok) {
        write_stats(a, w[0], s, entries, out.f);
        ok = outfile_commit(&out, err);
    }
    free(o);
    free(s);
    return ok;
}

/* Requests of a CSV with columns model and arrival: what replay writes. */
static bool do_make(const struct args *a, const char *path, struct err *err)
{
    struct table t = { 0 };
    size_t model, arrival;
    double slo = args_real(a, "slo");
    bool ok = (slo > 0 || err_set(err, EXIT_USAGE, "workload make needs --slo above 0")) &&
              table_read(&t, path, err) && table_col(&t, "model", &model, err) &&
              table_col(&t, "arrival", &arrival, err);
    struct workload *w = workload_new(), *sorted = NULL;
    for (size_t i = 0; ok && i < t.rows; i++) {
        double at;
        ok = table_number(&t, i, arrival, &at, err) &&
             (!isnan(at) || err_set(err, EXIT_DATA, "%s:%zu: no arrival", path, t.line[i]));
        if (ok)
            workload_add(w, table_text(&t, i, model), at, slo);
    }
    if (ok) {
        sorted = workload_merge(&w, 1);
        ok = write_to(args_text(a, "o"), sorted, err);
    }
    workload_free(sorted);
    workload_free(w);
    table_free(&t);
    return ok;
}

static const struct {
    const char *name;
    bool (*run)(const struct args *a, struct workload *const *w, size_t n, struct err *err);
} actions[] = {
    { "slice", do_slice }, { "merge", do_merge }, { "split", do_split }, { "stats", do_stats },
};

static bool act(const struct args *a, struct err *err)
{
    const char *name = args_operand(a)[0];
    size_t n = args_operands(a) - 1, k = 0, read = 0;
    if (strcmp(name, "make") == 0)
        return n == 1 ? do_make(a, args_operand(a)[1], err)
                      : err_set(err, EXIT_USAGE, "workload make takes one file of arrivals");
    while (k < sizeof actions / sizeof *actions && strcmp(actions[k].name, name) != 0)
        k++;
    if (k == sizeof actions / sizeof *actions)
        return err_set(err, EXIT_USAGE, "workload: \"%s\" is not one of make slice merge split "
                       "stats", name);
    struct workload **w = mem_array(n, sizeof *w);
    while (read < n && (w[read] = read_one(args_operand(a)[1 + read], err)))
        read++;
    bool ok = read == n && actions[k].run(a, w, n, err);
    for (size_t i = 0; i < read; i++)
        workload_free(w[i]);
    free(w);
    return ok;
}

static int run(const struct args *a, struct err *err)
{
    return act(a, err) ? EXIT_GOOD : err->status;
}

const struct command cmd_workload = {
    .name = "workload",
    .summary = "make, slice, merge, split and describe lists of requests",
    .operands = "make|slice|merge|split|stats FILE...",
    .min_operands = 2,
    .max_operands = SIZE_MAX,
    .options = options,
    .examples =
        "  tracewright workload make --slo 1 arrivals.csv -o workload.jsonl\n"
        "  tracewright workload slice --from 100 --to 200 workload.jsonl > part.jsonl\n"
        "  tracewright workload merge a.jsonl b.jsonl -o all.jsonl\n"
        "  tracewright workload split --every 60 workload.jsonl -o minute.jsonl\n"
        "  tracewright workload split --round-robin 4 workload.jsonl -o quarter.jsonl\n"
        "  tracewright workload stats --results served.csv --json workload.jsonl",
    .run = run,
};
