/* mem.h: memory by lifetime.
 *
 * An arena holds everything of one lifetime (a run, one experiment, one batch)
 * and goes as a whole. What grows step by step uses MEM_GROW on the heap. Every
 * allocation succeeds or the program dies with the size it wanted: nobody checks.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t size);                /* zeroed; free() it */
void *mem_array(size_t n, size_t size);      /* zeroed; dies on overflow of n * size */
void *mem_large(size_t n, size_t size);      /* the same, in large pages where the system has them:
                                                for what is read whole again and again */
void *mem_resize(void *p, size_t n, size_t size);   /* the new part is not zeroed */
char *mem_strdup(const char *s);
char *mem_strndup(const char *s, size_t n);

/* Make room for one more element of array p with length n and capacity cap:
 *     MEM_GROW(v->at, v->n, v->cap);  v->at[v->n++] = x;                      */
#define MEM_GROW(p, n, cap) MEM_RESERVE(p, (n) + 1, cap)
#define MEM_RESERVE(p, want, cap) \
    ((want) <= (cap) ? (void)0 : (void)((p) = mem_grow((p), (want), &(cap), sizeof *(p))))
void *mem_grow(void *p, size_t want, size_t *cap, size_t size);

struct arena;
struct arena *arena_new(void);
void arena_free(struct arena *a);            /* NULL is fine */
void arena_reset(struct arena *a);           /* empty, but keep the largest block */
void *arena_alloc(struct arena *a, size_t size);    /* zeroed, aligned for any type */
void *arena_array(struct arena *a, size_t n, size_t size);
char *arena_strndup(struct arena *a, const char *s, size_t n);   /* NUL-terminated */
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
size_t arena_bytes(const struct arena *a);   /* held from the system */

#define ARENA_NEW(a, T) ((T *)arena_alloc((a), sizeof(T)))
#define ARENA_ARRAY(a, n, T) ((T *)arena_array((a), (n), sizeof(T)))

#endif
