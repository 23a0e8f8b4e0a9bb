/* SPDX-License-Identifier: MIT */
/* The program `ripen`: a table of commands. */
#include "base/buf.h"
#include "cli/commands.h"
#include "cli/experiment.h"
#include "cli/options.h"

#include <ripen/ripen.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>

const struct rp_command rp_commands[] = {
    {"serve", "[RULES]", "Takes events over HTTP, judges them by the rules, delivers the actions.",
     rp_cmd_serve, 0, 1},
    {"check", "[RULES]", "Reads the rules and says everything that is wrong with them.",
     rp_cmd_check, 0, 1},
    {"test", "[RULES]", "Runs the tests of the rules in virtual time.", rp_cmd_test, 0, 1},
    {"try", "[RULES] EVENTS",
     "Dry run: takes events (NDJSON, - for standard input) through the rules and prints the leads.",
     rp_cmd_try, 1, 2},
    {"import", "FILE", "Reads events into the database: NDJSON, or CSV with a mapping.",
     rp_cmd_import, 1, 1},
    {"leads", "", "Lists leads with score, grade and stage.", rp_cmd_leads, 0, 0},
    {"lead", "LEAD", "Everything about one lead: profile, scores, stages, actions, time line.",
     rp_cmd_lead, 1, 1},
    {"explain", "LEAD", "Why the lead has its score: rows that sum to it.", rp_cmd_explain, 1, 1},
    {"why-not", "LEAD RULE|STAGE|ACTION", "The first condition that fails, in words.",
     rp_cmd_why_not, 2, 2},
    {"verify", "", "Recomputes every lead and compares; status 1 on any difference.", rp_cmd_verify,
     0, 0},
    {"stage", "LEAD STAGE", "Moves a lead by hand; --reason says why.", rp_cmd_stage, 2, 2},
    {"points", "LEAD +N|-N", "Gives or takes points by hand; --why says why.", rp_cmd_points, 2, 2},
    {"void", "EVENT",
     "Lets an event, named by its messageId, count for nothing; --reason says why.", rp_cmd_void, 1,
     1},
    {"note", "LEAD TEXT", "Writes a note into a lead's story.", rp_cmd_note, 2, 2},
    {"assign", "LEAD OWNER", "Gives a lead an owner by hand; --reason says why.", rp_cmd_assign, 2,
     2},
    {"tasks", "[claim ID | done ID | note ID TEXT]",
     "What sales have to do; who takes it, and what came of it.", rp_cmd_tasks, 0, 3},
    {"bulk", "stage STAGE | points N | assign OWNER | suppress | note TEXT",
     "One decision for many leads: shows whom, and with --act does it.", rp_cmd_bulk, 1, 2},
    {"sequence", "list | show LEAD | pause LEAD | resume LEAD | cancel LEAD [SEQUENCE]",
     "Where leads are in sequences; stops or goes on with a lead's.", rp_cmd_sequence, 1, 3},
    {"unmerge", "LEAD", "Takes the newest merge of a lead back.", rp_cmd_unmerge, 1, 1},
    {"forget", "LEAD", "Removes every trace of a person; counts without a name stay.",
     rp_cmd_forget, 1, 1},
    {"export", "LEAD", "Prints all that is known of a person, as JSON.", rp_cmd_export, 1, 1},
    {"stages", "evaluate",
     "After a change of rules: who would move, by the rules as they are now; --act moves them.",
     rp_cmd_stages, 1, 1},
    {"suppress", "LEAD | list | remove ADDRESS",
     "Who gets no e-mail, whatever rules and events say; --reason says why.", rp_cmd_suppress, 1,
     2},
    {"outbox", "list | show ID | dead | retry [ID] | cancel [ID] | endpoints",
     "What is to be delivered, and what became of it; retries and cancels it.", rp_cmd_outbox, 1,
     2},
    {"pause", "deliveries | KIND | endpoint:NAME",
     "Stops all deliveries at once, or those of a kind (email, webhook, notify, crm) or endpoint.",
     rp_cmd_pause, 1, 1},
    {"resume", "deliveries | KIND | endpoint:NAME", "Lets deliveries go on that were paused.",
     rp_cmd_resume, 1, 1},
    {"key", "create | list | revoke ID", "Keys of clients and people.", rp_cmd_key, 1, 2},
    {"init", "DIR", "Makes a rules directory to start from.", rp_cmd_init, 1, 1},
    {"rules", "list | show | diff | activate | rollback | export | doc",
     "Rule sets: what is in force, what was, and as data and pages.", rp_cmd_rules, 0, 2},
    {"backtest", "--candidate RULES",
     "What other rules would have done with the whole history, and whether they are better.",
     rp_cmd_backtest, 0, 0},
    {"report", "funnel | rules | thresholds | trends | actions | sla | experiment NAME",
     "What became of all leads, which rules and numbers are right.", rp_cmd_report, 0, 2},
    {"learn", "",
     "Past outcomes write a scorecard, as rules to read and edit; leaks are found and left out.",
     rp_cmd_learn, 0, 0},
    {"experiment", "list | plan | start | stop | promote NAME",
     "Models compared on real leads: what one needs, starts and ends, who wins.", rp_cmd_experiment,
     0, 9},
    {"status", "", "How the server is: what waits, what lags, which rules are in force.",
     rp_cmd_status, 0, 0},
    {"help", "[COMMAND | rules [NAME] | errors | CODE]",
     "Tells of a command, of the rules language, of what a finding means.", rp_cmd_help, 0, 2},
    {"completion", "bash", "Prints a completion script for the shell.", rp_cmd_completion, 1, 1},
    {NULL, NULL, NULL, NULL, 0, 0},
};

/* An answer that nobody got is no success: a full disk, a closed pipe. */
static int finish(int status)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        return rp_complain("the answer could not be written to standard output");
    }
    return status;
}

int main(int argc, char **argv)
{
    struct rp_buf help = {0};

    signal(SIGXFSZ, SIG_IGN); /* a file at its size limit is a full disk: an error, not the end */
    if (argc < 2) {
        rp_help_commands(&help);
        fwrite(help.ptr, 1, help.len, stderr);
        rp_buf_fini(&help);
        return RP_EXIT_FAILED;
    }
    if (strcmp(argv[1], "--help") == 0) {
        rp_help_commands(&help);
        return finish(rp_print(&help));
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("ripen %s\n", ripen_version());
        return finish(RP_EXIT_DONE);
    }
    for (const struct rp_command *c = rp_commands; c->name; c++) {
        if (strcmp(argv[1], c->name) == 0) {
            return finish(c->run(c, argc - 1, argv + 1));
        }
    }
    return rp_complain("no command \"%s\"; see `ripen --help`", argv[1]);
}
