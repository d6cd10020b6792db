/* figure_series.c: rows of a table -> series of a panel, by kind. See figure.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/figure_priv.h"
#include "report/style.h"

enum column { X, Y, LO, HI, Q1, Q3, REF, WEIGHT, Z, COLUMNS };
static const char *const column_keys[COLUMNS] = { "x",  "y",   "lo",     "hi", "q1",
                                                  "q3", "ref", "weight", "z" };

struct columns { bool have[COLUMNS]; size_t at[COLUMNS]; };

static bool is(const struct figure_panel *p, const char *kind)
{
    return strcmp(p->kind, kind) == 0;
}

static bool find_columns(struct figure_panel *p, struct columns *c, struct err *err)
{
    for (int i = 0; i < COLUMNS; i++) {
        const char *name = figure_key(p, column_keys[i], NULL);
        c->have[i] = name && *name;
        if (c->have[i] && !table_col(p->t, name, &c->at[i], err))
            return err_add(err, "%s: %s", p->s->name, column_keys[i]);
    }
    bool distribution = is(p, "cdf") || is(p, "ccdf");
    enum column need[] = { X, distribution ? X : Y, is(p, "heat") ? Z : X };
    for (int i = 0; i < 3; i++)
        if (!c->have[need[i]])
            return spec_bad(p->s, p->section, column_keys[need[i]], err, "is needed");
    if (c->have[LO] != c->have[HI])
        return spec_bad(p->s, p->section, "lo", err, "lo and hi come together");
    if (c->have[Q1] != c->have[Q3])
        return spec_bad(p->s, p->section, "q1", err, "q1 and q3 come together");
    return true;
}

static bool number(const struct figure_panel *p, const struct columns *c, enum column k, size_t i,
                   double *x, struct err *err)
{
    *x = NAN;
    return !c->have[k] || table_number(p->t, p->rows[i], c->at[k], x, err);
}

/* ---- groups and their styles ---- */

static size_t ordered(struct figure_panel *p, const char *key, size_t col, const char ***words)
{
    const char **wanted;
    size_t n = spec_list(p->s, figure_section_of(p, key), key, &wanted);
    return table_ordered(p->t, col, p->rows, p->n, wanted, n, words);
}

static bool find_groups(struct figure_panel *p, struct err *err)
{
    const char *name = figure_key(p, "group", NULL);
    p->grouped = name && *name;
    if (!p->grouped) {
        p->groups = ARENA_ARRAY(p->f->mem, 1, const char *);
        p->groups[0] = "";
        p->n_groups = 1;
        return true;
    }
    if (!table_col(p->t, name, &p->group_col, err))
        return err_add(err, "%s: group", p->s->name);
    p->n_groups = ordered(p, "order", p->group_col, &p->groups);
    if (p->n_groups > STYLE_COUNT)
        return spec_bad(p->s, figure_section_of(p, "group"), "group", err,
                        "more than 8 groups cannot be told apart");
    return true;
}

/* Real is black. Others take colours by their place in `order`, present or not, so that a
 * generator keeps its colour from figure to figure. */
static bool style_of(struct figure_panel *p, const char *group, size_t *style, struct err *err)
{
    size_t section = figure_section_of(p, "style");
    const char *named = spec_map(p->s, section, "style", group), **wanted;
    const char *real = figure_key(p, "real", "real");
    if (named != group) {
        *style = style_find(named);
        return *style < STYLE_COUNT || spec_bad(p->s, section, "style", err, "no such colour");
    }
    if (p->grouped && strcmp(group, real) == 0) {
        *style = STYLE_REAL;
        return true;
    }
    size_t n = spec_list(p->s, figure_section_of(p, "order"), "order", &wanted), place = 0;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(wanted[i], group) == 0) {
            *style = 1 + place % (STYLE_COUNT - 1);
            return true;
        }
        place += strcmp(wanted[i], real) != 0;
    }
    for (size_t i = 0; i < p->n_groups && strcmp(p->groups[i], group) != 0; i++) {
        bool listed = strcmp(p->groups[i], real) == 0;
        for (size_t k = 0; k < n; k++)
            listed = listed || strcmp(wanted[k], p->groups[i]) == 0;
        place += !listed;
    }
    *style = 1 + place % (STYLE_COUNT - 1);
    return true;
}

static bool in_group(const struct figure_panel *p, size_t i, const char *group)
{
    return !p->grouped || strcmp(table_text(p->t, p->rows[i], p->group_col), group) == 0;
}

static const char *place_name(const struct figure_panel *p, size_t i, char out[32])
{
    snprintf(out, 32, "%zu", p->t->line[p->rows[i]]);
    return out;
}

/* ---- distributions ---- */

struct sample { double v, w; };

static int by_value(const void *a, const void *b)
{
    double x = ((const struct sample *)a)->v, y = ((const struct sample *)b)->v;
    return (x > y) - (x < y);
}

