-- SPDX-License-Identifier: MIT
-- What time alone will do. A lead's timers are derived from its state by every fold; only the next
-- one is kept, so that the server knows after a restart whom to look at, and when. Written behind
-- with the states: a crash loses nothing that the events behind the watermark do not bring back.

-- kind: 1 crossing, 2 held, 3 inactive, 4 in_stage, 5 window, 6 due, 7 stay, 8 wake.
CREATE TABLE timer_rows (
    lead   INTEGER PRIMARY KEY,
    due_ms INTEGER NOT NULL,
    kind   INTEGER NOT NULL
) STRICT;

-- Statuses are decisions too: recorded when taken, never rewritten.
CREATE TABLE status_rows (
    id          INTEGER PRIMARY KEY,
    lead        INTEGER NOT NULL,
    event       INTEGER,
    stage       INTEGER,
    from_status INTEGER,
    to_status   INTEGER,
    because     INTEGER,
    at_ms       INTEGER NOT NULL,
    generation  INTEGER NOT NULL
) STRICT;
CREATE INDEX status_rows_lead ON status_rows (lead);

ALTER TABLE lead_states ADD COLUMN status INTEGER;
ALTER TABLE lead_states ADD COLUMN status_since_ms INTEGER;
ALTER TABLE lead_states ADD COLUMN judged_ms INTEGER;
ALTER TABLE lead_states ADD COLUMN late_ms INTEGER;

CREATE VIEW timers AS
SELECT l.public_id AS lead,
       CASE t.kind WHEN 1 THEN 'crossing' WHEN 2 THEN 'held' WHEN 3 THEN 'inactive'
                   WHEN 4 THEN 'in_stage' WHEN 5 THEN 'window' WHEN 6 THEN 'due'
                   WHEN 7 THEN 'stay' ELSE 'wake' END AS kind,
       strftime('%Y-%m-%dT%H:%M:%fZ', t.due_ms / 1000.0, 'unixepoch') AS due_at, t.due_ms,
       t.lead AS lead_row
FROM timer_rows AS t
JOIN lead_rows AS l ON l.id = t.lead;

CREATE VIEW statuses AS
SELECT v.id, l.public_id AS lead, g.text AS stage, f.text AS from_status, t.text AS to_status,
       b.text AS because, strftime('%Y-%m-%dT%H:%M:%fZ', v.at_ms / 1000.0, 'unixepoch') AS at,
       v.at_ms, v.event, v.generation
FROM status_rows AS v
LEFT JOIN lead_rows AS l ON l.id = v.lead
LEFT JOIN names AS g ON g.id = v.stage
LEFT JOIN names AS f ON f.id = v.from_status
LEFT JOIN names AS t ON t.id = v.to_status
LEFT JOIN names AS b ON b.id = v.because;

DROP VIEW leads;
CREATE VIEW leads AS
SELECT l.public_id AS id, s.profile ->> '$.userId' AS user_id, s.profile ->> '$.email' AS email,
       s.profile ->> '$.first_name' AS first_name, s.profile ->> '$.last_name' AS last_name,
       s.profile ->> '$.company' AS company, s.profile ->> '$.title' AS title,
       n.text AS stage, u.text AS status,
       strftime('%Y-%m-%dT%H:%M:%fZ', s.stage_since_ms / 1000.0, 'unixepoch') AS stage_since,
       s.total / 1000.0 AS total, s.grade, s.scores, s.profile, s.generation,
       strftime('%Y-%m-%dT%H:%M:%fZ', s.created_ms / 1000.0, 'unixepoch') AS created_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', s.updated_ms / 1000.0, 'unixepoch') AS updated_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', s.scored_ms / 1000.0, 'unixepoch') AS scored_at,
       s.stage_since_ms, s.created_ms, s.updated_ms, s.scored_ms, l.id AS lead_row
FROM lead_states AS s
JOIN lead_rows AS l ON l.id = s.lead
LEFT JOIN names AS n ON n.id = s.stage
LEFT JOIN names AS u ON u.id = s.status
WHERE l.merged_into IS NULL;
