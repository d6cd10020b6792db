/* paper_blocks.c: libcmark's tree -> atoms for the pages: headings, paragraphs, lists, code,
 * quotations, floats. */
#include <cmark.h>
#include <stdlib.h>
#include <string.h>

#include "report/paper_layout_priv.h"

const struct type_font paper_body = { TYPE_SERIF, 8.6, false, false, true };
const struct type_font paper_caption = { TYPE_SANS, 7.6, false, false, true };
static const struct type_font heading_font = { TYPE_SANS, 10.5, true, false, true };
static const struct type_font sub_font = { TYPE_SANS, 9, true, false, true };
static const struct type_font title_font = { TYPE_SANS, 17, true, false, true };
static const struct type_font author_font = { TYPE_SERIF, 10, false, false, true };
static const struct type_font code_font = { TYPE_MONO, 6.9, false, false, false };

/* ---- runs of inline text ---- */

struct runs { struct typeset_run *at; size_t n, cap; };

static void add_run(struct runs *r, const char *text, unsigned style, const char *link,
                    const char *anchor)
{
    MEM_GROW(r->at, r->n, r->cap);
    r->at[r->n++] = (struct typeset_run){ text, style, link, anchor };
}

/* <sup>, <sub> and <a id="...">; other HTML has no meaning on paper. */
static void html_inline(struct paper_layout *l, const char *s, unsigned *style, struct runs *out)
{
    if (strcmp(s, "<sup>") == 0)
        *style |= TYPESET_SUP;
    else if (strcmp(s, "<sub>") == 0)
        *style |= TYPESET_SUB;
    else if (strcmp(s, "</sup>") == 0 || strcmp(s, "</sub>") == 0)
        *style &= ~(unsigned)(TYPESET_SUP | TYPESET_SUB);
    else if (strncmp(s, "<a id=\"", 7) == 0 && strchr(s + 7, '"'))
        add_run(out, "", 0, NULL,
                arena_strndup(l->mem, s + 7, (size_t)(strchr(s + 7, '"') - s - 7)));
}

static void inlines(struct paper_layout *l, cmark_node *parent, unsigned style, const char *link,
                    struct runs *out)
{
    for (cmark_node *c = cmark_node_first_child(parent); c; c = cmark_node_next(c)) {
        const char *text = cmark_node_get_literal(c);
        switch (cmark_node_get_type(c)) {
        case CMARK_NODE_TEXT:
            add_run(out, arena_strndup(l->mem, text, strlen(text)), style, link, NULL);
            break;
        case CMARK_NODE_CODE:
            add_run(out, arena_strndup(l->mem, text, strlen(text)), style | TYPESET_CODE, link,
                    NULL);
            break;
        case CMARK_NODE_SOFTBREAK:
        case CMARK_NODE_LINEBREAK: add_run(out, " ", style, link, NULL); break;
        case CMARK_NODE_EMPH: inlines(l, c, style ^ TYPESET_ITALIC, link, out); break;
        case CMARK_NODE_STRONG: inlines(l, c, style | TYPESET_BOLD, link, out); break;
        case CMARK_NODE_LINK: {
            const char *url = cmark_node_get_url(c);
            inlines(l, c, style, arena_strndup(l->mem, url, strlen(url)), out);
            break;
        }
        case CMARK_NODE_HTML_INLINE: html_inline(l, text, &style, out); break;
        default: inlines(l, c, style, link, out);
        }
    }
}

/* ---- atoms ---- */

static void add_atom(struct paper_layout *l, struct paper_atom a)
{
    MEM_GROW(l->atom, l->n, l->cap);
    l->atom[l->n++] = a;
}

static void space(struct paper_layout *l, double height, bool keep)
{
    if (l->n && l->atom[l->n - 1].kind == PAPER_SPACE) {        /* spaces do not add up */
        if (height > l->atom[l->n - 1].height)
            l->atom[l->n - 1].height = height;
        l->atom[l->n - 1].keep = l->atom[l->n - 1].keep || keep;
        return;
    }
    add_atom(l, (struct paper_atom){ .kind = PAPER_SPACE, .height = height, .keep = keep });
}

static struct paper_line *add_line(struct paper_layout *l, struct paper_line line, bool keep)
{
    struct paper_line *kept = ARENA_NEW(l->mem, struct paper_line);
    *kept = line;
    add_atom(l, (struct paper_atom){
                    .kind = PAPER_LINE, .height = line.leading, .keep = keep, .what = kept });
    return kept;
}

struct place { double indent, bar; };

/* No first line and no last line alone in a column. */
static void add_lines(struct paper_layout *l, const struct typeset_line *lines, size_t n,
                      struct paper_line like)
{
    for (size_t i = 0; i < n; i++) {
        like.words = lines[i];
        add_line(l, like, n > 1 && (i == 0 || i + 2 == n));
        like.anchor = NULL;
    }
}

