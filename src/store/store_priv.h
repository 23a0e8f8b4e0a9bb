/* SPDX-License-Identifier: MIT */
/* What the files of store/ share: the handle, its prepared statements and the border to SQLite.
 * Nobody outside of store/ includes this. Each file owns its SQL texts and names its statements in
 * enum rp_sql; a statement is prepared at its first use and lives as long as the handle. */
#ifndef RP_STORE_STORE_PRIV_H
#define RP_STORE_STORE_PRIV_H

#include "base/arena.h"
#include "base/when.h"
#include "store/db.h"

#include <sqlite3.h>

#define RP_STORE_MAGIC       UINT32_C(0x52505331)
#define RP_STORE_APPLICATION 0x5249504e /* "RIPN", in the header of the file */

enum rp_sql {
    RP_SQL_BEGIN,
    RP_SQL_BEGIN_READ,
    RP_SQL_COMMIT,
    RP_SQL_ROLLBACK,
    RP_SQL_DATA_VERSION,
    RP_SQL_META_GET,
    RP_SQL_META_SET,
    RP_SQL_NAME_FIND,
    RP_SQL_NAME_GET,
    RP_SQL_NAME_ADD,
    RP_SQL_NAME_COUNT,
    RP_SQL_TAIL_GET,
    RP_SQL_TAIL_ADD,
    RP_SQL_TAIL_NEWEST,
    RP_SQL_NODE_FIND,
    RP_SQL_NODE_GET,
    RP_SQL_NODE_NEWEST,
    RP_SQL_NODE_ADD,
    RP_SQL_NODE_MOVE,
    RP_SQL_LEAD_ADD,
    RP_SQL_LEAD_MERGED,
    RP_SQL_LEAD_FIND,
    RP_SQL_LEAD_INTO,
    RP_SQL_EVENT_ADD,
    RP_SQL_EVENT_GET,
    RP_SQL_EVENT_NEWEST,
    RP_SQL_STATE_GET,
    RP_SQL_STATE_PUT,
    RP_SQL_STATE_REMOVE,
    RP_SQL_STATE_IDS,
    RP_SQL_STATE_COUNT,
    RP_SQL_MOVE_ADD,
    RP_SQL_MOVE_LIST,
    RP_SQL_MOVE_GET,
    RP_SQL_FAULT_ADD,
    RP_SQL_FAULT_LIST,
    RP_SQL_OUTBOX_ADD,
    RP_SQL_OUTBOX_GET,
    RP_SQL_OUTBOX_DUE,
    RP_SQL_OUTBOX_DUE_MAIL,
    RP_SQL_OUTBOX_CLAIM,
    RP_SQL_OUTBOX_CLAIM_MAIL,
    RP_SQL_OUTBOX_LEASE,
    RP_SQL_OUTBOX_HEAD,
    RP_SQL_OUTBOX_LEASED,
    RP_SQL_OUTBOX_WAKE,
    RP_SQL_OUTBOX_STATE,
    RP_SQL_OUTBOX_END,
    RP_SQL_OUTBOX_RETURN,
    RP_SQL_OUTBOX_END_LEASES,
    RP_SQL_OUTBOX_LIST,
    RP_SQL_OUTBOX_LIST_STATE,
    RP_SQL_OUTBOX_LIST_LEAD,
    RP_SQL_OUTBOX_COUNT,
    RP_SQL_OUTBOX_COUNT_ALL,
    RP_SQL_OUTBOX_OLDEST,
    RP_SQL_GENERATION_FIND,
    RP_SQL_GENERATION_ADD,
    RP_SQL_GENERATION_SET,
    RP_SQL_GENERATION_GET,
    RP_SQL_GENERATION_LIST,
    RP_SQL_GENERATION_PRUNE,
    RP_SQL_GENERATION_ENTERED,
    RP_SQL_GENERATION_BEFORE,
    RP_SQL_REQUEST_ADD,
    RP_SQL_REQUEST_NEXT,
    RP_SQL_REQUEST_GET,
    RP_SQL_REQUEST_ANSWER,
    RP_SQL_REQUEST_PRUNE,
    RP_SQL_REQUEST_NEWEST,
    RP_SQL_LEAD_NEWEST,
    RP_SQL_MERGE_ADD,
    RP_SQL_MERGE_NEWEST,
    RP_SQL_MERGE_NODES,
    RP_SQL_MERGE_UNDO,
    RP_SQL_MERGED_INTO,
    RP_SQL_APART_ADD,
    RP_SQL_APART_GET,
    RP_SQL_APART_EVER,
    RP_SQL_REFUSAL_ADD,
    RP_SQL_FORGOTTEN_COUNT,
    RP_SQL_FORGOTTEN_ADD,
    RP_SQL_FORGOTTEN_GET,
    RP_SQL_KEY_ADD,
    RP_SQL_KEY_REVOKE,
    RP_SQL_KEY_LIST,
    RP_SQL_KEY_GET,
    RP_SQL_AUDIT_ADD,
    RP_SQL_AUDIT_LIST,
    RP_SQL_RUN_LIST,
    RP_SQL_RUN_PUT,
    RP_SQL_RUN_REMOVE,
    RP_SQL_PAGE_GET,
    RP_SQL_PAGE_ADD,
    RP_SQL_PAGE_REMOVE,
    RP_SQL_FILTER_LIST,
    RP_SQL_FILTER_ADD,
    RP_SQL_FILTER_REMOVE,
    RP_SQL_MESSAGE_LIST,
    RP_SQL_ASIDE_LIST,
    RP_SQL_ASIDE_PUT,
    RP_SQL_ASIDE_REMOVE,
    RP_SQL_ASIDE_MOVE,
    RP_SQL_ASIDE_EVENT_ADD,
    RP_SQL_ASIDE_EVENTS,
    RP_SQL_ASIDE_EVENTS_DONE,
    RP_SQL_EVENT_LINK,
    RP_SQL_SCAN_NODES,
    RP_SQL_SCAN_LAST_NODE,
    RP_SQL_SCAN_EVENTS,
    RP_SQL_SCAN_STATES,
    RP_SQL_SCAN_LAST_LEAD,
    RP_SQL_VERIFY_STATE,
    RP_SQL_VERIFY_GRANTED,
    RP_SQL_LEADS_PLAIN,
    RP_SQL_LEADS_CELLS,
    RP_SQL_TIMER_PUT,
    RP_SQL_TIMER_REMOVE,
    RP_SQL_TIMER_GET,
    RP_SQL_TIMER_EACH,
    RP_SQL_TIMER_COUNT,
    RP_SQL_STATUS_ADD,
    RP_SQL_STATUS_LIST,
    RP_SQL_STATUS_LAST,
    RP_SQL_RULE_COUNT_LIST,
    RP_SQL_RULE_COUNT_PUT,
    RP_SQL_RULE_COUNT_RENAME,
    RP_SQL_LEADS_NEWEST,
    RP_SQL_ASSIGNMENT_END,
    RP_SQL_ASSIGNMENT_ADD,
    RP_SQL_ASSIGNMENT_LIST,
    RP_SQL_ASSIGNMENT_UNDO,
    RP_SQL_ASSIGNMENT_PRESENT,
    RP_SQL_ASSIGNMENT_OWNED,
    RP_SQL_TEAM_LAST,
    RP_SQL_TEAM_TURN,
    RP_SQL_TASK_ADD,
    RP_SQL_TASK_GET,
    RP_SQL_TASK_OPEN,
    RP_SQL_TASK_DONE,
    RP_SQL_TASK_ALL,
    RP_SQL_TASK_CLAIM,
    RP_SQL_TASK_FINISH,
    RP_SQL_TASK_CLOSE,
    RP_SQL_TASK_NOTE,
    RP_SQL_TASK_FOLLOW,
    RP_SQL_REPORT_MOVES,
    RP_SQL_REPORT_EVENTS,
    RP_SQL_REPORT_TEXTS,
    RP_SQL_REPORT_ACTIONS,
    RP_SQL_REPORT_TIMES,
    RP_SQL_REPORT_MERGES,
    RP_SQL_EXPERIMENT_PUT,
    RP_SQL_EXPERIMENT_LIST,
    RP_SQL_PERIOD_BEGIN,
    RP_SQL_PERIOD_END,
    RP_SQL_PERIOD_LIST,
    RP_SQL_DEALT_PUT,
    RP_SQL_DEALT_REMOVE,
    RP_SQL_DEALT_FLAGS,
    RP_SQL_DEALT_LIST,
    RP_SQL_UNIT_GET,
    RP_SQL_UNIT_PUT,
    RP_SQL_ENTRY_ADD,
    RP_SQL_OUTCOME_EACH,
    RP_SQL_ENTRY_EACH,
    RP_SQL_NOTED_EACH,
    RP_SQL_BASE_RATE,
    RP_SQL_NODE_KNOWN,
    RP_SQL_OUTBOX_HASTEN,
    RP_SQL_OUTBOX_HASTEN_MAIL,
    RP_SQL_OUTBOX_FIND,
    RP_SQL_OUTBOX_FIND_STATE,
    RP_SQL_OUTBOX_HELD_ASSIGNS,
    RP_SQL_OUTBOX_ASSIGNED,
    RP_SQL_PAUSE_LIST,
    RP_SQL_PAUSE_SET,
    RP_SQL_PAUSE_DROP,
    RP_SQL_SEQUENCE_ADD,
    RP_SQL_SEQUENCE_SET,
    RP_SQL_SEQUENCE_LIST,
    RP_SQL_SEQUENCE_MERGED,
    RP_SQL_SEQUENCE_LIVE,
    RP_SQL_SEQUENCE_ENDED,
    RP_SQL_SEQUENCE_PLACE,
    RP_SQL_SEQUENCE_PLACE_COUNT,
    RP_SQL_SEQUENCE_STEP_ADD,
    RP_SQL_SEQUENCE_STEPS,
    RP_SQL_SEQUENCE_ACTS,
    RP_SQL_CRM_GET,
    RP_SQL_CRM_SET,
    RP_SQL_ATTEMPT_ADD,
    RP_SQL_ATTEMPT_LIST,
    RP_SQL_ATTEMPT_PRUNE,
    RP_SQL_SUPPRESSION_ADD,
    RP_SQL_SUPPRESSION_GET,
    RP_SQL_SUPPRESSION_REMOVE,
    RP_SQL_SUPPRESSION_FORGET,
    RP_SQL_SUPPRESSION_FORGET_AUDIT,
    RP_SQL_SUPPRESSION_LIST,
    RP_SQL_MAILS_SINCE,
    RP_SQL_HIT_ADD,
    RP_SQL_HIT_LIST,
    RP_SQL_HIT_JUDGE,
    RP_SQL_HIT_OWED,
    RP_SQL_HIT_PRUNE,
    RP_SQL_HIT_MAIL,
    RP_SQL_COUNT
};

