/* functions_read.c: three tables, each into rows by key, then joined in the order of the first. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/names.h"
#include "trace/csv_priv.h"
#include "trace/functions.h"
#include "trace/input.h"

const int function_duration_pct[FUNCTION_DURATIONS] = { 0, 1, 25, 50, 75, 99, 100 };
const int function_memory_pct[FUNCTION_MEMORIES] = { 1, 5, 25, 50, 75, 95, 99, 100 };

static const char *const file_names[] = { "durations.csv", "memory.csv", "invocations.csv" };
static const char *const cause_names[] = {
    "with another number of fields", "with a value that is no number",
    "with text that cannot be read", "replaced or taken back by a later row of their key",
    "of functions that another table lacks", "of functions that durations.csv lacks",
};
static const char *const cause_keys[] = {
    "fields", "number", "text", "again", "missing", "alone"
};

static const char *const duration_columns[] = {
    "HashOwner", "HashApp", "HashFunction", "Average", "Count", "Minimum", "Maximum",
    "percentile_Average_0", "percentile_Average_1", "percentile_Average_25",
    "percentile_Average_50", "percentile_Average_75", "percentile_Average_99",
    "percentile_Average_100", NULL
};
static const char *const memory_columns[] = {
    "HashOwner", "HashApp", "HashFunction", "SampleCount", "AverageAllocatedMb",
    "AverageAllocatedMb_pct1", "AverageAllocatedMb_pct5", "AverageAllocatedMb_pct25",
    "AverageAllocatedMb_pct50", "AverageAllocatedMb_pct75", "AverageAllocatedMb_pct95",
    "AverageAllocatedMb_pct99", "AverageAllocatedMb_pct100", NULL
};
static const char *const call_columns[] = {
    "HashOwner", "HashApp", "HashFunction", "Trigger", NULL
};
static const char *const *const table_columns[] = {
    duration_columns, memory_columns, call_columns
};

enum { WORDS = 14, NUMBERS = 11, NO_COLUMN = 9999 };

struct row {
    bool live;
    uint64_t line;
    const char *owner, *app, *name, *trigger;
    double number[NUMBERS];
    int32_t *calls;
    size_t units;
};

struct table {
    enum functions_table which;
    const char *path;
    struct functions *o;
    struct functions_report *rep;
    struct names *keys;
    uint32_t *row_of;            /* (keys) index into row, NAMES_NONE: none */
    size_t row_of_cap;
    struct row *row;
    size_t n, cap;
    size_t column[WORDS];        /* where the columns of table_columns are */
    size_t width;
    bool raw;                    /* memory by application */
    struct buf key;
};

static void drop(struct functions_report *rep, enum functions_table t, enum functions_cause c,
                 uint64_t line, struct str value)
{
    if (!rep->table[t].dropped[c]++) {
        char *to = rep->table[t].example[c];
        size_t n = value.n < 80 ? value.n : 80;
        snprintf(to, sizeof rep->table[t].example[c], "%s:%llu: \"%.*s\"", file_names[t],
                 (unsigned long long)line, (int)n, value.n ? value.p : "");
        for (; *to; to++)
            if ((unsigned char)*to < ' ' || (unsigned char)*to > '~')
                *to = '?';
    }
}

static bool find_columns(struct table *t, const struct csv *c, struct err *err)
{
    const char *const *want = table_columns[t->which];
    size_t n = 0;
    if (c->n && str_starts(c->field[0], "\xEF\xBB\xBF"))
        return err_set(err, EXIT_DATA, "%s:1: begins with a byte order mark", t->path);
    for (; want[n]; n++) {
        size_t i = 0;
        while (i < c->n && !str_is(c->field[i], want[n]))
            i++;
        t->column[n] = i < c->n ? i : NO_COLUMN;
        if (i == c->n && t->which == TABLE_MEMORY && n == 2 && t->raw)
            continue;
        if (i == c->n)
            return err_set(err, EXIT_DATA, "%s:1: the header has no column %s", t->path, want[n]);
    }
    t->raw = t->which == TABLE_MEMORY && t->column[2] == NO_COLUMN;
    t->width = t->which == TABLE_INVOCATIONS ? c->n : n - t->raw;
    if (t->which == TABLE_INVOCATIONS && c->n <= 4)
        return err_set(err, EXIT_DATA, "%s:1: the header has no column of calls", t->path);
    if (c->n != t->width)
        return err_set(err, EXIT_DATA, "%s:1: the header has %zu fields, not %zu", t->path, c->n,
                       t->width);
    return true;
}

