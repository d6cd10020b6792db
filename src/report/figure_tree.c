/* figure_tree.c: rows graph,id,parent,label,type,start,finish -> a tree panel. See figure.h. */
#include <string.h>

#include "report/figure_priv.h"
#include "report/style.h"
#include "report/tree.h"

enum { ID, PARENT, LABEL, TYPE, START, FINISH, COLUMNS };

static bool one_call(struct figure_panel *p, const size_t *col, struct tree_call *calls, size_t i,
                     struct err *err)
{
    const struct table *t = p->t;
    size_t row = p->rows[i];
    const char *parent = table_text(t, row, col[PARENT]);
    struct tree_call *c = &calls[i];
    c->parent = TREE_ROOT;
    for (size_t k = 0; *parent && k < i && c->parent == TREE_ROOT; k++)
        if (strcmp(table_text(t, p->rows[k], col[ID]), parent) == 0)
            c->parent = k;
    if (*parent && c->parent == TREE_ROOT)
        return err_set(err, EXIT_DATA, "%s:%zu: parent \"%s\" is no earlier call of its graph",
                       t->name, t->line[row], parent);
    if ((i == 0) != (*parent == '\0'))
        return err_set(err, EXIT_DATA, "%s:%zu: a graph's first row, and no other, has no parent",
                       t->name, t->line[row]);
    const char *label = table_text(t, row, col[LABEL]), *type = table_text(t, row, col[TYPE]);
    c->label = arena_strndup(p->f->mem, label, strlen(label));
    c->type = arena_strndup(p->f->mem, type, strlen(type));
    return table_number(t, row, col[START], &c->start, err) &&
           table_number(t, row, col[FINISH], &c->finish, err);
}

/* An empty series per type present, in the order of their styles, feeds the legend. */
static void types(struct figure_panel *p, const struct tree_call *calls, size_t n,
                  struct plot_panel *out)
{
    struct plot_series *s = ARENA_ARRAY(p->f->mem, STYLE_COUNT, struct plot_series);
    for (size_t style = 1; style < STYLE_COUNT; style++)
        for (size_t i = 0; i < n; i++)
            if (tree_style(calls[i].type) == style) {
                s[out->n_series++] = (struct plot_series){ .label = style == 6 ? "other"
                                                                               : calls[i].type,
                                                           .style = style };
                break;
            }
    out->series = s;
}

bool figure_tree(struct figure_panel *p, struct plot_panel *out, struct err *err)
{
    static const char *const names[COLUMNS] = {
        "id", "parent", "label", "type", "start", "finish"
    };
    size_t col[COLUMNS];
    for (int i = 0; i < COLUMNS; i++)
        if (!table_col(p->t, names[i], &col[i], err))
            return err_add(err, "%s", p->s->name);
    struct tree_call *calls = ARENA_ARRAY(p->f->mem, p->n, struct tree_call);
    for (size_t i = 0; i < p->n; i++)
        if (!one_call(p, col, calls, i, err))
            return err_add(err, "%s", p->s->name);
    struct tree_graph *g = ARENA_NEW(p->f->mem, struct tree_graph);
    *g = (struct tree_graph){ calls, p->n };
    out->tree = g;
    types(p, calls, p->n, out);
    return true;
}