static void paragraph(struct paper_layout *l, const struct runs *r, struct place at, double first)
{
    struct typeset_line *lines;
    struct typeset_shape shape = { paper_body, PAPER_COLUMN, at.indent, first, TYPESET_JUSTIFY };
    size_t n = typeset_paragraph(l->t, l->mem, r->at, r->n, &shape, &lines);
    add_lines(l, lines, n,
              (struct paper_line){
                  .font = paper_body, .leading = PAPER_LEADING, .tint_left = -1, .bar = at.bar });
}

static void code(struct paper_layout *l, const char *text, struct place at)
{
    struct str rest = str_trim(str_of(text)), line;
    rest = (struct str){ text, (size_t)(rest.p + rest.n - text) }; /* blanks at the end alone */
    double most = PAPER_COLUMN - at.indent - 8;
    struct type_font f = code_font;
    struct str all = rest;
    while (str_next(&all, '\n', &line)) /* down to 5.6 pt so that the longest line fits */
        while (f.size > 5.6 && typeset_width(l->t, f, arena_strndup(l->mem, line.p, line.n)) > most)
            f.size -= 0.1;
    size_t chars = (size_t)(most / typeset_width(l->t, f, "0"));
    space(l, 4, false);
    while (str_next(&rest, '\n', &line)) {
        do { /* what is wider still wraps between characters */
            size_t n = line.n < chars ? line.n : chars;
            while (n < line.n && n > 1 && ((unsigned char)line.p[n] & 0xC0) == 0x80)
                n--;
            struct paper_line x = { .font = f, .leading = f.size * 1.36, .tint_left = at.indent };
            x.words.n = 1;
            x.words.piece = ARENA_NEW(l->mem, struct typeset_piece);
            x.words.piece->text = arena_strndup(l->mem, line.p, n);
            x.words.piece->x = at.indent + 4;
            add_line(l, x, false);
            line = (struct str){ line.p + n, line.n - n };
        } while (line.n > 0);
    }
    space(l, 5, false);
}

static void float_atom(struct paper_layout *l, const struct paper_float *f)
{
    struct grid_layout *rest = NULL;
    do {
        struct paper_atom a = { .kind = PAPER_FLOAT };
        a.what = paper_block_of(l, f, &a, &rest);
        add_atom(l, a);
    } while (rest);
}

static bool blocks(struct paper_layout *l, cmark_node *parent, struct place at, struct err *err);

static bool list(struct paper_layout *l, cmark_node *node, struct place at, struct err *err)
{
    bool ordered = cmark_node_get_list_type(node) == CMARK_ORDERED_LIST;
    bool tight = cmark_node_get_list_tight(node);
    size_t items = 0, number = (size_t)cmark_node_get_list_start(node);
    for (cmark_node *c = cmark_node_first_child(node); c; c = cmark_node_next(c))
        items++;
    double gap = ordered ? (items + number > 10 ? 17 : 12.5) : 9.5;
    space(l, 3, false);
    for (cmark_node *c = cmark_node_first_child(node); c; c = cmark_node_next(c)) {
        size_t before = l->n;
        if (!blocks(l, c, (struct place){ at.indent + gap, at.bar }, err))
            return false;
        size_t k = before;
        while (k < l->n && l->atom[k].kind != PAPER_LINE)
            k++;
        if (k < l->n) {                             /* the bullet joins the item's first line */
            struct paper_line *first = (struct paper_line *)l->atom[k].what;
            struct typeset_piece *p = ARENA_ARRAY(l->mem, first->words.n + 1, struct typeset_piece);
            memcpy(p + 1, first->words.piece, first->words.n * sizeof *p);
            p[0] = (struct typeset_piece){ .text = ordered ? arena_printf(l->mem, "%zu.", number)
                                                           : "\xE2\x80\xA2" };
            double w = typeset_width(l->t, paper_body, p[0].text);
            p[0].x = ordered ? at.indent + gap - 4 - w : at.indent + 2;
            first->words.piece = p;
            first->words.n++;
        }
        number++;
        space(l, tight ? 1.5 : 3.5, false);
    }
    space(l, 4, false);
    return true;
}

