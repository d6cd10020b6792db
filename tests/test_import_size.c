/* The careful importer on much: the same bytes for any number of threads and little memory, and
 * what is larger than it should be costs itself alone. */
#define _GNU_SOURCE   /* memfd_create */
#include "tests/near.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/importing.h"
#include "trace/export.h"

/* Some 20,000 traces, rows shuffled within windows, a third of them bad in some way. */
static struct buf many_rows(void)
{
    struct buf b = { 0 };
    uint64_t x = 1;
    buf_str(&b, HEADER);
    for (int i = 0; i < 150000; i++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        unsigned t = (unsigned)(i / 10 + (int)(x >> 40) % 40), k = (unsigned)(x >> 33) % 6;
        if (k == 0)
            buf_printf(&b, "%u,T_%u,S_%u,0,http,USER,U,i%u,MS_0,U,%u.0\n", t, t, t % 50, k, 90u);
        else
            buf_printf(&b, "%u,%sT_%u%s,S_%u,0.%u,rpc,MS_0,U,i%u,MS_%u,U,%d\n", t,
                       x >> 63 ? "\"" : "", t, x >> 63 ? "\"" : "", t % 50, k, k, k * 7,
                       (int)(x >> 45) % 9 - 2);
    }
    return b;
}

static char *exported(const struct got *g, size_t *n)
{
    char *text;
    FILE *f = open_memstream(&text, n);
    export_alibaba_2022(g->s, f);
    import_report_write(&g->r, f);
    fclose(f);
    return text;
}

static void threads_and_spilling_change_nothing(void **state)
{
    (void)state;
    struct buf b = many_rows();
    struct memfile m = memfile_open(b.p, b.n);
    static const struct import_options way[] = {
        { .threads = 1 }, { .threads = 2 }, { .threads = 4 }, { .threads = 1, .memory_bytes = 1 },
        { .threads = 4, .memory_bytes = 100000 },
    };
    char *first = NULL;
    size_t first_n = 0;
    for (size_t i = 0; i < sizeof way / sizeof *way; i++) {
        struct got g = read_files(&m, 1, &way[i]);
        check_account(&g.r);
        assert_true(g.s->n > 1000 && g.r.cause[CAUSE_RT].rows > 1000 &&
                    g.r.cause[CAUSE_SECOND].rows > 1000);
        size_t n;
        char *text = exported(&g, &n);
        if (first) {
            assert_int_equal(n, first_n);
            assert_memory_equal(text, first, n);
            free(text);
        } else {
            first = text;
            first_n = n;
        }
        drop(&g);
    }
    free(first);
    memfile_close(&m);
    buf_free(&b);
}

/* A good row, a line of 1 GB of NULs (a hole: no disk), a good row; once with a quote in front. */
static void a_line_of_a_gigabyte_is_one_bad_row(void **state)
{
    (void)state;
    struct memfile m = memfile_open(GOOD, strlen(GOOD));
    assert_int_equal(ftruncate(m.fd, 1000000000), 0);
    static const char tail[] = "\n7,T_7,S_7,0,rpc,USER,U,i,Z,U,1\n";
    assert_int_equal(pwrite(m.fd, tail, sizeof tail - 1, 1000000000), sizeof tail - 1);
    struct got g = read_files(&m, 1, NULL);
    check_account(&g.r);
    assert_int_equal(g.s->n, 3);
    assert_int_equal(g.r.cause[CAUSE_LONG].rows, 1);
    assert_non_null(strstr(g.r.cause[CAUSE_LONG].example, ":7: \\x00"));
    drop(&g);
    memfile_close(&m);
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    if (!getenv("SANITIZED"))
        assert_true(u.ru_maxrss < 400000);
}

/* A quote that never closes costs its own line, however much follows. */
static void an_open_quote_costs_one_line(void **state)
{
    (void)state;
    struct buf b = { 0 };
    buf_str(&b, HEADER "1,T_3,S_3,0,http,\"USER,U,i,A,U,1\n");
    for (int i = 0; i < 60000; i++)
        buf_printf(&b, "%d,T_%d,S_1,0,http,USER,U,i,MS_%d,U,1\n", i, i + 10, i % 7);
    struct got g = read_bytes(b.p, b.n, NULL);
    check_account(&g.r);
    assert_int_equal(g.r.cause[CAUSE_QUOTE].rows, 1);
    assert_int_equal(g.s->n, 60000);
    drop(&g);
    buf_free(&b);
}

static void a_huge_trace_is_dropped_whole(void **state)
{
    (void)state;
    struct buf b = { 0 };
    buf_str(&b, GOOD);
    for (int i = 0; i < 70000; i++)
        buf_printf(&b, "1,T_9,S_9,0.%d,rpc,A,U,i,B,U,1\n", i);
    struct got g = read_bytes(b.p, b.n, NULL);
    assert_int_equal(g.r.cause[CAUSE_TOO_LARGE].rows, 70000);
    assert_int_equal(g.r.cause[CAUSE_TOO_LARGE].graphs, 1);
    check_good(&g);
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_and_spilling_change_nothing),
        cmocka_unit_test(a_line_of_a_gigabyte_is_one_bad_row),
        cmocka_unit_test(an_open_quote_costs_one_line),
        cmocka_unit_test(a_huge_trace_is_dropped_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
