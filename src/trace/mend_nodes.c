/* mend_nodes.c: rows to nodes. Sorted rows are in pre-order, so are the nodes; rows of one id stand
 * side by side, and are records of one call, or calls that share it:
 *
 *     0.1   12:00:00.100  m2 -> m5  rpc       a call of its own
 *     0.1   12:00:00.540  m2 -> m7  mc   |    one call with two records that differ:
 *     0.1   12:00:00.540  m2 -> m8  mc   |    the same caller, type, time and interface
 */
#include "trace/mend_room_priv.h"

#include <string.h>

#include "base/mem.h"

enum {
    APART_MAX = 64,            /* rows of an id that are told apart; more are records of a call */
    MISSING_MAX = 8,           /* levels that are put */
    STRAY = 1000000            /* no call makes so many */
};

size_t mend_parent_key(const uint8_t *key, size_t n)
{
    size_t last = 0, i = 0;
    while (i < n) {
        uint32_t v;
        last = i;
        i += row_key_component(key + i, &v);
    }
    return last;
}

void mend_say(const struct mend_room *m, struct node *k, uint32_t dm)
{
    const struct row *r = mend_row(m, k);
    bool first = true;
    k->type = TYPE_UNKNOWN;
    k->interface = NAMES_NONE;
    k->um.n = k->dm.n = 0;
    for (size_t i = 0; i < k->rows; i++) {
        if (is_name(dm) && is_name(r[i].dm) && r[i].dm != dm)
            continue;
        tally_count(&k->um, r[i].um);
        tally_count(&k->dm, r[i].dm);
        if (k->type == TYPE_UNKNOWN)
            k->type = r[i].type;
        if (k->interface == NAMES_NONE)
            k->interface = r[i].interface;
        if (first) {
            k->start = r[i].timestamp;
            k->end = r[i].timestamp + r[i].rt;
        }
        first = false;
    }
}

static struct node *add_node(struct mend_room *m, const uint8_t *key, size_t key_n, uint32_t above,
                             size_t row)
{
    MEM_GROW(m->node, m->n, m->cap);
    m->node[m->n] = (struct node){
        .key = key, .key_n = (uint16_t)key_n, .type = TYPE_UNKNOWN, .row = (uint32_t)row,
        .interface = NAMES_NONE, .above = above, .parent = above, .group = (uint32_t)m->n,
        .groups = 1, .hop = CALL_NONE, .next_hop = CALL_NONE, .before = CALL_NONE,
        .child = CALL_NONE, .sibling = CALL_NONE, .call = CALL_NONE, .differs = WORD_UNKNOWN,
    };
    return &m->node[m->n++];
}

uint32_t mend_put(struct mend_room *m, const uint8_t *key, size_t key_n, uint32_t above,
                  uint32_t row)
{
    struct node *k = add_node(m, key, key_n, above, row);
    k->put = true;
    k->type = CALL_RPC;
    return (uint32_t)(k - m->node);
}

/* ---- several calls under one id ---- */

static bool apart_in(uint32_t a, uint32_t b)
{
    return is_name(a) && is_name(b) && a != b;
}

/* Is b what the callee recorded of the call that a recorded? Clocks are a tick apart at most. */
static bool other_side(const struct row *a, const struct row *b)
{
    return a->kind != KIND_SERVER && b->kind == KIND_SERVER && b->timestamp >= a->timestamp - 1 &&
           b->timestamp + b->rt <= a->timestamp + a->rt + 1;
}

/* A type that is not known, or not one of the five, may be any. */
static bool one_type(const struct row *a, const struct row *b)
{
    return a->type == b->type || a->type >= CALL_OTHER || b->type >= CALL_OTHER;
}

static bool same_call(const struct row *a, const struct row *b)
{
    if (apart_in(a->um, b->um) || !one_type(a, b))
        return false;
    return (a->timestamp == b->timestamp && a->interface == b->interface) || other_side(a, b) ||
           other_side(b, a);
}

static void join(uint8_t *part, size_t n, uint8_t a, uint8_t b)
{
    uint8_t to = a < b ? a : b, from = a < b ? b : a;
    for (size_t i = 0; i < n; i++)
        if (part[i] == from)
            part[i] = to;
}

