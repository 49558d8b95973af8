// The heartbeat ledger: each due slot stands in it once, with what came of it.

import type { SlotRow, SlotStore } from '../ports.ts'
import type { Database, Row } from './database.ts'

export function createSlots(db: Database): SlotStore {
  /** Claimed under this process's lease. */
  const held = new Set<string>()
  const keyOf = (name: string, slot: number): string => `${slot}@${name}`

  return {
    async claimSlot(name, slot, at) {
      const insert = "INSERT OR IGNORE INTO slots (name, slot, state, at) VALUES (?, ?, 'claimed', ?)"
      const claimed = await db.write(() => db.sql(insert).run(name, slot, at).changes === 1)
      if (claimed) held.add(keyOf(name, slot))
      return claimed
    },
    async endSlot(name, slot, outcome, at, detail) {
      await db.write(() => {
        db.sql(
          `INSERT INTO slots (name, slot, state, at, detail) VALUES (?, ?, ?, ?, ?)
           ON CONFLICT (name, slot) DO UPDATE SET state = excluded.state, at = excluded.at, detail = excluded.detail WHERE state = 'claimed'`,
        ).run(name, slot, outcome, at, detail ?? null)
      })
      held.delete(keyOf(name, slot))
    },
    async lastSlot(name) {
      await db.flush()
      const row = db.sql('SELECT * FROM slots WHERE name = ? ORDER BY slot DESC LIMIT 1').get(name)
      return row === undefined ? null : toRow(row)
    },
    async unfinished() {
      const rows = db.sql("SELECT * FROM slots WHERE state = 'claimed' ORDER BY name, slot").all().map(toRow)
      return rows.filter(({ name, slot }) => !held.has(keyOf(name, slot)))
    },
    async list(name, limit) {
      await db.flush()
      const rows =
        name === undefined
          ? db.sql('SELECT * FROM slots ORDER BY slot DESC, name LIMIT ?').all(limit)
          : db.sql('SELECT * FROM slots WHERE name = ? ORDER BY slot DESC LIMIT ?').all(name, limit)
      return rows.map(toRow)
    },
  }
}

const toRow = (row: Row): SlotRow => ({
  name: String(row['name']),
  slot: Number(row['slot']),
  state: row['state'] as SlotRow['state'],
  at: Number(row['at']),
  ...(row['detail'] === null ? {} : { detail: String(row['detail']) }),
})
