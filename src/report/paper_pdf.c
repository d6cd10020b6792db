/* paper_pdf.c: the paper as PDF: letter pages, two columns, links, outline. */
#include <cairo-pdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/version.h"
#include "report/canvas.h"
#include "report/paper_layout_priv.h"
#include "report/style.h"

static const double page_width = 612, page_height = 792, margin_top = 60;
static const double text_height = 670;

/* The next part of a table, or all of it: parts that fill a page. */
static void table_part(struct paper_layout *l, struct paper_block *b, struct grid_layout **rest)
{
    b->continued = *rest;
    b->grid = *rest ? *rest : grid_lay_out(l, &b->f->grid, PAPER_COLUMN, PAPER_WIDTH);
    double width = grid_layout_width(b->grid), most = text_height * 0.93;
    b->width = width > PAPER_COLUMN + 0.01 ? PAPER_WIDTH : PAPER_COLUMN;
    b->scale = fmin(1, b->width / width);
    *rest = NULL;
    if (b->continued || grid_layout_height(b->grid) * b->scale > most)
        *rest = grid_layout_split(l, b->grid, text_height * 0.93 / b->scale);
    b->body = grid_layout_height(b->grid) * b->scale;
}

static void figure_part(struct paper_block *b)
{
    const struct plot *p = &b->f->figure.plot;
    b->width = p->width * 72 > PAPER_COLUMN + 1 ? PAPER_WIDTH : PAPER_COLUMN;
    b->scale = fmin(1, text_height * 0.9 / (plot_height(p) * 72));
    b->body = plot_height(p) * 72 * b->scale;
}

struct paper_block *paper_block_of(struct paper_layout *l, const struct paper_float *f,
                                   struct paper_atom *atom, struct grid_layout **rest)
{
    struct paper_block *b = ARENA_NEW(l->mem, struct paper_block);
    const char *caption = f->is_table ? f->grid.caption : f->figure.caption;
    char label[32];
    b->f = f;
    if (f->is_table)
        table_part(l, b, rest);
    else
        figure_part(b);
    double table = f->is_table ? fmax(grid_layout_width(b->grid) * b->scale, PAPER_COLUMN)
                               : b->width;
    paper_float_label(f, label);
    struct typeset_run runs[] = {
        { arena_printf(l->mem, b->continued ? "%s, continued." : "%s. ", label), TYPESET_BOLD, NULL,
          NULL },
        { b->continued ? "" : caption, 0, NULL, NULL },
    };
    struct typeset_shape shape = { paper_caption, table, 0, 0, TYPESET_JUSTIFY };
    b->n_caption = typeset_paragraph(l->t, l->mem, runs, 2, &shape, &b->caption);
    atom->wide = b->width > PAPER_COLUMN + 1;
    atom->height = b->body + 4 + (double)b->n_caption * paper_caption.size * 1.3;
    return b;
}

/* ---- drawing ---- */

struct output { struct paper_layout *l; struct type_pen pen; cairo_surface_t *s; int outline[4]; };

static bool known_anchor(const struct paper *p, const char *name)
{
    for (size_t i = 0; i < p->n_headings; i++)
        if (strcmp(p->headings[i].slug, name) == 0)
            return true;
    for (size_t i = 0; i < p->n_floats; i++) {
        const char *kind = p->floats[i].is_table ? "table-" : "figure-";
        if (strncmp(name, kind, strlen(kind)) == 0 &&
            strcmp(name + strlen(kind), p->floats[i].name) == 0)
            return true;
    }
    for (size_t i = 0; i < p->n_keys; i++)
        if (strncmp(name, "ref-", 4) == 0 && strcmp(name + 4, p->keys[i]) == 0)
            return true;
    return strncmp(name, "note-", 5) == 0 && strtoull(name + 5, NULL, 10) - 1 < p->n_notes;
}

static void quoted(struct buf *b, const char *s)
{
    for (; *s; s++) {
        if (*s == '\'' || *s == '\\')
            buf_char(b, '\\');
        buf_char(b, *s);
    }
}

