/* SPDX-License-Identifier: MIT */
/* HubSpot v3 (developers.hubspot.com, "Validating requests"): base64 of HMAC-SHA256 over method +
 * URI + body + timestamp, where the URI has some of its percent-encodings taken off. Mautic: base64
 * of HMAC-SHA256 over the body. Standard Webhooks: "v1," and base64 over "id.timestamp.body",
 * several of them for a change of keys. A plain HMAC over the body, in hex or base64, as many form
 * tools send it. Mailgun: hex of HMAC-SHA256 over timestamp + token, all three in the body, which
 * itself is not signed. SendGrid signs with ECDSA and Amazon SNS with RSA, which libsodium does not
 * verify, and Postmark not at all: each of these brings the secret itself along, as the password
 * of Basic authentication, as `key` of the address, or in a header. Keys on the stack are wiped. */
#include "ingest/webhook_verify.h"

#include "base/limits.h"
#include "base/num.h"
#include "base/when.h"
#include "ingest/pick.h"
#include "ingest/webhook_mail.h"

#include <sodium.h>

#define MAC_BYTES      crypto_auth_hmacsha256_BYTES
#define KEY_MAX        512
#define SIGNATURES_MAX 16 /* of one request, for keys that change */

struct rp_hook_headers rp_hook_headers(const struct rp_source_door *source)
{
    switch (source->verify) {
    case RP_VERIFY_HUBSPOT:
        return (struct rp_hook_headers){"X-HubSpot-Signature-v3", "X-HubSpot-Request-Timestamp",
                                        NULL};
    case RP_VERIFY_MAUTIC:
        return (struct rp_hook_headers){"Webhook-Signature", NULL, NULL};
    case RP_VERIFY_STANDARD:
        return (struct rp_hook_headers){"webhook-signature", "webhook-timestamp", "webhook-id"};
    case RP_VERIFY_HMAC:
    case RP_VERIFY_SENDGRID:
    case RP_VERIFY_POSTMARK:
    case RP_VERIFY_MAILGUN:
    case RP_VERIFY_SES:
    case RP_VERIFY_COUNT:
        break;
    }
    return (struct rp_hook_headers){source->header.ptr, NULL, NULL};
}

static bool read_base64(struct rp_str text, uint8_t *bytes, size_t size, size_t *ret_len)
{
    while (text.len > 0 && text.ptr[text.len - 1] == '=')
        text.len--;
    return sodium_base642bin(bytes, size, text.ptr, text.len, NULL, ret_len, NULL,
                             sodium_base64_VARIANT_ORIGINAL_NO_PADDING) == 0;
}

/* A MAC as senders write it: base64, or hex where that is allowed. */
static bool read_mac(struct rp_str text, bool hex, uint8_t mac[MAC_BYTES])
{
    size_t len = 0;

    if (hex && text.len == (size_t)2 * MAC_BYTES)
        return sodium_hex2bin(mac, MAC_BYTES, text.ptr, text.len, NULL, &len, NULL) == 0 &&
               len == MAC_BYTES;
    return read_base64(text, mac, MAC_BYTES, &len) && len == MAC_BYTES;
}

static void make_mac(const uint8_t *key, size_t key_len, const struct rp_str *parts, size_t count,
                     uint8_t mac[MAC_BYTES])
{
    crypto_auth_hmacsha256_state state;

    crypto_auth_hmacsha256_init(&state, key, key_len);
    for (size_t i = 0; i < count; i++)
        crypto_auth_hmacsha256_update(&state, (const uint8_t *)parts[i].ptr, parts[i].len);
    crypto_auth_hmacsha256_final(&state, mac);
    sodium_memzero(&state, sizeof(state));
}

static bool is_signed(struct rp_str key, const struct rp_str *parts, size_t count,
                      struct rp_str signature, bool hex)
{
    uint8_t made[MAC_BYTES], given[MAC_BYTES];

    make_mac((const uint8_t *)key.ptr, key.len, parts, count, made);
    return read_mac(signature, hex, given) && sodium_memcmp(made, given, MAC_BYTES) == 0;
}

/* A whole number of `unit` milliseconds, near enough to now. */
static bool is_fresh(struct rp_str text, int64_t unit, int64_t now_ms)
{
    int64_t value = 0;

    if (text.len == 0 || text.len > 15)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
        value = value * 10 + (text.ptr[i] - '0');
    }
    value *= unit;
    return value >= now_ms - RP_WEBHOOK_AGE_MAX_MS && value <= now_ms + RP_WEBHOOK_AGE_MAX_MS;
}

