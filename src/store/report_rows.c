/* SPDX-License-Identifier: MIT */
/* Selects in row order, or along an index that gives the order: nothing is sorted by SQLite but the
 * counts of the outbox. */
#include "store/report_rows.h"

#include "base/mem.h"
#include "store/store_priv.h"

#include <stdlib.h>

#define EVENT_COLUMNS                                                                              \
    "e.id, d.lead, CASE typeof(e.name) WHEN 'integer' THEN e.name ELSE 0 END, e.received_ms, "     \
    "e.received_ms - e.effective_lag, e.kind & 7, coalesce(e.granted, '')"
#define EVENT_ROWS                                                                                 \
    " FROM event_rows AS e CROSS JOIN nodes AS d ON d.id = e.node "                                \
    "WHERE e.received_ms >= ?1 AND e.received_ms < ?2 AND d.lead > 0"

static const char sql_moves[] =
    "SELECT l.id, l.created_ms, coalesce(m.id, 0), coalesce(m.event, 0), "
    "coalesce(m.from_stage, 0), coalesce(m.to_stage, 0), coalesce(m.because, 0), "
    "coalesce(m.at_ms, 0), coalesce(m.passing, 0) "
    "FROM lead_rows AS l LEFT JOIN move_rows AS m ON m.lead = l.id "
    "WHERE l.merged_into IS NULL ORDER BY l.id, m.id";
static const char sql_events[] = "SELECT " EVENT_COLUMNS EVENT_ROWS " ORDER BY e.id";
static const char sql_texts[] =
    "SELECT " EVENT_COLUMNS
    ", coalesce((e.body || coalesce((SELECT text FROM tails WHERE id = e.tail), '')) "
    "->> ?4, '')" EVENT_ROWS " AND e.name = ?3 ORDER BY e.id";
static const char sql_actions[] =
    "SELECT coalesce(action, 0), endpoint, kind, state, "
    "CASE WHEN state IN (3, 5) THEN error ELSE '' END AS why, count(*), sum(attempts) "
    "FROM outbox WHERE created_ms >= ?1 AND created_ms < ?2 AND lead > 0 "
    "GROUP BY 1, 2, 3, 4, why ORDER BY 1, 2, 3, 4, why";
static const char sql_times[] =
    "SELECT coalesce(action, 0), kind, done_ms - created_ms FROM outbox "
    "WHERE state = 2 AND done_ms IS NOT NULL AND created_ms >= ?1 AND created_ms < ?2 AND lead > 0 "
    "ORDER BY id";

static const char sql_merges[] = "SELECT at_ms, undone_ms, from_lead, into_lead, nodes "
                                 "FROM merge_rows ORDER BY id";

/* Ends a walk: a visitor's status leaves a statement that is not at its end. */
static int ended(sqlite3_stmt *stmt, int step, int status)
{
    if (step == 1)
        sqlite3_reset(stmt);
    return step < 0 ? step : status;
}

int rp_report_moves(struct rp_store *store, rp_lead_move_fn *visit, void *ctx, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int step = 0, status = rp_sql_get(store, RP_SQL_REPORT_MOVES, sql_moves, &stmt, err);

    if (status < 0)
        return status;
    while (status == 0 && (step = rp_sql_step(store, stmt, "reading decisions", err)) == 1) {
        const struct rp_lead_move move = {
            .lead = sqlite3_column_int64(stmt, 0),
            .created_ms = sqlite3_column_int64(stmt, 1),
            .move = sqlite3_column_int64(stmt, 2),
            .event = sqlite3_column_int64(stmt, 3),
            .from = sqlite3_column_int64(stmt, 4),
            .to = sqlite3_column_int64(stmt, 5),
            .because = sqlite3_column_int64(stmt, 6),
            .at_ms = sqlite3_column_int64(stmt, 7),
            .passing = sqlite3_column_int(stmt, 8) != 0,
        };

        status = visit(ctx, &move, err);
    }
    return ended(stmt, step, status);
}

static struct rp_event_note note_of(sqlite3_stmt *stmt)
{
    return (struct rp_event_note){
        .id = sqlite3_column_int64(stmt, 0),
        .lead = sqlite3_column_int64(stmt, 1),
        .name = sqlite3_column_int64(stmt, 2),
        .received_ms = sqlite3_column_int64(stmt, 3),
        .effective_ms = sqlite3_column_int64(stmt, 4),
        .type = sqlite3_column_int(stmt, 5),
        .granted = rp_column_view(stmt, 6),
    };
}

static void bind_span(sqlite3_stmt *stmt, int64_t since_ms, int64_t until_ms)
{
    rp_bind_int(stmt, 1, since_ms);
    rp_bind_int(stmt, 2, until_ms == RP_NEVER ? INT64_MAX : until_ms);
}

