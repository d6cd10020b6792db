/* span_csv.c: spans as rows of CSV, whatever the columns are called.
 *
 *     --columns trace=TraceID,span=SpanID,parent=ParentID,service=Service,operation=Name,
 *               start=Start:ns,end=End:ns[,duration=Duration:us,kind=..,status=..,peer=..,pod=..]
 *
 * What it does not name is found by the names that tools give their columns, unless what it names
 * says the same: service and pod, end and duration. A unit that is not said is taken
 * from the name (UnixNano, _us, Millis), and failing that from the size of the number: what would
 * be centuries from now is finer. pod is a Kubernetes pod's name, of which the last two parts go,
 * as in Nezha's data, unless service is there. A parent that is empty, root, null, None or 0 is
 * none.
 *
 * Source: Nezha (IntelligentDDS/Nezha), trace CSVs.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "trace/csv_priv.h"
#include "trace/span_hold_priv.h"

enum { READ_BYTES = 1 << 18, LINE_MAX_BYTES = 1 << 20, SLACK = 64 };
enum column { C_TRACE, C_SPAN, C_PARENT, C_SERVICE, C_POD, C_OPERATION, C_START, C_END, C_DURATION,
              C_KIND, C_STATUS, C_PEER, COLUMNS };
enum unit { UNIT_GUESS, UNIT_NS, UNIT_US, UNIT_MS, UNIT_S };

static const char *const column_names[COLUMNS] = { "trace", "span",  "parent",   "service",
                                                   "pod",   "operation", "start", "end",
                                                   "duration", "kind", "status", "peer" };
#define START_NAMES " starttimeunixnano starttime start startus startms startns timestamp " \
                    "starttimemillis starttimemicros starttimems starttimeus starttimens "
#define END_NAMES " endtimeunixnano endtime end endus endms endns endtimemillis " \
                  "endtimemicros endtimems endtimeus endtimens "

/* What tools call them, lower-case and without _ . and -. */
static const char *const usual[COLUMNS] = {
    [C_TRACE] = " traceid trace ",
    [C_SPAN] = " spanid span id ",
    [C_PARENT] = " parentid parentspanid parentspan parent ",
    [C_SERVICE] = " service servicename serviceid cmdbid ",
    [C_POD] = " podname pod ",
    [C_OPERATION] = " operationname operation spanname name methodname ",
    [C_START] = START_NAMES,
    [C_END] = END_NAMES,
    [C_DURATION] = " duration durationus durationms durationns durationnano elapsed ",
    [C_KIND] = " kind spankind ",
    [C_STATUS] = " status statuscode otelstatuscode ",
    [C_PEER] = " peer peerservice ",
};

struct columns {
    size_t n;
    int at[COLUMNS];           /* -1: not there */
    enum unit unit[COLUMNS];
};

struct span_csv {
    struct span_import *x;
    struct input *in;
    struct columns c;
    struct csv csv;
    char *p;                   /* p[at..n) is read and not yet used, SLACK bytes follow */
    size_t at, n, cap;
    uint64_t line;
    bool ended;
    struct err broken;
};

static enum unit unit_of(struct str s)
{
    return str_is(s, "ns") ? UNIT_NS : str_is(s, "us") ? UNIT_US : str_is(s, "ms") ? UNIT_MS
         : str_is(s, "s") ? UNIT_S : UNIT_GUESS;
}

static bool has(struct str s, const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; i + n <= s.n; i++)
        if (strncasecmp(s.p + i, word, n) == 0)
            return true;
    return false;
}

/* A duration beside times in ns is in us in Nezha's files; so its name alone may say its unit. */
static enum unit unit_of_name(struct str s)
{
    return has(s, "nano") || str_ends(s, "_ns") ? UNIT_NS
         : has(s, "micro") || str_ends(s, "_us") ? UNIT_US
         : has(s, "milli") || str_ends(s, "_ms") ? UNIT_MS : UNIT_GUESS;
}

/* Is the header's name one of the usual ones of column c? */
static bool is_usual(struct str name, enum column c)
{
    char key[40] = " ";
    size_t n = 1;
    for (size_t i = 0; i < name.n && n < sizeof key - 2; i++) {
        char k = name.p[i];
        if (k != '_' && k != '-' && k != '.' && k != ' ')
            key[n++] = k >= 'A' && k <= 'Z' ? (char)(k - 'A' + 'a') : k;
    }
    key[n] = ' ';
    key[n + 1] = '\0';
    return strstr(usual[c], key) != NULL;
}

