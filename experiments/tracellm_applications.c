/* tracellm_applications: the realism table again, on applications that are not Alibaba's.
 *
 * Claim    What the main experiment shows rests on no one data set: on traces of other applications
 *          too the model is nearer to unseen ones than the probabilistic baseline, times included.
 *          What it does not show there: traces of a hundred calls and few shapes, of which real
 *          ones repeat nearly all, are told from the model's by a classifier, and rarely repeated.
 * Method   An application is a file of spans with at least 1,000 traces of at least 20 structures
 *          (a file of one shape says nothing about shapes). Operations become part of their
 *          callee's name; kinds, which these sources do not record, are Alibaba's. Of a random
 *          sample one part is learnt from and the other is held out; the model is trained from
 *          scratch, the baselines are fitted, each writes graphs for headers of the learnt part,
 *          and all are measured against the part held out, beside the learnt part's own score.
 *          Times: durations of calls, of traces, and starts of calls within their parents, as
 *          eval/durations.h compares them.
 * Reads    spans.tsv, and the files it names
 * Writes   tracellm_applications_data.csv   application,traces,calls,endpoints,structures,
 *                       commonest,learnt,learnt_calls,learnt_structures,held,held_seen
 *                       (held_seen: share of those held out whose structure was learnt)
 *          tracellm_applications.csv        application,metric,view,name,value,lo,hi,n,floor,who
 *          tracellm_applications_times.csv  application,quantity,name,n,ks,w1,lo,hi,who
 *                       (lo, hi: w1's)
 *          tracellm_applications_worst.csv  measure,ratio,applications: of model to probabilistic,
 *                       the most over applications
 * Scale    small: about 20,000 calls learnt from, 8 epochs, 1,000 graphs held out and written;
 *          full: 60,000 calls, 16 epochs, 3,000 graphs
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/keys.h"
#include "base/rng.h"
#include "cli/clone_names.h"
#include "cli/contest.h"
#include "cli/importers.h"
#include "eval/durations.h"

enum { TRACES_LEAST = 1000, STRUCTURES_LEAST = 20, REDRAWS = 200 };

struct application {
    char name[64];
    struct graphset *all, *learnt, *held;
};

struct outputs {
    FILE *data, *rows, *times;
};

struct worst {
    const char *measure;
    double ratio;
};

static struct worst worst[] = {
    { "kl100", NAN }, { "presence_jsd100", NAN }, { "emd_lrt", NAN },
    { "trace", NAN }, { "call", NAN }, { "start", NAN },
};
enum { MEASURES = sizeof worst / sizeof *worst };

static void note_ratio(const char *measure, double model, double baseline)
{
    for (size_t i = 0; i < MEASURES; i++)
        if (strcmp(worst[i].measure, measure) == 0)
            worst[i].ratio = fmax(worst[i].ratio, model / baseline);
}

/* ---- the traces ---- */

/* "trainticket" of ".../trainticket_traces.tar.zst" */
static void name_of(const char *path, char name[64])
{
    snprintf(name, 64, "%.*s", (int)strcspn(file_base(path), "_."), file_base(path));
}

struct structures {
    uint64_t *hash;      /* (n), ascending, repeats and all */
    size_t n, distinct, commonest;
};

static struct structures structures_of(const struct graphset *s)
{
    struct structures x = { .hash = mem_array(s->n + 1, sizeof *x.hash), .n = s->n };
    for (size_t i = 0; i < s->n; i++)
        x.hash[i] = callgraph_hash_structure(&s->graphs[i], s->names);
    x.distinct = keys_distinct(x.hash, x.n, &x.commonest);
    return x;
}

static void usual_kinds(struct graphset *s)
{
    for (size_t i = 0; i < s->n; i++)
        for (size_t k = 0; k < s->graphs[i].n; k++) {
            struct call *c = &s->graphs[i].calls[k];
            c->kind = c->type == CALL_MQ ? KIND_PRODUCER : KIND_CLIENT;
        }
}

static size_t calls_of(const struct graphset *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++)
        n += s->graphs[i].n;
    return n;
}