/* part[i]: the first row of the call that row i records. Rows without callee go to that of the
 * first row they may be of, or the first of all. */
static void part_rows(const struct row *r, size_t n, uint8_t *part)
{
    for (size_t i = 0; i < n; i++)
        part[i] = (uint8_t)i;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i && is_name(r[i].dm); j++)
            if (r[j].dm == r[i].dm || (is_name(r[j].dm) && same_call(&r[i], &r[j])))
                join(part, n, part[i], part[j]);
    for (size_t i = 0; i < n; i++) {
        size_t with = n, named = n;
        for (size_t j = n; !is_name(r[i].dm) && j-- > 0;)
            if (is_name(r[j].dm)) {
                named = j;
                if (r[j].interface == r[i].interface || same_call(&r[i], &r[j]))
                    with = j;
            }
        if (named < n)
            part[i] = part[with < n ? with : named];
    }
}

/* Rows [a, b) have one id. */
static void add_group(struct mend_room *m, const uint8_t *key, size_t key_n, uint32_t above,
                      size_t a, size_t b)
{
    uint32_t group = (uint32_t)m->n;
    struct node *k = add_node(m, key, key_n, above, a);
    k->rows = (uint32_t)(b - a);
    mend_say(m, k, WORD_UNKNOWN);
    if (k->dm.n < 2 || b - a > APART_MAX || group == 0 || !mend_may(m, DEED_IDS))
        return;
    uint8_t part[APART_MAX];
    part_rows(&m->rows[a], b - a, part);
    MEM_RESERVE(m->spare, b - a, m->spare_cap);
    memcpy(m->spare, &m->rows[a], (b - a) * sizeof *m->rows);
    m->n = group;
    for (size_t p = 0, at = a; p < b - a; p++) {
        size_t from = at;
        for (size_t i = 0; i < b - a; i++)
            if (part[i] == p)
                m->rows[at++] = m->spare[i];
        if (at == from)
            continue;
        k = add_node(m, key, key_n, above, from);
        k->rows = (uint32_t)(at - from);
        k->group = group;
        mend_say(m, k, WORD_UNKNOWN);
    }
    for (size_t i = group; i < m->n; i++)
        m->node[i].groups = (uint32_t)m->n - group;
}

/* ---- where an id stands ---- */

static bool is_above(const struct node *p, const uint8_t *key, size_t key_n)
{
    return p->key_n < key_n && memcmp(p->key, key, p->key_n) == 0;
}

/* The lowest node whose key begins this one: nodes are in pre-order. */
static uint32_t node_above(const struct mend_room *m, const uint8_t *key, size_t key_n)
{
    uint32_t p = (uint32_t)m->n - 1;
    while (p != CALL_NONE && !is_above(&m->node[p], key, key_n))
        p = m->node[p].above;
    return p;
}

/* What has neither a type nor an interface is no remote call: only those have interfaces. */
static bool is_leaf(const struct node *k)
{
    return k->type < CALL_OTHER ? call_type_is_leaf((enum call_type)k->type)
                                : k->interface == NAMES_NONE && !k->put;
}

uint32_t mend_caller(const struct mend_room *m, uint32_t p, uint32_t um)
{
    while (is_leaf(&m->node[p]) && m->node[p].above != CALL_NONE && !tally_of(&m->node[p].dm, um))
        p = m->node[p].above;
    return p;
}

static bool fits(const struct tally *t, uint32_t id)
{
    return !is_name(id) || tally_of(t, id);
}

/* Row `at`, alone under its id, has a stray last component, beyond what anybody counts to (DGG
 * leaves it out). Without it, it is another record of the call p, or the row of p, which was put,
 * or a call that is missing below p. False: it stays. *gone: it is no node of its own. */
