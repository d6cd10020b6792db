/* clone_page.c: the page is a paper of one page: Markdown with tables and a figure, whose numbers
 * come from CSV files that are written here. */
#include "cli/clone_page.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "eval/nearest.h"
#include "report/paper.h"
#include "stats/interval.h"
#include "stats/sort.h"

enum { NEAREST_MOST = 2000, POINTS = 60 };

static const char page[] =
    "# How real, how private\n\n"
    "Synthetic traces in the format {{value facts.csv:key=format:value:text}}, written by "
    "tracewright clone\n\n"
    "## What this is\n\n"
    "A model learned {{value facts.csv:key=train:value:#,##0}} of "
    "{{value facts.csv:key=real:value:#,##0}} real traces in "
    "{{value facts.csv:key=epochs:value:0.0}} passes, and wrote "
    "{{value facts.csv:key=made:value:#,##0}} new ones "
    "({{value facts.csv:key=calls_made:value:#,##0}} spans) without looking at any; "
    "{{value facts.csv:key=unseen:value:#,##0}} real traces were kept from it, to be compared "
    "with. "
    "Arrivals are a Poisson process of the real ones' rate. "
    "Names of services and operations are {{value facts.csv:key=names:value:text}}. "
    "The floor is what the real traces that were learned score against those that were not: "
    "nothing can be asked to be better.\n\n"
    "## How real\n\n"
    "{{table clone_real}}\n\n"
    "{{figure clone_shapes}}\n\n"
    "## How private\n\n"
    "{{table clone_private}}\n\n"
    "A copy is no leak where real traces repeat one another anyway: read it beside its floor. "
    "These numbers find copying; they prove no anonymity, and a rare name that is written "
    "is told.\n";

static const char real_tab[] =
    "title = Distances to unseen real traces\n"
    "caption = Lower is nearer; intervals over re-draws. EMD is the earth mover's distance. AUC is "
    "of a classifier that tells synthetic from real: a half is a coin's.\n"
    "csv = real.csv\n"
    "column = what | Measure\n"
    "column = value | Synthetic | 0.000 | | lo hi\n"
    "column = floor | Floor | 0.000\n";

static const char private_tab[] =
    "title = Copies and nearness\n"
    "caption = Shares of copies are of synthetic traces that a learned one equals; their floor is "
    "that of unseen real traces. Nearness is the distance to the nearest learned trace, from none "
    "to one.\n"
    "csv = private.csv\n"
    "column = what | Measure\n"
    "column = value | Synthetic | 0.000\n"
    "column = floor | Floor | 0.000\n";

static const char shapes_fig[] =
    "title = Sizes and latencies\n"
    "caption = Share of traces at or below a size and a latency.\n"
    "width = column\n"
    "height = 1.9\n"
    "columns = 2\n"
    "csv = shapes.csv\n"
    "facet = quantity\n"
    "group = name\n"
    "kind = cdf\n"
    "x = x\n"
    "y = at_or_below\n"
    "xlog = yes\n"
    "order = real, synthetic\n"
    "xlabel = value\n"
    "ylabel = share at or below\n";

/* What stands in the first table, in this order. */
static const struct {
    const char *metric, *what;
} real_rows[] = {
    { "kl100", "KL, the 100 busiest calls" },
    { "jsd_all", "JSD, all calls" },
    { "presence_jsd100", "JSD, which calls a trace has" },
    { "emd_size", "EMD, spans of a trace" },
    { "emd_depth", "EMD, depth of a trace" },
    { "emd_lrt", "EMD, latency in doublings" },
    { "auc", "AUC, real or synthetic" },
};

static const struct {
    const char *metric, *what;
} copy_rows[] = {
    { "struct_copy", "Share with the structure of a learned trace" },
    { "full_copy", "Share equal to a learned trace, times included" },
    { "full_copy3", "The same, of traces of three spans or more" },
};

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

/* The tables' rows once more, for scripts. */
struct row {
    const char *name, *what;
    double value, lo, hi, floor;
};

static struct row row_of(const struct comparison *c, const char *metric, const char *what)
{
    const struct compare_row *r = compare_get(c, metric, VIEW_TRAFFIC, "synthetic");
    struct row x = { metric, what, NAN, NAN, NAN, NAN };
    if (r)
        x = (struct row){ metric, what, r->value.value, r->value.lo, r->value.hi, r->floor };
    return x;
}

