/* layer_subs.c: sub-headers, of the layers below the calls of a layer or of a split one's parts.
 *
 * Names follow from what they extend. Ids of the children are free; parts follow one another, and
 * leave the calls of later parts an id each. Times lie within the call that is extended.
 */
#include "text/layer_grammar_priv.h"

#include <inttypes.h>

static struct header empty_header(void)
{
    struct header h = { 0 };
    for (int k = 0; k < HEAD_KEYS; k++)
        h.number[k] = -1;
    return h;
}

void layer_end(struct layer_state *s)
{
    buf_str(&s->text, s->split ? "</split>\n" : "</layer>\n");
    s->phase = PHASE_DONE;
}

static void next_sub(const struct layer_grammar *g, struct layer_state *s)
{
    s->sub = empty_header();
    s->depth_line = LINE_NONE;
    if (s->subs_written == s->subs)
        layer_end(s);
    else if (has_pad(g))
        pad_lines_begin(s);
    else
        s->phase = PHASE_SUB;
}

void subs_begin(const struct layer_grammar *g, struct layer_state *s)
{
    s->subs_written = 0;
    s->deep = s->depth < 0;
    if (s->split) {
        s->rest = s->total;
        s->rest_calls = s->calls;
        s->next_id = s->ask.head.number[HEAD_START_EDGE_ID];
    }
    next_sub(g, s);
}

const struct layer_call *subs_call(const struct layer_state *s)
{
    return &s->call[s->listed[s->subs_written]];
}

/* One of the calls after the latest that has a sub-header, so that enough come after it, and among
 * them, where it must be, one to the caller of the wished call. */
void subs_want_place(const struct layer_grammar *g, struct layer_state *s)
{
    int64_t from = s->n_listed ? s->listed[s->n_listed - 1] + 1 : 0;
    s->want.kind = WANT_NUMBER;
    for (int64_t i = from; i <= s->calls - (s->subs - s->n_listed); i++)
        if (wish_place_fits(g, s, i))
            ranges_add(&s->want.numbers, s->call[i].id, s->call[i].id);
}

void subs_take_place(struct layer_state *s, int64_t id)
{
    int64_t i = 0;
    while (s->call[i].id != id)
        i++;
    s->listed[s->n_listed++] = i;
}

static void want_index(const struct layer_grammar *g, struct layer_state *s)
{
    int64_t index = s->split ? s->ask.index : has_pad(g) ? subs_call(s)->id : -1;
    if (!s->split && !has_pad(g)) {
        subs_want_place(g, s);
        return;
    }
    s->want.kind = WANT_NUMBER;
    ranges_add(&s->want.numbers, index >= 0 ? index : 0, index >= 0 ? index : g->limits.max_id);
}

static void want_start_id(const struct layer_grammar *g, struct layer_state *s)
{
    struct ranges *r = &s->want.numbers;
    if (!s->split)
        ranges_add(r, 0, g->limits.max_id - g->limits.max_edges);
    else if (s->subs_written == 0)
        ranges_add(r, s->next_id, s->next_id);
    else
        ranges_add(r, s->next_id, s->last_id + 1 - s->rest_calls);
}

static void want_time(struct layer_state *s, bool latency)
{
    const int64_t *have = s->sub.number;
    int64_t lo = s->split ? s->earliest : subs_call(s)->start;
    int64_t hi = s->split ? s->latest : least(s->latest, subs_call(s)->finish);
    if (s->split && s->subs_written == 0 && !latency)
        hi = lo;
    if (latency && have[HEAD_START_AT] >= 0)
        lo = have[HEAD_START_AT];
    if (!latency && have[HEAD_LATENCY] >= 0)
        hi = least(hi, have[HEAD_LATENCY]);
    ranges_add(&s->want.numbers, lo, hi);
}

