/* SPDX-License-Identifier: MIT */
/* HTTP/1.1 as bytes: the head of a request and the chunks of its body. Pure and strict: what two
 * parsers could read differently is refused. */
#ifndef RP_NET_HTTP_PARSE_H
#define RP_NET_HTTP_PARSE_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RP_HTTP_HEAD_MAX    ((size_t)24 * 1024) /* request line and headers */
#define RP_HTTP_HEADERS_MAX 100

struct rp_http_field {
    struct rp_str name, value; /* without the white space around it */
};

/* What is wrong with a request; status 0: nothing. The texts are literals. */
struct rp_http_fault {
    int status;
    const char *code, *message;
};

struct rp_http_head {
    struct rp_str method, target;
    bool http_1_0, keep_alive, chunked, expects_continue;
    uint64_t length; /* of the body; 0 when none is told */
    size_t field_count;
    struct rp_http_field fields[RP_HTTP_HEADERS_MAX]; /* last: not cleared for each request */
};

/* Looks for the empty line that ends a head, from *at on (0 at first; kept between calls, since
 * more bytes come behind the same ones). The length of the head, 0 when it is not complete, or -1:
 * a line does not end in CR LF, or the head is longer than RP_HTTP_HEAD_MAX (ret_fault). */
ptrdiff_t rp_http_head_find(struct rp_str bytes, size_t *at, struct rp_http_fault *ret_fault);

/* Reads a complete head; all texts borrow from it. False: ret_fault says what is wrong. */
bool rp_http_head_parse(struct rp_str head, struct rp_http_head *ret_head,
                        struct rp_http_fault *ret_fault);

/* The decoder of a chunked body; starts zeroed. */
struct rp_http_chunks {
    int state;
    int digits;      /* of the size being read */
    uint64_t left;   /* of the chunk being read */
    size_t overhead; /* bytes of extensions and trailers seen */
};

enum rp_chunk_step {
    RP_CHUNK_BAD,  /* not chunked coding */
    RP_CHUNK_MORE, /* all bytes are used up */
    RP_CHUNK_DATA, /* ret_data is a piece of the body */
    RP_CHUNK_END,  /* the body is complete */
};
/* Reads from *at on up to the next of these; *at moves behind what was read. */
enum rp_chunk_step rp_http_chunks_next(struct rp_http_chunks *chunks, struct rp_str bytes,
                                       size_t *at, struct rp_str *ret_data);

#endif
