/* fuzz_invocations.c: the text readers take any bytes; every row is used or has its cause; what was
 * read adds up, and is the same on three threads. The first byte chooses the schema and compat. */
#define _GNU_SOURCE   /* memfd_create */
#include <math.h>
#include <string.h>

#include "tests/memfile.h"
#include "trace/invocations.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct invocations *v, const struct invocations_report *r)
{
    uint64_t sum = 0, used = 0;
    REQUIRE(v->n >= 1 && v->n_days >= 1);
    for (size_t f = 0; f < v->n; f++) {
        REQUIRE(v->key[f].function && v->key[f].app && v->key[f].owner);
        REQUIRE(invocations_count(v, f, -INFINITY, INFINITY) <= v->total[f]);
        if (v->kind == INVOCATIONS_COUNTS)
            REQUIRE(invocations_count(v, f, 0, 43200) + invocations_count(v, f, 43200, 1e9) ==
                    v->total[f]);
        sum += v->total[f];
    }
    used = r->rows_used + r->late + invocations_report_dropped(r);
    REQUIRE(r->packed || used == r->rows_read);
    REQUIRE(v->kind == INVOCATIONS_COUNTS || r->packed || sum == r->rows_used);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const format[] = { "azure-v1", "azure-v2", "azure-llm", "azure-v2" };
    if (size == 0)
        return 0;
    struct memfile m = memfile_open(data + 1, size - 1);
    const struct invocations_format *f = invocations_format(format[data[0] & 3]);
    struct invocations_options o = { .compat = data[0] & 4, .days = data[0] >> 4, .threads = 1 };
    struct invocations_report r, again;
    struct err err;
    struct invocations *v = invocations_read(f, m.path, &o, &r, &err);
    REQUIRE(v || err.status == EXIT_DATA);
    o.threads = 3;
    struct invocations *w = invocations_read(f, m.path, &o, &again, &err);
    REQUIRE(!v == !w);
    if (v) {
        check(v, &r);
        REQUIRE(v->n == w->n && memcmp(v->total, w->total, v->n * sizeof *v->total) == 0);
        REQUIRE(memcmp(&r, &again, sizeof r) == 0);
    }
    invocations_free(v);
    invocations_free(w);
    memfile_close(&m);
    return 0;
}
