// Steps of a run in SQLite rows: a finished step gives its stored result, so a turn goes on where it stood.

import { type StepJournal, StepUnknown } from '../ports.ts'
import type { Database } from './database.ts'

interface Ended {
  readonly result: string | null
}

/** The journal of one run. Results must be JSON; `undefined` comes back as `undefined`. */
export function createJournal(db: Database, run: string): StepJournal {
  let known: Map<string, Ended> | undefined

  /** Read at the first step: most turns call no tool. */
  function recorded(): Map<string, Ended> {
    known ??= new Map(
      db
        .sql('SELECT name, result FROM steps WHERE run = ?')
        .all(run)
        .map((row) => [String(row['name']), { result: row['result'] === null ? null : String(row['result']) }]),
    )
    return known
  }

  return {
    has: (name) => recorded().has(name),
    async step<T>(name: string, make: (idempotencyKey: string) => Promise<T>, retry: 'always' | 'never' = 'always'): Promise<T> {
      const steps = recorded()
      const earlier = steps.get(name)
      if (earlier !== undefined && earlier.result !== null) return read<T>(earlier.result)
      // A step that may run again needs no record of its start.
      if (retry === 'never') {
        if (earlier !== undefined) throw new StepUnknown(name)
        await db.write(() => db.sql('INSERT INTO steps (run, name, result) VALUES (?, ?, NULL)').run(run, name))
      }
      let value: T
      try {
        value = await make(`${run}:${name}`)
      } catch (error) {
        // Its end was seen by this process: another try is the caller's choice.
        if (retry === 'never') await db.write(() => db.sql('DELETE FROM steps WHERE run = ? AND name = ?').run(run, name))
        throw error
      }
      const result = value === undefined ? UNDEFINED : JSON.stringify(value)
      await db.write(() => db.sql('INSERT OR REPLACE INTO steps (run, name, result) VALUES (?, ?, ?)').run(run, name, result))
      steps.set(name, { result })
      return value
    },
  }
}

const UNDEFINED = ''

const read = <T>(result: string): T => (result === UNDEFINED ? undefined : JSON.parse(result)) as T
