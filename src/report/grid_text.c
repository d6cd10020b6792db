/* grid_text.c: a table as Markdown and as HTML. */
#include "report/grid.h"

static void escape_bar(struct buf *out, const char *s)
{
    for (; *s; s++) {
        if (*s == '|')
            buf_char(out, '\\');
        buf_char(out, *s == '\n' ? ' ' : *s);
    }
}

void grid_markdown(const struct grid *g, struct buf *out)
{
    struct buf b = { 0 };
    for (size_t k = 0; k < g->cols; k++) {
        buf_str(out, "| ");
        escape_bar(out, g->column[k].header);
        buf_str(out, k + 1 == g->cols ? " |\n" : " ");
    }
    for (size_t k = 0; k < g->cols; k++)
        buf_printf(out, "|%s%s", g->column[k].format ? "---:" : "---",
                   k + 1 == g->cols ? "|\n" : "");
    for (size_t i = 0; i < g->rows; i++)
        for (size_t k = 0; k < g->cols; k++) {
            bool best = g->cell[i * g->cols + k].best;
            buf_clear(&b);
            grid_words(g, i, k, &b);
            buf_printf(out, "| %s", best ? "**" : "");
            escape_bar(out, b.p ? b.p : "");
            buf_printf(out, "%s%s", best ? "**" : "", k + 1 == g->cols ? " |\n" : " ");
        }
    buf_free(&b);
}

static void cell_html(const struct grid *g, size_t i, size_t k, struct buf *out)
{
    struct buf b = { 0 };
    bool best = g->cell[i * g->cols + k].best;
    const char *tag = k == 0 && !g->column[0].format ? "th" : "td";
    grid_words(g, i, k, &b);
    char *cut = g->column[k].format && b.p ? b.p : NULL;
    while (cut && *cut && *cut != ' ')
        cut++;
    buf_printf(out, "<%s%s%s>%s", tag, tag[1] == 'h' ? " scope=\"row\"" : "",
               g->column[k].format ? " class=\"n\"" : "", best ? "<b>" : "");
    if (cut && *cut) { /* the interval, smaller, may go to a line of its own */
        *cut = '\0';
        buf_xml(out, b.p);
        buf_printf(out, "%s <small>", best ? "</b>" : "");
        buf_xml(out, cut + 1);
        buf_str(out, "</small>");
    } else {
        buf_xml(out, b.p ? b.p : "");
        buf_str(out, best ? "</b>" : "");
    }
    buf_printf(out, "</%s>", tag);
    buf_free(&b);
}

void grid_html(const struct grid *g, struct buf *out)
{
    buf_str(out, "<table>\n<thead><tr>");
    for (size_t k = 0; k < g->cols; k++) {
        buf_printf(out, "<th scope=\"col\"%s>", g->column[k].format ? " class=\"n\"" : "");
        buf_xml(out, g->column[k].header);
        buf_str(out, "</th>");
    }
    buf_str(out, "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < g->rows; i++) {
        buf_str(out, "<tr>");
        for (size_t k = 0; k < g->cols; k++)
            cell_html(g, i, k, out);
        buf_str(out, "</tr>\n");
    }
    buf_str(out, "</tbody>\n</table>\n");
}
