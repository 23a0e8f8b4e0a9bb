/* SPDX-License-Identifier: MIT */
/* Lists for in_list and tables for lookup, out of the directory's lists/. Values are folded once.
 */
#include "base/csv.h"
#include "base/text.h"
#include "engine/compile.h"

#include <stdlib.h>

struct reader {
    struct rp_str text;
    size_t at;
};

static int64_t read_text(void *ctx, char *bytes, size_t size)
{
    struct reader *reader = ctx;
    size_t left = reader->text.len - reader->at;

    if (size > left)
        size = left;
    memcpy(bytes, reader->text.ptr + reader->at, size);
    reader->at += size;
    return (int64_t)size;
}

struct rp_csv *rp_compile_csv(struct rp_compile *compile, uint32_t file)
{
    struct reader *reader = RP_ARENA_NEW(compile->arena, struct reader);

    reader->text = compile->files->items[file].text;
    return rp_csv_new(read_text, reader);
}

struct rp_str rp_compile_trimmed(struct rp_str text)
{
    while (text.len > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t')) {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t' ||
                            text.ptr[text.len - 1] == '\r'))
        text.len--;
    return text;
}

struct values {
    struct rp_str *items;
    uint32_t count, cap;
};

static void add_value(struct rp_compile *compile, struct values *values, struct rp_str text)
{
    text = rp_compile_trimmed(text);
    if (text.len == 0)
        return;
    if (values->count == values->cap) {
        uint32_t cap = values->cap ? values->cap * 2 : 64;
        struct rp_str *wider = RP_ARENA_ARRAY(compile->arena, struct rp_str, cap);

        if (values->count > 0)
            memcpy(wider, values->items, values->count * sizeof *wider);
        values->items = wider;
        values->cap = cap;
    }
    values->items[values->count++] = rp_text_fold(compile->arena, text);
}

static void read_lines(struct rp_compile *compile, struct rp_str text, struct values *values)
{
    size_t start = rp_str_starts(text, RP_STR("\xef\xbb\xbf")) ? 3 : 0;

    while (start < text.len) {
        const char *end = memchr(text.ptr + start, '\n', text.len - start);
        size_t len = end ? (size_t)(end - text.ptr) - start : text.len - start;
        struct rp_str line = rp_compile_trimmed((struct rp_str){text.ptr + start, len});

        if (line.len > 0 && line.ptr[0] != '#')
            add_value(compile, values, line);
        start += len + 1;
    }
}

static void csv_failed(struct rp_compile *compile, uint32_t file, const struct rp_err *err)
{
    rp_compile_report(compile, RP_CODE_LOOKUP, (struct rp_place){.file = file, .line = err->line},
                      1, RP_STR("save it as CSV with UTF-8"), "%s", err->text);
}

/* The first column, without its first line when that is the heading of a table with columns. */
static void read_csv(struct rp_compile *compile, uint32_t file, struct values *values)
{
    struct reader reader = {.text = compile->files->items[file].text};
    struct rp_csv *csv = rp_csv_new(read_text, &reader);
    struct rp_str *fields;
    struct rp_err err = {0};
    size_t count;
    int status, row = 0;

    while ((status = rp_csv_next(compile->arena, csv, &fields, &count, &err)) > 0)
        if (count > 0 && !(row++ == 0 && count > 1) &&
            !(fields[0].len > 0 && fields[0].ptr[0] == '#'))
            add_value(compile, values, fields[0]);
    if (status < 0)
        csv_failed(compile, file, &err);
    rp_csv_free(csv);
}

static int compare(const void *left, const void *right)
{
    return rp_str_cmp(*(const struct rp_str *)left, *(const struct rp_str *)right);
}

static bool list_name(struct rp_str path, struct rp_str *ret_name, bool *ret_csv)
{
    static const struct rp_str folder = {"lists/", 6};

    if (!rp_str_starts(path, folder))
        return false;
    *ret_csv = rp_str_ends(path, RP_STR(".csv"));
    if (!*ret_csv && !rp_str_ends(path, RP_STR(".txt")))
        return false;
    *ret_name = (struct rp_str){path.ptr + folder.len, path.len - folder.len - 4};
    return true;
}

