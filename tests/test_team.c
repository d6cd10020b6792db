/* A team runs every member once a job, nobody passes a meeting before all are there, and sleepers
 * wake. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>

#include "base/team.h"

enum { MEMBERS = 5, MEETINGS = 50 };

struct work {
    struct team *team;
    atomic_size_t arrived[MEETINGS];
    atomic_size_t early;               /* members that went on too soon */
    size_t runs[MEMBERS];
    bool doze;
};

static void run(void *ctx, size_t member)
{
    struct work *w = ctx;
    w->runs[member]++;
    for (size_t i = 0; i < MEETINGS; i++) {
        if (w->doze && member == i % MEMBERS && i % 10 == 0)
            nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
        atomic_fetch_add(&w->arrived[i], 1);
        team_meet(w->team);
        if (atomic_load(&w->arrived[i]) != team_size(w->team))
            atomic_fetch_add(&w->early, 1);
    }
}

static void all_meet(void **state)
{
    (void)state;
    for (size_t size = 1; size <= MEMBERS; size++) {
        struct team *t = team_new(size);
        assert_int_equal(team_size(t), size);
        for (size_t job = 0; job < 6; job++) {
            struct work w = { .team = t, .doze = job % 3 == 2 };
            team_run(t, run, &w);
            assert_int_equal(atomic_load(&w.early), 0);
            for (size_t m = 0; m < MEMBERS; m++)
                assert_int_equal(w.runs[m], m < size);
        }
        team_free(t);
    }
}

/* Who waits for a member that dozes falls asleep, and is counted. */
static void sleepers_are_counted(void **state)
{
    (void)state;
    struct team *t = team_new(2);
    struct work w = { .team = t, .doze = true };
    size_t before = team_slept(t);
    team_run(t, run, &w);
    assert_true(team_slept(t) > before);
    assert_int_equal(team_slept(NULL), 0);
    team_free(t);
}

static void no_team_is_a_team_of_one(void **state)
{
    (void)state;
    struct work w = { .team = NULL };
    team_run(NULL, run, &w);
    assert_int_equal(w.runs[0], 1);
    assert_int_equal(atomic_load(&w.early), 0);
    team_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_meet),
        cmocka_unit_test(sleepers_are_counted),
        cmocka_unit_test(no_team_is_a_team_of_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
