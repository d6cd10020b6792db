/* invoke_files.c: the CSV files of a run's figures and tables, and what is drawn from them. The
 * descriptions are written beside them, so that anybody can draw them again, or otherwise. */
#include "cli/invoke_files.h"

#include <math.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"
#include "report/figure.h"
#include "report/workbook.h"

static const char latency_fig[] =
    "title = Latency\n"
    "caption = Share of answered calls at or above a latency, counted from the planned moment and\n"
    "    from the sent one.\n"
    "csv = latency.csv\nkind = ccdf\ngroup = from\nx = ms\ny = at_or_above\nxlog = yes\n"
    "ylog = yes\norder = planned, sent\nlabels = planned: from planned, sent: from sent\n"
    "xlabel = latency (ms)\nylabel = share at or above\n";
static const char lateness_fig[] =
    "title = Lateness\n"
    "caption = Share of calls sent at or above a lateness: sent moment less planned moment.\n"
    "csv = lateness.csv\nkind = ccdf\nx = us\ny = at_or_above\nxlog = yes\nylog = yes\n"
    "xlabel = lateness (us)\nylabel = share at or above\n";
static const char functions_tab[] =
    "title = Functions\ncaption = Measured calls by function; latency from the planned moment.\n"
    "csv = functions.csv\ncolumn = function | Function\ncolumn = calls | Calls | #,##0\n"
    "column = failed | Failed | #,##0\ncolumn = p50_ms | p50 (ms) | 0.000\n"
    "column = p90_ms | p90 (ms) | 0.000\ncolumn = p99_ms | p99 (ms) | 0.000\n"
    "column = max_ms | Max (ms) | 0.000\nsheet = Functions\n";
static const char status_tab[] =
    "title = Endings\ncaption = All calls by gRPC status and by what ended them.\n"
    "csv = status.csv\ncolumn = kind | Kind\ncolumn = name | Name\n"
    "column = calls | Calls | #,##0\nsheet = Endings\n";
static const char summary_tab[] =
    "title = Latency and lateness\ncaption = Measured calls; microseconds.\ncsv = summary.csv\n"
    "column = what | What\ncolumn = n | Calls | #,##0\ncolumn = mean | Mean | #,##0.0\n"
    "column = p50 | p50 | #,##0.0\ncolumn = p90 | p90 | #,##0.0\ncolumn = p99 | p99 | #,##0.0\n"
    "column = p999 | p99.9 | #,##0.0\ncolumn = max | Max | #,##0.0\nsheet = Summary\n";

struct curve {
    FILE *f;
    const char *group;     /* first column, or NULL */
    uint64_t n, below;
    double unit;
};

static void curve_point(void *ctx, int64_t upper, uint64_t count)
{
    struct curve *c = ctx;
    if (upper > 0) {       /* the axis is logarithmic */
        if (c->group)
            fprintf(c->f, "%s,", c->group);
        fprintf(c->f, "%.6g,%.9g\n", (double)upper / c->unit,
                (double)(c->n - c->below) / (double)c->n);
    }
    c->below += count;
}

static void curve(FILE *f, const char *group, const struct histogram *h, double unit)
{
    struct curve c = { .f = f, .group = group, .n = h->n, .unit = unit };
    histogram_each(h, curve_point, &c);
}

static void write_latency(FILE *f, const struct invoke_report *r, const struct client *c)
{
    (void)c;
    fprintf(f, "from,ms,at_or_above\n");
    curve(f, "planned", &r->tally.latency, 1e6);
    curve(f, "sent", &r->tally.from_sent, 1e6);
}

static void write_lateness(FILE *f, const struct invoke_report *r, const struct client *c)
{
    (void)c;
    fprintf(f, "us,at_or_above\n");
    curve(f, NULL, &r->tally.lateness, 1e3);
}

static void name(FILE *f, const char *s)
{
    fputc('"', f);
    for (; *s; s++)
        fprintf(f, *s == '"' ? "\"\"" : "%c", *s);
    fputc('"', f);
}

static void quantile(FILE *f, const struct histogram *h, double q, double unit)
{
    double x = histogram_quantile(h, q) / unit;
    if (isnan(x))
        fprintf(f, ",n/a");
    else
        fprintf(f, ",%.6g", x);
}

static void write_functions(FILE *f, const struct invoke_report *r, const struct client *c)
{
    fprintf(f, "function,calls,failed,p50_ms,p90_ms,p99_ms,max_ms\n");
    for (size_t i = 0; i < r->tally.n_functions; i++) {
        const struct tally_function *one = &r->tally.function[i];
        if (!one->calls)
            continue;
        name(f, client_function_name(c, (uint32_t)i));
        fprintf(f, ",%llu,%llu", (unsigned long long)one->calls, (unsigned long long)one->failed);
        quantile(f, &one->latency, 0.5, 1e6);
        quantile(f, &one->latency, 0.9, 1e6);
        quantile(f, &one->latency, 0.99, 1e6);
        quantile(f, &one->latency, 1, 1e6);
        fputc('\n', f);
    }
}

