/* train.c: one step at a time (train_step.c), in an order that no thread count can move.
 *
 * The learning rate follows the share of samples seen, not the number of steps: samples are made
 * again every epoch, so nobody knows beforehand how many steps there will be.
 */
#include "llm/train.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/progress.h"
#include "base/rng.h"
#include "base/threads.h"
#include "llm/train_priv.h"

const struct train_options train_standard = {
    .epochs = 20, .tokens_per_step = 1024, .slots = 2,
    .lr = 1.5e-3, .lr_floor = 0.1, .warmup = 0.05,
    .weight_decay = 0.1, .beta1 = 0.9, .beta2 = 0.95, .eps = 1e-8, .clip = 1, .dropout = 0.1,
    .seed = 1, .save_s = 20, .spike = 8,
};

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* A random share of the samples stays aside for the validation loss. */
static void split(struct train *t)
{
    size_t n = t->s->n_samples, want = (size_t)llround(t->o->validation * (double)n);
    size_t *all = mem_array(n, sizeof *all);
    for (size_t i = 0; i < n; i++)
        all[i] = i;
    gsl_rng *rng = rng_stream(t->o->seed, "train/validation", 0);
    rng_shuffle(rng, all, n);
    gsl_rng_free(rng);
    t->aside = mem_array(n, sizeof *t->aside);
    t->kept = mem_array(n, sizeof *t->kept);
    t->order = mem_array(n, sizeof *t->order);
    for (size_t i = 0; i < n; i++)
        if (i < want)
            t->aside[t->n_aside++] = all[i];
        else
            t->kept[t->n_kept++] = all[i];
    free(all);
}

static void shuffle_epoch(struct train *t)
{
    memcpy(t->order, t->kept, t->n_kept * sizeof *t->order);
    gsl_rng *rng = rng_stream(t->o->seed, "train/order", t->st.epoch);
    rng_shuffle(rng, t->order, t->n_kept);
    gsl_rng_free(rng);
}

/* The weights of least validation loss, as they are now. */
static void keep_best(struct train *t, double validation)
{
    struct train_state *st = &t->st;
    if (!st->best)
        st->best = mem_large(t->w.n_weights, sizeof *st->best);
    memcpy(st->best, t->w.weights, t->w.n_weights * sizeof *st->best);
    st->best_loss = validation;
    st->best_epoch = st->epoch;
}

/* Exchange the weights and their running mean: called twice, all is as before. */
static void swap_mean(struct train *t)
{
    float *mean = t->st.mean, *w = t->w.weights;
    for (size_t k = 0; mean && k < t->w.n_weights; k++) {
        float x = w[k];
        w[k] = mean[k];
        mean[k] = x;
    }
}

static bool end_epoch(struct train *t, struct err *err)
{
    struct train_state *st = &t->st;
    swap_mean(t);
    double mean = st->targets ? st->loss_sum / (double)st->targets : NAN;
    double validation = t->n_aside ? train_list_loss(t, t->aside, t->n_aside, 0, NULL) : NAN;
    MEM_GROW(st->epochs, st->epoch, st->cap_epochs);
    st->epochs[st->epoch] = (struct train_epoch){ mean, validation, st->targets, st->step,
                                                  st->tokens, st->lr };
    if (t->n_aside && (!st->best || validation < st->best_loss))
        keep_best(t, validation);
    st->epoch++;
    st->position = 0;
    st->loss_sum = 0;
    st->targets = 0;
    bool good = !t->o->snapshot || t->o->tokens || st->epoch == t->o->epochs ||
                t->o->snapshot(t->o->snapshot_ctx, t->m, st->epoch, err);
    swap_mean(t);
    return good;
}

static double share_spent(const struct train *t)
{
    return t->o->spent ? t->o->spent(t->o->spent_ctx) : 0;
}

/* The share of the run that is done. */
static double share_done(const struct train *t)
{
    const struct train_state *st = &t->st;
    double spent = fmin(1, share_spent(t));
    if (t->o->tokens)
        return fmax(spent, fmin(1, (double)st->tokens / (double)t->o->tokens));
    double passes = (double)st->epoch + (double)st->position / (double)t->n_kept;
    return fmax(spent, passes / (double)t->o->epochs);
}

