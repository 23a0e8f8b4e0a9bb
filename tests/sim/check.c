/* SPDX-License-Identifier: MIT */
/* What must hold at any moment, asked of the file with a connection of its own and of the program's
 * readers. The questions are SQL where they can be, so that they share no code with what they ask.
 */
#include "sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Asking -----------------------------------------------------------------------------------
 */

sqlite3_stmt *prepare(const char *sql)
{
    sqlite3_stmt *stmt;

    if (!life.sql &&
        sqlite3_open_v2("sim.db", &life.sql, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK) {
        die("the file cannot be opened to check it");
    }
    if (sqlite3_prepare_v2(life.sql, sql, -1, &stmt, NULL) != SQLITE_OK) {
        die("%s: %s", sql, sqlite3_errmsg(life.sql));
    }
    return stmt;
}

int64_t ask(const char *sql, ...)
{
    sqlite3_stmt *stmt = prepare(sql);
    int64_t value = 0;
    va_list args;

    va_start(args, sql);
    for (int i = 1; i <= sqlite3_bind_parameter_count(stmt); i++) {
        sqlite3_bind_int64(stmt, i, va_arg(args, int64_t));
    }
    va_end(args);
    if (sqlite3_step(stmt) == SQLITE_ROW) {
        value = sqlite3_column_int64(stmt, 0);
    }
    if (sqlite3_finalize(stmt) != SQLITE_OK) {
        die("%s: %s", sql, sqlite3_errmsg(life.sql));
    }
    return value;
}

void each(const char *sql, row_fn *take)
{
    sqlite3_stmt *stmt = prepare(sql);

    while (sqlite3_step(stmt) == SQLITE_ROW) {
        take(stmt);
    }
    if (sqlite3_finalize(stmt) != SQLITE_OK) {
        die("%s: %s (%d)", sql, sqlite3_errmsg(life.sql), sqlite3_extended_errcode(life.sql));
    }
}

/* Rows that must not be; the first is told, all columns. */
static const char *law;

static void broken_law(sqlite3_stmt *row)
{
    char text[1500];
    size_t len = 0;

    for (int i = 0; i < sqlite3_column_count(row) && len < sizeof(text); i++) {
        const char *value = (const char *)sqlite3_column_text(row, i);

        len += (size_t)snprintf(text + len, sizeof(text) - len, " %s=%s",
                                sqlite3_column_name(row, i), value ? value : "-");
    }
    die("%s:%s", law, text);
}

void never(const char *what, const char *sql)
{
    law = what;
    each(sql, broken_law);
}

struct counts counts_now(void)
{
    return (struct counts){ask("SELECT coalesce(max(id), 0) FROM move_rows"),
                           ask("SELECT coalesce(max(id), 0) FROM status_rows"),
                           ask("SELECT coalesce(max(id), 0) FROM outbox")};
}

void expect_counts(const struct counts *before, const char *after_what)
{
    struct counts now = counts_now();

    if (now.moves != before->moves || now.statuses != before->statuses ||
        now.actions != before->actions) {
        die("%s took decisions: moves %lld to %lld, statuses %lld to %lld, actions %lld to %lld",
            after_what, (long long)before->moves, (long long)now.moves, (long long)before->statuses,
            (long long)now.statuses, (long long)before->actions, (long long)now.actions);
    }
}

/* ---- Events -----------------------------------------------------------------------------------
 */

static int found[MESSAGES_MAX];

static void take_message(sqlite3_stmt *row)
{
    static const char *const ours[] = {"Stage Set", "Score Adjusted", "Event Voided", "Note Added",
                                       "History Compacted"};
    const char *id = (const char *)sqlite3_column_text(row, 0);
    const char *name = (const char *)sqlite3_column_text(row, 1);
    int number = message_number(id ? id : "");
    bool known = number >= 0;

    for (int i = 0; i < 5; i++) {
        known = known || (name && strcmp(name, ours[i]) == 0);
    }
    if (!known) {
        die("an event \"%s\" (%s) was never sent", id, name ? name : "");
    }
    if (number >= 0) {
        found[number] = sqlite3_column_int(row, 2);
        sim->messages[number].effective_ms = sqlite3_column_int64(row, 3);
    }
}

static void check_messages(void)
{
    memset(found, 0, sizeof(found));
    each("SELECT message_id, event, count(*), min(effective_ms) FROM events WHERE lead IS NOT NULL "
         "GROUP BY 1",
         take_message);
    for (int i = 0; i < sim->message_count; i++) {
        const struct message *message = &sim->messages[i];
        int least = message->known == ACCEPTED;
        int most = message->known == ACCEPTED || message->known == MAYBE ? 1 : 0;

        if (message->shared && most) {
            most = message->copies;
        }
        if (found[i] < least || found[i] > most) {
            static const char *const words[] = {"unsent",       "unanswered", "rejected",
                                                "acknowledged", "forgotten",  "compacted"};

            die("message %d (%s, sent %d times) is %d times in the store: %s", i,
                words[message->known], message->copies, found[i], message->json);
        }
    }
}

/* ---- Rows that never change -------------------------------------------------------------------
 */

static struct record *records;
static const char *table;

static void take_record(sqlite3_stmt *row)
{
    int64_t id = sqlite3_column_int64(row, 0);
    uint64_t hash = UINT64_C(14695981039346656037);

    if (id >= RECORDS_MAX) {
        die("more rows of %s than the simulation can remember", table);
    }
    for (int i = 1; i < sqlite3_column_count(row); i++) {
        const unsigned char *text = sqlite3_column_blob(row, i);
        int len = sqlite3_column_bytes(row, i);

        for (int at = 0; at < len; at++) {
            hash = (hash ^ text[at]) * UINT64_C(1099511628211);
        }
        hash = (hash ^ 255) * UINT64_C(1099511628211);
    }
    if (records[id].state == 2) { /* the number of a forgotten row may be given out again */
        records[id].state = 0;
    }
    if (records[id].state == 1 && records[id].hash != hash) {
        die("row %lld of %s was rewritten", (long long)id, table);
    }
    records[id].state = (uint8_t)(records[id].state | 4);
    records[id].hash = hash;
    records[id].lead = sqlite3_column_int64(row, 1);
}

static void check_table(const char *name, const char *sql, struct record *kept)
{
    records = kept;
    table = name;
    each(sql, take_record);
    for (int id = 0; id < RECORDS_MAX; id++) {
        if (kept[id].state == 1) {
            die("row %d of %s is gone", id, name);
        }
        kept[id].state = kept[id].state & 4 ? 1 : kept[id].state;
    }
}

const char *events_kept(void)
{
    return sim->keeps
               ? "SELECT id, 0, node, kind, message_id, received_ms, effective_lag, granted, "
                 "body FROM event_rows WHERE node IN (SELECT id FROM nodes) AND (kind >> 3 & "
                 "16) = 0"
               : "SELECT id, 0, * FROM event_rows WHERE node IN (SELECT id FROM nodes)";
}

/* What merges and excludes mark is no longer held against it. */
static void take_arm(sqlite3_stmt *row)
{
    int64_t lead = sqlite3_column_int64(row, 0);
    int8_t arm = (int8_t)(sqlite3_column_int(row, 1) + 1);

    if (lead >= LEADS_MAX) {
        die("more leads than the simulation can remember");
    }
    if (sim->arms[lead] != 0 && sim->arms[lead] != arm) {
        die("lead %lld was dealt to arm %d and is in %d now", (long long)lead, sim->arms[lead] - 1,
            arm - 1);
    }
    sim->arms[lead] = arm;
}

static void check_tables(void)
{
    each("SELECT lead, arm FROM dealt_rows WHERE experiment = 1 AND arm IS NOT NULL AND "
         "flags & 47 = 0",
         take_arm);
    check_table("move_rows", "SELECT id, lead, * FROM move_rows", sim->moves);
    check_table("status_rows", "SELECT id, lead, * FROM status_rows", sim->statuses);
    check_table("event_rows", events_kept(), sim->events);
    check_table("outbox",
                "SELECT id, lead, key, event, move, kind, action, part, endpoint, created_ms, body "
                "FROM outbox WHERE lead > 0",
                sim->outbox);
}

/* ---- Decisions and actions --------------------------------------------------------------------
 */

void note_swap(void)
{
    if (sim->swap_count == SWAPS_MAX) {
        die("more swaps than the simulation can remember");
    }
    sim->staff |= sim->knobs.files ? 1U << sim->knobs.staff : 0;
    sim->swaps[sim->swap_count++] = (struct swap){
        .generation = rp_core_active(life.core)->number,
        .last_move = ask("SELECT coalesce(max(id), 0) FROM move_rows"),
        .last_step = ask("SELECT coalesce(max(id), 0) FROM sequence_step_rows"),
        .last_event = ask("SELECT coalesce(max(id), 0) FROM event_rows"),
        .pause_hours = sim->knobs.pause_hours,
        .until_days = sim->knobs.until_days,
        .without_extra = sim->knobs.without_extra,
        .without_all = sim->knobs.without_all,
        .history = sim->history,
    };
}

static void take_generation(sqlite3_stmt *row)
{
    int64_t id = sqlite3_column_int64(row, 0);
    int at = sim->swap_count - 1;

    while (at >= 0 && sim->swaps[at].last_move >= id) {
        at--;
    }
    if (at < 0 || sim->swaps[at].generation != sqlite3_column_int64(row, 1)) {
        die("decision %lld names generation %lld, but %lld was in force", (long long)id,
            (long long)sqlite3_column_int64(row, 1),
            at < 0 ? -1LL : (long long)sim->swaps[at].generation);
    }
}

static void check_decisions(void)
{
    each("SELECT id, generation FROM move_rows", take_generation);
    never("a decision does not follow the one before",
          "SELECT * FROM (SELECT id, lead, from_stage, to_stage, because, lag(to_stage) OVER w AS "
          "before FROM stages WHERE because <> 'merged' WINDOW w AS (PARTITION BY lead ORDER BY "
          "id)) WHERE before IS NOT NULL AND before <> from_stage");
    never("a lead is not where its last decision left it",
          "SELECT l.id, l.stage, s.to_stage, s.id AS decision FROM leads AS l JOIN stages AS s ON "
          "s.id = (SELECT max(id) FROM stages WHERE lead = l.id AND because <> 'merged') "
          "WHERE s.to_stage <> l.stage");
    never("a lead of two states", "SELECT lead, count(*) FROM lead_states GROUP BY 1 HAVING "
                                  "count(*) > 1");
    never("a node of no lead that lives",
          "SELECT n.id, n.lead FROM nodes AS n LEFT JOIN lead_rows AS l ON l.id = n.lead WHERE "
          "n.lead > 0 AND (l.id IS NULL OR l.merged_into IS NOT NULL)");
    never("a lead left recycled before its stay was over",
          "SELECT * FROM (SELECT id, lead, from_stage, to_stage, because, at_ms - lag(at_ms) OVER "
          "w AS stayed FROM stages WHERE because <> 'merged' WINDOW w AS (PARTITION BY lead ORDER "
          "BY id)) WHERE from_stage = 'recycled' AND because <> 'set' AND stayed < 432000000");
    never("a customer became an evangelist too early",
          "SELECT * FROM (SELECT id, lead, from_stage, to_stage, because, at_ms - lag(at_ms) OVER "
          "w AS stayed FROM stages WHERE because <> 'merged' WINDOW w AS (PARTITION BY lead ORDER "
          "BY id)) WHERE to_stage = 'evangelist' AND because <> 'set' AND stayed < 864000000");
    if (ask("SELECT max(at_ms) FROM move_rows WHERE event IS NULL") > sim->newest_ms ||
        ask("SELECT max(at_ms) FROM status_rows WHERE event IS NULL") > sim->newest_ms ||
        ask("SELECT max(created_ms) FROM outbox WHERE event IS NULL") > sim->newest_ms) {
        die("a timer was early: it is %lld", (long long)sim->newest_ms);
    }
}

static void check_actions(void)
{
    never("two actions under one key",
          "SELECT key, count(*) FROM outbox GROUP BY key HAVING count(*) > 1");
    never("two actions for one cause",
          "SELECT event, lead, action, part, kind, endpoint, count(*) FROM outbox WHERE event IS "
          "NOT NULL GROUP BY 1, 2, 3, 4, 5, 6 HAVING count(*) > 1");
    never("an action of a robot",
          "SELECT o.id, o.lead FROM outbox AS o WHERE NOT EXISTS (SELECT 1 FROM nodes WHERE lead = "
          "o.lead AND value NOT GLOB 'robot*') AND EXISTS (SELECT 1 FROM nodes WHERE lead = "
          "o.lead)");
    never("points of a robot",
          "SELECT e.id, e.granted FROM event_rows AS e JOIN nodes AS n ON n.id = e.node WHERE "
          "n.value GLOB 'robot*' AND coalesce(e.granted, '') <> ''");
    for (int i = 0; i < RECORDS_MAX; i++) {
        if (sim->deliveries[i].done && sim->outbox[i].state == 1 &&
            ask("SELECT state NOT IN (2, 3) FROM outbox WHERE id = ?", (int64_t)i)) {
            die("action %d was done, and is not any more", i);
        }
    }
}

/* ---- Scores -----------------------------------------------------------------------------------
 */

static struct rp_reader *reader;
static bool all_leads;

static void check_sums(const char *lead, const struct rp_buf *json)
{
    /* Of a dimension with keys the value is that of its greatest key. */
    sqlite3_stmt *stmt = prepare(
        "WITH r AS (SELECT d.key AS dim, r.value ->> '$.key' AS key, sum(round((r.value ->> "
        "'$.value') * 1000)) AS points FROM json_each(?1, '$.dimensions') AS d, "
        "json_each(d.value, '$.rows') AS r GROUP BY 1, 2) SELECT d.key, d.value ->> '$.value', "
        "(SELECT group_concat(points) FROM r WHERE dim = d.key) FROM json_each(?1, "
        "'$.dimensions') AS d WHERE abs(round((d.value ->> '$.value') * 1000) - "
        "coalesce((SELECT max(points) FROM r WHERE dim = d.key), 0)) > 0.5");

    sqlite3_bind_text(stmt, 1, json->ptr, (int)json->len, SQLITE_STATIC);
    if (sqlite3_step(stmt) == SQLITE_ROW) {
        die("the explanation of %s does not sum: %s is %s, rows give %s thousandths\n%.2500s", lead,
            sqlite3_column_text(stmt, 0), sqlite3_column_text(stmt, 1),
            sqlite3_column_text(stmt, 2), json->ptr);
    }
    if (sqlite3_finalize(stmt) != SQLITE_OK) {
        die("explain gave no JSON: %s", sqlite3_errmsg(life.sql));
    }
}

static void explain_lead(sqlite3_stmt *row)
{
    const char *lead = (const char *)sqlite3_column_text(row, 0);
    struct rp_buf out = {0};
    struct rp_err err = {0};

    if (!all_leads && !chance(15)) {
        return;
    }
    if (rp_reader_explain(reader, rp_str_from(lead), sim->now_ms, RP_FORMAT_JSON, false, &out,
                          &err) != 0) {
        die("explain %s: %s", lead, err.text);
    }
    check_sums(lead, &out);
    rp_buf_fini(&out);
}

static void check_scores(bool last)
{
    struct rp_verified verified;
    struct rp_buf out = {0};
    struct rp_err err = {0};

    if (rp_reader_open(NULL, rp_core_store(life.core), rp_core_active(life.core), &reader, &err) !=
            0 ||
        rp_reader_verify(reader, &verified, &out, &err) != 0) {
        die("verify: %s", err.text);
    }
    if (verified.different > 0) {
        die("verify: %s", out.ptr);
    }
    all_leads = last;
    each("SELECT id FROM leads", explain_lead);
    rp_buf_fini(&out);
    rp_reader_close(reader);
}

static void see_lead(sqlite3_stmt *row)
{
    sim->seen[sqlite3_column_int64(row, 0)] = true;
}

void check_all(bool last)
{
    struct disk_faults faults = disk_faults;
    struct rp_err err = {0};

    disk_faults = (struct disk_faults){.lying = faults.lying};
    if (rp_core_flush(life.core, &err) != 0) {
        die("a flush failed: %s", err.text);
    }
    sim->checks++;
    if (ask("SELECT max(id) FROM lead_rows") >= LEADS_MAX) {
        die("more leads than the simulation can remember");
    }
    each("SELECT id FROM lead_rows WHERE public_id NOT GLOB 'forgotten:*'", see_lead);
    check_messages();
    check_tables();
    check_decisions();
    check_actions();
    check_sequences();
    check_mails();
    check_scores(last);
    disk_faults = faults;
}
