/* csv_scan_priv.h: where the commas and line ends of unquoted CSV are. Within trace/ only. */
#ifndef TRACE_CSV_SCAN_PRIV_H
#define TRACE_CSV_SCAN_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SCAN_SLACK = 64 };

struct csv_index {
    uint32_t *cut;         /* offsets of commas and LFs, ascending */
    uint32_t *line;        /* line i's own LF is cut[line[i]] */
    size_t n, lines;
    size_t cap;            /* of cut; line has as many */
};

/* Index p[0..n), n < 2^32; SCAN_SLACK bytes after it must be readable. */
void csv_scan(const char *p, size_t n, struct csv_index *x);
void csv_index_free(struct csv_index *x);

/* The same by one of "avx512", "avx2" and "plain"; false when this machine cannot. For tests. */
bool csv_scan_by(const char *name, const char *p, size_t n, struct csv_index *x);

#endif
