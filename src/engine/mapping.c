/* SPDX-License-Identifier: MIT */
/* Maps of CSV files. A map is run in the sandbox, judged by the generic check of declared trees and
 * compiled into leaves: one for each kind of row, with everything that it inherits. Knows neither
 * files of data nor what becomes of an event. Invariants: a leaf says who and, for a track, what;
 * after rp_mapping_bind every placeholder has its column. */
#include "base/limits.h"
#include "base/text.h"
#include "engine/check.h"
#include "engine/declare.h"
#include "engine/mapping_priv.h"
#include "engine/scan.h"
#include "model/event.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAP_HEAP (16 * 1024 * 1024)

/* ---- The form of a map ----------------------------------------------------------------------- */

#define TEXT_FIELD(field, meaning)                                                                 \
    {                                                                                              \
        .name = (field), .wants = RP_WANT_TEXT, .doc = (meaning)                                   \
    }

static const struct rp_schema_field any_value = {.name = "value", .wants = RP_WANT_VALUE};
static const struct rp_schema_shape values_shape = {.entry = &any_value};
static const struct rp_schema_shape row_shape;
static const struct rp_schema_field row_value = {
    .name = "row",
    .wants = RP_WANT_TEXT | RP_WANT_BOOL | RP_WANT_TABLE,
    .doc = "The name of a track, a table, or false to leave such rows out.",
    .shape = &row_shape,
};
static const struct rp_schema_shape rows_shape = {.entry = &row_value};

#define VALUES_FIELD(field, meaning)                                                               \
    {                                                                                              \
        .name = (field), .wants = RP_WANT_TABLE, .doc = (meaning), .shape = &values_shape          \
    }

static const struct rp_schema_field row_fields[] = {
    {.name = "type",
     .wants = RP_WANT_TEXT,
     .doc = "What an event of it is.",
     .choices = "track|page|screen|identify|group|alias",
     .fallback = "\"track\""},
    TEXT_FIELD("event", "The name of a track."),
    TEXT_FIELD("name", "The name of a page or screen."),
    TEXT_FIELD("userId", "Who: the lead's id in your system."),
    TEXT_FIELD("anonymousId", "Who: the id of an unknown visitor."),
    TEXT_FIELD("previousId", "The former id, for an alias."),
    TEXT_FIELD("groupId", "The company, for a group."),
    TEXT_FIELD("messageId", "The row's own id; made from the row when there is none."),
    TEXT_FIELD("timestamp", "When it happened."),
    TEXT_FIELD("receivedAt", "When it became known; else `timestamp`."),
    VALUES_FIELD("properties", "What is known of the event."),
    VALUES_FIELD("traits", "What is known of the lead."),
    VALUES_FIELD("context", "Campaign, page, address …"),
    TEXT_FIELD("by", "What decides which of `rows` a row is: \"{column}\"."),
    {.name = "rows",
     .wants = RP_WANT_TABLE,
     .doc = "The values of `by` and what they mean.",
     .shape = &rows_shape},
    {.name = "other",
     .wants = RP_WANT_TEXT | RP_WANT_BOOL | RP_WANT_TABLE,
     .doc = "What stands in no line of `rows`; false leaves it out.",
     .shape = &row_shape},
    {.name = NULL},
};
static const struct rp_schema_shape row_shape = {.fields = row_fields};
static const struct rp_schema_decl map_decl = {.name = "the map", .shape = {.fields = row_fields}};
static const struct rp_schema_decl no_decls[] = {{.name = NULL}};
static const struct rp_schema_call no_calls[] = {{.name = NULL}};

const char *const rp_mapping_slot_keys[RP_MAPPING_SLOTS] = {
    "event",   "name",      "userId",    "anonymousId", "previousId",
    "groupId", "messageId", "timestamp", "receivedAt",
};
const char *const rp_mapping_set_keys[RP_MAPPING_SETS] = {"properties", "traits", "context"};

/* ---- Compiling ------------------------------------------------------------------------------- */

struct compile {
    struct rp_arena *arena;
    struct rp_mapping *mapping;
    struct rp_diagnosis *diagnosis;
};

struct rp_str rp_mapping_trim(struct rp_str text)
{
    while (text.len > 0 && (unsigned char)text.ptr[0] <= ' ') {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && (unsigned char)text.ptr[text.len - 1] <= ' ') {
        text.len--;
    }
    return text;
}

