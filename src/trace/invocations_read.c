/* invocations_read.c: which files does a path mean, and in which form are they? */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
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

static struct invocations *read_file(const struct invocations_format *f, char *path,
                                     const struct invocations_options *o,
                                     struct invocations_report *rep, struct err *err)
{
    return invocations_read_text(f, &path, 1, o, rep, err);
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
