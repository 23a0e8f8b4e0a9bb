/* SPDX-License-Identifier: MIT */
/* ripen rules list, show, diff, activate, rollback. Questions are answered from the file; what
 * changes goes to the server that runs on it, and is done here when there is none. */
#include "cli/ask_server.h"
#include "cli/commands.h"
#include "core/reader_counts.h"
#include "core/reader_rules.h"
#include "daemon/candidate.h"
#include "store/generations.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { GENERATIONS_SHOWN = 50, SHRINK_PERCENT = 20, EFFECT_PERCENT = 10 };

/* What all of them take. */
struct wish {
    const char *db, *format_text, *config, *limit, *author;
    bool force, rules;
    enum rp_format format;
    struct rp_setup setup;
    char *arguments[4];
    int count;
};

/* The exit status when the command is over already, else -1; then close_wish follows. */
static int open_wish(struct wish *wish, const struct rp_command *command,
                     const struct rp_option *options, int argc, char **argv)
{
    int format, status;

    wish->count = rp_options_parse(command, options, argc, argv, wish->arguments);
    format = rp_format_parse(wish->format_text);
    if (wish->count < 0 || format < 0) {
        return wish->count == -1 ? RP_EXIT_DONE : RP_EXIT_FAILED;
    }
    wish->format = (enum rp_format)format;
    status = rp_setup_config(&wish->setup, NULL, wish->config);
    if (status != RP_EXIT_DONE) {
        rp_setup_fini(&wish->setup);
        return status;
    }
    return -1;
}

static int exit_of(int status, const struct rp_err *err)
{
    return status == 0                 ? RP_EXIT_DONE
           : status == RIPEN_ENOTFOUND ? (rp_fail(err), RP_EXIT_PROBLEMS)
                                       : rp_fail(err);
}

static bool parse_generation(const char *text, uint32_t *ret_number)
{
    char *end;
    long number = strcmp(text, "active") == 0 ? 0 : strtol(text, &end, 10);

    if (strcmp(text, "active") != 0 && (end == text || *end || number < 1 || number > INT32_MAX)) {
        rp_complain("\"%s\" is no generation; `ripen rules list` shows their numbers", text);
        return false;
    }
    *ret_number = (uint32_t)number;
    return true;
}

/* ---- Questions ------------------------------------------------------------------------------- */

typedef int question_fn(struct wish *wish, struct rp_reader *reader, struct rp_buf *out,
                        struct rp_err *err);

static int ask(const struct rp_command *command, int argc, char **argv, bool limited,
               question_fn *question)
{
    struct wish wish = {0};
    const struct rp_option options[] = {
        {"db", "FILE", "the database (ripen.db)", &wish.db, NULL},
        {"format", "text|json", "how to print", &wish.format_text, NULL},
        {"config", "FILE", "ripen.lua", &wish.config, NULL},
        {limited ? "limit" : NULL, "N", "at most so many, newest first (50)", &wish.limit, NULL},
        {"rules", NULL, "and what each rule of the one in force was asked, gave, cost, failed",
         NULL, &wish.rules},
        {0},
    };
    struct rp_reader *reader = NULL;
    struct rp_buf out = {0};
    struct rp_err err = {0};
    int status = open_wish(&wish, command, options, argc, argv);

    if (status >= 0) {
        return status;
    }
    status = rp_reader_open(rp_setup_db(&wish.setup, wish.db), NULL, NULL, &reader, &err);
    if (status == 0) {
        status = question(&wish, reader, &out, &err);
    }
    status = status == 0 ? rp_print(&out) : exit_of(status, &err);
    rp_buf_fini(&out);
    rp_reader_close(reader);
    rp_setup_fini(&wish.setup);
    return status;
}

static int ask_list(struct wish *wish, struct rp_reader *reader, struct rp_buf *out,
                    struct rp_err *err)
{
    size_t limit;
    int status;

    if (!rp_count_parse("limit", wish->limit, GENERATIONS_SHOWN, &limit)) {
        return rp_err_set(err, RIPEN_EINPUT, "nothing was listed");
    }
    status = rp_reader_rules(reader, limit, wish->format, out, err);
    if (status == 0 && wish->format == RP_FORMAT_TEXT && wish->rules) {
        rp_buf_char(out, '\n');
        status = rp_reader_rule_counts(reader, RP_FORMAT_TEXT, out, err);
    }
    return status;
}

