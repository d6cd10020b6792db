/* export_alibaba.c: our own CSV among the exporters; export.h writes it. */
#include "trace/export.h"
#include "trace/exporter.h"

static bool write_set(const struct graphset *s, FILE *f, struct err *err)
{
    return export_alibaba_2022(s, f) || err_set(err, EXIT_IO, "writing failed");
}

const struct exporter exporter_alibaba_2022 = {
    .name = "alibaba-2022",
    .prose = "CallGraph CSV, one row a call",
    .loses = "weights",
    .write = write_set,
};
