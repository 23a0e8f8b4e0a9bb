/* SPDX-License-Identifier: MIT */
/* ripen status: how the server on a database is; without one, what the file tells. */
#include "base/num.h"
#include "cli/ask_server.h"
#include "cli/commands.h"
#include "daemon/status.h"
#include "store/events.h"
#include "store/generations.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* One line of the answer. */
enum measure { COUNT, SPAN, SIZE };
struct line {
    const char *section, *member, *words;
    enum measure measure;
    bool live; /* only a server knows */
};

static const struct line lines[] = {
    {"events", "queued", "events wait for the writer", COUNT, true},
    {"events", "flushLag", "events are not in the lead states yet (written behind)", COUNT, false},
    {"leads", "cached", "leads in memory", COUNT, true},
    {"leads", "dirty", "leads to be written", COUNT, true},
    {"leads", "setAside", "leads set aside, since their history costs too much", COUNT, true},
    {"rebuild", "leads", "leads were there when the last rebuild began", COUNT, true},
    {"rebuild", "done", "of them are known to be of the rules in force", COUNT, true},
    {"sequences", "stuck", "leads in a sequence whose step is gone (`ripen sequence list`)", COUNT,
     true},
    {"timers", "pending", "timers wait", COUNT, true},
    {"timers", "lagMs", "behind is the timer that is due longest", SPAN, true},
    {"outbox", "pending", "actions wait for delivery", COUNT, false},
    {"outbox", "leased", "actions are being delivered", COUNT, false},
    {"outbox", "dead", "actions were given up: `ripen outbox dead`", COUNT, false},
    {"outbox", "oldestAgeMs", "old is the oldest undelivered action", SPAN, false},
    {"disk", "bytes", "of database", SIZE, false},
    {"disk", "walBytes", "of write-ahead log", SIZE, false},
    {"disk", "freeBytes", "free on its disk", SIZE, false},
};

/* What people stopped, and endpoints that are not well. */
static void say_deliveries(struct rp_arena *arena, struct rp_str json, struct rp_buf *out)
{
    struct rp_str pauses = rp_answer_member(arena, json, "paused");
    struct rp_str endpoints = rp_answer_member(arena, json, "endpoints");
    struct rp_str row;

    if (rp_str_is(rp_answer_member(arena, json, "dryRun"), "true")) {
        rp_buf_text(out, "DRY RUN: what would be sent is recorded (serve --no-deliver)\n");
    }
    for (size_t i = 0; (row = rp_answer_element(arena, pauses, i)).len > 0; i++) {
        struct rp_str reason = rp_answer_member(arena, row, "reason");

        rp_buf_printf(out, "PAUSED: %.*s, by %.*s since %.*s%s%.*s\n",
                      RP_STR_ARG(rp_answer_member(arena, row, "scope")),
                      RP_STR_ARG(rp_answer_member(arena, row, "author")),
                      RP_STR_ARG(rp_answer_member(arena, row, "since")), reason.len ? ": " : "",
                      RP_STR_ARG(reason));
    }
    for (size_t i = 0; (row = rp_answer_element(arena, endpoints, i)).len > 0; i++) {
        struct rp_str state = rp_answer_member(arena, row, "state");

        if (!rp_str_is(state, "closed")) {
            rp_buf_printf(out, "ENDPOINT %.*s is %.*s: %.*s\n",
                          RP_STR_ARG(rp_answer_member(arena, row, "name")), RP_STR_ARG(state),
                          RP_STR_ARG(rp_answer_member(arena, row, "trouble")));
        }
    }
}