static bool begin_link(struct output *o, const char *link)
{
    struct buf b = { 0 };
    bool inside = link[0] == '#';
    if (inside ? !known_anchor(o->l->p, link + 1) : !strstr(link, "://"))
        return false;
    buf_str(&b, inside ? "dest='" : "uri='");
    quoted(&b, inside ? link + 1 : link);
    buf_char(&b, '\'');
    cairo_tag_begin(o->pen.cr, CAIRO_TAG_LINK, b.p);
    buf_free(&b);
    return true;
}

static void anchor(struct output *o, const char *name, double x, double y)
{
    struct buf b = { 0 };
    buf_str(&b, "name='");
    quoted(&b, name);
    buf_printf(&b, "' x=%.3f y=%.3f", x, y);
    cairo_tag_begin(o->pen.cr, CAIRO_TAG_DEST, b.p);
    cairo_tag_end(o->pen.cr, CAIRO_TAG_DEST);
    buf_free(&b);
}

static void draw_words(struct output *o, const struct typeset_line *w, struct type_font base,
                       double x, double baseline)
{
    for (size_t i = 0; i < w->n; i++) {
        const struct typeset_piece *p = &w->piece[i];
        double lift;
        struct type_font f = typeset_font(base, p->style, &lift);
        if (p->anchor)
            anchor(o, p->anchor, x + p->x, baseline - base.size);
        bool linked = p->link && begin_link(o, p->link);
        if (linked)
            cairo_set_source_rgb(o->pen.cr, 0, 0.28, 0.48);
        else
            style_grey(o->pen.cr, 0.05);
        type_write(&o->pen, f, p->text, x + p->x, baseline - lift, 0, TYPE_BASELINE);
        if (linked)
            cairo_tag_end(o->pen.cr, CAIRO_TAG_LINK);
    }
}

static void draw_line(struct output *o, const struct paper_line *k, double x, double y)
{
    cairo_t *cr = o->pen.cr;
    if (k->tint_left >= 0) {
        cairo_set_source_rgb(cr, 0.955, 0.962, 0.97);
        cairo_rectangle(cr, x + k->tint_left, y - 0.2, PAPER_COLUMN - k->tint_left,
                        k->leading + 0.4);
        cairo_fill(cr);
    }
    if (k->bar > 0) {
        style_grey(cr, 0.75);
        cairo_rectangle(cr, x + k->bar, y, 1.5, k->leading);
        cairo_fill(cr);
    }
    if (k->anchor)
        anchor(o, k->anchor, x, y - 4);
    if (k->outline > 0) {
        int level = k->outline,
            parent = level > 1 ? o->outline[level - 1] : CAIRO_PDF_OUTLINE_ROOT;
        struct buf b = { 0 };
        buf_str(&b, "dest='");
        quoted(&b, k->anchor);
        buf_char(&b, '\'');
        if (level < 4)
            o->outline[level] = cairo_pdf_surface_add_outline(o->s, parent, k->title, b.p,
                                                              CAIRO_PDF_OUTLINE_FLAG_OPEN);
        buf_free(&b);
    }
    draw_words(o, &k->words, k->font, x, y + k->leading * 0.5 + k->font.size * 0.34);
}

static void draw_block(struct output *o, const struct paper_block *b, double x, double y)
{
    cairo_t *cr = o->pen.cr;
    double caption = (double)b->n_caption * paper_caption.size * 1.3, body = y;
    char name[256];
    snprintf(name, sizeof name, "%s-%s", b->f->is_table ? "table" : "figure", b->f->name);
    if (!b->continued)
        anchor(o, name, x, y - 4);
    if (b->f->is_table)
        body = y + caption + 4;                     /* captions stand above tables, below figures */
    double at = b->f->is_table ? y : y + b->body + 4;
    double width = b->f->is_table ? grid_layout_width(b->grid) : b->f->figure.plot.width * 72;
    double left = x + fmax((b->width - fmax(width * b->scale, PAPER_COLUMN)) / 2, 0);
    for (size_t i = 0; i < b->n_caption; i++)
        draw_words(o, &b->caption[i], paper_caption, left,
                   at + ((double)i + 0.75) * paper_caption.size * 1.3);
    cairo_save(cr);
    cairo_translate(cr, x + fmax((b->width - width * b->scale) / 2, 0), body);
    cairo_scale(cr, b->scale, b->scale);
    if (b->f->is_table)
        grid_draw(b->grid, &o->pen, 0, 0);
    else
        plot_draw(&b->f->figure.plot, &o->pen);
    cairo_restore(cr);
}

