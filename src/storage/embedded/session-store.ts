// Inbox, answers and transcripts of one machine: rows in SQLite, transcripts in files.

import type { Clock, Random } from '../../ports.ts'
import type { Transcripts } from '../../sessions/transcript.ts'
import { readTranscript } from '../../sessions/transcript.ts'
import type { Claim, InboxRow, Lane, NewInboxRow, PendingToken, SessionStore, StoredAnswer } from '../ports.ts'
import type { Database, Row } from './database.ts'
import { storageFailure } from './failures.ts'
import { createFreshRows } from './fresh-rows.ts'
import { insertOutbox } from './outbox.ts'
import type { SessionFiles } from './session-files.ts'
import { filesFromText, filesToText } from './stored-files.ts'

export interface EmbeddedSessionStore extends SessionStore {
  /** The lane in which the session's waiting rows deserve a turn: the best of them; null: none waits. */
  laneOf(session: string): Lane | null
  /** A turn of the session ended without finishing its claim; the next claim takes it up again. */
  release(session: string): void
  /** A row for another store's transaction: `insert` within it, `stored` once it stands. */
  posting(row: NewInboxRow, key: string): Posting
}

interface Posted {
  readonly seq: number
  readonly duplicate: boolean
}

interface Posting {
  insert(): Posted
  stored(result: Posted): void
}

const LANES: readonly Lane[] = ['realtime', 'scheduled', 'background']
const DEFAULT_MAX = 50

