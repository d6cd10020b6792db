/* request.h: what a call says: path, body and content type.
 *
 * Templates of a path or body know {id} {unit} {index} {function} {endpoint} {uuid}; other braces
 * stay as they are.
 */
#ifndef LOAD_REQUEST_H
#define LOAD_REQUEST_H

#include <gsl/gsl_rng.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "load/invocation.h"

enum request_kind { REQUEST_GREETER, REQUEST_EXECUTOR, REQUEST_TEMPLATE };

struct request_form {
    enum request_kind kind;
    const char *name;              /* Greeter's field 1: "Invoke relay" */
    uint32_t runtime_ms, memory_mib;   /* Executor's */
    const char *method, *path, *body, *content_type;   /* of a template; content_type may be NULL */
};

/* The original's Greeter. */
extern const struct request_form request_standard;

enum { UUID_TEXT = 37 };
void request_uuid(gsl_rng *rng, char text[UUID_TEXT]);    /* version 4 */

/* Append the body: a message with its prefix, or the template filled in. workflow is the uuid of
 * the endpoint, wall the moment InvokedOn tells. */
void request_body(const struct request_form *f, const struct invocation *i, const char *endpoint,
                  const char *function, const char *workflow, int64_t wall, gsl_rng *rng,
                  struct buf *out);
void request_path(const struct request_form *f, const struct invocation *i, const char *endpoint,
                  const char *function, gsl_rng *rng, struct buf *out);

#endif
