/* fuzz_alibaba_2021.c: the reader of Alibaba's traces of 2021 takes any bytes, repairs or not. */
#define _GNU_SOURCE   /* memfd_create */
#include "tests/span_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct import_options none, all = { .repair = REPAIR_ALL };
    fuzz_import(import_alibaba_2021_stream, none, 1000, data, size);
    fuzz_import(import_alibaba_2021_stream, all, 1000, data, size);
    return 0;
}
