/* SPDX-License-Identifier: MIT */
/* The audit trail. It knows nothing of what the verbs mean. */
#include "store/audit.h"

#include "store/store_priv.h"

static const char sql_add[] =
    "INSERT INTO audit_rows (at_ms, actor, verb, subject, detail) VALUES (?1, ?2, ?3, ?4, ?5)";
static const char sql_list[] =
    "SELECT id, at_ms, actor, verb, subject, detail FROM audit_rows WHERE id < ?1 "
    "ORDER BY id DESC LIMIT ?2";

int rp_audit_add(struct rp_store *store, const struct rp_audit_row *row, struct rp_err *err)
{
    sqlite3_stmt *stmt;

    rp_store_writing(store);
    RP_ASSERT(row->verb.len > 0);
    int status = rp_sql_get(store, RP_SQL_AUDIT_ADD, sql_add, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, row->at_ms);
    rp_bind_text(stmt, 2, row->actor);
    rp_bind_text(stmt, 3, row->verb);
    rp_bind_text(stmt, 4, row->subject);
    rp_bind_text(stmt, 5, row->detail);
    return rp_sql_run(store, stmt, "recording who did what", err);
}

int rp_audit_list(struct rp_arena *arena, struct rp_store *store, int64_t before_id, size_t max,
                  struct rp_audit_row **ret_rows, size_t *ret_count, struct rp_err *err)
{
    struct rp_audit_row *rows = RP_ARENA_ARRAY(arena, struct rp_audit_row, max);
    size_t count = 0;
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_AUDIT_LIST, sql_list, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, before_id > 0 ? before_id : INT64_MAX);
    rp_bind_int(stmt, 2, (int64_t)max);
    while ((status = rp_sql_step(store, stmt, "reading the audit trail", err)) == 1)
        rows[count++] = (struct rp_audit_row){
            .id = sqlite3_column_int64(stmt, 0),
            .at_ms = sqlite3_column_int64(stmt, 1),
            .actor = rp_column_text(arena, stmt, 2),
            .verb = rp_column_text(arena, stmt, 3),
            .subject = rp_column_text(arena, stmt, 4),
            .detail = rp_column_text(arena, stmt, 5),
        };
    if (status < 0)
        return status;
    *ret_rows = rows;
    *ret_count = count;
    return 0;
}
