// Inbox and answers of one machine as rows in SQLite. The folder's lock is the lease on every run: what was held when it was
// opened is held no more.

import type { Clock, Random } from '../../ports.ts'
import {
  type Claim,
  type Inbox,
  type InboxRow,
  type Lane,
  type NewInboxRow,
  type PendingToken,
  RANKED_LANES,
  type StoredAnswer,
} from '../ports.ts'
import type { Database, Row, Statement } from './database.ts'
import { type FolderHealth, ROOM_MS } from './health.ts'
import type { EmbeddedOutbox } from './outbox.ts'
import { filesFromText, filesToText } from './stored-files.ts'

interface Posted {
  readonly seq: number
  readonly duplicate: boolean
}

/** A row for another store's transaction: `insert` within it, `stored` once it is committed. */
export interface Posting {
  insert(): Posted
  stored(result: Posted): void
}

/** A row that this process stored itself, as the table holds it. */
interface FreshRow {
  readonly row: InboxRow
  readonly run: string
}

/** What is known of a session with open rows: most are claimed a moment after they came, and need not be read back. */
interface OpenSession {
  /** Rows that no run holds, by lane. */
  readonly waiting: Record<Lane, number>
  /** Those of them that this process stored, oldest first; not all where there are too many. */
  readonly fresh: FreshRow[]
  /** Messages that this process stored and that have no answer yet. */
  readonly unanswered: Set<string>
  /** A turn of this process holds a claim. */
  held: boolean
  /** A run was left without its end: its row is open in the table, and known there alone. */
  halfDone: boolean
}

const DEFAULT_MAX = 50
/** Rows that are kept beside the table: a burst must not stand in memory twice. */
const MOST_FRESH = 1_000

const INSERT =
  'INSERT OR IGNORE INTO inbox (key, session, agent_id, lane, kind, message_id, body, received_at, run) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)'
const INSERT_ANSWER =
  'INSERT OR IGNORE INTO answers (session, message_id, agent_id, response, is_error, at, input, output, attachments) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)'

export class EmbeddedInbox implements Inbox {
  readonly #db: Database
  readonly #outbox: Pick<EmbeddedOutbox, 'insert'>
  readonly #health: Pick<FolderHealth, 'cachedProblem' | 'roomAt' | 'refusal'>
  readonly #clock: Clock
  readonly #random: Random
  /** Sessions with nothing open have no entry. */
  readonly #sessions = new Map<string, OpenSession>()
  #freshRows = 0
  /** Runs of fresh rows that the table does not surely know as begun. */
  readonly #unnoted = new Set<string>()
  /** Rows this process began on and did not finish, whatever the table says of them. */
  readonly #begun = new Set<number>()
  /** Rows up to here were there before this process, and may have been begun. */
  readonly #inherited: number
  // What every message runs is compiled once.
  readonly #insert: Statement
  readonly #known: Statement
  readonly #done: Statement
  readonly #insertAnswer: Statement
  readonly #forgetSteps: Statement
  readonly #noteBegun: Statement

  constructor(
    db: Database,
    outbox: Pick<EmbeddedOutbox, 'insert'>,
    health: Pick<FolderHealth, 'cachedProblem' | 'roomAt' | 'refusal'>,
    { clock, random }: { readonly clock: Clock; readonly random: Random },
  ) {
    this.#db = db
    this.#outbox = outbox
    this.#health = health
    this.#clock = clock
    this.#random = random
    this.#insert = db.sql(INSERT)
    this.#known = db.sql('SELECT seq, session, agent_id FROM inbox WHERE key = ?')
    this.#done = db.sql("UPDATE inbox SET state = 2, body = '', run = NULL WHERE seq = ?")
    this.#insertAnswer = db.sql(INSERT_ANSWER)
    this.#forgetSteps = db.sql('DELETE FROM steps WHERE run = ?')
    // As a hold, for a claim that did not ask the table; a group may be tried twice.
    this.#noteBegun = db.sql('UPDATE inbox SET state = 1, run = ?, attempts = 1 WHERE seq = ? AND state = 0')
    this.#inherited = Number(db.sql('SELECT max(seq) AS seq FROM inbox').get()?.['seq'] ?? 0)
    const open = db.sql('SELECT session, lane, state, count(*) AS count FROM inbox WHERE state < 2 GROUP BY session, lane, state')
    for (const row of open.all()) {
      const session = String(row['session'])
      // What the process before began on comes first, and only the table knows of it.
      if (row['state'] === 1) this.#open(session).halfDone = true
      else this.#open(session).waiting[row['lane'] as Lane] += Number(row['count'])
    }
  }

