/* gguf.c: the file: keys in a buffer first, for their count stands before them; tensors straight to
 * the disk.
 *
 * The two orders of a head's rows, for head_dim 8:
 *
 *     Hugging Face  0 1 2 3 | 4 5 6 7      j turns with j + 4
 *     GGUF          0 4 1 5 2 6 3 7        neighbours turn
 */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "llm/gguf_priv.h"

enum { VERSION = 3 };

void gguf_raw(struct buf *b, const void *p, size_t n)
{
    buf_add(b, p, n);
}

void gguf_u32(struct buf *b, uint32_t x)
{
    buf_add(b, &x, sizeof x);
}

void gguf_u64(struct buf *b, uint64_t x)
{
    buf_add(b, &x, sizeof x);
}

void gguf_string(struct buf *b, const char *s)
{
    gguf_u64(b, strlen(s));
    buf_str(b, s);
}

static void key(struct gguf_keys *k, const char *name, enum gguf_type type)
{
    gguf_string(&k->b, name);
    gguf_u32(&k->b, type);
    k->n++;
}

void gguf_key_u32(struct gguf_keys *k, const char *name, uint32_t x)
{
    key(k, name, GGUF_U32);
    gguf_u32(&k->b, x);
}

void gguf_key_f32(struct gguf_keys *k, const char *name, float x)
{
    key(k, name, GGUF_F32);
    buf_add(&k->b, &x, sizeof x);
}

void gguf_key_bool(struct gguf_keys *k, const char *name, bool x)
{
    key(k, name, GGUF_BOOL);
    buf_char(&k->b, x);
}

void gguf_key_string(struct gguf_keys *k, const char *name, const char *s)
{
    key(k, name, GGUF_STRING);
    gguf_string(&k->b, s);
}

void gguf_key_array(struct gguf_keys *k, const char *name, enum gguf_type type, uint64_t n)
{
    key(k, name, GGUF_ARRAY);
    gguf_u32(&k->b, type);
    gguf_u64(&k->b, n);
}

static uint32_t ggml_type(enum tensor_type type)
{
    return type == TENSOR_F32 ? 0 : type == TENSOR_F16 ? 1 : 30;
}

static size_t padded(size_t n)
{
    return (n + GGUF_ALIGNMENT - 1) / GGUF_ALIGNMENT * GGUF_ALIGNMENT;
}

static size_t bytes_in_file(const struct gguf_tensor *t)
{
    return t->dims[0] * (t->n_dims == 2 ? t->dims[1] : 1) * tensor_type_size(t->as);
}

static void add_infos(struct buf *b, const struct gguf_tensor *t, size_t n)
{
    uint64_t at = 0;
    for (size_t i = 0; i < n; i++) {
        gguf_string(b, t[i].name);
        gguf_u32(b, (uint32_t)t[i].n_dims);
        for (size_t k = t[i].n_dims; k-- > 0;)
            gguf_u64(b, t[i].dims[k]);
        gguf_u32(b, ggml_type(t[i].as));
        gguf_u64(b, at);
        at += padded(bytes_in_file(&t[i]));
    }
}

/* The rows of q or k, a head at a time. */
static void write_turned(const struct gguf_tensor *p, FILE *f)
{
    size_t row = p->dims[1] * tensor_type_size(p->type), D = p->dims[0] / p->heads;
    char *head = mem_array(D, row);
    struct tensor t = { .type = p->type, .data = head, .bytes = D * row };
    for (size_t h = 0; h < p->heads; h++) {
        const char *from = (const char *)p->data + h * D * row;
        for (size_t j = 0; j < D / 2; j++) {
            memcpy(head + 2 * j * row, from + j * row, row);
            memcpy(head + (2 * j + 1) * row, from + (D / 2 + j) * row, row);
        }
        tensor_write(&t, p->as, f);
    }
    free(head);
}

static void pad(FILE *f, size_t n)
{
    for (size_t i = n; i < padded(n); i++)
        fputc(0, f);
}

static void write_tensor(const struct gguf_tensor *p, FILE *f)
{
    size_t count = p->dims[0] * (p->n_dims == 2 ? p->dims[1] : 1);
    struct tensor t = { .type = p->type, .data = p->data,
                        .bytes = count * tensor_type_size(p->type) };
    if (p->heads)
        write_turned(p, f);
    else
        tensor_write(&t, p->as, f);
    pad(f, bytes_in_file(p));
}

bool gguf_file(const char *path, const struct gguf_keys *k, const struct gguf_tensor *t, size_t n,
               struct err *err)
{
    struct buf head = { 0 };
    struct outfile o;
    gguf_raw(&head, "GGUF", 4);
    gguf_u32(&head, VERSION);
    gguf_u64(&head, n);
    gguf_u64(&head, k->n);
    gguf_raw(&head, k->b.p, k->b.n);
    add_infos(&head, t, n);
    bool good = outfile_open(&o, path, err);
    if (good) {
        fwrite(head.p, 1, head.n, o.f);
        pad(o.f, head.n);
        for (size_t i = 0; i < n && !ferror(o.f); i++)
            write_tensor(&t[i], o.f);
        good = outfile_commit(&o, err);
    }
    buf_free(&head);
    return good;
}
