/* serve_http1.c: the server's side of HTTP/1.1: one request after the other. */
#include <string.h>
#include <strings.h>

#include "load/serve_priv.h"

enum { LONGEST_HEAD = 1 << 16, LONGEST_BODY = 1 << 22, LONGEST_IN = LONGEST_HEAD + LONGEST_BODY };

static bool named(struct str line, const char *name, struct str *value)
{
    size_t n = strlen(name);
    if (line.n <= n || line.p[n] != ':' || strncasecmp(line.p, name, n) != 0)
        return false;
    *value = str_trim((struct str){ line.p + n + 1, line.n - n - 1 });
    return true;
}

/* Read a head into r; false when it makes no sense. */
static bool read_head(struct request *r, struct str head, size_t *body)
{
    struct str line, v;
    uint64_t n = 0;
    bool first = true;
    while (str_next(&head, '\n', &line)) {
        line = str_trim(line);
        if (first && !str_ends(line, " HTTP/1.1") && !str_ends(line, " HTTP/1.0"))
            return false;
        if (first && str_starts(line, "HEAD "))
            r->head = true;
        first = false;
        if (named(line, "host", &v))
            buf_add(&r->authority, v.p, v.n);
        else if (named(line, "content-length", &v) && (!str_u64(v, &n) || n > LONGEST_BODY))
            return false;
        else if (named(line, "transfer-encoding", &v))
            return false;    /* our own client tells lengths */
        else if (named(line, "connection", &v) && v.n == 5 && strncasecmp(v.p, "close", 5) == 0)
            r->closes = true;
    }
    *body = (size_t)n;
    return true;
}

/* The end of the head, a blank line; c->seen spares what was looked at before. */
static bool find_head(struct conn *c, size_t *head)
{
    for (; c->seen + 4 <= c->in.n; c->seen++)
        if (memcmp(c->in.p + c->seen, "\r\n\r\n", 4) == 0) {
            *head = c->seen + 4;
            return true;
        }
    return false;
}

static void drop_input(struct conn *c, size_t n)
{
    buf_drop(&c->in, n);
    c->seen = 0;
}

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Take a whole request off c->in, unless one is at work. */
static bool next_request(struct conn *c, bool *took)
{
    size_t head, body;
    *took = false;
    if (c->requests || c->closing || !c->in.n)
        return c->in.n <= LONGEST_IN;    /* who does not wait for answers has to end somewhere */
    if (!is_letter(*c->in.p))
        return false;    /* no method begins so: TLS, say */
    if (!find_head(c, &head))
        return c->in.n <= LONGEST_HEAD;
    struct request *r = request_new(c);
    if (!read_head(r, (struct str){ c->in.p, head }, &body)) {
        request_free(r);
        return false;
    }
    if (c->in.n < head + body) {
        request_free(r);
        return true;
    }
    buf_add(&r->body, c->in.p + head, body);
    drop_input(c, head + body);
    c->closing = r->closes;
    *took = true;
    job_start(r);
    return true;
}

bool serve_http1_input(struct conn *c, const uint8_t *p, size_t n)
{
    bool took = true;
    buf_add(&c->in, p, n);
    while (took)
        if (!next_request(c, &took))
            return false;
    return true;
}

void serve_http1_answer(struct request *r)
{
    struct conn *c = r->conn;
    buf_printf(&c->out, "HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n",
               r->status == GRPC_OK ? "200 OK" : "503 Service Unavailable", r->reply.n);
    if (!r->head)
        buf_add(&c->out, r->reply.p, r->reply.n);
    request_free(r);
    conn_mark_dirty(c);
}