/* Is there something left of this epoch? */
static bool goes_on(const struct train *t)
{
    return t->st.position < t->n_kept || (t->o->block && t->st.carry.n > t->o->block);
}

/* Trained on as many as were asked for, or as long; but on something. */
static bool enough(const struct train *t)
{
    return (t->o->tokens && t->st.tokens >= t->o->tokens) || (t->st.step && share_spent(t) >= 1);
}

/* Does the run end here? Without a clock a function of the state alone, so that resuming cannot go
 * past it. */
static bool finished(const struct train *t)
{
    const struct train_state *st = &t->st;
    bool tired = t->o->patience && st->best && st->epoch - 1 - st->best_epoch >= t->o->patience;
    return tired || enough(t) || (!t->o->tokens && st->epoch >= t->o->epochs);
}

static void show(const struct train *t, struct progress *p, double done)
{
    const struct train_state *st = &t->st;
    snprintf(p->note, sizeof p->note, "epoch %zu  loss %.3f", st->epoch + 1,
             st->targets ? st->loss_sum / (double)st->targets : NAN);
    p->total = t->o->tokens ? (double)t->o->tokens : done > 0 ? (double)st->tokens / done : 0;
    progress_set(p, (double)st->tokens);
}

static bool run_epoch(struct train *t, struct progress *p, double *saved_s, struct err *err)
{
    struct train_state *st = &t->st;
    size_t before = st->tokens;
    shuffle_epoch(t);
    while (goes_on(t) && !enough(t)) {
        double done = share_done(t);
        size_t again = 0, *too_long = st->epoch ? &again : &st->too_long;   /* counted once */
        size_t rows = t->o->block ? train_fill_blocks(t, st->epoch)
                                  : train_fill(t, t->order, t->n_kept, st->epoch, &st->position,
                                               too_long);
        size_t targets = train_targets(t);
        if (targets && !train_step(t, targets, done, err))
            return false;
        st->step += targets > 0;
        st->tokens += rows;
        show(t, p, done);
        if (t->o->dir && now_s() - *saved_s > t->o->save_s) {
            if (!train_state_save(t->o, t->m, st, err))
                return false;
            *saved_s = now_s();
        }
    }
    if (t->o->tokens && st->tokens == before && !st->carry.n && !enough(t))
        return err_set(err, EXIT_DATA, "no sample is short enough to learn from");
    return end_epoch(t, err) && (!t->o->dir || train_state_save(t->o, t->m, st, err));
}

static size_t workers_of(const struct train_options *o)
{
    size_t threads = o->threads ? o->threads : threads_default();
    return threads < o->slots ? threads : o->slots;
}

static struct backprop *worker_new(const struct model *m, const struct train_options *o)
{
    struct backprop *b = backprop_new(m);
    if (o->n_adapters)
        backprop_adapt(b, o->adapter, o->n_adapters);
    return b;
}

size_t train_bytes(const struct model *m, const struct train_options *o, size_t rows,
                   size_t longest)
{
    struct backprop *b = worker_new(m, o);
    size_t blocks = 2 + o->slots + (o->validation > 0);
    size_t bytes = blocks * train_block_of(o, (struct model *)m).n_weights * sizeof(float) +
                   workers_of(o) * backprop_bytes(b, rows, longest);
    backprop_free(b);
    return bytes;
}

