/* invoke_files.h: what invoke --report leaves in a folder. */
#ifndef CLI_INVOKE_FILES_H
#define CLI_INVOKE_FILES_H

#include "load/invoke.h"

/* latency.hgrm, latency_from_sent.hgrm, lateness.hgrm   percentile files of HdrHistogram, ms and us
 * latency.csv, lateness.csv, functions.csv, status.csv  what is drawn, and the tables
 * latency, lateness .pdf .svg .png, tables.xlsx */
bool invoke_files_write(const char *dir, const struct invoke_report *r, const struct client *c,
                        struct err *err);

#endif
