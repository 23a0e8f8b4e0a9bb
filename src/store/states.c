/* SPDX-License-Identifier: MIT */
/* Lead states, one narrow row a lead: the cells of the fold as they are in memory, and beside them
 * what SQL readers want. The columns come before the cells, so that a list of leads does not read
 * these. The stage is stored as a name: its index belongs to one generation only. */
#include "store/states.h"

#include "store/store_priv.h"
#include "store/timers.h"

#include <stdio.h>

static const char sql_get[] =
    "SELECT l.public_id, coalesce(s.created_ms, l.created_ms), s.generation, s.through, s.stage, "
    "s.stage_since_ms, s.updated_ms, s.flags, s.cells, s.status, s.status_since_ms, s.judged_ms, "
    "s.late_ms, t.due_ms, t.kind "
    "FROM lead_rows AS l LEFT JOIN lead_states AS s ON s.lead = l.id "
    "LEFT JOIN timer_rows AS t ON t.lead = l.id WHERE l.id = ?1";
static const char sql_put[] =
    "INSERT OR REPLACE INTO lead_states (lead, generation, through, stage, stage_since_ms, "
    "created_ms, "
    "updated_ms, flags, cells, total, grade, scores, profile, scored_ms, status, status_since_ms, "
    "judged_ms, late_ms) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)";
static const char sql_remove[] = "DELETE FROM lead_states WHERE lead = ?1";
static const char sql_ids[] =
    "SELECT id FROM lead_rows WHERE id > ?1 AND merged_into IS NULL ORDER BY id LIMIT ?2";
/* Both counts walk leaf pages without decoding rows. */
static const char sql_count[] = "SELECT (SELECT count(*) FROM lead_rows) - "
                                "(SELECT count(*) FROM lead_rows WHERE merged_into IS NOT NULL)";
static const char sql_newest[] = "SELECT max(id) FROM lead_rows";

static int read_state(struct rp_store *store, sqlite3_stmt *stmt, struct rp_lead *lead,
                      struct rp_err *err)
{
    struct rp_str public_id = rp_column_view(stmt, 0);

    lead->created_ms = sqlite3_column_int64(stmt, 1);
    snprintf(lead->public_id, sizeof(lead->public_id), "%.*s", RP_STR_ARG(public_id));
    if (sqlite3_column_type(stmt, 2) == SQLITE_NULL)
        return rp_err_set(err, RIPEN_ENOTFOUND, "lead %s has no state yet", lead->public_id);
    lead->generation = (uint32_t)sqlite3_column_int64(stmt, 2);
    lead->through = sqlite3_column_int64(stmt, 3);
    lead->stage_since_ms = rp_column_time(stmt, 5);
    lead->updated_ms = sqlite3_column_int64(stmt, 6);
    lead->flags = (uint16_t)sqlite3_column_int(stmt, 7);
    lead->status_since_ms = sqlite3_column_int64(stmt, 10);
    lead->judged_ms = sqlite3_column_int64(stmt, 11);
    lead->late_ms = sqlite3_column_int64(stmt, 12);
    lead->due_ms = sqlite3_column_int64(stmt, 13);
    lead->due_kind = (uint16_t)sqlite3_column_int(stmt, 14);
    struct rp_str cells = rp_column_view(stmt, 8);
    if (rp_lead_cells_set(lead, cells.ptr, cells.len) < 0)
        return rp_err_set(err, RIPEN_ESTORE,
                          "the state of lead %s in %s is damaged; remove its row of lead_states "
                          "and it is made again",
                          lead->public_id, store->path ? store->path : "memory");
    return 0;
}

int rp_state_load(struct rp_store *store, int64_t lead, struct rp_lead *ret_lead,
                  struct rp_str *ret_stage, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_STATE_GET, sql_get, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, lead);
    status = rp_sql_step(store, stmt, "reading a lead", err);
    if (status < 0)
        return status;
    if (status == 0)
        return rp_err_set(err, RIPEN_ENOTFOUND, "there is no lead %lld", (long long)lead);
    ret_lead->id = lead;
    ret_lead->stage = RP_STAGE_NONE;
    status = read_state(store, stmt, ret_lead, err);
    *ret_stage = rp_store_name(store, sqlite3_column_int64(stmt, 4));
    ret_lead->status = rp_status_id(rp_store_name(store, sqlite3_column_int64(stmt, 9)));
    sqlite3_reset(stmt);
    return status;
}

int rp_state_save(struct rp_store *store, const struct rp_lead *lead,
                  const struct rp_state_summary *summary, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int64_t stage, status_name;

    rp_store_writing(store);
    RP_ASSERT(lead->id > 0);
    int status = rp_store_name_id(store, summary->stage, &stage, err);
    if (status == 0)
        status = rp_store_name_id(store, summary->status, &status_name, err);
    if (status == 0)
        status = rp_sql_get(store, RP_SQL_STATE_PUT, sql_put, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, lead->id);
    rp_bind_int(stmt, 2, lead->generation);
    rp_bind_int(stmt, 3, lead->through);
    rp_bind_int_or_null(stmt, 4, stage);
    rp_bind_time(stmt, 5, lead->stage_since_ms);
    rp_bind_int(stmt, 6, lead->created_ms);
    rp_bind_int(stmt, 7, lead->updated_ms);
    rp_bind_int(stmt, 8, lead->flags);
    rp_bind_blob(stmt, 9, lead->cells, lead->cells_len);
    rp_bind_int(stmt, 10, summary->total);
    rp_bind_text(stmt, 11, summary->grade);
    rp_bind_text(stmt, 12, summary->scores.len > 0 ? summary->scores : RP_STR("{}"));
    rp_bind_text(stmt, 13, summary->profile.len > 0 ? summary->profile : RP_STR("{}"));
    rp_bind_int(stmt, 14, summary->scored_ms);
    rp_bind_int_or_null(stmt, 15, status_name);
    rp_bind_int_or_null(stmt, 16, status_name ? lead->status_since_ms : 0);
    rp_bind_int_or_null(stmt, 17, lead->judged_ms);
    rp_bind_int_or_null(stmt, 18, lead->late_ms);
    return rp_sql_run(store, stmt, "saving a lead", err);
}

int rp_state_remove(struct rp_store *store, int64_t lead, struct rp_err *err)
{
    sqlite3_stmt *stmt;

    rp_store_writing(store);
    int status = rp_sql_get(store, RP_SQL_STATE_REMOVE, sql_remove, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, lead);
    status = rp_sql_run(store, stmt, "removing a state", err);
    return status == 0 ? rp_timer_put(store, lead, 0, 0, err) : status;
}

int rp_state_ids(struct rp_store *store, int64_t after, int64_t *ret_ids, int max,
                 struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int count = 0, status = rp_sql_get(store, RP_SQL_STATE_IDS, sql_ids, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, after);
    rp_bind_int(stmt, 2, max);
    while ((status = rp_sql_step(store, stmt, "listing leads", err)) == 1)
        ret_ids[count++] = sqlite3_column_int64(stmt, 0);
    return status < 0 ? status : count;
}

int64_t rp_state_count(struct rp_store *store)
{
    return rp_sql_number(store, RP_SQL_STATE_COUNT, sql_count, 0);
}

int64_t rp_lead_newest(struct rp_store *store)
{
    return rp_sql_number(store, RP_SQL_LEAD_NEWEST, sql_newest, 0);
}
