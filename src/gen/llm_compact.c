/* llm_compact.c: the model writes a graph as one compact line, under the grammar or free.
 *
 *     <s> S_1 5 3 ?     http MS_1 9   rpc MS_2 0 4 ...   </s>
 *         header        body
 *         asked for     drawn
 *
 * Header fields that the prompt gives are fed; open ones are fed as "?", or, with `drawn`, written
 * by the model in their place. Then every token is drawn from the model's distribution restricted
 * to what the grammar allows, so every line ends as a graph that is valid and has the header asked
 * for. Free of the grammar, whatever comes out is parsed and judged, and a failure drawn again.
 *
 * A prompt's conditions become wishes of the grammar: a call that must occur, a least latency. With
 * open calls the model says when it would end; if the wished call has not occurred then, the line
 * takes the shortest way to it. Which of these ways a line came is not told from it, so it has no
 * importance weight.
 *
 * A service that no token stands for cannot be asked of the model: it is left open, and the graph
 * gets its name afterwards.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "gen/slots.h"
#include "gen/draw_priv.h"
#include "gen/llm_priv.h"
#include "gen/vocabulary.h"
#include "text/compact.h"
#include "text/compact_grammar.h"

struct writer {                        /* shared by the threads */
    const struct llm *m;
    const struct llm_options *o;
    const struct draw_job *job;
    struct compact_grammar grammar;
    struct compact_word *words;        /* (V), foreign beyond the tokenizer's */
    unsigned char *blank;              /* (V) the token begins with the blank that parts words */
    size_t V, max_len;
    struct decode_crew crew;
};

struct line {                          /* one slot: a graph being written */
    size_t index, attempt;
    struct prompt prompt;
    gsl_rng *rng;
    bool rename, chosen;               /* chosen: something of this attempt was drawn */
    bool hopeless;                     /* no walk can fulfil the prompt's conditions */
    struct compact_wish wish;
    struct compact_state state;
    struct draw_mark mark;             /* of this attempt */
    struct tokens ids;                 /* of the line so far, without <s> */
};

struct desk {                          /* one thread */
    const struct writer *w;
    struct draw_worker *me;
    struct line *line;                 /* (slots) */
    unsigned char *mask;               /* (V) */
    struct buf text;
    struct tokens feed;
};

static void put_token(struct line *l, uint32_t id, struct tokens *feed)
{
    tokens_add(&l->ids, id);
    tokens_add(feed, id);
}

/* Feed one forced word and step the grammar over it. */
static bool force_word(const struct desk *d, struct line *l, struct str word, struct tokens *feed)
{
    uint32_t id = vocabulary_find(d->w->m->tokenizer, word, l->ids.n == 0);
    if (id == TOKENIZER_NONE)
        return false;
    put_token(l, id, feed);
    return d->w->o->unconstrained || compact_step(&d->w->grammar, &l->state, id);
}

static bool force_words(struct desk *d, struct line *l, struct tokens *feed)
{
    struct str rest = buf_view(&d->text), word;
    while (str_next(&rest, ' ', &word))
        if (!force_word(d, l, word, feed))
            return false;
    return true;
}

/* The words of a header field, or nothing where the model is to draw it. */
static void field_words(struct desk *d, const struct line *l, enum compact_slot field)
{
    const struct prompt *p = &l->prompt;
    int64_t number = field == SLOT_EDGES ? p->edges : field == SLOT_DEPTH ? p->depth : p->latency;
    buf_clear(&d->text);
    if (field == SLOT_LATENCY && !d->w->m->timed)
        buf_str(&d->text, "n/a");
    else if (field == SLOT_SERVICE ? p->service && !l->rename : number != PROMPT_OPEN) {
        if (field == SLOT_SERVICE)
            compact_put_name(str_of(p->service), &d->text);
        else
            compact_put_number((uint64_t)number, &d->text);
    } else if (!d->w->o->drawn || d->w->o->unconstrained)
        buf_char(&d->text, '?');
}

