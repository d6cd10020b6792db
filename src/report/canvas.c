/* canvas.c: see the header.
 *
 * cairo 1.16 writes a PDF whose only variable is its date, a PNG without text chunks (they are
 * inserted here: length, type, data, CRC-32) and an SVG whose ids are numbered by counters of the
 * process: surface17 in one run is surface23 in another that drew more before. So the ids
 * are renumbered in order of appearance.
 */
#include "report/canvas.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

static const double dots_per_point = 200.0 / 72;

static cairo_status_t take(void *ctx, const unsigned char *p, unsigned n)
{
    buf_add(ctx, p, n);
    return CAIRO_STATUS_SUCCESS;
}

time_t canvas_time(void)
{
    const char *e = getenv("SOURCE_DATE_EPOCH");
    uint64_t s;
    return e && str_u64(str_of(e), &s) && s <= 253402300799u ? (time_t)s
                                                             : 315532800; /* 1980-01-01 */
}

void canvas_date(char out[32])
{
    time_t t = canvas_time();
    struct tm tm;
    gmtime_r(&t, &tm);
    strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

void canvas_label_pdf(cairo_surface_t *pdf, const struct canvas_info *info)
{
    char date[32];
    canvas_date(date);
    cairo_pdf_surface_set_metadata(pdf, CAIRO_PDF_METADATA_CREATE_DATE, date);
    cairo_pdf_surface_set_metadata(pdf, CAIRO_PDF_METADATA_CREATOR, "Tracewright");
    cairo_pdf_surface_set_metadata(pdf, CAIRO_PDF_METADATA_TITLE, info->title ? info->title : "");
    cairo_pdf_surface_set_metadata(pdf, CAIRO_PDF_METADATA_SUBJECT,
                                   info->subject ? info->subject : "");
    cairo_pdf_surface_set_metadata(pdf, CAIRO_PDF_METADATA_KEYWORDS,
                                   info->provenance ? info->provenance : "");
}

/* Draw and close; false if cairo failed. */
static bool finish(cairo_surface_t *s, canvas_fn draw, void *ctx, double scale, struct err *err)
{
    cairo_t *cr = cairo_create(s);
    cairo_scale(cr, scale, scale);
    draw(cr, ctx);
    cairo_show_page(cr);
    cairo_status_t st = cairo_status(cr);
    cairo_destroy(cr);
    if (cairo_surface_get_type(s) != CAIRO_SURFACE_TYPE_IMAGE)
        cairo_surface_finish(s);
    if (st == CAIRO_STATUS_SUCCESS)
        st = cairo_surface_status(s);
    return st == CAIRO_STATUS_SUCCESS ||
           err_set(err, EXIT_INTERNAL, "cairo: %s", cairo_status_to_string(st));
}

bool canvas_pdf(struct buf *out, const struct canvas_info *info, canvas_fn draw, void *ctx,
                struct err *err)
{
    cairo_surface_t *s = cairo_pdf_surface_create_for_stream(take, out, info->width, info->height);
    canvas_label_pdf(s, info);
    bool good = finish(s, draw, ctx, 1, err);
    cairo_surface_destroy(s);
    return good;
}

static uint32_t crc32_of(const unsigned char *p, size_t n)
{
    uint32_t c = 0xFFFFFFFFu;
    for (size_t i = 0; i < n; i++) {
        c ^= p[i];
        for (int k = 0; k < 8; k++)
            c = c & 1 ? 0xEDB88320u ^ (c >> 1) : c >> 1;
    }
    return c ^ 0xFFFFFFFFu;
}

static void big_endian(struct buf *b, uint32_t x)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        buf_char(b, (char)(x >> shift & 255));
}

/* An iTXt chunk (UTF-8): keyword NUL, not compressed, no language, no translated keyword, text. */
static void text_chunk(struct buf *out, const char *keyword, const char *text)
{
    if (!text || !*text)
        return;
    struct buf c = { 0 };
    buf_add(&c, "iTXt", 4);
    buf_add(&c, keyword, strlen(keyword) + 1);
    buf_add(&c, "\0\0\0\0", 4);
    buf_str(&c, text);
    big_endian(out, (uint32_t)c.n - 4);
    buf_add(out, c.p, c.n);
    big_endian(out, crc32_of((unsigned char *)c.p, c.n));
    buf_free(&c);
}

/* A pHYs chunk: 200 dots an inch are 7874 a metre. */
static void size_chunk(struct buf *out)
{
    static const unsigned char phys[] = {
        'p', 'H', 'Y', 's', 0, 0, 0x1E, 0xC2, 0, 0, 0x1E, 0xC2, 1
    };
    big_endian(out, sizeof phys - 4);
    buf_add(out, phys, sizeof phys);
    big_endian(out, crc32_of(phys, sizeof phys));
}

enum { PNG_HEAD = 8 + 25 };   /* signature and IHDR, after which other chunks may stand */

