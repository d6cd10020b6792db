/* import_text.h: call graphs out of TraceLLM's text files, and out of compact lines.
 *
 * Strict, as the careful importer of CSV is: a block that does not say one whole graph is dropped,
 * counted under a cause of trace/import.h and named with its line. Rows are lines of edges. Files
 * may be compressed or archives; CRLF and a BOM are tolerated.
 *
 *     tabular       a graph per "[GENERATE GRAPH]"
 *     recursive     the same; its layers in pre-order
 *     compact       a graph per line; rows are lines
 *     instruction   a layer per "### Question:"; consecutive ones make a graph, root layer first
 *
 * Graphs are timed, in ms. Arrival and trace id are not in these texts. The sources of the layered
 * formats are their start_node; where the root's was left out it is USER.
 */
#ifndef TEXT_IMPORT_TEXT_H
#define TEXT_IMPORT_TEXT_H

#include "trace/import.h"

bool text_import_tabular(char *const *paths, size_t n, const struct import_options *o,
                         callgraph_sink sink, void *ctx, struct import_report *rep,
                         struct err *err);
bool text_import_recursive(char *const *paths, size_t n, const struct import_options *o,
                           callgraph_sink sink, void *ctx, struct import_report *rep,
                           struct err *err);
bool text_import_instruction(char *const *paths, size_t n, const struct import_options *o,
                             callgraph_sink sink, void *ctx, struct import_report *rep,
                             struct err *err);
bool text_import_compact(char *const *paths, size_t n, const struct import_options *o,
                         callgraph_sink sink, void *ctx, struct import_report *rep,
                         struct err *err);

#endif
