// A state folder in; every store of one machine out: SQLite for rows, files for transcripts.

import type { Clock, Logger, Random } from '../../ports.ts'
import { Lanes } from '../../sessions/lanes.ts'
import { createTranscriptFiles } from '../../sessions/transcript.ts'
import type { Storage } from '../ports.ts'
import { createApprovalsStore } from './approvals-store.ts'
import { type Database, openDatabase } from './database.ts'
import { createHalts } from './halts.ts'
import { FolderHealth } from './health.ts'
import { EmbeddedInbox } from './inbox.ts'
import { createJournal } from './journal.ts'
import { createLeases } from './leases.ts'
import { lockFolder } from './lock.ts'
import { EmbeddedOutbox } from './outbox.ts'
import { createPeople } from './people.ts'
import { createSlots } from './slots.ts'
import { createAdmissionLog, createKeyValueStore } from './small-stores.ts'
import { createStoredFiles, type StoredFiles } from './stored-files.ts'
import { createTranscripts } from './transcripts.ts'
import { createUsageStore } from './usage-store.ts'

export interface EmbeddedStorageOptions {
  readonly stateDir: string
  /** `process`: survives a killed process (default). `power`: waits for the disk. */
  readonly durability?: 'process' | 'power'
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** Bound of cached transcripts; default 4 MiB. */
  readonly transcriptCacheBytes?: number
}

const DAY_MS = 24 * 3_600_000
const KEPT_DAYS = { answers: 7, files: 30, ledgers: 90 }
const LIMIT_WINDOW_MS = 3_600_000

/** Opens the folder for this process alone. @throws ClawError when another engine has it or it can't be written. */
export async function openEmbeddedStorage(options: EmbeddedStorageOptions): Promise<Storage> {
  const { stateDir, clock, log, durability = 'process' } = options
  // First the lock: who is refused must not have touched anything.
  const unlock = lockFolder(stateDir)
  const health = new FolderHealth(stateDir, { clock, log })
  let db: Database
  try {
    db = openDatabase({ stateDir, durability, noteFailure: health.note.bind(health) })
  } catch (error) {
    unlock()
    throw error
  }
  await health.start()
  const files = createTranscriptFiles({
    sync: durability === 'power',
    log,
    ...(options.transcriptCacheBytes === undefined ? {} : { cacheBytes: options.transcriptCacheBytes }),
  })
  const replyFiles = createStoredFiles(stateDir, options.random, durability)
  const outbox = new EmbeddedOutbox(db, clock)
  const inbox = new EmbeddedInbox(db, outbox, health, options)
  const queue = new Lanes({
    clock,
    log,
    waitingLane: inbox.laneOf.bind(inbox),
    onFailure: inbox.release.bind(inbox),
  })

  return {
    stateDir,
    health,
    inbox,
    transcripts: createTranscripts(stateDir, files, db, health),
    queue,
    outbox,
    files: replyFiles,
    approvals: createApprovalsStore(db, inbox),
    usage: createUsageStore(db),
    slots: createSlots(db),
    halts: createHalts(stateDir, log),
    people: createPeople(db),
    kv: createKeyValueStore(db),
    admissions: createAdmissionLog(db),
    journal: createJournal(db),
    leases: createLeases(),
    clean: (now) => clean(db, replyFiles, now),
    async close() {
      health.stop()
      files.close()
      await db.close()
      unlock()
    },
  }
}

async function clean(db: Database, files: StoredFiles, now: number): Promise<void> {
  await files.clean(now - KEPT_DAYS.files * DAY_MS)
  const answers = now - KEPT_DAYS.answers * DAY_MS
  const ledgers = now - KEPT_DAYS.ledgers * DAY_MS
  await db.write(() => {
    db.sql('DELETE FROM answers WHERE at < ?').run(answers)
    db.sql('DELETE FROM inbox WHERE state = 2 AND received_at < ?').run(answers)
    db.sql('DELETE FROM outbox WHERE state > 0 AND created_at < ?').run(answers)
    db.sql("DELETE FROM approvals WHERE state <> 'open' AND created_at < ?").run(ledgers)
    db.sql("DELETE FROM slots WHERE state <> 'claimed' AND slot < ?").run(ledgers)
    db.sql('DELETE FROM admissions WHERE at < ?').run(now - LIMIT_WINDOW_MS)
    db.sql('DELETE FROM codes WHERE expires_at < ?').run(now)
  })
}
