/* shards.c: an index is somebody else's word for which files to open, so it is not believed: no
 * file outside the directory, none that is not there, no tensor that is elsewhere.
 */
#include "llm/shards.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

enum { FILES_MAX = 1000 };

static int by_file(const void *a, const void *b)
{
    const struct shard_entry *x = a, *y = b;
    int c = strcmp(x->file, y->file);
    return c ? c : strcmp(x->tensor, y->tensor);
}

/* A name, not a path: it cannot leave the directory. */
static bool is_plain(const char *file)
{
    struct str s = str_of(file);
    return s.n > 12 && file[0] != '.' && !strchr(file, '/') && str_ends(s, ".safetensors");
}

static bool read_map(const json_t *map, const char *name, struct shard_index *x, struct err *err)
{
    const char *tensor;
    json_t *v;
    if (!json_is_object(map) || json_object_size(map) == 0)
        return err_set(err, EXIT_DATA, "%s: weight_map is no object with tensors", name);
    x->entry = mem_array(json_object_size(map), sizeof *x->entry);
    json_object_foreach((json_t *)map, tensor, v) {
        const char *file = json_string_value(v);
        if (!file || !is_plain(file))
            return err_set(err, EXIT_DATA, "%s: weight_map: \"%.80s\" is in \"%.80s\", which is no "
                           "*.safetensors beside it", name, tensor, file ? file : "(no string)");
        x->entry[x->n++] = (struct shard_entry){ mem_strdup(tensor), mem_strdup(file) };
    }
    qsort(x->entry, x->n, sizeof *x->entry, by_file);
    for (size_t i = 0; i < x->n; i++)
        x->n_files += i == 0 || strcmp(x->entry[i].file, x->entry[i - 1].file) != 0;
    return x->n_files <= FILES_MAX ||
           err_set(err, EXIT_DATA, "%s: weight_map: %zu files are over %d", name, x->n_files,
                   FILES_MAX);
}

bool shard_index_parse(struct str json, const char *name, struct shard_index *x, struct err *err)
{
    json_error_t je;
    json_t *root = json_loadb(json.p, json.n, JSON_REJECT_DUPLICATES, &je);
    *x = (struct shard_index){ 0 };
    bool good = root ? json_is_object(root) || err_set(err, EXIT_DATA, "%s: no JSON object", name)
                     : err_set(err, EXIT_DATA, "%s:%d: %s", name, je.line, je.text);
    good = good && read_map(json_object_get(root, "weight_map"), name, x, err);
    json_decref(root);
    if (!good)
        shard_index_free(x);
    return good;
}

void shard_index_free(struct shard_index *x)
{
    for (size_t i = 0; i < x->n; i++) {
        free(x->entry[i].tensor);
        free(x->entry[i].file);
    }
    free(x->entry);
    *x = (struct shard_index){ 0 };
}

/* Takes path. */
static bool add_shard(struct shards *s, char *path, struct err *err)
{
    struct shard *h = &s->shard[s->n++];
    h->path = path;
    if (!safetensors_open(&h->file, path, err))
        return false;
    s->bytes += h->file.size;
    return true;
}

/* The file holds the tensors entry[0..n), and no other. */
static bool check_shard(const struct shard *h, const struct shard_entry *entry, size_t n,
                        struct err *err)
{
    for (size_t i = 0; i < h->file.n; i++) {
        struct shard_entry want = { (char *)h->file.tensor[i].name, entry->file };
        if (!bsearch(&want, entry, n, sizeof want, by_file))
            return err_set(err, EXIT_DATA, "%s: tensor \"%.80s\" is not in the index", h->path,
                           want.tensor);
    }
    for (size_t i = 0; h->file.n < n && i < n; i++)
        if (!safetensors_find(&h->file, entry[i].tensor))
            return err_set(err, EXIT_DATA, "%s: tensor \"%.80s\" is missing: the index has it here",
                           h->path, entry[i].tensor);
    return true;
}

static bool open_all(struct shards *s, const char *dir, const struct shard_index *x,
                     struct err *err)
{
    s->shard = mem_array(x->n_files, sizeof *s->shard);
    for (size_t i = 0, n; i < x->n; i += n) {
        const struct shard_entry *e = &x->entry[i];
        n = 1;
        while (i + n < x->n && strcmp(e[n].file, e->file) == 0)
            n++;
        if (!add_shard(s, file_join(dir, e->file), err) ||
            !check_shard(&s->shard[s->n - 1], e, n, err))
            return false;
    }
    return true;
}

static bool open_index(struct shards *s, const char *dir, const char *path, struct err *err)
{
    struct buf b = { 0 };
    struct shard_index x = { 0 };
    bool good = file_read(path, &b, err) && shard_index_parse(buf_view(&b), path, &x, err) &&
                open_all(s, dir, &x, err);
    shard_index_free(&x);
    buf_free(&b);
    return good;
}

bool shards_open(struct shards *s, const char *dir, struct err *err)
{
    char *one = file_join(dir, "model.safetensors");
    char *index = file_join(dir, "model.safetensors.index.json");
    bool several = !file_exists(one) && file_exists(index), good;
    *s = (struct shards){ 0 };
    if (several) {
        good = open_index(s, dir, index, err);
        free(one);
    } else {
        s->shard = mem_alloc(sizeof *s->shard);
        good = add_shard(s, one, err);
    }
    free(index);
    if (!good)
        shards_close(s);
    return good;
}

void shards_close(struct shards *s)
{
    for (size_t i = 0; i < s->n; i++) {
        safetensors_close(&s->shard[i].file);
        free(s->shard[i].path);
    }
    free(s->shard);
    *s = (struct shards){ 0 };
}

const struct tensor *shards_find(const struct shards *s, const char *name, const char **path)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct tensor *t = safetensors_find(&s->shard[i].file, name);
        if (t && path)
            *path = s->shard[i].path;
        if (t)
            return t;
    }
    return NULL;
}
