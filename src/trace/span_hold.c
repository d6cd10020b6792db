/* span_hold.c: see the header. */
#include "trace/span_hold_priv.h"

#include <stdlib.h>

struct span_held span_held_new(uint64_t line)
{
    struct span_held h = { .s = span_new(), .cause = IMPORT_CAUSES };
    h.s.line = line;
    return h;
}

void span_fault(struct span_held *h, enum import_cause c, struct str bad)
{
    if (h->cause != IMPORT_CAUSES)
        return;
    h->cause = c;
    h->bad = bad;
}

void span_hold(struct span_hold *h, struct span_held *s)
{
    if (h->n >= SPAN_HELD_MAX)
        span_fault(s, CAUSE_TOO_LARGE, s->s.id);
    MEM_GROW(h->held, h->n, h->cap);
    h->held[h->n++] = *s;
}

bool span_release(struct span_hold *h, struct span_import *x, struct err *err)
{
    bool good = true;
    for (size_t i = 0; i < h->n && good; i++) {
        const struct span_held *k = &h->held[i];
        if (k->cause != IMPORT_CAUSES)
            span_drop(x, k->cause, k->s.trace, k->s.line, k->bad);
        else
            good = span_take(x, &k->s, err);
    }
    h->n = 0;
    arena_reset(h->a);
    span_progress(x);
    return good;
}

void span_hold_free(struct span_hold *h)
{
    arena_free(h->a);
    free(h->held);
}

struct str span_keep(struct span_hold *h, struct str s)
{
    return (struct str){ arena_strndup(h->a, s.p, s.n), s.n };
}

struct str span_text(struct span_hold *h, struct json *j)
{
    struct str s = { "", 0 };
    return json_text(j, &s) ? span_keep(h, s) : (struct str){ "", 0 };
}

struct str span_id(struct span_hold *h, struct span_import *x, struct json *j)
{
    char room[32];
    struct str s = { "", 0 };
    if (!json_text(j, &s) || str_is(s, "null"))
        return (struct str){ "", 0 };
    return span_keep(h, span_id_text(x, s, room, j->line));
}

int span_member(struct span_hold *h, struct span_held *s, struct str key, const char *const *names,
                int n, unsigned *seen)
{
    int m = 0;
    while (m < n && !str_is(key, names[m]))
        m++;
    if (m == n)
        return n;
    if (*seen & 1u << m)
        span_fault(s, CAUSE_TWICE, span_keep(h, key));
    *seen |= 1u << m;
    return m;
}

int64_t span_us(struct span_hold *h, struct span_held *s, struct json *j, enum import_cause c)
{
    struct str t = { "", 0 };
    uint64_t v;
    if (json_text(j, &t) && str_u64(t, &v) && v <= (uint64_t)INT64_MAX / 2000)
        return (int64_t)v * 1000;
    if (!str_is(t, "null"))
        span_fault(s, c, span_keep(h, t));
    return SPAN_NO_TIME;
}

struct str span_service(struct span_hold *h, struct json *j)
{
    struct str key, service = { "", 0 };
    for (bool more = json_begin(j, '{'); more && json_key(j, &key);) {
        if (str_is(key, "serviceName"))
            service = span_text(h, j);
        else
            json_skip(j);
    }
    return service;
}

void span_json_end(struct span_import *x, struct json *j, bool any)
{
    if (j->bad)
        span_broken(x, CAUSE_BROKEN, j->line, j->broken.status ? j->broken.msg : j->bad);
    else if (!any)
        span_broken(x, CAUSE_EMPTY, 1, "no bytes");
    span_import_report(x)->bytes += j->bytes;
    json_free(j);
}
