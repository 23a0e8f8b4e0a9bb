/* SPDX-License-Identifier: MIT */
/* Merges, refusals, pairs taken apart, and forgetting. Whatever table has a column `lead` holds
 * rows of a lead; forgetting asks the schema for them, so that a table that comes later is not
 * overlooked. Numbers of rows are never given out twice: the newest row of a table whose numbers
 * others keep is emptied and stays. */
#include "store/people.h"

#include "base/hash.h"
#include "store/store_priv.h"

#include <stdio.h>

static const char sql_merge_add[] =
    "INSERT INTO merge_rows (at_ms, from_lead, into_lead, nodes) VALUES (?1, ?2, ?3, ?4)";
static const char sql_merge_newest[] =
    "SELECT id, at_ms, from_lead, into_lead, nodes FROM merge_rows "
    "WHERE (from_lead = ?1 OR into_lead = ?1) AND undone_ms IS NULL ORDER BY id DESC LIMIT 1";
static const char sql_merge_nodes[] =
    "SELECT value FROM merge_rows, json_each(merge_rows.nodes) WHERE merge_rows.id = ?1";
static const char sql_merge_undo[] = "UPDATE merge_rows SET undone_ms = ?2 WHERE id = ?1";
static const char sql_merged_into[] = "SELECT id FROM lead_rows WHERE merged_into = ?1";
static const char sql_apart_add[] =
    "INSERT OR IGNORE INTO apart_rows (lead, other, at_ms) VALUES (?1, ?2, ?3)";
static const char sql_apart_get[] = "SELECT 1 FROM apart_rows WHERE lead = ?1 AND other = ?2";
static const char sql_apart_ever[] =
    "SELECT 1 FROM apart_rows WHERE lead IN " RP_SQL_LEADS " OR other IN " RP_SQL_LEADS " LIMIT 1";
static const char sql_refusal_add[] =
    "INSERT OR IGNORE INTO refusal_rows (lead, other, reason, at_ms) VALUES (?1, ?2, ?3, ?4)";
static const char sql_count[] =
    "INSERT INTO forgotten_counts (day, stage, leads, events, actions) "
    "VALUES (?1, ?2, 1, ?3, ?4) ON CONFLICT (day, stage) DO UPDATE SET leads = leads + 1, "
    "events = events + excluded.events, actions = actions + excluded.actions";
static const char sql_forgotten_add[] =
    "INSERT OR IGNORE INTO forgotten_rows (digest, at_ms) VALUES (?1, ?2)";
static const char sql_forgotten_get[] = "SELECT 1 FROM forgotten_rows WHERE digest = ?1";
static const char sql_actions[] = "SELECT count(*) FROM outbox WHERE lead = ?1";
static const char sql_tables[] =
    "SELECT m.name FROM sqlite_schema AS m JOIN pragma_table_info(m.name) AS c "
    "WHERE m.type = 'table' AND c.name = 'lead' ORDER BY m.name";

/* Every event's row is emptied and stays, not the newest alone: to delete rows makes SQLite move
 * their neighbours to other pages, and what is left of a neighbour in the unused middle of the old
 * page outlives the day on which it is to be forgotten too. A row that shrinks moves nothing. ?1 is
 * the event's number. */
