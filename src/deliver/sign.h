/* SPDX-License-Identifier: MIT */
/* Signatures after Standard Webhooks: "v1," + base64 of HMAC-SHA256 over "<id>.<timestamp>.<body>".
 */
#ifndef RP_DELIVER_SIGN_H
#define RP_DELIVER_SIGN_H

#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

#define RP_SIGN_KEY_MAX  256 /* bytes of a secret; the standard asks for 24 to 64 */
#define RP_SIGN_TEXT_MAX 48  /* "v1," + 44 characters + NUL */

struct rp_sign_key {
    uint8_t bytes[RP_SIGN_KEY_MAX];
    size_t len; /* 0: no secret, requests go out unsigned */
};

/* Reads a secret as it stands in the configuration: "whsec_" + base64 (padded or not), or any other
 * text, whose bytes are the key. "" gives len 0. EINPUT, never quoting the secret. */
int rp_sign_key_read(struct rp_str secret, struct rp_sign_key *ret_key, struct rp_err *err);

void rp_sign_key_wipe(struct rp_sign_key *key);

/* The value of webhook-signature. The key must not be empty. */
void rp_sign(const struct rp_sign_key *key, struct rp_str id, int64_t timestamp_s,
             struct rp_str body, char ret_text[RP_SIGN_TEXT_MAX]);

#endif
