/* tracellm_accuracy: does a model do what headers ask? (TraceLLM, figure 3 and its ablations.)
 *
 * Method   Cells of (depth 1-6, calls 1-30): 136. Service, calls and depth are asked for. Headers
 *          are, in this order of preference: a folder of TraceLLM's prompt files in --data
 *          (<calls>_<depth>.txt); alibaba-headers there; else those of reference traces that were
 *          not trained on. A cell without any is asked with services of the nearest cell that has
 *          some (`made`), as the paper did without saying so. Four formats, each sampled freely,
 *          one attempt, and under the grammar. A graph is correct when it is valid and has the
 *          calls and the depth asked for; by the strict oracle, and for free layered texts by the
 *          paper's own (`original`). trained: distinct training graphs of that depth; a cell of
 *          fewer than 50 is drawn hatched (`few` is 1). Beside the map: held-out graphs' full
 *          headers, by bins of depth and calls, to the compact model of split 0, which saw none.
 * Reads    real.csv, checkpoint.path, layered-NAME/, split0/, split0-test.csv
 * Writes   tracellm_accuracy.csv   name,format,mode,oracle,depth,calls,trained,few,made,asked,
 *                                  valid,correct          (counts)
 *          tracellm_accuracy_map.csv     the same with shares, of the strict oracle
 *          tracellm_accuracy_depth.csv   format,mode,oracle,depth,trained,asked,correct,lo,hi
 *          tracellm_accuracy_sum.csv     mode,asked,valid,correct,lo,hi   (Wilson 95 %): over the
 *                                  map "FORMAT MODE"; held-out headers "unconstrained" and
 *                                  "constrained"
 *          tracellm_accuracy_temperature.csv   format,temperature,asked,correct,lo,hi
 *          tracellm_accuracy_forms.csv   format,graphs,forms,services
 *                                  of what the grammar wrote: distinct structures and services
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
#include "stats/interval.h"
#include "text/prompt_file.h"
#include "trace/input.h"
#include "trace/reference.h"

enum { DEPTHS = 6, CALLS = 30, FEW = 50, CELL_HEADERS = 200 };

struct cell {
    struct prompt at[CELL_HEADERS];
    size_t n;
    bool made;
};

struct cells {
    struct cell cell[DEPTHS + 1][CALLS + 1];
    struct names *names;                 /* of services */
    struct text_prompts files;           /* of the folder of prompt files */
    struct arena *arena;
    size_t trained[DEPTHS + 1];          /* distinct training graphs by depth */
};

static bool is_cell(size_t depth, size_t calls)
{
    return depth <= calls && (depth > 1 || calls == 1);
}

static void add_header(struct cells *c, const char *service, int64_t calls, int64_t depth)
{
    if (calls < 1 || calls > CALLS || depth < 1 || depth > DEPTHS ||
        !is_cell((size_t)depth, (size_t)calls))
        return;
    struct cell *at = &c->cell[depth][calls];
    if (at->n < CELL_HEADERS)
        at->at[at->n++] = (struct prompt){
            .service = names_get(c->names, names_id_of(c->names, service)), .edges = calls,
            .depth = depth, .latency = PROMPT_OPEN, .include_type = CALL_OTHER,
        };
}

/* ---- where headers come from ---- */