/* Feed header fields up to the first that the model draws. False: this header cannot be met. */
static bool force_header(struct desk *d, struct line *l, struct tokens *feed)
{
    if (d->w->o->unconstrained) {
        for (enum compact_slot f = SLOT_SERVICE; !l->chosen && f <= SLOT_LATENCY; f++) {
            field_words(d, l, f);
            if (!force_words(d, l, feed))
                return false;
        }
        return true;
    }
    while (l->state.slot <= SLOT_LATENCY && l->state.digits == 0) {
        field_words(d, l, (enum compact_slot)l->state.slot);
        if (d->text.n == 0)
            return true;
        if (!force_words(d, l, feed))
            return false;
    }
    return true;
}

static bool is_known_service(const struct writer *w, const char *service)
{
    struct buf b = { 0 };
    compact_put_name(str_of(service), &b);
    uint32_t id = vocabulary_find(w->m->tokenizer, buf_view(&b), w->m->tick_us == 1000);
    buf_free(&b);
    return id != TOKENIZER_NONE && w->words[id].service;
}

static uint32_t find_callee(const struct llm *m, const char *name)
{
    struct buf b = { 0 };
    compact_put_name(str_of(name), &b);
    uint32_t id = vocabulary_find(m->tokenizer, buf_view(&b), false);
    buf_free(&b);
    return id;
}

/* The prompt's conditions, as words. False: a name that no word stands for, or that the grammar has
 * no place for. */
static bool find_wish(const struct writer *w, const struct prompt *p, struct compact_wish *wish,
                      struct err *err)
{
    *wish = (struct compact_wish){ .least_latency = p->least_latency };
    if (p->least_latency && !w->m->timed)
        return err_set(err, EXIT_DATA, "high-latency: the checkpoint writes graphs without times");
    if (!p->include_src)
        return true;
    wish->include = true;
    wish->type = (uint8_t)p->include_type;
    wish->from_user = strcmp(p->include_src, "USER") == 0;
    uint32_t src = wish->from_user ? 0 : find_callee(w->m, p->include_src),
             dst = find_callee(w->m, p->include_dst);
    if (src == TOKENIZER_NONE || dst == TOKENIZER_NONE)
        return err_set(err, EXIT_DATA, "include=%s>%s>%s: the checkpoint has no word for %s",
                       p->include_src, call_type_name(p->include_type), p->include_dst,
                       src == TOKENIZER_NONE ? p->include_src : p->include_dst);
    wish->src = src;
    wish->dst = dst;
    if (compact_wish_check(&w->grammar, wish, err))
        return true;
    return err_add(err, "include=%s>%s>%s", p->include_src, call_type_name(p->include_type),
                   p->include_dst);
}

/* Begin an attempt: <s>, the tick if it is unusual, the header. */
static bool start_line(struct desk *d, struct line *l, struct tokens *feed)
{
    const struct llm *m = d->w->m;
    if (!d->w->o->unconstrained) {
        l->state = compact_start(&d->w->grammar);
        l->state.wish = l->wish;
    }
    l->mark = (struct draw_mark){ 0 };
    l->ids.n = 0;
    l->chosen = false;
    tokens_add(feed, m->model->config.bos);
    if (m->tick_us != 1000) {
        buf_clear(&d->text);
        buf_str(&d->text, "* ");
        compact_put_number(m->tick_us, &d->text);
        tokenizer_encode(m->tokenizer, buf_view(&d->text), &l->ids);
        for (size_t i = 0; i < l->ids.n; i++)
            tokens_add(feed, l->ids.id[i]);
    }
    return force_header(d, l, feed);
}

/* What the grammar allows next, as a mask over tokens. False: nothing (a foreign vocabulary). */
static bool allowed_next(const struct desk *d, const struct line *l)
{
    const struct writer *w = d->w;
    const unsigned char *restrict blank = w->blank;
    unsigned char *restrict mask = d->mask, inside = l->ids.n > 0, any = l->state.may_end;
    compact_allowed(&w->grammar, &l->state, mask);
    for (size_t i = 0, n = w->V; i < n; i++) {
        mask[i] &= (unsigned char)(blank[i] == inside);
        any |= mask[i];
    }
    d->mask[w->m->model->config.eos] = l->state.may_end || compact_may_hurry(&l->state);
    return any;
}

