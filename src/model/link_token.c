/* SPDX-License-Identifier: MIT */
/* A token is base64url(kind, lead, action, about), a dot, and 128 bits of keyed BLAKE2b over all of
 * them; the three texts have their length in front, in one byte for the ids. The kind is part of
 * what is signed and must be the path's. Knows bytes alone: no store, no HTTP. */
#include "model/link_token.h"

#include "base/err.h"
#include "base/hash.h"

#include <string.h>

#define VERSION      1
#define ID_MAX_BYTES 64
#define SIGN_BYTES   26

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static const struct rp_str paths[RP_LINK_KINDS] = {
    [RP_LINK_OPEN] = {"/e/o/", 5},
    [RP_LINK_CLICK] = {"/e/c/", 5},
    [RP_LINK_UNSUBSCRIBE] = {"/e/u/", 5},
    [RP_LINK_TRAP] = {"/e/t/", 5},
};

struct rp_str rp_link_path(enum rp_link_kind kind)
{
    RP_ASSERT((size_t)kind < RP_LINK_KINDS);
    return paths[kind];
}

static bool is_web_address(struct rp_str url)
{
    bool web = rp_str_starts(url, RP_STR("https://")) || rp_str_starts(url, RP_STR("http://"));

    for (size_t i = 0; i < url.len && web; i++)
        web = (unsigned char)url.ptr[i] > ' ' && url.ptr[i] != 0x7f && url.ptr[i] != '\\';
    return web && url.len <= RP_LINK_URL_MAX;
}

static bool is_sound(const struct rp_link *link)
{
    if (link->lead.len > ID_MAX_BYTES || link->action.len > ID_MAX_BYTES)
        return false;
    if (link->kind == RP_LINK_CLICK)
        return is_web_address(link->about);
    return link->about.len <= (link->kind == RP_LINK_UNSUBSCRIBE ? ID_MAX_BYTES : 0);
}

static void sign(const uint8_t secret[16], struct rp_str payload, char out[SIGN_BYTES + 1])
{
    struct rp_digest *digest = rp_digest_new(secret, 16);

    rp_digest_part(digest, RP_STR("ripen link"));
    rp_digest_part(digest, payload);
    rp_digest_end(digest, out);
}

static void put_base64(struct rp_buf *out, struct rp_str bytes)
{
    uint32_t bits = 0, held = 0;

    for (size_t i = 0; i < bytes.len; i++) {
        bits = (bits << 8 | (unsigned char)bytes.ptr[i]) & 0xffff;
        for (held += 8; held >= 6; held -= 6)
            rp_buf_char(out, alphabet[bits >> (held - 6) & 63]);
    }
    if (held > 0)
        rp_buf_char(out, alphabet[bits << (6 - held) & 63]);
}

static int value_of(char c)
{
    const char *at = c ? strchr(alphabet, c) : NULL;

    return at ? (int)(at - alphabet) : -1;
}

/* False: a character that does not belong there. */
static bool get_base64(struct rp_arena *arena, struct rp_str text, struct rp_str *ret_bytes)
{
    char *bytes = rp_arena_alloc(arena, text.len + 1);
    uint32_t bits = 0, held = 0;
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        int value = value_of(text.ptr[i]);

        if (value < 0)
            return false;
        bits = (bits << 6 | (uint32_t)value) & 0xffff;
        held += 6;
        if (held >= 8) {
            held -= 8;
            bytes[len++] = (char)(bits >> held & 0xff);
        }
    }
    *ret_bytes = (struct rp_str){bytes, len};
    return true;
}

int rp_link_write(const uint8_t secret[16], const struct rp_link *link, struct rp_buf *out)
{
    struct rp_buf payload = {0};
    char mark[SIGN_BYTES + 1];

    if (!is_sound(link))
        return RIPEN_EINPUT;
    rp_buf_char(&payload, (char)(VERSION << 4 | link->kind));
    rp_buf_char(&payload, (char)link->lead.len);
    rp_buf_str(&payload, link->lead);
    rp_buf_char(&payload, (char)link->action.len);
    rp_buf_str(&payload, link->action);
    rp_buf_str(&payload, link->about);
    sign(secret, rp_buf_view(&payload), mark);
    rp_buf_str(out, paths[link->kind]);
    put_base64(out, rp_buf_view(&payload));
    rp_buf_char(out, '.');
    rp_buf_text(out, mark);
    rp_buf_fini(&payload);
    return 0;
}

/* A text with its length in front; false: it ends too early. */
static bool take_id(struct rp_str *rest, struct rp_str *ret_id)
{
    size_t len = rest->len > 0 ? (unsigned char)rest->ptr[0] : 0;

    if (rest->len < len + 1 || len > ID_MAX_BYTES)
        return false;
    *ret_id = (struct rp_str){rest->ptr + 1, len};
    *rest = (struct rp_str){rest->ptr + 1 + len, rest->len - 1 - len};
    return true;
}

static bool open_payload(struct rp_str bytes, enum rp_link_kind kind, struct rp_link *ret_link)
{
    struct rp_str rest;

    if (bytes.len == 0 || bytes.ptr[0] != (char)(VERSION << 4 | kind))
        return false;
    *ret_link = (struct rp_link){.kind = kind};
    rest = (struct rp_str){bytes.ptr + 1, bytes.len - 1};
    if (!take_id(&rest, &ret_link->lead) || !take_id(&rest, &ret_link->action))
        return false;
    ret_link->about = rest;
    return is_sound(ret_link);
}

static bool is_signed(const uint8_t secret[16], struct rp_str payload, struct rp_str mark)
{
    char own[SIGN_BYTES + 1];
    unsigned char differs = 0;

    if (mark.len != SIGN_BYTES)
        return false;
    sign(secret, payload, own);
    for (size_t i = 0; i < SIGN_BYTES; i++)
        differs |= (unsigned char)(own[i] ^ mark.ptr[i]);
    return differs == 0;
}

bool rp_link_read(struct rp_arena *arena, const uint8_t secret[16], struct rp_str path,
                  struct rp_link *ret_link)
{
    enum { TOKEN_MAX = 4 * (RP_LINK_URL_MAX + 2 * ID_MAX_BYTES + 8) / 3 + SIGN_BYTES + 8 };
    struct rp_str text, mark, payload;
    const char *dot;
    size_t kind = 0;

    while (kind < RP_LINK_KINDS && !rp_str_starts(path, paths[kind]))
        kind++;
    if (kind == RP_LINK_KINDS || path.len > TOKEN_MAX)
        return false;
    text = (struct rp_str){path.ptr + paths[kind].len, path.len - paths[kind].len};
    dot = text.len ? memchr(text.ptr, '.', text.len) : NULL;
    if (!dot)
        return false;
    mark = (struct rp_str){dot + 1, (size_t)(rp_str_end(text) - dot - 1)};
    text.len = (size_t)(dot - text.ptr);
    return get_base64(arena, text, &payload) && is_signed(secret, payload, mark) &&
           open_payload(payload, (enum rp_link_kind)kind, ret_link);
}
