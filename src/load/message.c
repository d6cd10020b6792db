/* message.c: see the header; the length of the prefix is filled in last. */
#include "load/message.h"

enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

static void put_varint(struct buf *b, uint64_t x)
{
    for (; x >= 128; x >>= 7)
        buf_char(b, (char)(x | 128));
    buf_char(b, (char)x);
}

static void put_bytes(struct buf *b, uint32_t field, struct str s)
{
    if (!s.n)
        return;
    put_varint(b, field << 3 | WIRE_BYTES);
    put_varint(b, s.n);
    buf_add(b, s.p, s.n);
}

void message_put(struct buf *b, const struct message *m)
{
    size_t start = b->n;
    buf_add(b, "\0\0\0\0", MESSAGE_PREFIX);
    put_bytes(b, 1, m->text);
    for (uint32_t k = 0; k < 2; k++)
        if (m->number[k]) {
            put_varint(b, (k + 2) << 3 | WIRE_VARINT);
            put_varint(b, m->number[k]);
        }
    put_bytes(b, 15, m->meta);
    size_t n = b->n - start - MESSAGE_PREFIX;
    for (size_t i = 0; i < 4; i++)
        b->p[start + 1 + i] = (char)(n >> (24 - 8 * i));
}

static bool get_varint(struct str *s, uint64_t *x)
{
    *x = 0;
    for (unsigned shift = 0; s->n && shift < 64; shift += 7) {
        uint8_t c = (uint8_t)*s->p++;
        s->n--;
        *x |= (uint64_t)(c & 127) << shift;
        if (c < 128)
            return true;
    }
    return false;
}

static bool cut(struct str *s, uint64_t n, struct str *piece)
{
    if (n > s->n)
        return false;
    *piece = (struct str){ s->p, (size_t)n };
    s->p += n;
    s->n -= (size_t)n;
    return true;
}

static bool get_field(struct str *s, struct message *m)
{
    uint64_t tag, x = 0;
    struct str piece = { 0 };
    if (!get_varint(s, &tag) || tag >> 3 == 0)
        return false;
    switch (tag & 7) {
    case WIRE_VARINT:
        if (!get_varint(s, &x))
            return false;
        if (tag >> 3 == 2 || tag >> 3 == 3)
            m->number[(tag >> 3) - 2] = (uint32_t)x;
        return true;
    case WIRE_64:
        return cut(s, 8, &piece);
    case WIRE_32:
        return cut(s, 4, &piece);
    case WIRE_BYTES:
        if (!get_varint(s, &x) || !cut(s, x, &piece))
            return false;
        if (tag >> 3 == 1)
            m->text = piece;
        else if (tag >> 3 == 15)
            m->meta = piece;
        return true;
    default:
        return false;
    }
}

bool message_get(struct str bytes, struct message *m)
{
    *m = (struct message){ 0 };
    if (bytes.n < MESSAGE_PREFIX || bytes.p[0] != 0)
        return false;
    size_t n = 0;
    for (size_t i = 0; i < 4; i++)
        n = n << 8 | (uint8_t)bytes.p[1 + i];
    struct str s = { bytes.p + MESSAGE_PREFIX, bytes.n - MESSAGE_PREFIX };
    if (n > s.n)
        return false;
    s.n = n;
    while (s.n)
        if (!get_field(&s, m))
            return false;
    return true;
}
