// Transcript files: entries in, lines of JSON appended; and the window that the next turn needs out, from a bounded cache.

import {
  closeSync,
  constants,
  fdatasync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import type { Logger } from '../ports.ts'
import type { Expired, Transcript, TranscriptEntry, TranscriptStore } from '../storage/ports.ts'
import { parseEntry } from './entry.ts'
import { cutLines, lastLineAt } from './expiry.ts'
import { linesForward } from './lines.ts'
import { readWindow, windowStart } from './window.ts'

export interface TranscriptFiles {
  /** Entries whose ids stand already are left out. One write a call; durable when it resolves. */
  append(path: string, entries: readonly TranscriptEntry[]): Promise<void>
  load(path: string, session: string): Transcript
  /** Removes the file; there need be none. */
  remove(path: string): Promise<void>
  /** Removes lines older than this time that are not in the window. Gives the bytes that went. */
  cut(path: string, before: number): Promise<number>
  /** Bytes the cache holds, roughly. */
  cachedBytes(): number
  /** Lets go of the files that are kept open. */
  close(): void
}

export interface TranscriptFilesOptions {
  /** Wait for the disk, not for the system alone. */
  readonly sync: boolean
  readonly log: Logger
  /** Bound of the cache, by estimate; default 4 MiB. */
  readonly cacheBytes?: number
}

/** A file as it was when last seen, and its window. */
interface Cached {
  size: number
  mtimeMs: number
  ino: number
  entries: TranscriptEntry[]
  starts: number[]
  ids: Set<string>
  damage: readonly string[]
  needsNewline: boolean
  cost: number
}

/** No link is followed: what it points to is not a transcript of ours. */
const READ = constants.O_RDONLY | constants.O_NOFOLLOW
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW
const DEFAULT_CACHE_BYTES = 4 * 1024 * 1024
/** Files kept open to append to: those of the sessions that speak most. */
const MAX_OPEN = 32
/** What an entry's objects take beside its text. */
const ENTRY_OVERHEAD = 500
const FILE_OVERHEAD = 1_000

export function createTranscriptFiles({ sync, log, cacheBytes = DEFAULT_CACHE_BYTES }: TranscriptFilesOptions): TranscriptFiles {
  const cache = new Map<string, Cached>()
  let total = 0
  /** Files kept open to append to; the one used last stands last. */
  const opened = new Map<string, number>()
  /** Files looked at since the event loop last turned. */
  const looked = new Set<string>()

  function saw(path: string): void {
    if (looked.size === 0) setImmediate(() => looked.clear())
    looked.add(path)
  }

  /** The file's window, read again when the file is not as it was left. */
  function current(path: string): Cached {
    const known = cache.get(path)
    if (known !== undefined && looked.has(path)) return known
    const stats = statSync(path, { throwIfNoEntry: false })
    saw(path)
    if (known !== undefined && isSame(known, stats)) {
      cache.delete(path)
      cache.set(path, known)
      return known
    }
    shut(path)
    const fresh = stats === undefined ? nothing() : read(path)
    if (known !== undefined && known.size > 0) log.info({ path }, 'a transcript was changed outside and read again')
    for (const problem of fresh.damage) log.warn({ path }, problem)
    keep(path, fresh)
    return fresh
  }

  function keep(path: string, entry: Cached): void {
    total -= cache.get(path)?.cost ?? 0
    cache.delete(path)
    entry.cost = costOf(entry)
    cache.set(path, entry)
    total += entry.cost
    if (total <= cacheBytes) return
    for (const [oldest, { cost }] of cache) {
      if (total <= cacheBytes || oldest === path) break
      cache.delete(oldest)
      total -= cost
    }
  }

  function openToAppend(path: string): number {
    const fd = opened.get(path) ?? openForAppend(path)
    opened.delete(path)
    opened.set(path, fd)
    if (opened.size > MAX_OPEN) shut(opened.keys().next().value as string)
    return fd
  }

  function shut(path: string): void {
    const fd = opened.get(path)
    if (fd === undefined) return
    opened.delete(path)
    closeSync(fd)
  }

  async function remove(path: string): Promise<void> {
    shut(path)
    total -= cache.get(path)?.cost ?? 0
    cache.delete(path)
    looked.delete(path)
    // At once: an append must not find the file and lose its lines with it.
    rmSync(path, { force: true })
    rmSync(`${path}.torn`, { force: true })
  }

  async function cut(path: string, before: number): Promise<number> {
    const { starts, size } = current(path)
    return await cutLines(path, { before, until: starts[0] ?? size }, () => {
      shut(path)
      total -= cache.get(path)?.cost ?? 0
      cache.delete(path)
      looked.delete(path)
    })
  }

  async function append(path: string, entries: readonly TranscriptEntry[]): Promise<void> {
    const state = current(path)
    const added = newOnes(state.ids, entries)
    if (added.length === 0) return
    const lines = added.map((entry) => Buffer.from(`${JSON.stringify(entry)}\n`))
    const lead = state.needsNewline ? '\n' : ''
    const created = state.size === 0
    // While one append waits for the disk another may begin and end: each has a descriptor of its own then.
    const fd = sync ? openForAppend(path) : openToAppend(path)
    try {
      writeWhole(fd, Buffer.concat([Buffer.from(lead), ...lines]), state.size)
      let start = state.size + lead.length
      for (const [index, line] of lines.entries()) {
        state.entries.push(added[index] as TranscriptEntry)
        state.starts.push(start)
        start += line.length
      }
      for (const { id } of added) state.ids.add(id)
      state.needsNewline = false
      remember(state, fstatSync(fd))
      if (added.some((entry) => entry.kind === 'summary' || entry.kind === 'reset')) narrow(state)
      keep(path, state)
      if (sync) await flush(fd)
    } catch (error) {
      shut(path)
      throw error
    } finally {
      if (sync) closeSync(fd)
    }
    if (sync && created) await flushFolder(dirname(path))
  }

  return {
    append,
    load(path, session) {
      const { entries, starts, size, damage } = current(path)
      const skippedBytes = starts[0] ?? size
      return { session, entries: entries.slice(), bytes: size - skippedBytes, skippedBytes, damage }
    },
    remove,
    cut,
    cachedBytes: () => total,
    close() {
      for (const path of [...opened.keys()]) shut(path)
    },
  }
}

/** Where the transcripts of sessions are. */
export interface TranscriptPlaces {
  pathOf(session: string, agentId: string): string
  /** Before this process first appends to a session's file. */
  beforeFirst(session: string, agentId: string): Promise<void>
  /** After a session's file was removed. */
  afterLast(session: string, agentId: string): Promise<void>
  /** What is thrown when a file cannot be read or written. */
  failure(error: unknown, path: string): Error
}

const KEPT: Expired = { outcome: 'kept', bytes: 0 }

/** Paths that are remembered; all are forgotten when there are more. */
const MOST_PATHS = 10_000

/** Transcript files by session. */
export class SessionTranscripts implements Pick<TranscriptStore, 'append' | 'load' | 'remove' | 'expire'> {
  readonly #files: TranscriptFiles
  readonly #places: TranscriptPlaces
  /** By agent and session, of files this process appends to. A path is asked for several times a turn. */
  readonly #paths = new Map<string, string>()

  constructor(files: TranscriptFiles, places: TranscriptPlaces) {
    this.#files = files
    this.#places = places
  }

  async append(session: string, agentId: string, entries: readonly TranscriptEntry[]): Promise<void> {
    const key = `${agentId}/${session}`
    const path = this.#paths.get(key) ?? this.#places.pathOf(session, agentId)
    try {
      if (!this.#paths.has(key)) await this.#places.beforeFirst(session, agentId)
      await this.#files.append(path, entries)
    } catch (error) {
      throw this.#places.failure(error, path)
    }
    if (this.#paths.size >= MOST_PATHS) this.#paths.clear()
    this.#paths.set(key, path)
  }

  async remove(session: string, agentId: string): Promise<void> {
    const path = this.#places.pathOf(session, agentId)
    this.#paths.delete(`${agentId}/${session}`)
    try {
      await this.#files.remove(path)
      await this.#places.afterLast(session, agentId)
    } catch (error) {
      throw this.#places.failure(error, path)
    }
  }

  async expire(session: string, agentId: string, before: number, { lines = false } = {}): Promise<Expired> {
    const path = this.#places.pathOf(session, agentId)
    try {
      const last = lastLineAt(path)
      if (last === null) return KEPT
      if (last.at < before) {
        await this.remove(session, agentId)
        return { outcome: 'removed', bytes: last.size }
      }
      const bytes = lines ? await this.#files.cut(path, before) : 0
      return bytes === 0 ? KEPT : { outcome: 'cut', bytes }
    } catch (error) {
      throw this.#places.failure(error, path)
    }
  }

  async load(session: string, agentId: string): Promise<Transcript> {
    const path = this.#paths.get(`${agentId}/${session}`) ?? this.#places.pathOf(session, agentId)
    try {
      return this.#files.load(path, session)
    } catch (error) {
      throw this.#places.failure(error, path)
    }
  }
}

/** Every entry of a file, first to last; only reads, so it may run beside an engine. A missing file has none. */
export async function* readTranscript(path: string): AsyncGenerator<TranscriptEntry> {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return
  for await (const line of linesForward(path)) {
    const entry = parseEntry(line)
    if (entry !== null) yield entry
  }
}

const nothing = (): Cached => ({
  size: 0,
  mtimeMs: 0,
  ino: 0,
  entries: [],
  starts: [],
  ids: new Set(),
  damage: [],
  needsNewline: false,
  cost: 0,
})

function read(path: string): Cached {
  const fd = openSync(path, READ)
  try {
    const { size, entries, starts, ids, damage, needsNewline } = readWindow(fd, path, fstatSync(fd).size)
    const state = { ...nothing(), entries: [...entries], starts: [...starts], ids: new Set(ids), damage, needsNewline, size }
    remember(state, fstatSync(fd))
    return state
  } finally {
    closeSync(fd)
  }
}

function remember(state: Cached, stats: Stats): void {
  state.size = stats.size
  state.mtimeMs = stats.mtimeMs
  state.ino = stats.ino
}

const isSame = (known: Cached, stats: Stats | undefined): boolean =>
  stats === undefined ? known.ino === 0 : known.size === stats.size && known.mtimeMs === stats.mtimeMs && known.ino === stats.ino

const costOf = (state: Cached): number =>
  state.size - (state.starts[0] ?? state.size) + state.entries.length * ENTRY_OVERHEAD + FILE_OVERHEAD

function newOnes(ids: ReadonlySet<string>, entries: readonly TranscriptEntry[]): TranscriptEntry[] {
  const seen = new Set<string>()
  return entries.filter(({ id }) => {
    if (ids.has(id) || seen.has(id)) return false
    seen.add(id)
    return true
  })
}

/** Forgets what a summary or reset put behind; ids of the run that wrote last stay known. */
function narrow(state: Cached): void {
  const run = state.entries.findLast((entry) => entry.run !== undefined)?.run
  const from = windowStart(state.entries)
  const gone = state.entries.slice(0, from).filter((entry) => run === undefined || entry.run !== run)
  for (const { id } of gone) state.ids.delete(id)
  state.entries = state.entries.slice(from)
  state.starts = state.starts.slice(from)
}

function openForAppend(path: string): number {
  try {
    return openSync(path, APPEND, 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    return openSync(path, APPEND, 0o600)
  }
}

/** All of it or nothing: what a full disk let through is taken back. */
function writeWhole(fd: number, bytes: Buffer, sizeBefore: number): void {
  try {
    for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written)
  } catch (error) {
    ftruncateSync(fd, sizeBefore)
    throw error
  }
}

const flush = (fd: number): Promise<void> =>
  new Promise((resolve, reject) => fdatasync(fd, (error) => (error === null ? resolve() : reject(error))))

async function flushFolder(path: string): Promise<void> {
  const fd = openSync(path, 'r')
  try {
    await flush(fd)
  } finally {
    closeSync(fd)
  }
}
