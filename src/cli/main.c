/* main.c: tracewright COMMAND [options] [operands]. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/progress.h"
#include "base/version.h"
#include "cli/command.h"
#include "ml/linalg.h"

static void usage(FILE *f)
{
    fprintf(f, "usage: tracewright COMMAND [options] [operands]\n\n");
    for (size_t i = 0; commands[i]; i++)
        fprintf(f, "  %-12s %s\n", commands[i]->name, commands[i]->summary);
    fprintf(f, "\n  COMMAND --help explains one; --version says what this program is.\n");
}

static void version(void)
{
    printf("tracewright %s\ncommit   %s\ncompiler %s\nflags    %s\nblas     OpenBLAS, core %s\n",
           version_number, version_commit, version_compiler, version_flags, linalg_core());
}

/* Take -q, --quiet and --help out, wherever they stand before "--"; true if help is asked for. */
static bool common_options(int *argc, char **argv)
{
    bool help = false;
    int n = 0;
    bool options = true;
    for (int i = 0; i < *argc; i++) {
        if (strcmp(argv[i], "--") == 0)
            options = false;
        if (options && (strcmp(argv[i], "-q") == 0 || strcmp(argv[i], "--quiet") == 0))
            progress_silence();
        else if (options && (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0))
            help = true;
        else
            argv[n++] = argv[i];
    }
    *argc = n;
    return help;
}

static int run(const struct command *c, int argc, char **argv)
{
    struct err err = { 0 };
    if (common_options(&argc, argv)) {
        command_help(c);
        return EXIT_GOOD;
    }
    struct args *a = args_parse(c, argc, argv, &err);
    int status = a ? c->run(a, &err) : err.status;
    args_free(a);
    if (status != EXIT_GOOD && err.msg[0])
        err_report(&err, "tracewright");
    return status;
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2) {
        usage(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        version();
        return EXIT_GOOD;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        usage(stdout);
        return EXIT_GOOD;
    }
    for (size_t i = 0; commands[i]; i++)
        if (strcmp(commands[i]->name, argv[1]) == 0)
            return run(commands[i], argc - 2, argv + 2);
    fprintf(stderr, "tracewright: no command \"%s\"; see tracewright --help\n", argv[1]);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    linalg_start(argc, argv);
    signal(SIGPIPE, SIG_IGN);   /* a closed pipe is a failed write: EXIT_IO, not a silent death */
    outfile_clean_on_signals();
    int status = dispatch(argc, argv);
    bool written = fflush(stdout) == 0 && !ferror(stdout);
    if (!written && (status == EXIT_GOOD || status == EXIT_CHECK)) {
        perror("tracewright: standard output");
        return EXIT_IO;
    }
    return status;
}
