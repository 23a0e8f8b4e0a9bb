/* SPDX-License-Identifier: MIT */
/* ripen check: everything that is wrong with a rules directory, read in a limited child process.
 * With --db, what a database says about the rules too. */
#include "base/buf.h"
#include "base/json_write.h"
#include "base/when.h"
#include "cli/child.h"
#include "cli/commands.h"
#include "engine/census.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ALL_MAX = 100000 };

#define FILE_BYTES ((uint64_t)64 << 20) /* definitions for editors; SQLite's index of the log */

struct request {
    const char *rules_dir, *config, *db;
    int format;
    bool plan, strict, all, write_types, colour;
    size_t columns;
};

/* What one check found. */
struct check {
    const struct request *request;
    const char *rules_dir;
    struct rp_setup setup;
    struct rp_rules *rules, *before;
    struct rp_census census;
    bool counted; /* census is filled */
};

/* ---- Reading --------------------------------------------------------------------------------- */

static int load(struct check *check, struct rp_err *err)
{
    struct rp_setup *setup = &check->setup;
    struct rp_load_options options = {.tests = true,
                                      .findings_max = check->request->all ? ALL_MAX : 0};
    int status = rp_files_read(&setup->arena, check->rules_dir, &setup->files, err);

    rp_config_endpoints(&setup->arena, &setup->config, &options);
    if (status == 0) {
        status =
            rp_load(&setup->arena, &setup->files, &options, &check->rules, &setup->findings, err);
    }
    if (strcmp(check->rules_dir, ".") != 0) {
        setup->findings.folder = rp_str_from(check->rules_dir);
    }
    setup->findings.columns = check->request->columns;
    return status;
}

/* Rules that could not be loaded are told of without the database. */
static int count(struct check *check, struct rp_err *err)
{
    struct rp_setup *setup = &check->setup;
    struct rp_diagnosis diagnosis = {
        .arena = &setup->arena, .files = &setup->files, .findings = &setup->findings};
    struct rp_clock clock = rp_clock_system();
    struct rp_reader *reader = NULL;
    int status;

    if (!check->request->db || !check->rules) {
        return 0;
    }
    if (access(check->request->db, R_OK) != 0) {
        return rp_err_set(err, RIPEN_EIO, "the database %s cannot be read; give another --db",
                          check->request->db);
    }
    status = rp_reader_open(check->request->db, NULL, check->rules, &reader, err);
    if (status == 0) {
        status = rp_reader_census(reader, &setup->arena, rp_clock_now(&clock), &check->census,
                                  &check->before, err);
    }
    rp_reader_close(reader);
    if (status == 0) {
        check->counted = true;
        rp_lint_census(&diagnosis, check->rules, &check->census);
        rp_findings_sort(&setup->findings);
    }
    return status;
}

/* ---- Telling --------------------------------------------------------------------------------- */

static void print_text(const struct check *check, struct rp_buf *out)
{
    const struct rp_rules *rules = check->rules;
    const struct rp_findings *findings = &check->setup.findings;

    rp_findings_print(out, findings, check->request->colour);
    if (rules && findings->count == 0) {
        rp_buf_printf(out, "%s: %u score and %u fit rules, %u stages, %u actions: all well\n",
                      check->rules_dir, rules->score_count, rules->fit_count, rules->stage_count,
                      rules->action_count);
    }
    if (check->counted) {
        rp_census_print(out, rules, &check->census);
    }
    if (rules && check->request->plan) {
        rp_rules_plan(out, rules);
    }
}

static void print_json(const struct check *check, struct rp_buf *out)
{
    struct rp_jw jw = rp_jw(out);

    rp_jw_object(&jw);
    rp_findings_members(&jw, &check->setup.findings);
    if (check->counted) {
        rp_census_json(&jw, check->rules, &check->census);
    }
    if (check->rules && check->request->plan) {
        rp_rules_plan_json(&jw, check->rules);
    }
    rp_jw_object_end(&jw);
}

static int tell(const struct check *check)
{
    const struct rp_findings *findings = &check->setup.findings;
    struct rp_buf out = {0};

    if (check->request->format == RP_FORMAT_JSON) {
        print_json(check, &out);
    } else {
        print_text(check, &out);
    }
    if (rp_print(&out) != RP_EXIT_DONE) {
        return RP_EXIT_FAILED;
    }
    return findings->errors > 0 || (check->request->strict && findings->warnings > 0)
               ? RP_EXIT_PROBLEMS
               : RP_EXIT_DONE;
}

/* ---- The child ------------------------------------------------------------------------------- */

static int work(void *context)
{
    struct check check = {.request = context};
    struct rp_err err = {0};
    int status = rp_setup_secrets(&check.setup, check.request->rules_dir, check.request->config);

    if (status != RP_EXIT_DONE) {
        rp_setup_fini(&check.setup);
        return status;
    }
    check.rules_dir = rp_setup_rules(&check.setup, check.request->rules_dir);
    if (check.request->write_types && rp_types_write(check.rules_dir) != RP_EXIT_DONE) {
        rp_setup_fini(&check.setup);
        return RP_EXIT_FAILED;
    }
    status = load(&check, &err);
    if (status == 0) {
        status = count(&check, &err);
    }
    status = status == 0 || status == RIPEN_ERULE ? tell(&check) : rp_fail(&err);
    rp_rules_free(check.rules);
    rp_rules_free(check.before);
    rp_setup_fini(&check.setup);
    return status;
}

int rp_cmd_check(const struct rp_command *command, int argc, char **argv)
{
    struct request request = {.colour = rp_colour(STDOUT_FILENO),
                              .columns = rp_columns(STDOUT_FILENO)};
    struct rp_child_limits limits = rp_child_limits_check;
    struct rp_child_result result = {0};
    const char *format_text = NULL;
    const struct rp_option options[] = {
        {"format", "text|json", "how to print", &format_text, NULL},
        {"config", "FILE", "ripen.lua: the endpoints that actions may name", &request.config, NULL},
        {"db", "FILE", "a database: which events and traits it has, which rules fire", &request.db,
         NULL},
        {"plan", NULL, "how each kind of event is dispatched", NULL, &request.plan},
        {"strict", NULL, "warnings are errors", NULL, &request.strict},
        {"all", NULL, "all findings, not the first 20 of each kind", NULL, &request.all},
        {"write-types", NULL, "writes .ripen/ripen.d.lua, .luarc.json, .luacheckrc for editors",
         NULL, &request.write_types},
        {0},
    };
    char *arguments[4] = {0};
    int argument_count = rp_options_parse(command, options, argc, argv, arguments);
    struct rp_err err = {0};

    request.format = rp_format_parse(format_text);
    if (argument_count < 0 || request.format < 0) {
        return argument_count == -1 ? RP_EXIT_DONE : RP_EXIT_FAILED;
    }
    request.rules_dir = argument_count > 0 ? arguments[0] : NULL;
    if (request.db || request.write_types) {
        limits.file_bytes = FILE_BYTES;
    }
    if (rp_child_run(work, &request, &limits, &result, &err) != 0) {
        return rp_fail(&err);
    }
    return rp_child_finish(&result, request.rules_dir ? request.rules_dir : "the rules",
                           request.format == RP_FORMAT_JSON ? RP_CHILD_JSON : RP_CHILD_TEXT);
}
