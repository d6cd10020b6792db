/* latencies.c: see the header. Where ticks are finer than the ms of callstats, rounded up: a graph
 * at or above it is then slow by either count. */
#include "gen/latencies.h"

#include <math.h>
#include <stdlib.h>

#include "text/escape.h"
#include "trace/callstats.h"

static int by_value(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* The p90 of all timed graphs; false: there is none. */
static bool p90_of_all(const struct graphset *s, int64_t *p90)
{
    int64_t *finish = mem_array(s->n + 1, sizeof *finish);
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++)
        if (s->graphs[i].timed)
            finish[n++] = call_finish(&s->graphs[i].calls[0]);
    qsort(finish, n, sizeof *finish, by_value);
    *p90 = finish[n * 9 / 10];
    free(finish);
    return n > 0;
}

void latencies_write(const struct graphset *s, struct buf *out)
{
    int64_t all;
    if (!p90_of_all(s, &all))
        return;
    buf_i64(out, all);
    struct callstats *c = callstats_new(CALLSTATS_CAREFUL);
    for (size_t i = 0; i < s->n; i++)
        if (s->graphs[i].timed)
            callstats_add(c, &s->graphs[i], s->names, s->tick_us);
    callstats_end_file(c);
    callstats_finish(c);
    for (size_t i = 0; i < callstats_services(c); i++) {
        const struct callstats_service *v = callstats_at(c, i);
        if (!isfinite(v->p90_ms))
            continue;
        buf_char(out, ' ');
        escape_put(str_of(v->name), "", out);
        buf_printf(out, " %.0f", ceil(v->p90_ms * 1000 / s->tick_us));
    }
    callstats_free(c);
}

bool latencies_find(struct str text, const char *service, int64_t *ticks)
{
    struct str rest = text, name, number;
    struct buf b = { 0 };
    if (!str_next(&rest, ' ', &number) || !str_i64(number, ticks))
        return false;
    if (!service)
        return true;
    escape_put(str_of(service), "", &b);
    bool found = false;
    while (!found && str_next(&rest, ' ', &name) && str_next(&rest, ' ', &number))
        found = str_eq(name, buf_view(&b)) && str_i64(number, ticks);
    buf_free(&b);
    return found;
}
