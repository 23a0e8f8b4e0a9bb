/* SPDX-License-Identifier: MIT */
/* The rows of attempt_rows. Deliveries that succeed write none: their row says it. */
#include "store/attempts.h"

#include "store/store_priv.h"

static const char sql_add[] =
    "INSERT INTO attempt_rows (action, nth, lead, at_ms, http_status, answer) "
    "SELECT id, attempts, lead, ?2, ?3, ?4 FROM outbox WHERE id = ?1 "
    "ON CONFLICT (action, nth) DO UPDATE SET at_ms = excluded.at_ms, "
    "http_status = excluded.http_status, answer = excluded.answer";
static const char sql_list[] = "SELECT nth, at_ms, http_status, answer FROM attempt_rows "
                               "WHERE action = ?1 ORDER BY nth LIMIT ?2";
static const char sql_prune[] = "DELETE FROM attempt_rows WHERE at_ms < ?1";

int rp_attempt_add(struct rp_store *store, int64_t outbox_id, int64_t at_ms, int http_status,
                   struct rp_str answer, struct rp_err *err)
{
    sqlite3_stmt *stmt;

    rp_store_writing(store);
    int status = rp_sql_get(store, RP_SQL_ATTEMPT_ADD, sql_add, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, outbox_id);
    rp_bind_int(stmt, 2, at_ms);
    rp_bind_int(stmt, 3, http_status);
    rp_bind_text(stmt, 4, answer);
    return rp_sql_run(store, stmt, "writing an attempt", err);
}

int rp_attempt_list(struct rp_arena *arena, struct rp_store *store, int64_t outbox_id, size_t max,
                    struct rp_attempt_row **ret_rows, size_t *ret_count, struct rp_err *err)
{
    struct rp_attempt_row *rows = RP_ARENA_ARRAY(arena, struct rp_attempt_row, max);
    size_t count = 0;
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_ATTEMPT_LIST, sql_list, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, outbox_id);
    rp_bind_int(stmt, 2, (int64_t)max);
    while ((status = rp_sql_step(store, stmt, "reading attempts", err)) == 1) {
        rows[count++] = (struct rp_attempt_row){.nth = sqlite3_column_int(stmt, 0),
                                                .at_ms = sqlite3_column_int64(stmt, 1),
                                                .http_status = sqlite3_column_int(stmt, 2),
                                                .answer = rp_column_text(arena, stmt, 3)};
    }
    if (status < 0)
        return status;
    *ret_rows = rows;
    *ret_count = count;
    return 0;
}

int rp_attempt_prune(struct rp_store *store, int64_t before_ms, struct rp_err *err)
{
    sqlite3_stmt *stmt;

    rp_store_writing(store);
    int status = rp_sql_get(store, RP_SQL_ATTEMPT_PRUNE, sql_prune, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, before_ms);
    return rp_sql_run(store, stmt, "dropping old attempts", err);
}
