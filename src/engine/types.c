/* SPDX-License-Identifier: MIT */
/* Definitions for editors: LuaCATS annotations of every declaration and constructor, and the
 * settings of lua-language-server and luacheck that go with them. */
#include "engine/declare.h"
#include "engine/help.h"

#define FIRST_LINE RP_TYPES_MARK " (ripen init, ripen check --write-types): changes are lost."

/* ---- Types of fields ------------------------------------------------------------------------- */

static void bar(struct rp_buf *out, size_t start)
{
    if (out->len > start)
        rp_buf_char(out, '|');
}

static void put_choices(struct rp_buf *out, const char *choices, size_t start)
{
    for (const char *at = choices; *at;) {
        size_t len = strcspn(at, "|");

        bar(out, start);
        rp_buf_printf(out, "\"%.*s\"", (int)len, at);
        at += len + (at[len] == '|');
    }
}

static void put_makes(struct rp_buf *out, uint32_t makes, size_t start)
{
    for (const struct rp_schema_made *made = rp_schema_mades; made->makes; made++) {
        if (!(makes & made->makes))
            continue;
        bar(out, start);
        rp_buf_text(out, made->lua);
    }
}

/* `class`: of the table that may stand there. */
static void put_type(struct rp_buf *out, const struct rp_schema_field *field, const char *class)
{
    size_t start = out->len;

    for (const struct rp_schema_want *want = rp_schema_wants; want->want; want++) {
        if (!(field->wants & want->want))
            continue;
        if (want->want == RP_WANT_TEXT && field->choices) {
            put_choices(out, field->choices, start);
            continue;
        }
        bar(out, start);
        if (want->want == RP_WANT_TABLE)
            rp_buf_text(out, field->shape ? class : "table");
        else if (want->want == RP_WANT_NUMBER && field->whole)
            rp_buf_text(out, "integer");
        else
            rp_buf_text(out, want->lua);
    }
    if (field->wants & RP_WANT_CALL)
        put_makes(out, field->makes, start);
}

/* ---- Classes --------------------------------------------------------------------------------- */

static void put_class(struct rp_buf *out, const char *name, const struct rp_schema_shape *shape);

static struct rp_buf class_of(const char *name, const char *field)
{
    struct rp_buf class = {0};

    rp_buf_printf(&class, "%s.", name);
    for (const char *at = field; *at; at++)
        rp_buf_char(&class, *at == ' ' ? '_' : *at);
    return class;
}

static void put_inner(struct rp_buf *out, const char *name, const struct rp_schema_field *field)
{
    struct rp_buf class;

    if (!field || !(field->wants & RP_WANT_TABLE) || !field->shape)
        return;
    class = class_of(name, field->name);
    put_class(out, class.ptr, field->shape);
    rp_buf_fini(&class);
}

static void put_field(struct rp_buf *out, const char *class_name, const char *key,
                      const struct rp_schema_field *field)
{
    struct rp_buf class = class_of(class_name, field->name);

    rp_buf_printf(out, "---@field %s ", key);
    put_type(out, field, class.ptr);
    if (field->doc)
        rp_buf_printf(out, " %s", field->doc);
    if (field->fallback)
        rp_buf_printf(out, " Without it %s.", field->fallback);
    rp_buf_char(out, '\n');
    rp_buf_fini(&class);
}

static void put_class(struct rp_buf *out, const char *name, const struct rp_schema_shape *shape)
{
    for (const struct rp_schema_field *field = shape->fields; field && field->name; field++)
        put_inner(out, name, field);
    put_inner(out, name, shape->entry);
    put_inner(out, name, shape->item);
    rp_buf_printf(out, "---@class %s\n", name);
    for (const struct rp_schema_field *field = shape->fields; field && field->name; field++) {
        struct rp_buf key = {0};

        rp_buf_printf(&key, "%s%s", field->name, field->required ? "" : "?");
        put_field(out, name, key.ptr, field);
        rp_buf_fini(&key);
    }
    if (shape->entry)
        put_field(out, name, "[string]", shape->entry);
    if (shape->item)
        put_field(out, name, "[integer]", shape->item);
    rp_buf_char(out, '\n');
}

/* ---- Functions ------------------------------------------------------------------------------- */

static void put_decl(struct rp_buf *out, const struct rp_schema_decl *decl, const char *prefix)
{
    struct rp_buf class = {0};

    rp_buf_printf(&class, "%s%s", prefix, decl->name);
    put_class(out, class.ptr, &decl->shape);
    if (rp_schema_call(decl->name) == NULL) { /* else with the constructor of that name */
        rp_buf_printf(out, "---%s For example `%s`\n", decl->doc, decl->example);
        if (decl->named)
            rp_buf_printf(out,
                          "---@param name string\n---@return fun(fields: %s)\nfunction %s(name) "
                          "end\n\n",
                          class.ptr, decl->name);
        else
            rp_buf_printf(out, "---@param fields %s\nfunction %s(fields) end\n\n", class.ptr,
                          decl->name);
    }
    rp_buf_fini(&class);
}

static const struct rp_schema_decl *config_twin(const struct rp_schema_call *call)
{
    for (const struct rp_schema_decl *decl = rp_schema_config_decls; decl->name; decl++)
        if (strcmp(decl->name, call->name) == 0)
            return decl;
    return NULL;
}

static void put_return(struct rp_buf *out, const struct rp_schema_call *call)
{
    const struct rp_schema_decl *twin = config_twin(call);
    struct rp_buf class = {0};

    rp_buf_printf(&class, "ripen.%s", call->name);
    rp_buf_text(out, "---@return ");
    if (call->curried) {
        struct rp_buf inner = class_of(class.ptr, call->params[1].name);

        rp_buf_printf(out, "fun(%s: ", call->params[1].name);
        put_type(out, &call->params[1], inner.ptr);
        rp_buf_text(out, "): ");
        rp_buf_fini(&inner);
    }
    put_makes(out, call->makes, out->len);
    if (twin)
        rp_buf_printf(out, "|fun(fields: ripen.config.%s)", twin->name);
    rp_buf_char(out, '\n');
    rp_buf_fini(&class);
}