static int ask_counts(struct wish *wish, struct rp_reader *reader, struct rp_buf *out,
                      struct rp_err *err)
{
    return rp_reader_rule_counts(reader, wish->format, out, err);
}

static int ask_show(struct wish *wish, struct rp_reader *reader, struct rp_buf *out,
                    struct rp_err *err)
{
    uint32_t number = 0;

    if (wish->count > 0 && !parse_generation(wish->arguments[0], &number)) {
        return rp_err_set(err, RIPEN_EINPUT, "nothing was shown");
    }
    return rp_reader_generation(reader, number, wish->format, out, err);
}

static int ask_diff(struct wish *wish, struct rp_reader *reader, struct rp_buf *out,
                    struct rp_err *err)
{
    uint32_t before, after;

    if (!parse_generation(wish->arguments[0], &before) ||
        !parse_generation(wish->arguments[1], &after)) {
        return rp_err_set(err, RIPEN_EINPUT, "nothing was compared");
    }
    return rp_reader_rules_diff(reader, before, after, wish->format, out, err);
}

int rp_cmd_rules_list(const struct rp_command *command, int argc, char **argv)
{
    return ask(command, argc, argv, true, ask_list);
}

int rp_cmd_rules_counts(const struct rp_command *command, int argc, char **argv)
{
    return ask(command, argc, argv, false, ask_counts);
}

int rp_cmd_rules_show(const struct rp_command *command, int argc, char **argv)
{
    return ask(command, argc, argv, false, ask_show);
}

int rp_cmd_rules_diff(const struct rp_command *command, int argc, char **argv)
{
    return ask(command, argc, argv, false, ask_diff);
}

/* ---- Without a server ------------------------------------------------------------------------ */

/* What is in force, as the candidate's guards need to know it. */
static int read_active(struct wish *wish, struct rp_core *core, struct rp_in_force *ret_active,
                       struct rp_err *err)
{
    struct rp_arena *arena = &wish->setup.arena;
    struct rp_findings findings = {0};
    struct rp_rules *rules = NULL;
    struct rp_generation_row row;
    struct rp_files files;
    int status = rp_generation_get(arena, rp_core_store(core), 0, &row, err);

    *ret_active = (struct rp_in_force){.config = &wish->setup.config};
    if (status == 0) {
        ret_active->number = row.number;
        (void)snprintf(ret_active->hash, sizeof(ret_active->hash), "%.*s", RP_STR_ARG(row.hash));
        status = rp_files_unpack(arena, row.sources, &files, err);
    }
    if (status == 0 &&
        rp_candidate_load(arena, &files, NULL, row.disabled, &rules, &findings, NULL) == 0) {
        ret_active->rules = rp_candidate_rules(rules);
    }
    rp_rules_free(rules);
    return status;
}

static int act_alone(struct wish *wish, const char *db, uint32_t generation, struct rp_err *err)
{
    struct rp_core_options options = {
        .db_path = db, .mode = RP_STORE_SERVE, .clock = rp_clock_system()};
    struct rp_in_force active;
    struct rp_candidate candidate = {
        .db_path = db,
        .active = &active,
        .guards = {.shrink_percent = SHRINK_PERCENT, .effect_percent = EFFECT_PERCENT},
        .now_ms = rp_clock_system().now_ms(NULL),
        .stored = true,
        .generation = generation,
        .force = wish->force,
        .author = rp_str_from(wish->author)};
    struct rp_core *core = NULL;
    int result = RP_EXIT_PROBLEMS;
    int status = rp_core_open(&options, &core, err);

    if (status == 0) {
        status = read_active(wish, core, &active, err);
    }
    if (status != 0) {
        rp_core_close(core);
        return exit_of(status, err);
    }
    rp_candidate_build(&candidate);
    if (candidate.effect.len > 0) {
        printf("%.*s\n", RP_STR_ARG(candidate.effect));
    }
    if (candidate.result == RP_CANDIDATE_READY) {
        status = rp_core_begin(core, &candidate.ready, err);
        result = status == 0 ? RP_EXIT_DONE : rp_fail(err);
        if (status == 0) {
            printf("generation %u will be in force when a server starts\n", candidate.generation);
        }
    } else if (candidate.result == RP_CANDIDATE_UNCHANGED) {
        printf("generation %u is in force already\n", active.number);
        result = RP_EXIT_DONE;
    } else {
        rp_complain("%.*s%s", RP_STR_ARG(candidate.reason),
                    candidate.result == RP_CANDIDATE_HELD ? "; --force does it all the same" : "");
    }
    rp_candidate_fini(&candidate);
    rp_core_close(core);
    return result;
}

