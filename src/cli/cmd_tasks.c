/* SPDX-License-Identifier: MIT */
/* ripen tasks: what sales have to do, and what became of it. Claims and notes are written at once,
 * so that of two people one gets a task, with a server and without; `done` is an event of the lead,
 * which the server judges. */
#include "cli/decide.h"
#include "core/tasks.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TASKS_DEFAULT = 100 };

struct wish {
    struct rp_deciding in; /* its author: who does the task */
    const char *owner, *team, *limit, *outcome, *until, *note;
    bool open, done, late, all;
};

/* ---- The list -------------------------------------------------------------------------------- */

static int which_of(const struct wish *wish, enum rp_task_which *ret_which)
{
    if (wish->open + wish->done + wish->late + wish->all > 1) {
        return rp_complain("give one of --open, --done, --late and --all");
    }
    *ret_which = wish->done   ? RP_TASKS_DONE
                 : wish->late ? RP_TASKS_LATE
                 : wish->all  ? RP_TASKS_ALL
                              : RP_TASKS_OPEN;
    return RP_EXIT_DONE;
}

static int list(struct wish *wish)
{
    struct rp_task_filter filter = {.owner = rp_str_from(wish->owner ? wish->owner : ""),
                                    .team = rp_str_from(wish->team ? wish->team : ""),
                                    .now_ms = rp_clock_system().now_ms(NULL)};
    const char *db = rp_setup_db(&wish->in.setup, wish->in.db);
    struct rp_reader *reader = NULL;
    struct rp_buf out = {0};
    struct rp_err err = {0};
    size_t limit;
    int status;

    if (which_of(wish, &filter.which) != RP_EXIT_DONE ||
        !rp_count_parse("limit", wish->limit, TASKS_DEFAULT, &limit)) {
        return RP_EXIT_FAILED;
    }
    status = rp_reader_open(db, NULL, NULL, &reader, &err);
    if (status == 0) {
        status = rp_reader_tasks(reader, &filter, limit, rp_columns(STDOUT_FILENO), wish->in.format,
                                 rp_colour(STDOUT_FILENO), &out, &err);
    }
    status = status == 0 ? rp_print(&out) : rp_decided(status, &err);
    rp_buf_fini(&out);
    rp_reader_close(reader);
    return status;
}

/* ---- Claim and note -------------------------------------------------------------------------- */

static int write_it(struct wish *wish, bool claim, struct rp_err *err)
{
    struct rp_str who = rp_str_from(rp_author(wish->in.author));
    int64_t now_ms = rp_clock_system().now_ms(NULL);
    struct rp_store *store = NULL;
    int64_t id;
    int status = rp_task_parse(rp_str_from(wish->in.arguments[1]), &id, err);

    if (status == 0) {
        status =
            rp_store_open(rp_setup_db(&wish->in.setup, wish->in.db), RP_STORE_WRITE, &store, err);
    }
    if (status == 0) {
        status = rp_store_begin(store, err);
    }
    if (status == 0) {
        status =
            claim ? rp_task_claim(store, id, who, now_ms, err)
                  : rp_task_note(store, id, who, rp_str_from(wish->in.arguments[2]), now_ms, err);
        status = status == 0 ? rp_store_commit(store, err) : status;
        if (status != 0) {
            rp_store_rollback(store);
        }
    }
    rp_store_close(store);
    return status;
}

static int show(struct wish *wish, const char *said)
{
    struct rp_reader *reader = NULL;
    struct rp_buf out = {0};
    struct rp_err err = {0};
    int64_t id;
    int status = 0;

    if (wish->in.format == RP_FORMAT_TEXT) {
        printf("task %s: %s\n", wish->in.arguments[1], said);
        return RP_EXIT_DONE;
    }
    status = rp_task_parse(rp_str_from(wish->in.arguments[1]), &id, &err);
    if (status == 0) {
        status =
            rp_reader_open(rp_setup_db(&wish->in.setup, wish->in.db), NULL, NULL, &reader, &err);
    }
    if (status == 0) {
        status = rp_reader_task(reader, id, rp_clock_system().now_ms(NULL), &out, &err);
    }
    status = status == 0 ? rp_print(&out) : rp_decided(status, &err);
    rp_buf_fini(&out);
    rp_reader_close(reader);
    return status;
}

