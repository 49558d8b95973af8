// What agents remember: one Markdown file a key under one folder, and graph.json, which people write. Files are the truth
// and people may edit them; the search index lives in memory and follows the files' times.

import type { Stats } from 'node:fs'
import { lstat, mkdir, readdir, readFile, rm, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { ClawError, EXIT, messageOf } from '../errors.ts'
import type { Clock } from '../ports.ts'
import type { MemoryStore } from '../tools/port.ts'
import { GRAPH_FILE, readGraph } from './graph.ts'
import { fileNameOf, isMemoryFile, keyOf, normalizeKey } from './keys.ts'
import { type IndexedNote, indexNote, rank } from './ranking.ts'

interface Note extends IndexedNote {
  readonly key: string
  readonly name: string
  readonly content: string
  readonly bytes: number
  readonly modified: number
  /** Changes whenever the file does. */
  readonly stamp: string
}

/** A note larger than this is refused on saving, and read only so far where a person wrote it. */
const MAX_BYTES = 1_000_000
const MAX_GRAPH_BYTES = 8_000_000
const READ_AT_ONCE = 32

export interface MemoryOptions {
  readonly folder: string
  readonly clock: Clock
  /** A file that cannot be read as what it is; once for each state of it. */
  onProblem?(message: string): void
}

export function createMemoryStore({ folder, clock, onProblem }: MemoryOptions): MemoryStore {
  let notes = new Map<string, Note>()
  let graph: { readonly stamp: string; readonly notes: ReadonlyMap<string, Note> } = { stamp: '', notes: new Map() }
  let working: Promise<unknown> = Promise.resolve()

  /** One after the other: a save sees the names that earlier ones took. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = working.then(work, work)
    working = result.catch(() => {})
    return result
  }

  /** Brings the index up to date: only files that changed are read. */
  async function refresh(): Promise<Map<string, Note>> {
    const names = (await entries(folder)).filter(isMemoryFile).sort()
    const byName = new Map([...notes.values()].map((note) => [note.name, note]))
    const next = new Map<string, Note>()
    for (let i = 0; i < names.length; i += READ_AT_ONCE) {
      const batch = names.slice(i, i + READ_AT_ONCE)
      const read = await Promise.all(batch.map((name) => load(folder, name, byName.get(name))))
      // Where two files claim one key, the plainer name (the first) stands.
      for (const note of read) if (note !== null && !next.has(note.key)) next.set(note.key, note)
    }
    notes = next
    return next
  }

  /** One note a thing in graph.json; its file is never written here. */
  async function things(): Promise<ReadonlyMap<string, Note>> {
    const path = join(folder, GRAPH_FILE)
    const stat = await lstat(path).catch(() => null)
    const stamp = stat?.isFile() === true ? stampOf(stat) : ''
    if (stamp === graph.stamp) return graph.notes
    const read = new Map<string, Note>()
    graph = { stamp, notes: read }
    if (stat === null || stamp === '') return read
    try {
      if (stat.size > MAX_GRAPH_BYTES) throw new Error(`it may have ${MAX_GRAPH_BYTES} bytes at most`)
      for (const { id, searched, content } of readGraph((await readFile(path, 'utf8')).replace(/^\uFEFF/, ''))) {
        const key = `${GRAPH_FILE}: ${id}`.normalize('NFC')
        const size = { bytes: Buffer.byteLength(content), modified: stat.mtimeMs }
        if (!read.has(key)) read.set(key, { key, content, ...size, name: GRAPH_FILE, stamp, ...indexNote(id, searched) })
      }
    } catch (error) {
      onProblem?.(`${path} is not used: ${messageOf(error)}`)
    }
    return read
  }

  const everything = async (): Promise<readonly Note[]> => [...(await refresh()).values(), ...(await things()).values()]

  return {
    save: (rawKey, content) =>
      inTurn(async () => {
        const key = normalizeKey(rawKey)
        const known = await refresh()
        const existing = known.get(key)
        const others = new Set([...known.values()].filter((note) => note.key !== key).map((note) => foldName(note.name)))
        const target = fileNameOf(key, (name) => others.has(foldName(name)))
        const name = existing?.name ?? target.name
        const header =
          existing === undefined ? target.header : existing.name.includes('~') ? fileNameOf(key, () => true).header : ''
        const text = header + (content.endsWith('\n') ? content : `${content}\n`)
        if (Buffer.byteLength(text) > MAX_BYTES) throw new Error(`A memory may hold ${MAX_BYTES} bytes at most; save a summary.`)
        const path = join(folder, name)
        await mkdir(folder, { recursive: true, mode: 0o700 })
        if ((await lstat(path).catch(() => null))?.isFile() === false)
          throw new Error(`${name} in the memory folder is no plain file.`)
        const { default: writeFileAtomic } = await import('write-file-atomic')
        await writeFileAtomic(path, text, { mode: 0o600 })
        await utimes(path, new Date(clock.now()), new Date(clock.now()))
        notes.delete(key)
        return { key, replaced: existing !== undefined }
      }),

    search: (query, limit = 8) =>
      inTurn(async () => {
        const all = await everything()
        return [...rank(all, query)]
          .sort(([a, x], [b, y]) => y - x || b.modified - a.modified || (a.key < b.key ? -1 : 1))
          .slice(0, limit)
          .map(([note, score]) => ({ key: note.key, content: note.content, score: Math.round(score * 1000) / 1000 }))
      }),

    list: () =>
      inTurn(async () =>
        [...(await everything())]
          .map(({ key, bytes, modified }) => ({ key, bytes, modified }))
          .sort((a, b) => (a.key < b.key ? -1 : 1)),
      ),

    read: (key) =>
      inTurn(async () => {
        const normal = normalizeKey(key)
        return ((await refresh()).get(normal) ?? (await things()).get(normal))?.content ?? null
      }),

    remove: (key) =>
      inTurn(async () => {
        const note = (await refresh()).get(normalizeKey(key))
        if (note === undefined && (await things()).has(normalizeKey(key)))
          throw new ClawError(`That stands in ${join(folder, GRAPH_FILE)}: take it out there.`, { exitCode: EXIT.invalid })
        if (note === undefined) return false
        await rm(join(folder, note.name), { force: true })
        notes.delete(note.key)
        return true
      }),
  }
}

const stampOf = (stat: Stats): string => `${stat.ino}:${stat.size}:${stat.mtimeMs}:${stat.ctimeMs}`

/** File systems may fold case and compose accents. */
const foldName = (name: string): string => name.normalize('NFC').toLowerCase()

async function entries(folder: string): Promise<string[]> {
  try {
    const found = await readdir(folder, { withFileTypes: true })
    // Links are not followed: what an agent may search must not depend on where one points.
    return found.filter((entry) => entry.isFile()).map((entry) => entry.name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

async function load(folder: string, name: string, before: Note | undefined): Promise<Note | null> {
  const path = join(folder, name)
  try {
    const stat = await lstat(path)
    const stamp = stampOf(stat)
    if (before?.stamp === stamp) return before
    const text = (await readFile(path))
      .subarray(0, MAX_BYTES)
      .toString('utf8')
      .replace(/^\uFEFF/, '')
    const found = keyOf(name, text)
    if (found === null) return null
    return { ...found, ...indexNote(found.key, found.content), name, bytes: stat.size, modified: stat.mtimeMs, stamp }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