export function createSessionStore(
  db: Database,
  files: SessionFiles,
  transcripts: Transcripts,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
): EmbeddedSessionStore {
  /** Rows that wait, by lane; sessions without any have no entry. */
  const waiting = new Map<string, Record<Lane, number>>()
  /** Sessions whose claim a turn of this process holds. */
  const held = new Set<string>()
  const fresh = createFreshRows()
  /** Runs of fresh rows that the table does not surely know as begun. */
  const unnoted = new Set<string>()
  /** Rows this process began on and did not finish, whatever the table says of them. */
  const begun = new Set<number>()
  /** Rows up to here were there before this process, and may have been begun. */
  const inherited = Number(db.sql('SELECT max(seq) AS seq FROM inbox').get()?.['seq'] ?? 0)
  const open = db.sql('SELECT session, lane, state, count(*) AS count FROM inbox WHERE state < 2 GROUP BY session, lane, state')
  for (const row of open.all()) {
    const session = String(row['session'])
    // What the process before began on comes first, and only the table knows of it.
    if (row['state'] === 1) fresh.left(session)
    else count(session, row['lane'] as Lane, Number(row['count']))
  }

  function count(session: string, lane: Lane, by: number): void {
    const counts = waiting.get(session) ?? { realtime: 0, scheduled: 0, background: 0 }
    counts[lane] = Math.max(0, counts[lane] + by)
    if (counts.realtime + counts.scheduled + counts.background === 0) waiting.delete(session)
    else waiting.set(session, counts)
  }

  function posting(row: NewInboxRow, key: string): Posting {
    const body = JSON.stringify(row)
    const run = random.id()
    return {
      insert: () => insertInbox(db, row, { key, run, body }),
      stored({ seq, duplicate }) {
        if (duplicate) return
        count(row.session, row.lane, 1)
        fresh.add({ seq, attempts: 1, ...row }, run)
      },
    }
  }

  async function post(row: NewInboxRow, key: string): Promise<Posted> {
    // Counted at once, so that a burst within one group sees itself; taken back when nothing was stored.
    count(row.session, row.lane, 1)
    let result: Posted = { seq: 0, duplicate: true }
    try {
      const body = JSON.stringify(row)
      const run = random.id()
      result = await db.write(() => insertInbox(db, row, { key, run, body }))
      if (!result.duplicate) fresh.add({ seq: result.seq, attempts: 1, ...row }, run)
      return result
    } finally {
      if (result.duplicate) count(row.session, row.lane, -1)
    }
  }

  async function claimNext(session: string, options: { all?: boolean; max?: number } = {}): Promise<Claim | null> {
    if (held.has(session)) return null
    held.add(session)
    let claim: Claim | null = null
    try {
      claim = freshClaim(session, options) ?? (await db.write(() => claimRows(db, session, options, { inherited, begun })))
      if (claim === null) return null
      for (const row of claim.rows) {
        if (row.attempts === 1 && !begun.has(row.seq)) count(session, row.lane, -1)
        begun.add(row.seq)
      }
      fresh.claimed(claim.rows)
      return claim
    } finally {
      if (claim === null) held.delete(session)
    }
  }

  /**
   * One row that came to this process: nothing is lost if a kill forgets that it was begun, so the note rides with a later
   * commit. Not so for rows that were there before: one that takes the process down at each start must be counted first.
   */
  function freshClaim(session: string, { all = false }: { all?: boolean }): Claim | null {
    const first = all ? undefined : fresh.first(session, waitingIn(session))
    if (first === undefined) return null
    const { row, run } = first
    unnoted.add(run)
    db.later(() => {
      if (unnoted.has(run)) noteBegun(db, run, row.seq)
    })
    return { run, resumed: false, rows: [row] }
  }

  function waitingIn(session: string): number {
    const counts = waiting.get(session)
    return counts === undefined ? 0 : counts.realtime + counts.scheduled + counts.background
  }

  async function finish(claim: Claim, { answers, outbox }: Parameters<SessionStore['finish']>[1]): Promise<void> {
    const now = clock.now()
    // That it was begun is no longer of interest.
    unnoted.delete(claim.run)
    await db.write(() => {
      for (const { seq } of claim.rows) db.sql("UPDATE inbox SET state = 2, body = '', run = NULL WHERE seq = ?").run(seq)
      for (const answer of answers) insertAnswer(db, answer, now)
      for (const row of outbox) insertOutbox(db, row, now)
      db.sql('DELETE FROM steps WHERE run = ?').run(claim.run)
    })
    fresh.finished(claim.rows)
    for (const { seq } of claim.rows) begun.delete(seq)
    for (const session of new Set(claim.rows.map((row) => row.session))) held.delete(session)
  }

  return {
    post,
    posting,
    async known(key) {
      await db.flush()
      const row = db.sql('SELECT seq, session, agent_id FROM inbox WHERE key = ?').get(key)
      return row === undefined
        ? null
        : { seq: Number(row['seq']), session: String(row['session']), agentId: String(row['agent_id']) }
    },
    claimNext,
    async append(session, agentId, entries) {
      const path = files.pathOf(session, agentId)
      try {
        await transcripts.append(path, entries)
        await files.named(session, agentId)
      } catch (error) {
        throw storageFailure(error, path)
      }
    },
    async load(session, agentId) {
      const path = files.pathOf(session, agentId)
      try {
        return transcripts.load(path, session)
      } catch (error) {
        throw storageFailure(error, path)
      }
    },
    finish,
    async answer(session, messageId) {
      if (fresh.isUnanswered(session, messageId)) return null
      const row = db.sql('SELECT * FROM answers WHERE session = ? AND message_id = ?').get(session, messageId)
      return row === undefined ? null : toAnswer(row)
    },
    waiting: waitingIn,
    async pending() {
      await db.flush()
      const rows = db.sql('SELECT session, agent_id, lane, attempts FROM inbox WHERE state < 2 ORDER BY seq').all()
      const tokens = new Map<string, PendingToken>()
      for (const row of rows) {
        const [session, agentId, lane] = [String(row['session']), String(row['agent_id']), row['lane'] as Lane]
        const known = tokens.get(session)
        if (known === undefined || LANES.indexOf(lane) < LANES.indexOf(known.lane))
          tokens.set(session, { session, agentId, lane, begun: known?.begun ?? Number(row['attempts']) })
      }
      return [...tokens.values()]
    },
    sessions: (filter) => files.list(filter?.agentId),
    export: (session, agentId) => readTranscript(files.pathOf(session, agentId)),
    laneOf(session) {
      const counts = waiting.get(session)
      return counts === undefined ? null : (LANES.find((lane) => counts[lane] > 0) ?? null)
    },
    release(session) {
      fresh.left(session)
      held.delete(session)
    },
  }
}

