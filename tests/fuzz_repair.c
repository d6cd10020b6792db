/* fuzz_repair.c: repairs of Alibaba's traces, any set of them, make valid graphs of any bytes, the
 * same on two threads. The first byte says which repairs. */
#define _GNU_SOURCE   /* memfd_create */
#include "tests/span_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct import_options o = { .repair = data[0] & REPAIR_ALL };
    o.changes = tmpfile();
    o.refused = tmpfile();
    fuzz_import(import_alibaba_2022_stream, o, 1000, data + 1, size - 1);
    fclose(o.changes);
    fclose(o.refused);
    return 0;
}