static void write_status(FILE *f, const struct invoke_report *r, const struct client *c)
{
    (void)c;
    const struct tally *t = &r->tally;
    fprintf(f, "kind,name,calls\n");
    for (size_t i = 0; i < GRPC_STATUSES; i++)
        if (t->status[i])
            fprintf(f, "status,%s,%llu\n", grpc_status_name(i), (unsigned long long)t->status[i]);
    for (size_t i = 0; i < ENDINGS; i++)
        if (t->ending[i])
            fprintf(f, "ending,%s,%llu\n", ending_name(i), (unsigned long long)t->ending[i]);
    fprintf(f, "plan,never issued,%llu\n", (unsigned long long)(r->planned - r->fire.issued));
}

static void summary_row(FILE *f, const char *what, const struct histogram *h)
{
    static const double at[] = { 0.5, 0.9, 0.99, 0.999, 1 };
    if (!h->n)
        return;
    fprintf(f, "%s,%llu,%.6g", what, (unsigned long long)h->n, histogram_mean(h) / 1e3);
    for (size_t i = 0; i < sizeof at / sizeof *at; i++)
        quantile(f, h, at[i], 1e3);
    fputc('\n', f);
}

static void write_summary(FILE *f, const struct invoke_report *r, const struct client *c)
{
    (void)c;
    fprintf(f, "what,n,mean,p50,p90,p99,p999,max\n");
    summary_row(f, "latency from planned", &r->tally.latency);
    summary_row(f, "latency from sent", &r->tally.from_sent);
    summary_row(f, "lateness", &r->tally.lateness);
    summary_row(f, "call graphs took", &r->tally.obtained);
    summary_row(f, "their traces say", &r->tally.expected);
}

static void write_hgrm(FILE *f, const struct invoke_report *r, const struct client *c)
{
    (void)c;
    histogram_write(&r->tally.latency, 1e3, f);
}

static void write_sent_hgrm(FILE *f, const struct invoke_report *r, const struct client *c)
{
    (void)c;
    histogram_write(&r->tally.from_sent, 1e3, f);
}

static void write_lateness_hgrm(FILE *f, const struct invoke_report *r, const struct client *c)
{
    (void)c;
    histogram_write(&r->tally.lateness, 1e3, f);
}

static const struct {
    const char *name;
    void (*write)(FILE *f, const struct invoke_report *r, const struct client *c);
    const char *text;
} files[] = {
    { "latency.csv", write_latency, NULL },
    { "lateness.csv", write_lateness, NULL },
    { "functions.csv", write_functions, NULL },
    { "status.csv", write_status, NULL },
    { "summary.csv", write_summary, NULL },
    { "latency.hgrm", write_hgrm, NULL },
    { "latency_from_sent.hgrm", write_sent_hgrm, NULL },
    { "lateness.hgrm", write_lateness_hgrm, NULL },
    { "latency.fig", NULL, latency_fig },
    { "lateness.fig", NULL, lateness_fig },
    { "functions.tab", NULL, functions_tab },
    { "status.tab", NULL, status_tab },
    { "summary.tab", NULL, summary_tab },
};

static bool write_file(const char *dir, size_t k, const struct invoke_report *r,
                       const struct client *c, struct err *err)
{
    struct outfile o;
    char *path = file_join(dir, files[k].name);
    bool good = outfile_open(&o, path, err);
    if (good) {
        if (files[k].text)
            fputs(files[k].text, o.f);
        else
            files[k].write(o.f, r, c);
        good = outfile_commit(&o, err);
    }
    free(path);
    return good;
}

static bool draw(const char *dir, const char *what, struct err *err)
{
    char spec[64];
    struct figure f;
    snprintf(spec, sizeof spec, "%s.fig", what);
    char *path = file_join(dir, spec), *base = file_join(dir, what);
    bool good = figure_read(&f, path, dir, err) && figure_write(&f, base, err);
    figure_free(&f);
    free(path);
    free(base);
    return good;
}

static bool write_workbook(const char *dir, struct err *err)
{
    static const char *const tabs[] = { "summary.tab", "functions.tab", "status.tab" };
    struct grid grids[3];
    size_t n = 0;
    bool good = true;
    for (; good && n < 3; n++) {
        char *path = file_join(dir, tabs[n]);
        good = grid_read(&grids[n], path, dir, err);
        free(path);
    }
    char *out = file_join(dir, "tables.xlsx");
    struct workbook_input in = { .grids = grids, .n = n, .data_dir = dir };
    good = good && workbook_write(&in, out, err);
    while (n)
        grid_free(&grids[--n]);
    free(out);
    return good;
}

bool invoke_files_write(const char *dir, const struct invoke_report *r, const struct client *c,
                        struct err *err)
{
    if (!file_mkdirs(dir, err))
        return false;
    for (size_t k = 0; k < sizeof files / sizeof *files; k++)
        if (!write_file(dir, k, r, c, err))
            return false;
    /* an axis needs a point: a run in which nothing was answered has no curves */
    return (!r->tally.latency.n || draw(dir, "latency", err)) &&
           (!r->tally.lateness.n || draw(dir, "lateness", err)) && write_workbook(dir, err);
}
