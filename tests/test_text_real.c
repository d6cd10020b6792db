/* The public examples in the three formats: all of them are read, both oracles accept their layers,
 * and the compact stream keeps them. Skipped where the data is not there. */
#include "tests/near.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/rng.h"
#include "text/compact.h"
#include "text/format.h"
#include "text/import_text.h"
#include "text/oracle.h"
#include "trace/input.h"

#define EXAMPLES "../shared/data/callgraphs/alibaba-examples/"
#define RAW "../shared/data/callgraphs/alibaba-raw/"
#define DGG "../shared/data/callgraphs/alibaba-dgg/"

static const struct {
    const char *path;
    enum text_task task;
    bool (*import)(char *const *, size_t, const struct import_options *, callgraph_sink, void *,
                   struct import_report *, struct err *);
    const struct text_format *format;
    size_t graphs, calls;
    size_t early;            /* layers or tables with a call before its caller: code 21 or 26 */
} file[] = {
    { EXAMPLES "tabular_dataset.txt.xz", TASK_TABULAR, text_import_tabular, &text_tabular, 1091,
      4769, 8 },
    { EXAMPLES "recursive_dataset.txt.xz", TASK_RECURSIVE, text_import_recursive, &text_recursive,
      495, 2111, 2 },
    { EXAMPLES "recursive_instruction_dataset.txt.xz", TASK_INSTRUCTION, text_import_instruction,
      &text_instruction, 92, 487, 0 },
};
enum { FILES = sizeof file / sizeof *file };

static struct graphset *read_file(size_t f)
{
    struct graphset *s = graphset_new();
    struct import_report rep;
    struct err err;
    char path[128];
    snprintf(path, sizeof path, "%s", file[f].path);
    char *paths[] = { path };
    assert_true(file[f].import(paths, 1, NULL, import_collect, s, &rep, &err));
    assert_int_equal(rep.rows_read, file[f].calls);
    assert_int_equal(rep.graphs_read, file[f].graphs);
    assert_int_equal(rep.graphs_used, file[f].graphs);
    assert_int_equal(s->n, file[f].graphs);
    return s;
}

static void every_graph_is_read(void **state)
{
    (void)state;
    for (size_t f = 0; f < FILES; f++) {
        struct graphset *s = read_file(f);
        size_t calls = 0;
        for (size_t i = 0; i < s->n; i++)
            calls += s->graphs[i].n;
        assert_int_equal(calls, file[f].calls);
        graphset_free(s);
    }
}

static void unpack(const char *path, struct buf *b)
{
    struct err err;
    char copy[128], chunk[4096];
    snprintf(copy, sizeof copy, "%s", path);
    char *paths[] = { copy };
    struct input *in = input_open(paths, 1, &err);
    assert_non_null(in);
    assert_true(input_next(in, &err));
    for (size_t got = 1; got;) {
        assert_true(input_read(in, chunk, sizeof chunk, &got, &err));
        buf_add(b, chunk, got);
    }
    input_close(in);
}

/* Where the layer, pair or graph that begins at p ends. */
static const char *end_of(enum text_task task, const char *p)
{
    if (task != TASK_RECURSIVE) {
        const char *next =
            strstr(p + 1, task == TASK_TABULAR ? "[GENERATE GRAPH]" : "### Question:");
        return next ? next : p + strlen(p);
    }
    const char *a = strstr(p, "</layer>\n"), *b = strstr(p, "</split>\n");
    return (!a || (b && b < a) ? b : a) + 9;
}

