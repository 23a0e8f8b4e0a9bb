/* SPDX-License-Identifier: MIT */
/* Statements are prepared for each use: this is work for idle times. */
#include "store/retention.h"

#include "store/store_priv.h"

#define IS_BASE "(kind >> 3 & 16) <> 0" /* RP_EVENT_BASE in the column `kind` */

static const char sql_scan[] =
    "SELECT id, node, node <> 0 AND NOT " IS_BASE " AND received_ms - effective_lag < ?2 "
    "FROM event_rows WHERE id > ?1 ORDER BY id LIMIT ?3";
static const char sql_base[] =
    "UPDATE event_rows SET kind = ?2, name = ?3, message_id = ?4, user = NULL, "
    "anonymous = NULL, previous_id = NULL, group_id = NULL, granted = NULL, tail = NULL, "
    "sent_lag = NULL, original_lag = NULL, body = ?5 WHERE id = ?1";
static const char sql_link[] = "UPDATE event_rows SET prev = ?2 WHERE id = ?1";

static int prepare(struct rp_store *store, const char *sql, sqlite3_stmt **ret_stmt,
                   struct rp_err *err)
{
    return sqlite3_prepare_v2(store->db, sql, -1, ret_stmt, NULL) == SQLITE_OK
               ? 0
               : rp_sql_fail(store, "removing old events", err);
}

static int run_once(struct rp_store *store, sqlite3_stmt *stmt, struct rp_err *err)
{
    int status = rp_sql_run(store, stmt, "removing old events", err);

    sqlite3_finalize(stmt);
    return status;
}

int rp_retention_scan(struct rp_store *store, int64_t *after, int64_t before_ms, int rows,
                      int64_t *ret_node, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int got = 0, status = prepare(store, sql_scan, &stmt, err);

    *ret_node = 0;
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, *after);
    rp_bind_int(stmt, 2, before_ms);
    rp_bind_int(stmt, 3, rows);
    while (*ret_node == 0 &&
           (status = rp_sql_step(store, stmt, "looking for old events", err)) == 1) {
        got++;
        *after = sqlite3_column_int64(stmt, 0);
        if (sqlite3_column_int64(stmt, 2))
            *ret_node = sqlite3_column_int64(stmt, 1);
    }
    sqlite3_finalize(stmt);
    if (status < 0)
        return status;
    return *ret_node != 0 || got == rows;
}

int rp_retention_base(struct rp_store *store, const struct rp_event *base, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int64_t name;
    int status = rp_store_name_id(store, base->name, &name, err);

    rp_store_writing(store);
    if (status == 0)
        status = prepare(store, sql_base, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, base->id);
    rp_bind_int(stmt, 2, (int64_t)base->type | (int64_t)base->flags << 3);
    rp_bind_int_or_null(stmt, 3, name);
    rp_bind_text(stmt, 4, base->message_id);
    rp_bind_text(stmt, 5, base->body);
    return run_once(store, stmt, err);
}

int rp_retention_link(struct rp_store *store, int64_t event, int64_t prev, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = prepare(store, sql_link, &stmt, err);

    rp_store_writing(store);
    RP_ASSERT(prev >= 0 && prev < event);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, event);
    rp_bind_int_or_null(stmt, 2, prev > 0 ? event - prev : 0);
    return run_once(store, stmt, err);
}
