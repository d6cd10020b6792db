/* importers.c: the one list. */
#include "cli/importers.h"

#include "text/import_text.h"

static const struct importer alibaba_2022 = {
    .name = "alibaba-2022", .prose = "CallGraph CSV", .stream = import_alibaba_2022_stream,
};
static const struct importer dgg = {
    .name = "dgg", .prose = "DGG's weighted graphs as JSON", .stream = import_dgg_stream,
};

static const struct importer jaeger = {
    .name = "jaeger", .prose = "Jaeger's JSON", .stream = import_jaeger_stream, .tick_us = 1,
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

const struct importer *const importers[] = { &alibaba_2022, &jaeger, &dgg,         &tabular,
                                             &recursive,    &instruction, &compact, NULL };
