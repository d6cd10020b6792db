/* mend_check.c: a mended call is the true call of its first row; one that was put is the true
 * caller of those it was put above, if they have one in common. */
#include "trace/mend_check.h"

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "trace/mend_priv.h"
#include "trace/mend_tally_priv.h"
#include "trace/reference_priv.h"
#include "trace/spans.h"

enum { WORD = 128 };           /* longer than any word of the reference */

struct judge {
    const struct reference *r;
    struct lexicon_shared *names;
    struct lexicon *lex;
    struct mend_rules rules;
    struct ref_trace trace;
    struct ref_rows raw;
    struct row *rows;
    uint8_t (*keys)[KEY_MAX];
    size_t row_cap, key_cap;
    uint32_t *truth;           /* (calls): the true call of each */
    bool *misplaced;           /* (calls): hangs elsewhere than in truth, or is one too many */
    bool *taken;               /* (true calls): some call is it */
    size_t truth_cap, misplaced_cap, taken_cap;
    struct mend_check *out;
};

static uint32_t word(struct judge *j, const char *s)
{
    char room[WORD + 16] = "";
    size_t n = strlen(s);
    REQUIRE(n < WORD);
    memcpy(room, s, n);
    return lexicon_id(j->lex, (struct str){ room, n });
}

/* What the importer would make of a raw row; `line` is its place. */
static void read_row(struct judge *j, size_t i)
{
    const struct ref_row *w = &j->raw.at[i];
    char room[FIELDS][WORD + 16] = { "" };
    snprintf(room[FIELD_TIMESTAMP], WORD, "%lld", (long long)w->timestamp);
    snprintf(room[FIELD_RT], WORD, "%lld", (long long)w->rt);
    snprintf(room[FIELD_TRACEID], WORD, "T");
    const char *const words[FIELDS] = {
        [FIELD_SERVICE] = w->service, [FIELD_RPCID] = w->rpc_id, [FIELD_TYPE] = w->type,
        [FIELD_UM] = w->um, [FIELD_DM] = w->dm, [FIELD_INTERFACE] = w->interface,
    };
    struct str f[FIELDS];
    for (int k = 0; k < FIELDS; k++) {
        if (words[k])
            snprintf(room[k], WORD, "%s", words[k]);
        f[k] = str_of(room[k]);
    }
    struct row *r = &j->rows[i];
    enum field bad;
    enum import_cause c = row_parse(f, (struct row_rules){ .tick_us = 1000, .lenient = true },
                                    j->lex, r, j->keys[i], &bad);
    REQUIRE(c == IMPORT_CAUSES);
    r->line = i;
    r->prefix = row_prefix(r->key, r->key_n);
}

static const struct call *true_call(const struct judge *j, uint32_t i)
{
    return &j->trace.calls[i];
}

/* Which true call is each, and does it hang below the right one? */
static void identify(struct judge *j, const struct callgraph *g, const struct mended *d)
{
    MEM_RESERVE(j->truth, g->n, j->truth_cap);
    MEM_RESERVE(j->misplaced, g->n, j->misplaced_cap);
    MEM_RESERVE(j->taken, j->trace.n, j->taken_cap);
    for (size_t i = 0; i < g->n; i++) {
        j->truth[i] = d->from[i] ? j->raw.at[d->from[i]->line].call : CALL_NONE;
        j->misplaced[i] = false;
    }
    for (size_t i = g->n; i-- > 1;) {
        uint32_t p = g->calls[i].parent, t = j->truth[i];
        j->misplaced[i] |= t == CALL_NONE;
        if (d->from[p] || t == CALL_NONE)
            continue;
        uint32_t caller = true_call(j, t)->parent;
        j->misplaced[p] |= j->truth[p] != CALL_NONE && j->truth[p] != caller;
        j->truth[p] = caller;
    }
    memset(j->taken, 0, j->trace.n * sizeof *j->taken);
    for (size_t i = 0; i < g->n; i++) {
        uint32_t t = j->truth[i], p = g->calls[i].parent;
        j->misplaced[i] |= t == CALL_NONE || j->taken[t] ||
                           true_call(j, t)->parent != (i ? j->truth[p] : CALL_NONE);
        if (t != CALL_NONE)
            j->taken[t] = true;
    }
}

struct verdict {
    bool wrong, unknown;
};

static void hold(struct judge *j, struct verdict *v, uint32_t got, uint32_t is)
{
    if (got == j->rules.nobody)
        v->unknown = true;
    else
        v->wrong |= got != word(j, names_get(j->r->names, is));
}

