/* SPDX-License-Identifier: MIT */
/* What commands share: configuration and rules off the disk, formats, moments, errors. */
#include "base/buf.h"
#include "base/when.h"
#include "cli/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COUNT_MAX = 10000 };

#define RULES_DEFAULT "rules"
#define SECRET_LACKS  "E066"

static void print_findings(struct rp_setup *setup)
{
    struct rp_buf out = {0};

    rp_findings_print(&out, &setup->findings, rp_colour(STDERR_FILENO));
    fwrite(out.ptr, 1, out.len, stderr);
    rp_buf_fini(&out);
    setup->findings = (struct rp_findings){0};
}

static const char *find_config(const char *rules_dir, char path[4096])
{
    snprintf(path, 4096, "%s/ripen.lua", rules_dir ? rules_dir : RULES_DEFAULT);
    if (access(path, R_OK) == 0) {
        return path;
    }
    return access("ripen.lua", R_OK) == 0 ? "ripen.lua" : NULL;
}

/* What lacks is in the environment, or in a file, of the server alone. */
static bool only_secrets_lack(const struct rp_findings *findings)
{
    bool only = findings->errors > 0 && findings->more == 0;

    for (size_t i = 0; i < findings->count && only; i++) {
        only = findings->items[i].severity != RP_SEVERITY_ERROR ||
               rp_str_is(findings->items[i].code, SECRET_LACKS);
    }
    return only;
}

static int read_config(struct rp_setup *setup, const char *rules_dir, const char *config_path,
                       bool secrets)
{
    char path[4096];
    struct rp_err err = {0};
    int status;

    *setup = (struct rp_setup){0};
    rp_arena_init(&setup->arena);
    if (config_path && access(config_path, R_OK) != 0) {
        return rp_complain("the configuration %s cannot be read; give another --config",
                           config_path);
    }
    status = rp_config_load(&setup->arena, config_path ? config_path : find_config(rules_dir, path),
                            &setup->config, &setup->findings, &err);
    if (status == RIPEN_ERULE && !secrets && only_secrets_lack(&setup->findings)) {
        setup->findings = (struct rp_findings){0};
        return RP_EXIT_DONE;
    }
    if (setup->findings.count > 0) {
        print_findings(setup);
    }
    if (status == 0) {
        return RP_EXIT_DONE;
    }
    return status == RIPEN_ERULE ? RP_EXIT_PROBLEMS : rp_fail(&err);
}

int rp_setup_config(struct rp_setup *setup, const char *rules_dir, const char *config_path)
{
    return read_config(setup, rules_dir, config_path, false);
}

int rp_setup_secrets(struct rp_setup *setup, const char *rules_dir, const char *config_path)
{
    return read_config(setup, rules_dir, config_path, true);
}

static int load(struct rp_setup *setup, const char *rules_dir, const char *config_path, bool quiet,
                struct rp_declarations *declarations)
{
    struct rp_load_options options = {.declarations = declarations};
    struct rp_err err = {0};
    int status = rp_setup_config(setup, rules_dir, config_path);

    if (status != RP_EXIT_DONE) {
        return status;
    }
    rules_dir = rp_setup_rules(setup, rules_dir);
    rp_config_endpoints(&setup->arena, &setup->config, &options);
    status = rp_files_read(&setup->arena, rules_dir, &setup->files, &err);
    if (status == 0) {
        status =
            rp_load(&setup->arena, &setup->files, &options, &setup->rules, &setup->findings, &err);
    }
    setup->findings.folder = rp_str_from(rules_dir);
    setup->findings.columns = rp_columns(STDERR_FILENO);
    if (setup->findings.errors > 0 || (!quiet && setup->findings.count > 0)) {
        print_findings(setup);
    }
    if (status == RIPEN_ERULE) {
        fprintf(stderr, "ripen: the rules in %s are not valid; nothing was changed\n", rules_dir);
        return RP_EXIT_PROBLEMS;
    }
    return status == 0 ? RP_EXIT_DONE : rp_fail(&err);
}

