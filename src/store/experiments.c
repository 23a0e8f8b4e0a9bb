/* SPDX-License-Identifier: MIT */
/* Rows of experiments. What reports read is streamed in one pass over each table, so that a report
 * costs no more memory than it keeps. */
#include "store/experiments.h"

#include "base/buf.h"
#include "store/store_priv.h"

#include <math.h>

static const char sql_put[] =
    "INSERT INTO experiment_rows (name, salt, state, started_ms, stopped_ms, why, author, "
    "definition) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (name, salt) DO UPDATE SET "
    "state = excluded.state, stopped_ms = excluded.stopped_ms, why = excluded.why, "
    "author = excluded.author, definition = excluded.definition RETURNING id";
static const char sql_list[] = "SELECT id, name, salt, state, started_ms, stopped_ms, why, author, "
                               "definition FROM experiment_rows ORDER BY id";
static const char sql_period_begin[] =
    "INSERT INTO experiment_periods (experiment, number, generation, started_ms, why, "
    "first_event, arms) VALUES (?1, ?2, ?3, ?4, '', ?5, ?6)";
static const char sql_period_end[] =
    "UPDATE experiment_periods SET ended_ms = ?2, why = ?3 WHERE experiment = ?1 AND ended_ms IS "
    "NULL";
static const char sql_period_list[] =
    "SELECT experiment, number, generation, started_ms, ended_ms, why, first_event, arms FROM "
    "experiment_periods WHERE experiment = ?1 ORDER BY number";
static const char sql_dealt_put[] =
    "INSERT OR REPLACE INTO dealt_rows (experiment, lead, unit, arm, bucket, period, at_ms, "
    "hash_version, flags, origin, score) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
static const char sql_dealt_remove[] = "DELETE FROM dealt_rows WHERE experiment = ?1 AND lead = ?2";
static const char sql_dealt_flags[] =
    "UPDATE dealt_rows SET flags = (flags | ?3) & ~?4 WHERE experiment = ?1 AND lead = ?2";
static const char sql_dealt_list[] =
    "SELECT experiment, lead, unit, arm, bucket, period, at_ms, hash_version, flags, origin, score "
    "FROM dealt_rows WHERE lead = ?1 ORDER BY experiment";
static const char sql_unit_get[] =
    "SELECT experiment, 0, unit, arm, bucket, period, at_ms, 0, 0, NULL, NULL FROM "
    "experiment_units WHERE experiment = ?1 AND unit = ?2";
static const char sql_unit_put[] =
    "INSERT OR REPLACE INTO experiment_units (experiment, unit, arm, bucket, period, at_ms) VALUES "
    "(?1, ?2, ?3, ?4, ?5, ?6)";
static const char sql_node_known[] = "SELECT first_ms FROM nodes WHERE id = ?1 AND kind <> 2";
static const char sql_entry_add[] = "INSERT OR IGNORE INTO entry_rows (experiment, period, lead, "
                                    "arm, stage, at_ms, scores, chance, "
                                    "explored) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

#define FIRST_MOVE(stage)                                                                          \
    "(SELECT min(m.at_ms) FROM move_rows AS m WHERE m.lead IN (a.lead, coalesce(a.origin, "        \
    "a.lead)) AND m.to_stage = " stage " AND m.from_stage <> m.to_stage AND m.at_ms >= a.at_ms)"
static const char sql_outcomes[] =
    "SELECT a.experiment, a.lead, a.unit, a.arm, a.bucket, a.period, a.at_ms, a.hash_version, "
    "a.flags, a.origin, a.score, " FIRST_MOVE("?2") ", " FIRST_MOVE(
        "?3") " FROM dealt_rows AS a WHERE a.experiment = ?1 ORDER BY a.at_ms, a.lead";
static const char sql_entries[] =
    "SELECT e.lead, e.arm, e.at_ms, e.scores, "
    "(SELECT min(m.at_ms) FROM move_rows AS m WHERE m.lead = e.lead AND m.to_stage = ?4 AND "
    "m.from_stage <> m.to_stage AND m.at_ms >= e.at_ms), "
    "(SELECT max(m.at_ms) FROM move_rows AS m WHERE m.lead = e.lead AND m.to_stage = ?4 AND "
    "m.from_stage <> m.to_stage AND m.at_ms < e.at_ms), e.chance, e.explored "
    "FROM entry_rows AS e WHERE e.experiment = ?1 AND e.period = ?2 AND e.stage = ?3 "
    "ORDER BY e.lead, e.arm";
static const char sql_noted[] =
    "SELECT n.lead, e.name, e.received_ms, "
    "CASE WHEN e.name = ?2 THEN coalesce(json_extract(e.body || coalesce(t.text, ''), "
    "'$.properties.revenue'), json_extract(e.body || coalesce(t.text, ''), '$.properties.value'), "
    "json_extract(e.body || coalesce(t.text, ''), '$.properties.amount')) END "
    "FROM event_rows AS e JOIN nodes AS n ON n.id = e.node LEFT JOIN tails AS t ON t.id = e.tail "
    "WHERE e.id > ?1 AND e.kind & 7 = 0 AND e.name IN (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
static const char sql_base[] =
    "SELECT count(*), count(reached) FROM (SELECT l.id, (SELECT min(m.at_ms) FROM move_rows AS m "
    "WHERE m.lead = l.id AND m.to_stage = ?3 AND m.from_stage <> m.to_stage AND m.at_ms <= "
    "k.known_ms + ?4) AS reached FROM (SELECT lead, min(first_ms) AS known_ms FROM nodes WHERE "
    "kind <> 2 GROUP BY lead) AS k JOIN lead_rows AS l ON l.id = k.lead WHERE l.merged_into IS "
    "NULL AND k.known_ms >= ?1 AND k.known_ms < ?2)";

/* Room for one more in an array of the arena that doubles. */
static void *more(struct rp_arena *arena, void *items, size_t count, size_t item_size)
{
    if (count != 0 && (count & (count - 1)) != 0)
        return items;
    char *grown = rp_arena_zalloc(arena, (count ? 2 * count : 1) * item_size);
    if (count > 0)
        memcpy(grown, items, count * item_size);
    return grown;
}

/* ---- Experiments and periods ----------------------------------------------------------------- */

int rp_experiment_put(struct rp_store *store, const struct rp_experiment_row *row, int64_t *ret_id,
                      struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_EXPERIMENT_PUT, sql_put, &stmt, err);

    rp_store_writing(store);
    if (status < 0)
        return status;
    rp_bind_text(stmt, 1, row->name);
    rp_bind_text(stmt, 2, row->salt);
    rp_bind_int(stmt, 3, row->state);
    rp_bind_int(stmt, 4, row->started_ms);
    rp_bind_time(stmt, 5, row->stopped_ms);
    rp_bind_text(stmt, 6, row->why);
    rp_bind_text(stmt, 7, row->author);
    rp_bind_text(stmt, 8, row->definition);
    status = rp_sql_step(store, stmt, "writing an experiment", err);
    if (status == 1) {
        *ret_id = sqlite3_column_int64(stmt, 0);
        sqlite3_reset(stmt);
        status = 0;
    }
    return status;
}

int rp_experiment_list(struct rp_arena *arena, struct rp_store *store,
                       struct rp_experiment_row **ret_rows, size_t *ret_count, struct rp_err *err)
{
    struct rp_experiment_row *rows = NULL;
    size_t count = 0;
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_EXPERIMENT_LIST, sql_list, &stmt, err);

    if (status < 0)
        return status;
    while ((status = rp_sql_step(store, stmt, "reading experiments", err)) == 1) {
        rows = more(arena, rows, count, sizeof(*rows));
        rows[count++] = (struct rp_experiment_row){
            .id = sqlite3_column_int64(stmt, 0),
            .name = rp_column_text(arena, stmt, 1),
            .salt = rp_column_text(arena, stmt, 2),
            .state = (enum rp_experiment_state)sqlite3_column_int(stmt, 3),
            .started_ms = sqlite3_column_int64(stmt, 4),
            .stopped_ms = rp_column_time(stmt, 5),
            .why = rp_column_text(arena, stmt, 6),
            .author = rp_column_text(arena, stmt, 7),
            .definition = rp_column_text(arena, stmt, 8),
        };
    }
    *ret_rows = rows;
    *ret_count = count;
    return status;
}

int rp_period_begin(struct rp_store *store, const struct rp_period_row *row, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_PERIOD_BEGIN, sql_period_begin, &stmt, err);

    rp_store_writing(store);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, row->experiment);
    rp_bind_int(stmt, 2, row->number);
    rp_bind_int(stmt, 3, row->generation);
    rp_bind_int(stmt, 4, row->started_ms);
    rp_bind_int(stmt, 5, row->first_event);
    rp_bind_text(stmt, 6, row->arms);
    return rp_sql_run(store, stmt, "beginning a period of an experiment", err);
}

int rp_period_end(struct rp_store *store, int64_t experiment, int64_t ended_ms, struct rp_str why,
                  struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_PERIOD_END, sql_period_end, &stmt, err);

    rp_store_writing(store);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, experiment);
    rp_bind_int(stmt, 2, ended_ms);
    rp_bind_text(stmt, 3, why);
    return rp_sql_run(store, stmt, "ending a period of an experiment", err);
}

int rp_period_list(struct rp_arena *arena, struct rp_store *store, int64_t experiment,
                   struct rp_period_row **ret_rows, size_t *ret_count, struct rp_err *err)
{
    struct rp_period_row *rows = NULL;
    size_t count = 0;
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_PERIOD_LIST, sql_period_list, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, experiment);
    while ((status = rp_sql_step(store, stmt, "reading periods of an experiment", err)) == 1) {
        rows = more(arena, rows, count, sizeof(*rows));
        rows[count++] = (struct rp_period_row){
            .experiment = experiment,
            .number = (uint32_t)sqlite3_column_int64(stmt, 1),
            .generation = (uint32_t)sqlite3_column_int64(stmt, 2),
            .started_ms = sqlite3_column_int64(stmt, 3),
            .ended_ms = rp_column_time(stmt, 4),
            .why = rp_column_text(arena, stmt, 5),
            .first_event = sqlite3_column_int64(stmt, 6),
            .arms = rp_column_text(arena, stmt, 7),
        };
    }
    *ret_rows = rows;
    *ret_count = count;
    return status;
}

/* ---- Assignments ----------------------------------------------------------------------------- */

static void bind_arm(sqlite3_stmt *stmt, int at, int arm)
{
    if (arm == RP_ARM_NONE)
        sqlite3_bind_null(stmt, at);
    else
        rp_bind_int(stmt, at, arm);
}

int rp_dealt_put(struct rp_store *store, const struct rp_dealt *row, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_DEALT_PUT, sql_dealt_put, &stmt, err);

    rp_store_writing(store);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, row->experiment);
    rp_bind_int(stmt, 2, row->lead);
    rp_bind_text(stmt, 3, row->unit);
    bind_arm(stmt, 4, row->arm);
    rp_bind_int(stmt, 5, row->bucket);
    rp_bind_int(stmt, 6, row->period);
    rp_bind_int(stmt, 7, row->at_ms);
    rp_bind_int(stmt, 8, row->hash_version);
    rp_bind_int(stmt, 9, row->flags);
    rp_bind_int_or_null(stmt, 10, row->origin);
    if (row->scored)
        rp_bind_int(stmt, 11, row->score);
    else
        sqlite3_bind_null(stmt, 11);
    return rp_sql_run(store, stmt, "dealing a lead to an arm", err);
}

int rp_dealt_remove(struct rp_store *store, int64_t experiment, int64_t lead, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_DEALT_REMOVE, sql_dealt_remove, &stmt, err);

    rp_store_writing(store);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, experiment);
    rp_bind_int(stmt, 2, lead);
    return rp_sql_run(store, stmt, "taking an assignment back", err);
}

int rp_dealt_flags(struct rp_store *store, int64_t experiment, int64_t lead, unsigned set,
                   unsigned clear, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_DEALT_FLAGS, sql_dealt_flags, &stmt, err);

    rp_store_writing(store);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, experiment);
    rp_bind_int(stmt, 2, lead);
    rp_bind_int(stmt, 3, set);
    rp_bind_int(stmt, 4, clear);
    return rp_sql_run(store, stmt, "marking an assignment", err);
}

static void read_dealt(struct rp_str unit, sqlite3_stmt *stmt, struct rp_dealt *row)
{
    *row = (struct rp_dealt){
        .experiment = sqlite3_column_int64(stmt, 0),
        .lead = sqlite3_column_int64(stmt, 1),
        .unit = unit,
        .arm =
            sqlite3_column_type(stmt, 3) == SQLITE_NULL ? RP_ARM_NONE : sqlite3_column_int(stmt, 3),
        .bucket = (uint32_t)sqlite3_column_int64(stmt, 4),
        .period = (uint32_t)sqlite3_column_int64(stmt, 5),
        .at_ms = sqlite3_column_int64(stmt, 6),
        .hash_version = sqlite3_column_int(stmt, 7),
        .flags = (unsigned)sqlite3_column_int(stmt, 8),
        .origin = sqlite3_column_int64(stmt, 9),
        .score = sqlite3_column_int64(stmt, 10),
        .scored = sqlite3_column_type(stmt, 10) != SQLITE_NULL,
    };
}

int rp_dealt_list(struct rp_arena *arena, struct rp_store *store, int64_t lead,
                  struct rp_dealt **ret_rows, size_t *ret_count, struct rp_err *err)
{
    struct rp_dealt *rows = NULL;
    size_t count = 0;
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_DEALT_LIST, sql_dealt_list, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, lead);
    while ((status = rp_sql_step(store, stmt, "reading assignments", err)) == 1) {
        rows = more(arena, rows, count, sizeof(*rows));
        read_dealt(rp_column_text(arena, stmt, 2), stmt, &rows[count++]);
    }
    *ret_rows = rows;
    *ret_count = count;
    return status;
}

int rp_unit_get(struct rp_store *store, int64_t experiment, struct rp_str unit,
                struct rp_dealt *ret_row, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_UNIT_GET, sql_unit_get, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, experiment);
    rp_bind_text(stmt, 2, unit);
    status = rp_sql_step(store, stmt, "reading a unit of an experiment", err);
    if (status == 0)
        return RIPEN_ENOTFOUND;
    if (status == 1) {
        read_dealt(unit, stmt, ret_row);
        sqlite3_reset(stmt);
        status = 0;
    }
    return status;
}

int rp_unit_put(struct rp_store *store, const struct rp_dealt *row, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_UNIT_PUT, sql_unit_put, &stmt, err);

    rp_store_writing(store);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, row->experiment);
    rp_bind_text(stmt, 2, row->unit);
    bind_arm(stmt, 3, row->arm);
    rp_bind_int(stmt, 4, row->bucket);
    rp_bind_int(stmt, 5, row->period);
    rp_bind_int(stmt, 6, row->at_ms);
    return rp_sql_run(store, stmt, "dealing a company to an arm", err);
}

int rp_node_known(struct rp_store *store, int64_t node, int64_t *ret_ms, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_NODE_KNOWN, sql_node_known, &stmt, err);

    *ret_ms = RP_NEVER;
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, node);
    status = rp_sql_step(store, stmt, "reading an identifier", err);
    if (status == 1) {
        *ret_ms = sqlite3_column_int64(stmt, 0);
        sqlite3_reset(stmt);
        status = 0;
    }
    return status;
}

int rp_entry_add(struct rp_store *store, const struct rp_entry_row *row, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int64_t stage;
    int status = rp_store_name_id(store, row->stage, &stage, err);

    rp_store_writing(store);
    if (status == 0)
        status = rp_sql_get(store, RP_SQL_ENTRY_ADD, sql_entry_add, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, row->experiment);
    rp_bind_int(stmt, 2, row->period);
    rp_bind_int(stmt, 3, row->lead);
    rp_bind_int(stmt, 4, row->arm);
    rp_bind_int(stmt, 5, stage);
    rp_bind_int(stmt, 6, row->at_ms);
    rp_bind_text(stmt, 7, row->scores);
    if (row->chance > 0)
        sqlite3_bind_double(stmt, 8, row->chance);
    else
        sqlite3_bind_null(stmt, 8);
    rp_bind_int(stmt, 9, row->explored);
    return rp_sql_run(store, stmt, "noting what a model would have done", err);
}

