// One SQLite file with group commit: all writes asked for in one tick of the event loop share one transaction.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import { ClawError, EXIT } from '../../errors.ts'
import { isBusy, storageFailure } from './failures.ts'
import { MIGRATIONS } from './schema.ts'

/** What may be bound: Date would become NULL and a boolean 1 without a word. */
export type Bindable = string | number | null
export type Row = Readonly<Record<string, string | number | null>>

export interface Statement {
  run(...values: readonly Bindable[]): { readonly changes: number; readonly lastInsertRowid: number | bigint }
  get(...values: readonly Bindable[]): Row | undefined
  all(...values: readonly Bindable[]): readonly Row[]
}

export interface Database {
  /** Compiled on first use and kept. */
  sql(text: string): Statement
  /**
   * Runs `work` in the next group's transaction; durable when it resolves. A `work` that throws undoes its own changes and
   * rejects its own promise, no other's; the group then begins again, so a `work` may run twice and count once. It must be
   * synchronous, and keep what it changes in memory for after the promise.
   */
  write<T>(work: () => T): Promise<T>
  /**
   * As `write`, for what loses nothing when a kill forgets it: rides with the next group, or goes by itself a moment later. A
   * failure is passed over, as the writes that matter meet it too.
   */
  later(work: () => void): void
  /** Resolves when all that was asked for so far is written. */
  flush(): Promise<void>
  close(): Promise<void>
}

export interface DatabaseOptions {
  readonly stateDir: string
  /** `process`: survives a killed process. `power`: waits for the disk at each commit. */
  readonly durability: 'process' | 'power'
  /** Told each failed write. */
  readonly noteFailure?: (error: Error) => void
}

/** What the write-ahead log is cut back to after it grew. */
const LOG_BYTES = 8 * 1024 * 1024
/** How long another program may hold the database before a write fails. */
const BUSY_MS = 5_000
const BUSY_RETRY_MS = 25
const MOST_BUSY_TRIES = BUSY_MS / BUSY_RETRY_MS
/** How long `later` waits for company. */
const LATER_MS = 20

interface Job {
  readonly work: () => unknown
  readonly resolve: (value: never) => void
  readonly reject: (error: unknown) => void
}
type Outcome = { readonly value: unknown } | { readonly error: unknown }

