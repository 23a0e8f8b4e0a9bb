/* SPDX-License-Identifier: MIT */
/* Which rules a server starts with: those on disk, or those that were in force last. */
#ifndef RP_DAEMON_START_H
#define RP_DAEMON_START_H

#include "daemon/candidate.h"

struct rp_start {
    const char *db_path, *rules_dir;
    const struct rp_config *config;
    struct rp_rules *rules; /* of the disk, taken over; NULL: they are not valid */
    const struct rp_files *files;
    struct rp_str findings; /* JSON of `check`, "" */
    struct rp_clock clock;
};

/* Puts rules in force in a core that was just opened and says what it did:
 *   - the files are as they were when a guard held or a person superseded them: what was in force;
 *   - they are valid: these;
 *   - they are not: what was in force last, and loudly. ERULE when there is nothing. */
int rp_start_rules(struct rp_core *core, const struct rp_start *start,
                   struct rp_in_force *ret_active, struct rp_err *err);

#endif
