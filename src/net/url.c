/* SPDX-License-Identifier: MIT */
/* Request targets and query strings, read byte by byte; nothing is normalised, so that a path means
 * the same to the router and to a proxy in front. */
#include "net/url.h"

#include <stdint.h>
#include <strings.h>

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static bool is_encoded(struct rp_str text, bool plus)
{
    return text.len > 0 &&
           (memchr(text.ptr, '%', text.len) || (plus && memchr(text.ptr, '+', text.len)));
}

bool rp_url_decode(struct rp_arena *arena, struct rp_str text, bool plus, struct rp_str *ret_text)
{
    if (!is_encoded(text, plus)) {
        *ret_text = text;
        return true;
    }
    char *out = rp_arena_alloc(arena, text.len);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '%') {
            int high = i + 2 < text.len ? hex(text.ptr[i + 1]) : -1;
            int low = i + 2 < text.len ? hex(text.ptr[i + 2]) : -1;
            if (high < 0 || low < 0 || (high == 0 && low == 0))
                return false;
            c = (char)(high * 16 + low);
            i += 2;
        } else if (plus && c == '+') {
            c = ' ';
        }
        out[len++] = c;
    }
    *ret_text = (struct rp_str){out, len};
    return true;
}

bool rp_url_param(struct rp_str query, size_t *at, struct rp_str *ret_name,
                  struct rp_str *ret_value)
{
    while (*at < query.len) {
        const char *start = query.ptr + *at;
        size_t left = query.len - *at;
        const char *end = memchr(start, '&', left);
        size_t len = end ? (size_t)(end - start) : left;
        *at += len + 1;
        if (len == 0)
            continue;
        const char *equals = memchr(start, '=', len);
        size_t name_len = equals ? (size_t)(equals - start) : len;
        *ret_name = (struct rp_str){start, name_len};
        *ret_value = equals ? (struct rp_str){equals + 1, len - name_len - 1} : RP_STR("");
        return true;
    }
    return false;
}

/* Behind "scheme://authority" of an absolute form. */
static bool skip_authority(struct rp_str *target)
{
    static const char *const schemes[] = {"http://", "https://"};

    for (size_t i = 0; i < RP_COUNT(schemes); i++) {
        size_t len = strlen(schemes[i]);
        if (target->len > len && strncasecmp(target->ptr, schemes[i], len) == 0) {
            size_t at = len;
            while (at < target->len && target->ptr[at] != '/' && target->ptr[at] != '?')
                at++;
            if (at == len) /* no host */
                return false;
            *target = (struct rp_str){target->ptr + at, target->len - at};
            return true;
        }
    }
    return false;
}

bool rp_url_target(struct rp_str target, struct rp_str *ret_path, struct rp_str *ret_query)
{
    if (target.len == 0)
        return false;
    if (target.ptr[0] != '/' && !rp_str_is(target, "*") && !skip_authority(&target))
        return false;
    const char *mark = target.len ? memchr(target.ptr, '?', target.len) : NULL;
    size_t path_len = mark ? (size_t)(mark - target.ptr) : target.len;
    *ret_path = path_len ? (struct rp_str){target.ptr, path_len} : RP_STR("/");
    *ret_query = mark ? (struct rp_str){mark + 1, target.len - path_len - 1} : RP_STR("");
    return true;
}

/* "127." and three more numbers of one to three digits. */
static bool is_127(struct rp_str host)
{
    size_t dots = 0, digits = 0;

    if (!rp_str_starts(host, RP_STR("127.")))
        return false;
    for (size_t i = 0; i < host.len; i++) {
        if (host.ptr[i] == '.') {
            if (digits == 0 || digits > 3)
                return false;
            dots++;
            digits = 0;
        } else if (host.ptr[i] >= '0' && host.ptr[i] <= '9') {
            digits++;
        } else {
            return false;
        }
    }
    return dots == 3 && digits >= 1 && digits <= 3;
}

bool rp_url_host_loopback(struct rp_str host)
{
    const char *close = host.len && host.ptr[0] == '[' ? memchr(host.ptr, ']', host.len) : NULL;
    size_t len = close ? (size_t)(close - host.ptr) + 1 : 0;

    while (!close && len < host.len && host.ptr[len] != ':')
        len++;
    for (size_t i = len + 1; i < host.len; i++) { /* what follows is ":" and digits */
        if (host.ptr[i] < '0' || host.ptr[i] > '9')
            return false;
    }
    if (len < host.len && host.ptr[len] != ':')
        return false;
    host.len = len;
    return (len == 9 && strncasecmp(host.ptr, "localhost", len) == 0) || is_127(host) ||
           rp_str_is(host, "[::1]");
}
