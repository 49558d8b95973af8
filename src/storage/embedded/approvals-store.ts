// Questions to people in SQLite: each leaves `open` once, no matter who answers first.

import { type ApprovalRow, type ApprovalsStore, inboxKey } from '../ports.ts'
import type { Database, Row } from './database.ts'
import type { EmbeddedInbox } from './inbox.ts'

export function createApprovalsStore(db: Database, inbox: Pick<EmbeddedInbox, 'posting'>): ApprovalsStore {
  const get = (id: string): ApprovalRow | null => {
    const row = db.sql('SELECT * FROM approvals WHERE id = ?').get(id)
    return row === undefined ? null : toRow(row)
  }

  return {
    insert: (row) =>
      db.write(() => {
        const { state, late, decidedBy, ...body } = row
        db.sql('INSERT OR IGNORE INTO approvals (id, state, late, body, decided_by, created_at) VALUES (?, ?, ?, ?, ?, ?)').run(
          row.id,
          state,
          late ? 1 : 0,
          JSON.stringify(body),
          decidedBy ?? null,
          row.createdAt,
        )
      }),
    async get(id) {
      return get(id)
    },
    async open() {
      return db.sql("SELECT * FROM approvals WHERE state = 'open' ORDER BY created_at, id").all().map(toRow)
    },
    async settle(id, state, by, at, message) {
      const { settled, stored } = await db.write(() => {
        const { changes } = db
          .sql("UPDATE approvals SET state = ?, decided_by = ?, decided_at = ? WHERE id = ? AND state = 'open'")
          .run(state, by, at, id)
        const row = changes === 1 ? get(id) : null
        if (row?.late !== true) return { settled: row }
        const posted = message(row)
        const posting = inbox.posting(posted, inboxKey(posted))
        const result = posting.insert()
        return { settled: row, stored: () => posting.stored(result) }
      })
      stored?.()
      return settled
    },
    setLate: (id) =>
      db.write(() => db.sql("UPDATE approvals SET late = 1 WHERE id = ? AND state = 'open'").run(id).changes === 1),
  }
}

function toRow(row: Row): ApprovalRow {
  const body = JSON.parse(String(row['body'])) as Omit<ApprovalRow, 'state' | 'late' | 'decidedBy'>
  const decidedBy = row['decided_by']
  return {
    ...body,
    state: row['state'] as ApprovalRow['state'],
    late: row['late'] === 1,
    ...(typeof decidedBy === 'string' ? { decidedBy } : {}),
  }
}
