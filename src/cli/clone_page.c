/* clone_page.c: the page is a paper of one page: Markdown with tables and a figure, whose numbers
 * come from CSV files that are written here. */
#include "cli/clone_page.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "report/paper.h"
#include "stats/sort.h"

enum { POINTS = 60 };

static const char page[] =
    "# How real, how private\n\n"
    "{{value facts.csv:key=made:value:#,##0}} synthetic traces in the format "
    "{{value facts.csv:key=format:value:text}}, written by tracewright clone\n\n"
    "## What this is\n\n"
    "Of {{value facts.csv:key=real:value:#,##0}} real traces "
    "{{value facts.csv:key=train:value:#,##0}} were learned and "
    "{{value facts.csv:key=unseen:value:#,##0}} kept apart, to compare with. For endpoints in "
    "their recorded shares a model wrote who calls whom "
    "({{value facts.csv:key=calls_made:value:#,##0}} spans) in words for one call or, "
    "{{value facts.csv:key=words:value:#,##0}} of them, for a tree of calls that at least "
    "{{value facts.csv:key=least:value:0}} traces share. Times are drawn call by call: each "
    "divides its parent's time as one of the recorded calls in its place did in the most similar "
    "circumstances, varied by some percent. "
    "Starts follow the recording: its rate in each of "
    "{{value facts.csv:key=windows:value:#,##0}} windows, and within them gaps of "
    "{{value facts.csv:key=process:value:text}}. The cv of gaps is "
    "{{value facts.csv:key=cv_real:value:?0.00}} in the real starts "
    "({{value facts.csv:key=own_cv:value:?0.00}} when their rate is evened out) and "
    "{{value facts.csv:key=cv_made:value:?0.00}} in the synthetic. "
    "Names of services and operations are {{value facts.csv:key=names:value:text}}.\n\n"
    "{{table clone_time}}\n\n"
    "{{value facts.csv:key=again:value:text}}\n\n"
    "## How real\n\n"
    "{{ref clone_real}} has the distances, {{ref clone_shapes}} what they are made of. The floor "
    "is what the learned real traces score against the unseen ones, or one half of them against "
    "the other: nothing can be asked to be better. What told synthetic from real, by share of "
    "what the classifier used: {{value facts.csv:key=tells:value:text}}.\n\n"
    "{{table clone_real}}\n\n"
    "{{figure clone_shapes}}\n\n"
    "## How private\n\n"
    "{{ref clone_private}} has what learned traces show through. A copy is no leak where real "
    "traces repeat one another anyway: read it beside its floor. A ratio below its floor, or more "
    "than the floor's share nearer to learned traces, says that the synthetic ones keep closer to "
    "what was learned than unseen real ones do.\n\n"
    "{{table clone_private}}\n\n"
    "## What may be concluded\n\n"
    "Where a figure is at its floor, real traces that nobody learned would not have looked more "
    "real by that measure; where it is above, the traces differ in what the measure looks at. "
    "Nothing is said of what is not measured, and not kept: which trace follows which, how "
    "latency follows the load, tags, logs. The figures on privacy find copying; they prove no "
    "anonymity, and a rare name that is written is told.\n";

static const char real_tab[] =
    "title = Distances to unseen real traces\n"
    "caption = Lower is nearer; intervals over re-draws. EMD is the earth mover's distance, KS "
    "that of Kolmogorov and Smirnov. AUC is of a classifier that tells synthetic from real by "
    "shape and times: a half is a coin's.\n"
    "csv = real.csv\n"
    "column = what | Measure\n"
    "column = value | Synthetic | 0.000 | | lo hi\n"
    "column = floor | Floor | 0.000\n"
    "column = n | n | #,##0\n";

static const char private_tab[] =
    "title = Copies and nearness\n"
    "caption = Shares of synthetic traces, and distances from none to one, with the floor of "
    "unseen real traces. A distance weighs which calls and which mean times; learned and unseen "
    "sides are of equal size.\n"
    "csv = private.csv\n"
    "column = what | Measure\n"
    "column = value | Synthetic | 0.000 | | lo hi\n"
    "column = floor | Floor | 0.000\n"
    "column = n | n | #,##0\n";

static const char time_tab[] =
    "title = What the time went to\n"
    "caption = Seconds of the time that was given.\n"
    "csv = time.csv\n"
    "column = what | Part\n"
    "column = seconds | Seconds | 0.0\n"
    "column = share | Share | 0.0%\n";