static int claim(struct wish *wish)
{
    struct rp_buf said = {0};
    struct rp_err err = {0};
    int status = rp_decided(write_it(wish, true, &err), &err);

    rp_buf_printf(&said, "%s has it", rp_author(wish->in.author));
    status = status == RP_EXIT_DONE ? show(wish, said.ptr) : status;
    rp_buf_fini(&said);
    return status;
}

static int note(struct wish *wish)
{
    struct rp_err err = {0};
    int status = rp_decided(write_it(wish, false, &err), &err);

    return status == RP_EXIT_DONE ? show(wish, "noted") : status;
}

/* ---- Done ------------------------------------------------------------------------------------ */

static int done(struct wish *wish)
{
    struct rp_buf body = {0};
    struct rp_buf out = {0};
    struct rp_jw jw = rp_jw(&body);
    struct rp_err err = {0};
    int64_t id;
    int status = rp_task_parse(rp_str_from(wish->in.arguments[1]), &id, &err);

    if (status != 0) {
        return rp_decided(status, &err);
    }
    rp_jw_object(&jw);
    rp_jw_put_int(&jw, "task", id);
    rp_put_said(&jw, "outcome", wish->outcome);
    rp_put_said(&jw, "reason", wish->in.reason);
    rp_put_said(&jw, "until", wish->until);
    rp_put_said(&jw, "text", wish->note);
    rp_jw_object_end(&jw);
    status = rp_deciding_ask(&wish->in, "task-done", rp_buf_view(&body), &out);
    if (status == RP_EXIT_DONE && wish->in.format == RP_FORMAT_JSON) {
        status = rp_print(&out);
    } else if (status == RP_EXIT_DONE) {
        printf("task %s: done%s%s\n", wish->in.arguments[1], wish->outcome ? ", " : "",
               wish->outcome ? wish->outcome : "");
    }
    rp_buf_fini(&body);
    rp_buf_fini(&out);
    return status;
}

/* ---- The command ----------------------------------------------------------------------------- */

static const struct {
    const char *name;
    int arguments;
    int (*run)(struct wish *wish);
} verbs[] = {{"claim", 2, claim}, {"done", 2, done}, {"note", 3, note}};

static int run(const struct rp_command *command, struct wish *wish)
{
    if (wish->in.count == 0) {
        return list(wish);
    }
    for (size_t i = 0; i < RP_COUNT(verbs); i++) {
        if (strcmp(wish->in.arguments[0], verbs[i].name) == 0 &&
            wish->in.count == verbs[i].arguments) {
            return verbs[i].run(wish);
        }
    }
    return rp_complain("usage: ripen tasks %s", command->arguments);
}

int rp_cmd_tasks(const struct rp_command *command, int argc, char **argv)
{
    struct wish wish = {0};
    const struct rp_option options[] = {
        {"db", "FILE", "the database (ripen.db)", &wish.in.db, NULL},
        {"owner", "WHO", "only those that this person has to do", &wish.owner, NULL},
        {"team", "TEAM", "only this team's", &wish.team, NULL},
        {"open", NULL, "what is to be done, due soonest first (this is shown anyway)", NULL,
         &wish.open},
        {"late", NULL, "only what should have been done by now", NULL, &wish.late},
        {"done", NULL, "what was done, newest first", NULL, &wish.done},
        {"all", NULL, "everything, newest first", NULL, &wish.all},
        {"limit", "N", "at most so many (100)", &wish.limit, NULL},
        {"as", "WHO", "who you are (RIPEN_AUTHOR, else your user name)", &wish.in.author, NULL},
        {"outcome", "WORD",
         "of done: accepted, attempted, meeting, postponed, rejected, or a word of yours",
         &wish.outcome, NULL},
        {"reason", "WHY", "of done: why it was rejected", &wish.in.reason, NULL},
        {"until", "DAY", "of done: when to call back what is postponed", &wish.until, NULL},
        {"note", "TEXT", "of done: what is to be known", &wish.note, NULL},
        {"format", "text|json", "how to print", &wish.in.format_text, NULL},
        {"config", "FILE", "ripen.lua", &wish.in.config, NULL},
        {0},
    };
    int status = rp_deciding_begin(&wish.in, command, options, argc, argv);

    if (status >= 0) {
        return status;
    }
    status = run(command, &wish);
    rp_setup_fini(&wish.in.setup);
    return status;
}
