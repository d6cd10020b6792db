/* cmd_clone.c: traces in, traces like them out, and a page that says how alike and how safe.
 *
 *     export -import-> graphs -4/5-> learned -train-> model -write-> graphs -export-> same format
 *                            \-1/5-> unseen ---------------compare---^
 *
 * What may be shared lies in DIR, what may not (the model, the key of names, the tables that the
 * page was made of) in DIR/private. The time is spent on training: a short trial tells how fast
 * this machine is, and so how many passes fit. That makes the result depend on the clock;
 * --model and --epochs, which the report names, do it again to the bit.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/rng.h"
#include "cli/clone_names.h"
#include "cli/clone_page.h"
#include "cli/commands_priv.h"
#include "cli/exporters.h"
#include "cli/importers.h"
#include "eval/floors.h"
#include "gen/fold.h"
#include "gen/llm.h"
#include "gen/orders.h"
#include "gen/times.h"

static const struct option options[] = {
    { "from", OPT_CHOICE,
      "auto|alibaba-2021|alibaba-2022|jaeger|otlp|otlp-proto|zipkin|spans", "auto",
      "what the inputs are, and what is written; alibaba-2021 comes out as alibaba-2022", 0, 0 },
    { "columns", OPT_TEXT, "MAP", NULL, "of spans: trace=TraceID,span=SpanID,... as for import", 0,
      0 },
    { "o", OPT_TEXT, "DIR", NULL, "where everything goes", 0, 0 },
    { "minutes", OPT_REAL, "N", "5",
      "of wall-clock time for all of it; the clock has its say: no two runs need be alike", 0.1,
      1e5 },
    { "epochs", OPT_REAL, "E", NULL,
      "passes over the traces, in place of what the minutes allow: the same seed, the same bytes",
      0.01, 1000 },
    { "model", OPT_CHOICE, "auto|tiny|small|base", "auto",
      "size of the model; auto: by the words to learn and, without --epochs, the clock", 0, 0 },
    { "n", OPT_INT, "N", "0", "traces to write; 0: as many as were read, at most 10,000", 0, 1e8 },
    { "rename", OPT_FLAG, NULL, NULL,
      "replace all names of services and operations, alike everywhere; DIR/private/names.csv tells",
      0, 0 },
    OPTION_SEED,
    OPTION_THREADS,
    OPTION_JSON,
    OPTION_END
};

enum { TRACES_LEAST = 50, TRACES_MOST = 10000, LEARN_MOST = 20000, PAIRS_MOST = 8192,
       TIMED_FIRST = 64 };
static const double written_by = 0.7;      /* share of the time after which comes measuring */
static const double page_s = 3;            /* to draw and set the page */
static const double unseen_share = 0.2;

struct clone {
    const struct args *a;
    const struct importer *from;
    const struct exporter *to;
    const char *dir;
    char *private;
    double began_s, stamp_s;
    uint64_t seed;
    size_t threads;
    struct graphset *real;                /* as imported */
    struct graphset *joined;              /* names joined */
    struct graphset *learned, *unseen;    /* of joined */
    struct orders *orders;
    struct graphset *usual;               /* learned, with siblings in their usual orders */
    struct fold *fold;                    /* of these */
    struct times *times;
    struct graphset *made, *split;        /* written; names joined, and apart */
    struct clone_arrivals arrivals;       /* of real */
    struct clone_arrivals_distance starts;
    struct clone_facts facts;
    char *file;                           /* of the traces */
};

static double minutes_asked(const struct clone *c)
{
    return args_real(c->a, "minutes");
}

/* ---- in ---- */

/* Sources whose format we do not write get another of ours. */
static const struct exporter *format_of(const struct importer *from)
{
    const struct exporter *e = exporter_find(from->name);
    return e ? e : strcmp(from->name, "alibaba-2021") == 0 ? &exporter_alibaba_2022 : NULL;
}

/* Those without times cannot be told in spans, and there is nothing to learn of when. */
static void drop_untimed(struct graphset *s)
{
    size_t to = 0;
    for (size_t i = 0; i < s->n; i++)
        if (s->graphs[i].timed)
            s->graphs[to++] = s->graphs[i];
    if (to < s->n)
        fprintf(stderr, "%zu traces have no times and are left out\n", s->n - to);
    s->n = to;
}

