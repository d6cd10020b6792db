/* layer_rows.c: one call, its attributes in any order. Bounds hold whatever comes first: a finish
 * is bounded by a start that stands already, a start by a finish. */
#include "text/layer_grammar_priv.h"

#include "base/names.h"

void rows_begin(const struct layer_grammar *g, struct layer_state *s)
{
    s->row = (struct layer_call){ -1, -1, -1, NAMES_NONE, -1 };
    s->row_source = NAMES_NONE;
    s->level = s->at = 0;
    s->left = (1u << EDGE_FIELDS) - 1;
    if (!is_table(g)) {
        s->left &= ~(1u << FIELD_SOURCE);
        buf_char(&s->text, '(');
    }
    s->phase = PHASE_ATTRIBUTE;
}

static void end_row(const struct layer_grammar *g, struct layer_state *s)
{
    buf_str(&s->text, ")\n");
    if (is_table(g)) {
        table_end_row(g, s);
        return;
    }
    s->call[s->written++] = s->row;
    if (s->written < s->calls) {
        rows_begin(g, s);
        return;
    }
    buf_str(&s->text, "</edges>\n");
    if (s->total >= 0)
        s->rest = s->total - s->calls;
    if (has_pad(g)) {
        pad_count(s);
        s->phase = PHASE_TOTAL;
    } else
        subs_begin(g, s);
}

static void after_value(const struct layer_grammar *g, struct layer_state *s)
{
    if (!s->left) {
        end_row(g, s);
        return;
    }
    buf_char(&s->text, ',');
    s->phase = PHASE_ATTRIBUTE;
}

/* A call leaves each later one of its layer an id. */
static void want_ids(struct layer_state *s)
{
    int64_t last = s->last_id - (s->calls - s->written - 1);
    int64_t first = s->ask.head.number[HEAD_START_EDGE_ID];
    if (s->written)
        ranges_add(&s->want.numbers, s->call[s->written - 1].id + 1, last);
    else
        ranges_add(&s->want.numbers, first >= 0 ? first : 0, first >= 0 ? first : last);
}

static void want_times(const struct layer_grammar *g, struct layer_state *s, bool finish)
{
    const struct layer_call *r = &s->row;
    int64_t start = s->ask.head.number[HEAD_START_AT], latency = s->ask.head.number[HEAD_LATENCY];
    int64_t lo = s->earliest, hi = s->latest;
    (void)g;
    if (s->written == 0 && !finish && start >= 0)
        lo = hi = start;
    if (s->written == 0 && finish && s->user && latency >= 0)
        lo = hi = latency;
    if (s->written == 0 && finish && s->user)
        lo = greatest(lo, s->earliest + s->ask.least_latency);
    if (finish && r->start >= 0)
        lo = greatest(lo, r->start);
    if (!finish && r->finish >= 0)
        hi = least(hi, r->finish);
    ranges_add(&s->want.numbers, lo, hi);
}

static void want_type(const struct layer_grammar *g, struct layer_state *s)
{
    unsigned kinds = is_table(g) ? table_kinds(g, s) : wish_kinds(g, s);
    uint8_t types = s->row.name == NAMES_NONE ? g->types : g->names[s->row.name].types;
    if (!(kinds & ROW_PLAIN))
        types = wish_types(s, kinds);
    s->want.kind = WANT_WORD;
    s->want.words = (uint64_t)types << SAY_HTTP;
}

static void want_destination(const struct layer_grammar *g, struct layer_state *s)
{
    unsigned kinds = is_table(g) ? table_kinds(g, s) : wish_kinds(g, s);
    if (!(kinds & ROW_PLAIN)) {
        wish_want_name(s, kinds);
        return;
    }
    s->want.kind = WANT_NAME;
    s->want.types = s->row.type < 0 ? g->types : (uint8_t)bit((unsigned)s->row.type);
}

static void want_value(const struct layer_grammar *g, struct layer_state *s)
{
    struct layer_want *w = &s->want;
    bool finish = s->now == FIELD_FINISH;
    switch ((enum edge_field)s->now) {
    case FIELD_TYPE:
        want_type(g, s);
        return;
    case FIELD_DESTINATION:
        want_destination(g, s);
        return;
    case FIELD_SOURCE:
        w->kind = WANT_SOURCE;
        table_want_sources(g, s);
        return;
    case FIELD_ID:
        w->kind = WANT_NUMBER;
        if (is_table(g))
            table_want_ids(g, s);
        else
            want_ids(s);
        return;
    default:
        w->kind = WANT_NUMBER;
        if (is_table(g))
            table_want_times(g, s, finish);
        else
            want_times(g, s, finish);
    }
}

void rows_want(const struct layer_grammar *g, struct layer_state *s)
{
    if (s->phase == PHASE_VALUE) {
        want_value(g, s);
        return;
    }
    s->want.kind = WANT_WORD;
    s->want.words = layer_choice(g, s->left, SAY_EDGE_ID);
}

/* The root of a table: its caller is known. */
static void write_caller(const struct layer_grammar *g, struct layer_state *s)
{
    struct str caller = s->ask.caller.n ? s->ask.caller : STR("USER");
    buf_add(&s->text, caller.p, caller.n);
    after_value(g, s);
}

void rows_take_word(const struct layer_grammar *g, struct layer_state *s, enum layer_word w)
{
    if (s->phase == PHASE_VALUE) {
        s->row.type = (int)w - SAY_HTTP;
        after_value(g, s);
        return;
    }
    s->now = (uint8_t)(w - SAY_EDGE_ID);
    s->left &= ~(1u << s->now);
    s->phase = PHASE_VALUE;
    if (s->now == FIELD_SOURCE && s->written == 0)
        write_caller(g, s);
}

void rows_take_number(const struct layer_grammar *g, struct layer_state *s, int64_t x)
{
    if (s->now == FIELD_ID) {
        if (is_table(g) && !table_take_id(g, s, x)) {
            buf_char(&s->text, '.');
            return;
        }
        s->row.id = x;
    } else {
        *(s->now == FIELD_START ? &s->row.start : &s->row.finish) = x;
        buf_str(&s->text, " milliseconds");
    }
    after_value(g, s);
}

void rows_take_name(const struct layer_grammar *g, struct layer_state *s, uint32_t name)
{
    if (s->now == FIELD_SOURCE)
        s->row_source = name;
    else
        s->row.name = name;
    after_value(g, s);
}
