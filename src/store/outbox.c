/* SPDX-License-Identifier: MIT */
/* The outbox. Order is kept for each endpoint and lead: of the rows of such a queue only the oldest
 * can be claimed. Rather than search for it at each claim, the row itself says when it may be
 * claimed (wake_ms), and each change of a queue moves that mark:
 *
 *   pending, oldest of its queue   wake_ms = due_ms          (add, retry, settle)
 *   leased                         wake_ms = end of lease    (claim)
 *   pending behind another one,    wake_ms = NULL            (add, settle)
 *   delivered, dead, held …
 *
 * Invariant: at most one row of a queue has a wake_ms, so that a claim is a walk along one small
 * index, one for each way out. Rows of kinds that we do not deliver are in no queue. */
#include "store/outbox.h"

#include "base/when.h"
#include "store/store_priv.h"

#define COLUMNS                                                                                    \
    "o.id, o.lead, o.event, o.move, l.public_id, o.key, o.action, o.endpoint, o.body, o.error, "   \
    "o.kind, o.part, o.state, o.attempts, o.http_status, o.created_ms, o.due_ms, o.lease_ms, "     \
    "o.done_ms"
#define ROWS     " FROM outbox AS o LEFT JOIN lead_rows AS l ON l.id = o.lead "
#define IN_QUEUE "endpoint = ?1 AND lead = ?2 AND state < 2 AND kind IN (0, 1, 4, 6)"
#define AWAKE    "o.wake_ms IS NOT NULL AND o.wake_ms <= ?1 ORDER BY o.wake_ms, o.id LIMIT ?2"

static const char *const state_names[] = {
    [RP_OUTBOX_PENDING] = "pending",     [RP_OUTBOX_LEASED] = "leased",
    [RP_OUTBOX_DELIVERED] = "delivered", [RP_OUTBOX_DEAD] = "dead",
    [RP_OUTBOX_CANCELLED] = "cancelled", [RP_OUTBOX_HELD] = "held",
    [RP_OUTBOX_OPEN] = "open",
};

static const char sql_add[] =
    "INSERT INTO outbox (key, lead, event, move, state, kind, action, part, endpoint, attempts, "
    "http_status, created_ms, due_ms, wake_ms, done_ms, error, body) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17) "
    "ON CONFLICT (lead, key) DO NOTHING";
static const char sql_get[] =
    "SELECT state, kind, endpoint, lead, error = '" RP_OUTBOX_DRY_RUN "' FROM outbox WHERE id = ?1";
/* Each way has its index; the terms are those of the index. */
static const char sql_due_http[] =
    "SELECT min(wake_ms) FROM outbox WHERE wake_ms IS NOT NULL AND kind <> 4";
static const char sql_due_mail[] =
    "SELECT min(wake_ms) FROM outbox WHERE wake_ms IS NOT NULL AND kind = 4";
static const char sql_claim_http[] = "SELECT " COLUMNS ROWS "WHERE o.kind <> 4 AND " AWAKE;
static const char sql_claim_mail[] = "SELECT " COLUMNS ROWS "WHERE o.kind = 4 AND " AWAKE;
static const char sql_lease[] = "UPDATE outbox SET state = 1, attempts = attempts + 1, "
                                "lease_ms = ?2, wake_ms = ?2 WHERE id = ?1";
static const char sql_head[] =
    "SELECT id, due_ms, wake_ms FROM outbox WHERE " IN_QUEUE " ORDER BY id LIMIT 1";
static const char sql_leased[] = "SELECT 1 FROM outbox WHERE " IN_QUEUE " AND state = 1 LIMIT 1";
static const char sql_wake[] =
    "UPDATE outbox SET wake_ms = CASE WHEN id = ?3 THEN due_ms END WHERE " IN_QUEUE
    " AND (id = ?3 OR wake_ms IS NOT NULL)";
static const char sql_state[] =
    "UPDATE outbox SET state = ?2, due_ms = coalesce(?3, due_ms), wake_ms = NULL, lease_ms = NULL, "
    "done_ms = ?4 WHERE id = ?1";
