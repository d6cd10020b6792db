/* http.c: downloads that can be interrupted, and posts that do not wait for each other.
 *
 *     PATH.part      what has come so far          bytes=N-  +  If-Range: tag
 *     PATH.part.tag  which file it is a part of    206: goes on   200: another file, anew
 *
 * Without the tag a file that changed on the server between two calls would be glued together from
 * two halves; its length could even be right.
 */
#include "base/http.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/str.h"

enum { CONNECT_S = 30, SILENT_S = 60 };   /* then a server counts as gone */

static CURL *handle_new(const char *url)
{
    static bool begun;
    if (!begun) {
        REQUIRE(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
        begun = true;
    }
    CURL *c = curl_easy_init();
    REQUIRE(c);
    curl_easy_setopt(c, CURLOPT_URL, url);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(c, CURLOPT_MAXREDIRS, 10L);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
    curl_easy_setopt(c, CURLOPT_USERAGENT, "tracewright");
    return c;
}

/* ---- downloads ---- */

/* One attempt. */
struct pull {
    const struct http_file *f;
    CURL *curl;
    char *part, *tag_path;
    struct buf tag;            /* of this answer; ETag before the date */
    bool strong;               /* tag is an ETag */
    uint64_t at;               /* bytes in part before this attempt */
    FILE *out;                 /* opened when the first byte of a good answer comes */
    bool anew, write_failed;
    uint64_t resumed;          /* bytes of earlier calls that are kept */
    struct progress bar;
};

static uint64_t size_of(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
}

static size_t on_header(char *p, size_t size, size_t n, void *ctx)
{
    struct pull *d = ctx;
    struct str line = str_trim((struct str){ p, size * n });
    if (line.n && line.p[line.n - 1] == '\n')
        line = str_trim((struct str){ line.p, line.n - 1 });
    bool etag = line.n > 5 && strncasecmp(line.p, "etag:", 5) == 0;
    bool date = line.n > 14 && strncasecmp(line.p, "last-modified:", 14) == 0;
    if (str_starts(line, "HTTP/")) {          /* of a redirection, or of the file */
        buf_clear(&d->tag);
        d->strong = false;
    } else if (etag || (date && !d->strong)) {
        size_t skip = etag ? 5 : 14;
        struct str value = str_trim((struct str){ line.p + skip, line.n - skip });
        if (etag && str_starts(value, "W/"))   /* a weak tag does not promise the same bytes */
            return size * n;
        buf_clear(&d->tag);
        buf_add(&d->tag, value.p, value.n);
        d->strong = etag;
    }
    return size * n;
}

/* Begin the file, or go on with it, now that the answer says which. */
static bool open_part(struct pull *d)
{
    long code = 0;
    curl_off_t length = -1;
    curl_easy_getinfo(d->curl, CURLINFO_RESPONSE_CODE, &code);
    curl_easy_getinfo(d->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    d->anew = code != 206;
    if (d->anew)
        d->at = d->resumed = 0;
    d->out = fopen(d->part, d->anew ? "wb" : "ab");
    struct err err;
    d->write_failed = !d->out;
    if (d->out && d->anew)
        d->write_failed = d->tag.n ? !file_write(d->tag_path, d->tag.p, d->tag.n, &err)
                                   : unlink(d->tag_path) != 0 && errno != ENOENT;
    d->bar.total = length >= 0 ? (double)d->at + (double)length : 0;
    return !d->write_failed;
}

static size_t on_bytes(char *p, size_t size, size_t n, void *ctx)
{
    struct pull *d = ctx;
    if (!d->out && !open_part(d))
        return 0;
    if (fwrite(p, 1, size * n, d->out) != size * n) {
        d->write_failed = true;
        return 0;
    }
    d->bar.done += (double)(size * n);
    progress_set(&d->bar, d->bar.done);
    return size * n;
}

/* What the next attempt can go on from: the part, if it is known what it is a part of. */
static struct curl_slist *ask_for_rest(struct pull *d, char range[32])
{
    struct buf tag = { 0 }, line = { 0 };
    struct err err;
    struct curl_slist *list = NULL;
    d->at = size_of(d->part);
    if (d->at && file_exists(d->tag_path) && file_read(d->tag_path, &tag, &err) && tag.n &&
        !memchr(tag.p, '\n', tag.n) && !memchr(tag.p, '\r', tag.n)) {
        buf_printf(&line, "If-Range: %.*s", (int)tag.n, tag.p);
        list = curl_slist_append(NULL, line.p);
        snprintf(range, 32, "%llu-", (unsigned long long)d->at);
        curl_easy_setopt(d->curl, CURLOPT_RANGE, range);
    } else {
        d->at = d->resumed = 0;
    }
    buf_free(&tag);
    buf_free(&line);
    return list;
}

static bool worth_another(CURLcode r, long code)
{
    return code >= 500 || code == 429 || code == 408 || r == CURLE_PARTIAL_FILE ||
           r == CURLE_RECV_ERROR || r == CURLE_SEND_ERROR || r == CURLE_OPERATION_TIMEDOUT ||
           r == CURLE_GOT_NOTHING || r == CURLE_HTTP2_STREAM || r == CURLE_COULDNT_CONNECT;
}

/* True: the part is whole. *again: it may be tried once more. */
static bool attempt(struct pull *d, bool *again, struct err *err)
{
    char range[32], why[CURL_ERROR_SIZE] = "";
    d->curl = handle_new(d->f->url);
    struct curl_slist *list = ask_for_rest(d, range);
    curl_easy_setopt(d->curl, CURLOPT_HTTPHEADER, list);
    curl_easy_setopt(d->curl, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(d->curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(d->curl, CURLOPT_LOW_SPEED_TIME, (long)SILENT_S);
    curl_easy_setopt(d->curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(d->curl, CURLOPT_HEADERDATA, d);
    curl_easy_setopt(d->curl, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(d->curl, CURLOPT_WRITEDATA, d);
    curl_easy_setopt(d->curl, CURLOPT_ERRORBUFFER, why);
    d->bar.done = (double)d->at;
    CURLcode r = curl_easy_perform(d->curl);
    long code = 0;
    curl_easy_getinfo(d->curl, CURLINFO_RESPONSE_CODE, &code);
    if (r == CURLE_OK && !d->out)
        open_part(d);                     /* an empty file */
    if (d->out && fclose(d->out) != 0)
        d->write_failed = true;
    d->out = NULL;
    /* 416: the part is already as long as the file, or longer than what it is now. */
    bool beyond = code == 416 && d->at;
    if (beyond) {
        unlink(d->tag_path);
        d->resumed = 0;
    }
    *again = beyond || worth_another(r, code);
    if (d->write_failed)
        *again = err_set(err, EXIT_IO, "%s: %s", d->part, strerror(errno ? errno : EIO));
    else if (r != CURLE_OK)
        err_set(err, EXIT_NOINPUT, "%s: %s", d->f->url, why[0] ? why : curl_easy_strerror(r));
    curl_slist_free_all(list);
    curl_easy_cleanup(d->curl);
    return r == CURLE_OK && !d->write_failed;
}

static bool attempts(struct pull *d, struct err *err)
{
    bool again = true;
    unsigned tries = 0;
    d->resumed = size_of(d->part);
    while (again) {
        if (attempt(d, &again, err))
            return true;
        if (tries >= d->f->retries)
            break;
        struct timespec pause = { .tv_sec = 1 << (tries < 6 ? tries : 6) };
        if (again)
            nanosleep(&pause, NULL);
        tries++;
    }
    return false;
}

static bool finish(struct pull *d, struct http_got *got, struct err *err)
{
    got->bytes = size_of(d->part);
    got->resumed = d->resumed;
    if (!hash_sha256_file(d->part, got->sha256, err))
        return false;
    if (d->f->sha256 && strcasecmp(d->f->sha256, got->sha256) != 0) {
        unlink(d->part);
        unlink(d->tag_path);
        return err_set(err, EXIT_DATA, "%s: its SHA-256 is %s, not %s; removed", d->f->url,
                       got->sha256, d->f->sha256);
    }
    if (rename(d->part, d->f->path) != 0)
        return err_set(err, EXIT_IO, "%s: %s", d->f->path, strerror(errno));
    unlink(d->tag_path);
    return true;
}

static char *with(const char *path, const char *ending)
{
    struct buf b = { 0 };
    buf_str(&b, path);
    buf_str(&b, ending);
    return b.p;
}

bool http_download(const struct http_file *f, struct http_got *got, struct err *err)
{
    struct pull d = { .f = f, .part = with(f->path, ".part"),
                      .tag_path = with(f->path, ".part.tag"),
                      .bar = progress_begin(file_base(f->path), "B", 0) };
    bool good = attempts(&d, err);
    progress_end(&d.bar);
    good = good && finish(&d, got, err);
    buf_free(&d.tag);
    free(d.part);
    free(d.tag_path);
    return good;
}

/* ---- posts ---- */

struct post {
    CURL *curl;
    char *body;
    char answer[200];
    size_t n_answer;
    char why[CURL_ERROR_SIZE];
    void *tag;
    struct post *next, *before;
};

struct http_posts {
    CURLM *multi;
    char *url;
    struct curl_slist *headers;
    long timeout_ms;
    http_answered fn;
    void *ctx;
    struct post *first;        /* in flight */
    struct post *idle;         /* answered; a handle costs more to make than a short post to send */
    size_t n;
};

struct http_posts *http_posts_new(const char *url, const char *type, double timeout_s,
                                  http_answered fn, void *ctx, struct err *err)
{
    if (strncasecmp(url, "http://", 7) != 0 && strncasecmp(url, "https://", 8) != 0) {
        err_set(err, EXIT_USAGE, "\"%s\" does not begin with http:// or https://", url);
        return NULL;
    }
    curl_easy_cleanup(handle_new(url));   /* global set-up before the first multi */
    struct http_posts *p = mem_alloc(sizeof *p);
    struct buf line = { 0 };
    buf_printf(&line, "Content-Type: %s", type);
    *p = (struct http_posts){ .multi = curl_multi_init(), .url = mem_strdup(url), .fn = fn,
                              .ctx = ctx, .timeout_ms = (long)(timeout_s * 1000) };
    REQUIRE(p->multi);
    p->headers = curl_slist_append(NULL, line.p);
    p->headers = curl_slist_append(p->headers, "Expect:");   /* no round trip before the body */
    buf_free(&line);
    return p;
}

/* No longer in flight, ready for another. */
static void post_end(struct http_posts *p, struct post *x)
{
    *(x->before ? &x->before->next : &p->first) = x->next;
    if (x->next)
        x->next->before = x->before;
    curl_multi_remove_handle(p->multi, x->curl);
    free(x->body);
    *x = (struct post){ .curl = x->curl, .next = p->idle };
    p->idle = x;
    p->n--;
}

void http_posts_free(struct http_posts *p)
{
    if (!p)
        return;
    while (p->first)
        post_end(p, p->first);
    for (struct post *x; (x = p->idle);) {
        p->idle = x->next;
        curl_easy_cleanup(x->curl);
        free(x);
    }
    curl_multi_cleanup(p->multi);
    curl_slist_free_all(p->headers);
    free(p->url);
    free(p);
}

static size_t on_answer(char *p, size_t size, size_t n, void *ctx)
{
    struct post *x = ctx;
    size_t room = sizeof x->answer - 1 - x->n_answer, take = size * n < room ? size * n : room;
    memcpy(x->answer + x->n_answer, p, take);
    x->n_answer += take;
    return size * n;
}

static struct post *post_new(struct http_posts *p)
{
    struct post *x = mem_alloc(sizeof *x);
    x->curl = handle_new(p->url);
    curl_easy_setopt(x->curl, CURLOPT_FOLLOWLOCATION, 0L);   /* it would turn into a GET */
    curl_easy_setopt(x->curl, CURLOPT_HTTPHEADER, p->headers);
    curl_easy_setopt(x->curl, CURLOPT_TIMEOUT_MS, p->timeout_ms);
    curl_easy_setopt(x->curl, CURLOPT_WRITEFUNCTION, on_answer);
    curl_easy_setopt(x->curl, CURLOPT_WRITEDATA, x);
    curl_easy_setopt(x->curl, CURLOPT_ERRORBUFFER, x->why);
    curl_easy_setopt(x->curl, CURLOPT_PRIVATE, x);
    return x;
}

void http_posts_send(struct http_posts *p, const void *body, size_t n, void *tag)
{
    struct post *x = p->idle ? p->idle : post_new(p);
    if (p->idle)
        p->idle = x->next;
    x->tag = tag;
    x->body = mem_alloc(n + 1);
    memcpy(x->body, body, n);
    x->next = p->first;
    if (p->first)
        p->first->before = x;
    p->first = x;
    p->n++;
    curl_easy_setopt(x->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)n);
    curl_easy_setopt(x->curl, CURLOPT_POSTFIELDS, x->body);
    curl_multi_add_handle(p->multi, x->curl);
}

size_t http_posts_flying(const struct http_posts *p)
{
    return p->n;
}

static void answered(struct http_posts *p, CURL *curl, CURLcode r)
{
    char *private = NULL;
    struct http_answer a = { 0 };
    curl_easy_getinfo(curl, CURLINFO_PRIVATE, &private);
    struct post *x = (struct post *)(void *)private;
    if (r == CURLE_OK)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &a.code);
    else
        a.why = x->why[0] ? x->why : curl_easy_strerror(r);
    a.tag = x->tag;
    a.body = x->answer;
    p->fn(p->ctx, &a);
    post_end(p, x);
}

void http_posts_work(struct http_posts *p, double wait_s)
{
    int running, left;
    curl_multi_perform(p->multi, &running);
    int ms = wait_s <= 0 ? 0 : wait_s > 60 ? 60000 : (int)(wait_s * 1000);
    if (ms > 0)
        curl_multi_poll(p->multi, NULL, 0, ms, NULL);
    curl_multi_perform(p->multi, &running);
    for (CURLMsg *m; (m = curl_multi_info_read(p->multi, &left));)
        if (m->msg == CURLMSG_DONE)
            answered(p, m->easy_handle, m->data.result);
}
