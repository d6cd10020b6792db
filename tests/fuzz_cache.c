/* fuzz_cache.c: the cache reader takes any bytes. So that mutations get past the checksum, it is
 * made anew here: input is what stands between the magic and the sum; the first byte chooses the
 * kind. */
#define _GNU_SOURCE   /* memfd_create */
#include <math.h>
#include <string.h>

#include "base/hash.h"
#include "base/str.h"
#include "tests/memfile.h"
#include "trace/invocations.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct buf b = { 0 };
    char hex[SHA256_HEX];
    buf_str(&b, "TWINVOC1");
    buf_add(&b, data + 1, size - 1);
    hash_sha256(b.p, b.n, hex);
    buf_str(&b, hex);
    struct memfile m = memfile_open(b.p, b.n);
    buf_free(&b);
    const struct invocations_format *f = invocations_format(data[0] & 1 ? "azure-v2" : "azure-v1");
    struct invocations_options o = { .threads = 1, .days = (uint32_t)data[0] >> 5 };
    struct invocations_report r;
    struct err err;
    struct invocations *v = invocations_read(f, m.path, &o, &r, &err);
    REQUIRE(v || err.status == EXIT_DATA);
    for (size_t i = 0; v && i < v->n; i++)
        REQUIRE(invocations_count(v, i, 0, INFINITY) <= v->total[i]);
    invocations_free(v);
    memfile_close(&m);
    return 0;
}
