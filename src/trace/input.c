/* input.c: the first 512 bytes decide. Plain files go straight to read(2); everything else through
 * libarchive, fed by our callback, which hands it those 512 bytes again. So a pipe will do. */
#include "trace/input.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

enum { HEAD = 512, FEED = 1 << 18 };

struct input {
    char *const *paths;
    size_t n, next;            /* next: index of the file to open */
    uint64_t total, before, position;   /* before: bytes of files already closed */
    int fd;                    /* -1: no file is open */
    char head[HEAD];
    size_t head_n, head_used;
    struct archive *archive;   /* NULL: plain */
    bool multiple;             /* the archive holds members, not one raw stream */
    bool at_plain;             /* the plain stream was given out */
    bool dead;                 /* reading failed: nothing more of this file */
    char *feed;
    struct buf name;
};

static bool find_total(struct input *in, struct err *err)
{
    for (size_t i = 0; i < in->n; i++) {
        struct stat st;
        if (strcmp(in->paths[i], "-") == 0)
            continue;
        if (stat(in->paths[i], &st) != 0 || access(in->paths[i], R_OK) != 0)
            return err_set(err, EXIT_NOINPUT, "%s: %s", in->paths[i], strerror(errno));
        if (S_ISDIR(st.st_mode))
            return err_set(err, EXIT_NOINPUT, "%s: is a directory", in->paths[i]);
        in->total += S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
    }
    return true;
}

struct input *input_open(char *const *paths, size_t n, struct err *err)
{
    struct input *in = mem_alloc(sizeof *in);
    *in = (struct input){ .paths = paths, .n = n, .fd = -1 };
    in->feed = mem_alloc(FEED);
    if (find_total(in, err))
        return in;
    input_close(in);
    return NULL;
}

static void close_file(struct input *in)
{
    if (in->archive)
        archive_read_free(in->archive);
    in->archive = NULL;
    if (in->fd > STDIN_FILENO)
        close(in->fd);
    in->fd = -1;
    in->before += in->position;
    in->position = 0;
}

void input_close(struct input *in)
{
    if (!in)
        return;
    close_file(in);
    free(in->feed);
    buf_free(&in->name);
    free(in);
}

static ssize_t read_some(struct input *in, void *p, size_t n)
{
    ssize_t got;
    do
        got = read(in->fd, p, n);
    while (got < 0 && errno == EINTR);
    if (got > 0)
        in->position += (uint64_t)got;
    return got;
}

static la_ssize_t feed(struct archive *a, void *ctx, const void **block)
{
    struct input *in = ctx;
    if (in->head_used < in->head_n) {
        *block = in->head;
        in->head_used = in->head_n;
        return (la_ssize_t)in->head_n;
    }
    *block = in->feed;
    ssize_t got = read_some(in, in->feed, FEED);
    if (got < 0)
        archive_set_error(a, errno, "%s", strerror(errno));
    return got;
}

static bool starts(const struct input *in, const char *magic, size_t n, size_t at)
{
    return in->head_n >= at + n && memcmp(in->head + at, magic, n) == 0;
}

static bool is_packed(const struct input *in)
{
    return starts(in, "\x1F\x8B", 2, 0) || starts(in, "\x28\xB5\x2F\xFD", 4, 0) ||
           starts(in, "\xFD" "7zXZ", 5, 0) || starts(in, "BZh", 3, 0) ||
           starts(in, "PK\x03\x04", 4, 0) || starts(in, "ustar", 5, 257);
}

static bool open_archive(struct input *in, const char *path, struct err *err)
{
    struct archive *a = archive_read_new();
    REQUIRE(a);
    in->archive = a;
    archive_read_support_filter_all(a);
    archive_read_support_format_tar(a);
    archive_read_support_format_zip_streamable(a);
    archive_read_support_format_empty(a);
    archive_read_support_format_raw(a);
    if (archive_read_open(a, in, NULL, feed, NULL) == ARCHIVE_OK)
        return true;
    return err_set(err, EXIT_DATA, "%s: %s", path, archive_error_string(a));
}

static bool open_file(struct input *in, const char *path, struct err *err)
{
    in->fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY);
    if (in->fd < 0)
        return err_set(err, EXIT_NOINPUT, "%s: %s", path, strerror(errno));
    in->head_n = in->head_used = 0;
    in->at_plain = in->dead = false;
    for (ssize_t got = 1; got > 0 && in->head_n < HEAD; in->head_n += (size_t)got) {
        got = read_some(in, in->head + in->head_n, HEAD - in->head_n);
        if (got < 0)
            return err_set(err, EXIT_NOINPUT, "%s: %s", path, strerror(errno));
    }
    return !is_packed(in) || open_archive(in, path, err);
}

/* The next regular member; raw streams have one, named "data". */
static bool next_member(struct input *in, const char *path, struct err *err)
{
    struct archive_entry *e;
    int r;
    do
        r = archive_read_next_header(in->archive, &e);
    while ((r == ARCHIVE_OK || r == ARCHIVE_WARN) &&
           archive_format(in->archive) != ARCHIVE_FORMAT_RAW &&
           archive_entry_filetype(e) != AE_IFREG);
    if (r == ARCHIVE_EOF)
        return false;
    if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
        return err_set(err, EXIT_DATA, "%s: %s", path, archive_error_string(in->archive));
    buf_clear(&in->name);
    buf_str(&in->name, path);
    if (archive_format(in->archive) != ARCHIVE_FORMAT_RAW)
        buf_printf(&in->name, ":%s", archive_entry_pathname(e) ? archive_entry_pathname(e) : "?");
    return true;
}

bool input_next(struct input *in, struct err *err)
{
    *err = (struct err){ 0 };
    for (;;) {
        if (in->fd >= 0 && in->archive && !in->dead) {
            const char *path = in->paths[in->next - 1];
            if (next_member(in, path, err))
                return true;
        }
        if (in->fd >= 0 && !in->archive && !in->at_plain) {
            in->at_plain = true;
            buf_clear(&in->name);
            buf_str(&in->name, in->paths[in->next - 1]);
            return true;
        }
        close_file(in);
        if (err->status || in->next == in->n)
            return false;
        const char *path = in->paths[in->next++];
        if (!open_file(in, path, err)) {
            buf_clear(&in->name);
            buf_str(&in->name, path);
            close_file(in);
            return false;
        }
    }
}

const char *input_name(const struct input *in)
{
    return in->name.p ? in->name.p : "";
}

static bool read_plain(struct input *in, void *p, size_t n, size_t *got, struct err *err)
{
    if (in->head_used < in->head_n) {
        size_t k = in->head_n - in->head_used < n ? in->head_n - in->head_used : n;
        memcpy(p, in->head + in->head_used, k);
        in->head_used += k;
        *got = k;
        return true;
    }
    ssize_t k = read_some(in, p, n);
    *got = k > 0 ? (size_t)k : 0;
    return k >= 0 || err_set(err, EXIT_DATA, "%s: %s", input_name(in), strerror(errno));
}

bool input_read(struct input *in, void *p, size_t n, size_t *got, struct err *err)
{
    if (!in->archive)
        return read_plain(in, p, n, got, err);
    la_ssize_t k;
    do
        k = archive_read_data(in->archive, p, n);
    while (k == ARCHIVE_RETRY);
    *got = k > 0 ? (size_t)k : 0;
    in->dead = k < 0;
    return k >= 0 || err_set(err, EXIT_DATA, "%s: %s", input_name(in),
                             archive_error_string(in->archive));
}

uint64_t input_position(const struct input *in)
{
    return in->before + in->position;
}

uint64_t input_total(const struct input *in)
{
    return in->total;
}
