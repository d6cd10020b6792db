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
 * Where one token alone is allowed the model is not asked, but with `weigh`: the graphs are the
 * same, and an importance weight is that of the whole line.
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
#include "text/compact_index.h"

struct writer {                        /* shared by the threads */
    const struct llm *m;
    const struct llm_options *o;
    const struct draw_job *job;
    struct compact_grammar grammar;
    struct compact_word *words;        /* (V), foreign beyond the tokenizer's */
    struct compact_index *first, *inside;   /* of tokens without, and with, the blank that parts
                                             * words */
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
    uint32_t *allowed;                 /* (V) what may be drawn next, ascending */
    size_t n_allowed;
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
    l->mark = (struct draw_mark){ .log_weight = d->w->o->weigh ? 0 : NAN };
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

static void allow_end(struct desk *d)
{
    uint32_t eos = d->w->m->model->config.eos;
    size_t i = d->n_allowed++;
    for (; i > 0 && d->allowed[i - 1] > eos; i--)
        d->allowed[i] = d->allowed[i - 1];
    d->allowed[i] = eos;
}

/* List the tokens that the grammar allows next. False: none (a foreign vocabulary). */
static bool allowed_next(struct desk *d, const struct line *l)
{
    const struct writer *w = d->w;
    d->n_allowed = compact_index_allowed(l->ids.n ? w->inside : w->first, &l->state, d->allowed);
    bool any = d->n_allowed || l->state.may_end;
    if (l->state.may_end || compact_may_hurry(&l->state))
        allow_end(d);
    return any;
}

static struct sampled draw(const struct desk *d, const struct line *l, const float *logits)
{
    const struct sample_options *o = &d->w->o->sample;
    if (d->w->o->unconstrained)
        return sample_draw(logits, d->w->V, NULL, o, l->rng);
    return sample_draw_among(logits, d->w->V, d->allowed, d->n_allowed, o, l->rng);
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

/* Go on with a token. DRAW_OUTCOMES: more is to come; anything else ends the attempt. */
static enum draw_outcome take(struct desk *d, struct line *l, uint32_t id, struct tokens *feed)
{
    bool masked = !d->w->o->unconstrained;
    put_token(l, id, feed);
    if (masked)
        REQUIRE(compact_step(&d->w->grammar, &l->state, id));
    if (l->state.finished)
        return judge(d, l);
    if (masked && !force_header(d, l, feed))
        return DRAW_HEADER;
    return l->ids.n + 1 > d->w->max_len ? DRAW_TOO_LARGE : DRAW_OUTCOMES;
}

/* Is there one token only, which need not be drawn? Its probability matters to weights alone. */
static bool is_forced(struct desk *d, const struct line *l)
{
    return !d->w->o->unconstrained && !d->w->o->weigh && allowed_next(d, l) &&
           d->n_allowed == 1 && d->allowed[0] != d->w->m->model->config.eos;
}

/* Draw one token, and take those that are then forced. */
static enum draw_outcome draw_token(struct desk *d, struct line *l, const float *logits,
                                    struct tokens *feed)
{
    const struct writer *w = d->w;
    bool masked = !w->o->unconstrained;
    if (masked && !allowed_next(d, l))
        return DRAW_UNREADABLE;
    struct sampled s = draw(d, l, logits);
    if (masked && s.token == w->m->model->config.eos && !l->state.may_end) {
        compact_hurry(&w->grammar, &l->state);
        REQUIRE(allowed_next(d, l));
        s = draw(d, l, logits);
        s.log_kept = NAN;
    }
    l->chosen = true;
    note(d, l, &s);
    if (s.token == w->m->model->config.eos)
        return judge(d, l);
    enum draw_outcome o = take(d, l, s.token, feed);
    while (o == DRAW_OUTCOMES && is_forced(d, l)) {
        sample_skip(&w->o->sample, l->rng);
        o = take(d, l, d->allowed[0], feed);
    }
    return o;
}

static bool begin(void *ctx, size_t slot)
{
    struct desk *d = ctx;
    struct line *l = &d->line[slot];
    if (!draw_next_prompt(d->me, d->w->job, &l->index, l->rng, &l->prompt))
        return false;
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
    d.allowed = mem_array(w->V, sizeof *d.allowed);
    for (size_t s = 0; s < mine->slots; s++)
        d.line[s].rng = rng_stream(0, DRAW_STREAM, 0);
    struct slots_client client = { &d, begin, turn };
    me->rep.tokens += slots_run(mine->decoder, mine->slots, w->V, &client);
    for (size_t s = 0; s < mine->slots; s++) {
        gsl_rng_free(d.line[s].rng);
        tokens_free(&d.line[s].ids);
    }
    free(d.line);
    free(d.allowed);
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
    memcpy(w->words, m->words, known * sizeof *w->words);
    if (w->o->unconstrained)
        return true;
    if (!compact_grammar_init(&w->grammar, w->words, w->V, &limits, err))
        return false;
    uint8_t *blank = mem_array(w->V, 1), *plain = mem_array(w->V, 1);
    for (size_t i = 0; i < w->V; i++) {
        blank[i] = i < known && vocabulary_blank(m->tokenizer, (uint32_t)i);
        plain[i] = !blank[i];
    }
    blank[m->model->config.eos] = plain[m->model->config.eos] = 0;   /* allow_end's */
    w->first = compact_index_new(&w->grammar, plain);
    w->inside = compact_index_new(&w->grammar, blank);
    free(blank);
    free(plain);
    return true;
}

static void writer_free(struct writer *w)
{
    compact_index_free(w->first);
    compact_index_free(w->inside);
    free(w->words);
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
        d.allowed = mem_array(w->V, sizeof *d.allowed);
        good = good && (l.state.slot <= SLOT_LATENCY || allowed_next(&d, &l));
        if (!good)
            err_set(err, EXIT_DATA, "no graph that this checkpoint can write has such a header");
    }
    free(d.allowed);
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
    writer_free(&w);
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
    writer_free(&w);
    return good;
}
