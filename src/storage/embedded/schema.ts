// The tables, one migration a version: `user_version` in the file says how many were applied. What stands here is never
// changed, only added to.

export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE inbox (
    seq INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    session TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    lane TEXT NOT NULL,
    kind TEXT NOT NULL,
    message_id TEXT NOT NULL,
    -- The row as JSON; emptied when done, since only the key is needed then.
    body TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    -- 0 waits, 1 held by a run, 2 done
    state INTEGER NOT NULL DEFAULT 0,
    run TEXT,
    attempts INTEGER NOT NULL DEFAULT 0
  );
  CREATE INDEX inbox_open ON inbox (session, seq) WHERE state < 2;

  CREATE TABLE answers (
    session TEXT NOT NULL,
    message_id TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    response TEXT NOT NULL,
    is_error INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (session, message_id)
  ) WITHOUT ROWID;

  CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    session TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    target TEXT NOT NULL,
    target_key TEXT NOT NULL,
    content TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    -- 0 due, 1 sent, 2 given up
    state INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at INTEGER NOT NULL,
    reason TEXT
  );
  CREATE INDEX outbox_open ON outbox (target_key, seq) WHERE state = 0;
  CREATE INDEX outbox_due ON outbox (next_at) WHERE state = 0;

  CREATE TABLE steps (
    run TEXT NOT NULL,
    name TEXT NOT NULL,
    -- NULL: begun, its end not seen
    result TEXT,
    PRIMARY KEY (run, name)
  ) WITHOUT ROWID;

  CREATE TABLE approvals (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    late INTEGER NOT NULL,
    body TEXT NOT NULL,
    decided_by TEXT,
    decided_at INTEGER,
    created_at INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX approvals_open ON approvals (created_at) WHERE state = 'open';

  CREATE TABLE usage (
    day TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    by TEXT NOT NULL,
    input INTEGER NOT NULL,
    output INTEGER NOT NULL,
    calls INTEGER NOT NULL,
    cost REAL NOT NULL,
    PRIMARY KEY (day, agent_id, by)
  ) WITHOUT ROWID;

  CREATE TABLE slots (
    name TEXT NOT NULL,
    slot INTEGER NOT NULL,
    state TEXT NOT NULL,
    at INTEGER NOT NULL,
    detail TEXT,
    PRIMARY KEY (name, slot)
  ) WITHOUT ROWID;

  CREATE TABLE people (
    identity TEXT PRIMARY KEY,
    display_name TEXT,
    by TEXT NOT NULL,
    at INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE links (
    one TEXT NOT NULL,
    other TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (one, other)
  ) WITHOUT ROWID;
  CREATE TABLE codes (
    code TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    identity TEXT NOT NULL,
    display_name TEXT,
    expires_at INTEGER NOT NULL
  ) WITHOUT ROWID;

  CREATE TABLE kv (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

  CREATE TABLE admissions (agent_id TEXT NOT NULL, who TEXT NOT NULL, at INTEGER NOT NULL);
  CREATE INDEX admissions_at ON admissions (at);
  `,
  `
  -- What a turn used, for callers who ask its answer again.
  ALTER TABLE answers ADD COLUMN input INTEGER;
  ALTER TABLE answers ADD COLUMN output INTEGER;
  `,
  `
  -- Files of a reply, as JSON: their ids and what is known of them.
  ALTER TABLE outbox ADD COLUMN attachments TEXT;
  ALTER TABLE answers ADD COLUMN attachments TEXT;
  `,
]
