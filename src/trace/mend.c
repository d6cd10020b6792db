/* mend.c: see the header. Rows of one id are a node; nodes lie in pre-order, because keys do.
 *
 *     rows -> nodes, with a node put where one is missing -> votes of children on who called them
 *          -> names, from the root down -> times, from the leaves up -> calls
 */
#include "trace/mend_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { NAMES_MAX = 4 };

struct tally {                 /* names, and how many say so; further ones are only counted */
    uint32_t id[NAMES_MAX];
    uint16_t count[NAMES_MAX];
    size_t n;
    bool more;
};

struct node {
    const uint8_t *key;
    uint16_t key_n;
    bool hole, dead;
    bool apart;                /* its rows are several calls, one a callee */
    bool renumber;             /* some child is one of several */
    uint8_t type;
    uint32_t parent;           /* node; CALL_NONE for the root */
    uint32_t row, rows;        /* its rows */
    struct tally um, dm;       /* what they say */
    struct tally callers;      /* what its children say of who called them */
    uint32_t src, dst, interface;
    int64_t start, end;
    uint32_t call;             /* index among the calls */
};

struct mend_room {
    struct node *node;
    size_t n, cap;
    const struct mend_rules *rules;
    struct row *rows;
    struct mended *out;
    struct str trace;
    struct buf *log;
    enum import_cause cause;   /* of the failure at hand */
    const struct row *bad;
    struct call *calls;
};

struct mend_room *mend_room_new(void)
{
    return mem_alloc(sizeof(struct mend_room));
}

void mend_room_free(struct mend_room *m)
{
    if (!m)
        return;
    free(m->node);
    free(m);
}

static bool may(const struct mend_room *m, enum import_deed d)
{
    return m->rules->repair >> d & 1;
}

static bool is_name(uint32_t id)
{
    return id < WORD_BAD_UTF8;
}

static void count(struct tally *t, uint32_t id, uint16_t by)
{
    if (!is_name(id))
        return;
    for (size_t i = 0; i < t->n; i++)
        if (t->id[i] == id) {
            t->count[i] = (uint16_t)(t->count[i] + by);
            return;
        }
    if (t->n == NAMES_MAX) {
        t->more = true;
        return;
    }
    t->id[t->n] = id;
    t->count[t->n++] = by;
}

static bool holds(const struct tally *t, uint32_t id)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->id[i] == id)
            return true;
    return false;
}

/* The name that more say than any other; WORD_UNKNOWN if there is none. */
static uint32_t winner(const struct tally *t)
{
    size_t best = 0;
    bool tie = false;
    for (size_t i = 1; i < t->n; i++) {
        if (t->count[i] > t->count[best]) {
            best = i;
            tie = false;
        } else
            tie |= t->count[i] == t->count[best];
    }
    return t->n && !tie && !t->more ? t->id[best] : WORD_UNKNOWN;
}

/* ---- what is written down ---- */

static void put_name(const struct mend_room *m, uint32_t id)
{
    import_put_json(m->log, is_name(id) ? lexicon_shared_str(m->rules->names, id) : STR("UNKNOWN"));
}

static const struct row *row_of(const struct mend_room *m, const struct node *k)
{
    return &m->rows[k->row];
}

/* Count a deed at node k, and write down what it changed: the field, what it was and what it is. */
static void deed(struct mend_room *m, enum import_deed d, const struct node *k, const char *what,
                 uint32_t was, uint32_t now)
{
    if (m->out->deeds[d]++ == 0)
        m->out->at[d] = row_of(m, k);
    if (!m->rules->log || d >= IMPORT_REPAIRS)
        return;
    buf_str(m->log, "{\"trace\":");
    import_put_json(m->log, m->trace);
    buf_str(m->log, ",\"rpc_id\":\"");
    row_key_text(k->key, k->key_n, m->log);
    buf_printf(m->log, "\",\"repair\":\"%s\",\"field\":\"%s\",\"was\":", import_deed_names[d],
               what);
    put_name(m, was);
    buf_str(m->log, ",\"now\":");
    put_name(m, now);
    buf_str(m->log, "}\n");
}

/* ---- nodes ---- */

static size_t parent_key(const struct node *k)
{
    size_t last = 0, i = 0;
    while (i < k->key_n) {
        uint32_t v;
        last = i;
        i += row_key_component(k->key + i, &v);
    }
    return last;
}