static void note_column(struct rp_mapping *mapping, struct rp_mapping_piece *piece)
{
    if (mapping->column_count == mapping->column_cap) {
        uint32_t cap = mapping->column_cap ? mapping->column_cap * 2 : 32;
        struct rp_mapping_piece **wider =
            RP_ARENA_ARRAY(mapping->arena, struct rp_mapping_piece *, cap);

        if (mapping->column_count > 0) {
            memcpy(wider, mapping->columns,
                   mapping->column_count * sizeof(struct rp_mapping_piece *));
        }
        mapping->columns = wider;
        mapping->column_cap = cap;
    }
    mapping->columns[mapping->column_count++] = piece;
}

static struct rp_mapping_text compile_text(struct compile *compile, const struct rp_node *node)
{
    struct rp_str left = node->text;
    struct rp_mapping_text text = {0};
    uint32_t room = 2;

    for (size_t i = 0; i < left.len; i++) {
        room += left.ptr[i] == '{' ? 2 : 0;
    }
    text.pieces = RP_ARENA_ARRAY(compile->arena, struct rp_mapping_piece, room);
    while (left.len > 0) {
        const char *open = memchr(left.ptr, '{', left.len);
        size_t plain = open ? (size_t)(open - left.ptr) : left.len;
        struct rp_mapping_piece *piece = &text.pieces[text.count++];
        const char *close = open ? memchr(open, '}', left.len - plain) : NULL;
        const char *bar;

        piece->place = node->place;
        if (plain > 0) {
            piece->text = (struct rp_str){left.ptr, plain};
            left = (struct rp_str){left.ptr + plain, left.len - plain};
            continue;
        }
        if (!close || close == open + 1) {
            rp_diagnose(compile->diagnosis, RP_CODE_BRACE, node->place, rp_node_width(node),
                        RP_STR("write \"{column}\" or \"{column|otherwise}\""),
                        "\"%.*s\" has a { without a column and its }", RP_STR_ARG(node->text));
            break;
        }
        bar = memchr(open, '|', (size_t)(close - open));
        piece->column =
            rp_mapping_trim((struct rp_str){open + 1, (size_t)((bar ? bar : close) - open) - 1});
        if (bar) {
            piece->text = (struct rp_str){bar + 1, (size_t)(close - bar) - 1};
        }
        note_column(compile->mapping, piece);
        left = (struct rp_str){close + 1, left.len - (size_t)(close + 1 - open)};
    }
    return text;
}

static void compile_value(struct compile *compile, const struct rp_node *node,
                          struct rp_mapping_value *ret_value);

static void compile_table(struct compile *compile, const struct rp_node *node,
                          struct rp_mapping_value *ret_value)
{
    bool list = node->item_count > 0;

    ret_value->type = list ? RP_ARRAY : RP_OBJECT;
    ret_value->count = list ? node->item_count : node->field_count;
    ret_value->parts =
        RP_ARENA_ARRAY(compile->arena, struct rp_mapping_value, ret_value->count + 1);
    for (uint32_t i = 0; i < ret_value->count; i++) {
        compile_value(compile, list ? &node->items[i] : &node->fields[i].value,
                      &ret_value->parts[i]);
        ret_value->parts[i].key = list ? RP_STR("") : node->fields[i].key;
    }
}

static void compile_value(struct compile *compile, const struct rp_node *node,
                          struct rp_mapping_value *ret_value)
{
    switch ((enum rp_node_type)node->type) {
    case RP_NODE_BOOL:
        ret_value->type = RP_BOOL;
        ret_value->number = node->flag;
        break;
    case RP_NODE_NUMBER:
        ret_value->type = RP_NUMBER;
        ret_value->number = node->number;
        break;
    case RP_NODE_TEXT:
        ret_value->type = RP_STRING;
        ret_value->text = compile_text(compile, node);
        break;
    case RP_NODE_TABLE:
        compile_table(compile, node, ret_value);
        break;
    case RP_NODE_NIL:
    case RP_NODE_CALL:
    case RP_NODE_FUNCTION:
    case RP_NODE_UNKNOWN:
    case RP_NODE_OTHER: /* the check reported them */
        ret_value->type = RP_NULL;
        break;
    }
}

