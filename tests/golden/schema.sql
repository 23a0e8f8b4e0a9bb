CREATE INDEX assignment_rows_lead ON assignment_rows (lead);
CREATE INDEX assignment_rows_owner ON assignment_rows (owner) WHERE ended_ms IS NULL AND owner <> '';
CREATE INDEX attempt_rows_lead ON attempt_rows (lead);
CREATE INDEX dealt_rows_lead ON dealt_rows (lead);
CREATE INDEX entry_rows_lead ON entry_rows (lead);
CREATE INDEX hit_rows_action ON hit_rows (action, at_ms);
CREATE INDEX hit_rows_judged ON hit_rows (id) WHERE judged = 2;
CREATE INDEX hit_rows_lead ON hit_rows (lead);
CREATE INDEX lead_rows_merged ON lead_rows (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX merge_rows_from ON merge_rows (from_lead);
CREATE INDEX merge_rows_into ON merge_rows (into_lead);
CREATE INDEX move_rows_lead ON move_rows (lead);
CREATE INDEX outbox_queue ON outbox (endpoint, lead, id) WHERE state < 2 AND kind IN (0, 1, 4, 6);
CREATE INDEX outbox_state ON outbox (state) WHERE state <> 2;
CREATE INDEX outbox_wake ON outbox (wake_ms) WHERE wake_ms IS NOT NULL AND kind <> 4;
CREATE INDEX outbox_wake_mail ON outbox (wake_ms) WHERE wake_ms IS NOT NULL AND kind = 4;
CREATE INDEX request_rows_open ON request_rows (id) WHERE answered_ms IS NULL;
CREATE INDEX sequence_rows_lead ON sequence_rows (lead);
CREATE INDEX sequence_rows_live ON sequence_rows (sequence, step, state) WHERE state < 2;
CREATE INDEX sequence_step_rows_lead ON sequence_step_rows (lead);
CREATE INDEX status_rows_lead ON status_rows (lead);
CREATE INDEX task_rows_lead ON task_rows (lead);
CREATE INDEX task_rows_open ON task_rows (due_ms, id) WHERE done_ms IS NULL;
CREATE TABLE activation_rows (
    id         INTEGER PRIMARY KEY,
    generation INTEGER NOT NULL,
    at_ms      INTEGER NOT NULL,
    author     TEXT NOT NULL,
    effect     TEXT NOT NULL
) STRICT;
CREATE TABLE apart_rows (
    lead  INTEGER NOT NULL,
    other INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (lead, other)
) STRICT, WITHOUT ROWID;
CREATE TABLE aside_events (
    event INTEGER PRIMARY KEY,
    lead  INTEGER NOT NULL
) STRICT;
CREATE TABLE aside_leads (
    lead     INTEGER PRIMARY KEY,
    since_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE assignment_rows (
    id        INTEGER PRIMARY KEY,
    lead      INTEGER NOT NULL,
    event     INTEGER,
    by_what   INTEGER NOT NULL,
    at_ms     INTEGER NOT NULL,
    ended_ms  INTEGER,
    ended_by  INTEGER,
    barred_ms INTEGER,             -- of a rejection: until then it is not given back
    team      INTEGER,
    action    INTEGER,
    owner     TEXT NOT NULL,
    previous  TEXT NOT NULL,
    reason    TEXT NOT NULL,
    author    TEXT NOT NULL
) STRICT;
CREATE TABLE attempt_rows (
    action      INTEGER NOT NULL,
    nth         INTEGER NOT NULL,
    lead        INTEGER NOT NULL,
    at_ms       INTEGER NOT NULL,
    http_status INTEGER NOT NULL,
    answer      TEXT NOT NULL,
    PRIMARY KEY (action, nth)
) STRICT, WITHOUT ROWID;
CREATE TABLE audit_rows (
    id      INTEGER PRIMARY KEY,
    at_ms   INTEGER NOT NULL,
    actor   TEXT NOT NULL,
    verb    TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail  TEXT NOT NULL
) STRICT;
CREATE TABLE crm_rows (
    lead       INTEGER NOT NULL,
    endpoint   INTEGER NOT NULL,
    memory     TEXT NOT NULL,
    updated_ms INTEGER NOT NULL,
    PRIMARY KEY (lead, endpoint)
) STRICT, WITHOUT ROWID;
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
    origin       INTEGER, score INTEGER,
    PRIMARY KEY (experiment, lead)
) STRICT, WITHOUT ROWID;
CREATE TABLE dedup_filters (
    id   INTEGER PRIMARY KEY,
    data BLOB NOT NULL
) STRICT;
CREATE TABLE dedup_pages (
    id   INTEGER PRIMARY KEY,
    data BLOB NOT NULL
) STRICT;
CREATE TABLE dedup_runs (
    id        INTEGER PRIMARY KEY,
    state     INTEGER NOT NULL,
    level     INTEGER NOT NULL,
    first_row INTEGER NOT NULL,
    last_row  INTEGER NOT NULL,
    entries   INTEGER NOT NULL,
    pages     INTEGER NOT NULL
) STRICT;
CREATE TABLE entry_rows (
    experiment INTEGER NOT NULL,
    period     INTEGER NOT NULL,
    lead       INTEGER NOT NULL,
    arm        INTEGER NOT NULL,
    stage      INTEGER NOT NULL,
    at_ms      INTEGER NOT NULL,
    scores     TEXT NOT NULL, chance REAL, explored INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (experiment, period, lead, arm, stage)
) STRICT, WITHOUT ROWID;
CREATE TABLE event_rows (
    id            INTEGER PRIMARY KEY,
    node          INTEGER NOT NULL,
    prev          INTEGER,
    kind          INTEGER NOT NULL,
    name          ANY,
    message_id    ANY NOT NULL,
    received_ms   INTEGER NOT NULL,
    effective_lag INTEGER NOT NULL,
    sent_lag      INTEGER,
    original_lag  INTEGER,
    user          ANY,
    anonymous     ANY,
    previous_id   TEXT,
    group_id      TEXT,
    granted       TEXT,
    tail          INTEGER,
    body          TEXT NOT NULL
) STRICT;
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
CREATE TABLE experiment_units (
    experiment INTEGER NOT NULL,
    unit       TEXT NOT NULL,
    arm        INTEGER,
    bucket     INTEGER NOT NULL,
    period     INTEGER NOT NULL,
    at_ms      INTEGER NOT NULL,
    PRIMARY KEY (experiment, unit)
) STRICT, WITHOUT ROWID;
CREATE TABLE fault_rows (
    event   INTEGER NOT NULL,
    nth     INTEGER NOT NULL,
    rule    INTEGER,
    kind    INTEGER,
    file    INTEGER,
    line    INTEGER NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (event, nth)
) STRICT, WITHOUT ROWID;
CREATE TABLE forgotten_counts (
    day     INTEGER NOT NULL,
    stage   INTEGER NOT NULL,
    leads   INTEGER NOT NULL,
    events  INTEGER NOT NULL,
    actions INTEGER NOT NULL,
    PRIMARY KEY (day, stage)
) STRICT, WITHOUT ROWID;
CREATE TABLE forgotten_rows (
    digest BLOB PRIMARY KEY,
    at_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE generation_rows (
    number       INTEGER PRIMARY KEY,
    hash         TEXT NOT NULL UNIQUE,
    loaded_ms    INTEGER NOT NULL,
    activated_ms INTEGER NOT NULL,
    author       TEXT NOT NULL,
    result       TEXT NOT NULL,
    sources      BLOB NOT NULL
, parent INTEGER, reason TEXT NOT NULL DEFAULT '', findings TEXT NOT NULL DEFAULT '', effect TEXT NOT NULL DEFAULT '', disabled TEXT NOT NULL DEFAULT '') STRICT;
CREATE TABLE hit_rows (
    id         INTEGER PRIMARY KEY,
    lead       INTEGER NOT NULL,
    action     INTEGER NOT NULL,
    link       INTEGER NOT NULL,
    at_ms      INTEGER NOT NULL,
    judged     INTEGER NOT NULL,
    message_id TEXT NOT NULL
) STRICT;
CREATE TABLE key_rows (
    id         INTEGER PRIMARY KEY,
    prefix     TEXT NOT NULL,
    digest     BLOB NOT NULL,
    scope      INTEGER NOT NULL,
    is_public  INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    revoked_ms INTEGER,
    label      TEXT NOT NULL
) STRICT;
CREATE TABLE lead_rows (
    id          INTEGER PRIMARY KEY,
    public_id   TEXT NOT NULL UNIQUE,
    created_ms  INTEGER NOT NULL,
    merged_into INTEGER
) STRICT;
CREATE TABLE lead_states (
    lead           INTEGER PRIMARY KEY,
    generation     INTEGER NOT NULL,
    through        INTEGER NOT NULL,
    stage          INTEGER,
    total          INTEGER NOT NULL,
    grade          TEXT NOT NULL,
    stage_since_ms INTEGER,
    created_ms     INTEGER NOT NULL,
    updated_ms     INTEGER NOT NULL,
    scored_ms      INTEGER NOT NULL,
    flags          INTEGER NOT NULL,
    scores         TEXT NOT NULL,
    profile        TEXT NOT NULL,
    cells          BLOB NOT NULL
, status INTEGER, status_since_ms INTEGER, judged_ms INTEGER, late_ms INTEGER) STRICT;
CREATE TABLE merge_rows (
    id        INTEGER PRIMARY KEY,
    at_ms     INTEGER NOT NULL,
    from_lead INTEGER NOT NULL,
    into_lead INTEGER NOT NULL,
    nodes     TEXT NOT NULL,
    undone_ms INTEGER
) STRICT;
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE move_rows (
    id         INTEGER PRIMARY KEY,
    lead       INTEGER NOT NULL,
    event      INTEGER,
    from_stage INTEGER,
    to_stage   INTEGER,
    because    INTEGER,
    at_ms      INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    passing    INTEGER NOT NULL,
    reasons    TEXT NOT NULL
) STRICT;
CREATE TABLE names (
    id   INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE nodes (
    id       INTEGER PRIMARY KEY,
    lead     INTEGER NOT NULL,
    kind     INTEGER NOT NULL,
    first_ms INTEGER NOT NULL,
    value    TEXT NOT NULL,
    UNIQUE (value, kind)
) STRICT;
CREATE TABLE outbox (
    id          INTEGER PRIMARY KEY,
    -- made of the lead's public id among others, so unique within the lead is unique
    key         TEXT NOT NULL,
    lead        INTEGER NOT NULL,
    event       INTEGER,
    move        INTEGER,
    state       INTEGER NOT NULL,
    kind        INTEGER NOT NULL,
    action      INTEGER,
    part        INTEGER NOT NULL,
    endpoint    INTEGER NOT NULL,
    attempts    INTEGER NOT NULL,
    http_status INTEGER NOT NULL,
    created_ms  INTEGER NOT NULL,
    due_ms      INTEGER NOT NULL,
    wake_ms     INTEGER,
    lease_ms    INTEGER,
    done_ms     INTEGER,
    error       TEXT NOT NULL,
    body        TEXT NOT NULL,
    UNIQUE (lead, key)
) STRICT;
CREATE TABLE pause_rows (
    scope    TEXT PRIMARY KEY,
    reason   TEXT NOT NULL,
    author   TEXT NOT NULL,
    since_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE refusal_rows (
    lead   INTEGER NOT NULL,
    other  INTEGER NOT NULL,
    reason INTEGER NOT NULL,
    at_ms  INTEGER NOT NULL,
    PRIMARY KEY (lead, other, reason)
) STRICT, WITHOUT ROWID;
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
, body TEXT NOT NULL DEFAULT '') STRICT;
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
CREATE TABLE sequence_rows (
    id         INTEGER PRIMARY KEY,
    lead       INTEGER NOT NULL,
    event      INTEGER,
    sequence   INTEGER NOT NULL,
    number     INTEGER NOT NULL,
    step       INTEGER NOT NULL,
    started_ms INTEGER NOT NULL,
    entered_ms INTEGER NOT NULL,
    due_ms     INTEGER,
    state      INTEGER NOT NULL,
    was        INTEGER,             -- its state before the merge
    waits      INTEGER NOT NULL,
    passed     INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    started_by TEXT NOT NULL,
    reason     TEXT NOT NULL
) STRICT;
CREATE TABLE sequence_step_rows (
    id       INTEGER PRIMARY KEY,
    lead     INTEGER NOT NULL,
    instance INTEGER NOT NULL,
    step     INTEGER NOT NULL,
    at_ms    INTEGER NOT NULL
) STRICT;
CREATE TABLE status_rows (
    id          INTEGER PRIMARY KEY,
    lead        INTEGER NOT NULL,
    event       INTEGER,
    stage       INTEGER,
    from_status INTEGER,
    to_status   INTEGER,
    because     INTEGER,
    at_ms       INTEGER NOT NULL,
    generation  INTEGER NOT NULL
) STRICT;
CREATE TABLE suppression_rows (
    digest  TEXT PRIMARY KEY,
    address TEXT NOT NULL,
    reason  TEXT NOT NULL,
    source  TEXT NOT NULL,
    at_ms   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE tails (
    id   INTEGER PRIMARY KEY,
    text TEXT NOT NULL
) STRICT;
CREATE TABLE task_rows (
    id         INTEGER PRIMARY KEY,
    lead       INTEGER NOT NULL,
    follows    INTEGER NOT NULL,
    due_ms     INTEGER,
    claimed_ms INTEGER,
    done_ms    INTEGER,
    team       INTEGER,
    owner      TEXT NOT NULL,
    claimed_by TEXT NOT NULL,
    done_by    TEXT NOT NULL,
    outcome    TEXT NOT NULL,
    notes      TEXT NOT NULL        -- JSON: [{"at","author","text"}]
) STRICT;
CREATE TABLE team_rows (
    team  INTEGER PRIMARY KEY,
    turns INTEGER NOT NULL,
    last  TEXT NOT NULL
) STRICT;
CREATE TABLE timer_rows (
    lead   INTEGER PRIMARY KEY,
    due_ms INTEGER NOT NULL,
    kind   INTEGER NOT NULL
) STRICT;
CREATE VIEW actions AS
SELECT o.id, l.public_id AS lead, a.text AS action,
       CASE o.kind WHEN 0 THEN 'webhook' WHEN 1 THEN 'notify' WHEN 2 THEN 'task' WHEN 3 THEN 'set'
                   WHEN 4 THEN 'email' WHEN 5 THEN 'assign' ELSE 'crm' END AS kind,
       p.text AS endpoint, o.part,
       CASE o.state WHEN 0 THEN 'pending' WHEN 1 THEN 'leased' WHEN 2 THEN 'delivered'
                    WHEN 3 THEN 'dead' WHEN 4 THEN 'cancelled' WHEN 5 THEN 'held'
                    ELSE 'open' END AS status,
       o.key, o.attempts, o.http_status, o.error, o.body,
       strftime('%Y-%m-%dT%H:%M:%fZ', o.created_ms / 1000.0, 'unixepoch') AS created_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', o.due_ms / 1000.0, 'unixepoch') AS due_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', o.done_ms / 1000.0, 'unixepoch') AS done_at,
       o.created_ms, o.due_ms, o.lease_ms, o.done_ms, o.event, o.move
FROM outbox AS o
LEFT JOIN lead_rows AS l ON l.id = o.lead
LEFT JOIN names AS a ON a.id = o.action
LEFT JOIN names AS p ON p.id = o.endpoint;
CREATE VIEW activations AS
SELECT id, generation, strftime('%Y-%m-%dT%H:%M:%fZ', at_ms / 1000.0, 'unixepoch') AS at, at_ms,
       author, effect
FROM activation_rows;
CREATE VIEW arms AS
SELECT x.name AS experiment, l.public_id AS lead, a.unit,
       json_extract(x.definition, '$.arms[' || a.arm || '].name') AS arm, a.bucket, a.period,
       strftime('%Y-%m-%dT%H:%M:%fZ', a.at_ms / 1000.0, 'unixepoch') AS at,
       a.flags & 1 <> 0 AS is_merged, a.flags & 2 <> 0 AS is_crossover, a.flags & 4 <> 0 AS is_excluded,
       a.flags & 8 <> 0 AS is_moved, a.at_ms, a.hash_version, a.score / 1000.0 AS score
FROM dealt_rows AS a
JOIN experiment_rows AS x ON x.id = a.experiment
LEFT JOIN lead_rows AS l ON l.id = a.lead;
CREATE VIEW aside AS
SELECT l.public_id AS lead,
       strftime('%Y-%m-%dT%H:%M:%fZ', a.since_ms / 1000.0, 'unixepoch') AS since, a.since_ms,
       (SELECT count(*) FROM aside_events WHERE lead = a.lead) AS waiting
FROM aside_leads AS a
JOIN lead_rows AS l ON l.id = a.lead;
CREATE VIEW assignments AS
SELECT v.id, l.public_id AS lead, nullif(v.owner, '') AS owner, nullif(v.previous, '') AS previous,
       CASE v.by_what WHEN 0 THEN 'action' WHEN 1 THEN 'trait' WHEN 2 THEN 'person'
                      WHEN 3 THEN 'rejected' ELSE 'merged' END AS because,
       t.text AS team, a.text AS action, nullif(v.reason, '') AS reason,
       nullif(v.author, '') AS author,
       strftime('%Y-%m-%dT%H:%M:%fZ', v.at_ms / 1000.0, 'unixepoch') AS at,
       strftime('%Y-%m-%dT%H:%M:%fZ', v.ended_ms / 1000.0, 'unixepoch') AS ended_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', v.barred_ms / 1000.0, 'unixepoch') AS barred_until,
       v.at_ms, v.ended_ms, v.barred_ms, v.event
FROM assignment_rows AS v
LEFT JOIN lead_rows AS l ON l.id = v.lead
LEFT JOIN names AS t ON t.id = v.team
LEFT JOIN names AS a ON a.id = v.action;
CREATE VIEW audit AS
SELECT id, strftime('%Y-%m-%dT%H:%M:%fZ', at_ms / 1000.0, 'unixepoch') AS at, at_ms, actor, verb,
       subject, detail
FROM audit_rows;
CREATE VIEW contributions AS
SELECT e.id AS event, l.public_id AS lead, r.text AS rule, m.text AS dimension,
       (g.value ->> '$[2]') / 1000.0 AS points,
       strftime('%Y-%m-%dT%H:%M:%fZ', (e.received_ms - e.effective_lag) / 1000.0, 'unixepoch') AS at,
       e.received_ms - e.effective_lag AS at_ms
FROM event_rows AS e
JOIN json_each(e.granted) AS g
LEFT JOIN nodes AS d ON d.id = e.node
LEFT JOIN lead_rows AS l ON l.id = d.lead
LEFT JOIN names AS r ON r.id = g.value ->> '$[0]'
LEFT JOIN names AS m ON m.id = g.value ->> '$[1]';
CREATE VIEW events AS
SELECT e.id, l.public_id AS lead,
       CASE e.kind & 7 WHEN 0 THEN 'track' WHEN 1 THEN 'page' WHEN 2 THEN 'screen'
                       WHEN 3 THEN 'identify' WHEN 4 THEN 'group' ELSE 'alias' END AS type,
       CASE typeof(e.name) WHEN 'integer' THEN (SELECT text FROM names WHERE id = e.name)
                           ELSE e.name END AS event,
       CASE typeof(e.message_id) WHEN 'blob' THEN
           lower(substr(hex(e.message_id), 1, 8) || '-' || substr(hex(e.message_id), 9, 4) || '-' ||
                 substr(hex(e.message_id), 13, 4) || '-' || substr(hex(e.message_id), 17, 4) || '-' ||
                 substr(hex(e.message_id), 21))
           ELSE e.message_id END AS message_id,
       CASE WHEN d.kind = 1 THEN d.value WHEN typeof(e.user) = 'integer' THEN
           (SELECT value FROM nodes WHERE id = e.user) ELSE e.user END AS user_id,
       CASE WHEN d.kind = 2 THEN d.value WHEN typeof(e.anonymous) = 'integer' THEN
           (SELECT value FROM nodes WHERE id = e.anonymous) ELSE e.anonymous END AS anonymous_id,
       e.previous_id, e.group_id,
       strftime('%Y-%m-%dT%H:%M:%fZ', (e.received_ms - e.effective_lag) / 1000.0, 'unixepoch')
           AS effective_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', e.received_ms / 1000.0, 'unixepoch') AS received_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', (e.received_ms - e.sent_lag) / 1000.0, 'unixepoch') AS sent_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', (e.received_ms - e.original_lag) / 1000.0, 'unixepoch')
           AS original_at,
       e.received_ms - e.effective_lag AS effective_ms, e.received_ms,
       e.received_ms - e.sent_lag AS sent_ms, e.received_ms - e.original_lag AS original_ms,
       e.kind >> 3 & 1 AS is_public, e.kind >> 4 & 1 AS is_crm, e.kind >> 5 & 1 AS is_imported,
       e.body || coalesce(t.text, '') AS body,
       e.node, e.id - e.prev AS previous_event
FROM event_rows AS e
LEFT JOIN nodes AS d ON d.id = e.node
LEFT JOIN lead_rows AS l ON l.id = d.lead
LEFT JOIN tails AS t ON t.id = e.tail;
CREATE VIEW experiments AS
SELECT name, salt, CASE state WHEN 1 THEN 'running' WHEN 2 THEN 'stopped' ELSE 'promoted' END AS state,
       strftime('%Y-%m-%dT%H:%M:%fZ', started_ms / 1000.0, 'unixepoch') AS started_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', stopped_ms / 1000.0, 'unixepoch') AS stopped_at,
       why, author, definition, started_ms, stopped_ms, id
FROM experiment_rows;
CREATE VIEW faults AS
SELECT f.event, r.text AS rule, k.text AS kind, f.message, p.text AS file, f.line
FROM fault_rows AS f
LEFT JOIN names AS r ON r.id = f.rule
LEFT JOIN names AS k ON k.id = f.kind
LEFT JOIN names AS p ON p.id = f.file;
CREATE VIEW forgotten AS
SELECT strftime('%Y-%m-%d', c.day * 86400.0, 'unixepoch') AS day, n.text AS stage, c.leads, c.events,
       c.actions
FROM forgotten_counts AS c
LEFT JOIN names AS n ON n.id = c.stage;
CREATE VIEW generations AS
SELECT number, hash, author, result, reason, effect, disabled, parent, findings,
       strftime('%Y-%m-%dT%H:%M:%fZ', loaded_ms / 1000.0, 'unixepoch') AS loaded_at,
       CASE WHEN result IN ('active', 'superseded') THEN
           strftime('%Y-%m-%dT%H:%M:%fZ', activated_ms / 1000.0, 'unixepoch') END AS activated_at,
       loaded_ms, activated_ms,
       number = (SELECT value FROM meta WHERE key = 'active_generation') AS active, sources
FROM generation_rows;
CREATE VIEW identities AS
SELECT l.public_id AS lead,
       CASE d.kind WHEN 1 THEN 'userId' WHEN 2 THEN 'anonymousId' ELSE 'email' END AS kind,
       d.value,
       strftime('%Y-%m-%dT%H:%M:%fZ', d.first_ms / 1000.0, 'unixepoch') AS first_at,
       d.first_ms, d.id AS node
FROM nodes AS d
JOIN lead_rows AS l ON l.id = d.lead;
CREATE VIEW keys AS
SELECT id, prefix, label,
       CASE scope WHEN 1 THEN 'ingest' WHEN 2 THEN 'read' WHEN 3 THEN 'edit' ELSE 'admin' END AS scope,
       is_public,
       strftime('%Y-%m-%dT%H:%M:%fZ', created_ms / 1000.0, 'unixepoch') AS created_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', revoked_ms / 1000.0, 'unixepoch') AS revoked_at,
       created_ms, revoked_ms
FROM key_rows;
CREATE VIEW leads AS
SELECT l.public_id AS id, s.profile ->> '$.userId' AS user_id, s.profile ->> '$.email' AS email,
       s.profile ->> '$.first_name' AS first_name, s.profile ->> '$.last_name' AS last_name,
       s.profile ->> '$.company' AS company, s.profile ->> '$.title' AS title,
       n.text AS stage, u.text AS status,
       strftime('%Y-%m-%dT%H:%M:%fZ', s.stage_since_ms / 1000.0, 'unixepoch') AS stage_since,
       s.total / 1000.0 AS total, s.grade, s.scores, s.profile, s.generation,
       strftime('%Y-%m-%dT%H:%M:%fZ', s.created_ms / 1000.0, 'unixepoch') AS created_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', s.updated_ms / 1000.0, 'unixepoch') AS updated_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', s.scored_ms / 1000.0, 'unixepoch') AS scored_at,
       s.stage_since_ms, s.created_ms, s.updated_ms, s.scored_ms, l.id AS lead_row
FROM lead_states AS s
JOIN lead_rows AS l ON l.id = s.lead
LEFT JOIN names AS n ON n.id = s.stage
LEFT JOIN names AS u ON u.id = s.status
WHERE l.merged_into IS NULL;
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
CREATE VIEW rule_counts AS
SELECT rule, runs, hits, granted, tests, faults, steps, test_ns / 1000000.0 AS test_ms
FROM rule_count_rows;
CREATE VIEW sequence_steps AS
SELECT s.id, l.public_id AS lead, q.text AS sequence, v.number, t.text AS step,
       strftime('%Y-%m-%dT%H:%M:%fZ', s.at_ms / 1000.0, 'unixepoch') AS at, s.at_ms
FROM sequence_step_rows AS s
JOIN sequence_rows AS v ON v.id = s.instance
JOIN lead_rows AS l ON l.id = s.lead
LEFT JOIN names AS q ON q.id = v.sequence
LEFT JOIN names AS t ON t.id = s.step;
CREATE VIEW sequences AS
SELECT v.id, l.public_id AS lead, q.text AS sequence, v.number, t.text AS step,
       CASE v.state WHEN 0 THEN 'running' WHEN 1 THEN 'paused' WHEN 2 THEN 'done'
                    WHEN 3 THEN 'exited' WHEN 4 THEN 'cancelled' ELSE 'merged' END AS state,
       v.started_by, nullif(v.reason, '') AS reason,
       strftime('%Y-%m-%dT%H:%M:%fZ', v.started_ms / 1000.0, 'unixepoch') AS started_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', v.entered_ms / 1000.0, 'unixepoch') AS entered_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', v.due_ms / 1000.0, 'unixepoch') AS due_at,
       v.started_ms, v.entered_ms, v.due_ms, v.event, v.generation, v.lead AS lead_row
