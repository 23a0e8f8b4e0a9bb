/* SPDX-License-Identifier: MIT */
/* The list of tasks, as JSON and for a terminal: two lines a task in 80 columns. */
#include "base/json_write.h"
#include "base/when.h"
#include "core/reader_priv.h"
#include "core/report_table.h"
#include "core/tasks.h"

static const char *state_of(const struct rp_task_row *row)
{
    return row->done_ms != RP_NEVER ? "done"
           : row->cancelled         ? "cancelled"
           : row->claimed_by.len    ? "claimed"
                                    : "open";
}

static bool is_late(const struct rp_task_row *row, int64_t now_ms)
{
    int64_t end_ms = row->done_ms == RP_NEVER ? now_ms : row->done_ms;

    return row->due_ms != RP_NEVER && !row->cancelled && end_ms > row->due_ms;
}

void rp_task_json(const struct rp_task_row *row, int64_t now_ms, struct rp_jw *jw)
{
    rp_jw_object(jw);
    rp_jw_put_int(jw, "id", row->id);
    rp_jw_put_str(jw, "lead", row->lead_public_id);
    rp_jw_put_known(jw, "email", row->email);
    rp_jw_put_str(jw, "action", row->action);
    rp_jw_put_str(jw, "note", row->note);
    rp_jw_put_known(jw, "owner", row->owner);
    rp_jw_put_known(jw, "team", row->team);
    rp_jw_put_text(jw, "status", state_of(row));
    rp_jw_key(jw, "late");
    rp_jw_bool(jw, is_late(row, now_ms));
    rp_jw_put_known(jw, "claimedBy", row->claimed_by);
    rp_jw_put_known(jw, "doneBy", row->done_by);
    rp_jw_put_known(jw, "outcome", row->outcome);
    rp_jw_key(jw, "notes");
    rp_jw_raw(jw, row->notes);
    rp_jw_put_time(jw, "at", row->created_ms);
    rp_jw_put_time(jw, "due", row->due_ms);
    rp_jw_put_time(jw, "claimedAt", row->claimed_ms);
    rp_jw_put_time(jw, "doneAt", row->done_ms);
    rp_jw_object_end(jw);
}

/* ---- Text ------------------------------------------------------------------------------------ */

enum { WHO_WIDTH = 24, LEAD_WIDTH = 27, INDENT = 8, NARROW = 80 };

static void minutes(struct rp_buf *out, int64_t ms)
{
    struct rp_buf text = {0};

    rp_time_print(&text, ms);
    rp_buf_printf(out, "%.10s %.5s", text.ptr, text.ptr + 11);
    rp_buf_fini(&text);
}

/* Who has to do it, or did. */
static struct rp_str who(const struct rp_task_row *row, struct rp_arena *arena)
{
    struct rp_str name = row->done_by.len      ? row->done_by
                         : row->claimed_by.len ? row->claimed_by
                                               : row->owner;

    if (name.len == 0 && row->team.len > 0) {
        return rp_arena_printf(arena, "team %.*s", RP_STR_ARG(row->team));
    }
    return name.len ? name : RP_STR("nobody");
}

/* Cut only when a terminal shows it. */
static void cell(struct rp_buf *out, struct rp_str text, size_t width, bool cut)
{
    if (cut) {
        rp_table_cell(out, text, width);
    } else {
        rp_buf_printf(out, "%-*.*s", (int)width, RP_STR_ARG(text));
    }
}

static void trim_end(struct rp_buf *out)
{
    while (out->len > 0 && out->ptr[out->len - 1] == ' ') {
        out->len--;
    }
}

static void row_text(struct rp_arena *arena, const struct rp_task_row *row, int64_t now_ms,
                     size_t columns, bool colour, struct rp_buf *out)
{
    bool late = is_late(row, now_ms);
    bool cut = columns > 0;

    rp_buf_printf(out, "%6lld %s%s%s ", (long long)row->id, late && colour ? "\x1b[1m" : "",
                  late ? "!" : " ", late && colour ? "\x1b[0m" : "");
    if (row->due_ms == RP_NEVER) {
        rp_buf_printf(out, "%-16s", "no due time");
    } else {
        minutes(out, row->due_ms);
    }
    rp_buf_text(out, "  ");
    cell(out, who(row, arena), WHO_WIDTH, cut);
    rp_buf_text(out, "  ");
    cell(out, row->email.len ? row->email : row->lead_public_id, LEAD_WIDTH, cut);
    trim_end(out);
    rp_buf_printf(out, "\n%*s", INDENT, "");
    cell(out, row->note, cut ? columns - INDENT : 0, cut);
    trim_end(out);
    rp_buf_char(out, '\n');
    if (row->done_ms != RP_NEVER) {
        rp_buf_printf(out, "%*sdone ", INDENT, "");
        minutes(out, row->done_ms);
        rp_buf_printf(out, "%s%.*s\n", row->outcome.len ? ": " : "", RP_STR_ARG(row->outcome));
    }
}

static void write_rows(struct rp_arena *arena, const struct rp_task_row *rows, size_t count,
                       int64_t now_ms, size_t columns, bool colour, struct rp_buf *out)
{
    if (count == 0) {
        rp_buf_text(out, "no tasks\n");
        return;
    }
    rp_buf_printf(out, "%s%6s   %-16s  %-*s  lead%s\n", colour ? "\x1b[1m" : "", "id", "due (UTC)",
                  WHO_WIDTH, "who", colour ? "\x1b[0m" : "");
    for (size_t i = 0; i < count; i++) {
        row_text(arena, &rows[i], now_ms, columns ? columns < NARROW ? NARROW : columns : 0, colour,
                 out);
    }
}

int rp_reader_tasks(struct rp_reader *reader, const struct rp_task_filter *filter, size_t limit,
                    size_t columns, enum rp_format format, bool colour, struct rp_buf *out,
                    struct rp_err *err)
{
    struct rp_jw jw = rp_jw(out);
    struct rp_task_row *rows = NULL;
    struct rp_arena arena;
    size_t count = 0;
    int status = reader->owns_store ? rp_store_snapshot(reader->store, err) : 0;

    rp_arena_init(&arena);
    if (status == 0) {
        status = rp_task_list(&arena, reader->store, filter, limit, &rows, &count, err);
    }
    if (status == 0 && format == RP_FORMAT_JSON) {
        rp_jw_array(&jw);
        for (size_t i = 0; i < count; i++) {
            rp_task_json(&rows[i], filter->now_ms, &jw);
        }
        rp_jw_array_end(&jw);
    } else if (status == 0) {
        write_rows(&arena, rows, count, filter->now_ms, columns, colour, out);
    }
    rp_arena_fini(&arena);
    return rp_reader_end(reader, status);
}

int rp_reader_task(struct rp_reader *reader, int64_t id, int64_t now_ms, struct rp_buf *out,
                   struct rp_err *err)
{
    struct rp_jw jw = rp_jw(out);
    struct rp_task_row row;
    int status = reader->owns_store ? rp_store_snapshot(reader->store, err) : 0;

    if (status == 0) {
        status = rp_task_get(&reader->arena, reader->store, id, &row, err);
    }
    if (status == 0) {
        rp_task_json(&row, now_ms, &jw);
    }
    return rp_reader_end(reader, status);
}
