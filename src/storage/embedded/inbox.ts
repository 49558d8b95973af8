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
import { createFreshRows } from './fresh-rows.ts'
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

type WaitingByLane = Record<Lane, number>

const DEFAULT_MAX = 50

const INSERT =
  'INSERT OR IGNORE INTO inbox (key, session, agent_id, lane, kind, message_id, body, received_at, run) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)'
const INSERT_ANSWER =
  'INSERT OR IGNORE INTO answers (session, message_id, agent_id, response, is_error, at, input, output, attachments) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)'

export class EmbeddedInbox implements Inbox {
  readonly #db: Database
  readonly #outbox: Pick<EmbeddedOutbox, 'insert'>
  readonly #clock: Clock
  readonly #random: Random
  /** Rows that wait, by lane; sessions without any have no entry. */
  readonly #waiting = new Map<string, WaitingByLane>()
  /** Sessions whose claim a turn of this process holds. */
  readonly #held = new Set<string>()
  readonly #fresh = createFreshRows()
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
    { clock, random }: { readonly clock: Clock; readonly random: Random },
  ) {
    this.#db = db
    this.#outbox = outbox
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
      if (row['state'] === 1) this.#fresh.left(session)
      else this.#count(session, row['lane'] as Lane, Number(row['count']))
    }
  }

  async post(row: NewInboxRow, key: string): Promise<Posted> {
    // Counted at once, so that a burst within one group sees itself; taken back when nothing was stored.
    this.#count(row.session, row.lane, 1)
    let result: Posted = { seq: 0, duplicate: true }
    try {
      const body = JSON.stringify(row)
      const run = this.#random.id()
      result = await this.#db.write(() => this.#insertRow(row, key, run, body))
      if (!result.duplicate) this.#fresh.add({ seq: result.seq, attempts: 1, ...row }, run)
      return result
    } finally {
      if (result.duplicate) this.#count(row.session, row.lane, -1)
    }
  }

  posting(row: NewInboxRow, key: string): Posting {
    const body = JSON.stringify(row)
    const run = this.#random.id()
    return {
      insert: () => this.#insertRow(row, key, run, body),
      stored: ({ seq, duplicate }) => {
        if (duplicate) return
        this.#count(row.session, row.lane, 1)
        this.#fresh.add({ seq, attempts: 1, ...row }, run)
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

  async claimNext(session: string, options: { all?: boolean; max?: number } = {}): Promise<Claim | null> {
    if (this.#held.has(session)) return null
    this.#held.add(session)
    let claim: Claim | null = null
    try {
      claim = this.#claimFresh(session, options) ?? (await this.#db.write(() => this.#claimRows(session, options)))
      if (claim === null) return null
      for (const row of claim.rows) {
        if (row.attempts === 1 && !this.#begun.has(row.seq)) this.#count(session, row.lane, -1)
        this.#begun.add(row.seq)
      }
      this.#fresh.claimed(claim.rows)
      return claim
    } finally {
      if (claim === null) this.#held.delete(session)
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
          filesToText(attachments),
        )
      }
      for (const row of outbox) this.#outbox.insert(row, now)
      this.#forgetSteps.run(claim.run)
    })
    this.#fresh.finished(claim.rows)
    for (const { seq, session } of claim.rows) {
      this.#begun.delete(seq)
      this.#held.delete(session)
    }
  }

  async answer(session: string, messageId: string): Promise<StoredAnswer | null> {
    if (this.#fresh.isUnanswered(session, messageId)) return null
    const row = this.#db.sql('SELECT * FROM answers WHERE session = ? AND message_id = ?').get(session, messageId)
    return row === undefined ? null : toAnswer(row)
  }

  async waiting(session: string): Promise<number> {
    return this.#waitingIn(session)
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
    const counts = this.#waiting.get(session)
    return counts === undefined ? null : (RANKED_LANES.find((lane) => counts[lane] > 0) ?? null)
  }

  /** A turn of the session ended without finishing its claim; the next claim resumes it. */
  release(session: string): void {
    this.#fresh.left(session)
    this.#held.delete(session)
  }

  #count(session: string, lane: Lane, by: number): void {
    const counts = this.#waiting.get(session) ?? { realtime: 0, scheduled: 0, background: 0 }
    counts[lane] = Math.max(0, counts[lane] + by)
    if (counts.realtime + counts.scheduled + counts.background === 0) this.#waiting.delete(session)
    else this.#waiting.set(session, counts)
  }

  #waitingIn(session: string): number {
    const counts = this.#waiting.get(session)
    return counts === undefined ? 0 : counts.realtime + counts.scheduled + counts.background
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
  #claimFresh(session: string, { all = false }: { all?: boolean }): Claim | null {
    const first = all ? undefined : this.#fresh.first(session, this.#waitingIn(session))
    if (first === undefined) return null
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
  ...filesFromText(row['attachments']),
  ...(row['is_error'] === 1 ? { isError: true } : {}),
  ...(row['input'] === null ? {} : { usage: { input: Number(row['input']), output: Number(row['output']) } }),
})
