/* graphs.c: every command that takes graphs reads them here, so that all drop the same rows. */
#include "cli/graphs.h"

#include "trace/import.h"

struct graphset *graphs_read(const char *path, size_t threads, struct err *err)
{
    struct graphset *s = graphset_new();
    struct import_report rep = { 0 };
    struct import_options o = { .threads = threads };
    char *paths[] = { (char *)(uintptr_t)path };
    if (!import_alibaba_2022(paths, 1, &o, s, &rep, err)) {
        graphset_free(s);
        return NULL;
    }
    if (rep.rows_used < rep.rows_read)
        import_report_words(&rep, stderr);
    return s;
}
