/* metrics.c: the list, in the order of reports, and what several metrics compute alike. */
#include <math.h>
#include <string.h>

#include "eval/metric_priv.h"
#include "stats/distance.h"
#include "stats/divergence.h"

extern const struct metric metric_validity, metric_kl100, metric_rkl100, metric_jsd100,
    metric_jsd_all, metric_presence_kl100, metric_presence_jsd100, metric_services_jsd,
    metric_emd_in_degree, metric_emd_out_degree, metric_emd_size, metric_emd_depth, metric_emd_lrt,
    metric_mean_calls, metric_hh10, metric_hh20, metric_hh50, metric_hh100, metric_auc,
    metric_auc_identity, metric_struct_copy, metric_struct_copy3, metric_full_copy,
    metric_full_copy3, metric_unseen_coverage;

const struct metric *const metrics[] = {
    &metric_validity,
    &metric_kl100, &metric_rkl100, &metric_jsd100, &metric_jsd_all,
    &metric_presence_kl100, &metric_presence_jsd100, &metric_services_jsd,
    &metric_emd_in_degree, &metric_emd_out_degree, &metric_emd_size, &metric_emd_depth,
    &metric_emd_lrt, &metric_mean_calls,
    &metric_hh10, &metric_hh20, &metric_hh50, &metric_hh100,
    &metric_auc, &metric_auc_identity,
    &metric_struct_copy, &metric_struct_copy3, &metric_full_copy, &metric_full_copy3,
    &metric_unseen_coverage,
    NULL
};

size_t metric_count(void)
{
    size_t n = 0;
    while (metrics[n])
        n++;
    return n;
}

const struct metric *metric_find(const char *name, size_t *index)
{
    for (size_t i = 0; metrics[i]; i++)
        if (strcmp(metrics[i]->name, name) == 0) {
            if (index)
                *index = i;
            return metrics[i];
        }
    return NULL;
}

static double sum(const double *x, size_t n)
{
    double s = 0;
    for (size_t i = 0; i < n; i++)
        s += x[i];
    return s;
}

static bool both_sides(const struct metric_input *in)
{
    return sum(in->real, in->cells) > 0 && sum(in->gen, in->cells) > 0;
}

size_t metric_popular(const struct metric_input *in, size_t k)
{
    size_t n = divergence_top(in->real, in->cells, k, in->index);
    for (size_t i = 0; i < n; i++) {
        in->p[i] = in->real[in->index[i]];
        in->q[i] = in->gen[in->index[i]];
    }
    return n;
}

double metric_kl_popular(const struct metric_input *in)
{
    if (!both_sides(in))
        return NAN;
    return divergence_kl(in->p, in->q, metric_popular(in, POPULAR_CALLS), POPULAR_PSEUDO);
}

double metric_kl_popular_reverse(const struct metric_input *in)
{
    if (!both_sides(in))
        return NAN;
    return divergence_kl(in->q, in->p, metric_popular(in, POPULAR_CALLS), POPULAR_PSEUDO);
}

double metric_js_popular(const struct metric_input *in)
{
    if (!both_sides(in))
        return NAN;
    size_t n = metric_popular(in, POPULAR_CALLS);
    return sum(in->q, n) > 0 ? divergence_js_bits(in->p, in->q, n) : 1;   /* disjoint */
}

double metric_js_all(const struct metric_input *in)
{
    return divergence_js_bits(in->real, in->gen, in->cells);
}

double metric_emd(const struct metric_input *in)
{
    return distance_weighted(in->x, in->real, in->gen, in->cells).w1;
}

double metric_copied(const struct metric_input *in)
{
    double copied = 0, all = 0;
    for (size_t i = 0; i < in->cells; i++) {
        all += in->gen[i];
        copied += in->train[i] > 0 ? in->gen[i] : 0;
    }
    return all > 0 && sum(in->train, in->cells) > 0 ? copied / all : NAN;
}

double metric_overlap(const struct metric_input *in, size_t k)
{
    size_t *a = in->index, *b = a + k, distinct = 0;
    for (size_t i = 0; i < in->cells; i++)
        distinct += in->real[i] > 0;
    if (distinct < 2 * k)    /* the top would be most of what there is */
        return NAN;
    divergence_top(in->real, in->cells, k, a);
    size_t n = divergence_top(in->gen, in->cells, k, b), shared = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < k; j++)
            shared += a[j] == b[i];
    return n ? (double)shared / (double)k : NAN;
}
