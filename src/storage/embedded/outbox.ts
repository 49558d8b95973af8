// Replies on their way out. Rows that were sent keep their key a while, so that none is put twice.

import type { ReplyTarget } from '../../channels/port.ts'
import { chatKey } from '../../plan/session-key.ts'
import type { Clock } from '../../ports.ts'
import type { NewOutboxRow, Outbox, OutboxRow } from '../ports.ts'
import type { Database, Row, Statement } from './database.ts'
import { filesFromText, filesToText } from './stored-files.ts'

// The first row of the next chat in which something waits: each is found by one step in the index, however many rows a chat has.
// Without its name SQLite passes over the index, to save a sort.
const HEAD_AFTER =
  'SELECT * FROM outbox INDEXED BY outbox_open WHERE state = 0 AND target_key > ? ORDER BY target_key, seq LIMIT 1'
const NONE: ReadonlySet<string> = new Set()
const INSERT =
  'INSERT OR IGNORE INTO outbox (key, session, agent_id, target, target_key, content, attachments, created_at, next_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)'

export class EmbeddedOutbox implements Outbox {
  readonly #db: Database
  readonly #clock: Clock
  // What every reply runs is compiled once.
  readonly #insert: Statement
  readonly #headAfter: Statement
  readonly #attempt: Statement
  readonly #sent: Statement

  constructor(db: Database, clock: Clock) {
    this.#db = db
    this.#clock = clock
    this.#insert = db.sql(INSERT)
    this.#headAfter = db.sql(HEAD_AFTER)
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
    this.#insert.run(key, session, agentId, JSON.stringify(target), chatKey(target), content, files, now, now)
  }

  async due(
    now: number,
    limit: number,
    busy: ReadonlySet<string> = NONE,
  ): Promise<{ rows: readonly OutboxRow[]; nextAt: number | null }> {
    const heads: Row[] = []
    let nextAt: number | null = null
    for (let head = this.#headAfter.get(''); head !== undefined; ) {
      const chat = String(head['target_key'])
      const at = Number(head['next_at'])
      if (at > now) nextAt = Math.min(at, nextAt ?? at)
      else if (!busy.has(chat)) heads.push(head)
      head = this.#headAfter.get(chat)
    }
    if (heads.length > 1) heads.sort((a, b) => Number(a['seq']) - Number(b['seq']))
    return { rows: heads.slice(0, limit).map(toRow), nextAt }
  }

  async waits(target: ReplyTarget): Promise<boolean> {
    return this.#db.sql('SELECT 1 FROM outbox WHERE target_key = ? AND state = 0 LIMIT 1').get(chatKey(target)) !== undefined
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
