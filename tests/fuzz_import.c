/* fuzz_import.c: both readers of CallGraph CSV take any bytes. What the careful one makes is valid,
 * accounted for to the last row, the same on two threads, and read again from what is exported. */
#define _GNU_SOURCE   /* memfd_create */
#include <stdlib.h>
#include <string.h>

#include "tests/memfile.h"
#include "trace/compat.h"
#include "trace/export.h"
#include "trace/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void accounted(const struct import_report *r)
{
    uint64_t rows = r->rows_used, graphs = r->graphs_used;
    for (int c = 0; c < IMPORT_CAUSES; c++) {
        rows += r->cause[c].rows;
        graphs += r->cause[c].graphs;
    }
    REQUIRE(rows == r->rows_read && graphs == r->graphs_read);
}

static void same(const struct graphset *a, const struct graphset *b)
{
    REQUIRE(a->n == b->n);
    for (size_t i = 0; i < a->n; i++)
        REQUIRE(callgraph_same(&a->graphs[i], a->names, &b->graphs[i], b->names));
}

static void exported_again(const struct graphset *s)
{
    char *text;
    size_t n;
    FILE *f = open_memstream(&text, &n);
    REQUIRE(export_alibaba_2022(s, f));
    fclose(f);
    struct memfile m = memfile_open(text, n);
    char *path[] = { m.path };
    struct graphset *t = graphset_new();
    struct import_report r;
    struct err err;
    REQUIRE(import_alibaba_2022(path, 1, &(struct import_options){ .threads = 1 }, t, &r, &err));
    same(s, t);
    graphset_free(t);
    memfile_close(&m);
    free(text);
}

static bool swallow(void *ctx, const struct compat_graph *g, struct err *err)
{
    (void)err;
    struct buf *b = ctx;
    buf_clear(b);
    compat_line(g, false, b);
    compat_csv(g, b);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct memfile m = memfile_open(data, size);
    char *path[] = { m.path, m.path };
    struct graphset *s = graphset_new(), *t = graphset_new();
    struct import_report r;
    struct err err;
    bool good = import_alibaba_2022(
        path, 1, &(struct import_options){ .threads = 1, .memory_bytes = 1 }, s, &r, &err);
    accounted(&r);
    REQUIRE(good == (s->n > 0) && (good || err.status == EXIT_DATA));
    for (size_t i = 0; i < s->n; i++)
        REQUIRE(callgraph_check(&s->graphs[i], NULL) == GRAPH_GOOD);
    if (good) {
        import_alibaba_2022(path, 1, &(struct import_options){ .threads = 2 }, t, &r, &err);
        same(s, t);
        exported_again(s);
    }
    graphset_free(s);
    graphset_free(t);
    struct buf b = { 0 };
    compat_tracellm(path, 2, size & 1, swallow, &b, &r, &err);
    accounted(&r);
    buf_free(&b);
    memfile_close(&m);
    return 0;
}
