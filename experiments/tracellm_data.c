/* tracellm_data: the call graphs that everything below learns from and is measured on.
 *
 * Method   Without --data: the reference workload, written as raw Alibaba-2022 rows and read back
 *          by the careful importer, exact repeats dropped as TraceLLM drops them, then a random
 *          sample of as many graphs as TraceLLM's tabular examples have. With --data: every file
 *          below the folder that is recognised by content; a graph that stands in two files or
 *          formats counts once. Untimed graphs (DGG) go to a set of their own, which serves size,
 *          depth and degree. So do spans (Jaeger, OTLP, Zipkin, CSV): each file is an application
 *          by itself, with names and microseconds of its own, for tracellm_applications. A folder
 *          that holds spans alone is what everything learns from, in whole milliseconds.
 *          The layered formats need more tokens to be learnt, and are asked for every depth and
 *          number of calls alike: at full scale they learn from the distinct graphs of 150 times as
 *          many reference traces, at most 600 of a depth and number of calls, chosen at random, and
 *          at most 600 that have more calls than anything is asked for (they are an eighth of the
 *          graphs and would be half of the tokens); elsewhere from the same graphs as everything
 *          else.
 * Writes   real.csv         the graphs, Alibaba-2022 CSV
 *          layers.csv       what the layered formats learn from
 *          tracellm_data.csv   file,source,graphs_read,graphs_used,rows_read,rows_used
 *          dgg.list         the DGG files, one a line (empty without)
 *          spans.tsv        importer, file: those of spans, one a line (empty without)
 * Scale    small: 1,361 graphs;  full: all distinct ones of 20,000 traces, and those of 3,000,000
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/str.h"
#include "cli/cell_headers.h"
#include "cli/importers.h"
#include "trace/recognise.h"
#include "trace/reference.h"

struct files {
    char **at;
    size_t n, cap;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All files below dir, sorted within each folder, so that a run does not depend on the disk. */
static void walk(const char *dir, struct files *out)
{
    struct files here = { 0 };
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        if (e->d_name[0] == '.')
            continue;
        MEM_GROW(here.at, here.n, here.cap);
        here.at[here.n++] = file_join(dir, e->d_name);
    }
    if (d)
        closedir(d);
    if (here.n)
        qsort(here.at, here.n, sizeof *here.at, by_name);
    for (size_t i = 0; i < here.n; i++) {
        if (file_is_dir(here.at[i])) {
            walk(here.at[i], out);
            free(here.at[i]);
            continue;
        }
        MEM_GROW(out->at, out->n, out->cap);
        out->at[out->n++] = here.at[i];
    }
    free(here.at);
}

static const struct importer *importer_for(const char *source)
{
    for (size_t i = 0; source && importers[i]; i++)
        if (strcmp(importers[i]->name, source) == 0)
            return importers[i];
    return NULL;
}

/* Keeps what no earlier file had. */
struct once {
    struct graphset *set;
    struct names *seen;     /* full hashes as names: a set of strings is at hand */
    uint64_t added;
};

static struct once once_new(void)
{
    return (struct once){ .set = graphset_new(), .seen = names_new() };
}

static void once_free(struct once *o)
{
    graphset_free(o->set);
    names_free(o->seen);
}

/* Where graphs go, by what they are. */
struct sets {
    struct once timed, spans;
    FILE *csv, *dgg, *apart;
};

static bool add_once(void *ctx, const struct callgraph *g, const struct names *names, double weight,
                     struct err *err)
{
    struct once *o = ctx;
    uint64_t h = callgraph_hash_full(g, names);
    char key[17];
    snprintf(key, sizeof key, "%016llx", (unsigned long long)h);
    uint32_t before = names_count(o->seen);
    names_id_of(o->seen, key);
    if (names_count(o->seen) == before)
        return true;
    o->added++;
    return import_collect(o->set, g, names, weight, err);
}

/* Untimed graphs are read where they are drawn; here they are only counted. */
static bool count(void *ctx, const struct callgraph *g, const struct names *names, double weight,
                  struct err *err)
{
    (void)g, (void)names, (void)weight, (void)err;
    ((struct once *)ctx)->added++;
    return true;
}

static void import_file(const struct driver *d, char *path, struct sets *s)
{
    const char *source = recognise(path);
    const struct importer *im = importer_for(source);
    struct import_report rep = { 0 };
    struct err err = { 0 };
    const char *shown = path + strlen(d->data) + (path[strlen(d->data)] == '/');
    if (!im) {
        fprintf(s->csv, "\"%s\",not recognised,0,0,0,0\n", shown);
        return;
    }
    bool untimed = strcmp(source, "dgg") == 0, spans = im->tick_us != 0;
    struct once *o = spans ? &s->spans : &s->timed;
    o->added = 0;
    if (untimed)
        fprintf(s->dgg, "%s\n", path);
    if (!im->stream(&path, 1, NULL, untimed ? count : add_once, o, &rep, &err) &&
        err.status != EXIT_DATA)
        driver_need(d, false, &err);
    if (spans && o->added)
        fprintf(s->apart, "%s\t%s\n", source, path);
    fprintf(s->csv, "\"%s\",%s,%llu,%llu,%llu,%llu\n", shown, source,
            (unsigned long long)rep.graphs_read, (unsigned long long)o->added,
            (unsigned long long)rep.rows_read, (unsigned long long)rep.rows_used);
}

