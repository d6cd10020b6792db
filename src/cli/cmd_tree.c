/* cmd_tree.c: a few call graphs as trees: on the terminal, or as CSV for a figure of trees. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/rng.h"
#include "cli/commands_priv.h"
#include "cli/graphs.h"
#include "cli/trees.h"

static const struct option options[] = {
    { "n", OPT_INT, "N", "1", "graphs of each input, drawn without repeats", 1, 1000 },
    { "least", OPT_INT, "CALLS", "4", "smallest graph to show", 1, 1e9 },
    { "most", OPT_INT, "CALLS", "25", "largest graph to show", 1, 1e9 },
    { "to", OPT_CHOICE, "text|csv", "text",
      "text; or graph,id,parent,label,type,start,finish for a figure", 0, 0 },
    { "width", OPT_INT, "COLUMNS", "78", "of the text", 40, 1000 },
    { "rows", OPT_INT, "LINES", "40", "of the text, for each graph", 2, 1e6 },
    OPTION_SEED,
    OPTION_THREADS,
    OPTION_OUT,
    OPTION_END
};

/* Graphs of the wanted sizes in a drawn order; fewer than asked for if the file has no more. */
static size_t choose(const struct graphset *s, const struct args *a, const char *name,
                     size_t **index)
{
    size_t least = (size_t)args_int(a, "least"), most = (size_t)args_int(a, "most"), n = 0;
    size_t want = (size_t)args_int(a, "n");
    struct buf stream = { 0 };
    *index = mem_array(s->n + 1, sizeof **index);
    for (size_t i = 0; i < s->n; i++)
        if (s->graphs[i].n >= least && s->graphs[i].n <= most)
            (*index)[n++] = i;
    buf_printf(&stream, "tree/%s", name);
    gsl_rng *r = rng_stream((uint64_t)args_int(a, "seed"), stream.p, 0);
    rng_shuffle(r, *index, n);
    gsl_rng_free(r);
    buf_free(&stream);
    return n < want ? n : want;
}

static void time_field(FILE *f, double ms, char end)
{
    if (isnan(ms))
        fprintf(f, "n/a%c", end);
    else
        fprintf(f, "%.9g%c", ms, end);
}

static void write_csv(const struct callgraph *g, const struct tree_graph *t, const char *title,
                      FILE *f)
{
    struct buf b = { 0 };
    for (size_t i = 0; i < t->n; i++) {
        str_put_csv(f, title);
        putc(',', f);
        buf_clear(&b);
        callgraph_rpcid(g, i, &b);
        fprintf(f, "%s,", b.p);
        buf_clear(&b);
        if (i)
            callgraph_rpcid(g, t->calls[i].parent, &b);
        fprintf(f, "%.*s,", (int)b.n, b.n ? b.p : "");
        str_put_csv(f, t->calls[i].label);
        putc(',', f);
        fprintf(f, "%s,", t->calls[i].type);
        time_field(f, t->calls[i].start, ',');
        time_field(f, t->calls[i].finish, '\n');
    }
    buf_free(&b);
}

static bool one_input(const struct args *a, const char *operand, FILE *f, struct err *err)
{
    const char *eq = strchr(operand, '=');
    char *name = eq ? mem_strndup(operand, (size_t)(eq - operand)) : mem_strdup(file_base(operand));
    struct graphset *s = graphs_read(eq ? eq + 1 : operand, (size_t)args_int(a, "threads"), err);
    size_t *index = NULL, n = s ? choose(s, a, name, &index) : 0;
    bool csv = args_text(a, "to")[0] == 'c';
    if (s && n == 0)
        err_set(err, EXIT_DATA, "%s: no graph of %lld to %lld calls", operand,
                (long long)args_int(a, "least"), (long long)args_int(a, "most"));
    for (size_t i = 0; i < n; i++) {
        struct arena *mem = arena_new();
        const struct callgraph *g = &s->graphs[index[i]];
        struct tree_graph t = trees_of(g, s->names, s->tick_us, mem);
        const char *title = arena_printf(mem, "%s %zu", name, i + 1);
        if (csv) {
            write_csv(g, &t, title, f);
        } else {
            fprintf(f, "%s: service %s, %zu calls\n", title, names_get(s->names, g->service), g->n);
            tree_print(&t, f, (size_t)args_int(a, "width"), (size_t)args_int(a, "rows"),
                       tree_colors(f));
            fputc('\n', f);
        }
        arena_free(mem);
    }
    free(index);
    free(name);
    if (s)
        graphset_free(s);
    return n > 0;
}

static int run(const struct args *a, struct err *err)
{
    struct outfile o;
    if (!outfile_open(&o, args_text(a, "o"), err))
        return err->status;
    bool good = true;
    if (args_text(a, "to")[0] == 'c')
        fprintf(o.f, "graph,id,parent,label,type,start,finish\n");
    for (size_t i = 0; good && i < args_operands(a); i++)
        good = one_input(a, args_operand(a)[i], o.f, err);
    if (good)
        good = outfile_commit(&o, err);
    else
        outfile_abandon(&o);
    return good ? EXIT_GOOD : err->status;
}

const struct command cmd_tree = {
    .name = "tree", .summary = "show call graphs as trees, on the terminal or as CSV for a figure",
    .operands = "[NAME=]INPUT.csv...", .min_operands = 1, .max_operands = 100, .options = options,
    .examples = "  tracewright tree calls.csv\n"
                "  tracewright tree -n 3 --to csv real=train.csv generated=made.csv -o trees.csv",
    .run = run,
};
