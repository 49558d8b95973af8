// Upkeep of a state folder while no engine runs on it. The folder is locked meanwhile.

import { statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import { silentLogger, systemClock, systemRandom } from '../../ports.ts'
import type { Storage } from '../ports.ts'
import { storageFailure } from './failures.ts'
import { lockFolder } from './lock.ts'
import { openEmbeddedStorage } from './storage.ts'

/** Opens the storage of a folder that no engine holds. @throws ClawError where one does */
export async function withStorage<T>(stateDir: string, work: (storage: Storage) => Promise<T>): Promise<T> {
  const storage = await openEmbeddedStorage({
    stateDir,
    durability: 'power',
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
  })
  try {
    return await work(storage)
  } finally {
    await storage.close()
  }
}

/** Rewrites the database without its free pages, and so that later ones are given back by themselves. Gives its size, in bytes. */
export function compactDatabase(stateDir: string): { readonly before: number; readonly after: number } {
  const file = join(stateDir, 'state.db')
  const unlock = lockFolder(stateDir)
  let db: InstanceType<typeof DatabaseSync> | undefined
  try {
    const before = statSync(file).size
    db = new DatabaseSync(file, { timeout: 5_000 })
    db.exec('PRAGMA auto_vacuum = INCREMENTAL; VACUUM; PRAGMA wal_checkpoint(TRUNCATE)')
    return { before, after: statSync(file).size }
  } catch (error) {
    throw storageFailure(error, file)
  } finally {
    db?.close()
    unlock()
  }
}