/* The largest unit that leaves a number of 1 or more. */
static void put_measure(struct rp_buf *out, struct rp_str value, enum measure measure)
{
    static const struct {
        const char *name;
        double of; /* ms, bytes */
    } units[][4] = {
        [SPAN] = {{"d", 864e5}, {"h", 36e5}, {"min", 6e4}, {"s", 1e3}},
        [SIZE] = {{"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"B", 1}},
    };
    size_t unit = 0;
    double number;

    if (measure == COUNT || !rp_number_parse(value, &number)) {
        rp_buf_printf(out, "%14.*s", RP_STR_ARG(value));
        return;
    }
    while (unit + 1 < RP_COUNT(units[measure]) && number < units[measure][unit].of) {
        unit++;
    }
    number /= units[measure][unit].of;
    rp_buf_printf(out, "%*.*f %s", 13 - (int)strlen(units[measure][unit].name),
                  number < 100 && number != floor(number) ? 1 : 0, number,
                  units[measure][unit].name);
}

static void say(struct rp_arena *arena, struct rp_str json, struct rp_buf *out)
{
    struct rp_str rules = rp_answer_member(arena, json, "rules");
    struct rp_str last = rp_answer_member(arena, rules, "last");
    struct rp_str trouble = rp_answer_member(arena, json, "trouble");
    struct rp_str result = rp_answer_member(arena, last, "result");
    bool running = rp_str_is(rp_answer_member(arena, json, "running"), "true");

    if (!running) {
        rp_buf_text(out, "no server runs on this database\n");
    } else if (trouble.len > 0) {
        rp_buf_printf(out, "NOT READY: %.*s\n", RP_STR_ARG(trouble));
    } else {
        rp_buf_text(out, "ready\n");
    }
    rp_buf_printf(out, "rules: generation %.*s is in force\n",
                  RP_STR_ARG(rp_answer_member(arena, rules, "generation")));
    if (result.len > 0 && !rp_str_is(result, "active")) {
        rp_buf_printf(out, "  the last edit, generation %.*s, was %.*s: %.*s\n",
                      RP_STR_ARG(rp_answer_member(arena, last, "generation")), RP_STR_ARG(result),
                      RP_STR_ARG(rp_answer_member(arena, last, "reason")));
    }
    say_deliveries(arena, rp_answer_member(arena, json, "deliveries"), out);
    for (size_t i = 0; i < RP_COUNT(lines); i++) {
        struct rp_str section = rp_answer_member(arena, json, lines[i].section);
        struct rp_str value = rp_answer_member(arena, section, lines[i].member);

        if (value.len > 0 && (running || !lines[i].live)) {
            put_measure(out, value, lines[i].measure);
            rp_buf_printf(out, "  %s\n", lines[i].words);
        }
    }
}

static int ask_file(struct rp_arena *arena, const char *db, struct rp_buf *json, struct rp_err *err)
{
    struct rp_store *store = NULL;
    struct rp_generation_row row = {0};
    struct rp_core_stats core = {0};
    struct rp_reload_stats reload = {0};
    struct rp_in_force active = {0};
    struct rp_health health = {.core = &core,
                               .active = &active,
                               .reload = &reload,
                               .last_reload = RP_STR(""),
                               .trouble = RP_STR(""),
                               .db_path = db,
                               .now_ms = rp_clock_system().now_ms(NULL),
                               .started_ms = RP_NEVER};
    int status = rp_store_open(db, RP_STORE_READ, &store, err);

    if (status == 0) {
        health.store = store;
        core.newest_event = rp_event_newest(store);
        core.watermark = rp_store_meta(store, "watermark", 0);
        if (rp_generation_get(arena, store, 0, &row, NULL) == 0) {
            active.number = row.number;
            (void)snprintf(active.hash, sizeof(active.hash), "%.*s", RP_STR_ARG(row.hash));
        }
        rp_health_print(&health, json);
    }
    rp_store_close(store);
    return status;
}

static int ask_server(struct rp_arena *arena, const char *db, struct rp_buf *json,
                      struct rp_err *err)
{
    struct rp_request_row request = {
        .at_ms = rp_clock_system().now_ms(NULL), .verb = RP_STR("status"), .author = RP_STR("")};
    struct rp_request_row answer;
    int status = rp_server_ask(arena, db, &request, &answer, err);

    if (status == 0) {
        rp_buf_str(json, answer.answer);
    }
    return status;
}

int rp_cmd_status(const struct rp_command *command, int argc, char **argv)
{
    const char *db = NULL;
    const char *format_text = NULL;
    const char *config = NULL;
    const struct rp_option options[] = {
        {"db", "FILE", "the database (ripen.db)", &db, NULL},
        {"format", "text|json", "how to print", &format_text, NULL},
        {"config", "FILE", "ripen.lua", &config, NULL},
        {0},
    };
    char *arguments[1] = {0};
    int count = rp_options_parse(command, options, argc, argv, arguments);
    int format = rp_format_parse(format_text);
    struct rp_buf json = {0};
    struct rp_buf out = {0};
    struct rp_err err = {0};
    struct rp_setup setup;
    int status;

    if (count < 0 || format < 0) {
        return count == -1 ? RP_EXIT_DONE : RP_EXIT_FAILED;
    }
    status = rp_setup_config(&setup, NULL, config);
    if (status == RP_EXIT_DONE) {
        db = rp_setup_db(&setup, db);
        status = rp_server_runs(db) ? ask_server(&setup.arena, db, &json, &err)
                                    : ask_file(&setup.arena, db, &json, &err);
        if (status != 0) {
            status = rp_fail(&err);
        } else if (format == RP_FORMAT_JSON) {
            status = rp_print(&json);
        } else {
            say(&setup.arena, rp_buf_view(&json), &out);
            status = rp_print(&out);
        }
    }
    rp_buf_fini(&json);
    rp_setup_fini(&setup);
    return status;
}