struct rp_names;
struct rp_nodes;
struct rp_tails;
struct rp_dedup;

struct rp_store {
    uint32_t magic;
    enum rp_store_mode mode;
    sqlite3 *db;
    char *path;
    int lock_fd;         /* -1: no lock held */
    bool writing;        /* a write transaction is open */
    bool reading;        /* a snapshot is open */
    _Atomic bool broken; /* the disk failed in a way after which nothing may be promised */
    struct rp_wal *_Atomic unsynced; /* has commits that rp_store_sync is to make durable */
    int failed;                      /* status of the first write that failed in this transaction */
    int wal_pages;                   /* in the WAL after the last commit */
    int wal_limit, wal_next;         /* written back past so many pages; next time at */
    int64_t wal_back_us;             /* when it was last */
    int64_t newest; /* newest event row, known while a transaction is open; < 0: not looked up */
    uint8_t secret[16];
    sqlite3_stmt *stmts[RP_SQL_COUNT];
    struct rp_names *names;
    struct rp_nodes *nodes;
    struct rp_tails *tails;
    struct rp_dedup *dedup; /* NULL before rp_dedup_open */
};

/* Translates SQLite's last error; `doing` starts the sentence ("appending an event"). Remembers it
 * for the open transaction, which then cannot be committed. */
