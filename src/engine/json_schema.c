/* SPDX-License-Identifier: MIT */
/* The JSON Schema (draft 2020-12) of what rp_export_json writes, out of the schema table. Knows the
 * form of an export as export.h describes it, and no single declaration. */
#include "base/json_write.h"
#include "engine/help.h"

static void write_field(struct rp_jw *jw, const struct rp_schema_field *field);

static void put_ref(struct rp_jw *jw, const char *name)
{
    struct rp_buf ref = {0};

    rp_buf_printf(&ref, "#/$defs/%s", name);
    rp_jw_object(jw);
    rp_jw_put_str(jw, "$ref", rp_buf_view(&ref));
    rp_jw_object_end(jw);
    rp_buf_fini(&ref);
}

static void put_call_ref(struct rp_jw *jw, const char *name)
{
    struct rp_buf ref = {0};

    rp_buf_printf(&ref, "call.%s", name);
    put_ref(jw, ref.ptr);
    rp_buf_fini(&ref);
}

static void put_type(struct rp_jw *jw, const char *type)
{
    rp_jw_object(jw);
    rp_jw_put_text(jw, "type", type);
    rp_jw_object_end(jw);
}

static void put_const(struct rp_jw *jw, const char *key, const char *value)
{
    rp_jw_key(jw, key);
    rp_jw_object(jw);
    rp_jw_put_text(jw, "const", value);
    rp_jw_object_end(jw);
}

/* ---- Shapes ---------------------------------------------------------------------------------- */

static void write_items(struct rp_jw *jw, const struct rp_schema_field *item, uint32_t item_min)
{
    rp_jw_object(jw);
    rp_jw_put_text(jw, "type", "array");
    rp_jw_key(jw, "items");
    write_field(jw, item);
    if (item_min > 0)
        rp_jw_put_int(jw, "minItems", item_min);
    rp_jw_object_end(jw);
}

static void put_required(struct rp_jw *jw, const struct rp_schema_shape *shape)
{
    rp_jw_key(jw, "required");
    rp_jw_array(jw);
    if (shape->item && shape->item_min > 0)
        rp_jw_text(jw, "$items");
    for (const struct rp_schema_field *field = shape->fields; field && field->name; field++)
        if (field->required)
            rp_jw_text(jw, field->name);
    rp_jw_array_end(jw);
}

static void write_object(struct rp_jw *jw, const struct rp_schema_shape *shape)
{
    rp_jw_object(jw);
    rp_jw_put_text(jw, "type", "object");
    rp_jw_key(jw, "properties");
    rp_jw_object(jw);
    if (shape->item) {
        rp_jw_key(jw, "$items");
        write_items(jw, shape->item, shape->item_min);
    }
    for (const struct rp_schema_field *field = shape->fields; field && field->name; field++) {
        rp_jw_key(jw, field->name);
        write_field(jw, field);
    }
    rp_jw_object_end(jw);
    put_required(jw, shape);
    rp_jw_key(jw, "additionalProperties");
    if (shape->entry)
        write_field(jw, shape->entry);
    else
        rp_jw_bool(jw, false);
    rp_jw_object_end(jw);
}

static void write_shape(struct rp_jw *jw, const struct rp_schema_shape *shape)
{
    if (shape->item && !shape->fields && !shape->entry)
        write_items(jw, shape->item, shape->item_min);
    else
        write_object(jw, shape);
}

/* ---- Fields ---------------------------------------------------------------------------------- */

static void write_text(struct rp_jw *jw, const struct rp_schema_field *field)
{
    rp_jw_object(jw);
    rp_jw_put_text(jw, "type", "string");
    if (field->choices) {
        rp_jw_key(jw, "enum");
        rp_jw_array(jw);
        for (const char *at = field->choices; *at;) {
            size_t len = strcspn(at, "|");

            rp_jw_str(jw, (struct rp_str){at, len});
            at += len + (at[len] == '|');
        }
        rp_jw_array_end(jw);
    }
    rp_jw_object_end(jw);
}

static void write_number(struct rp_jw *jw, const struct rp_schema_field *field)
{
    rp_jw_object(jw);
    rp_jw_put_text(jw, "type", field->whole ? "integer" : "number");
    if (field->min < 0 || field->min > 0 || field->max > 0) {
        rp_jw_key(jw, "minimum");
        rp_jw_number(jw, field->min);
        rp_jw_key(jw, "maximum");
        rp_jw_number(jw, field->max);
    }
    rp_jw_object_end(jw);
}

