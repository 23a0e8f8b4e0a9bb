/* SPDX-License-Identifier: MIT */
/* Two selects by row. */
#include "store/verify.h"

#include "store/store_priv.h"

static const char sql_state[] = "SELECT total, scored_ms, scores FROM lead_states WHERE lead = ?1";
static const char sql_granted[] = "SELECT granted FROM event_rows WHERE id = ?1";

int rp_written_get(struct rp_arena *arena, struct rp_store *store, int64_t lead,
                   struct rp_written *ret_written, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_VERIFY_STATE, sql_state, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, lead);
    status = rp_sql_step(store, stmt, "reading a state", err);
    if (status < 0)
        return status;
    if (status == 0)
        return rp_err_set(err, RIPEN_ENOTFOUND, "lead %lld has no state", (long long)lead);
    ret_written->total = sqlite3_column_int64(stmt, 0);
    ret_written->scored_ms = sqlite3_column_int64(stmt, 1);
    ret_written->scores = rp_column_text(arena, stmt, 2);
    sqlite3_reset(stmt);
    return 0;
}

int rp_written_granted(struct rp_arena *arena, struct rp_store *store, int64_t event,
                       struct rp_str *ret_granted, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_VERIFY_GRANTED, sql_granted, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, event);
    status = rp_sql_step(store, stmt, "reading contributions", err);
    if (status < 0)
        return status;
    *ret_granted = status == 1 ? rp_column_text(arena, stmt, 0) : RP_STR("");
    sqlite3_reset(stmt);
    return 0;
}
