/* SPDX-License-Identifier: MIT */
/* ripen stages evaluate: after a change of rules, who would move; with --act, moves them. Looking
 * works beside a server; acting takes the file for itself. */
#include "base/json_write.h"
#include "cli/commands.h"
#include "core/evaluate.h"
#include "core/rules.h"
#include "store/generations.h"

#include <string.h>

enum { PORTION = 500 };

struct printing {
    struct rp_buf out;
    struct rp_jw jw;
    bool json;
    size_t moves;
};

static void print_move(void *ctx, const struct rp_would *would)
{
    struct printing *p = ctx;

    p->moves++;
    if (!p->json) {
        struct rp_str who = would->email.len > 0 ? would->email : would->lead;

        rp_buf_printf(&p->out, "%-40.*s %.*s → %.*s  (%.*s)\n", RP_STR_ARG(who),
                      RP_STR_ARG(would->from), RP_STR_ARG(would->to), RP_STR_ARG(would->because));
        return;
    }
    rp_jw_object(&p->jw);
    rp_jw_put_str(&p->jw, "lead", would->lead);
    rp_jw_put_str(&p->jw, "email", would->email);
    rp_jw_put_str(&p->jw, "from", would->from);
    rp_jw_put_str(&p->jw, "to", would->to);
    rp_jw_put_str(&p->jw, "because", would->because);
    rp_jw_object_end(&p->jw);
}

static int look(const char *db, const struct rp_evaluate_options *options, size_t *ret_leads,
                struct rp_err *err)
{
    struct rp_reader *reader = NULL;
    int status = rp_reader_open(db, NULL, NULL, &reader, err);

    if (status == 0) {
        status = rp_reader_evaluate(reader, options, ret_leads, err);
    }
    rp_reader_close(reader);
    return status;
}

/* The rules in force, as they are in the file. */
static int take_rules(struct rp_arena *arena, struct rp_core *core, struct rp_err *err)
{
    struct rp_load_options load = {0};
    struct rp_findings findings = {0};
    struct rp_generation_row row;
    struct rp_ready_notes notes = {.stored = true};
    struct rp_ready *ready = NULL;
    struct rp_rules *rules;
    struct rp_files files;
    int status = rp_generation_get(arena, rp_core_store(core), 0, &row, err);

    if (status == RIPEN_ENOTFOUND) {
        return rp_err_set(err, status, "no rules were loaded into this database yet");
    }
    if (status == 0) {
        status = rp_files_unpack(arena, row.sources, &files, err);
    }
    if (status == 0) {
        load.disabled = rp_generation_disabled(arena, row.disabled, &load.disabled_count);
        status = rp_load(arena, &files, &load, &rules, &findings, err);
    }
    if (status == 0) {
        notes.author = row.author;
        notes.disabled = row.disabled;
        status = rp_ready_new(rules, &files, &notes, &ready, err);
    }
    if (status == 0) {
        status = rp_core_begin(core, &ready, err);
    }
    rp_ready_free(ready);
    return status;
}

static int act(const char *db, const struct rp_evaluate_options *options, size_t *ret_leads,
               struct rp_err *err)
{
    struct rp_core_options opening = {
        .db_path = db, .mode = RP_STORE_SERVE, .clock = rp_clock_system(), .set_aside = true};
    struct rp_core *core = NULL;
    struct rp_arena arena;
    int64_t after = 0;
    int status = rp_core_open(&opening, &core, err);

    if (status == RIPEN_EBUSY) {
        return rp_err_set(err, status,
                          "a server works with %s; stop it to move leads, or leave out --act to "
                          "see who would move",
                          db);
    }
    if (status != 0) {
        return status;
    }
    rp_arena_init(&arena);
    status = take_rules(&arena, core, err);
    for (int got = 1; status == 0 && got > 0;) {
        got = rp_core_evaluate(core, options, &after, PORTION, ret_leads, err);
        status = got < 0 ? got : 0;
        while (got > 0 && rp_core_idle(core)) {
        }
    }
    rp_core_close(core);
    rp_arena_fini(&arena);
    return status;
}

static int evaluate(const char *db, struct rp_evaluate_options *options, bool acts, bool json)
{
    struct printing p = {.json = json};
    struct rp_err err = {0};
    size_t leads = 0;
    int status;

    p.jw = rp_jw(&p.out);
    options->would = print_move;
    options->ctx = &p;
    if (json) {
        rp_jw_object(&p.jw);
        rp_jw_key(&p.jw, "moves");
        rp_jw_array(&p.jw);
    }
    status = acts ? act(db, options, &leads, &err) : look(db, options, &leads, &err);
    if (status != 0) {
        rp_buf_fini(&p.out);
        return rp_fail(&err);
    }
    if (json) {
        rp_jw_array_end(&p.jw);
        rp_jw_put_int(&p.jw, "leads", (int64_t)leads);
        rp_jw_put_bool(&p.jw, "acted", acts);
        rp_jw_object_end(&p.jw);
    } else {
        rp_buf_printf(&p.out, "%zu leads asked, %zu moves %s\n", leads, p.moves,
                      acts ? "made" : "would follow; --act makes them");
    }
    return rp_print(&p.out);
}

int rp_cmd_stages(const struct rp_command *command, int argc, char **argv)
{
    const char *db = NULL;
    const char *config = NULL;
    const char *stage = NULL;
    const char *at = NULL;
    const char *format_text = NULL;
    bool acts = false;
    const struct rp_option options[] = {
        {"db", "FILE", "the database (ripen.db)", &db, NULL},
        {"stage", "STAGE", "only leads in this stage", &stage, NULL},
        {"act", NULL, "moves them, with the actions that follow", NULL, &acts},
        {"at", "TIME", "the moment of judging (now)", &at, NULL},
        {"format", "text|json", "how to print", &format_text, NULL},
        {"config", "FILE", "ripen.lua", &config, NULL},
        {0},
    };
    struct rp_evaluate_options evaluating = {0};
    struct rp_setup setup = {0};
    char *arguments[1] = {0};
    int count = rp_options_parse(command, options, argc, argv, arguments);
    int format;
    int status;

    if (count < 0) {
        return count == -1 ? RP_EXIT_DONE : RP_EXIT_FAILED;
    }
    if (strcmp(arguments[0], "evaluate") != 0) {
        return rp_complain("ripen stages has no verb \"%s\"; it has evaluate", arguments[0]);
    }
    format = rp_format_parse(format_text);
    if (format < 0 || !rp_moment_parse(at, rp_clock_system().now_ms(NULL), &evaluating.now_ms)) {
        return RP_EXIT_FAILED;
    }
    evaluating.stage = rp_str_from(stage ? stage : "");
    status = rp_setup_config(&setup, NULL, config);
    if (status == RP_EXIT_DONE) {
        status = evaluate(rp_setup_db(&setup, db), &evaluating, acts, format == RP_FORMAT_JSON);
    }
    rp_setup_fini(&setup);
    return status;
}