  async post(row: NewInboxRow, key: string): Promise<Posted> {
    // Trouble may be over, and room may be gone.
    const { cachedProblem, roomAt } = this.#health
    const isDue = cachedProblem !== null || Math.abs(this.#clock.now() - roomAt) >= ROOM_MS
    const asked = isDue ? this.#health.refusal() : null
    const refusal = asked instanceof Promise ? await asked : asked
    if (refusal !== null) throw refusal
    // Counted at once, so that a burst within one group sees itself; taken back when nothing was stored.
    const session = this.#open(row.session)
    session.waiting[row.lane]++
    let result: Posted = { seq: 0, duplicate: true }
    try {
      const body = JSON.stringify(row)
      const run = this.#random.id()
      result = await this.#db.write(() => this.#insertRow(row, key, run, body))
      if (!result.duplicate) this.#keep(session, row, result.seq, run)
      return result
    } finally {
      if (result.duplicate) {
        session.waiting[row.lane]--
        this.#forgetIdle(row.session, session)
      }
    }
  }

  posting(row: NewInboxRow, key: string): Posting {
    const body = JSON.stringify(row)
    const run = this.#random.id()
    return {
      insert: () => this.#insertRow(row, key, run, body),
      stored: ({ seq, duplicate }) => {
        if (duplicate) return
        const session = this.#open(row.session)
        session.waiting[row.lane]++
        this.#keep(session, row, seq, run)
      },
    }
  }

  async known(key: string): Promise<{ seq: number; session: string; agentId: string } | null> {
    await this.#db.flush()
    const row = this.#known.get(key)
    return row === undefined
      ? null
      : { seq: Number(row['seq']), session: String(row['session']), agentId: String(row['agent_id']) }
  }

  async claimNext(key: string, options: { all?: boolean; max?: number } = {}): Promise<Claim | null> {
    const session = this.#open(key)
    if (session.held) return null
    session.held = true
    let claim: Claim | null = null
    try {
      claim = this.#claimFresh(session, options) ?? (await this.#db.write(() => this.#claimRows(key, options)))
      if (claim === null) return null
      for (const row of claim.rows) {
        if (row.attempts === 1 && !this.#begun.has(row.seq)) session.waiting[row.lane]--
        this.#begun.add(row.seq)
        this.#drop(session, row)
      }
      return claim
    } finally {
      if (claim === null) {
        session.held = false
        this.#forgetIdle(key, session)
      }
    }
  }

  async finish(claim: Claim, { answers, outbox }: Parameters<Inbox['finish']>[1]): Promise<void> {
    const now = this.#clock.now()
    // That it was begun is no longer of interest.
    this.#unnoted.delete(claim.run)
    await this.#db.write(() => {
      for (const { seq } of claim.rows) this.#done.run(seq)
      for (const { session, messageId, agentId, response, isError, usage, attachments } of answers) {
        const tokens = [usage?.input ?? null, usage?.output ?? null] as const
        this.#insertAnswer.run(
          session,
          messageId,
          agentId,
          response,
          isError === true ? 1 : 0,
          now,
          ...tokens,
          attachments === undefined ? null : filesToText(attachments),
        )
      }
      for (const row of outbox) this.#outbox.insert(row, now)
      this.#forgetSteps.run(claim.run)
    })
    for (const row of claim.rows) {
      const session = this.#open(row.session)
      this.#begun.delete(row.seq)
      this.#drop(session, row)
      session.unanswered.delete(row.messageId)
      session.held = false
      session.halfDone = false
      this.#forgetIdle(row.session, session)
    }
  }

  async answer(session: string, messageId: string): Promise<StoredAnswer | null> {
    if (this.#sessions.get(session)?.unanswered.has(messageId) === true) return null
    const row = this.#db.sql('SELECT * FROM answers WHERE session = ? AND message_id = ?').get(session, messageId)
    return row === undefined ? null : toAnswer(row)
  }

  async putBack({ rows }: Claim): Promise<void> {
    const notCounted = this.#db.sql('UPDATE inbox SET attempts = max(0, attempts - 1) WHERE seq = ? AND state = 1')
    await this.#db
      .write(() => {
        for (const { seq } of rows) notCounted.run(seq)
      })
      .catch(() => {})
  }

  async waiting(session: string): Promise<number> {
    const open = this.#sessions.get(session)
    return open === undefined ? 0 : waitingIn(open)
  }

  async pending(): Promise<readonly PendingToken[]> {
    await this.#db.flush()
    const rows = this.#db.sql('SELECT session, agent_id, lane, attempts FROM inbox WHERE state < 2 ORDER BY seq').all()
    const tokens = new Map<string, PendingToken>()
    for (const row of rows) {
      const [session, agentId, lane] = [String(row['session']), String(row['agent_id']), row['lane'] as Lane]
      const known = tokens.get(session)
      if (known === undefined || RANKED_LANES.indexOf(lane) < RANKED_LANES.indexOf(known.lane))
        tokens.set(session, { session, agentId, lane, begun: known?.begun ?? Number(row['attempts']) })
    }
    return [...tokens.values()]
  }

  /** The lane in which the session's waiting rows deserve a turn: the best of them; null: none waits. */
  laneOf(session: string): Lane | null {
    const open = this.#sessions.get(session)
    return open === undefined ? null : (RANKED_LANES.find((lane) => open.waiting[lane] > 0) ?? null)
  }

  /** A turn of the session ended without finishing its claim; the next claim resumes it. */
  release(key: string): void {
    const session = this.#open(key)
    session.halfDone = true
    session.held = false
  }

  #open(key: string): OpenSession {
    let session = this.#sessions.get(key)
    if (session === undefined) {
      const waiting = { realtime: 0, scheduled: 0, background: 0 }
      session = { waiting, fresh: [], unanswered: new Set(), held: false, halfDone: false }
      this.#sessions.set(key, session)
    }
    return session
  }

  #forgetIdle(key: string, session: OpenSession): void {
    const isIdle = !session.held && !session.halfDone && session.unanswered.size === 0 && waitingIn(session) === 0
    if (isIdle && this.#sessions.get(key) === session) this.#sessions.delete(key)
  }

  #keep(session: OpenSession, row: NewInboxRow, seq: number, run: string): void {
    session.unanswered.add(row.messageId)
    if (this.#freshRows >= MOST_FRESH) return
    this.#freshRows++
    session.fresh.push({ row: { seq, attempts: 1, ...row }, run })
  }

  #drop({ fresh }: OpenSession, { seq }: InboxRow): void {
    const at = fresh.findIndex(({ row }) => row.seq === seq)
    if (at === -1) return
    fresh.splice(at, 1)
    this.#freshRows--
  }

  /** Within a transaction: the row, unless its key was posted before. */
  #insertRow(row: NewInboxRow, key: string, run: string, body: string): Posted {
    const { session, agentId, lane, kind, messageId, receivedAt } = row
    const { changes, lastInsertRowid } = this.#insert.run(key, session, agentId, lane, kind, messageId, body, receivedAt, run)
    if (changes === 1) return { seq: Number(lastInsertRowid), duplicate: false }
    return { seq: Number(this.#known.get(key)?.['seq']), duplicate: true }
  }

  /**
   * One row that came to this process: nothing is lost if a kill forgets that it was begun, so the note rides with a later
   * commit. Not so for rows that were there before: one that takes the process down at each start must be counted first.
   */
  #claimFresh(session: OpenSession, { all = false }: { all?: boolean }): Claim | null {
    const [first] = session.fresh
    const isAllKnown = session.fresh.length === waitingIn(session) && !session.halfDone
    if (all || first === undefined || !isAllKnown) return null
    const { row, run } = first
    this.#unnoted.add(run)
    this.#db.later(() => {
      if (this.#unnoted.has(run)) this.#noteBegun.run(run, row.seq)
    })
    return { run, resumed: false, rows: [row] }
  }

  /** Within a transaction. */
  #claimRows(session: string, { all = false, max = DEFAULT_MAX }: { all?: boolean; max?: number }): Claim | null {
    const db = this.#db
    const open = db
      .sql('SELECT * FROM inbox WHERE session = ? AND state < 2 ORDER BY seq LIMIT ?')
      .all(session, all ? max + 1 : 1)
    const [first] = open
    if (first === undefined) return null
    const run = String(first['run'])
    const seq = Number(first['seq'])
    const wasHeld = first['state'] === 1
    const resumed = wasHeld || seq <= this.#inherited || this.#begun.has(seq)
    const taken = wasHeld
      ? db.sql('SELECT * FROM inbox WHERE session = ? AND state = 1 AND run = ? ORDER BY seq').all(session, run)
      : // What may have been begun alone ends alone: its run has appended what it was then.
        together(open, all && !resumed, max)
    const hold = db.sql('UPDATE inbox SET state = 1, run = ?, attempts = attempts + 1 WHERE seq = ?')
    for (const row of taken) hold.run(run, row['seq'] as number)
    return { run, resumed, rows: taken.map(toRow) }
  }
}

const waitingIn = ({ waiting }: OpenSession): number => waiting.realtime + waiting.scheduled + waiting.background

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

const toAnswer = (row: Row): StoredAnswer => ({
  agentId: String(row['agent_id']),
  session: String(row['session']),
  messageId: String(row['message_id']),
  response: String(row['response']),
  ...(row['attachments'] === null ? {} : filesFromText(row['attachments'])),
  ...(row['is_error'] === 1 ? { isError: true } : {}),
  ...(row['input'] === null ? {} : { usage: { input: Number(row['input']), output: Number(row['output']) } }),
})