void rp_compile_lists(struct rp_compile *compile)
{
    struct rp_rules *rules = compile->rules;

    rules->lists = RP_ARENA_ARRAY(&rules->arena, struct rp_list, compile->files->count);
    compile->lists_used = RP_ARENA_ARRAY(compile->arena, bool, compile->files->count);
    for (uint32_t i = 0; i < compile->files->count; i++) {
        struct rp_list *list = &rules->lists[rules->list_count];
        struct values values = {0};
        struct rp_str name;
        bool csv;

        if (!list_name(compile->files->items[i].path, &name, &csv) ||
            rp_map_get(&compile->lists, name) != RP_MAP_NONE)
            continue;
        if (csv)
            read_csv(compile, i, &values);
        else
            read_lines(compile, compile->files->items[i].text, &values);
        if (values.count > 1)
            qsort(values.items, values.count, sizeof *values.items, compare);
        list->name = rp_compile_keep(compile, name);
        list->place = (struct rp_place){.file = i, .line = 1};
        list->values = RP_ARENA_ARRAY(&rules->arena, struct rp_str, values.count);
        for (uint32_t j = 0; j < values.count; j++)
            if (j == 0 || !rp_str_eq(values.items[j], values.items[j - 1]))
                list->values[list->count++] = rp_compile_keep(compile, values.items[j]);
        rp_map_put(compile->arena, &compile->lists, list->name, rules->list_count++);
    }
}

/* The name was checked already; a broken load may still ask for one that is not there. */
uint32_t rp_compile_list(struct rp_compile *compile, struct rp_str name, struct rp_place place,
                         int width)
{
    uint32_t list = rp_map_get(&compile->lists, name);

    if (list != RP_MAP_NONE)
        compile->lists_used[list] = true;
    if (list != RP_MAP_NONE && compile->rules->lists[list].count == 0)
        rp_compile_report(compile, RP_CODE_EMPTY_LIST, place, width,
                          RP_STR("add values, one a line"), "the list \"%.*s\" is empty",
                          RP_STR_ARG(name));
    return list == RP_MAP_NONE ? RP_NONE : list;
}

/* ---- Look-up tables -------------------------------------------------------------------------- */

static uint32_t column_of(const struct rp_str *names, size_t count, struct rp_str name)
{
    for (size_t i = 0; i < count; i++)
        if (rp_str_eq(rp_compile_trimmed(names[i]), name))
            return (uint32_t)i;
    return RP_NONE;
}

static enum rp_match_op match_op(struct rp_str how)
{
    static const struct {
        const char *name;
        enum rp_match_op op;
    } ops[] = {{"glob", RP_MATCH_GLOB},
               {"starts_with", RP_MATCH_STARTS},
               {"ends_with", RP_MATCH_ENDS},
               {"contains", RP_MATCH_CONTAINS},
               {"word", RP_MATCH_WORD}};

    for (size_t i = 0; i < RP_COUNT(ops); i++)
        if (rp_str_is(how, ops[i].name))
            return ops[i].op;
    return RP_MATCH_EQ;
}

struct lookup_columns { /* of the file, in the order of the declaration */
    uint32_t *keys, *gives;
};

static void bad_column(struct rp_compile *compile, const struct rp_node *node,
                       struct rp_place place, struct rp_str column)
{
    rp_compile_report(compile, RP_CODE_LOOKUP, place, node ? rp_node_width(node) : (int)column.len,
                      RP_STR("its first line names the columns"),
                      "%.*s: the file has no column '%.*s'", RP_STR_ARG(compile->what),
                      RP_STR_ARG(column));
}

static bool find_columns(struct rp_compile *compile, const struct rp_declared *declared,
                         const struct rp_str *head, size_t head_count, struct rp_lookup *lookup,
                         struct lookup_columns *columns)
{
    const struct rp_node *match = rp_node_get(&declared->body, "match");
    const struct rp_node *gives =
        rp_node_list(rp_node_get(&declared->body, "gives"), &lookup->column_count);
    struct rp_arena *arena = &compile->rules->arena;
    bool right = match->field_count > 0;