static const char sql_end[] = "UPDATE outbox SET http_status = ?2, error = ?3 WHERE id = ?1";
static const char sql_return[] = "UPDATE outbox SET attempts = max(attempts - 1, 0) WHERE id = ?1";
static const char sql_end_leases[] =
    "UPDATE outbox SET lease_ms = ?1, wake_ms = ?1 WHERE state = 1 AND state <> 2 AND wake_ms > ?1";
static const char sql_list[] = "SELECT " COLUMNS ROWS "WHERE (?1 < 0 OR o.state = ?1) AND "
                               "(?2 = 0 OR o.lead = ?2) AND o.id < ?3 ORDER BY o.id DESC LIMIT ?4";
static const char sql_list_state[] =
    "SELECT " COLUMNS ROWS "WHERE o.state = ?1 AND o.state <> 2 AND (?2 = 0 OR o.lead = ?2) AND "
    "o.id < ?3 ORDER BY o.id DESC LIMIT ?4";
static const char sql_list_lead[] = "SELECT " COLUMNS ROWS "WHERE o.lead = ?2 AND "
                                    "(?1 < 0 OR o.state = ?1) AND o.id < ?3 "
                                    "ORDER BY o.id DESC LIMIT ?4";
/* The rows are numbered as they are made. */
static const char sql_oldest[] = "SELECT created_ms FROM outbox WHERE id = "
                                 "min((SELECT coalesce(min(id), 1 << 62) FROM outbox "
                                 "WHERE state = 0 AND state <> 2), (SELECT coalesce(min(id), "
                                 "1 << 62) FROM outbox WHERE state = 1 AND state <> 2))";
static const char sql_count[] = "SELECT count(*) FROM outbox WHERE state = ?1 AND state <> 2";
static const char sql_delivered[] = "SELECT (SELECT count(*) FROM outbox) - "
                                    "(SELECT count(*) FROM outbox WHERE state <> 2)";

#define FOUND                                                                                      \
    "o.id < ?1 AND (?3 = 0 OR o.lead = ?3) AND o.created_ms >= ?4 AND (?5 = 0 OR o.id = ?5) AND "  \
    "(?6 = '' OR o.action = (SELECT id FROM names WHERE text = ?6)) AND "                          \
    "(?7 = '' OR o.endpoint = (SELECT id FROM names WHERE text = ?7)) "                            \
    "ORDER BY o.id DESC LIMIT ?8"
static const char sql_find[] = "SELECT " COLUMNS ROWS "WHERE (?2 < 0 OR o.state = ?2) AND " FOUND;
static const char sql_find_state[] =
    "SELECT " COLUMNS ROWS "WHERE o.state = ?2 AND o.state <> 2 AND " FOUND;

static const char sql_held_assigns[] =
    "SELECT " COLUMNS ROWS "WHERE o.state = 5 AND o.state <> 2 AND o.kind = ?1 AND o.id > ?2 AND "
    "o.created_ms >= ?3 ORDER BY o.id LIMIT ?4";
static const char sql_assigned[] =
    "UPDATE outbox SET state = 2, done_ms = ?3, error = '', body = ?2 WHERE id = ?1 AND state = 5";

int rp_outbox_state_parse(struct rp_str name)
{
    for (size_t i = 0; i < RP_COUNT(state_names); i++) {
        if (rp_str_is(name, state_names[i]))
            return (int)i;
    }
    return -1;
}

const char *rp_outbox_state_name(enum rp_outbox_state state)
{
    RP_ASSERT((size_t)state < RP_COUNT(state_names));
    return state_names[state];
}

static bool is_delivered_by_us(enum rp_action_kind kind)
{
    return kind == RP_ACTION_WEBHOOK || kind == RP_ACTION_NOTIFY || kind == RP_ACTION_EMAIL ||
           kind == RP_ACTION_CRM;
}

struct queue {
    int64_t endpoint, lead;
};

