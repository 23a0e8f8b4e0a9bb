-- SPDX-License-Identifier: MIT
-- Addresses that get no e-mail, whatever rules and events say: only a person takes one off the list. The
-- digest is keyed, of the address in lower case; of a forgotten lead it alone stays, and address is ''.
-- reason: bounce, complaint, unsubscribe_all, manual, import.
CREATE TABLE suppression_rows (
    digest  TEXT PRIMARY KEY,
    address TEXT NOT NULL,
    reason  TEXT NOT NULL,
    source  TEXT NOT NULL,
    at_ms   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What came back through links of e-mails, for two days: robots are known by what they do one after the
-- other. link: 0 the picture. judged: 0 a person's as far as we know, 1 a robot's, 2 a robot's whose event
-- is still to be voided.
CREATE TABLE hit_rows (
    id         INTEGER PRIMARY KEY,
    lead       INTEGER NOT NULL,
    action     INTEGER NOT NULL,
    link       INTEGER NOT NULL,
    at_ms      INTEGER NOT NULL,
    judged     INTEGER NOT NULL,
    message_id TEXT NOT NULL
) STRICT;
CREATE INDEX hit_rows_action ON hit_rows (action, at_ms);
CREATE INDEX hit_rows_lead ON hit_rows (lead);
CREATE INDEX hit_rows_judged ON hit_rows (id) WHERE judged = 2;

CREATE VIEW suppressions AS
SELECT nullif(address, '') AS address, digest, reason, source,
       strftime('%Y-%m-%dT%H:%M:%fZ', at_ms / 1000.0, 'unixepoch') AS at, at_ms
FROM suppression_rows;
