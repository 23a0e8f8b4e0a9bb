/* SPDX-License-Identifier: MIT */
/* ripen serve */
#include "base/log.h"
#include "cli/commands.h"
#include "daemon/daemon.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

int rp_cmd_serve(const struct rp_command *command, int argc, char **argv)
{
    const char *db = NULL;
    const char *listen = NULL;
    const char *config = NULL;
    bool insecure = false;
    bool no_deliver = false;
    const struct rp_option options[] = {
        {"db", "FILE", "the database (ripen.db)", &db, NULL},
        {"listen", "ADDR:PORT", "where to listen (127.0.0.1:8080); port 0 picks one", &listen,
         NULL},
        {"config", "FILE", "ripen.lua: endpoints and secrets", &config, NULL},
        {"no-deliver", NULL, "record what would be sent, send nothing", NULL, &no_deliver},
        {"insecure", NULL, "listen beyond loopback without a key", NULL, &insecure},
        {0},
    };
    char *arguments[4] = {0};
    int count = rp_options_parse(command, options, argc, argv, arguments);
    const char *rules_dir = count > 0 ? arguments[0] : NULL;
    struct rp_setup setup;
    struct rp_daemon_options daemon = {.deliver = !no_deliver, .insecure = insecure};
    struct rp_err err = {0};
    char address[64];
    int status;

    if (count < 0) {
        return count == -1 ? RP_EXIT_DONE : RP_EXIT_FAILED;
    }
    status = rp_setup_load(&setup, rules_dir, config, false);
    if (status == RP_EXIT_DONE) {
        if (!listen) {
            listen = setup.config.listen.len > 0 ? setup.config.listen.ptr : "127.0.0.1:8080";
        }
        if (parse_listen(listen, address, &daemon.port)) {
            daemon.config = &setup.config;
            daemon.address = address;
            daemon.db_path = rp_setup_db(&setup, db);
            daemon.rules = setup.rules;
            daemon.files = &setup.files;
            status = rp_daemon_run(&daemon, &err) == 0 ? RP_EXIT_DONE : rp_fail(&err);
        } else {
            rp_rules_free(setup.rules);
            status = RP_EXIT_FAILED;
        }
    }
    rp_setup_fini(&setup);
    return status;
}
