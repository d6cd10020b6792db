/* tracellm_grammar: does the grammar give every graph that is asked for, and at what price?
 *
 * Method   Cells of (depth 1-6, calls 1-30): 136, each as often. Depth and calls are asked for, and
 *          a service: of a training graph of the cell, where there is none of any training graph.
 *          `open` leaves the service to the model. One draw a header, under the grammar. What comes
 *          out is judged anew: put into the paper's tabular and recursive texts and held by the
 *          strict oracle, its calls and its depth counted. (Layers are asked of the compact model
 *          alone: texts of the others were held by the same oracle as they were written, and anew
 *          they need not be: in a table, and across the parts of a split layer, a call may start
 *          before one of a lesser id, but the first call of a layer is its earliest.) Beside: how
 *          many different graphs they are, and whose; what the mask took; and the same headers
 *          sampled freely until right, a few attempts each (rejection).
 *          Distances of masked, rejected and weighted graphs are tracellm_masking's.
 * Reads    real.csv, layers.csv, checkpoint.path, layered-NAME/
 * Writes   tracellm_grammar.csv   name,asked,written,table,layers,exact,right,forms,services,
 *                                 top_form,top_service   (counts; shares of what was written;
 *                                 right: of what was asked, all of it strict and exact)
 *          tracellm_grammar_mask.csv   name,steps,masked_share,removed,cost,free_valid,ess,
 *                                 free_right,free_written,tokens,free_tokens
 *                                 (cost: nats a step; free_valid: share of free samples that would
 *                                 be right, from the weights; free_right: counted, of attempts;
 *                                 ess: share of the graphs; tokens: a right graph)
 * Scale    small: a graph a cell, of a layered format in every eighth cell, 2 free attempts;
 *          full: 148 a cell (20,128 graphs of every format), 4
 */
#include <stdlib.h>

#include "base/keys.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/str.h"
#include "cli/driver.h"
#include "gen/draw_stats.h"
#include "gen/llm.h"
#include "text/format.h"
#include "text/oracle.h"

enum { DEPTHS = 6, CALLS = 30, EACH_FULL = 148, LAYERED_STEP = 8 };

static const struct arm {
    const char *name, *layered;      /* layered-NAME, or NULL: the main model */
    bool open_service;
} arms[] = {
    { "compact", NULL, false },       { "compact open", NULL, true },
    { "tabular", "tabular", false },  { "recursive", "recursive", false },
    { "instruction", "instruction", false },
};

/* ---- headers ---- */

/* The service of a random training graph of the cell, or of any. */
static const char *service_for(const struct graphset *s, size_t depth, size_t calls, gsl_rng *rng)
{
    const char *name = NULL;
    size_t seen = 0;
    for (size_t i = 0; i < s->n; i++)
        if (s->graphs[i].n == calls && callgraph_depth(&s->graphs[i]) == depth &&
            rng_below(rng, ++seen) == 0)
            name = names_get(s->names, s->graphs[i].service);
    return name ? name : names_get(s->names, s->graphs[rng_below(rng, s->n)].service);
}

static struct prompt *headers(const struct driver *d, const struct arm *arm,
                              const struct graphset *s, size_t *n)
{
    size_t each = d->full ? EACH_FULL : 1, cap = 0, cells = 0;
    size_t step = d->full || !arm->layered ? 1 : LAYERED_STEP;
    gsl_rng *rng = rng_stream(d->seed, "grammar/headers", 0);
    struct prompt *list = NULL;
    *n = 0;
    for (size_t depth = 1; depth <= DEPTHS; depth++)
        for (size_t calls = depth; calls <= (depth == 1 ? 1 : CALLS); calls++)
            for (size_t k = cells++ % step ? each : 0; k < each; k++) {
                MEM_GROW(list, *n, cap);
                list[(*n)++] = (struct prompt){
                    .service = arm->open_service ? NULL : service_for(s, depth, calls, rng),
                    .edges = (int64_t)calls, .depth = (int64_t)depth, .latency = PROMPT_OPEN,
                    .include_type = CALL_OTHER,
                };
            }
    gsl_rng_free(rng);
    return list;
}

/* ---- judging what was written ---- */

struct judged {
    size_t table, layers, exact, right;
};

/* Every sample of g in this format is right by the strict oracle. */
static bool accepts(const struct callgraph *g, const struct graphset *s,
                    const struct text_format *format, enum text_task task, gsl_rng *rng)
{
    struct text_samples t = { 0 };
    struct text_options none = { 0 };
    bool good = true;
    format->samples(g, s->names, s->tick_us, &none, rng, &t);
    for (size_t i = 0; good && i < t.n; i++) {
        struct str prompt = { t.text.p + t.at[i].prompt, t.at[i].output - t.at[i].prompt };
        struct str output = { t.text.p + t.at[i].output, t.at[i].end - t.at[i].output };
        good = oracle_judge(&oracle_strict, task, prompt, output).valid;
    }
    text_samples_free(&t);
    return good;
}

static struct judged judge(const struct driver *d, const struct arm *arm, const struct graphset *s,
                           const struct draw_ledger *ledger, const struct prompt *asked)
{
    struct judged j = { 0 };
    gsl_rng *rng = rng_stream(d->seed, "grammar/texts", 0);
    for (size_t i = 0; i < s->n; i++) {
        const struct callgraph *g = &s->graphs[i];
        const struct prompt *p = &asked[ledger->at[i].index];
        bool table = accepts(g, s, &text_tabular, TASK_TABULAR, rng),
             layers = accepts(g, s, &text_recursive, TASK_RECURSIVE, rng),
             exact = prompt_kept(p, g, s->names);
        j.table += table;
        j.layers += layers;
        j.exact += exact;
        j.right += table && (layers || arm->layered) && exact;
    }
    gsl_rng_free(rng);
    return j;
}

