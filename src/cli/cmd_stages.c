/* SPDX-License-Identifier: MIT */
/* ripen stages evaluate: after a change of rules, who would move; with --act, moves them: the
 * server that runs on the file does, or else this process. */
#include "base/json_read.h"
#include "base/json_write.h"
#include "base/num.h"
#include "cli/ask_server.h"
#include "cli/commands.h"
#include "cli/decide.h"
#include "core/evaluate.h"

#include <string.h>

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
    rp_would_write(&p->jw, would);
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

static void take_moves(struct printing *p, struct rp_arena *arena, struct rp_str moves)
{
    struct rp_json json;
    struct rp_str raw;

    rp_json_init(&json, arena, moves);
    if (rp_json_next(&json) != RP_JSON_ARRAY) {
        return;
    }
    while (rp_json_skip(&json, &raw) == RP_JSON_OBJECT) {
        struct rp_would would = {.lead = rp_answer_member(arena, raw, "lead"),
                                 .email = rp_answer_member(arena, raw, "email"),
                                 .from = rp_answer_member(arena, raw, "from"),
                                 .to = rp_answer_member(arena, raw, "to"),
                                 .because = rp_answer_member(arena, raw, "because")};

        print_move(p, &would);
    }
}

/* In portions, so that traffic goes on between them. */
static int act(struct rp_setup *setup, const char *db, const struct rp_evaluate_options *options,
               size_t *ret_leads, struct rp_err *err)
{
    struct rp_decider decider;
    struct rp_arena *arena = &setup->arena;
    struct rp_str after = RP_STR("0");
    bool done = false;
    int status = rp_decider_open(&decider, setup, db, rp_author(NULL), err);

    while (status == 0 && !done) {
        struct rp_buf body = {0};
        struct rp_buf out = {0};
        struct rp_jw jw = rp_jw(&body);
        double leads = 0;

        rp_jw_object(&jw);
        rp_jw_put_str(&jw, "stage", options->stage);
        rp_jw_key(&jw, "after");
        rp_jw_raw(&jw, after);
        rp_jw_object_end(&jw);
        status = rp_decider_ask(&decider, "evaluate", rp_buf_view(&body), &out, err);
        if (status == 0) {
            struct rp_str answer = rp_arena_str(arena, rp_buf_view(&out));

            take_moves(options->ctx, arena, rp_answer_member(arena, answer, "moves"));
            (void)rp_number_parse(rp_answer_member(arena, answer, "leads"), &leads);
            *ret_leads += (size_t)leads;
            after = rp_answer_member(arena, answer, "after");
            done = rp_str_is(rp_answer_member(arena, answer, "done"), "true");
        }
        rp_buf_fini(&body);
        rp_buf_fini(&out);
    }
    rp_decider_close(&decider);
    return status;
}

static int evaluate(struct rp_setup *setup, const char *db, struct rp_evaluate_options *options,
                    bool acts, bool json)
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
    status = acts ? act(setup, db, options, &leads, &err) : look(db, options, &leads, &err);
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
    if (acts && at) {
        return rp_complain("--act moves leads as of now; leave out --at");
    }
    if (format < 0 || !rp_moment_parse(at, rp_clock_system().now_ms(NULL), &evaluating.now_ms)) {
        return RP_EXIT_FAILED;
    }
    evaluating.stage = rp_str_from(stage ? stage : "");
    status = rp_setup_config(&setup, NULL, config);
    if (status == RP_EXIT_DONE) {
        status =
            evaluate(&setup, rp_setup_db(&setup, db), &evaluating, acts, format == RP_FORMAT_JSON);
    }
    rp_setup_fini(&setup);
    return status;
}