/* 1: the oldest live row of a queue; 0: the queue is empty. */
static int head_of(struct rp_store *store, struct queue queue, int64_t *ret_id, bool *ret_awake,
                   struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_OUTBOX_HEAD, sql_head, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, queue.endpoint);
    rp_bind_int(stmt, 2, queue.lead);
    status = rp_sql_step(store, stmt, "reading the outbox", err);
    if (status != 1)
        return status;
    *ret_id = sqlite3_column_int64(stmt, 0);
    *ret_awake = sqlite3_column_type(stmt, 2) != SQLITE_NULL &&
                 sqlite3_column_int64(stmt, 1) == sqlite3_column_int64(stmt, 2);
    sqlite3_reset(stmt);
    return 1;
}

/* 1: a row of the queue is on its way. */
static int is_leased(struct rp_store *store, struct queue queue, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_OUTBOX_LEASED, sql_leased, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, queue.endpoint);
    rp_bind_int(stmt, 2, queue.lead);
    status = rp_sql_step(store, stmt, "reading the outbox", err);
    if (status == 1)
        sqlite3_reset(stmt);
    return status;
}

/* Restores the invariant after a row of the queue has changed. */
static int settle(struct rp_store *store, struct queue queue, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int64_t head;
    bool awake;
    int status = is_leased(store, queue, err);

    if (status != 0)
        return status < 0 ? status : 0;
    status = head_of(store, queue, &head, &awake, err);
    if (status <= 0)
        return status;
    status = rp_sql_get(store, RP_SQL_OUTBOX_WAKE, sql_wake, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, queue.endpoint);
    rp_bind_int(stmt, 2, queue.lead);
    rp_bind_int(stmt, 3, head);
    return rp_sql_run(store, stmt, "writing the outbox", err);
}

int rp_outbox_add(struct rp_store *store, const struct rp_outbox_row *row, int64_t *ret_id,
                  struct rp_err *err)
{
    struct queue queue = {0, row->lead};
    int64_t action, head, wake_ms = RP_NEVER;
    bool awake;
    sqlite3_stmt *stmt;

    rp_store_writing(store);
    RP_ASSERT(row->key.len > 0 && row->lead > 0);
    RP_ASSERT(row->state == RP_OUTBOX_PENDING || row->state >= RP_OUTBOX_DELIVERED);
    int status = rp_store_name_id(store, row->to, &queue.endpoint, err);
    if (status == 0)
        status = rp_store_name_id(store, row->action, &action, err);
    if (status == 0 && row->state == RP_OUTBOX_PENDING && is_delivered_by_us(row->kind)) {
        status = head_of(store, queue, &head, &awake, err);
        wake_ms = status == 0 ? row->due_ms : RP_NEVER;
    }
    if (status >= 0)
        status = rp_sql_get(store, RP_SQL_OUTBOX_ADD, sql_add, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_text(stmt, 1, row->key);
    rp_bind_int(stmt, 2, row->lead);
    rp_bind_int_or_null(stmt, 3, row->event);
    rp_bind_int_or_null(stmt, 4, row->move);
    rp_bind_int(stmt, 5, row->state);
    rp_bind_int(stmt, 6, row->kind);
    rp_bind_int_or_null(stmt, 7, action);
    rp_bind_int(stmt, 8, row->part);
    rp_bind_int(stmt, 9, queue.endpoint);
    rp_bind_int(stmt, 10, row->attempts);
    rp_bind_int(stmt, 11, row->http_status);
    rp_bind_int(stmt, 12, row->created_ms);
    rp_bind_int(stmt, 13, row->due_ms);
    rp_bind_time(stmt, 14, wake_ms);
    rp_bind_time(stmt, 15, row->state == RP_OUTBOX_DELIVERED ? row->done_ms : RP_NEVER);
    rp_bind_text(stmt, 16, row->error);
    rp_bind_text(stmt, 17, row->body);
    status = rp_sql_run(store, stmt, "adding an action", err);
    if (status < 0)
        return status;
    if (sqlite3_changes(store->db) == 0)
        return rp_err_set(err, RIPEN_EDENIED, "the action %.*s stands in the outbox already",
                          RP_STR_ARG(row->key));
    *ret_id = sqlite3_last_insert_rowid(store->db);
    return 0;
}

static void read_row(struct rp_arena *arena, struct rp_store *store, sqlite3_stmt *stmt,
                     struct rp_outbox_row *row)
{
    *row = (struct rp_outbox_row){
        .id = sqlite3_column_int64(stmt, 0),
        .lead = sqlite3_column_int64(stmt, 1),
        .event = sqlite3_column_int64(stmt, 2),
        .move = sqlite3_column_int64(stmt, 3),
        .lead_public_id = rp_column_text(arena, stmt, 4),
        .key = rp_column_text(arena, stmt, 5),
        .action = rp_store_name(store, sqlite3_column_int64(stmt, 6)),
        .to = rp_store_name(store, sqlite3_column_int64(stmt, 7)),
        .body = rp_column_text(arena, stmt, 8),
        .error = rp_column_text(arena, stmt, 9),
        .kind = (enum rp_action_kind)sqlite3_column_int(stmt, 10),
        .part = (uint16_t)sqlite3_column_int(stmt, 11),
        .state = (enum rp_outbox_state)sqlite3_column_int(stmt, 12),
        .attempts = sqlite3_column_int(stmt, 13),
        .http_status = sqlite3_column_int(stmt, 14),
        .created_ms = sqlite3_column_int64(stmt, 15),
        .due_ms = sqlite3_column_int64(stmt, 16),
        .lease_ms = rp_column_time(stmt, 17),
        .done_ms = rp_column_time(stmt, 18),
    };
}

static int lease(struct rp_store *store, struct rp_outbox_row *row, int64_t lease_until_ms,
                 struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_OUTBOX_LEASE, sql_lease, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, row->id);
    rp_bind_int(stmt, 2, lease_until_ms);
    status = rp_sql_run(store, stmt, "claiming an action", err);
    row->state = RP_OUTBOX_LEASED;
    row->attempts++;
    row->lease_ms = lease_until_ms;
    return status;
}

