/* proto_priv.h: protobuf's wire format, read field by field from memory. Within trace/ only.
 *
 * Varints, 64-bit, length-delimited and 32-bit fields; groups, which nothing here uses, are
 * refused, so that no message nests but by our own asking.
 *
 * Source: protobuf, encoding.md.
 */
#ifndef TRACE_PROTO_PRIV_H
#define TRACE_PROTO_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum proto_wire { PROTO_VARINT = 0, PROTO_64 = 1, PROTO_BYTES = 2, PROTO_32 = 5 };

struct proto {
    const uint8_t *p, *end;
    const char *bad;           /* what is wrong, or NULL; then no further field comes */
};

struct proto_field {
    uint32_t number;
    enum proto_wire wire;
    uint64_t value;            /* of a number */
    struct str bytes;          /* of what has a length; within the message */
};

struct proto proto_of(struct str message);
bool proto_next(struct proto *m, struct proto_field *f);   /* false: the end, or bad */

/* A varint at p, before end: its bytes; 0 if more are needed, -1 if it is none. */
int proto_varint(const uint8_t *p, const uint8_t *end, uint64_t *v);

#endif
