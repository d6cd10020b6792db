/* fuzz_load_json.c: the reader of load.json and of binary plans takes any bytes; what it accepts is
 * in order and within its tables. */
#define _GNU_SOURCE   /* memfd_create */
#include "load/load_json.h"
#include "tests/memfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct memfile m = memfile_open(data, size);
    struct err err = { 0 };
    struct load_reader *r = load_open(m.path, &err);
    struct load_unit u;
    while (r && load_next(r, &u, &err))
        for (size_t i = 0; i < u.n; i++) {
            REQUIRE(i == 0 || u.at_us[i - 1] <= u.at_us[i]);
            REQUIRE(u.endpoint[i] < names_count(load_endpoints(r)));
        }
    REQUIRE(r || err.status == EXIT_DATA || err.status == EXIT_NOINPUT);
    load_close(r);
    memfile_close(&m);
    return 0;
}
