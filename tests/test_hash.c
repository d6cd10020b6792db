/* base/hash: SHA-256 against FIPS 180-4's examples, the table hash against recorded values. */
#include "tests/near.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"

static const struct {
    const char *text, *hex;
} known[] = {
    { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
    { "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
    { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
};

static void sha256_of_known_texts(void **state)
{
    (void)state;
    char hex[SHA256_HEX];
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        hash_sha256(known[i].text, strlen(known[i].text), hex);
        assert_string_equal(hex, known[i].hex);
    }
    char *million = mem_alloc(1000000);
    memset(million, 'a', 1000000);
    hash_sha256(million, 1000000, hex);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(million);
}

static void sha256_of_files(void **state)
{
    (void)state;
    char path[] = "/tmp/test_hash.XXXXXX", hex[SHA256_HEX];
    close(mkstemp(path));
    struct err err = { 0 };
    assert_true(file_write(path, "abc", 3, &err));
    assert_true(hash_sha256_file(path, hex, &err));
    assert_string_equal(hex, known[1].hex);
    unlink(path);
    assert_false(hash_sha256_file(path, hex, &err));
    assert_int_equal(err.status, EXIT_NOINPUT);
    assert_non_null(strstr(err.msg, path));
    assert_false(hash_sha256_file("/", hex, &err));
    assert_non_null(strstr(err.msg, "directory"));
}

/* The values are recorded: named streams of randomness rest on them and must not move. */
static void hash64_stays_as_it_was(void **state)
{
    (void)state;
    assert_true(hash64(NULL, 0, 0) == 0x4d6f2c0e2ddbe5beu);
    assert_true(hash64("a", 1, 0) == 0x2b1d4a7b851ae465u);
    assert_true(hash64("12345678", 8, 0) == 0xb8b10c8dc386ae58u);
    assert_true(hash64("123456789", 9, 7) == 0x963f038365910edbu);
    assert_true(hash64_mix(1, 2) == 0xe1d95594fa9b2007u);
    assert_true(hash64_mix(2, 1) != hash64_mix(1, 2));
}

/* Every bit of the input moves about half of the 64 bits of the hash. */
static void hash64_avalanches(void **state)
{
    (void)state;
    unsigned char text[19];
    for (size_t n = 1; n <= sizeof text; n++) {
        long flips = 0, tries = 0;
        for (unsigned k = 0; k < 64; k++) {
            for (size_t i = 0; i < n; i++)
                text[i] = (unsigned char)(k * 37 + i * 11);
            uint64_t h = hash64(text, n, k);
            for (size_t bit = 0; bit < 8 * n; bit++, tries++) {
                text[bit / 8] ^= (unsigned char)(1 << bit % 8);
                flips += __builtin_popcountll(h ^ hash64(text, n, k));
                text[bit / 8] ^= (unsigned char)(1 << bit % 8);
            }
        }
        assert_near((double)flips / (double)tries, 32, 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_of_known_texts),
        cmocka_unit_test(sha256_of_files),
        cmocka_unit_test(hash64_stays_as_it_was),
        cmocka_unit_test(hash64_avalanches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
