/* link_h2.c: gRPC and plain HTTP/2 over nghttp2.
 *
 *     HEADERS  :method :scheme :path :authority te content-type grpc-timeout ...
 *     DATA     the body, END_STREAM          <- the moment it is written is "sent"
 *     HEADERS  :status                       <- "first"
 *     DATA     the answer
 *     HEADERS  grpc-status, END_STREAM       <- "done"; the status may also stand in the first
 *                                               HEADERS (an answer of trailers alone)
 *
 * nghttp2 silently queues requests over the peer's MAX_CONCURRENT_STREAMS, which would hide their
 * delay; so room() keeps us below it and the client's own queue, which is seen, takes the rest.
 * The limit stands in the SETTINGS that a server begins with: as in gRPC's own clients the link is
 * up when they are there. Windows are wide: an answer never waits for us.
 */
#include <nghttp2/nghttp2.h>
#include <string.h>

#include "base/mem.h"
#include "load/client_priv.h"
#include "load/moment.h"

enum { WINDOW = 1 << 24, STREAM_WINDOW = 1 << 22, MOST_HEADERS = 12 };

static struct flight *flight_of(nghttp2_session *s, int32_t stream)
{
    return stream > 0 ? nghttp2_session_get_stream_user_data(s, stream) : NULL;
}

static void saw_first(struct flight *f)
{
    if (!f->call.first)
        f->call.first = moment_now();
}

static bool is_grpc(const struct link *l)
{
    return l->protocol == &link_grpc;
}

static bool text_is(const uint8_t *p, size_t n, const char *s)
{
    return n == strlen(s) && memcmp(p, s, n) == 0;
}

static int on_header(nghttp2_session *s, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_n, const uint8_t *value, size_t value_n, uint8_t flags, void *link)
{
    (void)flags;
    (void)link;
    struct flight *f = flight_of(s, frame->hd.stream_id);
    uint64_t x;
    if (!f || !str_u64((struct str){ (const char *)value, value_n }, &x))
        return 0;
    saw_first(f);
    if (text_is(name, name_n, ":status") && x < 1000)
        f->call.http = (uint16_t)x;
    else if (text_is(name, name_n, "grpc-status"))
        f->grpc = x < GRPC_STATUSES ? (int)x : GRPC_UNKNOWN;
    return 0;
}

static int on_data(nghttp2_session *s, uint8_t flags, int32_t stream, const uint8_t *p, size_t n,
                   void *link)
{
    (void)flags;
    (void)p;
    (void)link;
    struct flight *f = flight_of(s, stream);
    if (f) {
        saw_first(f);
        f->call.reply_bytes += (uint32_t)n;
    }
    return 0;
}

static int on_frame(nghttp2_session *s, const nghttp2_frame *frame, void *link)
{
    struct link *l = link;
    if (frame->hd.type == NGHTTP2_GOAWAY) {
        l->going_away = true;
        if (l->state == LINK_UP || l->state == LINK_GREETING)
            l->state = LINK_DRAINING;
        return 0;
    }
    if (frame->hd.type == NGHTTP2_SETTINGS && !(frame->hd.flags & NGHTTP2_FLAG_ACK))
        link_greeted(l);
    struct flight *f = flight_of(s, frame->hd.stream_id);
    bool data = frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS;
    if (f && data && frame->hd.flags & NGHTTP2_FLAG_END_STREAM) {
        nghttp2_session_set_stream_user_data(s, frame->hd.stream_id, NULL);
        flight_answered(f, is_grpc(l));
    }
    return 0;
}

/* A stream that closes with its flight still on it was reset, by the peer or by a GOAWAY. */
static int on_close(nghttp2_session *s, int32_t stream, uint32_t error, void *link)
{
    struct link *l = link;
    struct flight *f = flight_of(s, stream);
    if (!f)
        return 0;
    if (l->going_away && error == NGHTTP2_REFUSED_STREAM)
        flight_end(f, END_GOAWAY, GRPC_UNAVAILABLE);
    else if (is_grpc(l) && f->grpc >= 0)
        flight_answered(f, true);    /* trailers, then RST_STREAM(NO_ERROR): the answer counts */
    else
        flight_end(f, END_RESET, grpc_status_of_reset(error));
    return 0;
}

static int on_frame_sent(nghttp2_session *s, const nghttp2_frame *frame, void *link)
{
    struct flight *f = flight_of(s, frame->hd.stream_id);
    bool request = frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS;
    if (f && request && frame->hd.flags & NGHTTP2_FLAG_END_STREAM)
        link_note_unsent(link, f);
    return 0;
}

static int on_frame_not_sent(nghttp2_session *s, const nghttp2_frame *frame, int error, void *link)
{
    (void)error;
    struct flight *f =
        frame->hd.type == NGHTTP2_HEADERS ? flight_of(s, frame->hd.stream_id) : NULL;
    if (f) {
        /* on_close follows */
        nghttp2_session_set_stream_user_data(s, frame->hd.stream_id, NULL);
        flight_end(f, ((struct link *)link)->going_away ? END_GOAWAY : END_LOST, GRPC_UNAVAILABLE);
    }
    return 0;
}

static ssize_t give_body(nghttp2_session *s, int32_t stream, uint8_t *p, size_t most,
                         uint32_t *flags, nghttp2_data_source *source, void *link)
{
    (void)link;
    struct flight *f = source->ptr;
    if (flight_of(s, stream) != f)    /* it was given up meanwhile */
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    size_t n = f->body.n - f->body_at;
    if (n > most)
        n = most;
    if (n)
        memcpy(p, f->body.p + f->body_at, n);
    f->body_at += n;
    if (f->body_at == f->body.n)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)n;
}