static const char *const event_sql[] = {
    "UPDATE event_rows SET node = 0, prev = NULL, kind = 0, name = NULL, message_id = '', "
    "user = NULL, anonymous = NULL, previous_id = NULL, group_id = NULL, granted = NULL, "
    "tail = NULL, body = '{}' WHERE id = ?1",
    "DELETE FROM fault_rows WHERE event = ?1",
};
static const char *const newest_sql[] = {
    "UPDATE nodes SET lead = 0, kind = 0, value = 'forgotten:' || id "
    "WHERE lead = ?1 AND id = (SELECT max(id) FROM nodes)",
    "UPDATE outbox SET lead = 0, key = 'forgotten:' || id, body = '', error = '', state = 4, "
    "wake_ms = NULL, lease_ms = NULL WHERE lead = ?1 AND id = (SELECT max(id) FROM outbox)",
};
static const char *const last_sql[] = {
    "DELETE FROM merge_rows WHERE from_lead = ?1 OR into_lead = ?1",
    "DELETE FROM refusal_rows WHERE other = ?1",
    "DELETE FROM apart_rows WHERE other = ?1",
    "DELETE FROM audit_rows WHERE subject = (SELECT public_id FROM lead_rows WHERE id = ?1)",
    "UPDATE request_rows SET body = '', answer = '' "
    "WHERE (answered_ms IS NOT NULL OR verb = 'forget') AND ?1 > 0",
    "UPDATE lead_rows SET public_id = 'forgotten:' || id, merged_into = NULL "
    "WHERE id = ?1 AND id = (SELECT max(id) FROM lead_rows)",
    "DELETE FROM lead_rows WHERE id = ?1 AND id < (SELECT max(id) FROM lead_rows)",
};

/* Beside the pair that was taken apart each of the two stands for itself, so that it is known of
 * one when the other is forgotten. */
#define NOBODY 0

/* ---- Merges ---------------------------------------------------------------------------------- */

int rp_merge_add(struct rp_store *store, const struct rp_merge *merge, struct rp_err *err)
{
    struct rp_buf nodes = {0};
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_MERGE_ADD, sql_merge_add, &stmt, err);

    rp_store_writing(store);
    if (status < 0)
        return status;
    for (size_t i = 0; i < merge->node_count; i++)
        rp_buf_printf(&nodes, "%c%lld", i ? ',' : '[', (long long)merge->nodes[i]);
    rp_buf_text(&nodes, merge->node_count ? "]" : "[]");
    rp_bind_int(stmt, 1, merge->at_ms);
    rp_bind_int(stmt, 2, merge->from);
    rp_bind_int(stmt, 3, merge->into);
    rp_bind_text(stmt, 4, rp_buf_view(&nodes));
    status = rp_sql_run(store, stmt, "recording a merge", err);
    rp_buf_fini(&nodes);
    return status;
}

/* The numbers that a query gives in its first column, for one number. */
static int list_numbers(struct rp_arena *arena, struct rp_store *store, enum rp_sql which,
                        const char *sql, int64_t of, int64_t **ret_numbers, size_t *ret_count,
                        struct rp_err *err)
{
    int64_t *numbers = NULL;
    size_t count = 0, cap = 0;
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, which, sql, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, of);
    while ((status = rp_sql_step(store, stmt, "reading who is who", err)) == 1) {
        if (count == cap) {
            int64_t *more = RP_ARENA_ARRAY(arena, int64_t, cap * 2 + 8);

            if (count)
                memcpy(more, numbers, count * sizeof(*numbers));
            numbers = more;
            cap = cap * 2 + 8;
        }
        numbers[count++] = sqlite3_column_int64(stmt, 0);
    }
    *ret_numbers = numbers;
    *ret_count = count;
    return status;
}

int rp_merge_newest(struct rp_arena *arena, struct rp_store *store, int64_t lead,
                    struct rp_merge *ret_merge, struct rp_err *err)
{
    struct rp_merge merge;
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_MERGE_NEWEST, sql_merge_newest, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, lead);
    status = rp_sql_step(store, stmt, "reading a merge", err);
    if (status < 0)
        return status;
    if (status == 0)
        return rp_err_set(err, RIPEN_ENOTFOUND, "this lead was merged with nobody");
    merge = (struct rp_merge){
        .id = sqlite3_column_int64(stmt, 0),
        .at_ms = sqlite3_column_int64(stmt, 1),
        .from = sqlite3_column_int64(stmt, 2),
        .into = sqlite3_column_int64(stmt, 3),
    };
    sqlite3_reset(stmt);
    status = list_numbers(arena, store, RP_SQL_MERGE_NODES, sql_merge_nodes, merge.id, &merge.nodes,
                          &merge.node_count, err);
    if (status == 0)
        *ret_merge = merge;
    return status;
}