/** Opens `<stateDir>/state.db`, made and brought up to date where needed. @throws ClawError */
export function openDatabase(options: DatabaseOptions): Database {
  const file = join(options.stateDir, 'state.db')
  const db = open(file, options)
  const statements = new Map<string, Statement>()
  let jobs: Job[] = []
  let scheduled = false
  let timer: NodeJS.Timeout | undefined
  let closed = false
  let busyTries = 0

  function sql(text: string): Statement {
    let statement = statements.get(text)
    if (statement === undefined) {
      statement = readable(db.prepare(text) as unknown as Statement)
      statements.set(text, statement)
    }
    return statement
  }

  /** Trouble of a read is trouble of the disk, as that of a write is. */
  function readable(statement: Statement): Statement {
    const words = (error: unknown): Error => (db.isTransaction ? (error as Error) : failed(error))
    return {
      run: (...values) => statement.run(...values),
      get(...values) {
        try {
          return statement.get(...values)
        } catch (error) {
          throw words(error)
        }
      },
      all(...values) {
        try {
          return statement.all(...values)
        } catch (error) {
          throw words(error)
        }
      },
    }
  }

  const begin = sql('BEGIN IMMEDIATE')
  const commit = sql('COMMIT')
  const savepoint = sql('SAVEPOINT job')
  const release = sql('RELEASE job')

  function rollback(text: 'ROLLBACK' | 'ROLLBACK TO job; RELEASE job'): void {
    // A full disk makes SQLite roll back by itself; then there is nothing left to undo.
    if (db.isTransaction) db.exec(text)
  }

  function failed(error: unknown): Error {
    const failure = storageFailure(error, file)
    options.noteFailure?.(failure)
    return failure
  }

  function flushGroup(): void {
    scheduled = false
    clearTimeout(timer)
    timer = undefined
    const group = jobs
    jobs = []
    if (group.length === 0) return
    let outcomes: readonly Outcome[]
    try {
      outcomes = together(group) ?? oneByOne(group)
      busyTries = 0
    } catch (error) {
      if (isBusy(error) && busyTries < MOST_BUSY_TRIES && !closed) {
        busyTries++
        jobs = [...group, ...jobs]
        scheduled = true
        setTimeout(flushGroup, BUSY_RETRY_MS)
        return
      }
      busyTries = 0
      const failure = failed(error)
      for (const job of group) job.reject(failure)
      return
    }
    for (const [i, job] of group.entries()) {
      const outcome = outcomes[i] as Outcome
      if ('error' in outcome) job.reject(failed(outcome.error))
      else job.resolve(outcome.value as never)
    }
  }

  /** The usual case: no job fails. null: one did, and nothing was changed. */
  function together(group: readonly Job[]): readonly Outcome[] | null {
    begin.run()
    try {
      const outcomes = group.map((job) => ({ value: job.work() }))
      commit.run()
      return outcomes
    } catch (error) {
      rollback('ROLLBACK')
      if (group.length === 1) throw error
      return null
    }
  }

  /** Each job's failure undoes it alone. Throws when the whole transaction is lost. */
  function oneByOne(group: readonly Job[]): readonly Outcome[] {
    begin.run()
    try {
      const outcomes = group.map(guarded)
      commit.run()
      return outcomes
    } catch (error) {
      rollback('ROLLBACK')
      throw error
    }
  }

  function guarded(job: Job): Outcome {
    savepoint.run()
    try {
      const value = job.work()
      release.run()
      return { value }
    } catch (error) {
      if (!db.isTransaction) throw error
      rollback('ROLLBACK TO job; RELEASE job')
      return { error }
    }
  }

  function write<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (closed) return reject(new Error('The state database is closed.'))
      jobs.push({ work, resolve, reject })
      if (scheduled) return
      scheduled = true
      setImmediate(flushGroup)
    })
  }

  return {
    sql,
    write,
    later(work) {
      if (closed) return
      jobs.push({ work, resolve: () => {}, reject: () => {} })
      if (!scheduled) timer ??= setTimeout(flushGroup, LATER_MS).unref()
    },
    flush: () => (jobs.length === 0 ? Promise.resolve() : write(() => undefined)),
    async close() {
      if (closed) return
      closed = true
      db.exec(`PRAGMA busy_timeout = ${BUSY_MS}`)
      flushGroup()
      statements.clear()
      try {
        // Compiled statements hold the file until they are collected, so what waits in the log is moved over now.
        db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
      } catch {
        // The log stands, and the next to open the file reads it.
      }
      db.close()
    },
  }
}

function open(file: string, { stateDir, durability }: DatabaseOptions): InstanceType<typeof DatabaseSync> {
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 })
    const db = new DatabaseSync(file, { timeout: BUSY_MS })
    try {
      db.exec(
        // Of a new file only: pages of removed rows can be given back while it is in use.
        `PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = ${LOG_BYTES}; PRAGMA synchronous = ${durability === 'power' ? 'FULL' : 'NORMAL'}; PRAGMA temp_store = MEMORY`,
      )
      migrate(db, file)
      // From here on nobody is kept waiting by a lock: what meets one is tried again.
      db.exec('PRAGMA busy_timeout = 0')
    } catch (error) {
      db.close()
      throw error
    }
    return db
  } catch (error) {
    throw error instanceof ClawError ? error : storageFailure(error, file)
  }
}

function migrate(db: InstanceType<typeof DatabaseSync>, file: string): void {
  const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number }
  if (version > MIGRATIONS.length) {
    throw new ClawError(`${file} was written by a newer version of claw. Update claw, or set stateDir to another folder.`, {
      exitCode: EXIT.refused,
    })
  }
  for (const [index, migration] of MIGRATIONS.entries()) {
    if (index < version) continue
    db.exec(`BEGIN IMMEDIATE; ${migration}; PRAGMA user_version = ${index + 1}; COMMIT`)
  }
  // A folder that can be read but not written is told now, not at the first message.
  db.exec(`BEGIN IMMEDIATE; PRAGMA user_version = ${MIGRATIONS.length}; COMMIT`)
}
