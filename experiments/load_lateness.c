/* load_lateness: does a call leave when it is due?
 *
 * Method   The same Poisson calls are sent by our sender, by a loop of clock_nanosleep and send,
 *          and by vSwarm's rule (sleep the gap, never corrected), each to an emulator of its own
 *          that answers at once. What is written is measured: it differs from run to run and from
 *          machine to machine, and no claim holds it to a value, only to a bound or an order.
 * Reads    nothing
 * Writes   load_lateness.csv   sender,rate,planned,sent,arrived,p50_us,p99_us,last_us
 *          load_lateness_sum.csv   rate,lost,over_bare,last_original_ms,last_ours_ms
 *          over_bare: p99 of ours less twice the bare loop's, us
 * Scale    small: 0.5 s a run at 1,000 and 10,000 calls/s;  full: 10 s, also at 25,000 and 50,000
 */
#include "cli/driver.h"
#include "cli/lateness.h"

static const double rates[] = { 1000, 10000, 25000, 50000 };

static struct lateness measure(const struct driver *d, enum lateness_sender who, double rate,
                               FILE *csv)
{
    struct lateness r;
    struct err err = { 0 };
    driver_need(d, lateness_measure(who, rate, d->full ? 10 : 0.5, d->seed, &r, &err), &err);
    fprintf(csv, "%s,%.0f,%llu,%llu,%llu,%.6g,%.6g,%.6g\n", lateness_names[who], rate,
            (unsigned long long)r.planned, (unsigned long long)r.sent,
            (unsigned long long)r.arrived, r.p50_us, r.p99_us, r.last_us);
    return r;
}

int main(int argc, char **argv)
{
    struct driver d = driver_start(argc, argv, "load_lateness");
    struct outfile csv = driver_csv(&d, "load_lateness.csv",
                                    "sender,rate,planned,sent,arrived,p50_us,p99_us,last_us");
    struct outfile sum = driver_csv(&d, "load_lateness_sum.csv",
                                    "rate,lost,over_bare,last_original_ms,last_ours_ms");
    for (size_t k = 0; k < (d.full ? 4 : 2); k++) {
        struct lateness ours = measure(&d, LATENESS_OURS, rates[k], csv.f),
                        bare = measure(&d, LATENESS_BARE, rates[k], csv.f),
                        original = measure(&d, LATENESS_ORIGINAL, rates[k], csv.f);
        fprintf(sum.f, "%.0f,%llu,%.6g,%.6g,%.6g\n", rates[k],
                (unsigned long long)(ours.planned - ours.answered),
                ours.p99_us - 2 * bare.p99_us, original.last_us / 1e3, ours.last_us / 1e3);
    }
    driver_close(&csv);
    driver_close(&sum);
    return driver_end(&d);
}
