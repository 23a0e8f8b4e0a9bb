/* SPDX-License-Identifier: MIT */
/* Errors as JSON, and the two questions about a request's origin that doors without CORS ask. */
#include "net/answer.h"

#include "base/json_write.h"
#include "net/url.h"

#include <strings.h>

void rp_http_error(struct rp_http_request *request, int status, const char *code,
                   struct rp_str message)
{
    struct rp_buf body = {0};
    struct rp_jw jw = rp_jw(&body);

    rp_jw_object(&jw);
    rp_jw_key(&jw, "error");
    rp_jw_object(&jw);
    rp_jw_put_text(&jw, "code", code);
    rp_jw_put_str(&jw, "message", message);
    rp_jw_object_end(&jw);
    rp_jw_object_end(&jw);
    rp_http_reply(request, status, "application/json", rp_buf_view(&body));
    rp_buf_fini(&body);
}

void rp_http_not_allowed(struct rp_http_request *request, const char *allow)
{
    rp_http_reply_header(request, "Allow", rp_str_from(allow));
    rp_http_error(request, 405, "method_not_allowed",
                  rp_arena_printf(request->arena, "this address answers %s", allow));
}

bool rp_http_host_loopback(const struct rp_http_request *request)
{
    return rp_url_host_loopback(rp_http_header(request, "Host"));
}

bool rp_http_cross_site(const struct rp_http_request *request)
{
    struct rp_str site = rp_http_header(request, "Sec-Fetch-Site");
    struct rp_str origin = rp_http_header(request, "Origin");
    struct rp_str host = rp_http_header(request, "Host");

    if (site.len > 0)
        return !rp_str_is(site, "same-origin") && !rp_str_is(site, "none");
    if (origin.len == 0)
        return false;
    const char *mark = memmem(origin.ptr, origin.len, "://", 3);
    if (!mark)
        return true; /* "null" */
    struct rp_str name = {mark + 3, origin.len - (size_t)(mark + 3 - origin.ptr)};
    return name.len != host.len || strncasecmp(name.ptr, host.ptr, host.len) != 0;
}
