/* emit_priv.h: the door through which graphs leave an importer, one by one, in order. Within trace/
 * only. Gives names their final ids by order of leaving, drops repeats, counts, calls the sink. */
#ifndef TRACE_EMIT_PRIV_H
#define TRACE_EMIT_PRIV_H

#include "trace/import.h"
#include "trace/lexicon_priv.h"

struct emit;

/* names: where the graphs' names go; NULL: a table of the emitter's own. lex may be NULL when
 * graphs come with final ids. */
struct emit *emit_new(struct names *names, struct lexicon_shared *lex, bool dedup,
                      callgraph_sink sink, void *ctx, struct import_report *rep);
void emit_free(struct emit *e);
struct names *emit_names(struct emit *e);

/* Without lexicon, before the names of a graph are asked for: empties a table that has grown large,
 * if it is the emitter's own. */
void emit_renew(struct emit *e);

/* g has lexicon ids, which are replaced (unless lex is NULL); trace_id is text. file:line is where
 * g begins, rows how many rows it stands for. False when the sink said no. */
bool emit_graph(struct emit *e, struct callgraph *g, struct str trace_id, double weight,
                const char *file, uint64_t line, uint64_t rows, struct err *err);

#endif
