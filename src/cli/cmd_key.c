/* SPDX-License-Identifier: MIT */
/* ripen key create|list|revoke. A key is shown once; the store keeps its hash. */
#include "base/buf.h"
#include "base/json_write.h"
#include "cli/commands.h"
#include "store/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct wish {
    const char *db, *scope, *label, *format_text, *config;
    bool is_public;
    enum rp_format format;
};

static int create(struct rp_store *store, const struct wish *wish, struct rp_err *err)
{
    enum rp_scope scope;
    char text[80];
    int64_t id;
    int status;

    if (!wish->scope || !rp_scope_parse(rp_str_from(wish->scope), &scope)) {
        return rp_err_set(err, RIPEN_EINPUT, "--scope is ingest, read, edit or admin");
    }
    if (wish->is_public && scope != RP_SCOPE_INGEST) {
        return rp_err_set(err, RIPEN_EINPUT,
                          "a public key sits in web pages: its scope can only be ingest");
    }
    status = rp_store_begin(store, err);
    if (status == 0) {
        status = rp_key_add(store, scope, wish->is_public, rp_str_from(wish->label),
                            rp_clock_system().now_ms(NULL), text, &id, err);
        status = status == 0 ? rp_store_commit(store, err) : status;
        if (status != 0) {
            rp_store_rollback(store);
        }
    }
    if (status == 0) {
        printf("%s\n", text);
        fprintf(stderr,
                "key %lld, scope %s%s; it is shown this once; a running server takes it within a "
                "second\n",
                (long long)id, rp_scope_name(scope), wish->is_public ? ", public" : "");
    }
    return status;
}

static int list(struct rp_store *store, const struct wish *wish, struct rp_err *err)
{
    struct rp_key_row *rows;
    struct rp_arena arena;
    struct rp_buf out = {0};
    struct rp_jw jw = rp_jw(&out);
    size_t count = 0;
    int status;

    rp_arena_init(&arena);
    status = rp_key_list(&arena, store, &rows, &count, err);
    if (status == 0 && wish->format == RP_FORMAT_JSON) {
        rp_jw_array(&jw);
        for (size_t i = 0; i < count; i++) {
            rp_jw_object(&jw);
            rp_jw_put_int(&jw, "id", rows[i].id);
            rp_jw_put_str(&jw, "prefix", rows[i].prefix);
            rp_jw_put_text(&jw, "scope", rp_scope_name(rows[i].scope));
            rp_jw_put_bool(&jw, "public", rows[i].is_public);
            rp_jw_put_str(&jw, "label", rows[i].label);
            rp_jw_put_time(&jw, "createdAt", rows[i].created_ms);
            rp_jw_put_time(&jw, "revokedAt", rows[i].revoked_ms);
            rp_jw_object_end(&jw);
        }
        rp_jw_array_end(&jw);
    } else if (status == 0) {
        for (size_t i = 0; i < count; i++) {
            rp_buf_printf(&out, "%4lld  %.*s…  %-6s  %-6s  %s  %.*s\n", (long long)rows[i].id,
                          RP_STR_ARG(rows[i].prefix), rp_scope_name(rows[i].scope),
                          rows[i].is_public ? "public" : "secret",
                          rows[i].revoked_ms == RP_NEVER ? "in force" : "revoked",
                          RP_STR_ARG(rows[i].label));
        }
        rp_buf_text(&out, count ? "" : "no keys: a server on loopback accepts any write key\n");
    }
    if (status == 0) {
        (void)rp_print(&out);
    }
    rp_buf_fini(&out);
    rp_arena_fini(&arena);
    return status;
}

static int revoke(struct rp_store *store, const char *id_text, struct rp_err *err)
{
    char *end;
    long long id = strtoll(id_text, &end, 10);
    int status;

    if (*end || end == id_text) {
        return rp_err_set(err, RIPEN_EINPUT, "\"%s\" is no key; `ripen key list` shows the ids",
                          id_text);
    }
    status = rp_store_begin(store, err);
    if (status == 0) {
        status = rp_key_revoke(store, id, rp_clock_system().now_ms(NULL), err);
        status = status == 0 ? rp_store_commit(store, err) : status;
        if (status != 0) {
            rp_store_rollback(store);
        }
    }
    if (status == 0) {
        printf("%lld: revoked; a running server stops accepting it within a second\n", id);
    }
    return status;
}

int rp_cmd_key(const struct rp_command *command, int argc, char **argv)
{
    struct wish wish = {.label = ""};
    const struct rp_option options[] = {
        {"db", "FILE", "the database (ripen.db)", &wish.db, NULL},
        {"scope", "ingest|read|edit|admin", "create: what it may do", &wish.scope, NULL},
        {"public", NULL, "create: for web pages; anyone can read it there", NULL, &wish.is_public},
        {"label", "TEXT", "create: a name to know it by", &wish.label, NULL},
        {"format", "text|json", "list: how to print", &wish.format_text, NULL},
        {"config", "FILE", "ripen.lua", &wish.config, NULL},
        {0},
    };
    char *arguments[8] = {0};
    int count = rp_options_parse(command, options, argc, argv, arguments);
    int format = rp_format_parse(wish.format_text);
    const char *verb = arguments[0];
    struct rp_store *store = NULL;
    struct rp_err err = {0};
    struct rp_setup setup;
    int status;

    if (count < 0 || format < 0) {
        return count == -1 ? RP_EXIT_DONE : RP_EXIT_FAILED;
    }
    if ((strcmp(verb, "revoke") == 0) != (count == 2) ||
        (strcmp(verb, "create") != 0 && strcmp(verb, "list") != 0 && strcmp(verb, "revoke") != 0)) {
        return rp_complain("usage: ripen key %s", command->arguments);
    }
    wish.format = (enum rp_format)format;
    status = rp_setup_config(&setup, NULL, wish.config);
    if (status == RP_EXIT_DONE) {
        bool reads = strcmp(verb, "list") == 0;

        status = rp_store_open(rp_setup_db(&setup, wish.db), reads ? RP_STORE_READ : RP_STORE_WRITE,
                               &store, &err);
        if (status == 0) {
            status = reads                         ? list(store, &wish, &err)
                     : strcmp(verb, "create") == 0 ? create(store, &wish, &err)
                                                   : revoke(store, arguments[1], &err);
        }
        status = status == 0                 ? RP_EXIT_DONE
                 : status == RIPEN_ENOTFOUND ? (rp_fail(&err), RP_EXIT_PROBLEMS)
                                             : rp_fail(&err);
        rp_store_close(store);
    }
    rp_setup_fini(&setup);
    return status;
}
