/* load_json.c: JSON of one shape, byte by byte. A unit's two lists grow in arrays that the next
 * unit uses again; a host name is looked up once a call and stored once. What other members hold
 * is passed over, nested at most DEEPEST deep. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "load/load_priv.h"

enum { DEEPEST = 64 };

static int skip_blanks(struct load_reader *r)
{
    for (;;) {
        int c = load_peek(r);
        if (c != ' ' && c != '\n' && c != '\r' && c != '\t')
            return c;
        load_take(r);
    }
}

static bool expect(struct load_reader *r, char want, const char *where)
{
    int c = skip_blanks(r);
    if (c == want) {
        load_take(r);
        return true;
    }
    if (c < 0)
        return load_refuse(r, "the file ends %s", where);
    return load_refuse(r, "byte 0x%02X %s, where %c belongs", (unsigned)c, where, want);
}

static bool four_digits(struct load_reader *r, unsigned *out)
{
    *out = 0;
    for (int i = 0; i < 4; i++) {
        int c = load_take(r);
        int v = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
        if (v < 0)
            return load_refuse(r, "\\u wants four hexadecimal digits");
        *out = *out << 4 | (unsigned)v;
    }
    return true;
}

static bool read_unicode(struct load_reader *r)
{
    unsigned c, low;
    if (!four_digits(r, &c))
        return false;
    if (c >= 0xD800 && c < 0xDC00) {
        if (load_take(r) != '\\' || load_take(r) != 'u' || !four_digits(r, &low) ||
            low < 0xDC00 || low > 0xDFFF)
            return load_refuse(r, "half of a surrogate pair");
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
    } else if (c >= 0xDC00 && c <= 0xDFFF) {
        return load_refuse(r, "half of a surrogate pair");
    }
    if (!c)
        return load_refuse(r, "a NUL in a string");
    buf_utf8(&r->word, c);
    return true;
}

static bool read_escape(struct load_reader *r)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    int c = load_take(r);
    if (c == 'u')
        return read_unicode(r);
    const char *at = c > 0 ? strchr(from, c) : NULL;
    if (!at)
        return load_refuse(r, "a backslash before what it cannot escape");
    buf_char(&r->word, to[at - from]);
    return true;
}

/* The string whose opening quote comes next, into r->word. */
static bool read_string(struct load_reader *r, const char *where)
{
    if (!expect(r, '"', where))
        return false;
    buf_clear(&r->word);
    for (;;) {
        /* the whole run of plain bytes that the block holds */
        size_t i = r->at;
        while (i < r->have && r->block[i] != '"' && r->block[i] != '\\' && r->block[i] >= ' ')
            i++;
        buf_add(&r->word, r->block + r->at, i - r->at);
        r->at = i;
        if (r->word.n > LOAD_MOST_NAME)
            return load_refuse(r, "a string of more than %d bytes", LOAD_MOST_NAME);
        int c = load_peek(r);
        if (c < 0)
            return load_refuse(r, "the file ends within a string");
        if (c >= ' ' && c != '"' && c != '\\')
            continue;
        load_take(r);
        if (c == '"')
            break;
        if (c != '\\')
            return load_refuse(r, "byte 0x%02X within a string", (unsigned)c);
        if (!read_escape(r))
            return false;
    }
    return str_utf8(buf_view(&r->word)) || load_refuse(r, "a string that is not UTF-8");
}

static bool read_time(struct load_reader *r)
{
    int c = skip_blanks(r);
    uint64_t x = 0;
    if (c < '0' || c > '9')
        return load_refuse(r, "timestamp %zu is no whole number of at least 0", r->n_at);
    bool zero = c == '0';
    for (size_t digits = 0; c >= '0' && c <= '9'; c = load_peek(r), digits++) {
        if (zero && digits)
            return load_refuse(r, "timestamp %zu begins with 0", r->n_at);
        x = x * 10 + (uint64_t)(c - '0');
        if (x > LOAD_MOST_US)
            return load_refuse(r, "timestamp %zu is above 1e15 us", r->n_at);
        load_take(r);
    }
    if (c == '.' || c == 'e' || c == 'E')
        return load_refuse(r, "timestamp %zu is no whole number", r->n_at);
    if (r->n_at && x < r->at_us[r->n_at - 1])
        return load_refuse(r, "timestamp %zu, %llu, comes after %llu", r->n_at,
                           (unsigned long long)x, (unsigned long long)r->at_us[r->n_at - 1]);
    MEM_GROW(r->at_us, r->n_at, r->at_cap);
    r->at_us[r->n_at++] = x;
    return true;
}