/* ---- With a server --------------------------------------------------------------------------- */

static int act_beside(struct wish *wish, const char *db, const char *verb, uint32_t generation,
                      struct rp_err *err)
{
    struct rp_arena *arena = &wish->setup.arena;
    struct rp_request_row request = {.at_ms = rp_clock_system().now_ms(NULL),
                                     .verb = rp_str_from(verb),
                                     .generation = generation,
                                     .force = wish->force,
                                     .author = rp_str_from(wish->author)};
    struct rp_request_row answer;
    struct rp_str effect, reason, number;
    int status = rp_server_ask(arena, db, &request, &answer, err);

    if (status != 0) {
        return exit_of(status, err);
    }
    if (wish->format == RP_FORMAT_JSON) {
        printf("%.*s\n", RP_STR_ARG(answer.answer));
        return answer.status == 200 ? RP_EXIT_DONE : RP_EXIT_PROBLEMS;
    }
    effect = rp_answer_member(arena, answer.answer, "effect");
    reason = rp_answer_member(arena, answer.answer, "reason");
    number = rp_answer_member(arena, answer.answer, "generation");
    if (effect.len > 0) {
        printf("%.*s\n", RP_STR_ARG(effect));
    }
    if (answer.status == 200) {
        printf("generation %.*s is in force\n", RP_STR_ARG(number));
        return RP_EXIT_DONE;
    }
    rp_complain("%.*s%s", RP_STR_ARG(reason),
                answer.status == 409 ? "; --force does it all the same" : "");
    return RP_EXIT_PROBLEMS;
}

/* --author, else RIPEN_AUTHOR, else who runs the program. */
static void find_author(struct wish *wish)
{
    const struct passwd *entry;

    if (!wish->author) {
        wish->author = getenv("RIPEN_AUTHOR");
    }
    if (!wish->author) {
        entry = getpwuid(getuid());
        wish->author = entry ? entry->pw_name : "";
    }
}

static int act(const struct rp_command *command, int argc, char **argv, const char *verb)
{
    struct wish wish = {0};
    const struct rp_option options[] = {
        {"db", "FILE", "the database (ripen.db)", &wish.db, NULL},
        {"author", "NAME", "who does it (RIPEN_AUTHOR, else your user name)", &wish.author, NULL},
        {"force", NULL, "also when a guard would hold it", NULL, &wish.force},
        {"format", "text|json", "how to print", &wish.format_text, NULL},
        {"config", "FILE", "ripen.lua", &wish.config, NULL},
        {0},
    };
    struct rp_err err = {0};
    uint32_t generation = 0;
    const char *db;
    int status = open_wish(&wish, command, options, argc, argv);

    if (status >= 0) {
        return status;
    }
    find_author(&wish);
    wish.force = wish.force || strcmp(verb, "rollback") == 0; /* to what was in force before */
    db = rp_setup_db(&wish.setup, wish.db);
    if (strcmp(verb, "activate") == 0 &&
        (!parse_generation(wish.arguments[0], &generation) || generation == 0)) {
        status = RP_EXIT_FAILED;
    } else if (access(db, F_OK) != 0) {
        status = rp_complain("there is no database %s; name it with --db", db);
    } else {
        status = rp_server_runs(db) ? act_beside(&wish, db, verb, generation, &err)
                                    : act_alone(&wish, db, generation, &err);
    }
    rp_setup_fini(&wish.setup);
    return status;
}

int rp_cmd_rules_activate(const struct rp_command *command, int argc, char **argv)
{
    return act(command, argc, argv, "activate");
}

int rp_cmd_rules_rollback(const struct rp_command *command, int argc, char **argv)
{
    return act(command, argc, argv, "rollback");
}
