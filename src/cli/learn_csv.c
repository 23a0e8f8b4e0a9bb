/* SPDX-License-Identifier: MIT */
/* A table to learn from, out of a CSV file: every cell becomes the number of its text in the
 * column, so that memory goes with what is different, not with what is long. A column whose texts
 * are all numbers is one; else levels, told apart as matchers do (without case and accents). */
#include "base/csv.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/when.h"
#include "cli/import.h"
#include "cli/learn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct raw_column {
    struct rp_str name;
    struct rp_learn_texts texts;
    uint32_t *cells;
    size_t cap;
};

struct reading {
    struct rp_arena *arena;
    struct rp_arena record;
    struct raw_column *columns;
    size_t count, rows;
};

/* ---- The file -------------------------------------------------------------------------------- */

/* What can be a trait: others would be written into rules that no event can match. */
static bool is_text(struct rp_str text)
{
    return rp_utf8_valid(text) && (text.len == 0 || !memchr(text.ptr, '\0', text.len));
}

static int not_text(int line, struct rp_err *err)
{
    return rp_err_set(err, RIPEN_EINPUT, "line %d is not UTF-8 text; save the file as UTF-8 CSV",
                      line);
}

static int take_head(struct reading *r, const struct rp_str *fields, size_t count,
                     struct rp_err *err)
{
    if (count > RP_LEARN_COLUMNS_MAX)
        return rp_err_set(err, RIPEN_ELIMIT,
                          "the file has %zu columns; at most %d can be learned from", count,
                          RP_LEARN_COLUMNS_MAX);
    r->columns = rp_calloc(count, sizeof(*r->columns));
    r->count = count;
    for (size_t c = 0; c < count; c++) {
        struct rp_str name = rp_arena_str(r->arena, rp_str_trim(fields[c]));
        if (!is_text(name))
            return not_text(1, err);
        if (name.len == 0)
            name = rp_arena_printf(r->arena, "column %zu", c + 1);
        char *bytes = (char *)rp_arena_alloc(r->arena, name.len + 1);
        for (size_t i = 0; i < name.len; i++) /* a dot would be a field in a field */
            bytes[i] = name.ptr[i] == '.' ? '_' : name.ptr[i];
        r->columns[c].name = (struct rp_str){bytes, name.len};
        for (size_t b = 0; b < c; b++)
            if (rp_str_eq(r->columns[b].name, r->columns[c].name))
                return rp_err_set(err, RIPEN_EINPUT, "two columns are named \"%.*s\"; rename one",
                                  RP_STR_ARG(name));
    }
    return 0;
}

static int take_record(struct reading *r, const struct rp_str *fields, size_t count, int line,
                       struct rp_err *err)
{
    if (count == 1 && r->count > 1 && rp_str_trim(fields[0]).len == 0)
        return 0; /* an empty line */
    if (count != r->count)
        return rp_err_set(err, RIPEN_EINPUT, "line %d has %zu cells, the first line %zu", line,
                          count, r->count);
    if (r->rows == RP_LEARN_ROWS_MAX)
        return rp_err_set(err, RIPEN_ELIMIT, "more than %d rows; leave out the oldest",
                          RP_LEARN_ROWS_MAX);
    for (size_t c = 0; c < count; c++) {
        struct raw_column *column = &r->columns[c];
        if (!is_text(fields[c]))
            return not_text(line, err);
        column->cells = rp_grow(column->cells, &column->cap, r->rows + 1, sizeof(*column->cells));
        column->cells[r->rows] =
            rp_learn_texts_add(r->arena, &column->texts, rp_str_trim(fields[c]));
    }
    r->rows++;
    return 0;
}

static int read_all(struct reading *r, const char *path, struct rp_err *err)
{
    struct rp_import_file *file = NULL;
    struct rp_csv *csv = NULL;
    struct rp_str *fields;
    size_t count;
    int status = rp_import_open(path, &file, err);

    if (status != 0)
        return status;
    csv = rp_csv_new(rp_import_read, file);
    while ((status = rp_csv_next(&r->record, csv, &fields, &count, err)) > 0) {
        status = r->columns ? take_record(r, fields, count, rp_csv_line(csv), err)
                            : take_head(r, fields, count, err);
        rp_arena_reset(&r->record);
        if (status != 0)
            break;
    }
    if (status == 0)
        status = rp_import_status(file, err);
    if (status == 0 && r->rows == 0)
        status = rp_err_set(err, RIPEN_EINPUT, "%s holds no rows", path);
    rp_csv_free(csv);
    rp_import_close(file);
    return status;
}

/* ---- Columns --------------------------------------------------------------------------------- */

static struct raw_column *column_named(const struct reading *r, const char *option,
                                       const char *name, struct rp_err *err)
{
    for (size_t c = 0; c < r->count; c++)
        if (rp_str_is(r->columns[c].name, name))
            return &r->columns[c];
    rp_err_set(err, RIPEN_EINPUT, "--%s is \"%s\", but the file has no such column", option, name);
    return NULL;
}

