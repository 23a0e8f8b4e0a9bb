/* SPDX-License-Identifier: MIT */
/* The man page, as roff, from the tables of commands and their options. */
#include "cli/commands.h"

#include <ripen/ripen.h>

/* Text of a line: a minus stays one, a backslash too, and no line begins with a dot by chance. */
static void put(struct rp_buf *out, const char *text)
{
    if (*text == '.' || *text == '\'') {
        rp_buf_text(out, "\\&");
    }
    for (; *text; text++) {
        if (*text == '-') {
            rp_buf_text(out, "\\-");
        } else if (*text == '\\') {
            rp_buf_text(out, "\\e");
        } else {
            rp_buf_char(out, *text);
        }
    }
}

static void line(struct rp_buf *out, const char *text)
{
    put(out, text);
    rp_buf_char(out, '\n');
}

static void put_options(void *ctx, const struct rp_command *command,
                        const struct rp_option *options)
{
    struct rp_buf *out = ctx;

    (void)command;
    if (!options->name) {
        return;
    }
    rp_buf_text(out, ".RS\n");
    for (; options->name; options++) {
        rp_buf_text(out, ".TP\n\\fB\\-\\-");
        put(out, options->name);
        rp_buf_text(out, "\\fR");
        if (options->arg) {
            rp_buf_text(out, options->on ? "[=\\fI" : " \\fI");
            put(out, options->arg);
            rp_buf_text(out, options->on ? "\\fR]" : "\\fR");
        }
        rp_buf_char(out, '\n');
        line(out, options->help);
    }
    rp_buf_text(out, ".RE\n");
}

static void put_command(struct rp_buf *out, const struct rp_command *command)
{
    const struct rp_command *verbs = rp_command_verbs(command);

    if (verbs) {
        for (; verbs->name; verbs++) {
            put_command(out, verbs);
        }
        return;
    }
    rp_buf_text(out, ".TP\n\\fBripen ");
    put(out, command->name);
    rp_buf_text(out, "\\fR \\fI");
    put(out, command->arguments);
    rp_buf_text(out, "\\fR\n");
    line(out, command->summary);
    rp_command_options(command, put_options, out);
}

void rp_help_man(struct rp_buf *out)
{
    rp_buf_printf(out, ".TH RIPEN 1 \"\" \"ripen %s\" \"User Commands\"\n", ripen_version());
    rp_buf_text(out, ".SH NAME\nripen \\- lead qualification by rules\n"
                     ".SH SYNOPSIS\n\\fBripen\\fR \\fICOMMAND\\fR [\\fIOPTION\\fR ...]\n"
                     ".SH DESCRIPTION\n");
    line(out,
         "Takes every interaction of a lead, evaluates the marketers' own rules on it, updates "
         "scores and stages in one SQLite file, and fires the actions that the rules declare, "
         "each once. LEAD is an e-mail, a userId, an anonymousId or a lead id.");
    rp_buf_text(out, ".SH COMMANDS\n");
    for (const struct rp_command *c = rp_commands; c->name; c++) {
        put_command(out, c);
    }
    rp_buf_text(out, ".SH RULES\n");
    line(out, "`ripen help rules` lists the declarations and constructors of the rules language, "
              "`ripen help rules NAME` tells one of them, `ripen help errors` what findings mean.");
    rp_buf_text(out, ".SH EXIT STATUS\n");
    line(out, "0 done, 1 found problems, 2 could not run.");
}
