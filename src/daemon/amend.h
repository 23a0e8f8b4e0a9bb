/* SPDX-License-Identifier: MIT */
/* Corrections that come over HTTP, on their way to the writer and back. The loop thread. */
#ifndef RP_DAEMON_AMEND_H
#define RP_DAEMON_AMEND_H

#include "daemon/writer.h"
#include "net/http.h"

struct rp_amends;
struct rp_amends *rp_amends_new(struct rp_writer *writer);
/* Answers what never came back with 503. To be called when the writer was joined; NULL: no effect.
 */
void rp_amends_free(struct rp_amends *amends);

/* Has core/amend.h do what `verb` and `body` say, and answers the request with what became of it.
 * The texts are copied. */
void rp_amends_ask(struct rp_amends *amends, struct rp_http_request *request, struct rp_str verb,
                   struct rp_str body, struct rp_str author);

/* Which HTTP status goes with the result of rp_core_amend. */
int rp_amend_http(int status);

#endif
