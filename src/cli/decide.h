/* SPDX-License-Identifier: MIT */
/* What a command decides is done by the server that runs on the database; without one it is done
 * here, by a core that stays open for as many decisions as the command has. */
#ifndef RP_CLI_DECIDE_H
#define RP_CLI_DECIDE_H

#include "base/json_write.h"
#include "cli/commands.h"

struct rp_decider {
    struct rp_setup *setup; /* borrowed */
    const char *db, *author;
    struct rp_core *core; /* NULL: a server does it */
};

/* Who does it: the flag, else RIPEN_AUTHOR, else the user's name. */
const char *rp_author(const char *flag);

/* `author` lives as long as the decider. EIO: there is no database. */
int rp_decider_open(struct rp_decider *decider, struct rp_setup *setup, const char *db,
                    const char *author, struct rp_err *err);
/* One verb of core/amend.h; its answer as JSON on out. */
int rp_decider_ask(struct rp_decider *decider, const char *verb, struct rp_str body,
                   struct rp_buf *out, struct rp_err *err);
void rp_decider_close(struct rp_decider *decider);

/* The exit status that goes with what rp_decider_ask said; the message is printed. */
int rp_decided(int status, const struct rp_err *err);

/* What all commands that decide are told, and what they work with. */
struct rp_deciding {
    const char *db, *config, *format_text, *author, *reason; /* NULL: not said */
    enum rp_format format;
    struct rp_setup setup;
    char *arguments[4];
    int count; /* of arguments */
};

/* Reads options and configuration. -1: go on, and end with rp_setup_fini; else the exit status. */
int rp_deciding_begin(struct rp_deciding *in, const struct rp_command *command,
                      const struct rp_option *options, int argc, char **argv);
/* One verb, asked and answered; an exit status, with its message. */
int rp_deciding_ask(struct rp_deciding *in, const char *verb, struct rp_str body,
                    struct rp_buf *out);
/* A member of the body when it was said. */
void rp_put_said(struct rp_jw *jw, const char *key, const char *text);

#endif
