/* graphs.c: every command that takes graphs reads them here, so that all drop the same rows. */
#include "cli/graphs.h"

#include "trace/import.h"

static struct graphset *read_in(const char *path, size_t threads, uint32_t tick_us, struct err *err)
{
    struct graphset *s = graphset_new();
    struct import_report rep = { 0 };
    struct import_options o = { .threads = threads, .tick_us = tick_us };
    char *paths[] = { (char *)(uintptr_t)path };
    if (!import_alibaba_2022(paths, 1, &o, s, &rep, err)) {
        graphset_free(s);
        return NULL;
    }
    if (rep.rows_used < rep.rows_read)
        import_report_words(&rep, stderr);
    return s;
}

struct graphset *graphs_read(const char *path, size_t threads, struct err *err)
{
    return read_in(path, threads, 0, err);
}

struct graphset *graphs_read_us(const char *path, size_t threads, struct err *err)
{
    return read_in(path, threads, 1, err);
}
