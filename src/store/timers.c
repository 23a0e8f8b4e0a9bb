/* SPDX-License-Identifier: MIT */
/* The next timer of each lead in a narrow table by lead, so that write-behind touches its pages in
 * order; there is no index by time: who needs that order reads all of them once. Beside it the
 * history of statuses. */
#include "store/timers.h"

#include "store/store_priv.h"

static const char sql_put[] =
    "INSERT OR REPLACE INTO timer_rows (lead, due_ms, kind) VALUES (?1, ?2, ?3)";
static const char sql_remove[] = "DELETE FROM timer_rows WHERE lead = ?1";
static const char sql_get[] = "SELECT due_ms, kind FROM timer_rows WHERE lead = ?1";
static const char sql_each[] = "SELECT lead, due_ms FROM timer_rows ORDER BY lead";
static const char sql_count[] = "SELECT count(*) FROM timer_rows";
static const char sql_status_add[] =
    "INSERT INTO status_rows (lead, event, stage, from_status, to_status, because, at_ms, "
    "generation) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
#define STATUS_COLUMNS "id, event, stage, from_status, to_status, because, at_ms, generation"
static const char sql_status_list[] =
    "SELECT " STATUS_COLUMNS " FROM status_rows WHERE lead = ?1 ORDER BY id";
static const char sql_status_last[] =
    "SELECT " STATUS_COLUMNS " FROM status_rows WHERE lead = ?1 ORDER BY id DESC LIMIT 1";

/* ---- Timers ---------------------------------------------------------------------------------- */

int rp_timer_put(struct rp_store *store, int64_t lead, int64_t due_ms, int kind, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status;

    rp_store_writing(store);
    RP_ASSERT(lead > 0);
    status = due_ms ? rp_sql_get(store, RP_SQL_TIMER_PUT, sql_put, &stmt, err)
                    : rp_sql_get(store, RP_SQL_TIMER_REMOVE, sql_remove, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, lead);
    if (due_ms) {
        rp_bind_int(stmt, 2, due_ms);
        rp_bind_int(stmt, 3, kind);
    }
    return rp_sql_run(store, stmt, "saving a timer", err);
}

int rp_timer_get(struct rp_store *store, int64_t lead, int64_t *ret_due_ms, int *ret_kind,
                 struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_TIMER_GET, sql_get, &stmt, err);

    *ret_due_ms = 0;
    *ret_kind = 0;
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, lead);
    status = rp_sql_step(store, stmt, "reading a timer", err);
    if (status <= 0)
        return status;
    *ret_due_ms = sqlite3_column_int64(stmt, 0);
    *ret_kind = sqlite3_column_int(stmt, 1);
    sqlite3_reset(stmt);
    return 0;
}

int rp_timer_each(struct rp_store *store, rp_timer_fn *take, void *ctx, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_TIMER_EACH, sql_each, &stmt, err);

    if (status < 0)
        return status;
    while ((status = rp_sql_step(store, stmt, "reading timers", err)) == 1)
        take(ctx, sqlite3_column_int64(stmt, 0), sqlite3_column_int64(stmt, 1));
    return status;
}

int64_t rp_timer_count(struct rp_store *store)
{
    return rp_sql_number(store, RP_SQL_TIMER_COUNT, sql_count, 0);
}

/* ---- Statuses -------------------------------------------------------------------------------- */

int rp_status_add(struct rp_store *store, const struct rp_status_row *row, struct rp_err *err)
{
    const struct rp_str names[] = {row->stage, row->from, row->to, row->because};
    sqlite3_stmt *stmt;
    int status;

    rp_store_writing(store);
    RP_ASSERT(row->lead > 0);
    status = rp_sql_get(store, RP_SQL_STATUS_ADD, sql_status_add, &stmt, err);
    for (int i = 0; i < 4 && status == 0; i++) {
        int64_t id;

        status = rp_store_name_id(store, names[i], &id, err);
        if (status == 0)
            rp_bind_int_or_null(stmt, 3 + i, id);
    }
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, row->lead);
    rp_bind_int_or_null(stmt, 2, row->event);
    rp_bind_int(stmt, 7, row->at_ms);
    rp_bind_int(stmt, 8, row->generation);
    return rp_sql_run(store, stmt, "recording a status", err);
}

static struct rp_status_row read_status(struct rp_store *store, sqlite3_stmt *stmt, int64_t lead)
{
    return (struct rp_status_row){
        .id = sqlite3_column_int64(stmt, 0),
        .lead = lead,
        .event = sqlite3_column_int64(stmt, 1),
        .stage = rp_store_name(store, sqlite3_column_int64(stmt, 2)),
        .from = rp_store_name(store, sqlite3_column_int64(stmt, 3)),
        .to = rp_store_name(store, sqlite3_column_int64(stmt, 4)),
        .because = rp_store_name(store, sqlite3_column_int64(stmt, 5)),
        .at_ms = sqlite3_column_int64(stmt, 6),
        .generation = (uint32_t)sqlite3_column_int64(stmt, 7),
    };
}

int rp_status_last(struct rp_store *store, int64_t lead, struct rp_status_row *ret_row,
                   struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_STATUS_LAST, sql_status_last, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, lead);
    status = rp_sql_step(store, stmt, "reading a status", err);
    if (status < 0)
        return status;
    if (status == 0)
        return rp_err_set(err, RIPEN_ENOTFOUND, "the lead has no status");
    *ret_row = read_status(store, stmt, lead);
    sqlite3_reset(stmt);
    return 0;
}

int rp_status_list(struct rp_arena *arena, struct rp_store *store, int64_t lead,
                   struct rp_status_row **ret_rows, size_t *ret_count, struct rp_err *err)
{
    struct rp_status_row *rows = NULL;
    size_t count = 0, cap = 0;
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_STATUS_LIST, sql_status_list, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, lead);
    while ((status = rp_sql_step(store, stmt, "reading statuses", err)) == 1) {
        if (count == cap) {
            struct rp_status_row *more = RP_ARENA_ARRAY(arena, struct rp_status_row, 2 * cap + 8);

            if (count)
                memcpy(more, rows, count * sizeof(*rows));
            rows = more;
            cap = 2 * cap + 8;
        }
        rows[count++] = read_status(store, stmt, lead);
    }
    if (status < 0)
        return status;
    *ret_rows = rows;
    *ret_count = count;
    return 0;
}
