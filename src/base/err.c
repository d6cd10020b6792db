/* err.c: messages are built in place; an error never allocates. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Messages quote what they found: control bytes of it would break the line, or the terminal. */
static void keep_to_one_line(char *msg)
{
    for (; *msg; msg++)
        if ((unsigned char)*msg < 0x20 || *msg == 0x7f)
            *msg = '?';
}

bool err_set(struct err *e, int status, const char *fmt, ...)
{
    if (!e)
        return false;
    e->status = status;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(e->msg, sizeof e->msg, fmt, ap);
    va_end(ap);
    keep_to_one_line(e->msg);
    return false;
}

bool err_add(struct err *e, const char *fmt, ...)
{
    if (!e)
        return false;
    char head[sizeof e->msg];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(head, sizeof head, fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n + 2 >= sizeof head)
        return false;   /* a context longer than the message is no help */
    keep_to_one_line(head);
    size_t room = sizeof e->msg - (size_t)n - 2;
    size_t keep = strnlen(e->msg, sizeof e->msg - 1);
    if (keep >= room)
        keep = room - 1;
    memmove(e->msg + n + 2, e->msg, keep);
    e->msg[(size_t)n + 2 + keep] = '\0';
    memcpy(e->msg, head, (size_t)n);
    memcpy(e->msg + n, ": ", 2);
    return false;
}

int err_report(const struct err *e, const char *program)
{
    fprintf(stderr, "%s: %s\n", program, e->msg);
    return e->status ? e->status : EXIT_INTERNAL;
}

_Noreturn void require_failed(const char *file, int line, const char *cond)
{
    fprintf(stderr, "%s:%d: requirement failed: %s\n", file, line, cond);
    abort();
}
