/* fuzz_alibaba_2021.c: the reader of Alibaba's traces of 2021 takes any bytes, with repairs and without. */
#define _GNU_SOURCE   /* memfd_create */
#include "tests/span_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_import(import_alibaba_2021_stream, (struct import_options){ .repair = 0 }, 1000, data, size);
    fuzz_import(import_alibaba_2021_stream, (struct import_options){ .repair = REPAIR_ALL }, 1000, data, size);
    return 0;
}
