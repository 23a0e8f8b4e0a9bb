/* SPDX-License-Identifier: MIT */
/* The guard against requests into one's own network (SSRF): a table of address ranges that are not
 * the public internet, and the check of URLs. Knows addresses; must not know endpoints or rows.
 * Invariant: without allow_private no socket is made for an address of the table. */
#include "deliver/guard.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <unistd.h>

struct range {
    uint8_t bytes[16];
    int bits;
    const char *reason;
};

/* Special-purpose registries of IANA, and 168.63.129.16, where Azure serves its hosts. */
static const struct range ranges4[] = {
    {{0}, 8, "this network"},
    {{10}, 8, "private network"},
    {{100, 64}, 10, "carrier's private network"},
    {{127}, 8, "loopback"},
    {{168, 63, 129, 16}, 32, "cloud metadata"},
    {{169, 254}, 16, "link-local or cloud metadata"},
    {{172, 16}, 12, "private network"},
    {{192, 0, 0}, 24, "protocol assignments"},
    {{192, 0, 2}, 24, "documentation"},
    {{192, 88, 99}, 24, "6to4 relay"},
    {{192, 168}, 16, "private network"},
    {{198, 18}, 15, "benchmarking"},
    {{198, 51, 100}, 24, "documentation"},
    {{203, 0, 113}, 24, "documentation"},
    {{224}, 4, "multicast"},
    {{240}, 4, "reserved or broadcast"},
};

static const struct range ranges6[] = {
    {{0}, 96, "loopback, unspecified or IPv4-compatible"},
    {{[8] = 0xff, [9] = 0xff}, 96, "IPv4-translated"},
    {{0x00, 0x64, 0xff, 0x9b}, 96, "NAT64"},
    {{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}, 48, "local NAT64"},
    {{0x01, 0x00}, 64, "discard"},
    {{0x20, 0x01}, 23, "protocol assignments"},
    {{0x20, 0x01, 0x0d, 0xb8}, 32, "documentation"},
    {{0x20, 0x02}, 16, "6to4"},
    {{0x3f, 0xff}, 20, "documentation"},
    {{0x5f, 0x00}, 16, "segment routing"},
    {{0xfc, 0x00}, 7, "private network"},
    {{0xfe, 0x80}, 10, "link-local"},
    {{0xfe, 0xc0}, 10, "site-local"},
    {{0xff, 0x00}, 8, "multicast"},
};

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff}; /* ::ffff:0:0/96 */

static bool in_range(const uint8_t *address, const struct range *range)
{
    int whole = range->bits / 8, rest = range->bits % 8;

    if (memcmp(address, range->bytes, (size_t)whole) != 0)
        return false;
    return rest == 0 || (address[whole] ^ range->bytes[whole]) >> (8 - rest) == 0;
}

static const char *find(const uint8_t *address, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (in_range(address, &ranges[i]))
            return ranges[i].reason;
    }
    return NULL;
}

const char *rp_guard_reason(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof(in));
        return find((const uint8_t *)&in.sin_addr, ranges4, RP_COUNT(ranges4));
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, address, sizeof(in6));
        const uint8_t *bytes = in6.sin6_addr.s6_addr;
        if (memcmp(bytes, mapped, sizeof(mapped)) == 0)
            return find(bytes + sizeof(mapped), ranges4, RP_COUNT(ranges4));
        return find(bytes, ranges6, RP_COUNT(ranges6));
    }
    return "not an internet address";
}

static void print_address(const struct sockaddr *address, char out[INET6_ADDRSTRLEN])
{
    const void *bytes = NULL;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;

    memcpy(out, "?", 2);
    if (address->sa_family == AF_INET) {
        memcpy(&in, address, sizeof(in));
        bytes = &in.sin_addr;
    } else if (address->sa_family == AF_INET6) {
        memcpy(&in6, address, sizeof(in6));
        bytes = &in6.sin6_addr;
    }
    if (bytes)
        inet_ntop(address->sa_family, bytes, out, INET6_ADDRSTRLEN);
}

curl_socket_t rp_guard_open(void *clientp, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct rp_guard *guard = clientp;
    const char *reason = guard->allow_private ? NULL : rp_guard_reason(&address->addr);

    (void)purpose;
    if (reason) {
        guard->reason = reason;
        print_address(&address->addr, guard->address);
        return CURL_SOCKET_BAD;
    }
    guard->opened = true;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* The part, or NULL when the URL has none; free with curl_free. */
static char *part(CURLU *url, CURLUPart what)
{
    char *text = NULL;

    return curl_url_get(url, what, &text, 0) == CURLUE_OK ? text : NULL;
}

static int check_parts(CURLU *parsed, struct rp_err *err)
{
    char *scheme = part(parsed, CURLUPART_SCHEME), *host = part(parsed, CURLUPART_HOST);
    char *user = part(parsed, CURLUPART_USER), *password = part(parsed, CURLUPART_PASSWORD);
    char *zone = part(parsed, CURLUPART_ZONEID);
    int status = RIPEN_OK;

    if (!scheme || (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0))
        status =
            rp_err_set(err, RIPEN_EINPUT, "the url starts with %s:// ; use https:// or http://",
                       scheme ? scheme : "?");
    else if (user || password)
        status = rp_err_set(err, RIPEN_EINPUT,
                            "the url for %s holds a user name or password; requests are signed "
                            "with `secret` instead",
                            host ? host : "?");
    else if (!host || host[0] == '\0')
        status = rp_err_set(err, RIPEN_EINPUT, "the url names no host");
    else if (zone)
        status = rp_err_set(err, RIPEN_EINPUT,
                            "the url for %s holds an IPv6 zone; use the address without it", host);
    curl_free(scheme);
    curl_free(host);
    curl_free(user);
    curl_free(password);
    curl_free(zone);
    return status;
}

int rp_guard_url(struct rp_str url, struct rp_err *err)
{
    if (url.len == 0)
        return rp_err_set(err, RIPEN_EINPUT, "there is no url");
    for (size_t i = 0; i < url.len; i++) {
        unsigned char c = (unsigned char)url.ptr[i];
        if (c <= 0x20 || c == 0x7f)
            return rp_err_set(err, RIPEN_EINPUT,
                              "the url has a space or a control character at its byte %zu", i + 1);
    }
    CURLU *parsed = curl_url();
    char *text = rp_strndup(url.ptr, url.len);
    RP_ASSERT(parsed != NULL);
    CURLUcode code = curl_url_set(parsed, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME);
    int status = code == CURLUE_OK ? check_parts(parsed, err)
                                   : rp_err_set(err, RIPEN_EINPUT, "the url cannot be read: %s",
                                                curl_url_strerror(code));
    free(text);
    curl_url_cleanup(parsed);
    return status;
}
