/* link_http1.c: HTTP/1.1, one call at a time on a connection.
 *
 *     HEAD -> (LENGTH | CHUNK_SIZE -> CHUNK -> CHUNK_END ... -> TRAILER | UNTIL_CLOSE) -> IDLE
 *
 * Lines are at most 8 KB, and a head at most 64 KB. Answers of 1xx are read over; HEAD, 204 and 304
 * have no body. No pipelining: an answer would wait for its elders.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "load/client_priv.h"
#include "load/moment.h"

enum { LONGEST_LINE = 8192, LONGEST_HEAD = 65536 };
enum state {
    IDLE, STATUS_LINE, HEADER, LENGTH, CHUNK_SIZE, CHUNK, CHUNK_END, TRAILER, UNTIL_CLOSE
};

struct http1 {
    enum state state;
    struct flight *f;
    struct buf line;           /* of which the end has not come yet */
    size_t head;               /* bytes of it so far */
    uint64_t left;             /* of the body or chunk */
    bool chunked, keep, has_length;
};

static void *http1_open(struct link *l)
{
    (void)l;
    return mem_alloc(sizeof(struct http1));
}

static void http1_close(struct link *l)
{
    struct http1 *h = l->session;
    buf_free(&h->line);
    free(h);
    l->session = NULL;
}

static size_t http1_room(const struct link *l)
{
    const struct http1 *h = l->session;
    return !h->f && h->state == IDLE;
}

static bool http1_submit(struct link *l, struct flight *f)
{
    struct http1 *h = l->session;
    const struct request_form *form = &l->client->o.form;
    buf_printf(&l->out, "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: tracewright\r\n", form->method,
               f->path.p, client_endpoint_name(l->client, f->call.endpoint));
    if (f->body.n && form->content_type)
        buf_printf(&l->out, "Content-Type: %s\r\n", form->content_type);
    if (f->body.n || strcmp(form->method, "GET") != 0)
        buf_printf(&l->out, "Content-Length: %zu\r\n", f->body.n);
    if (f->call.span)
        buf_printf(&l->out, "traceparent: 00-%016llx%016llx-%016llx-01\r\n",
                   (unsigned long long)f->call.trace[0], (unsigned long long)f->call.trace[1],
                   (unsigned long long)f->call.span);
    buf_str(&l->out, "\r\n");
    buf_add(&l->out, f->body.p, f->body.n);
    *h = (struct http1){ .state = STATUS_LINE, .f = f, .line = h->line, .keep = true };
    buf_clear(&h->line);
    f->link = l;
    link_note_unsent(l, f);
    return true;
}

/* The answer that is still to come has no owner: nothing but the connection's end helps. */
static void http1_cancel(struct link *l, struct flight *f)
{
    struct http1 *h = l->session;
    (void)f;
    h->f = NULL;
    h->keep = false;
    l->state = LINK_DRAINING;
}

static bool answered(struct link *l, struct http1 *h)
{
    struct flight *f = h->f;
    h->f = NULL;
    h->state = IDLE;
    if (!h->keep && l->state == LINK_UP)
        l->state = LINK_DRAINING;
    if (f)
        flight_answered(f, false);
    return true;
}

static bool malformed(struct http1 *h)
{
    struct flight *f = h->f;
    h->f = NULL;
    if (f)
        flight_end(f, END_MALFORMED, GRPC_INTERNAL);
    return false;
}

/* "HTTP/1.1 200 OK" */
static bool status_line(struct http1 *h, struct str s)
{
    uint64_t code;
    if (s.n < 12 || !(str_starts(s, "HTTP/1.1 ") || str_starts(s, "HTTP/1.0 ")) ||
        !str_u64((struct str){ s.p + 9, 3 }, &code) || code < 100 || (s.n > 12 && s.p[12] != ' '))
        return false;
    if (s.p[7] == '0')
        h->keep = false;
    if (h->f)
        h->f->call.http = (uint16_t)code;
    h->state = HEADER;
    return true;
}

static bool named(struct str line, const char *name, struct str *value)
{
    size_t n = strlen(name);
    if (line.n <= n || line.p[n] != ':' || strncasecmp(line.p, name, n) != 0)
        return false;
    *value = str_trim((struct str){ line.p + n + 1, line.n - n - 1 });
    return true;
}

static bool value_is(struct str v, const char *word)
{
    return v.n == strlen(word) && strncasecmp(v.p, word, v.n) == 0;
}

