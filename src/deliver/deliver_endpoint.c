/* SPDX-License-Identifier: MIT */
/* An endpoint as the configuration gives it: its url judged, its secrets copied, and wiped at the
 * end. */
#include "deliver/deliver_priv.h"
#include "deliver/guard.h"

#include <stdlib.h>
#include <string.h>

#define PARALLEL_DEFAULT 8
#define TIMEOUT_DEFAULT  (15 * RP_SECOND)

static void drop_text(struct rp_str text)
{
    free((void *)(uintptr_t)text.ptr);
}

/* Tokens are wiped before they are freed. */
static void drop_secret(struct rp_str text)
{
    if (text.ptr)
        explicit_bzero((void *)(uintptr_t)text.ptr, text.len);
    drop_text(text);
}

static void fini_crm(struct rp_crm_place *crm)
{
    drop_text(crm->target.url);
    drop_text(crm->target.version);
    drop_text(crm->target.header);
    drop_text(crm->target.method);
    drop_text(crm->target.path);
    drop_secret(crm->target.token);
    drop_secret(crm->target.client_id);
    drop_secret(crm->target.client_secret);
    drop_secret(crm->token);
}

void rp_target_fini(struct rp_target *endpoint)
{
    fini_crm(&endpoint->crm);
    free((void *)(uintptr_t)endpoint->target.name.ptr);
    free((void *)(uintptr_t)endpoint->target.url);
    rp_sign_key_wipe(&endpoint->target.key);
}

static struct rp_str own(struct rp_str text)
{
    return (struct rp_str){rp_strndup(text.ptr ? text.ptr : "", text.len), text.len};
}

static void init_crm(struct rp_target *endpoint, const struct rp_endpoint *wanted,
                     struct rp_str url)
{
    const struct rp_endpoint_crm *crm = &wanted->crm;

    while (url.len > 0 && url.ptr[url.len - 1] == '/')
        url.len--;
    endpoint->crm = (struct rp_crm_place){.target = {.preset = crm->preset,
                                                     .name = endpoint->target.name,
                                                     .url = own(url),
                                                     .token = own(crm->token),
                                                     .client_id = own(crm->client_id),
                                                     .client_secret = own(crm->client_secret),
                                                     .version = own(crm->version),
                                                     .header = own(crm->header),
                                                     .method = own(crm->method),
                                                     .path = own(crm->path),
                                                     .read = crm->read},
                                          .token = own(RP_STR("")),
                                          .timeout_ms = endpoint->target.timeout_ms,
                                          .allow_private = wanted->allow_private,
                                          .asked = rp_target_asked,
                                          .ctx = endpoint};
}

int rp_target_init(struct rp_deliver *deliver, struct rp_target *endpoint,
                   const struct rp_endpoint *wanted, struct rp_err *err)
{
    struct rp_err why = {0};
    struct rp_str url = wanted->url.len > 0 ? wanted->url : rp_crm_url(wanted->crm.preset);
    int status = rp_guard_url(url, &why);

    if (!status)
        status = rp_sign_key_read(wanted->secret, &endpoint->target.key, &why);
    if (status)
        return rp_err_set(err, status, "endpoint \"%.*s\": %s", RP_STR_ARG(wanted->name), why.text);
    endpoint->deliver = deliver;
    endpoint->parallel = wanted->parallel > 0 ? wanted->parallel : PARALLEL_DEFAULT;
    endpoint->curl = wanted->allow_private ? deliver->private_curl : deliver->public_curl;
    endpoint->target.name =
        (struct rp_str){rp_strndup(wanted->name.ptr, wanted->name.len), wanted->name.len};
    endpoint->target.url = rp_strndup(url.ptr, url.len);
    endpoint->target.timeout_ms = wanted->timeout_ms > 0 ? wanted->timeout_ms : TIMEOUT_DEFAULT;
    endpoint->target.allow_private = wanted->allow_private;
    rp_pace_init(&endpoint->pace, endpoint->parallel, uv_now(deliver->loop));
    init_crm(endpoint, wanted, url);
    rp_budget_init(&endpoint->budget,
                   wanted->crm.rate > 0 ? wanted->crm.rate * 10 : rp_crm_rate(wanted->crm.preset),
                   uv_now(deliver->loop));
    return RIPEN_OK;
}