static const char *keep(struct table *t, struct str s)
{
    return arena_strndup(t->o->mem, s.n ? s.p : "", s.n);
}

static struct str field(const struct table *t, const struct csv *c, size_t column)
{
    return t->column[column] < c->n ? c->field[t->column[column]] : STR("");
}

/* The place of the key in row_of, which says NAMES_NONE for a new one. */
static uint32_t *find_row(struct table *t, struct str key)
{
    size_t known = names_count(t->keys);
    uint32_t id = names_id(t->keys, key);
    MEM_RESERVE(t->row_of, (size_t)id + 1, t->row_of_cap);
    if (names_count(t->keys) > known)
        t->row_of[id] = NAMES_NONE;
    return &t->row_of[id];
}

static bool read_numbers(struct table *t, const struct csv *c, struct row *row, struct str *bad)
{
    for (size_t i = 3; table_columns[t->which][i]; i++) {
        *bad = field(t, c, i);
        if (!functions_float(*bad, &row->number[i - 3]))
            return false;
    }
    return true;
}

static bool read_calls(struct table *t, const struct csv *c, struct row *row, struct str *bad)
{
    row->units = c->n - 4;
    row->calls = ARENA_ARRAY(t->o->mem, row->units, int32_t);
    for (size_t i = 0; i < row->units; i++) {
        *bad = c->field[i + 4];
        if (!functions_int(*bad, &row->calls[i]))
            return false;
    }
    row->trigger = keep(t, field(t, c, 3));
    return true;
}

static void take_row(struct table *t, const struct csv *c, uint64_t line)
{
    bool calls = t->which == TABLE_INVOCATIONS;
    struct functions_report *rep = t->rep;
    rep->table[t->which].rows++;
    if (calls ? c->n <= 4 : c->n != t->width) {
        drop(rep, t->which, FUNCTIONS_FIELDS, line, c->field[0]);
        return;
    }
    struct row row = { .live = true, .line = line };
    struct str part[3];
    buf_clear(&t->key);
    for (size_t i = 0; i < 3; i++) {
        part[i] = field(t, c, i);
        buf_add(&t->key, part[i].p, part[i].n);
    }
    if (!str_utf8(buf_view(&t->key))) {
        drop(rep, t->which, FUNCTIONS_TEXT, line, buf_view(&t->key));
        return;
    }
    uint32_t *at = find_row(t, buf_view(&t->key));
    struct str bad = STR("");
    bool good = calls ? read_calls(t, c, &row, &bad) : read_numbers(t, c, &row, &bad);
    if (*at != NAMES_NONE)     /* the earlier row goes in either case */
        drop(rep, t->which, FUNCTIONS_AGAIN, t->row[*at].line, buf_view(&t->key));
    if (!good) {
        drop(rep, t->which, FUNCTIONS_NUMBER, line, bad);
        if (*at != NAMES_NONE)
            t->row[*at].live = false;
        *at = NAMES_NONE;
        return;
    }
    row.owner = keep(t, part[0]);
    row.app = keep(t, part[1]);
    row.name = keep(t, part[2]);
    if (*at == NAMES_NONE) {
        MEM_GROW(t->row, t->n, t->cap);
        *at = (uint32_t)t->n++;
    }
    t->row[*at] = row;
}

static void keep_titles(struct table *t, const struct csv *c)
{
    if (t->which != TABLE_INVOCATIONS)
        return;
    t->o->named = c->n - 4;
    t->o->unit_name = ARENA_ARRAY(t->o->mem, t->o->named, const char *);
    for (size_t i = 0; i < t->o->named; i++)
        t->o->unit_name[i] = keep(t, c->field[i + 4]);
}

static uint64_t lines_in(const char *p, const char *end)
{
    uint64_t n = 0;
    while ((p = memchr(p, '\n', (size_t)(end - p)))) {
        n++;
        p++;
    }
    return n;
}

