/* SPDX-License-Identifier: MIT */
/* Any CRM with one address a record: url and path with {match} in it. The record is read there
 * (unless read = false) and written by one request, a flat JSON object of the fields. 404 means
 * that there is none. */
#include "base/json_write.h"
#include "deliver/crm_priv.h"

#include <string.h>

static struct rp_str object(struct rp_str wanted)
{
    return wanted.len == 0 ? RP_STR("lead") : wanted;
}

/* {match} and {object}, escaped; all else as it is. */
static void put_url(struct rp_crm_flow *flow, struct rp_buf *url)
{
    struct rp_str left = flow->target->path;

    rp_buf_str(url, flow->target->url);
    while (left.len > 0) {
        struct rp_str value = RP_STR("");
        size_t skip = 1;

        if (rp_str_starts(left, RP_STR("{match}"))) {
            value = flow->value;
            skip = 7;
        } else if (rp_str_starts(left, RP_STR("{object}"))) {
            value = flow->object;
            skip = 8;
        } else {
            rp_buf_char(url, left.ptr[0]);
        }
        rp_buf_str(url, rp_crm_escape(&flow->arena, value));
        left = (struct rp_str){left.ptr + skip, left.len - skip};
    }
}

static void write_record(struct rp_crm_flow *flow, bool all)
{
    struct rp_buf url = {0}, body = {0};
    struct rp_jw jw = rp_jw(&body);
    bool has_match = false;

    rp_jw_object(&jw);
    for (uint32_t i = 0; i < flow->field_count; i++) {
        const struct rp_crm_field *field = &flow->fields[i];

        has_match |= rp_str_eq(field->name, flow->match);
        if (all || field->write)
            rp_crm_put_raw(&jw, field->name, field->wanted);
    }
    if (!has_match)
        rp_crm_put_text(&jw, flow->match, flow->value);
    rp_jw_object_end(&jw);
    put_url(flow, &url);
    rp_crm_ask_body(flow,
                    rp_str_is(flow->target->method, "POST")    ? "POST"
                    : rp_str_is(flow->target->method, "PATCH") ? "PATCH"
                                                               : "PUT",
                    rp_buf_view(&url), &body);
    rp_buf_fini(&url);
}

static void create(struct rp_crm_flow *flow)
{
    write_record(flow, true);
}

static void update(struct rp_crm_flow *flow)
{
    write_record(flow, false);
}

/* Without reading, the one request that is sent makes or changes the record. */
static void find(struct rp_crm_flow *flow)
{
    struct rp_buf url = {0};

    flow->id = flow->value;
    flow->id_remembered = false;
    if (!flow->target->read) {
        for (uint32_t i = 0; i < flow->field_count; i++)
            flow->fields[i].write = true;
        flow->step = RP_CRM_UPDATE;
        write_record(flow, true);
        return;
    }
    put_url(flow, &url);
    rp_crm_ask(flow, "GET", rp_buf_view(&url));
    rp_buf_fini(&url);
}

static enum rp_crm_found found(struct rp_crm_flow *flow, int http_status, struct rp_str body)
{
    struct rp_str id = rp_crm_scalar(&flow->arena, rp_crm_member(&flow->arena, body, "id"));

    if (http_status == 404)
        return RP_CRM_NONE;
    if (body.len == 0 || body.ptr[0] != '{')
        return RP_CRM_UNKNOWN;
    flow->id = id.len > 0 ? id : flow->value;
    rp_crm_take_current(flow, body);
    return RP_CRM_ONE;
}

static struct rp_str created(struct rp_crm_flow *flow, struct rp_str body)
{
    struct rp_str id = rp_crm_scalar(&flow->arena, rp_crm_member(&flow->arena, body, "id"));

    return id.len > 0 ? id : flow->value;
}

static enum rp_crm_verdict error(struct rp_crm_flow *flow, int http_status, struct rp_str body,
                                 struct rp_str *ret_words)
{
    struct rp_str message =
        rp_crm_scalar(&flow->arena, rp_crm_member(&flow->arena, body, "message"));

    (void)http_status;
    if (message.len > 0)
        *ret_words = message;
    return RP_CRM_ASK;
}

const struct rp_crm_ways rp_crm_rest = {
    .name = "the CRM",
    .url = "",
    .email = "email",
    .rate = 0,
    .object = object,
    .find = find,
    .found = found,
    .create = create,
    .update = update,
    .created = created,
    .error = error,
};
