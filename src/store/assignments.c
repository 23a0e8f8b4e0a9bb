/* SPDX-License-Identifier: MIT */
/* Assignments and turns. At most one row of a lead has not ended. */
#include "store/assignments.h"

#include "store/store_priv.h"

#include <string.h>

#define ENDED_BY_MERGE 4

static const char sql_end[] = "UPDATE assignment_rows SET ended_ms = ?2, ended_by = ?3 "
                              "WHERE lead = ?1 AND ended_ms IS NULL";
static const char sql_add[] =
    "INSERT INTO assignment_rows (lead, event, by_what, at_ms, barred_ms, team, action, owner, "
    "previous, reason, author) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
static const char sql_follow[] = "UPDATE task_rows SET owner = ?2 WHERE lead IN " RP_SQL_LEADS
                                 " AND follows = 1 AND done_ms IS NULL AND claimed_by = ''";
static const char sql_list[] =
    "SELECT id, event, by_what, at_ms, ended_ms, barred_ms, team, action, owner, previous, reason, "
    "author FROM assignment_rows WHERE lead = ?1 ORDER BY id";
static const char sql_undo[] = "UPDATE assignment_rows SET ended_ms = NULL, ended_by = NULL "
                               "WHERE id = (SELECT max(id) FROM assignment_rows WHERE lead = ?1) "
                               "AND ended_by = 4";
static const char sql_present[] =
    "SELECT owner, at_ms FROM assignment_rows WHERE lead = ?1 AND ended_ms IS NULL";
static const char sql_owned[] =
    "SELECT count(*) FROM assignment_rows WHERE owner = ?1 AND ended_ms IS NULL AND owner <> ''";
static const char sql_last[] = "SELECT last FROM team_rows WHERE team = ?1";
static const char sql_turn[] =
    "INSERT INTO team_rows (team, turns, last) VALUES (?1, 1, ?2) "
    "ON CONFLICT (team) DO UPDATE SET turns = turns + 1, last = excluded.last";

static const char *const by_names[] = {
    [RP_ASSIGNED_ACTION] = "action", [RP_ASSIGNED_TRAIT] = "trait",
    [RP_ASSIGNED_PERSON] = "person", [RP_ASSIGNED_REJECTED] = "rejected",
    [RP_ASSIGNED_MERGED] = "merged",
};

const char *rp_assigned_by_name(enum rp_assigned_by by)
{
    RP_ASSERT((size_t)by < RP_COUNT(by_names));
    return by_names[by];
}

static int end_present(struct rp_store *store, int64_t lead, int64_t at_ms, int by,
                       struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_ASSIGNMENT_END, sql_end, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, lead);
    rp_bind_int(stmt, 2, at_ms);
    rp_bind_int(stmt, 3, by);
    return rp_sql_run(store, stmt, "recording an owner", err);
}

static int follow(struct rp_store *store, int64_t lead, struct rp_str owner, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_TASK_FOLLOW, sql_follow, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, lead);
    rp_bind_text(stmt, 2, owner);
    return rp_sql_run(store, stmt, "handing tasks over", err);
}

int rp_assignment_add(struct rp_store *store, const struct rp_assignment_row *row,
                      struct rp_err *err)
{
    int64_t team, action;
    sqlite3_stmt *stmt;
    int status;

    rp_store_writing(store);
    RP_ASSERT(row->lead > 0);
    status = end_present(store, row->lead, row->at_ms, (int)row->by, err);
    if (status == 0)
        status = rp_store_name_id(store, row->team, &team, err);
    if (status == 0)
        status = rp_store_name_id(store, row->action, &action, err);
    if (status == 0)
        status = rp_sql_get(store, RP_SQL_ASSIGNMENT_ADD, sql_add, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, row->lead);
    rp_bind_int_or_null(stmt, 2, row->event);
    rp_bind_int(stmt, 3, row->by);
    rp_bind_int(stmt, 4, row->at_ms);
    rp_bind_time(stmt, 5, row->barred_ms);
    rp_bind_int_or_null(stmt, 6, team);
    rp_bind_int_or_null(stmt, 7, action);
    rp_bind_text(stmt, 8, row->owner);
    rp_bind_text(stmt, 9, row->previous);
    rp_bind_text(stmt, 10, row->reason);
    rp_bind_text(stmt, 11, row->author);
    status = rp_sql_run(store, stmt, "recording an owner", err);
    return status == 0 ? follow(store, row->lead, row->owner, err) : status;
}

