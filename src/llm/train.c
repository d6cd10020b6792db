/* train.c: one step at a time, in an order that no thread count can move.
 *
 *     samples of an epoch, shuffled -> steps of about tokens_per_step -> slots of whole samples
 *     slot k: gradients of its own;  their sum by one tree;  clip;  AdamW
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

#include "base/hash.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/rng.h"
#include "base/threads.h"
#include "llm/backprop.h"
#include "llm/reduce.h"
#include "llm/train_priv.h"
#include "ml/adamw.h"
#include "ml/vec.h"

const struct train_options train_standard = {
    .epochs = 20, .tokens_per_step = 1024, .slots = 2,
    .lr = 1.5e-3, .lr_floor = 0.1, .warmup = 0.05,
    .weight_decay = 0.1, .beta1 = 0.9, .beta2 = 0.95, .eps = 1e-8, .clip = 1, .dropout = 0.1,
    .seed = 1, .save_s = 20, .spike = 8,
};

enum { PIECE = 1 << 16 };      /* floats a thread sums at a time: fixed, so sums are too */

struct train {
    struct model *m;
    struct train_block w;            /* what is trained */
    const struct train_options *o;
    const struct train_source *s;
    struct train_state st;
    size_t *kept, n_kept, *aside, n_aside, *order;
    struct batch *slot;              /* (slots) */
    struct backprop **back;          /* (workers): nothing of a slot outlives its pass */
    size_t workers;
    float **grad;                    /* (slots, w.n_weights) */
    double *loss, *squares;          /* (slots), (pieces) */
    struct backprop_options *opt;    /* (slots) */
    size_t pieces;
    float clip_scale, lora_dropout;
    bool grads;                      /* false: losses only */
    struct tokens sample;
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

static size_t emptiest(const struct train *t)
{
    size_t k = 0;
    for (size_t i = 1; i < t->o->slots; i++)
        if (t->slot[i].rows < t->slot[k].rows)
            k = i;
    return k;
}

static void clear_slots(struct train *t)
{
    for (size_t k = 0; k < t->o->slots; k++)
        batch_clear(&t->slot[k]);
}

/* Fill the slots from list[*at..n) until the step has its tokens; *at moves on. */
static size_t fill_step(struct train *t, const size_t *list, size_t n, size_t epoch, size_t *at,
                        size_t *too_long)
{
    size_t rows = 0;
    clear_slots(t);
    while (*at < n && rows < t->o->tokens_per_step) {
        size_t loss_from = 0;
        t->sample.n = 0;
        t->s->fill(t->s->ctx, epoch, list[(*at)++], &t->sample, &loss_from);
        if (t->sample.n > t->m->config.max_len + 1) {
            *too_long += 1;
            continue;
        }
        batch_add(&t->slot[emptiest(t)], t->sample.id, t->sample.n, loss_from);
        rows += t->sample.n ? t->sample.n - 1 : 0;
    }
    return rows;
}

/* The same of one text, in blocks. The last token of a block is the first of the next, so that
 * every token is predicted once. */
static size_t fill_blocks(struct train *t, size_t epoch)
{
    struct tokens *carry = &t->st.carry;
    size_t rows = 0, block = t->o->block, ignored;
    clear_slots(t);
    while (rows < t->o->tokens_per_step) {
        while (carry->n <= block && t->st.position < t->n_kept)
            t->s->fill(t->s->ctx, epoch, t->order[t->st.position++], carry, &ignored);
        if (carry->n <= block)
            break;
        batch_add(&t->slot[emptiest(t)], carry->id, block + 1, 0);
        carry->n -= block;
        memmove(carry->id, carry->id + block, carry->n * sizeof *carry->id);
        rows += block;
    }
    return rows;
}

static void slot_work(void *ctx, size_t k, size_t worker)
{
    struct train *t = ctx;
    t->loss[k] = backprop_run(t->back[worker], &t->slot[k], &t->opt[k],
                              t->grads ? t->grad[k] : NULL);
}

static size_t piece_end(const struct train *t, size_t i)
{
    size_t end = (i + 1) * PIECE;
    return end < t->w.n_weights ? end : t->w.n_weights;
}

/* grad[0] = the sum of all slots' gradients. */
static void sum_work(void *ctx, size_t i, size_t worker)
{
    (void)worker;
    struct train *t = ctx;
    size_t at = i * PIECE, n = piece_end(t, i) - at;
    reduce_slots(t->o->slots, t->grad, at, n);
    t->squares[i] = vec_sum_squares(n, t->grad[0] + at);
}

/* AdamW on one tensor of the table; norms do not decay. */
static void update_work(void *ctx, size_t i, size_t worker)
{
    (void)worker;
    struct train *t = ctx;
    const struct param *p = &t->w.param[i];
    struct adamw a = { t->st.lr, t->o->beta1, t->o->beta2, t->o->eps,
                       p->n_dims > 1 ? t->o->weight_decay : 0 };
    adamw_step(&a, t->st.step + 1, p->count, t->w.weights + p->offset, t->st.m1 + p->offset,
               t->st.m2 + p->offset, t->grad[0] + p->offset, t->clip_scale);
}

/* One piece of the running mean, the weights just updated. */
static void mean_work(void *ctx, size_t i, size_t worker)
{
    (void)worker;
    struct train *t = ctx;
    double seen = (double)t->st.step, start = (1 + seen) / (10 + seen);
    float keep = (float)fmin(t->o->average, start);
    size_t at = i * PIECE, n = piece_end(t, i) - at;
    const float *w = t->w.weights + at;
    float *mean = t->st.mean + at;
    for (size_t k = 0; k < n; k++)
        mean[k] = w[k] + keep * (mean[k] - w[k]);
}

/* Linear warm-up, then a cosine down to lr_floor, over the share of the run that is done. */
static double rate_at(const struct train_options *o, double done)
{
    if (done < o->warmup)
        return o->lr * (done + 1e-3) / (o->warmup + 1e-3);
    double x = (done - o->warmup) / (1 - o->warmup);
    return o->lr * (o->lr_floor + (1 - o->lr_floor) * 0.5 * (1 + cos(acos(-1.0) * x)));
}

static double summed_loss(const struct train *t)
{
    double sum = 0;
    for (size_t k = 0; k < t->o->slots; k++)
        sum += t->loss[k];
    return sum;
}

/* The tensor nearest the loss that has an entry that is not finite in this block, or NULL. */
static const struct param *not_finite(const struct param *table, size_t n, const float *block)
{
    for (size_t i = n; i-- > 0;)
        if (vec_find_bad(table[i].count, block + table[i].offset) < table[i].count)
            return &table[i];
    return NULL;
}

/* Name the culprit: a weight that is not finite; else the gradient nearest to the loss. */
static bool diverged(const struct train *t, struct err *err)
{
    const struct train_block *w = &t->w;
    const struct param *weight = not_finite(w->param, w->n_params, w->weights);
    const struct param *gradient = not_finite(w->param, w->n_params, t->grad[0]);
    if (!weight && t->o->n_adapters && !t->m->mapped)
        weight = not_finite(t->m->param, t->m->n_params, t->m->weights);
    return err_set(err, EXIT_CHECK, "training diverged at step %zu, epoch %zu: loss %g%s%s%s",
                   t->st.step + 1, t->st.epoch + 1, summed_loss(t),
                   weight ? ", a weight of " : gradient ? ", a gradient of " : "",
                   weight ? weight->name : gradient ? gradient->name : "",
                   weight || gradient ? " is not finite" : "");
}

static size_t step_targets(const struct train *t)
{
    size_t n = 0;
    for (size_t k = 0; k < t->o->slots; k++)
        n += t->slot[k].targets;
    return n;
}

/* The tensor whose gradient is largest, by its root mean square. */
static const struct param *steepest(const struct train *t)
{
    size_t most = 0;
    double top = -1;
    for (size_t i = 0; i < t->w.n_params; i++) {
        const struct param *p = &t->w.param[i];
        double mean = vec_sum_squares(p->count, t->grad[0] + p->offset) / (double)p->count;
        if (mean > top) {
            top = mean;
            most = i;
        }
    }
    return &t->w.param[most];
}

/* Is the step's mean loss out of the run's line? If not, the line takes it in. */
static bool is_spike(struct train *t, double mean)
{
    enum { MEMORY = 100 };             /* steps */
    struct train_state *st = &t->st;
    double off = mean - st->usual;
    if (t->o->spike > 0 && st->seen >= SPIKE_WARMUP && off > t->o->spike * sqrt(st->square))
        return true;
    st->seen++;
    double share = 1 / (double)(st->seen < MEMORY ? st->seen : MEMORY);
    st->usual += share * off;
    st->square += share * (off * off - st->square);
    return false;
}

/* Note a step that is left out; the last of too many in a row is an error. */
static bool note_spike(struct train *t, double mean, struct err *err)
{
    struct train_state *st = &t->st;
    st->spikes++;
    st->in_a_row++;
    snprintf(st->spike, sizeof st->spike, "step %zu, epoch %zu: loss %.4f after %.4f, "
             "the largest gradient is of %s", st->step + 1, st->epoch + 1, mean, st->usual,
             steepest(t)->name);
    return st->in_a_row < SPIKES_IN_A_ROW ||
           err_set(err, EXIT_CHECK, "%d steps in a row had losses over %g running deviations; %s",
                   SPIKES_IN_A_ROW, t->o->spike, st->spike);
}

/* Forward, backward, sum, clip, update on what lies in the slots. */
static bool step(struct train *t, size_t targets, double done, struct err *err)
{
    for (size_t k = 0; k < t->o->slots; k++)
        t->opt[k] = (struct backprop_options){
            .dropout = (float)t->o->dropout, .lora_dropout = t->lora_dropout,
            .scale = 1.0f / (float)targets, .smoothing = (float)t->o->smoothing,
            .key = hash64_mix(hash64_mix(t->o->seed, t->st.step), k),
        };
    t->grads = true;
    t->st.lr = rate_at(t->o, done);
    threads_for(t->workers, t->o->slots, slot_work, t);
    threads_for(t->o->threads, t->pieces, sum_work, t);
    double squares = 0, loss = summed_loss(t);
    for (size_t i = 0; i < t->pieces; i++)
        squares += t->squares[i];
    if (!isfinite(squares) || !isfinite(loss))
        return diverged(t, err);
    if (is_spike(t, loss / (double)targets))
        return note_spike(t, loss / (double)targets, err);
    t->st.in_a_row = 0;
    double norm = sqrt(squares);
    t->clip_scale = t->o->clip > 0 && norm > t->o->clip ? (float)(t->o->clip / norm) : 1.0f;
    threads_for(t->o->threads, t->w.n_params, update_work, t);
    if (t->st.mean)
        threads_for(t->o->threads, t->pieces, mean_work, t);
    t->st.loss_sum += loss;
    t->st.targets += targets;
    return true;
}

/* Mean loss over a list, without dropout. */
static double loss_of(struct train *t, const size_t *list, size_t n, size_t epoch, size_t *targets)
{
    double sum = 0;
    size_t at = 0, count = 0, too_long = 0;
    for (size_t k = 0; k < t->o->slots; k++)
        t->opt[k] = (struct backprop_options){ .scale = 1 };
    t->grads = false;
    while (at < n) {
        fill_step(t, list, n, epoch, &at, &too_long);
        threads_for(t->workers, t->o->slots, slot_work, t);
        sum += summed_loss(t);
        count += step_targets(t);
    }
    if (targets)
        *targets = count;
    return count ? sum / (double)count : NAN;
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
    double validation = t->n_aside ? loss_of(t, t->aside, t->n_aside, 0, NULL) : NAN;
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
        size_t rows = t->o->block ? fill_blocks(t, st->epoch)
                                  : fill_step(t, t->order, t->n_kept, st->epoch, &st->position,
                                              too_long);
        size_t targets = step_targets(t);
        if (targets && !step(t, targets, done, err))
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
    double loss = loss_of(&t, t.kept, t.n_kept, epoch, targets);
    free(t.st.epochs);
    end(&t);
    return loss;
}
