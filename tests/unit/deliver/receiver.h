/* SPDX-License-Identifier: MIT */
/* A small HTTP receiver on loopback, on the test's own loop. It reads whole requests, asks the test
 * what to answer, and can hold answers back until it is told. */
#ifndef TEST_DELIVER_RECEIVER_H
#define TEST_DELIVER_RECEIVER_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

#include <uv.h>

#define RECEIVER_HOLD 0  /* answer when receiver_release is called */
#define RECEIVER_DROP -1 /* close without an answer */
#define RECEIVER_RAW  -2 /* send `raw` as it is and keep the connection open */

struct receiver;

struct reply {
    int status;          /* or one of the above */
    const char *headers; /* complete lines, or NULL */
    struct rp_str body, raw;
};

/* `head` is the request line and the headers, `body` the body. */
typedef struct reply receiver_fn(struct receiver *receiver, struct rp_str head, struct rp_str body);

struct receiver {
    uv_tcp_t listener;
    int port;
    receiver_fn *answer;
    void *ctx;
    size_t connections, requests, held, held_most;
    struct conn *conns;
};

void receiver_open(struct receiver *receiver, uv_loop_t *loop, receiver_fn *answer, void *ctx);
/* Answers all that are held. */
void receiver_release(struct receiver *receiver, int status);
/* The value of a header of `head`, "" when there is none; name in lower case. */
struct rp_str receiver_header(struct rp_str head, const char *name);
void receiver_close(struct receiver *receiver); /* run the loop after it */

#endif
