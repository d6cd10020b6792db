/* fuzz_stats.c: the reader of stats.json takes any bytes; what it accepts, it writes and reads
 * again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace/callstats.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *written(const struct callstats *s)
{
    char *text;
    size_t n;
    FILE *f = open_memstream(&text, &n);
    callstats_write(s, f);
    fclose(f);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err;
    struct callstats *s = callstats_read("fuzz", (struct str){ (const char *)data, size }, &err);
    if (!s)
        return 0;
    char *first = written(s);
    struct callstats *again = callstats_read("fuzz", str_of(first), &err);
    REQUIRE(again != NULL);
    char *second = written(again);
    REQUIRE(strcmp(first, second) == 0);
    free(first);
    free(second);
    callstats_free(s);
    callstats_free(again);
    return 0;
}
