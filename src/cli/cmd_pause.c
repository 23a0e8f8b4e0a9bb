/* SPDX-License-Identifier: MIT */
/* ripen pause, ripen resume: stops deliveries and lets them go on. The server that runs on the
 * database obeys at once; without one the next start finds what the file says. */
#include "base/json_write.h"
#include "cli/ask_server.h"
#include "cli/commands.h"
#include "cli/decide.h"
#include "store/pauses.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct pause_wish {
    const char *db, *config, *reason, *author;
    bool set;
};

static int ask_server(struct rp_arena *arena, const char *db, const struct rp_pause *pause,
                      bool set, struct rp_err *err)
{
    struct rp_buf body = {0};
    struct rp_jw jw = rp_jw(&body);
    struct rp_request_row request = {.at_ms = rp_clock_system().now_ms(NULL),
                                     .verb = rp_str_from(set ? "pause" : "resume"),
                                     .author = rp_str_from(pause->author)};
    struct rp_request_row answer;
    int status;

    rp_jw_object(&jw);
    rp_jw_put_text(&jw, "scope", pause->scope);
    if (pause->reason[0]) {
        rp_jw_put_text(&jw, "reason", pause->reason);
    }
    rp_jw_object_end(&jw);
    request.body = rp_buf_view(&body);
    status = rp_server_ask(arena, db, &request, &answer, err);
    rp_buf_fini(&body);
    if (status == 0 && answer.status != 200) {
        status = rp_err_set(err, answer.status == 404 ? RIPEN_ENOTFOUND : RIPEN_EINPUT, "%.*s",
                            RP_STR_ARG(rp_answer_member(arena, answer.answer, "reason")));
    }
    return status;
}

static int write_file(const char *db, const struct rp_pause *pause, bool set, struct rp_err *err)
{
    struct rp_store *store = NULL;
    int status = rp_store_open(db, RP_STORE_WRITE, &store, err);

    if (status == 0) {
        status = rp_store_begin(store, err);
    }
    if (status == 0) {
        status = rp_pause_change(store, pause, set, pause->since_ms, err);
        status = status == 0 ? rp_store_commit(store, err) : status;
        if (status != 0) {
            rp_store_rollback(store);
        }
    }
    rp_store_close(store);
    return status;
}

static int change(struct rp_setup *setup, const struct pause_wish *wish, const char *said)
{
    const char *db = rp_setup_db(setup, wish->db);
    struct rp_pause pause = {.since_ms = rp_clock_system().now_ms(NULL)};
    struct rp_err err = {0};
    bool runs;
    int status = rp_pause_scope(rp_str_from(said), pause.scope, &err);

    if (status != 0) {
        return rp_fail(&err);
    }
    if (access(db, F_OK) != 0) {
        return rp_complain("there is no database %s; name it with --db", db);
    }
    (void)snprintf(pause.reason, sizeof(pause.reason), "%s", wish->reason ? wish->reason : "");
    (void)snprintf(pause.author, sizeof(pause.author), "%s", rp_author(wish->author));
    runs = rp_server_runs(db);
    status = runs ? ask_server(&setup->arena, db, &pause, wish->set, &err)
                  : write_file(db, &pause, wish->set, &err);
    if (status != 0) {
        int failed = rp_fail(&err);

        return status == RIPEN_ENOTFOUND ? RP_EXIT_PROBLEMS : failed;
    }
    if (wish->set) {
        printf("%s: nothing more goes out%s; `ripen resume %s` lets it go on\n", pause.scope,
               runs ? "" : ", from the next start on", pause.scope);
    } else {
        printf("%s: goes out again\n", pause.scope);
    }
    return RP_EXIT_DONE;
}

static int run(const struct rp_command *command, int argc, char **argv, bool set)
{
    struct pause_wish wish = {.set = set};
    const struct rp_option options[] = {
        {"reason", "WHY", "why; status and the audit show it", &wish.reason, NULL},
        {"author", "NAME", "who does it (RIPEN_AUTHOR, else your user name)", &wish.author, NULL},
        {"db", "FILE", "the database (ripen.db)", &wish.db, NULL},
        {"config", "FILE", "ripen.lua", &wish.config, NULL},
        {0},
    };
    char *arguments[2] = {0};
    int count = rp_options_parse(command, options, argc, argv, arguments);
    struct rp_setup setup;
    int status;

    if (count < 0) {
        return count == -1 ? RP_EXIT_DONE : RP_EXIT_FAILED;
    }
    status = rp_setup_config(&setup, NULL, wish.config);
    if (status == RP_EXIT_DONE) {
        status = change(&setup, &wish, arguments[0]);
    }
    rp_setup_fini(&setup);
    return status;
}

int rp_cmd_pause(const struct rp_command *command, int argc, char **argv)
{
    return run(command, argc, argv, true);
}

int rp_cmd_resume(const struct rp_command *command, int argc, char **argv)
{
    return run(command, argc, argv, false);
}
