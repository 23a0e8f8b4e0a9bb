/* SPDX-License-Identifier: MIT */
/* What may go out, asked when it does and afterwards: nothing that is paused, no other bytes than
 * before, no mail to an address of the list, none without the consent of its purpose, never more
 * than the limit within its time. Consent is read from the stored events, by a model of its own. */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Consent ----------------------------------------------------------------------------------
 */

enum { MARKETING, NEWS, ALL, PURPOSES };
enum word { UNKNOWN, GIVEN, PENDING, REFUSED };
static enum word words[PURPOSES];

static enum word word_of(int purpose)
{
    return words[purpose] != UNKNOWN ? words[purpose] : words[ALL];
}

static void take_consent(sqlite3_stmt *row)
{
    const char *event = (const char *)sqlite3_column_text(row, 0);
    const char *purpose = (const char *)sqlite3_column_text(row, 1);
    bool is_public = sqlite3_column_int(row, 2) != 0;
    bool confirmed = sqlite3_column_int(row, 3) != 0;
    bool given = strcmp(event, "Consent Given") == 0;

    if (!purpose && !given) {
        words[MARKETING] = words[NEWS] = UNKNOWN;
        words[ALL] = REFUSED;
        return;
    }
    for (int i = 0; i < ALL; i++) {
        enum word before = word_of(i);

        if (!strstr(purpose ? purpose : "marketing", i == NEWS ? "news" : "marketing")) {
            continue;
        }
        words[i] = !given                           ? REFUSED
                   : !confirmed                     ? (before == GIVEN ? GIVEN : PENDING)
                   : is_public && before == REFUSED ? PENDING
                                                    : GIVEN;
    }
}

/* Of two copies the first accepted counts; what is void does not. False: a part of the history was
 * made a base, which does not show it. */
static bool read_consent(struct rp_str lead)
{
    sqlite3_stmt *stmt = prepare(
        "SELECT event, purpose, is_public, confirmed FROM (SELECT event, is_public, effective_ms, "
        "message_id, min(id), body ->> '$.properties.purpose' AS purpose, "
        "coalesce(body ->> '$.properties.confirmed', 1) AS confirmed FROM events WHERE lead = ?1 "
        "AND event IN ('Consent Given', 'Consent Withdrawn', 'Unsubscribed') AND message_id NOT IN "
        "(SELECT body ->> '$.properties.messageId' FROM events WHERE lead = ?1 AND event = 'Event "
        "Voided') GROUP BY message_id) ORDER BY effective_ms, message_id");
    sqlite3_stmt *base = prepare("SELECT count(*) FROM events WHERE lead = ?1 AND event = 'History "
                                 "Compacted'");
    bool whole;

    memset(words, 0, sizeof(words));
    sqlite3_bind_text(stmt, 1, lead.ptr, (int)lead.len, SQLITE_STATIC);
    sqlite3_bind_text(base, 1, lead.ptr, (int)lead.len, SQLITE_STATIC);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        take_consent(stmt);
    }
    whole = sqlite3_step(base) == SQLITE_ROW && sqlite3_column_int(base, 0) == 0;
    (void)sqlite3_finalize(base);
    if (sqlite3_finalize(stmt) != SQLITE_OK) {
        die("consent: %s", sqlite3_errmsg(life.sql));
    }
    return whole;
}

/* The lead that it is now. */
static void living_lead(struct rp_str public_id, char out[64])
{
    sqlite3_stmt *stmt = prepare(
        "WITH RECURSIVE way(id, public_id, next) AS (SELECT id, public_id, merged_into FROM "
        "lead_rows WHERE public_id = ?1 UNION ALL SELECT l.id, l.public_id, l.merged_into FROM "
        "lead_rows AS l JOIN way ON l.id = way.next) SELECT public_id FROM way WHERE next IS NULL");

    sqlite3_bind_text(stmt, 1, public_id.ptr, (int)public_id.len, SQLITE_STATIC);
    if (sqlite3_step(stmt) != SQLITE_ROW) {
        die("an action of no lead: %.*s", RP_STR_ARG(public_id));
    }
    snprintf(out, 64, "%s", (const char *)sqlite3_column_text(stmt, 0));
    (void)sqlite3_finalize(stmt);
}

/* ---- At a lease -------------------------------------------------------------------------------
 */

static uint64_t hash_of(struct rp_str text, uint64_t hash)
{
    for (size_t i = 0; i < text.len; i++) {
        hash = (hash ^ (unsigned char)text.ptr[i]) * UINT64_C(1099511628211);
    }
    return hash * UINT64_C(1099511628211) + 1;
}

static void check_bytes(const struct rp_outbox_row *row)
{
    uint64_t hash = hash_of(row->body, hash_of(row->to, hash_of(row->key, 5)));
    uint64_t *before = &sim->deliveries[row->id].hash;

    if (*before != 0 && *before != hash) {
        die("action %lld is given out with other bytes than before: %.*s", (long long)row->id,
            RP_STR_ARG(row->body));
    }
    *before = hash;
}

