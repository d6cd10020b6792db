/* compare_write.c: a comparison as JSON for scripts, CSV for figures, and a table for people. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "eval/compare.h"

enum { TELLS = 5 };

static void set_real(json_t *o, const char *key, double x)
{
    json_object_set_new(o, key, isfinite(x) ? json_real(x) : json_null());
}

static json_t *name_json(const char *name)
{
    json_t *s = json_string(name);
    return s ? s : json_string("(not UTF-8)");
}

/* One object, on one line without its end; o is released. */
static void write_object(FILE *f, json_t *o)
{
    char *text = json_dumps(o, JSON_REAL_PRECISION(9));
    REQUIRE(text);
    fputs(text, f);
    free(text);
    json_decref(o);
}

static json_t *row_json(const struct compare_row *r, bool floor)
{
    json_t *o = json_object();
    json_object_set_new(o, "metric", json_string(r->metric->name));
    json_object_set_new(o, "view", json_string(view_names[r->view]));
    json_object_set_new(o, "name", name_json(r->name));
    set_real(o, "value", r->value.value);
    set_real(o, "lo", r->value.lo);
    set_real(o, "hi", r->value.hi);
    json_object_set_new(o, "n", json_integer((json_int_t)r->value.n));
    if (floor)
        set_real(o, "floor", r->floor);
    if (r->why)
        json_object_set_new(o, "why", json_string(r->why));
    return o;
}

static json_t *difference_json(const struct comparison *c, const struct compare_row *r,
                               size_t a, size_t b)
{
    struct interval d = compare_difference(c, r->metric->name, r->view, a, b);
    json_t *o = json_object();
    json_object_set_new(o, "metric", json_string(r->metric->name));
    json_object_set_new(o, "view", json_string(view_names[r->view]));
    json_object_set_new(o, "a", name_json((r + a)->name));
    json_object_set_new(o, "b", name_json((r + b)->name));
    set_real(o, "value", d.value);
    set_real(o, "lo", d.lo);
    set_real(o, "hi", d.hi);
    return o;
}

static void write_rows(FILE *f, const struct compare_row *row, size_t n, bool floor)
{
    for (size_t i = 0; i < n; i++) {
        fputs(i ? ",\n" : "\n", f);
        write_object(f, row_json(&row[i], floor));
    }
}

static json_t *tell_json(const struct compare_row *r, const struct compare_tell *t)
{
    json_t *o = json_object();
    json_object_set_new(o, "metric", json_string(r->metric->name));
    json_object_set_new(o, "view", json_string(view_names[r->view]));
    json_object_set_new(o, "name", name_json(r->name));
    json_object_set_new(o, "column", json_string(t->column));
    set_real(o, "share", t->share);
    return o;
}

/* Rows of one metric and view stand together, one per source: r[0] begins such a block. */
static bool block_known(const struct comparison *c, const struct compare_row *r)
{
    for (size_t i = 0; i < c->n_sources; i++)
        if (isnan(r[i].value.value))
            return false;
    return true;
}

void compare_write_json(const struct comparison *c, FILE *f)
{
    fprintf(f, "{\"question\": \"%s\",\n\"rows\": [", c->fidelity ? "fidelity" : "generalisation");
    write_rows(f, c->row, c->n, true);
    fprintf(f, "\n],\n\"floors\": [");
    write_rows(f, c->floor_row, c->n_floors, false);
    fprintf(f, "\n],\n\"differences\": [");
    bool first = true;
    for (size_t i = 0; i < c->n; i += c->n_sources)
        for (size_t a = 0; a < c->n_sources && block_known(c, &c->row[i]); a++)
            for (size_t b = a + 1; b < c->n_sources; b++) {
                fputs(first ? "\n" : ",\n", f);
                write_object(f, difference_json(c, &c->row[i], a, b));
                first = false;
            }
    fprintf(f, "\n],\n\"tells\": [");
    first = true;
    for (size_t i = 0; i < c->n; i++) {
        const struct compare_row *r = &c->row[i];
        struct compare_tell tell[TELLS];
        size_t n = r->metric->columns
                   ? compare_tells(c, r->metric->name, r->view, i % c->n_sources, tell, TELLS) : 0;
        for (size_t k = 0; k < n; k++) {
            fputs(first ? "\n" : ",\n", f);
            write_object(f, tell_json(r, &tell[k]));
            first = false;
        }
    }
    fprintf(f, "\n]}\n");
}