static bool read_export(struct clone *c, struct err *err)
{
    char *const *paths = args_operand(c->a);
    size_t n = args_operands(c->a);
    struct import_report rep = { 0 };
    struct import_options o = { .threads = c->threads, .progress = true, .repair = REPAIR_ALL,
                                .columns = args_text(c->a, "columns") };
    c->from = importer_find(args_text(c->a, "from"), paths, n, err);
    if (!c->from)
        return false;
    c->to = format_of(c->from);
    if (!c->to)
        return err_set(err, EXIT_USAGE, "%s: clone writes traces, and %s holds none", paths[0],
                       c->from->name);
    c->real = graphset_new();
    c->real->tick_us = c->from->tick_us ? c->from->tick_us : 1000;
    bool good = c->from->stream(paths, n, &o, import_collect, c->real, &rep, err);
    if (rep.files)
        import_report_words(&rep, stderr);
    drop_untimed(c->real);
    if (good && c->real->n < TRACES_LEAST)
        return err_set(err, EXIT_DATA, "%s: %zu traces are too few to learn from; %d are needed",
                       paths[0], c->real->n, TRACES_LEAST);
    return good;
}

/* Of too many traces, some, evenly: what is left out would find no time to be learned. */
static void thin(struct clone *c)
{
    if (c->real->n <= LEARN_MOST)
        return;
    fprintf(stderr, "%d of %zu traces are learned from\n", LEARN_MOST, c->real->n);
    for (size_t i = 0; i < LEARN_MOST; i++)
        c->real->graphs[i] = c->real->graphs[i * c->real->n / LEARN_MOST];
    c->real->n = LEARN_MOST;
}

static void part(struct clone *c)
{
    size_t n = c->real->n;
    size_t *fit = mem_array(n, sizeof *fit), *rest = mem_array(n, sizeof *rest);
    c->facts.interfaces = clone_pairs(c->real) <= PAIRS_MOST;
    if (!c->facts.interfaces)
        fprintf(stderr, "more than %d operations: they are left out\n", PAIRS_MOST);
    c->joined = clone_join(c->real, c->facts.interfaces);
    struct floors_split s = floors_split_by_graph(n, unseen_share, c->seed, 0, fit, rest);
    c->learned = graphset_select(c->joined, fit, s.n_fit);
    c->unseen = graphset_select(c->joined, rest, s.n_test);
    free(fit);
    free(rest);
}

/* ---- learning ---- */

static size_t wanted(const struct clone *c)
{
    size_t n = (size_t)args_int(c->a, "n");
    return n ? n : c->real->n < TRACES_MOST ? c->real->n : TRACES_MOST;
}

/* Seconds that timing the new traces will take: as some of the learned ones take. */
static double timing_s(const struct clone *c)
{
    size_t index[TIMED_FIRST], n = c->learned->n < TIMED_FIRST ? c->learned->n : TIMED_FIRST;
    for (size_t i = 0; i < n; i++)
        index[i] = i * c->learned->n / n;
    struct graphset *few = graphset_select(c->learned, index, n), *again = graphset_new();
    for (size_t i = 0; i < n; i++)
        graphset_copy(again, &few->graphs[i], few->names);
    double from_s = clone_now();
    times_fill(c->times, again, c->seed, c->threads);
    double a_trace_s = (clone_now() - from_s) / (double)n;
    graphset_free(again);
    graphset_free(few);
    return a_trace_s * (double)wanted(c);
}

static bool learn(struct clone *c, struct err *err)
{
    struct clone_wish w = {
        .end_s = c->began_s + written_by * 60 * minutes_asked(c), .n = wanted(c),
        .after_s = timing_s(c), .seed = c->seed, .threads = c->threads,
        .epochs = args_given(c->a, "epochs") ? args_real(c->a, "epochs") : 0,
        .model = strcmp(args_text(c->a, "model"), "auto") ? args_text(c->a, "model") : NULL,
    };
    struct graphset *folded = fold_apply(c->fold);
    char *dir = file_join(c->private, "model");
    bool good = clone_learn(folded, &w, dir, &c->facts.learnt, err);
    if (c->facts.learnt.too_long)
        fprintf(stderr, "%zu traces were too long for the model and not learned\n",
                c->facts.learnt.too_long);
    graphset_free(folded);
    free(dir);
    return good;
}

/* ---- out ---- */

/* Endpoints come as often as in the export, by a draw of the learned traces'; how a trace of one
 * goes on is the model's. (A model's own shares of endpoints drift with its last steps.) */
static bool write_new(struct clone *c, struct err *err)
{
    struct llm m;
    char *dir = file_join(c->private, "model");
    bool good = llm_load(dir, &m, err);
    free(dir);
    if (!good)
        return false;
    struct llm_options o = { .sample = { .temperature = 1, .top_p = 1 }, .drawn = true };
    struct prompt_pool pool = prompt_pool_new(c->learned, prompt_service);
    struct draw_job job = { .prompts = &pool, .n = wanted(c), .seed = c->seed,
                            .threads = c->threads };
    struct draw_report rep = { 0 };
    struct graphset *folded = graphset_new();
    good = llm_run(&m, &o, &job, folded, &rep, err);
    if (good && rep.given_up)
        good = err_set(err, EXIT_CHECK, "%zu of %zu traces could not be written", rep.given_up,
                       job.n);
    if (good)
        c->made = fold_undo(c->fold, folded);
    graphset_free(folded);
    prompt_pool_free(&pool);
    llm_free(&m);
    return good;
}

