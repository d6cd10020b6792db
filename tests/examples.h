/* examples.h: the public TraceLLM tabular examples, if a copy lies in ../shared; else NULL. */
#ifndef TESTS_EXAMPLES_H
#define TESTS_EXAMPLES_H

#include <stdint.h>
#include <unistd.h>

#include "text/import_text.h"

#define EXAMPLES_PATH "../shared/data/callgraphs/alibaba-examples/tabular_dataset.txt.xz"

static inline struct graphset *examples_read(void)
{
    char path[] = EXAMPLES_PATH, *paths[] = { path };
    struct import_report rep = { 0 };
    struct err err = { 0 };
    if (access(path, R_OK) != 0)
        return NULL;
    struct graphset *s = graphset_new();
    REQUIRE(text_import_tabular(paths, 1, NULL, import_collect, s, &rep, &err));
    return s;
}

#endif
