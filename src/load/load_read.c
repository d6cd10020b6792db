/* load_read.c: bytes in blocks, and which of the two languages they speak. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "load/load_priv.h"

static bool fill(struct load_reader *r)
{
    size_t got = 0;
    if (r->broken)
        return false;
    if (!input_read(r->in, r->block, LOAD_BLOCK, &got, r->err)) {
        r->broken = true;
        return false;
    }
    r->at = 0;
    r->have = got;
    return got > 0;
}

int load_peek(struct load_reader *r)
{
    if (r->broken || (r->at == r->have && !fill(r)))
        return -1;
    return r->block[r->at];
}

bool load_refuse(struct load_reader *r, const char *fmt, ...)
{
    if (r->broken)
        return false;
    char what[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    r->broken = true;
    if (r->binary)
        return err_set(r->err, EXIT_DATA, "%s: unit %llu: %s", input_name(r->in),
                       (unsigned long long)r->unit, what);
    return err_set(r->err, EXIT_DATA, "%s:%llu: unit %llu: %s", input_name(r->in),
                   (unsigned long long)r->json.line, (unsigned long long)r->unit, what);
}

static bool begin(struct load_reader *r)
{
    if (!input_next(r->in, r->err))
        return r->err->status ? false
                              : err_set(r->err, EXIT_DATA, "%s: is empty", r->path[0]);
    if (load_peek(r) < 0)
        return r->broken ? false : err_set(r->err, EXIT_DATA, "%s: is empty", r->path[0]);
    r->binary = r->block[0] == (unsigned char)LOAD_MAGIC[0];
    if (r->binary)
        return load_binary_begin(r);
    json_open_after(&r->json, r->in, r->block, r->have);
    return true;
}

struct load_reader *load_open(const char *path, struct err *err)
{
    struct load_reader *r = mem_alloc(sizeof *r);
    r->path[0] = (char *)path;
    r->err = err;
    r->block = mem_alloc(LOAD_BLOCK);
    r->endpoints = names_new();
    r->functions = names_new();
    r->in = input_open(r->path, 1, err);
    if (r->in && begin(r))
        return r;
    load_close(r);
    return NULL;
}

void load_close(struct load_reader *r)
{
    if (!r)
        return;
    input_close(r->in);
    names_free(r->endpoints);
    names_free(r->functions);
    free(r->block);
    free(r->at_us);
    free(r->endpoint);
    free(r->function);
    free(r->target);
    json_free(&r->json);
    free(r);
}

bool load_next(struct load_reader *r, struct load_unit *u, struct err *err)
{
    *err = (struct err){ 0 };
    r->err = err;
    *u = (struct load_unit){ 0 };
    if (r->broken)
        return err_set(err, EXIT_DATA, "%s: was given up before", r->path[0]);
    if (r->ended)
        return false;
    r->n_at = r->n_endpoint = 0;
    if (!(r->binary ? load_binary_next(r) : load_json_next(r)))
        return false;
    *u = (struct load_unit){ .n = r->n_at, .at_us = r->at_us, .endpoint = r->endpoint,
                             .function = r->binary ? r->function : NULL };
    r->unit++;
    r->calls += r->n_at;
    return true;
}

const struct names *load_endpoints(const struct load_reader *r)
{
    return r->endpoints;
}

const struct names *load_functions(const struct load_reader *r)
{
    return r->functions;
}

char *load_shard_path(const char *path, size_t shard)
{
    const char *base = strrchr(path, '/');
    const char *dot = strrchr(base ? base + 1 : path, '.');
    size_t stem = dot && dot != (base ? base + 1 : path) ? (size_t)(dot - path) : strlen(path);
    size_t room = strlen(path) + 32;
    char *out = mem_alloc(room);
    snprintf(out, room, "%.*s.%zu%s", (int)stem, path, shard, path + stem);
    return out;
}
