/* SPDX-License-Identifier: MIT */
/* HubSpot, CRM API v3: a contact is read by its e-mail (idProperty) or its id, then created or
 * patched. Every value is a text. Known of its answers: 404 means that there is none, 409 that
 * there is one after all, 429 names the limit that was reached (policyName). */
#include "base/json_write.h"
#include "base/when.h"
#include "deliver/crm_priv.h"

#include <string.h>

static struct rp_str object(struct rp_str wanted)
{
    return wanted.len == 0 || rp_str_is(wanted, "lead") || rp_str_is(wanted, "contact")
               ? RP_STR("contacts")
               : wanted;
}

static void put_record(const struct rp_crm_flow *flow, struct rp_buf *url)
{
    rp_buf_printf(url, "%.*s/crm/v3/objects/%.*s", RP_STR_ARG(flow->target->url),
                  RP_STR_ARG(flow->object));
}

static void find(struct rp_crm_flow *flow)
{
    struct rp_str key = flow->id_remembered ? flow->id : flow->value;
    struct rp_buf url = {0};

    put_record(flow, &url);
    rp_buf_printf(&url, "/%.*s?", RP_STR_ARG(rp_crm_escape(&flow->arena, key)));
    if (!flow->id_remembered)
        rp_buf_printf(&url, "idProperty=%.*s&",
                      RP_STR_ARG(rp_crm_escape(&flow->arena, flow->match)));
    rp_buf_text(&url, "properties=");
    for (uint32_t i = 0; i < flow->field_count; i++)
        rp_buf_printf(&url, "%s%.*s", i ? "," : "",
                      RP_STR_ARG(rp_crm_escape(&flow->arena, flow->fields[i].name)));
    rp_crm_ask(flow, "GET", rp_buf_view(&url));
    rp_buf_fini(&url);
}

static enum rp_crm_found found(struct rp_crm_flow *flow, int http_status, struct rp_str body)
{
    struct rp_str id = rp_crm_scalar(&flow->arena, rp_crm_member(&flow->arena, body, "id"));

    if (http_status == 404)
        return RP_CRM_NONE;
    if (id.len == 0)
        return RP_CRM_UNKNOWN;
    flow->id = id;
    rp_crm_take_current(flow, rp_crm_member(&flow->arena, body, "properties"));
    return RP_CRM_ONE;
}

static void put_properties(struct rp_crm_flow *flow, const char *method, struct rp_str url,
                           bool all)
{
    struct rp_buf body = {0};
    struct rp_jw jw = rp_jw(&body);
    bool has_match = false;

    rp_jw_object(&jw);
    rp_jw_key(&jw, "properties");
    rp_jw_object(&jw);
    for (uint32_t i = 0; i < flow->field_count; i++) {
        const struct rp_crm_field *field = &flow->fields[i];

        has_match |= rp_str_eq(field->name, flow->match);
        if (all || field->write)
            rp_crm_put_text(&jw, field->name, field->text);
    }
    if (all && !has_match)
        rp_crm_put_text(&jw, flow->match, flow->value);
    rp_jw_object_end(&jw);
    rp_jw_object_end(&jw);
    rp_crm_ask_body(flow, method, url, &body);
}

static void create(struct rp_crm_flow *flow)
{
    struct rp_buf url = {0};

    put_record(flow, &url);
    put_properties(flow, "POST", rp_buf_view(&url), true);
    rp_buf_fini(&url);
}

static void update(struct rp_crm_flow *flow)
{
    struct rp_buf url = {0};

    put_record(flow, &url);
    rp_buf_printf(&url, "/%.*s", RP_STR_ARG(rp_crm_escape(&flow->arena, flow->id)));
    put_properties(flow, "PATCH", rp_buf_view(&url), false);
    rp_buf_fini(&url);
}

static struct rp_str created(struct rp_crm_flow *flow, struct rp_str body)
{
    return rp_crm_scalar(&flow->arena, rp_crm_member(&flow->arena, body, "id"));
}

/* "Contact already exists. Existing ID: 51", also when it is there under its second e-mail. */
static struct rp_str existing(struct rp_crm_flow *flow, struct rp_str body)
{
    static const char before[] = "Existing ID: ";
    struct rp_str message =
        rp_crm_scalar(&flow->arena, rp_crm_member(&flow->arena, body, "message"));
    const char *at =
        message.len > 0 ? memmem(message.ptr, message.len, before, sizeof(before) - 1) : NULL;
    struct rp_str id = {at ? at + sizeof(before) - 1 : NULL, 0};

    while (id.ptr && id.ptr + id.len < message.ptr + message.len && id.ptr[id.len] >= '0' &&
           id.ptr[id.len] <= '9')
        id.len++;
    return id.len > 0 ? id : (struct rp_str){0};
}

static enum rp_crm_verdict error(struct rp_crm_flow *flow, int http_status, struct rp_str body,
                                 struct rp_str *ret_words)
{
    struct rp_str message =
        rp_crm_scalar(&flow->arena, rp_crm_member(&flow->arena, body, "message"));
    struct rp_str policy =
        rp_crm_scalar(&flow->arena, rp_crm_member(&flow->arena, body, "policyName"));

    if (message.len > 0)
        *ret_words = message;
    if (http_status == 429 && rp_str_is(policy, "DAILY"))
        flow->pause_ms = RP_HOUR; /* the day's budget comes back at midnight there */
    return RP_CRM_ASK;
}

const struct rp_crm_ways rp_crm_hubspot = {
    .name = "HubSpot",
    .url = "https://api.hubapi.com",
    .email = "email",
    .rate = 90, /* of 100 in ten seconds, which people's other tools share */
    .object = object,
    .find = find,
    .found = found,
    .create = create,
    .update = update,
    .created = created,
    .existing = existing,
    .error = error,
};