int rp_merged_into(struct rp_arena *arena, struct rp_store *store, int64_t lead,
                   int64_t **ret_leads, size_t *ret_count, struct rp_err *err)
{
    return list_numbers(arena, store, RP_SQL_MERGED_INTO, sql_merged_into, lead, ret_leads,
                        ret_count, err);
}

/* Pairs stand with the smaller number first. */
static void bind_pair(sqlite3_stmt *stmt, int64_t lead, int64_t other)
{
    rp_bind_int(stmt, 1, lead < other ? lead : other);
    rp_bind_int(stmt, 2, lead < other ? other : lead);
}

static int apart_add(struct rp_store *store, int64_t lead, int64_t other, int64_t now_ms,
                     struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_APART_ADD, sql_apart_add, &stmt, err);

    if (status < 0)
        return status;
    bind_pair(stmt, lead, other);
    rp_bind_int(stmt, 3, now_ms);
    return rp_sql_run(store, stmt, "recording a pair taken apart", err);
}

int rp_merge_undo(struct rp_store *store, const struct rp_merge *merge, int64_t now_ms,
                  struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_MERGE_UNDO, sql_merge_undo, &stmt, err);

    rp_store_writing(store);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, merge->id);
    rp_bind_int(stmt, 2, now_ms);
    status = rp_sql_run(store, stmt, "undoing a merge", err);
    if (status == 0)
        status = apart_add(store, merge->from, merge->into, now_ms, err);
    if (status == 0)
        status = apart_add(store, merge->from, NOBODY, now_ms, err);
    return status == 0 ? apart_add(store, merge->into, NOBODY, now_ms, err) : status;
}

bool rp_people_apart(struct rp_store *store, int64_t lead, int64_t other)
{
    sqlite3_stmt *stmt;
    bool apart;

    if (rp_sql_get(store, RP_SQL_APART_GET, sql_apart_get, &stmt, NULL) < 0)
        return false;
    bind_pair(stmt, lead, other);
    apart = rp_sql_step(store, stmt, "looking a pair up", NULL) == 1;
    sqlite3_reset(stmt);
    return apart;
}

bool rp_people_apart_ever(struct rp_store *store, int64_t lead)
{
    sqlite3_stmt *stmt;
    bool apart;

    if (rp_sql_get(store, RP_SQL_APART_EVER, sql_apart_ever, &stmt, NULL) < 0)
        return false;
    rp_bind_int(stmt, 1, lead);
    apart = rp_sql_step(store, stmt, "looking a pair up", NULL) == 1;
    sqlite3_reset(stmt);
    return apart;
}

int rp_refusal_add(struct rp_store *store, int64_t lead, int64_t other, struct rp_str reason,
                   int64_t at_ms, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int64_t name;
    int status = rp_store_name_id(store, reason, &name, err);

    rp_store_writing(store);
    if (status == 0)
        status = rp_sql_get(store, RP_SQL_REFUSAL_ADD, sql_refusal_add, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, lead);
    rp_bind_int(stmt, 2, other);
    rp_bind_int(stmt, 3, name);
    rp_bind_int(stmt, 4, at_ms);
    return rp_sql_run(store, stmt, "recording a refused join", err);
}

/* ---- Forgetting ------------------------------------------------------------------------------ */

int rp_forgotten_count(struct rp_store *store, const struct rp_forgotten *forgotten,
                       struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int64_t stage = 0;
    int status = forgotten->stage.len ? rp_store_name_id(store, forgotten->stage, &stage, err) : 0;

    rp_store_writing(store);
    if (status == 0)
        status = rp_sql_get(store, RP_SQL_FORGOTTEN_COUNT, sql_count, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, forgotten->at_ms / RP_DAY);
    rp_bind_int(stmt, 2, stage);
    rp_bind_int(stmt, 3, forgotten->events);
    rp_bind_int(stmt, 4, forgotten->actions);
    return rp_sql_run(store, stmt, "counting a forgotten lead", err);
}