static bool read_endpoint(struct load_reader *r)
{
    if (!read_string(r, "in the list of endpoints"))
        return false;
    if (r->word.n == 0)
        return load_refuse(r, "endpoint %zu is empty", r->n_endpoint);
    MEM_GROW(r->endpoint, r->n_endpoint, r->endpoint_cap);
    r->endpoint[r->n_endpoint++] = names_id(r->endpoints, buf_view(&r->word));
    return true;
}

/* After a value: true and *more when a comma follows, true when `close` does. */
static bool read_comma(struct load_reader *r, char close, bool *more)
{
    int c = skip_blanks(r);
    *more = c == ',';
    if (c == ',' || c == close) {
        load_take(r);
        return true;
    }
    if (c < 0)
        return load_refuse(r, "the file ends where , or %c belongs", close);
    return load_refuse(r, "byte 0x%02X where , or %c belongs", (unsigned)c, close);
}

static bool read_list(struct load_reader *r, bool (*one)(struct load_reader *), const char *where)
{
    if (!expect(r, '[', where))
        return false;
    bool more = skip_blanks(r) != ']';
    if (!more)
        load_take(r);
    while (more)
        if (!one(r) || !read_comma(r, ']', &more))
            return false;
    return true;
}

/* Letters of numbers and of true, false, null; what they spell nobody will know. */
static bool skip_word(struct load_reader *r)
{
    int n = 0;
    for (int c = load_peek(r); (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-' ||
                               c == '+' || c == '.' || c == 'E';
         c = load_peek(r), n++)
        load_take(r);
    return n > 0 || load_refuse(r, "a value that is none");
}

/* Pass over a value: brackets are counted, strings skipped whole. */
static bool skip_value(struct load_reader *r)
{
    char open[DEEPEST];
    size_t depth = 0;
    do {
        int c = skip_blanks(r);
        if (c == '[' || c == '{') {
            if (depth == DEEPEST)
                return load_refuse(r, "a member nested deeper than %d", DEEPEST);
            open[depth++] = (char)c;
            load_take(r);
        } else if (depth && c == (open[depth - 1] == '[' ? ']' : '}')) {
            depth--;
            load_take(r);
        } else if (depth && (c == ',' || c == ':')) {
            load_take(r);
        } else if (c == '"' ? !read_string(r, "in a member") : !skip_word(r)) {
            return false;
        }
    } while (depth);
    return true;
}

static bool read_member(struct load_reader *r, bool seen[2])
{
    if (!read_string(r, "where a member's name belongs"))
        return false;
    bool time = str_is(buf_view(&r->word), "timestamp");
    bool end = str_is(buf_view(&r->word), "endpoint");
    if (!expect(r, ':', "after a member's name"))
        return false;
    if (!time && !end)
        return skip_value(r);
    if (seen[end])
        return load_refuse(r, "\"%s\" stands twice", end ? "endpoint" : "timestamp");
    seen[end] = true;
    return time ? read_list(r, read_time, "after \"timestamp\":")
                : read_list(r, read_endpoint, "after \"endpoint\":");
}

static bool read_unit(struct load_reader *r)
{
    bool seen[2] = { false, false };
    if (!expect(r, '{', "where a unit begins"))
        return false;
    bool more = skip_blanks(r) != '}';
    if (!more)
        load_take(r);
    while (more)
        if (!read_member(r, seen) || !read_comma(r, '}', &more))
            return false;
    if (!seen[0] || !seen[1])
        return load_refuse(r, "has no \"%s\"", seen[0] ? "endpoint" : "timestamp");
    return r->n_at == r->n_endpoint ||
           load_refuse(r, "has %zu timestamps and %zu endpoints", r->n_at, r->n_endpoint);
}

static bool at_end(struct load_reader *r)
{
    r->ended = true;
    return skip_blanks(r) < 0 ? false : load_refuse(r, "more follows the end of the list");
}

bool load_json_next(struct load_reader *r)
{
    bool more = true;
    if (!r->begun) {
        r->begun = true;
        if (!expect(r, '[', "at the beginning"))
            return false;
        if (skip_blanks(r) == ']') {
            load_take(r);
            return at_end(r);
        }
    } else if (!read_comma(r, ']', &more)) {
        return false;
    }
    return more ? read_unit(r) : at_end(r);
}
