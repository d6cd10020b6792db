/* importing.h: two good graphs of Alibaba 2022, and reading such files in tests. A file that
 * includes it defines _GNU_SOURCE, for memfd_create. */
#ifndef TESTS_IMPORTING_H
#define TESTS_IMPORTING_H

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/import_account.h"
#include "tests/memfile.h"
#include "trace/import.h"

#define HEADER                                                                                     \
    "timestamp,traceid,service,rpc_id,rpctype,um,uminstanceid,interface,dm,dminstanceid,rt\n"

/* T_1, from 100 ms:  0 http USER->A [0, 50]  0.1 rpc A->B [5, 25]  0.1.1 mc B->C [6, 7]
 *                    0.2 db A->D [30, 34];   T_2, from 90 ms:  0 rpc USER->E [0, 0]   */
#define ROOT1 "100,T_1,S_1,0,http,USER,U,i,A,U,50.0\n"
#define GOOD HEADER ROOT1                              \
    "90,T_2,S_2,0,rpc,USER,U,UNKNOWN,E,U,0.9\n"        \
    "106,T_1,S_1,0.1.1,mc,B,U,i,C,U,1.0\n"             \
    "130,T_1,S_1,0.2,db,A,U,i,D,U,4\n"                 \
    "105,T_1,S_1,0.1,rpc,A,U,i,B,U,20.0\n"

struct got {
    bool good;
    struct graphset *s;
    struct import_report r;
    struct err err;
};

static inline struct got read_files(const struct memfile *m, size_t n,
                                    const struct import_options *o)
{
    struct got g = { .s = graphset_new() };
    char **path = mem_array(n, sizeof *path);
    for (size_t i = 0; i < n; i++)
        path[i] = mem_strdup(m[i].path);
    g.good = import_alibaba_2022(path, n, o, g.s, &g.r, &g.err);
    for (size_t i = 0; i < n; i++)
        free(path[i]);
    free(path);
    return g;
}

static inline struct got read_bytes(const void *p, size_t n, const struct import_options *o)
{
    struct memfile m = memfile_open(p, n);
    struct got g = read_files(&m, 1, o);
    memfile_close(&m);
    return g;
}

static inline struct got read_text(const char *text)
{
    return read_bytes(text, strlen(text), NULL);
}

static inline void drop(struct got *g)
{
    graphset_free(g->s);
}

static inline void check_call(const struct got *g, size_t i, size_t k, const char *src,
                              const char *dst, int64_t start, int64_t rt, enum call_type type)
{
    const struct call *c = &g->s->graphs[i].calls[k];
    assert_string_equal(names_get(g->s->names, c->src), src);
    assert_string_equal(names_get(g->s->names, c->dst), dst);
    assert_int_equal(c->start, start);
    assert_int_equal(c->rt, rt);
    assert_int_equal(c->type, type);
}

/* The two graphs of GOOD, and nothing else. */
static inline void check_good(struct got *g)
{
    check_account(&g->r);
    assert_true(g->good);
    assert_int_equal(g->s->n, 2);
    assert_int_equal(g->s->graphs[0].n, 4);
    assert_int_equal(g->s->graphs[0].arrival, 100);
    assert_string_equal(names_get(g->s->names, g->s->graphs[0].service), "S_1");
    assert_string_equal(names_get(g->s->names, g->s->graphs[0].trace_id), "T_1");
    check_call(g, 0, 0, "USER", "A", 0, 50, CALL_HTTP);
    check_call(g, 0, 1, "A", "B", 5, 20, CALL_RPC);
    check_call(g, 0, 2, "B", "C", 6, 1, CALL_MC);
    check_call(g, 0, 3, "A", "D", 30, 4, CALL_DB);
    check_call(g, 1, 0, "USER", "E", 0, 0, CALL_RPC);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(callgraph_check(&g->s->graphs[i], NULL), GRAPH_GOOD);
    drop(g);
}

#endif
