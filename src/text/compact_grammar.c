/* compact_grammar.c: vocabularies, and one step of a walk. What may come is compact_expect.c's. */
#include "text/compact_grammar_priv.h"

#include <string.h>

const struct compact_limits compact_limits_standard = {
    .max_edges = 10000, .max_depth = COMPACT_DEPTH_MAX, .max_latency = 86400000,
    .leaf_types = 1 << CALL_DB | 1 << CALL_MC | 1 << CALL_MQ,
};

static void add_to_run(struct compact_grammar *g, size_t word, uint32_t class)
{
    struct compact_run *last = g->n_runs ? &g->run[g->n_runs - 1] : NULL;
    if (!last || (last->classes != class && g->n_runs < COMPACT_RUNS)) {
        last = &g->run[g->n_runs++];
        last->classes = 0;
    }
    last->classes |= class;
    last->end = word + 1;
}

bool compact_grammar_init(struct compact_grammar *g, const struct compact_word *words, size_t n,
                          const struct compact_limits *limits, struct err *err)
{
    *g = (struct compact_grammar){ .words = words, .n = n, .limits = *limits };
    REQUIRE(limits->max_edges >= 1 && limits->max_edges <= 1u << 20);
    REQUIRE(limits->max_depth >= 1 && limits->max_depth <= COMPACT_DEPTH_MAX);
    REQUIRE(limits->max_latency >= 0 && limits->max_latency <= INT64_MAX / 64);
    bool seen[COMPACT_CLASSES][128] = { 0 };
    uint32_t classes = 0;
    for (size_t i = 0; i < n; i++) {
        add_to_run(g, i, BIT(words[i].class));
        classes |= BIT(words[i].class);
        seen[words[i].class][words[i].value & 127] = true;
        if (words[i].class == WORD_NAME) {
            g->types |= words[i].types;
            g->services |= words[i].service;
        }
    }
    const char *spelling;
    for (size_t i = 0; (spelling = compact_word_fixed(i)); i++) {
        struct compact_word w = compact_word_classify(str_of(spelling));
        if (!seen[w.class][w.value])
            return err_set(err, EXIT_DATA, "the vocabulary lacks the word \"%s\"", spelling);
    }
    g->limits.marks &= classes;      /* what has no word cannot be said, nor waited for */
    if (!g->types || !g->services)
        return err_set(err, EXIT_DATA, "the vocabulary has no %s", g->types ? "service" : "callee");
    return true;
}

struct compact_state compact_start(const struct compact_grammar *g)
{
    (void)g;
    struct compact_state s;
    memset(&s, 0, sizeof s);
    s.slot = SLOT_SERVICE;
    s.latency = -1;
    s.timed = true;
    return s;
}

/* The call in hand is complete: where does that leave the line? */
static void complete_call(const struct compact_grammar *g, struct compact_state *s)
{
    s->calls++;
    if (s->level + 1u > s->deepest)
        s->deepest = s->level + 1u;
    bool alone = s->path[0].leaf || expect_most_depth(g, s) == 1;
    s->may_end =
        (s->edges == 0 || s->calls == s->edges) && (s->depth == 0 || s->deepest == s->depth) &&
        (!s->wish.include || s->wish.met);
    s->finished = s->calls == expect_most_calls(g, s) || alone;
    s->mark = 0;
    s->async = false;
    s->slot = s->finished ? SLOT_DONE : s->calls == 1 ? SLOT_TYPE : SLOT_LEVEL;
    if (s->calls == 1 && !s->finished)
        s->level = 1;
}

static void place_call(struct compact_state *s, int64_t start, int64_t rt)
{
    struct compact_open *o = &s->path[s->level];
    bool leaf = o->leaf, src = o->src;
    *o = (struct compact_open){ .start = start, .finish = start + rt, .next_id = 1, .leaf = leaf,
                                .src = src };
    if (s->level) {
        struct compact_open *p = o - 1;
        p->latest = start;
        p->base = o->finish;
        p->next_id = s->id + 1;
        p->has_child = true;
    }
}

/* The marks are over and no number follows: an untimed call, or the root under a given latency. */
struct compact_state grammar_call_done(const struct compact_grammar *g,
                                      const struct compact_state *s)
{
    struct compact_state t = *s;
    place_call(&t, t.start, t.timed && t.latency > 0 ? t.latency : 0);
    complete_call(g, &t);
    return t;
}

static void enter_marks(const struct compact_grammar *g, struct compact_state *s)
{
    if (expect_marks(g, s)) {
        s->slot = SLOT_MARKS;
        /* The marks are optional: where nothing must follow them, the line may end here. */
        if (expect_after_marks(s) == SLOT_DONE) {
            struct compact_state done = grammar_call_done(g, s);
            s->may_end = done.may_end;
        }
        return;
    }
    s->slot = (uint8_t)expect_after_marks(s);
    if (s->slot == SLOT_DONE)
        *s = grammar_call_done(g, s);
}

