/* train_step.c: fill the slots, go forward and back in each, sum, clip, update.
 *
 *     samples of an epoch, shuffled -> steps of about tokens_per_step -> slots of whole samples
 *     slot k: gradients of its own;  their sum by one tree;  clip;  AdamW
 *
 * Threads take slots, then pieces of the block of weights, as they come: a slow core does fewer.
 * What each computes, and the order of every sum, is fixed by slots and pieces.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/threads.h"
#include "llm/reduce.h"
#include "llm/train_priv.h"
#include "ml/adamw.h"
#include "ml/vec.h"

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
size_t train_fill(struct train *t, const size_t *list, size_t n, size_t epoch, size_t *at,
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
size_t train_fill_blocks(struct train *t, size_t epoch)
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

size_t train_targets(const struct train *t)
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
bool train_step(struct train *t, size_t targets, double done, struct err *err)
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
double train_list_loss(struct train *t, const size_t *list, size_t n, size_t epoch,
                       size_t *targets)
{
    double sum = 0;
    size_t at = 0, count = 0, too_long = 0;
    for (size_t k = 0; k < t->o->slots; k++)
        t->opt[k] = (struct backprop_options){ .scale = 1 };
    t->grads = false;
    while (at < n) {
        train_fill(t, list, n, epoch, &at, &too_long);
        threads_for(t->workers, t->o->slots, slot_work, t);
        sum += summed_loss(t);
        count += train_targets(t);
    }
    if (targets)
        *targets = count;
    return count ? sum / (double)count : NAN;
}
