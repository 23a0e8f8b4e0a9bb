/* SPDX-License-Identifier: MIT */
/* ripen help: commands, the rules language, findings. Knows only which table answers. */
#include "base/wrap.h"
#include "cli/commands.h"
#include "engine/help.h"

#include <stdio.h>
#include <string.h>

void rp_help_commands(struct rp_buf *out)
{
    enum { NAMES = 11, INDENT = 29 };

    rp_buf_text(out, "ripen: lead qualification by rules\n\nCommands:\n");
    for (const struct rp_command *c = rp_commands; c->name; c++) {
        size_t start = out->len;
        int left;

        rp_buf_printf(out, "  %-8s ", c->name);
        left = (int)(out->len - start) + (int)strlen(c->arguments);
        if (left < INDENT) {
            rp_buf_printf(out, "%s%*s", c->arguments, INDENT - left, "");
        } else {
            rp_wrap(out, rp_str_from(c->arguments), out->len - start, NAMES);
            rp_buf_printf(out, "%*s", INDENT, "");
        }
        rp_wrap(out, rp_str_from(c->summary), INDENT, INDENT);
    }
    rp_buf_char(out, '\n');
    rp_wrap(out,
            RP_STR("`ripen COMMAND --help` tells a command's options, `ripen help rules` the rules "
                   "language, `ripen help errors` what findings mean. LEAD is an e-mail, a userId, "
                   "an anonymousId or a lead id. Exit status: 0 done, 1 found problems, 2 could "
                   "not run."),
            0, 0);
}

/* ---- Topics ---------------------------------------------------------------------------------- */

enum form { TEXT, JSON, MARKDOWN, SCHEMA, MAN, FORMS };
static const char *const form_names[FORMS] = {"text", "json", "markdown", "json-schema", "man"};

static int form_of(const char *text)
{
    for (int i = 0; text && i < FORMS; i++) {
        if (strcmp(text, form_names[i]) == 0) {
            return i;
        }
    }
    if (text) {
        rp_complain("--format is text, json, markdown, json-schema or man, not \"%s\"", text);
    }
    return text ? -1 : TEXT;
}

static int no_form(enum form form, const char *topic)
{
    return rp_complain("`ripen help%s%s` has no form %s", topic[0] ? " " : "", topic,
                       form_names[form]);
}

static int help_rules(const char *name, enum form form)
{
    struct rp_arena arena;
    struct rp_buf out = {0};
    struct rp_str hint = RP_STR("");
    bool found = true;
    int status = RP_EXIT_DONE;

    rp_arena_init(&arena);
    if (form == JSON) {
        found = rp_help_json(&arena, &out, rp_str_from(name), &hint);
    } else if (name && form != TEXT) {
        status = no_form(form, "rules NAME");
    } else if (name) {
        found = rp_help_name(&arena, &out, rp_str_from(name), &hint);
    } else if (form == MARKDOWN) {
        rp_help_markdown(&out);
    } else if (form == SCHEMA) {
        rp_json_schema(&out);
    } else if (form == MAN) {
        status = no_form(form, "rules");
    } else {
        rp_help_list(&out);
    }
    if (!found) {
        status = rp_complain("the rules language has no \"%s\"; %.*s%s`ripen help rules` lists all",
                             name, RP_STR_ARG(hint), hint.len ? " " : "");
        rp_buf_fini(&out);
    } else if (status == RP_EXIT_DONE) {
        status = rp_print(&out);
    }
    rp_arena_fini(&arena);
    return status;
}

static int help_errors(enum form form)
{
    struct rp_buf out = {0};

    if (form == JSON) {
        rp_help_codes_json(&out);
    } else if (form == MARKDOWN) {
        rp_help_codes_markdown(&out);
    } else if (form == TEXT) {
        rp_help_codes(&out);
    } else {
        return no_form(form, "errors");
    }
    return rp_print(&out);
}

static const struct rp_command *find(const struct rp_command *table, const char *name)
{
    for (; table && table->name; table++) {
        const char *last = strrchr(table->name, ' ');

        if (strcmp(last ? last + 1 : table->name, name) == 0) {
            return table;
        }
    }
    return NULL;
}

static int help_command(const char *name, const char *verb)
{
    const struct rp_command *command = find(rp_commands, name);
    struct rp_buf out = {0};
    char word[64], help[] = "--help";
    char *argv[] = {word, help, NULL};

    if (rp_help_code(&out, rp_str_from(name))) {
        return rp_print(&out);
    }
    if (!command) {
        return rp_complain("no command, topic or code \"%s\"; see `ripen help`", name);
    }
    if (verb) {
        command = find(rp_command_verbs(command), verb);
    }
    if (!command) {
        return rp_complain("ripen %s has no verb \"%s\"", name, verb);
    }
    snprintf(word, sizeof(word), "%s", name);
    return command->run(command, 2, argv);
}

int rp_cmd_help(const struct rp_command *command, int argc, char **argv)
{
    const char *format = NULL;
    const struct rp_option options[] = {
        {"format", "text|json|markdown|json-schema|man",
         "of the rules language: all but man; of errors: text, json, markdown; of commands: text, "
         "man",
         &format, NULL},
        {0},
    };
    char *arguments[2] = {0};
    int count = rp_options_parse(command, options, argc, argv, arguments);
    int form = form_of(format);
    struct rp_buf out = {0};

    if (count < 0 || form < 0) {
        return count == -1 ? RP_EXIT_DONE : RP_EXIT_FAILED;
    }
    if (count > 0 && strcmp(arguments[0], "rules") == 0) {
        return help_rules(arguments[1], (enum form)form);
    }
    if (count == 1 && strcmp(arguments[0], "errors") == 0) {
        return help_errors((enum form)form);
    }
    if (form != TEXT && !(form == MAN && count == 0)) {
        return no_form((enum form)form, count ? arguments[0] : "");
    }
    if (count > 0) {
        return help_command(arguments[0], arguments[1]);
    }
    if (form == MAN) {
        rp_help_man(&out);
    } else {
        rp_help_commands(&out);
    }
    return rp_print(&out);
}
