/* SPDX-License-Identifier: MIT */
/* ripen completion bash: a completion script from the tables of commands and their options. */
#include "cli/commands.h"

#include <string.h>

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

/* The words of a pattern that are typed as they stand: "list | retry ID" has list and retry. */
static void put_words(struct rp_buf *out, const char *pattern)
{
    while (*pattern) {
        size_t len = strcspn(pattern, " |[]=");
        bool plain = len > 0;

        for (size_t i = 0; i < len; i++) {
            plain = plain && (is_lower(pattern[i]) || (i > 0 && pattern[i] == '-'));
        }
        if (plain) {
            rp_buf_printf(out, " %.*s", (int)len, pattern);
        }
        pattern += len + (pattern[len] != '\0');
    }
}

static void put_options(void *ctx, const struct rp_command *command,
                        const struct rp_option *options)
{
    struct rp_buf *out = ctx;

    rp_buf_printf(out, "    '%s')\n        words='--help", command->name);
    for (const struct rp_option *o = options; o->name; o++) {
        rp_buf_printf(out, " --%s", o->name);
    }
    put_words(out, command->arguments);
    rp_buf_text(out, "'\n        case $before in\n");
    for (const struct rp_option *o = options; o->name; o++) {
        struct rp_buf choices = {0};

        if (o->arg && !o->on) {
            put_words(&choices, o->arg);
            rp_buf_printf(out, "        --%s) words='%.*s' ;;\n", o->name,
                          RP_STR_ARG(rp_buf_view(&choices)));
        }
        rp_buf_fini(&choices);
    }
    rp_buf_text(out, "        esac ;;\n");
}

static void put_names(struct rp_buf *out, const struct rp_command *table)
{
    for (; table->name; table++) {
        const char *space = strchr(table->name, ' ');

        rp_buf_printf(out, " %s", space ? space + 1 : table->name);
    }
}

static void put_command(struct rp_buf *out, const struct rp_command *command)
{
    const struct rp_command *verbs = rp_command_verbs(command);

    if (!verbs) {
        rp_command_options(command, put_options, out);
        return;
    }
    rp_buf_printf(out, "    '%s') words='--help", command->name);
    put_names(out, verbs);
    rp_buf_text(out, "' ;;\n");
    for (; verbs->name; verbs++) {
        rp_command_options(verbs, put_options, out);
    }
}

static void put_script(struct rp_buf *out)
{
    rp_buf_text(out, "# bash completion of ripen: eval \"$(ripen completion bash)\"\n"
                     "_ripen() {\n"
                     "    local now=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
                     "    local command=${COMP_WORDS[1]} words=\n");
    for (const struct rp_command *c = rp_commands; c->name; c++) {
        if (rp_command_verbs(c)) {
            rp_buf_printf(out,
                          "    [ \"$command\" = %s ] && [ \"$COMP_CWORD\" -gt 2 ] && "
                          "command=\"$command ${COMP_WORDS[2]}\"\n",
                          c->name);
        }
    }
    rp_buf_text(out, "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        words='--help --version");
    put_names(out, rp_commands);
    rp_buf_text(out, "'\n    else\n    case $command in\n");
    for (const struct rp_command *c = rp_commands; c->name; c++) {
        put_command(out, c);
    }
    rp_buf_text(out, "    esac\n    fi\n"
                     "    COMPREPLY=($(compgen -W \"$words\" -- \"$now\"))\n"
                     "}\ncomplete -o default -F _ripen ripen\n");
}

int rp_cmd_completion(const struct rp_command *command, int argc, char **argv)
{
    const struct rp_option options[] = {{0}};
    char *arguments[1] = {0};
    int count = rp_options_parse(command, options, argc, argv, arguments);
    struct rp_buf out = {0};

    if (count < 0) {
        return count == -1 ? RP_EXIT_DONE : RP_EXIT_FAILED;
    }
    if (strcmp(arguments[0], "bash") != 0) {
        return rp_complain("completion is there for bash, not for \"%s\"", arguments[0]);
    }
    put_script(&out);
    return rp_print(&out);
}
