/* SPDX-License-Identifier: MIT */
/* Salesforce, REST API: the record is found by a SOQL query, then created or patched as an sObject.
 * Errors are a list of {errorCode, message}. A lead that sales converted is a contact now: it is
 * left alone and told. Several records with one e-mail are told too, as an upsert by an external id
 * answers 300: Ripen does not choose among them. */
#include "base/json_write.h"
#include "base/when.h"
#include "deliver/crm_priv.h"

#include <ctype.h>

#define LIMIT_PAUSE_MS (15 * RP_MINUTE)

static struct rp_str object(struct rp_str wanted)
{
    if (wanted.len == 0 || rp_str_is(wanted, "lead"))
        return RP_STR("Lead");
    return rp_str_is(wanted, "contact") ? RP_STR("Contact") : wanted;
}

/* Names come from the rules; what is no name cannot reach the query. */
static void put_name(struct rp_buf *out, struct rp_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (isalnum((unsigned char)name.ptr[i]) || name.ptr[i] == '_')
            rp_buf_char(out, name.ptr[i]);
    }
}

static void put_quoted(struct rp_buf *out, struct rp_str text)
{
    rp_buf_char(out, '\'');
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (c == '\'' || c == '\\')
            rp_buf_char(out, '\\');
        rp_buf_char(out, (unsigned char)c < 0x20 ? ' ' : c);
    }
    rp_buf_char(out, '\'');
}

static bool is_lead(const struct rp_crm_flow *flow)
{
    return rp_str_is(flow->object, "Lead");
}

static void put_services(const struct rp_crm_flow *flow, struct rp_buf *url)
{
    rp_buf_printf(url, "%.*s/services/data/%.*s", RP_STR_ARG(flow->target->url),
                  RP_STR_ARG(flow->target->version));
}

static void find(struct rp_crm_flow *flow)
{
    struct rp_buf query = {0}, url = {0};

    rp_buf_text(&query, "SELECT Id");
    for (uint32_t i = 0; i < flow->field_count; i++) {
        if (rp_str_is(flow->fields[i].name, "Id"))
            continue;
        rp_buf_text(&query, ", ");
        put_name(&query, flow->fields[i].name);
    }
    rp_buf_text(&query, is_lead(flow) ? ", IsConverted, ConvertedContactId FROM " : " FROM ");
    put_name(&query, flow->object);
    rp_buf_text(&query, " WHERE ");
    put_name(&query, flow->id_remembered ? RP_STR("Id") : flow->match);
    rp_buf_text(&query, " = ");
    put_quoted(&query, flow->id_remembered ? flow->id : flow->value);
    rp_buf_text(&query, " LIMIT 10");
    put_services(flow, &url);
    rp_buf_printf(&url, "/query?q=%.*s",
                  RP_STR_ARG(rp_crm_escape(&flow->arena, rp_buf_view(&query))));
    rp_crm_ask(flow, "GET", rp_buf_view(&url));
    rp_buf_fini(&query);
    rp_buf_fini(&url);
}

static bool is_converted(struct rp_crm_flow *flow, struct rp_str record)
{
    return rp_str_is(rp_crm_member(&flow->arena, record, "IsConverted"), "true");
}

static enum rp_crm_found found(struct rp_crm_flow *flow, int http_status, struct rp_str body)
{
    struct rp_str records = rp_crm_member(&flow->arena, body, "records");
    struct rp_str record, open = RP_STR(""), converted = RP_STR("");
    size_t count = 0, open_count = 0;

