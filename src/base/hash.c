/* hash.c: multiply two 64-bit words to 128 bits and fold, eight input bytes a step
 * (the construction of wyhash and mum-hash). */
#include "base/hash.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

__extension__ typedef unsigned __int128 u128;

static uint64_t fold(uint64_t a, uint64_t b)
{
    u128 m = (u128)a * b;
    return (uint64_t)m ^ (uint64_t)(m >> 64);
}

static const uint64_t K0 = 0x9E3779B97F4A7C15u, K1 = 0xD1B54A32D192ED03u;

uint64_t hash64_mix(uint64_t a, uint64_t b)
{
    return fold(a ^ K0, (b << 1 | 1) ^ K1) ^ b;
}

uint64_t hash64(const void *p, size_t n, uint64_t seed)
{
    const char *s = p;
    uint64_t h = seed ^ fold(n ^ K0, K1);
    for (; n > 8; n -= 8, s += 8) {
        uint64_t w;
        memcpy(&w, s, 8);
        h = fold(h ^ w, K0) + w;
    }
    uint64_t w = 0;
    if (n)
        memcpy(&w, s, n);
    return fold(h ^ w ^ K1, K0 ^ (h >> 29)) ^ h;
}

static void hex_of(const unsigned char d[32], char hex[SHA256_HEX])
{
    for (int i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", d[i]);
}

void hash_sha256(const void *p, size_t n, char hex[SHA256_HEX])
{
    unsigned char d[EVP_MAX_MD_SIZE];
    REQUIRE(EVP_Digest(p, n, d, NULL, EVP_sha256(), NULL));
    hex_of(d, hex);
}

/* An EVP_MD_CTX in other clothes: the header need not know OpenSSL. */
struct sha256 *sha256_new(void)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    REQUIRE(ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL));
    return (struct sha256 *)ctx;
}

void sha256_add(struct sha256 *s, const void *p, size_t n)
{
    REQUIRE(EVP_DigestUpdate((EVP_MD_CTX *)s, p, n));
}

void sha256_end(struct sha256 *s, char hex[SHA256_HEX])
{
    unsigned char d[EVP_MAX_MD_SIZE];
    REQUIRE(EVP_DigestFinal_ex((EVP_MD_CTX *)s, d, NULL));
    EVP_MD_CTX_free((EVP_MD_CTX *)s);
    hex_of(d, hex);
}

bool hash_sha256_file(const char *path, char hex[SHA256_HEX], struct err *err)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return err_set(err, EXIT_NOINPUT, "%s: %s", path, strerror(errno));
    struct sha256 *sum = sha256_new();
    char chunk[1 << 16];
    size_t n;
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
        sha256_add(sum, chunk, n);
    bool good = !ferror(f) || err_set(err, EXIT_NOINPUT, "%s: %s", path, strerror(errno));
    sha256_end(sum, hex);
    fclose(f);
    return good;
}
