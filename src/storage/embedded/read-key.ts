// One value of a state folder's key-value store, read from outside, whether an engine runs on it or not.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'

/** null: it was never set, or there is no such state. */
export function readStoredKey(stateDir: string, key: string): string | null {
  const file = join(stateDir, 'state.db')
  if (!existsSync(file)) return null
  const db = new DatabaseSync(file, { readOnly: true })
  try {
    const row = db.prepare('SELECT value FROM kv WHERE key = ?').get(key) as { value?: unknown } | undefined
    return row?.value === undefined ? null : String(row.value)
  } finally {
    db.close()
  }
}