/* Parse the finished line into the worker's set and judge it. */
static enum draw_outcome judge(struct desk *d, const struct line *l)
{
    struct graphset *set = d->me->set;
    buf_clear(&d->text);
    tokenizer_decode(d->w->m->tokenizer, l->ids.id, l->ids.n, &d->text);
    if (!compact_parse(buf_view(&d->text), set, NULL))
        return DRAW_UNREADABLE;
    struct callgraph *g = &set->graphs[set->n - 1];
    if (l->rename)
        g->service = names_id_of(set->names, l->prompt.service);
    if (prompt_kept(&l->prompt, g, set->names))
        return DRAW_GOOD;
    set->n--;
    return DRAW_HEADER;
}

/* An attempt is over: done, given up, or the same header again. */
static enum slots_turn end_attempt(struct desk *d, struct line *l, enum draw_outcome o,
                                   struct tokens *feed)
{
    size_t attempts = draw_attempts(d->w->job);
    for (;;) {
        d->me->rep.outcome[o]++;
        if (o == DRAW_GOOD)
            d->me->rep.renamed += l->rename;
        if (o == DRAW_GOOD || ++l->attempt >= attempts || !l->chosen) {
            draw_done_marked(d->me, l->index, o == DRAW_GOOD, &l->mark);
            return SLOTS_DONE;
        }
        feed->n = 0;
        if (start_line(d, l, feed))
            return SLOTS_RESTART;
        o = DRAW_HEADER;
    }
}

static void note(struct desk *d, struct line *l, const struct sampled *s)
{
    draw_mark_step(&l->mark, s->kept, s->log_kept);
    d->me->rep.choices++;
    d->me->rep.masked += 1 - s->kept > DRAW_MASKED;
    d->me->rep.masked_ppm += (uint64_t)((1 - s->kept) * 1e6 + 0.5);
}

/* Draw one token. DRAW_OUTCOMES: go on; anything else ends the attempt. */
static enum draw_outcome draw_token(struct desk *d, struct line *l, const float *logits,
                                    struct tokens *feed)
{
    const struct writer *w = d->w;
    bool masked = !w->o->unconstrained;
    if (masked && !allowed_next(d, l))
        return DRAW_UNREADABLE;
    const unsigned char *mask = masked ? d->mask : NULL;
    struct sampled s = sample_draw(logits, w->V, mask, &w->o->sample, l->rng);
    if (masked && s.token == w->m->model->config.eos && !l->state.may_end) {
        compact_hurry(&w->grammar, &l->state);
        REQUIRE(allowed_next(d, l));
        s = sample_draw(logits, w->V, mask, &w->o->sample, l->rng);
        s.log_kept = NAN;
    }
    l->chosen = true;
    note(d, l, &s);
    if (s.token == w->m->model->config.eos)
        return judge(d, l);
    put_token(l, s.token, feed);
    if (masked)
        REQUIRE(compact_step(&w->grammar, &l->state, s.token));
    if (l->state.finished)
        return judge(d, l);
    if (masked && !force_header(d, l, feed))
        return DRAW_HEADER;
    return l->ids.n + 1 > w->max_len ? DRAW_TOO_LARGE : DRAW_OUTCOMES;
}

static bool begin(void *ctx, size_t slot)
{
    struct desk *d = ctx;
    struct line *l = &d->line[slot];
    if (!draw_next(d->me, &l->index))
        return false;
    rng_restart(l->rng, d->w->job->seed, DRAW_STREAM, l->index);
    l->prompt = prompt_at(d->w->job->prompts, l->index, l->rng);
    l->rename = l->prompt.service && !is_known_service(d->w, l->prompt.service);
    l->attempt = 0;
    l->chosen = false;
    l->hopeless = !d->w->o->unconstrained && !find_wish(d->w, &l->prompt, &l->wish, NULL);
    return true;
}

