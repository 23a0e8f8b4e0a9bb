/* SPDX-License-Identifier: MIT */
/* The server: builds everything in order, runs the loop, takes it down in reverse. */
#ifndef RP_DAEMON_DAEMON_H
#define RP_DAEMON_DAEMON_H

#include "core/core.h"
#include "daemon/candidate.h"
#include "engine/config.h"
#include "engine/load.h"

struct rp_daemon_options {
    const struct rp_config *config;
    const char *address; /* "127.0.0.1" */
    int port;            /* 0 picks one */
    const char *db_path;
    const char *rules_dir;
    const char *config_path; /* where it is, or would be */
    struct rp_rules *rules;  /* the daemon's from here on; NULL: those on disk are not valid */
    const struct rp_files *files;
    struct rp_str findings; /* about them, as JSON; "" */
    struct rp_guards guards;
    bool deliver;  /* false: record what would be sent */
    bool insecure; /* listen elsewhere than on loopback without a key */
};

/* Serves until SIGTERM or SIGINT, then drains. Prints "ripen: listening on http://ADDR:PORT" on
 * stdout once ready. EBUSY, EVERSION, EIO … when it could not start. */
int rp_daemon_run(const struct rp_daemon_options *options, struct rp_err *err);

#endif
