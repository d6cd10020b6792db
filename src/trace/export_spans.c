/* export_spans.c: see the header. */
#include "trace/export_spans_priv.h"

const char *const export_kind_names[CALL_KINDS] = { "internal", "server", "client", "producer",
                                                    "consumer" };

struct span *export_spans(const struct export_graph *x, size_t *n)
{
    struct span *s = ARENA_ARRAY(x->a, 2 * x->g->n, struct span);
    *n = spans_of_graph(x->g, x->names, x->tick_us, x->a, s);
    for (size_t i = 0; i < *n; i++) {
        s[i].start_ns += x->shift_ns;
        s[i].end_ns += x->shift_ns;
        if (x->trace_id) {
            s[i].trace = str_of(x->trace_id);
            s[i].origin_trace = STR("");
        }
    }
    if (x->spans)
        *x->spans += *n;
    return s;
}

/* Services of a trace are few: a list of the first span of each is searched from the front. */
const size_t *export_by_service(const struct export_graph *x, const struct span *s, size_t n)
{
    size_t *first = ARENA_ARRAY(x->a, n, size_t), *next = ARENA_ARRAY(x->a, n, size_t);
    size_t *last = ARENA_ARRAY(x->a, n, size_t), *order = ARENA_ARRAY(x->a, n, size_t);
    size_t services = 0, k = 0;
    for (size_t i = 0; i < n; i++) {
        size_t v = 0;
        while (v < services && !str_eq(s[first[v]].service, s[i].service))
            v++;
        if (v == services)
            first[services++] = i;
        else
            next[last[v]] = i;
        next[i] = n;
        last[v] = i;
    }
    for (size_t v = 0; v < services; v++)
        for (size_t i = first[v]; i < n; i = next[i])
            order[k++] = i;
    return order;
}

/* Most strings need no escape: what needs none is copied at once. */
void export_json_str(struct buf *b, struct str s)
{
    static const char hex[] = "0123456789abcdef";
    size_t from = 0;
    buf_char(b, '"');
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7F)
            continue;
        buf_add(b, s.p + from, i - from);
        from = i + 1;
        buf_str(b, c == '"' || c == '\\' ? "\\" : "\\u00");
        if (c == '"' || c == '\\')
            buf_char(b, (char)c);
        else {
            buf_char(b, hex[c >> 4]);
            buf_char(b, hex[c & 15]);
        }
    }
    buf_add(b, s.p + from, s.n - from);
    buf_char(b, '"');
}

void export_json_member(struct buf *b, const char *key, struct str value)
{
    buf_str(b, ",\"");
    buf_str(b, key);
    buf_str(b, "\":");
    export_json_str(b, value);
}
