/* SPDX-License-Identifier: MIT */
/* The rows of hit_rows. Old ones go as new ones come, a few at a time. */
#include "store/hits.h"

#include "base/when.h"
#include "store/store_priv.h"

static const char sql_add[] =
    "INSERT INTO hit_rows (lead, action, link, at_ms, judged, message_id) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
static const char sql_prune[] = "DELETE FROM hit_rows WHERE id IN "
                                "(SELECT id FROM hit_rows ORDER BY id LIMIT 4) "
                                "AND at_ms < ?1 AND judged <> 2";
#define COLUMNS "id, lead, action, link, at_ms, judged, message_id"
static const char sql_of[] = "SELECT " COLUMNS " FROM hit_rows WHERE action = ?1 AND at_ms >= ?2 "
                             "ORDER BY at_ms, id LIMIT ?3";
static const char sql_owed[] =
    "SELECT " COLUMNS " FROM hit_rows WHERE judged = 2 ORDER BY id LIMIT ?1";
static const char sql_judge[] = "UPDATE hit_rows SET judged = ?2 WHERE id = ?1";
static const char sql_mail[] =
    "SELECT o.id, o.done_ms, o.state, n.text, o.body ->> '$.template' FROM outbox AS o "
    "LEFT JOIN names AS n ON n.id = o.action WHERE o.key = ?2 AND o.lead IN " RP_SQL_LEADS
    " LIMIT 1";

int rp_hit_add(struct rp_store *store, const struct rp_hit_row *row, struct rp_err *err)
{
    sqlite3_stmt *stmt;

    rp_store_writing(store);
    int status = rp_sql_get(store, RP_SQL_HIT_ADD, sql_add, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, row->lead);
    rp_bind_int(stmt, 2, row->action);
    rp_bind_int(stmt, 3, (int64_t)row->link);
    rp_bind_int(stmt, 4, row->at_ms);
    rp_bind_int(stmt, 5, row->judged);
    rp_bind_text(stmt, 6, row->message_id);
    status = rp_sql_run(store, stmt, "recording a followed link", err);
    if (status == 0)
        status = rp_sql_get(store, RP_SQL_HIT_PRUNE, sql_prune, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, row->at_ms - RP_HITS_KEPT_MS);
    return rp_sql_run(store, stmt, "recording a followed link", err);
}

static int read_rows(struct rp_arena *arena, struct rp_store *store, sqlite3_stmt *stmt, size_t max,
                     struct rp_hit_row **ret_rows, size_t *ret_count, struct rp_err *err)
{
    struct rp_hit_row *rows = RP_ARENA_ARRAY(arena, struct rp_hit_row, max);
    size_t count = 0;
    int status;

    while ((status = rp_sql_step(store, stmt, "reading followed links", err)) == 1) {
        rows[count++] = (struct rp_hit_row){
            .id = sqlite3_column_int64(stmt, 0),
            .lead = sqlite3_column_int64(stmt, 1),
            .action = sqlite3_column_int64(stmt, 2),
            .link = (uint64_t)sqlite3_column_int64(stmt, 3),
            .at_ms = sqlite3_column_int64(stmt, 4),
            .judged = (enum rp_judged)sqlite3_column_int(stmt, 5),
            .message_id = rp_column_text(arena, stmt, 6),
        };
    }
    *ret_rows = rows;
    *ret_count = count;
    return status;
}

int rp_hits_of(struct rp_arena *arena, struct rp_store *store, int64_t action, int64_t since_ms,
               size_t max, struct rp_hit_row **ret_rows, size_t *ret_count, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_HIT_LIST, sql_of, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, action);
    rp_bind_int(stmt, 2, since_ms);
    rp_bind_int(stmt, 3, (int64_t)max);
    return read_rows(arena, store, stmt, max, ret_rows, ret_count, err);
}

int rp_hits_owed(struct rp_arena *arena, struct rp_store *store, size_t max,
                 struct rp_hit_row **ret_rows, size_t *ret_count, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_HIT_OWED, sql_owed, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, (int64_t)max);
    return read_rows(arena, store, stmt, max, ret_rows, ret_count, err);
}

int rp_hit_judge(struct rp_store *store, int64_t id, enum rp_judged judged, struct rp_err *err)
{
    sqlite3_stmt *stmt;

    rp_store_writing(store);
    int status = rp_sql_get(store, RP_SQL_HIT_JUDGE, sql_judge, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, id);
    rp_bind_int(stmt, 2, judged);
    return rp_sql_run(store, stmt, "judging a followed link", err);
}

int rp_hit_mail(struct rp_arena *arena, struct rp_store *store, int64_t lead, struct rp_str key,
                struct rp_hit_mail *ret_mail, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_HIT_MAIL, sql_mail, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, lead);
    rp_bind_text(stmt, 2, key);
    status = rp_sql_step(store, stmt, "reading an e-mail's row", err);
    if (status == 0)
        return rp_err_set(err, RIPEN_ENOTFOUND, "the e-mail of this link is not known any more");
    if (status < 0)
        return status;
    *ret_mail = (struct rp_hit_mail){
        .id = sqlite3_column_int64(stmt, 0),
        .delivered_ms = sqlite3_column_int(stmt, 2) == 2 ? rp_column_time(stmt, 1) : RP_NEVER,
        .action = rp_column_text(arena, stmt, 3),
        .template = rp_column_text(arena, stmt, 4),
    };
    sqlite3_reset(stmt);
    return 0;
}
