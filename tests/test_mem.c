/* base/mem: arenas are zeroed, aligned, reusable; arrays grow; overflow dies. */
#include "tests/near.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"

static void arena_memory_is_zeroed_and_aligned(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    for (size_t size = 0; size < 300; size++) {
        unsigned char *p = arena_alloc(a, size);
        assert_int_equal((uintptr_t)p % 16, 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(p[i], 0);
        memset(p, 0xFF, size);
    }
    arena_reset(a);   /* what is handed out again is zeroed again */
    unsigned char *p = arena_alloc(a, 1000);
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(p[i], 0);
    arena_free(a);
    arena_free(NULL);
}

static void arena_blocks_grow_and_reset_keeps_the_largest(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    assert_int_equal(arena_bytes(a), 0);
    arena_alloc(a, 1);
    assert_int_equal(arena_bytes(a), 4096);
    char *big = arena_alloc(a, 1 << 20);
    memset(big, 1, 1 << 20);
    assert_true(arena_bytes(a) >= (1 << 20) + 4096);
    arena_alloc(a, 5000);
    arena_reset(a);
    assert_int_equal(arena_bytes(a), 1 << 20);
    arena_free(a);
}

static void arena_strings(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    assert_string_equal(arena_strndup(a, "abcdef", 3), "abc");
    assert_string_equal(arena_strndup(a, NULL, 0), "");
    assert_string_equal(arena_printf(a, "%d-%s", 7, "x"), "7-x");
    arena_free(a);
}

static void arrays_grow_and_keep_their_values(void **state)
{
    (void)state;
    int *v = NULL;
    size_t n = 0, cap = 0;
    for (int i = 0; i < 1000; i++) {
        MEM_GROW(v, n, cap);
        v[n++] = i;
    }
    assert_true(cap >= 1000 && cap < 2000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(v[i], i);
    MEM_RESERVE(v, 5000, cap);
    assert_true(cap >= 5000);
    free(v);
    char *s = mem_strdup("word"), *t = mem_strndup(NULL, 0);
    assert_string_equal(s, "word");
    assert_string_equal(t, "");
    free(s);
    free(t);
}

static void overflow_mem(void) { free(mem_array(SIZE_MAX / 2, 4)); }
static void overflow_resize(void) { free(mem_resize(NULL, SIZE_MAX / 2, 4)); }
static void overflow_arena(void) { arena_array(arena_new(), SIZE_MAX / 2, 4); }
static void too_much(void) { arena_alloc(arena_new(), SIZE_MAX - 4); }

static void what_cannot_be_had_dies(void **state)
{
    (void)state;
    void (*const way[])(void) = { overflow_mem, overflow_resize, overflow_arena, too_much };
    for (size_t i = 0; i < sizeof way / sizeof *way; i++) {
        pid_t child = fork();
        if (child == 0) {
            way[i]();
            _exit(0);
        }
        int status;
        waitpid(child, &status, 0);
        assert_true(WIFSIGNALED(status));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_memory_is_zeroed_and_aligned),
        cmocka_unit_test(arena_blocks_grow_and_reset_keeps_the_largest),
        cmocka_unit_test(arena_strings),
        cmocka_unit_test(arrays_grow_and_keep_their_values),
        cmocka_unit_test(what_cannot_be_had_dies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
