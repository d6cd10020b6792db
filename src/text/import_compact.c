/* import_compact.c: a graph a line. Lines of finer ticks are rounded down to ms, as everywhere. */
#include <stdlib.h>

#include "text/compact.h"
#include "text/import_text.h"
#include "text/render_priv.h"
#include "text/stream_priv.h"

static bool take_line(void *reader, struct str line, struct err *err)
{
    struct text_stream *s = reader;
    if (str_trim(line).n == 0)
        return true;
    struct graphset *one = graphset_new();
    struct err why = { 0 };
    bool good = true;
    if (compact_parse(line, one, &why)) {
        struct callgraph copy;
        const struct callgraph *g = render_in_ms(&one->graphs[0], one->tick_us, &copy);
        good = stream_deliver(s, g, one->names, 1, s->line, err);
        free(copy.calls);
    } else
        stream_drop(s, CAUSE_SYNTAX, 1, s->line, why.msg);
    graphset_free(one);
    return good;
}

static bool end_file(void *reader, struct err *err)
{
    (void)reader;
    (void)err;
    return true;
}

bool text_import_compact(char *const *paths, size_t n, const struct import_options *o,
                         callgraph_sink sink, void *ctx, struct import_report *rep, struct err *err)
{
    struct text_stream s = { .take_line = take_line, .end = end_file };
    s.reader = &s;
    return stream_run(&s, paths, n, o, sink, ctx, rep, err);
}
