/* stream.h: a TCP connection, plain or TLS, that never blocks. */
#ifndef LOAD_STREAM_H
#define LOAD_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct tls;    /* settings shared by all streams of a client */

/* TLS 1.2 or later; ca is a PEM file of authorities or NULL for the system's; insecure accepts any
 * certificate. alpn is "h2", which the server then has to choose, or "http/1.1", which it may. */
struct tls *tls_new(const char *ca, bool insecure, const char *alpn, struct err *err);
void tls_free(struct tls *t);    /* NULL is fine */

/* Let the process have as many descriptors as it may: 1024 are soon gone. */
void stream_allow_many(void);

enum { STREAM_WHY = 128 };

struct stream {
    int fd;
    void *ssl;             /* NULL: plain */
    bool wants_write;      /* TLS has to write before it can go on reading */
    const struct tls *tls;
    char why[STREAM_WHY];  /* what ended it: "Connection refused", "certificate: ..." */
};

/* Begin to connect to addr (struct sockaddr of length n), host being the name or address that the
 * server's certificate has to bear. False: refused at once, s->why; nothing to close. */
bool stream_open(struct stream *s, const void *addr, size_t n, const struct tls *t,
                 const char *host);
void stream_close(struct stream *s);
void stream_fail(struct stream *s, const char *why);    /* sets s->why */

enum stream_state { STREAM_FAILED, STREAM_WAITS, STREAM_READY };
/* Go on connecting and shaking hands, after the socket became readable or writable. */
enum stream_state stream_connect(struct stream *s);

/* Bytes moved; 0: would block; -1: the connection is over. */
ssize_t stream_read(struct stream *s, void *p, size_t n);
ssize_t stream_write(struct stream *s, const void *p, size_t n);

#endif
