/* SPDX-License-Identifier: MIT */
/* Command lines from tables: every command lists its options, and --help, error texts and shell
 * completion come from the same rows. */
#ifndef RP_CLI_OPTIONS_H
#define RP_CLI_OPTIONS_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

struct rp_option {
    const char *name; /* "db" for --db; NULL ends a table */
    const char *arg;  /* "FILE": takes a value; NULL: a switch */
    const char *help;
    const char **value; /* set to the value */
    bool *on;           /* set for a switch */
};

struct rp_command {
    const char *name, *arguments, *summary; /* arguments: "[RULES] EVENTS" */
    int (*run)(const struct rp_command *command, int argc, char **argv);
    int arguments_min, arguments_max;
};

enum { RP_EXIT_DONE = 0, RP_EXIT_PROBLEMS = 1, RP_EXIT_FAILED = 2 };

/* Takes options out of argv (argv[0] is the command's name) and leaves the arguments in
 * *ret_arguments (room for arguments_max). Returns their number, -1 when the command is to end with
 * RP_EXIT_DONE (--help was printed), -2 with RP_EXIT_FAILED (a message was printed). `--` ends the
 * options. */
int rp_options_parse(const struct rp_command *command, const struct rp_option *options, int argc,
                     char **argv, char **ret_arguments);

/* How a command is called and what it does, as its help begins. */
void rp_usage(struct rp_buf *out, const struct rp_command *command);
void rp_command_help(const struct rp_command *command, const struct rp_option *options);

/* Hands the options of a command (not of one with verbs) to `visit`, for help, the man page and
 * shell completion: the command is run with --help and shows its table instead of printing it. */
typedef void rp_options_visit(void *ctx, const struct rp_command *command,
                              const struct rp_option *options);
void rp_command_options(const struct rp_command *command, rp_options_visit *visit, void *ctx);

extern const struct rp_command rp_commands[]; /* ended by a NULL name */

/* "ripen: …" on stderr; returns RP_EXIT_FAILED. */
int rp_complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Colours: on a terminal and without NO_COLOR. */
bool rp_colour(int descriptor);
/* The columns of the terminal there; 0: it is none. */
size_t rp_columns(int descriptor);

#endif
