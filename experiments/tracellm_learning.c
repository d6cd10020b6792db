/* tracellm_learning: what more training buys: right graphs, and copies of those trained on.
 *
 * Method   Models of every format after a 16th, a quarter and all of the tokens, each at the end of
 *          a run of its own, are asked for the accuracy map's headers (tracellm_accuracy), but only
 *          in cells of which there are real ones: sampled freely, one attempt, at temperature 0
 *          ("greedy") and 1, strict oracle. The whole map at more temperatures, of the last models.
 *          Besides, what is reached on few graphs, with --data on all the real ones: one run of the
 *          compact and one of the recursive format, at a rate that does not fall and with the
 *          running mean of the weights, so that it passes through every number of epochs; each
 *          graph's whole header is asked for once, and of what is right the share is counted whose
 *          structure (service, levels, calls) a training graph has.
 * Found    On the 1,091 real graphs, one seed, whole headers of graphs trained on; right, and of
 *          these copies, where halves of the real graphs copy each other in .40 to .47:
 *          epochs                      4          8          12         16         32
 *          compact, greedy          .37 .38    .60 .57    .80 .73    .84 .80    .92 .99
 *          compact, temperature 1   .31 .18    .46 .39    .57 .59    .63 .67    .82 .93
 *          recursive, greedy        .44 .62    .71 .63    .82 .65
 *          recursive, temperature 1 .31 .31    .41 .52    .51 .55
 *          At equal copies the two are about equally often right. What the formats reach on the
 *          reference workload stands in tracellm_layered_train.
 * Reads    real.csv, layered-NAME/; for temperatures --shipped DIR/NAME/, as tracellm_accuracy
 * Writes   tracellm_learning.csv              format,mode,tokens,asked,correct,lo,hi
 *          tracellm_learning_temperature.csv  format,temperature,asked,correct,lo,hi
 *          tracellm_learning_few.csv          name,format,mode,epochs,asked,correct,lo,hi,copies
 *                                             (copies: of what is correct)
 *          learning/                          the checkpoints of the latter
 * Scale    small: 1 graph a cell, temperatures 0 and 1; without --data tiny models of 100 graphs;
 *          full: 10, 0 to 1 by .2
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/keys.h"
#include "base/mem.h"
#include "cli/cell_headers.h"
#include "gen/train_graphs.h"
#include "llm/checkpoint.h"

static const char *const formats[] = { "tabular", "recursive", "instruction", "compact" };
enum { FORMATS = sizeof formats / sizeof *formats };

static struct llm load(const struct driver *d, const char *dir)
{
    struct llm m;
    struct err err = { 0 };
    driver_need(d, llm_load(dir, &m, &err), &err);
    return m;
}

static void put_share(FILE *f, const struct cell_sum *s, const char *end)
{
    fprintf(f, "%zu,", s->asked);
    cell_sum_put(f, s, end);
}

/* Over the map, freely; `step`: every so many numbers of calls. */
static struct cell_sum ask_map(const struct driver *d, const struct llm *m, double temperature,
                               const struct cells *c, bool own, size_t step)
{
    struct cell_ask a = { .m = m, .n = d->full ? 10 : 1, .threads = d->threads, .seed = d->seed,
                          .options = { .sample = { .temperature = temperature },
                                       .unconstrained = true } };
    struct cell_sum all = { 0 }, one;
    struct graphset *out = graphset_new();
    struct err err = { 0 };
    for (size_t depth = 1; depth <= CELL_DEPTHS; depth++)
        for (size_t calls = 1; calls <= CELL_CALLS; calls += step) {
            const struct cell *at = &c->cell[depth][calls];
            if (!cells_has((int64_t)depth, (int64_t)calls) || (own && at->made))
                continue;
            driver_need(d, cell_ask(&a, at, depth * 100 + calls, out, &one, &err), &err);
            cell_sum_add(&all, one);
        }
    graphset_free(out);
    return all;
}

/* The recursive model of all the tokens is the base, before it goes on. */
static void run_point(const struct driver *d, const struct cells *c, const char *format,
                      const char *end, FILE *f)
{
    bool base = !*end && strcmp(format, "recursive") == 0;
    char name[64];
    struct buf tokens = { 0 };
    struct err err = { 0 };
    snprintf(name, sizeof name, "layered-%s%s", base ? "base" : format, end);
    char *dir = driver_path(d, name);
    struct llm m = load(d, dir);
    driver_need(d, checkpoint_meta(dir, "tokens", &tokens, &err), &err);
    for (int t = 0; t <= 1; t++) {
        struct cell_sum s = ask_map(d, &m, t, c, true, 1);
        fprintf(f, "%s,%s,%s,", format, t ? "sampled" : "greedy", tokens.p);
        put_share(f, &s, "\n");
    }
    llm_free(&m);
    buf_free(&tokens);
    free(dir);
}

static void run_temperatures(const struct driver *d, const struct cells *c, const char *format,
                             FILE *f)
{
    bool compact = strcmp(format, "compact") == 0;
    char *dir = compact ? driver_path(d, "layered-compact") : cell_model(d, format);
    struct llm m = load(d, dir);
    for (int t = 0; t <= 10; t += d->full ? 2 : 10) {
        struct cell_sum s = ask_map(d, &m, t / 10.0, c, false, d->full ? 1 : 3);
        fprintf(f, "%s,%.1f,", format, t / 10.0);
        put_share(f, &s, "\n");
    }
    llm_free(&m);
    free(dir);
}

/* ---- few graphs ---- */

/* Points are after 1, 2, 4 and 8 times as many epochs. */
enum { POINTS = 4 };