static bool samples_of(struct figure_panel *p, const struct columns *c, enum column value,
                       const char *group, size_t category, struct sample **s, size_t *n,
                       struct err *err)
{
    *s = ARENA_ARRAY(p->t->mem, p->n + 1, struct sample);
    *n = 0;
    for (size_t i = 0; i < p->n; i++) {
        struct sample x = { NAN, 1 };
        if (!in_group(p, i, group))
            continue;
        if (category != (size_t)-1 &&
            strcmp(table_text(p->t, p->rows[i], c->at[X]), p->xs[category]) != 0)
            continue;
        if (!number(p, c, value, i, &x.v, err) ||
            (c->have[WEIGHT] && !number(p, c, WEIGHT, i, &x.w, err)))
            return err_add(err, "%s", p->s->name);
        if (x.w < 0)
            return err_set(err, EXIT_DATA, "%s:%zu: a negative weight", p->t->name,
                           p->t->line[p->rows[i]]);
        if (!isnan(x.v) && x.w > 0)
            (*s)[(*n)++] = x;
    }
    qsort(*s, *n, sizeof **s, by_value);
    return true;
}

/* Points of F(v) = share <= v, from (least, 0) up; or of the share >= v, from 1 down. */
static void cumulate(struct figure_panel *p, const struct sample *s, size_t n, bool upper,
                     bool band, struct plot_series *out)
{
    double *x = ARENA_ARRAY(p->f->mem, n + 1, double), *y = ARENA_ARRAY(p->f->mem, n + 1, double);
    double *lo = ARENA_ARRAY(p->f->mem, n + 1, double), *hi = ARENA_ARRAY(p->f->mem, n + 1, double);
    double total = 0, below = 0;
    size_t k = 0;
    for (size_t i = 0; i < n; i++)
        total += s[i].w;
    double eps = total > 0 ? sqrt(log(2 / 0.05) / (2 * total)) : 0;
    if (n && !upper) {
        x[k] = s[0].v;
        y[k++] = 0;
    }
    for (size_t i = 0; i < n;) {
        double v = s[i].v, here = 0;
        for (; i < n && s[i].v == v; i++)
            here += s[i].w;
        x[k] = v;
        y[k++] = upper ? 1 - below / total : (below + here) / total;
        below += here;
    }
    for (size_t i = 0; i < k; i++) {
        lo[i] = fmax(y[i] - eps, 0);
        hi[i] = fmin(y[i] + eps, 1);
    }
    out->n = k;
    out->x = x;
    out->y = y;
    if (band)
        out->lo = lo, out->hi = hi;
}

/* Quantile by linear interpolation of the order statistics (R's type 7), unweighted. */
static double quantile(const struct sample *s, size_t n, double q)
{
    double h = (double)(n - 1) * q;
    size_t i = (size_t)h;
    return i + 1 < n ? s[i].v + (h - (double)i) * (s[i + 1].v - s[i].v) : s[n - 1].v;
}

/* ---- rows as they stand ---- */

static bool category(const char **names, size_t n, const char *word, double *x)
{
    for (size_t k = 0; k < n; k++)
        if (strcmp(names[k], word) == 0) {
            *x = (double)k;
            return true;
        }
    return false;
}

static int by_x(const void *a, const void *b)
{
    const double *x = *(const double *const *)a, *y = *(const double *const *)b;
    int c = (*x > *y) - (*x < *y);
    return c ? c : (x > y) - (x < y);
}

/* Arrays from columns; categories become indices. Lines and steps are sorted by x. */
static bool plain(struct figure_panel *p, const struct columns *c, const char *group,
                  struct plot_series *out, struct err *err)
{
    enum { FIELDS = 8 };
    static const enum column from[FIELDS] = { X, Y, LO, HI, Q1, Q3, REF, Z };
    double (*v)[FIELDS] = arena_array(p->t->mem, p->n + 1, sizeof *v);
    double **sorted;
    char here[32];
    size_t n = 0;
    bool by_category = p->n_xs > 0, heat = is(p, "heat");
    for (size_t i = 0; i < p->n; i++) {
        if (!heat && !in_group(p, i, group))
            continue;
        for (int k = 0; k < FIELDS; k++) {
            if ((k == 0 && by_category) || (k == 1 && heat))
                category(k ? p->ys : p->xs, k ? p->n_ys : p->n_xs,
                         table_text(p->t, p->rows[i], c->at[from[k]]), &v[n][k]);
            else if (!number(p, c, from[k], i, &v[n][k], err))
                return err_add(err, "%s", p->s->name);
        }
        for (size_t j = 0; by_category && j < n; j++)
            if (v[j][0] == v[n][0] && (!heat || v[j][1] == v[n][1]))
                return err_set(err, EXIT_DATA,
                               "%s:%s: a second row for %s %s (where = ... chooses rows)",
                               p->t->name, place_name(p, i, here),
                               table_text(p->t, p->rows[i], c->at[X]), group);
        n += !isnan(v[n][0]);
    }
    sorted = ARENA_ARRAY(p->t->mem, n + 1, double *);
    for (size_t i = 0; i < n; i++)
        sorted[i] = v[i];
    if (is(p, "line") || is(p, "cdf") || is(p, "ccdf"))
        qsort(sorted, n, sizeof *sorted, by_x);
    double *field[FIELDS];
    for (int k = 0; k < FIELDS; k++) {
        field[k] = ARENA_ARRAY(p->f->mem, n + 1, double);
        for (size_t i = 0; i < n; i++)
            field[k][i] = sorted[i][k];
    }
    out->n = n;
    out->x = field[0];
    out->y = field[1];
    out->lo = heat ? field[7] : c->have[LO] ? field[2] : NULL;
    out->hi = c->have[HI] ? field[3] : NULL;
    out->q1 = c->have[Q1] ? field[4] : NULL;
    out->q3 = c->have[Q3] ? field[5] : NULL;
    out->ref = c->have[REF] ? field[6] : NULL;
    return true;
}