static void begin(struct train *t, struct model *m, const struct train_options *o,
                  const struct train_source *s)
{
    *t = (struct train){ .m = m, .o = o, .s = s, .st.n_samples = s->n_samples };
    REQUIRE(o->slots >= 1 && (o->epochs >= 1 || o->tokens) && o->tokens_per_step >= 1);
    REQUIRE(o->block <= m->config.max_len && (o->n_adapters || !m->mapped));
    t->w = train_block_of(o, m);
    if (o->n_adapters)
        t->lora_dropout = (float)o->adapter[o->n_adapters - 1]->options.dropout;
    t->st.m1 = mem_large(t->w.n_weights, sizeof(float));
    t->st.m2 = mem_large(t->w.n_weights, sizeof(float));
    if (o->average > 0) {
        t->st.mean = mem_large(t->w.n_weights, sizeof(float));
        memcpy(t->st.mean, t->w.weights, t->w.n_weights * sizeof(float));
    }
    t->slot = mem_array(o->slots, sizeof *t->slot);
    t->workers = workers_of(o);
    t->back = mem_array(t->workers, sizeof *t->back);
    t->grad = mem_array(o->slots, sizeof *t->grad);
    t->loss = mem_array(o->slots, sizeof *t->loss);
    t->opt = mem_array(o->slots, sizeof *t->opt);
    t->pieces = (t->w.n_weights + PIECE - 1) / PIECE;
    t->squares = mem_array(t->pieces, sizeof *t->squares);
    for (size_t i = 0; i < t->workers; i++)
        t->back[i] = worker_new(m, o);
    for (size_t k = 0; k < o->slots; k++)
        t->grad[k] = mem_large(t->w.n_weights, sizeof(float));
    split(t);
}

static void end(struct train *t)
{
    for (size_t i = 0; i < t->workers; i++)
        backprop_free(t->back[i]);
    for (size_t k = 0; k < t->o->slots; k++) {
        batch_free(&t->slot[k]);
        free(t->grad[k]);
    }
    void *part[] = { t->st.m1, t->st.m2, t->st.best, t->st.mean, t->slot, t->back, t->grad,
                     t->loss, t->opt,
                     t->squares, t->kept, t->aside, t->order };
    for (size_t i = 0; i < sizeof part / sizeof *part; i++)
        free(part[i]);
    tokens_free(&t->sample);
    tokens_free(&t->st.carry);
}

/* The weights that were asked for to the model, the others to *other. */
static void choose(struct train *t, float **other)
{
    struct train_state *st = &t->st;
    swap_mean(t);
    *other = st->best;
    if (t->o->keep_best && st->best)
        for (size_t i = 0; i < t->w.n_weights; i++) {
            float last = t->w.weights[i];
            t->w.weights[i] = st->best[i];
            st->best[i] = last;
        }
    st->best = NULL;
}

bool train_run(struct model *m, const struct train_options *o, const struct train_source *s,
               struct train_report *rep, struct err *err)
{
    struct train t;
    double started = now_s(), saved = started;
    begin(&t, m, o, s);
    bool good = !o->dir || !o->resume || train_state_load(o, m, &t.st, err);
    size_t before = t.st.tokens;
    struct progress p = progress_begin("train", "tokens", 0);
    while (good && !finished(&t))
        good = run_epoch(&t, &p, &saved, err);
    progress_end(&p);
    double seconds = now_s() - started;
    bool best = o->keep_best && t.st.best;
    *rep = (struct train_report){
        .epoch = t.st.epochs, .n_epochs = t.st.epoch, .steps = t.st.step, .tokens = t.st.tokens,
        .best = best ? t.st.best_epoch : t.st.epoch ? t.st.epoch - 1 : 0,
        .too_long = t.st.too_long, .spikes = t.st.spikes,
        .seconds = seconds, .tokens_per_s = (double)(t.st.tokens - before) / seconds,
    };
    memcpy(rep->spike, t.st.spike, sizeof rep->spike);
    if (good)
        choose(&t, &rep->other);
    end(&t);
    return good;
}

void train_report_free(struct train_report *rep)
{
    free(rep->epoch);
    free(rep->other);
    *rep = (struct train_report){ 0 };
}

double train_loss(const struct model *m, const struct train_source *s, size_t epoch,
                  size_t threads, size_t *targets)
{
    struct train_options o = train_standard;
    struct train t;
    o.threads = threads;
    o.validation = 0;
    begin(&t, (struct model *)m, &o, s);   /* losses only: the weights are not written */
    double loss = train_list_loss(&t, t.kept, t.n_kept, epoch, targets);
    free(t.st.epochs);
    end(&t);
    return loss;
}
