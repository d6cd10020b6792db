/* safetensors.c: the header is small and goes through jansson; the data are mapped, not read. */
#include "llm/safetensors.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "ml/halves.h"

enum { HEADER_MAX = 100000000 };

static const struct {
    const char *name;
    size_t size;
    enum tensor_type type;
} dtypes[] = {
    { "F32", 4, TENSOR_F32 }, { "F16", 2, TENSOR_F16 }, { "BF16", 2, TENSOR_BF16 },
    { "F64", 8, TENSOR_OTHER }, { "I64", 8, TENSOR_OTHER }, { "U64", 8, TENSOR_OTHER },
    { "I32", 4, TENSOR_OTHER }, { "U32", 4, TENSOR_OTHER }, { "I16", 2, TENSOR_OTHER },
    { "U16", 2, TENSOR_OTHER }, { "I8", 1, TENSOR_OTHER }, { "U8", 1, TENSOR_OTHER },
    { "BOOL", 1, TENSOR_OTHER }, { "F8_E5M2", 1, TENSOR_OTHER }, { "F8_E4M3", 1, TENSOR_OTHER },
};
enum { DTYPES = sizeof dtypes / sizeof *dtypes };

static int by_name(const void *a, const void *b)
{
    const struct tensor *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

static void add_pair(void *ctx, const char *key, const char *value)
{
    json_object_set_new(ctx, key, json_string(value));
}

static size_t bytes_as(const struct tensor *t, enum tensor_type type)
{
    return t->bytes / tensor_type_size(t->type) * tensor_type_size(type);
}

static char *header_text(const struct tensor *const *order, size_t n, enum tensor_type type,
                         const struct meta *meta)
{
    json_t *root = json_object(), *pairs = json_object();
    json_object_set_new(pairs, "format", json_string("pt"));
    if (meta)
        meta_each(meta, add_pair, pairs);
    json_object_set_new(root, "__metadata__", pairs);
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        json_t *shape = json_array();
        for (size_t k = 0; k < order[i]->n_dims; k++)
            json_array_append_new(shape, json_integer((json_int_t)order[i]->dims[k]));
        size_t end = at + bytes_as(order[i], type);
        json_object_set_new(root, order[i]->name,
                            json_pack("{s:s, s:o, s:[I, I]}", "dtype", dtypes[type].name, "shape",
                                      shape, "data_offsets", (json_int_t)at, (json_int_t)end));
        at = end;
    }
    char *text = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    REQUIRE(text);
    return text;
}

bool safetensors_write_as(const char *path, const struct tensor *t, size_t n,
                          enum tensor_type type, const struct meta *meta, struct err *err)
{
    const struct tensor **order = mem_array(n, sizeof *order);
    for (size_t i = 0; i < n; i++)
        order[i] = &t[i];
    qsort(order, n, sizeof *order, by_name);
    char *text = header_text(order, n, type, meta);
    size_t len = strlen(text);
    uint64_t padded = (len + 7) / 8 * 8;
    struct outfile o;
    bool good = outfile_open(&o, path, err);
    if (good) {
        fwrite(&padded, sizeof padded, 1, o.f);
        fwrite(text, 1, len, o.f);
        for (size_t i = len; i < padded; i++)
            fputc(' ', o.f);
        for (size_t i = 0; i < n && !ferror(o.f); i++)
            tensor_write(order[i], type, o.f);
        good = outfile_commit(&o, err);
    }
    free(text);
    free(order);
    return good;
}

bool safetensors_write(const char *path, const struct tensor *t, size_t n, const struct meta *meta,
                       struct err *err)
{
    return safetensors_write_as(path, t, n, TENSOR_F32, meta, err);
}

struct reader {
    struct safetensors *s;
    const char *file;
    const char *data;
    size_t size;             /* of data */
    struct err *err;
};

static bool refuse(const struct reader *r, const char *name, const char *why)
{
    return err_set(r->err, EXIT_DATA, "%s: tensor \"%.80s\": %s", r->file, name, why);
}

