/* SPDX-License-Identifier: MIT */
/* Narrow selects; each portion is a read transaction of its own unless a snapshot is open. */
#include "store/scan.h"

#include "base/mem.h"
#include "store/store_priv.h"

#include <stdlib.h>

static const char sql_nodes[] = "SELECT id, lead FROM nodes ORDER BY id";
static const char sql_last_node[] = "SELECT max(id) FROM nodes";
static const char sql_events[] =
    "SELECT id, node FROM event_rows WHERE id > ?1 ORDER BY id LIMIT ?2";
static const char sql_states[] =
    "SELECT lead FROM lead_states WHERE lead >= ?1 AND lead < ?2 AND generation <> ?3";
static const char sql_message[] = "SELECT prev, message_id FROM event_rows WHERE id = ?1";
static const char sql_last_lead[] = "SELECT max(id) FROM lead_rows";

int rp_scan_nodes(struct rp_store *store, int64_t **ret_leads, size_t *ret_count,
                  struct rp_err *err)
{
    sqlite3_stmt *stmt;
    size_t count = (size_t)rp_sql_number(store, RP_SQL_SCAN_LAST_NODE, sql_last_node, 0) + 1;
    int64_t *leads;
    int status = rp_sql_get(store, RP_SQL_SCAN_NODES, sql_nodes, &stmt, err);

    if (status < 0)
        return status;
    leads = rp_calloc(count, sizeof(*leads));
    while ((status = rp_sql_step(store, stmt, "reading identities", err)) == 1) {
        size_t node = (size_t)sqlite3_column_int64(stmt, 0);
        if (node < count) /* others came since */
            leads[node] = sqlite3_column_int64(stmt, 1);
    }
    if (status < 0) {
        free(leads);
        return status;
    }
    *ret_leads = leads;
    *ret_count = count;
    return 0;
}

int rp_scan_events(struct rp_store *store, int64_t after, int64_t *ret_ids, int64_t *ret_nodes,
                   int max, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int count = 0;
    int status = rp_sql_get(store, RP_SQL_SCAN_EVENTS, sql_events, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, after);
    rp_bind_int(stmt, 2, max);
    while ((status = rp_sql_step(store, stmt, "reading events", err)) == 1) {
        ret_ids[count] = sqlite3_column_int64(stmt, 0);
        ret_nodes[count++] = sqlite3_column_int64(stmt, 1);
    }
    return status < 0 ? status : count;
}

int rp_scan_states(struct rp_store *store, int64_t first, int64_t end, uint32_t generation,
                   unsigned char *other, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int count = 0;
    int status = rp_sql_get(store, RP_SQL_SCAN_STATES, sql_states, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, first);
    rp_bind_int(stmt, 2, end);
    rp_bind_int(stmt, 3, generation);
    while ((status = rp_sql_step(store, stmt, "reading states", err)) == 1) {
        other[sqlite3_column_int64(stmt, 0) - first] = 1;
        count++;
    }
    return status < 0 ? status : count;
}

int rp_scan_message(struct rp_store *store, int64_t event, struct rp_str message_id,
                    int64_t *ret_prev, struct rp_err *err)
{
    char text[RP_MESSAGE_TEXT];
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_EVENT_LINK, sql_message, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, event);
    status = rp_sql_step(store, stmt, "reading an event", err);
    if (status < 0)
        return status;
    if (status == 0)
        return rp_err_set(err, RIPEN_ENOTFOUND, "there is no event %lld", (long long)event);
    int64_t back = sqlite3_column_int64(stmt, 0);
    *ret_prev = back > 0 && back < event ? event - back : 0;
    status = rp_str_eq(rp_message_text(stmt, 1, text), message_id);
    sqlite3_reset(stmt);
    return status;
}

int64_t rp_scan_last_lead(struct rp_store *store)
{
    return rp_sql_number(store, RP_SQL_SCAN_LAST_LEAD, sql_last_lead, 0);
}
