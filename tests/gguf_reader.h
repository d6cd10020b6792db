/* gguf_reader.h: a GGUF file read by hand, piece by piece; what is not there fails the test. */
#ifndef TESTS_GGUF_READER_H
#define TESTS_GGUF_READER_H

#include "tests/near.h"

#include <string.h>

#include "base/file.h"
#include "llm/safetensors.h"

struct reader {
    struct buf b;
    size_t at;
};

static inline const char *take(struct reader *r, size_t n)
{
    assert_true(n <= r->b.n - r->at);
    r->at += n;
    return r->b.p + r->at - n;
}

static inline uint32_t take_u32(struct reader *r)
{
    uint32_t x;
    memcpy(&x, take(r, 4), 4);
    return x;
}

static inline uint64_t take_u64(struct reader *r)
{
    uint64_t x;
    memcpy(&x, take(r, 8), 8);
    return x;
}

static inline struct str take_string(struct reader *r)
{
    uint64_t n = take_u64(r);
    return (struct str){ take(r, n), n };
}

/* A value as words: numbers, or the elements of an array with commas between them. */
static inline void take_value(struct reader *r, uint32_t type, struct buf *out)
{
    if (type == 4) {
        buf_u64(out, take_u32(r));
    } else if (type == 5) {
        buf_i64(out, (int32_t)take_u32(r));
    } else if (type == 6) {
        float f;
        memcpy(&f, take(r, 4), 4);
        buf_printf(out, "%g", (double)f);
    } else if (type == 7) {
        buf_str(out, *take(r, 1) ? "true" : "false");
    } else if (type == 8) {
        struct str s = take_string(r);
        buf_add(out, s.p, s.n);
    } else {
        assert_int_equal(type, 9);
        uint32_t of = take_u32(r);
        for (uint64_t n = take_u64(r), i = 0; i < n; i++) {
            buf_str(out, i ? "," : "");
            take_value(r, of, out);
        }
    }
}

/* "key=value\n" of every key. */
static inline void take_keys(struct reader *r, uint64_t n, struct buf *out)
{
    while (n-- > 0) {
        struct str key = take_string(r);
        buf_add(out, key.p, key.n);
        buf_char(out, '=');
        take_value(r, take_u32(r), out);
        buf_char(out, '\n');
    }
}

static inline void must_have(const struct buf *keys, const char *line)
{
    if (!strstr(keys->p, line))
        fail_msg("\"%s\" is not among\n%.3000s", line, keys->p);
}

struct info {
    char name[65];
    uint32_t n_dims, type;
    uint64_t dims[4], offset;
};

static inline struct info take_info(struct reader *r)
{
    struct info x = { 0 };
    struct str name = take_string(r);
    assert_true(name.n <= 64);
    memcpy(x.name, name.p, name.n);
    x.n_dims = take_u32(r);
    assert_in_range(x.n_dims, 1, 2);
    for (uint32_t i = 0; i < x.n_dims; i++)
        x.dims[i] = take_u64(r);
    x.type = take_u32(r);
    x.offset = take_u64(r);
    return x;
}

static inline struct reader read_file(const char *path)
{
    struct reader r = { 0 };
    struct err err = { 0 };
    if (!file_read(path, &r.b, &err))
        fail_msg("%s", err.msg);
    assert_memory_equal(take(&r, 4), "GGUF", 4);
    assert_int_equal(take_u32(&r), 3);
    return r;
}

/* Element i of a tensor in the file. */
static inline float element(const struct info *x, const char *data, size_t i)
{
    struct tensor t = { .type = x->type == 0 ? TENSOR_F32 : x->type == 1 ? TENSOR_F16 : TENSOR_BF16,
                        .data = data + x->offset + i * (x->type == 0 ? 4 : 2),
                        .bytes = x->type == 0 ? 4 : 2 };
    float f;
    tensor_floats(&t, &f);
    return f;
}

#endif
