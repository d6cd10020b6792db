/* test_grid.c: tables from descriptions: pivot, best, words; the workbook's bytes; errors. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "report/workbook.h"
#include "tests/near.h"

static char dir[64];

static const char data[] =
    "name,metric,value,lo,hi\n"
    "base,kl,1.25,1.1,1.3\nllm,kl,0.404,0.3,0.5\ncopy,kl,0.1,0.05,0.2\n"
    "base,auc,0.9,0.8,0.95\nllm,auc,0.7,0.65,0.75\ncopy,auc,n/a,,\n";

static void put(const char *name, const char *text)
{
    char path[128];
    struct err err;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    assert_true(file_write(path, text, strlen(text), &err));
}

static bool read_grid(struct grid *g, const char *spec, struct err *err)
{
    char path[128];
    put("x.tab", spec);
    snprintf(path, sizeof path, "%s/x.tab", dir);
    return grid_read(g, path, dir, err);
}

#define HEAD "title = T\ncaption = C\ncsv = d.csv\n"
static const char wide[] = HEAD
    "rows = name\nrowheader = Generator\npivot = metric\nvalue = value\nlo = lo\nhi = hi\n"
    "order = llm, base\nlabels = llm: Model, copy: Copy\nunranked = copy\n"
    "column = kl | KL | 0.00 | low\ncolumn = auc | AUC | 0.00 | low\nchart = column: KL, AUC\n";

static void pivot_best_and_words(void **state)
{
    (void)state;
    struct grid g;
    struct err err = { 0 };
    if (!read_grid(&g, wide, &err))
        fail_msg("%s", err.msg);
    struct buf b = { 0 };
    grid_markdown(&g, &b);
    assert_string_equal(b.p,
                        "| Generator | KL | AUC |\n|---|---:|---:|\n"
                        "| Model | **0.40 [0.30, 0.50]** | **0.70 [0.65, 0.75]** |\n"
                        "| base | 1.25 [1.10, 1.30] | 0.90 [0.80, 0.95] |\n"
                        "| Copy | 0.10 [0.05, 0.20] | n/a |\n");
    buf_free(&b);
    grid_free(&g);
}

static void rows_as_they_stand(void **state)
{
    (void)state;
    struct grid g;
    struct err err = { 0 };
    assert_true(read_grid(
        &g,
        HEAD "where = metric=kl\ncolumn = name\ncolumn = value | KL <nats> | g2 | high | lo hi\n",
        &err));
    struct buf b = { 0 };
    grid_html(&g, &b);
    assert_non_null(strstr(b.p, "KL &lt;nats&gt;"));
    assert_non_null(strstr(b.p, "<b>1.2</b> <small>[1.1, 1.3]</small>"));   /* 1.25 to even */
    buf_free(&b);
    grid_free(&g);
}

static void same_workbook_same_bytes(void **state)
{
    (void)state;
    char path[2][128];
    struct err err = { 0 };
    struct buf b[2] = { 0 };
    put("claims.csv", "id,claim,paper,obtained,verdict\nC1,\"valid, always\",0.9,1,reproduces\n");
    put("d.csv.meta.json", "{\"seed\": 1, \"command\": \"compare\"}");
    for (int k = 0; k < 2; k++) {
        struct grid g;
        assert_true(read_grid(&g, wide, &err));
        snprintf(path[k], sizeof path[k], "%s/%d.xlsx", dir, k);
        struct workbook_input in = { &g, 1, dir, "claims.csv" };
        if (!workbook_write(&in, path[k], &err))
            fail_msg("%s", err.msg);
        assert_true(file_read(path[k], &b[k], &err));
        grid_free(&g);
        if (k == 0)
            sleep(1);
        unlink(path[k]);
    }
    assert_int_equal(b[0].n, b[1].n);
    assert_memory_equal(b[0].p, b[1].p, b[0].n);
    assert_memory_equal(b[0].p, "PK", 2);
    buf_free(&b[0]);
    buf_free(&b[1]);
}

static void wrong_descriptions_are_named(void **state)
{
    (void)state;
    static const struct { const char *spec, *says;
    } bad[] = {
        { "title = T\n", "caption: is needed" },
        { HEAD, "column: is needed" },
        { HEAD "column = nme\n", "no column \"nme\"" },
        { HEAD "column = name | N | %d\n", "no format" },
        { HEAD "column = name | N | text | low\n", "best is low or high" },
        { HEAD "column = value | V | 0.0 | lowest\n", "best is low or high" },
        { HEAD "column = value | V | 0.0 | - | lo\n", "name two columns" },
        { HEAD "column = value | V | 0.0 | - | lo hy\n", "no column \"hy\"" },
        { HEAD "column = name | V | 0.0\n", "d.csv:2: name \"base\" is not a number" },
        { HEAD "column = name\ncolor = red\n", "\"color\" means nothing here" },
        { HEAD "column = name\nwhere = name=nobody\n", "no row" },
        { HEAD "column = name\nchart = pie: V\n", "begins with column:" },
        { HEAD "column = name\nchart = column: V\n", "names the header of no column" },
        { HEAD "column = name\nsheet = a/b\n", "at most 31 characters" },
        { HEAD "pivot = metric\nrows = name\ncolumn = kl | KL | 0.0\n", "value: is needed" },
        { HEAD "pivot = metric\nrows = name\nvalue = value\ncolumn = xx | KL | 0.0\n",
          "no row of" },
        { HEAD "pivot = metric\nrows = metric\nvalue = value\ncolumn = kl | KL | 0.0\n",
          "a second row for kl" },
        { "title = T\ncaption = C\ncsv = none.csv\ncolumn = a\n", "none.csv" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct grid g;
        struct err err = { 0 };
        assert_false(read_grid(&g, bad[i].spec, &err));
        if (!strstr(err.msg, bad[i].says))
            fail_msg("%zu: \"%s\" does not say \"%s\"", i, err.msg, bad[i].says);
        grid_free(&g);
    }
    struct grid g[2];
    struct err err = { 0 };
    assert_true(read_grid(&g[0], wide, &err) && read_grid(&g[1], wide, &err));
    struct workbook_input in = { g, 2, dir, NULL };
    assert_false(workbook_write(&in, "never.xlsx", &err));
    assert_non_null(strstr(err.msg, "two sheets"));
    grid_free(&g[0]);
    grid_free(&g[1]);
}

static int set_up(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/test_grid.XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    put("d.csv", data);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    static const char *const names[] = { "d.csv", "x.tab", "claims.csv", "d.csv.meta.json" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        unlink(path);
    }
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pivot_best_and_words), cmocka_unit_test(rows_as_they_stand),
        cmocka_unit_test(same_workbook_same_bytes), cmocka_unit_test(wrong_descriptions_are_named),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
