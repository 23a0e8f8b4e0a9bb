/* SPDX-License-Identifier: MIT */
/* Where a webhook may go. Addresses are judged when the socket is opened, after name resolution, so
 * that neither a name that points inside nor one that changes its mind gets through. */
#ifndef RP_DELIVER_GUARD_H
#define RP_DELIVER_GUARD_H

#include "base/err.h"
#include "base/str.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include <curl/curl.h>

/* NULL when the address is public; else why it is not ("private network", "loopback" …). Families
 * other than IPv4 and IPv6 are never public. An IPv4 address inside an IPv6 one is judged as such.
 */
const char *rp_guard_reason(const struct sockaddr *address);

/* One attempt's guard; lives as long as its easy handle. */
struct rp_guard {
    bool allow_private;
    bool opened;                    /* one of the host's addresses was public */
    const char *reason;             /* of the last refusal; NULL: nothing was refused */
    char address[INET6_ADDRSTRLEN]; /* that was refused */
};

/* A curl_opensocket_callback; clientp is a struct rp_guard. Refuses by CURL_SOCKET_BAD. */
curl_socket_t rp_guard_open(void *clientp, curlsocktype purpose, struct curl_sockaddr *address);

/* http or https with a host, no user name, no password, no zone. EINPUT with the reason; the text
 * shows no more of the URL than its scheme and host, since paths may hold tokens. */
int rp_guard_url(struct rp_str url, struct rp_err *err);

#endif
