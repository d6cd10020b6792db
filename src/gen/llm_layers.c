/* llm_layers.c: a graph layer by layer, as TraceLLM's three texts are written.
 *
 *     prompt of the root layer -> text -> its sub-headers -> prompt of a layer each -> ...
 *
 * Free sampling, for comparison; the rule is llm_walk.c, under the grammar. The strict oracle
 * judges every layer. A layer it refuses is written again at most layer_attempts times in all (the
 * original has one attempt), then the whole graph is a failure and its header drawn again. A table
 * is one layer. When all layers stand, the oracle judges the graph they make.
 *
 * Source of the procedure, prompts and stop words: TraceLLM's generator. Prompts open with what the
 * graph header gives; a prompt without a service cannot be put.
 */
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "gen/draw_priv.h"
#include "gen/llm_priv.h"
#include "gen/slots.h"
#include "llm/decode.h"
#include "text/oracle_graph.h"
#include "text/prompt.h"

enum { MAX_LAYERS = 4096, STOP_LONGEST = 32 };   /* no stop word is longer */

struct writer {
    const struct llm *m;
    const struct llm_options *o;
    const struct draw_job *job;
    enum text_task task;
    size_t V, max_len;
    struct decode_crew crew;
};

struct story {                         /* one slot: a graph being written */
    size_t index, attempt, layer_attempt;
    struct prompt prompt;
    gsl_rng *rng;
    struct arena *arena;               /* prompts and outputs of this attempt */
    struct graph_layer *layers;        /* (n) asked for; the first `written` are answered */
    size_t n, cap, written;
    struct buf text;                   /* of the layer in hand */
    size_t length;                     /* tokens of its sequence */
};

struct desk {
    const struct writer *w;
    struct draw_worker *me;
    struct story *story;               /* (slots) */
    struct tokens ids;
};

static void ask_layer(struct story *s, const struct buf *prompt, size_t parent, size_t sub)
{
    MEM_GROW(s->layers, s->n, s->cap);
    s->layers[s->n++] = (struct graph_layer){
        .prompt = { arena_strndup(s->arena, prompt->p, prompt->n), prompt->n },
        .parent = parent, .sub = sub,
    };
}

/* Feed <s> and the prompt of the next layer. False: it does not fit. The original's instruction
 * prompt ends within what is one token in training, "<layer>\n<edges>\n": its line break is fed too
 * and counts as written. */
static bool begin_layer(struct desk *d, struct story *s, struct tokens *feed)
{
    struct str prompt = s->layers[s->written].prompt;
    struct buf b = { 0 };
    buf_clear(&s->text);
    buf_add(&b, prompt.p, prompt.n);
    if (str_ends(prompt, "<edges>")) {
        buf_char(&b, '\n');
        buf_char(&s->text, '\n');
    }
    feed->n = 0;
    tokens_add(feed, d->w->m->model->config.bos);
    tokenizer_encode(d->w->m->tokenizer, buf_view(&b), feed);
    buf_free(&b);
    s->length = feed->n;
    return s->length < d->w->max_len;
}

static bool begin_graph(struct desk *d, struct story *s, struct tokens *feed)
{
    struct buf b = { 0 };
    arena_reset(s->arena);
    s->n = s->written = s->layer_attempt = 0;
    prompt_put(&s->prompt, d->w->task, d->w->m->fixed_order ? NULL : s->rng, &b);
    ask_layer(s, &b, SIZE_MAX, 0);
    buf_free(&b);
    return begin_layer(d, s, feed);
}

static const struct oracle *oracle_of(const struct desk *d)
{
    return d->w->o->original ? &oracle_original : &oracle_strict;
}

/* Judge the layer in hand; ask for those below it. */
static bool accept_layer(struct desk *d, struct story *s)
{
    struct graph_layer *l = &s->layers[s->written];
    struct layer_text t;
    l->output =
        (struct str){ arena_strndup(s->arena, s->text.p ? s->text.p : "", s->text.n), s->text.n };
    struct str text = layer_text_join(l->prompt, l->output, s->arena);
    bool parsed = layer_text_parse(d->w->task, text, s->arena, &t);
    if (!oracle_judge_parsed(oracle_of(d), d->w->task, &t, parsed, s->arena).valid)
        return false;
    struct str prompt = l->prompt;     /* l moves when layers are added */
    struct buf b = { 0 };
    for (size_t i = 0; i < t.n_subs; i++) {
        buf_clear(&b);
        text_prompt_below(d->w->task, prompt, &t.subs[i],
                          d->w->m->fixed_order ? NULL : s->rng, &b);
        ask_layer(s, &b, s->written, i);
    }
    buf_free(&b);
    s->written++;
    s->layer_attempt = 0;
    return true;
}

static enum draw_outcome judge(struct desk *d, struct story *s)
{
    struct graphset *set = d->me->set;
    bool added = false;
    struct graph_verdict v = oracle_graph(oracle_of(d), d->w->task, s->layers, s->n, set, &added);
    enum draw_outcome o = !v.correct || !added ? DRAW_ORACLE : DRAW_GOOD;
    d->me->rep.finished += v.finished;
    d->me->rep.valid += v.valid;
    d->me->rep.correct += v.correct;
    if (added) {
        struct callgraph *g = &set->graphs[set->n - 1];
        g->timed = d->w->m->timed;
        if (o == DRAW_GOOD && !d->w->o->original && !prompt_kept(&s->prompt, g, set->names))
            o = DRAW_HEADER;
        set->n -= o != DRAW_GOOD;
    }
    return o;
}

