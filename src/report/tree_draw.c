/* tree_draw.c: a tree on paper: rails and names at the left, time bars at the right. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "report/scale.h"
#include "report/style.h"
#include "report/tree.h"

static const double line_most = 10.5, indent_most = 8, axis_height = 12;
static const struct type_font small = { TYPE_SANS, 7, false, false, false };

size_t tree_style(const char *type)
{
    static const struct { const char *type; size_t style; } known[] = {
        { "http", 1 }, { "db", 2 }, { "rpc", 3 }, { "mq", 4 }, { "mc", 5 },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].type, type) == 0)
            return known[i].style;
    return 6;
}

struct layout { double line, indent, names; struct scale time; bool timed; };

static void row_words(const struct tree_graph *g, const struct tree_row *r, struct buf *out)
{
    buf_clear(out);
    if (r->more)
        buf_printf(out, "\xE2\x80\xA6 and %zu more calls", r->calls);
    else if (r->times > 1)
        buf_printf(out, "%s \xC3\x97%zu", g->calls[r->call].label, r->times);
    else
        buf_str(out, g->calls[r->call].label);
}

/* The indent shrinks until the widest line leaves room for bars. */
static struct layout lay_out(const struct tree_graph *g, const struct tree_row *rows, size_t n,
                             struct type_pen *pen, struct type_box in)
{
    struct layout l = { .line = fmin(line_most, (in.h - axis_height) / (double)n), .timed = false };
    double latest = 0, deepest = 0, widest = 0;
    struct buf b = { 0 };
    for (size_t i = 0; i < n; i++)
        deepest = fmax(deepest, (double)rows[i].depth);
    l.indent = deepest > 0 ? fmin(indent_most, in.w * 0.25 / deepest) : indent_most;
    for (size_t i = 0; i < n; i++) {
        row_words(g, &rows[i], &b);
        double words = rows[i].more ? 0 : type_size(pen->cr, small, b.p, 0).w;
        widest = fmax(widest, (double)rows[i].depth * l.indent + words + 10);
        l.timed = l.timed || (!rows[i].more && isfinite(rows[i].finish));
        if (!rows[i].more && isfinite(rows[i].finish))
            latest = fmax(latest, rows[i].finish);
    }
    buf_free(&b);
    l.names = fmin(widest, in.w * (l.timed ? 0.62 : 1));
    l.time = scale_nice(SCALE_LINEAR, 0, latest > 0 ? latest : 1, true, true);
    l.time.from = in.x + l.names + 6;
    l.time.to = in.x + in.w - 8;
    return l;
}

static void time_axis(const struct layout *l, struct type_pen *pen, struct type_box in,
                      double bottom)
{
    struct scale_tick t[SCALE_TICKS];
    cairo_t *cr = pen->cr;
    size_t n = scale_ticks(&l->time, 2, false, t, SCALE_TICKS);
    (void)in;
    for (size_t i = 0; i < n; i++) {
        double x = scale_at(&l->time, t[i].at);
        style_grey(cr, 0.85);
        cairo_set_line_width(cr, 0.5);
        cairo_move_to(cr, x, in.y);
        cairo_line_to(cr, x, bottom);
        cairo_stroke(cr);
        style_grey(cr, 0.2);
        struct buf b = { 0 };
        buf_printf(&b, "%s%s", t[i].label, i + 1 == n ? " ms" : "");
        type_write(pen, small, b.p, x, bottom + 1, 0.5, 0);
        buf_free(&b);
    }
}

static void rails(const struct tree_row *r, const struct layout *l, cairo_t *cr, double x0,
                  double y)
{
    style_grey(cr, 0.65);
    cairo_set_line_width(cr, 0.6);
    cairo_set_dash(cr, NULL, 0, 0);
    for (size_t d = 1; d <= r->depth && d < 64; d++) {
        bool own = d == r->depth, runs = r->rails >> d & 1;
        double x = x0 + ((double)d - 1) * l->indent + 3;   /* under the caller's dot */
        if (!own && !runs)
            continue;
        cairo_move_to(cr, x, y - l->line / 2);
        cairo_line_to(cr, x, own && r->last ? y : y + l->line / 2);
        if (own) {
            cairo_move_to(cr, x, y);
            cairo_line_to(cr, x + l->indent - 2.5, y);
        }
        cairo_stroke(cr);
    }
}

static void name(const char *words, struct type_pen *pen, double x, double y, double width)
{
    if (type_size(pen->cr, small, words, 0).w <= width) {
        type_write(pen, small, words, x, y, 0, 0.5);
        return;
    }
    struct buf b = { 0 };
    buf_str(&b, words);
    while (b.n > 0) {                           /* cut whole UTF-8 characters off the end */
        while (b.n > 0 && ((unsigned char)b.p[b.n - 1] & 0xC0) == 0x80)
            b.n--;
        b.n -= b.n > 0;
        struct buf cut = { 0 };
        buf_printf(&cut, "%.*s\xE2\x80\xA6", (int)b.n, b.p);
        bool fits = type_size(pen->cr, small, cut.p, 0).w <= width;
        if (fits)
            type_write(pen, small, cut.p, x, y, 0, 0.5);
        buf_free(&cut);
        if (fits)
            break;
    }
    buf_free(&b);
}

static void bar(const struct tree_graph *g, const struct tree_row *r, const struct layout *l,
                cairo_t *cr, double y)
{
    if (!isfinite(r->start) || !isfinite(r->finish))
        return;
    double x0 = scale_at(&l->time, r->start), x1 = scale_at(&l->time, r->finish);
    double h = fmin(l->line * 0.62, 6);
    cairo_rectangle(cr, x0, y - h / 2, fmax(x1 - x0, 1.0), h);
    style_ink(cr, tree_style(g->calls[r->call].type), r->times > 1 ? 0.55 : 1);
    cairo_fill(cr);
}

double tree_height(const struct tree_graph *g)
{
    struct tree_row *rows;
    size_t n = tree_rows(g, TREE_MOST_ROWS, &rows);
    free(rows);
    return (double)n * line_most + axis_height;
}

void tree_draw(const struct tree_graph *g, struct type_pen *pen, struct type_box in)
{
    struct tree_row *rows;
    size_t most = (size_t)fmax((in.h - axis_height) / 8.6, 2);   /* 7 pt words need 8.6 pt lines */
    size_t n = tree_rows(g, most, &rows);
    struct layout l = lay_out(g, rows, n, pen, in);
    struct buf b = { 0 };
    double bottom = in.y + l.line * (double)n;
    cairo_new_path(pen->cr);
    if (l.timed)
        time_axis(&l, pen, in, bottom);
    for (size_t i = 0; i < n; i++) {
        double y = in.y + l.line * ((double)i + 0.5), x = in.x + (double)rows[i].depth * l.indent;
        row_words(g, &rows[i], &b);
        style_grey(pen->cr, 0.35);
        if (rows[i].more) {
            type_write(pen, small, b.p, in.x, y, 0, 0.5);
            continue;
        }
        rails(&rows[i], &l, pen->cr, in.x, y);
        style_ink(pen->cr, tree_style(g->calls[rows[i].call].type), 1);
        cairo_arc(pen->cr, x + 3, y, 1.9, 0, 2 * acos(-1.0));
        cairo_fill(pen->cr);
        style_grey(pen->cr, 0);
        name(b.p, pen, x + 7, y, l.names - (x - in.x) - 7);
        bar(g, &rows[i], &l, pen->cr, y);
    }
    buf_free(&b);
    free(rows);
}
