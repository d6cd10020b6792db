/* importers.c: the one list. */
#include "cli/importers.h"

#include <string.h>

#include "text/import_text.h"
#include "trace/recognise.h"

static const struct importer alibaba_2022 = {
    .name = "alibaba-2022", .prose = "CallGraph CSV", .stream = import_alibaba_2022_stream,
};
static const struct importer alibaba_2021 = {
    .name = "alibaba-2021", .prose = "CallGraph CSV of 2021", .stream = import_alibaba_2021_stream,
};
static const struct importer dgg = {
    .name = "dgg", .prose = "DGG's weighted graphs as JSON", .stream = import_dgg_stream,
};

static const struct importer jaeger = {
    .name = "jaeger", .prose = "Jaeger's JSON", .stream = import_jaeger_stream, .tick_us = 1,
};
static const struct importer otlp = {
    .name = "otlp", .prose = "OpenTelemetry's JSON", .stream = import_otlp_stream, .tick_us = 1,
};
static const struct importer otlp_proto = {
    .name = "otlp-proto", .prose = "OpenTelemetry's protobuf", .stream = import_otlp_proto_stream,
    .tick_us = 1,
};
static const struct importer zipkin = {
    .name = "zipkin", .prose = "Zipkin's JSON", .stream = import_zipkin_stream, .tick_us = 1,
};
static const struct importer spans = {
    .name = "spans", .prose = "spans as CSV", .stream = import_spans_stream, .tick_us = 1,
};

static const struct importer tabular = {
    .name = "tracellm-tabular", .prose = "tables of edges", .stream = text_import_tabular,
};
static const struct importer recursive = {
    .name = "tracellm-recursive", .prose = "layers", .stream = text_import_recursive,
};
static const struct importer instruction = {
    .name = "tracellm-instruction",
    .prose = "questions and answers, one a layer",
    .stream = text_import_instruction,
};

static const struct importer compact = {
    .name = "compact", .prose = "lines, as encode writes them", .stream = text_import_compact,
};

const struct importer *const importers[] = {
    &alibaba_2022, &alibaba_2021, &jaeger,  &otlp,      &otlp_proto,  &zipkin,  &spans,
    &dgg,          &tabular, &recursive, &instruction, &compact, NULL
};

static const struct importer *find(const char *name)
{
    for (size_t i = 0; importers[i]; i++)
        if (strcmp(importers[i]->name, name) == 0)
            return importers[i];
    return NULL;
}

/* What none of them is goes to the first of the list, which says what it misses. */
static const struct importer *find_by_content(char *const *paths, size_t n, struct err *err)
{
    const struct importer *found = NULL;
    const char *of = NULL;
    for (size_t i = 0; i < n; i++) {
        const char *name = strcmp(paths[i], "-") == 0 ? NULL : recognise(paths[i]);
        const struct importer *x = name ? find(name) : NULL;
        if (x && found && x != found) {
            err_set(err, EXIT_USAGE, "%s is %s, but %s is %s: import them one after the other", of,
                    found->name, paths[i], x->name);
            return NULL;
        }
        if (x && !found) {
            found = x;
            of = paths[i];
        }
    }
    return found ? found : importers[0];
}

const struct importer *importer_find(const char *name, char *const *paths, size_t n,
                                     struct err *err)
{
    if (strcmp(name, "auto") == 0)
        return find_by_content(paths, n, err);
    const struct importer *x = find(name);
    if (!x)
        err_set(err, EXIT_USAGE, "--from %s is not in this build", name);
    return x;
}
