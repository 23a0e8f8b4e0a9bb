/* SPDX-License-Identifier: MIT */
/* `ripen help rules`: the schema as text, as data and as the reference page. A walk over a shape
 * gives rows; each form prints them its own way. */
#include "engine/help.h"

#include "base/json_write.h"
#include "base/wrap.h"

enum part { PART_RULES, PART_CALLS, PART_CONFIG, PART_CONFIG_CALLS, PART_COUNT };

static const struct {
    const char *title, *doc;
    const struct rp_schema_decl *decls;
    const struct rp_schema_call *calls;
} parts[PART_COUNT] = {
    [PART_RULES] = {"Declarations", "What stands at the top of a rule file.", rp_schema_decls,
                    NULL},
    [PART_CALLS] = {"Constructors", "What stands inside declarations.", NULL, rp_schema_calls},
    [PART_CONFIG] = {"Configuration", "What stands in ripen.lua.", rp_schema_config_decls, NULL},
    [PART_CONFIG_CALLS] = {"Secrets of ripen.lua", "What stands in its declarations.", NULL,
                           rp_schema_config_calls},
};

/* ---- Rows ------------------------------------------------------------------------------------ */

struct row {
    struct rp_str name;
    const struct rp_schema_field *field;
    int depth;
};

static void each_row(struct rp_buf *out, const struct rp_schema_shape *shape, int depth,
                     void (*print)(struct rp_buf *, const struct row *))
{
    const struct rp_schema_field *fields = shape->fields;

    for (; fields && fields->name; fields++) {
        print(out, &(struct row){rp_str_from(fields->name), fields, depth});
        if ((fields->wants & RP_WANT_TABLE) && fields->shape)
            each_row(out, fields->shape, depth + 1, print);
    }
    if (shape->entry) {
        struct rp_buf name = {0};

        if (shape->key != RP_REF_NONE)
            rp_buf_printf(&name, "[%s]", rp_schema_nouns[shape->key]);
        else
            rp_buf_text(&name, "[name]");
        print(out, &(struct row){rp_buf_view(&name), shape->entry, depth});
        rp_buf_fini(&name);
        if ((shape->entry->wants & RP_WANT_TABLE) && shape->entry->shape)
            each_row(out, shape->entry->shape, depth + 1, print);
    }
    if (shape->item) {
        print(out, &(struct row){RP_STR("{ … }"), shape->item, depth});
        if ((shape->item->wants & RP_WANT_TABLE) && shape->item->shape)
            each_row(out, shape->item->shape, depth + 1, print);
    }
}

static void each_param(struct rp_buf *out, const struct rp_schema_call *call,
                       void (*print)(struct rp_buf *, const struct row *))
{
    for (uint32_t i = 0; i < RP_SCHEMA_PARAMS && call->params[i].name; i++) {
        const struct rp_schema_field *param = &call->params[i];

        print(out, &(struct row){rp_str_from(param->name), param, 0});
        if ((param->wants & RP_WANT_TABLE) && param->shape)
            each_row(out, param->shape, 1, print);
    }
}

static void put_form(struct rp_buf *out, const struct rp_schema_decl *decl)
{
    rp_buf_printf(out, decl->named ? "%s \"NAME\" { … }" : "%s { … }", decl->name);
}

static void put_call_form(struct rp_buf *out, const struct rp_schema_call *call)
{
    rp_buf_printf(out, "%s(", call->name);
    for (uint32_t i = 0; i < RP_SCHEMA_PARAMS && call->params[i].name; i++)
        rp_buf_printf(out, "%s%s", i ? ", " : "", call->params[i].name);
    rp_buf_text(out, ")");
}

static void put_makes(struct rp_buf *out, const struct rp_schema_call *call)
{
    size_t start = out->len;

    for (const struct rp_schema_made *made = rp_schema_mades; made->makes; made++)
        if (call->makes & made->makes)
            rp_buf_printf(out, "%s%s", out->len > start ? ", " : "", made->text);
}

