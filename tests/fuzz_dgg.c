/* fuzz_dgg.c: the reader of DGG graphs takes any bytes; all is accounted for, every graph is
 * valid. */
#define _GNU_SOURCE   /* memfd_create */
#include "tests/memfile.h"
#include "trace/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct memfile m = memfile_open(data, size);
    char *path[] = { m.path };
    struct graphset *s = graphset_new();
    struct import_report r;
    struct err err;
    bool good = import_dgg(path, 1, NULL, s, &r, &err);
    REQUIRE(good == (s->n > 0) && (good || err.status == EXIT_DATA));
    uint64_t graphs = r.graphs_used;
    for (int c = 0; c < IMPORT_CAUSES; c++)
        graphs += r.cause[c].graphs;
    REQUIRE(graphs == r.graphs_read);
    for (size_t i = 0; i < s->n; i++)
        REQUIRE(callgraph_check(&s->graphs[i], NULL) == GRAPH_GOOD);
    graphset_free(s);
    memfile_close(&m);
    return 0;
}
