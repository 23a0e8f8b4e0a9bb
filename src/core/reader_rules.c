/* SPDX-License-Identifier: MIT */
/* The generations table as people and programs read it. Reads one snapshot a question and never
 * loads rules into the reader: it must answer when the active ones cannot be loaded. */
#include "core/reader_rules.h"

#include "base/json_write.h"
#include "base/wrap.h"
#include "core/reader_priv.h"
#include "engine/diff.h"
#include "store/generations.h"

enum { LIMIT = 50, HASH_SHOWN = 12 };

static int begin(struct rp_reader *reader, struct rp_err *err)
{
    rp_arena_reset(&reader->arena);
    return reader->owns_store ? rp_store_snapshot(reader->store, err) : 0;
}

/* How much of the leads is rebuilt under the active rules, percent; the server's notes tell. */
static int64_t rebuilt_percent(struct rp_store *store, uint32_t active)
{
    int64_t ranges = rp_store_meta(store, "sweep_ranges", 0);
    int64_t sweeping = rp_store_meta(store, "sweep_generation", 0);

    if (sweeping == 0 || rp_store_meta(store, "swept_generation", 0) == active) {
        return 100; /* no server ever changed rules here, or all is done */
    }
    return sweeping == active && ranges > 0 ? rp_store_meta(store, "sweep_range", 0) * 100 / ranges
                                            : 0;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void put_disabled(struct rp_reader *reader, struct rp_str disabled, struct rp_jw *jw)
{
    size_t count;
    const struct rp_str *names = rp_generation_disabled(&reader->arena, disabled, &count);

    rp_jw_key(jw, "disabled");
    rp_jw_array(jw);
    for (size_t i = 0; i < count; i++) {
        rp_jw_str(jw, names[i]);
    }
    rp_jw_array_end(jw);
}

/* Members of an object that is open. */
static void put_row(struct rp_reader *reader, const struct rp_generation_row *row, struct rp_jw *jw)
{
    bool was_active = row->active || rp_str_is(row->result, RP_RESULT_SUPERSEDED);

    rp_jw_put_int(jw, "generation", row->number);
    rp_jw_put_str(jw, "hash", row->hash);
    rp_jw_put_bool(jw, "active", row->active);
    rp_jw_put_str(jw, "result", row->result);
    rp_jw_put_str(jw, "reason", row->reason);
    rp_jw_put_str(jw, "effect", row->effect);
    rp_jw_put_str(jw, "author", row->author);
    rp_jw_put_int(jw, "parent", row->parent);
    rp_jw_put_time(jw, "loadedAt", row->loaded_ms);
    rp_jw_put_time(jw, "activatedAt", was_active ? row->activated_ms : RP_NEVER);
    put_disabled(reader, row->disabled, jw);
    if (row->active) {
        rp_jw_put_int(jw, "rebuiltPercent", rebuilt_percent(reader->store, row->number));
    }
}

static void put_files(const struct rp_files *files, struct rp_jw *jw)
{
    rp_jw_key(jw, "files");
    rp_jw_array(jw);
    for (size_t i = 0; i < files->count; i++) {
        rp_jw_object(jw);
        rp_jw_put_str(jw, "path", files->items[i].path);
        rp_jw_put_str(jw, "text", files->items[i].text);
        rp_jw_object_end(jw);
    }
    rp_jw_array_end(jw);
}

/* ---- Text ------------------------------------------------------------------------------------ */

static void say_time(int64_t ms, struct rp_buf *out)
{
    struct rp_buf text = {0};

    rp_time_print(&text, ms);
    rp_buf_printf(out, "%.16s", text.ptr); /* to the minute */
    rp_buf_fini(&text);
}

enum { INDENT = 8 };

static void say_row(const struct rp_generation_row *row, struct rp_buf *out)
{
    struct rp_str why = row->reason.len > 0 ? row->reason : row->effect;
    size_t start = out->len;

    rp_buf_printf(out, "%c%5u  %-10.*s  ", row->active ? '*' : ' ', row->number,
                  RP_STR_ARG(row->result));
    say_time(row->loaded_ms, out);
    rp_buf_printf(out, "  %-12.*s  ", RP_STR_ARG(row->author));
    if (why.len > 0 && out->len - start + why.len > RP_WRAP_COLUMNS) { /* on lines of its own */
        rp_buf_printf(out, "\n%*s", INDENT, "");
        start = out->len - INDENT;
    }
    rp_wrap(out, why, out->len - start, INDENT);
}

static void say_generation(const struct rp_generation_row *row, const struct rp_files *files,
                           struct rp_buf *out)
{
    rp_buf_printf(out, "generation %u  %.*s  %.*s\n", row->number, HASH_SHOWN, row->hash.ptr,
                  RP_STR_ARG(row->result));
    rp_buf_text(out, "  loaded ");
    say_time(row->loaded_ms, out);
    rp_buf_printf(out, " by %.*s\n", RP_STR_ARG(row->author));
    if (row->reason.len > 0) {
        rp_buf_printf(out, "  because %.*s\n", RP_STR_ARG(row->reason));
    }
    if (row->effect.len > 0) {
        rp_buf_printf(out, "  effect: %.*s\n", RP_STR_ARG(row->effect));
    }
    if (row->disabled.len > 0) {
        rp_buf_printf(out, "  out of action:\n%.*s\n", RP_STR_ARG(row->disabled));
    }
    for (size_t i = 0; i < files->count; i++) {
        rp_buf_printf(out, "\n---- %.*s\n", RP_STR_ARG(files->items[i].path));
        rp_buf_str(out, files->items[i].text);
        if (files->items[i].text.len > 0 &&
            files->items[i].text.ptr[files->items[i].text.len - 1] != '\n') {
            rp_buf_char(out, '\n');
        }
    }
}

/* ---- Questions ------------------------------------------------------------------------------- */

int rp_reader_rules(struct rp_reader *reader, size_t limit, enum rp_format format,
                    struct rp_buf *out, struct rp_err *err)
{
    struct rp_generation_row *rows;
    struct rp_jw jw = rp_jw(out);
    size_t count = 0;
    int status = begin(reader, err);

    if (status == 0) {
        status = rp_generation_list(&reader->arena, reader->store, limit ? limit : LIMIT, &rows,
                                    &count, err);
    }
    if (status == 0 && format == RP_FORMAT_JSON) {
        rp_jw_array(&jw);
        for (size_t i = 0; i < count; i++) {
            rp_jw_object(&jw);
            put_row(reader, &rows[i], &jw);
            rp_jw_object_end(&jw);
        }
        rp_jw_array_end(&jw);
    } else if (status == 0) {
        for (size_t i = 0; i < count; i++) {
            say_row(&rows[i], out);
            if (rows[i].active && rebuilt_percent(reader->store, rows[i].number) < 100) {
                rp_buf_printf(out, "       leads are rebuilt: %d %%\n",
                              (int)rebuilt_percent(reader->store, rows[i].number));
            }
        }
        rp_buf_text(out, count ? "" : "no rules were ever loaded into this database\n");
    }
    return rp_reader_end(reader, status);
}

static int read_generation(struct rp_reader *reader, uint32_t number,
                           struct rp_generation_row *ret_row, struct rp_files *ret_files,
                           struct rp_err *err)
{
    int status = rp_generation_get(&reader->arena, reader->store, number, ret_row, err);

    *ret_files = (struct rp_files){0};
    return status == 0 && ret_row->sources.len > 0
               ? rp_files_unpack(&reader->arena, ret_row->sources, ret_files, err)
               : status;
}

int rp_reader_generation(struct rp_reader *reader, uint32_t number, enum rp_format format,
                         struct rp_buf *out, struct rp_err *err)
{
    struct rp_generation_row row;
    struct rp_jw jw = rp_jw(out);
    struct rp_files files;
    int status = begin(reader, err);

    if (status == 0) {
        status = read_generation(reader, number, &row, &files, err);
    }
    if (status == 0 && format == RP_FORMAT_JSON) {
        rp_jw_object(&jw);
        put_row(reader, &row, &jw);
        rp_jw_key(&jw, "check");
        rp_jw_raw(&jw,
                  row.findings.len > 0 ? row.findings : RP_STR("{\"ok\":true,\"findings\":[]}"));
        put_files(&files, &jw);
        rp_jw_object_end(&jw);
    } else if (status == 0) {
        say_generation(&row, &files, out);
    }
    return rp_reader_end(reader, status);
}

int rp_reader_rules_diff(struct rp_reader *reader, uint32_t before, uint32_t after,
                         enum rp_format format, struct rp_buf *out, struct rp_err *err)
{
    const uint32_t numbers[2] = {before, after};
    struct rp_generation_row rows[2];
    struct rp_files files[2];
    struct rp_changes changes;
    struct rp_jw jw = rp_jw(out);
    int status = begin(reader, err);

    for (int i = 0; i < 2 && status == 0; i++) {
        status = read_generation(reader, numbers[i], &rows[i], &files[i], err);
        if (status == 0 && rows[i].sources.len == 0) {
            status = rp_err_set(err, RIPEN_ENOTFOUND,
                                "the sources of generation %u were not kept: it is too old",
                                rows[i].number);
        }
    }
    if (status == 0) {
        status = rp_changes_find(&reader->arena, &files[0], &files[1], &changes, err);
    }
    if (status == 0 && format == RP_FORMAT_JSON) {
        rp_jw_object(&jw);
        rp_jw_put_int(&jw, "before", rows[0].number);
        rp_jw_put_int(&jw, "after", rows[1].number);
        rp_jw_put_int(&jw, "added", (int64_t)changes.added);
        rp_jw_put_int(&jw, "removed", (int64_t)changes.removed);
        rp_jw_put_int(&jw, "changed", (int64_t)changes.changed);
        rp_jw_key(&jw, "changes");
        rp_changes_json(&changes, &jw);
        rp_jw_object_end(&jw);
    } else if (status == 0) {
        rp_changes_print(&changes, out);
    }
    return rp_reader_end(reader, status);
}
