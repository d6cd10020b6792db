/* load/link_h2, link_http1: answers as bytes, fed to a connection without a socket. How every kind
 * of ending is told, and that each call ends exactly once. */
#include "tests/near.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "load/client_priv.h"
#include "load/moment.h"

enum { MOST = 256 };

struct seen {
    struct invocation call[MOST];
    size_t n;
};

static struct seen seen;

static void note(void *ctx, const struct invocation *i)
{
    struct seen *s = ctx;
    assert_true(s->n < MOST);
    s->call[s->n++] = *i;
}

struct bench {
    struct client *c;
    struct link *l;
};

/* A client with one link that is up, to an address that nobody calls. */
static struct bench bench_of(enum client_protocol protocol)
{
    struct err err = { 0 };
    struct client_options o = { .protocol = protocol, .form = request_standard,
                                .timeout = 60 * MOMENT_S, .connections = 1, .most = 1,
                                .port = 80, .target = "127.0.0.1:1" };
    if (protocol != CLIENT_GRPC)
        o.form = (struct request_form){ REQUEST_TEMPLATE, NULL, 0, 0, "POST", "/p", "body",
                                        "text/plain" };
    memset(&seen, 0, sizeof seen);
    struct bench b = { .c = client_new(&o, note, &seen, &err) };
    assert_non_null(b.c);
    assert_int_equal(client_endpoint(b.c, "svc.example", &err), 0);
    assert_int_equal(client_function(b.c, "svc"), 0);
    b.l = link_new(b.c, b.c->peers[0]);
    b.l->state = LINK_UP;
    return b;
}

static struct flight *call(struct bench *b)
{
    struct invocation i = { .graph = INVOCATION_NONE, .expected = -1, .measured = true };
    struct flight *f = flight_new(b->c, &i);
    b->l->in_flight++;
    assert_true(b->l->protocol->submit(b->l, f));
    assert_true(b->l->protocol->output(b->l));
    return f;
}

static bool feed(struct bench *b, const void *p, size_t n)
{
    bool good = b->l->protocol->input(b->l, p, n);
    b->l->protocol->output(b->l);
    return good;
}

static void bench_end(struct bench *b)
{
    struct wire w = client_wire(b->c);
    b->c->dirty = NULL;    /* there is no socket to flush to */
    for (struct flight *f = b->c->first; f; f = f->next)
        f->link = NULL, f->unsent = false;
    w.abandon(w.ctx);
    link_free(b->l);
    client_free(b->c);
}

/* ---- HTTP/2 frames by hand ------------------------------------------------------------------- */

static struct buf frames;