static const char shapes_fig[] =
    "title = Sizes, latencies and starts\n"
    "caption = Share of traces at or below: spans, doublings of milliseconds, seconds since the "
    "first start. "
    "Real ones are the unseen traces; of starts, all.\n"
    "width = column\n"
    "height = 1.5\n"
    "columns = 3\n"
    "csv = shapes.csv\n"
    "facet = quantity\n"
    "group = name\n"
    "kind = cdf\n"
    "x = x\n"
    "y = at_or_below\n"
    "order = real, synthetic\n"
    "xlabel = value\n"
    "ylabel = share\n";

static void put_number(double x, FILE *f)
{
    if (isfinite(x))
        fprintf(f, ",%.9g", x);
    else
        fprintf(f, ",n/a");
}

struct files {
    const char *dir;           /* private */
    struct err *err;
    bool good;
};

static FILE *begin(struct files *x, struct outfile *o, const char *name)
{
    if (!x->good)
        return NULL;
    char *path = file_join(x->dir, name);
    x->good = outfile_open(o, path, x->err);
    free(path);
    return x->good ? o->f : NULL;
}

static void end(struct files *x, struct outfile *o)
{
    x->good = outfile_commit(o, x->err);
}

static void text_file(struct files *x, const char *name, const char *text)
{
    char *path = file_join(x->dir, name);
    x->good = x->good && file_write(path, text, strlen(text), x->err);
    free(path);
}

static void write_rows(struct files *x, const char *name, const struct clone_row *row, size_t n)
{
    struct outfile o;
    FILE *f = begin(x, &o, name);
    if (!f)
        return;
    fprintf(f, "name,what,value,lo,hi,floor,n\n");
    for (size_t i = 0; i < n; i++) {
        fprintf(f, "%s,\"%s\"", row[i].name, row[i].what);
        const double v[] = { row[i].value, row[i].lo, row[i].hi, row[i].floor };
        for (size_t k = 0; k < 4; k++)
            put_number(v[k], f);
        fprintf(f, ",%zu\n", row[i].n);
    }
    end(x, &o);
}

/* What ended the training, and how one as long is had that ends alike each time. */
static void put_again(const struct clone_facts *t, FILE *f)
{
    fprintf(f, "again,\"The model is %s, trained in %.2f passes of %zu words%s. With --model %s "
            "--epochs %.2f --seed %llu a training as long gives the same bytes each time%s.\"\n",
            t->learnt.model, t->learnt.epochs, t->learnt.tokens,
            !t->clocked ? "" : t->learnt.clock ? ", which the clock ended"
            : ", all that it was meant to have", t->learnt.model, t->learnt.epochs,
            (unsigned long long)t->seed, t->clocked ? "; with --minutes the clock has its say"
            : "");
}

static void put_tells(const struct clone_measured *m, FILE *f)
{
    fprintf(f, "tells,\"");
    for (size_t i = 0; i < CLONE_TELLS && m->tell[i].column; i++)
        fprintf(f, "%s%s (%.0f %%)", i ? ", " : "", m->tell[i].column, 100 * m->tell[i].share);
    fprintf(f, "%s\"\n", m->tell[0].column ? "" : "not known");
}

static void put_arrivals(const struct clone_arrivals *a, const struct clone_arrivals_distance *d,
                         FILE *f)
{
    static const char *const spelt[][2] = {
        { "poisson", "a Poisson process" }, { "gamma", "a gamma process" },
        { "pareto", "a Pareto process" }, { "mmpp", "a Markov-modulated Poisson process" },
    };
    const char *process = "none";
    for (size_t i = 0; i < sizeof spelt / sizeof *spelt && a->process; i++)
        process = strcmp(spelt[i][0], a->process->name) == 0 ? spelt[i][1] : process;
    fprintf(f, "windows,%zu\nprocess,%s\nown_cv", a->windows, process);
    put_number(a->own_cv, f);
    fprintf(f, "\ncv_real");
    put_number(a->cv, f);
    fprintf(f, "\ncv_made");
    put_number(d->cv, f);
    fprintf(f, "\n");
}

static void write_facts(struct files *x, const struct clone_facts *t,
                        const struct clone_arrivals *a, const struct clone_arrivals_distance *d,
                        const struct clone_measured *m)
{
    struct outfile o;
    FILE *f = begin(x, &o, "facts.csv");
    if (!f)
        return;
    fprintf(f, "key,value\nformat,%s\nreal,%zu\ntrain,%zu\nunseen,%zu\nmade,%zu\ncalls_real,%zu\n"
            "calls_made,%zu\nwords,%zu\nleast,%d\nnames,%s\n", t->format, t->real, t->train,
            t->unseen, t->made, t->calls_real, t->calls_made, t->words, CLONE_FOLD_LEAST,
            t->renamed ? "replaced by numbers" : "the real ones");
    put_again(t, f);
    put_tells(m, f);
    put_arrivals(a, d, f);
    end(x, &o);
}

