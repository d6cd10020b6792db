/* cmd_compare.c: generated call graphs held against real ones. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/meta.h"
#include "cli/commands_priv.h"
#include "eval/compare.h"
#include "trace/import.h"

static const struct option options[] = {
    { "real", OPT_TEXT, "HELDOUT.csv", NULL,
      "real graphs to compare with; the training file again asks for fidelity", 0, 0 },
    { "train", OPT_TEXT, "TRAIN.csv", NULL,
      "what the generators were fitted on: copies are copies of these", 0, 0 },
    { "slice", OPT_TEXT, "OTHER.csv", NULL, "a third slice of real graphs, for auc_identity",
      0, 0 },
    { "redraws", OPT_INT, "B", "200", "re-draws behind each interval", 20, 100000 },
    OPTION_JSON,
    { "csv", OPT_FLAG, NULL, NULL, "the rows as CSV", 0, 0 },
    OPTION_SEED,
    OPTION_THREADS,
    OPTION_OUT,
    OPTION_END
};

struct inputs {
    struct graphset *real, *train, *slice;
    struct compare_source *source;
    size_t n;
};

/* All graphs of one file; what was not used is said on stderr. */
static struct graphset *load(const char *path, size_t *dropped, struct err *err)
{
    struct graphset *s = graphset_new();
    struct import_report rep = { 0 };
    char *paths[] = { (char *)path };
    if (!import_alibaba_2022(paths, 1, NULL, s, &rep, err)) {
        graphset_free(s);
        return NULL;
    }
    if (dropped)
        *dropped = (size_t)(rep.graphs_read - rep.graphs_used);
    if (rep.graphs_read > rep.graphs_used) {
        fprintf(stderr, "%s:\n", path);
        import_report_words(&rep, stderr);
    }
    return s;
}

/* NAME=FILE */
static bool load_source(const char *operand, struct inputs *in, struct meta *m, struct err *err)
{
    const char *eq = strchr(operand, '=');
    if (!eq || eq == operand || !eq[1])
        return err_set(err, EXIT_USAGE, "compare: \"%s\" is not NAME=FILE.csv", operand);
    struct compare_source *s = &in->source[in->n];
    char *name = mem_strndup(operand, (size_t)(eq - operand));
    s->name = name;
    for (size_t i = 0; i < in->n; i++)
        if (strcmp(in->source[i].name, name) == 0) {
            free(name);
            return err_set(err, EXIT_USAGE, "compare: the name in \"%s\" was given before",
                           operand);
        }
    in->n++;
    s->graphs = load(eq + 1, &s->dropped, err);
    return s->graphs && meta_input(m, name, eq + 1, err);
}

static bool load_inputs(const struct args *a, struct inputs *in, struct meta *m, struct err *err)
{
    const char *real = args_text(a, "real"), *train = args_text(a, "train");
    const char *slice = args_text(a, "slice");
    if (!real || !train)
        return err_set(err, EXIT_USAGE, "compare: --real and --train are both needed");
    in->source = mem_array(args_operands(a), sizeof *in->source);
    if (!(in->real = load(real, NULL, err)) || !meta_input(m, "real", real, err))
        return false;
    if (!(in->train = load(train, NULL, err)) || !meta_input(m, "train", train, err))
        return false;
    if (slice && (!(in->slice = load(slice, NULL, err)) || !meta_input(m, "slice", slice, err)))
        return false;
    for (size_t i = 0; i < args_operands(a); i++)
        if (!load_source(args_operand(a)[i], in, m, err))
            return false;
    return true;
}

static void free_inputs(struct inputs *in)
{
    graphset_free(in->real);
    graphset_free(in->train);
    graphset_free(in->slice);
    for (size_t i = 0; i < in->n; i++) {
        graphset_free((struct graphset *)in->source[i].graphs);
        free((char *)in->source[i].name);
    }
    free(in->source);
}

static bool write_result(const struct args *a, const struct comparison *c, const struct meta *m,
                         struct err *err)
{
    struct outfile out;
    if (!outfile_open(&out, args_text(a, "o"), err))
        return false;
    if (args_flag(a, "json"))
        compare_write_json(c, out.f);
    else if (args_flag(a, "csv"))
        compare_write_csv(c, out.f);
    else
        compare_write_table(c, out.f);
    if (outfile_commit(&out, err) && meta_write_beside(m, args_text(a, "o"), err))
        return true;
    outfile_abandon(&out);
    return false;
}

static int run(const struct args *a, struct err *err)
{
    struct inputs in = { 0 };
    struct meta *m = meta_new("compare");
    bool ok = load_inputs(a, &in, m, err);
    if (ok) {
        struct compare_options o = { .seed = (uint64_t)args_int(a, "seed"),
                                     .redraws = (size_t)args_int(a, "redraws"),
                                     .threads = (size_t)args_int(a, "threads"),
                                     .slice = in.slice };
        meta_int(m, "seed", args_int(a, "seed"));
        meta_int(m, "redraws", args_int(a, "redraws"));
        struct comparison *c = compare_run(in.real, in.train, in.source, in.n, &o);
        ok = write_result(a, c, m, err);
        comparison_free(c);
    }
    meta_free(m);
    free_inputs(&in);
    return ok ? EXIT_GOOD : err->status;
}

const struct command cmd_compare = {
    .name = "compare",
    .summary = "hold generated call graphs against real ones: every metric, floor and interval",
    .operands = "NAME=FILE.csv...",
    .min_operands = 1,
    .max_operands = 1000,
    .options = options,
    .examples = "tracewright compare --real test.csv --train train.csv model=a.csv other=b.csv\n"
                "tracewright compare --real train.csv --train train.csv --json model=a.csv\n"
                "tracewright compare --real test.csv --train train.csv --csv -o rows.csv new=a.csv",
    .run = run,
};
