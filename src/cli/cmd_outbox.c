/* SPDX-License-Identifier: MIT */
/* ripen outbox list|dead|retry|cancel, beside a running server or without one. */
#include "base/buf.h"
#include "base/json_write.h"
#include "cli/commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_DEFAULT = 100 };

static void row_json(const struct rp_outbox_row *row, struct rp_jw *jw)
{
    rp_jw_object(jw);
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
    if (row->body.len > 0) {
        rp_jw_key(jw, "body");
        rp_jw_raw(jw, row->body);
    }
    rp_jw_object_end(jw);
}

static void row_text(const struct rp_outbox_row *row, struct rp_buf *out)
{
    struct rp_buf at = {0};

    rp_time_print(&at, row->created_ms);
    rp_buf_printf(out, "%8lld  %.16s  %-9s  %-8s  %-16.*s  %-16.*s  %-30.*s  %d attempts%s%.*s\n",
                  (long long)row->id, at.ptr, rp_outbox_state_name(row->state),
                  rp_action_kind_name(row->kind), RP_STR_ARG(row->action), RP_STR_ARG(row->to),
                  RP_STR_ARG(row->lead_public_id), row->attempts, row->error.len ? "  " : "",
                  RP_STR_ARG(row->error));
    rp_buf_fini(&at);
}

static int list(struct rp_store *store, int state, size_t limit, enum rp_format format,
                struct rp_err *err)
{
    struct rp_outbox_row *rows;
    struct rp_arena arena;
    struct rp_buf out = {0};
    struct rp_jw jw = rp_jw(&out);
    size_t count = 0;
    int status;

    rp_arena_init(&arena);
    status = rp_outbox_list(&arena, store, state, 0, 0, limit, &rows, &count, err);
    if (status == 0) {
        if (format == RP_FORMAT_JSON) {
            rp_jw_array(&jw);
        }
        for (size_t i = 0; i < count; i++) {
            format == RP_FORMAT_JSON ? row_json(&rows[i], &jw) : row_text(&rows[i], &out);
        }
        if (format == RP_FORMAT_JSON) {
            rp_jw_array_end(&jw);
        } else if (count == 0) {
            rp_buf_text(&out, "nothing there\n");
        }
        (void)rp_print(&out);
    }
    rp_buf_fini(&out);
    rp_arena_fini(&arena);
    return status;
}

static int change(struct rp_store *store, const char *verb, const char *id_text, struct rp_err *err)
{
    int64_t now_ms = rp_clock_system().now_ms(NULL);
    char *end;
    long long id = strtoll(id_text, &end, 10);
    int status;

    if (*end || end == id_text) {
        return rp_err_set(err, RIPEN_EINPUT, "\"%s\" is no row; `ripen outbox list` shows the ids",
                          id_text);
    }
    status = rp_store_begin(store, err);
    if (status == 0) {
        status = strcmp(verb, "retry") == 0 ? rp_outbox_retry(store, id, now_ms, err)
                                            : rp_outbox_cancel(store, id, now_ms, err);
        status = status == 0 ? rp_store_commit(store, err) : status;
        if (status != 0) {
            rp_store_rollback(store);
        }
    }
    if (status == 0) {
        printf("%lld: %s\n", id, strcmp(verb, "retry") == 0 ? "is due now" : "cancelled");
    }
    return status;
}

int rp_cmd_outbox(const struct rp_command *command, int argc, char **argv)
{
    const char *db = NULL;
    const char *format_text = NULL;
    const char *limit = NULL;
    const char *config = NULL;
    const struct rp_option options[] = {
        {"db", "FILE", "the database (ripen.db)", &db, NULL},
        {"limit", "N", "at most so many rows, newest first (100)", &limit, NULL},
        {"format", "text|json", "how to print", &format_text, NULL},
        {"config", "FILE", "ripen.lua", &config, NULL},
        {0},
    };
    char *arguments[8] = {0};
    int count = rp_options_parse(command, options, argc, argv, arguments);
    int format = rp_format_parse(format_text);
    const char *verb = arguments[0];
    struct rp_store *store = NULL;
    struct rp_err err = {0};
    struct rp_setup setup;
    bool changes;
    size_t rows;
    int status;

    if (count < 0 || format < 0) {
        return count == -1 ? RP_EXIT_DONE : RP_EXIT_FAILED;
    }
    changes = strcmp(verb, "retry") == 0 || strcmp(verb, "cancel") == 0;
    if (!changes && strcmp(verb, "list") != 0 && strcmp(verb, "dead") != 0) {
        return rp_complain("usage: ripen outbox %s", command->arguments);
    }
    if (!rp_count_parse("limit", limit, ROWS_DEFAULT, &rows)) {
        return RP_EXIT_FAILED;
    }
    if (changes != (count == 2)) {
        return rp_complain("usage: ripen outbox %s%s", verb, changes ? " ID" : "");
    }
    status = rp_setup_config(&setup, NULL, config);
    if (status == RP_EXIT_DONE) {
        status = rp_store_open(rp_setup_db(&setup, db), changes ? RP_STORE_WRITE : RP_STORE_READ,
                               &store, &err);
        if (status == 0) {
            status = changes ? change(store, verb, arguments[1], &err)
                             : list(store, strcmp(verb, "dead") == 0 ? RP_OUTBOX_DEAD : -1, rows,
                                    (enum rp_format)format, &err);
        }
        status = status == 0 ? RP_EXIT_DONE
                 : status == RIPEN_ENOTFOUND || status == RIPEN_EDENIED
                     ? (rp_fail(&err), RP_EXIT_PROBLEMS)
                     : rp_fail(&err);
        rp_store_close(store);
    }
    rp_setup_fini(&setup);
    return status;
}
