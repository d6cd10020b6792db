/* llm_walk.c: the model writes a graph layer after layer under the grammar: tabular, recursive and
 * instruction texts that are always right.
 *
 *     prompt    header of the root      sub-header 0           sub-header 1
 *     answer    (edge_id is 0,...  ->   <layer> ... <sub> ->   <layer> ...
 *               forced and chosen       asked for in turn
 *
 * A text ends where the grammar ends it; what is forced at its end is not even fed. Sub-headers
 * that the model wrote are the prompts of the next layers, and since each is one that can be met,
 * the whole graph has the edges, the depth and the latency of the first, and the call that was to
 * be included. So an attempt fails at once, where no graph is what is asked for, or not at all.
 *
 * A text longer than the model's context goes on with its prompt and the latest tokens in view.
 *
 * With `weigh` the model is asked about forced tokens too, one by one, so that the importance
 * weights are those of the whole text; the graphs are the same.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "gen/callees.h"
#include "gen/draw_priv.h"
#include "gen/layer_tokens.h"
#include "gen/llm_priv.h"
#include "gen/slots.h"
#include "text/oracle_graph.h"
#include "text/prompt.h"

struct writer {
    const struct llm *m;
    const struct llm_options *o;
    const struct draw_job *job;
    struct layer_grammar grammar;
    struct layer_tokens *tokens;
    struct callees open;               /* where the checkpoint names none */
    size_t V, max_len;
    struct decode_crew crew;
};

struct story {                         /* one slot: a graph being written */
    size_t index, attempt;
    struct prompt prompt;
    gsl_rng *rng;
    struct arena *arena;               /* prompts and outputs of this attempt */
    struct graph_layer *layers;        /* (n) asked for; the first `written` are answered */
    struct layer_ask *asks;            /* (n) */
    size_t n, cap, cap_asks, written;
    struct layer_walk walk;            /* of the layer in hand */
    struct tokens ids;                 /* its sequence, of which the first `given` are the prompt */
    size_t given, fed;                 /* fed: of ids, those that the model has seen */
    size_t length;                     /* of the model's sequence */
    struct draw_mark mark;             /* of this attempt */
};

struct desk {
    const struct writer *w;
    struct draw_worker *me;
    struct story *story;               /* (slots) */
    unsigned char *one;                /* (V) a mask for one forced token, */
    gsl_rng *idle;                     /* and what is drawn under it, which moves no other draw */
};

static void ask_layer(struct story *s, const struct buf *prompt, size_t parent, size_t sub)
{
    MEM_GROW(s->layers, s->n, s->cap);
    MEM_GROW(s->asks, s->n, s->cap_asks);
    s->layers[s->n++] = (struct graph_layer){
        .prompt = { arena_strndup(s->arena, prompt->p, prompt->n), prompt->n },
        .parent = parent, .sub = sub,
    };
}

/* Begin the next layer's text: <s>, its prompt, what is forced at its start. */
static bool begin_layer(const struct desk *d, struct story *s)
{
    const struct llm *m = d->w->m;
    s->ids.n = s->fed = s->length = 0;
    tokens_add(&s->ids, m->model->config.bos);
    tokenizer_encode(m->tokenizer, s->layers[s->written].prompt, &s->ids);
    s->given = s->ids.n;
    return layer_walk_start(d->w->tokens, &s->walk, &s->asks[s->written], &s->ids);
}

/* The text of the layer in hand is whole: ask for the layers below it. */
static void end_layer(struct desk *d, struct story *s)
{
    enum text_task task = d->w->grammar.limits.task;
    gsl_rng *rng = d->w->grammar.limits.fixed ? NULL : s->rng;
    struct graph_layer *l = &s->layers[s->written];
    const struct buf *text = &s->walk.state.text;
    struct layer_text t;
    struct buf b = { 0 };
    l->output = (struct str){ arena_strndup(s->arena, text->p, text->n), text->n };
    struct str prompt = l->prompt;     /* l moves when layers are added */
    REQUIRE(layer_text_parse(task, layer_text_join(prompt, l->output, s->arena), s->arena, &t));
    for (size_t i = 0; i < t.n_subs; i++) {
        buf_clear(&b);
        text_prompt_below(task, prompt, &t.subs[i], rng, &b);
        ask_layer(s, &b, s->written, i);
        s->asks[s->n - 1] = layer_ask_below(&s->asks[s->written], &t, i);
    }
    buf_free(&b);
    d->me->rep.layers++;
    s->written++;
}

