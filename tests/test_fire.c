/* load/fire: against a clock and a sender that are not real, so that every moment is known. */
#include "tests/near.h"

#include <string.h>

#include "load/fire.h"
#include "load/moment.h"

enum { MOST = 4096 };

/* A sender that takes `cost` ns a call; calls end `takes` ns after they were sent. */
struct fake {
    int64_t now, cost, takes, oversleep;
    struct invocation sent[MOST], ended[MOST];
    size_t n_sent, n_flushed, n_ended, abandoned;
    sig_atomic_t *stop;
    int64_t stop_at;
};

static int64_t fake_now(void *ctx)
{
    return ((struct fake *)ctx)->now;
}

static void fake_send(void *ctx, const struct invocation *i)
{
    struct fake *f = ctx;
    f->now += f->cost;
    f->sent[f->n_sent] = *i;
    f->sent[f->n_sent++].issued = f->now;
}

static void fake_flush(void *ctx)
{
    struct fake *f = ctx;
    for (; f->n_flushed < f->n_sent; f->n_flushed++)
        f->sent[f->n_flushed].sent = f->now;
}

static void fake_wait(void *ctx, int64_t until)
{
    struct fake *f = ctx;
    if (until > f->now)
        f->now = until + f->oversleep;
    while (f->n_ended < f->n_flushed && f->sent[f->n_ended].sent + f->takes <= f->now) {
        f->ended[f->n_ended] = f->sent[f->n_ended];
        f->n_ended++;
    }
    if (f->stop && f->now >= f->stop_at)
        *f->stop = 1;
}

static void fake_abandon(void *ctx)
{
    struct fake *f = ctx;
    f->abandoned = f->n_sent - f->n_ended;
}

static size_t fake_in_flight(void *ctx)
{
    struct fake *f = ctx;
    return f->n_sent - f->n_ended - f->abandoned;
}

static struct wire wire_of(struct fake *f)
{
    return (struct wire){ f, fake_now, fake_send, fake_flush, fake_wait, fake_abandon,
                          fake_in_flight };
}

struct list {
    int64_t at[MOST];
    size_t n, next, later;    /* later: every so many asks there is nothing yet; 0: never */
    size_t asks;
};

static enum fire_next take(void *ctx, struct invocation *i)
{
    struct list *l = ctx;
    *i = (struct invocation){ .id = l->next };
    if (l->later && ++l->asks % l->later == 0)
        return FIRE_LATER;
    if (l->next == l->n)
        return FIRE_END;
    i->planned = l->at[l->next++];
    return FIRE_CALL;
}

static struct list every(int64_t gap, size_t n)
{
    struct list l = { .n = n };
    for (size_t i = 0; i < n; i++)
        l.at[i] = (int64_t)i * gap;
    return l;
}

static struct fire_report run(struct list *l, struct fake *f, int64_t start)
{
    static const volatile sig_atomic_t never = 0;
    struct wire w = wire_of(f);
    return fire_run((struct fire_plan){ l, take }, &w, start, &never);
}

static void calls_leave_at_their_moments(void **state)
{
    (void)state;
    static struct fake f;
    struct list l = every(MOMENT_MS, 100);
    f = (struct fake){ .now = 5 * MOMENT_S, .takes = 3 * MOMENT_MS };
    int64_t start = 6 * MOMENT_S;    /* the first unit begins at start, not a period later */
    struct fire_report r = run(&l, &f, start);
    assert_int_equal(r.issued, 100);
    assert_int_equal(f.n_ended, 100);
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(f.ended[i].id, i);
        assert_true(f.ended[i].planned == start + (int64_t)i * MOMENT_MS);
        assert_true(f.ended[i].sent == f.ended[i].planned);
    }
}

/* The original sleeps the gap before each call: 0.6 ms of overshoot a sleep add up to seconds
 * (spec section 10, 5). Here the lateness of the last call is that of the first. */
