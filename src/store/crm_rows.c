/* SPDX-License-Identifier: MIT */
/* The rows of crm_rows: one a lead and endpoint, replaced whole. */
#include "store/crm_rows.h"

#include "store/store_priv.h"

static const char sql_get[] =
    "SELECT c.memory FROM crm_rows AS c WHERE c.endpoint = ?2 AND c.lead IN " RP_SQL_LEADS
    " ORDER BY c.updated_ms DESC LIMIT 1";
static const char sql_set[] =
    "INSERT INTO crm_rows (lead, endpoint, memory, updated_ms) "
    "SELECT lead, endpoint, ?2, ?3 FROM outbox WHERE id = ?1 AND lead <> 0 "
    "ON CONFLICT (lead, endpoint) DO UPDATE SET memory = excluded.memory, "
    "updated_ms = excluded.updated_ms";

int rp_crm_row_get(struct rp_arena *arena, struct rp_store *store, int64_t lead,
                   struct rp_str endpoint, struct rp_str *ret_memory, struct rp_err *err)
{
    int64_t name;
    sqlite3_stmt *stmt;
    int status = rp_store_name_id(store, endpoint, &name, err);

    *ret_memory = RP_STR("");
    if (status == 0)
        status = rp_sql_get(store, RP_SQL_CRM_GET, sql_get, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, lead);
    rp_bind_int(stmt, 2, name);
    status = rp_sql_step(store, stmt, "reading what a CRM was told", err);
    if (status == 1) {
        *ret_memory = rp_column_text(arena, stmt, 0);
        sqlite3_reset(stmt);
    }
    return status < 0 ? status : 0;
}

int rp_crm_row_set(struct rp_store *store, int64_t outbox_id, struct rp_str memory, int64_t now_ms,
                   struct rp_err *err)
{
    sqlite3_stmt *stmt;

    rp_store_writing(store);
    int status = rp_sql_get(store, RP_SQL_CRM_SET, sql_set, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, outbox_id);
    rp_bind_text(stmt, 2, memory);
    rp_bind_int(stmt, 3, now_ms);
    return rp_sql_run(store, stmt, "writing what a CRM was told", err);
}
