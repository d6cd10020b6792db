/* layer_wish.c: texts in which a given call must occur.
 *
 *     USER --http--> MS_1 --rpc--> MS_2 --db--> MS_3      asked for: MS_2>db>MS_3
 *
 * A layer of MS_2's calls holds it: one of its rows, the last if none has yet. A layer of another
 * caller's calls holds a sub-header whose layer will: of a call to MS_2, or of any depth, below
 * which there is room for one. With a remaining depth of 2 there always is one of those; with 1 a
 * row must call MS_2, and that row must be among those with sub-headers. layer_ask_below then hands
 * the wish to one of them. A split layer hands it to a part.
 *
 * In a table a row of level l is right if the fewest rows that must still come, `need`, are not
 * more than may come. With a chain of n = depth - l rows that the depth asks for below it:
 *
 *     n >= 2      n: src and dst take the last two places of the chain
 *     n == 1      1 below a src; else 2: the chain, and src beside the row and dst below that
 *     n == 0      1 if a src of the path may have children, else 2: src at level 2, dst at 3
 *
 * A row that is src or the wished call never makes `need` larger than any other of its level, so
 * where others are not allowed these two are all there is to choose from. Until a row is whole its
 * level, its name and its type may be open: allowed is what some level and kind agree with. A call
 * from USER is the root. Where the rows are open the call comes among the first WISH_ROWS: the
 * writer could not be let end before.
 */
#include "text/layer_grammar_priv.h"

#include "base/names.h"
#include "text/escape.h"
#include "text/layers.h"

/* A model learns that what is called by these calls nothing. */
enum { WISH_ROWS = 8, LEAF_TYPES = 1 << CALL_DB | 1 << CALL_MC | 1 << CALL_MQ };
#define NEVER (INT64_MAX / 2)

static uint32_t find_name(const struct layer_grammar *g, const char *name)
{
    struct buf b = { 0 };
    uint32_t i = 0;
    escape_put(str_of(name), LAYER_ESCAPES, &b);
    while (i < g->n && !str_eq(g->names[i].text, buf_view(&b)))
        i++;
    buf_free(&b);
    return i < g->n ? i : NAMES_NONE;
}

bool layer_wish_find(const struct layer_grammar *g, const char *src, enum call_type type,
                     const char *dst, struct layer_wish *w, struct err *err)
{
    *w = (struct layer_wish){ .include = true, .type = (uint8_t)type };
    w->from_user = str_is(str_of(src), "USER");
    w->src = w->from_user ? NAMES_NONE : find_name(g, src);
    w->dst = find_name(g, dst);
    bool unknown = !w->from_user && w->src == NAMES_NONE;
    if (unknown || w->dst == NAMES_NONE)
        return err_set(err, EXIT_DATA, "include=%s>%s>%s: the checkpoint does not know %s", src,
                       call_type_name(type), dst, unknown ? src : dst);
    if (!(g->names[w->dst].types & bit(type)))
        return err_set(err, EXIT_DATA, "include=%s>%s>%s: the callee is never called by %s", src,
                       call_type_name(type), dst, call_type_name(type));
    if (w->from_user)
        return true;
    w->src_text = g->names[w->src].text;
    w->src_types = g->names[w->src].types & (uint8_t)~LEAF_TYPES;
    return (w->src_types && g->limits.max_depth >= 2) ||
           err_set(err, EXIT_DATA, "include=%s>%s>%s: the caller is never called in a way that "
                   "lets it call", src, call_type_name(type), dst);
}

static bool waits(const struct layer_state *s)
{
    return s->ask.wish.include && !s->met;
}

/* ---- the row in hand ---- */

static bool may_be_src(const struct layer_state *s)
{
    const struct layer_wish *w = &s->ask.wish;
    return !w->from_user && (s->row.name == NAMES_NONE || s->row.name == w->src) &&
           (s->row.type < 0 || w->src_types & bit((unsigned)s->row.type));
}

static bool may_be_dst(const struct layer_state *s)
{
    const struct layer_wish *w = &s->ask.wish;
    return (s->row.name == NAMES_NONE || s->row.name == w->dst) &&
           (s->row.type < 0 || s->row.type == w->type);
}

uint8_t wish_types(const struct layer_state *s, unsigned kinds)
{
    const struct layer_wish *w = &s->ask.wish;
    return (uint8_t)((kinds & ROW_SRC ? w->src_types : 0) |
                     (kinds & ROW_DST ? bit(w->type) : 0));
}

void wish_want_name(struct layer_state *s, unsigned kinds)
{
    const struct layer_wish *w = &s->ask.wish;
    s->want.kind = WANT_SOURCE;
    if (kinds & ROW_SRC)
        s->want.source[s->want.n_sources++] = w->src;
    if (kinds & ROW_DST && !(kinds & ROW_SRC && w->src == w->dst))
        s->want.source[s->want.n_sources++] = w->dst;
}

/* A call of the layer, or of a table's path, that stands. */
static bool is_src(const struct layer_state *s, int64_t i)
{
    return s->call[i].name == s->ask.wish.src && s->ask.wish.src_types >> s->call[i].type & 1;
}

/* ---- layers ---- */

/* No sub-header can have a depth: one must be of a call to src. */
static bool all_flat(const struct layer_grammar *g, const struct layer_state *s)
{
    if (s->depth >= 0)
        return s->depth == 1;
    int64_t most = s->total >= 0 ? s->total : g->limits.max_edges;
    return most - s->calls < 2 || g->limits.max_depth < 3;
}