static enum draw_outcome judge(struct desk *d, struct story *s)
{
    struct graphset *set = d->me->set;
    bool added = false;
    struct graph_verdict v = oracle_graph(&oracle_strict, d->w->grammar.limits.task, s->layers,
                                          s->n, set, &added);
    REQUIRE(v.correct && added);       /* what the grammar is for */
    struct callgraph *g = &set->graphs[set->n - 1];
    g->timed = d->w->m->timed;
    if (prompt_kept(&s->prompt, g, set->names))
        return DRAW_GOOD;
    set->n--;
    return DRAW_HEADER;
}

/* Is there nothing left to ask the model about in this text? */
static bool is_over(const struct desk *d, const struct story *s)
{
    return s->walk.allowed == 0 && !(d->w->o->weigh && s->fed < s->ids.n);
}

/* To the next text that the model is needed for. False: the graph is whole. */
static bool go_on(struct desk *d, struct story *s)
{
    while (is_over(d, s)) {
        end_layer(d, s);
        if (s->written == s->n)
            return false;
        REQUIRE(begin_layer(d, s));    /* a layer announces only what can be met */
    }
    return true;
}

/* The ask of p, whose root prompt is `text`; one for high latency does not show the latency. False
 * (EXIT_DATA): this vocabulary cannot say it. */
static bool ask_root(const struct layer_grammar *g, const struct prompt *p, struct str text,
                     struct layer_ask *ask, struct err *err)
{
    if (!layer_ask_root(g->limits.task, text, ask))
        return err_set(err, EXIT_DATA, "the prompt has no header");
    ask->least_latency = p->least_latency;
    if (p->high_latency && p->latency != PROMPT_OPEN)
        ask->head.number[HEAD_LATENCY] = p->latency;
    return !p->include_src || layer_wish_find(g, p->include_src, p->include_type, p->include_dst,
                                              &ask->wish, err);
}

static bool begin_graph(struct desk *d, struct story *s)
{
    enum text_task task = d->w->grammar.limits.task;
    struct buf b = { 0 };
    arena_reset(s->arena);
    s->n = s->written = 0;
    s->mark = (struct draw_mark){ .log_weight = d->w->o->weigh ? 0 : NAN };
    prompt_put(&s->prompt, task, d->w->grammar.limits.fixed ? NULL : s->rng, &b);
    ask_layer(s, &b, SIZE_MAX, 0);
    buf_free(&b);
    return ask_root(&d->w->grammar, &s->prompt, s->layers[0].prompt, &s->asks[0], NULL) &&
           begin_layer(d, s);
}

/* Hand the tokens that the model has not seen to the slot. Where they go beyond its context the
 * sequence begins anew with the prompt, or its end, and the latest tokens. */
static enum slots_turn feed_rest(const struct desk *d, struct story *s, size_t upto,
                                 struct tokens *feed)
{
    size_t max = d->w->max_len, keep = s->given < max / 2 ? s->given : max / 2;
    bool fresh = s->fed == 0, over = s->length + (upto - s->fed) > max;
    if (over) {
        size_t tail = (max - keep) / 2 + 1, from = upto - s->given > tail ? upto - tail : s->given;
        for (size_t i = s->given - keep; i < s->given; i++)
            tokens_add(feed, s->ids.id[i]);
        s->fed = from;
    }
    for (; s->fed < upto; s->fed++)
        tokens_add(feed, s->ids.id[s->fed]);
    s->length = over ? feed->n : s->length + feed->n;
    return over || fresh ? SLOTS_RESTART : SLOTS_FEED;
}

/* Feed what there is; with `weigh` no further than to the next token it has to be asked about. */
static enum slots_turn feed_next(const struct desk *d, struct story *s, struct tokens *feed)
{
    size_t upto = s->ids.n;
    if (d->w->o->weigh)
        upto = s->fed < s->given ? s->given : s->fed + 1;
    return feed_rest(d, s, upto, feed);
}

static enum slots_turn end_attempt(struct desk *d, struct story *s, enum draw_outcome o,
                                   struct tokens *feed)
{
    for (;;) {
        d->me->rep.outcome[o]++;
        bool hopeless = s->written == 0;
        if (o == DRAW_GOOD || ++s->attempt >= draw_attempts(d->w->job) || hopeless) {
            draw_done_marked(d->me, s->index, o == DRAW_GOOD, &s->mark);
            return SLOTS_DONE;
        }
        if (!begin_graph(d, s))
            o = DRAW_HEADER;
        else if (go_on(d, s))
            return feed_next(d, s, feed);
        else
            o = judge(d, s);
    }
}