static void read_row(struct rp_arena *arena, struct rp_store *store, sqlite3_stmt *stmt,
                     int64_t lead, struct rp_assignment_row *row)
{
    *row = (struct rp_assignment_row){
        .id = sqlite3_column_int64(stmt, 0),
        .lead = lead,
        .event = sqlite3_column_int64(stmt, 1),
        .by = (enum rp_assigned_by)sqlite3_column_int(stmt, 2),
        .at_ms = sqlite3_column_int64(stmt, 3),
        .ended_ms = rp_column_time(stmt, 4),
        .barred_ms = rp_column_time(stmt, 5),
        .team = rp_store_name(store, sqlite3_column_int64(stmt, 6)),
        .action = rp_store_name(store, sqlite3_column_int64(stmt, 7)),
        .owner = rp_column_text(arena, stmt, 8),
        .previous = rp_column_text(arena, stmt, 9),
        .reason = rp_column_text(arena, stmt, 10),
        .author = rp_column_text(arena, stmt, 11),
    };
}

int rp_assignment_list(struct rp_arena *arena, struct rp_store *store, int64_t lead,
                       struct rp_assignment_row **ret_rows, size_t *ret_count, struct rp_err *err)
{
    struct rp_assignment_row *rows = NULL;
    size_t count = 0, cap = 0;
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_ASSIGNMENT_LIST, sql_list, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, lead);
    while ((status = rp_sql_step(store, stmt, "reading owners", err)) == 1) {
        if (count == cap) {
            struct rp_assignment_row *wider =
                RP_ARENA_ARRAY(arena, struct rp_assignment_row, cap * 2 + 4);

            if (count)
                memcpy(wider, rows, count * sizeof(*rows));
            rows = wider;
            cap = cap * 2 + 4;
        }
        read_row(arena, store, stmt, lead, &rows[count++]);
    }
    *ret_rows = rows;
    *ret_count = count;
    return status;
}

int rp_assignment_merged(struct rp_store *store, int64_t lead, struct rp_str owner, int64_t at_ms,
                         struct rp_err *err)
{
    rp_store_writing(store);
    int status = end_present(store, lead, at_ms, ENDED_BY_MERGE, err);
    return status == 0 ? follow(store, lead, owner, err) : status;
}

int rp_assignment_unmerged(struct rp_arena *arena, struct rp_store *store, int64_t lead,
                           struct rp_str *ret_owner, int64_t *ret_since_ms, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_ASSIGNMENT_UNDO, sql_undo, &stmt, err);

    rp_store_writing(store);
    *ret_owner = RP_STR("");
    *ret_since_ms = 0;
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, lead);
    status = rp_sql_run(store, stmt, "recording an owner", err);
    if (status == 0)
        status = rp_sql_get(store, RP_SQL_ASSIGNMENT_PRESENT, sql_present, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, lead);
    status = rp_sql_step(store, stmt, "reading owners", err);
    if (status != 1)
        return status;
    *ret_owner = rp_column_text(arena, stmt, 0);
    *ret_since_ms = sqlite3_column_int64(stmt, 1);
    sqlite3_reset(stmt);
    return follow(store, lead, *ret_owner, err);
}

int64_t rp_assignment_owned(struct rp_store *store, struct rp_str owner)
{
    sqlite3_stmt *stmt;
    int64_t count = 0;

    if (rp_sql_get(store, RP_SQL_ASSIGNMENT_OWNED, sql_owned, &stmt, NULL) < 0)
        return 0;
    rp_bind_text(stmt, 1, owner);
    if (rp_sql_step(store, stmt, "counting leads", NULL) == 1)
        count = sqlite3_column_int64(stmt, 0);
    sqlite3_reset(stmt);
    return count;
}

/* ---- Turns ----------------------------------------------------------------------------------- */

struct rp_str rp_team_last(struct rp_arena *arena, struct rp_store *store, struct rp_str team)
{
    struct rp_str last = RP_STR("");
    sqlite3_stmt *stmt;
    int64_t id = rp_store_name_find(store, team);

    if (id == 0 || rp_sql_get(store, RP_SQL_TEAM_LAST, sql_last, &stmt, NULL) < 0)
        return last;
    rp_bind_int(stmt, 1, id);
    if (rp_sql_step(store, stmt, "reading turns", NULL) == 1)
        last = rp_column_text(arena, stmt, 0);
    sqlite3_reset(stmt);
    return last;
}

int rp_team_turn(struct rp_store *store, struct rp_str team, struct rp_str owner,
                 struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int64_t id;
    int status = rp_store_name_id(store, team, &id, err);

    rp_store_writing(store);
    if (status == 0)
        status = rp_sql_get(store, RP_SQL_TEAM_TURN, sql_turn, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, id);
    rp_bind_text(stmt, 2, owner);
    return rp_sql_run(store, stmt, "recording a turn", err);
}
