/* SPDX-License-Identifier: MIT */
/* Hashes. rp_hash: fast, unkeyed, for names that we chose. rp_hash_keyed: SipHash, for keys that
 * come from outside. rp_digest: BLAKE2b-128 in base32, for public ids and action keys; paths and
 * digests may be stored, rp_hash values may not. The path hash of a JSON value is rolled along the
 * way from the root: rp_path(rp_path_of("properties"), "path") == rp_path_of("properties.path"). */
#ifndef RP_BASE_HASH_H
#define RP_BASE_HASH_H

#include "base/str.h"

#include <stdint.h>

#define RP_PATH_ROOT UINT64_C(0xcbf29ce484222325)

uint64_t rp_hash(struct rp_str text);
uint64_t rp_hash_keyed(const uint8_t key[16], struct rp_str text);
uint64_t rp_path(uint64_t parent,
                 struct rp_str key); /* FNV-1a; a '.' goes between parent and key */
uint64_t rp_path_of(struct rp_str dotted);

/* SHA-256, lower-case hex; out holds 65 bytes. */
void rp_sha256_hex(const void *bytes, size_t len, char out[65]);

/* Incremental digest of several parts, each with its length, so that ("a","bc") != ("ab","c").
 * Result: 26 characters of lower-case base32 (128 bits) and a NUL. */
struct rp_digest;
struct rp_digest *rp_digest_new(const uint8_t *key, size_t key_len); /* key may be NULL */
void rp_digest_part(struct rp_digest *digest, struct rp_str part);
void rp_digest_end(struct rp_digest *digest, char out[27]); /* frees the digest */

void rp_random(void *bytes, size_t len);
double rp_random_share(void); /* in [0, 1) */

#endif