static int column_of(struct str key)
{
    for (int c = 0; c < COLUMNS; c++)
        if (str_is(key, column_names[c]))
            return c;
    return -1;
}

static int find(const struct csv *h, struct str name)
{
    for (size_t i = 0; i < h->n; i++)
        if (str_eq(str_trim(h->field[i]), name))
            return (int)i;
    return -1;
}

/* "start=Start:ns": the column's name may hold colons too, so only a known unit is one. */
static void split_unit(struct str *name, enum unit *unit)
{
    for (size_t i = name->n; i-- > 0;)
        if (name->p[i] == ':') {
            *unit = unit_of((struct str){ name->p + i + 1, name->n - i - 1 });
            if (*unit != UNIT_GUESS)
                name->n = i;
            return;
        }
}

bool span_csv_columns(const char *map, struct err *err)
{
    struct str rest = str_of(map ? map : ""), piece, key;
    while (str_next(&rest, ',', &piece)) {
        struct str name = piece;
        if (!str_next(&name, '=', &key) || column_of(key) < 0 || name.n == 0)
            return err_set(err, EXIT_USAGE,
                           "--columns: \"%.*s\" is not one of trace= span= parent= service= pod= "
                           "operation= start= end= duration= kind= status= peer=",
                           (int)piece.n, piece.p);
    }
    return true;
}

/* Find what the map left open by usual names, in columns that it did not take. */
static void guess(struct span_csv *r)
{
    struct columns *c = &r->c, given = *c;
    bool where = given.at[C_SERVICE] >= 0 || given.at[C_POD] >= 0,
         ends = given.at[C_END] >= 0 || given.at[C_DURATION] >= 0;
    for (size_t i = 0; i < r->csv.n; i++) {
        bool taken = false;
        for (int k = 0; k < COLUMNS; k++)
            taken |= given.at[k] == (int)i;
        for (int k = 0; k < COLUMNS && !taken; k++)
            if (c->at[k] < 0 && !(where && (k == C_SERVICE || k == C_POD)) &&
                !(ends && (k == C_END || k == C_DURATION)) &&
                is_usual(str_trim(r->csv.field[i]), (enum column)k))
                c->at[k] = (int)i;
    }
}

/* The columns by the map that was given, else by usual names; NULL, or which is missing. */
static const char *lay_out(struct span_csv *r, const char *map)
{
    struct columns *c = &r->c;
    c->n = r->csv.n;
    for (int k = 0; k < COLUMNS; k++) {
        c->at[k] = -1;
        c->unit[k] = UNIT_GUESS;
    }
    struct str rest = str_of(map ? map : ""), piece, key;
    while (str_next(&rest, ',', &piece)) {
        str_next(&piece, '=', &key);
        int k = column_of(key);
        split_unit(&piece, &c->unit[k]);
        c->at[k] = find(&r->csv, piece);
        if (c->at[k] < 0)
            return column_names[k];
    }
    guess(r);
    for (int k = 0; k < COLUMNS; k++)
        if (c->at[k] >= 0 && c->unit[k] == UNIT_GUESS)
            c->unit[k] = unit_of_name(str_trim(r->csv.field[c->at[k]]));
    if (c->at[C_DURATION] >= 0 && c->unit[C_DURATION] == UNIT_GUESS)
        c->unit[C_DURATION] = UNIT_US;
    return c->at[C_TRACE] < 0 ? "trace" : c->at[C_SPAN] < 0 ? "span"
         : c->at[C_PARENT] < 0 ? "parent"
         : c->at[C_SERVICE] < 0 && c->at[C_POD] < 0 ? "service"
         : c->at[C_START] < 0 ? "start" : NULL;
}

static struct str field(const struct span_csv *r, enum column c)
{
    return r->c.at[c] < 0 ? (struct str){ "", 0 } : r->csv.field[r->c.at[c]];
}

