/* tracellm_accuracy: does a model do what headers ask? (TraceLLM, figure 3 and its ablations.)
 *
 * Method   Cells of (depth 1-6, calls 1-30): 136. Service, calls and depth are asked for. Headers
 *          are, in this order of preference: a folder of TraceLLM's prompt files in --data
 *          (<calls>_<depth>.txt, whose name is the cell; the last prompt of each is lost under
 *          --compat tracellm alone); alibaba-headers there; else those of reference traces that
 *          were not trained on. A cell without any is asked with services of the nearest cell that
 *          has some (`made`), as the paper did without saying so. Every format is sampled freely,
 *          one attempt, at temperature 0 ("greedy", as the paper's figure) and 1, and under the
 *          grammar at 1. A graph is correct when it is valid and has the calls and the depth
 *          asked for; by the strict oracle, and for free layered texts by the paper's own
 *          (`original`). trained: distinct graphs of that depth that the model learnt from, as its
 *          checkpoint says; a cell of fewer than 50 is drawn hatched (`few` is 1). The layered
 *          models of the small scale could do nothing freely: where the reference workload is what
 *          is asked about, they are those that full scale trains (tracellm_layered_train) and that
 *          come with the project. Beside the map: held-out graphs' full
 *          headers, by bins of depth and calls, to the compact model of split 0, which saw none.
 * Reads    real.csv, checkpoint.path, layered-NAME/ or --shipped DIR/NAME/, split0/,
 *          split0-test.csv
 * Writes   tracellm_accuracy.csv   name,format,mode,oracle,depth,calls,trained,few,made,asked,
 *                                  valid,correct          (counts)
 *          tracellm_accuracy_map.csv     name,depth,calls,few,correct,row: shares, of the strict
 *                                  oracle; row: the depth, and `trained` where it is few
 *          tracellm_accuracy_depth.csv   format,mode,oracle,depth,trained,asked,correct,lo,hi,
 *                                  own_cells,own    (own: share in cells that are not made)
 *          tracellm_accuracy_least.csv   format,mode,oracle,depths,least,own: the least of
 *                                  `correct` and of `own` over depths of 50 trained graphs or more
 *          tracellm_accuracy_sum.csv     mode,asked,valid,correct,lo,hi   (Wilson 95 %): over the
 *                                  map "FORMAT MODE"; held-out headers "unconstrained" and
 *                                  "constrained"
 *          tracellm_accuracy_forms.csv   format,graphs,forms,services,top_share,top_asked
 *                                  of what the grammar wrote: distinct structures and services;
 *                                  the share of the commonest structure, and of the commonest
 *                                  service among what was asked for
 * Scale    small: 1 graph a cell, greedy by the strict oracle 4, 40 a bin;  full: 50 and 400
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/str.h"
#include "cli/cell_headers.h"
#include "llm/checkpoint.h"
#include "stats/interval.h"

/* What a cell got. `out` gains the graphs. */
static struct cell_sum ask(const struct driver *d, const struct llm *m, const struct cell *c,
                           const struct llm_options *o, size_t n, uint64_t stream,
                           struct graphset *out)
{
    struct cell_ask a = { .m = m, .options = *o, .n = n, .threads = d->threads, .seed = d->seed };
    struct cell_sum s;
    struct err err = { 0 };
    driver_need(d, cell_ask(&a, c, stream, out, &s, &err), &err);
    return s;
}

struct files {
    struct outfile cells, map, depth, least, sum, forms;
};

/* A model in the map. */
struct subject {
    const char *name;
    struct llm m;
    size_t trained[CELL_DEPTHS + 1];
};

static void put_share(FILE *f, const struct cell_sum *s, const char *end)
{
    struct interval share = interval_wilson(s->correct, s->asked);
    fprintf(f, "%.4f,%.4f,%.4f%s", share.value, share.lo, share.hi, end);
}

