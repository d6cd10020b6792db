/* fuzz_pickle.c: the pickle machine takes any bytes and runs none; what it read can be written as a
 * pickle and read again. The first byte chooses counts or times. */
#define _GNU_SOURCE   /* memfd_create */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/memfile.h"
#include "trace/invocations.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    uint8_t *bytes = mem_alloc(size + 2);
    memcpy(bytes, "\x80\x04", 2);
    memcpy(bytes + 2, data + 1, size - 1);
    struct memfile m = memfile_open(bytes, size + 1), out = memfile_open("", 0);
    free(bytes);
    const struct invocations_format *f = invocations_format(data[0] & 1 ? "azure-v2" : "azure-v1");
    struct invocations_options o = { .threads = 1, .days = (uint32_t)data[0] >> 5 };
    struct invocations_report r;
    struct err err;
    struct invocations *v = invocations_read(f, m.path, &o, &r, &err);
    REQUIRE(v || err.status == EXIT_DATA);
    if (v && invocations_pickle_write(v, out.path, &err)) {
        struct invocations *w = invocations_read(f, out.path, &o, &r, &err);
        REQUIRE(w && w->n == v->n);
        for (size_t i = 0; i < v->n; i++)
            REQUIRE(v->total[i] == w->total[i] &&
                    strcmp(v->key[i].function, w->key[i].function) == 0);
        invocations_free(w);
    }
    invocations_free(v);
    memfile_close(&m);
    memfile_close(&out);
    return 0;
}