/* A number with up to 9 decimals, times scale (a power of ten), exactly. */
static bool scaled(struct str s, uint64_t scale, int64_t *ns)
{
    struct str rest = s, whole, part = { "", 0 };
    uint64_t v, f = 0;
    if (!str_next(&rest, '.', &whole) || !str_u64(whole, &v) ||
        v > (uint64_t)INT64_MAX / 2 / scale)
        return false;
    if (rest.n) {
        part = (struct str){ rest.p, rest.n < 9 ? rest.n : 9 };
        if (!str_u64(part, &f))
            return false;
    }
    uint64_t places = 1;
    for (size_t i = 0; i < part.n; i++)
        places *= 10;
    *ns = (int64_t)(v * scale + f * scale / places);
    return true;
}

static bool read_time(struct str s, enum unit unit, int64_t *ns)
{
    static const uint64_t scale[] = { [UNIT_NS] = 1, [UNIT_US] = 1000, [UNIT_MS] = 1000000,
                                      [UNIT_S] = 1000000000 };
    double v;
    *ns = SPAN_NO_TIME;
    if (s.n == 0)
        return true;
    if (!str_f64(s, &v) || !(v >= 0))
        return false;
    if (unit == UNIT_GUESS)
        unit = v >= 1e17 ? UNIT_NS : v >= 1e14 ? UNIT_US : v >= 1e11 ? UNIT_MS : UNIT_S;
    if (scaled(s, scale[unit], ns))
        return true;
    v *= (double)scale[unit];
    *ns = v < 4e18 ? (int64_t)v : SPAN_NO_TIME;
    return v < 4e18;
}

static struct str service_of_pod(struct str pod)
{
    size_t n = pod.n;
    for (int parts = 0; n > 0 && parts < 2;)
        parts += pod.p[--n] == '-';
    return n ? (struct str){ pod.p, n } : pod;
}

static bool is_none(struct str s)
{
    return s.n == 0 || str_is(s, "root") || str_is(s, "null") || str_is(s, "None") ||
           str_is(s, "nan") || str_is(s, "0") || str_is(s, "0000000000000000") || str_is(s, "-1");
}

static void read_status(struct span *s, struct str v)
{
    if (has(v, "error") || str_is(v, "2"))
        s->status = STATUS_ERROR;
    else if (has(v, "ok") || str_is(v, "1"))
        s->status = STATUS_OK;
}

/* SPAN_KIND_SERVER, Server, server. */
static void read_kind(struct span *s, struct str v)
{
    if (v.n > 10 && strncasecmp(v.p, "SPAN_KIND_", 10) == 0)
        v = (struct str){ v.p + 10, v.n - 10 };
    span_tag(s, STR("span.kind"), v);
}

static bool take_record(struct span_csv *r, struct err *err)
{
    char room[2][32];
    struct span s = span_new();
    s.line = r->line;
    s.trace = field(r, C_TRACE);
    if (r->csv.n != r->c.n) {
        span_drop(r->x, CAUSE_FIELDS, STR(""), r->line, r->csv.field[0]);
        return true;
    }
    s.id = span_id_text(r->x, field(r, C_SPAN), room[0], r->line);
    s.parent = is_none(field(r, C_PARENT))
                   ? STR("") : span_id_text(r->x, field(r, C_PARENT), room[1], r->line);
    s.service = r->c.at[C_SERVICE] >= 0 ? field(r, C_SERVICE) : service_of_pod(field(r, C_POD));
    s.operation = field(r, C_OPERATION);
    s.peer = field(r, C_PEER);
    read_kind(&s, field(r, C_KIND));
    read_status(&s, field(r, C_STATUS));
    enum import_cause bad = IMPORT_CAUSES;
    int64_t duration = SPAN_NO_TIME;
    if (!read_time(field(r, C_START), r->c.unit[C_START], &s.start_ns))
        bad = CAUSE_TIMESTAMP;
    else if (!read_time(field(r, C_END), r->c.unit[C_END], &s.end_ns) ||
             (s.end_ns == SPAN_NO_TIME &&
              !read_time(field(r, C_DURATION), r->c.unit[C_DURATION], &duration)))
        bad = CAUSE_RT;
    if (bad != IMPORT_CAUSES) {
        span_drop(r->x, bad, s.trace, r->line, field(r, bad == CAUSE_RT ? C_END : C_START));
        return true;
    }
    if (s.end_ns == SPAN_NO_TIME && duration != SPAN_NO_TIME && s.start_ns != SPAN_NO_TIME)
        s.end_ns = s.start_ns + duration;
    return span_take(r->x, &s, err);
}

