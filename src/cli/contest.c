/* contest.c: see the header. The model stands first, since paired differences are from it. */
#include "cli/contest.h"

#include <stdlib.h>

#include "gen/generator.h"
#include "gen/llm.h"

static void add(struct contest *c, const char *name, struct graphset *set)
{
    REQUIRE(c->n < CONTEST_MOST);
    c->set[c->n] = set;
    c->source[c->n++] = (struct compare_source){ .name = name, .graphs = set };
}

static void train(const struct driver *d, const struct graphset *fit,
                  struct train_graphs_options *o, const char *dir)
{
    struct train_report rep = { 0 };
    struct meta *meta = meta_new("train");
    struct err err = { 0 };
    o->train.threads = d->threads;
    o->train.resume = true;
    driver_need(d, train_graphs(fit, o, dir, meta, &rep, &err), &err);
    train_report_free(&rep);
    meta_free(meta);
}

void contest_model(const struct driver *d, struct contest *c, struct train_graphs_options o,
                   const char *dir, size_t n)
{
    char *path = driver_path(d, dir);
    train(d, c->fit, &o, path);
    struct llm m;
    struct err err = { 0 };
    driver_need(d, llm_load(path, &m, &err), &err);
    struct prompt_pool pool = prompt_pool_new(c->fit, prompt_full);
    struct draw_job job = { .prompts = &pool, .n = n, .seed = d->seed, .threads = d->threads };
    struct llm_options lo = { .sample = { .temperature = 1 } };
    struct draw_report r = { 0 };
    struct graphset *out = graphset_new();
    driver_need(d, llm_run(&m, &lo, &job, out, &r, &err), &err);
    add(c, "model", out);
    prompt_pool_free(&pool);
    llm_free(&m);
    free(path);
}

void contest_baselines(const struct driver *d, struct contest *c, size_t n)
{
    for (size_t i = 0; generators[i]; i++) {
        struct prompt_pool pool = prompt_pool_new(c->fit, prompt_full);
        struct draw_job job = { .prompts = &pool, .n = n, .seed = d->seed, .threads = d->threads };
        struct graphset *out = graphset_new();
        struct draw_report r = { 0 };
        out->tick_us = c->fit->tick_us;
        void *fitted = generators[i]->fit(c->fit);
        generator_run(generators[i], fitted, &job, out, &r);
        generators[i]->free(fitted);
        prompt_pool_free(&pool);
        add(c, generators[i]->name, out);
    }
}

void contest_rows(const struct comparison *c, const char *key, FILE *rows)
{
    for (size_t pass = 0; pass < 2; pass++) {
        const struct compare_row *row = pass ? c->floor_row : c->row;
        for (size_t i = 0; i < (pass ? c->n_floors : c->n); i++) {
            const struct compare_row *r = &row[i];
            fprintf(rows, "%s,%s,%s,%s,%.6g,%.6g,%.6g,%zu,%.6g,%s: %s\n", key, r->metric->name,
                    view_names[r->view], r->name, r->value.value, r->value.lo, r->value.hi,
                    r->value.n, r->floor, key, r->name);
        }
    }
}

void contest_free(struct contest *c)
{
    for (size_t i = 0; i < c->n; i++)
        graphset_free(c->set[i]);
    c->n = 0;
}