int rp_report_events(struct rp_store *store, int64_t since_ms, int64_t until_ms,
                     rp_event_note_fn *visit, void *ctx, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int step = 0, status = rp_sql_get(store, RP_SQL_REPORT_EVENTS, sql_events, &stmt, err);

    if (status < 0)
        return status;
    bind_span(stmt, since_ms, until_ms);
    while (status == 0 && (step = rp_sql_step(store, stmt, "reading events", err)) == 1) {
        const struct rp_event_note note = note_of(stmt);

        status = visit(ctx, &note, err);
    }
    return ended(stmt, step, status);
}

int rp_report_texts(struct rp_store *store, struct rp_str name, struct rp_str text,
                    int64_t since_ms, int64_t until_ms, rp_event_text_fn *visit, void *ctx,
                    struct rp_err *err)
{
    int64_t id = rp_store_name_find(store, name);
    sqlite3_stmt *stmt;
    int step = 0, status = rp_sql_get(store, RP_SQL_REPORT_TEXTS, sql_texts, &stmt, err);

    if (status < 0)
        return status;
    bind_span(stmt, since_ms, until_ms);
    if (id > 0)
        rp_bind_int(stmt, 3, id);
    else
        rp_bind_text(stmt, 3, name);
    rp_bind_text(stmt, 4, text);
    while (status == 0 && (step = rp_sql_step(store, stmt, "reading events", err)) == 1) {
        const struct rp_event_note note = note_of(stmt);

        status = visit(ctx, &note, rp_column_view(stmt, 7), err);
    }
    return ended(stmt, step, status);
}

int rp_report_actions(struct rp_store *store, int64_t since_ms, int64_t until_ms,
                      rp_action_count_fn *visit, void *ctx, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int step = 0, status = rp_sql_get(store, RP_SQL_REPORT_ACTIONS, sql_actions, &stmt, err);

    if (status < 0)
        return status;
    bind_span(stmt, since_ms, until_ms);
    while (status == 0 && (step = rp_sql_step(store, stmt, "counting actions", err)) == 1) {
        const struct rp_action_count count = {
            .action = sqlite3_column_int64(stmt, 0),
            .endpoint = sqlite3_column_int64(stmt, 1),
            .kind = sqlite3_column_int(stmt, 2),
            .state = sqlite3_column_int(stmt, 3),
            .error = rp_column_view(stmt, 4),
            .count = sqlite3_column_int64(stmt, 5),
            .attempts = sqlite3_column_int64(stmt, 6),
        };

        status = visit(ctx, &count, err);
    }
    return ended(stmt, step, status);
}

int rp_report_times(struct rp_store *store, int64_t since_ms, int64_t until_ms,
                    rp_action_time_fn *visit, void *ctx, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int step = 0, status = rp_sql_get(store, RP_SQL_REPORT_TIMES, sql_times, &stmt, err);

    if (status < 0)
        return status;
    bind_span(stmt, since_ms, until_ms);
    while (status == 0 && (step = rp_sql_step(store, stmt, "reading deliveries", err)) == 1)
        status = visit(ctx, sqlite3_column_int64(stmt, 0), sqlite3_column_int(stmt, 1),
                       sqlite3_column_int64(stmt, 2), err);
    return ended(stmt, step, status);
}

/* "[1,2,3]"; the column is text that SQLite ends with a zero. */
static size_t read_nodes(struct rp_str text, int64_t **nodes, size_t *cap)
{
    const char *at = text.ptr;
    const char *end = rp_str_end(text);
    size_t count = 0;

    while (at && at < end) {
        if (*at < '0' || *at > '9') {
            at++;
            continue;
        }
        char *next;
        int64_t node = strtoll(at, &next, 10);

        if (count == *cap)
            *nodes = rp_grow(*nodes, cap, count + 1, sizeof(**nodes));
        (*nodes)[count++] = node;
        at = next;
    }
    return count;
}

int rp_report_merges(struct rp_store *store, rp_merge_note_fn *visit, void *ctx, struct rp_err *err)
{
    int64_t *nodes = NULL;
    size_t cap = 0;
    sqlite3_stmt *stmt;
    int step = 0, status = rp_sql_get(store, RP_SQL_REPORT_MERGES, sql_merges, &stmt, err);

    if (status < 0)
        return status;
    while (status == 0 && (step = rp_sql_step(store, stmt, "reading merges", err)) == 1) {
        size_t count = read_nodes(rp_column_view(stmt, 4), &nodes, &cap);
        const struct rp_merge_note note = {
            .at_ms = sqlite3_column_int64(stmt, 0),
            .undone_ms = rp_column_time(stmt, 1),
            .from = sqlite3_column_int64(stmt, 2),
            .into = sqlite3_column_int64(stmt, 3),
            .nodes = nodes,
            .node_count = count,
        };

        status = visit(ctx, &note, err);
    }
    free(nodes);
    return ended(stmt, step, status);
}
