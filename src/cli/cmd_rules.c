/* SPDX-License-Identifier: MIT */
/* ripen rules VERB: a second table of commands, about rule sets. Knows the verbs' names only; each
 * stands in its own file cmd_rules_*.c and reads its own options. */
#include "cli/commands.h"
#include "cli/experiment.h"
#include "cli/report.h"

#include <stdio.h>
#include <string.h>

/* Names as people type them: "rules export". */
const struct rp_command rp_rules_commands[] = {
    {"rules export", "[RULES]", "The whole rule set as data: every declaration with all fields.",
     rp_cmd_rules_export, 0, 1},
    {"rules doc", "[RULES]", "A page of the model for people: every rule with its why and points.",
     rp_cmd_rules_doc, 0, 1},
    {"rules list", "", "The generations: which is in force, and what became of each edit.",
     rp_cmd_rules_list, 0, 0},
    {"rules show", "[GENERATION]",
     "One generation with its files; the one in force without a number.", rp_cmd_rules_show, 0, 1},
    {"rules counts", "", "What each rule was asked, gave, cost and failed.", rp_cmd_rules_counts, 0,
     0},
    {"rules diff", "GENERATION GENERATION", "What is different between two, in words.",
     rp_cmd_rules_diff, 2, 2},
    {"rules activate", "GENERATION", "Puts a generation in force, also one that a guard holds.",
     rp_cmd_rules_activate, 1, 1},
    {"rules rollback", "", "Puts in force what was in force before.", rp_cmd_rules_rollback, 0, 0},
    {NULL, NULL, NULL, NULL, 0, 0},
};

static const char *verb_of(const struct rp_command *command)
{
    return strchr(command->name, ' ') + 1;
}

const struct rp_command *rp_command_verbs(const struct rp_command *command)
{
    return command->run == rp_cmd_rules        ? rp_rules_commands
           : command->run == rp_cmd_report     ? rp_report_commands
           : command->run == rp_cmd_experiment ? rp_experiment_commands
                                               : NULL;
}

static void help(const struct rp_command *command)
{
    printf("ripen %s %s\n%s\n\n", command->name, command->arguments, command->summary);
    for (const struct rp_command *c = rp_rules_commands; c->name; c++) {
        printf("  ripen %s%s%s\n      %s\n", c->name, c->arguments[0] ? " " : "", c->arguments,
               c->summary);
    }
    puts("\n  --help                 this text; `ripen rules VERB --help` tells a verb's options");
}

int rp_cmd_rules(const struct rp_command *command, int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        help(command);
        return RP_EXIT_DONE;
    }
    for (const struct rp_command *c = rp_rules_commands; argc > 1 && c->name; c++) {
        if (strcmp(argv[1], verb_of(c)) == 0) {
            return c->run(c, argc - 1, argv + 1);
        }
    }
    if (argc > 1 && strncmp(argv[1], "--", 2) == 0) {
        return rp_complain("%s has no option %s; see `ripen rules --help`", command->name, argv[1]);
    }
    if (argc > 1) {
        rp_complain("ripen rules has no verb \"%s\"", argv[1]);
    }
    return rp_complain("usage: ripen %s %s; see `ripen rules --help`", command->name,
                       command->arguments);
}
