/* outcome.h: how a call ended: its gRPC status, and what brought it about.
 *
 * The status is what gRPC's own clients would report; the ending tells apart what gRPC folds into
 * UNAVAILABLE or DEADLINE_EXCEEDED. A server's own answer of such a status ends in "answer".
 *
 *     ending     status               what happened
 *     answer     the server's         a whole answer came; for plain HTTP OK is 2xx and 3xx
 *     deadline   DEADLINE_EXCEEDED    the client's time ran out; the stream was reset
 *     reset      by the error code    the server reset the stream (RST_STREAM)
 *     goaway     UNAVAILABLE          the server went away before it took the call
 *     lost       UNAVAILABLE          the connection broke with the call under way
 *     refused    UNAVAILABLE          no connection could be had; the call was never sent
 *     malformed  INTERNAL             the answer was no gRPC, or no HTTP
 *     stopped    CANCELLED            the run was interrupted
 */
#ifndef LOAD_OUTCOME_H
#define LOAD_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

enum grpc_status {
    GRPC_OK, GRPC_CANCELLED, GRPC_UNKNOWN, GRPC_INVALID_ARGUMENT, GRPC_DEADLINE_EXCEEDED,
    GRPC_NOT_FOUND, GRPC_ALREADY_EXISTS, GRPC_PERMISSION_DENIED, GRPC_RESOURCE_EXHAUSTED,
    GRPC_FAILED_PRECONDITION, GRPC_ABORTED, GRPC_OUT_OF_RANGE, GRPC_UNIMPLEMENTED, GRPC_INTERNAL,
    GRPC_UNAVAILABLE, GRPC_DATA_LOSS, GRPC_UNAUTHENTICATED, GRPC_STATUSES
};

enum ending {
    END_NONE, END_ANSWER, END_DEADLINE, END_RESET, END_GOAWAY, END_LOST, END_REFUSED,
    END_MALFORMED, END_STOPPED, ENDINGS
};

const char *grpc_status_name(enum grpc_status s);    /* "OK" ... "UNAUTHENTICATED" */
const char *ending_name(enum ending e);              /* "answer" ... */

/* The gRPC specification's tables (doc/http-grpc-status-mapping.md and PROTOCOL-HTTP2.md, "HTTP2
 * Transport Mapping"). */
enum grpc_status grpc_status_of_http(int http);
enum grpc_status grpc_status_of_reset(uint32_t http2_error);

#endif
