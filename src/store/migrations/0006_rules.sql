-- SPDX-License-Identifier: MIT
-- What became of each rule since its name was first seen: counted in memory, written behind, so a
-- crash may lose the last seconds. A rule's `was` carries the numbers over.
CREATE TABLE rule_count_rows (
  rule TEXT NOT NULL PRIMARY KEY,
  runs INTEGER NOT NULL,     -- events that asked it
  hits INTEGER NOT NULL,     -- its `when` and its test held
  granted INTEGER NOT NULL,  -- hits that gave points
  tests INTEGER NOT NULL,    -- runs of its test, and how many of them failed
  faults INTEGER NOT NULL,
  steps INTEGER NOT NULL,    -- Lua steps of its test
  test_ns INTEGER NOT NULL   -- nanoseconds in it
) STRICT, WITHOUT ROWID;

CREATE VIEW rule_counts AS
SELECT rule, runs, hits, granted, tests, faults, steps, test_ns / 1000000.0 AS test_ms
FROM rule_count_rows;
