/* command.h: one file per command, one table per command.
 *
 * A command exports a const struct command; commands.c lists them all. Parsing, --help, the man
 * page and shell completion come from the same option tables. Every command also takes
 * --help, -q/--quiet. A run function returns an exit status: when it fails for the world's
 * reasons it fills *err and returns err->status; main prints the message.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum option_kind { OPT_FLAG, OPT_TEXT, OPT_INT, OPT_REAL, OPT_CHOICE };

struct option {
    const char *name;         /* long name without dashes; "n" and "o" are also written -n and -o */
    enum option_kind kind;
    const char *arg;          /* what --help calls the value; for OPT_CHOICE "a|b|c" */
    const char *standard;     /* the default as text, or NULL: none */
    const char *help;         /* one line */
    double lo, hi;            /* OPT_INT, OPT_REAL: range accepted, if lo < hi */
};
/* An option given twice has its last value; args_nth has them all. */

struct args;
struct command {
    const char *name, *summary;
    const char *operands;     /* as in usage, such as "INPUT.csv..."; NULL: none are taken */
    size_t min_operands, max_operands;
    const struct option *options;   /* ends with a NULL name */
    const char *examples;     /* shown by --help, one a line */
    int (*run)(const struct args *a, struct err *err);
};

extern const struct command *const commands[];   /* ends with NULL */

/* Values of the current command. An option without default that was not given: NULL, 0 or NaN. */
bool args_given(const struct args *a, const char *name);
bool args_flag(const struct args *a, const char *name);
const char *args_text(const struct args *a, const char *name);
int64_t args_int(const struct args *a, const char *name);
double args_real(const struct args *a, const char *name);
size_t args_times(const struct args *a, const char *name);    /* how often it was given */
const char *args_nth(const struct args *a, const char *name, size_t i);    /* i-th value, from 0 */
size_t args_operands(const struct args *a);
char *const *args_operand(const struct args *a);

/* Options many commands share. */
#define OPTION_SEED { "seed", OPT_INT, "S", "1", "seed of everything that is drawn", 0, 9e15 }
#define OPTION_THREADS \
    { "threads", OPT_INT, "N", "0", "threads; 0 is all cores; does not change results", 0, 1024 }
#define OPTION_OUT \
    { "o", OPT_TEXT, "FILE", "-", "where the result goes; - is standard output", 0, 0 }
#define OPTION_JSON { "json", OPT_FLAG, NULL, NULL, "machine-readable output", 0, 0 }
#define OPTION_END { NULL, OPT_FLAG, NULL, NULL, NULL, 0, 0 }

/* args.c */
struct args *args_parse(const struct command *c, int argc, char **argv, struct err *err);
void args_free(struct args *a);
void command_help(const struct command *c);
size_t option_count(const struct command *c);
const char *option_dashes(const struct option *o);   /* "-" for one letter, else "--" */

#endif
