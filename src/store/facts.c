/* SPDX-License-Identifier: MIT */
/* Leads from the newest on. Their numbers are given in order of arrival. */
#include "store/facts.h"

#include "store/store_priv.h"

static const char sql_newest[] =
    "SELECT id FROM lead_rows WHERE id < ?1 AND merged_into IS NULL ORDER BY id DESC LIMIT ?2";

int rp_lead_ids_newest(struct rp_store *store, int64_t before, int64_t *ret_ids, int max,
                       struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int count = 0, status = rp_sql_get(store, RP_SQL_LEADS_NEWEST, sql_newest, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, before);
    rp_bind_int(stmt, 2, max);
    while ((status = rp_sql_step(store, stmt, "listing leads", err)) == 1)
        ret_ids[count++] = sqlite3_column_int64(stmt, 0);
    return status < 0 ? status : count;
}