static void frame(uint8_t type, uint8_t flags, uint32_t stream, const void *p, size_t n)
{
    uint8_t head[9] = { (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n, type, flags,
                        (uint8_t)(stream >> 24), (uint8_t)(stream >> 16), (uint8_t)(stream >> 8),
                        (uint8_t)stream };
    buf_add(&frames, head, 9);
    buf_add(&frames, p, n);
}

static bool send_frames(struct bench *b)
{
    bool good = feed(b, frames.p, frames.n);
    buf_clear(&frames);
    return good;
}

/* :status 200 is HPACK's static entry 8; grpc-status as a literal. */
static void headers_200(uint32_t stream)
{
    frame(1, 4, stream, "\x88", 1);
}

static void trailers(uint32_t stream, const char *status, bool alone)
{
    char block[64];
    int n = snprintf(block, sizeof block, "%s%c%cgrpc-status%c%s", alone ? "\x88" : "", 0x10, 11,
                     (char)strlen(status), status);
    /* snprintf cannot print the literal's zero first byte: 0x10 is "never indexed" */
    frame(1, 5, stream, block, (size_t)n);
}

static void settings(void)
{
    frame(4, 0, 0, "", 0);
}

static struct bench h2(enum client_protocol p)
{
    struct bench b = bench_of(p);
    settings();
    return b;
}

static void an_answer_is_read(void **state)
{
    (void)state;
    struct bench b = h2(CLIENT_GRPC);
    call(&b);
    headers_200(1);
    frame(0, 0, 1, "\0\0\0\0\4\x0a\2hi", 9);
    trailers(1, "0", false);
    assert_true(send_frames(&b));
    assert_int_equal(seen.n, 1);
    assert_int_equal(seen.call[0].ending, END_ANSWER);
    assert_int_equal(seen.call[0].status, GRPC_OK);
    assert_int_equal(seen.call[0].http, 200);
    assert_int_equal(seen.call[0].reply_bytes, 9);
    assert_int_equal(seen.call[0].connection, 1);
    assert_true(seen.call[0].first && seen.call[0].first <= seen.call[0].done);
    bench_end(&b);
}

static void every_status_is_read_from_trailers_alone(void **state)
{
    (void)state;
    for (int s = 0; s < 20; s++) {
        char text[16];
        struct bench b = h2(CLIENT_GRPC);
        call(&b);
        snprintf(text, sizeof text, "%d", s);
        trailers(1, text, true);
        assert_true(send_frames(&b));
        assert_int_equal(seen.n, 1);
        assert_int_equal(seen.call[0].ending, END_ANSWER);
        assert_int_equal(seen.call[0].status, s < GRPC_STATUSES ? s : GRPC_UNKNOWN);
        bench_end(&b);
    }
}

static void a_reset_has_its_own_ending(void **state)
{
    (void)state;
    static const struct {
        uint8_t error;
        enum grpc_status status;
    } cases[] = { { 0, GRPC_INTERNAL }, { 2, GRPC_INTERNAL }, { 7, GRPC_UNAVAILABLE },
                  { 8, GRPC_CANCELLED }, { 11, GRPC_RESOURCE_EXHAUSTED },
                  { 12, GRPC_PERMISSION_DENIED } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench b = h2(CLIENT_GRPC);
        call(&b);
        call(&b);
        frame(3, 0, 1, (uint8_t[]){ 0, 0, 0, cases[i].error }, 4);
        assert_true(send_frames(&b));
        assert_int_equal(seen.n, 1);    /* the other call goes on */
        assert_int_equal(seen.call[0].ending, END_RESET);
        assert_int_equal(seen.call[0].status, cases[i].status);
        bench_end(&b);
    }
}

/* Streams up to the last one named are answered still; those after it were never looked at. */
static void goaway_ends_what_the_server_did_not_take(void **state)
{
    (void)state;
    struct bench b = h2(CLIENT_GRPC);
    for (int k = 0; k < 3; k++)
        call(&b);
    frame(7, 0, 0, (uint8_t[]){ 0, 0, 0, 1, 0, 0, 0, 0 }, 8);    /* last stream 1, no error */
    assert_true(send_frames(&b));
    assert_int_equal(b.l->state, LINK_DRAINING);
    assert_int_equal(seen.n, 2);
    for (size_t k = 0; k < 2; k++) {
        assert_int_equal(seen.call[k].ending, END_GOAWAY);
        assert_int_equal(seen.call[k].status, GRPC_UNAVAILABLE);
    }
    trailers(1, "0", true);
    send_frames(&b);
    assert_int_equal(seen.n, 3);
    assert_int_equal(seen.call[2].ending, END_ANSWER);
    bench_end(&b);
}

static void http_without_grpc_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *block;
        size_t n;
        enum ending ending;
        enum grpc_status status;
    } cases[] = {
        { "\x88", 1, END_MALFORMED, GRPC_UNKNOWN },                  /* 200, no grpc-status */
        { "\x8d", 1, END_ANSWER, GRPC_UNIMPLEMENTED },               /* 404 */
        { "\x48\x03""503", 5, END_ANSWER, GRPC_UNAVAILABLE },        /* a proxy's 503 */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench b = h2(CLIENT_GRPC);
        call(&b);
        frame(1, 5, 1, cases[i].block, cases[i].n);
        assert_true(send_frames(&b));
        assert_int_equal(seen.n, 1);
        assert_int_equal(seen.call[0].ending, cases[i].ending);
        assert_int_equal(seen.call[0].status, cases[i].status);
        bench_end(&b);
    }
}

/* nghttp2 would take them and queue them unseen (spec section 12). */
static void the_limit_of_streams_is_room(void **state)
{
    (void)state;
    struct bench b = bench_of(CLIENT_H2C);
    frame(4, 0, 0, "\0\3\0\0\0\2", 6);    /* MAX_CONCURRENT_STREAMS 2 */
    assert_true(send_frames(&b));
    assert_int_equal(b.l->protocol->room(b.l), 2);
    call(&b);
    call(&b);
    assert_int_equal(b.l->protocol->room(b.l), 0);
    frame(1, 5, 1, "\x88", 1);
    assert_true(send_frames(&b));
    assert_int_equal(seen.call[0].status, GRPC_OK);    /* plain HTTP: 200 is OK */
    assert_int_equal(b.l->protocol->room(b.l), 1);
    bench_end(&b);
}

static void bytes_that_are_no_http2_end_the_connection(void **state)
{
    (void)state;
    struct bench b = bench_of(CLIENT_GRPC);
    call(&b);
    static const char words[] = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    bool good = feed(&b, words, sizeof words - 1);
    assert_true(!good || !b.l->protocol->output(b.l) || b.l->out.n > 0);
    bench_end(&b);
    assert_int_equal(seen.n, 1);    /* ended once, by whoever closes the connection */
}

/* ---- HTTP/1.1 -------------------------------------------------------------------------------- */

