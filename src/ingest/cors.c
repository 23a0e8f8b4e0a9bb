/* SPDX-License-Identifier: MIT */
/* Cross-origin rules of the ingest routes: any page may send, without cookies, and may read the
 * answer and its Retry-After. Preflights are always answered with 2xx: an SDK that cannot ask loses
 * events. */
#include "ingest/ingest_priv.h"

void rp_ingest_cors(struct rp_http_request *request)
{
    rp_http_reply_header(request, "Access-Control-Allow-Origin", RP_STR("*"));
    rp_http_reply_header(request, "Access-Control-Expose-Headers", RP_STR("Retry-After"));
}

void rp_ingest_preflight(struct rp_http_request *request, const char *methods)
{
    struct rp_str asked = rp_http_header(request, "Access-Control-Request-Headers");

    rp_ingest_cors(request);
    rp_http_reply_header(request, "Access-Control-Allow-Methods", rp_str_from(methods));
    if (asked.len > 0)
        rp_http_reply_header(request, "Access-Control-Allow-Headers", asked);
    rp_http_reply_header(request, "Access-Control-Max-Age", RP_STR("7200"));
    rp_http_reply_header(request, "Vary", RP_STR("Access-Control-Request-Headers"));
    rp_http_reply(request, 204, NULL, RP_STR(""));
}
