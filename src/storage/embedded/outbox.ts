// Replies on their way out. Rows that were sent keep their key a while, so that none is put twice.

import type { ReplyTarget } from '../../channels/port.ts'
import type { Clock } from '../../ports.ts'
import type { NewOutboxRow, Outbox, OutboxRow } from '../ports.ts'
import type { Database, Row, Statement } from './database.ts'
import { filesFromText, filesToText } from './stored-files.ts'

/** Where order must hold: one chat, no matter who is answered in it. */
const targetKey = ({ channelId, groupId, threadId, userId }: ReplyTarget): string =>
  JSON.stringify([channelId, groupId ?? null, threadId ?? null, groupId === undefined ? (userId ?? null) : null])

// Sent rows stay a while and are many, those that wait are few: without its name SQLite passes over the index that tells them
// apart, to save a sort.
const WAITING = 'outbox INDEXED BY outbox_due'
const DUE = `SELECT * FROM outbox WHERE seq IN (SELECT seq FROM ${WAITING} WHERE state = 0 AND next_at <= ? ORDER BY seq LIMIT ?) ORDER BY seq`
/** What waits behind a row that was put off, in its chat, waits with it. */
const DUE_BEHIND_NONE = `
  WITH held AS MATERIALIZED (SELECT target_key, min(seq) AS seq FROM ${WAITING} WHERE state = 0 AND next_at > ? GROUP BY target_key)
  SELECT * FROM outbox WHERE seq IN (
    SELECT o.seq FROM outbox AS o INDEXED BY outbox_due LEFT JOIN held ON held.target_key = o.target_key
    WHERE o.state = 0 AND o.next_at <= ? AND (held.seq IS NULL OR o.seq < held.seq) ORDER BY o.seq LIMIT ?
  ) ORDER BY seq`
const NEXT_AFTER = 'SELECT min(next_at) AS at FROM outbox WHERE state = 0 AND next_at > ?'
const INSERT =
  'INSERT OR IGNORE INTO outbox (key, session, agent_id, target, target_key, content, attachments, created_at, next_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)'

export class EmbeddedOutbox implements Outbox {
  readonly #db: Database
  readonly #clock: Clock
  // What every reply runs is compiled once.
  readonly #insert: Statement
  readonly #nextAfter: Statement
  readonly #due: Statement
  readonly #attempt: Statement
  readonly #sent: Statement

  constructor(db: Database, clock: Clock) {
    this.#db = db
    this.#clock = clock
    this.#insert = db.sql(INSERT)
    this.#nextAfter = db.sql(NEXT_AFTER)
    this.#due = db.sql(DUE)
    this.#attempt = db.sql('UPDATE outbox SET attempts = attempts + 1 WHERE seq = ? RETURNING attempts')
    this.#sent = db.sql("UPDATE outbox SET state = 1, content = '' WHERE seq = ? AND state = 0")
  }

  put(row: NewOutboxRow): Promise<void> {
    return this.#db.write(() => this.insert(row, this.#clock.now()))
  }

  /** Within a transaction: puts one row unless its key was put before. */
  insert(row: NewOutboxRow, now: number): void {
    const { key, session, agentId, target, content } = row
    const files = row.attachments === undefined ? null : filesToText(row.attachments)
    this.#insert.run(key, session, agentId, JSON.stringify(target), targetKey(target), content, files, now, now)
  }

  async due(now: number, limit: number): Promise<{ rows: readonly OutboxRow[]; nextAt: number | null }> {
    const at = this.#nextAfter.get(now)?.['at'] ?? null
    const rows = at === null ? this.#due.all(now, limit) : this.#db.sql(DUE_BEHIND_NONE).all(now, now, limit)
    return { rows: rows.map(toRow), nextAt: at === null ? null : Number(at) }
  }

  async waits(target: ReplyTarget): Promise<boolean> {
    return this.#db.sql('SELECT 1 FROM outbox WHERE target_key = ? AND state = 0 LIMIT 1').get(targetKey(target)) !== undefined
  }

  attempt(seq: number): Promise<number> {
    return this.#db.write(() => {
      const row = this.#attempt.get(seq)
      if (row === undefined) throw new Error(`There is no outbox row ${seq}.`)
      return Number(row['attempts'])
    })
  }

  sent(seq: number): Promise<void> {
    return this.#db.write(() => void this.#sent.run(seq))
  }

  retry(seq: number, at: number, { notSent }: { readonly notSent: boolean } = { notSent: false }): Promise<void> {
    const sql = 'UPDATE outbox SET next_at = ?, attempts = max(0, attempts - ?) WHERE seq = ? AND state = 0'
    return this.#db.write(() => void this.#db.sql(sql).run(Math.ceil(at), notSent ? 1 : 0, seq))
  }

  fail(seq: number, reason: string): Promise<void> {
    const sql = 'UPDATE outbox SET state = 2, reason = ? WHERE seq = ? AND state = 0'
    return this.#db.write(() => void this.#db.sql(sql).run(reason, seq))
  }
}

const toRow = (row: Row): OutboxRow => ({
  seq: Number(row['seq']),
  key: String(row['key']),
  session: String(row['session']),
  agentId: String(row['agent_id']),
  target: JSON.parse(String(row['target'])) as ReplyTarget,
  content: String(row['content']),
  ...(row['attachments'] === null ? {} : filesFromText(row['attachments'])),
  attempts: Number(row['attempts']),
  createdAt: Number(row['created_at']),
})