static bool is_long(const struct driver *d)
{
    return d->data || d->full;
}

static size_t epochs_at(const struct driver *d, size_t point)
{
    return (is_long(d) ? (size_t)4 : 1) << point;
}

/* Its snapshots are the points. */
static char *train_few(const struct driver *d, const char *format, const struct graphset *few)
{
    bool compact = strcmp(format, "compact") == 0;
    struct train_graphs_options t = train_graphs_standard_for(format);
    struct train_report rep = { 0 };
    struct meta *meta = meta_new("train");
    struct err err = { 0 };
    t.preset = !is_long(d) ? "tiny" : compact ? "base" : "small";
    t.fixed_order = t.mask_prompt = !compact;
    t.embed_scale = compact ? 0 : 5;
    t.spell_services = !compact;
    t.snapshot_every = epochs_at(d, 0);
    t.train.epochs = epochs_at(d, POINTS - 1) + 1;      /* the last is saved as DIR itself */
    if (!compact) {
        t.train.lr = 0.003;
        t.train.tokens_per_step = 512;
        t.train.dropout = 0;
    }
    t.train.average = 0.98;
    t.train.lr_floor = 1;
    t.train.seed = d->seed;
    t.train.threads = d->threads;
    t.train.resume = true;
    char *name = file_join("learning", format), *dir = driver_path(d, name);
    driver_need(d, train_graphs(few, &t, dir, meta, &rep, &err), &err);
    train_report_free(&rep);
    meta_free(meta);
    free(name);
    return dir;
}

/* Share of `out` whose structure is one of `few`. */
static double copied(const struct graphset *out, const struct graphset *few)
{
    uint64_t *hash = mem_array(few->n, sizeof *hash);
    size_t n = 0;
    for (size_t i = 0; i < few->n; i++)
        hash[i] = callgraph_hash_structure(&few->graphs[i], few->names);
    qsort(hash, few->n, sizeof *hash, keys_ascending);
    for (size_t i = 0; i < out->n; i++) {
        uint64_t h = callgraph_hash_structure(&out->graphs[i], out->names);
        n += bsearch(&h, hash, few->n, sizeof h, keys_ascending) != NULL;
    }
    free(hash);
    return out->n ? (double)n / (double)out->n : NAN;
}

/* Each graph's header once. */
static void run_few_point(const struct driver *d, const char *format, const char *dir,
                           size_t epoch, const struct graphset *few, FILE *f)
{
    struct llm m = load(d, dir);
    struct prompt_pool pool = prompt_pool_ordered(few, prompt_full);
    for (int t = 0; t <= 1; t++) {
        struct draw_job job = { .prompts = &pool, .n = few->n, .seed = d->seed,
                                .threads = d->threads, .attempts = 1 };
        struct llm_options o = { .sample = { .temperature = t }, .unconstrained = true };
        struct graphset *out = graphset_new();
        struct draw_report r = { 0 };
        struct err err = { 0 };
        driver_need(d, llm_run(&m, &o, &job, out, &r, &err), &err);
        struct cell_sum s = { job.n, r.outcome[DRAW_GOOD], r.outcome[DRAW_GOOD] };
        const char *mode = t ? "sampled" : "greedy";
        fprintf(f, "%s %s,%s,%s,%zu,", format, mode, format, mode, epoch);
        put_share(f, &s, "");
        fprintf(f, ",%.4f\n", copied(out, few));
        graphset_free(out);
    }
    llm_free(&m);
}

static void run_few(const struct driver *d, const struct graphset *few, FILE *f)
{
    static const char *const two[] = { "compact", "recursive" };
    for (size_t i = 0; i < 2; i++) {
        char *dir = train_few(d, two[i], few);
        for (size_t k = 0; k < POINTS; k++) {
            char name[32];
            snprintf(name, sizeof name, "epoch-%zu", epochs_at(d, k));
            char *at = file_join(dir, name);
            run_few_point(d, two[i], at, epochs_at(d, k), few, f);
            free(at);
        }
        free(dir);
    }
}

static struct graphset *first(const struct graphset *s, size_t n)
{
    size_t *index = mem_array(s->n, sizeof *index);
    n = n < s->n ? n : s->n;
    for (size_t i = 0; i < n; i++)
        index[i] = i;
    struct graphset *t = graphset_select(s, index, n);
    free(index);
    return t;
}

int main(int argc, char **argv)
{
    static const char *const ends[] = { "-16", "-4", "" };
    struct driver d = driver_start(argc, argv, "tracellm_learning");
    struct graphset *real = driver_graphs(&d, "real.csv");
    struct outfile curve = driver_csv(&d, "tracellm_learning.csv",
                                      "format,mode,tokens,asked,correct,lo,hi"),
                   temperature = driver_csv(&d, "tracellm_learning_temperature.csv",
                                            "format,temperature,asked,correct,lo,hi"),
                   few = driver_csv(&d, "tracellm_learning_few.csv",
                                    "name,format,mode,epochs,asked,correct,lo,hi,copies");
    struct cells *c = cell_headers(&d, real);
    for (size_t i = 0; i < FORMATS; i++) {
        for (size_t k = 0; k < sizeof ends / sizeof *ends; k++)
            run_point(&d, c, formats[i], ends[k], curve.f);
        run_temperatures(&d, c, formats[i], temperature.f);
    }
    struct graphset *graphs = first(real, is_long(&d) ? real->n : 100);
    run_few(&d, graphs, few.f);
    graphset_free(graphs);
    driver_close(&curve);
    driver_close(&temperature);
    driver_close(&few);
    cells_free(c);
    graphset_free(real);
    return driver_end(&d);
}
