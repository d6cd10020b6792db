/* span_code_priv.h: a span in few bytes, for the store. Within trace/ only.
 *
 * Services and operations repeat: they are numbers into a table, as long as that stays small;
 * after that they stand in the code itself, so that memory is bounded whatever they are.
 */
#ifndef TRACE_SPAN_CODE_PRIV_H
#define TRACE_SPAN_CODE_PRIV_H

#include "base/names.h"
#include "trace/rowstore_priv.h"
#include "trace/spans.h"

enum { SPAN_ID_MAX = 128, SPAN_NAME_INLINE = 1000, SPAN_RPCID_MAX = 600 };

struct span_words {
    struct names *names;
    size_t bytes;
};

/* To code[0..CODE_LONG), all but trace and line; 0: a name is too long for a table that is full. */
size_t span_code_put(struct span_words *w, const struct span *s, uint8_t *code);

/* Back again; strings lie in the code or in the table. */
void span_code_get(const struct span_words *w, const uint8_t *code, struct span *s);

#endif