/* Starts after the real ones' fashion, and ids that nobody had. */
static void place(struct clone *c)
{
    size_t n = c->split->n;
    int64_t *start = mem_array(n, sizeof *start);
    clone_arrivals_draw(&c->arrivals, n, c->seed, start);
    c->starts = clone_arrivals_compare(&c->arrivals, start, n, c->seed);
    gsl_rng *r = rng_stream(c->seed, "clone/ids", 0);
    struct buf id = { 0 };
    for (size_t i = 0; i < n; i++) {
        c->split->graphs[i].arrival = start[i];
        buf_clear(&id);
        buf_printf(&id, "%016llx%016llx", (unsigned long long)(rng_u64(r) | 1),
                   (unsigned long long)rng_u64(r));
        c->split->graphs[i].trace_id = names_id(c->split->names, buf_view(&id));
    }
    buf_free(&id);
    gsl_rng_free(r);
    free(start);
}

static bool rename_all(struct clone *c, struct err *err)
{
    if (!args_flag(c->a, "rename"))
        return true;
    struct buf key = { 0 };
    char *path = file_join(c->private, "names.csv");
    clone_rename(c->split, c->seed, &key);
    bool good = file_write(path, key.p, key.n, err);
    free(path);
    buf_free(&key);
    return good;
}

static const char *ending(const struct exporter *e)
{
    static const struct {
        const char *format, *file;
    } known[] = { { "otlp", "traces.jsonl" }, { "otlp-proto", "traces.binpb" },
                  { "spans", "traces.csv" }, { "alibaba-2022", "traces.csv" } };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].format, e->name) == 0)
            return known[i].file;
    return "traces.json";
}

static bool put_traces(struct clone *c, struct err *err)
{
    struct outfile o;
    size_t left_out = 0;
    c->file = file_join(c->dir, ending(c->to));
    if (!outfile_open(&o, c->file, err))
        return false;
    if (!exporter_write(c->to, c->split, o.f, &left_out, err)) {
        outfile_abandon(&o);
        return err_add(err, "%s", c->file);
    }
    return outfile_commit(&o, err) &&
           (left_out == 0 || err_set(err, EXIT_CHECK, "%zu traces were not written", left_out));
}

/* The importer's strict checks, on what was written: every span must be used. */
static bool read_again(struct clone *c, struct err *err)
{
    const struct importer *from = importer_find(c->to->name, &c->file, 1, err);
    struct import_report rep = { 0 };
    struct import_options o = { .threads = c->threads };
    struct graphset *s = graphset_new();
    s->tick_us = c->split->tick_us;
    bool good = from && from->stream(&c->file, 1, &o, import_collect, s, &rep, err);
    if (good && (rep.rows_used != rep.rows_read || s->n != c->split->n))
        good = err_set(err, EXIT_CHECK, "%s: %llu of %llu spans and %zu of %zu traces pass",
                       c->file, (unsigned long long)rep.rows_used,
                       (unsigned long long)rep.rows_read, s->n, c->split->n);
    graphset_free(s);
    return good;
}

static size_t calls_of(const struct graphset *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++)
        n += s->graphs[i].n;
    return n;
}

/* The time since the last call belongs to a phase. */
static void stamp(struct clone *c, enum clone_phase p)
{
    double now = clone_now();
    c->facts.phase_s[p] += now - c->stamp_s;
    c->stamp_s = now;
}

/* A quick measurement first; then, where the clock allows (it took about a quarter), a thorough
 * one in its place. Without a clock the thorough one, always. */
static void measure(struct clone *c, const struct clone_sets *sets, struct clone_measured *m)
{
    static const struct clone_effort quick = { 30, 1, 400 }, thorough = { 100, 3, 2000 };
    double from_s = clone_now(), end_s = c->began_s + 60 * minutes_asked(c);
    if (c->facts.clocked) {
        clone_measure(sets, &c->starts, &quick, c->seed, c->threads, m);
        double took_s = clone_now() - from_s;
        if (clone_now() + 4 * took_s + page_s > end_s)
            return;
    }
    clone_measure(sets, &c->starts, &thorough, c->seed, c->threads, m);
}

static void gather(struct clone *c)
{
    struct clone_facts *t = &c->facts;
    t->format = c->to->name;
    t->train = c->learned->n;
    t->unseen = c->unseen->n;
    t->made = c->made->n;
    t->calls_real = calls_of(c->real);
    t->calls_made = calls_of(c->made);
    t->words = fold_trees(c->fold);
    t->renamed = args_flag(c->a, "rename");
    t->minutes = minutes_asked(c);
    t->seed = c->seed;
}