static bool is_above(const struct node *p, const struct node *k)
{
    return p->key_n < k->key_n && memcmp(p->key, k->key, p->key_n) == 0;
}

/* Do the rows with callee a and those with callee b have a time and an interface in common? */
static bool one_call(const struct row *r, size_t n, uint32_t a, uint32_t b)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n && r[i].dm == a; j++)
            if (r[j].dm == b &&
                (r[i].timestamp == r[j].timestamp ||
                 (r[i].interface == r[j].interface && r[i].interface != NAMES_NONE)))
                return true;
    return false;
}

/* Take what rows r[0..n) say, those of callee dm and of nobody if dm is a name. */
static void say(struct node *k, const struct row *r, size_t n, uint32_t dm)
{
    bool first = true;
    k->type = TYPE_UNKNOWN;
    k->interface = NAMES_NONE;
    k->um.n = k->dm.n = 0;
    for (size_t i = 0; i < n; i++) {
        if (is_name(dm) && is_name(r[i].dm) && r[i].dm != dm)
            continue;
        count(&k->um, r[i].um, 1);
        count(&k->dm, r[i].dm, 1);
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

static struct node *add_node(struct mend_room *m, const uint8_t *key, size_t key_n, size_t row)
{
    MEM_GROW(m->node, m->n, m->cap);
    m->node[m->n] = (struct node){ .key = key, .key_n = (uint16_t)key_n, .type = TYPE_UNKNOWN,
                                   .row = (uint32_t)row, .interface = NAMES_NONE,
                                   .parent = CALL_NONE };
    return &m->node[m->n++];
}

/* Rows [a, b) have one id. */
static void add_group(struct mend_room *m, size_t a, size_t b)
{
    const struct row *r = &m->rows[a];
    struct node *k = add_node(m, r->key, r->key_n, a);
    k->rows = (uint32_t)(b - a);
    say(k, r, b - a, WORD_UNKNOWN);
    k->apart = k->dm.n > 1 && !k->dm.more && may(m, DEED_IDS);
    for (size_t i = 0; k->apart && i < k->dm.n; i++)
        for (size_t j = 0; j < i; j++)
            k->apart = k->apart && !one_call(r, b - a, k->dm.id[i], k->dm.id[j]);
}

/* Cut node i and what is below it, or fail. */
static bool lose(struct mend_room *m, struct node *k, enum import_cause cause)
{
    m->cause = cause;
    m->bad = row_of(m, k);
    if (!may(m, DEED_LOSS) || k->parent == CALL_NONE)
        return false;
    k->dead = true;
    if (m->out->lost == 0) {
        m->out->lost_at = row_of(m, k);
        m->out->lost_cause = cause;
    }
    deed(m, DEED_LOSS, k, "call", WORD_UNKNOWN, WORD_UNKNOWN);
    return true;
}

/* Ids with a stray last component, beyond a million, belong where that is left out (DGG has it so):
 * another record of the call p, or the call that is missing below p. The last node is then gone, or
 * has that place. */
static bool stray(struct mend_room *m, struct node *k, const struct node *p, size_t above)
{
    enum { STRAY = 1000000 };
    uint32_t last;
    row_key_component(k->key + above, &last);
    if (last < STRAY || !may(m, DEED_PARENT) || k->rows != 1)
        return false;
    const struct row *r = row_of(m, k);
    if (p->key_n == above && holds(&p->um, r->um) && holds(&p->dm, r->dm)) {
        deed(m, DEED_PARENT, k, "rpc_id", WORD_UNKNOWN, WORD_UNKNOWN);
        if (m->out->seconds++ == 0)
            m->out->second = r;
        m->n--;
        return true;
    }
    struct node up = { .key = k->key, .key_n = (uint16_t)above };
    if (p->key_n != parent_key(&up) || !holds(&p->dm, r->um))
        return false;
    deed(m, DEED_PARENT, k, "rpc_id", WORD_UNKNOWN, WORD_UNKNOWN);
    k->key_n = (uint16_t)above;
    return true;
}

/* Hang the last node below what is there. If its parent is missing, but not that one's, a node is
 * put in between; it has the row of its first child to show. */
static bool hang(struct mend_room *m)
{
    uint32_t i = (uint32_t)m->n - 1, p = i - 1;
    while (p != CALL_NONE && !is_above(&m->node[p], &m->node[i]))
        p = m->node[p].parent;
    struct node *k = &m->node[i];
    size_t above = parent_key(k);
    m->bad = row_of(m, k);
    m->cause = CAUSE_ROOTS;
    if (p == CALL_NONE)
        return false;
    k->parent = p;
    if (stray(m, k, &m->node[p], above) || m->node[p].key_n == above || m->node[p].dead)
        return true;
    struct node hole = { .key = k->key, .key_n = (uint16_t)above, .hole = true, .type = CALL_RPC,
                         .interface = NAMES_NONE, .parent = p, .row = k->row };
    if (!may(m, DEED_PARENT) || m->node[p].key_n != parent_key(&hole))
        return lose(m, k, CAUSE_ORPHAN);
    struct node child = *k;
    m->node[i] = hole;
    child.parent = i;
    MEM_GROW(m->node, m->n, m->cap);
    m->node[m->n++] = child;
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
    if (n == 0 || n == first->key_n || !may(m, DEED_PARENT) || !may(m, DEED_ROOT))
        return;
    struct node *k = add_node(m, first->key, n, 0);
    k->hole = true;
    k->type = CALL_RPC;
}

static enum import_cause make_nodes(struct mend_room *m, size_t n)
{
    m->n = 0;
    put_root(m, &m->rows[0], &m->rows[n - 1]);
    for (size_t a = 0, b; a < n; a = b) {
        for (b = a + 1; b < n && row_compare_keys(&m->rows[a], &m->rows[b]) == 0;)
            b++;
        add_group(m, a, b);
        if (m->n > 1 && !hang(m))
            return m->cause;
    }
    return IMPORT_CAUSES;
}

/* ---- names ---- */

/* A dead node's children are dead, and the dead have no vote. */
static void take_votes(struct mend_room *m)
{
    for (size_t i = 1; i < m->n; i++) {
        struct node *k = &m->node[i], *p = &m->node[k->parent];
        k->dead |= p->dead;
        if (!k->dead && k->um.n == 1)
            count(&p->callers, k->um.id[0], 1);
    }
}

/* Of several callees, by rows or by calls: which one goes on; the others call nothing. */
static void part(struct mend_room *m, struct node *k)
{
    uint32_t main = winner(&k->callers);
    if (!holds(&k->dm, main))
        main = k->dm.id[0];
    struct tally all = k->dm;
    for (size_t i = 0; i < all.n; i++)
        if (all.id[i] != main)
            deed(m, DEED_IDS, k, "dm", main, all.id[i]);
    say(k, row_of(m, k), k->rows, main);
    k->dst = main;
    m->node[k->parent].renumber = true;
}

/* Who is called. */
static bool name_callee(struct mend_room *m, struct node *k)
{
    uint32_t said = winner(&k->callers);
    if (k->apart && k->parent != CALL_NONE) {
        part(m, k);
        return true;
    }
    if (k->dm.n == 1) {
        k->dst = k->dm.id[0];
        return true;
    }
    if (k->dm.n == 0) {
        k->dst = m->rules->nobody;
        if (!k->hole && !may(m, DEED_CALLER))
            return lose(m, k, CAUSE_DM);
        if (!is_name(said))
            deed(m, DEED_NO_SERVICE, k, "dm", WORD_UNKNOWN, k->dst);
        else
            k->dst = said;
        if (!k->hole && is_name(said))
            deed(m, DEED_CALLER, k, "dm", WORD_UNKNOWN, said);
        return true;
    }
    if (!may(m, DEED_DOUBLE))
        return lose(m, k, CAUSE_CONFLICT);
    k->dst = holds(&k->dm, said) ? said : k->callers.n == 0 ? winner(&k->dm) : WORD_UNKNOWN;
    if (!is_name(k->dst)) {    /* neither is believed */
        k->dst = m->rules->nobody;
        deed(m, DEED_NO_SERVICE, k, "dm", k->dm.id[0], k->dst);
        deed(m, DEED_DOUBLE, k, "dm", k->dm.id[0], k->dst);
        return true;
    }
    deed(m, DEED_DOUBLE, k, "dm", k->dm.id[0] == k->dst ? k->dm.id[1] : k->dm.id[0], k->dst);
    say(k, row_of(m, k), k->rows, k->dst);
    return true;
}

/* Who calls: the parent's callee, if that is believed. */
static bool name_caller(struct mend_room *m, struct node *k)
{
    if (k->parent == CALL_NONE) {
        k->src = k->um.n ? k->um.id[0] : m->rules->user;
        if (k->um.n == 0 && may(m, DEED_ROOT))
            deed(m, DEED_ROOT, k, "um", WORD_UNKNOWN, k->src);
        return k->um.n == 1 || may(m, k->um.n ? DEED_CALLER : DEED_ROOT) || lose(m, k, CAUSE_UM);
    }
    const struct node *p = &m->node[k->parent];
    k->src = p->dst;
    if (k->hole || (k->um.n == 1 && k->um.id[0] == p->dst))
        return true;
    bool doubtful = false;     /* two children or more name another, none this one */
    for (size_t i = 0; i < p->callers.n && !holds(&p->callers, p->dst); i++)
        doubtful |= p->callers.count[i] > 1;
    if (!may(m, DEED_CALLER) || (k->um.n && doubtful && p->dst != m->rules->nobody))
        return lose(m, k, k->um.n > 1 ? CAUSE_CONFLICT : k->um.n ? CAUSE_SRC : CAUSE_UM);
    deed(m, DEED_CALLER, k, "um", k->um.n ? k->um.id[0] : WORD_UNKNOWN, k->src);
    return true;
}

static bool name_all(struct mend_room *m)
{
    for (size_t i = 0; i < m->n; i++) {
        struct node *k = &m->node[i];
        k->dead |= i && m->node[k->parent].dead;
        if (k->dead)
            continue;
        if (!name_callee(m, k))
            return false;
        if (!k->dead && !name_caller(m, k))
            return false;
        if (!k->dead && k->hole)
            deed(m, DEED_PARENT, k, "call", WORD_UNKNOWN, k->dst);
        if (!k->dead && k->type == TYPE_UNKNOWN) {
            k->type = CALL_OTHER;
            deed(m, DEED_TYPE, k, "", WORD_UNKNOWN, WORD_UNKNOWN);
        }
    }
    return true;
}

/* ---- times and calls ---- */

/* A call that was put takes from the first start below it to the last end. */
static void time_holes(struct mend_room *m)
{
    for (size_t i = m->n; i-- > 1;) {
        const struct node *k = &m->node[i];
        struct node *p = &m->node[k->parent];
        if (k->dead || !p->hole)
            continue;
        if (p->call == 0) {
            p->start = k->start;
            p->end = k->end;
            p->call = 1;       /* some time is known */
        }
        p->start = k->start < p->start ? k->start : p->start;
        p->end = k->end > p->end ? k->end : p->end;
    }
}

static void put_call(struct mend_room *m, struct call *c, const struct node *k, const struct row *r)
{
    *c = (struct call){ .src = k->src, .dst = k->dst, .interface = k->interface, .type = k->type,
                        .parent = CALL_NONE, .start = k->start, .rt = k->end - k->start,
                        .kind = KIND_CLIENT };
    if (r) {                   /* one of several of an id: by its own row */
        c->dst = r->dm;
        c->interface = r->interface;
        c->type = r->type == TYPE_UNKNOWN ? CALL_OTHER : r->type;
        c->start = r->timestamp;
        c->rt = r->rt;
    }
    if (c->type == CALL_MQ)
        c->kind = KIND_PRODUCER;
    if (k->parent == CALL_NONE)
        return;
    size_t last = parent_key(k);
    row_key_component(k->key + last, &c->id);
    c->parent = m->node[k->parent].call;
    c->level = (uint16_t)(m->calls[c->parent].level + 1);
    c->async = call_finish(c) > call_finish(&m->calls[c->parent]);
    if (c->async)
        deed(m, DEED_OUTLASTS, k, "", WORD_UNKNOWN, WORD_UNKNOWN);
}

/* The calls beside node k under its id, each by its first row. */
static size_t put_others(struct mend_room *m, size_t n, const struct node *k)
{
    const struct row *r = row_of(m, k);
    size_t put = 0;
    for (size_t i = 0; i < k->rows; i++) {
        bool seen = !is_name(r[i].dm) || r[i].dm == k->dst;
        for (size_t j = 0; j < i; j++)
            seen |= r[j].dm == r[i].dm;
        if (!seen)
            put_call(m, &m->calls[n + put++], k, &r[i]);
    }
    return put;
}

static void note_seconds(struct mended *out, const struct node *k, const struct row *r,
                         size_t calls)
{
    if (k->rows <= calls)
        return;
    if (out->seconds == 0)
        out->second = r + 1;
    out->seconds += k->rows - calls;
}

static size_t put_calls(struct mend_room *m)
{
    size_t n = 0;
    for (size_t i = 0; i < m->n; i++) {
        struct node *k = &m->node[i];
        if (k->dead) {
            m->out->lost += k->rows;
            continue;
        }
        size_t others = k->apart && k->parent != CALL_NONE ? put_others(m, n, k) : 0;
        k->call = (uint32_t)(n += others);
        put_call(m, &m->calls[n++], k, NULL);
        note_seconds(m->out, k, row_of(m, k), 1 + others);
        m->out->rows += k->hole ? 0 : 1 + others;
    }
    return n;
}

/* Where siblings shared an id, all of them are numbered from 1. */
static void renumber(struct mend_room *m, size_t n)
{
    for (size_t i = 0; i < m->n; i++) {
        if (!m->node[i].renumber || m->node[i].dead)
            continue;
        uint32_t id = 0;
        for (size_t c = m->node[i].call + 1; c < n; c++)
            if (m->calls[c].parent == m->node[i].call)
                m->calls[c].id = ++id;
    }
}

static bool settle_services(struct mend_room *m, size_t n, uint32_t *service)
{
    *service = m->rows[0].service;
    for (size_t i = 1; i < n; i++) {
        if (m->rows[i].service == *service)
            continue;
        m->bad = &m->rows[i];
        if (!may(m, DEED_SERVICE))
            return false;
        if (m->out->deeds[DEED_SERVICE] == 0)
            deed(m, DEED_SERVICE, &m->node[0], "service", m->rows[i].service, *service);
    }
    return true;
}

/* The root's key is 0, or that of an ancestor of all others if it may be. */
static bool settle_root(struct mend_room *m)
{
    const struct node *k = &m->node[0];
    if (k->key_n == 1 && k->key[0] == 0)
        return true;
    m->bad = row_of(m, k);
    if (!may(m, DEED_ROOT))
        return false;
    deed(m, DEED_ROOT, k, "rpc_id", WORD_UNKNOWN, WORD_UNKNOWN);
    return true;
}

static void shift_to_arrival(struct callgraph *g)
{
    g->arrival = g->calls[0].start;
    for (size_t i = 1; i < g->n; i++)
        g->arrival = g->calls[i].start < g->arrival ? g->calls[i].start : g->arrival;
    for (size_t i = 0; i < g->n; i++)
        g->calls[i].start -= g->arrival;
}

enum import_cause mend(struct mend_room *m, const struct mend_rules *rules, struct str trace,
                       struct row *rows, size_t n, struct callgraph *g, struct call *calls,
                       struct mended *out, const struct row **bad, struct buf *log)
{
    uint32_t service;
    size_t written = log->n;
    *out = (struct mended){ 0 };
    m->rules = rules;
    m->rows = rows;
    m->out = out;
    m->trace = trace;
    m->log = log;
    m->calls = calls;
    rows_sort(rows, n);
    enum import_cause c = make_nodes(m, n);
    if (c == IMPORT_CAUSES && !settle_services(m, n, &service))
        c = CAUSE_SERVICES;
    if (c == IMPORT_CAUSES && !settle_root(m))
        c = CAUSE_NO_ROOT;
    if (c == IMPORT_CAUSES) {
        take_votes(m);
        if (!name_all(m))
            c = m->cause;
    }
    if (c != IMPORT_CAUSES) {
        *bad = m->bad;
        log->n = written;
        return c;
    }
    time_holes(m);
    *g = (struct callgraph){ .trace_id = NAMES_NONE, .timed = true, .calls = calls };
    g->n = put_calls(m);
    g->service = is_name(service) ? service : calls[0].dst;
    renumber(m, g->n);
    shift_to_arrival(g);
    return IMPORT_CAUSES;
}
