/* recognise.c: a few words that no other source has. */
#define _GNU_SOURCE   /* memmem: find bytes in bytes */
#include "trace/recognise.h"

#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "trace/input.h"

enum { LOOK = 1 << 16 };

/* The first bytes of the stream that `in` is at. */
static struct str head_of(struct input *in, char *room)
{
    struct err err = { 0 };
    size_t n = 0, got = 1;
    while (n < LOOK && got > 0 && input_read(in, room + n, LOOK - n, &got, &err))
        n += got;
    struct str s = { room, n };
    if (str_starts(s, "\xEF\xBB\xBF"))
        s = (struct str){ s.p + 3, s.n - 3 };
    return s;
}

static bool has(struct str s, const char *word)
{
    return memmem(s.p, s.n, word, strlen(word)) != NULL;
}

static const char *tracellm(struct str s)
{
    if (str_starts(s, "### Question:"))
        return has(s, "Requirements:") ? "tracellm-instruction" : NULL;
    if (!str_starts(s, "[GENERATE GRAPH]"))
        return NULL;
    struct str rest = s, line;
    str_next(&rest, '\n', &line);
    str_next(&rest, '\n', &line);
    line = str_trim(line);
    return str_is(line, "<edges>") ? "tracellm-tabular"
         : str_is(line, "<layer>") ? "tracellm-recursive" : NULL;
}

/* "key" as a member, whatever blanks follow. */
static const char *json(struct str s)
{
    if (has(s, "\"resourceSpans\""))
        return "otlp";
    if (has(s, "\"spanID\"") && (has(s, "\"operationName\"") || has(s, "\"processes\"")))
        return "jaeger";
    if (has(s, "\"traceId\"") && has(s, "\"id\""))
        return "zipkin";
    return has(s, "\"nodes\"") && has(s, "\"edges\"") && has(s, "\"num\"") &&
           has(s, "\"rpctype\"") ? "dgg" : NULL;
}

/* The tag of resource_spans, or a length of less than 160 MB and that tag behind it; then a length
 * and the tag of a resource or of spans. */
static bool is_otlp_proto(struct str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    size_t at = s.n > 5 && p[0] < 0x0A && p[4] == 0x0A ? 5 : s.n > 2 && p[0] == 0x0A ? 1 : 0;
    if (at == 0)
        return false;
    while (at < s.n && at < 12 && p[at] & 128)
        at++;
    return at + 1 < s.n && (p[at + 1] == 0x0A || p[at + 1] == 0x12);
}

static bool any_of(struct str s, const char *a, const char *b, const char *c)
{
    return has(s, a) || has(s, b) || has(s, c);
}

static const char *csv(struct str line)
{
    if (has(line, "traceid") && has(line, "rpc") && has(line, "um") && has(line, "dm") &&
        has(line, "rt"))
        return has(line, "service") ? "alibaba-2022" : "alibaba-2021";
    return any_of(line, "TraceID", "traceId", "trace_id") &&
           any_of(line, "SpanID", "spanId", "span_id") &&
           any_of(line, "Parent", "parent", "PARENT") ? "spans" : NULL;
}

static const char *kind_of(struct str s)
{
    struct str rest = s, line = { "", 0 };
    if (is_otlp_proto(s))
        return "otlp-proto";
    s = rest = str_trim(s);
    if (tracellm(s))
        return tracellm(s);
    str_next(&rest, '\n', &line);
    return str_starts(s, "{") || str_starts(s, "[") ? json(s) : csv(line);
}

/* What is read once must not be opened to look. */
static bool can_be_read_twice(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode));
}

const char *recognise(const char *path)
{
    if (!can_be_read_twice(path))
        return NULL;
    char room[LOOK];
    struct err err = { 0 };
    char *paths[] = { (char *)(uintptr_t)path };
    struct input *in = input_open(paths, 1, &err);
    const char *kind = NULL;
    while (in && !kind && input_next(in, &err))
        kind = kind_of(head_of(in, room));
    if (in)
        input_close(in);
    return kind;
}
