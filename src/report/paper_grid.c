/* paper_grid.c: tables on paper: three rules, no lines between columns, the best in bold, an
 * interval small and grey beside or under its value. Sizes go down from 8 pt to 6.5 pt before
 * words wrap. */
#include <math.h>
#include <string.h>

#include "report/paper_layout_priv.h"
#include "report/style.h"

struct cell { const char *value, *interval; bool bold; };

struct grid_layout {
    const struct grid *g;
    double size, pad, width, head_height;
    bool stacked;               /* an interval stands under its value */
    double *w;                  /* (cols) column widths without padding */
    double *interval;           /* (cols) of which the interval takes */
    double *height;             /* (rows) */
    size_t from, to;            /* the rows of this part */
    struct cell *cell;          /* (rows, cols) */
};

static struct type_font font(const struct grid_layout *k, bool bold)
{
    return (struct type_font){ TYPE_SANS, k->size, bold, false, true };
}

static struct type_font small_font(const struct grid_layout *k)
{
    return (struct type_font){ TYPE_SANS, k->size * 0.87, false, false, true };
}

static void split_cells(struct paper_layout *l, struct grid_layout *k)
{
    const struct grid *g = k->g;
    struct buf b = { 0 };
    k->cell = ARENA_ARRAY(l->mem, g->rows * g->cols + 1, struct cell);
    for (size_t i = 0; i < g->rows * g->cols; i++) {
        const struct grid_column *c = &g->column[i % g->cols];
        buf_clear(&b);
        grid_words(g, i / g->cols, i % g->cols, &b);
        char *text = arena_strndup(l->mem, b.p ? b.p : "", b.n),
             *cut = c->format ? strchr(text, ' ') : NULL;
        if (cut)
            *cut++ = '\0';
        k->cell[i] = (struct cell){ text, cut, g->cell[i].best };
    }
    buf_free(&b);
}

static double longest_word(struct paper_layout *l, struct type_font f, const char *s)
{
    double w = 0;
    while (*s) {
        size_t n = strcspn(s, " ");
        char *word = arena_strndup(l->mem, s, n);
        w = fmax(w, typeset_width(l->t, f, word));
        s += n + (s[n] == ' ');
    }
    return w;
}

/* Natural widths at this size; headers may wrap at blanks. */
static void measure(struct paper_layout *l, struct grid_layout *k)
{
    const struct grid *g = k->g;
    k->pad = k->size * 0.8;
    k->width = k->pad * (double)(g->cols - 1);
    for (size_t c = 0; c < g->cols; c++) {
        double value = 0, interval = 0;
        for (size_t r = 0; r < g->rows; r++) {
            const struct cell *x = &k->cell[r * g->cols + c];
            value = fmax(value, typeset_width(l->t, font(k, x->bold), x->value));
            if (x->interval)
                interval = fmax(interval, typeset_width(l->t, small_font(k), x->interval) + 3);
        }
        k->interval[c] = k->stacked ? 0 : interval;
        k->w[c] = fmax(k->stacked ? fmax(value, interval) : value + interval,
                       longest_word(l, font(k, true), g->column[c].header));
        k->width += k->w[c];
    }
}

/* Too wide even at the smallest size: the widest text column wraps. */
static void squeeze(struct grid_layout *k, double most)
{
    const struct grid *g = k->g;
    while (k->width > most + 0.01) {
        size_t widest = g->cols;
        for (size_t c = 0; c < g->cols; c++)
            if (!g->column[c].format && (widest == g->cols || k->w[c] > k->w[widest]))
                widest = c;
        double need = k->width - most;
        if (widest == g->cols || k->w[widest] < 40)
            return;
        double second = 40;
        for (size_t c = 0; c < g->cols; c++)
            if (!g->column[c].format && c != widest)
                second = fmax(second, k->w[c]);
        double take = fmin(need, fmax(k->w[widest] - second, 2));
        take = fmin(take, k->w[widest] - 38);
        if (take <= 0)
            return;
        k->w[widest] -= take;
        k->width -= take;
    }
}

/* Lines that a row's words and intervals take. */
static double row_height(struct paper_layout *l, const struct grid_layout *k, size_t r, double line)
{
    const struct grid *g = k->g;
    double h = line;
    for (size_t c = 0; c < g->cols; c++) {
        const struct cell *e = &k->cell[r * g->cols + c];
        if (k->stacked && e->interval)
            h = fmax(h, line * 1.86 + 1);
        if (!g->column[c].format)
            h = fmax(h, type_size(l->scratch, font(k, false), e->value, k->w[c] + 0.5).h);
    }
    return h + (h > line * 1.9 ? 3.5 : 1.6);        /* rows of several lines stand apart */
}

static void heights(struct paper_layout *l, struct grid_layout *k)
{
    const struct grid *g = k->g;
    double line = type_size(l->scratch, font(k, false), "X", 0).h, head = line;
    for (size_t c = 0; c < g->cols; c++) {
        const char *words = g->column[c].header;
        head = fmax(head, type_size(l->scratch, font(k, true), words, k->w[c] + 0.5).h);
    }
    k->head_height = head + 3;
    k->height = ARENA_ARRAY(l->mem, g->rows + 1, double);
    for (size_t r = 0; r < g->rows; r++)
        k->height[r] = row_height(l, k, r, line);
}

