/* bench_lateness: how late are calls sent, and at what rate does the sender begin to lose them?
 *
 * Claim    p99 of lateness within 35 us at 50,000 calls/s where the machine is quiet, and never
 *          more than twice the bare loop's; no call lost up to 100,000/s.
 * Reads    nothing: Greeter calls to the emulator, which has a processor of its own
 * Writes   OUTDIR/bench_lateness.csv   sender,rate,planned,sent,arrived,p50_us,p99_us,p999_us,
 *              max_us,arrival_p50_us,arrival_p99_us,last_us
 *          OUTDIR/bench_lateness_limit.csv   rate,planned,answered,p99_us,last_us,lost
 * Peers    a loop of clock_nanosleep and send; vSwarm's relative sleeps, re-created; h2load --rps
 *          (arrivals alone): all at the same server, rate by rate, in one run
 *
 * Lost are calls that were not answered, and all of a run whose last call left more than 10 ms
 * late: its sender cannot keep the rate.
 */
#include <math.h>

#include "cli/driver.h"
#include "cli/lateness.h"

static const double rates[] = { 10000, 25000, 50000 };
static const double limits[] = { 60000, 80000, 100000, 120000, 140000 };

static void number(FILE *f, double x)
{
    fprintf(f, isnan(x) ? ",n/a" : ",%.6g", x);
}

static void row(FILE *csv, enum lateness_sender who, double rate, const struct lateness *r)
{
    const double x[] = { r->p50_us, r->p99_us, r->p999_us, r->max_us, r->arrival_p50_us,
                         r->arrival_p99_us, r->last_us };
    fprintf(csv, "%s,%.0f,%llu,%llu,%llu", lateness_names[who], rate,
            (unsigned long long)r->planned, (unsigned long long)r->sent,
            (unsigned long long)r->arrived);
    for (size_t i = 0; i < sizeof x / sizeof *x; i++)
        number(csv, x[i]);
    fputc('\n', csv);
    printf("%-9s %6.0f/s  sent p50 %8.1f  p99 %9.1f us   arrived p50 %8.1f  p99 %9.1f us   "
           "last %9.1f us\n", lateness_names[who], rate, r->p50_us, r->p99_us, r->arrival_p50_us,
           r->arrival_p99_us, r->last_us);
    fflush(stdout);
}

static void compare(const struct driver *d, double seconds)
{
    struct outfile csv = driver_csv(d, "bench_lateness.csv",
        "sender,rate,planned,sent,arrived,p50_us,p99_us,p999_us,max_us,arrival_p50_us,"
        "arrival_p99_us,last_us");
    for (size_t k = 0; k < sizeof rates / sizeof *rates; k++)
        for (enum lateness_sender who = 0; who < LATENESS_SENDERS; who++) {
            struct lateness r;
            struct err err = { 0 };
            if (lateness_measure(who, rates[k], seconds, d->seed, &r, &err))
                row(csv.f, who, rates[k], &r);
            else
                printf("%-9s %s\n", lateness_names[who], err.msg);
        }
    driver_close(&csv);
}

static void find_limit(const struct driver *d, double seconds)
{
    struct outfile csv = driver_csv(d, "bench_lateness_limit.csv",
                                    "rate,planned,answered,p99_us,last_us,lost");
    bool lost = false;
    for (size_t k = 0; k < sizeof limits / sizeof *limits && !lost; k++) {
        struct lateness r;
        struct err err = { 0 };
        driver_need(d, lateness_measure(LATENESS_OURS, limits[k], seconds, d->seed, &r, &err),
                    &err);
        lost = r.answered < r.planned || r.last_us > 10000;
        fprintf(csv.f, "%.0f,%llu,%llu,%.6g,%.6g,%d\n", limits[k], (unsigned long long)r.planned,
                (unsigned long long)r.answered, r.p99_us, r.last_us, lost);
        printf("%6.0f/s  %llu of %llu answered, p99 %.1f us, last %.1f us%s\n", limits[k],
               (unsigned long long)r.answered, (unsigned long long)r.planned, r.p99_us, r.last_us,
               lost ? ": loss begins" : "");
    }
    driver_close(&csv);
}

int main(int argc, char **argv)
{
    struct driver d = driver_start(argc, argv, "bench_lateness");
    double seconds = d.full ? 10 : 2;
    compare(&d, seconds);
    find_limit(&d, seconds);
    return driver_end(&d);
}
