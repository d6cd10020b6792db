/* cell_headers.c: see the header. */
#include "cli/cell_headers.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "gen/ask.h"
#include "text/layer_text.h"
#include "trace/input.h"

static void of_reference(const struct driver *d, struct cells *c)
{
    struct reference_options o = { .first = CELL_TRAINED_TRACES, .traces = 10 * REFERENCE_TRACES,
                                   .seed = d->seed, .threads = d->threads };
    struct graphset *s = reference_graphs(&o);
    for (size_t i = 0; i < s->n; i++)
        cells_add(c, names_get(s->names, s->graphs[i].service), (int64_t)s->graphs[i].n,
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
        cells_add(c, service, calls, depth);
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
            cells_add_prompt(c, p, calls, depth);
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

struct cells *cell_headers(const struct driver *d, const struct graphset *real)
{
    struct cells *c = cells_new(d->seed);
    if (d->data)
        headers_of_data(d, c);
    else
        of_reference(d, c);
    for (size_t i = 0; !c->files.n && i < real->n; i++) {
        const char *service = names_get(real->names, real->graphs[i].service);
        if (d->data)
            cells_add(c, service, (int64_t)real->graphs[i].n,
                      (int64_t)callgraph_depth(&real->graphs[i]));
        cells_add(c, service, 1, 1);
    }
    cells_make(c);
    return c;
}

char *cell_model(const struct driver *d, const char *name)
{
    char own[64], *shipped = file_join(d->shipped ? d->shipped : ".", name),
         *config = file_join(shipped, "config.json");
    bool use = !d->full && !d->data && d->seed == CELL_SHIPPED_SEED && d->shipped &&
               file_exists(config);
    free(config);
    if (use)
        return shipped;
    free(shipped);
    snprintf(own, sizeof own, "layered-%s", name);
    return driver_path(d, own);
}