static void write_alternatives(struct rp_jw *jw, const struct rp_schema_field *field)
{
    static const struct {
        uint32_t want;
        const char *ref;
    } refs[] = {
        {RP_WANT_DURATION, "duration"}, {RP_WANT_DATE, "date"},      {RP_WANT_MATCH, "matcher"},
        {RP_WANT_FIELDS, "fields"},     {RP_WANT_WHEN, "condition"}, {RP_WANT_COUNT, "count"},
        {RP_WANT_TRIGGER, "trigger"},   {RP_WANT_VALUE, "value"},    {RP_WANT_FUNCTION, "function"},
        {RP_WANT_SAME, "joined"},
    };

    if ((field->wants & RP_WANT_TEXT) && !rp_schema_wraps(field))
        write_text(jw, field);
    if (field->wants & RP_WANT_NUMBER)
        write_number(jw, field);
    if (field->wants & RP_WANT_BOOL)
        put_type(jw, "boolean");
    if (field->wants & RP_WANT_TEXTS) {
        struct rp_schema_field each = *field;

        each.wants = RP_WANT_TEXT;
        each.fallback = NULL;
        write_items(jw, &each, 1);
    }
    if (field->wants & RP_WANT_TABLE) {
        if (field->shape)
            write_shape(jw, field->shape);
        else
            put_ref(jw, "value");
    }
    for (size_t i = 0; i < RP_COUNT(refs); i++)
        if (field->wants & refs[i].want)
            put_ref(jw, refs[i].ref);
    for (const struct rp_schema_call *call = rp_schema_calls;
         (field->wants & RP_WANT_CALL) && call->name; call++)
        if (call->makes & field->makes)
            put_call_ref(jw, call->name);
}

static void put_default(struct rp_jw *jw, const struct rp_schema_field *field)
{
    struct rp_schema_value value;

    if (!rp_schema_fallback(field, &value))
        return;
    rp_jw_key(jw, "default");
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
}

static void write_field(struct rp_jw *jw, const struct rp_schema_field *field)
{
    rp_jw_object(jw);
    if (field->doc)
        rp_jw_put_text(jw, "description", field->doc);
    rp_jw_key(jw, "anyOf");
    rp_jw_array(jw);
    write_alternatives(jw, field);
    rp_jw_array_end(jw);
    put_default(jw, field);
    rp_jw_object_end(jw);
}

/* ---- Definitions ----------------------------------------------------------------------------- */

static void define_call(struct rp_jw *jw, const struct rp_schema_call *call)
{
    struct rp_buf name = {0};

    rp_buf_printf(&name, "call.%s", call->name);
    rp_jw_key_str(jw, rp_buf_view(&name));
    rp_buf_fini(&name);
    rp_jw_object(jw);
    rp_jw_put_text(jw, "description", call->doc);
    rp_jw_put_text(jw, "type", "object");
    rp_jw_key(jw, "properties");
    rp_jw_object(jw);
    put_const(jw, "$call", call->name);
    for (uint32_t i = 0; i < RP_SCHEMA_PARAMS && call->params[i].name; i++) {
        rp_jw_key(jw, call->params[i].name);
        write_field(jw, &call->params[i]);
    }
    rp_jw_object_end(jw);
    rp_jw_key(jw, "required");
    rp_jw_array(jw);
    rp_jw_text(jw, "$call");
    for (uint32_t i = 0; i < RP_SCHEMA_PARAMS && call->params[i].name; i++)
        if (call->params[i].required)
            rp_jw_text(jw, call->params[i].name);
    rp_jw_array_end(jw);
    rp_jw_put_bool(jw, "additionalProperties", false);
    rp_jw_object_end(jw);
}

/* One of the constructors that make this, a scalar, a table of fields. */
static void define_union(struct rp_jw *jw, const char *name, uint32_t makes, bool scalars,
                         const char *table)
{
    static const char *const types[] = {"string", "number", "boolean"};

    rp_jw_key(jw, name);
    rp_jw_object(jw);
    rp_jw_key(jw, "anyOf");
    rp_jw_array(jw);
    for (size_t i = 0; scalars && i < RP_COUNT(types); i++)
        put_type(jw, types[i]);
    for (const struct rp_schema_call *call = rp_schema_calls; call->name; call++)
        if (call->makes & makes)
            put_call_ref(jw, call->name);
    if (table)
        put_ref(jw, table);
    rp_jw_array_end(jw);
    rp_jw_object_end(jw);
}