/* ---- Text ------------------------------------------------------------------------------------ */

static void list_row(struct rp_buf *out, const char *name, struct rp_str doc)
{
    enum { INDENT = 18 };

    rp_buf_printf(out, "  %-*s ", INDENT - 3, name);
    rp_wrap(out, doc, INDENT, INDENT);
}

/* Behind `indent` columns. */
static void put_text(struct rp_buf *out, const char *text, int indent)
{
    rp_buf_printf(out, "%*s", indent, "");
    rp_wrap(out, rp_str_from(text), (size_t)indent, (size_t)indent);
}

static void put_example(struct rp_buf *out, const char *example)
{
    rp_buf_text(out, "\n  Example:\n    ");
    rp_wrap_code(out, rp_str_from(example), 4, 6);
}

void rp_help_list(struct rp_buf *out)
{
    for (size_t i = 0; i < PART_COUNT; i++) {
        rp_buf_printf(out, "%s%s: %s\n", i ? "\n" : "", parts[i].title, parts[i].doc);
        for (const struct rp_schema_decl *d = parts[i].decls; d && d->name; d++)
            list_row(out, d->name, rp_str_from(d->doc));
        for (const struct rp_schema_call *c = parts[i].calls; c && c->name; c++) {
            struct rp_buf doc = {0};

            rp_buf_printf(&doc, "%s (", c->doc);
            put_makes(&doc, c);
            rp_buf_char(&doc, ')');
            list_row(out, c->name, rp_buf_view(&doc));
            rp_buf_fini(&doc);
        }
    }
    rp_buf_text(out, "\n`ripen help rules NAME` tells fields, kinds, defaults and an example.\n");
}

static void text_row(struct rp_buf *out, const struct row *row)
{
    enum { INDENT = 25 };
    int indent = 4 + 2 * row->depth;
    int width = INDENT - 1 - indent > 0 ? INDENT - 1 - indent : 0;
    size_t start = out->len;
    struct rp_buf kind = {0};

    rp_help_kind(&kind, row->field);
    rp_help_rest(&kind, row->field);
    rp_buf_printf(out, "%*s%-*.*s ", indent, "", width, RP_STR_ARG(row->name));
    rp_wrap(out, rp_buf_view(&kind), out->len - start, INDENT);
    rp_buf_fini(&kind);
    if (row->field->doc)
        put_text(out, row->field->doc, INDENT);
}

static void text_decl(struct rp_buf *out, const struct rp_schema_decl *decl, bool config)
{
    put_form(out, decl);
    rp_buf_printf(out, "%s\n", config ? "      in ripen.lua" : "");
    put_text(out, decl->doc, 2);
    if (decl->once)
        rp_buf_text(out, "  It may stand once.\n");
    rp_buf_text(out, "\n  Fields:\n");
    each_row(out, &decl->shape, 0, text_row);
    put_example(out, decl->example);
}

static void text_call(struct rp_buf *out, const struct rp_schema_call *call)
{
    put_call_form(out, call);
    rp_buf_text(out, "      ");
    put_makes(out, call);
    rp_buf_char(out, '\n');
    put_text(out, call->doc, 2);
    if (call->texts)
        rp_buf_printf(out, "  In a `test` function %s(text, pattern) answers true or false.\n",
                      call->name);
    if (call->params[0].name) {
        rp_buf_text(out, "\n  Takes:\n");
        each_param(out, call, text_row);
    }
    put_example(out, call->example);
}

static struct rp_str near_name(struct rp_arena *arena, struct rp_str name)
{
    struct rp_guess guess = rp_guess(name);

    for (size_t i = 0; i < PART_COUNT; i++) {
        for (const struct rp_schema_decl *d = parts[i].decls; d && d->name; d++)
            rp_guess_offer(&guess, rp_str_from(d->name));
        for (const struct rp_schema_call *c = parts[i].calls; c && c->name; c++)
            rp_guess_offer(&guess, rp_str_from(c->name));
    }
    return rp_guess_hint(arena, &guess);
}

