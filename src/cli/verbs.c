/* SPDX-License-Identifier: MIT */
/* Commands that have verbs: a second table of commands for each, whose names begin with its own. */
#include "base/wrap.h"
#include "cli/commands.h"
#include "cli/experiment.h"
#include "cli/report.h"

#include <stdio.h>
#include <string.h>

const struct rp_command *rp_command_verbs(const struct rp_command *command)
{
    return command->run == rp_cmd_rules        ? rp_rules_commands
           : command->run == rp_cmd_report     ? rp_report_commands
           : command->run == rp_cmd_experiment ? rp_experiment_commands
                                               : NULL;
}

static void help(const struct rp_command *command)
{
    struct rp_buf out = {0}, last = {0};

    rp_usage(&out, command);
    rp_buf_char(&out, '\n');
    for (const struct rp_command *c = rp_command_verbs(command); c->name; c++) {
        rp_buf_printf(&out, "  ripen %s%s%s\n      ", c->name, c->arguments[0] ? " " : "",
                      c->arguments);
        rp_wrap(&out, rp_str_from(c->summary), 6, 6);
    }
    rp_buf_text(&out, "\n  --help                 ");
    rp_buf_printf(&last, "this text; `ripen %s VERB --help` tells a verb's options", command->name);
    rp_wrap(&out, rp_buf_view(&last), 25, 25);
    fwrite(out.ptr, 1, out.len, stdout);
    rp_buf_fini(&last);
    rp_buf_fini(&out);
}

int rp_verbs_run(const struct rp_command *command, int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : "";

    if (strcmp(verb, "--help") == 0) {
        help(command);
        return RP_EXIT_DONE;
    }
    for (const struct rp_command *c = rp_command_verbs(command); c->name; c++) {
        if (strcmp(verb, strchr(c->name, ' ') + 1) == 0) {
            return c->run(c, argc - 1, argv + 1);
        }
    }
    if (strncmp(verb, "--", 2) == 0) {
        return rp_complain("%s has no option %s; see `ripen %s --help`", command->name, verb,
                           command->name);
    }
    if (argc > 1) {
        rp_complain("ripen %s has no \"%s\"", command->name, verb);
    }
    return rp_complain("usage: ripen %s %s; see `ripen %s --help`", command->name,
                       command->arguments, command->name);
}
