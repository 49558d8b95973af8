// Steps of runs in SQLite rows: a finished step gives its stored result, so a turn resumes where it was.

import { type StepJournal, StepUnknown } from '../ports.ts'
import type { Database } from './database.ts'

/** Results must be JSON; `undefined` comes back as `undefined`. */
export function createJournal(db: Database): StepJournal {
  const recorded = (run: string, name: string) => db.sql('SELECT result FROM steps WHERE run = ? AND name = ?').get(run, name)

  return {
    has: async (run, name) => recorded(run, name) !== undefined,
    async step<T>(
      run: string,
      name: string,
      make: (idempotencyKey: string) => Promise<T>,
      retry: 'always' | 'never' = 'always',
    ): Promise<T> {
      const earlier = recorded(run, name)
      if (typeof earlier?.['result'] === 'string') return read<T>(earlier['result'])
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
      return value
    },
  }
}

const UNDEFINED = ''

const read = <T>(result: string): T => (result === UNDEFINED ? undefined : JSON.parse(result)) as T