static const char stale[] = "the request's timestamp is missing, or more than five minutes away "
                            "from this server's clock: it may be a replay";
static const char missing[] = "the request has no signature in the header that this source uses";
static const char wrong[] =
    "the signature does not fit the body and the secret of this source in ripen.lua";
static const char wrong_uri[] =
    "the signature does not fit; it covers the address that HubSpot was given: set `url` of this "
    "source to it when a proxy stands before this server";

/* ---- HubSpot --------------------------------------------------------------------------------- */

/* The encodings that HubSpot's table takes off before it signs; a '?' in the path stays. */
static struct rp_str hubspot_uri(struct rp_arena *arena, struct rp_str uri)
{
    static const char table[][4] = {"3A:", "2F/", "3F?", "40@", "21!", "24$",
                                    "27'", "28(", "29)", "2A*", "2C,", "3B;"};
    char *out = rp_arena_alloc(arena, uri.len + 1);
    size_t len = 0;

    for (size_t i = 0; i < uri.len; i++) {
        out[len++] = uri.ptr[i];
        for (size_t t = 0; uri.ptr[i] == '%' && uri.len - i > 2 && t < RP_COUNT(table); t++) {
            char high = uri.ptr[i + 1], low = uri.ptr[i + 2];
            low = (char)(low >= 'a' && low <= 'f' ? low - 'a' + 'A' : low);
            if (high == table[t][0] && low == table[t][1]) {
                out[len - 1] = table[t][2];
                i += 2;
                break;
            }
        }
    }
    return (struct rp_str){out, len};
}

static const char *verify_hubspot(struct rp_arena *arena, const struct rp_source_door *source,
                                  const struct rp_hook *hook)
{
    const char *query = hook->target.len ? memchr(hook->target.ptr, '?', hook->target.len) : NULL;
    struct rp_str rest =
        query && source->url.len && !memchr(source->url.ptr, '?', source->url.len)
            ? (struct rp_str){query, hook->target.len - (size_t)(query - hook->target.ptr)}
            : RP_STR("");
    struct rp_str uris[] = {
        rp_arena_printf(arena, "https://%.*s%.*s", RP_STR_ARG(hook->host),
                        RP_STR_ARG(hook->target)),
        rp_arena_printf(arena, "http://%.*s%.*s", RP_STR_ARG(hook->host), RP_STR_ARG(hook->target)),
    };
    size_t count = RP_COUNT(uris);

    if (!is_fresh(hook->timestamp, 1, hook->now_ms))
        return stale;
    if (source->url.len > 0) {
        uris[0] = rp_arena_printf(arena, "%.*s%.*s", RP_STR_ARG(source->url), RP_STR_ARG(rest));
        count = 1;
    }
    for (size_t i = 0; i < count; i++) {
        struct rp_str parts[] = {hook->method, hubspot_uri(arena, uris[i]), hook->body,
                                 hook->timestamp};
        if (is_signed(source->secret, parts, RP_COUNT(parts), hook->signature, false))
            return NULL;
    }
    return wrong_uri;
}

/* ---- Standard Webhooks ----------------------------------------------------------------------- */

static const char *verify_standard(const struct rp_source_door *source, const struct rp_hook *hook)
{
    static const struct rp_str prefix = {"whsec_", 6}, version = {"v1,", 3};
    struct rp_str parts[] = {hook->id, RP_STR("."), hook->timestamp, RP_STR("."), hook->body};
    struct rp_str list = hook->signature, key = source->secret;
    uint8_t bytes[KEY_MAX];
    bool good = false;

    if (hook->id.len == 0)
        return "the request has no webhook-id";
    if (!is_fresh(hook->timestamp, RP_SECOND, hook->now_ms))
        return stale;
    if (rp_str_starts(key, prefix)) {
        size_t len = 0;
        key = (struct rp_str){key.ptr + prefix.len, key.len - prefix.len};
        if (!read_base64(key, bytes, sizeof(bytes), &len) || len == 0)
            return "the secret of this source starts with whsec_ but is not base64 behind it";
        key = (struct rp_str){(const char *)bytes, len};
    }
    for (size_t i = 0; i < SIGNATURES_MAX && list.len > 0; i++) {
        const char *space = memchr(list.ptr, ' ', list.len);
        size_t len = space ? (size_t)(space - list.ptr) : list.len;
        struct rp_str one = {list.ptr, len};
        if (rp_str_starts(one, version)) {
            one = (struct rp_str){one.ptr + version.len, one.len - version.len};
            good |= is_signed(key, parts, RP_COUNT(parts), one, false);
        }
        list.ptr += space ? len + 1 : len;
        list.len -= space ? len + 1 : len;
    }
    sodium_memzero(bytes, sizeof(bytes));
    return good ? NULL : wrong;
}

