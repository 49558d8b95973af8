// Replies on their way out. Rows that were sent keep their key a while, so that none is put twice.

import type { ReplyTarget } from '../../channels/port.ts'
import type { Clock } from '../../ports.ts'
import type { NewOutboxRow, Outbox, OutboxRow } from '../ports.ts'
import type { Database, Row } from './database.ts'
import { filesFromText, filesToText } from './stored-files.ts'

/** Where order must hold: one chat, whoever is answered in it. */
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

/** For use inside a transaction: puts one row unless its key stands already. */
export function insertOutbox(db: Database, row: NewOutboxRow, now: number): void {
  db.sql(
    'INSERT OR IGNORE INTO outbox (key, session, agent_id, target, target_key, content, attachments, created_at, next_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
  ).run(
    row.key,
    row.session,
    row.agentId,
    JSON.stringify(row.target),
    targetKey(row.target),
    row.content,
    filesToText(row.attachments),
    now,
    now,
  )
}

export function createOutbox(db: Database, clock: Clock): Outbox {
  return {
    put: (row) => db.write(() => insertOutbox(db, row, clock.now())),
    async due(now, limit) {
      const anyPutOff = db.sql('SELECT 1 FROM outbox WHERE state = 0 AND next_at > ? LIMIT 1').get(now) !== undefined
      return (anyPutOff ? db.sql(DUE_BEHIND_NONE).all(now, now, limit) : db.sql(DUE).all(now, limit)).map(toRow)
    },
    attempt: (seq) =>
      db.write(() => {
        const row = db.sql('UPDATE outbox SET attempts = attempts + 1 WHERE seq = ? RETURNING attempts').get(seq)
        if (row === undefined) throw new Error(`There is no outbox row ${seq}.`)
        return Number(row['attempts'])
      }),
    sent: (seq) => db.write(() => void db.sql("UPDATE outbox SET state = 1, content = '' WHERE seq = ? AND state = 0").run(seq)),
    retry: (seq, at, { notSent } = { notSent: false }) =>
      db.write(() => {
        db.sql('UPDATE outbox SET next_at = ?, attempts = max(0, attempts - ?) WHERE seq = ? AND state = 0').run(
          Math.ceil(at),
          notSent ? 1 : 0,
          seq,
        )
      }),
    fail: (seq, reason) =>
      db.write(() => void db.sql('UPDATE outbox SET state = 2, reason = ? WHERE seq = ? AND state = 0').run(reason, seq)),
    next() {
      const row = db.sql('SELECT count(*) AS count, min(next_at) AS at FROM outbox WHERE state = 0').get()
      const count = Number(row?.['count'] ?? 0)
      return count === 0 ? null : { count, at: Number(row?.['at']) }
    },
    nextAfter(now) {
      const row = db.sql('SELECT min(next_at) AS at FROM outbox WHERE state = 0 AND next_at > ?').get(now)
      return row?.['at'] == null ? null : Number(row['at'])
    },
  }
}

const toRow = (row: Row): OutboxRow => ({
  seq: Number(row['seq']),
  key: String(row['key']),
  session: String(row['session']),
  agentId: String(row['agent_id']),
  target: JSON.parse(String(row['target'])) as ReplyTarget,
  content: String(row['content']),
  ...filesFromText(row['attachments']),
  attempts: Number(row['attempts']),
  createdAt: Number(row['created_at']),
})
