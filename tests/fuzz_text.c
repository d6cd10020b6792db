/* fuzz_text.c: every reader of words takes any bytes. The first byte says which; what comes out is
 * a valid graph, encodes and decodes to itself, and all is accounted for. */
#define _GNU_SOURCE   /* memfd_create */
#include <stdlib.h>
#include <string.h>

#include "tests/memfile.h"
#include "text/compact.h"
#include "text/compact_grammar.h"
#include "text/import_text.h"
#include "text/oracle_graph.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_graphs(const struct graphset *s)
{
    for (size_t i = 0; i < s->n; i++) {
        REQUIRE(callgraph_check(&s->graphs[i], NULL) == GRAPH_GOOD);
        struct buf b = { 0 };
        struct graphset *t = graphset_new();
        unsigned m = (unsigned)(s->graphs[i].n + i);
        compact_encode(&s->graphs[i], s->names, s->tick_us,
                       (struct compact_header_mask){ m & 1, m & 2, m & 4, m & 8 }, &b);
        REQUIRE(compact_parse(buf_view(&b), t, NULL));
        REQUIRE(t->n == 1 && callgraph_same(&s->graphs[i], s->names, &t->graphs[0], t->names));
        graphset_free(t);
        buf_free(&b);
    }
}

static void take_file(unsigned which, struct str bytes)
{
    bool (*const import[])(char *const *, size_t, const struct import_options *, callgraph_sink,
                           void *, struct import_report *, struct err *) = {
        text_import_tabular,
        text_import_recursive,
        text_import_instruction,
        text_import_compact,
    };
    struct memfile m = memfile_open((const uint8_t *)bytes.p, bytes.n);
    char *path[] = { m.path };
    struct graphset *s = graphset_new();
    struct import_report r;
    struct err err;
    bool good = import[which](path, 1, &(struct import_options){ .dedup = bytes.n % 2 },
                              import_collect, s, &r, &err);
    REQUIRE(good == (s->n > 0) && (good || err.status == EXIT_DATA));
    uint64_t graphs = r.graphs_used, rows = r.rows_used;
    for (int c = 0; c < IMPORT_CAUSES; c++) {
        graphs += r.cause[c].graphs;
        rows += r.cause[c].rows;
    }
    REQUIRE(graphs == r.graphs_read && rows == r.rows_read);
    check_graphs(s);
    graphset_free(s);
    memfile_close(&m);
}

static void take_line(struct str bytes)
{
    struct graphset *s = graphset_new();
    struct err err = { 0 };
    bool good = compact_parse(bytes, s, &err);
    REQUIRE(good == (s->n == 1) && (good || err.status == EXIT_DATA));
    check_graphs(s);
    graphset_free(s);
}

/* Layers apart by 0x01; each answers the next sub-header that is still open. */
static void take_graph(enum text_task task, struct str bytes)
{
    struct graph_layer layers[16];
    size_t n = 0, from = 0;
    struct arena *arena = arena_new();
    struct layer_text parsed[16];
    size_t open_layer = 0, open_sub = 0;
    for (size_t i = 0; i <= bytes.n && n < 16; i++) {
        if (i < bytes.n && bytes.p[i] != 1)
            continue;
        struct str text = { bytes.p + from, i - from };
        from = i + 1;
        while (n && open_layer < n && open_sub >= parsed[open_layer].n_subs) {
            open_layer++;
            open_sub = 0;
        }
        if (n && open_layer >= n)
            break;
        layers[n] =
            (struct graph_layer){ STR(""), text, n ? open_layer : SIZE_MAX, n ? open_sub++ : 0 };
        layer_text_parse(task, text, arena, &parsed[n]);
        n++;
    }
    for (size_t k = 0; oracles[k]; k++) {
        struct graphset *s = graphset_new();
        struct graph_verdict v = oracle_graph(oracles[k], task, layers, n, s, NULL);
        REQUIRE((!v.correct || v.valid) && (!v.valid || v.finished));
        check_graphs(s);
        graphset_free(s);
    }
    arena_free(arena);
}

static void judge(enum text_task task, struct str bytes)
{
    size_t cut = bytes.n / 2;
    for (size_t k = 0; oracles[k]; k++) {
        struct verdict v = oracle_judge(oracles[k], task, (struct str){ bytes.p, cut },
                                        (struct str){ bytes.p + cut, bytes.n - cut });
        REQUIRE(v.valid == (v.n == 0) && v.n <= ORACLE_CODES);
    }
}

/* The bytes choose among the allowed words: the line is always a graph. */
static void walk(struct str bytes)
{
    struct compact_word words[256];
    const char *spelling[256];
    static const char *const more[] = { "A", "B", "@if", "~server", "!ok", "&", "=", "^", "<gate" };
    size_t n = 0;
    for (; compact_word_fixed(n); n++)
        words[n] = compact_word_classify(str_of(spelling[n] = compact_word_fixed(n)));
    for (size_t i = 0; i < sizeof more / sizeof *more; i++, n++)
        words[n] = compact_word_classify(str_of(spelling[n] = more[i]));
    words[n - 9].types = 0x3F;
    words[n - 8].types = 1 << 3;
    words[n - 8].service = true;
    struct compact_limits limits = compact_limits_standard;
    limits.marks = bytes.n % 2 ? 0xFFFFFFFFu : 0;
    limits.draw_open = bytes.n % 3;
    struct compact_grammar g;
    REQUIRE(compact_grammar_init(&g, words, n, &limits, NULL));
    struct compact_state s = compact_start(&g);
    struct buf line = { 0 };
    uint8_t mask[256];
    for (size_t i = 0; !s.finished && (i < bytes.n || !s.may_end) && i < 5000; i++) {
        size_t k = compact_allowed(&g, &s, mask), w = 0;
        REQUIRE(k > 0);
        for (size_t skip = (i < bytes.n ? (uint8_t)bytes.p[i] : 0) % k; !mask[w] || skip--;)
            w++;
        REQUIRE(compact_step(&g, &s, w));
        if (line.n)
            buf_char(&line, ' ');
        buf_str(&line, spelling[w]);
    }
    if (s.may_end)
        take_line(buf_view(&line));
    buf_free(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    struct str bytes = { (const char *)data + 1, size - 1 };
    unsigned which = data[0] - (unsigned)'0';
    if (which < 3)
        take_file(which, bytes);
    else if (which < 6)
        judge((enum text_task)(which - 3), bytes);
    else if (which < 9)
        take_graph((enum text_task)(which - 6), bytes);
    else if (which == 9) {
        take_line(bytes);
        take_file(3, bytes);
    } else
        walk(bytes);
    return 0;
}
