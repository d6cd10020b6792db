/* workload.c: lists of requests: cut, dealt, put together. */
#include "replay/workload.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/file.h"
#include "base/mem.h"

struct workload *workload_new(void)
{
    struct workload *w = mem_alloc(sizeof *w);
    w->models = names_new();
    return w;
}

void workload_free(struct workload *w)
{
    if (!w)
        return;
    names_free(w->models);
    free(w->at);
    free(w);
}

static void add(struct workload *w, const char *model, const struct request *r)
{
    MEM_GROW(w->at, w->n, w->cap);
    w->at[w->n] = *r;
    w->at[w->n++].model = names_id_of(w->models, model);
}

void workload_add(struct workload *w, const char *model, double arrival, double slo)
{
    add(w, model, &(struct request){ .arrival = arrival, .slo = slo, .idx = w->n });
}

static void copy(struct workload *to, const struct workload *from, size_t i)
{
    add(to, names_get(from->models, from->at[i].model), &from->at[i]);
}

void workload_write(const struct workload *w, FILE *f)
{
    uint32_t models = names_count(w->models);
    char **quoted = mem_array(models + 1, sizeof *quoted);
    for (uint32_t m = 0; m < models; m++) {
        json_t *s = json_string_nocheck(names_get(w->models, m));
        quoted[m] = json_dumps(s, JSON_ENCODE_ANY);
        json_decref(s);
        if (!quoted[m])
            quoted[m] = mem_strdup("\"?\"");   /* a name that is no UTF-8 */
    }
    for (size_t i = 0; i < w->n; i++) {
        char arrival[DECIMAL17_MAX];
        decimal17(w->at[i].arrival, arrival);
        fprintf(f, "{\"idx\":%llu,\"model_name\":%s,\"arrival\":%s,\"slo\":%.17g,\"data\":null}\n",
                (unsigned long long)w->at[i].idx, quoted[w->at[i].model], arrival, w->at[i].slo);
    }
    for (uint32_t m = 0; m < models; m++)
        free(quoted[m]);
    free(quoted);
}

static bool read_line(struct workload *w, struct str line)
{
    json_t *o = json_loadb(line.p, line.n, JSON_REJECT_DUPLICATES, NULL);
    json_t *model = json_object_get(o, "model_name"), *arrival = json_object_get(o, "arrival");
    json_t *slo = json_object_get(o, "slo"), *idx = json_object_get(o, "idx");
    bool good = json_is_string(model) && json_is_number(arrival) &&
                (!slo || json_is_null(slo) || json_is_number(slo)) &&
                (!idx || (json_is_integer(idx) && json_integer_value(idx) >= 0)) &&
                strlen(json_string_value(model)) == json_string_length(model);
    if (good)
        add(w, json_string_value(model), &(struct request){
            .arrival = json_number_value(arrival),
            .slo = json_is_number(slo) ? json_number_value(slo) : NAN,
            .idx = idx ? (uint64_t)json_integer_value(idx) : w->n,
        });
    json_decref(o);
    return good;
}

static int by_arrival(const void *a, const void *b)
{
    const struct request *x = a, *y = b;
    if (x->arrival != y->arrival)
        return x->arrival < y->arrival ? -1 : 1;
    return x->idx < y->idx ? -1 : x->idx > y->idx;
}

struct workload *workload_read(const char *path, size_t *bad, char word[256], struct err *err)
{
    struct buf text = { 0 };
    struct workload *w = workload_new();
    *bad = 0;
    word[0] = '\0';
    bool ok = file_read(path, &text, err);
    struct str rest = buf_view(&text), line;
    for (size_t n = 1; ok && str_next(&rest, '\n', &line); n++)
        if (str_trim(line).n && !read_line(w, str_trim(line)) && !(*bad)++)
            snprintf(word, 256, "%s:%zu: \"%.60s\" is no request", path, n, line.p);
    word[strcspn(word, "\n")] = '\0';
    if (ok && !w->n)
        ok = *bad ? err_set(err, EXIT_DATA, "%s", word)
                  : err_set(err, EXIT_DATA, "%s: no requests", path);
    buf_free(&text);
    bool sorted = true;
    for (size_t i = 1; i < w->n && sorted; i++)
        sorted = w->at[i - 1].arrival <= w->at[i].arrival;
    if (!sorted)
        qsort(w->at, w->n, sizeof *w->at, by_arrival);
    if (ok)
        return w;
    workload_free(w);
    return NULL;
}

