// One state folder ↔ one archive (.tar.gz). A backup is taken beside a running engine, from another process: the database as it
// is at one moment, then the files it names, which only grow. A restore fills a new folder, checks it, and only then swaps it in.

import { createReadStream, createWriteStream } from 'node:fs'
import { constants, copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { DatabaseSync } from '@photostructure/sqlite'
import { ClawError, EXIT, messageOf } from '../../errors.ts'
import { lockFolder } from './lock.ts'
import { MIGRATIONS } from './schema.ts'

/** What is of one process alone, or is made again. */
const LEFT_OUT = /^(?:engine\.lock|engine\.pid|gateway\.json|state\.db.*)$/
const PARTIAL = 'archive.partial'
const LABEL = 'claw-backup.json'
const FORMAT = 1

export interface BackupLabel {
  readonly format: number
  readonly claw: string
  /** Version of the tables, as the database has it. */
  readonly schema: number
  /** ISO time. */
  readonly createdAt: string
}

export interface BackupReport {
  readonly file: string
  /** Of the archive. */
  readonly bytes: number
  readonly files: number
}

/**
 * Writes the archive under a temporary name beside `file` and renames it when it is whole.
 * @throws ClawError (66) when there is no state folder
 */
export async function backupFolder(stateDir: string, file: string, claw: string, now: number): Promise<BackupReport> {
  const database = join(stateDir, 'state.db')
  if (!(await exists(database))) throw new ClawError(`There is nothing to back up in ${stateDir}.`, { exitCode: EXIT.noInput })
  const { create } = await import('tar')
  // Beside the archive, so that a state disk that is nearly full can still be saved elsewhere.
  const stage = await mkdtemp(`${file}.partial-`)
  const partial = join(stage, PARTIAL)
  try {
    // Files of replies go once they are delivered; what the rows below name was there before them.
    const sent = await collect(join(stateDir, 'files'), join(stage, 'files'))
    const schema = snapshot(database, join(stage, 'state.db'))
    const label: BackupLabel = { format: FORMAT, claw, schema, createdAt: new Date(now).toISOString() }
    await writeFile(join(stage, LABEL), `${JSON.stringify(label)}\n`)
    const files = sent + (await collect(stateDir, stage, LEFT_OUT))
    const names = (await readdir(stage)).sort((a, b) => Number(b === LABEL) - Number(a === LABEL))
    await pipeline(
      create({ cwd: stage, gzip: { level: 1 }, portable: true, noMtime: false }, names),
      createWriteStream(partial, { mode: 0o600 }),
    )
    await rename(partial, file)
    return { file, bytes: (await stat(file)).size, files: files + 1 }
  } finally {
    await rm(stage, { recursive: true, force: true })
  }
}

/** The database as it is at one moment; who writes to it meanwhile does not wait. Gives the version of its tables. */
function snapshot(from: string, to: string): number {
  const db = new DatabaseSync(from, { readOnly: true, timeout: 5_000 })
  try {
    db.exec(`VACUUM INTO '${to.replaceAll("'", "''")}'`)
    return (db.prepare('PRAGMA user_version').get() as { user_version: number }).user_version
  } finally {
    db.close()
  }
}

/** Copies every file below `from` as it is now: transcripts grow meanwhile. Links are not followed. */
async function collect(from: string, to: string, leftOut?: RegExp): Promise<number> {
  let count = 0
  await mkdir(to, { recursive: true, mode: 0o700 })
  for (const entry of await readdir(from, { withFileTypes: true }).catch(() => [])) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (leftOut?.test(entry.name) === true) continue
    if (entry.isDirectory()) count += await collect(source, target)
    else if (entry.isFile()) count += await copy(source, target)
  }
  return count
}

/** 1, or 0 for a file that is gone by now, or was copied before. */
async function copy(source: string, target: string): Promise<0 | 1> {
  try {
    await copyFile(source, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
    return 1
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'EEXIST') return 0
    throw error
  }
}

export interface RestoreReport {
  readonly stateDir: string
  readonly label: BackupLabel
  /** Where the folder that was there before is kept; null: it was empty. */
  readonly previous: string | null
}

/**
 * Fills `stateDir` from an archive. Nothing is changed until all of it was read and its database is whole.
 * @throws ClawError: no such archive (66); a damaged or newer one, an engine that runs, a folder in use without `force` (78)
 */
export async function restoreFolder(
  file: string,
  stateDir: string,
  options: { force: boolean; now: number },
): Promise<RestoreReport> {
  if (!(await exists(file))) throw new ClawError(`There is no file ${file}.`, { exitCode: EXIT.noInput })
  const { extract } = await import('tar')
  await mkdir(dirname(resolve(stateDir)), { recursive: true })
  const unlock = (await exists(join(stateDir, 'engine.lock'))) ? lockFolder(stateDir) : () => {}
  const fresh = await mkdtemp(`${stateDir}.restore-`)
  try {
    const content = (await readdir(stateDir).catch(() => [])).filter((entry) => !/^engine\.(?:lock|pid)$/.test(entry))
    if (content.length > 0 && !options.force)
      throw refused(`${stateDir} is not empty. Use --force to put the backup in its place; what is there is kept beside it.`)
    try {
      await pipeline(
        createReadStream(file),
        extract({
          cwd: fresh,
          strict: true,
          preserveOwner: false,
          filter: (_path, entry) => !('type' in entry) || isPlain(entry.type),
        }),
      )
    } catch (error) {
      throw refused(`${file} is not a whole backup: ${messageOf(error)}. ${stateDir} is as it was.`)
    }
    const label = await labelOf(fresh, file)
    checkDatabase(join(fresh, 'state.db'), file)
    await rm(join(fresh, LABEL))
    const previous =
      content.length > 0 ? `${stateDir}.before-restore-${new Date(options.now).toISOString().replaceAll(/[:.]/g, '-')}` : null
    if (previous === null) await removeEmpty(stateDir)
    else await rename(stateDir, previous)
    await rename(fresh, stateDir)
    return { stateDir, label, previous }
  } finally {
    unlock()
    // What is still being written when an archive proves damaged makes a folder that is not empty.
    await rm(fresh, { recursive: true, force: true, maxRetries: 10 })
  }
}

const isPlain = (type: string): boolean => ['File', 'OldFile', 'Directory'].includes(type)

/** A folder that holds at most the lock of an engine that ended. */
async function removeEmpty(stateDir: string): Promise<void> {
  for (const entry of ['engine.lock', 'engine.pid']) await rm(join(stateDir, entry), { force: true })
  await rmdir(stateDir).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
}

async function labelOf(folder: string, file: string): Promise<BackupLabel> {
  const text = await readFile(join(folder, LABEL), 'utf8').catch(() => null)
  const label = text === null ? null : (JSON.parse(text) as BackupLabel)
  if (label === null) throw refused(`${file} is no backup of claw: it has no ${LABEL}.`)
  if (label.format > FORMAT || label.schema > MIGRATIONS.length)
    throw refused(`${file} was written by a newer claw (${label.claw}). Update claw, then restore it.`)
  return label
}

function checkDatabase(database: string, file: string): void {
  const db = new DatabaseSync(database, { readOnly: true })
  try {
    const [row] = db.prepare('PRAGMA quick_check(1)').all() as { quick_check: string }[]
    if (row?.quick_check !== 'ok') throw new Error(row?.quick_check ?? 'it is empty')
  } catch (error) {
    throw refused(`The database in ${file} is damaged: ${messageOf(error)}.`)
  } finally {
    db.close()
  }
}

const refused = (message: string): ClawError => new ClawError(message, { exitCode: EXIT.refused })

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )
