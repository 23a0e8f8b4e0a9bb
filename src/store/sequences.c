/* SPDX-License-Identifier: MIT */
/* Rows of sequences. What is live is found by a partial index, so that counting it does not read
 * what has ended. */
#include "store/sequences.h"

#include "base/hash.h"
#include "model/decision.h"
#include "store/store_priv.h"

static const char sql_add[] =
    "INSERT INTO sequence_rows (lead, event, sequence, number, step, started_ms, entered_ms, "
    "due_ms, state, waits, passed, generation, started_by, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6, "
    "?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
static const char sql_set[] =
    "UPDATE sequence_rows SET step = ?2, entered_ms = ?3, due_ms = ?4, state = ?5, waits = ?6, "
    "passed = ?7, generation = ?8, reason = ?9, was = NULL WHERE id = ?1";
static const char sql_list[] =
    "SELECT id, event, sequence, number, step, started_ms, entered_ms, due_ms, state, waits, "
    "passed, generation, started_by, reason, was FROM sequence_rows WHERE lead = ?1 ORDER BY id";
static const char sql_merged[] = "UPDATE sequence_rows SET was = state, state = 5, reason = ?2 "
                                 "WHERE lead = ?1 AND state < 2";
static const char sql_live[] =
    "SELECT sequence, step, state, count(*) FROM sequence_rows WHERE state < 2 "
    "GROUP BY sequence, step, state";
static const char sql_ended[] = "SELECT sequence, 0, state, count(*) FROM sequence_rows "
                                "WHERE state >= 2 GROUP BY sequence, state";
static const char sql_place[] = "SELECT sequence, step FROM sequence_rows WHERE state < 2 AND "
                                "(sequence, step) > (?1, ?2) ORDER BY sequence, step LIMIT 1";
static const char sql_place_count[] =
    "SELECT count(*) FROM sequence_rows WHERE state < 2 AND sequence = ?1 AND step = ?2";
static const char sql_step_add[] =
    "INSERT INTO sequence_step_rows (lead, instance, step, at_ms) VALUES (?1, ?2, ?3, ?4)";
static const char sql_steps[] =
    "SELECT instance, step, at_ms FROM sequence_step_rows WHERE lead = ?1 ORDER BY id";
/* A step's row is named "sequence.step". */
static const char sql_acts[] =
    "SELECT o.event, o.created_ms, CASE WHEN o.kind = ?2 THEN o.body ELSE '' END FROM outbox AS o "
    "JOIN names AS n ON n.id = o.action WHERE o.lead = ?1 AND EXISTS (SELECT 1 FROM sequence_rows "
    "AS s JOIN names AS q ON q.id = s.sequence WHERE s.lead = o.lead AND substr(n.text, 1, "
    "length(q.text) + 1) = q.text || '.') ORDER BY o.id";

/* ---- Writing --------------------------------------------------------------------------------- */

static int add(struct rp_store *store, const struct rp_sequence_row *row, int64_t sequence,
               int64_t step, int64_t *ret_id, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_SEQUENCE_ADD, sql_add, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, row->lead);
    rp_bind_int_or_null(stmt, 2, row->event);
    rp_bind_int(stmt, 3, sequence);
    rp_bind_int(stmt, 4, row->in.number);
    rp_bind_int(stmt, 5, step);
    rp_bind_int(stmt, 6, row->in.started_ms);
    rp_bind_int(stmt, 7, row->in.entered_ms);
    rp_bind_int_or_null(stmt, 8, row->in.due_ms);
    rp_bind_int(stmt, 9, row->in.state);
    rp_bind_int(stmt, 10, row->in.waits);
    rp_bind_int(stmt, 11, row->in.passed);
    rp_bind_int(stmt, 12, row->generation);
    rp_bind_text(stmt, 13, row->started_by);
    rp_bind_text(stmt, 14, row->reason);
    status = rp_sql_run(store, stmt, "recording a sequence", err);
    if (status == 0)
        *ret_id = sqlite3_last_insert_rowid(store->db);
    return status;
}

int rp_sequence_put(struct rp_store *store, const struct rp_sequence_row *row, int64_t *ret_id,
                    struct rp_err *err)
{
    int64_t sequence, step;
    sqlite3_stmt *stmt;
    int status;