bool rp_help_name(struct rp_arena *arena, struct rp_buf *out, struct rp_str name,
                  struct rp_str *ret_hint)
{
    size_t found = 0;

    for (size_t i = 0; i < PART_COUNT; i++) {
        for (const struct rp_schema_decl *d = parts[i].decls; d && d->name; d++) {
            if (!rp_str_is(name, d->name))
                continue;
            rp_buf_text(out, found++ ? "\n" : "");
            text_decl(out, d, i == PART_CONFIG);
        }
        for (const struct rp_schema_call *c = parts[i].calls; c && c->name; c++) {
            if (!rp_str_is(name, c->name))
                continue;
            rp_buf_text(out, found++ ? "\n" : "");
            text_call(out, c);
        }
    }
    if (found == 0)
        *ret_hint = near_name(arena, name);
    return found > 0;
}

/* ---- Data ------------------------------------------------------------------------------------ */

static void json_shape(struct rp_jw *jw, const struct rp_schema_shape *shape);

static void json_field(struct rp_jw *jw, const struct rp_schema_field *field)
{
    struct rp_buf kind = {0};

    rp_help_kind(&kind, field);
    rp_jw_object(jw);
    rp_jw_put_text(jw, "name", field->name);
    rp_jw_put_str(jw, "kind", rp_buf_view(&kind));
    rp_jw_put_text(jw, "meaning", field->doc);
    rp_jw_put_text(jw, "default", field->fallback);
    rp_jw_put_bool(jw, "needed", field->required);
    rp_jw_put_bool(jw, "placeholders", field->placeholders);
    if (field->ref != RP_REF_NONE)
        rp_jw_put_text(jw, "names", rp_schema_nouns[field->ref]);
    if ((field->wants & RP_WANT_TABLE) && field->shape)
        json_shape(jw, field->shape);
    rp_jw_object_end(jw);
    rp_buf_fini(&kind);
}

static void json_shape(struct rp_jw *jw, const struct rp_schema_shape *shape)
{
    if (shape->fields) {
        rp_jw_key(jw, "fields");
        rp_jw_array(jw);
        for (const struct rp_schema_field *field = shape->fields; field->name; field++)
            json_field(jw, field);
        rp_jw_array_end(jw);
    }
    if (shape->entry) {
        rp_jw_key(jw, "entry");
        json_field(jw, shape->entry);
    }
    if (shape->item) {
        rp_jw_key(jw, "element");
        json_field(jw, shape->item);
    }
}

static void json_decl(struct rp_jw *jw, const struct rp_schema_decl *decl, size_t part)
{
    rp_jw_object(jw);
    rp_jw_put_text(jw, "name", decl->name);
    rp_jw_put_text(jw, "is", "declaration");
    rp_jw_put_text(jw, "in", part == PART_CONFIG ? "ripen.lua" : "rules");
    rp_jw_put_text(jw, "meaning", decl->doc);
    rp_jw_put_text(jw, "example", decl->example);
    rp_jw_put_bool(jw, "named", decl->named);
    rp_jw_put_bool(jw, "once", decl->once);
    json_shape(jw, &decl->shape);
    rp_jw_object_end(jw);
}

static void json_call(struct rp_jw *jw, const struct rp_schema_call *call, size_t part)
{
    struct rp_buf makes = {0};

    put_makes(&makes, call);
    rp_jw_object(jw);
    rp_jw_put_text(jw, "name", call->name);
    rp_jw_put_text(jw, "is", "constructor");
    rp_jw_put_text(jw, "in", part == PART_CONFIG_CALLS ? "ripen.lua" : "rules");
    rp_jw_put_str(jw, "makes", rp_buf_view(&makes));
    rp_jw_put_text(jw, "meaning", call->doc);
    rp_jw_put_text(jw, "example", call->example);
    rp_jw_key(jw, "takes");
    rp_jw_array(jw);
    for (uint32_t i = 0; i < RP_SCHEMA_PARAMS && call->params[i].name; i++)
        json_field(jw, &call->params[i]);
    rp_jw_array_end(jw);
    rp_jw_object_end(jw);
    rp_buf_fini(&makes);
}