static void digest_of(const struct rp_store *store, struct rp_str identifier, char digest[27])
{
    struct rp_digest *made = rp_digest_new(store->secret, sizeof(store->secret));

    rp_digest_part(made, identifier);
    rp_digest_end(made, digest);
}

int rp_forgotten_add(struct rp_store *store, struct rp_str identifier, int64_t at_ms,
                     struct rp_err *err)
{
    char digest[27];
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_FORGOTTEN_ADD, sql_forgotten_add, &stmt, err);

    rp_store_writing(store);
    if (status < 0)
        return status;
    digest_of(store, identifier, digest);
    rp_bind_blob(stmt, 1, digest, sizeof(digest) - 1);
    rp_bind_int(stmt, 2, at_ms);
    return rp_sql_run(store, stmt, "remembering whom to forget", err);
}

bool rp_forgotten_has(struct rp_store *store, struct rp_str identifier)
{
    char digest[27];
    sqlite3_stmt *stmt;
    bool found;

    if (rp_sql_get(store, RP_SQL_FORGOTTEN_GET, sql_forgotten_get, &stmt, NULL) < 0)
        return false;
    digest_of(store, identifier, digest);
    rp_bind_blob(stmt, 1, digest, sizeof(digest) - 1);
    found = rp_sql_step(store, stmt, "looking a forgotten identifier up", NULL) == 1;
    sqlite3_reset(stmt);
    return found;
}

/* Runs statements that are too rare to be kept, each with the one number. */
static int run_each(struct rp_store *store, const char *const *texts, size_t count, int64_t number,
                    struct rp_err *err)
{
    int status = 0;

    for (size_t i = 0; i < count && status == 0; i++) {
        sqlite3_stmt *stmt = NULL;

        if (sqlite3_prepare_v2(store->db, texts[i], -1, &stmt, NULL) != SQLITE_OK)
            status = rp_sql_fail(store, "forgetting a lead", err);
        if (status == 0) {
            rp_bind_int(stmt, 1, number);
            status = rp_sql_run(store, stmt, "forgetting a lead", err);
        }
        sqlite3_finalize(stmt);
    }
    return status;
}

int rp_event_remove(struct rp_store *store, int64_t event, struct rp_err *err)
{
    rp_store_writing(store);
    return run_each(store, event_sql, RP_COUNT(event_sql), event, err);
}

/* Removes the lead's rows from every table that has some. */
static int remove_rows(struct rp_store *store, int64_t lead, struct rp_err *err)
{
    struct rp_buf text = {0};
    sqlite3_stmt *tables = NULL;
    int status = 0;

    if (sqlite3_prepare_v2(store->db, sql_tables, -1, &tables, NULL) != SQLITE_OK)
        return rp_sql_fail(store, "forgetting a lead", err);
    while (status == 0 && sqlite3_step(tables) == SQLITE_ROW) {
        const char *sql;

        rp_buf_reset(&text);
        rp_buf_printf(&text, "DELETE FROM \"%s\" WHERE lead = ?1",
                      (const char *)sqlite3_column_text(tables, 0));
        sql = text.ptr;
        status = run_each(store, &sql, 1, lead, err);
    }
    sqlite3_finalize(tables);
    rp_buf_fini(&text);
    return status;
}

int rp_lead_remove(struct rp_store *store, int64_t lead, int64_t *ret_actions, struct rp_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int status = 0;

    rp_store_writing(store);
    *ret_actions = 0;
    if (sqlite3_prepare_v2(store->db, sql_actions, -1, &stmt, NULL) != SQLITE_OK)
        return rp_sql_fail(store, "forgetting a lead", err);
    rp_bind_int(stmt, 1, lead);
    if (sqlite3_step(stmt) == SQLITE_ROW)
        *ret_actions = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    status = run_each(store, newest_sql, RP_COUNT(newest_sql), lead, err);
    if (status == 0)
        status = remove_rows(store, lead, err);
    if (status == 0)
        status = run_each(store, last_sql, RP_COUNT(last_sql), lead, err);
    rp_nodes_forget(store);
    return status;
}