static bool read_text(struct table *t, struct str text, struct err *err)
{
    struct csv c = { 0 };
    const char *p = text.p, *end = text.p + text.n, *next;
    uint64_t line = 1;
    bool header = false, good = true;
    for (; good && p < end; line += lines_in(p, next), p = next) {
        if (csv_record(&c, p, end, true, true, &next) == CSV_OPEN) {
            t->rep->table[t->which].rows++;
            drop(t->rep, t->which, FUNCTIONS_TEXT, line, (struct str){ p, (size_t)(end - p) });
            break;
        }
        if (!header) {
            header = true;
            good = find_columns(t, &c, err);
            if (good)
                keep_titles(t, &c);
        } else if (c.n > 1 || c.field[0].n) {
            take_row(t, &c, line);
        }
    }
    csv_free(&c);
    if (good && !header)
        return err_set(err, EXIT_DATA, "%s: is empty", t->path);
    return good;
}

static bool read_file(const char *path, struct buf *text, struct err *err)
{
    char *paths[] = { (char *)path };
    struct input *in = input_open(paths, 1, err);
    bool good = in && input_next(in, err);
    size_t got = 1;
    while (good && got) {
        MEM_RESERVE(text->p, text->n + (1 << 16) + 64, text->cap);
        good = input_read(in, text->p + text->n, 1 << 16, &got, err);
        text->n += good ? got : 0;
    }
    if (good)
        memset(text->p + text->n, 0, 64);     /* csv_record's slack */
    input_close(in);
    return good || err->status || err_set(err, EXIT_DATA, "%s: cannot be read", path);
}

static bool read_table(struct table *t, const char *dir, struct err *err)
{
    char *path = file_join(dir, file_names[t->which]);
    struct buf text = { 0 };
    t->path = path;
    t->keys = names_new();
    bool good = read_file(path, &text, err) && !err->status &&
                read_text(t, (struct str){ text.p, text.n }, err);
    buf_free(&text);
    free(path);
    t->path = NULL;
    return good;
}

static void free_table(struct table *t)
{
    names_free(t->keys);
    free(t->row_of);
    free(t->row);
    buf_free(&t->key);
}

/* The live row of a key, or NULL. */
static struct row *row_of(const struct table *t, struct str key)
{
    uint32_t id = names_find(t->keys, key);
    return id == NAMES_NONE || t->row_of[id] == NAMES_NONE ? NULL : &t->row[t->row_of[id]];
}

/* How many functions of durations.csv an application has, by owner and application. */
static double *count_functions(const struct table *d, struct names *apps)
{
    double *n = NULL;
    size_t cap = 0;
    struct buf b = { 0 };
    for (size_t i = 0; i < d->n; i++) {
        if (!d->row[i].live)
            continue;
        buf_clear(&b);
        buf_str(&b, d->row[i].owner);
        buf_str(&b, d->row[i].app);
        size_t known = names_count(apps);
        uint32_t id = names_id(apps, buf_view(&b));
        MEM_RESERVE(n, (size_t)id + 1, cap);
        n[id] = names_count(apps) > known ? 1 : n[id] + 1;
    }
    buf_free(&b);
    return n;
}

static void use(struct function *f, const struct row *d, const struct row *m, const struct row *c,
                double share)
{
    f->owner = d->owner;
    f->app = d->app;
    f->name = d->name;
    f->average = d->number[0];
    f->count = d->number[1];
    f->minimum = d->number[2];
    f->maximum = d->number[3];
    for (size_t i = 0; i < FUNCTION_DURATIONS; i++)
        f->duration[i] = d->number[4 + i];
    f->samples = m->number[0];
    f->allocated = m->number[1] / share;
    for (size_t i = 0; i < FUNCTION_MEMORIES; i++)
        f->memory[i] = m->number[2 + i] / share;
    f->trigger = c->trigger;
    f->calls = c->calls;
    f->units = c->units;
}

/* The memory row of a function: by key, or by owner and application when the table is raw. */
static struct row *memory_of(struct table *m, const struct row *d, struct str key)
{
    if (!m->raw)
        return row_of(m, key);
    buf_clear(&m->key);
    buf_str(&m->key, d->owner);
    buf_str(&m->key, d->app);
    return row_of(m, buf_view(&m->key));
}