/* The outer row's values with those of the inner one in their place. */
static void merge_set(struct compile *compile, const struct rp_mapping_value *outer,
                      const struct rp_node *inner, struct rp_mapping_value *ret_set)
{
    struct rp_mapping_value own = {0};

    if (inner) {
        compile_table(compile, inner, &own);
    }
    ret_set->type = RP_OBJECT;
    ret_set->parts =
        RP_ARENA_ARRAY(compile->arena, struct rp_mapping_value, outer->count + own.count + 1);
    ret_set->count = 0;
    for (uint32_t i = 0; i < outer->count; i++) {
        bool again = false;

        for (uint32_t j = 0; j < own.count && !again; j++) {
            again = rp_str_eq(own.parts[j].key, outer->parts[i].key);
        }
        if (!again) {
            ret_set->parts[ret_set->count++] = outer->parts[i];
        }
    }
    for (uint32_t j = 0; j < own.count; j++) {
        ret_set->parts[ret_set->count++] = own.parts[j];
    }
}

static bool has_email(const struct rp_mapping_row *row)
{
    for (int set = RP_MAPPING_PROPERTIES; set <= RP_MAPPING_TRAITS; set++) {
        for (uint32_t i = 0; i < row->sets[set].count; i++) {
            if (rp_str_is(row->sets[set].parts[i].key, "email")) {
                return true;
            }
        }
    }
    return false;
}

/* Traits stand at the root of an identify or group, and in the context of everything else. */
static void place_traits(struct compile *compile, struct rp_mapping_row *row)
{
    struct rp_mapping_value *context = &row->sets[RP_MAPPING_CONTEXT];
    struct rp_mapping_value *parts;

    if (row->type == RP_IDENTIFY || row->type == RP_GROUP ||
        row->sets[RP_MAPPING_TRAITS].count == 0) {
        return;
    }
    parts = RP_ARENA_ARRAY(compile->arena, struct rp_mapping_value, context->count + 1);
    memcpy(parts, context->parts, context->count * sizeof(*parts));
    parts[context->count] = row->sets[RP_MAPPING_TRAITS];
    parts[context->count].key = RP_STR("traits");
    context->parts = parts;
    context->count++;
    row->sets[RP_MAPPING_TRAITS].count = 0;
}

/* A row that is an event says who, and a track what. */
static void check_leaf(struct compile *compile, const struct rp_mapping_row *row,
                       const struct rp_node *node)
{
    if (row->slots[RP_MAPPING_USER_ID].count == 0 &&
        row->slots[RP_MAPPING_ANONYMOUS_ID].count == 0 && !has_email(row)) {
        rp_diagnose(compile->diagnosis, RP_CODE_MISSING_FIELD, node->place, rp_node_width(node),
                    RP_STR("add userId = \"{column}\", anonymousId, or traits = { email = … }"),
                    "the map does not say whose events these are");
    }
    if (row->type == RP_TRACK && row->slots[RP_MAPPING_EVENT].count == 0) {
        rp_diagnose(compile->diagnosis, RP_CODE_MISSING_FIELD, node->place, rp_node_width(node),
                    RP_STR("add event = \"…\", or type = \"page\", \"identify\" …"),
                    "the map does not say which event this is");
    }
}

int rp_mapping_choice_cmp(const void *a, const void *b)
{
    return rp_str_cmp(((const struct rp_mapping_choice *)a)->key,
                      ((const struct rp_mapping_choice *)b)->key);
}

static struct rp_mapping_row *compile_row(struct compile *compile,
                                          const struct rp_mapping_row *outer,
                                          const struct rp_node *node);

static void compile_choices(struct compile *compile, struct rp_mapping_row *row,
                            const struct rp_node *node)
{
    const struct rp_node *by = rp_node_get(node, "by");
    const struct rp_node *rows = rp_node_get(node, "rows");
    const struct rp_node *other = rp_node_get(node, "other");

    if (!by || !rows) {
        rp_diagnose(compile->diagnosis, RP_CODE_MISSING_FIELD, node->place, rp_node_width(node),
                    RP_STR("write by = \"{column}\" and rows = { [\"value\"] = \"Event Name\" }"),
                    "`by`, `rows` and `other` belong together; '%s' is missing",
                    by ? "rows" : "by");
        return;
    }
    row->by = compile_text(compile, by);
    row->choices = RP_ARENA_ARRAY(compile->arena, struct rp_mapping_choice, rows->field_count + 1);
    for (uint32_t i = 0; i < rows->field_count; i++) {
        struct rp_mapping_choice *choice = &row->choices[row->choice_count++];

        choice->key = rp_text_fold(compile->arena, rp_mapping_trim(rows->fields[i].key));
        choice->row = compile_row(compile, row, &rows->fields[i].value);
    }
    qsort(row->choices, row->choice_count, sizeof(*row->choices), rp_mapping_choice_cmp);
    if (other) {
        row->other = compile_row(compile, row, other);
    }
}

