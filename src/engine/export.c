/* SPDX-License-Identifier: MIT */
/* The document of an export: declarations in the order of files and lines, overrides, lists,
 * tables, files. Defaults that depend on other declarations (the stages a stage is entered from,
 * the decay of a rule) come from the compiled rules, so that they are what acts. */
#include "engine/export.h"

#include "base/hash.h"

#include <ripen/version.h>

#include <math.h>

static void put_span(struct rp_jw *jw, const char *key, int64_t ms)
{
    struct rp_buf text = {0};

    rp_duration_print(&text, ms);
    rp_jw_put_str(jw, key, rp_buf_view(&text));
    rp_buf_fini(&text);
}

static void put_decay(struct rp_jw *jw, const struct rp_decay *decay)
{
    static const char *const names[] = {[RP_DECAY_HALF_LIFE] = "half_life",
                                        [RP_DECAY_LINEAR] = "linear",
                                        [RP_DECAY_EXPIRE] = "expire"};

    rp_jw_key(jw, "decay");
    if (decay->kind == RP_DECAY_NONE) {
        rp_jw_text(jw, "none");
        return;
    }
    rp_jw_object(jw);
    put_span(jw, names[decay->kind], decay->span_ms);
    rp_jw_object_end(jw);
}

/* ---- Defaults that depend on others ---------------------------------------------------------- */

static bool score_dimension(struct rp_jw *jw, const struct rp_rules *rules, struct rp_str name)
{
    uint32_t number = rp_rules_score(rules, name);

    if (number == RP_NONE || rules->scores[number].award_count != 1)
        return false;
    rp_jw_put_str(jw, "dimension", rules->dims[rules->scores[number].awards[0].dim].name);
    return true;
}

static bool score_decay(struct rp_jw *jw, const struct rp_rules *rules, struct rp_str name)
{
    uint32_t number = rp_rules_score(rules, name);

    if (number == RP_NONE || rules->scores[number].award_count != 1)
        return false;
    put_decay(jw, &rules->sums[rules->scores[number].awards[0].sum].decay);
    return true;
}

static bool stage_from(struct rp_jw *jw, const struct rp_rules *rules, struct rp_str name)
{
    uint32_t number = rp_rules_stage(rules, name);

    if (number == RP_NONE || rules->stages[number].enter == NULL)
        return false;
    rp_jw_key(jw, "from");
    rp_jw_array(jw);
    for (uint32_t i = 0; i < rules->stages[number].from_count; i++)
        rp_jw_str(jw, rules->stages[rules->stages[number].from[i]].name);
    rp_jw_array_end(jw);
    return true;
}

static bool stage_leave_to(struct rp_jw *jw, const struct rp_rules *rules, struct rp_str name)
{
    uint32_t number = rp_rules_stage(rules, name);

    if (number == RP_NONE || rules->stages[number].leave == NULL ||
        rules->stages[number].leave_to >= rules->stage_count)
        return false;
    rp_jw_put_str(jw, "leave_to", rules->stages[rules->stages[number].leave_to].name);
    return true;
}

/* Points that nothing lowers. */
static bool dimension_decay(struct rp_jw *jw, const struct rp_rules *rules, struct rp_str name)
{
    uint32_t number = rp_rules_dim(rules, name);

    if (number == RP_NONE || rules->dims[number].state ||
        rules->dims[number].decay.kind != RP_DECAY_NONE)
        return false;
    put_decay(jw, &rules->dims[number].decay);
    return true;
}

static const struct {
    const char *decl, *field;
    bool (*put)(struct rp_jw *jw, const struct rp_rules *rules, struct rp_str name);
} derived[] = {
    {"dimension", "decay", dimension_decay}, {"score", "dimension", score_dimension},
    {"score", "decay", score_decay},         {"stage", "from", stage_from},
    {"stage", "leave_to", stage_leave_to},
};

static bool put_derived(struct rp_export *export, const struct rp_declared *one, const char *field)
{
    for (size_t i = 0; i < RP_COUNT(derived); i++)
        if (strcmp(derived[i].decl, one->decl->name) == 0 && strcmp(derived[i].field, field) == 0)
            return derived[i].put(&export->jw, export->shown->rules, one->name);
    return false;
}

/* ---- Declarations ---------------------------------------------------------------------------- */

static void put_place(struct rp_export *export, struct rp_place place)
{
    rp_jw_put_str(&export->jw, "file", export->shown->rules->sources[place.file].path);
    rp_jw_put_int(&export->jw, "line", place.line);
}

static void put_declaration(struct rp_export *export, const struct rp_declared *one)
{
    const struct rp_schema_shape *shape = &one->decl->shape;
    struct rp_jw *jw = &export->jw;
    const char *filled[64];
    uint32_t filled_count = 0;

    rp_jw_object(jw);
    rp_jw_put_text(jw, "declare", one->decl->name);
    if (one->decl->named)
        rp_jw_put_str(jw, "name", one->name);
    put_place(export, one->place);
    rp_jw_key(jw, "fields");
    rp_jw_object(jw);
    if (shape->item && one->body.item_count > 0) {
        rp_jw_key(jw, "$items");
        rp_jw_array(jw);
        for (uint32_t i = 0; i < one->body.item_count; i++)
            rp_export_value(export, shape->item, &one->body.items[i]);
        rp_jw_array_end(jw);
    }
    for (const struct rp_schema_field *field = shape->fields; field && field->name; field++) {
        const struct rp_node *value = rp_node_get(&one->body, field->name);

        if (value) {
            rp_jw_key(jw, field->name);
            rp_export_value(export, field, value);
        } else if (put_derived(export, one, field->name) || rp_export_default(export, field)) {
            RP_ASSERT(filled_count < RP_COUNT(filled));
            filled[filled_count++] = field->name;
        }
    }
    for (uint32_t i = 0; shape->entry && i < one->body.field_count; i++) {
        rp_export_key(export, one->body.fields[i].key);
        rp_export_value(export, shape->entry, &one->body.fields[i].value);
    }
    rp_jw_object_end(jw);
    rp_jw_key(jw, "defaults");
    rp_jw_array(jw);
    for (uint32_t i = 0; i < filled_count; i++)
        rp_jw_text(jw, filled[i]);
    rp_jw_array_end(jw);
    rp_jw_object_end(jw);
}

