/* SPDX-License-Identifier: MIT */
/* Tasks. Every change is one statement that says under which condition it may happen, so that of
 * two who ask at once one is told who was first. */
#include "store/tasks.h"

#include "base/limits.h"
#include "store/store_priv.h"

#include <string.h>

#define COLUMNS                                                                                    \
    "k.id, k.lead, l.public_id, o.key, o.action, o.body ->> '$.note', o.body ->> '$.email', "      \
    "k.owner, k.team, k.claimed_by, k.done_by, k.outcome, k.notes, k.follows, o.state, "           \
    "o.created_ms, k.due_ms, k.claimed_ms, k.done_ms"
#define ROWS                                                                                       \
    " FROM task_rows AS k JOIN outbox AS o ON o.id = k.id "                                        \
    "LEFT JOIN lead_rows AS l ON l.id = k.lead "
#define WANTED                                                                                     \
    "(?1 = '' OR lower(k.owner) = lower(?1) OR lower(k.claimed_by) = lower(?1)) AND "              \
    "(?2 = 0 OR k.team = ?2) AND (?3 = 0 OR k.lead = ?3) "
#define STATE_OPEN 6

static const char sql_add[] =
    "INSERT INTO task_rows (id, lead, follows, due_ms, team, owner, claimed_by, done_by, outcome, "
    "notes) VALUES (?1, ?2, ?3, ?4, ?5, ?6, '', '', '', '[]')";
static const char sql_get[] = "SELECT " COLUMNS ROWS "WHERE k.id = ?1";
static const char sql_open[] =
    "SELECT " COLUMNS ROWS "WHERE k.done_ms IS NULL AND o.state = 6 AND " WANTED
    "AND (?4 = 0 OR k.due_ms < ?4) ORDER BY k.due_ms IS NULL, k.due_ms, k.id LIMIT ?5";
static const char sql_done[] = "SELECT " COLUMNS ROWS "WHERE k.done_ms IS NOT NULL AND " WANTED
                               "AND ?4 = 0 ORDER BY k.done_ms DESC, k.id DESC LIMIT ?5";
static const char sql_all[] =
    "SELECT " COLUMNS ROWS "WHERE " WANTED "AND ?4 = 0 ORDER BY k.id DESC LIMIT ?5";
static const char sql_claim[] = "UPDATE task_rows SET claimed_by = ?2, claimed_ms = ?3 "
                                "WHERE id = ?1 AND claimed_by = '' AND done_ms IS NULL";
static const char sql_finish[] = "UPDATE task_rows SET done_by = ?2, done_ms = ?3, outcome = ?4 "
                                 "WHERE id = ?1 AND done_ms IS NULL";
static const char sql_close[] =
    "UPDATE outbox SET state = 2, done_ms = ?2 WHERE id = ?1 AND state = 6";
static const char sql_note[] =
    "UPDATE task_rows SET notes = json_insert(notes, '$[#]', json_object('at', "
    "strftime('%Y-%m-%dT%H:%M:%fZ', ?3 / 1000.0, 'unixepoch'), 'author', ?2, 'text', ?4)) "
    "WHERE id = ?1 AND json_array_length(notes) < ?5";

int rp_task_add(struct rp_store *store, const struct rp_task_row *row, struct rp_err *err)
{
    int64_t team = 0;
    sqlite3_stmt *stmt;
    int status = row->team.len ? rp_store_name_id(store, row->team, &team, err) : 0;

    rp_store_writing(store);
    if (status == 0)
        status = rp_sql_get(store, RP_SQL_TASK_ADD, sql_add, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, row->id);
    rp_bind_int(stmt, 2, row->lead);
    rp_bind_int(stmt, 3, row->follows);
    rp_bind_time(stmt, 4, row->due_ms);
    rp_bind_int_or_null(stmt, 5, team);
    rp_bind_text(stmt, 6, row->owner);
    return rp_sql_run(store, stmt, "adding a task", err);
}