/* The texts that mean "converted": one flag each; EINPUT when it cannot be told. */
static int read_target(struct reading *r, const struct raw_column *target, const char *is,
                       bool *ret_means, struct rp_err *err)
{
    static const char *const words[] = {"yes", "y", "true", "1", "won", "converted", "sql"};
    size_t found = 0;

    for (size_t i = 0; i < target->texts.count; i++) {
        const struct rp_str text = rp_text_fold(r->arena, target->texts.items[i]);
        if (is) {
            ret_means[i] = rp_str_eq(text, rp_text_fold(r->arena, rp_str_from(is)));
        } else {
            for (size_t w = 0; w < RP_COUNT(words); w++)
                ret_means[i] |= rp_str_is(text, words[w]);
        }
        found += ret_means[i];
    }
    if (found > 0)
        return 0;
    return rp_err_set(err, RIPEN_EINPUT,
                      "the column \"%.*s\" has no value %s%s%s; say with --is which of its values "
                      "means that a lead converted",
                      RP_STR_ARG(target->name), is ? "\"" : "", is ? is : "yes, true, won or 1",
                      is ? "\"" : "");
}

static void make_column(struct reading *r, const struct raw_column *raw, const uint32_t *rows,
                        uint32_t n, struct rp_learn_column *column)
{
    uint32_t *cells = RP_ARENA_ARRAY(r->arena, uint32_t, n);

    for (uint32_t i = 0; i < n; i++)
        cells[i] = raw->cells[rows[i]];
    *column = (struct rp_learn_column){.name = raw->name};
    rp_learn_texts_column(r->arena, &raw->texts, cells, n, column);
}

static bool is_excluded(const struct rp_learn_csv *csv, struct rp_str name)
{
    for (size_t i = 0; i < csv->exclude_count; i++)
        if (rp_str_eq(csv->exclude[i], name))
            return true;
    return false;
}

static int check_excluded(const struct reading *r, const struct rp_learn_csv *csv,
                          struct rp_err *err)
{
    for (size_t i = 0; i < csv->exclude_count; i++) {
        bool known = false;
        for (size_t c = 0; c < r->count; c++)
            known |= rp_str_eq(r->columns[c].name, csv->exclude[i]);
        if (!known)
            return rp_err_set(err, RIPEN_EINPUT, "--exclude names \"%.*s\", which is no column",
                              RP_STR_ARG(csv->exclude[i]));
    }
    return 0;
}

static int take_times(struct reading *r, const struct raw_column *time, const uint32_t *rows,
                      uint32_t n, struct rp_learn_table *table, struct rp_err *err)
{
    int64_t *at = RP_ARENA_ARRAY(r->arena, int64_t, n);

    for (uint32_t i = 0; i < n; i++) {
        const struct rp_str text = time->texts.items[time->cells[rows[i]]];
        if (!rp_time_parse(text, &at[i]))
            return rp_err_set(err, RIPEN_EINPUT, "\"%.*s\" in column \"%.*s\" is no time",
                              RP_STR_ARG(text), RP_STR_ARG(time->name));
    }
    table->at_ms = at;
    return 0;
}

static uint64_t id_of(const struct raw_column *id, uint32_t row)
{
    char number[32];

    if (id)
        return rp_hash(id->texts.items[id->cells[row]]);
    return rp_hash((struct rp_str){number, (size_t)snprintf(number, sizeof(number), "%u", row)});
}

static int make_table(struct reading *r, const struct rp_learn_csv *csv,
                      struct rp_learn_table *table, size_t *ret_skipped, struct rp_err *err)
{
    const struct raw_column *target = column_named(r, "target", csv->target, err), *id = NULL;
    const struct raw_column *time = NULL;

    if (!target || (csv->id && !(id = column_named(r, "id", csv->id, err))) ||
        (csv->time && !(time = column_named(r, "time", csv->time, err))))
        return RIPEN_EINPUT;
    bool *means = RP_ARENA_ARRAY(r->arena, bool, target->texts.count + 1);
    int status = read_target(r, target, csv->is, means, err);
    if (status == 0)
        status = check_excluded(r, csv, err);
    if (status != 0)
        return status;
    uint32_t *rows = RP_ARENA_ARRAY(r->arena, uint32_t, r->rows), n = 0;
    uint8_t *y = rp_arena_alloc(r->arena, r->rows);
    uint64_t *ids = RP_ARENA_ARRAY(r->arena, uint64_t, r->rows);
    for (uint32_t i = 0; i < r->rows; i++) {
        if (rp_learn_nothing(target->texts.items[target->cells[i]]))
            continue;
        y[n] = means[target->cells[i]];
        ids[n] = id_of(id, i);
        rows[n++] = i;
    }
    *ret_skipped = r->rows - n;
    struct rp_learn_column *columns = RP_ARENA_ARRAY(r->arena, struct rp_learn_column, r->count);
    *table = (struct rp_learn_table){.columns = columns, .rows = n, .y = y, .id = ids};
    for (size_t c = 0; c < r->count; c++) {
        const struct raw_column *raw = &r->columns[c];
        if (raw != target && raw != id && raw != time && !is_excluded(csv, raw->name))
            make_column(r, raw, rows, n, &columns[table->column_count++]);
    }
    return time ? take_times(r, time, rows, n, table, err) : 0;
}

int rp_learn_csv_read(struct rp_arena *arena, const struct rp_learn_csv *csv,
                      struct rp_learn_table *ret_table, size_t *ret_skipped, struct rp_err *err)
{
    struct reading r = {.arena = arena};

    rp_arena_init(&r.record);
    int status = read_all(&r, csv->path, err);
    if (status == 0)
        status = make_table(&r, csv, ret_table, ret_skipped, err);
    for (size_t c = 0; c < r.count; c++) {
        rp_learn_texts_fini(&r.columns[c].texts);
        free(r.columns[c].cells);
    }
    free(r.columns);
    rp_arena_fini(&r.record);
    return status;
}
