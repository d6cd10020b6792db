/* tracellm_accuracy: does a model do what headers ask? (TraceLLM, figure 3 and its ablations.)
 *
 * Method   Cells of (depth 1-6, calls 1-30): 136. Service, calls and depth are asked for. Headers
 *          are, in this order of preference: a folder of TraceLLM's prompt files in --data
 *          (<calls>_<depth>.txt, whose name is the cell; the last prompt of each is lost under
 *          --compat tracellm alone); alibaba-headers there; else those of reference traces that
 *          were not trained on. A cell without any is asked with services of the nearest cell that
 *          has some (`made`), as the paper did without saying so. Every format is sampled freely,
 *          one attempt, at temperature 0 ("greedy", as the paper's figure) and 1, and under the
 *          grammar at 1. A graph is correct when it is valid and has the calls and the depth
 *          asked for; by the strict oracle, and for free layered texts by the paper's own
 *          (`original`). trained: distinct graphs of that depth that the model learnt from; a cell
 *          of fewer than 50 is drawn hatched (`few` is 1). Beside the map: held-out graphs' full
 *          headers, by bins of depth and calls, to the compact model of split 0, which saw none.
 * Reads    real.csv, layers.csv, checkpoint.path, layered-NAME/, split0/, split0-test.csv
 * Writes   tracellm_accuracy.csv   name,format,mode,oracle,depth,calls,trained,few,made,asked,
 *                                  valid,correct          (counts)
 *          tracellm_accuracy_map.csv     name,depth,calls,few,correct,row: shares, of the strict
 *                                  oracle; row: the depth, and `trained` where it is few
 *          tracellm_accuracy_depth.csv   format,mode,oracle,depth,trained,asked,correct,lo,hi,
 *                                  own_cells,own    (own: share in cells that are not made)
 *          tracellm_accuracy_least.csv   format,mode,oracle,depths,least,own: the least of
 *                                  `correct` and of `own` over depths of 50 trained graphs or more
 *          tracellm_accuracy_sum.csv     mode,asked,valid,correct,lo,hi   (Wilson 95 %): over the
 *                                  map "FORMAT MODE"; held-out headers "unconstrained" and
 *                                  "constrained"
 *          tracellm_accuracy_temperature.csv   format,temperature,asked,correct,lo,hi
 *          tracellm_accuracy_curve.csv   mode,tokens,asked,correct,lo,hi: recursive models after
 *                                  more and more tokens, in cells that are not made
 *          tracellm_accuracy_forms.csv   format,graphs,forms,services,top_share,top_asked
 *                                  of what the grammar wrote: distinct structures and services;
 *                                  the share of the commonest structure, and of the commonest
 *                                  service among what was asked for
 * Scale    small: 1 graph a cell, 2 temperatures, 40 a bin;  full: 50, 6 and 400
 */
#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "cli/driver.h"
#include "gen/ask.h"
#include "gen/llm.h"
#include "llm/checkpoint.h"
#include "stats/interval.h"
#include "text/prompt_file.h"
#include "trace/input.h"
#include "trace/reference.h"

enum { DEPTHS = 6, CALLS = 30, FEW = 50, CELL_HEADERS = 200 };

struct cell {
    struct prompt at[CELL_HEADERS];      /* (n) a random choice of the `seen` */
    size_t n, seen;
    bool made;
};

struct cells {
    struct cell cell[DEPTHS + 1][CALLS + 1];
    struct names *names;                 /* of services */
    struct text_prompts files;           /* of the folder of prompt files */
    struct arena *arena;
    gsl_rng *rng;                        /* of the choice */
};

static bool is_cell(size_t depth, size_t calls)
{
    return depth <= calls && (depth > 1 || calls == 1);
}

