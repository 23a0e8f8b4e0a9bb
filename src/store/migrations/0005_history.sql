-- SPDX-License-Identifier: MIT
-- Leads that are set aside: their events are stored, and folded and judged in the background.

CREATE TABLE aside_leads (
    lead     INTEGER PRIMARY KEY,
    since_ms INTEGER NOT NULL
) STRICT;

-- Events that were stored and not judged yet. Appended only and emptied again, so it has no index.
CREATE TABLE aside_events (
    event INTEGER PRIMARY KEY,
    lead  INTEGER NOT NULL
) STRICT;

CREATE VIEW aside AS
SELECT l.public_id AS lead,
       strftime('%Y-%m-%dT%H:%M:%fZ', a.since_ms / 1000.0, 'unixepoch') AS since, a.since_ms,
       (SELECT count(*) FROM aside_events WHERE lead = a.lead) AS waiting
FROM aside_leads AS a
JOIN lead_rows AS l ON l.id = a.lead;
