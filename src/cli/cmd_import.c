/* cmd_import.c: call graphs of any source to CSV on standard output, the rest accounted for. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "cli/commands_priv.h"
#include "cli/importers.h"
#include "trace/compat.h"
#include "trace/export.h"

static const struct option options[] = {
    { "from", OPT_CHOICE,
      "auto|alibaba-2021|alibaba-2022|jaeger|otlp|otlp-proto|zipkin|spans|tracellm-tabular|"
      "tracellm-recursive|tracellm-instruction|dgg|compact",
      "auto", "what the inputs are; auto: what their content says", 0, 0 },
    { "columns", OPT_TEXT, "KEY=NAME,...", NULL,
      "of spans as CSV: trace=TraceID,span=SpanID,parent=..,service=..|pod=..,operation=..,"
      "start=NAME[:ns|us|ms|s],end=..,duration=..,kind=..,status=..,peer=..; what is left out is "
      "found by its usual names",
      0, 0 },
    { "repair", OPT_TEXT, "all|none|LIST", "none",
      "mend what can be mended: some of double,parent,root,caller,ids,loss,service", 0, 0 },
    { "compat", OPT_CHOICE, "tracellm", NULL,
      "do as that program's preprocessing does, byte for byte", 0, 0 },
    { "dedup", OPT_FLAG, NULL, NULL, "drop graphs that were seen before", 0, 0 },
    { "to", OPT_CHOICE, "alibaba-2022|tracellm-lines", "alibaba-2022", "what is written", 0, 0 },
    { "report", OPT_TEXT, "FILE", NULL, "write the account of rows and graphs there, as JSON", 0,
      0 },
    OPTION_THREADS,
    OPTION_END
};

enum form { FORM_CSV, FORM_LINES };

struct writer {
    enum form form;
    bool dedup;
    struct export_2022 csv;
    uint32_t tick_us;
    struct buf line;
    bool header;               /* of compat's CSV: written */
};

static bool flush_line(struct writer *w, struct err *err)
{
    fwrite(w->line.p, 1, w->line.n, stdout);
    buf_clear(&w->line);
    return !ferror(stdout) || err_set(err, EXIT_IO, "standard output: write failed");
}

static bool write_graph(void *ctx, const struct callgraph *g, const struct names *names,
                        double weight, struct err *err)
{
    (void)weight;
    struct writer *w = ctx;
    if (w->form == FORM_LINES) {
        compat_line_of(g, names, w->tick_us, w->dedup, &w->line);
        return flush_line(w, err);
    }
    if (!w->header)
        w->csv = export_2022_begin(stdout, w->tick_us, w->csv.extra);
    w->header = true;
    export_2022_graph(&w->csv, g, names);
    return !ferror(stdout) || err_set(err, EXIT_IO, "standard output: write failed");
}

static bool write_compat(void *ctx, const struct compat_graph *g, struct err *err)
{
    struct writer *w = ctx;
    if (w->form == FORM_LINES)
        compat_line(g, w->dedup, &w->line);
    else {
        buf_str(&w->line, w->header ? "" : compat_csv_header);
        w->header = true;
        compat_csv(g, &w->line);
    }
    return flush_line(w, err);
}

static bool write_report(const struct import_report *rep, const char *path, struct err *err)
{
    struct outfile o;
    if (!outfile_open(&o, path, err))
        return false;
    import_report_write(rep, o.f);
    return outfile_commit(&o, err);
}

static bool import(const struct args *a, struct writer *w, struct import_report *rep,
                   struct err *err)
{
    struct import_options o = { .threads = (size_t)args_int(a, "threads"), .dedup = w->dedup,
                                .progress = true, .columns = args_text(a, "columns") };
    const struct importer *from =
        importer_find(args_text(a, "from"), args_operand(a), args_operands(a), err);
    if (!from || !import_repairs(args_text(a, "repair"), &o.repair, err))
        return false;
    if (o.columns && strcmp(from->name, "spans") != 0)
        return err_set(err, EXIT_USAGE, "--columns is for spans as CSV, not %s", from->name);
    w->tick_us = from->tick_us ? from->tick_us : 1000;
    /* Spans have kinds; repaired calls may outlast their parents. */
    w->csv.extra = from->tick_us != 0 || o.repair || strcmp(from->name, "alibaba-2021") == 0;
    if (!args_text(a, "compat")) {
        if (args_text(a, "report")) {
            o.changes = tmpfile();
            o.refused = tmpfile();
        }
        bool good = from->stream(args_operand(a), args_operands(a), &o, write_graph, w, rep, err);
        rep->changes = o.changes;
        rep->refused = o.refused;
        return good;
    }
    if (strcmp(from->name, "alibaba-2022") != 0)
        return err_set(err, EXIT_USAGE, "--compat tracellm reads alibaba-2022, not %s", from->name);
    return compat_tracellm(args_operand(a), args_operands(a), w->dedup, write_compat, w, rep, err);
}

static int run(const struct args *a, struct err *err)
{
    struct writer w = { .dedup = args_flag(a, "dedup"),
                        .form = strcmp(args_text(a, "to"), "tracellm-lines") == 0 ? FORM_LINES
                                                                                  : FORM_CSV };
    struct import_report rep = { 0 };
    bool good = import(a, &w, &rep, err);
    if (w.header && !args_text(a, "compat"))
        good = export_2022_end(&w.csv) && good;
    buf_free(&w.line);
    if (rep.files)
        import_report_words(&rep, stderr);
    struct err second = { 0 };
    if (args_text(a, "report") && !write_report(&rep, args_text(a, "report"), &second) && good) {
        *err = second;
        good = false;
    }
    if (rep.changes)
        fclose(rep.changes);
    if (rep.refused)
        fclose(rep.refused);
    return good ? EXIT_GOOD : err->status;
}

const struct command cmd_import = {
    .name = "import",
    .summary = "turn raw traces into call graphs, and account for every row",
    .operands = "INPUT...",
    .min_operands = 1,
    .max_operands = SIZE_MAX,
    .options = options,
    .examples =
        "  tracewright import CallGraph_*.csv.gz --report report.json > graphs.csv\n"
        "  tracewright import --compat tracellm --to tracellm-lines --dedup Call_0.csv > lines\n"
        "  tracewright import traces.json.gz --report report.json > graphs.csv\n"
        "  tracewright import --from spans --columns trace=TraceID,span=SpanID,parent=ParentID,"
        "service=Service,operation=Name,start=Start:ns,end=End:ns spans.csv > graphs.csv\n"
        "  tracewright import --from dgg real_call_graphs_type0.jsonl.xz > graphs.csv",
    .run = run,
};
