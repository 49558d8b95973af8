// Parts of a state folder's database, read from outside, whether an engine runs on it or not.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import type { Pairing, UsageTotals } from '../ports.ts'
import type { Row } from './database.ts'
import { storageFailure } from './failures.ts'
import { toPairing } from './people.ts'
import { toTotals } from './usage-store.ts'

/** One value of the key-value store; null: it was never set, or there is no such state. */
export function readStoredKey(stateDir: string, key: string): string | null {
  const [row] = rows(stateDir, 'SELECT value FROM kv WHERE key = ?', key)
  return row?.['value'] === undefined ? null : String(row['value'])
}

/** Pairs of identities that people linked by a code. */
export function readStoredLinks(stateDir: string): readonly (readonly [string, string])[] {
  return rows(stateDir, 'SELECT one, other FROM links ORDER BY at, one').map((row) => [String(row['one']), String(row['other'])])
}

/** People whom owners let in by a code, oldest first. */
export const readPairings = (stateDir: string): readonly Pairing[] =>
  rows(stateDir, 'SELECT * FROM people ORDER BY at, identity').map(toPairing)

/** Spend by day, agent and spender, from the first UTC day `since` on. */
export const readUsage = (stateDir: string, since = ''): readonly UsageTotals[] =>
  rows(stateDir, 'SELECT * FROM usage WHERE day >= ? ORDER BY day, agent_id, by', since).map(toTotals)

/** @throws StateError when the database is damaged or cannot be read */
function rows(stateDir: string, sql: string, ...values: readonly string[]): readonly Row[] {
  const file = join(stateDir, 'state.db')
  if (!existsSync(file)) return []
  let db: InstanceType<typeof DatabaseSync> | undefined
  try {
    db = new DatabaseSync(file, { readOnly: true })
    return db.prepare(sql).all(...values) as Row[]
  } catch (error) {
    throw storageFailure(error, file)
  } finally {
    db?.close()
  }
}
