/* importers.c: the one list. */
#include "cli/importers.h"

static const struct importer alibaba_2022 = {
    .name = "alibaba-2022", .prose = "CallGraph CSV", .stream = import_alibaba_2022_stream,
};

const struct importer *const importers[] = { &alibaba_2022, NULL };
