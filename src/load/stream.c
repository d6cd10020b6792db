/* stream.c: sockets and OpenSSL behind four calls. TCP_NODELAY, because a call that waits for
 * Nagle's algorithm is late. */
#define _GNU_SOURCE   /* SOCK_NONBLOCK and SOCK_CLOEXEC */
#include "load/stream.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

struct tls {
    SSL_CTX *ctx;
    bool insecure;
};

struct tls *tls_new(const char *ca, bool insecure, const char *alpn, struct err *err)
{
    unsigned char protocols[16];
    size_t n = strlen(alpn);
    REQUIRE(n < sizeof protocols);
    protocols[0] = (unsigned char)n;
    memcpy(protocols + 1, alpn, n);
    struct tls *t = mem_alloc(sizeof *t);
    t->insecure = insecure;
    t->ctx = SSL_CTX_new(TLS_client_method());
    REQUIRE(t->ctx);
    SSL_CTX_set_min_proto_version(t->ctx, TLS1_2_VERSION);
    SSL_CTX_set_mode(t->ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_alpn_protos(t->ctx, protocols, (unsigned)n + 1);
    SSL_CTX_set_verify(t->ctx, insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    if (ca ? SSL_CTX_load_verify_file(t->ctx, ca) : SSL_CTX_set_default_verify_paths(t->ctx))
        return t;
    tls_free(t);
    err_set(err, EXIT_NOINPUT, "%s: no certificates of authorities there", ca ? ca : "system");
    return NULL;
}

void tls_free(struct tls *t)
{
    if (!t)
        return;
    SSL_CTX_free(t->ctx);
    free(t);
}

static bool shake_hands(struct stream *s, const struct tls *t, const char *host)
{
    SSL *ssl = SSL_new(t->ctx);
    if (!ssl)
        return false;
    s->ssl = ssl;
    SSL_set_connect_state(ssl);
    return SSL_set_fd(ssl, s->fd) && SSL_set_tlsext_host_name(ssl, host) &&
           (t->insecure || SSL_set1_host(ssl, host));
}

bool stream_open(struct stream *s, const void *addr, size_t n, const struct tls *t,
                 const char *host)
{
    const struct sockaddr *a = addr;
    int yes = 1;
    *s = (struct stream){ .fd = socket(a->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                                       0) };
    if (s->fd < 0)
        return false;
    setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if ((connect(s->fd, a, (socklen_t)n) == 0 || errno == EINPROGRESS) &&
        (!t || shake_hands(s, t, host)))
        return true;
    stream_close(s);
    return false;
}

void stream_close(struct stream *s)
{
    SSL_free(s->ssl);
    s->ssl = NULL;
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

/* What OpenSSL's refusal r means: 0 wait, -1 over. */
static ssize_t tls_wait(struct stream *s, int r)
{
    int why = SSL_get_error(s->ssl, r);
    s->wants_write = why == SSL_ERROR_WANT_WRITE;
    ERR_clear_error();
    return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

enum stream_state stream_connect(struct stream *s)
{
    int error = 0;
    socklen_t n = sizeof error;
    struct sockaddr_storage peer;
    socklen_t peer_n = sizeof peer;
    if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0 || error)
        return STREAM_FAILED;
    s->wants_write = getpeername(s->fd, (struct sockaddr *)&peer, &peer_n) != 0;
    if (s->wants_write)
        return errno == ENOTCONN ? STREAM_WAITS : STREAM_FAILED;
    if (!s->ssl)
        return STREAM_READY;
    int r = SSL_do_handshake(s->ssl);
    return r == 1 ? STREAM_READY : tls_wait(s, r) == 0 ? STREAM_WAITS : STREAM_FAILED;
}

ssize_t stream_read(struct stream *s, void *p, size_t n)
{
    if (s->ssl) {
        int r = SSL_read(s->ssl, p, n > INT_MAX ? INT_MAX : (int)n);
        return r > 0 ? r : tls_wait(s, r);
    }
    ssize_t got = recv(s->fd, p, n, 0);
    if (got > 0)
        return got;
    return got < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

ssize_t stream_write(struct stream *s, const void *p, size_t n)
{
    if (s->ssl) {
        int r = SSL_write(s->ssl, p, n > INT_MAX ? INT_MAX : (int)n);
        return r > 0 ? r : tls_wait(s, r);
    }
    ssize_t put = send(s->fd, p, n, MSG_NOSIGNAL);
    return put >= 0 ? put : errno == EAGAIN || errno == EINTR ? 0 : -1;
}
