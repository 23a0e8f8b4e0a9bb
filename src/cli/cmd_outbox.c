/* SPDX-License-Identifier: MIT */
/* ripen outbox list|show|dead|retry|cancel|endpoints, beside a running server or without one. What
 * changes many rows shows first how many, and does it with --act. */
#include "base/buf.h"
#include "base/json_write.h"
#include "base/num.h"
#include "cli/ask_server.h"
#include "cli/decide.h"
#include "cli/outbox.h"
#include "cli/report.h"
#include "store/audit.h"
#include "store/reports.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROWS_DEFAULT = 100, PREVIEW = 5, PORTION = 500, ATTEMPTS_SHOWN = 100 };

struct outbox_wish {
    const char *db, *format_text, *limit_text, *config, *state, *to, *action, *lead, *since,
        *author;
    const char *verb, *id;
    bool act;
    enum rp_format format;
    size_t limit;
    int64_t since_ms;
    struct rp_outbox_filter filter;
    struct rp_arena arena;
    struct rp_store *store;
};

/* ---- Reading --------------------------------------------------------------------------------- */

static int list(struct outbox_wish *wish, struct rp_err *err)
{
    struct rp_outbox_row *rows;
    struct rp_buf out = {0};
    struct rp_jw jw = rp_jw(&out);
    size_t count = 0;
    int status = rp_outbox_find(&wish->arena, wish->store, &wish->filter, 0, wish->limit, &rows,
                                &count, err);

    if (status != 0) {
        return status;
    }
    if (wish->format == RP_FORMAT_JSON) {
        rp_jw_array(&jw);
        for (size_t i = 0; i < count; i++) {
            rp_outbox_row_json(&rows[i], &jw);
        }
        rp_jw_array_end(&jw);
    }
    for (size_t i = 0; i < count && wish->format != RP_FORMAT_JSON; i++) {
        rp_outbox_row_text(&rows[i], &out);
    }
    if (count == 0 && wish->format != RP_FORMAT_JSON) {
        rp_buf_text(&out, "nothing there\n");
    }
    (void)rp_print(&out);
    return 0;
}

static int show(struct outbox_wish *wish, struct rp_err *err)
{
    struct rp_outbox_row *rows;
    struct rp_attempt_row *attempts;
    struct rp_buf out = {0};
    size_t count = 0, failures = 0;
    int status = rp_outbox_find(&wish->arena, wish->store, &wish->filter, 0, 1, &rows, &count, err);

    if (status == 0 && count == 0) {
        status = rp_err_set(err, RIPEN_ENOTFOUND,
                            "there is no action %s in the outbox; `ripen outbox list` shows them",
                            wish->id);
    }
    if (status == 0) {
        status = rp_attempt_list(&wish->arena, wish->store, rows[0].id, ATTEMPTS_SHOWN, &attempts,
                                 &failures, err);
    }
    if (status != 0) {
        return status;
    }
    if (wish->format == RP_FORMAT_JSON) {
        rp_outbox_show_json(&rows[0], attempts, failures, &out);
    } else {
        rp_outbox_show_text(&rows[0], attempts, failures, &out);
    }
    (void)rp_print(&out);
    return 0;
}

/* ---- Changing -------------------------------------------------------------------------------- */

static bool is_retry(const struct outbox_wish *wish)
{
    return strcmp(wish->verb, "retry") == 0;
}

/* What can be tried again or cancelled, among what was found. */
static bool may_change(const struct rp_outbox_row *row)
{
    if (row->state == RP_OUTBOX_HELD) {
        return rp_str_is(row->error, RP_OUTBOX_DRY_RUN);
    }
    return row->state == RP_OUTBOX_DEAD || row->state == RP_OUTBOX_PENDING;
}

static int change_one(struct outbox_wish *wish, int64_t id, int64_t now_ms, struct rp_err *err)
{
    return is_retry(wish) ? rp_outbox_retry(wish->store, id, now_ms, err)
                          : rp_outbox_cancel(wish->store, id, now_ms, err);
}

static int note(struct outbox_wish *wish, size_t count, int64_t now_ms, struct rp_err *err)
{
    struct rp_str detail = rp_arena_printf(&wish->arena, "%zu rows", count);
    struct rp_audit_row row = {.at_ms = now_ms,
                               .actor = rp_str_from(rp_author(wish->author)),
                               .verb = rp_arena_printf(&wish->arena, "outbox.%s", wish->verb),
                               .subject = rp_str_from(wish->id ? wish->id : "many"),
                               .detail = detail};

    return rp_audit_add(wish->store, &row, err);
}