/* An end of a Python slice: counted from the back if negative, kept within [lo, hi]. */
static int64_t slice_end(int64_t x, int64_t n, int64_t open, int64_t lo, int64_t hi)
{
    if (x == WORKLOAD_OPEN)
        return open;
    if (x < 0)
        x += n;
    return x < lo ? lo : x > hi ? hi : x;
}

struct workload *workload_slice(const struct workload *w, int64_t from, int64_t to, int64_t step)
{
    REQUIRE(step != 0 && step > -INT64_MAX);
    int64_t n = (int64_t)w->n;
    struct workload *out = workload_new();
    if (step > 0) {
        int64_t a = slice_end(from, n, 0, 0, n), b = slice_end(to, n, n, 0, n);
        for (int64_t i = a; i < b; i = step > n ? b : i + step)
            copy(out, w, (size_t)i);
    } else {
        int64_t a = slice_end(from, n, n - 1, -1, n - 1), b = slice_end(to, n, -1, -1, n - 1);
        for (int64_t i = a; i > b; i = -step > n ? b : i + step)
            copy(out, w, (size_t)i);
    }
    return out;
}

struct workload *workload_merge(struct workload *const *w, size_t n)
{
    struct workload *out = workload_new();
    REQUIRE(n >= 1);
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < w[k]->n; i++) {
            copy(out, w[k], i);
            out->at[out->n - 1].idx = out->n - 1;   /* the place in the chain: makes qsort stable */
        }
    if (out->n)
        qsort(out->at, out->n, sizeof *out->at, by_arrival);
    for (size_t i = 0; i < out->n; i++)
        out->at[i].idx = i;
    return out;
}

void workload_split_round_robin(const struct workload *w, size_t k, struct workload **out)
{
    for (size_t i = 0; i < k; i++)
        out[i] = workload_new();
    for (size_t i = 0; i < w->n; i++)
        copy(out[i % k], w, i);
}

struct workload **workload_split_interval(const struct workload *w, double length_s, size_t *n)
{
    struct workload **part = NULL;
    size_t cap = 0;
    double first = 0;
    *n = 0;
    for (size_t i = 0; i < w->n; i++) {
        if (!*n || w->at[i].arrival > first + length_s) {
            MEM_GROW(part, *n, cap);
            part[(*n)++] = workload_new();
            first = w->at[i].arrival;
        }
        copy(part[*n - 1], w, i);
    }
    return part;
}

double workload_rate(const struct workload *w)
{
    if (w->n < 2)
        return 0;
    return 1 / ((w->at[w->n - 1].arrival - w->at[0].arrival) / (double)(w->n - 1) + 1e-6);
}

double workload_cv(const struct workload *w)
{
    if (w->n < 2)
        return 0;
    double n = (double)(w->n - 1), square = 0;
    double mean = (w->at[w->n - 1].arrival - w->at[0].arrival) / n;
    for (size_t i = 1; i < w->n; i++) {
        double d = w->at[i].arrival - w->at[i - 1].arrival - mean;
        square += d * d;
    }
    return sqrt(square / n) * workload_rate(w);
}

void workload_words(const struct workload *w, FILE *f)
{
    fprintf(f, "Workload(len=%zu, rate=%.2f, CV=%.2f, tstamps=[", w->n, workload_rate(w),
            workload_cv(w));
    for (size_t i = 0; i < w->n && i < 20; i++)
        fprintf(f, i ? " %.6f" : "%.6f", w->at[i].arrival);
    fprintf(f, "] ...)\n");
}
