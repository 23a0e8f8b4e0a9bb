/* SPDX-License-Identifier: MIT */
/* What the verbs of `ripen experiment` share. */
#ifndef RP_CLI_EXPERIMENT_H
#define RP_CLI_EXPERIMENT_H

#include "cli/commands.h"

extern const struct rp_command rp_experiment_commands[]; /* ended by a NULL name */

rp_command_fn rp_cmd_experiment, rp_cmd_experiment_list, rp_cmd_experiment_plan,
    rp_cmd_experiment_start, rp_cmd_experiment_stop, rp_cmd_experiment_promote;

struct rp_experiment_wish {
    const char *name, *db, *author, *reason; /* NULL: not said */
};
/* Asks the server, or does it here; an exit status, with its message. The answer on out. */
int rp_experiment_ask(const struct rp_experiment_wish *wish, const char *verb,
                      struct rp_setup *setup, struct rp_buf *out);

#endif
