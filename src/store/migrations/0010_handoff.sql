-- SPDX-License-Identifier: MIT
-- The hand-off to sales: who owns a lead and did, whose turn it is in a team, and tasks.

-- One row for each time that a lead changed hands; the newest that has not ended is how it stands.
-- owner '': nobody. by_what: 0 an action, 1 a CRM's trait, 2 a person, 3 the owner rejected it,
-- 4 a merge. ended_by: the same, of what came then; NULL: it has not ended.
CREATE TABLE assignment_rows (
    id        INTEGER PRIMARY KEY,
    lead      INTEGER NOT NULL,
    event     INTEGER,
    by_what   INTEGER NOT NULL,
    at_ms     INTEGER NOT NULL,
    ended_ms  INTEGER,
    ended_by  INTEGER,
    barred_ms INTEGER,             -- of a rejection: until then it is not given back
    team      INTEGER,
    action    INTEGER,
    owner     TEXT NOT NULL,
    previous  TEXT NOT NULL,
    reason    TEXT NOT NULL,
    author    TEXT NOT NULL
) STRICT;
CREATE INDEX assignment_rows_lead ON assignment_rows (lead);
CREATE INDEX assignment_rows_owner ON assignment_rows (owner) WHERE ended_ms IS NULL AND owner <> '';

-- Who of a team got a lead last, and how many it gave out.
CREATE TABLE team_rows (
    team  INTEGER PRIMARY KEY,
    turns INTEGER NOT NULL,
    last  TEXT NOT NULL
) STRICT;

-- What stands in the outbox as a task, and who does it. id is the outbox's. follows: it belongs to
-- whoever owns the lead.
CREATE TABLE task_rows (
    id         INTEGER PRIMARY KEY,
    lead       INTEGER NOT NULL,
    follows    INTEGER NOT NULL,
    due_ms     INTEGER,
    claimed_ms INTEGER,
    done_ms    INTEGER,
    team       INTEGER,
    owner      TEXT NOT NULL,
    claimed_by TEXT NOT NULL,
    done_by    TEXT NOT NULL,
    outcome    TEXT NOT NULL,
    notes      TEXT NOT NULL        -- JSON: [{"at","author","text"}]
) STRICT;
CREATE INDEX task_rows_lead ON task_rows (lead);
CREATE INDEX task_rows_open ON task_rows (due_ms, id) WHERE done_ms IS NULL;

CREATE VIEW assignments AS
SELECT v.id, l.public_id AS lead, nullif(v.owner, '') AS owner, nullif(v.previous, '') AS previous,
       CASE v.by_what WHEN 0 THEN 'action' WHEN 1 THEN 'trait' WHEN 2 THEN 'person'
                      WHEN 3 THEN 'rejected' ELSE 'merged' END AS because,
       t.text AS team, a.text AS action, nullif(v.reason, '') AS reason,
       nullif(v.author, '') AS author,
       strftime('%Y-%m-%dT%H:%M:%fZ', v.at_ms / 1000.0, 'unixepoch') AS at,
       strftime('%Y-%m-%dT%H:%M:%fZ', v.ended_ms / 1000.0, 'unixepoch') AS ended_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', v.barred_ms / 1000.0, 'unixepoch') AS barred_until,
       v.at_ms, v.ended_ms, v.barred_ms, v.event
FROM assignment_rows AS v
LEFT JOIN lead_rows AS l ON l.id = v.lead
LEFT JOIN names AS t ON t.id = v.team
LEFT JOIN names AS a ON a.id = v.action;

CREATE VIEW tasks AS
SELECT k.id, l.public_id AS lead, a.text AS action, nullif(k.owner, '') AS owner, t.text AS team,
       o.body ->> '$.note' AS note,
       CASE WHEN k.done_ms IS NOT NULL THEN 'done' WHEN o.state <> 6 THEN 'cancelled'
            WHEN k.claimed_by <> '' THEN 'claimed' ELSE 'open' END AS status,
       nullif(k.claimed_by, '') AS claimed_by, nullif(k.done_by, '') AS done_by,
       nullif(k.outcome, '') AS outcome, k.notes,
       strftime('%Y-%m-%dT%H:%M:%fZ', o.created_ms / 1000.0, 'unixepoch') AS created_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', k.due_ms / 1000.0, 'unixepoch') AS due_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', k.claimed_ms / 1000.0, 'unixepoch') AS claimed_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', k.done_ms / 1000.0, 'unixepoch') AS done_at,
       o.created_ms, k.due_ms, k.claimed_ms, k.done_ms
FROM task_rows AS k
JOIN outbox AS o ON o.id = k.id
LEFT JOIN lead_rows AS l ON l.id = k.lead
LEFT JOIN names AS t ON t.id = k.team
LEFT JOIN names AS a ON a.id = o.action;
