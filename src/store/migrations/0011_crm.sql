-- SPDX-License-Identifier: MIT
-- What Ripen wrote last into the record that a CRM keeps of a lead: JSON, {"object": {"id", "fields"}}.
-- A field that holds something else there was edited by a person and is left alone.
CREATE TABLE crm_rows (
    lead       INTEGER NOT NULL,
    endpoint   INTEGER NOT NULL,
    memory     TEXT NOT NULL,
    updated_ms INTEGER NOT NULL,
    PRIMARY KEY (lead, endpoint)
) STRICT, WITHOUT ROWID;

-- Attempts to deliver an action that failed, for a week; the last attempt stands in the action's row.
CREATE TABLE attempt_rows (
    action      INTEGER NOT NULL,
    nth         INTEGER NOT NULL,
    lead        INTEGER NOT NULL,
    at_ms       INTEGER NOT NULL,
    http_status INTEGER NOT NULL,
    answer      TEXT NOT NULL,
    PRIMARY KEY (action, nth)
) STRICT, WITHOUT ROWID;
CREATE INDEX attempt_rows_lead ON attempt_rows (lead);

-- What is not delivered for now: "deliveries" (all), "kind:email", "endpoint:crm".
CREATE TABLE pause_rows (
    scope    TEXT PRIMARY KEY,
    reason   TEXT NOT NULL,
    author   TEXT NOT NULL,
    since_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