static void both_oracles_accept_what_is_right(void **state)
{
    (void)state;
    for (size_t f = 0; f < FILES; f++) {
        struct buf b = { 0 };
        unpack(file[f].path, &b);
        size_t n = 0, early = 0, refused = 0;
        for (const char *p = b.p, *end; *p; p = end, n++) {
            end = end_of(file[f].task, p);
            struct str text = { p, (size_t)(end - p) };
            struct verdict v = oracle_judge(&oracle_strict, file[f].task, STR(""), text);
            early += v.n == 1 && (v.codes[0] == CODE_EARLY || v.codes[0] == CODE_SUB_EARLY);
            if (!v.valid &&
                !(v.n == 1 && (v.codes[0] == CODE_EARLY || v.codes[0] == CODE_SUB_EARLY)))
                fail_msg("code %u: %.*s", v.codes[0], (int)text.n, p);
            refused += !oracle_judge(&oracle_original, file[f].task, STR(""), text).valid;
        }
        /* Calls before their caller are real; the paper's rules refuse them. The original refuses
         * the one split with a single part, which it writes itself. */
        assert_int_equal(early, file[f].early);
        assert_int_equal(refused, file[f].task == TASK_RECURSIVE);
        assert_true(n >= file[f].graphs);
        buf_free(&b);
    }
}

static void what_we_write_of_them_is_accepted_and_read_back(void **state)
{
    (void)state;
    gsl_rng *r = rng_stream(4, "test/real", 0);
    for (size_t f = 0; f < FILES; f++) {
        struct graphset *s = read_file(f);
        size_t refused = 0, words = 0, calls = 0;
        for (size_t i = 0; i < s->n; i++) {
            struct text_samples t = { 0 };
            file[f].format->samples(&s->graphs[i], s->names, 1000, NULL, r, &t);
            for (size_t k = 0; k < t.n; k++) {
                struct str prompt = { t.text.p + t.at[k].prompt, t.at[k].output - t.at[k].prompt };
                struct str output = { t.text.p + t.at[k].output, t.at[k].end - t.at[k].output };
                assert_true(oracle_judge(&oracle_original, file[f].task, prompt, output).valid);
                refused += !oracle_judge(&oracle_strict, file[f].task, prompt, output).valid;
            }
            text_samples_free(&t);
            struct buf b = { 0 };
            struct graphset *back = graphset_new();
            struct err err;
            unsigned m = (unsigned)i % 16;
            compact_encode(&s->graphs[i], s->names, 1000,
                           (struct compact_header_mask){ m & 1, m & 2, m & 4, m & 8 }, &b);
            assert_true(compact_parse(buf_view(&b), back, &err));
            assert_true(callgraph_same(&s->graphs[i], s->names, &back->graphs[0], back->names));
            buf_clear(&b);
            compact_encode(&s->graphs[i], s->names, 1000, (struct compact_header_mask){ 0 }, &b);
            for (size_t k = 0; k < b.n; k++)
                words += b.p[k] == ' ' || b.p[k] == '\n';
            calls += s->graphs[i].n;
            graphset_free(back);
            buf_free(&b);
        }
        assert_int_equal(refused, file[f].early);
        printf("%s: %.2f compact words a call, header included\n", file_base(file[f].path),
               (double)words / (double)calls);
        assert_true((double)words < 6.8 * (double)calls);
        graphset_free(s);
    }
    gsl_rng_free(r);
}

/* Raw rows with their interfaces, and graphs without times. */
static void the_compact_stream_keeps_every_source(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        bool (*import)(char *const *, size_t, const struct import_options *, struct graphset *,
                       struct import_report *, struct err *);
        bool timed;
    } source[] = {
        { RAW "2022-callgraph-sample.csv", import_alibaba_2022, true },
        { DGG "real_call_graphs_type2.jsonl.xz", import_dgg, false },
        { DGG "real_call_graphs_type3.jsonl.xz", import_dgg, false },
        { DGG "real_call_graphs_type4.jsonl.xz", import_dgg, false },
    };
    for (size_t f = 0; f < sizeof source / sizeof *source; f++) {
        struct graphset *s = graphset_new(), *back = graphset_new();
        struct import_report rep;
        struct err err;
        struct buf b = { 0 };
        char path[128];
        snprintf(path, sizeof path, "%s", source[f].path);
        char *paths[] = { path };
        assert_true(source[f].import(paths, 1, NULL, s, &rep, &err));
        for (size_t i = 0; i < s->n; i++) {
            unsigned m = (unsigned)i % 16;
            buf_clear(&b);
            compact_encode(&s->graphs[i], s->names, 1000,
                           (struct compact_header_mask){ m & 1, m & 2, m & 4, m & 8 }, &b);
            if (!compact_parse(buf_view(&b), back, &err))
                fail_msg("%s: %s", err.msg, b.p);
            assert_int_equal(s->graphs[i].timed, source[f].timed);
            assert_true(callgraph_same(&s->graphs[i], s->names, &back->graphs[i], back->names));
        }
        assert_true(s->n > 10);
        buf_free(&b);
        graphset_free(s);
        graphset_free(back);
    }
}

