/* invocation.h: one call of a run: what was planned, and what became of it.
 *
 * Moments are ns of the run's clock (moment.h); 0 is "never". planned <= issued <= sent, and first
 * and done follow; what was never sent has no sent and no first.
 */
#ifndef LOAD_INVOCATION_H
#define LOAD_INVOCATION_H

#include <stdbool.h>
#include <stdint.h>

#define INVOCATION_NONE UINT32_MAX

struct invocation {
    uint64_t id;           /* its place in the plan, from 0; shards keep it */
    uint32_t unit, index;  /* minute or second of the plan, and its place there */
    uint32_t endpoint;     /* of client_endpoint */
    uint32_t function;     /* of the plan's table of functions */
    uint32_t graph, node;  /* a call of a call graph, else INVOCATION_NONE */
    int64_t expected;      /* ns its trace says it takes; -1: it says nothing */
    bool measured;         /* false: warm-up */

    int64_t planned;       /* when it was due */
    int64_t issued;        /* when the sender turned to it */
    int64_t sent;          /* after the system call that wrote its last byte */
    int64_t first, done;   /* first byte of the answer, and its end */
    uint64_t trace[2], span;   /* identities of its span; 0 without tracing */
    uint32_t connection;   /* numbered from 1; 0: it never had one */
    uint32_t reply_bytes;  /* of the answer's body */
    uint16_t http;         /* HTTP status, 0: none came */
    uint8_t status;        /* enum grpc_status */
    uint8_t ending;        /* enum ending */
};

#endif