/* ---- are they one thing? ---- */

struct variety {
    size_t distinct;
    double top;                 /* share of the commonest */
};

static struct variety variety_of(uint64_t *id, size_t n)
{
    size_t most, distinct = keys_distinct(id, n, &most);
    return (struct variety){ distinct, n ? (double)most / (double)n : 0 };
}

static void put_graphs(const struct arm *arm, size_t asked, const struct graphset *s,
                       const struct judged *j, FILE *f)
{
    uint64_t *form = mem_array(s->n, sizeof *form), *service = mem_array(s->n, sizeof *service);
    for (size_t i = 0; i < s->n; i++) {
        form[i] = callgraph_hash_structure(&s->graphs[i], s->names);
        service[i] = s->graphs[i].service;
    }
    struct variety forms = variety_of(form, s->n), services = variety_of(service, s->n);
    double written = (double)s->n;
    fprintf(f, "%s,%zu,%zu,%.6f,%.6f,%.6f,%.6f,%zu,%zu,%.4f,%.4f\n", arm->name, asked, s->n,
            (double)j->table / written, (double)j->layers / written, (double)j->exact / written,
            (double)j->right / (double)asked, forms.distinct, services.distinct, forms.top,
            services.top);
    free(form);
    free(service);
}

/* ---- drawing ---- */

struct drawn {
    struct graphset *graphs;
    struct draw_ledger ledger;
    struct draw_report rep;
};

static struct drawn draw(const struct driver *d, const struct llm *m, const struct arm *arm,
                         const struct prompt *list, size_t n, bool rejection)
{
    struct drawn x = { .graphs = graphset_new() };
    bool compact = arm->layered == NULL;
    struct prompt_pool pool = prompt_pool_list(list, n, compact ? m->tick_us : 1000);
    struct draw_job job = { .prompts = &pool, .n = n, .seed = d->seed, .threads = d->threads,
                            .attempts = !rejection ? 1 : d->full ? 4 : 2, .ledger = &x.ledger };
    struct llm_options o = { .sample = { .temperature = 1 }, .unconstrained = rejection,
                             .weigh = !rejection };
    struct err err = { 0 };
    driver_need(d, llm_run(m, &o, &job, x.graphs, &x.rep, &err), &err);
    return x;
}

static void drawn_free(struct drawn *x)
{
    graphset_free(x->graphs);
    free(x->ledger.at);
}

/* Empty where there is none. */
static void put_per(FILE *f, uint64_t tokens, size_t graphs)
{
    if (graphs)
        fprintf(f, ",%.1f", (double)tokens / (double)graphs);
    else
        fprintf(f, ",");
}

static void put_mask(const struct arm *arm, size_t n, const struct drawn *masked,
                     const struct drawn *rejection, FILE *f)
{
    struct draw_stats s = draw_stats_of(&masked->ledger);
    const struct draw_report *r = &rejection->rep;
    size_t attempts = r->outcome[DRAW_GOOD] + draw_report_redraws(r);
    fprintf(f, "%s,%llu,%.6f,%.6f,%.6f,%.3g,%.6f,%.6f,%.6f", arm->name,
            (unsigned long long)s.steps, (double)s.masked / (double)s.steps, s.removed_mean,
            s.cost_per_token, s.weight_mean, s.ess / (double)masked->graphs->n,
            (double)r->outcome[DRAW_GOOD] / (double)attempts, (double)r->graphs / (double)n);
    put_per(f, masked->rep.tokens, masked->rep.graphs);
    put_per(f, r->tokens, r->graphs);
    fprintf(f, "\n");
}

static void run_arm(const struct driver *d, const struct arm *arm, const struct graphset *trained,
                    FILE *graphs, FILE *mask)
{
    char layered[64];
    struct buf dir = { 0 };
    struct err err = { 0 };
    struct llm m;
    size_t n;
    snprintf(layered, sizeof layered, "layered-%s", arm->layered ? arm->layered : "");
    char *path = driver_path(d, arm->layered ? layered : "checkpoint.path");
    driver_need(d, (arm->layered || file_read(path, &dir, &err)) &&
                       llm_load(arm->layered ? path : dir.p, &m, &err), &err);
    struct prompt *list = headers(d, arm, trained, &n);
    struct drawn masked = draw(d, &m, arm, list, n, false),
                 rejection = draw(d, &m, arm, list, n, true);
    struct judged j = judge(d, arm, masked.graphs, &masked.ledger, list);
    put_graphs(arm, n, masked.graphs, &j, graphs);
    put_mask(arm, n, &masked, &rejection, mask);
    drawn_free(&masked);
    drawn_free(&rejection);
    free(list);
    llm_free(&m);
    buf_free(&dir);
    free(path);
}

int main(int argc, char **argv)
{
    struct driver d = driver_start(argc, argv, "tracellm_grammar");
    struct graphset *real = driver_graphs(&d, "real.csv"),
                    *layers = driver_graphs(&d, "layers.csv");
    struct outfile graphs = driver_csv(&d, "tracellm_grammar.csv", "name,asked,written,table,"
                                       "layers,exact,right,forms,services,top_form,top_service");
    struct outfile mask = driver_csv(&d, "tracellm_grammar_mask.csv", "name,steps,masked_share,"
                                     "removed,cost,free_valid,ess,free_right,free_written,tokens,"
                                     "free_tokens");
    for (size_t i = 0; i < sizeof arms / sizeof *arms; i++)
        run_arm(&d, &arms[i], arms[i].layered ? layers : real, graphs.f, mask.f);
    driver_close(&graphs);
    driver_close(&mask);
    graphset_free(real);
    graphset_free(layers);
    return driver_end(&d);
}