unsigned wish_kinds(const struct layer_grammar *g, const struct layer_state *s)
{
    const struct layer_wish *w = &s->ask.wish;
    if (!waits(s) || (!s->here && !all_flat(g, s)))
        return ROW_PLAIN;
    for (int64_t i = 0; i < s->written; i++)
        if (s->here ? s->call[i].name == w->dst && s->call[i].type == w->type
                    : is_src(s, i))
            return ROW_PLAIN;
    unsigned kind = s->here ? (may_be_dst(s) ? ROW_DST : 0) : may_be_src(s) ? ROW_SRC : 0;
    return s->written == s->calls - 1 ? kind : kind | ROW_PLAIN;
}

bool wish_place_fits(const struct layer_grammar *g, const struct layer_state *s, int64_t place)
{
    if (!waits(s) || s->here || s->split || !all_flat(g, s) || is_src(s, place))
        return true;
    for (int64_t i = 0; i < s->n_listed; i++)
        if (is_src(s, s->listed[i]))
            return true;
    for (int64_t i = place + 1; s->subs - s->n_listed > 1 && i < s->calls; i++)
        if (is_src(s, i))
            return true;
    return false;
}

/* Only a root layer's depth is open, and it has one call. */
bool wish_needs_depth(const struct layer_state *s)
{
    return waits(s) && !s->here && s->depth < 0 && !is_src(s, 0);
}

static bool begin_layer(const struct layer_grammar *g, struct layer_state *s)
{
    const struct header *h = &s->ask.head;
    const struct layer_wish *w = &s->ask.wish;
    s->here = s->user ? w->from_user
                      : !w->from_user && str_eq(h->text[HEAD_START_NODE], w->src_text);
    s->met = w->from_user && !s->user;     /* it was the root's */
    if (s->here || s->met)
        return true;
    if (s->subs < 0)
        s->subs = 1;
    return s->subs > 0 && g->limits.max_depth >= 2 &&
           (s->depth >= 0 ? s->depth >= 1 : s->total < 0 || s->total >= 2);
}

/* Which sub-header's layer shall hold the wished call. */
static size_t holder(const struct layer_wish *w, const struct layer_text *t)
{
    for (size_t i = 0; i < t->n_subs; i++)
        if (str_eq(t->subs[i].header.text[HEAD_START_NODE], w->src_text))
            return i;
    size_t i = 0;
    while (i + 1 < t->n_subs && t->subs[i].header.number[HEAD_DEPTH] < 1)
        i++;
    return i;
}

bool layer_wish_goes_to(const struct layer_ask *above, const struct layer_text *t, size_t i)
{
    const struct layer_wish *w = &above->wish;
    bool here = header_has(&above->head, HEAD_START_NODE) &&
                str_eq(above->head.text[HEAD_START_NODE], w->src_text);
    if (!w->include || w->from_user || (here && t->n_edges))
        return false;
    return i == holder(w, t);
}

/* ---- tables ---- */

static bool path_has_src(const struct layer_state *s, int64_t level, bool src, int64_t most_depth)
{
    if (src && level < most_depth)
        return true;
    for (int64_t k = 1; k < level && k < most_depth; k++)
        if (is_src(s, k - 1))
            return true;
    return false;
}

/* Fewest rows that must follow one of this level and kind. */
static int64_t need(const struct layer_grammar *g, const struct layer_state *s, int64_t level,
                    unsigned kind)
{
    bool deep = s->depth < 0 || s->deepest >= s->depth || level >= s->depth;
    int64_t n = deep ? 0 : s->depth - level, most_depth = table_most_depth(g, s);
    bool src = kind == ROW_SRC;
    if (kind == ROW_DST)
        return n;
    if (s->ask.wish.from_user)
        return NEVER;
    if (n >= 2)
        return n;
    if (n == 1)
        return src ? 1 : level >= 2 ? 2 : NEVER;
    return path_has_src(s, level, src, most_depth) ? 1 : most_depth >= 3 ? 2 : NEVER;
}

static bool possible(const struct layer_grammar *g, const struct layer_state *s, int64_t level,
                     unsigned kind)
{
    int64_t most = s->total;
    if (most < 0)
        most = least(g->limits.max_edges, greatest(WISH_ROWS, s->depth + 1));
    return need(g, s, level, kind) <= most - s->written - 1;
}

unsigned wish_kinds_at(const struct layer_grammar *g, const struct layer_state *s, int64_t level)
{
    const struct layer_wish *w = &s->ask.wish;
    unsigned kinds = 0;
    if (!waits(s))
        return ROW_PLAIN;
    bool below = level == 1 ? w->from_user : !w->from_user && is_src(s, level - 2);
    if (possible(g, s, level, ROW_PLAIN))
        kinds |= ROW_PLAIN;
    if (may_be_src(s) && possible(g, s, level, ROW_SRC))
        kinds |= ROW_SRC;
    if (below && may_be_dst(s) && possible(g, s, level, ROW_DST))
        kinds |= ROW_DST;
    return kinds;
}

/* The row in hand is whole. */
void wish_end_row(struct layer_state *s)
{
    const struct layer_wish *w = &s->ask.wish;
    bool below = s->level == 1 ? w->from_user : !w->from_user && is_src(s, s->level - 2);
    s->met = s->met || (w->include && below && s->row.name == w->dst && s->row.type == w->type);
}

bool wish_is_open(const struct layer_state *s)
{
    return waits(s);
}

bool wish_begin(const struct layer_grammar *g, struct layer_state *s)
{
    s->here = s->met = false;
    if (!s->ask.wish.include)
        return true;
    if (!is_table(g))
        return begin_layer(g, s);
    s->row = (struct layer_call){ -1, -1, -1, NAMES_NONE, -1 };
    return wish_kinds_at(g, s, 1) != 0;
}