int rp_setup_load(struct rp_setup *setup, const char *rules_dir, const char *config_path,
                  bool quiet)
{
    return load(setup, rules_dir, config_path, quiet, NULL);
}

int rp_setup_shown(struct rp_setup *setup, const char *rules_dir, const char *config_path,
                   struct rp_shown *ret_shown)
{
    struct rp_declarations declarations = {0};
    int status = load(setup, rules_dir, config_path, true, &declarations);

    setup->declarations = declarations;
    if (status != RP_EXIT_DONE) {
        return status;
    }
    *ret_shown = (struct rp_shown){.rules = setup->rules, .declarations = &setup->declarations};
    ret_shown->override_count = rp_declarations_weigh(&setup->declarations, &ret_shown->overrides);
    return RP_EXIT_DONE;
}

void rp_setup_fini(struct rp_setup *setup)
{
    rp_declarations_fini(&setup->declarations);
    rp_arena_fini(&setup->arena);
}

const char *rp_setup_rules(const struct rp_setup *setup, const char *argument)
{
    if (argument) {
        return argument;
    }
    return setup->config.rules.len > 0 ? setup->config.rules.ptr : RULES_DEFAULT;
}

const char *rp_setup_db(const struct rp_setup *setup, const char *flag)
{
    if (flag) {
        return flag;
    }
    return setup->config.db.len > 0 ? setup->config.db.ptr : "ripen.db";
}

int rp_format_parse(const char *text)
{
    if (!text || strcmp(text, "text") == 0) {
        return RP_FORMAT_TEXT;
    }
    if (strcmp(text, "json") == 0) {
        return RP_FORMAT_JSON;
    }
    rp_complain("--format is text or json, not \"%s\"", text);
    return -1;
}

bool rp_moment_parse(const char *text, int64_t fallback, int64_t *ret_ms)
{
    if (!text || strcmp(text, "now") == 0) {
        *ret_ms = fallback;
        return true;
    }
    if (rp_time_parse(rp_str_from(text), ret_ms)) {
        return true;
    }
    rp_complain("\"%s\" is no time; write it like 2026-03-02T09:00:00Z", text);
    return false;
}

bool rp_span_parse(const char *option, const char *text, int64_t *ret_ms)
{
    struct rp_buf guess = {0};
    int64_t ms;

    if (!text) {
        return true;
    }
    if (rp_duration_parse(rp_str_from(text), &ms) && ms > 0) {
        *ret_ms = ms;
        return true;
    }
    if (rp_duration_guess(&guess, rp_str_from(text))) {
        rp_complain("--%s is \"%s\"; write %s", option, text, guess.ptr);
    } else {
        rp_complain("--%s is \"%s\": give a time such as 60d or 8w", option, text);
    }
    rp_buf_fini(&guess);
    return false;
}

bool rp_count_parse(const char *option, const char *text, size_t fallback, size_t *ret_count)
{
    char *end;
    long count;

    *ret_count = fallback;
    if (!text) {
        return true;
    }
    count = strtol(text, &end, 10);
    if (*end || end == text || count < 1 || count > COUNT_MAX) {
        rp_complain("--%s is a whole number from 1 to %d, not \"%s\"", option, COUNT_MAX, text);
        return false;
    }
    *ret_count = (size_t)count;
    return true;
}

int rp_fail(const struct rp_err *err)
{
    if (err->file[0]) {
        return rp_complain("%s:%d: %s", err->file, err->line, err->text);
    }
    return rp_complain("%s", err->text[0] ? err->text : ripen_status_text(err->status));
}

int rp_print(struct rp_buf *buf)
{
    int bad;

    if (buf->len > 0 && buf->ptr[buf->len - 1] != '\n') {
        rp_buf_char(buf, '\n');
    }
    bad = fwrite(buf->ptr ? buf->ptr : "", 1, buf->len, stdout) != buf->len || fflush(stdout) != 0;
    rp_buf_fini(buf);
    return bad ? RP_EXIT_FAILED : RP_EXIT_DONE;
}