/* One transaction. Rows that others changed meanwhile are left out of *done. */
static int change_rows(struct outbox_wish *wish, const int64_t *ids, size_t count, bool strict,
                       size_t *done, struct rp_err *err)
{
    int64_t now_ms = rp_clock_system().now_ms(NULL);
    int status = rp_store_begin(wish->store, err);

    if (status != 0) {
        return status;
    }
    for (size_t i = 0; i < count && status == 0; i++) {
        status = change_one(wish, ids[i], now_ms, err);
        *done += status == 0;
        if (!strict && (status == RIPEN_EDENIED || status == RIPEN_ENOTFOUND)) {
            status = 0;
        }
    }
    if (status == 0) {
        status = note(wish, *done, now_ms, err);
    }
    if (status == 0) {
        status = rp_store_commit(wish->store, err);
    }
    if (status != 0) {
        rp_store_rollback(wish->store);
    }
    return status;
}

/* The rows behind the filter, in portions; counts them, or changes them. */
static int each_portion(struct outbox_wish *wish, bool act, size_t *ret_count, struct rp_buf *shown,
                        struct rp_err *err)
{
    int64_t before = 0, ids[PORTION];
    size_t found = 0;
    int status = 0;

    *ret_count = 0;
    do {
        struct rp_outbox_row *rows;
        size_t count = 0, done = 0;

        rp_arena_reset(&wish->arena);
        status = rp_outbox_find(&wish->arena, wish->store, &wish->filter, before, PORTION, &rows,
                                &found, err);
        for (size_t i = 0; i < found && status == 0; i++) {
            before = rows[i].id;
            if (!may_change(&rows[i])) {
                continue;
            }
            if (!act && *ret_count + count < PREVIEW) {
                rp_outbox_row_text(&rows[i], shown);
            }
            ids[count++] = rows[i].id;
        }
        if (status == 0 && act && count > 0) {
            status = change_rows(wish, ids, count, false, &done, err);
        }
        *ret_count += act ? done : count;
    } while (status == 0 && found == PORTION);
    return status;
}

static void told(const struct outbox_wish *wish, size_t rows, bool done)
{
    struct rp_buf out = {0};
    struct rp_jw jw = rp_jw(&out);

    rp_jw_object(&jw);
    rp_jw_put_text(&jw, "verb", wish->verb);
    rp_jw_put_int(&jw, "rows", (int64_t)rows);
    rp_jw_put_bool(&jw, "done", done);
    rp_jw_object_end(&jw);
    (void)rp_print(&out);
}

static int change_many(struct outbox_wish *wish, struct rp_err *err)
{
    struct rp_buf out = {0};
    size_t count = 0;
    int status = each_portion(wish, wish->act, &count, &out, err);

    if (status != 0) {
        rp_buf_fini(&out);
        return status;
    }
    if (wish->format == RP_FORMAT_JSON) {
        rp_buf_fini(&out);
        told(wish, count, wish->act);
        return 0;
    }
    if (wish->act) {
        rp_buf_printf(&out, "%zu row%s: %s\n", count, count == 1 ? "" : "s",
                      is_retry(wish) ? "due now" : "cancelled");
    } else {
        if (count > PREVIEW) {
            rp_buf_printf(&out, "         … and %zu more\n", count - PREVIEW);
        }
        rp_buf_printf(&out, "%zu row%s would be %s; --act does it\n", count, count == 1 ? "" : "s",
                      is_retry(wish) ? "due now" : "cancelled");
    }
    (void)rp_print(&out);
    return 0;
}

static int change_single(struct outbox_wish *wish, struct rp_err *err)
{
    size_t done = 0;
    int status = change_rows(wish, &wish->filter.id, 1, true, &done, err);

    if (status == 0 && wish->format == RP_FORMAT_JSON) {
        told(wish, done, true);
    } else if (status == 0) {
        printf("%lld: %s\n", (long long)wish->filter.id,
               is_retry(wish) ? "is due now" : "cancelled");
    }
    return status;
}

/* ---- Endpoints ------------------------------------------------------------------------------- */

