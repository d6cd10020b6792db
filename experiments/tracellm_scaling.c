/* tracellm_scaling: what do more weights buy? (TraceLLM, sizes from 1B to 13B.)
 *
 * Method   A fifth of the graphs is kept aside. Models of every size see the same number of tokens
 *          of the rest, once as compact and once as recursive text, at the learning rate of their
 *          width: RATE over d_model, so that none is favoured. Then each is asked for the service,
 *          calls and depth of graphs kept aside: sampled freely at temperature 1, one attempt, for
 *          the accuracy (as tracellm_accuracy counts it, strict oracle), and under the grammar for
 *          the distance to the graphs kept aside and the copies of those trained on. What the
 *          paper says of its sizes stands beside, from experiments/expected/paper/.
 * Reads    real.csv
 * Writes   tracellm_scaling.csv       format,size,weights,tokens,loss,asked,correct,lo,hi,kl,
 *                                     presence,copies,remark    (copies: of 3 calls or more)
 *                                     rows "real": graphs trained on against those kept aside,
 *                                     and the latter's own rate of copies
 *          tracellm_scaling_ends.csv  format,weights_from,weights_to,loss_change,accuracy_change,
 *                                     kl_change    from the least size to the largest
 *          scaling/                   the checkpoints, so that an interrupted run goes on
 * Scale    small: 2 sizes, 120,000 tokens each;  full: 6 sizes, .1M to 25M without the embedding,
 *          3 million tokens
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/driver.h"
#include "eval/compare.h"
#include "eval/floors.h"
#include "gen/llm.h"
#include "gen/train_graphs.h"
#include "llm/checkpoint.h"
#include "report/table.h"
#include "stats/interval.h"

#define RATE 0.384   /* lr .004 at a width of 96, where it was chosen */
#define PAPER "experiments/expected/paper/tracellm_scaling.csv"

static const char *const formats[] = { "compact", "recursive" };
static const char *const sizes[] = { "tiny", "small", "base", "S", "M", "L" };
enum { FORMATS = sizeof formats / sizeof *formats, SIZES = sizeof sizes / sizeof *sizes };

static const struct prompt_fields asked_fields = { .service = true, .edges = true, .depth = true };

struct point {
    size_t weights, asked, correct;
    double loss, kl, presence, copies;
};

struct study {
    const struct driver *d;
    struct graphset *fit, *test;
    size_t sizes, tokens, asked;
    struct comparison *real;          /* any: all have the same floors */
    struct point at[FORMATS][SIZES];
};

static char *trained(const struct study *s, const char *format, const char *size)
{
    char name[64];
    struct train_graphs_options o = train_graphs_standard_for(format);
    struct train_report rep = { 0 };
    struct llama_config shape;
    struct meta *meta = meta_new("train");
    struct err err = { 0 };
    REQUIRE(llama_preset(size, &shape));
    o.preset = size;
    o.fixed_order = strcmp(format, "compact") != 0;
    o.train.tokens = s->tokens;
    o.train.lr = RATE / (double)shape.d_model;
    o.train.dropout = 0;
    o.train.seed = s->d->seed;
    o.train.threads = s->d->threads;
    o.train.resume = true;
    snprintf(name, sizeof name, "scaling/%s-%s", format, size);
    char *dir = driver_path(s->d, name);
    driver_need(s->d, train_graphs(s->fit, &o, dir, meta, &rep, &err), &err);
    train_report_free(&rep);
    meta_free(meta);
    return dir;
}

/* Of the last epoch, nats a token; also where an earlier run had finished the training. */
static double loss_of(const struct study *s, const char *dir)
{
    struct buf b = { 0 };
    struct err err = { 0 };
    double loss;
    driver_need(s->d, checkpoint_meta(dir, "loss", &b, &err), &err);
    REQUIRE(str_f64(buf_view(&b), &loss));
    buf_free(&b);
    return loss;
}

/* Graphs for headers kept aside. */
static struct graphset *written(const struct study *s, const struct llm *m, bool freely,
                                size_t *correct)
{
    struct prompt_pool pool = prompt_pool_new(s->test, asked_fields);
    struct draw_job job = { .prompts = &pool, .n = s->asked, .seed = s->d->seed,
                            .threads = s->d->threads, .attempts = 1 };
    struct llm_options o = { .sample = { .temperature = 1 }, .unconstrained = freely };
    struct graphset *out = graphset_new();
    struct draw_report r = { 0 };
    struct err err = { 0 };
    driver_need(s->d, llm_run(m, &o, &job, out, &r, &err), &err);
    prompt_pool_free(&pool);
    *correct = r.outcome[DRAW_GOOD];
    return out;
}

static double value_of(const struct comparison *c, const char *metric, const char *name)
{
    return compare_get(c, metric, VIEW_TRAFFIC, name)->value.value;
}

