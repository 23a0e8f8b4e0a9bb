-- SPDX-License-Identifier: MIT
-- What Ripen delivers itself: webhooks (kind 0), notes (1), e-mail (4), records of a CRM (6). E-mail goes
-- its own way, so that a mail server that is slow or down keeps nothing else waiting: each way has an
-- index of what may be claimed.
DROP INDEX outbox_queue;
CREATE INDEX outbox_queue ON outbox (endpoint, lead, id) WHERE state < 2 AND kind IN (0, 1, 4, 6);
DROP INDEX outbox_wake;
CREATE INDEX outbox_wake ON outbox (wake_ms) WHERE wake_ms IS NOT NULL AND kind <> 4;
CREATE INDEX outbox_wake_mail ON outbox (wake_ms) WHERE wake_ms IS NOT NULL AND kind = 4;