static nghttp2_session_callbacks *callbacks(void)
{
    nghttp2_session_callbacks *c;
    REQUIRE(nghttp2_session_callbacks_new(&c) == 0);
    nghttp2_session_callbacks_set_on_header_callback(c, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(c, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(c, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(c, on_close);
    nghttp2_session_callbacks_set_on_frame_send_callback(c, on_frame_sent);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(c, on_frame_not_sent);
    return c;
}

static void *h2_open(struct link *l)
{
    nghttp2_session *s;
    nghttp2_session_callbacks *c = callbacks();
    REQUIRE(nghttp2_session_client_new(&s, c, l) == 0);
    nghttp2_session_callbacks_del(c);
    const nghttp2_settings_entry settings[] = {
        { NGHTTP2_SETTINGS_ENABLE_PUSH, 0 },
        { NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW },
    };
    REQUIRE(nghttp2_submit_settings(s, NGHTTP2_FLAG_NONE, settings, 2) == 0);
    REQUIRE(nghttp2_session_set_local_window_size(s, NGHTTP2_FLAG_NONE, 0, WINDOW) == 0);
    return s;
}

static void h2_close(struct link *l)
{
    nghttp2_session_del(l->session);
    l->session = NULL;
}

static size_t h2_room(const struct link *l)
{
    uint32_t most = nghttp2_session_get_remote_settings(l->session,
                                                        NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
    if (nghttp2_session_check_request_allowed(l->session) == 0)
        return 0;
    return most > l->in_flight ? most - l->in_flight : 0;
}

struct headers {
    nghttp2_nv at[MOST_HEADERS];
    size_t n;
};

/* Names and values that outlive the request are not copied; values that differ from call to call
 * are, and stay out of the compression table, which they would only flush. */
static void put(struct headers *h, const char *name, const char *value, size_t n, bool lasting)
{
    REQUIRE(h->n < MOST_HEADERS);
    h->at[h->n++] = (nghttp2_nv){
        (uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name), n,
        (uint8_t)(NGHTTP2_NV_FLAG_NO_COPY_NAME |
                  (lasting ? NGHTTP2_NV_FLAG_NO_COPY_VALUE : NGHTTP2_NV_FLAG_NO_INDEX)) };
}

static void put_text(struct headers *h, const char *name, const char *value)
{
    put(h, name, value, strlen(value), true);
}

static void put_node(struct headers *h, const struct invocation *i, char text[2][24])
{
    if (i->graph == INVOCATION_NONE)
        return;
    int n = snprintf(text[0], sizeof text[0], "%u", i->graph);
    put(h, "tracewright-graph", text[0], (size_t)n, false);
    n = snprintf(text[1], sizeof text[1], "%u", i->node);
    put(h, "tracewright-call", text[1], (size_t)n, false);
}

static void put_parent(struct headers *h, const struct invocation *i, char text[64])
{
    if (!i->span)
        return;
    int n = snprintf(text, 64, "00-%016llx%016llx-%016llx-01", (unsigned long long)i->trace[0],
                     (unsigned long long)i->trace[1], (unsigned long long)i->span);
    put(h, "traceparent", text, (size_t)n, false);
}

static bool h2_submit(struct link *l, struct flight *f)
{
    const struct client *c = l->client;
    const struct request_form *form = &c->o.form;
    struct headers h = { .n = 0 };
    char node[2][24], parent[64];
    put_text(&h, ":method", form->method);
    put_text(&h, ":scheme", c->o.tls ? "https" : "http");
    put(&h, ":path", f->path.p, f->path.n, false);
    put_text(&h, ":authority", client_endpoint_name(c, f->call.endpoint));
    if (is_grpc(l)) {
        put_text(&h, "te", "trailers");
        put_text(&h, "content-type", "application/grpc");
        put_text(&h, "grpc-timeout", c->timeout_text);
    } else if (f->body.n && form->content_type)
        put_text(&h, "content-type", form->content_type);
    put_text(&h, "user-agent", "tracewright");
    put_node(&h, &f->call, node);
    put_parent(&h, &f->call, parent);
    nghttp2_data_provider body = { .source.ptr = f, .read_callback = give_body };
    f->stream = nghttp2_submit_request(l->session, NULL, h.at, h.n, f->body.n ? &body : NULL, f);
    if (f->stream < 0)
        return false;
    f->link = l;
    return true;
}

static void h2_cancel(struct link *l, struct flight *f)
{
    nghttp2_session_set_stream_user_data(l->session, f->stream, NULL);
    nghttp2_submit_rst_stream(l->session, NGHTTP2_FLAG_NONE, f->stream, NGHTTP2_CANCEL);
    link_mark_dirty(l);
}

static bool h2_input(struct link *l, const uint8_t *p, size_t n)
{
    ssize_t used = nghttp2_session_mem_recv(l->session, p, n);
    link_mark_dirty(l);
    return used == (ssize_t)n;
}

/* After an error of the peer nghttp2 says GOAWAY and takes no more: nothing will ever come. */
static bool h2_over(const struct link *l)
{
    return !nghttp2_session_want_read(l->session) && !nghttp2_session_want_write(l->session);
}

static bool h2_output(struct link *l)
{
    const uint8_t *p;
    ssize_t n;
    while ((n = nghttp2_session_mem_send(l->session, &p)) > 0)
        buf_add(&l->out, p, (size_t)n);
    return n == 0 && (l->out.n > l->out_at || !h2_over(l));
}

#define H2_FUNCTIONS \
    .greets = true, .open = h2_open, .close = h2_close, .room = h2_room, .submit = h2_submit, \
    .cancel = h2_cancel, .input = h2_input, .output = h2_output, .over = h2_over

const struct link_protocol link_grpc = { .name = "grpc", H2_FUNCTIONS };
const struct link_protocol link_h2c = { .name = "h2c", H2_FUNCTIONS };