bool canvas_png(struct buf *out, const struct canvas_info *info, canvas_fn draw, void *ctx,
                struct err *err)
{
    int w = (int)(info->width * dots_per_point + 0.5),
        h = (int)(info->height * dots_per_point + 0.5);
    cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_RGB24, w, h);
    cairo_t *cr = cairo_create(s);
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_paint(cr);
    cairo_destroy(cr);
    struct buf png = { 0 };
    bool good = finish(s, draw, ctx, dots_per_point, err);
    if (good && cairo_surface_write_to_png_stream(s, take, &png) != CAIRO_STATUS_SUCCESS)
        good = err_set(err, EXIT_INTERNAL, "cairo cannot write a PNG of %d x %d", w, h);
    cairo_surface_destroy(s);
    if (good) {
        buf_add(out, png.p, PNG_HEAD);
        size_chunk(out);
        text_chunk(out, "Title", info->title);
        text_chunk(out, "Description", info->subject);
        text_chunk(out, "Comment", info->provenance);
        text_chunk(out, "Software", "Tracewright");
        buf_add(out, png.p + PNG_HEAD, png.n - PNG_HEAD);
    }
    buf_free(&png);
    return good;
}

struct renamed { char from[48]; size_t to; };

/* The number of an id in order of first appearance. */
static size_t number_of(struct renamed **seen, size_t *n, size_t *cap, struct str id)
{
    for (size_t i = 0; i < *n; i++)
        if (str_is(id, (*seen)[i].from))
            return i;
    MEM_GROW(*seen, *n, *cap);
    size_t len = id.n < sizeof (*seen)->from - 1 ? id.n : sizeof (*seen)->from - 1;
    memcpy((*seen)[*n].from, id.p, len);
    (*seen)[*n].from[len] = '\0';
    return (*n)++;
}

/* Copy svg to out, with every id and reference to one renumbered and prefixed. */
static void renumber(struct buf *out, struct str svg, const char *prefix)
{
    static const char *const before[] = { "id=\"", "href=\"#", "url(#" };
    struct renamed *seen = NULL;
    size_t n = 0, cap = 0, i = 0;
    while (i < svg.n) {
        struct str rest = { svg.p + i, svg.n - i };
        size_t k = 0;
        while (k < 3 && !str_starts(rest, before[k]))
            k++;
        if (k == 3) {
            buf_char(out, svg.p[i++]);
            continue;
        }
        buf_str(out, before[k]);
        i += strlen(before[k]);
        size_t end = i;
        while (end < svg.n && svg.p[end] != '"' && svg.p[end] != ')')
            end++;
        buf_printf(out, "%s%zu", prefix,
                   number_of(&seen, &n, &cap, (struct str){ svg.p + i, end - i }));
        i = end;
    }
    free(seen);
}

bool canvas_svg(struct buf *out, const struct canvas_info *info, const char *id, canvas_fn draw,
                void *ctx, struct err *err)
{
    struct buf raw = { 0 };
    cairo_surface_t *s = cairo_svg_surface_create_for_stream(take, &raw, info->width, info->height);
    bool good = finish(s, draw, ctx, 1, err);
    cairo_surface_destroy(s);
    const char *tag = good ? strstr(raw.p, "<svg") : NULL, *end = tag ? strchr(tag, '>') : NULL;
    if (good && !end)
        good = err_set(err, EXIT_INTERNAL, "cairo wrote an SVG without <svg>");
    if (good) {
        buf_printf(out,
                   "<svg xmlns=\"http://www.w3.org/2000/svg\" "
                   "xmlns:xlink=\"http://www.w3.org/1999/xlink\" "
                   "width=\"%.6gpt\" height=\"%.6gpt\" viewBox=\"0 0 %.6g %.6g\" version=\"1.1\" "
                   "role=\"img\">\n<title>",
                   info->width, info->height, info->width, info->height);
        buf_xml(out, info->title ? info->title : "");
        buf_str(out, "</title>\n<desc>");
        buf_xml(out, info->provenance ? info->provenance : "");
        buf_str(out, "</desc>");
        renumber(out, (struct str){ end + 1, raw.n - (size_t)(end + 1 - raw.p) }, id);
    }
    buf_free(&raw);
    return good;
}

static bool write_one(const char *outbase, const char *ext, const struct buf *b, struct err *err)
{
    struct buf path = { 0 };
    buf_printf(&path, "%s.%s", outbase, ext);
    bool good = file_write(path.p, b->p, b->n, err);
    buf_free(&path);
    return good;
}

bool canvas_write(const char *outbase, const struct canvas_info *info, canvas_fn draw, void *ctx,
                  struct err *err)
{
    struct buf pdf = { 0 }, png = { 0 }, svg = { 0 };
    bool good = canvas_pdf(&pdf, info, draw, ctx, err) && canvas_png(&png, info, draw, ctx, err) &&
                canvas_svg(&svg, info, "g", draw, ctx, err) &&
                write_one(outbase, "pdf", &pdf, err) && write_one(outbase, "png", &png, err) &&
                write_one(outbase, "svg", &svg, err);
    buf_free(&pdf);
    buf_free(&png);
    buf_free(&svg);
    return good;
}

cairo_t *canvas_scratch(void)
{
    cairo_surface_t *s = cairo_recording_surface_create(CAIRO_CONTENT_COLOR_ALPHA, NULL);
    cairo_t *cr = cairo_create(s);
    cairo_surface_destroy(s);
    return cr;
}

void canvas_done(cairo_t *cr)
{
    cairo_destroy(cr);
}
