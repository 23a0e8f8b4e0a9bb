/* SPDX-License-Identifier: MIT */
/* What must hold of sequences: a lead that is to start one does; no step twice, none too early,
 * none that the rules of then did not have, none behind an exit; each step's action once, in its
 * hours; what waits goes on. After merges and with the clock turned back the order of times says
 * nothing, and of somebody who was staff or has a base events do not tell all: those are left out
 * where it is asked. */
#include "sim.h"

#include <stdio.h>
#include <string.h>

/* What putting the clock back, below five hours each time, may take off a wait. */
#define BACK_HOURS 10
#define UNMIXED    " NOT IN (SELECT lead FROM temp.mixed) "
/* Nobody put the lead at a step. */
#define BY_ITSELF                                                                                  \
    " NOT EXISTS (SELECT 1 FROM audit_rows AS a WHERE a.actor = 'hand' AND a.subject = v.lead "    \
    "AND "                                                                                         \
    "a.detail = v.sequence) "

static const struct swap *swap_at(int64_t id, bool of_move)
{
    int at = sim->swap_count - 1;

    while (at > 0 && (of_move ? sim->swaps[at].last_move : sim->swaps[at].last_step) >= id) {
        at--;
    }
    return &sim->swaps[at];
}

static const struct swap *swap_of_event(int64_t id)
{
    int at = sim->swap_count - 1;

    while (at > 0 && sim->swaps[at].last_event >= id) {
        at--;
    }
    return &sim->swaps[at];
}

static bool is_gone(const struct swap *swap, const char *sequence, const char *step)
{
    return strcmp(sequence, "welcome") == 0 &&
           (swap->without_all || (swap->without_extra && strcmp(step, "extra") == 0));
}

static const char *text(sqlite3_stmt *row, int column)
{
    const char *value = (const char *)sqlite3_column_text(row, column);

    return value ? value : "";
}

/* ---- Starts -----------------------------------------------------------------------------------
 */

/* An entry of which no instance of then is known. */
static void check_start(sqlite3_stmt *row)
{
    int64_t move = sqlite3_column_int64(row, 0);
    const struct swap *swap = swap_at(move, true);

    if (!swap->history && !swap->without_all) {
        die("lead %s entered \"%s\" with decision %lld at %lld, and \"welcome\" did not start",
            text(row, 1), text(row, 2), (long long)move, (long long)sqlite3_column_int64(row, 3));
    }
}

static void check_starts(void)
{
    char sql[1200];

    snprintf(
        sql, sizeof(sql),
        "SELECT m.id, m.lead, n.text, m.at_ms FROM move_rows AS m JOIN names AS n ON n.id = "
        "m.to_stage WHERE n.text IN ('mql', 'hot') AND NOT m.passing AND m.at_ms > %lld AND "
        "m.lead" UNMIXED "AND NOT EXISTS (SELECT 1 FROM sequences AS v WHERE v.lead_row = "
        "m.lead AND v.sequence = 'welcome' AND v.started_ms <= m.at_ms AND (v.started_ms = "
        "m.at_ms OR v.state IN ('running', 'paused') OR v.entered_ms + %d * 86400000 > "
        "m.at_ms)) AND NOT EXISTS (SELECT 1 FROM event_rows AS e JOIN nodes AS d ON d.id = "
        "e.node WHERE d.lead = m.lead AND e.received_ms = m.at_ms AND e.name IN (SELECT id FROM "
        "names WHERE text IN ('Something', 'Consent Withdrawn', 'Unsubscribed')))",
        (long long)sim->back_ms, REENTER_DAYS);
    each(sql, check_start);
    snprintf(
        sql, sizeof(sql),
        "SELECT * FROM (SELECT id, lead, sequence, number, started_ms - lag(entered_ms) OVER w "
        "AS apart, lag(state) OVER w AS before, lag(number) OVER w AS last FROM sequences "
        "WINDOW w AS (PARTITION BY lead_row, sequence ORDER BY id)) WHERE last >= number OR "
        "before IN ('running', 'paused') OR apart < iif(sequence = 'welcome', %d, 2) * "
        "86400000",
        REENTER_DAYS);
    never("a sequence began again too early", sql);
}

/* ---- Steps ------------------------------------------------------------------------------------
 */

static bool liked_between(int64_t lead, int64_t from_ms, int64_t to_ms)
{
    return ask("SELECT count(*) FROM event_rows AS e JOIN nodes AS d ON d.id = e.node WHERE d.lead "
               "= ? AND e.received_ms BETWEEN ? AND ? AND e.name = (SELECT id FROM names WHERE "
               "text "
               "= 'Liked')",
               lead, from_ms, to_ms) > 0;
}

