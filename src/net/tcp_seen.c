/* SPDX-License-Identifier: MIT */
/* What the kernel knows about a connection: whether a client that has not completed a request sent
 * anything at all. A file of its own because <linux/tcp.h>, which has the counters, cannot be
 * included beside <netinet/tcp.h>. */
#include "net/tcp_seen.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

bool rp_tcp_seen(int fd, struct rp_tcp_seen *ret_seen)
{
    struct tcp_info info;
    socklen_t len = sizeof(info);

    memset(&info, 0, sizeof(info));
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0)
        return false;
    ret_seen->bytes = info.tcpi_bytes_received;
    ret_seen->silence_ms = info.tcpi_last_data_recv;
    return true;
}
