/* cmd_paper.c: typeset the paper, or look for typed numbers. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "cli/commands_priv.h"
#include "report/paper.h"

static const struct option options[] = {
    { "data", OPT_TEXT, "DIR", ".", "where the CSV files are", 0, 0 },
    { "figures", OPT_TEXT, "DIR", "experiments/figures", "where NAME.fig are", 0, 0 },
    { "tables", OPT_TEXT, "DIR", "experiments/tables", "where NAME.tab are", 0, 0 },
    { "lint", OPT_FLAG, NULL, NULL, "only look: exit 1 at a number that was typed", 0, 0 },
    { "o", OPT_TEXT, "DIR", NULL, "writes DIR/NAME.pdf and DIR/NAME.html [the source's folder]", 0,
      0 },
    OPTION_END
};

/* "a/paper.md" and "out" -> "out/paper"; without an out, "a/paper". */
static char *outbase(const char *source, const char *dir)
{
    char *whole = dir ? file_join(dir, file_base(source)) : mem_strdup(source),
         *dot = strrchr(whole, '.');
    if (dot && !strchr(dot, '/'))
        *dot = '\0';
    return whole;
}

static int run(const struct args *a, struct err *err)
{
    const char *source = args_operand(a)[0];
    bool good;
    if (args_flag(a, "lint")) {
        struct buf b = { 0 };
        good = file_read(source, &b, err) && paper_lint(source, buf_view(&b), err);
        buf_free(&b);
    } else {
        struct paper_options o = { args_text(a, "data"), args_text(a, "figures"),
                                   args_text(a, "tables") };
        const char *dir = args_text(a, "o");
        char *base = outbase(source, dir);
        good = (!dir || file_mkdirs(dir, err)) && paper_make(source, &o, base, err);
        free(base);
    }
    return good ? EXIT_GOOD : err->status;
}

const struct command cmd_paper = {
    .name = "paper",
    .summary = "typeset a Markdown paper with its figures, tables and numbers (PDF, HTML)",
    .operands = "PAPER.md",
    .min_operands = 1,
    .max_operands = 1,
    .options = options,
    .examples =
        "  tracewright paper paper/paper.md --data build/small --figures experiments/figures "
        "--tables experiments/tables -o paper\n  tracewright paper --lint paper/paper.md",
    .run = run,
};
