/* SPDX-License-Identifier: MIT */
/* ripen check */
#include "base/buf.h"
#include "cli/commands.h"

#include <stdio.h>
#include <unistd.h>

static int load(struct rp_setup *setup, const char *rules_dir, struct rp_rules **ret_rules,
                struct rp_err *err)
{
    struct rp_load_options options = {.tests = true};
    struct rp_str *endpoints =
        RP_ARENA_ARRAY(&setup->arena, struct rp_str, setup->config.endpoint_count + 1);
    int status = rp_files_read(&setup->arena, rules_dir, &setup->files, err);

    for (size_t i = 0; i < setup->config.endpoint_count; i++) {
        endpoints[i] = setup->config.endpoints[i].name;
    }
    if (setup->config.path.len > 0) {
        options.endpoints = endpoints;
        options.endpoint_count = setup->config.endpoint_count;
    }
    return status
               ? status
               : rp_load(&setup->arena, &setup->files, &options, ret_rules, &setup->findings, err);
}

int rp_cmd_check(const struct rp_command *command, int argc, char **argv)
{
    const char *format_text = NULL;
    const char *config = NULL;
    bool plan = false;
    bool strict = false;
    bool write_types = false;
    const struct rp_option options[] = {
        {"format", "text|json", "how to print", &format_text, NULL},
        {"config", "FILE", "ripen.lua: the endpoints that actions may name", &config, NULL},
        {"plan", NULL, "how each kind of event is dispatched", NULL, &plan},
        {"strict", NULL, "warnings are errors", NULL, &strict},
        {"write-types", NULL, "writes .ripen/ripen.d.lua, .luarc.json, .luacheckrc for editors",
         NULL, &write_types},
        {0},
    };
    char *arguments[4] = {0};
    int count = rp_options_parse(command, options, argc, argv, arguments);
    const char *rules_dir = count > 0 ? arguments[0] : NULL;
    int format = rp_format_parse(format_text);
    struct rp_rules *rules = NULL;
    struct rp_buf out = {0};
    struct rp_err err = {0};
    struct rp_setup setup;
    int status;

    if (count < 0 || format < 0) {
        return count == -1 ? RP_EXIT_DONE : RP_EXIT_FAILED;
    }
    status = rp_setup_config(&setup, rules_dir, config);
    if (status != RP_EXIT_DONE) {
        rp_setup_fini(&setup);
        return status;
    }
    rules_dir = rp_setup_rules(&setup, rules_dir);
    if (write_types && rp_types_write(rules_dir) != RP_EXIT_DONE) {
        rp_setup_fini(&setup);
        return RP_EXIT_FAILED;
    }
    status = load(&setup, rules_dir, &rules, &err);
    if (status != 0 && status != RIPEN_ERULE) {
        status = rp_fail(&err);
    } else {
        status = status != 0 || (strict && setup.findings.warnings > 0) ? RP_EXIT_PROBLEMS
                                                                        : RP_EXIT_DONE;
        if (format == RP_FORMAT_JSON) {
            rp_findings_json(&out, &setup.findings);
        } else {
            rp_findings_print(&out, &setup.findings, rp_colour(STDOUT_FILENO));
            if (rules && setup.findings.count == 0) {
                rp_buf_printf(&out,
                              "%s: %u score and %u fit rules, %u stages, %u actions: all well\n",
                              rules_dir, rules->score_count, rules->fit_count, rules->stage_count,
                              rules->action_count);
            }
        }
        if (rules && plan) {
            rp_rules_plan(&out, rules);
        }
        (void)rp_print(&out);
    }
    rp_rules_free(rules);
    rp_setup_fini(&setup);
    return status;
}
