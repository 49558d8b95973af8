// Rows that nobody can ask for any more, removed a few at a time so that turns go on between, and the free pages given back to the
// file system.

import type { Keeping } from '../ports.ts'
import type { Bindable, Database, Row } from './database.ts'

const DAY_MS = 24 * 3_600_000
const KEPT_MS = { answers: 7 * DAY_MS, runs: 90 * DAY_MS }
const LIMIT_WINDOW_MS = 3_600_000
/** Monthly limits count these. */
const LEAST_USAGE_MS = 32 * DAY_MS

/** Rows, and pages, that one transaction takes. */
const SLICE = 500
const SLICE_PAGES = 200
/** Free pages that stay for the rows to come. */
const SPARE_PAGES = 256

export async function tidyDatabase(db: Database, now: number, { runs = KEPT_MS.runs, usage }: Keeping): Promise<void> {
  const answers = now - KEPT_MS.answers
  await removeRows(db, 'inbox', 'state = 2 AND received_at < ?', answers)
  await removeRows(db, 'outbox', 'state > 0 AND created_at < ?', answers)
  await removeRows(db, 'admissions', 'at < ?', now - LIMIT_WINDOW_MS)
  await removeKeyed(db, 'answers', ['session', 'message_id'], 'at < ?', answers)
  await removeKeyed(db, 'approvals', ['id'], "state <> 'open' AND created_at < ?", now - runs)
  await removeKeyed(db, 'slots', ['name', 'slot'], "state <> 'claimed' AND slot < ?", now - runs)
  await db.write(() => void db.sql('DELETE FROM codes WHERE expires_at < ?').run(now))
  if (usage !== undefined) {
    const day = new Date(now - Math.max(usage, LEAST_USAGE_MS)).toISOString().slice(0, 10)
    await removeKeyed(db, 'usage', ['day', 'agent_id', 'by'], 'day < ?', day)
  }
  await giveBackPages(db)
}

/** Of a table with numbered rows, oldest first. */
async function removeRows(db: Database, table: string, isOld: string, bound: Bindable): Promise<void> {
  const sql = `DELETE FROM ${table} WHERE rowid IN (SELECT rowid FROM ${table} WHERE ${isOld} ORDER BY rowid LIMIT ${SLICE})`
  while ((await db.write(() => Number(db.sql(sql).run(bound).changes))) === SLICE);
}

/** Of a table whose key says nothing of its age: all of it is walked, each row once. */
async function removeKeyed(db: Database, table: string, key: readonly string[], isOld: string, bound: Bindable): Promise<void> {
  const columns = key.join(', ')
  const marks = key.map(() => '?').join(', ')
  const page = (after: string): string =>
    `SELECT ${columns}, ${isOld} AS old FROM ${table} ${after} ORDER BY ${columns} LIMIT ${SLICE}`
  const first = page('')
  const next = page(`WHERE (${columns}) > (${marks})`)
  const remove = `DELETE FROM ${table} WHERE (${columns}) = (${marks})`
  const keyOf = (row: Row): readonly Bindable[] => key.map((column) => row[column] as Bindable)
  const slice = (after: Row | undefined): Promise<readonly Row[]> =>
    db.write(() => {
      const rows = after === undefined ? db.sql(first).all(bound) : db.sql(next).all(bound, ...keyOf(after))
      for (const row of rows) if (row['old'] === 1) db.sql(remove).run(...keyOf(row))
      return rows
    })
  let rows = await slice(undefined)
  while (rows.length === SLICE) rows = await slice(rows.at(-1))
}

/** Does nothing in a database from before pages could be given back one by one: `claw compact-store` rewrites such a file. */
async function giveBackPages(db: Database): Promise<void> {
  const count = (pragma: string): number => Number(Object.values(db.sql(`PRAGMA ${pragma}`).get() ?? {})[0] ?? 0)
  if (count('auto_vacuum') !== 2) return
  for (let free = count('freelist_count'); free > SPARE_PAGES; ) {
    await db.write(() => void db.sql(`PRAGMA incremental_vacuum(${SLICE_PAGES})`).all())
    const left = count('freelist_count')
    if (left >= free) return
    free = left
  }
}
