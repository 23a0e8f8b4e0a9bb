/* SPDX-License-Identifier: MIT */
/* Webhook signatures with libsodium. Knows keys and bytes; must not know HTTP. A secret never gets
 * into an error text, and the key's copy on the stack is wiped. */
#include "deliver/sign.h"

#include <inttypes.h>
#include <stdio.h>

#include <sodium.h>

static const struct rp_str prefix = {"whsec_", 6};

static bool decode(struct rp_str text, struct rp_sign_key *key)
{
    static const int variants[] = {sodium_base64_VARIANT_ORIGINAL,
                                   sodium_base64_VARIANT_ORIGINAL_NO_PADDING};

    for (size_t i = 0; i < RP_COUNT(variants); i++) {
        const char *end = NULL;
        if (sodium_base642bin(key->bytes, sizeof(key->bytes), text.ptr, text.len, NULL, &key->len,
                              &end, variants[i]) == 0 &&
            end == text.ptr + text.len)
            return true;
    }
    return false;
}

int rp_sign_key_read(struct rp_str secret, struct rp_sign_key *ret_key, struct rp_err *err)
{
    struct rp_sign_key key = {.len = 0};
    int status = RIPEN_OK;

    if (sodium_init() < 0)
        return rp_err_set(err, RIPEN_EIO, "libsodium could not be started: is /dev/urandom there?");
    if (rp_str_starts(secret, prefix)) {
        struct rp_str text = {secret.ptr + prefix.len, secret.len - prefix.len};
        if (!decode(text, &key) || key.len == 0)
            status = rp_err_set(err, RIPEN_EINPUT,
                                "the secret starts with whsec_ but what follows is not base64 of 1 "
                                "to %d bytes; make one with: openssl rand -base64 32",
                                RP_SIGN_KEY_MAX);
    } else if (secret.len > sizeof(key.bytes)) {
        status = rp_err_set(err, RIPEN_EINPUT, "the secret has %zu bytes; at most %d are allowed",
                            secret.len, RP_SIGN_KEY_MAX);
    } else if (secret.len > 0) {
        memcpy(key.bytes, secret.ptr, secret.len);
        key.len = secret.len;
    }
    if (!status)
        *ret_key = key;
    sodium_memzero(&key, sizeof(key));
    return status;
}

void rp_sign_key_wipe(struct rp_sign_key *key)
{
    sodium_memzero(key, sizeof(*key));
}

void rp_sign(const struct rp_sign_key *key, struct rp_str id, int64_t timestamp_s,
             struct rp_str body, char ret_text[RP_SIGN_TEXT_MAX])
{
    crypto_auth_hmacsha256_state state;
    uint8_t mac[crypto_auth_hmacsha256_BYTES];
    char middle[32];

    snprintf(middle, sizeof(middle), ".%" PRId64 ".", timestamp_s);
    RP_ASSERT(key->len > 0);
    crypto_auth_hmacsha256_init(&state, key->bytes, key->len);
    crypto_auth_hmacsha256_update(&state, (const uint8_t *)id.ptr, id.len);
    crypto_auth_hmacsha256_update(&state, (const uint8_t *)middle, strlen(middle));
    crypto_auth_hmacsha256_update(&state, (const uint8_t *)body.ptr, body.len);
    crypto_auth_hmacsha256_final(&state, mac);
    memcpy(ret_text, "v1,", 3);
    sodium_bin2base64(ret_text + 3, RP_SIGN_TEXT_MAX - 3, mac, sizeof(mac),
                      sodium_base64_VARIANT_ORIGINAL);
    sodium_memzero(&state, sizeof(state));
}
