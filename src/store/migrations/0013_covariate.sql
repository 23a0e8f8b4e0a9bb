-- SPDX-License-Identifier: MIT
-- What the control's model thought of a lead when it was dealt, in thousandths of a point: known before
-- any arm acted, so that a report may take out what it explains. NULL: dealt by an earlier version.
ALTER TABLE dealt_rows ADD COLUMN score INTEGER;

DROP VIEW arms;
CREATE VIEW arms AS
SELECT x.name AS experiment, l.public_id AS lead, a.unit,
       json_extract(x.definition, '$.arms[' || a.arm || '].name') AS arm, a.bucket, a.period,
       strftime('%Y-%m-%dT%H:%M:%fZ', a.at_ms / 1000.0, 'unixepoch') AS at,
       a.flags & 1 <> 0 AS is_merged, a.flags & 2 <> 0 AS is_crossover, a.flags & 4 <> 0 AS is_excluded,
       a.flags & 8 <> 0 AS is_moved, a.at_ms, a.hash_version, a.score / 1000.0 AS score
FROM dealt_rows AS a
JOIN experiment_rows AS x ON x.id = a.experiment
LEFT JOIN lead_rows AS l ON l.id = a.lead;