/* Reference traces past those that tracellm_data reads. */
static void headers_of_reference(const struct driver *d, struct cells *c)
{
    struct reference_options o = { .traces = 3 * REFERENCE_TRACES, .seed = d->seed,
                                   .threads = d->threads };
    struct graphset *s = reference_graphs(&o);
    for (size_t i = REFERENCE_TRACES; i < s->n; i++)
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

/* The prompt files of a folder, in the order of their names. */
static void headers_of_prompts(const char *folder, struct cells *c)
{
    char *path[1024];
    size_t n = 0;
    DIR *dir = opendir(folder);
    int64_t calls, depth;
    for (const struct dirent *e; dir && n < 1024 && (e = readdir(dir));)
        if (text_prompts_cell(e->d_name, &calls, &depth))
            path[n++] = file_join(folder, e->d_name);
    if (dir)
        closedir(dir);
    if (n)
        qsort(path, n, sizeof *path, by_name);
    for (size_t i = 0; i < n; i++) {
        struct err err = { 0 };
        text_prompts_read(path[i], false, &c->files, &err);    /* a bad file has no prompts */
        free(path[i]);
    }
    for (size_t i = 0; i < c->files.n; i++) {
        struct prompt p = ask_from_file(&c->files.at[i], 1000, c->arena);
        if (p.edges < 1 || p.edges > CALLS || p.depth < 1 || p.depth > DEPTHS || !p.service)
            continue;
        struct cell *at = &c->cell[p.depth][p.edges];
        if (at->n < CELL_HEADERS)
            at->at[at->n++] = p;
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
static void headers_of_data(const char *data, struct cells *c)
{
    static const char *const list[] = { "alibaba-headers/headers.csv.xz",
                                        "callgraphs/alibaba-headers/headers.csv.xz" };
    headers_of_prompts(data, c);
    for (size_t i = 0; !c->files.n && i < 2; i++) {
        struct buf text = { 0 };
        char *csv = file_join(data, list[i]);
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
    if (d->data)
        headers_of_data(d->data, c);
    else
        headers_of_reference(d, c);
    for (size_t i = 0; i < real->n; i++) {
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

static void count_trained(struct cells *c, const struct graphset *real)
{
    uint64_t *hash = mem_array(real->n, sizeof *hash);
    for (size_t depth = 1; depth <= DEPTHS; depth++) {
        size_t n = 0;
        for (size_t i = 0; i < real->n; i++)
            if (callgraph_depth(&real->graphs[i]) == depth)
                hash[n++] = callgraph_hash_structure(&real->graphs[i], real->names);
        qsort(hash, n, sizeof *hash, by_value);
        for (size_t i = 0; i < n; i++)
            c->trained[depth] += i == 0 || hash[i] != hash[i - 1];
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
    struct outfile cells, map, depth, sum, temperature, forms;
};

static void put_share(FILE *f, const struct sum *s)
{
    struct interval share = interval_wilson(s->correct, s->asked);
    fprintf(f, "%.4f,%.4f,%.4f\n", share.value, share.lo, share.hi);
}

struct mode {
    const char *name, *oracle;
    struct llm_options options;
};

/* How many different graphs were written: a grammar that is kept by saying one thing is no feat. */
static void put_forms(const struct graphset *s, const char *name, FILE *f)
{
    struct names *forms = names_new(), *services = names_new();
    char hex[32];
    for (size_t i = 0; i < s->n; i++) {
        snprintf(hex, sizeof hex, "%016llx",
                 (unsigned long long)callgraph_hash_structure(&s->graphs[i], s->names));
        names_id_of(forms, hex);
        names_id_of(services, names_get(s->names, s->graphs[i].service));
    }
    fprintf(f, "%s,%zu,%zu,%zu\n", name, s->n, (size_t)names_count(forms),
            (size_t)names_count(services));
    names_free(forms);
    names_free(services);
}

/* The whole map of one model in one mode. */
static void run_map(const struct driver *d, const struct llm *m, const char *name,
                    const struct mode *mode, const struct cells *c, size_t n, struct files *f)
{
    struct sum all = { 0 };
    struct graphset *out = graphset_new();
    bool strict = strcmp(mode->oracle, "strict") == 0;
    for (size_t depth = 1; depth <= DEPTHS; depth++) {
        struct sum row = { 0 };
        for (size_t calls = 1; calls <= CALLS; calls++) {
            if (!is_cell(depth, calls))
                continue;
            const struct cell *at = &c->cell[depth][calls];
            struct sum s = ask(d, m, at, &mode->options, n, depth * 100 + calls, out);
            int few = c->trained[depth] < FEW;
            fprintf(f->cells.f, "%s %s,%s,%s,%s,%zu,%zu,%zu,%d,%d,%zu,%zu,%zu\n", name, mode->name,
                    name, mode->name, mode->oracle, depth, calls, c->trained[depth], few, at->made,
                    s.asked, s.valid, s.correct);
            if (strict)
                fprintf(f->map.f, "%s %s,%zu,%zu,%d,%.4f\n", name, mode->name, depth, calls, few,
                        (double)s.correct / (double)s.asked);
            add(&row, s);
        }
        fprintf(f->depth.f, "%s,%s,%s,%zu,%zu,%zu,", name, mode->name, mode->oracle, depth,
                c->trained[depth], row.asked);
        put_share(f->depth.f, &row);
        add(&all, row);
    }
    fprintf(f->sum.f, "%s %s%s,%zu,%.4f,", name, mode->name, strict ? "" : " original", all.asked,
            (double)all.valid / (double)all.asked);
    put_share(f->sum.f, &all);
    if (!mode->options.unconstrained)
        put_forms(out, name, f->forms.f);
    graphset_free(out);
}

/* All cells with headers of their own, at one temperature: one draw of every cell. */
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
    put_share(f->temperature.f, &all);
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
        put_share(f->sum.f, &all);
    }
    llm_free(&m);
    free(dir);
    graphset_free(test);
}

static void run_model(const struct driver *d, const char *name, const char *dir,
                      const struct cells *c, struct files *f)
{
    static const struct mode modes[] = {
        { "unconstrained", "strict", { .sample = { .temperature = 1 }, .unconstrained = true } },
        { "constrained", "strict", { .sample = { .temperature = 1 } } },
        { "unconstrained", "original",
          { .sample = { .temperature = 1 }, .unconstrained = true, .original = true } },
    };
    struct llm m;
    struct err err = { 0 };
    driver_need(d, llm_load(dir, &m, &err), &err);
    bool compact = strcmp(name, "compact") == 0;
    size_t n = d->full ? 50 : 1;
    for (size_t k = 0; k < (compact ? 2 : 3); k++)
        run_map(d, &m, name, &modes[k], c, n, f);
    for (int t = 0; t <= 10; t += d->full ? 2 : 10)
        run_temperature(d, &m, name, t / 10.0, c, d->full ? 10 : 1, f);
    llm_free(&m);
}

int main(int argc, char **argv)
{
    static const char *const layered[] = { "tabular", "recursive", "instruction", "bare" };
    struct driver d = driver_start(argc, argv, "tracellm_accuracy");
    struct graphset *real = driver_graphs(&d, "real.csv");
    struct cells *c = read_cells(&d, real);
    count_trained(c, real);
    struct files f = {
        driver_csv(&d, "tracellm_accuracy.csv", "name,format,mode,oracle,depth,calls,trained,few,"
                   "made,asked,valid,correct"),
        driver_csv(&d, "tracellm_accuracy_map.csv", "name,depth,calls,few,correct"),
        driver_csv(&d, "tracellm_accuracy_depth.csv",
                   "format,mode,oracle,depth,trained,asked,correct,lo,hi"),
        driver_csv(&d, "tracellm_accuracy_sum.csv", "mode,asked,valid,correct,lo,hi"),
        driver_csv(&d, "tracellm_accuracy_temperature.csv",
                   "format,temperature,asked,correct,lo,hi"),
        driver_csv(&d, "tracellm_accuracy_forms.csv", "format,graphs,forms,services"),
    };
    run_held_out(&d, &f);
    struct buf main_model = { 0 };
    struct err err = { 0 };
    char *path = driver_path(&d, "checkpoint.path");
    driver_need(&d, file_read(path, &main_model, &err), &err);
    run_model(&d, "compact", main_model.p, c, &f);
    for (size_t i = 0; i < sizeof layered / sizeof *layered; i++) {
        char dir[64];
        snprintf(dir, sizeof dir, "layered-%s", layered[i]);
        char *at = driver_path(&d, dir);
        run_model(&d, layered[i], at, c, &f);
        free(at);
    }
    struct outfile *const all[] = { &f.cells, &f.map, &f.depth, &f.sum, &f.temperature, &f.forms };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        driver_close(all[i]);
    names_free(c->names);
    text_prompts_free(&c->files);
    arena_free(c->arena);
    free(c);
    free(path);
    buf_free(&main_model);
    graphset_free(real);
    return driver_end(&d);
}
