/* reduce.c: the caller takes pieces that fit a cache, so a slot is read from memory once. */
#include "llm/reduce.h"

#include "ml/vec.h"

void reduce_slots(size_t slots, float *const *slot, size_t at, size_t n)
{
    for (size_t width = 1; width < slots; width *= 2)
        for (size_t k = 0; k + width < slots; k += 2 * width)
            vec_add(n, slot[k + width] + at, slot[k] + at);
}
