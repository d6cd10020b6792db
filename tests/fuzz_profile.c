/* fuzz_profile.c: profile.json and config.json take any bytes; a mapping to what was read has
 * finite errors or none. */
#define _GNU_SOURCE   /* memfd_create */
#include <math.h>

#include "load/proxymap.h"
#include "tests/memfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct memfile m = memfile_open(data, size);
    struct proxies p;
    struct err err = { 0 };
    size_t matched;
    struct function at[2] = { { .key = "a", .memory = { 1, 2, 3, 4, 5, 6, 7, 8 } },
                              { .key = "b" } };
    struct functions f = { .at = at, .n = 2 };
    if (proxies_read(m.path, &p, &err)) {
        for (int rule = PROXYMAP_GREEDY; rule <= PROXYMAP_CAPACITY; rule++) {
            struct proxymap_options o = { .rule = (enum proxymap_rule)rule, .capacity = 2,
                                          .percentile = 75, .most = INFINITY };
            struct proxymap map;
            REQUIRE(proxymap_find(&f, &p, &o, &map, &err));
            for (size_t i = 0; i < map.n; i++)
                REQUIRE((map.proxy[i] == PROXYMAP_NONE) == isinf(map.error[i]) &&
                        !isnan(map.error[i]));
            proxymap_free(&map);
        }
        proxies_configure(&p, m.path, &matched, &err);
        proxies_free(&p);
    } else {
        REQUIRE(err.status == EXIT_DATA);
        p = (struct proxies){ .mem = arena_new() };
        proxies_configure(&p, m.path, &matched, &err);
        proxies_free(&p);
    }
    memfile_close(&m);
    return 0;
}
