/* The importers of text files: a graph whose layers do not fit is dropped and named,
the others stay. */
#define _GNU_SOURCE   /* memfd_create */
#include "tests/near.h"

#include <stdlib.h>
#include <string.h>

#include "tests/fixtures.h"
#include "tests/memfile.h"
#include "text/format.h"
#include "text/import_text.h"

typedef bool (*importer)(char *const *, size_t, const struct import_options *, callgraph_sink,
                         void *, struct import_report *, struct err *);

struct outcome {
    bool good;
    size_t graphs;
    struct import_report rep;
    struct err err;
};

static struct outcome import_bytes(importer import, const char *text, size_t n, bool dedup)
{
    struct memfile m = memfile_open((const uint8_t *)text, n);
    char *paths[] = { m.path };
    struct graphset *s = graphset_new();
    struct outcome o = { 0 };
    struct import_options options = { .dedup = dedup };
    o.good = import(paths, 1, &options, import_collect, s, &o.rep, &o.err);
    o.graphs = s->n;
    uint64_t graphs = o.rep.graphs_used, rows = o.rep.rows_used;
    for (int c = 0; c < IMPORT_CAUSES; c++) {
        graphs += o.rep.cause[c].graphs;
        rows += o.rep.cause[c].rows;
    }
    assert_int_equal(graphs, o.rep.graphs_read);
    assert_int_equal(rows, o.rep.rows_read);
    graphset_free(s);
    memfile_close(&m);
    return o;
}

/* Three times the same graph of three layers; the middle one is spoilt. */
static void spoil(const struct text_format *format, const char *from, const char *to,
struct buf *out)
{
    struct graphset *s = graphset_new();
    fixture_chain_and_leaf(s);
    struct buf one = { 0 };
    format->encode(&s->graphs[0], s->names, 1000, NULL, NULL, &one);
    const char *p = strstr(one.p, from);
    if (!p)
        fail_msg("\"%s\" is not there", from);
    buf_clear(out);
    buf_str(out, one.p);
    buf_add(out, one.p, (size_t)(p - one.p));
    buf_str(out, to);
    buf_str(out, p + strlen(from));
    buf_str(out, one.p);
    buf_free(&one);
    graphset_free(s);
}

static const struct {
    const struct text_format *format;
    importer import;
    const char *from, *to;
    enum import_cause cause;
    const char *why;
} way[] = {
    { &text_recursive, text_import_recursive, "</edges>", "", CAUSE_SYNTAX, "no end" },
    { &text_recursive, text_import_recursive, "edge_id 0>", "edge_id x>", CAUSE_SYNTAX,
      "not readable" },
    { &text_recursive, text_import_recursive, "latency:10/num_subgraphs:1/remaining_depth:1",
      "latency:9/num_subgraphs:1/remaining_depth:1", CAUSE_SYNTAX,
      "not the layer that was announced" },
    { &text_recursive, text_import_recursive, "type is rpc", "type is soap", CAUSE_TYPE, "type" },
    { &text_recursive, text_import_recursive, "finishes at 7", "finishes at 11", CAUSE_FINISH,
      "finishes after" },
    { &text_recursive, text_import_recursive, "finishes at 7", "finishes at 0", CAUSE_RT,
      "before" },
    { &text_recursive, text_import_recursive, "num_edges:4", "num_edges:5", CAUSE_INVALID,
      "num_edges" },
    { &text_recursive, text_import_recursive, "remaining_depth:2", "remaining_depth:3",
      CAUSE_INVALID,
      "depth" },
    { &text_recursive, text_import_recursive, "latency:10", "latency:11", CAUSE_INVALID,
      "latency" },
    { &text_recursive, text_import_recursive, "destination is MS_00004", "destination is ",
      CAUSE_DM,
      "name" },
    { &text_recursive, text_import_recursive, "id:S_000000001/num_edges:4", "num_edges:4",
      CAUSE_SERVICE,
      "no id" },
    { &text_instruction, text_import_instruction, "Requirements:", "", CAUSE_SYNTAX,
      "not readable" },
    { &text_instruction, text_import_instruction, "num_edges:3/start_node:MS_00001/caller:USER/"
      "start_edge_id:1/start_communication_at:1/latency:10/num_subgraphs:1", "num_edges:3",
      CAUSE_SYNTAX,
      "announced" },
    { &text_instruction, text_import_instruction, "latency:10", "latency:12", CAUSE_INVALID,
      "latency" },
};

