/* layer_grammar.c: start, settle, take. Settling takes every choice that has one answer, until a
 * real one comes: so a text whose numbers all follow is written without asking. */
#include "text/layer_grammar_priv.h"

#include "base/names.h"

const struct layer_limits layer_limits_standard = {
    .task = TASK_RECURSIVE, .max_edges = 1000, .max_depth = LAYER_DEPTH_MAX,
    .max_latency = 86400000, .max_id = 999999,
};

bool layer_grammar_init(struct layer_grammar *g, const struct layer_name *names, size_t n,
                        const struct layer_limits *limits, struct err *err)
{
    REQUIRE(limits->max_edges >= 1 && limits->max_edges <= 1 << 20);
    REQUIRE(limits->max_depth >= 1 && limits->max_depth <= LAYER_DEPTH_MAX);
    REQUIRE(limits->max_latency >= 0 && limits->max_latency <= INT64_MAX / 4);
    REQUIRE(limits->max_id >= limits->max_edges && limits->max_id <= UINT32_MAX);
    *g = (struct layer_grammar){ .limits = *limits, .names = names, .n = n };
    for (size_t i = n; i-- > 0;) {
        g->types |= names[i].types;
        g->longest = names[i].text.n > g->longest ? names[i].text.n : g->longest;
        for (unsigned set = 0; set < 1 << CALL_TYPES; set++)
            if (names[i].types & set) {
                g->count[set]++;
                g->first[set] = (uint32_t)i;
            }
    }
    return g->types || err_set(err, EXIT_DATA, "there is no name that a call may go to");
}

struct str layer_word_spelling(enum layer_word w)
{
    static const char *const word[LAYER_WORDS] = {
        [SAY_EDGE_ID] = "edge_id is ", [SAY_TYPE] = "type is ", [SAY_SOURCE] = "source is ",
        [SAY_DESTINATION] = "destination is ", [SAY_START] = "communication starts at ",
        [SAY_FINISH] = "communication finishes at ",
        [SAY_KEY + HEAD_ID] = "id:", [SAY_KEY + HEAD_NUM_EDGES] = "num_edges:",
        [SAY_KEY + HEAD_START_NODE] = "start_node:", [SAY_KEY + HEAD_CALLER] = "caller:",
        [SAY_KEY + HEAD_START_EDGE_ID] = "start_edge_id:",
        [SAY_KEY + HEAD_START_AT] = "start_communication_at:",
        [SAY_KEY + HEAD_LATENCY] = "latency:", [SAY_KEY + HEAD_NUM_SUBGRAPHS] = "num_subgraphs:",
        [SAY_KEY + HEAD_DEPTH] = "remaining_depth:",
        [SAY_KEY + HEAD_NUM_CURRENT] = "num_current_edges:",
        [SAY_ROW] = "(", [SAY_ROWS_END] = "</edges>\n",
        [SAY_LAYER] = "<layer>\n", [SAY_SPLIT] = "<split>\n",
        [SAY_SUBGRAPH] = "<subgraph of edge_id ", [SAY_LAYER_END] = "</layer>\n",
        [SAY_EDGES_LINE] = "num_edges <= num_remaining_edges:",
        [SAY_DEPTH_LINE] = "remaining_depth should be the requirement's remaining_depth:",
        [SAY_COPY_DEPTH_LINE] = "copy 'remaining_depth:",
        [SAY_START_NODE_LINE] = "copy start_node from edge ",
    };
    if (w >= SAY_HTTP && w <= SAY_TYPE_LAST)
        return str_of(call_type_name((enum call_type)(w - SAY_HTTP)));
    return str_of(word[w]);
}

uint64_t layer_choice(const struct layer_grammar *g, uint32_t left, unsigned base)
{
    return (uint64_t)(g->limits.fixed ? left & -left : left) << base;
}

/* ---- what the header allows ---- */

/* Names must be there to be copied, and sums of a few numbers must not overflow. */
static bool is_usable(const struct header *h)
{
    for (int k = 0; k < HEAD_KEYS; k++) {
        bool text = header_key_is_text((enum header_key)k);
        if (header_has(h, (enum header_key)k) &&
            (text ? h->text[k].n == 0 : h->number[k] > INT64_MAX / 4))
            return false;
    }
    return header_has(h, HEAD_ID);
}

static bool read_times(const struct layer_grammar *g, struct layer_state *s)
{
    const int64_t *x = s->ask.head.number;
    bool table = is_table(g);
    s->earliest = x[HEAD_START_AT] >= 0 ? x[HEAD_START_AT] : 0;
    s->latest = x[HEAD_LATENCY] >= 0 && !table ? x[HEAD_LATENCY] : g->limits.max_latency;
    int64_t least_rt = s->ask.least_latency, rt = x[HEAD_LATENCY];
    return s->earliest <= s->latest && s->latest <= g->limits.max_latency &&
           rt <= g->limits.max_latency && (rt < 0 || rt >= least_rt) &&
           least_rt <= s->latest - s->earliest;
}

