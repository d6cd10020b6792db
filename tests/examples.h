/* examples.h: the public TraceLLM tabular examples, where a copy lies in ../shared; NULL otherwise.
 *
 * The file has a header line and one parenthesised line a call for each graph. It is turned into
 * CSV rows and read by the careful importer, so nothing here knows how graphs are built.
 */
#ifndef TESTS_EXAMPLES_H
#define TESTS_EXAMPLES_H

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trace/import.h"

#define EXAMPLES_PATH "../shared/data/callgraphs/alibaba-examples/tabular_dataset.txt.xz"

/* What follows `key` in `text`, up to one of `ends`, as a NUL-terminated copy in out. */
static inline bool example_field(const char *text, const char *key, const char *ends, char out[64])
{
    const char *p = strstr(text, key);
    if (!p)
        return false;
    p += strlen(key);
    size_t n = strcspn(p, ends);
    if (n >= 64)
        return false;
    memcpy(out, p, n);
    out[n] = '\0';
    return true;
}

static inline void example_row(FILE *csv, const char *line, long graph, const char *service)
{
    char id[64], start[64], finish[64], type[64], dst[64], src[64];
    if (!example_field(line, "edge_id is ", ",)", id) ||
        !example_field(line, "communication starts at ", " ", start) ||
        !example_field(line, "communication finishes at ", " ", finish) ||
        !example_field(line, "type is ", ",)", type) ||
        !example_field(line, "destination is ", ",)", dst) ||
        !example_field(line, "source is ", ",)", src))
        return;
    long s = strtol(start, NULL, 10), f = strtol(finish, NULL, 10);
    fprintf(csv, "%ld,T%05ld,%s,%s,%s,%s,%s,%ld\n", graph * 100000 + s, graph, service, id, type,
            src, dst, f - s);
}

/* All bytes of a compressed file, NUL-terminated; NULL if it cannot be read. */
static inline char *example_text(const char *path)
{
    struct archive *a = archive_read_new();
    struct archive_entry *entry;
    char *text = NULL;
    size_t n = 0, got = 1;
    archive_read_support_filter_all(a);
    archive_read_support_format_raw(a);
    if (archive_read_open_filename(a, path, 65536) == ARCHIVE_OK &&
        archive_read_next_header(a, &entry) == ARCHIVE_OK)
        while (got) {
            text = mem_resize(text, n + 65537, 1);
            la_ssize_t r = archive_read_data(a, text + n, 65536);
            got = r > 0 ? (size_t)r : 0;
            n += got;
            text[n] = '\0';
        }
    archive_read_free(a);
    return text;
}

static inline struct graphset *examples_read(void)
{
    char *text = example_text(EXAMPLES_PATH), path[] = "/tmp/examplesXXXXXX";
    if (!text)
        return NULL;
    FILE *csv = fdopen(mkstemp(path), "w");
    REQUIRE(csv);
    fprintf(csv, "timestamp,traceid,service,rpc_id,rpctype,um,dm,rt\n");
    char service[64] = "", *save = NULL;
    long graph = -1;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        if (strncmp(line, "[GENERATE GRAPH]", 16) == 0)
            graph += example_field(line, "id:", "/", service);
        else if (*line == '(')
            example_row(csv, line, graph, service);
    }
    fclose(csv);
    free(text);
    struct graphset *s = graphset_new();
    struct import_report rep = { 0 };
    struct err err = { 0 };
    char *paths[] = { path };
    REQUIRE(import_alibaba_2022(paths, 1, NULL, s, &rep, &err));
    unlink(path);
    return s;
}

#endif