static bool put_page(struct clone *c, struct err *err)
{
    struct clone_sets sets = { c->learned, c->unseen, c->made };
    struct clone_measured m;
    double *start_s = mem_array(c->split->n, sizeof *start_s);
    for (size_t i = 0; i < c->split->n; i++)
        start_s[i] = (double)(c->split->graphs[i].arrival - c->arrivals.first) *
                     c->arrivals.tick_s;
    gather(c);
    measure(c, &sets, &m);
    stamp(c, CLONE_MEASURE);
    bool good = clone_page(c->dir, &c->facts, &sets, &c->arrivals, &c->starts, start_s, &m, err);
    free(start_s);
    return good;
}

static bool do_all(struct clone *c, struct err *err)
{
    if (!read_export(c, err) || !file_mkdirs(c->private, err))
        return false;
    c->facts.real = c->real->n;
    c->arrivals = clone_arrivals_of(c->real);   /* of all: the rate is not thinned */
    thin(c);
    part(c);
    c->orders = orders_learn(c->learned);
    c->usual = orders_usual(c->orders);
    c->fold = fold_learn(c->usual, CLONE_FOLD_LEAST);
    c->times = times_learn(c->learned);
    stamp(c, CLONE_READ);
    if (!learn(c, err))
        return false;
    c->facts.phase_s[CLONE_TRIAL] = c->facts.learnt.trial_s;
    stamp(c, CLONE_TRAIN);
    c->facts.phase_s[CLONE_TRAIN] -= c->facts.learnt.trial_s;
    if (!write_new(c, err))
        return false;
    orders_draw(c->orders, c->made, c->seed);
    times_fill(c->times, c->made, c->seed, c->threads);
    c->split = clone_split(c->made);
    place(c);
    if (!rename_all(c, err) || !put_traces(c, err))
        return false;
    stamp(c, CLONE_WRITE);
    if (!read_again(c, err))
        return false;
    stamp(c, CLONE_CHECK);
    return put_page(c, err);
}

static void print_done(const struct clone *c)
{
    double s = clone_now() - c->began_s;
    if (args_flag(c->a, "json"))
        printf("{\"format\":\"%s\",\"real\":%zu,\"traces\":%zu,\"spans\":%zu,\"epochs\":%.2f,"
               "\"seconds\":%.1f,\"within\":%s}\n", c->to->name, c->facts.real, c->facts.made,
               c->facts.calls_made, c->facts.learnt.epochs, s,
               s <= 60 * minutes_asked(c) ? "true" : "false");
    else
        printf("%s: %zu traces like %zu real ones in %.1f min; how alike and how private is in "
               "%s/report.pdf; %s stays with you\n", c->file, c->facts.made, c->facts.real, s / 60,
               c->dir, c->private);
}

static void free_all(struct clone *c)
{
    struct graphset *set[] = { c->usual, c->learned, c->unseen, c->joined, c->real, c->made,
                               c->split };
    for (size_t i = 0; i < sizeof set / sizeof *set; i++)
        if (set[i])
            graphset_free(set[i]);
    fold_free(c->fold);
    orders_free(c->orders);
    times_free(c->times);
    clone_arrivals_free(&c->arrivals);
    free(c->private);
    free(c->file);
}

static int run(const struct args *a, struct err *err)
{
    if (!args_given(a, "o")) {
        err_set(err, EXIT_USAGE, "say where to: -o DIR");
        return err->status;
    }
    struct clone c = { .a = a, .dir = args_text(a, "o"), .began_s = clone_now(),
                       .private = file_join(args_text(a, "o"), "private"),
                       .seed = (uint64_t)args_int(a, "seed"),
                       .threads = (size_t)args_int(a, "threads"),
                       .facts.clocked = !args_given(a, "epochs") };
    c.stamp_s = c.began_s;
    bool good = do_all(&c, err);
    if (good)
        print_done(&c);
    free_all(&c);
    return good ? EXIT_GOOD : err->status;
}

const struct command cmd_clone = {
    .name = "clone",
    .summary = "synthetic traces like yours, in their format, and a page on how real and how "
               "private",
    .operands = "EXPORT...",
    .min_operands = 1,
    .max_operands = SIZE_MAX,
    .options = options,
    .examples = "  tracewright clone jaeger.json -o share\n"
                "  tracewright clone traces.jsonl.gz -o share --minutes 10 -n 5000 --rename "
                "--seed 7\n"
                "  tracewright clone jaeger.json -o again --model small --epochs 16 --seed 7",
    .run = run,
};
