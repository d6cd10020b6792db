/* hash.h: a fast hash for tables, and SHA-256 (libcrypto) for identities. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* 64 well-mixed bits, the same on every little-endian machine. Not for adversaries. */
uint64_t hash64(const void *p, size_t n, uint64_t seed);
uint64_t hash64_mix(uint64_t a, uint64_t b);   /* combine two hashes, order matters */

enum { SHA256_HEX = 65 };                      /* 64 digits and NUL */
void hash_sha256(const void *p, size_t n, char hex[SHA256_HEX]);

/* The same piece by piece: sha256_end writes the digits and frees. */
struct sha256;
struct sha256 *sha256_new(void);
void sha256_add(struct sha256 *s, const void *p, size_t n);
void sha256_end(struct sha256 *s, char hex[SHA256_HEX]);

bool hash_sha256_file(const char *path, char hex[SHA256_HEX], struct err *err);

#endif
