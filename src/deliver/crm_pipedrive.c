/* SPDX-License-Identifier: MIT */
/* Pipedrive, API v2: a person is searched by e-mail, read, then added or patched. Custom fields are
 * named by 40 hexadecimal digits and stand in custom_fields; e-mail addresses and phones are lists.
 * The search knows a new person only after a while, so the id that an add answered is remembered.
 */
#include "base/json_write.h"
#include "base/text.h"
#include "base/when.h"
#include "deliver/crm_priv.h"

#include <ctype.h>
#include <string.h>

static struct rp_str object(struct rp_str wanted)
{
    return wanted.len == 0 || rp_str_is(wanted, "lead") || rp_str_is(wanted, "contact") ||
                   rp_str_is(wanted, "person")
               ? RP_STR("persons")
               : (struct rp_str){0};
}

static bool is_custom(struct rp_str name)
{
    if (name.len != 40)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        if (!isxdigit((unsigned char)name.ptr[i]))
            return false;
    }
    return true;
}

static void put_person(const struct rp_crm_flow *flow, struct rp_buf *url)
{
    rp_buf_printf(url, "%.*s/api/v2/persons", RP_STR_ARG(flow->target->url));
}

static void ask_person(struct rp_crm_flow *flow)
{
    struct rp_buf url = {0};

    put_person(flow, &url);
    rp_buf_printf(&url, "/%.*s", RP_STR_ARG(rp_crm_escape(&flow->arena, flow->id)));
    rp_crm_ask(flow, "GET", rp_buf_view(&url));
    rp_buf_fini(&url);
}

static void find(struct rp_crm_flow *flow)
{
    struct rp_buf url = {0};

    if (flow->id_remembered) {
        ask_person(flow);
        return;
    }
    put_person(flow, &url);
    rp_buf_printf(&url, "/search?term=%.*s&fields=%s&exact_match=true&limit=10",
                  RP_STR_ARG(rp_crm_escape(&flow->arena, flow->value)),
                  rp_str_is(flow->match, "email") ? "email" : "custom_fields");
    rp_crm_ask(flow, "GET", rp_buf_view(&url));
    rp_buf_fini(&url);
}

/* The first of a list of {value, primary}, or the primary one. */
static struct rp_str primary(struct rp_crm_flow *flow, struct rp_str list)
{
    struct rp_str one, value = RP_STR("");

    for (size_t i = 0; (one = rp_crm_element(&flow->arena, list, i)).len > 0; i++) {
        struct rp_str text = rp_crm_scalar(&flow->arena, rp_crm_member(&flow->arena, one, "value"));

        if (i == 0 || rp_str_is(rp_crm_member(&flow->arena, one, "primary"), "true"))
            value = text;
    }
    return value;
}

static void take_person(struct rp_crm_flow *flow, struct rp_str person)
{
    struct rp_str custom = rp_crm_member(&flow->arena, person, "custom_fields");

    rp_crm_take_current(flow, person);
    for (uint32_t i = 0; i < flow->field_count; i++) {
        struct rp_crm_field *field = &flow->fields[i];

        if (rp_str_is(field->name, "email"))
            field->current = primary(flow, rp_crm_member(&flow->arena, person, "emails"));
        else if (rp_str_is(field->name, "phone"))
            field->current = primary(flow, rp_crm_member(&flow->arena, person, "phones"));
        else if (is_custom(field->name))
            rp_crm_take(flow, field, rp_crm_member_str(&flow->arena, custom, field->name));
    }
}

static enum rp_crm_found found_in_search(struct rp_crm_flow *flow, struct rp_str items)
{
    struct rp_str first = rp_crm_element(&flow->arena, items, 0);
    struct rp_str item = rp_crm_member(&flow->arena, first, "item");
    size_t count = 0;

    while (rp_crm_element(&flow->arena, items, count).len > 0)
        count++;
    if (count == 0)
        return RP_CRM_NONE;
    if (count > 1) {
        flow->text = rp_arena_printf(&flow->arena,
                                     "Pipedrive has %zu persons with this %.*s; merge them there, "
                                     "then `ripen outbox retry` this row",
                                     count, RP_STR_ARG(flow->match));
        return RP_CRM_MANY;
    }
    flow->id = rp_crm_scalar(&flow->arena, rp_crm_member(&flow->arena, item, "id"));
    return flow->id.len > 0 ? RP_CRM_HALF : RP_CRM_UNKNOWN;
}

static enum rp_crm_found found(struct rp_crm_flow *flow, int http_status, struct rp_str body)
{
    struct rp_str data = rp_crm_member(&flow->arena, body, "data");
    struct rp_str id;

