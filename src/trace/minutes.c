/* minutes.c: two codes, the shorter wins; ties go to the list, which is faster to read. */
#include "trace/minutes_priv.h"

#include <string.h>

enum { MINUTES = 1440 };

static size_t varint_bytes(uint32_t x)
{
    return x < 1u << 7 ? 1 : x < 1u << 14 ? 2 : x < 1u << 21 ? 3 : x < 1u << 28 ? 4 : 5;
}

static uint8_t *varint_put(uint8_t *p, uint32_t x)
{
    for (; x >= 0x80; x >>= 7)
        *p++ = (uint8_t)(x | 0x80);
    *p++ = (uint8_t)x;
    return p;
}

static const uint8_t *varint_get(const uint8_t *p, uint32_t *x)
{
    uint32_t v = *p & 0x7F;
    for (int shift = 7; *p++ & 0x80; shift += 7)
        v |= (uint32_t)(*p & 0x7F) << shift;
    *x = v;
    return p;
}

static size_t list_bytes(const struct minutes *m)
{
    size_t bytes = 1 + varint_bytes((uint32_t)m->n);
    uint32_t next = 0;
    for (size_t i = 0; i < m->n; i++) {
        bytes += varint_bytes(m->at[i] - next) + varint_bytes(m->count[i]);
        next = m->at[i] + 1u;
    }
    return bytes;
}

static unsigned width_of(const struct minutes *m)
{
    uint32_t any = 0;
    for (size_t i = 0; i < m->n; i++)
        any |= m->count[i];
    unsigned w = 1;
    while (w < 32 && any >> w)
        w *= 2;
    return w;
}

static size_t packed_bytes(unsigned w)
{
    return 1 + (size_t)w * MINUTES / 8;
}

static void pack(const struct minutes *m, unsigned w, uint8_t *to)
{
    memset(to, 0, packed_bytes(w));
    *to++ = (uint8_t)w;
    for (size_t i = 0; i < m->n; i++) {
        size_t bit = (size_t)m->at[i] * w;
        uint64_t x = (uint64_t)m->count[i] << bit % 8;
        for (uint8_t *p = to + bit / 8; x; x >>= 8)
            *p++ |= (uint8_t)x;
    }
}

size_t minutes_encode(const struct minutes *m, uint8_t *to)
{
    if (m->n == 0)
        return 0;
    unsigned w = width_of(m);
    size_t list = list_bytes(m);
    if (packed_bytes(w) < list) {
        pack(m, w, to);
        return packed_bytes(w);
    }
    uint8_t *p = to;
    *p++ = 0;
    p = varint_put(p, (uint32_t)m->n);
    uint32_t next = 0;
    for (size_t i = 0; i < m->n; i++) {
        p = varint_put(p, m->at[i] - next);
        p = varint_put(p, m->count[i]);
        next = m->at[i] + 1u;
    }
    return (size_t)(p - to);
}

static void unpack(const uint8_t *from, unsigned w, struct minutes *m)
{
    uint32_t mask = w == 32 ? UINT32_MAX : (1u << w) - 1;
    m->n = 0;
    for (size_t i = 0; i < MINUTES; i++) {
        size_t bit = i * w, bytes = w < 8 ? 1 : w / 8;   /* powers of 2: none straddles */
        uint32_t x = 0;
        for (size_t b = 0; b < bytes; b++)
            x |= (uint32_t)from[bit / 8 + b] << 8 * b;
        x = x >> bit % 8 & mask;
        m->at[m->n] = (uint16_t)i;
        m->count[m->n] = x;
        m->n += x != 0;
    }
}

void minutes_decode(const uint8_t *code, struct minutes *m)
{
    if (*code) {
        unpack(code + 1, *code, m);
        return;
    }
    uint32_t n, gap, next = 0;
    const uint8_t *p = varint_get(code + 1, &n);
    for (m->n = 0; m->n < n; m->n++) {
        p = varint_get(p, &gap);
        p = varint_get(p, &m->count[m->n]);
        m->at[m->n] = (uint16_t)(next + gap);
        next += gap + 1;
    }
}

/* A number that ends before `end`, in as few bytes as it can; NULL if not. */
static const uint8_t *varint_check(const uint8_t *p, const uint8_t *end, uint32_t *x)
{
    uint64_t v = 0;
    for (int shift = 0; p < end && shift < 35; shift += 7) {
        v |= (uint64_t)(*p & 0x7F) << shift;
        if (!(*p++ & 0x80)) {
            *x = (uint32_t)v;
            return v <= UINT32_MAX && (shift == 0 || v >> shift) ? p : NULL;
        }
    }
    return NULL;
}

bool minutes_check(const uint8_t *code, size_t n)
{
    if (n == 0)
        return false;
    unsigned w = *code;
    if (w)
        return w <= 32 && (w & (w - 1)) == 0 && n == packed_bytes(w);
    const uint8_t *p = code + 1, *end = code + n;
    uint32_t busy, gap, count, next = 0;
    p = varint_check(p, end, &busy);
    if (!p || busy == 0 || busy > MINUTES)
        return false;
    for (uint32_t i = 0; i < busy; i++) {
        p = varint_check(p, end, &gap);
        p = p ? varint_check(p, end, &count) : NULL;
        if (!p || count == 0 || gap >= MINUTES - next)
            return false;
        next += gap + 1;
    }
    return p == end;
}

void minutes_of(const uint32_t *dense, struct minutes *m)
{
    m->n = 0;
    for (size_t i = 0; i < MINUTES; i++) {
        m->at[m->n] = (uint16_t)i;
        m->count[m->n] = dense[i];
        m->n += dense[i] != 0;
    }
}