static void note(struct desk *d, struct story *story, const struct sampled *s)
{
    draw_mark_step(&story->mark, s->kept, s->log_kept);
    d->me->rep.choices++;
    d->me->rep.masked += 1 - s->kept > DRAW_MASKED;
    d->me->rep.masked_ppm += (uint64_t)((1 - s->kept) * 1e6 + 0.5);
}

/* The next token is known: what did the model think of it? */
static void weigh_forced(struct desk *d, struct story *s, const float *logits)
{
    uint32_t id = s->ids.id[s->fed];
    d->one[id] = 1;
    struct sampled draw = sample_draw(logits, d->w->V, d->one, &d->w->o->sample, d->idle);
    d->one[id] = 0;
    note(d, s, &draw);
}

static enum slots_turn first_turn(struct desk *d, struct story *s, struct tokens *feed)
{
    if (!begin_graph(d, s))
        return end_attempt(d, s, DRAW_HEADER, feed);
    if (go_on(d, s))
        return feed_next(d, s, feed);
    return end_attempt(d, s, judge(d, s), feed);
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
        return first_turn(d, s, feed);
    if (s->fed < s->ids.n) {
        weigh_forced(d, s, logits);
        return feed_next(d, s, feed);
    }
    if (s->walk.allowed) {
        struct sampled draw = sample_draw(logits, w->V, s->walk.mask, &w->o->sample, s->rng);
        note(d, s, &draw);
        layer_walk_take(w->tokens, &s->walk, draw.token, &s->ids);
    }
    if (!go_on(d, s))
        return end_attempt(d, s, judge(d, s), feed);
    return feed_next(d, s, feed);
}

static void work(void *ctx, struct draw_worker *me)
{
    struct writer *w = ctx;
    const struct decode_worker *mine = &w->crew.worker[me->number];
    struct desk d = { .w = w, .me = me };
    d.story = mem_array(mine->slots, sizeof *d.story);
    d.one = mem_array(w->V, 1);
    d.idle = rng_stream(0, DRAW_STREAM, 0);
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
        free(d.story[k].asks);
        layer_walk_free(&d.story[k].walk);
        tokens_free(&d.story[k].ids);
    }
    gsl_rng_free(d.idle);
    free(d.one);
    free(d.story);
}

static bool writer_init(struct writer *w, enum text_task task, struct err *err)
{
    const struct llm *m = w->m;
    struct layer_limits limits = layer_limits_standard;
    limits.task = task;
    limits.fixed = m->fixed_order;
    limits.no_scratchpad = m->no_scratchpad;
    if (!m->timed)
        limits.max_latency = 0;
    if (!m->callees.n)
        w->open = callees_open(m->tokenizer);
    const struct callees *c = m->callees.n ? &m->callees : &w->open;
    w->V = m->model->config.vocab;
    w->max_len = m->model->config.max_len;
    if (tokenizer_size(m->tokenizer) > w->V)
        return err_set(err, EXIT_DATA, "the tokenizer has %zu tokens, the model %zu",
                       tokenizer_size(m->tokenizer), w->V);
    if (!layer_grammar_init(&w->grammar, c->at, c->n, &limits, err))
        return false;
    w->tokens = layer_tokens_new(&w->grammar, m->tokenizer, w->V);
    return true;
}

static void writer_free(struct writer *w)
{
    layer_tokens_free(w->tokens);
    callees_free(&w->open);
}

bool llm_walk_can(const struct llm *m, enum text_task task, const struct prompt *p, struct err *err)
{
    struct writer w = { .m = m };
    struct layer_state s = { 0 };
    struct layer_ask ask;
    struct buf text = { 0 };
    bool good = writer_init(&w, task, err);
    if (good) {
        prompt_put(p, task, NULL, &text);
        good = ask_root(&w.grammar, p, buf_view(&text), &ask, err);
        if (good && !layer_start(&w.grammar, &s, &ask))
            good = err_set(err, EXIT_DATA, "no graph that this checkpoint can write is like that");
    }
    buf_free(&text);
    buf_free(&s.text);
    writer_free(&w);
    return good;
}

bool llm_walk_run(const struct llm *m, const struct llm_options *o, enum text_task task,
                  const struct draw_job *job, struct graphset *out, struct draw_report *rep,
                  struct err *err)
{
    struct writer w = { .m = m, .o = o, .job = job };
    bool good = writer_init(&w, task, err);
    if (good) {
        w.crew = llm_crew(m, o, job);
        out->tick_us = 1000;
        draw_run(job, w.crew.workers, work, &w, out, rep);
        decode_crew_free(&w.crew);
    }
    writer_free(&w);
    return good;
}