static void put_call(struct rp_buf *out, const struct rp_schema_call *call)
{
    uint32_t count = 0, shown;
    struct rp_buf class = {0};

    rp_buf_printf(&class, "ripen.%s", call->name);
    while (count < RP_SCHEMA_PARAMS && call->params[count].name)
        put_inner(out, class.ptr, &call->params[count++]);
    shown = call->curried ? 1 : count;
    rp_buf_printf(out, "---%s For example `%s`\n", call->doc, call->example);
    if (call->texts)
        rp_buf_text(out, "---@overload fun(text: string, pattern: string): boolean\n");
    for (uint32_t i = 0; i < shown; i++) {
        const struct rp_schema_field *param = &call->params[i];
        struct rp_buf inner = class_of(class.ptr, param->name);

        rp_buf_printf(out, "---@param %s%s ", param->name, param->required ? "" : "?");
        put_type(out, param, inner.ptr);
        rp_buf_printf(out, " %s\n", param->doc);
        rp_buf_fini(&inner);
    }
    put_return(out, call);
    rp_buf_printf(out, "function %s(", call->name);
    for (uint32_t i = 0; i < shown; i++)
        rp_buf_printf(out, "%s%s", i ? ", " : "", call->params[i].name);
    rp_buf_text(out, ") end\n\n");
    rp_buf_fini(&class);
}

static void put_basics(struct rp_buf *out)
{
    rp_buf_text(out, "---@alias ripen.Duration string\n"
                     "---@alias ripen.Date string\n");
    for (const struct rp_schema_made *made = rp_schema_mades; made->makes; made++)
        rp_buf_printf(out, "---@class %s %s\n", made->lua, made->text);
    rp_buf_text(out, "---@alias ripen.Match string|number|boolean|ripen.Matcher\n"
                     "---@alias ripen.Fields table<string, ripen.Match>\n"
                     "---@class ripen.Clause\n"
                     "---@field [string] ripen.Match\n"
                     "---@field [integer] ripen.When\n"
                     "---@alias ripen.When ripen.Condition|ripen.Clause\n"
                     "---@class ripen.Event\n"
                     "---@field type string\n"
                     "---@field name string?\n"
                     "---@field properties table<string, any>\n"
                     "---@field context table<string, any>\n"
                     "---@field timestamp string\n"
                     "---@alias ripen.Lead table<string, any>\n"
                     "---@alias ripen.Past table<string|integer, number>\n"
                     "---@alias ripen.Test fun(event: ripen.Event, lead: ripen.Lead, past: "
                     "ripen.Past): boolean|number, string?\n\n");
}

void rp_types_lua(struct rp_buf *out)
{
    rp_buf_text(out, "---@meta ripen\n-- " FIRST_LINE "\n\n");
    put_basics(out);
    for (const struct rp_schema_decl *decl = rp_schema_decls; decl->name; decl++)
        put_decl(out, decl, "ripen.");
    for (const struct rp_schema_decl *decl = rp_schema_config_decls; decl->name; decl++)
        put_decl(out, decl, "ripen.config.");
    for (const struct rp_schema_call *call = rp_schema_calls; call->name; call++)
        put_call(out, call);
    for (const struct rp_schema_call *call = rp_schema_config_calls; call->name; call++)
        put_call(out, call);
}

/* ---- Settings -------------------------------------------------------------------------------- */

void rp_types_luarc(struct rp_buf *out)
{
    rp_buf_text(out, "{\n  \"//\": \"" FIRST_LINE "\",\n"
                     "  \"runtime.version\": \"Lua 5.4\",\n"
                     "  \"runtime.builtin\": { \"coroutine\": \"disable\", \"debug\": \"disable\", "
                     "\"io\": \"disable\", \"os\": \"disable\", \"package\": \"disable\" },\n"
                     "  \"workspace.library\": [\".ripen\"],\n"
                     "  \"workspace.checkThirdParty\": false,\n"
                     "  \"diagnostics.unusedLocalExclude\": [\"event\", \"lead\", \"past\"],\n"
                     "  \"telemetry.enable\": false\n}\n");
}

static void put_globals(struct rp_buf *out, const char *name)
{
    rp_buf_printf(out, "  \"%s\",\n", name);
}

void rp_types_luacheckrc(struct rp_buf *out)
{
    rp_buf_text(out, "-- " FIRST_LINE "\nstd = \"lua54\"\nmax_line_length = false\n"
                     "unused_args = false -- of test = function(event, lead, past)\n"
                     "exclude_files = { \".ripen\", \"**/.ripen/**\" }\n"
                     "read_globals = {\n");
    for (const struct rp_schema_decl *decl = rp_schema_decls; decl->name; decl++)
        put_globals(out, decl->name);
    for (const struct rp_schema_call *call = rp_schema_calls; call->name; call++)
        put_globals(out, call->name);
    for (const struct rp_schema_decl *decl = rp_schema_config_decls; decl->name; decl++)
        if (rp_schema_call(decl->name) == NULL)
            put_globals(out, decl->name);
    for (const struct rp_schema_call *call = rp_schema_config_calls; call->name; call++)
        put_globals(out, call->name);
    rp_buf_text(out, "}\nnot_globals = {\n");
    for (size_t i = 0; rp_name_absent(i); i++)
        put_globals(out, rp_name_absent(i));
    rp_buf_text(out, "}\n");
}
