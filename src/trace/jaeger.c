/* jaeger.c: Jaeger's JSON, as its query API answers, its UI saves and takes, and scripts cut it.
 *
 *     {"data": [ {traceID, spans: [...], processes: {...}}, ... ]}     or the traces alone, in an
 *                                                       array or one after the other
 *
 * Processes stand behind the spans that refer to them, so the spans of one such object are held
 * until it ends. Its traceID counts where a span has none. The first reference that is CHILD_OF and
 * in the same trace is the parent, else the first that FOLLOWS_FROM, which is asynchronous; older
 * clients say parentSpanID.
 *
 * Source: jaegertracing/jaeger, model/json/model.go.
 */
#include <stdlib.h>
#include <string.h>

#include "trace/span_hold_priv.h"

struct process {
    struct str key, service;
};

struct jaeger {
    struct span_import *x;
    struct json j;
    struct span_hold hold;     /* of one trace object */
    struct process *process;
    size_t processes, process_cap;
    struct str trace;          /* of the object */
};

static void read_tag(struct jaeger *r, struct span *s)
{
    struct str key, name = { "", 0 }, value = { "", 0 };
    for (bool more = json_begin(&r->j, '{'); more && json_key(&r->j, &key);) {
        if (str_is(key, "key"))
            name = span_text(&r->hold, &r->j);
        else if (str_is(key, "value"))
            value = span_text(&r->hold, &r->j);
        else
            json_skip(&r->j);
    }
    if (name.n)
        span_tag(s, name, value);
}

static void read_tags(struct jaeger *r, struct span *s)
{
    for (bool more = json_begin(&r->j, '['); more && json_element(&r->j);)
        read_tag(r, s);
}

struct reference {
    struct str type, trace, span;
};

static struct reference read_reference(struct jaeger *r)
{
    struct reference f = { STR(""), STR(""), STR("") };
    struct str key;
    for (bool more = json_begin(&r->j, '{'); more && json_key(&r->j, &key);) {
        if (str_is(key, "refType"))
            f.type = span_text(&r->hold, &r->j);
        else if (str_is(key, "traceID"))
            f.trace = span_id(&r->hold, r->x, &r->j);
        else if (str_is(key, "spanID"))
            f.span = span_id(&r->hold, r->x, &r->j);
        else
            json_skip(&r->j);
    }
    return f;
}

/* Which reference is the parent is known once the span's own trace is: see finish(). */
static void read_references(struct jaeger *r, struct reference *child, struct reference *follows)
{
    for (bool more = json_begin(&r->j, '['); more && json_element(&r->j);) {
        struct reference f = read_reference(r);
        struct reference *to = str_is(f.type, "FOLLOWS_FROM") ? follows : child;
        if (to->span.n == 0)
            *to = f;
    }
}

enum member { M_TRACE, M_SPAN, M_PARENT, M_NAME, M_REFS, M_START, M_DURATION, M_TAGS, M_PROCESS_ID,
              M_PROCESS, M_OTHER };

static const char *const members[M_OTHER] = {
    "traceID", "spanID", "parentSpanID", "operationName", "references", "startTime", "duration",
    "tags", "processID", "process",
};

struct unfinished {
    struct span_held h;
    struct reference child, follows;
    struct str parent;
    int64_t duration_ns;
    unsigned seen;             /* members */
};

static void read_member(struct jaeger *r, struct unfinished *u, enum member m)
{
    struct span *s = &u->h.s;
    switch (m) {
    case M_TRACE: s->trace = span_id(&r->hold, r->x, &r->j); break;
    case M_SPAN: s->id = span_id(&r->hold, r->x, &r->j); break;
    case M_PARENT: u->parent = span_id(&r->hold, r->x, &r->j); break;
    case M_NAME: s->operation = span_text(&r->hold, &r->j); break;
    case M_REFS: read_references(r, &u->child, &u->follows); break;
    case M_START: s->start_ns = span_us(&r->hold, &u->h, &r->j, CAUSE_TIMESTAMP); break;
    case M_DURATION: u->duration_ns = span_us(&r->hold, &u->h, &r->j, CAUSE_RT); break;
    case M_TAGS: read_tags(r, s); break;
    case M_PROCESS_ID: u->h.process = span_text(&r->hold, &r->j); break;
    case M_PROCESS: s->service = span_service(&r->hold, &r->j); break;
    default: json_skip(&r->j);
    }
}