static void number_complete(const struct compact_grammar *g, struct compact_state *s, uint64_t x)
{
    const struct compact_open *p = s->level ? &s->path[s->level - 1] : NULL;
    bool negative = s->negative;
    s->digits = 0;
    s->negative = false;
    switch ((enum compact_slot)s->slot) {
    case SLOT_EDGES:
        s->edges = x;
        s->slot = SLOT_DEPTH;
        break;
    case SLOT_DEPTH:
        s->depth = x;
        s->slot = SLOT_LATENCY;
        break;
    case SLOT_LATENCY:
        s->latency = (int64_t)x;
        s->slot = s->open_service ? SLOT_BODY_SERVICE : SLOT_TYPE;
        break;
    case SLOT_ID:
        s->id = x;
        enter_marks(g, s);
        break;
    case SLOT_START:
        s->start = (int64_t)x;
        enter_marks(g, s);
        break;
    case SLOT_GAP:
        s->start = (p->has_child ? p->base : p->start) + (negative ? -(int64_t)x : (int64_t)x);
        s->slot = SLOT_DURATION;
        break;
    case SLOT_DURATION:
        place_call(s, s->start, (int64_t)x);
        complete_call(g, s);
        break;
    default:
        REQUIRE(!"a number in a slot without one");
    }
}

/* A mark changes the call in hand; "=" and "^" announce a number. */
static void take_mark(const struct compact_grammar *g, struct compact_state *s, uint8_t class)
{
    s->mark = class;
    s->may_end = false;
    s->async |= class == WORD_ASYNC;
    if (class == WORD_ID || class == WORD_START)
        s->slot = class == WORD_ID ? SLOT_ID : SLOT_START;
    else
        enter_marks(g, s);
}

static void take_name(const struct compact_grammar *g, struct compact_state *s, size_t word)
{
    if (s->slot == SLOT_SERVICE)
        s->slot = SLOT_EDGES;
    else if (s->slot == SLOT_BODY_SERVICE)
        s->slot = SLOT_TYPE;
    else {
        s->id = s->level ? s->path[s->level - 1].has_child ? s->path[s->level - 1].next_id : 1 : 0;
        s->start = 0;
        include_take_callee(g, s, word);
        enter_marks(g, s);
    }
}

static void take_open(struct compact_state *s)
{
    if (s->slot == SLOT_SERVICE)
        s->open_service = true;
    if (s->slot == SLOT_LATENCY)
        s->slot = s->open_service ? SLOT_BODY_SERVICE : SLOT_TYPE;
    else
        s->slot++;
}

bool compact_step(const struct compact_grammar *g, struct compact_state *s, size_t word)
{
    const struct compact_word *w = &g->words[word];
    struct expect e = expect_next(g, s);
    if (!expect_fits(&e, w) || (s->slot == SLOT_CALLEE && !include_callee_fits(g, s, word)))
        return false;
    if (s->slot == SLOT_MARKS && w->class < WORD_INTERFACE) {    /* no further mark */
        s->slot = (uint8_t)expect_after_marks(s);
        if (s->slot == SLOT_DONE)
            *s = grammar_call_done(g, s);
    }
    s->may_end = false;
    switch ((enum compact_class)w->class) {
    case WORD_OPEN:
        take_open(s);
        break;
    case WORD_UNTIMED:
        s->timed = false;
        s->slot = s->open_service ? SLOT_BODY_SERVICE : SLOT_TYPE;
        break;
    case WORD_NAME:
        take_name(g, s, word);
        break;
    case WORD_TYPE:
        s->type = w->value;
        s->path[s->level].leaf = expect_is_leaf(g, w->value);
        s->slot = SLOT_CALLEE;
        break;
    case WORD_LEVEL:
        s->level = w->value;
        s->slot = SLOT_TYPE;
        break;
    case WORD_MINUS:
        s->negative = true;
        break;
    case WORD_MAGNITUDE:
        s->lo = e.lo > expect_power(w->value - 1u) ? e.lo : expect_power(w->value - 1u);
        s->hi = e.hi;
        s->digits = w->value;
        s->value = 0;
        break;
    case WORD_NUMBER:
        s->value = s->digits ? s->value * 100 + w->value : w->value;
        s->digits = s->digits ? s->digits - 1 : 0;
        if (s->digits == 0)
            number_complete(g, s, s->value);
        break;
    default:
        take_mark(g, s, w->class);
    }
    return true;
}
