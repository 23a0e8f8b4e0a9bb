/* SPDX-License-Identifier: MIT */
/* Hashes and randomness, all but rp_hash and rp_path from libsodium, which is initialised on first
 * use. rp_path values and digests may be stored: they are the same on every machine. rp_hash values
 * may not: they are for tables in memory. */
#include "base/hash.h"

#include "base/check.h"
#include "base/mem.h"

#include <pthread.h>
#include <stdlib.h>

#include <sodium.h>

#define FNV_PRIME UINT64_C(0x100000001b3)

static void init_sodium(void)
{
    if (sodium_init() < 0) /* no source of randomness on this machine */
        abort();
}

static void need_sodium(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, init_sodium);
}

static uint64_t mix(uint64_t h)
{
    h ^= h >> 32;
    h *= UINT64_C(0xd6e8feb86659fd93);
    h ^= h >> 32;
    h *= UINT64_C(0xd6e8feb86659fd93);
    h ^= h >> 32;
    return h;
}

uint64_t rp_hash(struct rp_str text)
{
    uint64_t h = text.len * UINT64_C(0x9e3779b97f4a7c15);
    size_t at = 0;

    for (; text.len - at >= 8; at += 8) {
        uint64_t word;
        memcpy(&word, text.ptr + at, 8);
        h = mix(h ^ word);
    }
    if (at < text.len) {
        uint64_t word = 0;
        memcpy(&word, text.ptr + at, text.len - at);
        h = mix(h ^ word);
    }
    return mix(h);
}

uint64_t rp_hash_keyed(const uint8_t key[16], struct rp_str text)
{
    uint8_t out[crypto_shorthash_BYTES];
    uint64_t h = 0;

    need_sodium();
    crypto_shorthash(out, (const unsigned char *)(text.ptr ? text.ptr : ""), text.len, key);
    for (size_t i = sizeof(out); i-- > 0;)
        h = h << 8 | out[i];
    return h;
}

static uint64_t fnv(uint64_t h, struct rp_str text)
{
    for (size_t i = 0; i < text.len; i++)
        h = (h ^ (unsigned char)text.ptr[i]) * FNV_PRIME;
    return h;
}

uint64_t rp_path(uint64_t parent, struct rp_str key)
{
    /* An empty key under the root must not leave us at the root: its children would pass for root
     * members. A NUL byte is in no other path. */
    if (parent == RP_PATH_ROOT)
        return key.len > 0 ? fnv(parent, key) : parent * FNV_PRIME;
    return fnv((parent ^ '.') * FNV_PRIME, key);
}

uint64_t rp_path_of(struct rp_str dotted)
{
    return fnv(RP_PATH_ROOT, dotted);
}

void rp_sha256_hex(const void *bytes, size_t len, char out[65])
{
    unsigned char sum[crypto_hash_sha256_BYTES];

    need_sodium();
    crypto_hash_sha256(sum, len ? bytes : (const unsigned char *)"", len);
    sodium_bin2hex(out, 65, sum, sizeof(sum));
}

struct rp_digest {
    crypto_generichash_state state;
};

#define DIGEST_BYTES 16

struct rp_digest *rp_digest_new(const uint8_t *key, size_t key_len)
{
    void *digest = NULL;

    RP_ASSERT(key_len <= crypto_generichash_KEYBYTES_MAX);
    need_sodium();
    if (posix_memalign(&digest, 64, sizeof(struct rp_digest)) != 0)
        abort();
    int rc =
        crypto_generichash_init(&((struct rp_digest *)digest)->state, key, key_len, DIGEST_BYTES);
    RP_ASSERT(rc == 0);
    return digest;
}

void rp_digest_part(struct rp_digest *digest, struct rp_str part)
{
    uint8_t len[8];

    for (size_t i = 0; i < sizeof(len); i++)
        len[i] = (uint8_t)((uint64_t)part.len >> (8 * i));
    crypto_generichash_update(&digest->state, len, sizeof(len));
    if (part.len > 0)
        crypto_generichash_update(&digest->state, (const unsigned char *)part.ptr, part.len);
}

void rp_digest_end(struct rp_digest *digest, char out[27])
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
    uint8_t sum[DIGEST_BYTES];
    uint32_t bits = 0, held = 0;
    size_t at = 0;

    crypto_generichash_final(&digest->state, sum, sizeof(sum));
    free(digest);
    for (size_t i = 0; i < sizeof(sum); i++) {
        bits = (bits << 8 | sum[i]) & 0xfff;
        for (held += 8; held >= 5; held -= 5)
            out[at++] = digits[bits >> (held - 5) & 31];
    }
    out[at++] = digits[bits << (5 - held) & 31];
    RP_ASSERT(at == 26);
    out[at] = '\0';
}

void rp_random(void *bytes, size_t len)
{
    need_sodium();
    randombytes_buf(bytes, len);
}

double rp_random_share(void)
{
    uint32_t bits = 0;

    rp_random(&bits, sizeof(bits));
    return (double)bits / 4294967296.0;
}