static void want_key_value(const struct layer_grammar *g, struct layer_state *s)
{
    s->want.kind = WANT_NUMBER;
    switch ((enum header_key)s->now) {
    case HEAD_START_EDGE_ID:
        want_start_id(g, s);
        return;
    case HEAD_START_AT:
    case HEAD_LATENCY:
        want_time(s, s->now == HEAD_LATENCY);
        return;
    default:
        budget_ranges(g, s, (enum header_key)s->now, &s->want.numbers);
    }
}

void subs_want(const struct layer_grammar *g, struct layer_state *s)
{
    if (s->phase == PHASE_INDEX)
        want_index(g, s);
    else if (s->phase == PHASE_KEY_VALUE)
        want_key_value(g, s);
    else {
        s->want.kind = WANT_WORD;
        s->want.words = s->phase == PHASE_KEY ? layer_choice(g, s->left, SAY_KEY)
                                              : bit(SAY_SUBGRAPH);
        if (s->phase == PHASE_SUB && s->subs < 0)
            s->want.words |= bit(SAY_LAYER_END);
    }
}

static void finish_sub(const struct layer_grammar *g, struct layer_state *s)
{
    const int64_t *x = s->sub.number;
    buf_str(&s->text, "</subgraph>\n");
    if (has_pad(g))
        buf_printf(&s->text,
                   "now, num_remaining_edges is %" PRId64 " - %" PRId64 " = %" PRId64 "\n", s->rest,
                   x[HEAD_NUM_EDGES], s->rest - x[HEAD_NUM_EDGES]);
    if (s->rest >= 0)
        s->rest -= x[HEAD_NUM_EDGES];
    if (has_pad(g) && s->rest == 0)
        buf_str(&s->text, "finish generation");
    if (s->split) {
        s->rest_calls -= x[HEAD_NUM_CURRENT];
        s->next_id = x[HEAD_START_EDGE_ID] + x[HEAD_NUM_CURRENT];
    }
    s->deep = s->deep || x[HEAD_DEPTH] == s->depth - !s->split;
    s->subs_written++;
    next_sub(g, s);
}

static void after_key(const struct layer_grammar *g, struct layer_state *s)
{
    if (!s->left) {
        finish_sub(g, s);
        return;
    }
    buf_char(&s->text, '/');
    s->phase = PHASE_KEY;
}

static struct str text_of(const struct layer_grammar *g, const struct layer_state *s,
                          enum header_key k)
{
    const struct header *h = &s->ask.head;
    struct str start_node = header_has(h, HEAD_START_NODE) ? h->text[HEAD_START_NODE] : STR("USER");
    if (k == HEAD_ID)
        return h->text[HEAD_ID];
    if (k == HEAD_START_NODE)
        return s->split ? start_node : g->names[subs_call(s)->name].text;
    return s->split ? h->text[HEAD_CALLER] : start_node;
}

void subs_open(struct layer_state *s)
{
    s->phase = PHASE_INDEX;
}

void subs_take_word(const struct layer_grammar *g, struct layer_state *s, enum layer_word w)
{
    if (w == SAY_LAYER_END) {
        s->phase = PHASE_DONE;
        return;
    }
    if (w == SAY_SUBGRAPH) {
        if (s->subs < 0)
            s->subs = 1;
        subs_open(s);
        return;
    }
    s->now = (uint8_t)(w - SAY_KEY);
    s->left &= ~(1u << s->now);
    s->phase = PHASE_KEY_VALUE;
    if (header_key_is_text((enum header_key)s->now)) {
        struct str text = text_of(g, s, (enum header_key)s->now);
        buf_add(&s->text, text.p, text.n);
        after_key(g, s);
    }
}

void subs_take_number(const struct layer_grammar *g, struct layer_state *s, int64_t x)
{
    if (s->phase == PHASE_KEY_VALUE) {
        s->sub.number[s->now] = x;
        after_key(g, s);
        return;
    }
    if (s->split)
        s->ask.index = x;
    else if (!has_pad(g))
        subs_take_place(s, x);
    buf_char(&s->text, '>');
    s->left = HEAD_ALL;
    s->phase = PHASE_KEY;
}