/* Reads up to max - *count rows of one way behind those that are there. */
static int read_due(struct rp_arena *arena, struct rp_store *store, enum rp_outbox_way way,
                    int64_t now_ms, size_t max, struct rp_outbox_row *rows, size_t *count,
                    struct rp_err *err)
{
    bool mail = way == RP_WAY_MAIL;
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, mail ? RP_SQL_OUTBOX_CLAIM_MAIL : RP_SQL_OUTBOX_CLAIM,
                            mail ? sql_claim_mail : sql_claim_http, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, now_ms);
    rp_bind_int(stmt, 2, (int64_t)(max - *count));
    while ((status = rp_sql_step(store, stmt, "reading the outbox", err)) == 1)
        read_row(arena, store, stmt, &rows[(*count)++]);
    return status;
}

int rp_outbox_claim(struct rp_arena *arena, struct rp_store *store, enum rp_outbox_way way,
                    int64_t now_ms, int64_t lease_until_ms, size_t max,
                    struct rp_outbox_row **ret_rows, size_t *ret_count, struct rp_err *err)
{
    struct rp_outbox_row *rows = RP_ARENA_ARRAY(arena, struct rp_outbox_row, max);
    size_t count = 0;
    int status = 0;

    rp_store_writing(store);
    RP_ASSERT(lease_until_ms > now_ms);
    if (way != RP_WAY_MAIL)
        status = read_due(arena, store, RP_WAY_HTTP, now_ms, max, rows, &count, err);
    if (status == 0 && way != RP_WAY_HTTP)
        status = read_due(arena, store, RP_WAY_MAIL, now_ms, max, rows, &count, err);
    for (size_t i = 0; i < count && status == 0; i++)
        status = lease(store, &rows[i], lease_until_ms, err);
    if (status < 0)
        return status;
    *ret_rows = rows;
    *ret_count = count;
    return 0;
}

struct standing {
    enum rp_outbox_state state;
    enum rp_action_kind kind;
    struct queue queue;
    bool dry; /* held by a dry run only */
};