static const struct importer *importer_of(struct str name)
{
    for (size_t i = 0; importers[i]; i++)
        if (str_is(name, importers[i]->name))
            return importers[i];
    return NULL;
}

/* All traces of a file, or NULL if it is no application. */
static struct graphset *read_traces(const struct driver *d, struct str source, char *path)
{
    struct graphset *raw = graphset_new();
    struct import_report rep = { 0 };
    struct err err = { 0 };
    const struct importer *im = importer_of(source);
    REQUIRE(im);
    raw->tick_us = im->tick_us;
    driver_need(d, im->stream(&path, 1, NULL, import_collect, raw, &rep, &err), &err);
    struct graphset *s = clone_join(raw, true);
    graphset_free(raw);
    usual_kinds(s);
    struct structures x = structures_of(s);
    free(x.hash);
    if (s->n >= TRACES_LEAST && x.distinct >= STRUCTURES_LEAST)
        return s;
    graphset_free(s);
    return NULL;
}

/* Deal a random sample: traces to learn from, and as many others as `held` at most. */
static void part(const struct driver *d, struct application *a, size_t calls, size_t held)
{
    size_t n = a->all->n, *order = mem_array(n, sizeof *order);
    size_t learn = n * calls / calls_of(a->all);
    learn = learn < n / 2 ? learn : n / 2;
    held = held < n - learn ? held : n - learn;
    gsl_rng *rng = rng_stream(d->seed, "tracellm_applications", 0);
    for (size_t i = 0; i < n; i++) {
        size_t k = rng_below(rng, i + 1);
        order[i] = order[k];
        order[k] = i;
    }
    gsl_rng_free(rng);
    a->learnt = graphset_select(a->all, order, learn);
    a->held = graphset_select(a->all, order + learn, held);
    free(order);
}

static size_t endpoints(const struct graphset *s)
{
    struct names *seen = names_new();
    for (size_t i = 0; i < s->n; i++)
        for (size_t k = 0; k < s->graphs[i].n; k++)
            names_id(seen, names_str(s->names, s->graphs[i].calls[k].dst));
    size_t n = names_count(seen);
    names_free(seen);
    return n;
}

static void describe(const struct application *a, FILE *f)
{
    struct structures all = structures_of(a->all), l = structures_of(a->learnt),
                      h = structures_of(a->held);
    size_t seen = 0;
    for (size_t i = 0; i < h.n; i++)
        seen += bsearch(&h.hash[i], l.hash, l.n, sizeof *l.hash, keys_ascending) != NULL;
    fprintf(f, "%s,%zu,%zu,%zu,%zu,%.6g,%zu,%zu,%zu,%zu,%.6g\n", a->name, a->all->n,
            calls_of(a->all), endpoints(a->all), all.distinct,
            (double)all.commonest / (double)all.n, l.n, calls_of(a->learnt), l.distinct, h.n,
            (double)seen / (double)h.n);
    free(all.hash);
    free(l.hash);
    free(h.hash);
}

/* ---- times ---- */

/* The distance of a source's times from the held-out ones, with w1's interval. */
static double time_row(const struct driver *d, const struct application *a, enum durations_of what,
                       const char *name, const struct graphset *made, FILE *f)
{
    struct durations x = durations_compare(a->held, made, what, REDRAWS, d->seed);
    fprintf(f, "%s,%s,%s,%zu,%.6g,%.6g,%.6g,%.6g,%s: %s\n", a->name, durations_names[what], name,
            x.w1.n, x.ks, x.w1.value, x.w1.lo, x.w1.hi, a->name, name);
    return x.w1.value;
}

static void measure_times(const struct driver *d, const struct application *a,
                          const struct contest *c, FILE *f)
{
    for (int q = 0; q < DURATIONS; q++) {
        double model = NAN;
        for (size_t i = 0; i < c->n; i++) {
            double w1 = time_row(d, a, (enum durations_of)q, c->source[i].name, c->set[i], f);
            if (i == 0)
                model = w1;
            if (strcmp(c->source[i].name, "probabilistic") == 0)
                note_ratio(durations_names[q], model, w1);
        }
        time_row(d, a, (enum durations_of)q, "train", a->learnt, f);
    }
}