static bool stray(struct mend_room *m, uint32_t p, size_t at, size_t above, bool *gone)
{
    const struct row *r = &m->rows[at];
    struct node *to = &m->node[p];
    uint32_t last;
    row_key_component(r->key + above, &last);
    if (last < STRAY || !mend_may(m, DEED_PARENT))
        return false;
    bool named = is_name(r->um) || is_name(r->dm);
    bool filled = to->key_n == above && to->put && to->above != CALL_NONE &&
                  fits(&m->node[mend_caller(m, to->above, r->um)].dm, r->um);
    bool second = to->key_n == above && !to->put && named && fits(&to->um, r->um) &&
                  (fits(&to->dm, r->dm) || same_call(mend_row(m, to), r));
    bool alone = to->key_n == mend_parent_key(r->key, above) &&
                 (r->type != CALL_MQ || fits(&m->node[mend_caller(m, p, r->um)].dm, r->um));
    if (!filled && !second && !alone)
        return false;
    mend_deed(m, DEED_PARENT, to, "rpc_id", WORD_UNKNOWN, WORD_UNKNOWN);
    struct mend_change *c = &m->change[m->n_changes - 1];
    c->key = r->key;           /* shown as it was */
    c->key_n = r->key_n;
    c->node = alone ? (uint32_t)m->n : p;
    *gone = !alone;
    if (second && m->out->seconds++ == 0)
        m->out->second = r;
    if (filled) {
        to->put = false;
        to->row = (uint32_t)at;
        to->rows = 1;
        mend_say(m, to, WORD_UNKNOWN);
    }
    return true;
}

/* Put what is missing between p and a call with this key; the node above the call. */
static uint32_t fill(struct mend_room *m, uint32_t p, const uint8_t *key, size_t key_n, size_t row)
{
    size_t above = mend_parent_key(key, key_n);
    while (m->node[p].key_n < above) {
        uint32_t v;
        size_t n = m->node[p].key_n;
        n += row_key_component(key + n, &v);
        p = mend_put(m, key, n, p, (uint32_t)row);
    }
    return p;
}

static size_t missing(const struct node *p, const uint8_t *key, size_t key_n)
{
    size_t n = 0, above = mend_parent_key(key, key_n);
    for (size_t i = p->key_n; i < above; n++) {
        uint32_t v;
        i += row_key_component(key + i, &v);
    }
    return n;
}

/* Rows [a, b) have one id, which is not the root's. */
static bool hang(struct mend_room *m, size_t a, size_t b)
{
    const struct row *r = &m->rows[a];
    size_t key_n = r->key_n, above = mend_parent_key(r->key, key_n);
    uint32_t p = node_above(m, r->key, key_n);
    bool gone = false;
    m->bad = r;
    m->cause = CAUSE_ROOTS;
    if (p == CALL_NONE)
        return false;
    if (b - a == 1 && stray(m, p, a, above, &gone)) {
        if (gone)
            return true;
        key_n = above;
    }
    size_t levels = missing(&m->node[p], r->key, key_n);
    bool lost = levels && !m->node[p].dead && (levels > MISSING_MAX || !mend_may(m, DEED_PARENT));
    if (!lost && !m->node[p].dead)
        p = fill(m, p, r->key, key_n, a);
    uint32_t first = (uint32_t)m->n;
    add_group(m, r->key, key_n, p, a, b);
    for (uint32_t i = first; lost && i < m->n; i++)
        if (!mend_lose(m, &m->node[i], CAUSE_ORPHAN))
            return false;
    return true;
}

/* Rows are sorted, so what the first and the last key have in common all have. If it is no call,
 * a call is put there: the root. */
static void put_root(struct mend_room *m, const struct row *first, const struct row *last)
{
    size_t n = 0;
    while (n < first->key_n && n < last->key_n) {
        uint32_t v;
        size_t step = row_key_component(first->key + n, &v);
        if (n + step > last->key_n || memcmp(first->key + n, last->key + n, step) != 0)
            break;
        n += step;
    }
    if (n > 0 && n < first->key_n && mend_may(m, DEED_PARENT) && mend_may(m, DEED_ROOT))
        mend_put(m, first->key, n, CALL_NONE, 0);
}

bool mend_nodes(struct mend_room *m, size_t rows)
{
    m->n = 0;
    put_root(m, &m->rows[0], &m->rows[rows - 1]);
    for (size_t a = 0, b; a < rows; a = b) {
        for (b = a + 1; b < rows && row_compare_keys(&m->rows[a], &m->rows[b]) == 0;)
            b++;
        if (m->n == 0)
            add_group(m, m->rows[a].key, m->rows[a].key_n, CALL_NONE, a, b);
        else if (!hang(m, a, b))
            return false;
    }
    return true;
}
