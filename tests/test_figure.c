/* test_figure.c: figures from descriptions: deterministic bytes, no word on another, and every
 * way for a description to be wrong. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "report/canvas.h"
#include "report/figure.h"
#include "report/number.h"
#include "tests/near.h"

static char dir[64];

static const char data[] =
    "name,metric,value,lo,hi,paper,zero\n"
    "real,KL,0.1,0.05,0.2,,0\nllm,KL,0.4,0.3,0.5,0.6,1\nbase,KL,1.2,1.1,1.3,,5\n"
    "real,AUC,0.5,0.48,0.52,,20\nllm,AUC,0.7,0.65,0.75,0.8,300\nbase,AUC,n/a,n/a,n/a,,1000\n";
static const char tree[] =
    "graph,id,parent,label,type,start,finish\n"
    "real,0,,MS_1,http,0,10\nreal,0.1,0,MS_2,rpc,1,7\nreal,0.1.1,0.1,MS_3,mc,2,3\n"
    "real,0.2,0,MS_4,db,8,9\n"
    "generated,0,,MS_5,http,n/a,n/a\n";

static void put(const char *name, const char *text)
{
    char path[128];
    struct err err;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    assert_true(file_write(path, text, strlen(text), &err));
}

static bool read_figure(struct figure *f, const char *spec, struct err *err)
{
    char path[128];
    put("f.fig", spec);
    snprintf(path, sizeof path, "%s/f.fig", dir);
    return figure_read(f, path, dir, err);
}

#define HEAD "title = T\ncaption = C\ncsv = d.csv\n"
static const char *const good[] = {
    HEAD "kind = bar\nx = metric\ny = value\nlo = lo\nhi = hi\nref = paper\ngroup = name\nnumbers "
         "= yes\nylabel = Distance\n",
    HEAD "width = page\nkind = points\nx = name\ny = value\nfacet = metric\nylabel = "
         "Distance\nhline = 0.5 chance\n",
    HEAD "kind = cdf\nx = zero\nxlog = yes\nxlabel = Response time (ms)\nylabel = Share of calls\n",
    HEAD "kind = ccdf\nx = value\ngroup = name\nxlabel = Value\nylabel = Share\nylog = yes\n",
    HEAD "kind = heat\nx = name\ny = metric\nz = value\nzlabel = Value\n",
    HEAD "kind = box\nx = metric\ny = value\nylabel = Value\n",
    HEAD "kind = scatter\nx = zero\ny = value\ngroup = name\nxlog = yes\nxlabel = Zero\nylabel = "
         "Value\nvline = 20 limit\n",
    HEAD "kind = line\nx = zero\ny = value\nlo = lo\nhi = hi\nxlabel = Zero\nylabel = Value\n",
    "title = T\ncaption = C\ncsv = t.csv\nkind = tree\nwidth = page\nheight = 2\n",
    ("title = T\ncaption = C\nwidth = page\n[panel]\ncsv = t.csv\nkind = tree\nwhere = graph=real\n"
    "[panel]\ntitle = Bars\ncsv = d.csv\nkind = bar\nx = name\ny = value\nwhere = metric=KL\n"),
};

static void same_description_same_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct buf b[2][3] = { 0 };
        for (int k = 0; k < 2; k++) {
            struct figure f;
            struct err err = { 0 };
            if (!read_figure(&f, good[i], &err))
                fail_msg("%s", err.msg);
            struct canvas_info info = { f.plot.width * 72, plot_height(&f.plot) * 72, f.title,
                                        f.caption, f.provenance };
            assert_true(canvas_pdf(&b[k][0], &info, figure_draw, &f, &err));
            assert_true(canvas_png(&b[k][1], &info, figure_draw, &f, &err));
            assert_true(canvas_svg(&b[k][2], &info, "x", figure_draw, &f, &err));
            figure_free(&f);
            if (k == 0 && i == 0)
                sleep(1); /* into another second: no clock in the bytes */
        }
        for (int k = 0; k < 3; k++) {
            assert_int_equal(b[0][k].n, b[1][k].n);
            assert_memory_equal(b[0][k].p, b[1][k].p, b[0][k].n);
        }
        assert_non_null(strstr(b[0][2].p, "sha256"));       /* the SVG says what made it */
        for (int k = 0; k < 6; k++)
            buf_free(&b[k / 3][k % 3]);
    }
}

static bool overlap(struct type_box a, struct type_box b)
{
    double slack = 0.3;
    return a.x + a.w > b.x + slack && b.x + b.w > a.x + slack && a.y + a.h > b.y + slack &&
           b.y + b.h > a.y + slack;
}

static void no_word_lies_on_another_or_off_the_page(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct figure f;
        struct err err = { 0 };
        assert_true(read_figure(&f, good[i], &err));
        struct type_pen pen = { .cr = canvas_scratch() };
        plot_draw(&f.plot, &pen);
        assert_true(pen.n > 0);
        for (size_t a = 0; a < pen.n; a++) {
            struct type_box *p = pen.noted;
            if (p[a].x < -0.5 || p[a].y < -0.5 || p[a].x + p[a].w > f.plot.width * 72 + 0.5 ||
                p[a].y + p[a].h > plot_height(&f.plot) * 72 + 0.5)
                fail_msg("figure %zu: \"%s\" leaves the page", i, pen.text[a]);
            for (size_t b = a + 1; b < pen.n; b++)
                if (overlap(p[a], p[b]))
                    fail_msg("figure %zu: \"%s\" lies on \"%s\"", i, pen.text[a], pen.text[b]);
        }
        canvas_done(pen.cr);
        type_pen_free(&pen);
        figure_free(&f);
    }
}

