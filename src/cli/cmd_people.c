/* SPDX-License-Identifier: MIT */
/* ripen stage, points, void, note, assign, unmerge, forget, export: what people decide about one
 * lead. The server that runs on the database does it; without one it is done here. */
#include "base/num.h"
#include "cli/ask_server.h"
#include "cli/decide.h"

#include <stdio.h>
#include <string.h>

/* Everything that one of them may be told. */
struct wish {
    struct rp_deciding in;
    const char *dimension, *until, *lead;
};

/* 0, or an exit status with a message: whoever overrules the rules says why. */
static int need_reason(struct wish *wish, const struct rp_command *command, const char *option)
{
    if (wish->in.reason && wish->in.reason[0]) {
        return 0;
    }
    rp_setup_fini(&wish->in.setup);
    return rp_complain("%s needs a reason: --%s \"…\"", command->name, option);
}

typedef void body_fn(const struct wish *wish, struct rp_jw *jw);
typedef void said_fn(struct wish *wish, struct rp_str answer);

/* Sends what `body` writes and says what became of it. */
static int amend(struct wish *wish, const char *verb, body_fn *body, said_fn *said)
{
    struct rp_buf text = {0};
    struct rp_buf out = {0};
    struct rp_jw jw = rp_jw(&text);
    int status;

    rp_jw_object(&jw);
    body(wish, &jw);
    if (strcmp(verb, "forget") != 0) {
        rp_jw_put_text(&jw, "author", rp_author(wish->in.author));
    }
    rp_jw_object_end(&jw);
    status = rp_deciding_ask(&wish->in, verb, rp_buf_view(&text), &out);
    if (status == RP_EXIT_DONE && wish->in.format == RP_FORMAT_JSON) {
        status = rp_print(&out);
    } else if (status == RP_EXIT_DONE) {
        said(wish, rp_buf_view(&out));
    }
    rp_buf_fini(&out);
    rp_buf_fini(&text);
    rp_setup_fini(&wish->in.setup);
    return status;
}

#define DATABASE_OPTIONS(wish)                                                                     \
    {"db", "FILE", "the database (ripen.db)", &(wish).in.db, NULL},                                \
        {"author", "NAME", "who does it (RIPEN_AUTHOR, else your user name)", &(wish).in.author,   \
         NULL},                                                                                    \
        {"format", "text|json", "how to print", &(wish).in.format_text, NULL},                     \
    {                                                                                              \
        "config", "FILE", "ripen.lua", &(wish).in.config, NULL                                     \
    }

static void say_done(struct wish *wish, struct rp_str answer)
{
    (void)answer;
    printf("recorded for %s; `ripen lead %s` shows it\n", wish->in.arguments[0],
           wish->in.arguments[0]);
}

static void stage_body(const struct wish *wish, struct rp_jw *jw)
{
    rp_put_said(jw, "lead", wish->in.arguments[0]);
    rp_put_said(jw, "stage", wish->in.arguments[1]);
    rp_put_said(jw, "reason", wish->in.reason);
}

/* A command that is told why with --reason, and nothing else. */
static int with_reason(const struct rp_command *command, int argc, char **argv, const char *verb,
                       body_fn *body)
{
    struct wish wish = {0};
    const struct rp_option options[] = {
        {"reason", "WHY", "why; it stands in the lead's story", &wish.in.reason, NULL},
        DATABASE_OPTIONS(wish),
        {0},
    };
    int status = rp_deciding_begin(&wish.in, command, options, argc, argv);

    if (status < 0) {
        status = need_reason(&wish, command, "reason");
        status = status ? status : amend(&wish, verb, body, say_done);
    }
    return status;
}

int rp_cmd_stage(const struct rp_command *command, int argc, char **argv)
{
    return with_reason(command, argc, argv, "stage", stage_body);
}

static void points_body(const struct wish *wish, struct rp_jw *jw)
{
    const char *points = wish->in.arguments[1];

    rp_put_said(jw, "lead", wish->in.arguments[0]);
    rp_jw_key(jw, "points");
    rp_jw_raw(jw, rp_str_from(points + (points[0] == '+')));
    rp_put_said(jw, "reason", wish->in.reason);
    rp_put_said(jw, "dimension", wish->dimension);
    rp_put_said(jw, "until", wish->until);
}

int rp_cmd_points(const struct rp_command *command, int argc, char **argv)
{
    struct wish wish = {0};
    const struct rp_option options[] = {
        {"why", "WHY", "why; a row of the explanation", &wish.in.reason, NULL},
        {"dimension", "NAME", "where they count (engagement)", &wish.dimension, NULL},
        {"until", "TIME", "until when they count (for good)", &wish.until, NULL},
        DATABASE_OPTIONS(wish),
        {0},
    };
    int status = rp_deciding_begin(&wish.in, command, options, argc, argv);
    double points;

    if (status >= 0) {
        return status;
    }
    if (!rp_number_parse(rp_str_from(wish.in.arguments[1] + (wish.in.arguments[1][0] == '+')),
                         &points)) {
        rp_setup_fini(&wish.in.setup);
        return rp_complain("\"%s\" is no number of points; write +5 or -2.5", wish.in.arguments[1]);
    }
    status = need_reason(&wish, command, "why");
    return status ? status : amend(&wish, "points", points_body, say_done);
}

