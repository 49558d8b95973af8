// Replies on their way out. Rows that were sent keep their key a while, so that none is put twice.

import type { ReplyTarget } from '../../channels/port.ts'
import type { Clock } from '../../ports.ts'
import type { NewOutboxRow, Outbox, OutboxRow } from '../ports.ts'
import type { Database, Row } from './database.ts'

/** Where order must hold: one chat, whoever is answered in it. */
const targetKey = ({ channelId, groupId, threadId, userId }: ReplyTarget): string =>
  JSON.stringify([channelId, groupId ?? null, threadId ?? null, groupId === undefined ? (userId ?? null) : null])

/** For use inside a transaction: puts one row unless its key stands already. */
export function insertOutbox(db: Database, row: NewOutboxRow, now: number): void {
  db.sql(
    'INSERT OR IGNORE INTO outbox (key, session, agent_id, target, target_key, content, created_at, next_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  ).run(row.key, row.session, row.agentId, JSON.stringify(row.target), targetKey(row.target), row.content, now, now)
}

export function createOutbox(db: Database, clock: Clock): Outbox {
  return {
    put: (row) => db.write(() => insertOutbox(db, row, clock.now())),
    async due(now, limit) {
      const rows = db
        .sql(
          `SELECT * FROM outbox AS o WHERE state = 0 AND next_at <= ? AND NOT EXISTS
             (SELECT 1 FROM outbox AS p WHERE p.state = 0 AND p.target_key = o.target_key AND p.seq < o.seq AND p.next_at > ?)
           ORDER BY seq LIMIT ?`,
        )
        .all(now, now, limit)
      return rows.map(toRow)
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
  attempts: Number(row['attempts']),
  createdAt: Number(row['created_at']),
})
