/* clone_learn.c: see the header. */
#include "cli/clone_learn.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "gen/train_graphs.h"

enum { TRIAL_GRAPHS = 24 };
static const double most_writing = 0.85;   /* of the time that is left for training and writing */
static const double passes_most = 16, passes_least = 6;

/* Presets by weights without the embedding, largest first, and the least words of a pass that are
 * enough for one. Call graphs of 29,000 words were learned better by 2 M weights than by .4 M. */
static const struct {
    const char *preset;
    size_t words;
} sizes[] = { { "base", 25000 }, { "small", 3000 }, { "tiny", 0 } };
enum { SIZES = sizeof sizes / sizeof *sizes };

double clone_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Words of a pass, about: three a call, and a header. */
static double words_of(const struct graphset *s)
{
    double n = 0;
    for (size_t i = 0; i < s->n; i++)
        n += 6 + 3 * (double)s->graphs[i].n;
    return n;
}

/* A pass has a hundred steps or more: folded graphs are few words, and in as few steps as a
 * step's usual thousand words leave, nothing is learned. (Measured: 17,000 words a pass, 16 passes;
 * steps of 1024, 256 and 128 words ended at 0.59, 0.34 and 0.30 nats a word.) */
static size_t tokens_per_step(double words)
{
    return (size_t)fmax(128, fmin(1024, words / 128));
}

static struct train_graphs_options training(const struct clone_wish *w, const char *preset,
                                            double words)
{
    struct train_graphs_options o = train_graphs_standard_for("compact");
    o.preset = preset;
    o.dropout = (struct header_dropout){ .all = 0 };   /* nobody will ask with half a header */
    o.train.tokens_per_step = tokens_per_step(words);
    o.train.average = 0.98;    /* steps are small: the last few would have too much of a say */
    o.train.seed = w->seed;
    o.train.threads = w->threads;
    return o;
}

static bool train(const struct graphset *s, const struct train_graphs_options *o,
                  const char *dir, struct train_report *rep, struct err *err)
{
    struct meta *m = meta_new("clone");
    bool good = train_graphs(s, o, dir, m, rep, err);
    meta_free(m);
    return good;
}

struct pace {
    double trace_tokens;       /* words of a trace */
    double per_s;              /* trained a second */
};

/* A pass over a few traces. */
static bool trial(const struct graphset *s, const struct clone_wish *w, const char *preset,
                  const char *dir, struct pace *p, struct err *err)
{
    size_t n = s->n < TRIAL_GRAPHS ? s->n : TRIAL_GRAPHS;
    size_t index[TRIAL_GRAPHS];
    for (size_t i = 0; i < n; i++)
        index[i] = i * s->n / n;
    struct graphset *few = graphset_select(s, index, n);
    struct train_graphs_options o = training(w, preset, words_of(s));
    struct train_report rep = { 0 };
    o.train.epochs = 1;
    bool good = train(few, &o, dir, &rep, err);
    *p = (struct pace){ (double)rep.tokens / (double)n, rep.tokens_per_s };
    train_report_free(&rep);
    graphset_free(few);
    return good;
}

/* Seconds that are left to training with a model of this pace, once its traces are written. A word
 * is written about as fast as it is trained on: forward only, but one at a time. */
static double time_for(const struct clone_wish *w, const struct pace *p)
{
    double write_s = (double)w->n * p->trace_tokens / p->per_s + w->after_s;
    double left = w->end_s - clone_now();
    return left - fmin(write_s, most_writing * left);
}

struct plan {
    const char *preset;
    double epochs, time_s;
    double epoch_tokens;
};

/* Is this the size that was asked for, or one that the data fill? */
static bool is_fit(const struct clone_wish *w, size_t i, double words)
{
    return w->model ? strcmp(w->model, sizes[i].preset) == 0 : words >= (double)sizes[i].words;
}

static bool make_plan(const struct graphset *s, const struct clone_wish *w, const char *dir,
                      struct plan *plan, struct err *err)
{
    struct pace p = { 0 };
    for (size_t i = 0; i < SIZES; i++) {
        if (!is_fit(w, i, words_of(s)))
            continue;
        if (!trial(s, w, sizes[i].preset, dir, &p, err))
            return false;
        double epoch = p.trace_tokens * (double)s->n;
        double fits = time_for(w, &p) * p.per_s / epoch;
        *plan = (struct plan){ sizes[i].preset, w->epochs ? w->epochs : passes_most,
                               time_for(w, &p), epoch };
        if (w->model || w->epochs || fits >= passes_least)
            break;
    }
    plan->time_s = fmax(plan->time_s, 0.5);
    return true;
}

struct clock {
    double from_s, length_s;
};

static double spent(void *ctx)
{
    const struct clock *c = ctx;
    return (clone_now() - c->from_s) / c->length_s;
}

bool clone_learn(const struct graphset *s, const struct clone_wish *w, const char *dir,
                 struct clone_learnt *out, struct err *err)
{
    struct plan p = { 0 };
    double from_s = clone_now();
    if (!make_plan(s, w, dir, &p, err))
        return false;
    struct train_graphs_options o = training(w, p.preset, words_of(s));
    struct train_report rep = { 0 };
    struct clock clock = { clone_now(), p.time_s };
    o.train.tokens = (size_t)(p.epochs * p.epoch_tokens) + 1;
    o.train.spent = w->epochs ? NULL : spent;
    o.train.spent_ctx = &clock;
    fprintf(stderr, "%zu traces, %s%.1f passes of model %s\n", s->n,
            w->epochs ? "" : "at most ", p.epochs, p.preset);
    bool good = train(s, &o, dir, &rep, err);
    *out = (struct clone_learnt){
        .epochs = (double)rep.tokens / p.epoch_tokens, .tokens = (size_t)p.epoch_tokens,
        .too_long = rep.too_long, .trial_s = clock.from_s - from_s,
        .train_s = clone_now() - clock.from_s, .tokens_per_s = rep.tokens_per_s,
        .loss = rep.n_epochs ? rep.epoch[rep.n_epochs - 1].loss : NAN,
        .clock = rep.tokens < o.train.tokens,
    };
    snprintf(out->model, sizeof out->model, "%s", p.preset);
    train_report_free(&rep);
    return good;
}
