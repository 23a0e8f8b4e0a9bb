-- SPDX-License-Identifier: MIT
-- Who is who, as it was decided: merges that can be undone, joins that were refused, pairs that a
-- person took apart; and who asked to be forgotten.

-- nodes: JSON array of the identity nodes that moved. undone_ms: when an un-merge moved them back.
CREATE TABLE merge_rows (
    id        INTEGER PRIMARY KEY,
    at_ms     INTEGER NOT NULL,
    from_lead INTEGER NOT NULL,
    into_lead INTEGER NOT NULL,
    nodes     TEXT NOT NULL,
    undone_ms INTEGER
) STRICT;
CREATE INDEX merge_rows_from ON merge_rows (from_lead);
CREATE INDEX merge_rows_into ON merge_rows (into_lead);

-- The first time that an event would have joined the two; reason is a number of `names`.
CREATE TABLE refusal_rows (
    lead   INTEGER NOT NULL,
    other  INTEGER NOT NULL,
    reason INTEGER NOT NULL,
    at_ms  INTEGER NOT NULL,
    PRIMARY KEY (lead, other, reason)
) STRICT, WITHOUT ROWID;

-- Un-merged pairs: events do not join them again.
CREATE TABLE apart_rows (
    lead  INTEGER NOT NULL,
    other INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (lead, other)
) STRICT, WITHOUT ROWID;

-- Keyed digests of forgotten identifiers, so that a restored backup can forget them again.
CREATE TABLE forgotten_rows (
    digest BLOB PRIMARY KEY,
    at_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What is left of them: numbers without a name. day: days since 1970.
CREATE TABLE forgotten_counts (
    day     INTEGER NOT NULL,
    stage   INTEGER NOT NULL,
    leads   INTEGER NOT NULL,
    events  INTEGER NOT NULL,
    actions INTEGER NOT NULL,
    PRIMARY KEY (day, stage)
) STRICT, WITHOUT ROWID;

-- What a correction asks for, as JSON; emptied when a lead is forgotten.
ALTER TABLE request_rows ADD COLUMN body TEXT NOT NULL DEFAULT '';

CREATE VIEW merges AS
SELECT m.id, f.public_id AS lead, i.public_id AS into_lead,
       strftime('%Y-%m-%dT%H:%M:%fZ', m.at_ms / 1000.0, 'unixepoch') AS at,
       strftime('%Y-%m-%dT%H:%M:%fZ', m.undone_ms / 1000.0, 'unixepoch') AS undone_at, m.at_ms,
       m.undone_ms
FROM merge_rows AS m
LEFT JOIN lead_rows AS f ON f.id = m.from_lead
LEFT JOIN lead_rows AS i ON i.id = m.into_lead;

CREATE VIEW refused_joins AS
SELECT l.public_id AS lead, o.public_id AS other, n.text AS reason,
       strftime('%Y-%m-%dT%H:%M:%fZ', r.at_ms / 1000.0, 'unixepoch') AS at, r.at_ms
FROM refusal_rows AS r
LEFT JOIN lead_rows AS l ON l.id = r.lead
LEFT JOIN lead_rows AS o ON o.id = r.other
LEFT JOIN names AS n ON n.id = r.reason;

CREATE VIEW forgotten AS
SELECT strftime('%Y-%m-%d', c.day * 86400.0, 'unixepoch') AS day, n.text AS stage, c.leads, c.events,
       c.actions
FROM forgotten_counts AS c
LEFT JOIN names AS n ON n.id = c.stage;