static void write_rows(struct files *x, const char *name, const struct row *row, size_t n)
{
    struct outfile o;
    FILE *f = begin(x, &o, name);
    if (!f)
        return;
    fprintf(f, "name,what,value,lo,hi,floor\n");
    for (size_t i = 0; i < n; i++) {
        fprintf(f, "%s,\"%s\"", row[i].name, row[i].what);
        const double v[] = { row[i].value, row[i].lo, row[i].hi, row[i].floor };
        for (size_t k = 0; k < 4; k++)
            put_number(v[k], f);
        fprintf(f, "\n");
    }
    end(x, &o);
}

static void write_facts(struct files *x, const struct clone_facts *t)
{
    struct outfile o;
    FILE *f = begin(x, &o, "facts.csv");
    if (!f)
        return;
    fprintf(f, "key,value\nformat,%s\nreal,%zu\ntrain,%zu\nunseen,%zu\nmade,%zu\ncalls_real,%zu\n"
            "calls_made,%zu\nepochs,%.2f\nnames,%s\n", t->format, t->real, t->train, t->unseen,
            t->made, t->calls_real, t->calls_made, t->learnt.epochs,
            t->renamed ? "replaced by numbers" : "the real ones");
    end(x, &o);
}

/* ---- shapes ---- */

static double size_of(const struct graphset *s, size_t i)
{
    return (double)s->graphs[i].n;
}

static double latency_of(const struct graphset *s, size_t i)
{
    return (double)s->graphs[i].calls[0].rt * s->tick_us / 1000;
}

/* A distribution function in at most POINTS steps. */
static void put_cdf(const struct graphset *s, double (*of)(const struct graphset *, size_t),
                    const char *quantity, const char *name, FILE *f)
{
    double *x = mem_array(s->n, sizeof *x);
    for (size_t i = 0; i < s->n; i++)
        x[i] = of(s, i);
    sort_doubles(x, s->n);
    fprintf(f, "%s,%s,%.9g,0\n", quantity, name, x[0]);
    size_t told = 0;           /* x[0..told) are at or below what the last row said */
    for (size_t k = 1; k <= POINTS; k++) {
        size_t i = k * s->n / POINTS;
        if (i <= told)
            continue;
        while (i < s->n && x[i] == x[i - 1])   /* a step is told whole */
            i++;
        fprintf(f, "%s,%s,%.9g,%.9g\n", quantity, name, x[i - 1], (double)i / (double)s->n);
        told = i;
    }
    free(x);
}

static void write_shapes(struct files *x, const struct clone_sets *s)
{
    struct outfile o;
    FILE *f = begin(x, &o, "shapes.csv");
    if (!f)
        return;
    fprintf(f, "quantity,name,x,at_or_below\n");
    put_cdf(s->unseen, size_of, "spans of a trace", "real", f);
    put_cdf(s->made, size_of, "spans of a trace", "synthetic", f);
    put_cdf(s->unseen, latency_of, "latency (ms)", "real", f);
    put_cdf(s->made, latency_of, "latency (ms)", "synthetic", f);
    end(x, &o);
}

/* ---- nearness ---- */

/* At most `most` graphs of s, evenly chosen. */
static struct graphset *some(const struct graphset *s, size_t most)
{
    size_t n = s->n < most ? s->n : most;
    size_t *index = mem_array(n + 1, sizeof *index);
    for (size_t i = 0; i < n; i++)
        index[i] = i * s->n / n;
    struct graphset *out = graphset_select(s, index, n);
    free(index);
    return out;
}

struct nearness {
    double median[2], p5[2];   /* synthetic, and unseen real traces as floor */
    double nearer;             /* share of synthetic ones nearer to learned than to unseen ones */
};

static void spread(double *d, size_t n, double *median, double *p5)
{
    sort_doubles(d, n);
    *median = quantile_sorted(d, n, 0.5);
    *p5 = quantile_sorted(d, n, 0.05);
}

/* As many learned traces as unseen ones, so that neither side is nearer for being larger. */
static struct nearness nearness_of(const struct clone_sets *s, size_t threads)
{
    struct graphset *made = some(s->made, NEAREST_MOST), *unseen = some(s->unseen, NEAREST_MOST);
    struct graphset *train = some(s->train, unseen->n);
    double *a = mem_array(made->n + 1, sizeof *a), *b = mem_array(made->n + 1, sizeof *b);
    double *floor = mem_array(unseen->n + 1, sizeof *floor);
    struct nearness x = { .nearer = 0 };
    nearest_distances(made, train, threads, a);
    nearest_distances(made, unseen, threads, b);
    nearest_distances(unseen, train, threads, floor);
    for (size_t i = 0; i < made->n; i++)
        x.nearer += a[i] < b[i] ? 1 : a[i] == b[i] ? 0.5 : 0;
    x.nearer /= (double)made->n;
    spread(a, made->n, &x.median[0], &x.p5[0]);
    spread(floor, unseen->n, &x.median[1], &x.p5[1]);
    free(a);
    free(b);
    free(floor);
    graphset_free(made);
    graphset_free(unseen);
    graphset_free(train);
    return x;
}

