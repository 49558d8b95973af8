// Parts of a state folder's database, read from outside, whether an engine runs on it or not.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'

/** One value of the key-value store; null: it was never set, or there is no such state. */
export function readStoredKey(stateDir: string, key: string): string | null {
  const [row] = rows(stateDir, 'SELECT value FROM kv WHERE key = ?', key)
  return row?.['value'] === undefined ? null : String(row['value'])
}

/** Pairs of identities that people linked by a code. */
export function readStoredLinks(stateDir: string): readonly (readonly [string, string])[] {
  return rows(stateDir, 'SELECT one, other FROM links ORDER BY at, one').map((row) => [String(row['one']), String(row['other'])])
}

function rows(stateDir: string, sql: string, ...values: readonly string[]): readonly Readonly<Record<string, unknown>>[] {
  const file = join(stateDir, 'state.db')
  if (!existsSync(file)) return []
  const db = new DatabaseSync(file, { readOnly: true })
  try {
    return db.prepare(sql).all(...values) as Record<string, unknown>[]
  } finally {
    db.close()
  }
}
