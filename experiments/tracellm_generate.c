/* tracellm_generate: the model, both baselines and a memoriser write call graphs.
 *
 * Method   Prompts are headers (service, calls, depth, latency) drawn from the training graphs.
 *          model              full header, constrained decoding, temperature 1
 *          model-service      service only: the model decides size, depth and latency
 *          model-free         nothing is asked
 *          model-unconstrained   full header, sampled freely, once each: how often is it right?
 *          probabilistic, probabilistic-weak   independent draws from tables by depth
 *          bootstrap          training graphs again: the memoriser the tables must unmask
 *          A failed graph is counted and its header drawn again; none is dropped.
 * Reads    real.csv, checkpoint.path
 * Writes   generated-NAME.csv   Alibaba-2022 CSV
 *          tracellm_generate.csv   name,asked,written,attempts,valid_first,redraws,masked
 *          tracellm_speed.csv      name,graphs_per_s,calls_per_s,tokens_per_s   (measured)
 * Scale    small: 10,000 graphs each (2,000 sampled freely);  full: 50,000 (10,000)
 */
#include <math.h>
#include <stdlib.h>

#include "base/str.h"
#include "cli/driver.h"
#include "gen/generator.h"
#include "gen/llm.h"

struct variant {
    const char *name;
    const struct prompt_fields *fields;
    bool unconstrained;
};

static const struct variant variants[] = {
    { "model", &prompt_full, false },
    { "model-service", &prompt_service, false },
    { "model-free", &prompt_none, false },
    { "model-unconstrained", &prompt_full, true },
};

struct tables {
    struct outfile counts, speed;
};

static void report(const struct driver *d, struct tables *t, const char *name, size_t asked,
                   const struct graphset *out, const struct draw_report *r)
{
    size_t attempts = 0;
    uint64_t calls = 0;
    for (size_t i = 0; i < DRAW_OUTCOMES; i++)
        attempts += r->outcome[i];
    for (size_t i = 0; i < out->n; i++)
        calls += out->graphs[i].n;
    fprintf(t->counts.f, "%s,%zu,%zu,%zu,%.6f,%zu,%.6f\n", name, asked, r->graphs, attempts,
            attempts ? (double)r->outcome[DRAW_GOOD] / (double)attempts : NAN,
            draw_report_redraws(r),
            r->choices ? (double)r->masked_ppm * 1e-6 / (double)r->choices : NAN);
    fprintf(t->speed.f, "%s,%.0f,%.0f,%.0f\n", name, (double)r->graphs / r->seconds,
            (double)calls / r->seconds, (double)r->tokens / r->seconds);
    char file[128];
    snprintf(file, sizeof file, "generated-%s.csv", name);
    driver_write_graphs(d, file, out);
}

static void run_model(const struct driver *d, const struct llm *m, const struct variant *v,
                      const struct graphset *real, size_t n, struct tables *t)
{
    struct prompt_pool pool = prompt_pool_new(real, *v->fields);
    struct draw_job job = { .prompts = &pool, .n = n, .seed = d->seed, .threads = d->threads,
                            .attempts = v->unconstrained ? 1 : 0 };
    struct llm_options o = { .sample = { .temperature = 1 }, .unconstrained = v->unconstrained,
                             .weigh = !v->unconstrained, .drawn = !v->fields->service };
    struct graphset *out = graphset_new();
    struct draw_report r = { 0 };
    struct err err = { 0 };
    driver_need(d, llm_run(m, &o, &job, out, &r, &err), &err);
    report(d, t, v->name, n, out, &r);
    graphset_free(out);
    prompt_pool_free(&pool);
}

static void run_baseline(const struct driver *d, const struct generator *g,
                         const struct graphset *real, size_t n, struct tables *t)
{
    struct prompt_pool pool = prompt_pool_new(real, prompt_full);
    struct draw_job job = { .prompts = &pool, .n = n, .seed = d->seed, .threads = d->threads };
    struct graphset *out = graphset_new();
    struct draw_report r = { 0 };
    void *fitted = g->fit(real);
    generator_run(g, fitted, &job, out, &r);
    report(d, t, g->name, n, out, &r);
    g->free(fitted);
    graphset_free(out);
    prompt_pool_free(&pool);
}

int main(int argc, char **argv)
{
    struct driver d = driver_start(argc, argv, "tracellm_generate");
    size_t n = d.full ? 50000 : 10000;
    struct graphset *real = driver_graphs(&d, "real.csv");
    struct tables t = {
        driver_csv(&d, "tracellm_generate.csv",
                   "name,asked,written,attempts,valid_first,redraws,masked"),
        driver_csv(&d, "tracellm_speed.csv", "name,graphs_per_s,calls_per_s,tokens_per_s"),
    };
    struct llm m;
    struct buf dir = { 0 };
    struct err err = { 0 };
    char *path = driver_path(&d, "checkpoint.path");
    driver_need(&d, file_read(path, &dir, &err) && llm_load(dir.p, &m, &err), &err);
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++)
        run_model(&d, &m, &variants[i], real, variants[i].unconstrained ? n / 5 : n, &t);
    for (size_t i = 0; generators[i]; i++)
        run_baseline(&d, generators[i], real, n, &t);
    driver_close(&t.counts);
    driver_close(&t.speed);
    llm_free(&m);
    buf_free(&dir);
    free(path);
    graphset_free(real);
    return driver_end(&d);
}