    if (http_status == 404)
        return RP_CRM_NONE;
    if (rp_crm_member(&flow->arena, data, "items").len > 0)
        return found_in_search(flow, rp_crm_member(&flow->arena, data, "items"));
    id = rp_crm_scalar(&flow->arena, rp_crm_member(&flow->arena, data, "id"));
    if (id.len == 0)
        return RP_CRM_UNKNOWN;
    flow->id = id;
    if (rp_str_is(rp_crm_member(&flow->arena, data, "is_deleted"), "true"))
        return RP_CRM_NONE;
    take_person(flow, data);
    return RP_CRM_ONE;
}

static void put_list(struct rp_jw *jw, const char *key, struct rp_str value)
{
    rp_jw_key(jw, key);
    rp_jw_array(jw);
    rp_jw_object(jw);
    rp_jw_put_str(jw, "value", value);
    rp_jw_put_bool(jw, "primary", true);
    rp_jw_put_text(jw, "label", "work");
    rp_jw_object_end(jw);
    rp_jw_array_end(jw);
}

static void put_body(const struct rp_crm_flow *flow, struct rp_jw *jw, bool all)
{
    bool has_name = false, has_email = false, has_custom = false;

    rp_jw_object(jw);
    for (uint32_t i = 0; i < flow->field_count; i++) {
        const struct rp_crm_field *field = &flow->fields[i];

        if (!all && !field->write)
            continue;
        has_name |= rp_str_is(field->name, "name");
        has_email |= rp_str_is(field->name, "email");
        has_custom |= is_custom(field->name);
        if (rp_str_is(field->name, "email"))
            put_list(jw, "emails", field->text);
        else if (rp_str_is(field->name, "phone"))
            put_list(jw, "phones", field->text);
        else if (!is_custom(field->name))
            rp_crm_put_raw(jw, field->name, field->wanted);
    }
    if (all && !has_name) /* a person there must have one */
        rp_jw_put_str(jw, "name", flow->value);
    if (all && !has_email && rp_str_is(flow->match, "email"))
        put_list(jw, "emails", flow->value);
    if (has_custom) {
        rp_jw_key(jw, "custom_fields");
        rp_jw_object(jw);
        for (uint32_t i = 0; i < flow->field_count; i++) {
            if (is_custom(flow->fields[i].name) && (all || flow->fields[i].write))
                rp_crm_put_raw(jw, flow->fields[i].name, flow->fields[i].wanted);
        }
        rp_jw_object_end(jw);
    }
    rp_jw_object_end(jw);
}

static void create(struct rp_crm_flow *flow)
{
    struct rp_buf url = {0}, body = {0};
    struct rp_jw jw = rp_jw(&body);

    put_person(flow, &url);
    put_body(flow, &jw, true);
    rp_crm_ask_body(flow, "POST", rp_buf_view(&url), &body);
    rp_buf_fini(&url);
}

static void update(struct rp_crm_flow *flow)
{
    struct rp_buf url = {0}, body = {0};
    struct rp_jw jw = rp_jw(&body);

    put_person(flow, &url);
    rp_buf_printf(&url, "/%.*s", RP_STR_ARG(rp_crm_escape(&flow->arena, flow->id)));
    put_body(flow, &jw, false);
    rp_crm_ask_body(flow, "PATCH", rp_buf_view(&url), &body);
    rp_buf_fini(&url);
}

static struct rp_str created(struct rp_crm_flow *flow, struct rp_str body)
{
    struct rp_str data = rp_crm_member(&flow->arena, body, "data");

    return rp_crm_scalar(&flow->arena, rp_crm_member(&flow->arena, data, "id"));
}

static enum rp_crm_verdict error(struct rp_crm_flow *flow, int http_status, struct rp_str body,
                                 struct rp_str *ret_words)
{
    struct rp_arena *arena = &flow->arena;
    struct rp_str error_text = rp_crm_scalar(arena, rp_crm_member(arena, body, "error"));
    struct rp_str info = rp_crm_scalar(arena, rp_crm_member(arena, body, "error_info"));

    if (error_text.len > 0)
        *ret_words = info.len > 0 ? rp_arena_printf(arena, "%.*s (%.*s)", RP_STR_ARG(error_text),
                                                    RP_STR_ARG(info))
                                  : error_text;
    if (http_status == 429 && memmem(body.ptr, body.len, "daily", 5))
        flow->pause_ms = RP_HOUR;
    return RP_CRM_ASK;
}

const struct rp_crm_ways rp_crm_pipedrive = {
    .name = "Pipedrive",
    .url = "https://api.pipedrive.com",
    .email = "email",
    .rate = 40, /* searches: ten in two seconds on the smallest plan */
    .object = object,
    .find = find,
    .found = found,
    .read = ask_person,
    .create = create,
    .update = update,
    .created = created,
    .error = error,
};
