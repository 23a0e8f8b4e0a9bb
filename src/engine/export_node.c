/* SPDX-License-Identifier: MIT */
/* Declared trees as JSON, walked beside the schema: which tables are lists, what constructors'
 * arguments are called, what stands there when nothing is written. Knows only checked trees. */
#include "engine/export.h"

static const struct rp_schema_field any_match = {.name = "value", .wants = RP_WANT_MATCH};
static const struct rp_schema_field any_value = {.name = "value", .wants = RP_WANT_VALUE};

void rp_export_key(struct rp_export *export, struct rp_str key)
{
    static const char *const ours[] = {"call", "function", "items"};
    struct rp_buf escaped = {0};
    size_t at = 0;

    while (at < key.len && key.ptr[at] == '$')
        at++;
    for (size_t i = 0; at > 0 && i < RP_COUNT(ours); i++)
        if (rp_str_is((struct rp_str){key.ptr + at, key.len - at}, ours[i]))
            rp_buf_char(&escaped, '$');
    if (escaped.len > 0) {
        rp_buf_str(&escaped, key);
        key = rp_buf_view(&escaped);
    }
    rp_jw_key_str(&export->jw, key);
    rp_buf_fini(&escaped);
}

bool rp_export_default(struct rp_export *export, const struct rp_schema_field *field)
{
    struct rp_jw *jw = &export->jw;
    struct rp_schema_value value;

    if (!rp_schema_fallback(field, &value))
        return false;
    rp_jw_key(jw, field->name);
    if (rp_schema_wraps(field))
        rp_jw_array(jw);
    if (value.want == RP_WANT_TEXT)
        rp_jw_str(jw, value.text);
    else if (value.want == RP_WANT_BOOL)
        rp_jw_bool(jw, value.number > 0);
    else
        rp_jw_number(jw, value.number);
    if (rp_schema_wraps(field))
        rp_jw_array_end(jw);
    return true;
}

/* ---- Tables ---------------------------------------------------------------------------------- */

static const struct rp_schema_field *find(const struct rp_schema_shape *shape, struct rp_str key)
{
    for (const struct rp_schema_field *field = shape->fields; field && field->name; field++)
        if (rp_str_is(key, field->name))
            return field;
    return NULL;
}

static void write_items(struct rp_export *export, const struct rp_schema_field *each,
                        const struct rp_node *table)
{
    rp_jw_array(&export->jw);
    for (uint32_t i = 0; i < table->item_count; i++)
        rp_export_value(export, each, &table->items[i]);
    rp_jw_array_end(&export->jw);
}

static void write_shape(struct rp_export *export, const struct rp_schema_shape *shape,
                        const struct rp_node *table)
{
    struct rp_jw *jw = &export->jw;

    if (shape->item && !shape->fields && !shape->entry) {
        write_items(export, shape->item, table);
        return;
    }
    rp_jw_object(jw);
    if (shape->item && table->item_count > 0) {
        rp_jw_key(jw, "$items");
        write_items(export, shape->item, table);
    }
    for (const struct rp_schema_field *field = shape->fields; field && field->name; field++) {
        const struct rp_node *value = rp_node_get(table, field->name);

        if (value) {
            rp_jw_key(jw, field->name);
            rp_export_value(export, field, value);
        } else {
            (void)rp_export_default(export, field);
        }
    }
    for (uint32_t i = 0; shape->entry && i < table->field_count; i++) {
        if (find(shape, table->fields[i].key))
            continue;
        rp_export_key(export, table->fields[i].key);
        rp_export_value(export, shape->entry, &table->fields[i].value);
    }
    rp_jw_object_end(jw);
}

/* A table that no shape describes: fields and matchers, conditions, or values. */
static void write_free(struct rp_export *export, const struct rp_schema_field *field,
                       const struct rp_node *table)
{
    bool values = field->wants & RP_WANT_VALUE;
    const struct rp_schema_field *inner = values ? &any_value : &any_match;

    if (values && table->item_count > 0 && table->field_count == 0) {
        write_items(export, &any_value, table);
        return;
    }
    rp_jw_object(&export->jw);
    if (table->item_count > 0) {
        rp_jw_key(&export->jw, "$items");
        write_items(export, values ? &any_value : field, table);
    }
    for (uint32_t i = 0; i < table->field_count; i++) {
        rp_export_key(export, table->fields[i].key);
        rp_export_value(export, inner, &table->fields[i].value);
    }
    rp_jw_object_end(&export->jw);
}

/* ---- Constructors ---------------------------------------------------------------------------- */

static bool has_defaults(const struct rp_schema_shape *shape)
{
    struct rp_schema_value value;

    for (const struct rp_schema_field *field = shape ? shape->fields : NULL; field && field->name;
         field++)
        if (rp_schema_fallback(field, &value))
            return true;
    return false;
}

static void write_call(struct rp_export *export, const struct rp_schema_field *outer,
                       const struct rp_node *node)
{
    static const struct rp_node empty = {.type = RP_NODE_TABLE};
    const struct rp_schema_call *call = node->call;
    struct rp_jw *jw = &export->jw;

    rp_jw_object(jw);
    rp_jw_put_text(jw, "$call", call->name);
    for (uint32_t i = 0; i < RP_SCHEMA_PARAMS && call->params[i].name; i++) {
        const struct rp_schema_field *param = &call->params[i];
        const struct rp_node *argument = i < node->item_count ? &node->items[i] : &empty;

        if (i >= node->item_count || argument->type == RP_NODE_NIL) {
            if ((param->wants & RP_WANT_TABLE) && has_defaults(param->shape)) {
                rp_jw_key(jw, param->name);
                write_shape(export, param->shape, &empty);
            }
            continue;
        }
        rp_jw_key(jw, param->name);
        if ((param->wants & RP_WANT_SAME) && argument->type == RP_NODE_TABLE)
            write_items(export, outer, argument);
        else
            rp_export_value(export, param, argument);
    }
    rp_jw_object_end(jw);
}

void rp_export_value(struct rp_export *export, const struct rp_schema_field *field,
                     const struct rp_node *node)
{
    struct rp_jw *jw = &export->jw;

    switch ((enum rp_node_type)node->type) {
    case RP_NODE_BOOL:
        rp_jw_bool(jw, node->flag);
        break;
    case RP_NODE_NUMBER:
        rp_jw_number(jw, node->number);
        break;
    case RP_NODE_TEXT:
        if (rp_schema_wraps(field))
            rp_jw_array(jw);
        rp_jw_str(jw, node->text);
        if (rp_schema_wraps(field))
            rp_jw_array_end(jw);
        break;
    case RP_NODE_TABLE:
        if ((field->wants & RP_WANT_TABLE) && field->shape)
            write_shape(export, field->shape, node);
        else if (field->wants & RP_WANT_TEXTS)
            write_items(export, &any_value, node);
        else
            write_free(export, field, node);
        break;
    case RP_NODE_CALL:
        write_call(export, field, node);
        break;
    case RP_NODE_FUNCTION:
        rp_jw_object(jw);
        rp_jw_key(jw, "$function");
        rp_jw_object(jw);
        rp_jw_put_str(jw, "file", export->shown->rules->sources[node->place.file].path);
        rp_jw_put_int(jw, "line", node->place.line);
        rp_jw_object_end(jw);
        rp_jw_object_end(jw);
        break;
    case RP_NODE_NIL:
    case RP_NODE_UNKNOWN:
    case RP_NODE_OTHER:
        rp_jw_null(jw);
        break;
    }
}