struct mode {
    const char *name, *oracle;
    size_t times;                        /* so many times as many graphs a cell */
    struct llm_options options;
};

static int by_value(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Share of the commonest of ids[0..n). */
static double top_share(uint64_t *ids, size_t n)
{
    size_t run = 0, most = 0;
    qsort(ids, n, sizeof *ids, by_value);
    for (size_t i = 0; i < n; i++) {
        run = i && ids[i] == ids[i - 1] ? run + 1 : 1;
        most = run > most ? run : most;
    }
    return n ? (double)most / (double)n : NAN;
}

static size_t distinct(const uint64_t *sorted, size_t n)
{
    size_t k = 0;
    for (size_t i = 0; i < n; i++)
        k += i == 0 || sorted[i] != sorted[i - 1];
    return k;
}

/* How many different graphs were written: a grammar that is kept by saying one thing is no feat. */
static void put_forms(const struct graphset *s, const char *name, FILE *f)
{
    uint64_t *form = mem_array(s->n, sizeof *form), *service = mem_array(s->n, sizeof *service);
    for (size_t i = 0; i < s->n; i++) {
        form[i] = callgraph_hash_structure(&s->graphs[i], s->names);
        service[i] = s->graphs[i].service;
    }
    double top = top_share(form, s->n), asked = top_share(service, s->n);
    fprintf(f, "%s,%zu,%zu,%zu,%.4f,%.4f\n", name, s->n, distinct(form, s->n),
            distinct(service, s->n), top, asked);
    free(form);
    free(service);
}

static void put_cell(const struct subject *x, const struct mode *mode, size_t depth, size_t calls,
                     bool made, const struct cell_sum *s, struct files *f)
{
    int few = x->trained[depth] < CELL_FEW;
    fprintf(f->cells.f, "%s %s,%s,%s,%s,%zu,%zu,%zu,%d,%d,%zu,%zu,%zu\n", x->name, mode->name,
            x->name, mode->name, mode->oracle, depth, calls, x->trained[depth], few, made,
            s->asked, s->valid, s->correct);
    if (strcmp(mode->oracle, "strict") != 0)
        return;
    fprintf(f->map.f, "%s %s,%zu,%zu,%d,%.4f,%zu", x->name, mode->name, depth, calls, few,
            (double)s->correct / (double)s->asked, depth);
    if (few)
        fprintf(f->map.f, " (n=%zu)", x->trained[depth]);
    fprintf(f->map.f, "\n");
}

/* A row of the map; `own` is of its cells that are not made. */
struct row {
    struct cell_sum all, own;
    size_t own_cells;
};

static struct row run_row(const struct driver *d, const struct subject *x, const struct mode *mode,
                          const struct cells *c, size_t depth, size_t n, struct graphset *out,
                          struct files *f)
{
    struct row row = { 0 };
    for (size_t calls = 1; calls <= CELL_CALLS; calls++) {
        const struct cell *at = &c->cell[depth][calls];
        if (!cells_has((int64_t)depth, (int64_t)calls))
            continue;
        struct cell_sum s = ask(d, &x->m, at, &mode->options, n, depth * 100 + calls, out);
        put_cell(x, mode, depth, calls, at->made, &s, f);
        cell_sum_add(&row.all, s);
        if (!at->made)
            cell_sum_add(&row.own, s), row.own_cells++;
    }
    return row;
}

static double least_of(double least, double x)
{
    return isnan(least) || x < least ? x : least;
}

/* The whole map of one model in one mode. */
static void run_map(const struct driver *d, const struct subject *x, const struct mode *mode,
                    const struct cells *c, size_t n, struct files *f)
{
    struct cell_sum all = { 0 };
    struct graphset *out = graphset_new();
    double least = NAN, least_own = NAN;
    size_t depths = 0;
    for (size_t depth = 1; depth <= CELL_DEPTHS; depth++) {
        struct row r = run_row(d, x, mode, c, depth, n, out, f);
        fprintf(f->depth.f, "%s,%s,%s,%zu,%zu,%zu,", x->name, mode->name, mode->oracle, depth,
                x->trained[depth], r.all.asked);
        put_share(f->depth.f, &r.all, "");
        fprintf(f->depth.f, ",%zu,%.4f\n", r.own_cells, cell_sum_share(&r.own));
        cell_sum_add(&all, r.all);
        if (x->trained[depth] >= CELL_FEW) {
            depths++;
            least = least_of(least, cell_sum_share(&r.all));
            least_own = least_of(least_own, cell_sum_share(&r.own));
        }
    }
    fprintf(f->least.f, "%s,%s,%s,%zu,%.4f,%.4f\n", x->name, mode->name, mode->oracle, depths,
            least, least_own);
    bool strict = strcmp(mode->oracle, "strict") == 0;
    fprintf(f->sum.f, "%s %s%s,%zu,%.4f,", x->name, mode->name, strict ? "" : " original",
            all.asked, (double)all.valid / (double)all.asked);
    put_share(f->sum.f, &all, "\n");
    if (!mode->options.unconstrained)
        put_forms(out, x->name, f->forms.f);
    graphset_free(out);
}

/* ---- held-out headers ---- */

/* Calls are binned: held-out graphs are few. The last depth is "or more". */
static const size_t bin_ends[] = { 1, 2, 3, 5, 7, 10, 15, 30, SIZE_MAX };
enum { BINS = sizeof bin_ends / sizeof *bin_ends, HELD_DEPTHS = 5 };

static struct graphset *bin_of(const struct graphset *s, size_t depth, size_t b)
{
    size_t *index = mem_array(s->n, sizeof *index), n = 0;
    for (size_t i = 0; i < s->n; i++) {
        size_t at = callgraph_depth(&s->graphs[i]), calls = s->graphs[i].n;
        if ((at < HELD_DEPTHS ? at : HELD_DEPTHS) == depth && calls <= bin_ends[b] &&
            (b == 0 || calls > bin_ends[b - 1]))
            index[n++] = i;
    }
    struct graphset *t = graphset_select(s, index, n);
    free(index);
    return t;
}

static struct cell_sum ask_bin(const struct driver *d, const struct llm *m,
                               const struct graphset *like, bool unconstrained, uint64_t stream)
{
    struct prompt_pool pool = prompt_pool_new(like, prompt_full);
    struct draw_job job = { .prompts = &pool, .n = d->full ? 400 : 40,
                            .seed = d->seed * 1000 + stream, .threads = d->threads, .attempts = 1 };
    struct llm_options o = { .sample = { .temperature = 1 }, .unconstrained = unconstrained };
    struct graphset *out = graphset_new();
    struct draw_report r = { 0 };
    struct err err = { 0 };
    driver_need(d, llm_run(m, &o, &job, out, &r, &err), &err);
    graphset_free(out);
    prompt_pool_free(&pool);
    return (struct cell_sum){ job.n, r.outcome[DRAW_GOOD] + r.outcome[DRAW_HEADER],
                         r.outcome[DRAW_GOOD] };
}

static void run_held_out(const struct driver *d, struct files *f)
{
    struct graphset *test = driver_graphs(d, "split0-test.csv");
    char *dir = driver_path(d, "split0");
    struct llm m;
    struct err err = { 0 };
    driver_need(d, llm_load(dir, &m, &err), &err);
    for (int free_mode = 1; free_mode >= 0; free_mode--) {
        struct cell_sum all = { 0 };
        for (size_t depth = 1; depth <= HELD_DEPTHS; depth++)
            for (size_t b = 0; b < BINS; b++) {
                struct graphset *like = bin_of(test, depth, b);
                if (like->n)
                    cell_sum_add(&all, ask_bin(d, &m, like, free_mode, depth * 100 + b));
                graphset_free(like);
            }
        fprintf(f->sum.f, "%s,%zu,%.4f,", free_mode ? "unconstrained" : "constrained", all.asked,
                (double)all.valid / (double)all.asked);
        put_share(f->sum.f, &all, "\n");
    }
    llm_free(&m);
    free(dir);
    graphset_free(test);
}

/* What a checkpoint says of the depths that it learnt from; of the compact one the graphs do. */
static void read_trained(const struct driver *d, const char *dir, const struct graphset *real,
                         size_t trained[CELL_DEPTHS + 1])
{
    struct buf b = { 0 };
    struct err err = { 0 };
    cells_trained(real, trained);
    if (checkpoint_meta(dir, "depths", &b, &err)) {
        struct str rest = buf_view(&b), word;
        uint64_t n = 0;
        for (size_t depth = 1; depth <= CELL_DEPTHS; depth++) {
            driver_need(d, str_next(&rest, ' ', &word) && str_u64(word, &n), &err);
            trained[depth] = (size_t)n;
        }
    }
    buf_free(&b);
}

static void run_model(const struct driver *d, const char *name, const char *dir,
                      const struct graphset *real, const struct cells *c, struct files *f)
{
    static const struct mode modes[] = {
        { "greedy", "strict", 4, { .unconstrained = true } },
        { "sampled", "strict", 1, { .sample = { .temperature = 1 }, .unconstrained = true } },
        { "constrained", "strict", 1, { .sample = { .temperature = 1 } } },
        { "greedy", "original", 1, { .unconstrained = true, .original = true } },
    };
    struct subject x = { .name = name };
    struct err err = { 0 };
    read_trained(d, dir, real, x.trained);
    driver_need(d, llm_load(dir, &x.m, &err), &err);
    bool compact = strcmp(name, "compact") == 0;
    for (size_t k = 0; k < (compact ? 3 : 4); k++)
        run_map(d, &x, &modes[k], c, d->full ? 50 : modes[k].times, f);
    llm_free(&x.m);
}

int main(int argc, char **argv)
{
    static const char *const layered[] = { "tabular", "recursive", "instruction", "bare" };
    struct driver d = driver_start(argc, argv, "tracellm_accuracy");
    struct graphset *real = driver_graphs(&d, "real.csv");
    struct cells *c = cell_headers(&d, real);
    struct files f = {
        driver_csv(&d, "tracellm_accuracy.csv", "name,format,mode,oracle,depth,calls,trained,few,"
                   "made,asked,valid,correct"),
        driver_csv(&d, "tracellm_accuracy_map.csv", "name,depth,calls,few,correct,row"),
        driver_csv(&d, "tracellm_accuracy_depth.csv",
                   "format,mode,oracle,depth,trained,asked,correct,lo,hi,own_cells,own"),
        driver_csv(&d, "tracellm_accuracy_least.csv", "format,mode,oracle,depths,least,own"),
        driver_csv(&d, "tracellm_accuracy_sum.csv", "mode,asked,valid,correct,lo,hi"),
        driver_csv(&d, "tracellm_accuracy_forms.csv",
                   "format,graphs,forms,services,top_share,top_asked"),
    };
    run_held_out(&d, &f);
    struct buf main_model = { 0 };
    struct err err = { 0 };
    char *path = driver_path(&d, "checkpoint.path");
    driver_need(&d, file_read(path, &main_model, &err), &err);
    run_model(&d, "compact", main_model.p, real, c, &f);
    for (size_t i = 0; i < sizeof layered / sizeof *layered; i++) {
        char *at = cell_model(&d, layered[i]);
        run_model(&d, layered[i], at, real, c, &f);
        free(at);
    }
    struct outfile *const all[] = { &f.cells, &f.map, &f.depth, &f.least, &f.sum,
                                    &f.forms };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        driver_close(all[i]);
    cells_free(c);
    free(path);
    buf_free(&main_model);
    graphset_free(real);
    return driver_end(&d);
}