static int look_up(struct rp_store *store, int64_t id, struct standing *ret_standing,
                   struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_OUTBOX_GET, sql_get, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, id);
    status = rp_sql_step(store, stmt, "reading the outbox", err);
    if (status < 0)
        return status;
    if (status == 0)
        return rp_err_set(err, RIPEN_ENOTFOUND,
                          "there is no action %lld in the outbox; `ripen outbox list` shows them",
                          (long long)id);
    *ret_standing = (struct standing){
        .state = (enum rp_outbox_state)sqlite3_column_int(stmt, 0),
        .kind = (enum rp_action_kind)sqlite3_column_int(stmt, 1),
        .queue = {sqlite3_column_int64(stmt, 2), sqlite3_column_int64(stmt, 3)},
        .dry = sqlite3_column_int(stmt, 4) != 0,
    };
    sqlite3_reset(stmt);
    return 0;
}

/* due_ms RP_NEVER: as it is. */
static int change(struct rp_store *store, int64_t id, const struct standing *standing,
                  enum rp_outbox_state state, int64_t due_ms, int64_t done_ms, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_OUTBOX_STATE, sql_state, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, id);
    rp_bind_int(stmt, 2, state);
    rp_bind_time(stmt, 3, due_ms);
    rp_bind_time(stmt, 4, done_ms);
    status = rp_sql_run(store, stmt, "writing the outbox", err);
    if (status < 0 || !is_delivered_by_us(standing->kind))
        return status;
    return settle(store, standing->queue, err);
}

/* What the attempt left; without one, the claim's count is taken back. */
static int write_end(struct rp_store *store, int64_t id, enum rp_outcome outcome, int http_status,
                     struct rp_str error, struct rp_err *err)
{
    bool returned = outcome == RP_OUTCOME_RETURNED;
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, returned ? RP_SQL_OUTBOX_RETURN : RP_SQL_OUTBOX_END,
                            returned ? sql_return : sql_end, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, id);
    if (!returned) {
        rp_bind_int(stmt, 2, http_status);
        rp_bind_text(stmt, 3, error);
    }
    return rp_sql_run(store, stmt, "writing the outbox", err);
}

int rp_outbox_finish(struct rp_store *store, int64_t id, enum rp_outcome outcome, int http_status,
                     struct rp_str error, int64_t due_ms, int64_t now_ms, struct rp_err *err)
{
    static const enum rp_outbox_state states[] = {
        [RP_OUTCOME_DELIVERED] = RP_OUTBOX_DELIVERED, [RP_OUTCOME_RETRY] = RP_OUTBOX_PENDING,
        [RP_OUTCOME_DEAD] = RP_OUTBOX_DEAD,           [RP_OUTCOME_RETURNED] = RP_OUTBOX_PENDING,
        [RP_OUTCOME_HELD] = RP_OUTBOX_HELD,
    };
    struct standing standing;
    bool again = outcome == RP_OUTCOME_RETRY || outcome == RP_OUTCOME_RETURNED;

    rp_store_writing(store);
    RP_ASSERT((size_t)outcome < RP_COUNT(states));
    int status = look_up(store, id, &standing, err);
    if (status < 0)
        return status;
    if (standing.state != RP_OUTBOX_LEASED)
        return rp_err_set(err, RIPEN_EDENIED, "action %lld is %s, not leased; it stays so",
                          (long long)id, rp_outbox_state_name(standing.state));
    status = write_end(store, id, outcome, http_status, error, err);
    if (status == 0 && outcome == RP_OUTCOME_HELD)
        status = write_end(store, id, RP_OUTCOME_RETURNED, 0, error, err);
    if (status < 0)
        return status;
    return change(store, id, &standing, states[outcome], again ? due_ms : RP_NEVER,
                  again ? RP_NEVER : now_ms, err);
}

int rp_outbox_end_leases(struct rp_store *store, int64_t now_ms, struct rp_err *err)
{
    sqlite3_stmt *stmt;

    rp_store_writing(store);
    int status = rp_sql_get(store, RP_SQL_OUTBOX_END_LEASES, sql_end_leases, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, now_ms);
    return rp_sql_run(store, stmt, "writing the outbox", err);
}

