/* mem.c: an arena is a chain of blocks that double in size up to 8 MiB.
 *
 *     head -> [ block | used.......free ] -> [ block | full ] -> NULL
 */
#define _DEFAULT_SOURCE   /* madvise: POSIX knows no large pages */
#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/err.h"

enum { ALIGN = 16, BLOCK_FIRST = 4096, BLOCK_MAX = 8 << 20 };

struct block {
    struct block *next;
    size_t size, used;   /* bytes of data */
    _Alignas(ALIGN) char data[];
};

struct arena {
    struct block *head;
    size_t next_size, total;
};

static _Noreturn void out_of_memory(size_t size)
{
    fprintf(stderr, "out of memory: %zu bytes wanted\n", size);
    abort();
}

static size_t product(size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes))
        out_of_memory(SIZE_MAX);
    return bytes;
}

void *mem_alloc(size_t size)
{
    void *p = calloc(1, size ? size : 1);
    if (!p)
        out_of_memory(size);
    return p;
}

void *mem_array(size_t n, size_t size)
{
    return mem_alloc(product(n, size));
}

/* A page of 4 KiB is gone through in half a microsecond, and then its successor's address has to be
 * looked up, on a virtual machine in two tables: up to half of the time of a long read. A hint:
 * where it is not taken, nothing is lost. */
void *mem_large(size_t n, size_t size)
{
    enum { LEAST = 4 << 20, PAGE = 4096 };
    size_t bytes = product(n, size);
    char *p = mem_alloc(bytes);
#ifdef MADV_HUGEPAGE
    char *from = p + (PAGE - (uintptr_t)p % PAGE) % PAGE;
    if (bytes >= LEAST)
        madvise(from, (bytes - (size_t)(from - p)) / PAGE * PAGE, MADV_HUGEPAGE);
#endif
    return p;
}

void *mem_resize(void *p, size_t n, size_t size)
{
    size_t bytes = product(n, size);
    void *q = realloc(p, bytes ? bytes : 1);
    if (!q)
        out_of_memory(bytes);
    return q;
}

char *mem_strndup(const char *s, size_t n)
{
    char *p = mem_alloc(n + 1);
    if (n)
        memcpy(p, s, n);
    return p;
}

char *mem_strdup(const char *s)
{
    return mem_strndup(s, strlen(s));
}

void *mem_grow(void *p, size_t want, size_t *cap, size_t size)
{
    size_t n = *cap ? *cap : 8;
    while (n < want)
        n = product(n, 2);
    *cap = n;
    return mem_resize(p, n, size);
}

struct arena *arena_new(void)
{
    struct arena *a = mem_alloc(sizeof *a);
    a->next_size = BLOCK_FIRST;
    return a;
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    for (struct block *b = a->head, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    free(a);
}

void arena_reset(struct arena *a)
{
    struct block *keep = a->head;
    for (struct block *b = a->head; b; b = b->next)
        if (b->size > keep->size)
            keep = b;
    for (struct block *b = a->head, *next; b; b = next) {
        next = b->next;
        if (b != keep)
            free(b);
    }
    a->head = keep;
    a->total = keep ? keep->size : 0;
    if (keep) {
        keep->next = NULL;
        keep->used = 0;
    }
}

static void add_block(struct arena *a, size_t size)
{
    size_t n = a->next_size < size ? size : a->next_size;
    struct block *b = malloc(sizeof *b + n);
    if (!b)
        out_of_memory(n);
    *b = (struct block){ .next = a->head, .size = n };
    a->head = b;
    a->total += n;
    if (a->next_size < BLOCK_MAX)
        a->next_size *= 2;
}

void *arena_alloc(struct arena *a, size_t size)
{
    if (size > SIZE_MAX / 2)
        out_of_memory(size);
    size_t n = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    if (!a->head || a->head->size - a->head->used < n)
        add_block(a, n);
    void *p = a->head->data + a->head->used;
    a->head->used += n;
    return memset(p, 0, n);
}

void *arena_array(struct arena *a, size_t n, size_t size)
{
    return arena_alloc(a, product(n, size));
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
    char *p = arena_alloc(a, n + 1);
    if (n)
        memcpy(p, s, n);
    return p;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    REQUIRE(n >= 0);
    char *p = arena_alloc(a, (size_t)n + 1);
    vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    return p;
}

size_t arena_bytes(const struct arena *a)
{
    return a->total;
}
