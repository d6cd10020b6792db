/* cmd_man.c: the manual page in mdoc, from the option tables that the parser reads. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "base/version.h"
#include "cli/commands_priv.h"

enum { FILL = 64 };

/* Text as mdoc reads it back: backslashes, hyphens, and nothing that looks like a request. */
static void text(const char *s, size_t n)
{
    if (n && (s[0] == '.' || s[0] == '\''))
        printf("\\&");
    for (size_t i = 0; i < n; i++)
        switch (s[i]) {
        case '\\': printf("\\e"); break;
        case '-': printf("\\-"); break;
        case '"': printf("\\(dq"); break;
        default: putchar(s[i]);
        }
}

/* One macro argument: quoted, and \& keeps words such as "No" from being macros themselves. */
static void macro(const char *name, const char *arg)
{
    printf(".%s \"\\&", name);
    text(arg, strlen(arg));
    printf("\"\n");
}

/* Filled text: broken at blanks, since mdoc's lines are short. Escapes may widen a line. */
static void line(const char *s)
{
    struct str rest = str_of(s), word;
    size_t column = 0;
    while (str_next(&rest, ' ', &word)) {
        bool fits = column + 1 + word.n <= FILL;
        if (column)
            putchar(fits ? ' ' : '\n');
        column = column && fits ? column + 1 + word.n : word.n;
        text(word.p, word.n);
    }
    putchar('\n');
}

static void describe_option(const struct option *o)
{
    printf(".It Fl %s", o->name[1] ? "Fl " : "");
    text(o->name, strlen(o->name));
    if (o->arg) {
        printf(" Ar \"\\&");
        text(o->arg, strlen(o->arg));
        printf("\"");
    }
    putchar('\n');
    line(o->help);
    if (o->standard && o->standard[0]) {
        printf("The default is\n.Ql ");
        text(o->standard, strlen(o->standard));
        printf(" .\n");
    }
}

static void describe_command(const struct command *c)
{
    macro("Ss", c->name);
    printf(".Nm\n.Cm ");
    text(c->name, strlen(c->name));
    printf("\n.Op Ar options\n");
    if (c->operands)
        macro("Ar", c->operands);
    printf(".Pp\n");
    line(c->summary);
    size_t n = option_count(c);
    if (n == 0)
        return;
    printf(".Bl -tag -width Ds\n");
    for (size_t i = 0; i < n; i++)
        describe_option(&c->options[i]);
    printf(".El\n");
}

static void examples(void)
{
    printf(".Sh EXAMPLES\n.Bd -literal\n");
    for (size_t i = 0; commands[i]; i++) {
        struct str rest = str_of(commands[i]->examples ? commands[i]->examples : ""), piece;
        while (str_next(&rest, '\n', &piece)) {
            piece = str_trim(piece);
            text(piece.p, piece.n);
            putchar('\n');
        }
    }
    printf(".Ed\n");
}

static const char head[] =
    ".Sh NAME\n.Nm tracewright\n.Nd learn call graphs of microservices and write new ones\n"
    ".Sh SYNOPSIS\n.Nm\n.Ar command\n.Op Ar options\n.Op Ar operands\n.Nm\n.Fl Fl version\n"
    ".Sh DESCRIPTION\n"
    "Data go to standard output, words to standard error.\n"
    "An input or output named\n.Ql \\-\nis standard input or output.\n"
    "An output file appears under its name when it is whole; what made it stands in\n"
    ".Pa FILE.meta.json\nbeside it.\n"
    "The same inputs, options and seed give the same bytes for any number of threads.\n"
    ".Pp\nEvery command takes\n.Fl Fl help\nand\n.Fl q\nor\n.Fl Fl quiet ,\n"
    "which turns progress off.\n";

static const char tail[] =
    ".Sh ENVIRONMENT\n.Bl -tag -width Ds\n"
    ".It Ev OPENBLAS_CORETYPE\nthe kernels of OpenBLAS; chosen by the program when unset.\n"
    ".It Ev TERM\nprogress is drawn on terminals other than\n.Ql dumb .\n.El\n"
    ".Sh EXIT STATUS\n.Bl -tag -width 1234 -compact\n"
    ".It 0\ndone\n.It 1\na check said no\n.It 2\nthe command line makes no sense\n"
    ".It 65\ninput of which nothing can be used\n.It 66\ninput that cannot be opened\n"
    ".It 70\na mistake of the program\n.It 74\nwriting failed\n"
    ".It 130\ninterrupted; training has saved its state\n.El\n";

static int run(const struct args *a, struct err *err)
{
    (void)a;
    (void)err;
    struct tm day = { 0 };
    char date[64];
    REQUIRE(sscanf(version_date, "%d-%d-%d", &day.tm_year, &day.tm_mon, &day.tm_mday) == 3);
    day.tm_year -= 1900;
    day.tm_mon -= 1;
    strftime(date, sizeof date, "%B %-d, %Y", &day);
    printf(".Dd %s\n.Dt TRACEWRIGHT 1\n.Os\n%s", date, head);
    printf(".Sh COMMANDS\n");
    for (size_t i = 0; commands[i]; i++)
        describe_command(commands[i]);
    fputs(tail, stdout);
    examples();
    return EXIT_GOOD;
}

const struct command cmd_man = {
    .name = "man",
    .summary = "print the manual page (mdoc)",
    .examples = "  tracewright man | man -l -",
    .run = run,
};
