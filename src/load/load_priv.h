/* load_priv.h: the reader's inside: bytes, and the two languages. Within load/ only. */
#ifndef LOAD_LOAD_PRIV_H
#define LOAD_LOAD_PRIV_H

#include "load/load_json.h"
#include "trace/input.h"
#include "trace/json.h"

enum { LOAD_BLOCK = 1 << 16 };
#define LOAD_MAGIC "TWPLAN1\n"
#define LOAD_LAST UINT64_MAX

struct load_reader {
    struct input *in;
    char *path[1];
    unsigned char *block;
    size_t at, have;             /* the block's bytes not yet taken are [at, have) */
    bool broken;                 /* err is set: nothing more is read */
    struct err *err;             /* of the call in progress */
    struct json json;            /* of load.json */
    uint64_t unit, calls;
    bool binary, begun, ended;
    struct names *endpoints, *functions;
    uint64_t *at_us;
    uint32_t *endpoint, *function;
    size_t n_at, n_endpoint, at_cap, endpoint_cap, function_cap;
    uint32_t *target;            /* (targets, 2): ids of a binary target's endpoint and function */
    size_t targets, target_cap;
};

int load_peek(struct load_reader *r);            /* the next byte, -1 at the end or when broken */

/* Set the error "path:line: what", return false. */
bool load_refuse(struct load_reader *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* One unit into the arrays. False at the end (r->ended) and on errors. */
bool load_json_next(struct load_reader *r);
bool load_binary_begin(struct load_reader *r);
bool load_binary_next(struct load_reader *r);

#endif