/* A root header of USER's may leave keys out; any other must have all ten. */
static bool read_layer(const struct layer_grammar *g, struct layer_state *s)
{
    struct header *h = &s->ask.head;
    int64_t *x = h->number;
    s->user = !header_has(h, HEAD_CALLER) && (!header_has(h, HEAD_START_NODE) ||
                                              str_is(h->text[HEAD_START_NODE], "USER"));
    if (s->user && x[HEAD_NUM_CURRENT] < 0)
        s->calls = 1;
    if (s->user && x[HEAD_START_EDGE_ID] < 0)
        x[HEAD_START_EDGE_ID] = 0;
    if (s->subs < 0 && s->total >= 0)
        s->subs = s->total > 1;
    else if (s->subs < 0 && s->depth >= 0)
        s->subs = s->depth > 0;
    if (s->user ? s->calls != 1 || s->subs > 1 : h->keys != HEAD_ALL)
        return false;
    return x[HEAD_START_EDGE_ID] + s->calls - 1 <= s->last_id &&
           (s->total < 0 || s->total <= g->limits.max_edges);
}

static bool can_be(const struct layer_grammar *g, const struct layer_state *s, bool split)
{
    return !(split && s->user) &&
           budget_fits(g, s->total, s->calls, s->subs, s->depth, split, !s->ask.whole);
}

static bool begin_layer(const struct layer_grammar *g, struct layer_state *s)
{
    bool plain = can_be(g, s, false), split = can_be(g, s, true);
    if (s->ask.begin == BEGIN_AT_LAYER) {
        s->phase = PHASE_OPEN;
        return plain || split;
    }
    if (s->ask.begin == BEGIN_AT_EDGES)
        buf_char(&s->text, '\n');
    if (plain)
        rows_begin(g, s);
    return plain;
}

static void take_opening(const struct layer_grammar *g, struct layer_state *s, enum layer_word w)
{
    s->split = w == SAY_SPLIT;
    if (s->split)
        subs_begin(g, s);
    else {
        buf_str(&s->text, "<edges>\n");
        rows_begin(g, s);
    }
}

static void want_opening(const struct layer_grammar *g, struct layer_state *s)
{
    s->want.kind = WANT_WORD;
    for (unsigned split = 0; split < 2; split++)
        if (can_be(g, s, split))
            s->want.words |= bit(split ? SAY_SPLIT : SAY_LAYER);
}

/* ---- the walk ---- */

static void want_next(const struct layer_grammar *g, struct layer_state *s)
{
    switch ((enum layer_phase)s->phase) {
    case PHASE_OPEN:
        want_opening(g, s);
        break;
    case PHASE_ROW:
        table_want_row(g, s);
        break;
    case PHASE_ATTRIBUTE:
    case PHASE_VALUE:
        rows_want(g, s);
        break;
    case PHASE_TOTAL:
    case PHASE_LIST:
    case PHASE_LINE:
    case PHASE_LINE_DEPTH:
        pad_want(g, s);
        break;
    default:
        subs_want(g, s);
    }
}

static void put_word(const struct layer_grammar *g, struct layer_state *s, enum layer_word w)
{
    struct str text = layer_word_spelling(w);
    buf_add(&s->text, text.p, text.n);
    if (w == SAY_ROW)
        rows_begin(g, s);
    else if (w == SAY_ROWS_END)
        s->phase = PHASE_DONE;
    else if (s->phase == PHASE_OPEN)
        take_opening(g, s, w);
    else if (s->phase == PHASE_ATTRIBUTE || s->phase == PHASE_VALUE)
        rows_take_word(g, s, w);
    else if (s->phase == PHASE_LINE)
        pad_take_word(g, s, w);
    else
        subs_take_word(g, s, w);
}

static void put_number(const struct layer_grammar *g, struct layer_state *s, int64_t x)
{
    buf_i64(&s->text, x);
    if (s->phase == PHASE_VALUE)
        rows_take_number(g, s, x);
    else if (s->phase == PHASE_INDEX || s->phase == PHASE_KEY_VALUE)
        subs_take_number(g, s, x);
    else
        pad_take_number(g, s, x);
}

static void put_name(const struct layer_grammar *g, struct layer_state *s, uint32_t name)
{
    buf_add(&s->text, g->names[name].text.p, g->names[name].text.n);
    rows_take_name(g, s, name);
}