static void real_data(const struct driver *d, struct sets *s)
{
    struct files f = { 0 };
    walk(d->data, &f);
    for (size_t i = 0; i < f.n; i++) {
        import_file(d, f.at[i], s);
        free(f.at[i]);
    }
    free(f.at);
    if (s->timed.set->n == 0) {
        struct once spans = s->spans;
        s->spans = s->timed;
        s->timed = spans;
    }
    struct err err = { 0 };
    err_set(&err, EXIT_DATA, "%s: no file with timed call graphs in it", d->data);
    driver_need(d, s->timed.set->n > 0, &err);
}

/* The distinct graphs of so many traces, through their raw rows in DIR/file. */
static void reference_data(const struct driver *d, uint64_t traces, const char *label,
                           const char *file, struct once *o, FILE *csv)
{
    struct reference_options r = { .traces = traces, .seed = d->seed, .threads = d->threads };
    char *path = driver_path(d, file);
    o->added = 0;
    struct outfile raw;
    struct err err = { 0 };
    struct import_report rep = { 0 };
    driver_need(d, outfile_open(&raw, path, &err) && reference_callgraphs(&r, raw.f, NULL, &err) &&
                   outfile_commit(&raw, &err), &err);
    driver_need(d, import_alibaba_2022_stream(&path, 1, NULL, add_once, o, &rep, &err), &err);
    fprintf(csv, "%s,alibaba-2022,%llu,%llu,%llu,%llu\n", label,
            (unsigned long long)rep.graphs_read, (unsigned long long)o->added,
            (unsigned long long)rep.rows_read, (unsigned long long)rep.rows_used);
    free(path);
}

/* A random n of the graphs, in their old order. */
static struct graphset *sample(const struct graphset *s, size_t n, uint64_t seed)
{
    size_t *index = mem_array(s->n, sizeof *index), kept = 0;
    gsl_rng *rng = rng_stream(seed, "tracellm_data", 0);
    for (size_t i = 0; i < s->n; i++)   /* selection sampling: each graph with (wanted / left) */
        if (rng_unit(rng) * (double)(s->n - i) < (double)(n - kept))
            index[kept++] = i;
    gsl_rng_free(rng);
    struct graphset *t = graphset_select(s, index, kept);
    free(index);
    return t;
}

static int ascending(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return (x > y) - (x < y);
}

/* At most `most` graphs of a cell of the accuracy map, and of all that are in none, in their old
 * order. */
static struct graphset *balanced(const struct graphset *s, size_t most, uint64_t seed)
{
    size_t *index = mem_array(s->n, sizeof *index), kept = 0;
    size_t seen[CELL_DEPTHS + 1][CELL_CALLS + 1] = { 0 };          /* [0][0]: in no cell */
    for (size_t i = 0; i < s->n; i++)
        index[i] = i;
    gsl_rng *rng = rng_stream(seed, "tracellm_data/layers", 0);
    rng_shuffle(rng, index, s->n);
    gsl_rng_free(rng);
    for (size_t i = 0; i < s->n; i++) {
        const struct callgraph *g = &s->graphs[index[i]];
        size_t depth = callgraph_depth(g), calls = g->n;
        if (!cells_has((int64_t)depth, (int64_t)calls))
            depth = calls = 0;
        if (seen[depth][calls]++ < most)
            index[kept++] = index[i];
    }
    qsort(index, kept, sizeof *index, ascending);
    struct graphset *t = graphset_select(s, index, kept);
    free(index);
    return t;
}

/* What the layered formats learn from. */
static void write_layers(const struct driver *d, const struct graphset *real, FILE *csv)
{
    if (!d->full || d->data) {
        driver_write_graphs(d, "layers.csv", real);
        return;
    }
    struct once o = once_new();
    reference_data(d, CELL_TRAINED_TRACES, "more of it for layers",
                   "reference-layers.csv", &o, csv);
    char *raw = driver_path(d, "reference-layers.csv");
    remove(raw);                         /* near a gigabyte */
    free(raw);
    struct graphset *t = balanced(o.set, 600, d->seed);
    driver_write_graphs(d, "layers.csv", t);
    graphset_free(t);
    once_free(&o);
}

static struct outfile open_list(const struct driver *d, const char *name)
{
    struct outfile o;
    struct err err = { 0 };
    char *path = driver_path(d, name);
    driver_need(d, outfile_open(&o, path, &err), &err);
    free(path);
    return o;
}

int main(int argc, char **argv)
{
    struct driver d = driver_start(argc, argv, "tracellm_data");
    struct outfile csv = driver_csv(&d, "tracellm_data.csv",
                                    "file,source,graphs_read,graphs_used,rows_read,rows_used");
    struct outfile dgg = open_list(&d, "dgg.list"), apart = open_list(&d, "spans.tsv");
    struct sets s = { once_new(), once_new(), csv.f, dgg.f, apart.f };
    s.spans.set->tick_us = 1;
    if (d.data)
        real_data(&d, &s);
    else
        reference_data(&d, REFERENCE_TRACES, "reference workload", "reference.csv", &s.timed,
                       csv.f);
    size_t all = s.timed.set->n, want = d.data || d.full || all < 1361 ? all : 1361;
    struct graphset *real = sample(s.timed.set, want, d.seed);
    driver_write_graphs(&d, "real.csv", real);
    write_layers(&d, real, csv.f);
    fprintf(csv.f, "all,,%zu,%zu,,\n", all, real->n);
    driver_close(&csv);
    driver_close(&dgg);
    driver_close(&apart);
    graphset_free(real);
    once_free(&s.timed);
    once_free(&s.spans);
    return driver_end(&d);
}