static void void_body(const struct wish *wish, struct rp_jw *jw)
{
    rp_put_said(jw, "messageId", wish->in.arguments[0]);
    rp_put_said(jw, "lead", wish->lead);
    rp_put_said(jw, "reason", wish->in.reason);
}

static void say_void(struct wish *wish, struct rp_str answer)
{
    (void)answer;
    printf("%s counts for nothing from now on\n", wish->in.arguments[0]);
}

int rp_cmd_void(const struct rp_command *command, int argc, char **argv)
{
    struct wish wish = {0};
    const struct rp_option options[] = {
        {"reason", "WHY", "why; it stands in the lead's story", &wish.in.reason, NULL},
        {"lead", "LEAD", "whose event, when several leads have one of this messageId", &wish.lead,
         NULL},
        DATABASE_OPTIONS(wish),
        {0},
    };
    int status = rp_deciding_begin(&wish.in, command, options, argc, argv);

    if (status < 0) {
        status = need_reason(&wish, command, "reason");
        status = status ? status : amend(&wish, "void", void_body, say_void);
    }
    return status;
}

static void note_body(const struct wish *wish, struct rp_jw *jw)
{
    rp_put_said(jw, "lead", wish->in.arguments[0]);
    rp_put_said(jw, "text", wish->in.arguments[1]);
}

int rp_cmd_note(const struct rp_command *command, int argc, char **argv)
{
    struct wish wish = {0};
    const struct rp_option options[] = {DATABASE_OPTIONS(wish), {0}};
    int status = rp_deciding_begin(&wish.in, command, options, argc, argv);

    return status >= 0 ? status : amend(&wish, "note", note_body, say_done);
}

static void assign_body(const struct wish *wish, struct rp_jw *jw)
{
    rp_put_said(jw, "lead", wish->in.arguments[0]);
    rp_put_said(jw, "owner", wish->in.arguments[1]);
    rp_put_said(jw, "reason", wish->in.reason);
}

int rp_cmd_assign(const struct rp_command *command, int argc, char **argv)
{
    return with_reason(command, argc, argv, "assign", assign_body);
}

static void lead_body(const struct wish *wish, struct rp_jw *jw)
{
    rp_put_said(jw, "lead", wish->in.arguments[0]);
}

static void say_unmerged(struct wish *wish, struct rp_str answer)
{
    struct rp_str lead = rp_answer_member(&wish->in.setup.arena, answer, "lead");
    struct rp_str other = rp_answer_member(&wish->in.setup.arena, answer, "other");

    printf("%.*s stands on its own again, beside %.*s; events do not join them any more\n",
           RP_STR_ARG(lead), RP_STR_ARG(other));
}

int rp_cmd_unmerge(const struct rp_command *command, int argc, char **argv)
{
    struct wish wish = {0};
    const struct rp_option options[] = {DATABASE_OPTIONS(wish), {0}};
    int status = rp_deciding_begin(&wish.in, command, options, argc, argv);

    return status >= 0 ? status : amend(&wish, "unmerge", lead_body, say_unmerged);
}

static void say_forgotten(struct wish *wish, struct rp_str answer)
{
    struct rp_arena *arena = &wish->in.setup.arena;
    struct rp_str events = rp_answer_member(arena, answer, "events");
    struct rp_str actions = rp_answer_member(arena, answer, "actions");

    printf("forgotten: %.*s events, %.*s actions; only counts without a name are left\n",
           RP_STR_ARG(events), RP_STR_ARG(actions));
}

int rp_cmd_forget(const struct rp_command *command, int argc, char **argv)
{
    struct wish wish = {0};
    const struct rp_option options[] = {DATABASE_OPTIONS(wish), {0}};
    int status = rp_deciding_begin(&wish.in, command, options, argc, argv);

    return status >= 0 ? status : amend(&wish, "forget", lead_body, say_forgotten);
}

int rp_cmd_export(const struct rp_command *command, int argc, char **argv)
{
    struct wish wish = {0};
    const struct rp_option options[] = {
        {"db", "FILE", "the database (ripen.db)", &wish.in.db, NULL},
        {"config", "FILE", "ripen.lua", &wish.in.config, NULL},
        {0},
    };
    struct rp_reader *reader = NULL;
    struct rp_buf out = {0};
    struct rp_err err = {0};
    int status = rp_deciding_begin(&wish.in, command, options, argc, argv);

    if (status >= 0) {
        return status;
    }
    status = rp_reader_open(rp_setup_db(&wish.in.setup, wish.in.db), NULL, NULL, &reader, &err);
    if (status == 0) {
        status = rp_reader_export(reader, rp_str_from(wish.in.arguments[0]),
                                  rp_clock_system().now_ms(NULL), &out, &err);
    }
    status = status == 0                 ? rp_print(&out)
             : status == RIPEN_ENOTFOUND ? (rp_fail(&err), RP_EXIT_PROBLEMS)
                                         : rp_fail(&err);
    rp_buf_fini(&out);
    rp_reader_close(reader);
    rp_setup_fini(&wish.in.setup);
    return status;
}
