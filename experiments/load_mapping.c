/* load_mapping: how near are the proxies, and what does sparing them cost?
 *
 * Method   Functions of a serverless trace are mapped to proxies by the nearest (greedy), by the
 *          original's rule for a percentile of 0, and with each proxy used at most K times, least
 *          total error. With DATA=: DIR/trace (or DIR) and DIR/profile.json.
 * Claim    the nearest is the least total there is; a capacity costs error and spreads the load.
 * Reads    nothing: the reference functions and proxies
 * Writes   load_mapping.csv      rule,error: a row per mapped function
 *          load_mapping_sum.csv  rule,functions,mapped,proxies_used,total,median,worst,most_on_one
 *          load_mapping_order.csv  greedy,capacity_16,capacity_4,capacity_2: total errors
 * Scale    small: 250 functions on 191 proxies;  full: 2,000 on 191
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/driver.h"
#include "load/proxymap.h"
#include "stats/interval.h"
#include "stats/sort.h"
#include "trace/reference_functions.h"

static void read_data(const struct driver *d, struct functions *f, struct proxies *p)
{
    struct functions_report rows;
    struct err err = { 0 };
    char *below = file_join(d->data, "trace"), *profile = file_join(d->data, "profile.json");
    bool good = functions_read(file_is_dir(below) ? below : d->data, true, f, &rows, &err) &&
                proxies_read(profile, p, &err);
    free(below);
    free(profile);
    driver_need(d, good, &err);
}

/* A rule that cannot be applied (too small a capacity) leaves NaN. */
static double map(const struct driver *d, const struct functions *f, const struct proxies *p,
                  const char *name, struct proxymap_options how, FILE *rows, FILE *sums)
{
    struct proxymap m;
    struct err err;
    (void)d;
    if (!proxymap_find(f, p, &how, &m, &err))
        return NAN;
    double *error = mem_array(m.n + 1, sizeof *error), total = m.total;
    size_t n = 0, most = 0, *on = mem_array(p->n, sizeof *on);
    for (size_t i = 0; i < m.n; i++) {
        if (m.proxy[i] == PROXYMAP_NONE)
            continue;
        error[n++] = m.error[i];
        most = ++on[m.proxy[i]] > most ? on[m.proxy[i]] : most;
        fprintf(rows, "%s,%.9g\n", name, m.error[i]);
    }
    sort_doubles(error, n);
    fprintf(sums, "%s,%zu,%zu,%zu,%.9g,%.9g,%.9g,%zu\n", name, m.n, m.mapped, m.used, m.total,
            quantile_sorted(error, n, 0.5), n ? error[n - 1] : NAN, most);
    free(error);
    free(on);
    proxymap_free(&m);
    return total;
}

int main(int argc, char **argv)
{
    struct driver d = driver_start(argc, argv, "load_mapping");
    struct functions f;
    struct proxies p;
    if (d.data) {
        read_data(&d, &f, &p);
    } else {
        f = reference_functions(d.full ? 2000 : REFERENCE_FUNCTIONS, 60, d.seed);
        p = proxies_reference(REFERENCE_PROXIES, d.seed);
    }
    struct outfile rows = driver_csv(&d, "load_mapping.csv", "rule,error");
    struct outfile sums = driver_csv(&d, "load_mapping_sum.csv",
        "rule,functions,mapped,proxies_used,total,median,worst,most_on_one");
    struct outfile order = driver_csv(&d, "load_mapping_order.csv",
                                      "greedy,capacity_16,capacity_4,capacity_2");
    struct proxymap_options how = { .percentile = 75, .most = INFINITY, .compat = true };
    map(&d, &f, &p, "original", how, rows.f, sums.f);
    how.compat = false;
    double greedy = map(&d, &f, &p, "greedy", how, rows.f, sums.f);
    static const size_t capacity[] = { 16, 4, 2 };
    fprintf(order.f, "%.9g", greedy);
    for (size_t k = 0; k < 3; k++) {
        char name[32];
        how.rule = PROXYMAP_CAPACITY;
        how.capacity = capacity[k];
        snprintf(name, sizeof name, "capacity %zu", how.capacity);
        fprintf(order.f, ",%.9g", map(&d, &f, &p, name, how, rows.f, sums.f));
    }
    fputc('\n', order.f);
    driver_close(&rows);
    driver_close(&sums);
    driver_close(&order);
    proxies_free(&p);
    functions_free(&f);
    return driver_end(&d);
}
