/* cmd_tables.c: tables.xlsx, or Markdown, from descriptions and the CSV files of experiments. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "cli/commands_priv.h"
#include "report/workbook.h"

static const struct option options[] = {
    { "data", OPT_TEXT, "DIR", ".", "where the CSV files are", 0, 0 },
    { "claims", OPT_TEXT, "FILE.csv", NULL, "claims table in DIR, for the sheet Claims", 0, 0 },
    { "to", OPT_CHOICE, "xlsx|markdown|html", NULL,
      "what to write [by the name after -o: .xlsx, .html, else markdown]", 0, 0 },
    OPTION_OUT,
    OPTION_END
};

static bool write_text(const struct grid *g, size_t n, bool markdown, const char *path,
                       struct err *err)
{
    struct buf b = { 0 };
    struct outfile o;
    for (size_t i = 0; i < n; i++) {
        if (markdown && n > 1)
            buf_printf(&b, "%s**%s.** %s\n\n", i ? "\n" : "", g[i].title, g[i].caption);
        if (markdown)
            grid_markdown(&g[i], &b);
        else
            grid_html(&g[i], &b);
    }
    bool good = outfile_open(&o, path, err);
    if (good) {
        fwrite(b.p, 1, b.n, o.f);
        good = outfile_commit(&o, err);
    }
    buf_free(&b);
    return good;
}

static const char *kind_of(const struct args *a)
{
    struct str out = str_of(args_text(a, "o"));
    if (args_text(a, "to"))
        return args_text(a, "to");
    return str_ends(out, ".xlsx") ? "xlsx" : str_ends(out, ".html") ? "html" : "markdown";
}

static int run(const struct args *a, struct err *err)
{
    size_t n = args_operands(a), read = 0;
    const char *out = args_text(a, "o"), *to = kind_of(a);
    bool workbook = strcmp(to, "xlsx") == 0, good = true;
    if (workbook && strcmp(out, "-") == 0) {
        err_set(err, EXIT_USAGE, "a workbook needs a name: -o tables.xlsx");
        return err->status;
    }
    struct grid *grids = mem_array(n, sizeof *grids);
    for (; good && read < n; read++)
        good = grid_read(&grids[read], args_operand(a)[read], args_text(a, "data"), err);
    struct workbook_input in = { grids, n, args_text(a, "data"), args_text(a, "claims") };
    if (good)
        good = workbook ? workbook_write(&in, out, err)
                        : write_text(grids, n, to[0] == 'm', out, err);
    for (size_t i = 0; i < read; i++)
        grid_free(&grids[i]);
    free(grids);
    return good ? EXIT_GOOD : err->status;
}

const struct command cmd_tables = {
    .name = "tables",
    .summary = "write tables.xlsx, Markdown or HTML from descriptions and CSV files",
    .operands = "SPEC.tab...",
    .min_operands = 1,
    .max_operands = 1000,
    .options = options,
    .examples =
        "  tracewright tables experiments/tables/*.tab --data build/small -o "
        "figures/small/tables.xlsx\n"
        "  tracewright tables experiments/tables/fidelity.tab --data build/small",
    .run = run,
};
