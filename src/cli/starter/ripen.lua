-- The server's settings. Rules never hold addresses or secrets: they name an endpoint, and this file
-- says where it is. Read at start and on SIGHUP; `ripen check` reads it too.

-- server { listen = "127.0.0.1:8080", db = "ripen.db", rules = "rules" }   -- these are the defaults

-- Who gets what the actions in 60-actions.lua send. The addresses below belong to this machine, for
-- a first try; write the real ones here. What cannot be delivered waits in the outbox and is tried
-- again for about a day (`ripen outbox list`).
endpoint "crm"           { url = "http://127.0.0.1:9000/crm", allow_private = true }
endpoint "sales_channel" { url = "http://127.0.0.1:9000/sales", allow_private = true }

-- A real one keeps its address and its secret in the environment, or the secret in a file. With a
-- secret every message is signed (Standard Webhooks), so that the receiver knows that it is from you.
-- endpoint "crm" {
--   url      = env "CRM_URL",
--   secret   = env "CRM_SECRET",                      -- or file "/run/secrets/crm"
--   timeout  = "10s",                                 -- how long an answer may take (15s)
--   parallel = 8,                                     -- messages on their way at a time
-- }
