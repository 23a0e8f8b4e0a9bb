/* SPDX-License-Identifier: MIT */
/* Rows of an import, one at a time: lines of JSON, or CSV records that a map makes events of. A row
 * that cannot be used is told with its line, and the next one is read; only a file that cannot be
 * read on ends the reading. Invariant: a row's texts are valid until the next call. */
#include "base/mem.h"
#include "cli/import.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 64 * 1024 };

struct rp_import_rows {
    struct rp_import_file *file;
    struct rp_arena arena; /* of the present row */
    struct rp_buf text;    /* JSON of it; of NDJSON: the line */
    struct rp_buf raw;
    size_t line;

    /* CSV */
    struct rp_mapping *mapping; /* NULL: NDJSON, or a preset */
    struct rp_import_preset *preset;
    struct rp_csv *csv;
    size_t columns;
    int broken_line; /* what is left of a record that was refused in its middle stands there */

    /* NDJSON */
    char *block;
    size_t at, len;
};

static int bind_columns(struct rp_import_rows *rows, struct rp_findings *findings,
                        struct rp_err *err)
{
    struct rp_str *columns;
    int status = rp_csv_next(&rows->arena, rows->csv, &columns, &rows->columns, err);

    if (status < 0) {
        return status;
    }
    if (status == 0) {
        return rp_err_set(err, RIPEN_EINPUT,
                          "the file is empty; its first line must name the columns");
    }
    return rows->preset ? rp_preset_bind(rows->preset, columns, rows->columns, err)
                        : rp_mapping_bind(rows->mapping, columns, rows->columns, findings, err);
}

static int open_rows(struct rp_import_file *file, struct rp_mapping *mapping,
                     struct rp_import_preset *preset, struct rp_import_rows **ret_rows,
                     struct rp_findings *findings, struct rp_err *err)
{
    struct rp_import_rows *rows = rp_calloc(1, sizeof(*rows));
    int status = 0;

    rp_arena_init(&rows->arena);
    rows->file = file;
    rows->mapping = mapping;
    rows->preset = preset;
    rows->broken_line = -1;
    if (mapping || preset) {
        rows->csv = rp_csv_new(rp_import_read, file);
        status = bind_columns(rows, findings, err);
    } else {
        rows->block = rp_malloc(BLOCK);
    }
    if (status != 0) {
        if (rp_import_status(file, NULL) != 0) {
            status = rp_import_status(file, err);
        }
        rp_import_rows_free(rows);
        return status;
    }
    *ret_rows = rows;
    return 0;
}

int rp_import_rows_new(struct rp_import_file *file, struct rp_mapping *mapping,
                       struct rp_import_rows **ret_rows, struct rp_findings *findings,
                       struct rp_err *err)
{
    return open_rows(file, mapping, NULL, ret_rows, findings, err);
}

int rp_import_rows_preset(struct rp_import_file *file, struct rp_import_preset *preset,
                          struct rp_import_rows **ret_rows, struct rp_err *err)
{
    return open_rows(file, NULL, preset, ret_rows, NULL, err);
}

void rp_import_rows_free(struct rp_import_rows *rows)
{
    if (!rows) {
        return;
    }
    rp_csv_free(rows->csv);
    free(rows->block);
    rp_buf_fini(&rows->text);
    rp_buf_fini(&rows->raw);
    rp_arena_fini(&rows->arena);
    free(rows);
}

static void set_bad(struct rp_import_row *row, const char *code, struct rp_str message)
{
    row->kind = RP_IMPORT_BAD;
    row->code = code;
    row->message = message;
}

/* ---- NDJSON ---------------------------------------------------------------------------------- */

/* Takes a line into rows->text, at most RP_BODY_MAX + 1 bytes of it. 1: a line; 0: the end. */
static int read_line(struct rp_import_rows *rows, struct rp_err *err)
{
    bool any = false;

    rp_buf_reset(&rows->text);
    for (;;) {
        const char *end;
        size_t part;

        if (rows->at == rows->len) {
            int64_t got = rp_import_read(rows->file, rows->block, BLOCK);

            if (got < 0) {
                return rp_import_status(rows->file, err);
            }
            if (got == 0) {
                return any ? 1 : 0;
            }
            rows->at = 0;
            rows->len = (size_t)got;
        }
        any = true;
        end = memchr(rows->block + rows->at, '\n', rows->len - rows->at);
        part = end ? (size_t)(end - rows->block) - rows->at : rows->len - rows->at;
        if (rows->text.len <= RP_BODY_MAX) {
            size_t room = RP_BODY_MAX + 1 - rows->text.len;

            rp_buf_add(&rows->text, rows->block + rows->at, part < room ? part : room);
        }
        rows->at += part + (end != NULL);
        if (end) {
            return 1;
        }
    }
}