struct grid_layout *grid_lay_out(struct paper_layout *l, const struct grid *g, double narrow,
                                 double wide)
{
    struct grid_layout *k = ARENA_NEW(l->mem, struct grid_layout);
    k->g = g;
    k->to = g->rows;
    k->w = ARENA_ARRAY(l->mem, g->cols, double);
    k->interval = ARENA_ARRAY(l->mem, g->cols, double);
    split_cells(l, k);
    /* A column if it fits, intervals under their values if that helps a short table; else the
     * page. */
    static const struct { bool wide, stacked; double least; } tries[] = {
        { false, false, 7 }, { false, true, 7 }, { true, false, 6.5 }, { true, true, 6.5 },
    };
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++)
        for (k->size = 8; k->size >= tries[i].least; k->size -= 0.5) {
            k->stacked = tries[i].stacked;
            if (k->stacked && g->rows > 16)
                break;
            measure(l, k);
            if (k->width <= (tries[i].wide ? wide : narrow)) {
                heights(l, k);
                return k;
            }
        }
    k->stacked = false;
    k->size = 7;
    measure(l, k);
    squeeze(k, wide);
    heights(l, k);
    return k;
}

double grid_layout_width(const struct grid_layout *k)
{
    return k->width;
}

double grid_layout_height(const struct grid_layout *k)
{
    double h = k->head_height + 7;
    for (size_t r = k->from; r < k->to; r++)
        h += k->height[r];
    return h;
}

struct grid_layout *grid_layout_split(struct paper_layout *l, struct grid_layout *k, double most)
{
    double h = k->head_height + 7;
    size_t r = k->from;
    while (r < k->to && (h += k->height[r]) <= most)
        r++;
    if (r == k->to)
        return NULL;
    r = r == k->from ? r + 1 : r;
    struct grid_layout *rest = ARENA_NEW(l->mem, struct grid_layout);
    *rest = *k;
    rest->from = k->to = r;
    return rest->from < rest->to ? rest : NULL;
}

static void rule(cairo_t *cr, double x, double y, double w, double thick)
{
    style_grey(cr, 0);
    cairo_set_line_width(cr, thick);
    cairo_set_dash(cr, NULL, 0, 0);
    cairo_move_to(cr, x, y);
    cairo_line_to(cr, x + w, y);
    cairo_stroke(cr);
}

static void draw_cell(const struct grid_layout *k, size_t r, size_t c, struct type_pen *pen,
                      double x, double y)
{
    const struct cell *e = &k->cell[r * k->g->cols + c];
    if (!k->g->column[c].format) {
        type_write_wrapped(pen, font(k, e->bold), e->value, x, y, 0, 0, k->w[c] + 0.5);
        return;
    }
    double right = x + k->w[c];
    if (strcmp(e->value, "n/a") == 0)
        style_grey(pen->cr, 0.45);
    type_write(pen, font(k, e->bold), e->value, right - k->interval[c], y, 1, 0);
    style_grey(pen->cr, 0.4);
    if (e->interval)
        type_write(pen, small_font(k), e->interval, right, y + k->size * (k->stacked ? 1.12 : 0.14),
                   1, 0);
    style_grey(pen->cr, 0);
}

void grid_draw(const struct grid_layout *k, struct type_pen *pen, double x, double y)
{
    const struct grid *g = k->g;
    rule(pen->cr, x, y, k->width, 0.9);
    double at = x, top = y + 2;
    style_grey(pen->cr, 0);
    for (size_t c = 0; c < g->cols; c++) {
        const char *h = g->column[c].header;
        double high = type_size(pen->cr, font(k, true), h, k->w[c] + 0.5).h,
               down = top + k->head_height - 3 - high;
        if (g->column[c].format && high < 1.5 * k->size)
            type_write(pen, font(k, true), h, at + k->w[c], down, 1, 0);
        else if (g->column[c].format) {
            PangoLayout *w = type_layout(pen->cr, font(k, true), h, k->w[c] + 0.5);
            pango_layout_set_alignment(w, PANGO_ALIGN_RIGHT);
            cairo_move_to(pen->cr, at - 0.5, down);
            pango_cairo_show_layout(pen->cr, w);
            g_object_unref(w);
        } else
            type_write_wrapped(pen, font(k, true), h, at, down, 0, 0, k->w[c] + 0.5);
        at += k->w[c] + k->pad;
    }
    y = top + k->head_height - 1;
    rule(pen->cr, x, y, k->width, 0.5);
    y += 2;
    for (size_t r = k->from; r < k->to; r++) {
        at = x;
        style_grey(pen->cr, 0);
        for (size_t c = 0; c < g->cols; c++) {
            draw_cell(k, r, c, pen, at, y);
            at += k->w[c] + k->pad;
        }
        y += k->height[r];
    }
    rule(pen->cr, x, y + 1.5, k->width, 0.9);
}