static void cell(FILE *f, double x)
{
    if (isfinite(x))
        fprintf(f, "%.9g", x);
}

void compare_write_csv(const struct comparison *c, FILE *f)
{
    fprintf(f, "metric,view,name,value,lo,hi,n,floor\n");
    for (size_t i = 0; i < c->n + c->n_floors; i++) {
        const struct compare_row *r = i < c->n ? &c->row[i] : &c->floor_row[i - c->n];
        fprintf(f, "%s,%s,", r->metric->name, view_names[r->view]);
        str_put_csv(f, r->name);
        const double x[] = { r->value.value, r->value.lo, r->value.hi };
        for (int k = 0; k < 3; k++) {
            putc(',', f);
            cell(f, x[k]);
        }
        fprintf(f, ",%zu,", r->value.n);
        cell(f, r->floor);
        putc('\n', f);
    }
}

static void table_row(FILE *f, const struct compare_row *r, const char *mark)
{
    const struct interval *v = &r->value;
    fprintf(f, "  %-2s%-16s", mark, r->name);
    if (isnan(v->value))
        fprintf(f, " %8s  %-22s n %zu\n", "n/a", r->why ? r->why : "", v->n);
    else if (isnan(v->lo))
        fprintf(f, " %8.4g  %-22s n %zu\n", v->value, "", v->n);
    else {
        char range[64];
        snprintf(range, sizeof range, "[%.4g, %.4g]", v->lo, v->hi);
        fprintf(f, " %8.4g  %-22s n %zu\n", v->value, range, v->n);
    }
}

static void table_tells(FILE *f, const struct comparison *c, const struct compare_row *r,
                        size_t source)
{
    struct compare_tell tell[TELLS];
    size_t n = compare_tells(c, r->metric->name, r->view, source, tell, TELLS);
    fprintf(f, "    %-16s  ", "told by");
    for (size_t k = 0; k < n; k++)
        fprintf(f, "%s%s %.0f %%", k ? ", " : "", tell[k].column, 100 * tell[k].share);
    putc('\n', f);
}

static bool same_block(const struct compare_row *a, const struct compare_row *b)
{
    return a->metric == b->metric && a->view == b->view;
}

void compare_write_table(const struct comparison *c, FILE *f)
{
    static const char *const aim[] = { "lower is better", "higher is better",
                                       "the floor is the aim" };
    fprintf(f, "%s\n", c->fidelity
            ? "Fidelity to the training graphs. Floors (~): copier, a bootstrap sample of them; "
              "halves, one half of them against the other."
            : "Generalisation to held-out graphs. Floors (~): train, the training graphs' own "
              "score; real, the held-out graphs' own rate.");
    fprintf(f, "Intervals: 2.5 to 97.5 %% over re-draws of both sides.\n");
    size_t k = 0;
    for (size_t i = 0; i < c->n; i++) {
        const struct compare_row *r = &c->row[i];
        if (i == 0 || r->view != r[-1].view)
            fprintf(f, "\n== by %s\n", view_names[r->view]);
        if (i == 0 || !same_block(r, r - 1)) {
            fprintf(f, "%s: %s (%s)\n", r->metric->name, r->metric->prose, aim[r->metric->better]);
            for (; k < c->n_floors && same_block(&c->floor_row[k], r); k++)
                table_row(f, &c->floor_row[k], "~");
        }
        table_row(f, r, "");
        if (r->metric->columns && !isnan(r->value.value))
            table_tells(f, c, r, i % c->n_sources);
    }
}