static bool header(struct http1 *h, struct str line)
{
    struct str v;
    if (named(line, "content-length", &v)) {
        uint64_t n;
        if (!str_u64(v, &n) || (h->has_length && n != h->left))
            return false;
        h->left = n;
        h->has_length = true;
    } else if (named(line, "transfer-encoding", &v))
        h->chunked = v.n >= 7 && value_is((struct str){ v.p + v.n - 7, 7 }, "chunked");
    else if (named(line, "connection", &v)) {
        if (value_is(v, "close"))
            h->keep = false;
        else if (value_is(v, "keep-alive"))
            h->keep = true;
    } else
        return memchr(line.p, ':', line.n) != NULL;
    return true;
}

static bool has_body(const struct link *l, const struct http1 *h)
{
    int code = h->f ? h->f->call.http : 200;
    return code != 204 && code != 304 && strcmp(l->client->o.form.method, "HEAD") != 0;
}

/* The empty line after the head. */
static bool head_ends(struct link *l, struct http1 *h)
{
    if (h->f && h->f->call.http < 200) {
        h->state = STATUS_LINE;
        h->left = 0;
        h->chunked = h->has_length = false;
    } else if (!has_body(l, h))
        return answered(l, h);
    else if (h->chunked)
        h->state = CHUNK_SIZE;
    else if (!h->has_length) {
        h->state = UNTIL_CLOSE;
        h->keep = false;
    } else if (h->left == 0)
        return answered(l, h);
    else
        h->state = LENGTH;
    return true;
}

/* "1a;extension" */
static bool chunk_size(struct http1 *h, struct str s)
{
    size_t n = 0;
    h->left = 0;
    for (; n < s.n && n < 15; n++) {
        const char *digit = strchr("0123456789abcdef", s.p[n] | 32);
        if (!digit || !*digit)
            break;
        h->left = h->left << 4 | (uint64_t)(digit - "0123456789abcdef");
    }
    h->state = h->left ? CHUNK : TRAILER;
    return n > 0 && (n == s.n || s.p[n] == ';' || s.p[n] == ' ');
}

static bool take_line(struct link *l, struct http1 *h, struct str s)
{
    switch (h->state) {
    case STATUS_LINE: return status_line(h, s);
    case HEADER: return s.n ? header(h, s) : head_ends(l, h);
    case CHUNK_SIZE: return chunk_size(h, s);
    case CHUNK_END: h->state = CHUNK_SIZE; return s.n == 0;
    case TRAILER: return s.n || answered(l, h);
    default: return false;
    }
}

/* Collect a line; *taken bytes of p belonged to it. */
static bool line_input(struct link *l, struct http1 *h, const uint8_t *p, size_t n, size_t *taken)
{
    const uint8_t *end = memchr(p, '\n', n);
    *taken = end ? (size_t)(end - p) + 1 : n;
    buf_add(&h->line, p, *taken);
    h->head += *taken;
    if (h->line.n > LONGEST_LINE || h->head > LONGEST_HEAD)
        return false;
    if (!end)
        return true;
    size_t length = h->line.n - 1;
    if (length && h->line.p[length - 1] == '\r')
        length--;
    bool good = take_line(l, h, (struct str){ h->line.p, length });
    buf_clear(&h->line);
    return good;
}

/* Bytes of the body; *taken of p were. */
static bool body_input(struct link *l, struct http1 *h, size_t n, size_t *taken)
{
    *taken = h->state == UNTIL_CLOSE || n < h->left ? n : (size_t)h->left;
    if (h->f)
        h->f->call.reply_bytes += (uint32_t)*taken;
    if (h->state == UNTIL_CLOSE || (h->left -= *taken) > 0)
        return true;
    h->head = 0;
    if (h->state == LENGTH)
        return answered(l, h);
    h->state = CHUNK_END;
    return true;
}

static bool http1_input(struct link *l, const uint8_t *p, size_t n)
{
    struct http1 *h = l->session;
    if (h->f && !h->f->call.first)
        h->f->call.first = moment_now();
    while (n) {
        size_t taken;
        bool body = h->state == LENGTH || h->state == CHUNK || h->state == UNTIL_CLOSE;
        if (h->state == IDLE)
            return false;    /* an answer that nobody asked for */
        if (!(body ? body_input(l, h, n, &taken) : line_input(l, h, p, n, &taken)))
            return malformed(h);
        p += taken;
        n -= taken;
    }
    return true;
}

static bool http1_output(struct link *l)
{
    (void)l;    /* submit put everything there */
    return true;
}

static void http1_eof(struct link *l)
{
    struct http1 *h = l->session;
    if (h->state == UNTIL_CLOSE)
        answered(l, h);
}

const struct link_protocol link_http1 = {
    .name = "http1", .open = http1_open, .close = http1_close,
    .room = http1_room, .submit = http1_submit, .cancel = http1_cancel, .input = http1_input,
    .output = http1_output, .eof = http1_eof,
};