/* A table of fields and matchers; with `elements` conditions may stand beside them. */
static void define_fields(struct rp_jw *jw, const char *name, bool elements)
{
    rp_jw_key(jw, name);
    rp_jw_object(jw);
    rp_jw_put_text(jw, "type", "object");
    rp_jw_key(jw, "properties");
    rp_jw_object(jw);
    rp_jw_put_bool(jw, "$call", false);
    rp_jw_key(jw, "$items");
    if (elements) {
        rp_jw_object(jw);
        rp_jw_put_text(jw, "type", "array");
        rp_jw_key(jw, "items");
        put_ref(jw, "condition");
        rp_jw_object_end(jw);
    } else {
        rp_jw_bool(jw, false);
    }
    rp_jw_object_end(jw);
    rp_jw_key(jw, "additionalProperties");
    put_ref(jw, "matcher");
    rp_jw_object_end(jw);
}

static void define_rest(struct rp_jw *jw)
{
    define_union(jw, "matcher", RP_MAKES_MATCH, true, NULL);
    define_union(jw, "condition", RP_MAKES_COND, false, "clause");
    define_union(jw, "trigger", RP_MAKES_TRIGGER | RP_MAKES_COND, false, NULL);
    define_union(jw, "count", RP_MAKES_COUNT, false, NULL);
    define_fields(jw, "fields", false);
    define_fields(jw, "clause", true);
    rp_jw_key(jw, "value");
    rp_jw_bool(jw, true);
    rp_jw_key(jw, "duration");
    rp_jw_raw(jw, RP_STR("{\"type\":\"string\",\"pattern\":\"[0-9]\"}"));
    rp_jw_key(jw, "date");
    rp_jw_raw(jw, RP_STR("{\"type\":\"string\",\"pattern\":\"^[0-9]\"}"));
    rp_jw_key(jw, "function");
    rp_jw_raw(jw, RP_STR("{\"type\":\"object\",\"required\":[\"$function\"],"
                         "\"additionalProperties\":false,\"properties\":{\"$function\":{"
                         "\"type\":\"object\",\"required\":[\"file\",\"line\"],\"properties\":{"
                         "\"file\":{\"type\":\"string\"},\"line\":{\"type\":\"integer\"}}}}}"));
    rp_jw_key(jw, "joined");
    rp_jw_raw(jw, RP_STR("{\"type\":\"array\",\"minItems\":1,\"items\":{\"anyOf\":[{\"$ref\":"
                         "\"#/$defs/matcher\"},{\"$ref\":\"#/$defs/condition\"},{\"$ref\":"
                         "\"#/$defs/trigger\"}]}}"));
    for (const struct rp_schema_call *call = rp_schema_calls; call->name; call++)
        define_call(jw, call);
}

static void define_decl(struct rp_jw *jw, const struct rp_schema_decl *decl)
{
    rp_jw_object(jw);
    rp_jw_put_text(jw, "title", decl->name);
    rp_jw_put_text(jw, "description", decl->doc);
    rp_jw_put_text(jw, "type", "object");
    rp_jw_key(jw, "properties");
    rp_jw_object(jw);
    put_const(jw, "declare", decl->name);
    if (decl->named) {
        rp_jw_key(jw, "name");
        rp_jw_raw(jw, RP_STR("{\"type\":\"string\",\"minLength\":1}"));
    }
    rp_jw_key(jw, "file");
    put_type(jw, "string");
    rp_jw_key(jw, "line");
    put_type(jw, "integer");
    rp_jw_key(jw, "fields");
    write_object(jw, &decl->shape);
    rp_jw_key(jw, "defaults");
    rp_jw_raw(jw, RP_STR("{\"type\":\"array\",\"items\":{\"type\":\"string\"}}"));
    rp_jw_object_end(jw);
    rp_jw_key(jw, "required");
    rp_jw_raw(jw, decl->named
                      ? RP_STR("[\"declare\",\"name\",\"file\",\"line\",\"fields\",\"defaults\"]")
                      : RP_STR("[\"declare\",\"file\",\"line\",\"fields\",\"defaults\"]"));
    rp_jw_put_bool(jw, "additionalProperties", false);
    rp_jw_object_end(jw);
}

