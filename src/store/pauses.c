/* SPDX-License-Identifier: MIT */
/* Pauses: a few rows, read whole. Knows scopes; must not know who delivers. */
#include "store/pauses.h"

#include "store/audit.h"
#include "store/store_priv.h"

#include <stdio.h>

static const char sql_list[] =
    "SELECT scope, reason, author, since_ms FROM pause_rows ORDER BY scope LIMIT ?1";
static const char sql_set[] =
    "INSERT INTO pause_rows (scope, reason, author, since_ms) VALUES (?1, ?2, ?3, ?4) "
    "ON CONFLICT (scope) DO UPDATE SET reason = excluded.reason, author = excluded.author";
static const char sql_drop[] = "DELETE FROM pause_rows WHERE scope = ?1";

static const char all[] = "deliveries";

static bool covers(const struct rp_pause *pause, enum rp_action_kind kind, struct rp_str endpoint)
{
    struct rp_str scope = rp_str_from(pause->scope);

    if (rp_str_is(scope, all))
        return true;
    if (rp_str_starts(scope, RP_STR("kind:")))
        return strcmp(pause->scope + 5, rp_action_kind_name(kind)) == 0;
    return rp_str_starts(scope, RP_STR("endpoint:")) &&
           rp_str_is(endpoint, pause->scope + strlen("endpoint:"));
}

const struct rp_pause *rp_pauses_cover(const struct rp_pauses *pauses, enum rp_action_kind kind,
                                       struct rp_str endpoint)
{
    for (size_t i = 0; i < pauses->count; i++) {
        if (covers(&pauses->items[i], kind, endpoint))
            return &pauses->items[i];
    }
    return NULL;
}

const struct rp_pause *rp_pauses_all(const struct rp_pauses *pauses)
{
    for (size_t i = 0; i < pauses->count; i++) {
        if (strcmp(pauses->items[i].scope, all) == 0)
            return &pauses->items[i];
    }
    return NULL;
}

int rp_pause_scope(struct rp_str said, char ret_scope[RP_PAUSE_SCOPE_MAX + 1], struct rp_err *err)
{
    static const enum rp_action_kind kinds[] = {RP_ACTION_WEBHOOK, RP_ACTION_NOTIFY,
                                                RP_ACTION_EMAIL, RP_ACTION_CRM};

    if (said.len > RP_PAUSE_SCOPE_MAX)
        return rp_err_set(err, RIPEN_EINPUT, "the name is longer than %d bytes",
                          RP_PAUSE_SCOPE_MAX);
    if (rp_str_is(said, all) ||
        (rp_str_starts(said, RP_STR("endpoint:")) && said.len > strlen("endpoint:"))) {
        (void)snprintf(ret_scope, RP_PAUSE_SCOPE_MAX + 1, "%.*s", RP_STR_ARG(said));
        return 0;
    }
    if (rp_str_starts(said, RP_STR("kind:")))
        said = (struct rp_str){said.ptr + 5, said.len - 5};
    for (size_t i = 0; i < RP_COUNT(kinds); i++) {
        if (rp_str_is(said, rp_action_kind_name(kinds[i]))) {
            (void)snprintf(ret_scope, RP_PAUSE_SCOPE_MAX + 1, "kind:%.*s", RP_STR_ARG(said));
            return 0;
        }
    }
    return rp_err_set(err, RIPEN_EINPUT,
                      "\"%.*s\" is nothing that is delivered; there is: deliveries (all of them), "
                      "webhook, notify, email, crm, endpoint:NAME",
                      RP_STR_ARG(said));
}

static void copy_text(char *out, size_t size, sqlite3_stmt *stmt, int column)
{
    const char *text = (const char *)sqlite3_column_text(stmt, column);

    (void)snprintf(out, size, "%s", text ? text : "");
}

int rp_pauses_read(struct rp_store *store, struct rp_pauses *ret_pauses, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_PAUSE_LIST, sql_list, &stmt, err);

    *ret_pauses = (struct rp_pauses){0};
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, RP_PAUSES_MAX);
    while ((status = rp_sql_step(store, stmt, "reading pauses", err)) == 1) {
        struct rp_pause *pause = &ret_pauses->items[ret_pauses->count++];

        copy_text(pause->scope, sizeof(pause->scope), stmt, 0);
        copy_text(pause->reason, sizeof(pause->reason), stmt, 1);
        copy_text(pause->author, sizeof(pause->author), stmt, 2);
        pause->since_ms = sqlite3_column_int64(stmt, 3);
    }
    return status;
}

int rp_pause_set(struct rp_store *store, const struct rp_pause *pause, struct rp_err *err)
{
    struct rp_pauses there;
    sqlite3_stmt *stmt;
    bool known = false;

    rp_store_writing(store);
    int status = rp_pauses_read(store, &there, err);
    for (size_t i = 0; i < there.count; i++)
        known |= strcmp(there.items[i].scope, pause->scope) == 0;
    if (status == 0 && !known && there.count == RP_PAUSES_MAX)
        return rp_err_set(err, RIPEN_ELIMIT,
                          "%d things are paused already; resume some, or pause all deliveries",
                          RP_PAUSES_MAX);
    if (status == 0)
        status = rp_sql_get(store, RP_SQL_PAUSE_SET, sql_set, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_text(stmt, 1, rp_str_from(pause->scope));
    rp_bind_text(stmt, 2, rp_str_from(pause->reason));
    rp_bind_text(stmt, 3, rp_str_from(pause->author));
    rp_bind_int(stmt, 4, pause->since_ms);
    return rp_sql_run(store, stmt, "writing a pause", err);
}

int rp_pause_drop(struct rp_store *store, struct rp_str scope, struct rp_err *err)
{
    sqlite3_stmt *stmt;

    rp_store_writing(store);
    int status = rp_sql_get(store, RP_SQL_PAUSE_DROP, sql_drop, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_text(stmt, 1, scope);
    status = rp_sql_run(store, stmt, "taking a pause back", err);
    if (status == 0 && sqlite3_changes(store->db) == 0)
        return rp_err_set(err, RIPEN_ENOTFOUND, "%.*s is not paused", RP_STR_ARG(scope));
    return status;
}

int rp_pause_change(struct rp_store *store, const struct rp_pause *pause, bool set, int64_t now_ms,
                    struct rp_err *err)
{
    struct rp_audit_row row = {.at_ms = now_ms,
                               .actor = rp_str_from(pause->author),
                               .verb = rp_str_from(set ? "deliveries.pause" : "deliveries.resume"),
                               .subject = rp_str_from(pause->scope),
                               .detail = rp_str_from(pause->reason)};
    int status = set ? rp_pause_set(store, pause, err)
                     : rp_pause_drop(store, rp_str_from(pause->scope), err);

    return status == 0 ? rp_audit_add(store, &row, err) : status;
}