static void endpoint_text(struct rp_arena *arena, struct rp_str json, struct rp_buf *out)
{
    static const char *const counts[][2] = {
        {"delivered", "delivered"}, {"failed", "to be tried again"}, {"dead", "given up"},
        {"queued", "waiting here"}, {"inFlight", "on their way"},
    };
    struct rp_str trouble = rp_answer_member(arena, json, "trouble");
    struct rp_str wait = rp_answer_member(arena, json, "waitMs");
    double wait_ms;

    rp_buf_printf(out, "%.*s (%.*s): %.*s", RP_STR_ARG(rp_answer_member(arena, json, "name")),
                  RP_STR_ARG(rp_answer_member(arena, json, "preset")),
                  RP_STR_ARG(rp_answer_member(arena, json, "state")));
    if (rp_number_parse(wait, &wait_ms) && wait_ms > 0) {
        rp_buf_printf(out, ", next attempt in %.0f s", ceil(wait_ms / 1000));
    }
    rp_buf_text(out, "\n   ");
    for (size_t i = 0; i < RP_COUNT(counts); i++) {
        rp_buf_printf(out, "%s %.*s %s", i ? "," : "",
                      RP_STR_ARG(rp_answer_member(arena, json, counts[i][0])), counts[i][1]);
    }
    rp_buf_char(out, '\n');
    if (trouble.len > 0) {
        rp_buf_printf(out, "    last trouble: %.*s\n", RP_STR_ARG(trouble));
    }
}

static int endpoints(struct outbox_wish *wish, const char *db)
{
    struct rp_request_row request = {
        .at_ms = rp_clock_system().now_ms(NULL), .verb = RP_STR("status"), .author = RP_STR("")};
    struct rp_request_row answer;
    struct rp_buf out = {0};
    struct rp_err err = {0};
    struct rp_str rows, row;

    if (!rp_server_runs(db)) {
        return rp_complain("no server runs on %s; endpoints are what a server is talking to", db);
    }
    if (rp_server_ask(&wish->arena, db, &request, &answer, &err) != 0) {
        return rp_fail(&err);
    }
    rows = rp_answer_member(
        &wish->arena, rp_answer_member(&wish->arena, answer.answer, "deliveries"), "endpoints");
    if (wish->format == RP_FORMAT_JSON) {
        rp_buf_str(&out, rows);
        return rp_print(&out);
    }
    for (size_t i = 0; (row = rp_answer_element(&wish->arena, rows, i)).len > 0; i++) {
        endpoint_text(&wish->arena, row, &out);
    }
    if (out.len == 0) {
        rp_buf_text(&out, "ripen.lua declares no endpoint, or the server delivers nothing\n");
    }
    return rp_print(&out);
}

/* ---- The command ----------------------------------------------------------------------------- */

static int read_filter(struct outbox_wish *wish, struct rp_err *err)
{
    struct rp_outbox_filter *filter = &wish->filter;

    *filter = (struct rp_outbox_filter){.state = -1, .action = RP_STR(""), .to = RP_STR("")};
    if (strcmp(wish->verb, "dead") == 0) {
        filter->state = RP_OUTBOX_DEAD;
    }
    if (wish->state) {
        filter->state = rp_outbox_state_parse(rp_str_from(wish->state));
        if (filter->state < 0) {
            return rp_err_set(
                err, RIPEN_EINPUT,
                "no state is named \"%s\"; there is pending, leased, delivered, dead, "
                "cancelled, held, open",
                wish->state);
        }
    }
    filter->to = rp_str_from(wish->to ? wish->to : "");
    filter->action = rp_str_from(wish->action ? wish->action : "");
    filter->since_ms = wish->since_ms == RP_NEVER ? 0 : wish->since_ms;
    if (wish->id) {
        char *end;

        filter->id = strtoll(wish->id, &end, 10);
        if (*end || end == wish->id || filter->id <= 0) {
            return rp_err_set(err, RIPEN_EINPUT,
                              "\"%s\" is no row; `ripen outbox list` shows the ids", wish->id);
        }
    }
    return 0;
}

static int run_verb(struct outbox_wish *wish, struct rp_err *err)
{
    bool changes = is_retry(wish) || strcmp(wish->verb, "cancel") == 0;
    int status = 0;

    if (wish->lead) {
        status = rp_lead_find(wish->store, rp_str_from(wish->lead), &wish->filter.lead, err);
    }
    if (status != 0) {
        return status;
    }
    if (changes) {
        return wish->id ? change_single(wish, err) : change_many(wish, err);
    }
    return strcmp(wish->verb, "show") == 0 ? show(wish, err) : list(wish, err);
}

