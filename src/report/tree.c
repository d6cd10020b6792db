/* tree.c: which lines a tree gets. See tree.h; tree_draw.c and tree_print.c show them. */
#include "report/tree.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

bool tree_valid(const struct tree_graph *g)
{
    for (size_t i = 0; i < g->n; i++)
        if ((i == 0) != (g->calls[i].parent == TREE_ROOT) || (i && g->calls[i].parent >= i))
            return false;
    return g->n > 0;
}

/* Children in order: first[i], then next[] until TREE_ROOT. size[i] counts the subtree. */
struct links { size_t *first, *next, *size; };

static struct links link_up(const struct tree_graph *g)
{
    struct links l = { mem_array(g->n, sizeof(size_t)), mem_array(g->n, sizeof(size_t)),
                       mem_array(g->n, sizeof(size_t)) };
    for (size_t i = 0; i < g->n; i++) {
        l.first[i] = l.next[i] = TREE_ROOT;
        l.size[i] = 1;
    }
    for (size_t i = g->n; i-- > 1;) {
        size_t p = g->calls[i].parent;
        l.next[i] = l.first[p];
        l.first[p] = i;
        l.size[p] += l.size[i];
    }
    return l;
}

/* Alike: same words in the same shape. Iterative, for traces can be thousands deep. */
static bool alike(const struct tree_graph *g, const struct links *l, size_t a, size_t b)
{
    if (l->size[a] != l->size[b])
        return false;
    size_t n = l->size[a], top = 0, (*stack)[2] = mem_array(n + 1, sizeof *stack);
    bool same = true;
    stack[top][0] = a;
    stack[top++][1] = b;
    while (same && top > 0) {
        top--;
        size_t x = stack[top][0], y = stack[top][1];
        same = strcmp(g->calls[x].label, g->calls[y].label) == 0 &&
               strcmp(g->calls[x].type, g->calls[y].type) == 0;
        size_t c = l->first[x], d = l->first[y];
        for (; same && c != TREE_ROOT && d != TREE_ROOT; c = l->next[c], d = l->next[d]) {
            same = l->size[c] == l->size[d];
            stack[top][0] = c;
            stack[top++][1] = d;
        }
        same = same && c == TREE_ROOT && d == TREE_ROOT;
    }
    free(stack);
    return same;
}

/* One row for call i and the siblings after it that are like it; *after: the next other sibling. */
static struct tree_row row_of(const struct tree_graph *g, const struct links *l, size_t i,
                              size_t depth, size_t *after)
{
    struct tree_row r = { .call = i, .depth = depth, .times = 1, .calls = 1,
                          .start = g->calls[i].start, .finish = g->calls[i].finish };
    size_t s = l->next[i];
    for (; s != TREE_ROOT && alike(g, l, i, s); s = l->next[s]) {
        r.times++;
        r.start = fmin(r.start, g->calls[s].start);
        r.finish = fmax(r.finish, g->calls[s].finish);
    }
    r.calls = r.times > 1 ? (r.times - 1) * l->size[i] + 1 : 1;
    r.last = s == TREE_ROOT;
    *after = s;
    return r;
}

size_t tree_rows(const struct tree_graph *g, size_t max_rows, struct tree_row **rows)
{
    REQUIRE(tree_valid(g));
    struct links l = link_up(g);
    size_t n = 0, cap = 0, top = 0, shown = 0;
    struct frame {
        size_t call, depth;
        unsigned long long rails;
    } *stack = mem_array(g->n + 1, sizeof *stack);
    *rows = NULL;
    stack[top++] = (struct frame){ 0, 0, 0 };
    while (top > 0) {
        struct frame at = stack[--top];
        size_t after;
        MEM_GROW(*rows, n, cap);
        (*rows)[n] = row_of(g, &l, at.call, at.depth, &after);
        (*rows)[n].rails = at.rails;
        unsigned long long below = at.rails;
        if (after != TREE_ROOT) {
            stack[top++] = (struct frame){ after, at.depth, at.rails };
            if (at.depth < 64)
                below |= 1ull << at.depth;
        }
        if (l.first[at.call] != TREE_ROOT)
            stack[top++] = (struct frame){ l.first[at.call], at.depth + 1, below };
        n++;
    }
    if (max_rows && n > max_rows) {
        for (size_t i = 0; i + 1 < max_rows; i++)
            shown += (*rows)[i].calls;
        n = max_rows;
        (*rows)[n - 1] = (struct tree_row){ .more = true, .calls = g->n - shown, .last = true };
    }
    free(stack);
    free(l.first);
    free(l.next);
    free(l.size);
    return n;
}
