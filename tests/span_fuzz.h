/* span_fuzz.h: what must hold for every importer whatever the bytes: all is accounted for, every
 * graph is valid, and CSV says it again exactly. */
#ifndef TESTS_SPAN_FUZZ_H
#define TESTS_SPAN_FUZZ_H

#include <stdlib.h>
#include <string.h>

#include "tests/memfile.h"
#include "trace/export.h"
#include "trace/import.h"

static inline void fuzz_accounted(const struct import_report *r)
{
    uint64_t rows = r->rows_used, graphs = r->graphs_used;
    for (int c = 0; c < IMPORT_CAUSES; c++) {
        rows += r->cause[c].rows;
        graphs += r->cause[c].graphs;
    }
    REQUIRE(rows == r->rows_read && graphs == r->graphs_read);
}

static inline void fuzz_again(const struct graphset *s)
{
    char *text;
    size_t n;
    FILE *f = open_memstream(&text, &n);
    struct export_2022 x = export_2022_begin(f, s->tick_us, true);
    for (size_t i = 0; i < s->n; i++)
        export_2022_graph(&x, &s->graphs[i], s->names);
    REQUIRE(export_2022_end(&x));
    fclose(f);
    struct memfile m = memfile_open(text, n);
    char *path[] = { m.path };
    struct graphset *t = graphset_new();
    struct import_report r;
    struct err err;
    struct import_options o = { .threads = 1, .tick_us = s->tick_us };
    REQUIRE(import_alibaba_2022(path, 1, &o, t, &r, &err));
    REQUIRE(s->n == t->n);
    for (size_t i = 0; i < s->n; i++)
        REQUIRE(callgraph_same(&s->graphs[i], s->names, &t->graphs[i], t->names));
    graphset_free(t);
    memfile_close(&m);
    free(text);
}

static inline void fuzz_import(import_function *stream, struct import_options o, uint32_t tick_us,
                               const uint8_t *data, size_t size)
{
    struct memfile m = memfile_open(data, size);
    char *path[] = { m.path };
    struct graphset *s = graphset_new();
    struct import_report r;
    struct err err = { 0 };
    s->tick_us = tick_us;
    o.threads = o.memory_bytes = 1;
    bool good = stream(path, 1, &o, import_collect, s, &r, &err);
    fuzz_accounted(&r);
    REQUIRE(good == (s->n > 0) && (good || err.status == EXIT_DATA));
    for (size_t i = 0; i < s->n; i++)
        REQUIRE(callgraph_check(&s->graphs[i], NULL) == GRAPH_GOOD);
    if (good)
        fuzz_again(s);
    graphset_free(s);
    memfile_close(&m);
}

#endif
