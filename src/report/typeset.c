/* typeset.c: see the header.
 *
 * A word is what stands between blanks; it may change its style in the middle. It is cut into
 * pieces where the style changes and where it may be broken: after - and dashes and slashes, and
 * (in plain prose) at hyphenation points.
 */
#include "report/typeset.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/hyphen.h"
#include "report/linebreak.h"

struct typeset {
    cairo_t *cr;
    struct { struct type_font font; PangoLayout *layout; } cache[48];
    size_t n;
};

struct typeset *typeset_new(cairo_t *scratch)
{
    struct typeset *t = mem_alloc(sizeof *t);
    t->cr = scratch;
    return t;
}

void typeset_free(struct typeset *t)
{
    for (size_t i = 0; i < t->n; i++)
        g_object_unref(t->cache[i].layout);
    free(t);
}

static bool same_font(struct type_font a, struct type_font b)
{
    return a.family == b.family && a.size == b.size && a.bold == b.bold && a.italic == b.italic &&
           a.narrow == b.narrow;
}

double typeset_width(struct typeset *t, struct type_font font, const char *text)
{
    size_t i = 0;
    while (i < t->n && !same_font(t->cache[i].font, font))
        i++;
    if (i == t->n) {
        REQUIRE(t->n < sizeof t->cache / sizeof *t->cache);
        t->cache[t->n].font = font;
        t->cache[t->n++].layout = type_layout(t->cr, font, "", 0);
    }
    PangoRectangle logical;
    pango_layout_set_text(t->cache[i].layout, text, -1);
    pango_layout_get_extents(t->cache[i].layout, NULL, &logical);
    return (double)logical.width / PANGO_SCALE;
}

struct type_font typeset_font(struct type_font base, unsigned style, double *lift)
{
    struct type_font f = base;
    if (style & TYPESET_CODE)
        f.family = TYPE_MONO, f.size *= 0.86, f.narrow = false;
    f.bold = f.bold || (style & TYPESET_BOLD);
    f.italic = f.italic != ((style & TYPESET_ITALIC) != 0);
    *lift = 0;
    if (style & (TYPESET_SUP | TYPESET_SUB)) {
        *lift = style & TYPESET_SUP ? f.size * 0.33 : -f.size * 0.15;
        f.size *= 0.68;
    }
    return f;
}

/* ---- items ---- */

struct builder {
    struct typeset *t;
    struct arena *mem;
    const struct typeset_shape *shape;
    struct linebreak_item *item;
    struct typeset_piece *piece;        /* of boxes; same index as items */
    size_t n, item_cap, piece_cap;
};

static void push(struct builder *b, struct linebreak_item item, struct typeset_piece piece)
{
    MEM_GROW(b->item, b->n, b->item_cap);
    MEM_GROW(b->piece, b->n, b->piece_cap);
    b->item[b->n] = item;
    b->piece[b->n++] = piece;
}

static double width_of(struct builder *b, const char *text, unsigned style)
{
    double lift;
    return typeset_width(b->t, typeset_font(b->shape->font, style, &lift), text);
}

static void box(struct builder *b, const char *text, size_t n, const struct typeset_run *r)
{
    struct typeset_piece p = { .text = arena_strndup(b->mem, text, n),
                               .link = r->link,
                               .style = r->style };
    p.width = width_of(b, p.text, r->style);
    push(b, (struct linebreak_item){ .kind = LINEBREAK_BOX, .width = p.width }, p);
}

static void glue(struct builder *b, unsigned style)
{
    if (b->n == 0 || b->item[b->n - 1].kind == LINEBREAK_GLUE)
        return;
    double w = width_of(b, " ", style & ~(unsigned)(TYPESET_CODE | TYPESET_SUP | TYPESET_SUB));
    bool stiff = b->shape->align != TYPESET_JUSTIFY;
    struct linebreak_item g = { .kind = LINEBREAK_GLUE,
                                .width = w,
                                .stretch = stiff ? w * 6 : w * 0.6,
                                .shrink = stiff ? 0 : w * 0.3 };
    push(b, g, (struct typeset_piece){ 0 });
}

static void penalty(struct builder *b, unsigned style, bool hyphen)
{
    struct linebreak_item p = { .kind = LINEBREAK_PENALTY,
                                .cost = hyphen ? 60 : 20,
                                .hyphen = hyphen };
    p.width = hyphen ? width_of(b, "-", style) : 0;
    push(b, p, (struct typeset_piece){ .style = style });
}

/* How many bytes until a place where a break without hyphen is welcome: after - / – — */
static size_t natural_part(const char *s, size_t n)
{
    for (size_t i = 1; i + 1 < n; i++) {
        if ((s[i] == '-' || s[i] == '/' || s[i] == '_') && s[i + 1] != s[i] && i > 1)
            return i + 1;
        if (i + 3 < n && memcmp(s + i, "\xE2\x80\x93", 3) == 0)
            return i + 3;
        if (i + 3 < n && memcmp(s + i, "\xE2\x80\x94", 3) == 0)
            return i + 3;
    }
    return n;
}

