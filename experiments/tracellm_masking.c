/* tracellm_masking: what does the mask do to the law that it samples from? (metrics.md 6.6.)
 *
 * Method   One model, the same headers in the same order, three ways to a valid graph:
 *          masked      every token under the grammar, no retries
 *          rejection   sampled freely until right: the exact law given that the graph is right;
 *                      what failed every attempt is left out and counted
 *          weighted    of 8 masked graphs of each header one, drawn with their importance weights,
 *                      which leads to the law of rejection in the limit; the effective sample
 *                      size of a header, of 8, says how far
 *          All are measured against the training graphs, beside the floors of real graphs.
 * Reads    real.csv, checkpoint.path
 * Writes   tracellm_masking.csv   metric,name,value,lo,hi,n
 *          tracellm_masking_cost.csv   name,asked,written,attempts,tokens,tokens_per_graph,
 *                                  valid_share,masked_share,removed,ess
 *                                  (valid_share: of attempts, so hard headers count more; of
 *                                  weighted: of first attempts, estimated from masked graphs;
 *                                  masked_share: of steps, those that lost more than 1 %)
 * Scale    small: 300 headers, 30 attempts;  full: 10,000 and 100
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/str.h"
#include "cli/driver.h"
#include "eval/compare.h"
#include "gen/draw_stats.h"
#include "gen/llm.h"

enum { EACH = 8 };

struct way {
    const char *name;
    struct graphset *graphs;
    struct draw_ledger ledger;
    struct draw_report rep;
};

static void write_graphs(const struct driver *d, const struct llm *m, const struct graphset *like,
                         size_t n, bool rejection, struct way *w)
{
    struct prompt_pool pool = prompt_pool_ordered(like, prompt_full);
    struct draw_job job = { .prompts = &pool, .n = n, .seed = d->seed, .threads = d->threads,
                            .attempts = !rejection ? 0 : d->full ? 100 : 30,
                            .ledger = &w->ledger };
    struct llm_options o = { .sample = { .temperature = 1 }, .unconstrained = rejection,
                             .weigh = !rejection };
    struct err err = { 0 };
    w->graphs = graphset_new();
    driver_need(d, llm_run(m, &o, &job, w->graphs, &w->rep, &err), &err);
    prompt_pool_free(&pool);
}

/* Of the EACH masked graphs of every header one, drawn with their weights: the mean effective
 * sample size of a header in *ess. Borrows the masked ones. */
static struct graphset *reweighted(const struct driver *d, const struct way *masked, size_t n,
                                   double *ess)
{
    size_t *index = mem_array(n, sizeof *index);
    double *w = mem_array(masked->graphs->n, sizeof *w), cum[EACH], total = 0;
    gsl_rng *rng = rng_stream(d->seed, "masking/weights", 0);
    draw_stats_weights(&masked->ledger, w);
    for (size_t i = 0; i < n; i++) {
        double sum = 0, squares = 0, most = 0;
        for (size_t k = 0; k < EACH; k++)
            most = fmax(most, w[k * n + i]);
        for (size_t k = 0; k < EACH; k++) {
            double x = most > 0 ? w[k * n + i] / most : 1;
            cum[k] = sum += x;
            squares += x * x;
        }
        index[i] = rng_pick(rng, cum, EACH) * n + i;
        total += sum * sum / squares;
    }
    *ess = total / (double)n;
    struct graphset *s = graphset_select(masked->graphs, index, n);
    gsl_rng_free(rng);
    free(index);
    free(w);
    return s;
}

static struct graphset *first_of(const struct graphset *s, size_t n)
{
    size_t *index = mem_array(n, sizeof *index);
    for (size_t i = 0; i < n; i++)
        index[i] = i;
    struct graphset *t = graphset_select(s, index, n);
    free(index);
    return t;
}

/* n graphs of s, by weight: whose headers are asked for. */
static struct graphset *headers(const struct driver *d, const struct graphset *s, size_t n)
{
    size_t *index = mem_array(n, sizeof *index);
    gsl_rng *rng = rng_stream(d->seed, "masking/headers", 0);
    for (size_t i = 0; i < n; i++)
        index[i] = rng_below(rng, s->n);
    struct graphset *t = graphset_select(s, index, n);
    gsl_rng_free(rng);
    free(index);
    return t;
}

