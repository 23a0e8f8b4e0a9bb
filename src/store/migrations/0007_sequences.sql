-- SPDX-License-Identifier: MIT
-- Sequences: each time that a lead went into one, and the steps that it came to. Written in the
-- transaction of what caused it. What runs stands in the lead's state too; these rows are read by
-- people, and bring it back after an un-merge.

-- number: the how many-th of this sequence for this lead. entered_ms: of the step; of an ended one,
-- when it ended. due_ms NULL: no time ends its wait. state: 0 running, 1 paused, 2 done, 3 exited,
-- 4 cancelled, 5 merged. waits: 0 nothing, 1 a time, 2 something, 3 the hours in which it may send.
CREATE TABLE sequence_rows (
    id         INTEGER PRIMARY KEY,
    lead       INTEGER NOT NULL,
    event      INTEGER,
    sequence   INTEGER NOT NULL,
    number     INTEGER NOT NULL,
    step       INTEGER NOT NULL,
    started_ms INTEGER NOT NULL,
    entered_ms INTEGER NOT NULL,
    due_ms     INTEGER,
    state      INTEGER NOT NULL,
    was        INTEGER,             -- its state before the merge
    waits      INTEGER NOT NULL,
    passed     INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    started_by TEXT NOT NULL,
    reason     TEXT NOT NULL
) STRICT;
CREATE INDEX sequence_rows_lead ON sequence_rows (lead);
CREATE INDEX sequence_rows_live ON sequence_rows (sequence, step, state) WHERE state < 2;

CREATE TABLE sequence_step_rows (
    id       INTEGER PRIMARY KEY,
    lead     INTEGER NOT NULL,
    instance INTEGER NOT NULL,
    step     INTEGER NOT NULL,
    at_ms    INTEGER NOT NULL
) STRICT;
CREATE INDEX sequence_step_rows_lead ON sequence_step_rows (lead);

CREATE VIEW sequences AS
SELECT v.id, l.public_id AS lead, q.text AS sequence, v.number, t.text AS step,
       CASE v.state WHEN 0 THEN 'running' WHEN 1 THEN 'paused' WHEN 2 THEN 'done'
                    WHEN 3 THEN 'exited' WHEN 4 THEN 'cancelled' ELSE 'merged' END AS state,
       v.started_by, nullif(v.reason, '') AS reason,
       strftime('%Y-%m-%dT%H:%M:%fZ', v.started_ms / 1000.0, 'unixepoch') AS started_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', v.entered_ms / 1000.0, 'unixepoch') AS entered_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', v.due_ms / 1000.0, 'unixepoch') AS due_at,
       v.started_ms, v.entered_ms, v.due_ms, v.event, v.generation, v.lead AS lead_row
FROM sequence_rows AS v
JOIN lead_rows AS l ON l.id = v.lead
LEFT JOIN names AS q ON q.id = v.sequence
LEFT JOIN names AS t ON t.id = v.step;

CREATE VIEW sequence_steps AS
SELECT s.id, l.public_id AS lead, q.text AS sequence, v.number, t.text AS step,
       strftime('%Y-%m-%dT%H:%M:%fZ', s.at_ms / 1000.0, 'unixepoch') AS at, s.at_ms
FROM sequence_step_rows AS s
JOIN sequence_rows AS v ON v.id = s.instance
JOIN lead_rows AS l ON l.id = s.lead
LEFT JOIN names AS q ON q.id = v.sequence
LEFT JOIN names AS t ON t.id = s.step;

-- kind 9: a sequence goes on, ends or starts.
DROP VIEW timers;
CREATE VIEW timers AS
SELECT l.public_id AS lead,
       CASE t.kind WHEN 1 THEN 'crossing' WHEN 2 THEN 'held' WHEN 3 THEN 'inactive'
                   WHEN 4 THEN 'in_stage' WHEN 5 THEN 'window' WHEN 6 THEN 'due'
                   WHEN 7 THEN 'stay' WHEN 8 THEN 'wake' ELSE 'sequence' END AS kind,
       strftime('%Y-%m-%dT%H:%M:%fZ', t.due_ms / 1000.0, 'unixepoch') AS due_at, t.due_ms,
       t.lead AS lead_row
FROM timer_rows AS t
JOIN lead_rows AS l ON l.id = t.lead;