static void oversleeping_does_not_add_up(void **state)
{
    (void)state;
    static struct fake f;
    struct list l = every(MOMENT_MS, 4000);
    f = (struct fake){ .oversleep = 600 * MOMENT_US, .takes = 1 };
    run(&l, &f, MOMENT_S);
    assert_int_equal(f.n_ended, 4000);
    for (size_t i = 0; i < 4000; i++)
        assert_true(f.ended[i].sent - f.ended[i].planned <= 600 * MOMENT_US);
}

static void a_sender_that_fell_behind_loses_nothing(void **state)
{
    (void)state;
    static struct fake f;
    struct list l = every(0, 1000);    /* all at once */
    l.at[999] = MOMENT_S;
    f = (struct fake){ .cost = 10 * MOMENT_US, .takes = MOMENT_MS };
    struct fire_report r = run(&l, &f, 0);
    assert_int_equal(r.issued, 1000);
    assert_int_equal(f.n_ended, 1000);
    for (size_t i = 1; i < 999; i++)
        assert_true(f.ended[i].sent >= f.ended[i - 1].sent);    /* in the plan's order */
    assert_true(f.ended[998].sent <= 11 * MOMENT_MS);           /* 999 calls of 10 us, no more */
    assert_true(f.ended[999].sent - MOMENT_S <= 10 * MOMENT_US);
}

static void a_plan_without_calls_is_a_run(void **state)
{
    (void)state;
    static struct fake f;
    struct list l = every(1, 0);
    f = (struct fake){ 0 };
    struct fire_report r = run(&l, &f, 0);
    assert_int_equal(r.issued, 0);
    assert_false(r.stopped);
}

/* A reader that is late makes calls late, and it is counted; none is lost. */
static void a_plan_that_is_not_read_yet_is_waited_for(void **state)
{
    (void)state;
    static struct fake f;
    struct list l = every(MOMENT_MS, 300);
    l.later = 3;
    f = (struct fake){ .takes = 1 };
    struct fire_report r = run(&l, &f, 0);
    assert_int_equal(r.issued, 300);
    assert_int_equal(f.n_ended, 300);
    assert_true(r.starved >= 100);
}

/* The original drops what is under way at the last tick (spec section 10, 6). */
static void what_is_under_way_at_the_end_is_awaited(void **state)
{
    (void)state;
    static struct fake f;
    struct list l = every(MOMENT_MS, 10);
    f = (struct fake){ .takes = 20 * MOMENT_S };
    run(&l, &f, 0);
    assert_int_equal(f.n_ended, 10);
    assert_int_equal(f.abandoned, 0);
}

static void a_stop_ends_what_is_under_way(void **state)
{
    (void)state;
    static struct fake f;
    static sig_atomic_t stop;
    struct list l = every(MOMENT_MS, 100);
    stop = 0;
    f = (struct fake){ .takes = 10 * MOMENT_MS, .stop = &stop,
                       .stop_at = 50 * MOMENT_MS + 500 * MOMENT_US };
    struct wire w = wire_of(&f);
    struct fire_report r = fire_run((struct fire_plan){ &l, take }, &w, 0, &stop);
    assert_true(r.stopped);
    assert_int_equal(r.issued, 51);    /* those of 0 to 50 ms */
    assert_int_equal(f.n_ended + f.abandoned, 51);
    assert_int_equal(f.abandoned, 9);    /* those sent after 41 ms */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_leave_at_their_moments),
        cmocka_unit_test(oversleeping_does_not_add_up),
        cmocka_unit_test(a_sender_that_fell_behind_loses_nothing),
        cmocka_unit_test(a_plan_without_calls_is_a_run),
        cmocka_unit_test(a_plan_that_is_not_read_yet_is_waited_for),
        cmocka_unit_test(what_is_under_way_at_the_end_is_awaited),
        cmocka_unit_test(a_stop_ends_what_is_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
