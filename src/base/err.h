/* err.h: whose fault is it?
 *
 * Ours (a broken precondition): REQUIRE prints file, line and condition and
 * aborts; it is never compiled out. The machine's (out of memory): the
 * allocator dies. The world's (files, rows, words a model wrote): a function
 * returns false and fills a struct err, whose message says place and value:
 * "calls.csv:1042: rpctype \"foo\" is not one of http rpc db mc mq".
 * Callers add context in front; only a main prints and exits.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>

/* Exit statuses of every program of the house (sysexits where they exist). */
enum {
    EXIT_GOOD = 0,     /* done */
    EXIT_CHECK = 1,    /* a check said no */
    EXIT_USAGE = 2,    /* the command line makes no sense */
    EXIT_DATA = 65,    /* input of which nothing can be used */
    EXIT_NOINPUT = 66, /* input that is not there or cannot be opened */
    EXIT_INTERNAL = 70,/* our own mistake */
    EXIT_IO = 74       /* writing failed */
};

struct err {
    int status;        /* EXIT_*: what main should return */
    char msg[1024];    /* one line, no newline */
};

/* Fill *e and return false, so that a caller can `return err_set(...)`. e may be NULL. */
bool err_set(struct err *e, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Put "context: " before the message; returns false. */
bool err_add(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Print "program: message" to stderr and return e->status: for mains alone. */
int err_report(const struct err *e, const char *program);

_Noreturn void require_failed(const char *file, int line, const char *cond);

#define REQUIRE(cond) ((cond) ? (void)0 : require_failed(__FILE__, __LINE__, #cond))

#endif