int rp_outbox_hasten(struct rp_store *store, int64_t now_ms, int64_t until_ms, struct rp_err *err)
{
    static const char *const sql[] = {
        "UPDATE outbox SET due_ms = ?1, wake_ms = ?1 WHERE wake_ms IS NOT NULL AND kind <> 4 AND "
        "wake_ms > ?1 AND wake_ms <= ?2 AND state = 0",
        "UPDATE outbox SET due_ms = ?1, wake_ms = ?1 WHERE wake_ms IS NOT NULL AND kind = 4 AND "
        "wake_ms > ?1 AND wake_ms <= ?2 AND state = 0"};
    int status = 0;

    rp_store_writing(store);
    for (int way = 0; way < 2 && status == 0; way++) {
        sqlite3_stmt *stmt;

        status = rp_sql_get(store, way ? RP_SQL_OUTBOX_HASTEN_MAIL : RP_SQL_OUTBOX_HASTEN, sql[way],
                            &stmt, err);
        if (status < 0)
            return status;
        rp_bind_int(stmt, 1, now_ms);
        rp_bind_int(stmt, 2, until_ms);
        status = rp_sql_run(store, stmt, "writing the outbox", err);
    }
    return status;
}

/* By hand: from pending or dead, and from held when nothing but a dry run held it. */
static int by_hand(struct rp_store *store, int64_t id, enum rp_outbox_state state, int64_t now_ms,
                   struct rp_err *err)
{
    struct standing standing;
    bool retry = state == RP_OUTBOX_PENDING;

    rp_store_writing(store);
    int status = look_up(store, id, &standing, err);
    if (status < 0)
        return status;
    if (standing.state != RP_OUTBOX_PENDING && standing.state != RP_OUTBOX_DEAD &&
        !(standing.state == RP_OUTBOX_HELD && standing.dry))
        return rp_err_set(err, RIPEN_EDENIED,
                          "action %lld is %s; only a pending or dead one can be %s", (long long)id,
                          rp_outbox_state_name(standing.state),
                          retry ? "tried again" : "cancelled");
    return change(store, id, &standing, state, retry ? now_ms : RP_NEVER, retry ? RP_NEVER : now_ms,
                  err);
}

int rp_outbox_retry(struct rp_store *store, int64_t id, int64_t now_ms, struct rp_err *err)
{
    return by_hand(store, id, RP_OUTBOX_PENDING, now_ms, err);
}

int rp_outbox_cancel(struct rp_store *store, int64_t id, int64_t now_ms, struct rp_err *err)
{
    return by_hand(store, id, RP_OUTBOX_CANCELLED, now_ms, err);
}

int rp_outbox_list(struct rp_arena *arena, struct rp_store *store, int state, int64_t lead,
                   int64_t before_id, size_t max, struct rp_outbox_row **ret_rows,
                   size_t *ret_count, struct rp_err *err)
{
    bool by_state = lead == 0 && state >= 0 && state != RP_OUTBOX_DELIVERED;
    struct rp_outbox_row *rows = RP_ARENA_ARRAY(arena, struct rp_outbox_row, max);
    size_t count = 0;
    sqlite3_stmt *stmt;
    int status;

    if (lead != 0)
        status = rp_sql_get(store, RP_SQL_OUTBOX_LIST_LEAD, sql_list_lead, &stmt, err);
    else if (by_state)
        status = rp_sql_get(store, RP_SQL_OUTBOX_LIST_STATE, sql_list_state, &stmt, err);
    else
        status = rp_sql_get(store, RP_SQL_OUTBOX_LIST, sql_list, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, state);
    rp_bind_int(stmt, 2, lead);
    rp_bind_int(stmt, 3, before_id > 0 ? before_id : INT64_MAX);
    rp_bind_int(stmt, 4, (int64_t)max);
    while ((status = rp_sql_step(store, stmt, "reading the outbox", err)) == 1)
        read_row(arena, store, stmt, &rows[count++]);
    if (status < 0)
        return status;
    *ret_rows = rows;
    *ret_count = count;
    return 0;
}