int rp_sql_fail(struct rp_store *store, const char *doing, struct rp_err *err);
/* The statement, ready to be bound. */
RP_MUST_USE int rp_sql_get(struct rp_store *store, enum rp_sql which, const char *sql,
                           sqlite3_stmt **ret_stmt, struct rp_err *err);
/* One step: 1 a row (the caller resets), 0 the end (reset), < 0 an error (reset). */
RP_MUST_USE int rp_sql_step(struct rp_store *store, sqlite3_stmt *stmt, const char *doing,
                            struct rp_err *err);
/* Steps a statement that gives no rows. */
RP_MUST_USE int rp_sql_run(struct rp_store *store, sqlite3_stmt *stmt, const char *doing,
                           struct rp_err *err);
/* Runs SQL text without results. */
RP_MUST_USE int rp_sql_exec(struct rp_store *store, const char *sql, const char *doing,
                            struct rp_err *err);
/* The one number that a query without parameters gives; fallback: no row or NULL. */
int64_t rp_sql_number(struct rp_store *store, enum rp_sql which, const char *sql, int64_t fallback);

/* Binding; texts are borrowed until the reset. */
void rp_bind_int(sqlite3_stmt *stmt, int at, int64_t value);
void rp_bind_int_or_null(sqlite3_stmt *stmt, int at, int64_t value); /* 0 is NULL */
void rp_bind_time(sqlite3_stmt *stmt, int at, int64_t ms);           /* RP_NEVER is NULL */
void rp_bind_text(sqlite3_stmt *stmt, int at, struct rp_str text);
void rp_bind_blob(sqlite3_stmt *stmt, int at, const void *bytes, size_t len);
struct rp_str rp_column_view(sqlite3_stmt *stmt, int at); /* until the next step */
struct rp_str rp_column_text(struct rp_arena *arena, sqlite3_stmt *stmt, int at);
int64_t rp_column_time(sqlite3_stmt *stmt, int at); /* NULL is RP_NEVER */