/* Verbs, and whether they are about one row: 1 must, 0 cannot, -1 may. */
static const struct {
    const char *name;
    int id;
    bool changes;
} verbs[] = {{"list", 0, false},  {"dead", 0, false},   {"show", 1, false},
             {"retry", -1, true}, {"cancel", -1, true}, {"endpoints", 0, false}};

static int find_verb(const char *name)
{
    for (size_t i = 0; i < RP_COUNT(verbs); i++) {
        if (strcmp(verbs[i].name, name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static bool has_filter(const struct outbox_wish *wish)
{
    return wish->state || wish->to || wish->action || wish->lead || wish->since;
}

static int run(struct outbox_wish *wish, struct rp_setup *setup, bool changes)
{
    const char *db = rp_setup_db(setup, wish->db);
    struct rp_err err = {0};
    int status = read_filter(wish, &err);

    if (status == 0 && strcmp(wish->verb, "endpoints") == 0) {
        return endpoints(wish, db);
    }
    if (status == 0) {
        status = rp_store_open(db, changes ? RP_STORE_WRITE : RP_STORE_READ, &wish->store, &err);
    }
    if (status == 0) {
        status = run_verb(wish, &err);
    }
    rp_store_close(wish->store);
    if (status == 0) {
        return RP_EXIT_DONE;
    }
    int failed = rp_fail(&err);
    return status == RIPEN_ENOTFOUND || status == RIPEN_EDENIED ? RP_EXIT_PROBLEMS : failed;
}

int rp_cmd_outbox(const struct rp_command *command, int argc, char **argv)
{
    struct outbox_wish wish = {0};
    const struct rp_option options[] = {
        {"state", "STATE", "pending, leased, delivered, dead, cancelled, held or open", &wish.state,
         NULL},
        {"endpoint", "NAME", "only what goes there", &wish.to, NULL},
        {"action", "NAME", "only what this action caused", &wish.action, NULL},
        {"lead", "LEAD", "only what is about this lead", &wish.lead, NULL},
        {"since", "TIME", "only what was made since; 2d: so long ago", &wish.since, NULL},
        {"act", NULL, "retry, cancel of many: do it", NULL, &wish.act},
        {"limit", "N", "at most so many rows, newest first (100)", &wish.limit_text, NULL},
        {"author", "NAME", "who does it (RIPEN_AUTHOR, else your user name)", &wish.author, NULL},
        {"db", "FILE", "the database (ripen.db)", &wish.db, NULL},
        {"format", "text|json", "how to print", &wish.format_text, NULL},
        {"config", "FILE", "ripen.lua", &wish.config, NULL},
        {0},
    };
    char *arguments[8] = {0};
    int count = rp_options_parse(command, options, argc, argv, arguments);
    int format = rp_format_parse(wish.format_text), verb, status;
    struct rp_setup setup;

    if (count < 0 || format < 0) {
        return count == -1 ? RP_EXIT_DONE : RP_EXIT_FAILED;
    }
    verb = find_verb(arguments[0]);
    wish.verb = arguments[0];
    wish.id = arguments[1];
    wish.format = (enum rp_format)format;
    if (verb < 0) {
        return rp_complain("usage: ripen outbox %s", command->arguments);
    }
    if (verbs[verb].id >= 0 && verbs[verb].id != (wish.id != NULL)) {
        return rp_complain("usage: ripen outbox %s%s", wish.verb, verbs[verb].id ? " ID" : "");
    }
    if (verbs[verb].changes && !wish.id && !has_filter(&wish)) {
        return rp_complain("say which: ripen outbox %s ID, or by --state, --endpoint, --action, "
                           "--lead, --since",
                           wish.verb);
    }
    if (!rp_count_parse("limit", wish.limit_text, ROWS_DEFAULT, &wish.limit) ||
        !rp_reporting_moment("since", wish.since, rp_clock_system().now_ms(NULL), &wish.since_ms)) {
        return RP_EXIT_FAILED;
    }
    rp_arena_init(&wish.arena);
    status = rp_setup_config(&setup, NULL, wish.config);
    if (status == RP_EXIT_DONE) {
        status = run(&wish, &setup, verbs[verb].changes);
    }
    rp_arena_fini(&wish.arena);
    rp_setup_fini(&setup);
    return status;
}