int rp_outbox_find(struct rp_arena *arena, struct rp_store *store,
                   const struct rp_outbox_filter *filter, int64_t before_id, size_t max,
                   struct rp_outbox_row **ret_rows, size_t *ret_count, struct rp_err *err)
{
    bool by_state = filter->state >= 0 && filter->state != RP_OUTBOX_DELIVERED;
    struct rp_outbox_row *rows = RP_ARENA_ARRAY(arena, struct rp_outbox_row, max);
    size_t count = 0;
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, by_state ? RP_SQL_OUTBOX_FIND_STATE : RP_SQL_OUTBOX_FIND,
                            by_state ? sql_find_state : sql_find, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, before_id > 0 ? before_id : INT64_MAX);
    rp_bind_int(stmt, 2, filter->state);
    rp_bind_int(stmt, 3, filter->lead);
    rp_bind_int(stmt, 4, filter->since_ms);
    rp_bind_int(stmt, 5, filter->id);
    rp_bind_text(stmt, 6, filter->action);
    rp_bind_text(stmt, 7, filter->to);
    rp_bind_int(stmt, 8, (int64_t)max);
    while ((status = rp_sql_step(store, stmt, "reading the outbox", err)) == 1)
        read_row(arena, store, stmt, &rows[count++]);
    if (status < 0)
        return status;
    *ret_rows = rows;
    *ret_count = count;
    return 0;
}

int rp_outbox_held_assigns(struct rp_arena *arena, struct rp_store *store, int64_t after_id,
                           int64_t since_ms, size_t max, struct rp_outbox_row **ret_rows,
                           size_t *ret_count, struct rp_err *err)
{
    struct rp_outbox_row *rows = RP_ARENA_ARRAY(arena, struct rp_outbox_row, max);
    size_t count = 0;
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_OUTBOX_HELD_ASSIGNS, sql_held_assigns, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, RP_ACTION_ASSIGN);
    rp_bind_int(stmt, 2, after_id);
    rp_bind_int(stmt, 3, since_ms);
    rp_bind_int(stmt, 4, (int64_t)max);
    while ((status = rp_sql_step(store, stmt, "reading the outbox", err)) == 1)
        read_row(arena, store, stmt, &rows[count++]);
    *ret_rows = rows;
    *ret_count = count;
    return status;
}

int rp_outbox_assigned(struct rp_store *store, int64_t id, struct rp_str body, int64_t now_ms,
                       struct rp_err *err)
{
    sqlite3_stmt *stmt;

    rp_store_writing(store);
    int status = rp_sql_get(store, RP_SQL_OUTBOX_ASSIGNED, sql_assigned, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, id);
    rp_bind_text(stmt, 2, body);
    rp_bind_int(stmt, 3, now_ms);
    return rp_sql_run(store, stmt, "writing the outbox", err);
}

int64_t rp_outbox_due(struct rp_store *store, enum rp_outbox_way way)
{
    int64_t http = RP_NEVER, mail = RP_NEVER;

    if (way != RP_WAY_MAIL)
        http = rp_sql_number(store, RP_SQL_OUTBOX_DUE, sql_due_http, RP_NEVER);
    if (way != RP_WAY_HTTP)
        mail = rp_sql_number(store, RP_SQL_OUTBOX_DUE_MAIL, sql_due_mail, RP_NEVER);
    if (http == RP_NEVER || mail == RP_NEVER)
        return http == RP_NEVER ? mail : http;
    return http < mail ? http : mail;
}

int64_t rp_outbox_count(struct rp_store *store, enum rp_outbox_state state)
{
    sqlite3_stmt *stmt;
    int64_t count = 0;

    if (state == RP_OUTBOX_DELIVERED)
        return rp_sql_number(store, RP_SQL_OUTBOX_COUNT_ALL, sql_delivered, 0);
    if (rp_sql_get(store, RP_SQL_OUTBOX_COUNT, sql_count, &stmt, NULL) < 0)
        return 0;
    rp_bind_int(stmt, 1, state);
    if (rp_sql_step(store, stmt, "counting actions", NULL) == 1) {
        count = sqlite3_column_int64(stmt, 0);
        sqlite3_reset(stmt);
    }
    return count;
}

int64_t rp_outbox_oldest(struct rp_store *store)
{
    return rp_sql_number(store, RP_SQL_OUTBOX_OLDEST, sql_oldest, RP_NEVER);
}