    rp_store_writing(store);
    RP_ASSERT(row->lead > 0);
    status = rp_store_name_id(store, row->sequence, &sequence, err);
    if (status == 0)
        status = rp_store_name_id(store, row->step, &step, err);
    if (status == 0 && row->id == 0)
        return add(store, row, sequence, step, ret_id, err);
    if (status == 0)
        status = rp_sql_get(store, RP_SQL_SEQUENCE_SET, sql_set, &stmt, err);
    if (status < 0)
        return status;
    *ret_id = row->id;
    rp_bind_int(stmt, 1, row->id);
    rp_bind_int(stmt, 2, step);
    rp_bind_int(stmt, 3, row->in.entered_ms);
    rp_bind_int_or_null(stmt, 4, row->in.due_ms);
    rp_bind_int(stmt, 5, row->in.state);
    rp_bind_int(stmt, 6, row->in.waits);
    rp_bind_int(stmt, 7, row->in.passed);
    rp_bind_int(stmt, 8, row->generation);
    rp_bind_text(stmt, 9, row->reason);
    return rp_sql_run(store, stmt, "recording a sequence", err);
}

int rp_sequence_step_add(struct rp_store *store, int64_t lead, int64_t instance, struct rp_str step,
                         int64_t at_ms, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int64_t name;
    int status;

    rp_store_writing(store);
    status = rp_store_name_id(store, step, &name, err);
    if (status == 0)
        status = rp_sql_get(store, RP_SQL_SEQUENCE_STEP_ADD, sql_step_add, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, lead);
    rp_bind_int(stmt, 2, instance);
    rp_bind_int(stmt, 3, name);
    rp_bind_int(stmt, 4, at_ms);
    return rp_sql_run(store, stmt, "recording a step", err);
}

int rp_sequence_merged(struct rp_store *store, int64_t lead, struct rp_str reason,
                       struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status;

    rp_store_writing(store);
    status = rp_sql_get(store, RP_SQL_SEQUENCE_MERGED, sql_merged, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, lead);
    rp_bind_text(stmt, 2, reason);
    return rp_sql_run(store, stmt, "ending the sequences of a merged lead", err);
}

/* ---- Reading --------------------------------------------------------------------------------- */

static struct rp_sequence_row read_row(struct rp_arena *arena, struct rp_store *store,
                                       sqlite3_stmt *stmt, int64_t lead)
{
    struct rp_sequence_row row = {
        .id = sqlite3_column_int64(stmt, 0),
        .lead = lead,
        .event = sqlite3_column_int64(stmt, 1),
        .sequence = rp_store_name(store, sqlite3_column_int64(stmt, 2)),
        .step = rp_store_name(store, sqlite3_column_int64(stmt, 4)),
        .generation = (uint32_t)sqlite3_column_int64(stmt, 11),
        .started_by = rp_arena_str(arena, rp_column_view(stmt, 12)),
        .reason = rp_arena_str(arena, rp_column_view(stmt, 13)),
        .was = (enum rp_instance_state)sqlite3_column_int(stmt, 14),
    };

    row.in = (struct rp_instance){
        .sequence = rp_hash(row.sequence),
        .step = rp_hash(row.step),
        .row = row.id,
        .started_ms = sqlite3_column_int64(stmt, 5),
        .entered_ms = sqlite3_column_int64(stmt, 6),
        .due_ms = sqlite3_column_int64(stmt, 7),
        .number = (uint32_t)sqlite3_column_int64(stmt, 3),
        .state = (uint8_t)sqlite3_column_int(stmt, 8),
        .waits = (uint8_t)sqlite3_column_int(stmt, 9),
        .passed = (uint16_t)sqlite3_column_int(stmt, 10),
    };
    return row;
}

/* Room for one more in an array of the arena. */
static void *room(struct rp_arena *arena, void *list, size_t count, size_t *cap, size_t size)
{
    void *more;

    if (count < *cap)
        return list;
    *cap = *cap * 2 + 4;
    more = rp_arena_alloc(arena, *cap * size);
    if (count)
        memcpy(more, list, count * size);
    return more;
}

int rp_sequence_list(struct rp_arena *arena, struct rp_store *store, int64_t lead,
                     struct rp_sequence_row **ret_rows, size_t *ret_count, struct rp_err *err)
{
    struct rp_sequence_row *rows = NULL;
    size_t count = 0, cap = 0;
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_SEQUENCE_LIST, sql_list, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, lead);
    while ((status = rp_sql_step(store, stmt, "reading sequences", err)) == 1) {
        rows = room(arena, rows, count, &cap, sizeof(*rows));
        rows[count++] = read_row(arena, store, stmt, lead);
    }
    *ret_rows = rows;
    *ret_count = count;
    return status;
}

