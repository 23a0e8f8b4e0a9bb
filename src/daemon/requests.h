/* SPDX-License-Identifier: MIT */
/* Answers commands that run beside the server on the same file (store/requests.h): they know no
 * address and no key, and need none. Loop thread. */
#ifndef RP_DAEMON_REQUESTS_H
#define RP_DAEMON_REQUESTS_H

#include "daemon/reload.h"
#include "daemon/writer.h"

struct rp_requests;

/* store: read-only, the loop's. status writes a JSON object. Rows of before the start are nobody's.
 */
struct rp_requests *rp_requests_new(uv_loop_t *loop, struct rp_store *store,
                                    struct rp_writer *writer, struct rp_reload *reload,
                                    void (*status)(void *ctx, struct rp_buf *out), void *ctx);
void rp_requests_stop(struct rp_requests *requests); /* closes its timer */
/* After the loop has ended and the writer was joined. NULL: no effect. */
void rp_requests_free(struct rp_requests *requests);

#endif
