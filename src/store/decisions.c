/* SPDX-License-Identifier: MIT */
/* Stage decisions and faults, appended and never changed. Stages, conditions and rules are numbers
 * of names here, so that a decision outlives the generation that took it. */
#include "store/decisions.h"

#include "store/store_priv.h"

#define MOVE_COLUMNS                                                                               \
    "id, lead, event, from_stage, to_stage, because, reasons, at_ms, generation, passing"

static const char sql_move_add[] = "INSERT INTO move_rows (lead, event, from_stage, to_stage, "
                                   "because, reasons, at_ms, generation, "
                                   "passing) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
static const char sql_move_list[] =
    "SELECT " MOVE_COLUMNS " FROM move_rows WHERE lead = ?1 ORDER BY id";
static const char sql_move_get[] = "SELECT " MOVE_COLUMNS " FROM move_rows WHERE id = ?1";
static const char sql_fault_add[] =
    "INSERT INTO fault_rows (event, nth, rule, kind, file, line, message) VALUES (?1, "
    "(SELECT coalesce(max(nth), 0) + 1 FROM fault_rows WHERE event = ?1), ?2, ?3, ?4, ?5, ?6)";
static const char sql_fault_list[] =
    "SELECT rule, kind, file, line, message FROM fault_rows WHERE event = ?1 ORDER BY nth";

static int bind_names(struct rp_store *store, sqlite3_stmt *stmt, int at,
                      const struct rp_str *names, int count, struct rp_err *err)
{
    for (int i = 0; i < count; i++) {
        int64_t id;
        int status = rp_store_name_id(store, names[i], &id, err);
        if (status < 0)
            return status;
        rp_bind_int_or_null(stmt, at + i, id);
    }
    return 0;
}

int rp_move_add(struct rp_store *store, const struct rp_move_row *row, int64_t *ret_id,
                struct rp_err *err)
{
    const struct rp_str names[] = {row->from, row->to, row->because};
    sqlite3_stmt *stmt;

    rp_store_writing(store);
    RP_ASSERT(row->lead > 0);
    int status = rp_sql_get(store, RP_SQL_MOVE_ADD, sql_move_add, &stmt, err);
    if (status == 0)
        status = bind_names(store, stmt, 3, names, 3, err);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, row->lead);
    rp_bind_int_or_null(stmt, 2, row->event);
    rp_bind_text(stmt, 6, row->reasons);
    rp_bind_int(stmt, 7, row->at_ms);
    rp_bind_int(stmt, 8, row->generation);
    rp_bind_int(stmt, 9, row->passing);
    status = rp_sql_run(store, stmt, "recording a decision", err);
    if (status == 0)
        *ret_id = sqlite3_last_insert_rowid(store->db);
    return status;
}

static void read_move(struct rp_arena *arena, struct rp_store *store, sqlite3_stmt *stmt,
                      struct rp_move_row *row)
{
    *row = (struct rp_move_row){
        .id = sqlite3_column_int64(stmt, 0),
        .lead = sqlite3_column_int64(stmt, 1),
        .event = sqlite3_column_int64(stmt, 2),
        .from = rp_store_name(store, sqlite3_column_int64(stmt, 3)),
        .to = rp_store_name(store, sqlite3_column_int64(stmt, 4)),
        .because = rp_store_name(store, sqlite3_column_int64(stmt, 5)),
        .reasons = rp_column_text(arena, stmt, 6),
        .at_ms = sqlite3_column_int64(stmt, 7),
        .generation = (uint32_t)sqlite3_column_int64(stmt, 8),
        .passing = sqlite3_column_int(stmt, 9) != 0,
    };
}

/* Room for one more of `count` items in the arena; arrays double. */
static void *more(struct rp_arena *arena, void *items, size_t count, size_t item_size)
{
    if (count != 0 && (count & (count - 1)) != 0)
        return items;
    char *grown = rp_arena_zalloc(arena, (count ? 2 * count : 1) * item_size);
    if (count > 0)
        memcpy(grown, items, count * item_size);
    return grown;
}

int rp_move_list(struct rp_arena *arena, struct rp_store *store, int64_t lead,
                 struct rp_move_row **ret_rows, size_t *ret_count, struct rp_err *err)
{
    struct rp_move_row *rows = NULL;
    size_t count = 0;
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_MOVE_LIST, sql_move_list, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, lead);
    while ((status = rp_sql_step(store, stmt, "reading decisions", err)) == 1) {
        rows = more(arena, rows, count, sizeof(*rows));
        read_move(arena, store, stmt, &rows[count++]);
    }
    if (status < 0)
        return status;
    *ret_rows = rows;
    *ret_count = count;
    return 0;
}

int rp_move_get(struct rp_arena *arena, struct rp_store *store, int64_t id,
                struct rp_move_row *ret_row, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_MOVE_GET, sql_move_get, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, id);
    status = rp_sql_step(store, stmt, "reading a decision", err);
    if (status < 0)
        return status;
    if (status == 0)
        return rp_err_set(err, RIPEN_ENOTFOUND, "there is no decision %lld", (long long)id);
    read_move(arena, store, stmt, ret_row);
    sqlite3_reset(stmt);
    return 0;
}

int rp_fault_add(struct rp_store *store, int64_t event, const struct rp_fault *fault,
                 struct rp_err *err)
{
    const struct rp_str names[] = {fault->rule, fault->kind, fault->file};
    sqlite3_stmt *stmt;

    rp_store_writing(store);
    int status = rp_sql_get(store, RP_SQL_FAULT_ADD, sql_fault_add, &stmt, err);
    if (status == 0)
        status = bind_names(store, stmt, 2, names, 3, err);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, event);
    rp_bind_int(stmt, 5, fault->line);
    rp_bind_text(stmt, 6, fault->message);
    return rp_sql_run(store, stmt, "recording a fault", err);
}

int rp_fault_list(struct rp_arena *arena, struct rp_store *store, int64_t event,
                  struct rp_fault **ret_rows, size_t *ret_count, struct rp_err *err)
{
    struct rp_fault *rows = NULL;
    size_t count = 0;
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_FAULT_LIST, sql_fault_list, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, event);
    while ((status = rp_sql_step(store, stmt, "reading faults", err)) == 1) {
        rows = more(arena, rows, count, sizeof(*rows));
        rows[count++] = (struct rp_fault){
            .rule = rp_store_name(store, sqlite3_column_int64(stmt, 0)),
            .kind = rp_store_name(store, sqlite3_column_int64(stmt, 1)),
            .file = rp_store_name(store, sqlite3_column_int64(stmt, 2)),
            .line = sqlite3_column_int(stmt, 3),
            .message = rp_column_text(arena, stmt, 4),
        };
    }
    if (status < 0)
        return status;
    *ret_rows = rows;
    *ret_count = count;
    return 0;
}