static void read_row(struct rp_arena *arena, struct rp_store *store, sqlite3_stmt *stmt,
                     struct rp_task_row *row)
{
    *row = (struct rp_task_row){
        .id = sqlite3_column_int64(stmt, 0),
        .lead = sqlite3_column_int64(stmt, 1),
        .lead_public_id = rp_column_text(arena, stmt, 2),
        .key = rp_column_text(arena, stmt, 3),
        .action = rp_store_name(store, sqlite3_column_int64(stmt, 4)),
        .note = rp_column_text(arena, stmt, 5),
        .email = rp_column_text(arena, stmt, 6),
        .owner = rp_column_text(arena, stmt, 7),
        .team = rp_store_name(store, sqlite3_column_int64(stmt, 8)),
        .claimed_by = rp_column_text(arena, stmt, 9),
        .done_by = rp_column_text(arena, stmt, 10),
        .outcome = rp_column_text(arena, stmt, 11),
        .notes = rp_column_text(arena, stmt, 12),
        .follows = sqlite3_column_int(stmt, 13) != 0,
        .created_ms = sqlite3_column_int64(stmt, 15),
        .due_ms = rp_column_time(stmt, 16),
        .claimed_ms = rp_column_time(stmt, 17),
        .done_ms = rp_column_time(stmt, 18),
    };
    row->cancelled = row->done_ms == RP_NEVER && sqlite3_column_int(stmt, 14) != STATE_OPEN;
}

int rp_task_get(struct rp_arena *arena, struct rp_store *store, int64_t id,
                struct rp_task_row *ret_row, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_TASK_GET, sql_get, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, id);
    status = rp_sql_step(store, stmt, "reading a task", err);
    if (status < 0)
        return status;
    if (status == 0)
        return rp_err_set(err, RIPEN_ENOTFOUND,
                          "there is no task %lld; `ripen tasks` shows the open ones",
                          (long long)id);
    read_row(arena, store, stmt, ret_row);
    sqlite3_reset(stmt);
    return 0;
}

