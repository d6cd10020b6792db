/* graphs.h: call graphs named on a command line. */
#ifndef CLI_GRAPHS_H
#define CLI_GRAPHS_H

#include "base/err.h"
#include "trace/callgraph.h"

/* Read a file of call graphs with the careful importer into a new set. What was dropped is said on
 * stderr. NULL: nothing could be used. */
struct graphset *graphs_read(const char *path, size_t threads, struct err *err);

/* The same with ticks of 1 us, in which nothing of spans is rounded. */
struct graphset *graphs_read_us(const char *path, size_t threads, struct err *err);

#endif
