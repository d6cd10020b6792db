/* fire.c: issue all that is due, flush, wait for the next moment, again. */
#include "load/fire.h"

enum { BURST = 64 };    /* calls issued between two flushes: those due together share a write */

static const int64_t plan_pause = 200000, last_pause = 20000000;

struct state {
    struct fire_plan plan;
    const struct wire *w;
    int64_t start;
    struct invocation next;
    enum fire_next what;       /* of next */
    struct fire_report report;
};

static void look_ahead(struct state *s)
{
    s->what = s->plan.take(s->plan.ctx, &s->next);
    s->report.starved += s->what == FIRE_LATER;
    s->next.planned += s->start;
}

static void issue_due(struct state *s)
{
    if (s->what == FIRE_LATER)
        look_ahead(s);
    int64_t now = s->w->now(s->w->ctx);
    for (int n = 0; n < BURST && s->what == FIRE_CALL && s->next.planned <= now; n++) {
        s->w->send(s->w->ctx, &s->next);
        s->report.issued++;
        look_ahead(s);
    }
    s->w->flush(s->w->ctx);
}

struct fire_report fire_run(struct fire_plan plan, const struct wire *w, int64_t start,
                            const volatile sig_atomic_t *stop)
{
    struct state s = { .plan = plan, .w = w, .start = start };
    look_ahead(&s);
    while (!*stop && s.what != FIRE_END) {
        issue_due(&s);
        if (s.what == FIRE_CALL)
            w->wait(w->ctx, s.next.planned);
        else if (s.what == FIRE_LATER)
            w->wait(w->ctx, w->now(w->ctx) + plan_pause);
    }
    while (!*stop && w->in_flight(w->ctx))
        w->wait(w->ctx, w->now(w->ctx) + last_pause);
    if (*stop) {
        s.report.stopped = true;
        w->abandon(w->ctx);
    }
    return s.report;
}