int rp_sequence_steps(struct rp_arena *arena, struct rp_store *store, int64_t lead,
                      struct rp_sequence_step_row **ret_rows, size_t *ret_count, struct rp_err *err)
{
    struct rp_sequence_step_row *rows = NULL;
    size_t count = 0, cap = 0;
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_SEQUENCE_STEPS, sql_steps, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, lead);
    while ((status = rp_sql_step(store, stmt, "reading steps", err)) == 1) {
        rows = room(arena, rows, count, &cap, sizeof(*rows));
        rows[count++] = (struct rp_sequence_step_row){
            .instance = sqlite3_column_int64(stmt, 0),
            .step = rp_store_name(store, sqlite3_column_int64(stmt, 1)),
            .at_ms = sqlite3_column_int64(stmt, 2),
        };
    }
    *ret_rows = rows;
    *ret_count = count;
    return status;
}

int rp_sequence_acts(struct rp_arena *arena, struct rp_store *store, int64_t lead,
                     struct rp_sequence_act_row **ret_rows, size_t *ret_count, struct rp_err *err)
{
    struct rp_sequence_act_row *rows = NULL;
    size_t count = 0, cap = 0;
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_SEQUENCE_ACTS, sql_acts, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, lead);
    rp_bind_int(stmt, 2, RP_ACTION_SET);
    while ((status = rp_sql_step(store, stmt, "reading what sequences did", err)) == 1) {
        rows = room(arena, rows, count, &cap, sizeof(*rows));
        rows[count++] = (struct rp_sequence_act_row){
            .event = sqlite3_column_int64(stmt, 0),
            .at_ms = sqlite3_column_int64(stmt, 1),
            .facts = rp_column_text(arena, stmt, 2),
        };
    }
    *ret_rows = rows;
    *ret_count = count;
    return status;
}

static int counts(struct rp_store *store, enum rp_sql which, const char *sql,
                  rp_sequence_count_fn *take, void *ctx, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, which, sql, &stmt, err);

    if (status < 0)
        return status;
    while ((status = rp_sql_step(store, stmt, "counting sequences", err)) == 1) {
        struct rp_sequence_count count = {
            .sequence = rp_store_name(store, sqlite3_column_int64(stmt, 0)),
            .step = rp_store_name(store, sqlite3_column_int64(stmt, 1)),
            .state = (enum rp_instance_state)sqlite3_column_int(stmt, 2),
            .count = sqlite3_column_int64(stmt, 3),
        };

        take(ctx, &count);
    }
    return status;
}

int rp_sequence_live_counts(struct rp_store *store, rp_sequence_count_fn *take, void *ctx,
                            struct rp_err *err)
{
    return counts(store, RP_SQL_SEQUENCE_LIVE, sql_live, take, ctx, err);
}

int rp_sequence_ended_counts(struct rp_store *store, rp_sequence_count_fn *take, void *ctx,
                             struct rp_err *err)
{
    return counts(store, RP_SQL_SEQUENCE_ENDED, sql_ended, take, ctx, err);
}

int rp_sequence_places(struct rp_store *store, rp_sequence_count_fn *take, void *ctx,
                       struct rp_err *err)
{
    int64_t sequence = 0, step = 0;

    for (;;) {
        struct rp_sequence_count place = {.state = RP_INSTANCE_RUNNING};
        sqlite3_stmt *stmt;
        int status = rp_sql_get(store, RP_SQL_SEQUENCE_PLACE, sql_place, &stmt, err);

        if (status < 0)
            return status;
        rp_bind_int(stmt, 1, sequence);
        rp_bind_int(stmt, 2, step);
        status = rp_sql_step(store, stmt, "reading where sequences are", err);
        if (status <= 0)
            return status;
        sequence = sqlite3_column_int64(stmt, 0);
        step = sqlite3_column_int64(stmt, 1);
        sqlite3_reset(stmt);
        place.sequence = rp_store_name(store, sequence);
        place.step = rp_store_name(store, step);
        take(ctx, &place);
    }
}

int64_t rp_sequence_place_count(struct rp_store *store, struct rp_str sequence, struct rp_str step)
{
    int64_t sequence_id = rp_store_name_find(store, sequence);
    int64_t step_id = rp_store_name_find(store, step), count = 0;
    sqlite3_stmt *stmt;

    if (rp_sql_get(store, RP_SQL_SEQUENCE_PLACE_COUNT, sql_place_count, &stmt, NULL) < 0)
        return 0;
    rp_bind_int(stmt, 1, sequence_id);
    rp_bind_int(stmt, 2, step_id);
    if (rp_sql_step(store, stmt, "counting sequences", NULL) == 1) {
        count = sqlite3_column_int64(stmt, 0);
        sqlite3_reset(stmt);
    }
    return count;
}
