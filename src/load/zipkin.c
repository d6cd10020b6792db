/* zipkin.c: see the header. A collector that is slow or gone must not hold up the record: one POST
 * has two seconds, and the first failure is the last try. */
#define _GNU_SOURCE   /* struct timeval for SO_SNDTIMEO */
#include "load/zipkin.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/mem.h"
#include "load/moment.h"
#include "load/outcome.h"

struct zipkin {
    char *host, *port, *path;
    bool failed;
};

static void json_text(struct buf *b, const char *s)
{
    buf_char(b, '"');
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            buf_char(b, '\\');
        if ((unsigned char)*s < 32)
            buf_printf(b, "\\u%04x", (unsigned char)*s);
        else
            buf_char(b, *s);
    }
    buf_char(b, '"');
}

void zipkin_span(struct buf *b, const struct invocation *i, const char *endpoint,
                 const char *function, int64_t wall_minus_moment)
{
    int64_t start = i->sent ? i->sent : i->issued;
    int64_t us = (i->done - start) / MOMENT_US;
    buf_printf(b, "{\"traceId\":\"%016llx%016llx\",\"id\":\"%016llx\",\"kind\":\"CLIENT\","
               "\"name\":", (unsigned long long)i->trace[0], (unsigned long long)i->trace[1],
               (unsigned long long)i->span);
    json_text(b, function);
    buf_printf(b, ",\"timestamp\":%lld,\"duration\":%lld,"
               "\"localEndpoint\":{\"serviceName\":\"invoker\"},\"remoteEndpoint\":{"
               "\"serviceName\":", (long long)((start + wall_minus_moment) / MOMENT_US),
               (long long)(us < 1 ? 1 : us));
    json_text(b, function);
    buf_str(b, "},\"tags\":{\"endpoint\":");
    json_text(b, endpoint);
    buf_printf(b, ",\"phase\":\"%s\",\"grpc.status\":\"%s\",\"lateness_us\":\"%.3f\"",
               i->measured ? "measured" : "warmup", grpc_status_name(i->status),
               i->sent ? (double)(i->sent - i->planned) / 1e3 : 0.0);
    if (i->status != GRPC_OK)
        buf_printf(b, ",\"error\":\"%s\"", ending_name(i->ending));
    buf_str(b, "}}");
}

struct zipkin *zipkin_open(const char *url, struct err *err)
{
    const char *host = url + strlen("http://");
    if (strncmp(url, "http://", strlen("http://")) != 0 || !*host || *host == '/') {
        err_set(err, EXIT_USAGE, "--zipkin: \"%s\" is not http://host[:port]/path", url);
        return NULL;
    }
    size_t n = strcspn(host, "/");
    const char *colon = memchr(host, ':', n);
    size_t host_n = colon ? (size_t)(colon - host) : n;
    struct zipkin *z = mem_alloc(sizeof *z);
    z->host = mem_strndup(host, host_n);
    z->port = colon ? mem_strndup(colon + 1, n - host_n - 1) : mem_strdup("80");
    z->path = mem_strdup(host[n] ? host + n : "/");
    return z;
}

void zipkin_free(struct zipkin *z)
{
    if (!z)
        return;
    free(z->host);
    free(z->port);
    free(z->path);
    free(z);
}

static int connect_to(const struct zipkin *z)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *a;
    struct timeval most = { .tv_sec = 2 };
    if (getaddrinfo(z->host, z->port, &hints, &a) != 0)
        return -1;
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most);
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
        if (connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(a);
    return fd;
}

static bool send_all(int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t k = send(fd, p, n, MSG_NOSIGNAL);
        if (k <= 0)
            return false;
        p += k;
        n -= (size_t)k;
    }
    return true;
}

/* "HTTP/1.1 202": any 2xx is taken. */
static bool accepted(int fd)
{
    char line[16];
    size_t n = 0;
    while (n < 12) {
        ssize_t k = recv(fd, line + n, sizeof line - n, 0);
        if (k <= 0)
            return false;
        n += (size_t)k;
    }
    return memcmp(line, "HTTP/1.", 7) == 0 && line[9] == '2';
}

bool zipkin_post(struct zipkin *z, struct str json)
{
    struct buf head = { 0 };
    int fd = z->failed ? -1 : connect_to(z);
    if (fd < 0) {
        z->failed = true;
        return false;
    }
    buf_printf(&head, "POST %s HTTP/1.1\r\nHost: %s:%s\r\nContent-Type: application/json\r\n"
               "Content-Length: %zu\r\nConnection: close\r\n\r\n", z->path, z->host, z->port,
               json.n);
    z->failed = !send_all(fd, head.p, head.n) || !send_all(fd, json.p, json.n) || !accepted(fd);
    close(fd);
    buf_free(&head);
    return !z->failed;
}
