/* callstats_json.c: statistics as JSON, there and back, and as a table for people. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "trace/callstats_priv.h"

static const char *const mode_names[] = {
    [CALLSTATS_CAREFUL] = "careful", [CALLSTATS_TRACELLM] = "tracellm"
};

/* ---- out ---- */

/* JSON strings are UTF-8: a name that is not becomes Latin-1 read as Unicode, so that writing
 * never fails. */
static json_t *text(const char *s)
{
    if (str_utf8(str_of(s)) || !*s)
        return json_string(s);
    struct buf b = { 0 };
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c >= 0x80) {
            buf_char(&b, (char)(0xC0 | c >> 6));
            c = 0x80 | (c & 0x3F);
        }
        buf_char(&b, (char)c);
    }
    json_t *out = json_string(b.p);
    buf_free(&b);
    return out;
}

static json_t *number(double x)
{
    return isnan(x) ? json_null() : json_real(x);
}

static json_t *rare_list(const struct callstats_service *v)
{
    json_t *list = json_array();
    for (size_t i = 0; i < v->n_rare; i++) {
        json_t *o = json_object();
        json_object_set_new(o, "src", text(v->rare[i].src));
        json_object_set_new(o, "type", json_string(call_type_name(v->rare[i].type)));
        json_object_set_new(o, "dst", text(v->rare[i].dst));
        json_array_append_new(list, o);
    }
    return list;
}

/* Calls lie by (src, type, dst), so the candidates of a (src, type) are neighbours. */
static json_t *candidate_list(const struct callstats_service *v)
{
    json_t *list = json_array(), *to = NULL;
    for (size_t i = 0; i < v->n_calls; i++) {
        const struct callstats_call *c = &v->calls[i];
        if (!i || strcmp(c->src, c[-1].src) != 0 || c->type != c[-1].type) {
            json_t *o = json_object();
            json_object_set_new(o, "src", text(c->src));
            json_object_set_new(o, "type", json_string(call_type_name(c->type)));
            json_object_set_new(o, "dst", to = json_array());
            json_array_append_new(list, o);
        }
        json_t *d = json_object();
        json_object_set_new(d, "name", text(c->dst));
        json_object_set_new(d, "graphs", json_integer((json_int_t)c->graphs));
        json_array_append_new(to, d);
    }
    return list;
}

void callstats_write(const struct callstats *s, FILE *json)
{
    fprintf(json, "{\"mode\":\"%s\",\"services\":[", mode_names[s->mode]);
    for (size_t i = 0; i < callstats_services(s); i++) {   /* one service a line */
        const struct callstats_service *v = callstats_at(s, i);
        json_t *o = json_object();
        json_object_set_new(o, "service", text(v->name));
        json_object_set_new(o, "graphs", json_integer((json_int_t)v->graphs));
        json_object_set_new(o, "p90_ms", number(v->p90_ms));
        json_object_set_new(o, "max_ms", number(v->max_ms));
        json_object_set_new(o, "mean_ms", number(v->mean_ms));
        json_object_set_new(o, "rare", rare_list(v));
        json_object_set_new(o, "candidates", candidate_list(v));
        fputs(i ? ",\n" : "\n", json);
        json_dumpf(o, json, JSON_COMPACT | JSON_REAL_PRECISION(17));
        json_decref(o);
    }
    fputs("\n]}\n", json);
}

static int by_graphs(const void *a, const void *b)
{
    const struct callstats_service *x = *(struct callstats_service *const *)a,
                                   *y = *(struct callstats_service *const *)b;
    return x->graphs != y->graphs ? (x->graphs < y->graphs ? 1 : -1) : strcmp(x->name, y->name);
}

static void cell(FILE *f, double x)
{
    if (isnan(x))
        fprintf(f, " %10s", "n/a");
    else
        fprintf(f, " %10.6g", x);
}

void callstats_words(const struct callstats *s, size_t top, FILE *words)
{
    size_t n = callstats_services(s), known = 0;
    const struct callstats_service **order = mem_array(n + 1, sizeof *order);
    for (size_t i = 0; i < n; i++) {
        order[i] = callstats_at(s, i);
        known += !isnan(order[i]->p90_ms);
    }
    qsort(order, n, sizeof *order, by_graphs);
    fprintf(words, "%-20s %9s %10s %10s %10s %6s %6s\n", "service", "graphs", "p90 ms", "max ms",
            "mean ms", "calls", "rare");
    for (size_t i = 0; i < n && i < top; i++) {
        fprintf(words, "%-20s %9llu", order[i]->name, (unsigned long long)order[i]->graphs);
        cell(words, order[i]->p90_ms);
        cell(words, order[i]->max_ms);
        cell(words, order[i]->mean_ms);
        fprintf(words, " %6zu %6zu\n", order[i]->n_calls, order[i]->n_rare);
    }
    if (n > top)
        fprintf(words, "... and %zu more\n", n - top);
    fprintf(words, "%zu services, %zu of them with %d graphs or more and so with latencies\n", n,
            known, CALLSTATS_MIN);
    free(order);
}

/* ---- in ---- */
struct reading {
    struct callstats *s;
    const char *path;
    size_t service;        /* for messages */
    struct err *err;
};

static bool bad(const struct reading *r, const char *what)
{
    return err_set(r->err, EXIT_DATA, "%s: service %zu: %s", r->path, r->service, what);
}

/* A string without NUL as a name that lives with the statistics. */
static const char *name_at(const struct reading *r, const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);
    if (!json_is_string(v) || strlen(json_string_value(v)) != json_string_length(v))
        return NULL;
    return names_get(r->s->names, names_id_of(r->s->names, json_string_value(v)));
}