static void add(struct mend_count *t, struct verdict v)
{
    t->made++;
    t->wrong += v.wrong;
    t->unknown += v.unknown && !v.wrong;
}

static void judge_change(struct judge *j, const struct mend_change *c)
{
    struct verdict v = { 0 };
    if (c->deed == DEED_LOSS || c->call == CALL_NONE)
        return;
    bool um = strcmp(c->field, "um") == 0, service = strcmp(c->field, "service") == 0,
         dm = strcmp(c->field, "dm") == 0;
    uint32_t t = j->truth[c->call];
    if (service)
        hold(j, &v, c->now, j->trace.service->name);
    else if (!um && (!dm || c->deed == DEED_IDS))
        v.wrong = j->misplaced[c->call];
    if (t != CALL_NONE && (um || strcmp(c->field, "parent") == 0))
        hold(j, &v, c->now, true_call(j, t)->src);
    else if (t != CALL_NONE && !service && is_name(c->now))
        hold(j, &v, c->now, true_call(j, t)->dst);
    add(&j->out->repair, v);
    add(&j->out->kind[c->deed], v);
}

static void judge_call(struct judge *j, const struct call *c, size_t i)
{
    struct verdict v = { .wrong = j->misplaced[i] };
    uint32_t t = j->truth[i];
    if (t != CALL_NONE) {
        hold(j, &v, c->src, true_call(j, t)->src);
        hold(j, &v, c->dst, true_call(j, t)->dst);
    }
    j->out->calls++;
    j->out->call.wrong += v.wrong;
    j->out->call.unknown += v.unknown && !v.wrong;
}

/* Calls that a repair touched, each once. */
static uint64_t touched(struct judge *j, const struct mended *d, size_t n)
{
    bool *is = j->misplaced;   /* no longer needed */
    uint64_t count = 0;
    memset(is, 0, n * sizeof *is);
    for (size_t i = 0; i < d->n_changes; i++) {
        uint32_t c = d->change[i].call;
        if (c == CALL_NONE || is[c])
            continue;
        is[c] = true;
        count++;
    }
    return count;
}

static void judge_trace(struct judge *j, struct mend_room *room)
{
    size_t n = j->raw.n;
    struct callgraph g;
    struct mended d;
    const struct row *bad;
    MEM_RESERVE(j->rows, n, j->row_cap);
    MEM_RESERVE(j->keys, n, j->key_cap);
    for (size_t i = 0; i < n; i++)
        read_row(j, i);
    j->out->traces++;
    if (mend(room, &j->rules, j->rows, n, &g, &d, &bad) != IMPORT_CAUSES)
        return;
    j->out->trees++;
    j->out->whole += d.lost == 0;
    j->out->named += d.lost == 0 && d.unnamed == 0;
    identify(j, &g, &d);
    for (size_t i = 0; i < d.n_changes; i++)
        judge_change(j, &d.change[i]);
    for (size_t i = 0; i < g.n; i++)
        judge_call(j, &g.calls[i], i);
    j->out->call.made += touched(j, &d, g.n);
}

struct mend_check mend_check(const struct reference_options *o, unsigned repair)
{
    struct mend_check out = { 0 };
    struct reference *r = reference_new(o->seed, o->preset);
    struct judge j = { .r = r, .names = lexicon_shared_new(), .out = &out };
    j.lex = lexicon_new(j.names);
    j.rules = (struct mend_rules){ .repair = repair, .names = j.names };
    j.rules.user = word(&j, SPAN_USER);
    j.rules.nobody = word(&j, SPAN_NO_SERVICE);
    struct mend_room *room = mend_room_new();
    gsl_rng *g = rng_stream(o->seed, "reference/trace", 0);
    uint32_t *defects = NULL;
    size_t defect_cap = 0;
    for (uint64_t i = 0; i < o->traces; i++) {
        ref_trace_draw(r, i, g, &j.trace);
        j.raw.n = 0;
        ref_rows_clean(r, &j.trace, 0, g, &j.raw);
        MEM_RESERVE(defects, j.trace.n, defect_cap);
        memset(defects, 0, j.trace.n * sizeof *defects);
        ref_rows_corrupt(r, &j.trace, 0, o->defect_rate, g, &j.raw, defects);
        judge_trace(&j, room);
    }
    gsl_rng_free(g);
    mend_room_free(room);
    lexicon_free(j.lex);
    lexicon_shared_free(j.names);
    free(defects);
    free(j.trace.calls);
    free(j.raw.at);
    free(j.rows);
    free(j.keys);
    free(j.truth);
    free(j.misplaced);
    free(j.taken);
    reference_free(r);
    return out;
}
