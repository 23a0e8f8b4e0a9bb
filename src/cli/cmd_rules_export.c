/* SPDX-License-Identifier: MIT */
/* ripen rules export and ripen rules doc: a rule set as data, and as a page for people. */
#include "cli/commands.h"
#include "engine/doc.h"

#include <string.h>

int rp_cmd_rules_export(const struct rp_command *command, int argc, char **argv)
{
    const char *format = NULL, *config = NULL;
    const struct rp_option options[] = {
        {"format", "json", "the only form; `ripen help rules --format json-schema` describes it",
         &format, NULL},
        {"config", "FILE", "ripen.lua", &config, NULL},
        {0},
    };
    char *arguments[1] = {0};
    int count = rp_options_parse(command, options, argc, argv, arguments);
    struct rp_setup setup;
    struct rp_shown shown;
    struct rp_buf out = {0};
    int status;

    if (count < 0) {
        return count == -1 ? RP_EXIT_DONE : RP_EXIT_FAILED;
    }
    if (format && strcmp(format, "json") != 0) {
        return rp_complain("--format is json, not \"%s\"", format);
    }
    status = rp_setup_shown(&setup, arguments[0], config, &shown);
    if (status == RP_EXIT_DONE) {
        rp_export_json(&out, &shown);
        status = rp_print(&out);
        rp_rules_free(setup.rules);
    }
    rp_setup_fini(&setup);
    return status;
}

int rp_cmd_rules_doc(const struct rp_command *command, int argc, char **argv)
{
    const char *format = NULL, *config = NULL, *title = NULL;
    const struct rp_option options[] = {
        {"format", "markdown|html", "the form of the page (markdown)", &format, NULL},
        {"title", "TEXT", "its headline", &title, NULL},
        {"config", "FILE", "ripen.lua", &config, NULL},
        {0},
    };
    char *arguments[1] = {0};
    int count = rp_options_parse(command, options, argc, argv, arguments);
    struct rp_setup setup;
    struct rp_shown shown;
    struct rp_buf out = {0};
    int status;

    if (count < 0) {
        return count == -1 ? RP_EXIT_DONE : RP_EXIT_FAILED;
    }
    if (format && strcmp(format, "markdown") != 0 && strcmp(format, "html") != 0) {
        return rp_complain("--format is markdown or html, not \"%s\"", format);
    }
    status = rp_setup_shown(&setup, arguments[0], config, &shown);
    if (status == RP_EXIT_DONE) {
        rp_doc(&out, &shown, format && strcmp(format, "html") == 0 ? RP_DOC_HTML : RP_DOC_MARKDOWN,
               title ? title : "How leads are scored");
        status = rp_print(&out);
        rp_rules_free(setup.rules);
    }
    rp_setup_fini(&setup);
    return status;
}
