/* measure.c: words with units, two kinds of percentiles, and profile.json again. */
#include "load/measure.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "stats/interval.h"
#include "stats/sort.h"

static const struct {
    enum measure_kind kind;
    const char *suffix;
    double times;
} units[] = {
    { MEASURE_DURATION, "us", 1e-3 }, { MEASURE_DURATION, "ms", 1 }, { MEASURE_DURATION, "s", 1e3 },
    { MEASURE_MEMORY, "Ki", 1.0 / 1024 }, { MEASURE_MEMORY, "Mi", 1 },
    { MEASURE_MEMORY, "Gi", 1024 }, { MEASURE_CPU, "m", 1 }, { MEASURE_CPU, "n", 1e-6 },
};

bool measure_word(struct str word, enum measure_kind kind, double *x)
{
    double times = kind == MEASURE_DURATION ? 1e-3 : 1;
    for (size_t u = 0; u < sizeof units / sizeof *units; u++)
        if (units[u].kind == kind && str_ends(word, units[u].suffix)) {
            times = units[u].times;
            word.n -= strlen(units[u].suffix);
            break;
        }
    if (!str_f64(word, x) || !isfinite(*x) || *x < 0)
        return false;
    *x *= times;
    return true;
}

bool measures_read(const char *path, enum measure_kind kind, struct measures *m, struct err *err)
{
    struct buf text = { 0 };
    bool good = file_read(path, &text, err);
    struct str rest = buf_view(&text), line;
    for (size_t n = 1; good && str_next(&rest, '\n', &line); n++) {
        double x;
        line = str_trim(line);
        if (!line.n)
            continue;
        if (!measure_word(line, kind, &x)) {
            good = err_set(err, EXIT_DATA, "%s:%zu: \"%.*s\" is no measurement", path, n,
                           (int)(line.n < 80 ? line.n : 80), line.p);
            break;
        }
        MEM_GROW(m->at, m->n, m->cap);
        m->at[m->n++] = x;
    }
    buf_free(&text);
    return good && (m->n || err_set(err, EXIT_DATA, "%s: has no measurement", path));
}

struct proxy_axis measures_axis(struct measures *m, bool compat)
{
    struct proxy_axis a;
    double sum = 0;
    sort_doubles(m->at, m->n);
    for (size_t k = 0; compat && k < m->n; k++) {
        sum += m->at[k];
        m->at[k] = sum / (double)(k + 1);
    }
    for (size_t i = 0; i < PROXY_PCTS; i++) {
        a.at[i] = quantile_sorted(m->at, m->n, proxy_pct[i] / 100.0);
        a.have[i] = m->n > 0;
    }
    return a;
}

static json_t *axis_json(const struct proxy_axis *a)
{
    json_t *j = json_object();
    for (size_t i = 0; i < PROXY_PCTS; i++) {
        char key[32];
        snprintf(key, sizeof key, "%d-percentile", proxy_pct[i]);
        if (a->have[i])
            json_object_set_new(j, key, json_real(a->at[i]));
    }
    return j;
}

static json_t *proxy_json(const struct proxy *p)
{
    return json_pack("{s:s, s:s, s:o, s:o, s:o}", "name", p->name, "yaml", p->yaml, "cpu",
                     axis_json(&p->cpu), "memory", axis_json(&p->memory), "duration",
                     axis_json(&p->duration));
}

bool proxies_write(const struct proxy *p, size_t n, bool append, const char *path,
                   struct err *err)
{
    json_error_t e;
    json_t *root = append && file_exists(path) ? json_load_file(path, 0, &e) : json_object();
    if (!json_is_object(root)) {
        json_decref(root);
        return err_set(err, EXIT_DATA, "%s: is no object of proxies to append to", path);
    }
    for (size_t i = 0; i < n; i++) {
        json_t *entry = proxy_json(&p[i]);
        if (!entry || json_object_set_new(root, p[i].key, entry) != 0) {
            json_decref(root);
            return err_set(err, EXIT_DATA, "%s: \"%s\" is not UTF-8", path, p[i].key);
        }
    }
    char *text = json_dumps(root, JSON_INDENT(4));
    struct outfile o = { 0 };
    bool good = text && outfile_open(&o, path, err);
    if (good) {
        fprintf(o.f, "%s\n", text);
        good = outfile_commit(&o, err);
    }
    free(text);
    json_decref(root);
    return good;
}