/* More text behind p[at..n). */
static void fill(struct span_csv *r)
{
    size_t got = 0;
    MEM_RESERVE(r->p, r->n + READ_BYTES + SLACK, r->cap);
    memmove(r->p, r->p + r->at, r->n - r->at);
    r->n -= r->at;
    r->at = 0;
    if (!input_read(r->in, r->p + r->n, READ_BYTES, &got, &r->broken) || got == 0)
        r->ended = true;
    r->n += got;
    span_import_report(r->x)->bytes += got;
    memset(r->p + r->n, 0, SLACK);
    span_progress(r->x);
}

static const char *line_end(const struct span_csv *r)
{
    return memchr(r->p + r->at, '\n', r->n - r->at);
}

/* The next record into r->csv; false at the end. What is too long, or quoted to the end of the
 * text, is dropped with its line. */
static bool next_record(struct span_csv *r)
{
    for (;;) {
        const char *next, *from = r->p + r->at;
        enum csv_end e = CSV_MORE;
        if (r->at < r->n)
            e = csv_record(&r->csv, from, r->p + r->n, r->ended, false, &next);
        if (e == CSV_RECORD) {
            r->at = (size_t)(next - r->p);
            return true;
        }
        bool last = r->ended || r->n - r->at > LINE_MAX_BYTES;
        if (r->at == r->n && r->ended)
            return false;
        if (!last) {
            fill(r);
            continue;
        }
        const char *lf = line_end(r);
        span_drop(r->x, e == CSV_OPEN ? CAUSE_QUOTE : CAUSE_LONG, STR(""), r->line,
                  (struct str){ from, 40 < r->n - r->at ? 40 : r->n - r->at });
        while (!lf && !r->ended) {
            r->at = r->n;
            fill(r);
            lf = line_end(r);
        }
        r->at = lf ? (size_t)(lf - r->p) + 1 : r->n;
        r->line++;
    }
}

static bool read_rows(struct span_csv *r, struct err *err)
{
    bool good = true;
    for (size_t from; good; r->line += from) {
        if (!next_record(r))
            break;
        from = 1;   /* line ends within quotes count too */
        for (size_t k = 0; k < r->csv.n; k++)
            for (size_t i = 0; r->csv.quoted[k] && i < r->csv.field[k].n; i++)
                from += r->csv.field[k].p[i] == '\n';
        if (r->csv.n == 1 && r->csv.field[0].n == 0)
            continue;
        good = take_record(r, err);
    }
    return good;
}

static bool read(struct span_import *x, struct input *in, struct err *err)
{
    struct span_csv r = { .x = x, .in = in, .line = 1 };
    bool good = true;
    fill(&r);
    if (r.n >= 3 && memcmp(r.p, "\xEF\xBB\xBF", 3) == 0)
        r.at = 3;
    if (r.n == 0 && !r.broken.status)
        span_broken(x, CAUSE_EMPTY, 1, "no bytes");
    else if (r.n) {
        const char *missing = "line end", *next;
        if (csv_record(&r.csv, r.p + r.at, r.p + r.n, r.ended, false, &next) == CSV_RECORD)
            missing = lay_out(&r, span_import_options(x)->columns);
        if (missing) {
            struct buf why = { 0 };
            buf_printf(&why, "no column %s in: %.*s", missing, r.n < 100 ? (int)r.n : 100, r.p);
            span_broken(x, CAUSE_COLUMNS, 1, why.p);
            buf_free(&why);
        } else {
            r.at = (size_t)(next - r.p);
            r.line = 2;
            good = read_rows(&r, err);
        }
    }
    if (r.broken.status)
        span_broken(x, CAUSE_BROKEN, r.line, r.broken.msg);
    csv_free(&r.csv);
    free(r.p);
    return good;
}

static const struct span_format spans = { "spans", read };

bool import_spans_stream(char *const *paths, size_t n, const struct import_options *o,
                         callgraph_sink sink, void *ctx, struct import_report *rep, struct err *err)
{
    struct err ours;
    *rep = (struct import_report){ 0 };
    if (!span_csv_columns(o ? o->columns : NULL, err ? err : &ours))
        return false;
    return span_import_run(&spans, paths, n, o, sink, ctx, rep, err);
}