bool rp_help_json(struct rp_arena *arena, struct rp_buf *out, struct rp_str name,
                  struct rp_str *ret_hint)
{
    struct rp_jw jw = rp_jw(out);
    size_t found = 0;

    rp_jw_array(&jw);
    for (size_t i = 0; i < PART_COUNT; i++) {
        for (const struct rp_schema_decl *d = parts[i].decls; d && d->name; d++) {
            if (name.len > 0 && !rp_str_is(name, d->name))
                continue;
            json_decl(&jw, d, i);
            found++;
        }
        for (const struct rp_schema_call *c = parts[i].calls; c && c->name; c++) {
            if (name.len > 0 && !rp_str_is(name, c->name))
                continue;
            json_call(&jw, c, i);
            found++;
        }
    }
    rp_jw_array_end(&jw);
    rp_buf_char(out, '\n');
    if (found == 0)
        *ret_hint = near_name(arena, name);
    return found > 0;
}

/* ---- The reference page ---------------------------------------------------------------------- */

/* A cell of a table: no bar and no line end in it. */
static void put_cell(struct rp_buf *out, struct rp_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '|')
            rp_buf_char(out, '\\');
        rp_buf_char(out, text.ptr[i] == '\n' ? ' ' : text.ptr[i]);
    }
}

static void markdown_row(struct rp_buf *out, const struct row *row)
{
    struct rp_buf kind = {0};

    rp_help_kind(&kind, row->field);
    rp_help_rest(&kind, row->field);
    rp_buf_text(out, "| ");
    for (int i = 0; i < row->depth; i++)
        rp_buf_text(out, "· ");
    rp_buf_text(out, "`");
    rp_buf_str(out, row->name);
    rp_buf_text(out, "` | ");
    put_cell(out, rp_buf_view(&kind));
    rp_buf_text(out, " | ");
    put_cell(out, rp_str_from(row->field->doc));
    rp_buf_text(out, " |\n");
    rp_buf_fini(&kind);
}

static void markdown_table(struct rp_buf *out)
{
    rp_buf_text(out, "\n| field | what stands there | meaning |\n|---|---|---|\n");
}

static void markdown_decl(struct rp_buf *out, const struct rp_schema_decl *decl)
{
    rp_buf_printf(out, "\n#### %s\n\n", decl->name);
    rp_buf_text(out, "`");
    put_form(out, decl);
    rp_buf_printf(out, "`%s %s For example `` %s ``\n", decl->once ? ", once." : ":", decl->doc,
                  decl->example);
    markdown_table(out);
    each_row(out, &decl->shape, 0, markdown_row);
}

static void markdown_call(struct rp_buf *out, const struct rp_schema_call *call)
{
    rp_buf_printf(out, "\n#### %s\n\n`", call->name);
    put_call_form(out, call);
    rp_buf_text(out, "`, ");
    put_makes(out, call);
    rp_buf_printf(out, ": %s For example `` %s ``\n", call->doc, call->example);
    if (call->params[0].name) {
        markdown_table(out);
        each_param(out, call, markdown_row);
    }
}

void rp_help_markdown(struct rp_buf *out)
{
    for (size_t i = 0; i < PART_COUNT; i++) {
        rp_buf_printf(out, "%s### %s\n\n%s\n", i ? "\n" : "", parts[i].title, parts[i].doc);
        for (const struct rp_schema_decl *d = parts[i].decls; d && d->name; d++)
            markdown_decl(out, d);
        for (const struct rp_schema_call *c = parts[i].calls; c && c->name; c++)
            markdown_call(out, c);
    }
}
