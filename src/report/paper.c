/* paper.c: both renderings of one source. See paper.h. */
#include "report/paper.h"

#include "base/file.h"
#include "report/paper_priv.h"

static bool put(const char *outbase, const char *ext, const struct buf *b, struct err *err)
{
    struct buf path = { 0 };
    buf_printf(&path, "%s.%s", outbase, ext);
    bool good = file_write(path.p, b->p, b->n, err);
    buf_free(&path);
    return good;
}

bool paper_make(const char *source, const struct paper_options *o, const char *outbase,
                struct err *err)
{
    struct paper p;
    struct buf pdf = { 0 }, html = { 0 };
    bool good = paper_read(&p, source, o, err) && paper_pdf(&p, &pdf, err) &&
                paper_html(&p, &html, err) && put(outbase, "pdf", &pdf, err) &&
                put(outbase, "html", &html, err);
    buf_free(&pdf);
    buf_free(&html);
    paper_free(&p);
    return good;
}