static bool read_shape(const struct reader *r, const char *name, const json_t *shape,
                       struct tensor *t, size_t *count)
{
    *count = 1;
    if (!json_is_array(shape) || json_array_size(shape) > TENSOR_DIMS)
        return refuse(r, name, "shape is no list of at most 8 numbers");
    t->n_dims = json_array_size(shape);
    for (size_t i = 0; i < t->n_dims; i++) {
        const json_t *d = json_array_get(shape, i);
        if (!json_is_integer(d) || json_integer_value(d) < 0)
            return refuse(r, name, "shape has something that is no count");
        t->dims[i] = (size_t)json_integer_value(d);
        if (__builtin_mul_overflow(*count, t->dims[i], count))
            return refuse(r, name, "shape overflows");
    }
    return true;
}

static bool read_tensor(const struct reader *r, const char *name, const json_t *v, struct tensor *t)
{
    const char *dtype = json_string_value(json_object_get(v, "dtype"));
    const json_t *at = json_object_get(v, "data_offsets");
    size_t k = 0, count, bytes;
    while (dtype && k < DTYPES && strcmp(dtypes[k].name, dtype) != 0)
        k++;
    if (!dtype || k == DTYPES)
        return refuse(r, name, "dtype is none that is known");
    if (!read_shape(r, name, json_object_get(v, "shape"), t, &count))
        return false;
    if (!json_is_array(at) || json_array_size(at) != 2 || !json_is_integer(json_array_get(at, 0)) ||
        !json_is_integer(json_array_get(at, 1)))
        return refuse(r, name, "data_offsets are not two numbers");
    json_int_t from = json_integer_value(json_array_get(at, 0)),
               to = json_integer_value(json_array_get(at, 1));
    if (from < 0 || to < from || (uint64_t)to > r->size)
        return refuse(r, name, "data_offsets lie outside the data");
    if (__builtin_mul_overflow(count, dtypes[k].size, &bytes) || bytes != (size_t)(to - from))
        return refuse(r, name, "data_offsets do not fit shape and dtype");
    t->name = arena_strndup(r->s->mem, name, strlen(name));
    t->type = dtypes[k].type;
    t->data = r->data + from;
    t->bytes = bytes;
    return true;
}

static bool read_meta(const struct reader *r, json_t *pairs)
{
    const char *key;
    json_t *v;
    struct safetensors *s = r->s;
    if (!json_is_object(pairs))
        return err_set(r->err, EXIT_DATA, "%s: __metadata__ is no object", r->file);
    s->key = ARENA_ARRAY(s->mem, json_object_size(pairs) + 1, char *);
    s->value = ARENA_ARRAY(s->mem, json_object_size(pairs) + 1, char *);
    json_object_foreach(pairs, key, v) {
        if (!json_is_string(v))
            return err_set(r->err, EXIT_DATA, "%s: __metadata__ \"%.80s\" is no string", r->file,
                           key);
        s->key[s->n_meta] = arena_strndup(s->mem, key, strlen(key));
        s->value[s->n_meta++] = arena_strndup(s->mem, json_string_value(v), json_string_length(v));
    }
    return true;
}

static int by_offset(const void *a, const void *b)
{
    const struct tensor *x = a, *y = b;
    if (x->data != y->data)
        return x->data < y->data ? -1 : 1;
    return (x->bytes > y->bytes) - (x->bytes < y->bytes);   /* empty tensors first */
}

/* Sorted by offset the tensors must tile the data. */
static bool check_tiling(const struct reader *r)
{
    struct safetensors *s = r->s;
    if (s->n)
        qsort(s->tensor, s->n, sizeof *s->tensor, by_offset);
    const char *end = r->data;
    for (size_t i = 0; i < s->n; i++) {
        if (s->tensor[i].data != end)
            return refuse(r, s->tensor[i].name, "does not begin where the one before it ends");
        end += s->tensor[i].bytes;
    }
    return end == r->data + r->size ||
           err_set(r->err, EXIT_DATA, "%s: data go on after the last tensor", r->file);
}

static bool read_header(const struct reader *r, json_t *root)
{
    const char *name;
    json_t *v;
    if (!json_is_object(root))
        return err_set(r->err, EXIT_DATA, "%s: the header is no JSON object", r->file);
    r->s->tensor = ARENA_ARRAY(r->s->mem, json_object_size(root) + 1, struct tensor);
    json_object_foreach(root, name, v) {
        bool good = strcmp(name, "__metadata__") == 0
                  ? read_meta(r, v) : read_tensor(r, name, v, &r->s->tensor[r->s->n++]);
        if (!good)
            return false;
    }
    return check_tiling(r);
}

