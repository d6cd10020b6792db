/* tree_print.c: a tree on a terminal. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "report/tree.h"

bool tree_colors(FILE *f)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM"), *force = getenv("CLICOLOR_FORCE");
    if (no && *no)
        return false;
    if (force && *force && strcmp(force, "0") != 0)
        return true;
    return isatty(fileno(f)) && term && strcmp(term, "dumb") != 0;
}

/* Columns of UTF-8 text, one a character: names of services have no wide ones. */
static size_t columns(const char *s)
{
    size_t n = 0;
    for (; *s; s++)
        n += ((unsigned char)*s & 0xC0) != 0x80;
    return n;
}

static void left_part(const struct tree_graph *g, const struct tree_row *r, struct buf *b)
{
    buf_clear(b);
    for (size_t d = 1; d < r->depth; d++)
        buf_str(b, d < 64 && (r->rails >> d & 1) ? "\xE2\x94\x82  " : "   ");
    if (r->depth)
        buf_str(b, r->last ? "\xE2\x94\x94\xE2\x94\x80 " : "\xE2\x94\x9C\xE2\x94\x80 ");
    if (r->more)
        buf_printf(b, "\xE2\x80\xA6 and %zu more calls", r->calls);
    else
        buf_printf(b, "%s %s", g->calls[r->call].label, g->calls[r->call].type);
    if (r->times > 1)
        buf_printf(b, " \xC3\x97%zu", r->times);
}

static const char *color_of(const char *type)
{
    static const char *const ansi[] = { "", "34", "31", "32", "35", "33", "36" };
    return ansi[tree_style(type)];
}

/* The bar in eighths of a column would need a font; whole columns do. At least one is drawn. */
static void print_bar(const struct tree_row *r, FILE *f, size_t width, double latest)
{
    double unit = latest > 0 ? (double)width / latest : 0;
    size_t from = (size_t)fmin(floor(r->start * unit), (double)width - 1);
    size_t to = (size_t)fmax(fmin(ceil(r->finish * unit), (double)width), (double)from + 1);
    for (size_t i = 0; i < width; i++)
        fputs(i < from ? "\xC2\xB7" : i < to ? "\xE2\x96\x88" : "\xC2\xB7", f);
}

static void print_row(const struct tree_graph *g, const struct tree_row *r, FILE *f, size_t names,
                      size_t bars, double latest, bool color)
{
    struct buf b = { 0 };
    left_part(g, r, &b);
    size_t n = columns(b.p);
    if (n > names && !r->more) { /* cut at a character, with a sign */
        size_t keep = 0, seen = 0;
        while (seen + 1 < names || ((unsigned char)b.p[keep] & 0xC0) == 0x80)
            seen += ((unsigned char)b.p[keep++] & 0xC0) != 0x80;
        b.n = keep;
        buf_str(&b, "\xE2\x80\xA6");
        n = columns(b.p);
    }
    fputs(b.p, f);
    if (!r->more && isfinite(r->start) && isfinite(r->finish)) {
        fprintf(f, "%*s ", (int)(names > n ? names - n : 0), "");
        if (color)
            fprintf(f, "\033[%sm", color_of(g->calls[r->call].type));
        print_bar(r, f, bars, latest);
        fprintf(f, "%s %g\xE2\x80\x93%g ms", color ? "\033[0m" : "", r->start, r->finish);
    }
    fputc('\n', f);
    buf_free(&b);
}

void tree_print(const struct tree_graph *g, FILE *f, size_t width, size_t max_rows, bool color)
{
    struct tree_row *rows;
    size_t n = tree_rows(g, max_rows, &rows), names = 12;
    double latest = 0;
    struct buf b = { 0 };
    for (size_t i = 0; i < n; i++) {
        left_part(g, &rows[i], &b);
        size_t w = columns(b.p);
        names = w > names && !rows[i].more ? w : names;
        if (isfinite(rows[i].finish))
            latest = fmax(latest, rows[i].finish);
    }
    buf_free(&b);
    width = width < 40 ? 40 : width;
    size_t room = width - 18;                            /* for " 1234–1234 ms" and blanks */
    names = names > room * 6 / 10 ? room * 6 / 10 : names;
    for (size_t i = 0; i < n; i++)
        print_row(g, &rows[i], f, names, room - names, latest, color);
    free(rows);
}