/* A stretch without blanks, of one style. */
static void stretch(struct builder *b, const char *s, size_t n, const struct typeset_run *r)
{
    while (n > 0) {
        size_t part = natural_part(s, n), core = part, head = 0;
        bool *at = mem_array(part + 1, sizeof *at);
        while (head < core && strchr("(\"'", s[head]))
            head++;
        while (core > head && strchr(".,;:)!?\"'-", s[core - 1]))
            core--;
        if (!(r->style & TYPESET_CODE) && b->shape->align == TYPESET_JUSTIFY)
            hyphen_points(s + head, core - head, at);
        size_t from = 0;
        for (size_t i = 1; i < core - head; i++)
            if (at[i]) {
                box(b, s + from, head + i - from, r);
                penalty(b, r->style, true);
                from = head + i;
            }
        box(b, s + from, part - from, r);
        free(at);
        if (part < n)
            penalty(b, r->style, false);
        s += part;
        n -= part;
    }
}

static void build(struct builder *b, const struct typeset_run *runs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *s = runs[i].text;
        if (runs[i].anchor)
            push(b, (struct linebreak_item){ .kind = LINEBREAK_BOX },
                 (struct typeset_piece){ .text = "", .anchor = runs[i].anchor });
        while (*s) {
            size_t k = strcspn(s, " \n\t");
            if (k)
                stretch(b, s, k, &runs[i]);
            s += k;
            if (*s)
                glue(b, runs[i].style);
            s += strspn(s, " \n\t");
        }
    }
    while (b->n && b->item[b->n - 1].kind != LINEBREAK_BOX)
        b->n--;
}

/* ---- lines ---- */

static bool joins(const struct typeset_piece *a, const struct typeset_piece *b)
{
    return a->style == b->style && a->link == b->link && !a->anchor && !b->anchor;
}

/* Neighbouring pieces of one word and style are drawn as one: kerning, and whole words for
 * copying. */
static void add_piece(struct builder *b, struct typeset_line *l, struct typeset_piece p,
                      bool adjacent)
{
    struct typeset_piece *last = l->n ? &l->piece[l->n - 1] : NULL;
    if (last && adjacent && joins(last, &p)) {
        last->text = arena_printf(b->mem, "%s%s", last->text, p.text);
        last->width += p.width;
        return;
    }
    l->piece[l->n++] = p;
}

static struct typeset_line place(struct builder *b, const struct linebreak_line *k, bool first)
{
    const struct typeset_shape *s = b->shape;
    struct typeset_line l = { ARENA_ARRAY(b->mem, k->to - k->from + 1, struct typeset_piece), 0 };
    double natural = 0, x = s->indent + (first ? s->first : 0);
    for (size_t i = k->from; i < k->to; i++)
        natural += b->item[i].kind == LINEBREAK_PENALTY ? 0 : b->item[i].width;
    double r = s->align == TYPESET_JUSTIFY ? k->ratio : 0;
    if (s->align == TYPESET_CENTER)
        x += (s->width - s->indent - natural) / 2;
    bool adjacent = false;
    for (size_t i = k->from; i < k->to; i++) {
        const struct linebreak_item *it = &b->item[i];
        if (it->kind == LINEBREAK_GLUE) {
            x += it->width + r * (r < 0 ? it->shrink : it->stretch);
            adjacent = false;
        } else if (it->kind == LINEBREAK_BOX) {
            struct typeset_piece p = b->piece[i];
            p.x = x;
            add_piece(b, &l, p, adjacent);
            x += it->width;
            adjacent = true;
        }
    }
    if (k->hyphen)
        add_piece(b, &l,
                  (struct typeset_piece){ .text = "-",
                                          .style = b->piece[k->to].style,
                                          .x = x,
                                          .width = b->item[k->to].width,
                                          .link = b->piece[k->to - 1].link },
                  true);
    return l;
}

size_t typeset_paragraph(struct typeset *t, struct arena *mem, const struct typeset_run *runs,
                         size_t n, const struct typeset_shape *shape, struct typeset_line **lines)
{
    struct builder b = { .t = t, .mem = mem, .shape = shape };
    struct linebreak_line *breaks = NULL;
    build(&b, runs, n);
    double width = shape->width - shape->indent;
    size_t count = b.n ? linebreak(b.item, b.n, width - shape->first, width, &breaks) : 0;
    *lines = ARENA_ARRAY(mem, count + 1, struct typeset_line);
    for (size_t i = 0; i < count; i++)
        (*lines)[i] = place(&b, &breaks[i], i == 0);
    free(breaks);
    free(b.item);
    free(b.piece);
    return count;
}