/** For use inside a transaction: the row, unless its key was posted before. */
function insertInbox(
  db: Database,
  row: NewInboxRow,
  { key, run, body }: { readonly key: string; readonly run: string; readonly body: string },
): { seq: number; duplicate: boolean } {
  const { changes, lastInsertRowid } = db
    .sql(
      'INSERT OR IGNORE INTO inbox (key, session, agent_id, lane, kind, message_id, body, received_at, run) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
    )
    .run(key, row.session, row.agentId, row.lane, row.kind, row.messageId, body, row.receivedAt, run)
  if (changes === 1) return { seq: Number(lastInsertRowid), duplicate: false }
  return { seq: Number(db.sql('SELECT seq FROM inbox WHERE key = ?').get(key)?.['seq']), duplicate: true }
}

function claimRows(
  db: Database,
  session: string,
  { all = false, max = DEFAULT_MAX }: { all?: boolean; max?: number },
  { inherited, begun }: { readonly inherited: number; readonly begun: ReadonlySet<number> },
): Claim | null {
  const open = db.sql('SELECT * FROM inbox WHERE session = ? AND state < 2 ORDER BY seq LIMIT ?').all(session, all ? max + 1 : 1)
  const [first] = open
  if (first === undefined) return null
  const run = String(first['run'])
  const held = first['state'] === 1
  const resumed = held || Number(first['seq']) <= inherited || begun.has(Number(first['seq']))
  const taken = held
    ? db.sql('SELECT * FROM inbox WHERE session = ? AND state = 1 AND run = ? ORDER BY seq').all(session, run)
    : // What may have been begun alone ends alone: its run has appended what it was then.
      together(open, all && !resumed, max)
  for (const row of taken) hold(db, run, row['seq'] as number)
  return { run, resumed, rows: taken.map(toRow) }
}

const hold = (db: Database, run: string, seq: number): void =>
  void db.sql('UPDATE inbox SET state = 1, run = ?, attempts = attempts + 1 WHERE seq = ?').run(run, seq)

/** As `hold`, for a claim that did not ask the table; a group may be tried twice. */
const noteBegun = (db: Database, run: string, seq: number): void =>
  void db.sql('UPDATE inbox SET state = 1, run = ?, attempts = 1 WHERE seq = ? AND state = 0').run(run, seq)

/** The first row, and with `all` the messages right behind it: what is no message has a turn of its own. */
function together(open: readonly Row[], all: boolean, max: number): readonly Row[] {
  if (!all || open[0]?.['kind'] !== 'message') return open.slice(0, 1)
  const end = open.findIndex((row) => row['kind'] !== 'message')
  return open.slice(0, Math.min(end === -1 ? open.length : end, max))
}

const toRow = (row: Row): InboxRow => ({
  ...(JSON.parse(String(row['body'])) as NewInboxRow),
  seq: Number(row['seq']),
  attempts: Number(row['attempts']) + 1,
})

const insertAnswer = (db: Database, answer: StoredAnswer, now: number): void =>
  void db
    .sql(
      'INSERT OR IGNORE INTO answers (session, message_id, agent_id, response, attachments, is_error, at) VALUES (?, ?, ?, ?, ?, ?, ?)',
    )
    .run(
      answer.session,
      answer.messageId,
      answer.agentId,
      answer.response,
      filesToText(answer.attachments),
      answer.isError === true ? 1 : 0,
      now,
    )

const toAnswer = (row: Row): StoredAnswer => ({
  agentId: String(row['agent_id']),
  session: String(row['session']),
  messageId: String(row['message_id']),
  response: String(row['response']),
  ...filesFromText(row['attachments']),
  ...(row['is_error'] === 1 ? { isError: true } : {}),
})
