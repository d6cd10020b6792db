/* fuzz_functions.c: the three tables of a trace take any bytes. The input is cut into three at its
 * first two NUL bytes; every row read is used or has one cause. */
#define _GNU_SOURCE   /* memfd_create, mkdtemp */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "tests/memfile.h"
#include "trace/functions.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *folder(void)
{
    static char dir[] = "/dev/shm/fuzz_functions.XXXXXX";
    static bool made;
    if (!made)
        REQUIRE(mkdtemp(dir));
    made = true;
    return dir;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = { "durations.csv", "memory.csv", "invocations.csv" };
    for (int t = 0; t < 3; t++) {
        const uint8_t *cut = t < 2 && size ? memchr(data, 0, size) : NULL;
        size_t n = cut ? (size_t)(cut - data) : size;
        char *path = file_join(folder(), names[t]);
        FILE *f = fopen(path, "wb");
        REQUIRE(f);
        if (n)
            fwrite(data, 1, n, f);
        fclose(f);
        free(path);
        data += cut ? n + 1 : n;
        size -= cut ? n + 1 : n;
    }
    struct functions o;
    struct functions_report r;
    struct err err;
    if (functions_read(folder(), true, &o, &r, &err)) {
        for (int t = 0; t < FUNCTIONS_TABLES; t++) {
            uint64_t sum = r.table[t].used;
            for (int c = 0; c < FUNCTIONS_CAUSES; c++)
                sum += r.table[t].dropped[c];
            REQUIRE(sum == r.table[t].rows);
        }
        functions_free(&o);
    } else {
        REQUIRE(err.status == EXIT_DATA);
    }
    return 0;
}