static void put_overrides(struct rp_export *export)
{
    struct rp_jw *jw = &export->jw;

    rp_jw_key(jw, "overrides");
    rp_jw_array(jw);
    for (uint32_t i = 0; i < export->shown->override_count; i++) {
        const struct rp_override *one = &export->shown->overrides[i];

        rp_jw_object(jw);
        rp_jw_put_text(jw, "declare", one->declared->decl->name);
        rp_jw_put_str(jw, "name", one->declared->name);
        rp_jw_put_str(jw, "field", one->field);
        rp_jw_key(jw, "was");
        if (isnan(one->was))
            rp_jw_null(jw);
        else
            rp_jw_number(jw, one->was);
        rp_jw_key(jw, "value");
        rp_jw_number(jw, one->value);
        put_place(export, one->place);
        rp_jw_object_end(jw);
    }
    rp_jw_array_end(jw);
}

/* ---- Data beside the rules ------------------------------------------------------------------- */

static void put_texts(struct rp_jw *jw, const struct rp_str *texts, uint32_t count)
{
    rp_jw_array(jw);
    for (uint32_t i = 0; i < count; i++)
        rp_jw_str(jw, texts[i]);
    rp_jw_array_end(jw);
}

static void put_lists(struct rp_jw *jw, const struct rp_rules *rules)
{
    rp_jw_key(jw, "lists");
    rp_jw_array(jw);
    for (uint32_t i = 0; i < rules->list_count; i++) {
        rp_jw_object(jw);
        rp_jw_put_str(jw, "name", rules->lists[i].name);
        rp_jw_key(jw, "values");
        put_texts(jw, rules->lists[i].values, rules->lists[i].count);
        rp_jw_object_end(jw);
    }
    rp_jw_array_end(jw);
}

static void put_lookups(struct rp_jw *jw, const struct rp_rules *rules)
{
    rp_jw_key(jw, "tables");
    rp_jw_array(jw);
    for (uint32_t i = 0; i < rules->lookup_count; i++) {
        const struct rp_lookup *lookup = &rules->lookups[i];

        rp_jw_object(jw);
        rp_jw_put_str(jw, "lookup", lookup->name);
        rp_jw_key(jw, "match");
        rp_jw_array(jw);
        for (uint32_t m = 0; m < lookup->match_count; m++)
            rp_jw_str(jw, rules->fields[lookup->match_fields[m]].name);
        rp_jw_array_end(jw);
        rp_jw_key(jw, "gives");
        put_texts(jw, lookup->columns, lookup->column_count);
        rp_jw_key(jw, "rows");
        rp_jw_array(jw);
        for (uint32_t row = 0; row < lookup->row_count; row++) {
            rp_jw_object(jw);
            rp_jw_key(jw, "keys");
            put_texts(jw, &lookup->keys[row * lookup->match_count], lookup->match_count);
            rp_jw_key(jw, "cells");
            put_texts(jw, &lookup->cells[row * lookup->column_count], lookup->column_count);
            rp_jw_object_end(jw);
        }
        rp_jw_array_end(jw);
        rp_jw_object_end(jw);
    }
    rp_jw_array_end(jw);
}

static void put_files(struct rp_jw *jw, const struct rp_rules *rules)
{
    rp_jw_key(jw, "files");
    rp_jw_array(jw);
    for (uint32_t i = 0; i < rules->source_count; i++) {
        const struct rp_source *source = &rules->sources[i];
        char digest[65];

        rp_sha256_hex(source->text.ptr ? source->text.ptr : "", source->text.len, digest);
        rp_jw_object(jw);
        rp_jw_put_str(jw, "path", source->path);
        rp_jw_put_int(jw, "bytes", (int64_t)source->text.len);
        rp_jw_put_text(jw, "sha256", digest);
        rp_jw_object_end(jw);
    }
    rp_jw_array_end(jw);
}

void rp_export_json(struct rp_buf *out, const struct rp_shown *shown)
{
    struct rp_export export = {.jw = rp_jw(out), .shown = shown};
    struct rp_jw *jw = &export.jw;

    rp_jw_object(jw);
    rp_jw_put_text(jw, "format", "ripen-rules-1");
    rp_jw_put_text(jw, "ripen", RIPEN_VERSION);
    rp_jw_put_text(jw, "hash", shown->rules->hash);
    rp_jw_key(jw, "declarations");
    rp_jw_array(jw);
    for (uint32_t i = 0; i < shown->declarations->count; i++)
        put_declaration(&export, &shown->declarations->items[i]);
    rp_jw_array_end(jw);
    put_overrides(&export);
    put_lists(jw, shown->rules);
    put_lookups(jw, shown->rules);
    put_files(jw, shown->rules);
    rp_jw_object_end(jw);
    rp_buf_char(out, '\n');
}
