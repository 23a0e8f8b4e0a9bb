/* SPDX-License-Identifier: MIT */
/* A server with a handler that tells what it got: for the tests of net/. Its loop has a thread of
 * its own. Paths: /echo answers at once, /later after 30 ms, /never only when the server stops,
 * /big with a megabyte; everything else is like /echo. */
#ifndef TESTS_NET_SERVER_H
#define TESTS_NET_SERVER_H

#include "net/http.h"

struct net_server;

struct net_server *net_server_start(size_t body_bytes_max, size_t connections_max, int64_t idle_ms,
                                    int64_t slow_ms);
int net_server_port(const struct net_server *server);
/* Tells it to stop; net_server_join waits for the end and frees. */
void net_server_stop(struct net_server *server, int64_t grace_ms);
void net_server_join(struct net_server *server);
size_t net_server_requests(struct net_server *server);

#endif