static void check_address(const struct rp_outbox_row *row, const char *to)
{
    long number = strtol(to + 1, NULL, 10);

    if (number >= 0 && number < ADDRESSES_MAX && sim->suppressed[number] == YES) {
        die("mail %lld goes to %s, which was suppressed", (long long)row->id, to);
    }
    if (ask("SELECT count(*) FROM suppression_rows WHERE address = 'e' || ? || '@x.test'",
            (int64_t)number) > 0) {
        die("mail %lld goes to %s, which is on the list", (long long)row->id, to);
    }
}

static void check_consent(const struct rp_outbox_row *row, const char *purpose)
{
    char lead[64];

    living_lead(row->lead_public_id, lead);
    if (strcmp(purpose, "transactional") != 0 && read_consent(rp_str_from(lead)) &&
        word_of(strcmp(purpose, "news") == 0 ? NEWS : MARKETING) != GIVEN) {
        die("mail %lld of %s goes to %s, who did not agree to %s", (long long)row->id,
            row->lead_public_id.ptr, lead, purpose);
    }
}

void check_lease(const struct rp_outbox_row *row)
{
    sqlite3_stmt *stmt;

    check_bytes(row);
    for (int i = 0; i < SCOPES; i++) {
        if (sim->paused[i] == YES && scope_covers(i, row)) {
            die("action %lld is given out, but scope %d is paused", (long long)row->id, i);
        }
    }
    if (row->kind != RP_ACTION_EMAIL) {
        return;
    }
    sim->mails++;
    stmt = prepare("SELECT ?1 ->> '$.to', ?1 ->> '$.purpose'");
    sqlite3_bind_text(stmt, 1, row->body.ptr, (int)row->body.len, SQLITE_STATIC);
    if (sqlite3_step(stmt) != SQLITE_ROW || !sqlite3_column_text(stmt, 1)) {
        die("mail %lld is no mail: %.*s", (long long)row->id, RP_STR_ARG(row->body));
    }
    check_address(row, (const char *)sqlite3_column_text(stmt, 0));
    check_consent(row, (const char *)sqlite3_column_text(stmt, 1));
    (void)sqlite3_finalize(stmt);
}

/* ---- Afterwards -------------------------------------------------------------------------------
 */

/* All that left or is to leave, of a lead and those that were part of it when the mail was made. */
static void check_limit(sqlite3_stmt *row)
{
    int64_t id = sqlite3_column_int64(row, 0);
    int64_t at_ms = sqlite3_column_int64(row, 2);
    int64_t count = ask(
        "WITH RECURSIVE part(id) AS (SELECT ? UNION SELECT m.from_lead FROM merge_rows AS m JOIN "
        "part ON m.into_lead = part.id WHERE m.undone_ms IS NULL AND m.at_ms < ?) SELECT count(*) "
        "FROM outbox WHERE lead IN part AND kind = 4 AND state IN (0, 1, 2) AND id <= ? AND "
        "created_ms > ? AND body ->> '$.purpose' <> 'transactional'",
        sqlite3_column_int64(row, 1), at_ms, id, at_ms - MAILS_DAYS * RP_DAY);

    if (count > MAILS_MAX) {
        die("mail %lld is the %lldth of lead %lld in %d days", (long long)id, (long long)count,
            (long long)sqlite3_column_int64(row, 1), MAILS_DAYS);
    }
}

void check_mails(void)
{
    char sql[300];

    snprintf(sql, sizeof(sql),
             "SELECT id, lead, created_ms FROM outbox WHERE lead > 0 AND kind = 4 AND state IN (0, "
             "1, 2) AND created_ms > %lld AND body ->> '$.purpose' <> 'transactional'",
             (long long)sim->back_ms);
    each(sql, check_limit);
    never("a mail is held and nobody knows why",
          "SELECT id, lead FROM outbox WHERE state = 5 AND error = '' AND lead > 0");
    never("a mail was held and has an attempt's answer",
          "SELECT id, http_status FROM outbox WHERE state = 5 AND attempts = 0 AND http_status > "
          "0");
    never("a task without its row, or none for its row",
          "SELECT o.id AS task, t.id AS row FROM (SELECT id FROM outbox WHERE kind = 2 AND state "
          "IN (2, 6) AND lead > 0) AS o FULL JOIN task_rows AS t ON t.id = o.id WHERE o.id IS NULL "
          "OR t.id IS NULL");
    never("a lead of two owners",
          "SELECT lead, count(*) FROM assignment_rows WHERE ended_ms IS NULL AND owner <> '' GROUP "
          "BY lead HAVING count(*) > 1");
    never("an owner from nowhere",
          "SELECT id, lead, owner FROM assignment_rows WHERE owner NOT IN ('', 'lea@a.test', "
          "'tom@a.test', 'ann@a.test')");
}