static bool here(const struct span *s, const struct reference *f)
{
    return f->span.n && (f->trace.n == 0 || s->trace.n == 0 || str_eq(f->trace, s->trace));
}

static void finish(struct unfinished *u)
{
    struct span *s = &u->h.s;
    if (here(s, &u->child))
        s->parent = u->child.span;
    else if (here(s, &u->follows)) {
        s->parent = u->follows.span;
        s->async = true;
    } else
        s->parent = u->parent;
    if (str_is(s->parent, "0") || str_is(s->parent, "0000000000000000"))
        s->parent.n = 0;
    if (s->start_ns != SPAN_NO_TIME && u->duration_ns != SPAN_NO_TIME)
        s->end_ns = s->start_ns + u->duration_ns;
}

static void read_span(struct jaeger *r)
{
    struct unfinished u = { .h = span_held_new(r->j.line), .duration_ns = SPAN_NO_TIME };
    struct str key;
    for (bool more = json_begin(&r->j, '{'); more && json_key(&r->j, &key);) {
        int m = span_member(&r->hold, &u.h, key, members, M_OTHER, &u.seen);
        read_member(r, &u, (enum member)m);
    }
    if (r->j.bad)
        return;
    finish(&u);
    span_hold(&r->hold, &u.h);
}

static void read_processes(struct jaeger *r)
{
    struct str key;
    for (bool more = json_begin(&r->j, '{'); more && json_key(&r->j, &key);) {
        struct str name = span_keep(&r->hold, key);
        struct str service = span_service(&r->hold, &r->j);
        MEM_GROW(r->process, r->processes, r->process_cap);
        r->process[r->processes++] = (struct process){ name, service };
    }
}

static struct str service_of(const struct jaeger *r, struct str process)
{
    for (size_t i = 0; i < r->processes; i++)
        if (str_eq(r->process[i].key, process))
            return r->process[i].service;
    return (struct str){ "", 0 };
}

static bool let_go(struct jaeger *r, struct err *err)
{
    for (size_t i = 0; i < r->hold.n; i++) {
        struct span_held *h = &r->hold.held[i];
        if (h->s.trace.n == 0)
            h->s.trace = r->trace;
        if (h->s.service.n == 0)
            h->s.service = service_of(r, h->process);
    }
    r->processes = 0;
    r->trace = (struct str){ "", 0 };
    return span_release(&r->hold, r->x, err);
}

static bool read_traces(struct jaeger *r, struct err *err);

/* An object: a trace, or the envelope around traces. */
static bool read_object(struct jaeger *r, struct err *err)
{
    struct str key;
    bool good = true;
    for (bool more = json_begin(&r->j, '{'); more && json_key(&r->j, &key);) {
        if (str_is(key, "data"))
            good = read_traces(r, err) && good;
        else if (str_is(key, "traceID"))
            r->trace = span_id(&r->hold, r->x, &r->j);
        else if (str_is(key, "spans")) {
            for (bool in = json_begin(&r->j, '['); in && json_element(&r->j);)
                read_span(r);
        } else if (str_is(key, "processes"))
            read_processes(r);
        else
            json_skip(&r->j);
    }
    return let_go(r, err) && good;
}

static bool read_traces(struct jaeger *r, struct err *err)
{
    bool good = true;
    for (bool more = json_begin(&r->j, '['); more && good && json_element(&r->j);)
        good = read_object(r, err);
    return good;
}

static bool read(struct span_import *x, struct input *in, struct err *err)
{
    struct jaeger r = { .x = x, .hold = { .a = arena_new() } };
    bool good = true, any = false;
    enum json_type t;
    json_open(&r.j, in);
    while (good && (t = json_peek(&r.j)) != JSON_END && t != JSON_BAD) {
        any = true;
        good = t == JSON_ARRAY ? read_traces(&r, err) : read_object(&r, err);
    }
    span_json_end(x, &r.j, any);
    span_hold_free(&r.hold);
    free(r.process);
    return good;
}

static const struct span_format jaeger = { "jaeger", read };

bool import_jaeger_stream(char *const *paths, size_t n, const struct import_options *o,
                          callgraph_sink sink, void *ctx, struct import_report *rep,
                          struct err *err)
{
    return span_import_run(&jaeger, paths, n, o, sink, ctx, rep, err);
}