/* ---- all of it ---- */

enum { REAL = sizeof real_rows / sizeof *real_rows, COPIES = sizeof copy_rows / sizeof *copy_rows,
       NEAR = 3 };

static void json_number(FILE *f, const char *key, double x)
{
    fprintf(f, isfinite(x) ? ",\"%s\":%.9g" : ",\"%s\":null", key, x);
}

static void json_rows(FILE *f, const char *key, const struct row *row, size_t n)
{
    fprintf(f, ",\n\"%s\":[", key);
    for (size_t i = 0; i < n; i++) {
        fprintf(f, "%s\n{\"name\":\"%s\",\"what\":\"%s\"", i ? "," : "", row[i].name, row[i].what);
        json_number(f, "value", row[i].value);
        json_number(f, "lo", row[i].lo);
        json_number(f, "hi", row[i].hi);
        json_number(f, "floor", row[i].floor);
        fprintf(f, "}");
    }
    fprintf(f, "]");
}

static bool write_json(const char *dir, const struct clone_facts *t, const struct row *real,
                       const struct row *private, struct err *err)
{
    char *path = file_join(dir, "report.json");
    struct outfile o;
    bool good = outfile_open(&o, path, err);
    free(path);
    if (!good)
        return false;
    fprintf(o.f, "{\"format\":\"%s\",\"real\":%zu,\"learned\":%zu,\"unseen\":%zu,\"traces\":%zu,"
            "\"spans\":%zu,\"epochs\":%.2f,\"renamed\":%s,\"operations\":%s,\"seed\":%llu",
            t->format, t->real, t->train, t->unseen, t->made, t->calls_made,
            t->learnt.epochs, t->renamed ? "true" : "false",
            t->interfaces ? "true" : "false", (unsigned long long)t->seed);
    json_rows(o.f, "how_real", real, REAL);
    json_rows(o.f, "how_private", private, COPIES + NEAR);
    fprintf(o.f, "}\n");
    return outfile_commit(&o, err);
}

static void make_rows(const struct clone_sets *s, uint64_t seed, size_t threads, struct row *real,
                      struct row *private)
{
    struct compare_source source = { .name = "synthetic", .graphs = s->made };
    struct compare_options o = { .seed = seed, .redraws = 100, .repeats = 3, .threads = threads };
    struct comparison *c = compare_run(s->unseen, s->train, &source, 1, &o);
    for (size_t i = 0; i < REAL; i++)
        real[i] = row_of(c, real_rows[i].metric, real_rows[i].what);
    for (size_t i = 0; i < COPIES; i++)
        private[i] = row_of(c, copy_rows[i].metric, copy_rows[i].what);
    comparison_free(c);
    struct nearness n = nearness_of(s, threads);
    private[COPIES] = (struct row){ "nearest_median", "Nearness, median", n.median[0], NAN, NAN,
                                    n.median[1] };
    private[COPIES + 1] = (struct row){ "nearest_p5", "Nearness of the nearest twentieth", n.p5[0],
                                        NAN, NAN, n.p5[1] };
    private[COPIES + 2] = (struct row){ "nearer_to_learned",
                                        "Share nearer to a learned trace than to an unseen one",
                                        n.nearer, NAN, NAN, 0.5 };
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
                uint64_t seed, size_t threads, struct err *err)
{
    struct row real[REAL], private[COPIES + NEAR];
    char *hidden = file_join(dir, "private");
    struct files x = { .dir = hidden, .err = err, .good = file_mkdirs(hidden, err) };
    make_rows(sets, seed, threads, real, private);
    write_facts(&x, facts);
    write_rows(&x, "real.csv", real, REAL);
    write_rows(&x, "private.csv", private, COPIES + NEAR);
    write_shapes(&x, sets);
    text_file(&x, "report.md", page);
    text_file(&x, "clone_real.tab", real_tab);
    text_file(&x, "clone_private.tab", private_tab);
    text_file(&x, "clone_shapes.fig", shapes_fig);
    bool good = x.good && set_page(dir, hidden, err) &&
                write_json(dir, facts, real, private, err);
    free(hidden);
    return good;
}