/* What stands beside the declarations; key, then the schema of each element. */
static const char *const beside[][2] = {
    {"overrides",
     "{\"type\":\"object\",\"required\":[\"declare\",\"name\",\"field\",\"was\",\"value\","
     "\"file\",\"line\"],\"additionalProperties\":false,\"properties\":{\"declare\":{\"type\":"
     "\"string\"},\"name\":{\"type\":\"string\"},\"field\":{\"type\":\"string\"},\"was\":{\"type\":"
     "[\"number\",\"null\"]},\"value\":{\"type\":\"number\"},\"file\":{\"type\":\"string\"},"
     "\"line\":{\"type\":\"integer\"}}}"},
    {"lists", "{\"type\":\"object\",\"required\":[\"name\",\"values\"],\"additionalProperties\":"
              "false,\"properties\":{\"name\":{\"type\":\"string\"},\"values\":{\"type\":\"array\","
              "\"items\":{\"type\":\"string\"}}}}"},
    {"tables",
     "{\"type\":\"object\",\"required\":[\"lookup\",\"match\",\"gives\",\"rows\"],"
     "\"additionalProperties\":false,\"properties\":{\"lookup\":{\"type\":\"string\"},\"match\":{"
     "\"type\":\"array\",\"items\":{\"type\":\"string\"}},\"gives\":{\"type\":\"array\",\"items\":{"
     "\"type\":\"string\"}},\"rows\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
     "\"required\":[\"keys\",\"cells\"]}}}}"},
    {"files", "{\"type\":\"object\",\"required\":[\"path\",\"bytes\",\"sha256\"],"
              "\"additionalProperties\":false,\"properties\":{\"path\":{\"type\":\"string\"},"
              "\"bytes\":{\"type\":\"integer\"},\"sha256\":{\"type\":\"string\",\"pattern\":"
              "\"^[0-9a-f]{64}$\"}}}"},
};

void rp_json_schema(struct rp_buf *out)
{
    struct rp_jw jw = rp_jw(out);

    rp_jw_object(&jw);
    rp_jw_put_text(&jw, "$schema", "https://json-schema.org/draft/2020-12/schema");
    rp_jw_put_text(&jw, "title", "A rule set of Ripen, as `ripen rules export` writes it");
    rp_jw_put_text(&jw, "type", "object");
    rp_jw_key(&jw, "properties");
    rp_jw_object(&jw);
    put_const(&jw, "format", "ripen-rules-1");
    rp_jw_key(&jw, "ripen");
    put_type(&jw, "string");
    rp_jw_key(&jw, "hash");
    rp_jw_raw(&jw, RP_STR("{\"type\":\"string\",\"pattern\":\"^[0-9a-f]{64}$\"}"));
    rp_jw_key(&jw, "declarations");
    rp_jw_raw(&jw, RP_STR("{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/declaration\"}}"));
    for (size_t i = 0; i < RP_COUNT(beside); i++) {
        rp_jw_key(&jw, beside[i][0]);
        rp_jw_object(&jw);
        rp_jw_put_text(&jw, "type", "array");
        rp_jw_key(&jw, "items");
        rp_jw_raw(&jw, rp_str_from(beside[i][1]));
        rp_jw_object_end(&jw);
    }
    rp_jw_object_end(&jw);
    rp_jw_key(&jw, "required");
    rp_jw_raw(&jw, RP_STR("[\"format\",\"ripen\",\"hash\",\"declarations\",\"overrides\","
                          "\"lists\",\"tables\",\"files\"]"));
    rp_jw_put_bool(&jw, "additionalProperties", false);
    rp_jw_key(&jw, "$defs");
    rp_jw_object(&jw);
    rp_jw_key(&jw, "declaration");
    rp_jw_object(&jw);
    rp_jw_key(&jw, "oneOf");
    rp_jw_array(&jw);
    for (const struct rp_schema_decl *decl = rp_schema_decls; decl->name; decl++)
        define_decl(&jw, decl);
    rp_jw_array_end(&jw);
    rp_jw_object_end(&jw);
    define_rest(&jw);
    rp_jw_object_end(&jw);
    rp_jw_object_end(&jw);
    rp_buf_char(out, '\n');
}
