/* plan_load.c: see the header. */
#include "load/plan_load.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "load/load_json.h"
#include "load/moment.h"

struct plan_load {
    const char *path;
    struct plan_load_options o;
    struct client *client;
    struct load_reader *reader;
    struct load_unit unit;
    uint64_t unit_number, at, id;     /* at: the next call of the unit */
    bool in_unit;
    uint32_t *endpoint, *function;    /* the reader's ids to the client's */
    size_t n_endpoints, n_functions, endpoint_cap, function_cap;
    uint32_t *short_name;             /* per endpoint of the reader: a function's name from it */
    size_t short_cap;
    uint64_t calls, units;
};

static uint32_t function_of(struct client *c, const char *endpoint)
{
    char name[512];
    size_t n = strcspn(endpoint, ".:");
    snprintf(name, sizeof name, "%.*s", (int)(n < sizeof name ? n : sizeof name - 1), endpoint);
    return client_function(c, name);
}

/* Make what the unit brought known to the client. */
static bool learn_names(struct plan_load *p, struct err *err)
{
    const struct names *e = load_endpoints(p->reader), *f = load_functions(p->reader);
    for (; p->n_endpoints < names_count(e); p->n_endpoints++) {
        const char *name = names_get(e, (uint32_t)p->n_endpoints);
        MEM_RESERVE(p->endpoint, p->n_endpoints + 1, p->endpoint_cap);
        MEM_RESERVE(p->short_name, p->n_endpoints + 1, p->short_cap);
        p->endpoint[p->n_endpoints] = client_endpoint(p->client, name, err);
        if (p->endpoint[p->n_endpoints] == INVOCATION_NONE)
            return err_add(err, "%s", p->path);
        p->short_name[p->n_endpoints] = function_of(p->client, name);
    }
    for (; p->n_functions < names_count(f); p->n_functions++) {
        MEM_RESERVE(p->function, p->n_functions + 1, p->function_cap);
        p->function[p->n_functions] =
            client_function(p->client, names_get(f, (uint32_t)p->n_functions));
    }
    return true;
}

static bool mine(const struct plan_load *p, uint64_t id)
{
    return id % p->o.shards == p->o.shard;
}

static bool first_pass(struct plan_load *p, struct err *err)
{
    struct load_unit u;
    uint64_t id = 0;
    for (; p->units < p->o.units && load_next(p->reader, &u, err); p->units++) {
        if (!learn_names(p, err))
            return false;
        for (size_t i = 0; i < u.n; i++) {
            if (u.at_us[i] > (uint64_t)(p->o.unit_ns / MOMENT_US))
                return err_set(err, EXIT_DATA, "%s: unit %llu, call %zu: time %llu us is not "
                               "within a unit of %lld us", p->path, (unsigned long long)p->units,
                               i, (unsigned long long)u.at_us[i],
                               (long long)(p->o.unit_ns / MOMENT_US));
            p->calls += mine(p, id++);
        }
    }
    return err->status == 0;
}

struct plan_load *plan_load_open(const char *path, const struct plan_load_options *o,
                                 struct client *c, struct err *err)
{
    REQUIRE(o->shards >= 1 && o->shard < o->shards);
    if (strcmp(path, "-") == 0) {
        err_set(err, EXIT_USAGE, "a load is read twice, so it cannot be standard input");
        return NULL;
    }
    struct plan_load *p = mem_alloc(sizeof *p);
    *p = (struct plan_load){ .path = path, .o = *o, .client = c };
    p->reader = load_open(path, err);
    bool good = p->reader && first_pass(p, err);
    load_close(p->reader);
    p->reader = NULL;
    if (good)
        p->reader = load_open(path, err);
    if (p->reader)
        return p;
    plan_load_free(p);
    return NULL;
}

void plan_load_free(struct plan_load *p)
{
    if (!p)
        return;
    load_close(p->reader);
    free(p->endpoint);
    free(p->function);
    free(p->short_name);
    free(p);
}

/* The second pass meets the same names in the same order, so the tables of the first hold. */
static bool next_unit(struct plan_load *p, struct err *err)
{
    p->unit_number += p->in_unit;
    p->in_unit = p->unit_number < p->units && load_next(p->reader, &p->unit, err);
    p->at = 0;
    return p->in_unit;
}

static bool next(void *ctx, struct invocation *i, struct err *err)
{
    struct plan_load *p = ctx;
    for (;;) {
        while (!p->in_unit || p->at == p->unit.n)
            if (!next_unit(p, err))
                return false;
        uint64_t at = p->at++, id = p->id++;
        if (!mine(p, id))
            continue;
        uint32_t endpoint = p->unit.endpoint[at];
        if (endpoint >= p->n_endpoints || (p->unit.function &&
                                           p->unit.function[at] >= p->n_functions))
            return err_set(err, EXIT_DATA, "%s: changed while it was read", p->path);
        *i = (struct invocation){
            .id = id, .unit = (uint32_t)p->unit_number, .index = (uint32_t)at,
            .endpoint = p->endpoint[endpoint],
            .function = p->unit.function ? p->function[p->unit.function[at]]
                                         : p->short_name[endpoint],
            .graph = INVOCATION_NONE, .node = INVOCATION_NONE, .expected = -1,
            .measured = p->unit_number >= p->o.warmup,
            .planned = (int64_t)p->unit_number * p->o.unit_ns +
                       (int64_t)p->unit.at_us[at] * MOMENT_US,
        };
        return true;
    }
}

struct plan_source plan_load_source(struct plan_load *p)
{
    return (struct plan_source){ p, next };
}

uint64_t plan_load_calls(const struct plan_load *p)
{
    return p->calls;
}

uint64_t plan_load_units(const struct plan_load *p)
{
    return p->units;
}
