/* fuzz_report.c: the readers of tables, figures' and tables' descriptions and the paper take any
 * bytes. The first byte chooses; a zero byte ends the description and begins the CSV beside it.
 * What is accepted is drawn, too. */
#include <cairo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "report/canvas.h"
#include "report/figure.h"
#include "report/grid.h"
#include "report/paper_priv.h"
#include "report/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[64];

static void put(const char *name, struct str s)
{
    char path[128];
    struct err err;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "wb");        /* not file_write: no flush to disk for every input */
    REQUIRE(f && fwrite(s.n ? s.p : "", 1, s.n, f) == s.n && fclose(f) == 0);
    (void)err;
}

static void clean_up(void)
{
    static const char *const names[] = { "d.csv", "x.fig", "x.tab" };
    for (size_t i = 0; i < 3; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        unlink(path);
    }
    rmdir(dir);
}

static const char table[] =
    "name,metric,value,lo,hi\nllm,kl,0.4,0.3,0.5\nbase,kl,1.2,1.1,1.3\nllm,auc,n/a,,\n";
static const char figure[] =
    "title = T\ncaption = C\ncsv = d.csv\nkind = bar\nwhere = metric=kl\nx = name\ny = value\n";
static const char grid[] =
    "title = T\ncaption = C\ncsv = d.csv\ncolumn = name\ncolumn = value | V | 0.00\n";

static void set_up(void)
{
    if (dir[0])
        return;
    snprintf(dir, sizeof dir, "/tmp/fuzz_report.XXXXXX");
    REQUIRE(mkdtemp(dir));
    atexit(clean_up);
}

static void try_table(struct str s)
{
    struct table t;
    struct err err;
    size_t *rows, n;
    double x;
    if (table_parse(&t, "t.csv", s, &err)) {
        table_where(&t, "a=1|2,b!=", &rows, &n, &err);
        for (size_t i = 0; i < t.rows * t.cols; i++)
            table_number(&t, i / t.cols, i % t.cols, &x, &err);
    }
    table_free(&t);
}

static void try_figure(const char *path)
{
    struct figure f;
    struct err err;
    if (figure_read(&f, path, dir, &err)) {
        cairo_t *cr = canvas_scratch();
        figure_draw(cr, &f);
        canvas_done(cr);
    }
    figure_free(&f);
}

static void try_grid(const char *path)
{
    struct grid g;
    struct err err;
    struct buf b = { 0 };
    if (grid_read(&g, path, dir, &err)) {
        grid_markdown(&g, &b);
        grid_html(&g, &b);
    }
    buf_free(&b);
    grid_free(&g);
}

static void try_paper(struct str s)
{
    struct paper p;
    struct err err;
    struct buf b = { 0 };
    struct paper_options o = { dir, dir, dir };
    put("x.fig", str_of(figure));
    put("x.tab", str_of(grid));
    paper_lint("p.md", s, &err);
    if (paper_parse(&p, "p.md", s, &o, &err)) {
        paper_html(&p, &b, &err);
        paper_pdf(&p, &b, &err);
    }
    buf_free(&b);
    paper_free(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[128];
    if (size < 1)
        return 0;
    set_up();
    struct str text = { (const char *)data + 1, size - 1 }, csv = str_of(table);
    const char *cut = text.n ? memchr(text.p, 0, text.n) : NULL;
    if (cut) {
        csv = (struct str){ cut + 1, (size_t)(text.p + text.n - cut) - 1 };
        text.n = (size_t)(cut - text.p);
    }
    put("d.csv", csv);
    switch (data[0] % 4) {
    case 0: try_table(text); break;
    case 1:
        put("x.fig", text);
        snprintf(path, sizeof path, "%s/x.fig", dir);
        try_figure(path);
        break;
    case 2:
        put("x.tab", text);
        snprintf(path, sizeof path, "%s/x.tab", dir);
        try_grid(path);
        break;
    default: try_paper(text);
    }
    return 0;
}