FROM sequence_rows AS v
JOIN lead_rows AS l ON l.id = v.lead
LEFT JOIN names AS q ON q.id = v.sequence
LEFT JOIN names AS t ON t.id = v.step;
CREATE VIEW stages AS
SELECT v.id, l.public_id AS lead, f.text AS from_stage, t.text AS to_stage, b.text AS because,
       v.reasons, strftime('%Y-%m-%dT%H:%M:%fZ', v.at_ms / 1000.0, 'unixepoch') AS at, v.at_ms,
       v.event, v.generation, v.passing
FROM move_rows AS v
LEFT JOIN lead_rows AS l ON l.id = v.lead
LEFT JOIN names AS f ON f.id = v.from_stage
LEFT JOIN names AS t ON t.id = v.to_stage
LEFT JOIN names AS b ON b.id = v.because;
CREATE VIEW statuses AS
SELECT v.id, l.public_id AS lead, g.text AS stage, f.text AS from_status, t.text AS to_status,
       b.text AS because, strftime('%Y-%m-%dT%H:%M:%fZ', v.at_ms / 1000.0, 'unixepoch') AS at,
       v.at_ms, v.event, v.generation
FROM status_rows AS v
LEFT JOIN lead_rows AS l ON l.id = v.lead
LEFT JOIN names AS g ON g.id = v.stage
LEFT JOIN names AS f ON f.id = v.from_status
LEFT JOIN names AS t ON t.id = v.to_status
LEFT JOIN names AS b ON b.id = v.because;
CREATE VIEW suppressions AS
SELECT nullif(address, '') AS address, digest, reason, source,
       strftime('%Y-%m-%dT%H:%M:%fZ', at_ms / 1000.0, 'unixepoch') AS at, at_ms