static double label_x(const struct type_pen *pen, const char *word)
{
    for (size_t i = 0; i < pen->n; i++)
        if (strcmp(pen->text[i], word) == 0)
            return pen->noted[i].x;
    fail_msg("no \"%s\" was written", word);
    return 0;
}

/* Data with a 0 on a logarithmic axis get a segment labelled 0 at its start; data that are all
 * absent get the words n/a. */
static void zeros_and_absent_values_are_shown(void **state)
{
    (void)state;
    static const struct { const char *spec, *first, *second; } t[] = {
        { HEAD "kind = cdf\nx = zero\nxlog = yes\nxlabel = ms\nylabel = Share\n", "0", "1" },
        { HEAD "kind = scatter\nx = zero\ny = value\nxlog = yes\nylabel = Value\n", "0", "10" },
        { HEAD "kind = bar\nx = name\ny = value\nwhere = metric=AUC\n", "real", "n/a" },
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct figure f;
        struct err err = { 0 };
        assert_true(read_figure(&f, t[i].spec, &err));
        struct type_pen pen = { .cr = canvas_scratch() };
        plot_draw(&f.plot, &pen);
        double between = label_x(&pen, t[i].second) - label_x(&pen, t[i].first);
        assert_true(between > 5);
        canvas_done(pen.cr);
        type_pen_free(&pen);
        figure_free(&f);
    }
}

static void wrong_descriptions_are_named(void **state)
{
    (void)state;
    static const struct { const char *spec, *says;
    } bad[] = {
        { "caption = C\n", "title: is needed" },
        { "title = T\ncaption = C\n", "kind: is needed" },
        { HEAD "kind = pie\n", "f.fig:4: kind = pie: not one of cdf" },
        { HEAD "kind = cdf\n", "x: is needed" },
        { HEAD "kind = cdf\nx = valeu\n", "no column \"valeu\"" },
        { HEAD "kind = cdf\nx = value\ncolour = red\n", "f.fig:6: \"colour\" means nothing here" },
        { HEAD "kind = cdf\nx = name\n", "d.csv:2: name \"real\" is not a number" },
        { HEAD "kind = line\nx = zero\ny = value\nlo = lo\n", "lo and hi come together" },
        { HEAD "kind = bar\nx = name\ny = value\n", "a second row for real" },
        { HEAD "kind = bar\nx = name\ny = value\nylog = yes\nwhere = metric=KL\n",
          "bars start at 0" },
        { HEAD "kind = cdf\nx = value\nwhere = name=nobody\n", "no row" },
        { HEAD "kind = cdf\nx = value\nwhere = nobody=1\n", "no column \"nobody\"" },
        { HEAD "kind = cdf\nx = value\nxlog = maybe\n", "say yes or no" },
        { HEAD "kind = cdf\nx = value\nxmin = wide\n", "not a number" },
        { HEAD "kind = cdf\nx = value\nxmin = 3\nxmax = 1\n", "ends before it begins" },
        { HEAD "kind = cdf\nx = value\nformat = %d\n", "no such format" },
        { HEAD "kind = line\nx = zero\ny = value\nhline = high\n", "say VALUE words" },
        { HEAD "kind = cdf\nx = value\nheight = 100\n", "inches" },
        { HEAD "kind = cdf\nx = value\n[pane]\n", "[panel] sections alone" },
        { "title = T\ncaption = C\nkind = cdf\nx = value\ncsv = none.csv\n", "none.csv" },
        { "  dangling\n", "continuation of nothing" },
        { "novalue\n", "not key = value" },
        { "[panel\n", "written [name]" },
        { "title = T\ncaption = C\ncsv = t2.csv\nkind = tree\n", "no earlier call" },
        { "title = T\ncaption = C\ncsv = n.csv\nkind = cdf\nx = v\nxlog = yes\n",
          "a negative x on a logarithmic axis" },
    };
    put("n.csv", "v\n-1\n2\n");
    put("t2.csv", "graph,id,parent,label,type,start,finish\ng,0,,a,rpc,0,1\ng,1,7,b,rpc,0,1\n");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct figure f;
        struct err err = { 0 };
        assert_false(read_figure(&f, bad[i].spec, &err));
        if (!strstr(err.msg, bad[i].says))
            fail_msg("%zu: \"%s\" does not say \"%s\"", i, err.msg, bad[i].says);
        figure_free(&f);
    }
}

static int set_up(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/test_figure.XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    put("d.csv", data);
    put("t.csv", tree);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    static const char *const names[] = { "d.csv", "t.csv", "t2.csv", "n.csv", "f.fig" };
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
        cmocka_unit_test(same_description_same_bytes),
        cmocka_unit_test(no_word_lies_on_another_or_off_the_page),
        cmocka_unit_test(zeros_and_absent_values_are_shown),
        cmocka_unit_test(wrong_descriptions_are_named),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