static void measure(struct study *s, size_t format, size_t size)
{
    struct point *p = &s->at[format][size];
    char *dir = trained(s, formats[format], sizes[size]);
    struct llm m;
    struct err err = { 0 };
    size_t all;
    driver_need(s->d, llm_load(dir, &m, &err), &err);
    p->weights = (size_t)llama_matrix_weights(&m.model->config);
    p->asked = s->asked;
    p->loss = loss_of(s, dir);
    graphset_free(written(s, &m, true, &p->correct));
    struct graphset *set = written(s, &m, false, &all);
    struct compare_source source = { .name = "model", .graphs = set };
    struct compare_options o = { .seed = s->d->seed, .redraws = 1, .repeats = 1,
                                 .threads = s->d->threads };
    comparison_free(s->real);
    s->real = compare_run(s->test, s->fit, &source, 1, &o);
    p->kl = value_of(s->real, "kl100", "model");
    p->presence = value_of(s->real, "presence_jsd100", "model");
    p->copies = value_of(s->real, "struct_copy3", "model");
    graphset_free(set);
    llm_free(&m);
    free(dir);
}

/* ---- what is written ---- */

/* What the paper says of its sizes: no figure of its can be read, so remarks and no points. */
static void put_paper(const struct study *s, FILE *f)
{
    struct table t;
    struct err err = { 0 };
    driver_need(s->d, table_read(&t, PAPER, &err), &err);
    for (size_t i = 0; i < t.rows; i++)
        fprintf(f, "TraceLLM,%s,%s,,,,,,,,,,%s\n", table_text(&t, i, 0), table_text(&t, i, 1),
                table_text(&t, i, 2));
    table_free(&t);
}

/* A line from the least weights to the most, for the figure. */
static void put_real(const struct study *s, FILE *f)
{
    for (size_t k = 0; k < 2; k++)
        fprintf(f, "real,,%zu,,,,,,,%.6g,%.6g,%.6g,\n", s->at[0][k ? s->sizes - 1 : 0].weights,
                value_of(s->real, "kl100", "train"),
                value_of(s->real, "presence_jsd100", "train"),
                value_of(s->real, "struct_copy3", "real"));
}

static void write_points(const struct study *s)
{
    struct outfile o = driver_csv(s->d, "tracellm_scaling.csv",
                                  "format,size,weights,tokens,loss,asked,correct,lo,hi,kl,"
                                  "presence,copies,remark");
    for (size_t k = 0; k < FORMATS; k++)
        for (size_t i = 0; i < s->sizes; i++) {
            const struct point *p = &s->at[k][i];
            struct interval share = interval_wilson(p->correct, p->asked);
            fprintf(o.f, "%s,%s,%zu,%zu,%.6g,%zu,%.4f,%.4f,%.4f,%.6g,%.6g,%.6g,\n", formats[k],
                    sizes[i], p->weights, s->tokens, p->loss, p->asked, share.value, share.lo,
                    share.hi, p->kl, p->presence, p->copies);
        }
    put_real(s, o.f);
    put_paper(s, o.f);
    driver_close(&o);
}

static double share_of(const struct point *p)
{
    return (double)p->correct / (double)p->asked;
}

static void write_ends(const struct study *s)
{
    struct outfile o = driver_csv(s->d, "tracellm_scaling_ends.csv",
                                  "format,weights_from,weights_to,loss_change,accuracy_change,"
                                  "kl_change");
    for (size_t k = 0; k < FORMATS; k++) {
        const struct point *p = &s->at[k][0], *q = &s->at[k][s->sizes - 1];
        fprintf(o.f, "%s,%zu,%zu,%.6g,%.6g,%.6g\n", formats[k], p->weights, q->weights,
                q->loss - p->loss, share_of(q) - share_of(p), q->kl - p->kl);
    }
    driver_close(&o);
}

int main(int argc, char **argv)
{
    struct driver d = driver_start(argc, argv, "tracellm_scaling");
    struct graphset *real = driver_graphs(&d, "real.csv");
    size_t *fit = mem_array(real->n, sizeof *fit), *test = mem_array(real->n, sizeof *test);
    struct floors_split split = floors_split_by_graph(real->n, 0.2, d.seed, 0, fit, test);
    struct study s = { .d = &d, .sizes = d.full ? SIZES : 2, .tokens = d.full ? 3000000 : 120000,
                       .asked = d.full ? 5000 : 1000,
                       .fit = graphset_select(real, fit, split.n_fit),
                       .test = graphset_select(real, test, split.n_test) };
    for (size_t k = 0; k < FORMATS; k++)
        for (size_t i = 0; i < s.sizes; i++)
            measure(&s, k, i);
    write_points(&s);
    write_ends(&s);
    comparison_free(s.real);
    graphset_free(s.fit);
    graphset_free(s.test);
    graphset_free(real);
    free(fit);
    free(test);
    return driver_end(&d);
}