/* id, sequence, step, at_ms, next at_ms, lead, started_ms, by itself and unmixed */
static void check_step(sqlite3_stmt *row)
{
    int64_t id = sqlite3_column_int64(row, 0);
    const struct swap *swap = swap_at(id, false);
    const char *step = text(row, 2);
    int64_t at_ms = sqlite3_column_int64(row, 3);
    int64_t next_ms = sqlite3_column_int64(row, 4);
    int64_t lead = sqlite3_column_int64(row, 5);
    int64_t waits_ms = 0;

    if (is_gone(swap, text(row, 1), step)) {
        die("lead %lld came to step \"%s\" (%lld), which the rules did not have", (long long)lead,
            step, (long long)id);
    }
    if (!sqlite3_column_int(row, 7)) {
        return;
    }
    if (swap->history) {
        die("lead %lld came to step \"%s\" (%lld) in a life of history", (long long)lead, step,
            (long long)id);
    }
    if (next_ms == 0) {
        return;
    }
    if (strcmp(step, "pause") == 0) {
        waits_ms = swap->pause_hours * RP_HOUR;
    } else if (strcmp(step, "extra") == 0) {
        waits_ms = 60 * RP_HOUR;
    } else if (strcmp(step, "rest") == 0) {
        waits_ms = 29 * RP_HOUR;
    } else if (strcmp(step, "look") == 0 &&
               !liked_between(lead, sqlite3_column_int64(row, 6), next_ms)) {
        waits_ms = swap->until_days * RP_DAY;
    }
    if (at_ms <= sim->back_ms) { /* hours and waits are asked of a clock that was put back since */
        waits_ms -= BACK_HOURS * RP_HOUR;
        if (waits_ms <= 0) {
            return;
        }
    }
    if (next_ms < at_ms + waits_ms) {
        die("lead %lld left step \"%s\" (%lld) of %lld at %lld: %lld ms too early", (long long)lead,
            step, (long long)id, (long long)at_ms, (long long)next_ms,
            (long long)(at_ms + waits_ms - next_ms));
    }
}

static void check_steps(void)
{
    never("a step was entered twice",
          "SELECT s.instance, v.lead, n.text AS step, count(*) AS times FROM sequence_step_rows AS "
          "s JOIN sequences AS v ON v.id = s.instance JOIN names AS n ON n.id = s.step "
          "WHERE" BY_ITSELF "GROUP BY s.instance, s.step HAVING times > 1");
    each("SELECT s.id, v.sequence, n.text, s.at_ms, lead(s.at_ms) OVER (PARTITION BY s.instance "
         "ORDER BY s.id), s.lead, v.started_ms," BY_ITSELF "AND s.lead" UNMIXED
         "FROM sequence_step_rows AS s JOIN sequences AS v ON v.id = s.instance JOIN names AS n ON "
         "n.id = s.step",
         check_step);
}

/* ---- Actions ----------------------------------------------------------------------------------
 */

static void check_actions_of_steps(void)
{
    char sql[700];

    /* How often each step was entered, and how often it was left behind (its part is done). */
    never(
        "a step's actions are too many or too few",
        "WITH passed AS (SELECT s.lead, v.sequence || '.' || n.text AS step, count(*) AS entered, "
        "sum(s.id < (SELECT max(id) FROM sequence_step_rows WHERE instance = s.instance) OR "
        "v.state = 'done') AS done FROM sequence_step_rows AS s JOIN sequences AS v ON v.id = "
        "s.instance JOIN names AS n ON n.id = s.step WHERE" BY_ITSELF "GROUP BY 1, 2), acted AS "
        "(SELECT o.lead, a.text AS step, count(*) AS acts FROM outbox AS o JOIN names AS a ON "
        "a.id = o.action GROUP BY 1, 2) SELECT passed.*, acts FROM passed LEFT JOIN acted USING "
        "(lead, step) WHERE coalesce(acts, 0) > entered OR (coalesce(acts, 0) < done AND step "
        "NOT IN ('welcome.pause', 'welcome.look', 'welcome.fork'))");
    snprintf(
        sql, sizeof(sql),
        "SELECT o.id, o.lead, a.text FROM outbox AS o JOIN names AS a ON a.id = o.action WHERE "
        "o.lead > 0 AND (a.text GLOB 'welcome.*' OR a.text GLOB 'receipts.*') AND NOT EXISTS "
        "(SELECT 1 FROM sequence_step_rows AS s JOIN sequences AS v ON v.id = s.instance JOIN "
        "names AS n ON n.id = s.step WHERE s.lead = o.lead AND v.sequence || '.' || n.text = "
        "a.text AND (s.at_ms <= o.created_ms OR s.at_ms <= %lld))",
        (long long)sim->back_ms);
    never("a step's action without the step", sql);
    never("outside the hours",
          "SELECT * FROM (SELECT o.id, o.lead, a.text, strftime('%w', o.created_ms / 1000.0 + "
          "32400, 'unixepoch') AS day, strftime('%H', o.created_ms / 1000.0 + 32400, 'unixepoch') "
          "AS hour FROM outbox AS o JOIN names AS a ON a.id = o.action WHERE a.text GLOB "
          "'welcome.*') WHERE day IN ('0', '6') OR hour < '08' OR hour >= '20'");
}

