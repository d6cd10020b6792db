/* fuzz_jaeger.c: the reader of Jaeger's JSON takes any bytes, with repairs and without. */
#define _GNU_SOURCE   /* memfd_create */
#include "tests/span_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_import(import_jaeger_stream, (struct import_options){ .repair = 0 }, 1, data, size);
    fuzz_import(import_jaeger_stream, (struct import_options){ .repair = REPAIR_ALL }, 1, data, size);
    return 0;
}
