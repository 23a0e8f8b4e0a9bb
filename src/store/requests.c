/* SPDX-License-Identifier: MIT */
/* Requests of commands to the server beside them. The command adds a row and looks at it again; the
 * server finds rows behind the last one that it saw and answers within its own transactions. */
#include "store/requests.h"

#include "base/limits.h"
#include "store/store_priv.h"

static const char sql_add[] =
    "INSERT INTO request_rows (at_ms, verb, generation, force, author, body, status, answer) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, '')";
static const char sql_next[] =
    "SELECT id, at_ms, verb, generation, force, author, answered_ms, status, answer, body "
    "FROM request_rows WHERE answered_ms IS NULL AND id > ?1 ORDER BY id LIMIT 1";
static const char sql_get[] =
    "SELECT id, at_ms, verb, generation, force, author, answered_ms, status, answer, body "
    "FROM request_rows WHERE id = ?1";
static const char sql_answer[] =
    "UPDATE request_rows SET answered_ms = ?2, status = ?3, answer = ?4 WHERE id = ?1";
static const char sql_prune[] = "DELETE FROM request_rows WHERE at_ms < ?1";
static const char sql_newest[] = "SELECT max(id) FROM request_rows";

enum { KEPT_MS = 3600 * 1000 };

int rp_request_add(struct rp_store *store, const struct rp_request_row *row, int64_t *ret_id,
                   struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_REQUEST_ADD, sql_add, &stmt, err);

    rp_store_writing(store);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, row->at_ms);
    rp_bind_text(stmt, 2, row->verb);
    rp_bind_int(stmt, 3, row->generation);
    rp_bind_int(stmt, 4, row->force);
    rp_bind_text(stmt, 5, row->author);
    rp_bind_text(stmt, 6, row->body);
    status = rp_sql_run(store, stmt, "asking the server", err);
    if (status == 0)
        *ret_id = sqlite3_last_insert_rowid(store->db);
    return status;
}

static int read_one(struct rp_arena *arena, struct rp_store *store, sqlite3_stmt *stmt,
                    struct rp_request_row *ret_row, struct rp_err *err)
{
    int status = rp_sql_step(store, stmt, "reading a request", err);

    if (status < 0)
        return status;
    if (status == 0)
        return rp_err_set(err, RIPEN_ENOTFOUND, "there is no such request");
    *ret_row = (struct rp_request_row){
        .id = sqlite3_column_int64(stmt, 0),
        .at_ms = sqlite3_column_int64(stmt, 1),
        .verb = rp_column_text(arena, stmt, 2),
        .generation = (uint32_t)sqlite3_column_int64(stmt, 3),
        .force = sqlite3_column_int(stmt, 4) != 0,
        .author = rp_column_text(arena, stmt, 5),
        .answered = sqlite3_column_type(stmt, 6) != SQLITE_NULL,
        .status = sqlite3_column_int(stmt, 7),
        .answer = rp_column_text(arena, stmt, 8),
        .body = rp_column_text(arena, stmt, 9),
    };
    sqlite3_reset(stmt);
    return 0;
}

int rp_request_next(struct rp_arena *arena, struct rp_store *store, int64_t after,
                    struct rp_request_row *ret_row, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_REQUEST_NEXT, sql_next, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, after);
    return read_one(arena, store, stmt, ret_row, err);
}

int rp_request_get(struct rp_arena *arena, struct rp_store *store, int64_t id,
                   struct rp_request_row *ret_row, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_REQUEST_GET, sql_get, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, id);
    return read_one(arena, store, stmt, ret_row, err);
}

int rp_request_answer(struct rp_store *store, int64_t id, int http_status, struct rp_str answer,
                      int64_t now_ms, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_REQUEST_ANSWER, sql_answer, &stmt, err);

    rp_store_writing(store);
    if (status < 0)
        return status;
    RP_ASSERT(answer.len <= RP_REQUEST_ANSWER_MAX);
    rp_bind_int(stmt, 1, id);
    rp_bind_int(stmt, 2, now_ms);
    rp_bind_int(stmt, 3, http_status);
    rp_bind_text(stmt, 4, answer);
    status = rp_sql_run(store, stmt, "answering a request", err);
    if (status == 0)
        status = rp_sql_get(store, RP_SQL_REQUEST_PRUNE, sql_prune, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, now_ms - KEPT_MS);
    return rp_sql_run(store, stmt, "dropping old requests", err);
}

int64_t rp_request_newest(struct rp_store *store)
{
    return rp_sql_number(store, RP_SQL_REQUEST_NEWEST, sql_newest, 0);
}