static enum slots_turn end_attempt(struct desk *d, struct story *s, enum draw_outcome o,
                                   struct tokens *feed)
{
    d->me->rep.outcome[o]++;
    if (o != DRAW_GOOD && ++s->attempt < draw_attempts(d->w->job) && begin_graph(d, s, feed))
        return SLOTS_RESTART;
    draw_done(d->me, s->index, o == DRAW_GOOD);
    return SLOTS_DONE;
}

/* The layer in hand has ended: `whole` unless the context ended it. */
static enum slots_turn end_layer(struct desk *d, struct story *s, bool whole, struct tokens *feed)
{
    size_t tries = d->w->o->layer_attempts ? d->w->o->layer_attempts : 1;
    d->me->rep.layers++;
    if (!whole || !accept_layer(d, s)) {
        d->me->rep.layers_refused++;
        if (++s->layer_attempt >= tries)
            return end_attempt(d, s, whole ? DRAW_ORACLE : DRAW_TOO_LARGE, feed);
    } else if (s->written == s->n)
        return end_attempt(d, s, judge(d, s), feed);
    if (s->n > MAX_LAYERS || !begin_layer(d, s, feed))
        return end_attempt(d, s, DRAW_TOO_LARGE, feed);
    return SLOTS_RESTART;
}

/* Cut the text at the first stop word, looking only at its end. */
static bool stopped(const struct writer *w, struct buf *text, size_t before)
{
    size_t from = before > STOP_LONGEST ? before - STOP_LONGEST : 0, cut = SIZE_MAX;
    for (const char *const *stop = text_stop_words[w->task]; *stop; stop++) {
        size_t at = layer_text_find(buf_view(text), from, *stop);
        cut = at < cut ? at : cut;
    }
    if (cut == SIZE_MAX)
        return false;
    text->n = cut;
    return true;
}

static bool begin(void *ctx, size_t slot)
{
    struct desk *d = ctx;
    struct story *s = &d->story[slot];
    s->attempt = 0;
    return draw_next_prompt(d->me, d->w->job, &s->index, s->rng, &s->prompt);
}

static enum slots_turn turn(void *ctx, size_t slot, const float *logits, struct tokens *feed)
{
    struct desk *d = ctx;
    struct story *s = &d->story[slot];
    const struct writer *w = d->w;
    if (!logits)
        return begin_graph(d, s, feed) ? SLOTS_RESTART : end_attempt(d, s, DRAW_TOO_LARGE, feed);
    struct sampled draw = sample_draw(logits, w->V, NULL, &w->o->sample, s->rng);
    size_t before = s->text.n;
    d->me->rep.choices++;
    if (draw.token == w->m->model->config.eos)
        return end_layer(d, s, true, feed);
    if (draw.token < tokenizer_size(w->m->tokenizer))
        tokenizer_decode(w->m->tokenizer, &draw.token, 1, &s->text);
    if (stopped(w, &s->text, before))
        return end_layer(d, s, true, feed);
    if (++s->length >= w->max_len)
        return end_layer(d, s, false, feed);
    tokens_add(feed, draw.token);
    return SLOTS_FEED;
}

static void work(void *ctx, struct draw_worker *me)
{
    struct writer *w = ctx;
    const struct decode_worker *mine = &w->crew.worker[me->number];
    struct desk d = { .w = w, .me = me };
    d.story = mem_array(mine->slots, sizeof *d.story);
    for (size_t k = 0; k < mine->slots; k++) {
        d.story[k].rng = rng_stream(0, DRAW_STREAM, 0);
        d.story[k].arena = arena_new();
    }
    struct slots_client client = { &d, begin, turn };
    me->rep.tokens += slots_run(mine->decoder, mine->slots, w->V, &client);
    for (size_t k = 0; k < mine->slots; k++) {
        gsl_rng_free(d.story[k].rng);
        arena_free(d.story[k].arena);
        free(d.story[k].layers);
        buf_free(&d.story[k].text);
    }
    free(d.story);
}

static bool always_a_service(const struct prompt_pool *pool)
{
    for (size_t i = 0; pool->list && i < pool->n; i++)
        if (!pool->list[i].service)
            return false;
    return pool->list || pool->fields.service;
}

/* False (EXIT_DATA): there is no such format. */
static bool find_task(const struct llm *m, enum text_task *task, struct err *err)
{
    for (*task = 0; *task < TEXT_TASKS; ++*task)
        if (strcmp(text_task_names[*task], m->to) == 0)
            return true;
    return err_set(err, EXIT_DATA, "the checkpoint writes \"%s\", of which there is no writer",
                   m->to);
}

bool llm_layers_can(const struct llm *m, const struct llm_options *o, const struct prompt *p,
                    struct err *err)
{
    enum text_task task;
    if (!p->service)
        return err_set(err, EXIT_USAGE, "%s prompts always name the service: service=", m->to);
    return find_task(m, &task, err) && (o->unconstrained || llm_walk_can(m, task, p, err));
}

bool llm_layers_run(const struct llm *m, const struct llm_options *o, const struct draw_job *job,
                    struct graphset *out, struct draw_report *rep, struct err *err)
{
    struct writer w = { .m = m, .o = o, .job = job };
    if (!find_task(m, &w.task, err))
        return false;
    if (!always_a_service(job->prompts))
        return err_set(err, EXIT_USAGE,
                       "%s prompts always name the service: here it is open in some", m->to);
    if (!o->unconstrained)
        return llm_walk_run(m, o, w.task, job, out, rep, err);
    w.V = m->model->config.vocab;
    w.max_len = m->model->config.max_len;
    w.crew = llm_crew(m, o, job);
    out->tick_us = 1000;
    draw_run(job, w.crew.workers, work, &w, out, rep);
    decode_crew_free(&w.crew);
    return true;
}