/* ---- the same words, whatever their order ---- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The line with its attributes or keys sorted: "(b,a)" and "(a,b)" become one. */
static void sorted_line(struct str line, struct buf *out)
{
    char *copy = mem_strndup(line.p, line.n), *piece[32], *body = copy;
    size_t n = 0;
    struct str mark = { line.p, 0 };
    for (char *p = copy; *p; p++)
        if (*p == '(' || *p == ']' || (*p == '>' && p[1] && strncmp(copy, "<subgraph", 9) == 0)) {
            body = p + 1;
            mark.n = (size_t)(body - copy);
            break;
        }
    char *tail = strstr(body, ")"), *end = strstr(body, "</subgraph>");
    if (tail)
        *tail = '\0';
    if (end)
        *end = '\0';
    for (char *p = strtok(body, ",/"); p && n < 32; p = strtok(NULL, ",/"))
        piece[n++] = p;
    qsort(piece, n, sizeof *piece, by_text);
    buf_printf(out, "%.*s;", (int)mark.n, mark.p);
    for (size_t i = 0; i < n; i++)
        buf_printf(out, "%s;", piece[i]);
    free(copy);
}

/* Every piece of sorted a is in sorted b. */
static bool is_part(const char *a, const char *b)
{
    struct str rest = str_of(a), piece;
    while (rest.n && str_next(&rest, ';', &piece)) {
        char word[256];
        snprintf(word, sizeof word, "%.*s", (int)piece.n, piece.p);
        if (!strstr(b, word))
            return false;
    }
    return true;
}

/* Our fixed text of each graph has the lines of the file: every attribute, every header value. Root
 * headers in the file leave keys out; layers of more than 15 calls are cut at random. */
static void our_words_are_those_of_the_files(void **state)
{
    (void)state;
    for (size_t f = 0; f < 2; f++) {
        struct graphset *s = read_file(f);
        struct buf bytes = { 0 }, ours = { 0 }, a = { 0 }, b = { 0 };
        unpack(file[f].path, &bytes);
        const char *p = bytes.p;
        size_t compared = 0;
        for (size_t i = 0; i < s->n; i++) {
            const char *end = end_of(TASK_TABULAR, p);
            struct str theirs = { p, (size_t)(end - p) }, rest, line, mine;
            p = end;
            buf_clear(&ours);
            file[f].format->encode(&s->graphs[i], s->names, 1000, NULL, NULL, &ours);
            if (strstr(ours.p, "<split>"))
                continue;
            rest = buf_view(&ours);
            while (layer_text_line(&theirs, &line)) {
                assert_true(layer_text_line(&rest, &mine));
                buf_clear(&a);
                buf_clear(&b);
                sorted_line(line, &a);
                sorted_line(mine, &b);
                bool root = str_starts(line, "[GENERATE");
                if (root ? !is_part(a.p, b.p) : strcmp(a.p, b.p) != 0)
                    fail_msg("theirs: %s\nours:   %s", a.p, b.p);
                compared++;
            }
            assert_int_equal(rest.n, 0);
        }
        assert_true(compared > 5000);
        buf_free(&bytes);
        buf_free(&ours);
        buf_free(&a);
        buf_free(&b);
        graphset_free(s);
    }
}

int main(void)
{
    if (!file_exists(file[0].path)) {
        printf("SKIP the public examples are not in %s\n", EXAMPLES);
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_graph_is_read),
        cmocka_unit_test(both_oracles_accept_what_is_right),
        cmocka_unit_test(the_compact_stream_keeps_every_source),
        cmocka_unit_test(our_words_are_those_of_the_files),
        cmocka_unit_test(what_we_write_of_them_is_accepted_and_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