/* ---- What reports read ----------------------------------------------------------------------- */

int rp_outcome_each(struct rp_store *store, int64_t experiment, struct rp_str goal,
                    struct rp_str promoted, rp_outcome_fn *take, void *ctx, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_OUTCOME_EACH, sql_outcomes, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, experiment);
    rp_bind_int(stmt, 2, rp_store_name_find(store, goal));
    rp_bind_int(stmt, 3, rp_store_name_find(store, promoted));
    while ((status = rp_sql_step(store, stmt, "reading outcomes of an experiment", err)) == 1) {
        struct rp_outcome_row row = {.reached_ms = rp_column_time(stmt, 11),
                                     .promoted_ms = rp_column_time(stmt, 12)};

        read_dealt(rp_column_view(stmt, 2), stmt, &row.dealt);
        take(ctx, &row);
    }
    return status;
}

int rp_entry_each(struct rp_store *store, int64_t experiment, uint32_t period, struct rp_str stage,
                  struct rp_str goal, rp_entry_fn *take, void *ctx, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_ENTRY_EACH, sql_entries, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, experiment);
    rp_bind_int(stmt, 2, period);
    rp_bind_int(stmt, 3, rp_store_name_find(store, stage));
    rp_bind_int(stmt, 4, rp_store_name_find(store, goal));
    while ((status = rp_sql_step(store, stmt, "reading what models would have done", err)) == 1) {
        struct rp_entry_outcome row = {.lead = sqlite3_column_int64(stmt, 0),
                                       .arm = sqlite3_column_int(stmt, 1),
                                       .at_ms = sqlite3_column_int64(stmt, 2),
                                       .scores = rp_column_view(stmt, 3),
                                       .reached_ms = rp_column_time(stmt, 4),
                                       .before_ms = rp_column_time(stmt, 5),
                                       .chance = sqlite3_column_double(stmt, 6),
                                       .explored = sqlite3_column_int(stmt, 7) != 0};

        take(ctx, &row);
    }
    return status;
}

int rp_noted_each(struct rp_store *store, int64_t after, const struct rp_str *names,
                  size_t name_count, rp_noted_fn *take, void *ctx, struct rp_err *err)
{
    enum { NAMES_MAX = 8 };
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_NOTED_EACH, sql_noted, &stmt, err);

    RP_ASSERT(name_count <= NAMES_MAX);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, after);
    for (size_t i = 0; i < NAMES_MAX; i++) { /* 0 is no name of an event */
        int64_t id = i < name_count ? rp_store_name_find(store, names[i]) : 0;

        rp_bind_int(stmt, 2 + (int)i, id ? id : -1);
    }
    while ((status = rp_sql_step(store, stmt, "reading events of an experiment", err)) == 1) {
        struct rp_noted_event event = {
            .lead = sqlite3_column_int64(stmt, 0),
            .name = rp_store_name(store, sqlite3_column_int64(stmt, 1)),
            .received_ms = sqlite3_column_int64(stmt, 2),
            .value = sqlite3_column_type(stmt, 3) == SQLITE_NULL ? (double)NAN
                                                                 : sqlite3_column_double(stmt, 3),
        };

        take(ctx, &event);
    }
    return status;
}

int rp_base_rate(struct rp_store *store, int64_t from_ms, int64_t until_ms, struct rp_str goal,
                 int64_t within_ms, struct rp_base_rate *ret_rate, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_BASE_RATE, sql_base, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, from_ms);
    rp_bind_int(stmt, 2, until_ms);
    rp_bind_int(stmt, 3, rp_store_name_find(store, goal));
    rp_bind_int(stmt, 4, within_ms);
    status = rp_sql_step(store, stmt, "reading the rate so far", err);
    if (status == 1) {
        *ret_rate = (struct rp_base_rate){.known = sqlite3_column_int64(stmt, 0),
                                          .reached = sqlite3_column_int64(stmt, 1)};
        sqlite3_reset(stmt);
        status = 0;
    }
    return status;
}