static bool take_only_answer(const struct layer_grammar *g, struct layer_state *s)
{
    const struct layer_want *w = &s->want;
    int64_t x;
    if (w->kind == WANT_WORD && !(w->words & (w->words - 1)) && w->words)
        put_word(g, s, (enum layer_word)__builtin_ctzll(w->words));
    else if (w->kind == WANT_NUMBER && ranges_single(&w->numbers, &x))
        put_number(g, s, x);
    else if (w->kind == WANT_NAME && g->count[w->types] == 1)
        put_name(g, s, g->first[w->types]);
    else if (w->kind == WANT_SOURCE && w->n_sources == 1)
        put_name(g, s, w->source[0]);
    else
        return false;
    return true;
}

static void settle(const struct layer_grammar *g, struct layer_state *s)
{
    struct layer_want *w = &s->want;
    do {
        w->kind = WANT_END;
        w->words = 0;
        w->numbers.n = w->n_sources = 0;
        if (s->phase == PHASE_DONE)
            return;
        want_next(g, s);
    } while (take_only_answer(g, s));
    REQUIRE(w->words || w->numbers.n || w->n_sources || w->kind == WANT_NAME);
}

bool layer_start(const struct layer_grammar *g, struct layer_state *s, const struct layer_ask *ask)
{
    struct buf text = s->text;
    const int64_t *x = ask->head.number;
    *s = (struct layer_state){ .text = text, .ask = *ask, .total = x[HEAD_NUM_EDGES],
                               .depth = x[HEAD_DEPTH], .subs = x[HEAD_NUM_SUBGRAPHS],
                               .calls = x[HEAD_NUM_CURRENT], .rest = -1, .rest_calls = -1 };
    buf_clear(&s->text);
    s->last_id = ask->last_id < 0 ? g->limits.max_id : least(ask->last_id, g->limits.max_id);
    if (!is_usable(&ask->head) || !read_times(g, s))
        return false;
    if (is_table(g)) {
        s->user = true;
        s->phase = PHASE_ROW;
        if (!table_can_start(g, s) || !wish_begin(g, s))
            return false;
    } else if (!read_layer(g, s) || !wish_begin(g, s) || !begin_layer(g, s))
        return false;
    settle(g, s);
    return true;
}

void layer_take_word(const struct layer_grammar *g, struct layer_state *s, enum layer_word w)
{
    REQUIRE(s->want.kind == WANT_WORD && w < LAYER_WORDS && s->want.words >> w & 1);
    put_word(g, s, w);
    settle(g, s);
}

void layer_take_number(const struct layer_grammar *g, struct layer_state *s, int64_t x)
{
    REQUIRE(s->want.kind == WANT_NUMBER && ranges_have(&s->want.numbers, x));
    put_number(g, s, x);
    settle(g, s);
}

void layer_take_name(const struct layer_grammar *g, struct layer_state *s, uint32_t name)
{
    bool wanted = s->want.kind == WANT_NAME && name < g->n && g->names[name].types & s->want.types;
    for (size_t i = 0; s->want.kind == WANT_SOURCE && i < s->want.n_sources; i++)
        wanted = wanted || s->want.source[i] == name;
    REQUIRE(wanted);
    put_name(g, s, name);
    settle(g, s);
}

/* ---- how long a text can be: each part at its longest, numbers of 19 digits ---- */

enum { CALL_BYTES = 190, SUB_BYTES = 330, PAD_BYTES = 320, ENDS_BYTES = 360, LIST_BYTES = 30 };

static size_t call_most(const struct layer_grammar *g, int64_t edges, size_t name)
{
    size_t components = is_table(g) ? (size_t)least(edges, g->limits.max_depth) : 1;
    return CALL_BYTES + 11 * components + 2 * name;
}

static size_t sub_most(size_t service, size_t name)
{
    return SUB_BYTES + PAD_BYTES + LIST_BYTES + service + 3 * name;
}

static size_t most_name(const struct layer_grammar *g, size_t header)
{
    size_t name = g->longest > header ? g->longest : header;
    return name > 7 ? name : 7;
}

size_t layer_text_most(const struct layer_grammar *g, int64_t edges, size_t service)
{
    int64_t n = edges < 0 ? g->limits.max_edges : edges;
    size_t name = most_name(g, service);
    if (is_table(g))
        return (size_t)n * call_most(g, n, name) + ENDS_BYTES;
    size_t wide = (size_t)least(n, LAYER_CALLS);
    return wide * (call_most(g, n, name) + sub_most(service, name)) + ENDS_BYTES;
}

/* A layer holds a call at least, and a split one joins two at least: no more than twice as many
 * layers as calls, each with one sub-header that announced it. */
size_t layer_graph_most(const struct layer_grammar *g, int64_t edges, size_t service)
{
    int64_t n = edges < 0 ? g->limits.max_edges : edges;
    size_t name = most_name(g, service);
    if (is_table(g))
        return layer_text_most(g, edges, service);
    return (size_t)n * (call_most(g, n, name) + 2 * (sub_most(service, name) + ENDS_BYTES));
}