    lookup->match_count = match->field_count;
    lookup->match_fields = RP_ARENA_ARRAY(arena, uint32_t, lookup->match_count);
    lookup->match_ops = RP_ARENA_ARRAY(arena, enum rp_match_op, lookup->match_count);
    lookup->columns = RP_ARENA_ARRAY(arena, struct rp_str, lookup->column_count);
    columns->keys = RP_ARENA_ARRAY(compile->arena, uint32_t, lookup->match_count);
    columns->gives = RP_ARENA_ARRAY(compile->arena, uint32_t, lookup->column_count);
    compile->bare = RP_BARE_EVENT;
    for (uint32_t i = 0; i < lookup->match_count; i++) {
        const struct rp_node_field *field = &match->fields[i];

        lookup->match_fields[i] =
            rp_compile_field(compile, field->key, field->place, (int)field->key.len);
        lookup->match_ops[i] = match_op(field->value.text);
        compile->rules->fields[lookup->match_fields[i]].keeps_text = true;
        columns->keys[i] = column_of(head, head_count, field->key);
        if (columns->keys[i] == RP_NONE) {
            bad_column(compile, NULL, field->place, field->key);
            right = false;
        }
    }
    for (uint32_t i = 0; i < lookup->column_count; i++) {
        lookup->columns[i] = rp_compile_keep(compile, gives[i].text);
        columns->gives[i] = column_of(head, head_count, gives[i].text);
        if (columns->gives[i] == RP_NONE) {
            bad_column(compile, &gives[i], gives[i].place, gives[i].text);
            right = false;
        }
    }
    return right;
}

static uint32_t count_rows(struct rp_str text)
{
    uint32_t rows = 1;

    for (size_t i = 0; i < text.len; i++)
        rows += text.ptr[i] == '\n';
    return rows;
}

static struct rp_str cell(const struct rp_str *fields, size_t count, uint32_t column)
{
    return column < count ? rp_compile_trimmed(fields[column]) : RP_STR("");
}

static void read_rows(struct rp_compile *compile, const struct rp_declared *declared, uint32_t file,
                      struct rp_lookup *lookup)
{
    struct rp_arena *arena = &compile->rules->arena;
    struct reader reader = {.text = compile->files->items[file].text};
    uint32_t rows_max = count_rows(reader.text);
    struct rp_csv *csv = rp_csv_new(read_text, &reader);
    struct lookup_columns columns;
    struct rp_err err = {0};
    struct rp_str *fields;
    size_t count = 0;
    int status = rp_csv_next(compile->arena, csv, &fields, &count, &err);

    if (status <= 0)
        count = 0;
    if (status < 0 || !find_columns(compile, declared, fields, count, lookup, &columns))
        goto out;
    lookup->keys = RP_ARENA_ARRAY(arena, struct rp_str, (size_t)rows_max * lookup->match_count);
    lookup->cells = RP_ARENA_ARRAY(arena, struct rp_str, (size_t)rows_max * lookup->column_count);
    while ((status = rp_csv_next(compile->arena, csv, &fields, &count, &err)) > 0) {
        uint32_t row = lookup->row_count;

        if (row == rows_max)
            break;
        for (uint32_t i = 0; i < lookup->match_count; i++)
            lookup->keys[row * lookup->match_count + i] =
                rp_text_fold(arena, rp_compile_keep(compile, cell(fields, count, columns.keys[i])));
        for (uint32_t i = 0; i < lookup->column_count; i++)
            lookup->cells[row * lookup->column_count + i] =
                rp_compile_keep(compile, cell(fields, count, columns.gives[i]));
        lookup->row_count++;
    }
out:
    if (status < 0)
        csv_failed(compile, file, &err);
    rp_csv_free(csv);
}

void rp_compile_lookups(struct rp_compile *compile)
{
    struct rp_rules *rules = compile->rules;
    struct rp_declared *declared;
    uint32_t at = 0;

    rules->lookups = RP_ARENA_ARRAY(&rules->arena, struct rp_lookup, compile->count);
    while ((declared = rp_compile_next(compile, "lookup", &at)) != NULL) {
        struct rp_lookup *lookup = &rules->lookups[rules->lookup_count];
        struct rp_str path = rp_node_text(&declared->body, "file");

        for (uint32_t i = 0; i < compile->files->count; i++) {
            if (!rp_str_eq(compile->files->items[i].path, path))
                continue;
            *lookup = (struct rp_lookup){.name = rp_compile_keep(compile, declared->name),
                                         .place = declared->place};
            read_rows(compile, declared, i, lookup);
            rp_map_put(compile->arena, &compile->lookups, lookup->name, rules->lookup_count++);
            break;
        }
    }
}