static enum slots_turn turn(void *ctx, size_t slot, const float *logits, struct tokens *feed)
{
    struct desk *d = ctx;
    struct line *l = &d->line[slot];
    if (!logits && l->hopeless)
        return end_attempt(d, l, DRAW_HEADER, feed);
    if (!logits)
        return start_line(d, l, feed) ? SLOTS_RESTART : end_attempt(d, l, DRAW_HEADER, feed);
    enum draw_outcome o = draw_token(d, l, logits, feed);
    return o == DRAW_OUTCOMES ? SLOTS_FEED : end_attempt(d, l, o, feed);
}

static void work(void *ctx, struct draw_worker *me)
{
    struct writer *w = ctx;
    const struct decode_worker *mine = &w->crew.worker[me->number];
    struct desk d = { .w = w, .me = me };
    d.line = mem_array(mine->slots, sizeof *d.line);
    d.mask = mem_array(w->V, 1);
    for (size_t s = 0; s < mine->slots; s++)
        d.line[s].rng = rng_stream(0, DRAW_STREAM, 0);
    struct slots_client client = { &d, begin, turn };
    me->rep.tokens += slots_run(mine->decoder, mine->slots, w->V, &client);
    for (size_t s = 0; s < mine->slots; s++) {
        gsl_rng_free(d.line[s].rng);
        tokens_free(&d.line[s].ids);
    }
    free(d.line);
    free(d.mask);
    buf_free(&d.text);
}

static bool writer_init(struct writer *w, struct err *err)
{
    const struct llm *m = w->m;
    struct compact_limits limits = compact_limits_standard;
    size_t known = tokenizer_size(m->tokenizer);
    w->V = m->model->config.vocab;
    w->max_len = m->model->config.max_len;
    limits.max_edges = w->max_len / 4;   /* a call is four words at least */
    limits.marks = m->marks;
    limits.draw_open = false;
    if (known > w->V)
        return err_set(err, EXIT_DATA, "the tokenizer has %zu tokens, the model %zu", known, w->V);
    w->words = mem_array(w->V, sizeof *w->words);
    w->blank = mem_array(w->V, 1);
    memcpy(w->words, m->words, known * sizeof *w->words);
    for (size_t i = 0; i < known; i++)
        w->blank[i] = vocabulary_blank(m->tokenizer, (uint32_t)i);
    return w->o->unconstrained || compact_grammar_init(&w->grammar, w->words, w->V, &limits, err);
}

/* Walk the header of p, and see whether a root call is left to it. */
static bool header_fits(struct writer *w, const struct prompt *p, struct err *err)
{
    struct desk d = { .w = w };
    struct line l = { .prompt = *p };
    bool good = find_wish(w, p, &l.wish, err);
    l.rename = p->service && !is_known_service(w, p->service);
    if (good) {
        good = start_line(&d, &l, &d.feed);
        d.mask = mem_array(w->V, 1);
        good = good && (l.state.slot <= SLOT_LATENCY || allowed_next(&d, &l));
        if (!good)
            err_set(err, EXIT_DATA, "no graph that this checkpoint can write has such a header");
    }
    free(d.mask);
    tokens_free(&l.ids);
    tokens_free(&d.feed);
    buf_free(&d.text);
    return good;
}

bool llm_compact_can(const struct llm *m, const struct llm_options *o, const struct prompt *p,
                     struct err *err)
{
    struct writer w = { .m = m, .o = o };
    bool good = writer_init(&w, err) && (o->unconstrained || header_fits(&w, p, err));
    free(w.words);
    free(w.blank);
    return good;
}

bool llm_compact_run(const struct llm *m, const struct llm_options *o, const struct draw_job *job,
                     struct graphset *out, struct draw_report *rep, struct err *err)
{
    struct writer w = { .m = m, .o = o, .job = job };
    bool good = writer_init(&w, err);
    if (good) {
        w.crew = llm_crew(m, o, job);
        out->tick_us = m->tick_us;
        draw_run(job, w.crew.workers, work, &w, out, rep);
        decode_crew_free(&w.crew);
    }
    free(w.words);
    free(w.blank);
    return good;
}
