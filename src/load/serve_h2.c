/* serve_h2.c: the server's side of HTTP/2: headers in, a body, and for gRPC trailers. */
#include <nghttp2/nghttp2.h>
#include <string.h>

#include "base/mem.h"
#include "load/message.h"
#include "load/moment.h"
#include "load/serve_priv.h"

enum { STREAMS = 1 << 20, WINDOW = 1 << 24, LONGEST_BODY = 1 << 22, MOST_OUT = 1 << 20 };
#define NV(name, value) \
    { (uint8_t *)(uintptr_t)(name), (uint8_t *)(uintptr_t)(value), sizeof(name) - 1, \
      sizeof(value) - 1, NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE }

static int on_begin(nghttp2_session *s, const nghttp2_frame *frame, void *conn)
{
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    struct request *r = request_new(conn);
    r->stream = frame->hd.stream_id;
    nghttp2_session_set_stream_user_data(s, r->stream, r);
    return 0;
}

static bool text_is(const uint8_t *p, size_t n, const char *s)
{
    return n == strlen(s) && memcmp(p, s, n) == 0;
}

static int on_header(nghttp2_session *s, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_n, const uint8_t *value, size_t value_n, uint8_t flags, void *conn)
{
    (void)flags;
    (void)conn;
    struct request *r = nghttp2_session_get_stream_user_data(s, frame->hd.stream_id);
    struct str v = { (const char *)value, value_n };
    uint64_t x;
    if (!r)
        return 0;
    if (text_is(name, name_n, ":authority"))
        buf_add(&r->authority, value, value_n);
    else if (text_is(name, name_n, ":path"))
        r->executor = str_is(v, MESSAGE_EXECUTOR_PATH);
    else if (text_is(name, name_n, ":method"))
        r->head = str_is(v, "HEAD");
    else if (text_is(name, name_n, "content-type"))
        r->grpc = str_starts(v, "application/grpc");
    else if (text_is(name, name_n, "tracewright-graph") && str_u64(v, &x) && x < UINT32_MAX)
        r->graph = (uint32_t)x;
    else if (text_is(name, name_n, "tracewright-call") && str_u64(v, &x) && x < UINT32_MAX)
        r->node = (uint32_t)x;
    return 0;
}

static int on_data(nghttp2_session *s, uint8_t flags, int32_t stream, const uint8_t *p, size_t n,
                   void *conn)
{
    (void)flags;
    (void)conn;
    struct request *r = nghttp2_session_get_stream_user_data(s, stream);
    if (r && r->body.n + n <= LONGEST_BODY)
        buf_add(&r->body, p, n);
    return 0;
}

static int on_frame(nghttp2_session *s, const nghttp2_frame *frame, void *conn)
{
    (void)conn;
    struct request *r = nghttp2_session_get_stream_user_data(s, frame->hd.stream_id);
    bool data = frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS;
    if (r && data && !r->busy && frame->hd.flags & NGHTTP2_FLAG_END_STREAM)
        job_start(r);
    return 0;
}

static int on_close(nghttp2_session *s, int32_t stream, uint32_t error, void *conn)
{
    (void)error;
    (void)conn;
    struct request *r = nghttp2_session_get_stream_user_data(s, stream);
    if (r)
        request_free(r);
    return 0;
}

void *serve_h2_open(struct conn *c)
{
    nghttp2_session_callbacks *f;
    nghttp2_option *option;
    nghttp2_session *s;
    REQUIRE(nghttp2_option_new(&option) == 0 && nghttp2_session_callbacks_new(&f) == 0);
    nghttp2_session_callbacks_set_on_begin_headers_callback(f, on_begin);
    nghttp2_session_callbacks_set_on_header_callback(f, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(f, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(f, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(f, on_close);
    /* or it keeps as many closed streams as may be open: a million, 400 bytes each */
    nghttp2_option_set_no_closed_streams(option, 1);
    REQUIRE(nghttp2_session_server_new2(&s, f, c, option) == 0);
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(f);
    const nghttp2_settings_entry settings[] = {
        { NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, STREAMS },
    };
    REQUIRE(nghttp2_submit_settings(s, NGHTTP2_FLAG_NONE, settings, 1) == 0);
    REQUIRE(nghttp2_session_set_local_window_size(s, NGHTTP2_FLAG_NONE, 0, WINDOW) == 0);
    return s;
}

void serve_h2_close(struct conn *c)
{
    nghttp2_session_del(c->session);
    c->session = NULL;
}

bool serve_h2_input(struct conn *c, const uint8_t *p, size_t n)
{
    ssize_t used = nghttp2_session_mem_recv(c->session, p, n);
    conn_mark_dirty(c);
    return used == (ssize_t)n;
}

bool serve_h2_over(const struct conn *c)
{
    return !nghttp2_session_want_read(c->session) && !nghttp2_session_want_write(c->session);
}

bool serve_h2_output(struct conn *c)
{
    const uint8_t *p;
    ssize_t n = 1;
    /* what a caller does not read stays with nghttp2, which sets a flood of PINGs an end */
    while (n > 0 && c->out.n - c->out_at < MOST_OUT)
        if ((n = nghttp2_session_mem_send(c->session, &p)) > 0)
            buf_add(&c->out, p, (size_t)n);
    c->more = n > 0;
    return n >= 0 && (c->out.n > c->out_at || !serve_h2_over(c));
}

static ssize_t give_reply(nghttp2_session *s, int32_t stream, uint8_t *p, size_t most,
                          uint32_t *flags, nghttp2_data_source *source, void *conn)
{
    (void)conn;
    struct request *r = source->ptr;
    size_t n = r->reply.n - r->reply_at;
    if (n > most)
        n = most;
    if (n)
        memcpy(p, r->reply.p + r->reply_at, n);
    r->reply_at += n;
    if (r->reply_at < r->reply.n)
        return (ssize_t)n;
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (r->grpc) {
        char status[4];
        int k = snprintf(status, sizeof status, "%d", (int)r->status);
        nghttp2_nv trailer = { (uint8_t *)(uintptr_t)"grpc-status", (uint8_t *)status,
                               strlen("grpc-status"), (size_t)k, NGHTTP2_NV_FLAG_NO_COPY_NAME };
        *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
        nghttp2_submit_trailer(s, stream, &trailer, 1);
    }
    return (ssize_t)n;
}

void serve_h2_answer(struct request *r)
{
    static const nghttp2_nv grpc[] = { NV(":status", "200"),
                                       NV("content-type", "application/grpc") };
    static const nghttp2_nv plain[] = { NV(":status", "200"), NV("content-type", "text/plain") };
    static const nghttp2_nv failed[] = { NV(":status", "503"), NV("content-type", "text/plain") };
    const nghttp2_nv *headers = r->grpc ? grpc : r->status == GRPC_OK ? plain : failed;
    nghttp2_data_provider reply = { .source.ptr = r, .read_callback = give_reply };
    nghttp2_submit_response(r->conn->session, r->stream, headers, 2, r->head ? NULL : &reply);
    conn_mark_dirty(r->conn);
}
