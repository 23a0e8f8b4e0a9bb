/* SPDX-License-Identifier: MIT */
/* ripen rules VERB: a second table of commands, about rule sets. Knows the verbs' names only; each
 * stands in its own file cmd_rules_*.c and reads its own options. */
#include "cli/commands.h"

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

int rp_cmd_rules(const struct rp_command *command, int argc, char **argv)
{
    return rp_verbs_run(command, argc, argv);
}