static void write_time(struct files *x, const struct clone_facts *t)
{
    static const char *const what[CLONE_PHASES] = {
        [CLONE_READ] = "reading, folding", [CLONE_TRIAL] = "trying model sizes",
        [CLONE_TRAIN] = "training", [CLONE_WRITE] = "writing, timing",
        [CLONE_CHECK] = "reading again", [CLONE_MEASURE] = "measuring",
    };
    struct outfile o;
    FILE *f = begin(x, &o, "time.csv");
    double left = 60 * t->minutes;
    if (!f)
        return;
    fprintf(f, "what,seconds,share\n");
    for (size_t i = 0; i < CLONE_PHASES; i++) {
        fprintf(f, "\"%s\",%.3f,%.5f\n", what[i], t->phase_s[i],
                t->phase_s[i] / (60 * t->minutes));
        left -= t->phase_s[i];
    }
    fprintf(f, "left,%.3f,%.5f\n", left, left / (60 * t->minutes));
    end(x, &o);
}

/* ---- shapes ---- */

static double size_of(const struct graphset *s, size_t i)
{
    return (double)s->graphs[i].n;
}

static double latency_of(const struct graphset *s, size_t i)
{
    return log2(1 + (double)s->graphs[i].calls[0].rt * s->tick_us / 1000);
}

/* A distribution function in at most POINTS steps; sorts x. */
static void put_cdf(double *x, size_t n, const char *quantity, const char *name, FILE *f)
{
    sort_doubles(x, n);
    fprintf(f, "%s,%s,%.9g,0\n", quantity, name, x[0]);
    size_t told = 0;           /* x[0..told) are at or below what the last row said */
    for (size_t k = 1; k <= POINTS; k++) {
        size_t i = k * n / POINTS;
        if (i <= told)
            continue;
        while (i < n && x[i] == x[i - 1])   /* a step is told whole */
            i++;
        fprintf(f, "%s,%s,%.9g,%.9g\n", quantity, name, x[i - 1], (double)i / (double)n);
        told = i;
    }
}

static void put_of(const struct graphset *s, double (*of)(const struct graphset *, size_t),
                   const char *quantity, const char *name, FILE *f)
{
    double *x = mem_array(s->n, sizeof *x);
    for (size_t i = 0; i < s->n; i++)
        x[i] = of(s, i);
    put_cdf(x, s->n, quantity, name, f);
    free(x);
}

static void write_shapes(struct files *x, const struct clone_sets *s,
                         const struct clone_arrivals *a, const double *start_s)
{
    struct outfile o;
    FILE *f = begin(x, &o, "shapes.csv");
    if (!f)
        return;
    double *start = mem_array(a->n + s->made->n, sizeof *start);
    memcpy(start, a->t, a->n * sizeof *start);
    memcpy(start + a->n, start_s, s->made->n * sizeof *start);
    fprintf(f, "quantity,name,x,at_or_below\n");
    put_of(s->unseen, size_of, "spans", "real", f);
    put_of(s->made, size_of, "spans", "synthetic", f);
    put_of(s->unseen, latency_of, "latency", "real", f);
    put_of(s->made, latency_of, "latency", "synthetic", f);
    put_cdf(start, a->n, "start (s)", "real", f);
    put_cdf(start + a->n, s->made->n, "start (s)", "synthetic", f);
    free(start);
    end(x, &o);
}

static void json_number(FILE *f, const char *key, double x)
{
    fprintf(f, isfinite(x) ? ",\"%s\":%.9g" : ",\"%s\":null", key, x);
}

static void json_rows(FILE *f, const char *key, const struct clone_row *row, size_t n)
{
    fprintf(f, ",\n\"%s\":[", key);
    for (size_t i = 0; i < n; i++) {
        fprintf(f, "%s\n{\"name\":\"%s\",\"what\":\"%s\"", i ? "," : "", row[i].name, row[i].what);
        json_number(f, "value", row[i].value);
        json_number(f, "lo", row[i].lo);
        json_number(f, "hi", row[i].hi);
        json_number(f, "floor", row[i].floor);
        fprintf(f, ",\"n\":%zu}", row[i].n);
    }
    fprintf(f, "]");
}

