/* exporters.h: where graphs may go. One const struct a format, listed once. */
#ifndef CLI_EXPORTERS_H
#define CLI_EXPORTERS_H

#include "trace/exporter.h"

extern const struct exporter *const exporters[];   /* ends with NULL */
const struct exporter *exporter_find(const char *name);   /* NULL if there is none */

extern const struct exporter exporter_pdf;   /* export_pdf.c: it draws, which trace/ cannot */

#endif
