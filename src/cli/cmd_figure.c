/* cmd_figure.c: draw a figure from its description and the CSV files of its experiments. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "cli/commands_priv.h"
#include "report/figure.h"

static const struct option options[] = {
    { "data", OPT_TEXT, "DIR", ".", "where the CSV files are", 0, 0 },
    { "o", OPT_TEXT, "BASE", NULL, "writes BASE.pdf, BASE.svg, BASE.png [the description's name]",
      0, 0 },
    OPTION_END
};

/* "a/b/size.fig" -> "size" */
static char *base_of(const char *path)
{
    const char *name = file_base(path);
    size_t n = strlen(name);
    if (n > 4 && strcmp(name + n - 4, ".fig") == 0)
        n -= 4;
    return mem_strndup(name, n);
}

static int run(const struct args *a, struct err *err)
{
    const char *spec = args_operand(a)[0];
    char *base = args_given(a, "o") ? mem_strdup(args_text(a, "o")) : base_of(spec);
    struct figure f;
    bool good = figure_read(&f, spec, args_text(a, "data"), err) && figure_write(&f, base, err);
    figure_free(&f);
    free(base);
    return good ? EXIT_GOOD : err->status;
}

const struct command cmd_figure = {
    .name = "figure",
    .summary = "draw a figure (PDF, SVG, PNG) from its description and CSV files",
    .operands = "SPEC.fig",
    .min_operands = 1,
    .max_operands = 1,
    .options = options,
    .examples = "  tracewright figure experiments/figures/size.fig --data build/small -o "
                "figures/small/size",
    .run = run,
};
