/* SPDX-License-Identifier: MIT */
/* ripen experiment list, plan, start, stop, promote. What is declared in the rules starts by hand:
 * a saved file alone never deals a lead. */
#include "base/json_write.h"
#include "cli/commands.h"
#include "cli/decide.h"
#include "cli/experiment.h"
#include "core/experiments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct rp_command rp_experiment_commands[] = {
    {"experiment list", "", "Experiments of the rules and of the database, and how they stand.",
     rp_cmd_experiment_list, 0, 0},
    {"experiment plan", "NAME",
     "How many leads and days it needs, by what the database has seen so far.",
     rp_cmd_experiment_plan, 1, 1},
    {"experiment start", "NAME", "Deals leads that become known from now on to its arms.",
     rp_cmd_experiment_start, 1, 1},
    {"experiment stop", "NAME", "Ends it: the control acts on everybody again.",
     rp_cmd_experiment_stop, 1, 1},
    {"experiment promote", "NAME",
     "Shows how the rules change when an arm becomes the control; --act writes it.",
     rp_cmd_experiment_promote, 1, 1},
    {NULL, NULL, NULL, NULL, 0, 0},
};

/* ---- Reading --------------------------------------------------------------------------------- */

typedef int read_fn(struct rp_reader *reader, struct rp_str name, const struct rp_plan_wish *wish,
                    enum rp_format format, struct rp_buf *out, struct rp_err *err);

static int list(struct rp_reader *reader, struct rp_str name, const struct rp_plan_wish *wish,
                enum rp_format format, struct rp_buf *out, struct rp_err *err)
{
    (void)name;
    (void)wish;
    return rp_reader_experiments(reader, format, out, err);
}

static int run_reader(read_fn *run, const char *db, const char *config, const char *format_text,
                      const char *name, const struct rp_plan_wish *wish)
{
    int format = rp_format_parse(format_text);
    struct rp_reader *reader = NULL;
    struct rp_setup setup = {0};
    struct rp_buf out = {0};
    struct rp_err err = {0};
    int status;

    if (format < 0) {
        return RP_EXIT_FAILED;
    }
    status = rp_setup_config(&setup, NULL, config);
    if (status == RP_EXIT_DONE) {
        status = rp_reader_open(rp_setup_db(&setup, db), NULL, NULL, &reader, &err);
        if (status == 0) {
            status = run(reader, rp_str_from(name), wish, (enum rp_format)format, &out, &err);
        }
        status = status == 0 ? rp_print(&out) : rp_fail(&err);
        rp_reader_close(reader);
    }
    rp_buf_fini(&out);
    rp_setup_fini(&setup);
    return status;
}

int rp_cmd_experiment_list(const struct rp_command *command, int argc, char **argv)
{
    const char *db = NULL;
    const char *config = NULL;
    const char *format = NULL;
    const struct rp_option options[] = {
        {"db", "FILE", "the database (ripen.db)", &db, NULL},
        {"format", "text|json", "how to print", &format, NULL},
        {"config", "FILE", "ripen.lua", &config, NULL},
        {0},
    };
    int count = rp_options_parse(command, options, argc, argv, NULL);

    if (count < 0) {
        return count == -1 ? RP_EXIT_DONE : RP_EXIT_FAILED;
    }
    return run_reader(list, db, config, format, "", NULL);
}

static bool percent(const char *option, const char *text, double *value)
{
    char *end;

    if (!text) {
        return true;
    }
    *value = strtod(text, &end);
    if (end != text && *end == '\0' && *value > 0 && *value < 100) {
        *value /= 100;
        return true;
    }
    rp_complain("--%s is \"%s\": give a percentage above 0 and below 100", option, text);
    return false;
}

