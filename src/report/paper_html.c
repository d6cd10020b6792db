/* paper_html.c: the paper as one HTML file: styles and figures are inside, nothing is fetched. */
#include <cmark.h>
#include <stdlib.h>
#include <string.h>

#include "base/version.h"
#include "report/canvas.h"
#include "report/paper_priv.h"

static const char style[] =
    ":root{--ink:#1b1b1b;--dim:#5b6470;--line:#d9dee4;--link:#005a8d;--paper:#fff;--tint:#f4f6f8}\n"
    "*{box-sizing:border-box}\n"
    "html{-webkit-text-size-adjust:100%;scroll-behavior:smooth}\n"
    "body{margin:0;color:var(--ink);background:var(--paper);font:1.0625rem/1.6 Charter,'Bitstream "
    "Charter','Source Serif 4',"
    "Cambria,Georgia,'DejaVu Serif',serif;font-variant-numeric:lining-nums}\n"
    "main{max-width:44rem;margin:0 auto;padding:2.5rem 1.25rem 5rem}\n"
    "h1,h2,h3,nav,figcaption,.authors,table,.made{font-family:'Source Sans 3','Segoe "
    "UI',system-ui,'Helvetica Neue','DejaVu Sans',sans-serif}\n"
    "h1{font-size:2.05rem;line-height:1.2;margin:0 0 .6rem;letter-spacing:-.01em;text-wrap:balance}"
    "\n"
    "h2{font-size:1.35rem;line-height:1.3;margin:2.6rem 0 .6rem}"
    "h3{font-size:1.08rem;margin:1.9rem 0 .4rem}\n"
    "h2 .no,h3 .no{color:var(--dim);font-weight:400;margin-right:.6em}\n"
    ".authors{color:var(--dim)}p{margin:.75rem 0;hyphens:auto}\n"
    "a{color:var(--link);text-decoration:none}a:hover,a:focus-visible{text-decoration:underline}\n"
    ".abstract{border-left:3px solid var(--line);padding:.1rem 0 .1rem 1.1rem;margin:1.6rem 0}\n"
    ".abstract h2{font-size:1rem;margin:.2rem 0 0}\n"
    "nav{margin:1.6rem 0;font-size:.95rem;line-height:1.45}"
    "nav ol{list-style:none;margin:.3rem 0;padding:0}\n"
    "nav ol ol{padding-left:1.7em}nav .no{color:var(--dim);display:inline-block;min-width:1.7em}"
    "nav summary{cursor:pointer;color:var(--dim)}\n"
    "code,pre{font-family:'DejaVu Sans Mono',ui-monospace,Menlo,Consolas,monospace;font-size:.84em}"
    "\n"
    "code{background:var(--tint);padding:.08em .25em;border-radius:3px}\n"
    "pre{background:var(--tint);padding:.8rem 1rem;overflow-x:auto;line-height:1.45;"
    "border-radius:5px}pre code{padding:0;background:none}\n"
    "figure{margin:2rem 0}figure.wide{margin-inline:calc(50% - min(31rem,50vw - .75rem))}\n"
    "figure svg{display:block;width:100%;height:auto;max-width:62rem;margin:0 auto;background:#fff}"
    "figure.column svg{max-width:34rem}\n"
    ".scroll{overflow-x:auto}\n"
    "figcaption{font-size:.9rem;line-height:1.45;color:var(--dim);margin:.6rem auto;"
    "max-width:41.5rem}figcaption b{color:var(--ink)}\n"
    "table{border-collapse:collapse;margin:.4rem auto;font-size:.88rem;line-height:1.4;"
    "font-variant-numeric:tabular-nums;"
    "border-top:1.5px solid var(--ink);border-bottom:1.5px solid var(--ink)}\n"
    "th,td{padding:.28rem .7rem;text-align:left;vertical-align:baseline}"
    "th[scope=row]{font-weight:400}thead th{border-bottom:1px solid var(--ink)}\n"
    ".n{text-align:right}td small{color:var(--dim);white-space:nowrap}\n"
    "blockquote{margin:1rem 0;padding-left:1.1rem;border-left:3px solid var(--line);"
    "color:var(--dim)}\n"
    "li{margin:.25rem 0}sup{line-height:0}:target{background:#fff6d6}\n"
    ".made{margin-top:4rem;padding-top:.8rem;border-top:1px solid var(--line);color:var(--dim);"
    "font-size:.8rem;overflow-wrap:anywhere}\n"
    "@media print{main{max-width:none;padding:0}nav{display:none}figure{break-inside:avoid}}\n"
    "@media (max-width:48rem){figure.wide .scroll svg{min-width:42rem}}\n"
    "@media (max-width:40rem){body{font-size:1rem}h1{font-size:1.6rem}main{padding-top:1.25rem}}\n";