static void draw_title(struct output *o, double x)
{
    double y = margin_top - 8;
    for (size_t i = 0; i < o->l->n_title; i++) {
        const struct paper_line *k = &o->l->title[i];
        if (i && k->font.size != o->l->title[i - 1].font.size)
            y += 5;
        draw_words(o, &k->words, k->font, x + 15, y + k->leading * 0.75);
        y += k->leading;
    }
}

static double title_height(const struct paper_layout *l)
{
    double h = 10;
    for (size_t i = 0; i < l->n_title; i++)
        h += l->title[i].leading;
    return h + 5;
}

static void draw_foot(struct output *o, size_t page)
{
    char number[24];
    static const struct type_font foot = { TYPE_SANS, 7.5, false, false, true };
    snprintf(number, sizeof number, "%zu", page + 1);
    style_grey(o->pen.cr, 0.3);
    type_write(&o->pen, foot, number, page_width / 2, page_height - 36, 0.5, TYPE_BASELINE);
    if (page > 0)
        return;
    struct buf b = { 0 };
    buf_printf(&b,
               "Typeset by Tracewright %s, commit %s; every number comes from the data of its "
               "experiments.",
               version_number, version_commit);
    style_grey(o->pen.cr, 0.5);
    type_write(&o->pen, (struct type_font){ TYPE_SANS, 6, false, false, true }, b.p, page_width / 2,
               page_height - 24, 0.5, TYPE_BASELINE);
    buf_free(&b);
}

static void draw_pages(struct output *o)
{
    struct paper_layout *l = o->l;
    double left = (page_width - PAPER_WIDTH) / 2;
    struct paper_page_shape shape = { left,        margin_top, PAPER_COLUMN,   PAPER_GUTTER,
                                      text_height, 9,          title_height(l) };
    struct paper_placed *placed;
    size_t pages, n = paper_pages(l->atom, l->n, &shape, &placed, &pages), i = 0;
    for (size_t page = 0; page < pages; page++) {
        if (page == 0)
            draw_title(o, left);
        for (; i < n && placed[i].page == page; i++) {
            const struct paper_atom *a = &l->atom[placed[i].atom];
            if (a->kind == PAPER_LINE)
                draw_line(o, a->what, placed[i].x, placed[i].y);
            else
                draw_block(o, a->what, placed[i].x, placed[i].y);
        }
        draw_foot(o, page);
        cairo_show_page(o->pen.cr);
    }
    free(placed);
}

static cairo_status_t take(void *ctx, const unsigned char *p, unsigned n)
{
    buf_add(ctx, p, n);
    return CAIRO_STATUS_SUCCESS;
}

static bool write_pdf(struct paper_layout *l, struct buf *out, struct err *err)
{
    struct buf made = { 0 };
    buf_printf(&made, "Tracewright %s commit %s", version_number, version_commit);
    struct canvas_info info = { page_width, page_height, l->p->title, "", made.p };
    struct output o = {
        .l = l, .s = cairo_pdf_surface_create_for_stream(take, out, page_width, page_height)
    };
    canvas_label_pdf(o.s, &info);
    o.pen.cr = cairo_create(o.s);
    draw_pages(&o);
    cairo_status_t st = cairo_status(o.pen.cr);
    cairo_destroy(o.pen.cr);
    cairo_surface_finish(o.s);
    if (st == CAIRO_STATUS_SUCCESS)
        st = cairo_surface_status(o.s);
    cairo_surface_destroy(o.s);
    type_pen_free(&o.pen);
    buf_free(&made);
    return st == CAIRO_STATUS_SUCCESS ||
           err_set(err, EXIT_INTERNAL, "cairo: %s", cairo_status_to_string(st));
}

bool paper_pdf(struct paper *p, struct buf *out, struct err *err)
{
    struct paper_layout l = { .p = p, .mem = arena_new(), .scratch = canvas_scratch() };
    l.t = typeset_new(l.scratch);
    bool good = type_check(err) && paper_blocks(&l, err) && write_pdf(&l, out, err);
    typeset_free(l.t);
    canvas_done(l.scratch);
    free(l.atom);
    free(l.title);
    arena_free(l.mem);
    return good;
}