/* What no function used has no function. */
static void count_alone(struct table *t, const bool *used)
{
    for (size_t i = 0; i < t->n; i++) {
        if (!t->row[i].live)
            continue;
        if (used[i])
            t->rep->table[t->which].used++;
        else
            drop(t->rep, t->which, FUNCTIONS_ALONE, t->row[i].line, str_of(t->row[i].name));
    }
}

static void join(struct functions *o, struct table *d, struct table *m, struct table *c,
                 struct functions_report *rep)
{
    struct names *apps = names_new();
    double *shares = count_functions(d, apps);
    bool *used[2] = { mem_array(m->n, sizeof(bool)), mem_array(c->n, sizeof(bool)) };
    struct buf key = { 0 };
    o->at = ARENA_ARRAY(o->mem, d->n, struct function);
    for (size_t i = 0; i < d->n; i++) {
        const struct row *row = &d->row[i];
        if (!row->live)
            continue;
        buf_clear(&key);
        buf_printf(&key, "%s%s%s", row->owner, row->app, row->name);
        struct row *memory = memory_of(m, row, buf_view(&key));
        struct row *calls = row_of(c, buf_view(&key));
        if (memory)
            used[0][memory - m->row] = true;
        if (calls)
            used[1][calls - c->row] = true;
        if (!memory || !calls) {
            drop(rep, TABLE_DURATIONS, FUNCTIONS_MISSING, row->line, buf_view(&key));
            continue;
        }
        double share = 1;
        if (m->raw)
            share = shares[names_find(apps, buf_view(&m->key))];
        struct function *f = &o->at[o->n++];
        f->key = arena_strndup(o->mem, key.p, key.n);
        use(f, row, memory, calls, share);
        o->units = f->units > o->units ? f->units : o->units;
    }
    rep->table[TABLE_DURATIONS].used = o->n;
    count_alone(m, used[0]);
    count_alone(c, used[1]);
    names_free(apps);
    free(shares);
    free(used[0]);
    free(used[1]);
    buf_free(&key);
}

bool functions_read(const char *dir, bool raw, struct functions *o, struct functions_report *rep,
                    struct err *err)
{
    *o = (struct functions){ .mem = arena_new() };
    *rep = (struct functions_report){ 0 };
    *err = (struct err){ 0 };
    struct table t[FUNCTIONS_TABLES] = { 0 };
    bool good = true;
    for (int i = 0; i < FUNCTIONS_TABLES && good; i++) {
        t[i] = (struct table){ .which = (enum functions_table)i, .o = o, .rep = rep, .raw = raw };
        good = read_table(&t[i], dir, err);
    }
    if (good) {
        join(o, &t[0], &t[1], &t[2], rep);
        good = o->n > 0 || err_set(err, EXIT_DATA, "%s: no function is in all three tables", dir);
    }
    for (int i = 0; i < FUNCTIONS_TABLES; i++)
        free_table(&t[i]);
    if (!good)
        functions_free(o);
    return good;
}

void functions_free(struct functions *o)
{
    arena_free(o->mem);
    *o = (struct functions){ 0 };
}

void functions_report_words(const struct functions_report *r, FILE *words)
{
    for (int t = 0; t < FUNCTIONS_TABLES; t++)
        for (int c = 0; c < FUNCTIONS_CAUSES; c++)
            if (r->table[t].dropped[c])
                fprintf(words, "%s: %llu of %llu rows not used, %s; the first: %s\n",
                        file_names[t], (unsigned long long)r->table[t].dropped[c],
                        (unsigned long long)r->table[t].rows, cause_names[c],
                        r->table[t].example[c]);
}

void functions_report_write(const struct functions_report *r, FILE *json)
{
    for (int t = 0; t < FUNCTIONS_TABLES; t++) {
        fprintf(json, "%s\"%s\":{\"rows\":%llu,\"used\":%llu", t ? "," : "{", file_names[t],
                (unsigned long long)r->table[t].rows, (unsigned long long)r->table[t].used);
        for (int c = 0; c < FUNCTIONS_CAUSES; c++)
            fprintf(json, ",\"%s\":%llu", cause_keys[c],
                    (unsigned long long)r->table[t].dropped[c]);
        fputc('}', json);
    }
    fputc('}', json);
}