static void put_cost(const struct way *w, size_t asked, FILE *f)
{
    const struct draw_report *r = &w->rep;
    size_t attempts = r->outcome[DRAW_GOOD] + draw_report_redraws(r);
    fprintf(f, "%s,%zu,%zu,%zu,%llu,%.1f,%.6g,", w->name, asked, r->graphs, attempts,
            (unsigned long long)r->tokens, (double)r->tokens / (double)r->graphs,
            (double)r->outcome[DRAW_GOOD] / (double)attempts);
}

static void write_cost(const struct driver *d, const struct way *masked,
                       const struct way *rejection, size_t asked, double ess)
{
    struct outfile o =
        driver_csv(d, "tracellm_masking_cost.csv", "name,asked,written,attempts,tokens,"
                   "tokens_per_graph,valid_share,masked_share,removed,ess");
    struct draw_stats s = draw_stats_of(&masked->ledger);
    put_cost(masked, EACH * asked, o.f);
    fprintf(o.f, "%.6f,%.6f,\n", (double)s.masked / (double)s.steps, s.removed_mean);
    put_cost(rejection, asked, o.f);
    fprintf(o.f, ",,\nweighted,%zu,%zu,,,,%.6g,,,%.1f\n", EACH * asked, asked, s.weight_mean, ess);
    driver_close(&o);
}

static void write_distances(const struct driver *d, const struct graphset *real,
                            const struct compare_source *source, size_t n)
{
    struct compare_options o = { .seed = d->seed, .threads = d->threads,
                                 .redraws = d->full ? 200 : 40, .repeats = d->full ? 5 : 1 };
    struct comparison *c = compare_run(real, real, source, n, &o);
    struct outfile f = driver_csv(d, "tracellm_masking.csv", "metric,name,value,lo,hi,n");
    for (size_t pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < (pass ? c->n_floors : c->n); i++) {
            const struct compare_row *r = pass ? &c->floor_row[i] : &c->row[i];
            if (r->view == VIEW_TRAFFIC)
                fprintf(f.f, "%s,%s,%.6g,%.6g,%.6g,%zu\n", r->metric->name, r->name, r->value.value,
                        r->value.lo, r->value.hi, r->value.n);
        }
    driver_close(&f);
    comparison_free(c);
}

int main(int argc, char **argv)
{
    struct driver d = driver_start(argc, argv, "tracellm_masking");
    struct graphset *real = driver_graphs(&d, "real.csv");
    size_t n = d.full ? 10000 : 300;
    struct buf dir = { 0 };
    struct llm m;
    struct err err = { 0 };
    char *path = driver_path(&d, "checkpoint.path");
    driver_need(&d, file_read(path, &dir, &err) && llm_load(dir.p, &m, &err), &err);
    struct way masked = { .name = "masked" }, rejection = { .name = "rejection" };
    struct graphset *like = headers(&d, real, n);
    write_graphs(&d, &m, like, EACH * n, false, &masked);
    write_graphs(&d, &m, like, n, true, &rejection);
    REQUIRE(masked.graphs->n == EACH * n);     /* the mask fails on no header of a real graph */
    double ess;
    struct graphset *weighted = reweighted(&d, &masked, n, &ess);
    struct graphset *once = first_of(masked.graphs, n);
    const struct compare_source source[] = {
        { .name = "masked", .graphs = once },
        { .name = "rejection", .graphs = rejection.graphs, .dropped = rejection.rep.given_up },
        { .name = "weighted", .graphs = weighted },
    };
    write_distances(&d, real, source, 3);
    write_cost(&d, &masked, &rejection, n, ess);
    graphset_free(weighted);
    graphset_free(once);
    graphset_free(masked.graphs);
    graphset_free(rejection.graphs);
    free(masked.ledger.at);
    free(rejection.ledger.at);
    llm_free(&m);
    buf_free(&dir);
    free(path);
    graphset_free(like);
    graphset_free(real);
    return driver_end(&d);
}
