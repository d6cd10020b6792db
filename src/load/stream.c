/* stream.c: sockets and OpenSSL behind four calls. TCP_NODELAY, because a call that waits for
 * Nagle's algorithm is late.
 *
 * OpenSSL writes with write(2): whoever uses TLS ignores SIGPIPE, as the program does.
 */
#define _GNU_SOURCE   /* SOCK_NONBLOCK and SOCK_CLOEXEC */
#include "load/stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

struct tls {
    SSL_CTX *ctx;
    bool insecure;
    char alpn[16];
};

struct tls *tls_new(const char *ca, bool insecure, const char *alpn, struct err *err)
{
    unsigned char protocols[16];
    struct tls *t = mem_alloc(sizeof *t);
    size_t n = strlen(alpn);
    REQUIRE(n < sizeof protocols && n < sizeof t->alpn);
    protocols[0] = (unsigned char)n;
    memcpy(protocols + 1, alpn, n);
    memcpy(t->alpn, alpn, n + 1);
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

void stream_allow_many(void)
{
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r) != 0 || r.rlim_cur == r.rlim_max)
        return;
    r.rlim_cur = r.rlim_max;
    setrlimit(RLIMIT_NOFILE, &r);    /* failing that, calls without a socket say why */
}

static void say(struct stream *s, const char *what, const char *detail)
{
    snprintf(s->why, sizeof s->why, "%s%s", what, detail);
}

void stream_fail(struct stream *s, const char *why)
{
    say(s, why, "");
}

static void say_errno(struct stream *s, int error)
{
    if (error)
        say(s, "", strerror(error));
    else
        say(s, "closed by the other side", "");
}

/* An address is no server name (RFC 6066). */
static bool is_address(const char *host)
{
    unsigned char any[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, host, any) == 1 || inet_pton(AF_INET6, host, any) == 1;
}

static bool shake_hands(struct stream *s, const struct tls *t, const char *host)
{
    SSL *ssl = SSL_new(t->ctx);
    if (!ssl)
        return false;
    s->ssl = ssl;
    s->tls = t;
    SSL_set_connect_state(ssl);
    return SSL_set_fd(ssl, s->fd) && (is_address(host) || SSL_set_tlsext_host_name(ssl, host)) &&
           (t->insecure || SSL_set1_host(ssl, host));
}

bool stream_open(struct stream *s, const void *addr, size_t n, const struct tls *t,
                 const char *host)
{
    const struct sockaddr *a = addr;
    int yes = 1;
    *s = (struct stream){ .fd = socket(a->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                                       0) };
    if (s->fd < 0) {
        say_errno(s, errno);
        return false;
    }
    setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (connect(s->fd, a, (socklen_t)n) != 0 && errno != EINPROGRESS)
        say_errno(s, errno);
    else if (t && !shake_hands(s, t, host))
        say(s, "TLS: cannot begin", "");
    else
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

/* Why OpenSSL gave up: the certificate, its own reason, or the socket's. */
static void tls_reason(struct stream *s, int why, int error)
{
    long verdict = SSL_get_verify_result(s->ssl);
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    if (verdict != X509_V_OK && !s->tls->insecure)
        say(s, "certificate: ", X509_verify_cert_error_string(verdict));
    else if (why == SSL_ERROR_SSL && reason)
        say(s, "TLS: ", reason);
    else
        say_errno(s, why == SSL_ERROR_SYSCALL ? error : 0);
}

/* What OpenSSL's refusal r means: 0 wait, -1 over. */
static ssize_t tls_wait(struct stream *s, int r)
{
    int error = errno, why = SSL_get_error(s->ssl, r);
    bool over = why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE;
    s->wants_write = why == SSL_ERROR_WANT_WRITE;
    if (over)
        tls_reason(s, why, error);
    ERR_clear_error();
    return over ? -1 : 0;
}

/* HTTP/2 over TLS is agreed on by ALPN; HTTP/1.1 is what a server without ALPN speaks. */
static bool agreed(struct stream *s)
{
    const unsigned char *chosen;
    unsigned n;
    const char *want = s->tls->alpn;
    SSL_get0_alpn_selected(s->ssl, &chosen, &n);
    if ((n == strlen(want) && memcmp(chosen, want, n) == 0) ||
        (n == 0 && strcmp(want, "http/1.1") == 0))
        return true;
    say(s, "TLS: the server does not choose ", want);
    return false;
}

enum stream_state stream_connect(struct stream *s)
{
    int error = 0;
    socklen_t n = sizeof error;
    struct sockaddr_storage peer;
    socklen_t peer_n = sizeof peer;
    if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0 || error) {
        say_errno(s, error);
        return STREAM_FAILED;
    }
    s->wants_write = getpeername(s->fd, (struct sockaddr *)&peer, &peer_n) != 0;
    if (s->wants_write && errno == ENOTCONN)
        return STREAM_WAITS;
    if (s->wants_write) {
        say_errno(s, errno);
        return STREAM_FAILED;
    }
    if (!s->ssl)
        return STREAM_READY;
    int r = SSL_do_handshake(s->ssl);
    if (r == 1)
        return agreed(s) ? STREAM_READY : STREAM_FAILED;
    return tls_wait(s, r) == 0 ? STREAM_WAITS : STREAM_FAILED;
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
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    say_errno(s, got < 0 ? errno : 0);
    return -1;
}

ssize_t stream_write(struct stream *s, const void *p, size_t n)
{
    if (s->ssl) {
        int r = SSL_write(s->ssl, p, n > INT_MAX ? INT_MAX : (int)n);
        return r > 0 ? r : tls_wait(s, r);
    }
    ssize_t put = send(s->fd, p, n, MSG_NOSIGNAL);
    if (put >= 0)
        return put;
    if (errno == EAGAIN || errno == EINTR)
        return 0;
    say_errno(s, errno);
    return -1;
}
