/* SPDX-License-Identifier: MIT */
/* Rows of the outbox as JSON and as text of at most 80 columns. */
#include "base/json_write.h"
#include "base/when.h"
#include "base/wrap.h"
#include "cli/outbox.h"

enum { INDENT = 9 };

static void put_members(const struct rp_outbox_row *row, struct rp_jw *jw)
{
    rp_jw_put_int(jw, "id", row->id);
    rp_jw_put_str(jw, "key", row->key);
    rp_jw_put_str(jw, "lead", row->lead_public_id);
    rp_jw_put_str(jw, "action", row->action);
    rp_jw_put_text(jw, "kind", rp_action_kind_name(row->kind));
    rp_jw_put_str(jw, "to", row->to);
    rp_jw_put_text(jw, "status", rp_outbox_state_name(row->state));
    rp_jw_put_int(jw, "attempts", row->attempts);
    rp_jw_put_int(jw, "httpStatus", row->http_status);
    rp_jw_put_time(jw, "at", row->created_ms);
    rp_jw_put_time(jw, "due", row->due_ms);
    rp_jw_put_str(jw, "reason", row->error);
    rp_jw_put_bool(jw, "dryRun",
                   row->state == RP_OUTBOX_HELD && rp_str_is(row->error, RP_OUTBOX_DRY_RUN));
    if (row->body.len > 0) {
        rp_jw_key(jw, "body");
        rp_jw_raw(jw, row->body);
    }
}

void rp_outbox_row_json(const struct rp_outbox_row *row, struct rp_jw *jw)
{
    rp_jw_object(jw);
    put_members(row, jw);
    rp_jw_object_end(jw);
}

static void put_wrapped(struct rp_buf *out, struct rp_str text)
{
    if (text.len > 0) {
        rp_buf_printf(out, "%*s", INDENT, "");
        rp_wrap(out, text, INDENT, INDENT);
    }
}

/* Cut or filled up to a width. */
static void put_cell(struct rp_buf *out, struct rp_str text, size_t width)
{
    size_t len = text.len < width ? text.len : width;

    while (len > 0 && len < text.len && ((unsigned char)text.ptr[len] & 0xc0) == 0x80) {
        len--;
    }
    rp_buf_printf(out, "%-*.*s ", (int)width, (int)len, len ? text.ptr : "");
}

void rp_outbox_row_text(const struct rp_outbox_row *row, struct rp_buf *out)
{
    struct rp_buf at = {0};

    rp_time_print(&at, row->created_ms);
    rp_buf_printf(out, "%8lld %-9s %-7s ", (long long)row->id, rp_outbox_state_name(row->state),
                  rp_action_kind_name(row->kind));
    put_cell(out, row->action, 17);
    put_cell(out, row->to, 16);
    rp_buf_printf(out, "%.16s\n", at.ptr);
    rp_buf_printf(out, "%*s%.*s", INDENT, "", RP_STR_ARG(row->lead_public_id));
    if (row->attempts > 0) {
        rp_buf_printf(out, ", %d attempt%s", row->attempts, row->attempts == 1 ? "" : "s");
    }
    rp_buf_char(out, '\n');
    put_wrapped(out, row->error);
    rp_buf_fini(&at);
}

/* ---- One row whole --------------------------------------------------------------------------- */

void rp_outbox_show_json(const struct rp_outbox_row *row, const struct rp_attempt_row *attempts,
                         size_t count, struct rp_buf *out)
{
    struct rp_jw jw = rp_jw(out);

    rp_jw_object(&jw);
    put_members(row, &jw);
    rp_jw_put_time(&jw, "done", row->done_ms);
    rp_jw_key(&jw, "failures");
    rp_jw_array(&jw);
    for (size_t i = 0; i < count; i++) {
        rp_jw_object(&jw);
        rp_jw_put_int(&jw, "attempt", attempts[i].nth);
        rp_jw_put_time(&jw, "at", attempts[i].at_ms);
        rp_jw_put_int(&jw, "httpStatus", attempts[i].http_status);
        rp_jw_put_str(&jw, "answer", attempts[i].answer);
        rp_jw_object_end(&jw);
    }
    rp_jw_array_end(&jw);
    rp_jw_object_end(&jw);
}

static void put_moment(struct rp_buf *out, const char *name, int64_t ms)
{
    if (ms == RP_NEVER) {
        return;
    }
    rp_buf_printf(out, "%-9s", name);
    rp_time_print(out, ms);
    rp_buf_char(out, '\n');
}

void rp_outbox_show_text(const struct rp_outbox_row *row, const struct rp_attempt_row *attempts,
                         size_t count, struct rp_buf *out)
{
    rp_outbox_row_text(row, out);
    rp_buf_printf(out, "key      %.*s\n", RP_STR_ARG(row->key));
    put_moment(out, "made", row->created_ms);
    put_moment(out, row->state == RP_OUTBOX_PENDING ? "due" : "was due", row->due_ms);
    put_moment(out, "done", row->done_ms);
    for (size_t i = 0; i < count; i++) {
        struct rp_buf at = {0};

        rp_time_print(&at, attempts[i].at_ms);
        rp_buf_printf(out, "attempt %d, %.19s", attempts[i].nth, at.ptr);
        if (attempts[i].http_status > 0) {
            rp_buf_printf(out, ", answered %d", attempts[i].http_status);
        }
        rp_buf_char(out, '\n');
        put_wrapped(out, attempts[i].answer);
        rp_buf_fini(&at);
    }
    rp_buf_text(out, "body\n");
    put_wrapped(out, row->body);
}
