/* http.h: files over HTTP, and bytes posted over it. Thin over libcurl.
 *
 * http and https alone; redirections are followed; the environment's proxies count. A request that
 * is not answered with 2xx, a host that is not there and a body that breaks off are errors with the
 * address and the reason.
 */
#ifndef BASE_HTTP_H
#define BASE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"

struct http_file {
    const char *url, *path;
    const char *sha256;      /* 64 hex digits it must have, or NULL: not known */
    unsigned retries;        /* after a broken connection, a timeout or 5xx; waits 1, 2, 4 ... s */
};

struct http_got {
    uint64_t bytes;          /* of the whole file */
    uint64_t resumed;        /* of them, those that an earlier, interrupted call had left */
    char sha256[SHA256_HEX]; /* of the whole file */
};

/* Fetch a file. It grows as PATH.part and is renamed when it is whole: as long as the server said
 * it is, and of the given SHA-256. What an interrupted call left is gone on with, provided the
 * server says it is still the same file (PATH.part.tag keeps its ETag or date); otherwise it
 * begins anew. False: EXIT_NOINPUT (not there, not reachable), EXIT_DATA (another SHA-256; the
 * file is removed), EXIT_IO (cannot be written). */
bool http_download(const struct http_file *f, struct http_got *got, struct err *err);

/* Posts in flight, several at once over connections that stay open. */
struct http_posts;

struct http_answer {
    void *tag;               /* the caller's */
    long code;               /* of HTTP; 0: none came */
    const char *why;         /* when code is 0 */
    const char *body;        /* the first bytes of what came back, NUL-terminated */
};
typedef void (*http_answered)(void *ctx, const struct http_answer *a);

/* type: of the content. NULL with err: the url is not one of http or https. */
struct http_posts *http_posts_new(const char *url, const char *type, double timeout_s,
                                  http_answered fn, void *ctx, struct err *err);
void http_posts_free(struct http_posts *p);      /* what is in flight is given up, unanswered */

/* Begin a post; body is copied. */
void http_posts_send(struct http_posts *p, const void *body, size_t n, void *tag);
size_t http_posts_flying(const struct http_posts *p);

/* Work for at most wait_s seconds or until something happens; fn is called from here alone. */
void http_posts_work(struct http_posts *p, double wait_s);

#endif