static void heading(struct paper_layout *l, cmark_node *node)
{
    struct runs r = { 0 };
    int level = cmark_node_get_heading_level(node);
    const struct paper_heading *h = paper_heading_of(l->p, node);
    if (h && *h->number)
        add_run(&r, arena_printf(l->mem, "%s\xC2\xA0\xC2\xA0", h->number), 0, NULL, NULL);
    inlines(l, node, 0, NULL, &r);
    struct typeset_shape shape = { level == 2 ? heading_font : sub_font, PAPER_COLUMN, 0, 0,
                                   TYPESET_LEFT };
    struct typeset_line *lines;
    size_t n = typeset_paragraph(l->t, l->mem, r.at, r.n, &shape, &lines);
    const char *title =
        h ? arena_printf(l->mem, "%s%s%s", h->number, *h->number ? "  " : "", h->words) : "";
    if (level == 2 && (!h || strcmp(h->slug, "references") == 0))
        add_atom(l, (struct paper_atom){ .kind = PAPER_BARRIER });
    space(l, level == 2 ? 11 : 7, false);
    for (size_t i = 0; i < n; i++)
        add_line(l,
                 (struct paper_line){ .words = lines[i],
                                      .font = shape.font,
                                      .leading = shape.font.size * 1.3,
                                      .tint_left = -1,
                                      .anchor = i == 0 && h ? h->slug : NULL,
                                      .outline = i == 0 && h ? level - 1 : 0,
                                      .title = title },
                 true);
    space(l, level == 2 ? 3.5 : 2, true);
    free(r.at);
}

static void title_lines(struct paper_layout *l, cmark_node *node, struct type_font font)
{
    struct runs r = { 0 };
    struct typeset_line *lines;
    inlines(l, node, 0, NULL, &r);
    struct typeset_shape shape = { font, PAPER_WIDTH - 30, 0, 0, TYPESET_CENTER };
    size_t n = typeset_paragraph(l->t, l->mem, r.at, r.n, &shape, &lines);
    for (size_t i = 0; i < n; i++) {
        MEM_GROW(l->title, l->n_title, l->title_cap);
        l->title[l->n_title++] = (struct paper_line){
            .words = lines[i], .font = font, .leading = font.size * 1.28, .tint_left = -1
        };
    }
    free(r.at);
}

static bool one_block(struct paper_layout *l, cmark_node *c, struct place at, bool after,
                      struct err *err)
{
    struct runs r = { 0 };
    const struct paper_float *f;
    switch (cmark_node_get_type(c)) {
    case CMARK_NODE_PARAGRAPH:
        if ((f = paper_float_of(l->p, c))) {
            float_atom(l, f);
            return true;
        }
        inlines(l, c, 0, NULL, &r);
        paragraph(l, &r, at, after && at.indent == 0 ? 9 : 0);
        free(r.at);
        return true;
    case CMARK_NODE_LIST: return list(l, c, at, err);
    case CMARK_NODE_CODE_BLOCK: code(l, cmark_node_get_literal(c), at); return true;
    case CMARK_NODE_BLOCK_QUOTE:
        space(l, 4, false);
        if (!blocks(l, c, (struct place){ at.indent + 10, at.indent + 3 }, err))
            return false;
        space(l, 4, false);
        return true;
    case CMARK_NODE_THEMATIC_BREAK: space(l, 10, false); return true;
    case CMARK_NODE_HTML_BLOCK:
        return err_set(err, EXIT_DATA, "%s: an HTML block has no meaning on paper: %.60s",
                       l->p->name, cmark_node_get_literal(c));
    default: return true;
    }
}

static bool blocks(struct paper_layout *l, cmark_node *parent, struct place at, struct err *err)
{
    bool after = false;
    for (cmark_node *c = cmark_node_first_child(parent); c; c = cmark_node_next(c)) {
        if (after && at.indent > 0 && cmark_node_get_type(c) == CMARK_NODE_PARAGRAPH)
            space(l, 3, false);
        if (!one_block(l, c, at, after, err))
            return false;
        after = cmark_node_get_type(c) == CMARK_NODE_PARAGRAPH;
    }
    return true;
}

bool paper_blocks(struct paper_layout *l, struct err *err)
{
    struct paper *p = l->p;
    cmark_node *doc = cmark_parse_document(p->markdown.p ? p->markdown.p : "", p->markdown.n,
                                           CMARK_OPT_SMART | CMARK_OPT_UNSAFE);
    bool head = false, after = false, good = true;
    for (cmark_node *c = cmark_node_first_child(doc); good && c; c = cmark_node_next(c)) {
        cmark_node_type type = cmark_node_get_type(c);
        if (type == CMARK_NODE_HEADING && cmark_node_get_heading_level(c) == 1) {
            title_lines(l, c, title_font);
            head = true;
        } else if (type == CMARK_NODE_HEADING) {
            heading(l, c);
            head = after = false;
            continue;
        } else if (head && type == CMARK_NODE_PARAGRAPH) {
            title_lines(l, c, author_font);
        } else {
            good = one_block(l, c, (struct place){ 0, 0 }, after, err);
            bool marked = l->n && l->atom[l->n - 1].kind == PAPER_FLOAT;
            after = type == CMARK_NODE_PARAGRAPH && (after || !marked);
        }
    }
    cmark_node_free(doc);
    return good;
}
