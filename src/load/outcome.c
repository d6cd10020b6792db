/* outcome.c: names and the two tables of the gRPC specification. */
#include "load/outcome.h"

#include "base/err.h"

static const char *const statuses[GRPC_STATUSES] = {
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND",
    "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED",
    "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
};

static const char *const endings[ENDINGS] = {
    "none", "answer", "deadline", "reset", "goaway", "lost", "refused", "malformed", "stopped",
};

const char *grpc_status_name(enum grpc_status s)
{
    REQUIRE(s < GRPC_STATUSES);
    return statuses[s];
}

const char *ending_name(enum ending e)
{
    REQUIRE(e < ENDINGS);
    return endings[e];
}

enum grpc_status grpc_status_of_http(int http)
{
    switch (http) {
    case 200: return GRPC_OK;
    case 400: return GRPC_INTERNAL;
    case 401: return GRPC_UNAUTHENTICATED;
    case 403: return GRPC_PERMISSION_DENIED;
    case 404: return GRPC_UNIMPLEMENTED;
    case 429: case 502: case 503: case 504: return GRPC_UNAVAILABLE;
    default: return GRPC_UNKNOWN;
    }
}

enum grpc_status grpc_status_of_reset(uint32_t http2_error)
{
    switch (http2_error) {
    case 7: return GRPC_UNAVAILABLE;            /* REFUSED_STREAM */
    case 8: return GRPC_CANCELLED;              /* CANCEL */
    case 11: return GRPC_RESOURCE_EXHAUSTED;    /* ENHANCE_YOUR_CALM */
    case 12: return GRPC_PERMISSION_DENIED;     /* INADEQUATE_SECURITY */
    default: return GRPC_INTERNAL;
    }
}