FROM suppression_rows;
CREATE VIEW tasks AS
SELECT k.id, l.public_id AS lead, a.text AS action, nullif(k.owner, '') AS owner, t.text AS team,
       o.body ->> '$.note' AS note,
       CASE WHEN k.done_ms IS NOT NULL THEN 'done' WHEN o.state <> 6 THEN 'cancelled'
            WHEN k.claimed_by <> '' THEN 'claimed' ELSE 'open' END AS status,
       nullif(k.claimed_by, '') AS claimed_by, nullif(k.done_by, '') AS done_by,
       nullif(k.outcome, '') AS outcome, k.notes,
       strftime('%Y-%m-%dT%H:%M:%fZ', o.created_ms / 1000.0, 'unixepoch') AS created_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', k.due_ms / 1000.0, 'unixepoch') AS due_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', k.claimed_ms / 1000.0, 'unixepoch') AS claimed_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', k.done_ms / 1000.0, 'unixepoch') AS done_at,
       o.created_ms, k.due_ms, k.claimed_ms, k.done_ms
FROM task_rows AS k
JOIN outbox AS o ON o.id = k.id
LEFT JOIN lead_rows AS l ON l.id = k.lead
LEFT JOIN names AS t ON t.id = k.team
LEFT JOIN names AS a ON a.id = o.action;
CREATE VIEW timers AS
SELECT l.public_id AS lead,
       CASE t.kind WHEN 1 THEN 'crossing' WHEN 2 THEN 'held' WHEN 3 THEN 'inactive'
                   WHEN 4 THEN 'in_stage' WHEN 5 THEN 'window' WHEN 6 THEN 'due'
                   WHEN 7 THEN 'stay' WHEN 8 THEN 'wake' ELSE 'sequence' END AS kind,
       strftime('%Y-%m-%dT%H:%M:%fZ', t.due_ms / 1000.0, 'unixepoch') AS due_at, t.due_ms,
       t.lead AS lead_row
FROM timer_rows AS t
JOIN lead_rows AS l ON l.id = t.lead;