static const struct {
    const char *text;
    bool closed;               /* the server closes after it */
    int http;                  /* 0: malformed */
    uint32_t bytes;
    bool kept;                 /* the connection takes another call */
} answers[] = {
    { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", false, 200, 5, true },
    { "HTTP/1.1 200\r\ncontent-length:0\r\n\r\n", false, 200, 0, true },
    { "HTTP/1.1 204 No Content\r\n\r\n", false, 204, 0, true },
    { "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 C\r\nContent-Length: 1\r\n\r\nx", false, 201, 1,
      true },
    { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n"
      "0\r\nTrailer: x\r\n\r\n", false, 200, 13, true },
    { "HTTP/1.1 200 OK\nContent-Length: 2\n\nok", false, 200, 2, true },
    { "HTTP/1.1 503 No\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno", false, 503, 2, false },
    { "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", false, 200, 2, false },
    { "HTTP/1.1 200 OK\r\n\r\nuntil the end", true, 200, 13, false },
    { "HTTP/2 200 OK\r\n\r\n", false, 0, 0, false },
    { "HTTP/1.1 abc OK\r\n\r\n", false, 0, 0, false },
    { "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", false, 0, 0, false },
    { "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", false, 0, 0, false },
    { "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", false, 0, 0, false },
    { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", false, 0, 0, false },
};

/* However the bytes are cut. */
static void answers_of_http1_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        for (size_t step = 1; step < 40; step += 6) {
            struct bench b = bench_of(CLIENT_HTTP1);
            call(&b);
            size_t n = strlen(answers[i].text);
            bool good = true;
            for (size_t at = 0; at < n && good; at += step)
                good = feed(&b, answers[i].text + at, at + step < n ? step : n - at);
            if (answers[i].closed)
                b.l->protocol->eof(b.l);
            assert_int_equal(seen.n, 1);
            assert_int_equal(good, answers[i].http != 0);
            assert_int_equal(seen.call[0].ending, answers[i].http ? END_ANSWER : END_MALFORMED);
            if (answers[i].http) {
                assert_int_equal(seen.call[0].http, answers[i].http);
                assert_int_equal(seen.call[0].reply_bytes, answers[i].bytes);
                assert_int_equal(seen.call[0].status,
                                 answers[i].http < 400 ? GRPC_OK : GRPC_UNAVAILABLE);
                assert_int_equal(b.l->state == LINK_UP && b.l->protocol->room(b.l),
                                 answers[i].kept);
            }
            bench_end(&b);
        }
}

static void http1_says_what_it_should(void **state)
{
    (void)state;
    struct bench b = bench_of(CLIENT_HTTP1);
    call(&b);
    assert_string_equal(b.l->out.p, "POST /p HTTP/1.1\r\nHost: svc.example\r\n"
                        "User-Agent: tracewright\r\nContent-Type: text/plain\r\n"
                        "Content-Length: 4\r\n\r\nbody");
    bench_end(&b);
}

/* ---- addresses ------------------------------------------------------------------------------- */

/* A port of this machine that takes connections; nobody answers on them. */
static int listener(struct sockaddr_in *at)
{
    socklen_t n = sizeof *at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    *at = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7F000001) };
    assert_int_equal(bind(fd, (struct sockaddr *)at, n), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)at, &n), 0);
    return fd;
}

/* As localhost may be ::1, where nobody listens, before it is 127.0.0.1. */
static void a_name_is_reached_at_its_second_address(void **state)
{
    (void)state;
    struct sockaddr_in at;
    struct err err = { 0 };
    int fd = listener(&at);
    struct client_options o = { .protocol = CLIENT_HTTP1, .form = request_standard,
                                .timeout = MOMENT_S, .connections = 3, .most = 3, .port = 1,
                                .target = "127.0.0.1" };
    for (size_t good = 0; good < 2; good++) {
        struct client *c = client_new(&o, note, &seen, &err);
        assert_int_equal(client_endpoint(c, "e", &err), 0);
        assert_string_equal(client_peer_name(c, 0), "127.0.0.1:1");
        struct peer *p = c->peers[0];
        p->addr[1] = p->addr[0];
        p->addr_len[1] = p->addr_len[0];
        p->n_addrs = 2;
        if (good)
            memcpy(&p->addr[1], &at, sizeof at);
        assert_int_equal(client_connect(c, moment_now() + 5 * MOMENT_S), good);
        assert_string_equal(client_peer_trouble(c, 0), good ? "" : "Connection refused");
        assert_int_equal(client_counts(c).live, good ? 3 : 0);
        client_free(c);
    }
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_read),
        cmocka_unit_test(every_status_is_read_from_trailers_alone),
        cmocka_unit_test(a_reset_has_its_own_ending),
        cmocka_unit_test(goaway_ends_what_the_server_did_not_take),
        cmocka_unit_test(http_without_grpc_is_told),
        cmocka_unit_test(the_limit_of_streams_is_room),
        cmocka_unit_test(bytes_that_are_no_http2_end_the_connection),
        cmocka_unit_test(answers_of_http1_are_read),
        cmocka_unit_test(http1_says_what_it_should),
        cmocka_unit_test(a_name_is_reached_at_its_second_address),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    buf_free(&frames);
    return failed;
}