int rp_cmd_experiment_plan(const struct rp_command *command, int argc, char **argv)
{
    struct rp_plan_wish wish = {.effect = 0.10, .power = 0.80, .rate = 0};
    const char *db = NULL;
    const char *config = NULL;
    const char *format = NULL;
    const char *effect = NULL;
    const char *power = NULL;
    const char *rate = NULL;
    const char *at = NULL;
    char *arguments[1] = {0};
    const struct rp_option options[] = {
        {"effect", "PCT", "the rise that is worth having, relative to the rate (10)", &effect,
         NULL},
        {"power", "PCT", "how sure such a rise is to be found (80)", &power, NULL},
        {"rate", "PCT", "share that succeeds today (as in the database)", &rate, NULL},
        {"db", "FILE", "the database (ripen.db)", &db, NULL},
        {"at", "TIME", "the moment that counts as now (now)", &at, NULL},
        {"format", "text|json", "how to print", &format, NULL},
        {"config", "FILE", "ripen.lua", &config, NULL},
        {0},
    };
    int count = rp_options_parse(command, options, argc, argv, arguments);

    if (count < 0) {
        return count == -1 ? RP_EXIT_DONE : RP_EXIT_FAILED;
    }
    if (!percent("effect", effect, &wish.effect) || !percent("power", power, &wish.power) ||
        !percent("rate", rate, &wish.rate) ||
        !rp_moment_parse(at, rp_clock_system().now_ms(NULL), &wish.now_ms)) {
        return RP_EXIT_FAILED;
    }
    return run_reader(rp_reader_experiment_plan, db, config, format, arguments[0], &wish);
}

/* ---- Deciding -------------------------------------------------------------------------------- */

int rp_experiment_ask(const struct rp_experiment_wish *wish, const char *verb,
                      struct rp_setup *setup, struct rp_buf *out)
{
    const char *db = rp_setup_db(setup, wish->db);
    struct rp_decider decider;
    struct rp_buf body = {0};
    struct rp_jw jw = rp_jw(&body);
    struct rp_err err = {0};
    int status;

    if (access(db, F_OK) != 0) {
        return rp_complain("there is no database %s; name it with --db", db);
    }
    rp_jw_object(&jw);
    rp_jw_put_text(&jw, "experiment", wish->name);
    if (wish->reason) {
        rp_jw_put_text(&jw, "reason", wish->reason);
    }
    rp_jw_put_text(&jw, "author", rp_author(wish->author));
    rp_jw_object_end(&jw);
    status = rp_decider_open(&decider, setup, db, rp_author(wish->author), &err);
    if (status == 0) {
        status = rp_decider_ask(&decider, verb, rp_buf_view(&body), out, &err);
    }
    rp_decider_close(&decider);
    rp_buf_fini(&body);
    return rp_decided(status, &err);
}

static int decide(const struct rp_command *command, int argc, char **argv, const char *verb,
                  const char *said)
{
    struct rp_experiment_wish wish = {0};
    bool stops = strcmp(verb, "experiment_stop") == 0;
    const char *format_text = NULL;
    const char *config = NULL;
    char *arguments[1] = {0};
    const struct rp_option options[] = {
        {"db", "FILE", "the database (ripen.db)", &wish.db, NULL},
        {"author", "NAME", "who does it (RIPEN_AUTHOR, else your user name)", &wish.author, NULL},
        {"format", "text|json", "how to print", &format_text, NULL},
        {"config", "FILE", "ripen.lua", &config, NULL},
        {stops ? "reason" : NULL, "WHY", "why; it stands in the list", &wish.reason, NULL},
        {0},
    };
    struct rp_setup setup = {0};
    struct rp_buf out = {0};
    int count = rp_options_parse(command, options, argc, argv, arguments);
    int format;
    int status;

    if (count < 0) {
        return count == -1 ? RP_EXIT_DONE : RP_EXIT_FAILED;
    }
    format = rp_format_parse(format_text);
    if (format < 0) {
        return RP_EXIT_FAILED;
    }
    wish.name = arguments[0];
    if (stops && !wish.reason) {
        wish.reason = "it was stopped by hand";
    }
    status = rp_setup_config(&setup, NULL, config);
    if (status == RP_EXIT_DONE) {
        status = rp_experiment_ask(&wish, verb, &setup, &out);
    }
    if (status == RP_EXIT_DONE && format == RP_FORMAT_JSON) {
        status = rp_print(&out);
    } else if (status == RP_EXIT_DONE) {
        printf("experiment %s %s; `ripen report experiment %s` tells how it stands\n", wish.name,
               said, wish.name);
    }
    rp_buf_fini(&out);
    rp_setup_fini(&setup);
    return status;
}

int rp_cmd_experiment_start(const struct rp_command *command, int argc, char **argv)
{
    return decide(command, argc, argv, "experiment_start", "runs from now on");
}

int rp_cmd_experiment_stop(const struct rp_command *command, int argc, char **argv)
{
    return decide(command, argc, argv, "experiment_stop", "is stopped");
}

int rp_cmd_experiment(const struct rp_command *command, int argc, char **argv)
{
    return rp_verbs_run(command, argc, argv);
}
