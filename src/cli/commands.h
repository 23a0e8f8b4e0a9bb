/* SPDX-License-Identifier: MIT */
/* The commands and what they share. */
#ifndef RP_CLI_COMMANDS_H
#define RP_CLI_COMMANDS_H

#include "base/arena.h"
#include "base/err.h"
#include "cli/options.h"
#include "core/core.h"
#include "core/reader.h"
#include "engine/config.h"
#include "engine/export.h"
#include "engine/load.h"

typedef int rp_command_fn(const struct rp_command *command, int argc, char **argv);

rp_command_fn rp_cmd_serve, rp_cmd_check, rp_cmd_test, rp_cmd_try, rp_cmd_import, rp_cmd_leads,
    rp_cmd_lead, rp_cmd_explain, rp_cmd_why_not, rp_cmd_verify, rp_cmd_stages, rp_cmd_outbox,
    rp_cmd_pause, rp_cmd_resume, rp_cmd_key, rp_cmd_init, rp_cmd_rules, rp_cmd_rules_export,
    rp_cmd_rules_list, rp_cmd_rules_counts, rp_cmd_rules_show, rp_cmd_rules_diff,
    rp_cmd_rules_activate, rp_cmd_rules_rollback, rp_cmd_report, rp_cmd_backtest, rp_cmd_status,
    rp_cmd_rules_doc, rp_cmd_help, rp_cmd_completion;

rp_command_fn rp_cmd_learn, rp_cmd_suppress;

rp_command_fn rp_cmd_assign, rp_cmd_stage, rp_cmd_points, rp_cmd_void, rp_cmd_note, rp_cmd_unmerge,
    rp_cmd_forget, rp_cmd_export; /* cmd_people.c */

rp_command_fn rp_cmd_sequence;
rp_command_fn rp_cmd_tasks, rp_cmd_bulk;

extern const struct rp_command rp_rules_commands[]; /* ripen rules VERB; ended by a NULL name */

/* Rules and configuration of a command, loaded; findings were printed on stderr. */
struct rp_setup {
    struct rp_arena arena;
    struct rp_config config;
    struct rp_files files;
    struct rp_rules *rules;
    struct rp_findings findings;
    struct rp_declarations declarations; /* rp_setup_shown */
};

/* Reads configuration (--config, else ripen.lua in the rules directory, else here) and rules.
 * rules_dir: what the command line says; NULL: what the configuration says, else rules.
 * Returns an exit status; on RP_EXIT_DONE setup->rules is the caller's. quiet: warnings are not
 * printed. */
int rp_setup_load(struct rp_setup *setup, const char *rules_dir, const char *config_path,
                  bool quiet);
/* Only the configuration, for commands that need its paths: secrets that the server has and this
 * process has not are no error. */
int rp_setup_config(struct rp_setup *setup, const char *rules_dir, const char *config_path);
/* With its secrets: to serve, and to check. */
int rp_setup_secrets(struct rp_setup *setup, const char *rules_dir, const char *config_path);
/* The same for those who show rules: with the declared trees, and the numbers of weights.lua in
 * them. *ret_shown lives as long as setup, and is there on RP_EXIT_DONE. */
int rp_setup_shown(struct rp_setup *setup, const char *rules_dir, const char *config_path,
                   struct rp_shown *ret_shown);
void rp_setup_fini(struct rp_setup *setup);
/* argument (or NULL) over environment and file over default. */
const char *rp_setup_rules(const struct rp_setup *setup, const char *argument);
/* flag over environment and file over default. */
const char *rp_setup_db(const struct rp_setup *setup, const char *flag);

/* The table of verbs of a command; NULL when it has none. */
const struct rp_command *rp_command_verbs(const struct rp_command *command);
/* Runs the verb that the command line names, or tells of them. */
int rp_verbs_run(const struct rp_command *command, int argc, char **argv);
/* cmd_help.c: the list of commands; help_man.c: the man page, as roff. */
void rp_help_commands(struct rp_buf *out);
void rp_help_man(struct rp_buf *out);
/* types_files.c: writes the definitions for editors into a rules directory; files of these names
 * that are somebody's own stay, and are told on stderr. Returns an exit status. */
int rp_types_write(const char *dir);

/* --format text|json; -1 with a message. */
int rp_format_parse(const char *text);
/* A moment: ISO 8601 or "now" (NULL); false with a message. */
bool rp_moment_parse(const char *text, int64_t fallback, int64_t *ret_ms);
/* How long: "60d"; NULL leaves *ret_ms; false with a message. */
bool rp_span_parse(const char *option, const char *text, int64_t *ret_ms);
/* The whole number of an option, 1 to 10,000; NULL: the fallback; false with a message. */
bool rp_count_parse(const char *option, const char *text, size_t fallback, size_t *ret_count);
/* Prints err and returns the exit status that goes with it. */
int rp_fail(const struct rp_err *err);
/* Writes a buffer to stdout, with a line end when it lacks one; frees it. */
int rp_print(struct rp_buf *buf);

#endif