static struct rp_mapping_row *
compile_row(struct compile *compile, const struct rp_mapping_row *outer, const struct rp_node *node)
{
    struct rp_mapping_row *row = RP_ARENA_NEW(compile->arena, struct rp_mapping_row);
    struct rp_str type = rp_node_text(node, "type");

    row->skip = node->type == RP_NODE_BOOL;
    row->type = outer->type;
    memcpy(row->slots, outer->slots, sizeof(row->slots));
    if (node->type == RP_NODE_BOOL && node->flag) {
        rp_diagnose(compile->diagnosis, RP_CODE_TYPE, node->place, rp_node_width(node),
                    RP_STR("write the event's name, a table, or false to leave such rows out"),
                    "a row cannot be `true`");
    }
    if (node->type == RP_NODE_TEXT) {
        row->slots[RP_MAPPING_EVENT] = compile_text(compile, node);
        row->type = RP_TRACK;
    }
    if (type.len > 0) {
        (void)rp_event_type_parse(type, &row->type);
    }
    for (int slot = 0; slot < RP_MAPPING_SLOTS; slot++) {
        const struct rp_node *text = rp_node_get(node, rp_mapping_slot_keys[slot]);

        if (text) {
            row->slots[slot] = compile_text(compile, text);
        }
    }
    for (int set = 0; set < RP_MAPPING_SETS; set++) {
        merge_set(compile, &outer->sets[set], rp_node_get(node, rp_mapping_set_keys[set]),
                  &row->sets[set]);
    }
    if (rp_node_get(node, "by") || rp_node_get(node, "rows") || rp_node_get(node, "other")) {
        compile_choices(compile, row, node);
    } else if (!row->skip) {
        check_leaf(compile, row, node);
        place_traits(compile, row);
    }
    return row;
}

/* ---- Loading --------------------------------------------------------------------------------- */

static int read_text(struct rp_arena *arena, const char *path, struct rp_str *ret_text,
                     struct rp_err *err)
{
    FILE *file = fopen(path, "rb");
    struct rp_buf buf = {0};
    char bytes[4096];
    size_t got;
    int status = 0;

    if (!file) {
        return rp_err_set(err, RIPEN_EIO, "the map %s cannot be read: %s", path, strerror(errno));
    }
    while ((got = fread(bytes, 1, sizeof(bytes), file)) > 0 && buf.len <= RP_RULE_FILE_MAX) {
        rp_buf_add(&buf, bytes, got);
    }
    if (ferror(file)) {
        status = rp_err_set(err, RIPEN_EIO, "the map %s cannot be read: %s", path, strerror(errno));
    } else if (buf.len > RP_RULE_FILE_MAX) {
        status = rp_err_set(err, RIPEN_ELIMIT, "the map %s is larger than %d bytes", path,
                            RP_RULE_FILE_MAX);
    }
    fclose(file);
    *ret_text = rp_arena_str(arena, rp_buf_view(&buf));
    rp_buf_fini(&buf);
    return status;
}

