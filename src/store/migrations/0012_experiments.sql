-- SPDX-License-Identifier: MIT
-- Experiments: what was started, its periods, who was dealt to which arm, and when each model would
-- have moved a lead. Assignments are written once and never computed again.

-- One row a name and salt. state: 1 running, 2 stopped, 3 promoted. definition: JSON, as it was when
-- it was started or when the rules last changed.
CREATE TABLE experiment_rows (
    id         INTEGER PRIMARY KEY,
    name       TEXT NOT NULL,
    salt       TEXT NOT NULL,
    state      INTEGER NOT NULL,
    started_ms INTEGER NOT NULL,
    stopped_ms INTEGER,
    why        TEXT NOT NULL,
    author     TEXT NOT NULL,
    definition TEXT NOT NULL,
    UNIQUE (name, salt)
) STRICT;

-- A period ends when a model, the shares or what is dealt out change. arms: JSON array of name, model,
-- weight and the hash of the model. first_event: the newest event row when it began.
CREATE TABLE experiment_periods (
    experiment  INTEGER NOT NULL,
    number      INTEGER NOT NULL,
    generation  INTEGER NOT NULL,
    started_ms  INTEGER NOT NULL,
    ended_ms    INTEGER,
    why         TEXT NOT NULL,
    first_event INTEGER NOT NULL,
    arms        TEXT NOT NULL,
    PRIMARY KEY (experiment, number)
) STRICT, WITHOUT ROWID;

-- By company: each group id once.
CREATE TABLE experiment_units (
    experiment INTEGER NOT NULL,
    unit       TEXT NOT NULL,
    arm        INTEGER,
    bucket     INTEGER NOT NULL,
    period     INTEGER NOT NULL,
    at_ms      INTEGER NOT NULL,
    PRIMARY KEY (experiment, unit)
) STRICT, WITHOUT ROWID;

-- arm NULL: dealt to none (the share was too small), or known before the experiment. at_ms: when it
-- was dealt, or was found to be outside. origin: the lead that brought it into a merge. flags: 1 two
-- known leads were merged, 2 across arms, 4 an `exclude` holds, 8 another lead has it now, 16 known
-- before, 32 came with a merge.
CREATE TABLE dealt_rows (
    experiment   INTEGER NOT NULL,
    lead         INTEGER NOT NULL,
    unit         TEXT NOT NULL,
    arm          INTEGER,
    bucket       INTEGER NOT NULL,
    period       INTEGER NOT NULL,
    at_ms        INTEGER NOT NULL,
    hash_version INTEGER NOT NULL,
    flags        INTEGER NOT NULL,
    origin       INTEGER,
    PRIMARY KEY (experiment, lead)
) STRICT, WITHOUT ROWID;
CREATE INDEX dealt_rows_lead ON dealt_rows (lead);

-- The first moment at which a model's `enter` of a stage held, in a period. scores: JSON array of the
-- totals of all arms at that moment.
CREATE TABLE entry_rows (
    experiment INTEGER NOT NULL,
    period     INTEGER NOT NULL,
    lead       INTEGER NOT NULL,
    arm        INTEGER NOT NULL,
    stage      INTEGER NOT NULL,
    at_ms      INTEGER NOT NULL,
    scores     TEXT NOT NULL,
    PRIMARY KEY (experiment, period, lead, arm, stage)
) STRICT, WITHOUT ROWID;
CREATE INDEX entry_rows_lead ON entry_rows (lead);

CREATE VIEW experiments AS
SELECT name, salt, CASE state WHEN 1 THEN 'running' WHEN 2 THEN 'stopped' ELSE 'promoted' END AS state,
       strftime('%Y-%m-%dT%H:%M:%fZ', started_ms / 1000.0, 'unixepoch') AS started_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', stopped_ms / 1000.0, 'unixepoch') AS stopped_at,
       why, author, definition, started_ms, stopped_ms, id
FROM experiment_rows;

CREATE VIEW arms AS
SELECT x.name AS experiment, l.public_id AS lead, a.unit,
       json_extract(x.definition, '$.arms[' || a.arm || '].name') AS arm, a.bucket, a.period,
       strftime('%Y-%m-%dT%H:%M:%fZ', a.at_ms / 1000.0, 'unixepoch') AS at,
       a.flags & 1 <> 0 AS is_merged, a.flags & 2 <> 0 AS is_crossover, a.flags & 4 <> 0 AS is_excluded,
       a.flags & 8 <> 0 AS is_moved, a.at_ms, a.hash_version
FROM dealt_rows AS a
JOIN experiment_rows AS x ON x.id = a.experiment
LEFT JOIN lead_rows AS l ON l.id = a.lead;