/* ---- Exits ------------------------------------------------------------------------------------
 */

/* What ends a sequence does so when rules that have it look at the lead: those in force then, or,
 * if they had lost it, those that have it again, at the lead's next event, decision or step. Until
 * such a moment came nothing can have ended it; after one nothing excuses that it goes on. */
static bool was_seen(const struct swap *from, const char *sequence, int64_t lead, int64_t instance)
{
    const struct swap *end = &sim->swaps[sim->swap_count];

    for (const struct swap *swap = from; swap < end; swap++) {
        const struct swap *next = swap + 1;
        struct swap last = {
            .last_event = INT64_MAX, .last_move = INT64_MAX, .last_step = INT64_MAX};

        next = next < end ? next : &last;
        if (!is_gone(swap, sequence, "") &&
            ask("SELECT EXISTS (SELECT 1 FROM event_rows AS e JOIN nodes AS d ON d.id = e.node "
                "WHERE d.lead = ?1 AND e.id > ?2 AND e.id <= ?3) OR EXISTS (SELECT 1 FROM "
                "move_rows WHERE lead = ?1 AND id > ?4 AND id <= ?5) OR EXISTS (SELECT 1 FROM "
                "sequence_step_rows WHERE instance = ?6 AND id > ?7 AND id <= ?8)",
                lead, swap->last_event, next->last_event, swap->last_move, next->last_move,
                instance, swap->last_step, next->last_step)) {
            return true;
        }
    }
    return false;
}

/* A live instance whose lead did what ends it: id, sequence, step, lead, event, when, lead's row.
 */
static void check_exit(sqlite3_stmt *row)
{
    const struct swap *swap = swap_of_event(sqlite3_column_int64(row, 4));

    if (!is_gone(swap, text(row, 1), "") ||
        was_seen(swap + 1, text(row, 1), sqlite3_column_int64(row, 6),
                 sqlite3_column_int64(row, 0))) {
        die("lead %s is still in \"%s\" at \"%s\" (%s) after event %s at %s, which ends it",
            text(row, 3), text(row, 1), text(row, 2), text(row, 0), text(row, 4), text(row, 5));
    }
}

/* The same, whose lead is in another stage by a decision; and whether its times tell that this was
 * after the start. */
static void check_left(sqlite3_stmt *row)
{
    const struct swap *swap = swap_at(sqlite3_column_int64(row, 4), true);

    if (!swap->without_all || (sqlite3_column_int(row, 7) &&
                               was_seen(swap + 1, text(row, 1), sqlite3_column_int64(row, 6),
                                        sqlite3_column_int64(row, 0)))) {
        die("lead %s is still in \"%s\" at \"%s\" (%s) after decision %s at %s", text(row, 3),
            text(row, 1), text(row, 2), text(row, 0), text(row, 4), text(row, 5));
    }
}

static void check_ends(void)
{
    char sql[900];

    snprintf(sql, sizeof(sql),
             "SELECT s.id, v.lead, v.sequence, n.text, s.at_ms, m.at_ms AS left FROM "
             "sequence_step_rows AS s JOIN sequences AS v ON v.id = s.instance JOIN names AS n ON "
             "n.id = s.step JOIN move_rows AS m ON m.lead = s.lead AND m.at_ms > v.started_ms AND "
             "m.at_ms < s.at_ms AND m.from_stage IN (SELECT id FROM names WHERE text IN ('mql', "
             "'hot')) WHERE v.sequence = 'welcome' AND v.started_ms > %lld AND s.lead" UNMIXED,
             (long long)sim->back_ms);
    never("a step after the lead left the stage", sql);
    snprintf(sql, sizeof(sql),
             "SELECT v.id, v.lead, v.step, v.state, v.entered_ms, s.at_ms FROM sequences AS v JOIN "
             "sequence_step_rows AS s ON s.instance = v.id WHERE v.state IN ('done', 'exited', "
             "'cancelled') AND s.at_ms > v.entered_ms AND v.started_ms > %lld",
             (long long)sim->back_ms);
    never("a step behind the end", sql);
}