/* Runs the file and checks the form of what it returns. */
static int run_map(struct rp_arena *arena, struct rp_diagnosis *diagnosis,
                   const struct rp_source *source, struct rp_declared *ret_map, struct rp_err *err)
{
    struct rp_recorder recorder = {.arena = arena,
                                   .diagnosis = diagnosis,
                                   .decls = no_decls,
                                   .calls = no_calls,
                                   .returns = true};
    struct rp_scope scope = {.arena = arena, .diagnosis = diagnosis};
    struct rp_sandbox *sandbox = rp_recorder_sandbox(&recorder, MAP_HEAP, err);

    if (!sandbox) {
        return RIPEN_EBUDGET;
    }
    rp_sandbox_begin(sandbox, RP_PHASE_DECLARE, RP_LOAD_STEPS_MAX);
    *ret_map = (struct rp_declared){.decl = &map_decl, .complete = true};
    if (rp_recorder_run(&recorder, sandbox, 0, source) && diagnosis->findings->errors == 0) {
        struct rp_outline *outline = rp_outline_new(arena, source->text);

        rp_place_returned(&recorder.returned, 0, outline);
        rp_place_duplicates(diagnosis, 0, outline);
        ret_map->body = recorder.returned;
        if (recorder.returned.type != RP_NODE_TABLE) {
            rp_diagnose(diagnosis, RP_CODE_NO_BODY, recorder.returned.place, 1,
                        RP_STR("write return { userId = \"{column}\", event = \"…\", … }"),
                        "a map returns a table, not %s", rp_node_type_name(&recorder.returned));
        } else {
            rp_check_declared(&scope, ret_map, 1);
        }
    }
    rp_sandbox_free(sandbox);
    return 0;
}

int rp_mapping_load(struct rp_arena *arena, const char *path, struct rp_mapping **ret_mapping,
                    struct rp_findings *findings, struct rp_err *err)
{
    struct rp_mapping *mapping = RP_ARENA_NEW(arena, struct rp_mapping);
    struct rp_source *source = RP_ARENA_NEW(arena, struct rp_source);
    struct rp_diagnosis diagnosis = {
        .arena = arena, .files = &mapping->files, .findings = findings};
    struct compile compile = {arena, mapping, &diagnosis};
    const struct rp_mapping_row none = {.type = RP_TRACK};
    struct rp_declared map;
    int status = read_text(arena, path, &source->text, err);

    if (status != 0) {
        return status;
    }
    source->path = rp_arena_str(arena, rp_str_from(path));
    mapping->arena = arena;
    mapping->files = (struct rp_files){source, 1};
    if (!rp_utf8_valid(source->text)) {
        return rp_err_set(err, RIPEN_EINPUT, "the map %s is not UTF-8 text; save it as UTF-8",
                          path);
    }
    status = run_map(arena, &diagnosis, source, &map, err);
    if (status == 0 && findings->errors == 0) {
        mapping->root = compile_row(&compile, &none, &map.body);
    }
    rp_findings_sort(findings);
    if (status == 0 && findings->errors > 0) {
        status = rp_err_set(err, RIPEN_ERULE, "the map %s is not valid", path);
    }
    if (status == 0) {
        *ret_mapping = mapping;
    }
    return status;
}

int rp_mapping_bind(struct rp_mapping *mapping, const struct rp_str *columns, size_t count,
                    struct rp_findings *findings, struct rp_err *err)
{
    struct rp_diagnosis diagnosis = {
        .arena = mapping->arena, .files = &mapping->files, .findings = findings};
    struct rp_str *names = RP_ARENA_ARRAY(mapping->arena, struct rp_str, count + 1);
    struct rp_buf list = {0};

    for (size_t i = 0; i < count; i++) {
        names[i] =
            rp_text_fold(mapping->arena, rp_arena_str(mapping->arena, rp_mapping_trim(columns[i])));
        rp_buf_printf(&list, "%s%.*s", i ? ", " : "the file has: ", RP_STR_ARG(columns[i]));
    }
    for (uint32_t p = 0; p < mapping->column_count; p++) {
        struct rp_mapping_piece *piece = mapping->columns[p];
        struct rp_str wanted = rp_text_fold(mapping->arena, piece->column);
        struct rp_guess guess = rp_guess(piece->column);
        struct rp_str hint;

        for (piece->index = 0; piece->index < count; piece->index++) {
            if (rp_str_eq(names[piece->index], wanted)) {
                break;
            }
            rp_guess_offer(&guess, columns[piece->index]);
        }
        if (piece->index < count) {
            continue;
        }
        hint = rp_guess_hint(mapping->arena, &guess);
        rp_diagnose(&diagnosis, RP_CODE_PLACEHOLDER, piece->place, (int)piece->column.len + 4,
                    hint.len ? hint : rp_buf_view(&list), "there is no column '%.*s'",
                    RP_STR_ARG(piece->column));
    }
    rp_buf_fini(&list);
    rp_findings_sort(findings);
    return findings->errors == 0 ? 0
                                 : rp_err_set(err, RIPEN_ERULE, "the map does not fit the file");
}
