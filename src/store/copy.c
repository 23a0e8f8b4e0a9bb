/* SPDX-License-Identifier: MIT */
/* One statement a kind of rows; each makes its rows JSON, so that a kind is a line of a table. A
 * table with a column `lead` that is neither here nor in what the reader of a lead shows is found
 * by a test. ?1 is the lead's number. */
#include "store/copy.h"

#include "base/mem.h"
#include "store/store_priv.h"

#define TIME(column) "strftime('%Y-%m-%dT%H:%M:%fZ', " column " / 1000.0, 'unixepoch')"

static const struct kind {
    const char *name, *sql;
} kinds[] = {
    {"tasks",
     "SELECT json_object('id', k.id, 'key', o.key, 'action', a.text, 'owner', k.owner, 'team', "
     "t.text, 'claimedBy', k.claimed_by, 'doneBy', k.done_by, 'outcome', k.outcome, 'notes', "
     "json(k.notes), 'dueAt', " TIME("k.due_ms") ", 'claimedAt', " TIME(
         "k.claimed_ms") ", "
                         "'doneAt', " TIME(
                             "k.done_ms") ") FROM task_rows AS k JOIN outbox AS o ON o.id = k.id "
                                          "LEFT JOIN names AS t ON t.id = k.team LEFT JOIN names "
                                          "AS a ON a.id = o.action "
                                          "WHERE k.lead IN " RP_SQL_LEADS " ORDER BY k.id"},
    {"attempts", "SELECT json_object('key', o.key, 'attempt', a.nth, 'at', " TIME(
                     "a.at_ms") ", 'httpStatus', a.http_status, 'answer', a.answer) "
                                "FROM attempt_rows AS a LEFT JOIN outbox AS o ON o.id = a.action "
                                "WHERE a.lead IN " RP_SQL_LEADS " ORDER BY a.action, a.nth"},
    {"crm", "SELECT json_object('endpoint', n.text, 'memory', json(c.memory), 'updatedAt', " TIME(
                "c.updated_ms") ") FROM crm_rows AS c LEFT JOIN names AS n ON n.id = c.endpoint "
                                "WHERE c.lead IN " RP_SQL_LEADS " ORDER BY n.text"},
    {"hits", "SELECT json_object('key', o.key, 'link', h.link, 'at', " TIME(
                 "h.at_ms") ", 'judged', iif(h.judged = 0, 'person', 'robot'), 'messageId', "
                            "h.message_id) FROM hit_rows AS h LEFT JOIN outbox AS o "
                            "ON o.id = h.action WHERE h.lead IN " RP_SQL_LEADS " ORDER BY h.id"},
    {"experiments",
     "SELECT json_object('experiment', x.name, 'arm', json_extract(x.definition, '$.arms[' || "
     "d.arm || '].name'), 'unit', d.unit, 'period', d.period, 'at', " TIME(
         "d.at_ms") ") FROM dealt_rows AS d JOIN experiment_rows AS x ON x.id = d.experiment "
                    "WHERE d.lead IN " RP_SQL_LEADS " ORDER BY d.at_ms, d.experiment"},
    {"entries",
     "SELECT json_object('experiment', x.name, 'arm', json_extract(x.definition, '$.arms[' || "
     "e.arm || '].name'), 'period', e.period, 'stage', n.text, 'scores', json(e.scores), "
     "'at', " TIME(
         "e.at_ms") ") FROM entry_rows AS e JOIN experiment_rows AS x ON x.id = e.experiment "
                    "LEFT JOIN names AS n ON n.id = e.stage WHERE e.lead IN " RP_SQL_LEADS
                    " ORDER BY e.at_ms, e.experiment, e.arm"},
    {"merges",
     "SELECT json_object('lead', m.lead, 'into', m.into_lead, 'at', m.at, 'undoneAt', "
     "m.undone_at) FROM merge_rows AS r JOIN merges AS m ON m.id = r.id "
     "WHERE r.from_lead IN " RP_SQL_LEADS " OR r.into_lead IN " RP_SQL_LEADS " ORDER BY r.id"},
    {"refusedJoins", "SELECT json_object('other', o.public_id, 'reason', n.text, 'at', " TIME(
                         "r.at_ms") ") FROM refusal_rows AS r LEFT JOIN lead_rows AS o ON o.id = "
                                    "r.other LEFT JOIN names AS n ON n.id = r.reason "
                                    "WHERE r.lead IN " RP_SQL_LEADS " ORDER BY r.at_ms"},
    {"suppressions",
     "SELECT json_object('address', s.address, 'reason', s.reason, 'source', s.source, 'at', s.at) "
     "FROM suppressions AS s WHERE s.address IN (SELECT value FROM nodes "
     "WHERE kind = 3 AND lead IN " RP_SQL_LEADS ") ORDER BY s.at_ms"},
    {"audit",
     "SELECT json_object('at', a.at, 'actor', a.actor, 'verb', a.verb, 'subject', a.subject, "
     "'detail', a.detail) FROM audit AS a WHERE a.subject IN (SELECT public_id FROM lead_rows "
     "WHERE id IN " RP_SQL_LEADS " UNION SELECT value FROM nodes WHERE kind = 3 AND lead "
     "IN " RP_SQL_LEADS ") ORDER BY a.id"},
};

static int write_kind(struct rp_store *store, const struct kind *kind, int64_t lead,
                      struct rp_jw *jw, struct rp_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int status = 0;

    if (sqlite3_prepare_v2(store->db, kind->sql, -1, &stmt, NULL) != SQLITE_OK)
        return rp_sql_fail(store, "copying what is known of a lead", err);
    rp_bind_int(stmt, 1, lead);
    rp_jw_key(jw, kind->name);
    rp_jw_array(jw);
    while ((status = rp_sql_step(store, stmt, "copying what is known of a lead", err)) == 1)
        rp_jw_raw(jw, rp_str_from((const char *)sqlite3_column_text(stmt, 0)));
    rp_jw_array_end(jw);
    sqlite3_finalize(stmt);
    return status;
}

int rp_copy_write(struct rp_store *store, int64_t lead, struct rp_jw *jw, struct rp_err *err)
{
    int status = 0;

    for (size_t i = 0; i < RP_COUNT(kinds) && status == 0; i++)
        status = write_kind(store, &kinds[i], lead, jw, err);
    return status;
}
