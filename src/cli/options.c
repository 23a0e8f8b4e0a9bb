/* SPDX-License-Identifier: MIT */
/* Parses long options in any place: --name VALUE, --name=VALUE, --switch. Values given after an
 * option that takes none are errors, not arguments. */
#include "cli/options.h"

#include "base/wrap.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { HELP_INDENT = 25 };

/* Who is shown a table instead of the reader; one thread. */
static rp_options_visit *visitor;
static void *visitor_ctx;

int rp_complain(const char *fmt, ...)
{
    va_list args;

    fputs("ripen: ", stderr);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args); /* NOLINT(clang-analyzer-valist.Uninitialized): begun above */
    va_end(args);
    fputc('\n', stderr);
    return RP_EXIT_FAILED;
}

bool rp_colour(int descriptor)
{
    const char *no = getenv("NO_COLOR");

    return isatty(descriptor) && !(no && no[0]);
}

size_t rp_columns(int descriptor)
{
    struct winsize size;

    return isatty(descriptor) && ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

void rp_usage(struct rp_buf *out, const struct rp_command *command)
{
    size_t start = out->len;

    rp_buf_printf(out, "ripen %s ", command->name);
    rp_wrap(out, rp_str_from(command->arguments), out->len - start, 6);
    rp_wrap(out, rp_str_from(command->summary), 0, 0);
}

void rp_command_help(const struct rp_command *command, const struct rp_option *options)
{
    struct rp_buf out = {0};

    rp_usage(&out, command);
    rp_buf_text(&out, options[0].name ? "\nOptions:\n" : "");
    for (const struct rp_option *o = options; o->name; o++) {
        char left[64];

        snprintf(left, sizeof(left), o->arg && o->on ? "--%s[=%s%s]" : "--%s%s%s", o->name,
                 o->arg && !o->on ? " " : "", o->arg ? o->arg : "");
        if (strlen(left) > 22) { /* the help begins on the next line */
            rp_buf_printf(&out, "  %s\n", left);
            left[0] = '\0';
        }
        rp_buf_printf(&out, "  %-22s ", left);
        rp_wrap(&out, rp_str_from(o->help), HELP_INDENT, HELP_INDENT);
    }
    rp_buf_text(&out, "  --help                 this text\n");
    fwrite(out.ptr, 1, out.len, stdout);
    rp_buf_fini(&out);
}

void rp_command_options(const struct rp_command *command, rp_options_visit *visit, void *ctx)
{
    char name[64], help[] = "--help";
    char *argv[] = {name, help, NULL};

    snprintf(name, sizeof(name), "%s", command->name);
    visitor = visit;
    visitor_ctx = ctx;
    (void)command->run(command, 2, argv);
    visitor = NULL;
}

static const struct rp_option *find(const struct rp_option *options, const char *name, size_t len)
{
    for (; options->name; options++) {
        if (strlen(options->name) == len && strncmp(options->name, name, len) == 0) {
            return options;
        }
    }
    return NULL;
}

/* 0: taken; else what rp_options_parse returns. *at moves over a value in the next word. */
static int take_option(const struct rp_command *command, const struct rp_option *options, int argc,
                       char **argv, int *at)
{
    const char *word = argv[*at] + 2;
    const char *equals = strchr(word, '=');
    size_t len = equals ? (size_t)(equals - word) : strlen(word);
    const struct rp_option *option = find(options, word, len);

    if (!option && strcmp(word, "help") == 0) {
        if (visitor) {
            visitor(visitor_ctx, command, options);
        } else {
            rp_command_help(command, options);
        }
        return -1;
    }
    if (!option) {
        rp_complain("%s has no option --%.*s; see `ripen %s --help`", command->name, (int)len, word,
                    command->name);
        return -2;
    }
    if (!option->arg) {
        if (equals) {
            rp_complain("--%s takes no value", option->name);
            return -2;
        }
        *option->on = true;
        return 0;
    }
    if (option->on) { /* the value may be left out: --coverage[=PCT] */
        *option->on = true;
        if (equals) {
            *option->value = equals + 1;
        }
        return 0;
    }
    if (!equals && *at + 1 >= argc) {
        rp_complain("--%s needs a value: --%s %s", option->name, option->name, option->arg);
        return -2;
    }
    *option->value = equals ? equals + 1 : argv[++*at];
    return 0;
}

int rp_options_parse(const struct rp_command *command, const struct rp_option *options, int argc,
                     char **argv, char **ret_arguments)
{
    bool ended = false;
    int count = 0;

    for (int at = 1; at < argc; at++) {
        if (!ended && strcmp(argv[at], "--") == 0) {
            ended = true;
        } else if (!ended && strncmp(argv[at], "--", 2) == 0) {
            int status = take_option(command, options, argc, argv, &at);

            if (status != 0) {
                return status;
            }
        } else {
            if (count < command->arguments_max) {
                ret_arguments[count] = argv[at];
            }
            count++;
        }
    }
    if (count < command->arguments_min || count > command->arguments_max) {
        rp_complain("usage: ripen %s %s", command->name, command->arguments);
        return -2;
    }
    return count;
}