static bool type_at(const json_t *o, enum call_type *type)
{
    const json_t *v = json_object_get(o, "type");
    return json_is_string(v) &&
           call_type_parse((struct str){ json_string_value(v), json_string_length(v) }, type);
}

static bool count_at(const json_t *o, const char *key, uint64_t *n)
{
    const json_t *v = json_object_get(o, key);
    if (!json_is_integer(v) || json_integer_value(v) < 0)
        return false;
    *n = (uint64_t)json_integer_value(v);
    return true;
}

static bool latency_at(const json_t *o, const char *key, double *x)
{
    const json_t *v = json_object_get(o, key);
    if (!json_is_number(v) && !json_is_null(v))
        return false;
    *x = json_is_null(v) ? NAN : json_number_value(v);
    return true;
}

static bool read_rare(const struct reading *r, const json_t *list, struct callstats_service *v)
{
    if (!json_is_array(list))
        return bad(r, "\"rare\" is not a list");
    v->n_rare = json_array_size(list);
    struct callstats_call *rare = ARENA_ARRAY(r->s->arena, v->n_rare, struct callstats_call);
    v->rare = rare;
    for (size_t i = 0; i < v->n_rare; i++) {
        const json_t *o = json_array_get(list, i);
        rare[i].src = name_at(r, o, "src");
        rare[i].dst = name_at(r, o, "dst");
        if (!rare[i].src || !rare[i].dst || !type_at(o, &rare[i].type))
            return bad(r, "a rare call without src, type and dst");
    }
    return true;
}

static bool read_candidates(const struct reading *r, const json_t *list,
                            struct callstats_service *v)
{
    if (!json_is_array(list))
        return bad(r, "\"candidates\" is not a list");
    for (size_t i = 0; i < json_array_size(list); i++)
        v->n_calls += json_array_size(json_object_get(json_array_get(list, i), "dst"));
    struct callstats_call *c = ARENA_ARRAY(r->s->arena, v->n_calls, struct callstats_call);
    v->calls = c;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *o = json_array_get(list, i), *to = json_object_get(o, "dst");
        enum call_type type;
        const char *src = name_at(r, o, "src");
        if (!src || !type_at(o, &type) || !json_is_array(to))
            return bad(r, "a candidate without src, type and a list dst");
        for (size_t k = 0; k < json_array_size(to); k++, c++) {
            const json_t *d = json_array_get(to, k);
            *c = (struct callstats_call){ .src = src, .type = type, .dst = name_at(r, d, "name") };
            if (!c->dst || !count_at(d, "graphs", &c->graphs))
                return bad(r, "a candidate's dst without name and graphs");
        }
    }
    qsort((void *)v->calls, v->n_calls, sizeof *v->calls, callstats_by_call);
    return true;
}

static bool read_service(const struct reading *r, const json_t *o, struct callstats_service *v)
{
    v->name = name_at(r, o, "service");
    if (!v->name)
        return bad(r, "no \"service\"");
    if (!count_at(o, "graphs", &v->graphs))
        return bad(r, "\"graphs\" is not a count");
    if (!latency_at(o, "p90_ms", &v->p90_ms) || !latency_at(o, "max_ms", &v->max_ms) ||
        !latency_at(o, "mean_ms", &v->mean_ms))
        return bad(r, "p90_ms, max_ms or mean_ms is neither a number nor null");
    return read_rare(r, json_object_get(o, "rare"), v) &&
           read_candidates(r, json_object_get(o, "candidates"), v);
}

static bool read_mode(struct callstats *s, const json_t *o)
{
    for (int i = 0; i < 2; i++)
        if (json_is_string(o) && strcmp(json_string_value(o), mode_names[i]) == 0) {
            s->mode = (enum callstats_mode)i;
            return true;
        }
    return false;
}

static int by_name(const void *a, const void *b)
{
    const struct callstats_service *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static bool read_all(struct reading *r, const json_t *root)
{
    struct callstats *s = r->s;
    const json_t *list = json_object_get(root, "services");
    if (!read_mode(s, json_object_get(root, "mode")) || !json_is_array(list))
        return err_set(
            r->err, EXIT_DATA,
            "%s: not statistics: \"mode\" and \"services\" are missing or of the wrong kind",
            r->path);
    s->n_services = json_array_size(list);
    s->service = ARENA_ARRAY(s->arena, s->n_services, struct callstats_service);
    for (r->service = 0; r->service < s->n_services; r->service++)
        if (!read_service(r, json_array_get(list, r->service), &s->service[r->service]))
            return false;
    qsort(s->service, s->n_services, sizeof *s->service, by_name);
    for (size_t i = 1; i < s->n_services; i++)
        if (strcmp(s->service[i].name, s->service[i - 1].name) == 0)
            return err_set(r->err, EXIT_DATA, "%s: service %s stands twice", r->path,
                           s->service[i].name);
    s->finished = true;
    return true;
}

struct callstats *callstats_read(const char *path, struct str json, struct err *err)
{
    json_error_t at;
    json_t *root = json_loadb(json.p, json.n, JSON_REJECT_DUPLICATES, &at);
    if (!root) {
        err_set(err, EXIT_DATA, "%s:%d: %s", path, at.line, at.text);
        return NULL;
    }
    struct reading r = { callstats_new(CALLSTATS_CAREFUL), path, 0, err };
    bool ok = read_all(&r, root);
    json_decref(root);
    if (ok)
        return r.s;
    callstats_free(r.s);
    return NULL;
}