    if (http_status == 404 || records.len == 0)
        return RP_CRM_UNKNOWN;
    for (; (record = rp_crm_element(&flow->arena, records, count)).len > 0; count++) {
        if (is_converted(flow, record)) {
            converted = record;
        } else {
            open = record;
            open_count++;
        }
    }
    if (count == 0)
        return RP_CRM_NONE;
    if (open_count > 1) {
        flow->text = rp_arena_printf(
            &flow->arena,
            "Salesforce has %zu records of %.*s with this %.*s; merge them there, then "
            "`ripen outbox retry` this row",
            open_count, RP_STR_ARG(flow->object), RP_STR_ARG(flow->match));
        return RP_CRM_MANY;
    }
    if (open_count == 0) {
        struct rp_str contact = rp_crm_scalar(
            &flow->arena, rp_crm_member(&flow->arena, converted, "ConvertedContactId"));

        flow->text = rp_arena_printf(&flow->arena,
                                     "left alone: sales converted this Lead into the Contact %.*s",
                                     RP_STR_ARG(contact));
        return RP_CRM_ASIDE;
    }
    flow->id = rp_crm_scalar(&flow->arena, rp_crm_member(&flow->arena, open, "Id"));
    rp_crm_take_current(flow, open);
    return flow->id.len > 0 ? RP_CRM_ONE : RP_CRM_UNKNOWN;
}

static void create(struct rp_crm_flow *flow)
{
    struct rp_buf url = {0}, body = {0};
    struct rp_jw jw = rp_jw(&body);
    bool has_match = false;

    put_services(flow, &url);
    rp_buf_text(&url, "/sobjects/");
    put_name(&url, flow->object);
    rp_jw_object(&jw);
    for (uint32_t i = 0; i < flow->field_count; i++) {
        rp_jw_key_str(&jw, flow->fields[i].name);
        rp_jw_raw(&jw, flow->fields[i].wanted);
        has_match |= rp_str_eq(flow->fields[i].name, flow->match);
    }
    if (!has_match)
        rp_crm_put_text(&jw, flow->match, flow->value);
    rp_jw_object_end(&jw);
    rp_crm_ask_body(flow, "POST", rp_buf_view(&url), &body);
    rp_buf_fini(&url);
}

static void update(struct rp_crm_flow *flow)
{
    struct rp_buf url = {0}, body = {0};
    struct rp_jw jw = rp_jw(&body);

    put_services(flow, &url);
    rp_buf_text(&url, "/sobjects/");
    put_name(&url, flow->object);
    rp_buf_printf(&url, "/%.*s", RP_STR_ARG(rp_crm_escape(&flow->arena, flow->id)));
    rp_crm_put_fields(flow, &jw);
    rp_crm_ask_body(flow, "PATCH", rp_buf_view(&url), &body);
    rp_buf_fini(&url);
}

static struct rp_str created(struct rp_crm_flow *flow, struct rp_str body)
{
    return rp_crm_scalar(&flow->arena, rp_crm_member(&flow->arena, body, "id"));
}

static enum rp_crm_verdict error(struct rp_crm_flow *flow, int http_status, struct rp_str body,
                                 struct rp_str *ret_words)
{
    struct rp_arena *arena = &flow->arena;
    struct rp_str first = rp_crm_element(arena, body, 0);
    struct rp_str code = rp_crm_scalar(arena, rp_crm_member(arena, first, "errorCode"));
    struct rp_str message = rp_crm_scalar(arena, rp_crm_member(arena, first, "message"));

    if (code.len > 0)
        *ret_words = rp_arena_printf(arena, "%.*s: %.*s", RP_STR_ARG(code), RP_STR_ARG(message));
    else if (rp_crm_member(arena, body, "error_description").len > 0) /* of a login */
        *ret_words = rp_crm_scalar(arena, rp_crm_member(arena, body, "error_description"));
    if (http_status == 403 && rp_str_is(code, "REQUEST_LIMIT_EXCEEDED")) {
        flow->pause_ms = LIMIT_PAUSE_MS;
        return RP_CRM_LIMITED;
    }
    if (rp_str_is(code, "UNABLE_TO_LOCK_ROW"))
        return RP_CRM_RETRY;
    return RP_CRM_ASK;
}

const struct rp_crm_ways rp_crm_salesforce = {
    .name = "Salesforce",
    .url = "",
    .email = "Email",
    .rate = 100,
    .object = object,
    .find = find,
    .found = found,
    .create = create,
    .update = update,
    .created = created,
    .error = error,
};