static bool is_blank(struct rp_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] > ' ') {
            return false;
        }
    }
    return true;
}

static int next_line(struct rp_import_rows *rows, struct rp_import_row *row, struct rp_err *err)
{
    struct rp_str text;

    do {
        int status = read_line(rows, err);

        if (status <= 0) {
            return status;
        }
        rows->line++;
        text = rp_buf_view(&rows->text);
        if (rows->line == 1 && rp_str_starts(text, RP_STR("\xef\xbb\xbf"))) {
            text = (struct rp_str){text.ptr + 3, text.len - 3};
        }
    } while (is_blank(text));
    row->kind = RP_IMPORT_ROW;
    row->line = rows->line;
    row->json = text;
    if (rows->text.len > RP_BODY_MAX) {
        set_bad(row, "line_too_large",
                rp_arena_printf(&rows->arena, "the line is longer than %d bytes", RP_BODY_MAX));
    }
    return 0;
}

/* ---- CSV ------------------------------------------------------------------------------------- */

/* The cells with their lengths, so that two rows are equal only when all their cells are. */
static void write_raw(struct rp_import_rows *rows, const struct rp_str *cells)
{
    rp_buf_reset(&rows->raw);
    for (size_t i = 0; i < rows->columns; i++) {
        rp_buf_printf(&rows->raw, "%zu:", cells[i].len);
        rp_buf_str(&rows->raw, cells[i]);
    }
}

static void read_cells(struct rp_import_rows *rows, struct rp_import_row *row,
                       const struct rp_str *cells)
{
    struct rp_str why;

    write_raw(rows, cells);
    if (!rp_preset_row(rows->preset, &rows->arena, cells, rp_buf_view(&rows->raw), &rows->text,
                       &why)) {
        set_bad(row, "no_email", why);
        return;
    }
    row->kind = RP_IMPORT_ROW;
    row->json = rp_buf_view(&rows->text);
    row->raw = rp_buf_view(&rows->raw);
}

static void map_cells(struct rp_import_rows *rows, struct rp_import_row *row,
                      const struct rp_str *cells)
{
    if (rows->preset) {
        read_cells(rows, row, cells);
        return;
    }
    switch (rp_mapping_apply(rows->mapping, cells, &rows->text)) {
    case RP_MAPPED:
        write_raw(rows, cells);
        row->kind = RP_IMPORT_ROW;
        row->json = rp_buf_view(&rows->text);
        row->raw = rp_buf_view(&rows->raw);
        return;
    case RP_MAPPED_SKIP:
        row->kind = RP_IMPORT_SKIPPED;
        return;
    case RP_MAPPED_NO_ROW:
        set_bad(row, "not_in_map",
                rp_arena_printf(&rows->arena,
                                "the map has no row \"%.*s\"; add it to `rows`, or other = false",
                                RP_STR_ARG(rp_buf_view(&rows->text))));
        return;
    }
}

static int next_record(struct rp_import_rows *rows, struct rp_import_row *row, struct rp_err *err)
{
    struct rp_err bad = {0};
    struct rp_str *cells;
    size_t count = 0;
    int status;

    do {
        status = rp_csv_next(&rows->arena, rows->csv, &cells, &count, &bad);
        row->line = (size_t)rp_csv_line(rows->csv);
    } while (status > 0 && rp_csv_line(rows->csv) == rows->broken_line);
    if (status == 0) {
        return 0;
    }
    if (status == RIPEN_EINPUT) {
        rows->broken_line = bad.line;
        set_bad(row, "bad_record", rp_arena_str(&rows->arena, rp_str_from(bad.text)));
        return 0;
    }
    if (status < 0) {
        return rp_import_status(rows->file, NULL) != 0 ? rp_import_status(rows->file, err)
                                                       : rp_err_set(err, status, "%s", bad.text);
    }
    if (count != rows->columns) {
        set_bad(row, "bad_record",
                rp_arena_printf(&rows->arena, "the row has %zu fields, the first line names %zu",
                                count, rows->columns));
        return 0;
    }
    map_cells(rows, row, cells);
    return 0;
}

int rp_import_rows_next(struct rp_import_rows *rows, struct rp_import_row *ret_row,
                        struct rp_err *err)
{
    rp_arena_reset(&rows->arena);
    *ret_row = (struct rp_import_row){.kind = RP_IMPORT_END};
    return rows->csv ? next_record(rows, ret_row, err) : next_line(rows, ret_row, err);
}