static void json_facts(FILE *f, const struct clone_facts *t)
{
    static const char *const key[CLONE_PHASES] = { "read", "trial", "train", "write", "check",
                                                   "measure" };
    fprintf(f, "{\"format\":\"%s\",\"real\":%zu,\"learned\":%zu,\"unseen\":%zu,\"traces\":%zu,"
            "\"spans\":%zu,\"model\":\"%s\",\"epochs\":%.4f,\"words\":%zu,\"subtrees\":%zu,"
            "\"renamed\":%s,\"operations\":%s,\"seed\":%llu", t->format, t->real, t->train,
            t->unseen, t->made, t->calls_made, t->learnt.model, t->learnt.epochs, t->learnt.tokens,
            t->words, t->renamed ? "true" : "false", t->interfaces ? "true" : "false",
            (unsigned long long)t->seed);
    if (!t->clocked)
        return;
    fprintf(f, ",\n\"seconds\":{");      /* measured: only where the clock has its say anyway */
    for (size_t i = 0; i < CLONE_PHASES; i++)
        fprintf(f, "%s\"%s\":%.3f", i ? "," : "", key[i], t->phase_s[i]);
    fprintf(f, "}");
}

static void json_arrivals(FILE *f, const struct clone_arrivals *a,
                          const struct clone_arrivals_distance *d)
{
    fprintf(f, ",\n\"arrivals\":{\"process\":");
    fprintf(f, a->process ? "\"%s\"" : "null", a->process ? a->process->name : "");
    fprintf(f, ",\"windows\":%zu", a->windows);
    json_number(f, "rate", a->rate);
    json_number(f, "cv_even", a->own_cv);
    json_number(f, "cv_real", a->cv);
    json_number(f, "cv", d->cv);
    fprintf(f, "}");
}

static void json_tells(FILE *f, const struct clone_measured *m)
{
    fprintf(f, ",\n\"tells\":[");
    for (size_t i = 0; i < CLONE_TELLS && m->tell[i].column; i++)
        fprintf(f, "%s{\"column\":\"%s\",\"share\":%.4f}", i ? "," : "", m->tell[i].column,
                m->tell[i].share);
    fprintf(f, "]");
}

static bool write_json(const char *dir, const struct clone_facts *t,
                       const struct clone_arrivals *a, const struct clone_arrivals_distance *d,
                       const struct clone_measured *m, struct err *err)
{
    char *path = file_join(dir, "report.json");
    struct outfile o;
    bool good = outfile_open(&o, path, err);
    free(path);
    if (!good)
        return false;
    json_facts(o.f, t);
    json_arrivals(o.f, a, d);
    json_rows(o.f, "how_real", m->real, CLONE_REAL);
    json_tells(o.f, m);
    json_rows(o.f, "how_private", m->private, CLONE_PRIVATE);
    fprintf(o.f, "}\n");
    return outfile_commit(&o, err);
}

static bool set_page(const char *dir, const char *private, struct err *err)
{
    char *source = file_join(private, "report.md"), *out = file_join(dir, "report");
    struct paper_options o = { .data_dir = private, .figure_dir = private, .table_dir = private };
    bool good = paper_make(source, &o, out, err);
    free(source);
    free(out);
    return good;
}

bool clone_page(const char *dir, const struct clone_facts *facts, const struct clone_sets *sets,
                const struct clone_arrivals *arrivals, const struct clone_arrivals_distance *starts,
                const double *start_s, const struct clone_measured *m, struct err *err)
{
    char *hidden = file_join(dir, "private");
    struct files x = { .dir = hidden, .err = err, .good = file_mkdirs(hidden, err) };
    write_facts(&x, facts, arrivals, starts, m);
    write_time(&x, facts);
    write_rows(&x, "real.csv", m->real, CLONE_REAL);
    write_rows(&x, "private.csv", m->private, CLONE_PRIVATE);
    write_shapes(&x, sets, arrivals, start_s);
    text_file(&x, "report.md", page);
    text_file(&x, "clone_time.tab", time_tab);
    text_file(&x, "clone_real.tab", real_tab);
    text_file(&x, "clone_private.tab", private_tab);
    text_file(&x, "clone_shapes.fig", shapes_fig);
    bool good = x.good && set_page(dir, hidden, err) &&
                write_json(dir, facts, arrivals, starts, m, err);
    free(hidden);
    return good;
}
