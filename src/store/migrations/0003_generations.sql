-- SPDX-License-Identifier: MIT
-- Generations with what became of them, when each was in force, and what people ask of a running
-- server from beside it.

-- result: active, superseded, held (reason), refused (reason, findings: the JSON of `check`).
-- disabled: names of rules that are out of action in it, a line each. parent: the generation that was
-- in force when this one came. effect: what its activation would do, in a sentence.
ALTER TABLE generation_rows ADD COLUMN parent INTEGER;
ALTER TABLE generation_rows ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE generation_rows ADD COLUMN findings TEXT NOT NULL DEFAULT '';
ALTER TABLE generation_rows ADD COLUMN effect TEXT NOT NULL DEFAULT '';
ALTER TABLE generation_rows ADD COLUMN disabled TEXT NOT NULL DEFAULT '';
UPDATE generation_rows SET result = 'superseded' WHERE result = 'replaced';

-- The last row is the generation in force.
CREATE TABLE activation_rows (
    id         INTEGER PRIMARY KEY,
    generation INTEGER NOT NULL,
    at_ms      INTEGER NOT NULL,
    author     TEXT NOT NULL,
    effect     TEXT NOT NULL
) STRICT;
INSERT INTO activation_rows (generation, at_ms, author, effect)
SELECT number, activated_ms, author, '' FROM generation_rows WHERE activated_ms IS NOT NULL
ORDER BY activated_ms, number;

-- verb: reload, activate, rollback, status. answered_ms NULL: not yet. status: an HTTP status.
CREATE TABLE request_rows (
    id          INTEGER PRIMARY KEY,
    at_ms       INTEGER NOT NULL,
    verb        TEXT NOT NULL,
    generation  INTEGER NOT NULL,
    force       INTEGER NOT NULL,
    author      TEXT NOT NULL,
    answered_ms INTEGER,
    status      INTEGER NOT NULL,
    answer      TEXT NOT NULL
) STRICT;
CREATE INDEX request_rows_open ON request_rows (id) WHERE answered_ms IS NULL;

DROP VIEW generations;
CREATE VIEW generations AS
SELECT number, hash, author, result, reason, effect, disabled, parent, findings,
       strftime('%Y-%m-%dT%H:%M:%fZ', loaded_ms / 1000.0, 'unixepoch') AS loaded_at,
       CASE WHEN result IN ('active', 'superseded') THEN
           strftime('%Y-%m-%dT%H:%M:%fZ', activated_ms / 1000.0, 'unixepoch') END AS activated_at,
       loaded_ms, activated_ms,
       number = (SELECT value FROM meta WHERE key = 'active_generation') AS active, sources
FROM generation_rows;
CREATE VIEW activations AS
SELECT id, generation, strftime('%Y-%m-%dT%H:%M:%fZ', at_ms / 1000.0, 'unixepoch') AS at, at_ms,
       author, effect
FROM activation_rows;
