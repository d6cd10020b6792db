/* importers.c: the one list. */
#include "cli/importers.h"

static const struct importer alibaba_2022 = {
    .name = "alibaba-2022", .prose = "CallGraph CSV", .stream = import_alibaba_2022_stream,
};
static const struct importer dgg = {
    .name = "dgg", .prose = "DGG's weighted graphs as JSON", .stream = import_dgg_stream,
};

const struct importer *const importers[] = { &alibaba_2022, &dgg, NULL };