int rp_task_list(struct rp_arena *arena, struct rp_store *store,
                 const struct rp_task_filter *filter, size_t max, struct rp_task_row **ret_rows,
                 size_t *ret_count, struct rp_err *err)
{
    static const struct {
        enum rp_sql which;
        const char *sql;
    } lists[] = {
        [RP_TASKS_OPEN] = {RP_SQL_TASK_OPEN, sql_open},
        [RP_TASKS_DONE] = {RP_SQL_TASK_DONE, sql_done},
        [RP_TASKS_LATE] = {RP_SQL_TASK_OPEN, sql_open},
        [RP_TASKS_ALL] = {RP_SQL_TASK_ALL, sql_all},
    };
    struct rp_task_row *rows = NULL;
    size_t count = 0, cap = 0;
    int64_t team = 0;
    sqlite3_stmt *stmt;
    int status = 0;

    *ret_rows = NULL;
    *ret_count = 0;
    if (filter->team.len) {
        team = rp_store_name_find(store, filter->team);
        if (team == 0)
            return 0; /* nothing was ever given to it */
    }
    status = rp_sql_get(store, lists[filter->which].which, lists[filter->which].sql, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_text(stmt, 1, filter->owner);
    rp_bind_int(stmt, 2, team);
    rp_bind_int(stmt, 3, filter->lead);
    rp_bind_int(stmt, 4, filter->which == RP_TASKS_LATE ? filter->now_ms : 0);
    rp_bind_int(stmt, 5, (int64_t)max);
    while ((status = rp_sql_step(store, stmt, "reading tasks", err)) == 1) {
        if (count == cap) {
            struct rp_task_row *wider = RP_ARENA_ARRAY(arena, struct rp_task_row, cap * 2 + 16);

            if (count)
                memcpy(wider, rows, count * sizeof(*rows));
            rows = wider;
            cap = cap * 2 + 16;
        }
        read_row(arena, store, stmt, &rows[count++]);
    }
    *ret_rows = rows;
    *ret_count = count;
    return status;
}

/* Why a change was not made. */
static int refusal(struct rp_store *store, int64_t id, struct rp_str who, struct rp_err *err)
{
    struct rp_task_row row;
    struct rp_arena arena;
    int status;

    rp_arena_init(&arena);
    status = rp_task_get(&arena, store, id, &row, err);
    if (status == 0 && row.done_ms != RP_NEVER)
        status = rp_err_set(err, RIPEN_EDENIED, "task %lld was done by %.*s", (long long)id,
                            RP_STR_ARG(row.done_by.len ? row.done_by : RP_STR("somebody")));
    else if (status == 0 && row.cancelled)
        status = rp_err_set(err, RIPEN_EDENIED, "task %lld was cancelled", (long long)id);
    else if (status == 0 && !rp_str_eq(row.claimed_by, who))
        status = rp_err_set(err, RIPEN_EDENIED, "%.*s has task %lld", RP_STR_ARG(row.claimed_by),
                            (long long)id);
    rp_arena_fini(&arena);
    return status;
}

static int is_open(struct rp_store *store, int64_t id, struct rp_err *err)
{
    struct rp_task_row row;
    struct rp_arena arena;
    int status;

    rp_arena_init(&arena);
    status = rp_task_get(&arena, store, id, &row, err);
    if (status == 0 && (row.cancelled || row.done_ms != RP_NEVER))
        status = refusal(store, id, RP_STR(""), err);
    rp_arena_fini(&arena);
    return status;
}

int rp_task_claim(struct rp_store *store, int64_t id, struct rp_str who, int64_t now_ms,
                  struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = is_open(store, id, err);

    rp_store_writing(store);
    if (status == 0)
        status = rp_sql_get(store, RP_SQL_TASK_CLAIM, sql_claim, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, id);
    rp_bind_text(stmt, 2, who);
    rp_bind_int(stmt, 3, now_ms);
    status = rp_sql_run(store, stmt, "claiming a task", err);
    return status == 0 && sqlite3_changes(store->db) == 0 ? refusal(store, id, who, err) : status;
}

int rp_task_done(struct rp_store *store, int64_t id, struct rp_str who, struct rp_str outcome,
                 int64_t now_ms, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = is_open(store, id, err);

    rp_store_writing(store);
    if (status == 0)
        status = rp_sql_get(store, RP_SQL_TASK_FINISH, sql_finish, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, id);
    rp_bind_text(stmt, 2, who);
    rp_bind_int(stmt, 3, now_ms);
    rp_bind_text(stmt, 4, outcome);
    status = rp_sql_run(store, stmt, "ending a task", err);
    if (status == 0)
        status = rp_sql_get(store, RP_SQL_TASK_CLOSE, sql_close, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, id);
    rp_bind_int(stmt, 2, now_ms);
    return rp_sql_run(store, stmt, "ending a task", err);
}

int rp_task_note(struct rp_store *store, int64_t id, struct rp_str author, struct rp_str text,
                 int64_t now_ms, struct rp_err *err)
{
    struct rp_task_row row;
    struct rp_arena arena;
    sqlite3_stmt *stmt;
    int status;

    rp_store_writing(store);
    rp_arena_init(&arena);
    status = rp_task_get(&arena, store, id, &row, err);
    rp_arena_fini(&arena);
    if (status == 0)
        status = rp_sql_get(store, RP_SQL_TASK_NOTE, sql_note, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, id);
    rp_bind_text(stmt, 2, author);
    rp_bind_int(stmt, 3, now_ms);
    rp_bind_text(stmt, 4, text);
    rp_bind_int(stmt, 5, RP_TASK_NOTES_MAX);
    status = rp_sql_run(store, stmt, "noting on a task", err);
    if (status == 0 && sqlite3_changes(store->db) == 0)
        return rp_err_set(err, RIPEN_EDENIED, "task %lld has %d notes, which is the most",
                          (long long)id, RP_TASK_NOTES_MAX);
    return status;
}