/* ---- Who sends e-mail for us ----------------------------------------------------------------- */

static const char *verify_mailgun(struct rp_arena *arena, const struct rp_source_door *source,
                                  const struct rp_hook *hook)
{
    static const char *const paths[] = {"signature.timestamp", "signature.token",
                                        "signature.signature"};
    struct rp_str found[RP_COUNT(paths)];

    for (size_t i = 0; i < RP_COUNT(paths); i++) {
        if (!rp_pick_text(arena, hook->body, rp_str_from(paths[i]), &found[i]))
            return "the body has no `signature` with timestamp, token and signature, as Mailgun's "
                   "webhooks have it";
    }
    if (!is_fresh(found[0], RP_SECOND, hook->now_ms))
        return stale;
    return is_signed(source->secret, found, 2, found[2], true) ? NULL : wrong;
}

/* Whether two texts are equal, in a time that tells nothing of the first. */
static bool is_secret(struct rp_str secret, struct rp_str given)
{
    uint8_t made[MAC_BYTES], told[MAC_BYTES];

    make_mac((const uint8_t *)secret.ptr, secret.len, &secret, 1, made);
    make_mac((const uint8_t *)secret.ptr, secret.len, &given, 1, told);
    return sodium_memcmp(made, told, MAC_BYTES) == 0;
}

static const char *verify_shared(const struct rp_source_door *source, const struct rp_hook *hook)
{
    static const struct rp_str basic = {"Basic ", 6};
    struct rp_str coded = hook->authorization;
    uint8_t bytes[KEY_MAX];
    size_t len = 0;
    bool good = (hook->key.len > 0 && is_secret(source->secret, hook->key)) ||
                (hook->signature.len > 0 && is_secret(source->secret, hook->signature));

    if (rp_str_starts(coded, basic)) {
        const uint8_t *colon = NULL;
        coded = (struct rp_str){coded.ptr + basic.len, coded.len - basic.len};
        if (read_base64(coded, bytes, sizeof(bytes), &len) && len > 0)
            colon = memchr(bytes, ':', len);
        if (colon)
            good |= is_secret(source->secret, (struct rp_str){(const char *)colon + 1,
                                                              len - (size_t)(colon + 1 - bytes)});
        sodium_memzero(bytes, sizeof(bytes));
    }
    return good ? NULL
                : "the request does not bring the secret of this source along: as the password of "
                  "Basic authentication, as ?key= of the address, or in the source's header";
}

/* "sha256=…" and "v1=…" name the algorithm; what follows is the signature. */
static struct rp_str without_algorithm(struct rp_str signature)
{
    static const struct rp_str prefixes[] = {{"sha256=", 7}, {"v1=", 3}};

    for (size_t i = 0; i < RP_COUNT(prefixes); i++) {
        if (rp_str_starts(signature, prefixes[i]))
            return (struct rp_str){signature.ptr + prefixes[i].len,
                                   signature.len - prefixes[i].len};
    }
    return signature;
}

const char *rp_hook_verify(struct rp_arena *arena, const struct rp_source_door *source,
                           const struct rp_hook *hook)
{
    if (source->secret.len == 0) /* the HMAC of no key is anybody's */
        return "this source has no secret in ripen.lua";
    if (source->verify == RP_VERIFY_MAILGUN)
        return verify_mailgun(arena, source, hook);
    if (rp_mail_sends_notices(source->verify))
        return verify_shared(source, hook);
    if (hook->signature.len == 0)
        return missing;
    switch (source->verify) {
    case RP_VERIFY_HUBSPOT:
        return verify_hubspot(arena, source, hook);
    case RP_VERIFY_STANDARD:
        return verify_standard(source, hook);
    case RP_VERIFY_MAUTIC:
        return is_signed(source->secret, &hook->body, 1, hook->signature, false) ? NULL : wrong;
    case RP_VERIFY_HMAC:
    case RP_VERIFY_SENDGRID:
    case RP_VERIFY_POSTMARK:
    case RP_VERIFY_MAILGUN:
    case RP_VERIFY_SES:
    case RP_VERIFY_COUNT:
        break;
    }
    return is_signed(source->secret, &hook->body, 1, without_algorithm(hook->signature), true)
               ? NULL
               : wrong;
}
