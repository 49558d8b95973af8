// Which state folders the engines of a configuration file run on: a note an engine, in a folder of this user outside all state
// folders, so that an engine is found also after the file names another stateDir. A note is a hint; the lock of the state
// folder it names decides whether an engine runs.

import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lockHolder } from './lock.ts'

export interface RunningEngine {
  readonly stateDir: string
  /** Null: an engine holds the folder, and its pid cannot be read. */
  readonly pid: number | null
}

/** Notes that this process runs the file on the state folder; gives what takes the note away. Never fails: it is a hint. */
export function announceEngine(file: string, stateDir: string, env: Environment = process.env): () => void {
  try {
    const folder = ownFolder(env)
    if (folder === null) return () => {}
    const note = join(folder, `${nameOf(file)}-${process.pid}.json`)
    writeFileSync(note, JSON.stringify({ stateDir }), { mode: 0o600 })
    return () => rmSync(note, { force: true })
  } catch {
    return () => {}
  }
}

/** The engines of this file that run now, each once. Notes of engines that were killed are removed. */
export function enginesOf(file: string, env: Environment = process.env): readonly RunningEngine[] {
  const folder = ownFolder(env)
  if (folder === null) return []
  const found = new Map<string, RunningEngine>()
  for (const name of readdirSync(folder).filter((one) => one.startsWith(`${nameOf(file)}-`))) {
    const stateDir = stateDirOf(join(folder, name))
    const holder = stateDir === null ? null : lockHolder(stateDir)
    if (stateDir !== null && holder !== null) found.set(stateDir, { stateDir, pid: holder.pid })
    else rmSync(join(folder, name), { force: true })
  }
  return [...found.values()]
}

type Environment = Readonly<Record<string, string | undefined>>

/** Made for this user alone; null where somebody else made it first. */
function ownFolder(env: Environment): string | null {
  const uid = process.getuid?.() ?? 0
  const folder = join(env['XDG_RUNTIME_DIR'] ?? tmpdir(), `claw-engines-${uid}`)
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const info = lstatSync(folder)
    return info.isDirectory() && info.uid === uid && (info.mode & 0o077) === 0 ? folder : null
  } catch {
    return null
  }
}

function nameOf(file: string): string {
  let path = file
  try {
    path = realpathSync(file)
  } catch {
    // The file is gone; its engine may still run.
  }
  return createHash('sha256').update(path).digest('hex').slice(0, 24)
}

function stateDirOf(note: string): string | null {
  try {
    const { stateDir } = JSON.parse(readFileSync(note, 'utf8')) as { stateDir?: unknown }
    return typeof stateDir === 'string' ? stateDir : null
  } catch {
    return null
  }
}
