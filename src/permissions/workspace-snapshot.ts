// Folders as they are at one moment, small enough to be kept with a question; later, what has changed in them since. What a
// person approves is bound by it. A file counts by name, size, time of change and inode, a folder by device and inode.

import { createHash, randomUUID } from 'node:crypto'
import { type BigIntStats, createReadStream } from 'node:fs'
import { lstat, opendir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { codeOf } from './handles.ts'
import type { WorkspaceSnapshot } from './port.ts'

export interface SnapshotOptions {
  /** The engine's state folder is left out: it changes all the time, and no tool reaches it. */
  readonly stateDir: string
  /** Most entries that are watched (default 20,000), nearest first. */
  readonly most?: number
}

const MOST_ENTRIES = 20_000
/** A file changed this shortly ago is known by its content: a second change could fall into the same tick of the clock. */
const RECENT_MS = 200
/** A larger one that is being written is never as it was. */
const MOST_HASHED = 16 * 1024 * 1024
/** Looked at side by side. The event loop is free between any two. */
const AT_ONCE = 16

/** By `<index of the root>/<path below it>`. */
type Marks = Map<string, string>
const FOLDER = 'd'
/** Ends the mark of a folder whose entries are watched too. */
const WATCHED = '+'
/** Stands before the digest of a file's content. */
const CONTENT = '#'

/** Looks at all that lies in the folders. Never throws for what lies there. */
export async function snapshotWorkspace(roots: readonly string[], options: SnapshotOptions): Promise<WorkspaceSnapshot> {
  const look = new Look(roots, options)
  await look.all()
  const { deflateRaw } = await import('node:zlib')
  const entries = (await promisify(deflateRaw)([...look.marks].flat().join('\0'))).toString('base64')
  return look.unwatched === undefined ? { roots, entries } : { roots, entries, unwatched: look.unwatched }
}

/** What is not as it was, each in words: `deploy.sh (changed)`. Empty: all that is watched is as it was. */
export async function changesSince(before: WorkspaceSnapshot, options: SnapshotOptions): Promise<readonly string[]> {
  const { inflateRaw } = await import('node:zlib')
  const parts = (await promisify(inflateRaw)(Buffer.from(before.entries, 'base64'))).toString('utf8').split('\0')
  const old: Marks = new Map()
  for (let at = 0; at + 1 < parts.length; at += 2) old.set(parts[at] as string, parts[at + 1] as string)
  const look = new Look(before.roots, options, old)
  await look.all()
  const changes: string[] = []
  const note = (key: string, what: string): void => void changes.push(`${pathOf(key, before.roots)} (${what})`)
  for (const [key, mark] of old) {
    const now = look.marks.get(key)
    if (now === undefined) note(key, 'gone')
    else if (now !== mark) note(key, now.startsWith(FOLDER) && mark.startsWith(FOLDER) ? 'another folder' : 'changed')
  }
  for (const key of look.marks.keys()) if (!old.has(key)) note(key, 'new')
  return changes
}

/** Relative to the working folder, absolute in any other. */
function pathOf(key: string, roots: readonly string[]): string {
  const slash = key.indexOf('/')
  if (slash < 0) return roots[Number(key)] ?? key
  const below = key.slice(slash + 1)
  return slash === 1 && key.startsWith('0') ? below : `${roots[Number(key.slice(0, slash))]}/${below}`
}

interface Folder {
  readonly key: string
  readonly path: string
  readonly mark: string
}

/** One look at the folders, level by level. With an older one it reads the folders and contents that were read then. */
class Look {
  readonly marks: Marks = new Map()
  unwatched: string | undefined
  readonly #roots: readonly string[]
  readonly #stateDir: string
  readonly #most: number
  readonly #old: Marks | undefined

  constructor(roots: readonly string[], { stateDir, most = MOST_ENTRIES }: SnapshotOptions, old?: Marks) {
    this.#roots = roots
    this.#stateDir = stateDir
    // What has grown this much has changed, whatever else there is.
    this.#most = old === undefined ? most : old.size + most
    this.#old = old
  }

  async all(): Promise<void> {
    const stateDir = await realpath(this.#stateDir).catch(() => this.#stateDir)
    let level: Folder[] = []
    for (const [index, root] of this.#roots.entries()) {
      const key = String(index)
      try {
        const path = await realpath(root)
        level.push({ key, path, mark: `${folderMark(await stat(path, { bigint: true }))}.${path}` })
      } catch (error) {
        this.marks.set(key, codeOf(error))
      }
    }
    while (level.length > 0) {
      const next: Folder[] = []
      await eachOf(level, async (folder) => {
        const names = await this.#namesIn(folder)
        this.marks.set(folder.key, names === undefined ? folder.mark : folder.mark + WATCHED)
        await eachOf(names ?? [], async (name) => {
          const path = join(folder.path, name)
          if (path === stateDir) return
          const key = `${folder.key}/${name}`
          const mark = await this.#markOf(path, key)
          if (mark?.startsWith(FOLDER)) next.push({ key, path, mark })
          else if (mark !== undefined) this.marks.set(key, mark)
        })
      })
      level = next
    }
  }

  /** undefined: the folder is not watched. */
  async #namesIn({ key, path }: Folder): Promise<readonly string[] | undefined> {
    if (this.#old !== undefined && this.#old.get(key)?.endsWith(WATCHED) !== true) return undefined
    const names: string[] = []
    try {
      for await (const { name } of await opendir(path, { bufferSize: 256 })) {
        names.push(name)
        if (this.marks.size + names.length > this.#most) {
          this.unwatched ??= `the folder is too large to be watched whole (more than ${this.#most} entries), and ${path} is not`
          return undefined
        }
      }
      return names
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') this.unwatched ??= `${path} cannot be read`
      return undefined
    }
  }

  /** undefined: it went away meanwhile. */
  async #markOf(path: string, key: string): Promise<string | undefined> {
    try {
      const info = await lstat(path, { bigint: true })
      if (info.isDirectory()) return folderMark(info)
      if (info.isSymbolicLink()) return `l${fileMark(info)}>${await targetMark(path)}`
      if (!info.isFile()) return `s${fileMark(info)}`
      const before = this.#old?.get(key)
      const byContent = before === undefined ? Date.now() - Number(info.ctimeMs) < RECENT_MS : before.includes(CONTENT)
      return byContent ? `f${fileMark(info)}${CONTENT}${await digestOf(path, info)}` : `f${fileMark(info)}`
    } catch (error) {
      if (codeOf(error) === 'ENOENT' && !path.includes('\ufffd')) return undefined
      this.unwatched ??= `${path} cannot be looked at`
      return codeOf(error)
    }
  }
}

const short = (value: bigint): string => value.toString(36)
const folderMark = ({ dev, ino }: BigIntStats): string => `${FOLDER}${short(dev)}.${short(ino)}`
const fileMark = ({ size, ctimeNs, ino }: BigIntStats): string => `${short(size)}.${short(ctimeNs)}.${short(ino)}`

/** What a link leads to now. */
const targetMark = (path: string): Promise<string> =>
  stat(path, { bigint: true }).then(
    (info) => (info.isDirectory() ? folderMark(info) : fileMark(info)),
    (error: unknown) => codeOf(error),
  )

async function digestOf(path: string, { size }: BigIntStats): Promise<string> {
  if (size > MOST_HASHED) return randomUUID()
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('base64url')
}

/** Calls `work` for each, a bounded number at a time. */
async function eachOf<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  let at = 0
  const worker = async (): Promise<void> => {
    for (let one = all[at++]; one !== undefined; one = all[at++]) await work(one)
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, all.length) }, worker))
}
