/* linebreak.c: see the header. Dynamic programming over legal breaks, with sums of widths so that
 * the length of any line is a difference. */
#include "report/linebreak.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

struct sums { double width, stretch, shrink; };
struct node {
    size_t item, start, before, line;
    double cost;
}; /* start: first item of the next line */

static struct sums *sum_up(const struct linebreak_item *it, size_t n)
{
    struct sums *s = mem_array(n + 1, sizeof *s);
    for (size_t i = 0; i < n; i++) {
        s[i + 1] = s[i];
        if (it[i].kind == LINEBREAK_PENALTY)
            continue;
        s[i + 1].width += it[i].width;
        s[i + 1].stretch += it[i].stretch;
        s[i + 1].shrink += it[i].shrink;
    }
    return s;
}

static size_t skip(const struct linebreak_item *it, size_t n, size_t i)
{
    while (i < n && it[i].kind != LINEBREAK_BOX)
        i++;
    return i;
}

/* The ratio that fits items [from, to) into width; below -1: too full. */
static double ratio_of(const struct sums *s, size_t from, size_t to, double hyphen, double width,
                       bool last)
{
    double w = s[to].width - s[from].width + hyphen;
    double stretch = s[to].stretch - s[from].stretch, shrink = s[to].shrink - s[from].shrink;
    if (w < width)
        return last ? 0 : stretch > 0 ? (width - w) / stretch : 1e3;
    return w == width ? 0 : shrink > 0 ? (width - w) / shrink : -1e3;
}

static double demerits(double ratio, double cost)
{
    double r = fabs(ratio), bad = 100 * r * r * r;
    double d = 1 + fmin(bad, 1e6) + cost;
    return d * d;
}

static bool legal(const struct linebreak_item *it, size_t i)
{
    return it[i].kind == LINEBREAK_PENALTY ||
           (it[i].kind == LINEBREAK_GLUE && i && it[i - 1].kind == LINEBREAK_BOX);
}

size_t linebreak(const struct linebreak_item *it, size_t n, double first, double width,
                 struct linebreak_line **lines)
{
    struct sums *s = sum_up(it, n);
    struct node *v = mem_array(n + 2, sizeof *v);
    size_t nodes = 1, alive = 0, count = 0;
    v[0] = (struct node){ .item = 0, .start = skip(it, n, 0) };
    for (size_t i = 1; i <= n; i++) {
        if (i < n && !legal(it, i))
            continue;
        double hyphen = i < n && it[i].kind == LINEBREAK_PENALTY ? it[i].width : 0;
        double cost = i < n && it[i].kind == LINEBREAK_PENALTY ? it[i].cost : 0, best = INFINITY;
        size_t from = nodes, widest = alive;
        for (size_t k = alive; k < nodes; k++) {
            double r = ratio_of(s, v[k].start, i, hyphen, v[k].line ? width : first, i == n);
            if (r < -1) {
                widest = k + 1;                 /* lines from here are too full for good */
                continue;
            }
            bool again = i < n && it[i].hyphen && v[k].item && it[v[k].item].hyphen;
            double c = v[k].cost + demerits(r, cost + (again ? 100 : 0));
            if (c < best)
                best = c, from = k;
        }
        if (from == nodes &&
            nodes > alive) { /* even the shortest line is too full: let it stick out */
            if (widest < nodes)
                continue;
            from = nodes - 1;
            best = v[from].cost + 1e12;
        }
        alive = widest < nodes ? widest : nodes - 1;
        v[nodes++] = (struct node){ i, skip(it, n, i), from, v[from].line + 1, best };
    }
    size_t end = nodes - 1;
    count = v[end].line;
    *lines = mem_array(count + 1, sizeof **lines);
    for (size_t k = end, line = count; line-- > 0; k = v[k].before) {
        const struct node *a = &v[v[k].before], *b = &v[k];
        bool hyphen = b->item < n && it[b->item].kind == LINEBREAK_PENALTY && it[b->item].hyphen;
        double r = ratio_of(s, a->start, b->item, hyphen ? it[b->item].width : 0,
                            a->line ? width : first, b->item == n);
        (*lines)[line] = (struct linebreak_line){ a->start, b->item, hyphen, fmax(r, -1) };
    }
    free(s);
    free(v);
    return count;
}
