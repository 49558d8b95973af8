// Questions to people in SQLite: each leaves `open` once, whoever answers first.

import type { ApprovalRow, ApprovalsStore } from '../ports.ts'
import type { Database, Row } from './database.ts'

export function createApprovalsStore(db: Database): ApprovalsStore {
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
    settle: (id, state, by, at) =>
      db.write(() => {
        const { changes } = db
          .sql("UPDATE approvals SET state = ?, decided_by = ?, decided_at = ? WHERE id = ? AND state = 'open'")
          .run(state, by, at, id)
        return changes === 1 ? get(id) : null
      }),
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
