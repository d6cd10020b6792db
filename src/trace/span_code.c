/* span_code.c: see the header. Layout:
 *
 *     kind | status << 3 | flags | type | start + 1, or 0 | duration + 1, or 0 | id | parent |
 *     names
 *     a name: 0 if empty, length * 2 + 1 and its bytes, or (number + 1) * 2
 */
#include "trace/span_code_priv.h"

#include <string.h>

enum { FLAG_ASYNC = 32, FLAG_SHARED = 64, FLAG_HALF = 128, TYPED = 128 };
enum { WORDS_MAX = 1 << 20, WORDS_BYTES = 1 << 25 };

static uint8_t *put(uint8_t *p, uint64_t v)
{
    for (; v >= 128; v >>= 7)
        *p++ = (uint8_t)(v | 128);
    *p++ = (uint8_t)v;
    return p;
}

static const uint8_t *get(const uint8_t *p, uint64_t *v)
{
    uint64_t x = *p & 127;
    for (int shift = 7; *p++ & 128; shift += 7)
        x |= (uint64_t)(*p & 127) << shift;
    *v = x;
    return p;
}

static uint8_t *put_inline(uint8_t *p, struct str s)
{
    if (s.n == 0)
        return put(p, 0);
    p = put(p, (uint64_t)s.n << 1 | 1);
    memcpy(p, s.p, s.n);
    return p + s.n;
}

/* NULL: too long, and the table is full. */
static uint8_t *put_name(struct span_words *w, uint8_t *p, struct str s)
{
    if (!p || s.n == 0)
        return p ? put(p, 0) : NULL;
    uint32_t id = names_find(w->names, s);
    if (id == NAMES_NONE && names_count(w->names) < WORDS_MAX && w->bytes + s.n <= WORDS_BYTES) {
        id = names_id(w->names, s);
        w->bytes += s.n;
    }
    if (id != NAMES_NONE)
        return put(p, ((uint64_t)id + 1) << 1);
    return s.n <= SPAN_NAME_INLINE ? put_inline(p, s) : NULL;
}

static const uint8_t *get_name(const struct span_words *w, const uint8_t *p, struct str *s)
{
    uint64_t v;
    p = get(p, &v);
    if (v & 1) {
        *s = (struct str){ (const char *)p, (size_t)(v >> 1) };
        return p + s->n;
    }
    *s = v ? names_str(w->names, (uint32_t)(v >> 1) - 1) : (struct str){ "", 0 };
    return p;
}

static uint64_t time_code(int64_t t)
{
    return t == SPAN_NO_TIME ? 0 : (uint64_t)t + 1;
}

static int64_t time_of(uint64_t v)
{
    return v ? (int64_t)(v - 1) : SPAN_NO_TIME;
}

size_t span_code_put(struct span_words *w, const struct span *s, uint8_t *code)
{
    uint8_t *p = code;
    *p++ = (uint8_t)(s->kind | s->status << 3 | (s->async ? FLAG_ASYNC : 0) |
                     (s->shared ? FLAG_SHARED : 0) | (s->half ? FLAG_HALF : 0));
    *p++ = (uint8_t)(s->type | (s->typed ? TYPED : 0));
    p = put(p, time_code(s->start_ns));
    p = put(p, time_code(s->end_ns));
    p = put_inline(p, s->id);
    p = put_inline(p, s->parent);
    p = put_inline(p, s->origin_rpcid);
    p = put_inline(p, s->origin_trace);
    p = put_name(w, p, s->service);
    p = put_name(w, p, s->operation);
    p = put_name(w, p, s->peer);
    p = put_name(w, p, s->origin_service);
    p = put_name(w, p, s->origin_interface);
    return p ? (size_t)(p - code) : 0;
}

void span_code_get(const struct span_words *w, const uint8_t *p, struct span *s)
{
    uint64_t v;
    *s = span_new();
    s->kind = *p & 7;
    s->status = *p >> 3 & 3;
    s->async = *p & FLAG_ASYNC;
    s->shared = *p & FLAG_SHARED;
    s->half = *p++ & FLAG_HALF;
    s->type = *p & ~TYPED;
    s->typed = *p++ & TYPED;
    p = get(p, &v), s->start_ns = time_of(v);
    p = get(p, &v), s->end_ns = time_of(v);
    p = get_name(w, p, &s->id);
    p = get_name(w, p, &s->parent);
    p = get_name(w, p, &s->origin_rpcid);
    p = get_name(w, p, &s->origin_trace);
    p = get_name(w, p, &s->service);
    p = get_name(w, p, &s->operation);
    p = get_name(w, p, &s->peer);
    p = get_name(w, p, &s->origin_service);
    get_name(w, p, &s->origin_interface);
}