bool safetensors_parse(struct safetensors *s, const void *p, size_t n, const char *name,
                       struct err *err)
{
    uint64_t len = 0;
    *s = (struct safetensors){ .mem = arena_new() };
    if (n >= 8)
        memcpy(&len, p, 8);
    bool good = n >= 8 && len <= HEADER_MAX && len <= n - 8;
    if (!good)
        err_set(err, EXIT_DATA, "%s: no safetensors file: header of %llu bytes in a file of %zu",
                name, (unsigned long long)len, n);
    json_error_t je = { 0 };
    const char *header = (const char *)p + 8;
    json_t *root = good ? json_loadb(header, (size_t)len, JSON_REJECT_DUPLICATES, &je) : NULL;
    if (good && !root)
        good = err_set(err, EXIT_DATA, "%s: header: %s", name, je.text);
    if (good && json_is_object(root) && ((const char *)p)[8] != '{')
        good = err_set(err, EXIT_DATA, "%s: header: does not begin with {", name);
    if (good) {
        struct reader r = { s, name, (const char *)p + 8 + len, n - 8 - (size_t)len, err };
        good = read_header(&r, root);
    }
    json_decref(root);
    if (!good)
        safetensors_close(s);
    return good;
}

bool safetensors_open(struct safetensors *s, const char *path, struct err *err)
{
    struct stat st;
    *s = (struct safetensors){ 0 };
    int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &st) != 0) {
        err_set(err, EXIT_NOINPUT, "%s: %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return false;
    }
    size_t size = (size_t)st.st_size;
    void *map = size && S_ISREG(st.st_mode) ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0)
                                            : MAP_FAILED;
    close(fd);
    if (map == MAP_FAILED)
        return err_set(err, EXIT_DATA, "%s: no safetensors file: cannot be mapped", path);
    if (!safetensors_parse(s, map, size, path, err)) {
        munmap(map, size);
        return false;
    }
    s->map = map;
    s->size = size;
    return true;
}

void safetensors_close(struct safetensors *s)
{
    if (s->map)
        munmap(s->map, s->size);
    arena_free(s->mem);
    *s = (struct safetensors){ 0 };
}

const struct tensor *safetensors_find(const struct safetensors *s, const char *name)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->tensor[i].name, name) == 0)
            return &s->tensor[i];
    return NULL;
}

const char *safetensors_meta(const struct safetensors *s, const char *key)
{
    for (size_t i = 0; i < s->n_meta; i++)
        if (strcmp(s->key[i], key) == 0)
            return s->value[i];
    return NULL;
}

size_t tensor_type_size(enum tensor_type type)
{
    REQUIRE(type != TENSOR_OTHER);
    return type == TENSOR_F32 ? 4 : 2;
}

void tensor_write(const struct tensor *t, enum tensor_type type, FILE *f)
{
    enum { CHUNK = 1 << 15 };
    if (t->type == type) {
        fwrite(t->data, 1, t->bytes, f);
        return;
    }
    float *x = mem_array(CHUNK, sizeof *x);
    uint16_t *half = mem_array(CHUNK, sizeof *half);
    size_t size = tensor_type_size(t->type), n = t->bytes / size;
    for (size_t at = 0; at < n && !ferror(f); at += CHUNK) {
        size_t some = n - at < CHUNK ? n - at : CHUNK;
        struct tensor part = { .type = t->type, .data = (const char *)t->data + at * size,
                               .bytes = some * size };
        tensor_floats(&part, x);
        if (type == TENSOR_F32) {
            fwrite(x, sizeof *x, some, f);
            continue;
        }
        (type == TENSOR_F16 ? f16_narrow : bf16_narrow)(some, x, half);
        fwrite(half, sizeof *half, some, f);
    }
    free(x);
    free(half);
}

void tensor_floats(const struct tensor *t, float *out)
{
    size_t n = t->bytes / tensor_type_size(t->type);
    if (t->type == TENSOR_F32)
        memcpy(out, t->data, t->bytes);
    else
        (t->type == TENSOR_F16 ? f16_widen : bf16_widen)(n, t->data, out);
}
