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
import { createStoredFiles } from './stored-files.ts'
import { tidyDatabase } from './tidy.ts'
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
const FILES_KEPT_MS = 30 * DAY_MS

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
    async clean(now, keeping = {}) {
      await replyFiles.clean(now - FILES_KEPT_MS)
      await tidyDatabase(db, now, keeping)
    },
    async close() {
      health.stop()
      files.close()
      await db.close()
      unlock()
    },
  }
}
