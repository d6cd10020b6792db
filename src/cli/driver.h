/* driver.h: what every experiment has in common, so that its main is the method alone.
 *
 *     build/experiments/NAME --out DIR [--data DIR] [--scale small|full] [--seed S] [--threads N]
 *                            [--checkpoint DIR] [--shipped DIR] [--compat tracellm] [--only PART]
 *
 * A driver reads what earlier drivers left in DIR, writes CSVs there and draws nothing. When it
 * ends well it leaves DIR/NAME.cost.csv: wall seconds, CPU seconds and peak memory, which the
 * claims step holds against the driver's share (experiments/drivers.tsv).
 */
#ifndef CLI_DRIVER_H
#define CLI_DRIVER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/file.h"
#include "trace/callgraph.h"

struct driver {
    const char *name;
    const char *out;          /* folder of this run's files */
    const char *data;         /* folder of real traces, or NULL: the reference workload */
    const char *checkpoint;   /* a checkpoint to use instead of training, or NULL */
    const char *shipped;      /* folder of the checkpoints that come with the project, or NULL */
    const char *only;         /* the one part to do, or NULL: all */
    bool compat;              /* do as TraceLLM does where the driver says so */
    bool full;                /* SCALE=full */
    uint64_t seed;
    size_t threads;
    double started_s;
};

/* Parse the command line, mend BLAS, make DIR. Exits with EXIT_USAGE when it makes no sense. */
struct driver driver_start(int argc, char **argv, const char *name);

/* Is this part to be done? */
bool driver_does(const struct driver *d, const char *part);

/* DIR/name, freshly allocated. */
char *driver_path(const struct driver *d, const char *name);

/* A CSV in DIR, header row written; finish it with driver_close. Dies with the message when the
 * file cannot be written: an experiment has nothing left to do then. */
struct outfile driver_csv(const struct driver *d, const char *name, const char *header);
void driver_close(struct outfile *o);

/* The graphs of DIR/name, read by the careful importer; dies when there are none. */
struct graphset *driver_graphs(const struct driver *d, const char *name);
void driver_write_graphs(const struct driver *d, const char *name, const struct graphset *s);

/* Print the message and exit unless ok. */
void driver_need(const struct driver *d, bool ok, const struct err *err);

int driver_end(const struct driver *d);   /* writes the cost file; returns EXIT_GOOD */

#endif
