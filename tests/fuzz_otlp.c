/* fuzz_otlp.c: the reader of OpenTelemetry's JSON takes any bytes, repairs or not. */
#define _GNU_SOURCE   /* memfd_create */
#include "tests/span_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct import_options none, all = { .repair = REPAIR_ALL };
    fuzz_import(import_otlp_stream, none, 1, data, size);
    fuzz_import(import_otlp_stream, all, 1, data, size);
    return 0;
}
