/* exporters.c: the one list. */
#include "cli/exporters.h"

#include <string.h>

const struct exporter *const exporters[] = {
    &exporter_alibaba_2022, &exporter_jaeger, &exporter_otlp,     &exporter_otlp_proto,
    &exporter_zipkin,       &exporter_spans,  &exporter_perfetto, &exporter_dot,
    &exporter_pdf,          NULL
};

const struct exporter *exporter_find(const char *name)
{
    for (size_t i = 0; exporters[i]; i++)
        if (strcmp(exporters[i]->name, name) == 0)
            return exporters[i];
    return NULL;
}
