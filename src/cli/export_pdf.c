/* export_pdf.c: call graphs as drawn trees, one below the other, on as many pages as they need.
 * A tree of more than TREE_MOST_ROWS lines ends in one that says how many calls are not shown. */
#include <cairo-pdf.h>
#include <math.h>

#include "cli/exporters.h"
#include "cli/trees.h"
#include "report/canvas.h"
#include "report/type.h"

static const double page_width = 612, page_height = 792, margin = 54, title_height = 14, gap = 16;
static const struct type_font title_font = { TYPE_SANS, 8, true, false, false };
static const struct type_font foot_font = { TYPE_SANS, 7, false, false, false };

struct pages {
    const struct graphset *s;
    struct type_pen pen;
    struct arena *mem;
    double y;                  /* where the next tree begins */
    size_t page;
};

static cairo_status_t put(void *f, const unsigned char *p, unsigned n)
{
    return fwrite(p, 1, n, f) == n ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

static void end_page(struct pages *x)
{
    struct buf b = { 0 };
    buf_u64(&b, ++x->page);
    cairo_set_source_rgb(x->pen.cr, 0, 0, 0);
    type_write(&x->pen, foot_font, b.p, page_width / 2, page_height - margin / 2, 0.5, 0.5);
    cairo_show_page(x->pen.cr);
    buf_free(&b);
    x->y = margin;
}

static void draw(struct pages *x, const struct callgraph *g)
{
    struct tree_graph t = trees_of(g, x->s->names, x->s->tick_us, x->mem);
    double height = fmin(tree_height(&t), page_height - 2 * margin - title_height);
    if (x->y > margin && x->y + title_height + height > page_height - margin)
        end_page(x);
    const char *id = g->trace_id == NAMES_NONE ? "" : names_get(x->s->names, g->trace_id);
    cairo_set_source_rgb(x->pen.cr, 0, 0, 0);
    type_write(&x->pen, title_font,
               arena_printf(x->mem, "%s  %s  %zu call%s", names_get(x->s->names, g->service), id,
                            g->n, g->n == 1 ? "" : "s"),
               margin, x->y, 0, 0);
    tree_draw(&t, &x->pen, (struct type_box){ margin, x->y + title_height,
                                              page_width - 2 * margin, height });
    x->y += title_height + height + gap;
}

static bool write_pages(const struct graphset *s, FILE *f, struct err *err)
{
    if (!type_check(err))
        return false;
    cairo_surface_t *pdf = cairo_pdf_surface_create_for_stream(put, f, page_width, page_height);
    canvas_label_pdf(pdf, &(struct canvas_info){ .title = "Call graphs" });
    struct pages x = { .s = s, .y = margin, .mem = arena_new(),
                       .pen = { .cr = cairo_create(pdf) } };
    for (size_t i = 0; i < s->n; i++) {
        arena_reset(x.mem);
        draw(&x, &s->graphs[i]);
        type_pen_free(&x.pen);   /* the words it noted: over thousands of graphs they add up */
    }
    if (x.y > margin || x.page == 0)
        end_page(&x);
    cairo_t *cr = x.pen.cr;
    cairo_status_t st = cairo_status(cr);
    type_pen_free(&x.pen);
    cairo_destroy(cr);
    cairo_surface_finish(pdf);
    if (st == CAIRO_STATUS_SUCCESS)
        st = cairo_surface_status(pdf);
    cairo_surface_destroy(pdf);
    arena_free(x.mem);
    return st == CAIRO_STATUS_SUCCESS ||
           err_set(err, EXIT_IO, "drawing: %s", cairo_status_to_string(st));
}

const struct exporter exporter_pdf = {
    .name = "pdf",
    .prose = "trees of calls with time bars, for reading",
    .loses = "interfaces, kinds, statuses, arrivals, weights, long trees' ends: there is no way "
             "back",
    .write = write_pages,
};
