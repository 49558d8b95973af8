// One engine a state folder. The lock is the operating system's, held through an open SQLite file, so it ends with the
// process however that ends; a file beside it says who holds it.

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import { ClawError, diagnostic, EXIT } from '../../errors.ts'
import { isBusy, storageFailure } from './failures.ts'

/** Takes the folder or says who has it; gives what lets go of it. @throws ClawError with CLAW503 */
export function lockFolder(stateDir: string): () => void {
  const file = join(stateDir, 'engine.lock')
  const pidFile = join(stateDir, 'engine.pid')
  let lock: InstanceType<typeof DatabaseSync> | undefined
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 })
    lock = new DatabaseSync(file, { timeout: 0 })
    // Nothing is ever written to it; with the journal in memory no second file appears.
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    // Removed first: a link in its place is not followed.
    rmSync(pidFile, { force: true })
    writeFileSync(pidFile, `${process.pid}\n`, { flag: 'wx' })
  } catch (error) {
    lock?.close()
    throw isBusy(error) ? inUse(stateDir, holderOf(pidFile)) : storageFailure(error, stateDir)
  }
  const held = lock
  return () => held.close()
}

/** Who holds the folder now; null: nobody. Takes nothing and creates nothing. */
export function lockHolder(stateDir: string): { readonly pid: number | null } | null {
  const file = join(stateDir, 'engine.lock')
  if (!existsSync(file)) return null
  let probe: InstanceType<typeof DatabaseSync> | undefined
  try {
    probe = new DatabaseSync(file, { timeout: 0 })
    probe.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    return null
  } catch (error) {
    return isBusy(error) ? { pid: holderOf(join(stateDir, 'engine.pid')) } : null
  } finally {
    probe?.close()
  }
}

function inUse(stateDir: string, pid: number | null): ClawError {
  const who = pid === null ? 'another engine' : `another engine (pid ${pid})`
  const message = `The state folder ${stateDir} is in use by ${who}.`
  const hint = 'Stop that engine, or give this one a stateDir of its own.'
  return new ClawError(`${message} ${hint}`, {
    exitCode: EXIT.refused,
    diagnostics: [diagnostic('CLAW503', message, { path: '/stateDir' }, { hint })],
  })
}

/** Who holds the folder, as far as is known. */
function holderOf(pidFile: string): number | null {
  try {
    const pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10)
    return Number.isInteger(pid) && pid > 0 ? pid : null
  } catch {
    return null
  }
}
