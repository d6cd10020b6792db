/* invocations_read.c: which files does a path mean, and in which form are they? */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "trace/feed_priv.h"
#include "trace/invocations_priv.h"

static const struct invocations_format *const formats[] = { &azure_v1, &azure_v2, &azure_llm };
enum { FORMATS = sizeof formats / sizeof *formats };

const struct invocations_format *invocations_format(const char *name)
{
    for (size_t i = 0; i < FORMATS; i++)
        if (strcmp(name, formats[i]->name) == 0 || strcmp(name, formats[i]->alias) == 0)
            return formats[i];
    return NULL;
}

const char *invocations_format_name(const struct invocations_format *f)
{
    return f->name;
}

const char *invocations_format_names(void)
{
    return "azure-v1|azure-v2|azure-llm";
}

enum invocations_kind invocations_format_kind(const struct invocations_format *f)
{
    return f->kind;
}

enum form { TEXT, PICKLE, CACHE };

/* What the first bytes say; a pipe cannot be looked into and is text. */
static enum form form_of(char *path)
{
    struct stat st;
    struct err none;
    unsigned char head[CACHE_MAGIC] = { 0 };
    size_t got = 0;
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return TEXT;
    struct input *in = input_open(&path, 1, &none);
    if (in && input_next(in, &none))
        input_read(in, head, sizeof head, &got, &none);
    input_close(in);
    bool pickle = got >= 2 && head[0] == 0x80 && head[1] >= 2 && head[1] <= 5;
    return got == sizeof head && memcmp(head, cache_magic, sizeof head) == 0 ? CACHE :
           pickle ? PICKLE : TEXT;
}

static struct invocations *from_pickle(struct feed *feed, const struct invocations_format *f,
                                       const struct invocations_options *o, struct err *err)
{
    struct builder *b = builder_new(f->kind);
    const char *name = input_name(feed->in);
    bool good = pickle_read(feed, b, f->kind, o->days, err);
    if (good && builder_functions(b) == 0)
        good = err_set(err, EXIT_DATA, "%s: there is no function in it", name);
    if (!good) {
        builder_free(b);
        return NULL;
    }
    bool times = f->kind == INVOCATIONS_TIMES;
    struct invocations *v = builder_finish(b, times ? o->days : 0, NAN, o->threads, NULL);
    if (times || o->days <= v->n_days)
        return v;
    err_set(err, EXIT_DATA, "%s: %u days are asked for, and there are %u", name, o->days,
            v->n_days);
    invocations_free(v);
    return NULL;
}

static struct invocations *read_packed(const struct invocations_format *f, char *path,
                                       enum form form, const struct invocations_options *o,
                                       struct invocations_report *rep, struct err *err)
{
    struct feed *feed = mem_alloc(sizeof *feed);
    struct invocations *v = NULL;
    feed->in = input_open(&path, 1, err);
    if (feed->in && input_next(feed->in, err))
        v = form == CACHE ? cache_read(feed, f->kind, o, err) :
                            from_pickle(feed, f, o, err);
    rep->packed = true;
    rep->files = 1;
    rep->bytes = feed->at;
    rep->rows_read = rep->rows_used = v ? v->n : 0;
    input_close(feed->in);
    free(feed);
    return v;
}

static struct invocations *read_file(const struct invocations_format *f, char *path,
                                     const struct invocations_options *o,
                                     struct invocations_report *rep, struct err *err)
{
    enum form form = form_of(path);
    return form == TEXT ? invocations_read_text(f, &path, 1, o, rep, err) :
                          read_packed(f, path, form, o, rep, err);
}

/* No raw file is in the folder: perhaps the original's pickle is. */
static struct invocations *read_pickle_of(const struct invocations_format *f, const char *folder,
                                          const struct invocations_options *o,
                                          struct invocations_report *rep, struct err *err)
{
    char *path = f->pickle ? folder_file(folder, f->pickle) : NULL;
    struct invocations *v = NULL;
    if (path)
        v = read_file(f, path, o, rep, err);
    else
        err_set(err, EXIT_NOINPUT, "%s: no file of %s under its published name%s%s", folder,
                f->name, f->pickle ? ", and no " : "", f->pickle ? f->pickle : "");
    free(path);
    return v;
}

static struct invocations *read_folder(const struct invocations_format *f, const char *folder,
                                       const struct invocations_options *o,
                                       struct invocations_report *rep, struct err *err)
{
    char **paths = NULL;
    size_t n = 0;
    struct invocations *v = NULL;
    if (f->files(folder, o, &paths, &n, err))
        v = n ? invocations_read_text(f, paths, n, o, rep, err) :
                read_pickle_of(f, folder, o, rep, err);
    for (size_t i = 0; i < n; i++)
        free(paths[i]);
    free(paths);
    return v;
}

struct invocations *invocations_read(const struct invocations_format *f, const char *path,
                                     const struct invocations_options *o,
                                     struct invocations_report *rep, struct err *err)
{
    *rep = (struct invocations_report){ 0 };
    if (o->days > INVOCATIONS_DAYS_MAX) {
        err_set(err, EXIT_USAGE, "%u days: at most %d are read", o->days, INVOCATIONS_DAYS_MAX);
        return NULL;
    }
    if (file_is_dir(path))
        return read_folder(f, path, o, rep, err);
    char *copy = mem_strdup(path);
    struct invocations *v = read_file(f, copy, o, rep, err);
    free(copy);
    return v;
}
