/* serverless.h: serverless traces for tests, in files below a temporary folder that is removed with
 * them (make_root, remove_root). A file that includes it defines _GNU_SOURCE, for memfd_create. */
#ifndef TESTS_SERVERLESS_H
#define TESTS_SERVERLESS_H

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "tests/memfile.h"
#include "trace/invocations.h"

static char root[] = "/tmp/test_invocations.XXXXXX";

static inline struct invocations *read_path(const char *format, const char *path,
                                            struct invocations_options o,
                                            struct invocations_report *rep, struct err *err)
{
    *err = (struct err){ 0 };
    return invocations_read(invocations_format(format), path, &o, rep, err);
}

static inline struct invocations *read_text(const char *format, const char *text,
                                            struct invocations_options o,
                                            struct invocations_report *rep, struct err *err)
{
    struct memfile m = memfile_open(text, strlen(text));
    struct invocations *v = read_path(format, m.path, o, rep, err);
    memfile_close(&m);
    return v;
}

/* The v1 header, and a row with these (minute, count) pairs, ended by a minute 0. */
static inline void v1_header(struct buf *b)
{
    buf_str(b, "HashOwner,HashApp,HashFunction,Trigger");
    for (unsigned m = 1; m <= DAY_MINUTES; m++)
        buf_printf(b, ",%u", m);
    buf_char(b, '\n');
}

static inline void v1_row(struct buf *b, const char *ids, ...)
{
    unsigned count[DAY_MINUTES + 1] = { 0 };
    va_list ap;
    va_start(ap, ids);
    for (int m; (m = va_arg(ap, int)) != 0;)
        count[m] = va_arg(ap, unsigned);
    va_end(ap);
    buf_printf(b, "%s,timer", ids);
    for (int m = 1; m <= DAY_MINUTES; m++)
        buf_printf(b, ",%u", count[m]);
    buf_char(b, '\n');
}

static inline char *folder(const char *name)
{
    char *path = file_join(root, name);
    struct err err;
    assert_true(file_mkdirs(path, &err));
    return path;
}

static inline void write_day(const char *dir, int day, const struct buf *b)
{
    char name[64];
    struct err err;
    snprintf(name, sizeof name, "invocations_per_function_md.anon.d%02d.csv", day);
    char *path = file_join(dir, name);
    assert_true(file_write(path, b->p, b->n, &err));
    free(path);
}

/*   day 1: f 5 calls in minute 1, g 1 in minute 1440
 *   day 2: h, who is late, 7 in minute 60; no f
 *   day 3: f 300 in minute 2, and 40 there an f of another app */
static inline char *three_days(const char *name)
{
    char *dir = folder(name);
    struct buf b = { 0 };
    v1_header(&b);
    v1_row(&b, "o,a,f", 1, 5u, 0);
    v1_row(&b, "o,a,g", 1440, 1u, 0);
    write_day(dir, 1, &b);
    buf_clear(&b);
    v1_header(&b);
    v1_row(&b, "o,b,h", 60, 7u, 0);
    write_day(dir, 2, &b);
    buf_clear(&b);
    v1_header(&b);
    v1_row(&b, "o,a,f", 2, 300u, 0);
    v1_row(&b, "o,b,f", 2, 40u, 0);
    write_day(dir, 3, &b);
    buf_free(&b);
    return dir;
}

static inline int make_root(void **state)
{
    (void)state;
    return mkdtemp(root) ? 0 : -1;
}

static inline int remove_root(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", root);
    return system(command);
}

#endif
