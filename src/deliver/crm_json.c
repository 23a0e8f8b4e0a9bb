/* SPDX-License-Identifier: MIT */
/* Reading a CRM's answers and writing requests: members, elements and scalars of JSON that may be
 * anything, and texts for addresses. What cannot be read is "" — an answer decides nothing by being
 * broken. Everything lives in the flow's arena. */
#include "base/json_read.h"
#include "base/json_write.h"
#include "base/num.h"
#include "deliver/crm_priv.h"

#include <string.h>

struct rp_str rp_crm_member_str(struct rp_arena *arena, struct rp_str object, struct rp_str key)
{
    struct rp_json json;
    struct rp_str raw = RP_STR("");

    rp_json_init(&json, arena, object);
    if (rp_json_next(&json) != RP_JSON_OBJECT)
        return RP_STR("");
    while (rp_json_next(&json) == RP_JSON_KEY) {
        bool found = rp_str_eq(json.string, key);

        if (rp_json_skip(&json, &raw) == RP_JSON_ERROR)
            return RP_STR("");
        if (found)
            return raw;
    }
    return RP_STR("");
}

struct rp_str rp_crm_member(struct rp_arena *arena, struct rp_str object, const char *key)
{
    return rp_crm_member_str(arena, object, rp_str_from(key));
}

struct rp_str rp_crm_element(struct rp_arena *arena, struct rp_str array, size_t nth)
{
    struct rp_json json;
    struct rp_str raw = RP_STR("");

    rp_json_init(&json, arena, array);
    if (rp_json_next(&json) != RP_JSON_ARRAY)
        return RP_STR("");
    for (size_t i = 0; i <= nth; i++) {
        enum rp_json_token token = rp_json_skip(&json, &raw);

        if (token <= RP_JSON_END || token == RP_JSON_ARRAY_END)
            return RP_STR("");
    }
    return raw;
}

struct rp_str rp_crm_scalar(struct rp_arena *arena, struct rp_str text)
{
    struct rp_json json;

    if (text.len == 0)
        return RP_STR("");
    rp_json_init(&json, arena, text);
    switch ((int)rp_json_next(&json)) {
    case RP_JSON_STRING:
        return json.string;
    case RP_JSON_NUMBER:
        return json.raw;
    case RP_JSON_TRUE:
        return RP_STR("true");
    case RP_JSON_FALSE:
        return RP_STR("false");
    default:
        return RP_STR("");
    }
}

struct rp_str rp_crm_escape(struct rp_arena *arena, struct rp_str text)
{
    static const char hex[] = "0123456789ABCDEF";
    char *out = rp_arena_alloc(arena, text.len * 3 + 1);
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];

        if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
            (c != 0 && strchr("-._~", c))) {
            out[len++] = (char)c;
        } else {
            out[len++] = '%';
            out[len++] = hex[c >> 4];
            out[len++] = hex[c & 15];
        }
    }
    out[len] = '\0';
    return (struct rp_str){out, len};
}

/* A number where the CRM holds one, so that it is not refused as a text. */
static void put_value(const struct rp_crm_field *field, struct rp_jw *jw)
{
    double value;
    bool number = field->number && rp_number_parse(field->text, &value);

    rp_jw_raw(jw, number ? field->text : field->wanted);
}

void rp_crm_put_fields(const struct rp_crm_flow *flow, struct rp_jw *jw)
{
    rp_jw_object(jw);
    for (uint32_t i = 0; i < flow->field_count; i++) {
        const struct rp_crm_field *field = &flow->fields[i];

        if (!field->write)
            continue;
        rp_jw_key_str(jw, field->name);
        put_value(field, jw);
    }
    rp_jw_object_end(jw);
}

void rp_crm_ask(struct rp_crm_flow *flow, const char *method, struct rp_str url)
{
    flow->request = (struct rp_crm_request){.method = method,
                                            .url = rp_arena_str(&flow->arena, url),
                                            .body = RP_STR(""),
                                            .auth = RP_STR("")};
}

void rp_crm_ask_body(struct rp_crm_flow *flow, const char *method, struct rp_str url,
                     struct rp_buf *json)
{
    rp_crm_ask(flow, method, url);
    flow->request.body = rp_arena_str(&flow->arena, rp_buf_view(json));
    flow->request.content_type = "application/json";
    flow->request.writes = true;
    rp_buf_fini(json);
}

void rp_crm_take(struct rp_crm_flow *flow, struct rp_crm_field *field, struct rp_str raw)
{
    field->current = rp_crm_scalar(&flow->arena, raw);
    field->number = raw.len > 0 && (raw.ptr[0] == '-' || (raw.ptr[0] >= '0' && raw.ptr[0] <= '9'));
}

void rp_crm_take_current(struct rp_crm_flow *flow, struct rp_str object)
{
    for (uint32_t i = 0; i < flow->field_count; i++) {
        struct rp_crm_field *field = &flow->fields[i];

        rp_crm_take(flow, field, rp_crm_member_str(&flow->arena, object, field->name));
    }
}
