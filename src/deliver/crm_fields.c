/* SPDX-License-Identifier: MIT */
/* The fields of a row on its way into a CRM: what is wanted, which of them may be written, and what
 * is remembered of it. Knows what the CRM holds now and what Ripen wrote before; must not know how
 * either was got. Invariant: a field that a person changed is not written. */
#include "base/json_read.h"
#include "base/json_write.h"
#include "base/num.h"
#include "base/text.h"
#include "deliver/crm_priv.h"

#include <strings.h>

/* ---- What may be written --------------------------------------------------------------------- */

/* CRMs write values in their own way: 55 as 55.0, true as TRUE, texts without spaces around. */
static bool same_value(struct rp_str a, struct rp_str b)
{
    double x, y;

    a = rp_str_trim(a);
    b = rp_str_trim(b);
    if (rp_str_eq(a, b))
        return true;
    if (a.len == b.len && (rp_str_is(a, "true") || rp_str_is(a, "false") || rp_str_is(b, "true") ||
                           rp_str_is(b, "false")))
        return strncasecmp(a.ptr, b.ptr, a.len) == 0;
    return rp_number_parse(a, &x) && rp_number_parse(b, &y) && x == y;
}

uint32_t rp_crm_choose_fields(struct rp_crm_flow *flow)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < flow->field_count; i++) {
        struct rp_crm_field *field = &flow->fields[i];
        bool same = same_value(field->current, field->text);
        bool free_to = field->owned || rp_str_trim(field->current).len == 0 ||
                       (field->last.len > 0 && same_value(field->current, field->last));

        field->write = !same && free_to;
        field->left = !same && !free_to;
        count += field->write;
    }
    return count;
}

/* ---- What is wanted ----------------------------------------------------------------------------
 */

void rp_crm_read_fields(struct rp_crm_flow *flow, struct rp_str fields, struct rp_str owned,
                        struct rp_str last)
{
    struct rp_json json;
    struct rp_str raw;
    uint32_t cap = 0;

    rp_json_init(&json, &flow->arena, fields);
    if (rp_json_next(&json) != RP_JSON_OBJECT)
        return;
    while (rp_json_next(&json) == RP_JSON_KEY && rp_json_skip(&json, NULL) != RP_JSON_ERROR)
        cap++;
    flow->fields = RP_ARENA_ARRAY(&flow->arena, struct rp_crm_field, cap + 1);
    rp_json_init(&json, &flow->arena, fields);
    (void)rp_json_next(&json);
    while (flow->field_count < cap && rp_json_next(&json) == RP_JSON_KEY) {
        struct rp_crm_field *field = &flow->fields[flow->field_count];
        struct rp_str one;

        *field = (struct rp_crm_field){.name = rp_arena_str(&flow->arena, json.string)};
        if (rp_json_skip(&json, &raw) == RP_JSON_ERROR)
            return;
        field->wanted = raw;
        field->text = rp_crm_scalar(&flow->arena, raw);
        field->last =
            rp_crm_scalar(&flow->arena, rp_crm_member_str(&flow->arena, last, field->name));
        for (size_t n = 0; (one = rp_crm_element(&flow->arena, owned, n)).len > 0; n++)
            field->owned |= rp_str_eq(rp_crm_scalar(&flow->arena, one), field->name);
        /* What is not known would empty a field: it is not written. */
        flow->field_count += rp_str_trim(field->text).len > 0;
    }
}

/* ---- What is remembered and told ------------------------------------------------------------- */

static bool is_our_object(const struct rp_crm_flow *flow, struct rp_str key)
{
    return rp_str_eq(key, flow->object);
}

static bool is_wanted(const struct rp_crm_flow *flow, struct rp_str key)
{
    for (uint32_t i = 0; i < flow->field_count; i++) {
        if (rp_str_eq(key, flow->fields[i].name))
            return true;
    }
    return false;
}

/* The members that this row does not write anew, as they were. */
static void put_others(struct rp_crm_flow *flow, struct rp_jw *jw, struct rp_str object,
                       bool (*is_new)(const struct rp_crm_flow *flow, struct rp_str key))
{
    struct rp_json json;
    struct rp_str raw;

    rp_json_init(&json, &flow->arena, object);
    if (object.len == 0 || rp_json_next(&json) != RP_JSON_OBJECT)
        return;
    while (rp_json_next(&json) == RP_JSON_KEY) {
        struct rp_str key = rp_arena_str(&flow->arena, json.string);

        if (rp_json_skip(&json, &raw) == RP_JSON_ERROR)
            return;
        if (!is_new(flow, key))
            rp_crm_put_raw(jw, key, raw);
    }
}

/* {"object":{"id":…,"fields":{name:what Ripen wrote last}}, other objects as they were}. What a
 * person edited keeps what Ripen wrote last, so that it stays theirs until it is emptied. */
void rp_crm_remember(struct rp_crm_flow *flow, bool all)
{
    struct rp_str old = rp_crm_member_str(&flow->arena, flow->memory, flow->object);
    struct rp_buf out = {0};
    struct rp_jw jw = rp_jw(&out);

    rp_jw_object(&jw);
    put_others(flow, &jw, flow->memory, is_our_object);
    rp_jw_key_str(&jw, flow->object);
    rp_jw_object(&jw);
    rp_jw_put_str(&jw, "id", flow->id);
    rp_jw_key(&jw, "fields");
    rp_jw_object(&jw);
    for (uint32_t i = 0; i < flow->field_count; i++) {
        const struct rp_crm_field *field = &flow->fields[i];
        bool ours = all || field->write || !field->left;

        if (ours || field->last.len > 0)
            rp_crm_put_text(&jw, field->name, ours ? field->text : field->last);
    }
    put_others(flow, &jw, rp_crm_member(&flow->arena, old, "fields"), is_wanted);
    rp_jw_object_end(&jw);
    rp_jw_object_end(&jw);
    rp_jw_object_end(&jw);
    flow->new_memory = rp_arena_str(&flow->arena, rp_buf_view(&out));
    rp_buf_fini(&out);
}

void rp_crm_list_fields(const struct rp_crm_flow *flow, struct rp_buf *out, bool left,
                        const char *before)
{
    const char *between = before;

    for (uint32_t i = 0; i < flow->field_count; i++) {
        const struct rp_crm_field *field = &flow->fields[i];

        if (left ? field->left : field->write) {
            rp_buf_printf(out, "%s%.*s", between, RP_STR_ARG(field->name));
            between = ", ";
        }
    }
}
