/* callees.h: the names that calls may go to in TraceLLM's texts, and by which types, as a
 * checkpoint keeps them in its metadata ("callees"): "MS_1:03 MS_2:1f", a name escaped as in the
 * texts and its types, bits 1 << enum call_type, in hex.
 */
#ifndef GEN_CALLEES_H
#define GEN_CALLEES_H

#include "llm/tokenizer.h"
#include "text/layer_grammar.h"
#include "trace/callgraph.h"

struct callees {
    struct layer_name *at;     /* (n), distinct; owned, as are their texts */
    size_t n;
    char *text;
};

/* Append the text. Left out are names that no text may have: unknown ones and such as are no
 * UTF-8. */
void callees_write(const struct graphset *graphs, struct buf *out);

/* False if it is no such text. */
bool callees_read(struct str text, struct callees *c);

/* Where nothing is said: every token that is a whole name may be called by every type. */
struct callees callees_open(const struct tokenizer *t);

void callees_free(struct callees *c);

#endif