static bool boxes(struct figure_panel *p, const struct columns *c, const char *group,
                  struct plot_series *out, struct err *err)
{
    static const double q[5] = { 0.5, 0.05, 0.95, 0.25, 0.75 };
    double *x = ARENA_ARRAY(p->f->mem, p->n_xs, double), *v[5];
    for (int k = 0; k < 5; k++)
        v[k] = ARENA_ARRAY(p->f->mem, p->n_xs, double);
    for (size_t i = 0; i < p->n_xs; i++) {
        struct sample *s;
        size_t n;
        if (!samples_of(p, c, Y, group, i, &s, &n, err))
            return false;
        x[i] = (double)i;
        for (int k = 0; k < 5; k++)
            v[k][i] = n ? quantile(s, n, q[k]) : NAN;
    }
    out->n = p->n_xs;
    out->x = x;
    out->y = v[0];
    out->lo = v[1];
    out->hi = v[2];
    out->q1 = v[3];
    out->q3 = v[4];
    return true;
}

static bool one_series(struct figure_panel *p, const struct columns *c, const char *group,
                       struct plot_series *out, struct err *err)
{
    bool band = true, distribution = is(p, "cdf") || is(p, "ccdf");
    if (!spec_flag(p->s, figure_section_of(p, "band"), "band", &band, err))
        return false;
    if (distribution && !c->have[Y]) {
        struct sample *s;
        size_t n;
        if (!samples_of(p, c, X, group, (size_t)-1, &s, &n, err))
            return false;
        cumulate(p, s, n, is(p, "ccdf"), band, out);
        return true;
    }
    if (is(p, "box") && !c->have[Q1])
        return boxes(p, c, group, out, err);
    return plain(p, c, group, out, err);
}

static const char *const *names_for(struct figure_panel *p, const char *key, const char **words,
                                    size_t n)
{
    const char **names = ARENA_ARRAY(p->f->mem, n + 1, const char *);
    for (size_t i = 0; i < n; i++) {
        const char *s = spec_map(p->s, figure_section_of(p, key), key, words[i]);
        names[i] = arena_strndup(p->f->mem, s, strlen(s));
    }
    return names;
}

bool figure_series(struct figure_panel *p, struct plot_panel *out, struct err *err)
{
    struct columns c;
    if (!find_columns(p, &c, err) || !find_groups(p, err))
        return false;
    p->n_xs = p->n_ys = 0;
    bool heat = is(p, "heat");
    if (heat || is(p, "bar") || is(p, "points") || is(p, "box")) {
        p->n_xs = ordered(p, "xorder", c.at[X], &p->xs);
        out->x.names = names_for(p, "xlabels", p->xs, p->n_xs);
        out->x.n_names = p->n_xs;
    }
    if (heat) {
        p->n_ys = ordered(p, "yorder", c.at[Y], &p->ys);
        out->y.names = names_for(p, "ylabels", p->ys, p->n_ys);
        out->y.n_names = p->n_ys;
        p->n_groups = 1;
    }
    if (is(p, "cdf") || is(p, "ccdf"))
        out->y.hi = isnan(out->y.hi) ? 1 : out->y.hi,
        out->y.lo = isnan(out->y.lo) && !out->y.log ? 0 : out->y.lo;
    struct plot_series *s = ARENA_ARRAY(p->f->mem, p->n_groups, struct plot_series);
    for (size_t i = 0; i < p->n_groups; i++) {
        const char *label = spec_map(p->s, figure_section_of(p, "labels"), "labels", p->groups[i]);
        s[i].label = arena_strndup(p->f->mem, label, strlen(label));
        if (!style_of(p, p->groups[i], &s[i].style, err) ||
            !one_series(p, &c, p->groups[i], &s[i], err))
            return false;
    }
    out->series = s;
    out->n_series = p->n_groups;
    return true;
}
