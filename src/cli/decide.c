/* SPDX-License-Identifier: MIT */
/* Decisions beside a server and without one. */
#include "cli/decide.h"

#include "cli/ask_server.h"
#include "core/amend.h"
#include "daemon/candidate.h"
#include "store/generations.h"

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

const char *rp_author(const char *flag)
{
    const char *author = flag ? flag : getenv("RIPEN_AUTHOR");
    const struct passwd *entry = author ? NULL : getpwuid(getuid());

    return author ? author : entry ? entry->pw_name : "";
}

/* The rules in force, as the database keeps them. */
static int load_in_force(struct rp_setup *setup, struct rp_core *core, struct rp_err *err)
{
    struct rp_arena *arena = &setup->arena;
    struct rp_findings findings = {0};
    struct rp_rules *rules = NULL;
    struct rp_generation_row row;
    struct rp_files files;
    int status = rp_generation_get(arena, rp_core_store(core), 0, &row, err);

    if (status == 0) {
        status = rp_files_unpack(arena, row.sources, &files, err);
    }
    if (status == 0) {
        status = rp_candidate_load(arena, &files, NULL, row.disabled, &rules, &findings, err);
    }
    return status == 0 ? rp_core_rules(core, rules, &files, row.author, err) : status;
}

int rp_decider_open(struct rp_decider *decider, struct rp_setup *setup, const char *db,
                    const char *author, struct rp_err *err)
{
    struct rp_core_options options = {
        .db_path = db, .mode = RP_STORE_SERVE, .clock = rp_clock_system()};
    int status;

    *decider = (struct rp_decider){.setup = setup, .db = db, .author = author};
    if (access(db, F_OK) != 0) {
        return rp_err_set(err, RIPEN_EIO, "there is no database %s; name it with --db", db);
    }
    if (rp_server_runs(db)) {
        return 0;
    }
    status = rp_core_open(&options, &decider->core, err);
    if (status == 0) {
        status = load_in_force(setup, decider->core, err);
    }
    if (status != 0) {
        rp_decider_close(decider);
    }
    return status;
}

static int ask_server(struct rp_decider *decider, const char *verb, struct rp_str body,
                      struct rp_buf *out, struct rp_err *err)
{
    struct rp_arena *arena = &decider->setup->arena;
    struct rp_request_row request = {.at_ms = rp_clock_system().now_ms(NULL),
                                     .verb = rp_str_from(verb),
                                     .author = rp_str_from(decider->author),
                                     .body = body};
    struct rp_request_row answer;
    int status = rp_server_ask(arena, decider->db, &request, &answer, err);

    if (status == 0 && answer.status != 200) {
        struct rp_str reason = rp_answer_member(arena, answer.answer, "reason");

        return rp_err_set(err, answer.status == 503 ? RIPEN_ESTORE : RIPEN_ENOTFOUND, "%.*s",
                          RP_STR_ARG(reason));
    }
    if (status == 0) {
        rp_buf_str(out, answer.answer);
    }
    return status;
}

int rp_decider_ask(struct rp_decider *decider, const char *verb, struct rp_str body,
                   struct rp_buf *out, struct rp_err *err)
{
    return decider->core ? rp_core_amend(decider->core, rp_str_from(verb), body,
                                         rp_str_from(decider->author), out, err)
                         : ask_server(decider, verb, body, out, err);
}

void rp_decider_close(struct rp_decider *decider)
{
    rp_core_close(decider->core);
    decider->core = NULL;
}

int rp_decided(int status, const struct rp_err *err)
{
    if (status == RIPEN_ENOTFOUND || status == RIPEN_EINPUT || status == RIPEN_EDENIED) {
        (void)rp_fail(err);
        return RP_EXIT_PROBLEMS;
    }
    return status == 0 ? RP_EXIT_DONE : rp_fail(err);
}

int rp_deciding_begin(struct rp_deciding *in, const struct rp_command *command,
                      const struct rp_option *options, int argc, char **argv)
{
    int format, status;

    in->count = rp_options_parse(command, options, argc, argv, in->arguments);
    if (in->count < 0) {
        return in->count == -1 ? RP_EXIT_DONE : RP_EXIT_FAILED;
    }
    format = rp_format_parse(in->format_text);
    if (format < 0) {
        return RP_EXIT_FAILED;
    }
    in->format = (enum rp_format)format;
    status = rp_setup_config(&in->setup, NULL, in->config);
    if (status == RP_EXIT_DONE) {
        return -1;
    }
    rp_setup_fini(&in->setup);
    return status;
}

int rp_deciding_ask(struct rp_deciding *in, const char *verb, struct rp_str body,
                    struct rp_buf *out)
{
    struct rp_decider decider;
    struct rp_err err = {0};
    int status = rp_decider_open(&decider, &in->setup, rp_setup_db(&in->setup, in->db),
                                 rp_author(in->author), &err);

    if (status == 0) {
        status = rp_decider_ask(&decider, verb, body, out, &err);
    }
    rp_decider_close(&decider);
    return rp_decided(status, &err);
}

void rp_put_said(struct rp_jw *jw, const char *key, const char *text)
{
    if (text && text[0]) {
        rp_jw_put_text(jw, key, text);
    }
}
