/* SPDX-License-Identifier: MIT */
/* Two narrow tables. Events that wait are found by walking all of them: there are few leads aside,
 * and each walk is followed by the fold of one's history, which costs far more. */
#include "store/aside.h"

#include "store/store_priv.h"

static const char sql_list[] = "SELECT lead, since_ms FROM aside_leads ORDER BY lead";
static const char sql_put[] = "INSERT OR IGNORE INTO aside_leads (lead, since_ms) VALUES (?1, ?2)";
static const char sql_remove[] = "DELETE FROM aside_leads WHERE lead = ?1";
static const char sql_move[] = "UPDATE aside_events SET lead = ?2 WHERE lead = ?1";
static const char sql_event_add[] = "INSERT INTO aside_events (lead, event) VALUES (?1, ?2)";
static const char sql_events[] =
    "SELECT event FROM aside_events WHERE lead = ?1 AND event <= ?2 ORDER BY event";
static const char sql_events_done[] = "DELETE FROM aside_events WHERE lead = ?1 AND event <= ?2";

int rp_aside_list(struct rp_arena *arena, struct rp_store *store, struct rp_aside_row **ret_rows,
                  size_t *ret_count, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    struct rp_aside_row *rows = NULL;
    size_t count = 0, cap = 0;
    int status = rp_sql_get(store, RP_SQL_ASIDE_LIST, sql_list, &stmt, err);

    if (status < 0)
        return status;
    while ((status = rp_sql_step(store, stmt, "listing leads set aside", err)) == 1) {
        if (count == cap) {
            struct rp_aside_row *more;
            cap = cap ? cap * 2 : 8;
            more = RP_ARENA_ARRAY(arena, struct rp_aside_row, cap);
            if (count > 0)
                memcpy(more, rows, count * sizeof(*rows));
            rows = more;
        }
        rows[count++] =
            (struct rp_aside_row){sqlite3_column_int64(stmt, 0), sqlite3_column_int64(stmt, 1)};
    }
    *ret_rows = rows;
    *ret_count = count;
    return status;
}

/* A statement with one or two numbers. */
static int run(struct rp_store *store, enum rp_sql which, const char *sql, int64_t first,
               const int64_t *second, struct rp_err *err)
{
    sqlite3_stmt *stmt;

    rp_store_writing(store);
    int status = rp_sql_get(store, which, sql, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, first);
    if (second)
        rp_bind_int(stmt, 2, *second);
    return rp_sql_run(store, stmt, "setting a lead aside", err);
}

int rp_aside_put(struct rp_store *store, int64_t lead, int64_t since_ms, struct rp_err *err)
{
    return run(store, RP_SQL_ASIDE_PUT, sql_put, lead, &since_ms, err);
}

int rp_aside_remove(struct rp_store *store, int64_t lead, struct rp_err *err)
{
    return run(store, RP_SQL_ASIDE_REMOVE, sql_remove, lead, NULL, err);
}

int rp_aside_move(struct rp_store *store, int64_t lead, int64_t into, struct rp_err *err)
{
    int status = rp_aside_remove(store, lead, err);

    return status < 0 ? status : run(store, RP_SQL_ASIDE_MOVE, sql_move, lead, &into, err);
}

int rp_aside_event_add(struct rp_store *store, int64_t lead, int64_t event, struct rp_err *err)
{
    return run(store, RP_SQL_ASIDE_EVENT_ADD, sql_event_add, lead, &event, err);
}

int rp_aside_events(struct rp_arena *arena, struct rp_store *store, int64_t lead, int64_t last,
                    int64_t **ret_events, size_t *ret_count, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int64_t *events = NULL;
    size_t count = 0, cap = 0;
    int status = rp_sql_get(store, RP_SQL_ASIDE_EVENTS, sql_events, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, lead);
    rp_bind_int(stmt, 2, last);
    while ((status = rp_sql_step(store, stmt, "reading events set aside", err)) == 1) {
        if (count == cap) {
            int64_t *more;
            cap = cap ? cap * 2 : 256;
            more = RP_ARENA_ARRAY(arena, int64_t, cap);
            if (count > 0)
                memcpy(more, events, count * sizeof(*events));
            events = more;
        }
        events[count++] = sqlite3_column_int64(stmt, 0);
    }
    *ret_events = events;
    *ret_count = count;
    return status;
}

int rp_aside_events_done(struct rp_store *store, int64_t lead, int64_t last, struct rp_err *err)
{
    return run(store, RP_SQL_ASIDE_EVENTS_DONE, sql_events_done, lead, &last, err);
}
