/* paper_pages.c: see the header. Filling one page is a function from a state to a state, so that
 * the last page can be tried at several heights and filled once. */
#include "report/paper_pages.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

struct queue { size_t at[64]; size_t n; };
struct state { size_t next; struct queue column, page; };

struct filler {
    const struct paper_atom *a;
    size_t n;
    const struct paper_page_shape *s;
    struct paper_placed *placed;
    size_t n_placed, cap, page;
    double lowest;              /* end of what stands on this page */
};

static void put(struct filler *f, size_t atom, double x, double y)
{
    MEM_GROW(f->placed, f->n_placed, f->cap);
    f->placed[f->n_placed++] = (struct paper_placed){ f->page, atom, x, y };
    f->lowest = fmax(f->lowest, y + f->a[atom].height);
}

static void push(struct queue *q, size_t atom)
{
    REQUIRE(q->n < sizeof q->at / sizeof *q->at);
    q->at[q->n++] = atom;
}

static size_t pop(struct queue *q)
{
    size_t first = q->at[0];
    memmove(q->at, q->at + 1, --q->n * sizeof *q->at);
    return first;
}

/* Height of atom i and all that must stay with it. */
static double together(const struct filler *f, size_t i)
{
    double h = f->a[i].height;
    while (i + 1 < f->n && f->a[i].keep && f->a[i + 1].kind != PAPER_FLOAT)
        h += f->a[++i].height;
    return h;
}

/* Floats that wait, from y down while they fit; the first is placed anyhow in an empty column. */
static double waiting(struct filler *f, struct queue *q, double x, double y, double bottom,
                      bool force)
{
    while (q->n > 0 && (force || y + f->a[q->at[0]].height <= bottom)) {
        size_t i = pop(q);
        put(f, i, x, y);
        y += f->a[i].height + f->s->float_gap;
        force = false;
    }
    return y;
}

static void fill_column(struct filler *f, struct state *st, double x, double top, double bottom)
{
    double whole = f->s->top + f->s->height;
    bool tall = st->column.n && f->a[st->column.at[0]].height > bottom - top;
    double y = waiting(f, &st->column, x, top, bottom,
                       tall && bottom >= whole && top <= f->s->top + 1);
    bool empty = true;      /* no line yet: spaces are dropped */
    for (; st->next < f->n; st->next++) {
        const struct paper_atom *a = &f->a[st->next];
        if (a->kind == PAPER_SPACE) {
            if (!empty)
                y += a->height;
        } else if (a->kind == PAPER_BARRIER) {
            if (st->column.n || st->page.n)
                break;
        } else if (a->kind == PAPER_FLOAT) {
            if (a->wide) {
                push(&st->page, st->next);
            } else if (st->column.n == 0 && y + a->height + f->s->float_gap * 2 <= bottom) {
                y += empty ? 0 : f->s->float_gap;
                put(f, st->next, x, y);
                y += a->height + f->s->float_gap;
            } else {
                push(&st->column, st->next);
            }
        } else {
            if (y + together(f, st->next) > bottom + 0.01 && !(empty && y <= f->s->top + 1))
                return;
            put(f, st->next, x, y);
            y += a->height;
            empty = false;
        }
    }
    waiting(f, &st->column, x, y + f->s->float_gap, bottom, false);
}

static bool done(const struct filler *f, const struct state *st)
{
    return st->next >= f->n && st->column.n == 0 && st->page.n == 0;
}

/* The text has ended, or waits at a barrier for floats of page width alone. */
static bool text_done(const struct filler *f, const struct state *st)
{
    return (st->next >= f->n || f->a[st->next].kind == PAPER_BARRIER) && st->column.n == 0;
}

static void fill_columns(struct filler *f, struct state *st, double top, double bottom)
{
    f->lowest = top;
    for (int c = 0; c < 2; c++)
        fill_column(f, st, f->s->left + c * (f->s->column + f->s->gap), top, bottom);
}

/* Two columns from top to the page's end; if all text fits, to the least height that holds it. */
static void balance(struct filler *f, struct state *st, double top)
{
    struct state before = *st;
    size_t kept = f->n_placed;
    double lo = top, hi = f->s->top + f->s->height;
    fill_columns(f, st, top, hi);
    if (!text_done(f, st))
        return;
    for (int k = 0; k < 12; k++) {
        double mid = (lo + hi) / 2;
        struct state try = before;
        f->n_placed = kept;
        fill_columns(f, &try, top, mid);
        *(text_done(f, &try) ? &hi : &lo) = mid;
    }
    *st = before;
    f->n_placed = kept;
    fill_columns(f, st, top, hi);
}

/* Floats of page width stand on top, or below text that has ended or waits for them; if they all
 * have their place, text that waited goes on below them. */
static void fill_page(struct filler *f, struct state *st)
{
    const struct paper_page_shape *s = f->s;
    double bottom = s->top + s->height, top = s->top + (f->page == 0 ? s->head : 0);
    double most = text_done(f, st) ? bottom : s->top + s->height * 0.75;
    bool tall = st->page.n > 0 && f->a[st->page.at[0]].height > s->height * 0.75;
    top = waiting(f, &st->page, s->left, top, most, tall);
    for (;;) {
        balance(f, st, top);
        if (!text_done(f, st))
            return;
        bool any = st->page.n > 0;
        top = waiting(f, &st->page, s->left, f->lowest + s->float_gap, bottom, false);
        if (!any || st->page.n > 0 || st->next >= f->n)
            return;
    }
}

size_t paper_pages(const struct paper_atom *atoms, size_t n, const struct paper_page_shape *shape,
                   struct paper_placed **placed, size_t *pages)
{
    struct filler f = { .a = atoms, .n = n, .s = shape };
    struct state st = { 0 };
    while (!done(&f, &st)) {
        size_t kept = f.n_placed, next = st.next;
        fill_page(&f, &st);
        /* a page always takes something, but a long title may fill the first */
        REQUIRE(f.page == 0 || f.n_placed > kept || st.next > next);
        f.page++;
    }
    *placed = f.placed;
    *pages = f.page;
    return f.n_placed;
}