/* Each header of a cell is as likely to be among those kept. */
static void add_prompt(struct cells *c, struct prompt p, int64_t calls, int64_t depth)
{
    if (calls < 1 || calls > CALLS || depth < 1 || depth > DEPTHS ||
        !is_cell((size_t)depth, (size_t)calls))
        return;
    struct cell *at = &c->cell[depth][calls];
    size_t k = at->seen < CELL_HEADERS ? at->seen : rng_below(c->rng, at->seen + 1);
    at->seen++;
    if (k < CELL_HEADERS)
        at->at[k] = p;
    at->n = at->seen < CELL_HEADERS ? at->seen : CELL_HEADERS;
}

static void add_header(struct cells *c, const char *service, int64_t calls, int64_t depth)
{
    struct prompt p = { .service = names_get(c->names, names_id_of(c->names, service)),
                        .edges = calls, .depth = depth, .latency = PROMPT_OPEN,
                        .include_type = CALL_OTHER };
    add_prompt(c, p, calls, depth);
}

/* ---- where headers come from ---- */

/* Reference traces past those that tracellm_data reads. */
static void headers_of_reference(const struct driver *d, struct cells *c)
{
    size_t read = (d->full ? 5 : 1) * (size_t)REFERENCE_TRACES;
    struct reference_options o = { .traces = (d->full ? 5 : 3) * read, .seed = d->seed,
                                   .threads = d->threads };
    struct graphset *s = reference_graphs(&o);
    for (size_t i = read; i < s->n; i++)
        add_header(c, names_get(s->names, s->graphs[i].service), (int64_t)s->graphs[i].n,
                   (int64_t)callgraph_depth(&s->graphs[i]));
    graphset_free(s);
}

/* service,num_edges,depth,latency_ms,count */
static void headers_of_csv(struct cells *c, struct str text)
{
    struct str line, field[3];
    layer_text_line(&text, &line);
    while (layer_text_line(&text, &line)) {
        int64_t calls, depth;
        bool good = true;
        for (int k = 0; k < 3; k++)
            good = good && str_next(&line, ',', &field[k]);
        if (!good || !str_i64(field[1], &calls) || !str_i64(field[2], &depth))
            continue;
        char *service = mem_strndup(field[0].p, field[0].n);
        add_header(c, service, calls, depth);
        free(service);
    }
}

