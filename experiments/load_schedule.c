/* load_schedule: when within a minute are calls made, and which are lost?
 *
 * Method   Every law plans the same functions; where its calls lie within the minute is counted.
 * The          original's merge (calls at one microsecond are one) and its "exponential" stand
 * beside          ours. With DATA=: DIR/trace (or DIR).
 * Claim    ours loses no call; the original's equidistant load does, and its exponential crowds
 *          calls into the first third of the minute.
 * Reads    nothing: the reference functions
 * Writes   load_schedule.csv      law,x,share: share of calls at or before x of the minute
 *          load_schedule_sum.csv  law,calls,lost,lost_share,first_third
 * Scale    small: 100 functions, 120 minutes;  full: 300 functions, a day
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/driver.h"
#include "load/plan.h"
#include "trace/reference_functions.h"

enum { BINS = 60, SLOTS = 1024 };

struct places {
    uint64_t bin[SLOTS][BINS];     /* by slot: no two threads share one */
};

static void make(void *ctx, size_t slot, size_t unit, const struct load_call *calls, size_t n)
{
    struct places *p = ctx;
    (void)unit;
    for (size_t i = 0; i < n; i++) {
        size_t b = (size_t)((uint64_t)calls[i].at_us * BINS / PLAN_MINUTE_US);
        p->bin[slot][b < BINS ? b : BINS - 1]++;
    }
}

static bool take(void *ctx, size_t slot, size_t unit)
{
    (void)ctx;
    (void)slot;
    (void)unit;
    return true;
}

static void plan(struct plan_job job, const char *name, FILE *rows, FILE *sums)
{
    struct places *p = mem_alloc(sizeof *p);
    struct plan_sink sink = { make, take, p };
    struct plan_count count;
    REQUIRE(plan_slots(&job) <= SLOTS && plan_run(&job, &sink, &count));
    double so_far = 0, third = 0;
    for (size_t b = 0; b < BINS; b++) {
        for (size_t s = 0; s < SLOTS; s++)
            so_far += (double)p->bin[s][b];
        third = b == BINS / 3 - 1 ? so_far : third;
        fprintf(rows, "%s,%.9g,%.9g\n", name, (double)(b + 1) / BINS,
                so_far / (double)count.calls);
    }
    fprintf(sums, "%s,%llu,%llu,%.9g,%.9g\n", name, (unsigned long long)count.calls,
            (unsigned long long)count.lost,
            (double)count.lost / (double)(count.calls + count.lost), third / (double)count.calls);
    free(p);
}

static struct functions find_functions(const struct driver *d)
{
    if (!d->data)
        return reference_functions(d->full ? 300 : 100, d->full ? 1440 : 120, d->seed);
    struct functions f;
    struct functions_report rows;
    struct err err = { 0 };
    char *below = file_join(d->data, "trace");
    bool good = functions_read(file_is_dir(below) ? below : d->data, true, &f, &rows, &err);
    free(below);
    driver_need(d, good, &err);
    return f;
}

int main(int argc, char **argv)
{
    struct driver d = driver_start(argc, argv, "load_schedule");
    struct functions f = find_functions(&d);
    struct outfile rows = driver_csv(&d, "load_schedule.csv", "law,x,share");
    struct outfile sums = driver_csv(&d, "load_schedule_sum.csv",
                                     "law,calls,lost,lost_share,first_third");
    uint32_t *target = mem_array(f.n, sizeof *target);
    for (size_t i = 0; i < f.n; i++)
        target[i] = (uint32_t)i;
    struct plan_job job = { .functions = &f, .target = target, .minute = true, .units = f.units,
                            .seed = d.seed, .threads = d.threads, .carry = true };
    static const struct {
        const char *name;
        enum plan_law law;
        const struct process *process;
        double cv;
        bool compat, phase;
    } laws[] = {
        { "equidistant", PLAN_EQUIDISTANT, NULL, 0, false, false },
        { "equidistant random phase", PLAN_EQUIDISTANT, NULL, 0, false, true },
        { "exponential", PLAN_EXPONENTIAL, NULL, 0, false, false },
        { "gamma cv 2", PLAN_PROCESS, &process_gamma, 2, false, true },
        { "original equidistant", PLAN_EQUIDISTANT, NULL, 0, true, false },
        { "original uniform", PLAN_UNIFORM, NULL, 0, true, false },
        { "original exponential", PLAN_EXPONENTIAL, NULL, 0, true, false },
    };
    for (size_t k = 0; k < sizeof laws / sizeof *laws; k++) {
        job.law = laws[k].law;
        job.process = laws[k].process;
        job.cv = laws[k].cv;
        job.compat = laws[k].compat;
        job.random_phase = laws[k].phase;
        plan(job, laws[k].name, rows.f, sums.f);
    }
    driver_close(&rows);
    driver_close(&sums);
    free(target);
    functions_free(&f);
    return driver_end(&d);
}
