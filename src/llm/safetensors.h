/* safetensors.h: named tensors in a file, as Hugging Face's safetensors 0.4 has them.
 *
 *     u64 N | N bytes of JSON: {"name": {"dtype", "shape", "data_offsets"}, "__metadata__"} | data
 *
 * Written canonically: tensors by falling alignment, then name; the JSON padded with blanks to a
 * multiple of 8. Reading is strict: offsets must tile the data without gap or overlap, sizes must
 * be those of shape and dtype, names may not repeat; whatever is wrong is refused with the file,
 * the tensor and the reason.
 */
#ifndef LLM_SAFETENSORS_H
#define LLM_SAFETENSORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/meta.h"
#include "base/str.h"

enum tensor_type { TENSOR_F32, TENSOR_F16, TENSOR_BF16, TENSOR_OTHER };
enum { TENSOR_DIMS = 8 };

struct tensor {
    const char *name;
    enum tensor_type type;
    size_t dims[TENSOR_DIMS], n_dims;
    const void *data;        /* little-endian, C order */
    size_t bytes;
};

/* Write aside and rename. All tensors F32; meta may be NULL; {"format": "pt"} is always there. */
bool safetensors_write(const char *path, const struct tensor *t, size_t n, const struct meta *meta,
                       struct err *err);

/* The same of tensors of any float type, all of them written as `type`. */
bool safetensors_write_as(const char *path, const struct tensor *t, size_t n,
                          enum tensor_type type, const struct meta *meta, struct err *err);

struct safetensors {
    struct tensor *tensor;   /* (n) by offset; borrowed from the file's bytes */
    size_t n;
    char **key, **value;     /* (n_meta) __metadata__ */
    size_t n_meta;
    void *map;               /* the whole file */
    size_t size;
    struct arena *mem;
};

bool safetensors_open(struct safetensors *s, const char *path, struct err *err);

/* The same over bytes that stay the caller's; `name` stands for the file in messages. */
bool safetensors_parse(struct safetensors *s, const void *p, size_t n, const char *name,
                       struct err *err);
void safetensors_close(struct safetensors *s);
const struct tensor *safetensors_find(const struct safetensors *s, const char *name);
const char *safetensors_meta(const struct safetensors *s, const char *key);   /* NULL: none */

size_t tensor_type_size(enum tensor_type type);   /* bytes; not of TENSOR_OTHER */

/* Write a tensor's elements as `type`, a chunk at a time; ferror(f) tells of failures. */
void tensor_write(const struct tensor *t, enum tensor_type type, FILE *f);

/* The elements of a tensor of any of the three float types, exactly. */
void tensor_floats(const struct tensor *t, float *out);

#endif
