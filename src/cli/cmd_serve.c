/* SPDX-License-Identifier: MIT */
/* ripen serve */
#include "cli/commands.h"
#include "daemon/candidate.h"
#include "daemon/daemon.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* "127.0.0.1:8080", "[::1]:0"; false with a message. */
static bool parse_listen(const char *text, char address[64], int *ret_port)
{
    const char *colon = strrchr(text, ':');
    size_t len = colon ? (size_t)(colon - text) : 0;
    char *end;
    long port;

    if (len > 1 && text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    }
    if (!colon || len == 0 || len >= 64) {
        rp_complain("--listen is ADDR:PORT, such as 127.0.0.1:8080, not \"%s\"", text);
        return false;
    }
    memcpy(address, text, len);
    address[len] = '\0';
    port = strtol(colon + 1, &end, 10);
    if (*end || end == colon + 1 || port < 0 || port > 65535) {
        rp_complain("the port of --listen is a number from 0 to 65535, not \"%s\"", colon + 1);
        return false;
    }
    *ret_port = (int)port;
    return true;
}

/* What the command line says. */
struct serving {
    const char *db, *listen, *config, *shrink, *effect, *replay;
    bool insecure, no_deliver, strict;
};

/* The files, and what they are worth: *ret_rules NULL when they are not valid but rules that were
 * in force before may go on. Returns an exit status. */
static int load_rules(struct rp_setup *setup, const char *rules_dir, const struct serving *serving,
                      struct rp_daemon_options *daemon)
{
    struct rp_err err = {0};
    struct rp_buf out = {0};
    int status = rp_files_read(&setup->arena, rules_dir, &setup->files, &err);

    if (status == 0) {
        status = rp_candidate_load(&setup->arena, &setup->files, &setup->config, RP_STR(""),
                                   &daemon->rules, &setup->findings, &err);
    }
    if (setup->findings.count > 0) {
        rp_findings_print(&out, &setup->findings, rp_colour(STDERR_FILENO));
        (void)fwrite(out.ptr, 1, out.len, stderr);
        rp_buf_reset(&out);
        rp_findings_json(&out, &setup->findings);
        daemon->findings = rp_arena_str(&setup->arena, rp_buf_view(&out));
    }
    rp_buf_fini(&out);
    if (status == 0) {
        return RP_EXIT_DONE;
    }
    if (status != RIPEN_ERULE) {
        return rp_fail(&err);
    }
    daemon->rules = NULL;
    if (serving->strict || access(rp_setup_db(setup, serving->db), F_OK) != 0) {
        fprintf(stderr, "ripen: the rules in %s are not valid; nothing was changed\n", rules_dir);
        return RP_EXIT_PROBLEMS;
    }
    return RP_EXIT_DONE;
}

static bool parse_percent(const char *option, const char *text, int fallback, int *ret_percent)
{
    char *end;
    long percent;

    *ret_percent = fallback;
    if (!text) {
        return true;
    }
    percent = strcmp(text, "off") == 0 ? 0 : strtol(text, &end, 10);
    if (strcmp(text, "off") != 0 && (end == text || *end || percent < 1 || percent > 100)) {
        rp_complain("--%s is a percentage from 1 to 100, or off, not \"%s\"", option, text);
        return false;
    }
    *ret_percent = (int)percent;
    return true;
}

/* Where the configuration is, or would be if there were one. */
static const char *config_path(struct rp_setup *setup, const struct serving *serving,
                               const char *rules_dir)
{
    if (serving->config) {
        return serving->config;
    }
    return setup->config.path.len > 0
               ? setup->config.path.ptr
               : rp_arena_printf(&setup->arena, "%s/ripen.lua", rules_dir).ptr;
}

static int serve(struct rp_setup *setup, const struct serving *serving, const char *rules_dir)
{
    struct rp_daemon_options daemon = {
        .deliver = !serving->no_deliver, .insecure = serving->insecure, .findings = RP_STR("")};
    const char *listen = serving->listen;
    struct rp_err err = {0};
    char address[64];
    int status;

    if (!listen) {
        listen = setup->config.listen.len > 0 ? setup->config.listen.ptr : "127.0.0.1:8080";
    }
    if (!parse_listen(listen, address, &daemon.port) ||
        !parse_percent("shrink-guard", serving->shrink, 20, &daemon.guards.shrink_percent) ||
        !parse_percent("effect-guard", serving->effect, 10, &daemon.guards.effect_percent) ||
        !parse_percent("replay-guard", serving->replay, 0, &daemon.guards.replay_percent)) {
        return RP_EXIT_FAILED;
    }
    rules_dir = rp_setup_rules(setup, rules_dir);
    status = load_rules(setup, rules_dir, serving, &daemon);
    if (status != RP_EXIT_DONE) {
        return status;
    }
    daemon.config = &setup->config;
    daemon.config_path = config_path(setup, serving, rules_dir);
    daemon.address = address;
    daemon.db_path = rp_setup_db(setup, serving->db);
    daemon.rules_dir = rules_dir;
    daemon.files = &setup->files;
    status = rp_daemon_run(&daemon, &err);
    if (status == RIPEN_ERULE) {
        rp_fail(&err);
        return RP_EXIT_PROBLEMS;
    }
    return status == 0 ? RP_EXIT_DONE : rp_fail(&err);
}

int rp_cmd_serve(const struct rp_command *command, int argc, char **argv)
{
    struct serving serving = {0};
    const struct rp_option options[] = {
        {"db", "FILE", "the database (ripen.db)", &serving.db, NULL},
        {"listen", "ADDR:PORT", "where to listen (127.0.0.1:8080); port 0 picks one",
         &serving.listen, NULL},
        {"config", "FILE", "ripen.lua: endpoints and secrets", &serving.config, NULL},
        {"no-deliver", NULL, "record what would be sent, send nothing", NULL, &serving.no_deliver},
        {"insecure", NULL, "listen beyond loopback without a key", NULL, &serving.insecure},
        {"strict", NULL, "do not start with the last good rules when those on disk have errors",
         NULL, &serving.strict},
        {"shrink-guard", "PERCENT|off", "hold an edit that drops more of the rules (20)",
         &serving.shrink, NULL},
        {"effect-guard", "PERCENT|off", "hold an edit that moves more of the leads (10)",
         &serving.effect, NULL},
        {"replay-guard", "PERCENT|off",
         "hold an edit that gives more of the leads another score, or fails on history (off)",
         &serving.replay, NULL},
        {0},
    };
    char *arguments[4] = {0};
    int count = rp_options_parse(command, options, argc, argv, arguments);
    const char *rules_dir = count > 0 ? arguments[0] : NULL;
    struct rp_setup setup;
    int status;

    if (count < 0) {
        return count == -1 ? RP_EXIT_DONE : RP_EXIT_FAILED;
    }
    status = rp_setup_secrets(&setup, rules_dir, serving.config);
    if (status == RP_EXIT_DONE) {
        status = serve(&setup, &serving, rules_dir);
    }
    rp_setup_fini(&setup);
    return status;
}