static void contents(const struct paper *p, struct buf *out)
{
    bool sub = false;
    buf_str(out, "<nav aria-label=\"Contents\"><details open><summary>Contents</summary><ol>\n");
    for (size_t i = 0; i < p->n_headings; i++) {
        const struct paper_heading *h = &p->headings[i];
        if (h->level > 3 || strcmp(h->slug, "abstract") == 0)
            continue;
        if (h->level == 3 && !sub)
            buf_str(out, "<li><ol>");
        if (h->level == 2 && sub)
            buf_str(out, "</ol></li>\n");
        sub = h->level == 3;
        buf_printf(out, "<li><span class=\"no\">%s</span> <a href=\"#%s\">", h->number, h->slug);
        buf_xml(out, h->words);
        buf_str(out, "</a></li>\n");
    }
    buf_printf(out, "%s</ol></details></nav>\n", sub ? "</ol></li>" : "");
}

static bool figure(const struct paper_float *f, struct buf *out, struct err *err)
{
    const struct figure *g = &f->figure;
    struct canvas_info info = { g->plot.width * 72, plot_height(&g->plot) * 72, g->title,
                                g->caption, g->provenance };
    struct buf id = { 0 };
    buf_printf(&id, "%s-", f->name);
    buf_printf(out, "<figure id=\"figure-%s\" class=\"%s\">\n<div class=\"scroll\">", f->name,
               g->plot.width > 5 ? "wide" : "column");
    bool good = canvas_svg(out, &info, id.p, figure_draw, (void *)g, err);
    buf_printf(out, "</div>\n<figcaption><b>Figure %zu.</b> ", f->number);
    buf_xml(out, g->caption);
    buf_str(out, "</figcaption>\n</figure>\n");
    buf_free(&id);
    return good;
}

static void table(const struct paper_float *f, struct buf *out)
{
    buf_printf(out, "<figure id=\"table-%s\">\n<figcaption><b>Table %zu.</b> ", f->name, f->number);
    buf_xml(out, f->grid.caption);
    buf_str(out, "</figcaption>\n<div class=\"scroll\">");
    grid_html(&f->grid, out);
    buf_str(out, "</div>\n</figure>\n");
}

static void rendered(cmark_node *node, struct buf *out)
{
    char *html = cmark_render_html(node, CMARK_OPT_SMART | CMARK_OPT_UNSAFE);
    buf_str(out, html);
    free(html);
}

/* The inner words of a heading, as HTML. */
static void heading_words(cmark_node *h, struct buf *out)
{
    for (cmark_node *c = cmark_node_first_child(h); c; c = cmark_node_next(c))
        rendered(c, out);
}

struct state { bool open, authors; };    /* within the abstract; between title and first heading */

static void heading(const struct paper *p, cmark_node *node, struct state *s, struct buf *out)
{
    int level = cmark_node_get_heading_level(node);
    if (level == 1) {
        buf_str(out, "<h1>");
        heading_words(node, out);
        buf_str(out, "</h1>\n");
        s->authors = true;
        return;
    }
    if (s->open)
        buf_str(out, "</section>\n");
    s->open = s->authors = false;
    const struct paper_heading *h = paper_heading_of(p, node);
    if (!h) {                               /* ours ("Notes"), or underlined: not numbered */
        buf_printf(out, "<h%d>", level);
        heading_words(node, out);
        buf_printf(out, "</h%d>\n", level);
        return;
    }
    if (strcmp(h->slug, "abstract") == 0) {
        buf_str(out, "<section class=\"abstract\">\n");
        s->open = true;
    } else if (strcmp(h->number, "1") == 0) {
        contents(p, out);
    }
    buf_printf(out, "<h%d id=\"%s\">", level, h->slug);
    if (*h->number)
        buf_printf(out, "<span class=\"no\">%s</span>", h->number);
    heading_words(node, out);
    buf_printf(out, "</h%d>\n", level);
}

static bool block(struct paper *p, cmark_node *node, struct state *s, struct buf *out,
                  struct err *err)
{
    if (cmark_node_get_type(node) == CMARK_NODE_HEADING) {
        heading(p, node, s, out);
        return true;
    }
    const struct paper_float *f = paper_float_of(p, node);
    if (f && f->is_table)
        table(f, out);
    else if (f)
        return figure(f, out, err);
    else if (s->authors) {
        buf_str(out, "<div class=\"authors\">");
        rendered(node, out);
        buf_str(out, "</div>\n");
    } else
        rendered(node, out);
    return true;
}

bool paper_html(struct paper *p, struct buf *out, struct err *err)
{
    struct state s = { 0 };
    bool good = true;
    buf_str(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                 "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                 "<title>");
    buf_xml(out, p->title);
    buf_printf(out,
               "</title>\n<meta name=\"generator\" content=\"Tracewright "
               "%s\">\n<style>\n%s</style>\n</head>\n<body>\n<main>\n",
               version_number, style);
    cmark_node *doc = cmark_parse_document(p->markdown.p ? p->markdown.p : "", p->markdown.n,
                                           CMARK_OPT_SMART | CMARK_OPT_UNSAFE);
    for (cmark_node *n = cmark_node_first_child(doc); good && n; n = cmark_node_next(n))
        good = block(p, n, &s, out, err);
    cmark_node_free(doc);
    buf_printf(
        out,
        "<p class=\"made\">Typeset by Tracewright %s, commit %s, from the data of its experiments; "
        "no number in this paper was typed.</p>\n</main>\n</body>\n</html>\n",
        version_number, version_commit);
    return good;
}