static void a_spoilt_graph_is_dropped_between_two_good_ones(void **state)
{
    (void)state;
    struct buf b = { 0 };
    for (size_t i = 0; i < sizeof way / sizeof *way; i++) {
        spoil(way[i].format, way[i].from, way[i].to, &b);
        struct outcome o = import_bytes(way[i].import, b.p, b.n, false);
        const struct import_tally *t = &o.rep.cause[way[i].cause];
        if (!o.good || o.graphs != 2 || t->graphs < 1 || !strstr(t->example, way[i].why)) {
            import_report_words(&o.rep, stderr);
            fail_msg("way %zu: %zu graphs", i, o.graphs);
        }
    }
    buf_free(&b);
}

static void what_ends_early_is_dropped(void **state)
{
    (void)state;
    struct buf b = { 0 };
    spoil(&text_recursive, "[GENERATE", "[GENERATE", &b);
    size_t third = b.n / 3;
    struct outcome o = import_bytes(text_import_recursive, b.p, third * 2 + third / 2, false);
    assert_true(o.good);
    assert_int_equal(o.graphs, 2);
    assert_int_equal(o.rep.cause[CAUSE_SYNTAX].graphs, 1);
    spoil(&text_instruction, "### Question:", "### Question:", &b);
    third = b.n / 3;
    const char *second_pair = strstr(b.p + 10, "### Question:");
    o = import_bytes(text_import_instruction, b.p, (size_t)(second_pair - b.p), false);
    assert_false(o.good);                             /* the root layer alone */
    assert_int_equal(o.rep.cause[CAUSE_SYNTAX].graphs, 1);
    o = import_bytes(text_import_instruction, second_pair, b.n - (size_t)(second_pair - b.p),
    false);
    assert_int_equal(o.graphs, 2);                    /* its first layer is missing: of no graph */
    buf_free(&b);
}

static void repeats_line_ends_and_marks_are_understood(void **state)
{
    (void)state;
    struct buf b = { 0 }, crlf = { 0 };
    for (size_t f = 0; f < 3; f++) {
        const struct text_format *const format[] = { &text_tabular, &text_recursive,
        &text_instruction };
        const importer import[] = { text_import_tabular, text_import_recursive,
        text_import_instruction };
        spoil(format[f], "e", "e", &b);
        struct outcome o = import_bytes(import[f], b.p, b.n, true);
        assert_int_equal(o.graphs, 1);
        assert_int_equal(o.rep.cause[CAUSE_SEEN].graphs, 2);
        buf_clear(&crlf);
        buf_str(&crlf, "\xEF\xBB\xBF");
        for (size_t i = 0; i < b.n; i++) {
            if (b.p[i] == '\n')
                buf_char(&crlf, '\r');
            buf_char(&crlf, b.p[i]);
        }
        o = import_bytes(import[f], crlf.p, crlf.n, false);
        assert_int_equal(o.graphs, 3);
        buf_clear(&crlf);
        buf_str(&crlf, "a stray line\n");
        buf_add(&crlf, b.p, b.n);
        o = import_bytes(import[f], crlf.p, crlf.n, false);
        assert_int_equal(o.graphs, 3);
        assert_int_equal(o.rep.cause[CAUSE_SYNTAX].rows, 1);
        assert_non_null(strstr(o.rep.cause[CAUSE_SYNTAX].example, ":1: a stray line"));
    }
    buf_free(&b);
    buf_free(&crlf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_spoilt_graph_is_dropped_between_two_good_ones),
        cmocka_unit_test(what_ends_early_is_dropped),
        cmocka_unit_test(repeats_line_ends_and_marks_are_understood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