/* The lead ?1 and all that became part of it, also through others: for `lead IN`. */
#define RP_SQL_LEADS                                                                               \
    "(WITH RECURSIVE part (id) AS (SELECT ?1 UNION SELECT l.id FROM lead_rows AS l JOIN part "     \
    "ON l.merged_into = part.id) SELECT id FROM part)"

/* Asserts that a write transaction is open. */
void rp_store_writing(const struct rp_store *store);

/* The lock that one server or import holds. */
RP_MUST_USE int rp_store_lock(struct rp_store *store, struct rp_err *err);
void rp_store_unlock(struct rp_store *store);

/* migrate.c: brings the file to the newest schema or, for READ, checks it. */
RP_MUST_USE int rp_store_migrate(struct rp_store *store, struct rp_err *err);

/* Caches of the handle: made at open, told about the end of each transaction. */
struct rp_names *rp_names_new(void);
void rp_names_free(struct rp_names *names);
void rp_names_end(struct rp_store *store, bool committed);
struct rp_nodes *rp_nodes_new(void);
void rp_nodes_free(struct rp_nodes *nodes);
void rp_nodes_end(struct rp_store *store, bool committed);
void rp_nodes_snapshot(struct rp_store *store); /* a reader's snapshot begins */
void rp_nodes_forget(struct rp_store *store);   /* nodes were removed */
struct rp_tails *rp_tails_new(void);
void rp_tails_free(struct rp_tails *tails);
void rp_tails_end(struct rp_store *store, bool committed);
void rp_dedup_free(struct rp_dedup *dedup);
void rp_dedup_end(struct rp_store *store, bool committed);

/* names.c: a number for an event's name, 0 when there are too many names already. */
RP_MUST_USE int rp_name_bounded(struct rp_store *store, struct rp_str text, int64_t *ret_id,
                                struct rp_err *err);

/* tails.c: how much of an event's body to store, and the number of the tail that the rest is (0:
 * none). */
struct rp_event;
RP_MUST_USE int rp_tail_cut(struct rp_store *store, const struct rp_event *event, size_t *ret_head,
                            int64_t *ret_tail, struct rp_err *err);
RP_MUST_USE int rp_tail_get(struct rp_store *store, int64_t tail, struct rp_str *ret_text,
                            struct rp_err *err); /* valid until the next call */

/* events.c: a messageId column as text; borrows from the row or from buf. */
#define RP_MESSAGE_TEXT 37
struct rp_str rp_message_text(sqlite3_stmt *stmt, int at, char buf[RP_MESSAGE_TEXT]);

/* identities.c: the node of an identifier if it is cached, else 0. */
int64_t rp_node_cached(struct rp_store *store, int kind, struct rp_str value);

#endif
