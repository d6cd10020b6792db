/* http_server.h: a small HTTP server on loopback, in a thread of the test, that can misbehave.
 *
 * GET serves one body at every path, with ranges, If-Range and an ETag; POST keeps what it gets.
 * One connection at a time is answered and then closed, unless it is asked to keep it.
 */
#ifndef TESTS_HTTP_SERVER_H
#define TESTS_HTTP_SERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"

struct http_server {
    int fd, port;
    pthread_t thread;
    pthread_mutex_t lock;
    volatile bool stop;

    /* what GET serves */
    const char *body;
    size_t n;
    const char *etag;          /* with its quotes; NULL: none */
    size_t cut;                /* the next answer breaks off after so many bytes; 0: it does not */
    int refuse;                /* so many requests get 503 first */
    int missing;               /* 404 from now on */

    /* what came */
    int gets, ranged, posts;
    char path[128], type[64];  /* of the last POST */
    struct buf posted;         /* bodies of all POSTs, one after the other */
    size_t *post_bytes;        /* (posts) */
    double *post_s;            /* (posts) CLOCK_REALTIME when it had come */
    int answer;                /* to POST */
    double delay_s;            /* before a POST is answered */
};

static double http_server_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void http_server_put(int fd, const void *p, size_t n)
{
    const char *s = p;
    while (n > 0) {
        ssize_t k = send(fd, s, n, MSG_NOSIGNAL);
        if (k <= 0)
            return;
        s += k;
        n -= (size_t)k;
    }
}

/* The value of a header of the request, "" without one. */
static void http_server_header(const char *request, const char *name, char out[128])
{
    size_t n = strlen(name);
    out[0] = '\0';
    for (const char *line = strstr(request, "\r\n"); line; line = strstr(line + 2, "\r\n"))
        if (strncasecmp(line + 2, name, n) == 0 && line[2 + n] == ':') {
            const char *v = line + 3 + n;
            v += strspn(v, " ");
            snprintf(out, 128, "%.*s", (int)strcspn(v, "\r\n"), v);
        }
}

static void http_server_get(struct http_server *s, int fd, const char *request)
{
    char range[128], tag[128], head[512];
    http_server_header(request, "Range", range);
    http_server_header(request, "If-Range", tag);
    size_t from = 0;
    bool part = strncmp(range, "bytes=", 6) == 0 && (!tag[0] || (s->etag && !strcmp(tag, s->etag)));
    if (part)
        from = strtoull(range + 6, NULL, 10);
    s->gets++;
    s->ranged += part;
    if (s->refuse-- > 0 || s->missing) {
        const char *no = s->missing ? "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
                                    : "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n";
        http_server_put(fd, no, strlen(no));
        return;
    }
    if (part && from >= s->n) {
        const char *no = "HTTP/1.1 416 Beyond\r\nContent-Length: 0\r\n\r\n";
        http_server_put(fd, no, strlen(no));
        return;
    }
    snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n%s%s%s\r\n",
             part ? "206 Partial Content" : "200 OK", s->n - from, s->etag ? "ETag: " : "",
             s->etag ? s->etag : "", s->etag ? "\r\n" : "");
    http_server_put(fd, head, strlen(head));
    size_t left = s->n - from;
    http_server_put(fd, s->body + from, s->cut && s->cut < left ? s->cut : left);
    s->cut = 0;
}

static void http_server_post(struct http_server *s, int fd, const char *request, struct buf *in,
                             size_t head)
{
    char length[128], type[128], answer[128], more[65536];
    http_server_header(request, "Content-Length", length);
    http_server_header(request, "Content-Type", type);
    size_t want = strtoull(length, NULL, 10);
    for (ssize_t k; in->n - head < want && (k = recv(fd, more, sizeof more, 0)) > 0;)
        buf_add(in, more, (size_t)k);
    s->post_bytes = realloc(s->post_bytes, (size_t)(s->posts + 1) * sizeof *s->post_bytes);
    s->post_s = realloc(s->post_s, (size_t)(s->posts + 1) * sizeof *s->post_s);
    REQUIRE(s->post_bytes && s->post_s);
    s->post_bytes[s->posts] = want;
    s->post_s[s->posts++] = http_server_now();
    buf_add(&s->posted, in->p + head, want);
    snprintf(s->type, sizeof s->type, "%.63s", type);
    snprintf(s->path, sizeof s->path, "%.*s", (int)strcspn(request + 5, " "), request + 5);
    struct timespec wait = { (time_t)s->delay_s,
                             (long)((s->delay_s - (double)(time_t)s->delay_s) * 1e9) };
    nanosleep(&wait, NULL);
    snprintf(answer, sizeof answer, "HTTP/1.1 %d Done\r\nContent-Length: 2\r\n\r\n{}", s->answer);
    http_server_put(fd, answer, strlen(answer));
}

/* One request; false: the other side is done. */
static bool http_server_one(struct http_server *s, int fd)
{
    struct buf in = { 0 };
    char more[4096];
    const char *end = NULL;
    while (!end && !s->stop) {
        struct pollfd p = { fd, POLLIN, 0 };
        if (poll(&p, 1, 50) == 0)
            continue;
        ssize_t k = recv(fd, more, sizeof more, 0);
        if (k <= 0)
            break;
        buf_add(&in, more, (size_t)k);
        end = strstr(in.p, "\r\n\r\n");
    }
    bool post = end && strncmp(in.p, "POST", 4) == 0;
    if (end) {
        size_t head = (size_t)(end - in.p) + 4;
        char *request = strndup(in.p, head);
        pthread_mutex_lock(&s->lock);
        if (post)
            http_server_post(s, fd, request, &in, head);
        else
            http_server_get(s, fd, request);
        pthread_mutex_unlock(&s->lock);
        free(request);
    }
    buf_free(&in);
    return post;
}

struct http_connection {
    struct http_server *s;
    int fd;
};

static void *http_server_connection(void *ctx)
{
    struct http_connection *c = ctx;
    while (!c->s->stop && http_server_one(c->s, c->fd))
        ;
    close(c->fd);
    free(c);
    return NULL;
}

/* Connections are served side by side: curl opens several. */
static void *http_server_main(void *ctx)
{
    struct http_server *s = ctx;
    pthread_t open[256];
    size_t n = 0;
    while (!s->stop && n < 256) {
        struct pollfd p = { s->fd, POLLIN, 0 };
        if (poll(&p, 1, 20) <= 0)
            continue;
        struct http_connection *c = malloc(sizeof *c);
        REQUIRE(c);
        c->s = s;
        c->fd = accept(s->fd, NULL, NULL);
        REQUIRE(pthread_create(&open[n++], NULL, http_server_connection, c) == 0);
    }
    while (n > 0)
        pthread_join(open[--n], NULL);
    return NULL;
}

static void http_server_start(struct http_server *s)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t size = sizeof at;
    *s = (struct http_server){ .fd = socket(AF_INET, SOCK_STREAM, 0), .answer = 200 };
    REQUIRE(bind(s->fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(s->fd, 64) == 0);
    REQUIRE(getsockname(s->fd, (struct sockaddr *)&at, &size) == 0);
    s->port = ntohs(at.sin_port);
    pthread_mutex_init(&s->lock, NULL);
    REQUIRE(pthread_create(&s->thread, NULL, http_server_main, s) == 0);
}

static void http_server_stop(struct http_server *s)
{
    s->stop = true;
    pthread_join(s->thread, NULL);
    close(s->fd);
    buf_free(&s->posted);
    free(s->post_bytes);
    free(s->post_s);
}

#endif