/* ---- one application ---- */

static void note_worst(const struct comparison *c)
{
    for (size_t i = 0; i < 3; i++)
        note_ratio(worst[i].measure,
                   compare_get(c, worst[i].measure, VIEW_TRAFFIC, "model")->value.value,
                   compare_get(c, worst[i].measure, VIEW_TRAFFIC, "probabilistic")->value.value);
}

static void run(const struct driver *d, struct application *a, const struct outputs *o)
{
    size_t n = d->full ? 3000 : 1000;
    char dir[96];
    snprintf(dir, sizeof dir, "application-%s", a->name);
    part(d, a, d->full ? 60000 : 20000, n);
    describe(a, o->data);
    struct train_graphs_options t = train_graphs_standard_for("compact");
    t.train.seed = d->seed;
    t.train.epochs = d->full ? 16 : 8;
    struct contest c = { .fit = a->learnt };
    contest_model(d, &c, t, dir, n);
    contest_baselines(d, &c, n);
    struct compare_options co = { .seed = d->seed, .threads = d->threads,
                                  .repeats = d->full ? 5 : 3 };
    struct comparison *m = compare_run(a->held, a->learnt, c.source, c.n, &co);
    contest_rows(m, a->name, o->rows);
    note_worst(m);
    comparison_free(m);
    measure_times(d, a, &c, o->times);
    contest_free(&c);
}

/* Data without an application say so, in a row of every table. */
static void say_none(const struct outputs *o)
{
    fprintf(o->data, "none,0,0,0,0,nan,0,0,0,0,nan\n");
    for (size_t i = 0; metrics[i]; i++)
        fprintf(o->rows, "none,%s,%s,model,nan,nan,nan,0,nan,none\n", metrics[i]->name,
                view_names[VIEW_TRAFFIC]);
    for (int q = 0; q < DURATIONS; q++)
        fprintf(o->times, "none,%s,model,0,nan,nan,nan,nan,none\n", durations_names[q]);
}

static void write_worst(const struct driver *d, size_t applications)
{
    struct outfile o = driver_csv(d, "tracellm_applications_worst.csv",
                                  "measure,ratio,applications");
    for (size_t i = 0; i < MEASURES; i++)
        fprintf(o.f, "%s,%.6g,%zu\n", worst[i].measure, worst[i].ratio, applications);
    driver_close(&o);
}

int main(int argc, char **argv)
{
    struct driver d = driver_start(argc, argv, "tracellm_applications");
    struct outfile data = driver_csv(&d, "tracellm_applications_data.csv",
                                     "application,traces,calls,endpoints,structures,commonest,"
                                     "learnt,learnt_calls,learnt_structures,held,held_seen");
    struct outfile rows = driver_csv(&d, "tracellm_applications.csv",
                                     "application," CONTEST_COLUMNS);
    struct outfile times = driver_csv(&d, "tracellm_applications_times.csv",
                                      "application,quantity,name,n,ks,w1,lo,hi,who");
    struct outputs o = { data.f, rows.f, times.f };
    struct buf list = { 0 };
    struct err err = { 0 };
    char *path = driver_path(&d, "spans.tsv");
    driver_need(&d, file_read(path, &list, &err), &err);
    struct str rest = buf_view(&list), line, source;
    size_t applications = 0;
    while (str_next(&rest, '\n', &line)) {
        struct application a = { 0 };
        if (line.n == 0)
            continue;
        str_next(&line, '\t', &source);
        char *file = mem_strndup(line.p, line.n);
        a.all = read_traces(&d, source, file);
        if (a.all) {
            name_of(file, a.name);
            run(&d, &a, &o);
            applications++;
            graphset_free(a.learnt);
            graphset_free(a.held);
            graphset_free(a.all);
        }
        free(file);
    }
    if (!applications)
        say_none(&o);
    write_worst(&d, applications);
    driver_close(&data);
    driver_close(&rows);
    driver_close(&times);
    free(path);
    buf_free(&list);
    return driver_end(&d);
}
