/* proto.c: see the header. */
#include "trace/proto_priv.h"

#include <string.h>

struct proto proto_of(struct str message)
{
    const uint8_t *p = (const uint8_t *)message.p;
    return (struct proto){ p, p + message.n, NULL };
}

int proto_varint(const uint8_t *p, const uint8_t *end, uint64_t *v)
{
    *v = 0;
    for (int i = 0; i < 10; i++) {
        if (p + i == end)
            return 0;
        if (i == 9 && p[i] > 1)
            return -1;
        *v |= (uint64_t)(p[i] & 127) << 7 * i;
        if (!(p[i] & 128))
            return i + 1;
    }
    return -1;
}

static bool fail(struct proto *m, const char *why)
{
    m->bad = why;
    return false;
}

static bool take_fixed(struct proto *m, size_t n, uint64_t *v)
{
    if ((size_t)(m->end - m->p) < n)
        return fail(m, "field breaks off");
    *v = 0;
    for (size_t i = 0; i < n; i++)
        *v |= (uint64_t)m->p[i] << 8 * i;
    m->p += n;
    return true;
}

static bool take_varint(struct proto *m, uint64_t *v)
{
    int n = proto_varint(m->p, m->end, v);
    if (n <= 0)
        return fail(m, n ? "bad varint" : "field breaks off");
    m->p += n;
    return true;
}

bool proto_next(struct proto *m, struct proto_field *f)
{
    uint64_t tag;
    if (m->bad || m->p == m->end || !take_varint(m, &tag))
        return false;
    *f = (struct proto_field){ .number = (uint32_t)(tag >> 3), .wire = (enum proto_wire)(tag & 7),
                               .bytes = { "", 0 } };
    if (tag >> 3 == 0 || tag >> 3 > 0x1FFFFFFF)
        return fail(m, "bad field number");
    switch (f->wire) {
    case PROTO_VARINT: return take_varint(m, &f->value);
    case PROTO_64: return take_fixed(m, 8, &f->value);
    case PROTO_32: return take_fixed(m, 4, &f->value);
    case PROTO_BYTES:
        if (!take_varint(m, &f->value))
            return false;
        if (f->value > (uint64_t)(m->end - m->p))
            return fail(m, "field breaks off");
        f->bytes = (struct str){ (const char *)m->p, (size_t)f->value };
        m->p += f->value;
        return true;
    default: return fail(m, "bad wire type");
    }
}