static void check_exits(void)
{
    each("SELECT v.id, v.sequence, v.step, v.lead, max(m.id), m.at_ms, v.lead_row, m.at_ms > "
         "v.started_ms FROM sequences AS v JOIN leads AS l ON l.id = v.lead JOIN move_rows AS m ON "
         "m.lead = v.lead_row WHERE v.sequence = 'welcome' AND v.state IN ('running', 'paused') "
         "AND l.stage NOT IN ('mql', 'hot') AND v.lead_row" UNMIXED "GROUP BY v.id",
         check_left);
    /* What is void by now would not end it any more, when rules have it again. */
    each("SELECT v.id, v.sequence, v.step, v.lead, min(e.id), e.received_ms, v.lead_row FROM "
         "sequences AS v JOIN nodes AS d ON d.lead = v.lead_row JOIN event_rows AS e ON e.node = "
         "d.id AND e.received_ms >= v.started_ms AND e.name = (SELECT id FROM names WHERE text = "
         "iif(v.sequence = 'welcome', 'Something', 'Deal Won')) WHERE v.state IN ('running', "
         "'paused') AND v.lead_row" UNMIXED "AND v.lead_row NOT IN (SELECT lead FROM aside_leads) "
         "AND NOT EXISTS (SELECT 1 FROM event_rows AS x WHERE x.name = (SELECT id FROM names WHERE "
         "text = 'Event Voided') AND x.body ->> '$.properties.messageId' = (SELECT message_id FROM "
         "events WHERE id = e.id)) GROUP BY v.id",
         check_exit);
}

/* ---- The whole --------------------------------------------------------------------------------
 */

/* Leads whose events do not tell all; those who perhaps were staff at some time. */
static void find_mixed(void)
{
    char sql[1000];

    snprintf(
        sql, sizeof(sql),
        "DROP TABLE IF EXISTS temp.staff; CREATE TEMP TABLE staff AS SELECT d.lead, e.kind >> 3 & "
        "16 "
        "AS base FROM event_rows AS e JOIN nodes AS d ON d.id = e.node WHERE e.kind >> 3 & 16 OR "
        "(e.kind & 7 = 3 AND %u >> coalesce(e.body ->> '$.traits.n', 31) & 1);"
        "DROP TABLE IF EXISTS temp.mixed; CREATE TEMP TABLE mixed AS SELECT lead FROM staff "
        "UNION SELECT from_lead FROM merge_rows UNION SELECT into_lead FROM merge_rows "
        "UNION SELECT lead FROM apart_rows UNION SELECT other FROM apart_rows; "
        "DELETE FROM staff WHERE base AND %u = 0",
        sim->staff, sim->staff);
    (void)ask("SELECT 1"); /* opens it */
    if (sqlite3_exec(life.sql, sql, NULL, NULL, NULL) != SQLITE_OK) {
        die("%s", sqlite3_errmsg(life.sql));
    }
}

void check_sequences(void)
{
    find_mixed();
    sim->sequences = (int)ask("SELECT count(*) FROM sequence_rows");
    check_starts();
    check_steps();
    check_actions_of_steps();
    check_ends();
    check_exits();
}

/* ---- What waits -------------------------------------------------------------------------------
 */

void check_stuck(void)
{
    const struct swap *now = &sim->swaps[sim->swap_count - 1];
    struct rp_core_stats stats;
    int64_t stuck = ask("SELECT count(*) FROM sequences WHERE state IN ('running', 'paused') AND "
                        "sequence = 'welcome' AND (? OR (? AND step = 'extra'))",
                        (int64_t)now->without_all, (int64_t)now->without_extra);

    rp_core_stats(life.core, &stats);
    if ((int64_t)stats.sequences_stuck != stuck) {
        die("%lld leads are in sequences that the rules cannot go on with, %lld are told of",
            (long long)stuck, (long long)stats.sequences_stuck);
    }
    sim->stuck += (int)stuck;
}

static void overdue(sqlite3_stmt *row)
{
    const struct swap *now = &sim->swaps[sim->swap_count - 1];

    if (!is_gone(now, text(row, 1), text(row, 2))) {
        die("lead %s waits in \"%s\" at \"%s\" (%s) until %s, and it is %lld", text(row, 3),
            text(row, 1), text(row, 2), text(row, 0), text(row, 4), (long long)sim->now_ms);
    }
}

void check_overdue(void)
{
    char sql[400];

    if (sim->history) {
        return;
    }
    find_mixed();
    snprintf(
        sql, sizeof(sql),
        "SELECT v.id, v.sequence, v.step, v.lead, v.due_ms FROM sequences AS v WHERE v.state = "
        "'running' AND v.due_ms < %lld AND v.lead_row NOT IN (SELECT lead FROM aside_leads UNION "
        "SELECT lead FROM temp.staff)",
        (long long)(sim->now_ms - 3 * RP_HOUR));
    each(sql, overdue);
}