/* Text of a file that may be compressed; empty if it is not there. */
static void read_text(const char *path, struct buf *b)
{
    char *paths[] = { (char *)(uintptr_t)path }, piece[65536];
    struct err err = { 0 };
    size_t got = 1;
    struct input *in = file_exists(path) ? input_open(paths, 1, &err) : NULL;
    while (in && input_next(in, &err))
        for (got = 1; got && input_read(in, piece, sizeof piece, &got, &err);)
            buf_add(b, piece, got);
    if (in)
        input_close(in);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Prompts first .. n of the files read go to their cell. One that leaves the cell's numbers open or
 * says others could not be judged by it. */
static void add_prompts(struct cells *c, size_t first, int64_t calls, int64_t depth)
{
    for (size_t i = first; i < c->files.n; i++) {
        struct prompt p = ask_from_file(&c->files.at[i], 1000, c->arena);
        if (p.service && p.edges == calls && p.depth == depth)
            add_prompt(c, p, calls, depth);
    }
}

/* The prompt files of a folder, in the order of their names. */
static void headers_of_prompts(const struct driver *d, struct cells *c)
{
    char *path[1024];
    size_t n = 0;
    DIR *dir = opendir(d->data);
    int64_t calls, depth;
    for (const struct dirent *e; dir && n < 1024 && (e = readdir(dir));)
        if (text_prompts_cell(e->d_name, &calls, &depth))
            path[n++] = file_join(d->data, e->d_name);
    if (dir)
        closedir(dir);
    if (n)
        qsort(path, n, sizeof *path, by_name);
    for (size_t i = 0; i < n; i++) {
        struct err err = { 0 };
        size_t first = c->files.n;
        REQUIRE(text_prompts_cell(path[i], &calls, &depth));
        if (text_prompts_read(path[i], d->compat, &c->files, &err))
            add_prompts(c, first, calls, depth);
        else
            fprintf(stderr, "%s: %s\n", d->name, err.msg);    /* such as a file without prompts */
        free(path[i]);
    }
}

/* Services of the nearest cell that has headers: first of this depth, then of others. */
static void make_headers(struct cells *c, size_t depth, size_t calls)
{
    const struct cell *best = NULL;
    size_t distance = SIZE_MAX;
    for (size_t d = 1; d <= DEPTHS; d++)
        for (size_t n = 1; n <= CALLS; n++) {
            size_t far = (d > depth ? d - depth : depth - d) * 100 +
                         (n > calls ? n - calls : calls - n);
            if (c->cell[d][n].n && !c->cell[d][n].made && far < distance) {
                distance = far;
                best = &c->cell[d][n];
            }
        }
    REQUIRE(best);
    struct cell *at = &c->cell[depth][calls];
    at->made = true;
    at->n = best->n;
    for (size_t i = 0; i < best->n; i++)
        at->at[i] = (struct prompt){ .service = best->at[i].service, .edges = (int64_t)calls,
                                     .depth = (int64_t)depth, .latency = PROMPT_OPEN,
                                     .include_type = CALL_OTHER };
}

/* DATA's prompt files; without any, its list of headers. */
static void headers_of_data(const struct driver *d, struct cells *c)
{
    static const char *const list[] = { "alibaba-headers/headers.csv.xz",
                                        "callgraphs/alibaba-headers/headers.csv.xz" };
    headers_of_prompts(d, c);
    for (size_t i = 0; !c->files.n && i < 2; i++) {
        struct buf text = { 0 };
        char *csv = file_join(d->data, list[i]);
        read_text(csv, &text);
        headers_of_csv(c, buf_view(&text));
        buf_free(&text);
        free(csv);
    }
}

static struct cells *read_cells(const struct driver *d, const struct graphset *real)
{
    struct cells *c = mem_alloc(sizeof *c);
    c->names = names_new();
    c->arena = arena_new();
    c->rng = rng_stream(d->seed, "accuracy/cells", 0);
    if (d->data)
        headers_of_data(d, c);
    else
        headers_of_reference(d, c);
    for (size_t i = 0; !c->files.n && i < real->n; i++) {
        const char *service = names_get(real->names, real->graphs[i].service);
        if (d->data)
            add_header(c, service, (int64_t)real->graphs[i].n,
                       (int64_t)callgraph_depth(&real->graphs[i]));
        add_header(c, service, 1, 1);
    }
    for (size_t depth = 1; depth <= DEPTHS; depth++)
        for (size_t calls = 1; calls <= CALLS; calls++)
            if (is_cell(depth, calls) && !c->cell[depth][calls].n)
                make_headers(c, depth, calls);
    return c;
}

static int by_value(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Distinct graphs by depth. */
static void count_trained(const struct graphset *graphs, size_t trained[DEPTHS + 1])
{
    uint64_t *hash = mem_array(graphs->n, sizeof *hash);
    for (size_t depth = 1; depth <= DEPTHS; depth++) {
        size_t n = 0;
        for (size_t i = 0; i < graphs->n; i++)
            if (callgraph_depth(&graphs->graphs[i]) == depth)
                hash[n++] = callgraph_hash_structure(&graphs->graphs[i], graphs->names);
        qsort(hash, n, sizeof *hash, by_value);
        trained[depth] = 0;
        for (size_t i = 0; i < n; i++)
            trained[depth] += i == 0 || hash[i] != hash[i - 1];
    }
    free(hash);
}

/* ---- asking ---- */

struct sum {
    size_t asked, valid, correct;
};

static void add(struct sum *a, struct sum b)
{
    a->asked += b.asked, a->valid += b.valid, a->correct += b.correct;
}

/* What a cell got. `out` gains the graphs. */
static struct sum ask(const struct driver *d, const struct llm *m, const struct cell *c,
                      const struct llm_options *o, size_t n, uint64_t stream, struct graphset *out)
{
    struct prompt *list = mem_array(n, sizeof *list);
    gsl_rng *rng = rng_stream(d->seed, "accuracy/headers", stream);
    for (size_t i = 0; i < n; i++)
        list[i] = c->at[n < c->n ? rng_below(rng, c->n) : i % c->n];
    bool compact = strcmp(m->to, "compact") == 0;
    struct prompt_pool pool = prompt_pool_list(list, n, compact ? m->tick_us : 1000);
    struct draw_job job = { .prompts = &pool, .n = n, .seed = d->seed * 100000 + stream,
                            .threads = d->threads, .attempts = 1 };
    struct draw_report r = { 0 };
    struct err err = { 0 };
    driver_need(d, llm_run(m, o, &job, out, &r, &err), &err);
    gsl_rng_free(rng);
    free(list);
    struct sum s = { n, r.outcome[DRAW_GOOD] + r.outcome[DRAW_HEADER], r.outcome[DRAW_GOOD] };
    if (o->original)
        s = (struct sum){ n, r.valid, r.correct };
    else if (!compact && o->unconstrained)
        s.valid = r.valid;
    return s;
}

struct files {
    struct outfile cells, map, depth, least, sum, temperature, curve, forms;
};

/* A model in the map. */
struct subject {
    const char *name;
    struct llm m;
    const size_t *trained;               /* (DEPTHS + 1) */
};

static void put_share(FILE *f, const struct sum *s, const char *end)
{
    struct interval share = interval_wilson(s->correct, s->asked);
    fprintf(f, "%.4f,%.4f,%.4f%s", share.value, share.lo, share.hi, end);
}

struct mode {
    const char *name, *oracle;
    struct llm_options options;
};

/* Share of the commonest of ids[0..n). */
static double top_share(uint64_t *ids, size_t n)
{
    size_t run = 0, most = 0;
    qsort(ids, n, sizeof *ids, by_value);
    for (size_t i = 0; i < n; i++) {
        run = i && ids[i] == ids[i - 1] ? run + 1 : 1;
        most = run > most ? run : most;
    }
    return n ? (double)most / (double)n : NAN;
}

static size_t distinct(const uint64_t *sorted, size_t n)
{
    size_t k = 0;
    for (size_t i = 0; i < n; i++)
        k += i == 0 || sorted[i] != sorted[i - 1];
    return k;
}

/* How many different graphs were written: a grammar that is kept by saying one thing is no feat. */
static void put_forms(const struct graphset *s, const char *name, FILE *f)
{
    uint64_t *form = mem_array(s->n, sizeof *form), *service = mem_array(s->n, sizeof *service);
    for (size_t i = 0; i < s->n; i++) {
        form[i] = callgraph_hash_structure(&s->graphs[i], s->names);
        service[i] = s->graphs[i].service;
    }
    double top = top_share(form, s->n), asked = top_share(service, s->n);
    fprintf(f, "%s,%zu,%zu,%zu,%.4f,%.4f\n", name, s->n, distinct(form, s->n),
            distinct(service, s->n), top, asked);
    free(form);
    free(service);
}

static void put_cell(const struct subject *x, const struct mode *mode, size_t depth, size_t calls,
                     bool made, const struct sum *s, struct files *f)
{
    int few = x->trained[depth] < FEW;
    fprintf(f->cells.f, "%s %s,%s,%s,%s,%zu,%zu,%zu,%d,%d,%zu,%zu,%zu\n", x->name, mode->name,
            x->name, mode->name, mode->oracle, depth, calls, x->trained[depth], few, made,
            s->asked, s->valid, s->correct);
    if (strcmp(mode->oracle, "strict") != 0)
        return;
    fprintf(f->map.f, "%s %s,%zu,%zu,%d,%.4f,%zu", x->name, mode->name, depth, calls, few,
            (double)s->correct / (double)s->asked, depth);
    if (few)
        fprintf(f->map.f, " (n=%zu)", x->trained[depth]);
    fprintf(f->map.f, "\n");
}

/* A row of the map; `own` is of its cells that are not made. */
struct row {
    struct sum all, own;
    size_t own_cells;
};

static struct row run_row(const struct driver *d, const struct subject *x, const struct mode *mode,
                          const struct cells *c, size_t depth, size_t n, struct graphset *out,
                          struct files *f)
{
    struct row row = { 0 };
    for (size_t calls = 1; calls <= CALLS; calls++) {
        const struct cell *at = &c->cell[depth][calls];
        if (!is_cell(depth, calls))
            continue;
        struct sum s = ask(d, &x->m, at, &mode->options, n, depth * 100 + calls, out);
        put_cell(x, mode, depth, calls, at->made, &s, f);
        add(&row.all, s);
        if (!at->made)
            add(&row.own, s), row.own_cells++;
    }
    return row;
}

static double share_of(const struct sum *s)
{
    return s->asked ? (double)s->correct / (double)s->asked : NAN;
}

static double least_of(double least, double x)
{
    return isnan(least) || x < least ? x : least;
}

/* The whole map of one model in one mode. */
static void run_map(const struct driver *d, const struct subject *x, const struct mode *mode,
                    const struct cells *c, size_t n, struct files *f)
{
    struct sum all = { 0 };
    struct graphset *out = graphset_new();
    double least = NAN, least_own = NAN;
    size_t depths = 0;
    for (size_t depth = 1; depth <= DEPTHS; depth++) {
        struct row r = run_row(d, x, mode, c, depth, n, out, f);
        fprintf(f->depth.f, "%s,%s,%s,%zu,%zu,%zu,", x->name, mode->name, mode->oracle, depth,
                x->trained[depth], r.all.asked);
        put_share(f->depth.f, &r.all, "");
        fprintf(f->depth.f, ",%zu,%.4f\n", r.own_cells, share_of(&r.own));
        add(&all, r.all);
        if (x->trained[depth] >= FEW) {
            depths++;
            least = least_of(least, share_of(&r.all));
            least_own = least_of(least_own, share_of(&r.own));
        }
    }
    fprintf(f->least.f, "%s,%s,%s,%zu,%.4f,%.4f\n", x->name, mode->name, mode->oracle, depths,
            least, least_own);
    bool strict = strcmp(mode->oracle, "strict") == 0;
    fprintf(f->sum.f, "%s %s%s,%zu,%.4f,", x->name, mode->name, strict ? "" : " original",
            all.asked, (double)all.valid / (double)all.asked);
    put_share(f->sum.f, &all, "\n");
    if (!mode->options.unconstrained)
        put_forms(out, x->name, f->forms.f);
    graphset_free(out);
}

/* Free sampling in the cells whose headers are not made. */
static struct sum run_own(const struct driver *d, const struct llm *m, double temperature,
                          const struct cells *c, size_t n)
{
    struct llm_options o = { .sample = { .temperature = temperature }, .unconstrained = true };
    struct sum all = { 0 };
    struct graphset *out = graphset_new();
    for (size_t depth = 1; depth <= DEPTHS; depth++)
        for (size_t calls = 1; calls <= CALLS; calls++)
            if (is_cell(depth, calls) && !c->cell[depth][calls].made)
                add(&all, ask(d, m, &c->cell[depth][calls], &o, n, depth * 100 + calls, out));
    graphset_free(out);
    return all;
}

/* At one temperature; small: every third number of calls. */
static void run_temperature(const struct driver *d, const struct llm *m, const char *name,
                            double temperature, const struct cells *c, size_t n, struct files *f)
{
    struct llm_options o = { .sample = { .temperature = temperature }, .unconstrained = true };
    struct sum all = { 0 };
    struct graphset *out = graphset_new();
    for (size_t depth = 1; depth <= DEPTHS; depth++)
        for (size_t calls = 1; calls <= CALLS; calls += d->full ? 1 : 3)
            if (is_cell(depth, calls))
                add(&all, ask(d, m, &c->cell[depth][calls], &o, n, depth * 100 + calls, out));
    graphset_free(out);
    fprintf(f->temperature.f, "%s,%.1f,%zu,", name, temperature, all.asked);
    put_share(f->temperature.f, &all, "\n");
}

/* ---- held-out headers ---- */

/* Calls are binned: held-out graphs are few. The last depth is "or more". */
static const size_t bin_ends[] = { 1, 2, 3, 5, 7, 10, 15, 30, SIZE_MAX };
enum { BINS = sizeof bin_ends / sizeof *bin_ends, HELD_DEPTHS = 5 };

static struct graphset *bin_of(const struct graphset *s, size_t depth, size_t b)
{
    size_t *index = mem_array(s->n, sizeof *index), n = 0;
    for (size_t i = 0; i < s->n; i++) {
        size_t at = callgraph_depth(&s->graphs[i]), calls = s->graphs[i].n;
        if ((at < HELD_DEPTHS ? at : HELD_DEPTHS) == depth && calls <= bin_ends[b] &&
            (b == 0 || calls > bin_ends[b - 1]))
            index[n++] = i;
    }
    struct graphset *t = graphset_select(s, index, n);
    free(index);
    return t;
}

static struct sum ask_bin(const struct driver *d, const struct llm *m, const struct graphset *like,
                          bool unconstrained, uint64_t stream)
{
    struct prompt_pool pool = prompt_pool_new(like, prompt_full);
    struct draw_job job = { .prompts = &pool, .n = d->full ? 400 : 40,
                            .seed = d->seed * 1000 + stream, .threads = d->threads, .attempts = 1 };
    struct llm_options o = { .sample = { .temperature = 1 }, .unconstrained = unconstrained };
    struct graphset *out = graphset_new();
    struct draw_report r = { 0 };
    struct err err = { 0 };
    driver_need(d, llm_run(m, &o, &job, out, &r, &err), &err);
    graphset_free(out);
    prompt_pool_free(&pool);
    return (struct sum){ job.n, r.outcome[DRAW_GOOD] + r.outcome[DRAW_HEADER],
                         r.outcome[DRAW_GOOD] };
}

static void run_held_out(const struct driver *d, struct files *f)
{
    struct graphset *test = driver_graphs(d, "split0-test.csv");
    char *dir = driver_path(d, "split0");
    struct llm m;
    struct err err = { 0 };
    driver_need(d, llm_load(dir, &m, &err), &err);
    for (int free_mode = 1; free_mode >= 0; free_mode--) {
        struct sum all = { 0 };
        for (size_t depth = 1; depth <= HELD_DEPTHS; depth++)
            for (size_t b = 0; b < BINS; b++) {
                struct graphset *like = bin_of(test, depth, b);
                if (like->n)
                    add(&all, ask_bin(d, &m, like, free_mode, depth * 100 + b));
                graphset_free(like);
            }
        fprintf(f->sum.f, "%s,%zu,%.4f,", free_mode ? "unconstrained" : "constrained", all.asked,
                (double)all.valid / (double)all.asked);
        put_share(f->sum.f, &all, "\n");
    }
    llm_free(&m);
    free(dir);
    graphset_free(test);
}

static char *layered_dir(const struct driver *d, const char *name)
{
    char dir[64];
    snprintf(dir, sizeof dir, "layered-%s", name);
    return driver_path(d, dir);
}

static void run_model(const struct driver *d, const char *name, const char *dir,
                      const size_t trained[DEPTHS + 1], const struct cells *c, struct files *f)
{
    static const struct mode modes[] = {
        { "greedy", "strict", { .unconstrained = true } },
        { "sampled", "strict", { .sample = { .temperature = 1 }, .unconstrained = true } },
        { "constrained", "strict", { .sample = { .temperature = 1 } } },
        { "greedy", "original", { .unconstrained = true, .original = true } },
    };
    struct subject x = { .name = name, .trained = trained };
    struct err err = { 0 };
    driver_need(d, llm_load(dir, &x.m, &err), &err);
    bool compact = strcmp(name, "compact") == 0;
    size_t n = d->full ? 50 : 1;
    for (size_t k = 0; k < (compact ? 3 : 4); k++)
        run_map(d, &x, &modes[k], c, n, f);
    for (int t = 0; t <= 10; t += d->full ? 2 : 10)
        run_temperature(d, &x.m, name, t / 10.0, c, d->full ? 10 : 1, f);
    llm_free(&x.m);
}

/* More and more tokens of the recursive format. */
static void run_curve(const struct driver *d, const struct cells *c, FILE *f)
{
    static const char *const points[] = { "recursive-16", "recursive-4", "recursive" };
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        struct buf tokens = { 0 };
        struct llm m;
        struct err err = { 0 };
        char *dir = layered_dir(d, points[i]);
        driver_need(d, checkpoint_meta(dir, "tokens", &tokens, &err) && llm_load(dir, &m, &err),
                    &err);
        for (int t = 0; t <= 1; t++) {
            struct sum s = run_own(d, &m, t, c, d->full ? 10 : 1);
            fprintf(f, "%s,%s,%zu,", t ? "sampled" : "greedy", tokens.p, s.asked);
            put_share(f, &s, "\n");
        }
        llm_free(&m);
        buf_free(&tokens);
        free(dir);
    }
}

int main(int argc, char **argv)
{
    static const char *const layered[] = { "tabular", "recursive", "instruction", "bare" };
    struct driver d = driver_start(argc, argv, "tracellm_accuracy");
    struct graphset *real = driver_graphs(&d, "real.csv"),
                    *layers = driver_graphs(&d, "layers.csv");
    struct cells *c = read_cells(&d, real);
    size_t trained[2][DEPTHS + 1];
    count_trained(real, trained[0]);
    count_trained(layers, trained[1]);
    struct files f = {
        driver_csv(&d, "tracellm_accuracy.csv", "name,format,mode,oracle,depth,calls,trained,few,"
                   "made,asked,valid,correct"),
        driver_csv(&d, "tracellm_accuracy_map.csv", "name,depth,calls,few,correct,row"),
        driver_csv(&d, "tracellm_accuracy_depth.csv",
                   "format,mode,oracle,depth,trained,asked,correct,lo,hi,own_cells,own"),
        driver_csv(&d, "tracellm_accuracy_least.csv", "format,mode,oracle,depths,least,own"),
        driver_csv(&d, "tracellm_accuracy_sum.csv", "mode,asked,valid,correct,lo,hi"),
        driver_csv(&d, "tracellm_accuracy_temperature.csv",
                   "format,temperature,asked,correct,lo,hi"),
        driver_csv(&d, "tracellm_accuracy_curve.csv", "mode,tokens,asked,correct,lo,hi"),
        driver_csv(&d, "tracellm_accuracy_forms.csv",
                   "format,graphs,forms,services,top_share,top_asked"),
    };
    run_held_out(&d, &f);
    struct buf main_model = { 0 };
    struct err err = { 0 };
    char *path = driver_path(&d, "checkpoint.path");
    driver_need(&d, file_read(path, &main_model, &err), &err);
    run_model(&d, "compact", main_model.p, trained[0], c, &f);
    for (size_t i = 0; i < sizeof layered / sizeof *layered; i++) {
        char *at = layered_dir(&d, layered[i]);
        run_model(&d, layered[i], at, trained[1], c, &f);
        free(at);
    }
    run_curve(&d, c, f.curve.f);
    struct outfile *const all[] = { &f.cells, &f.map, &f.depth, &f.least, &f.sum, &f.temperature,
                                    &f.curve, &f.forms };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        driver_close(all[i]);
    gsl_rng_free(c->rng);
    names_free(c->names);
    text_prompts_free(&c->files);
    arena_free(c->arena);
    free(c);
    free(path);
    buf_free(&main_model);
    graphset_free(real);
    graphset_free(layers);
    return driver_end(&d);
}
