// The notes of one scope: files that people may edit, an index that follows them, and the versions that changes replaced.

import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Head, splitHead, withHead } from './front-matter.ts'
import { GRAPH_FILE, type GraphEntry, readGraph } from './graph.ts'
import { fileNameOf, isMemoryFile, keyOf, normalizeKey } from './keys.ts'
import { MAX_BYTES, type NoteFile, noteNames, readNote, removeNote, stampOf, writeNote } from './note-files.ts'
import { foldKey, NoteIndex, removeIndex } from './note-index.ts'
import { passagesOf } from './passages.ts'
import { rankPassages } from './ranking.ts'
import { noteFolders, type Scope, scopeFolder, scopeText } from './scopes.ts'
import { type Change, eraseChanges, noteChange, readChanges, textBefore } from './versions.ts'

export const INDEX_FILE = '.index.db'
const MAX_GRAPH_BYTES = 8_000_000
/** Files in one transaction of the index. */
const BATCH = 500
/** Of more files than these not every one is looked at for each search: an edit in place is found within the time. */
const MANY = 2_000
const SCAN_MS = 10_000

export interface Hit {
  readonly key: string
  readonly scope: string
  readonly score: number
  /** Below the state folder. */
  readonly file: string
  readonly line: number
  readonly content: string
  readonly outside: boolean
}

export interface NoteInfo {
  readonly key: string
  readonly scope: string
  readonly bytes: number
  readonly modified: number
}

export interface ScopeOptions {
  /** The memory folder. */
  readonly root: string
  readonly scope: Scope
  now(): number
  /** A file that cannot be read as what it is; once for each state of it. */
  onProblem?(message: string): void
}

export class ScopeNotes {
  readonly #options: ScopeOptions
  readonly #folder: string
  #index: NoteIndex | null = null
  #inode: number | undefined
  #times = ''
  #scannedAt = 0
  #fileCount = 0
  #graph: { readonly stamp: string; readonly entries: ReadonlyMap<string, GraphEntry> } = { stamp: '', entries: new Map() }

  constructor(options: ScopeOptions) {
    this.#options = options
    this.#folder = scopeFolder(options.root, options.scope)
  }

  /** A question about somebody unknown makes no folder. */
  #isEmpty(): boolean {
    return !existsSync(this.#folder)
  }

  get text(): string {
    return scopeText(this.#options.scope)
  }

  save(rawKey: string, content: string, by: string, head: Head = {}): { key: string; replaced: boolean } {
    const index = this.#opened()
    const written = this.#write(index, normalizeKey(rawKey), content, by, head)
    index.change(() => this.#put(index, written.name))
    this.#seen()
    return { key: written.key, replaced: written.replaced }
  }

  /** Many at once; each as `save` does it. */
  saveAll(notes: readonly { readonly key: string; readonly content: string; readonly at?: number }[], by: string): number {
    const index = this.#synced()
    for (let i = 0; i < notes.length; i += BATCH)
      index.change(() => {
        for (const { key, content, at } of notes.slice(i, i + BATCH))
          this.#put(index, this.#write(index, normalizeKey(key), content, by, at === undefined ? {} : { at }).name)
      })
    return notes.length
  }

  #write(
    index: NoteIndex,
    key: string,
    content: string,
    by: string,
    head: Head,
  ): { key: string; name: string; replaced: boolean } {
    const known = index.twins(key).find((file) => file.key === key && !file.name.startsWith(GRAPH_FILE))
    const { name, header } = known === undefined ? this.#newName(index, key) : sameName(known.name, key)
    const text = header + withHead(head, content.endsWith('\n') ? content : `${content}\n`)
    if (Buffer.byteLength(text) > MAX_BYTES) throw new Error(`A memory may hold ${MAX_BYTES} bytes at most; save a summary.`)
    // A file that people have just put there is replaced, and kept, too.
    const before = stampOf(join(this.#folder, name)) === null ? null : this.#rawText(name)
    if (before !== text) {
      writeNote(this.#folder, name, text, this.#options.now())
      if (before !== null) noteChange(this.#folder, { action: 'save', key, by }, before, this.#options.now())
    }
    return { key, name, replaced: before !== null }
  }

  search(query: string, limit: number): readonly Hit[] {
    const hits = new Map<string, Hit>()
    if (this.#isEmpty()) return []
    const index = this.#synced()
    for (const { row, score } of rankPassages(index, query)) {
      const file = index.fileById(row.file)
      if (file === undefined || hits.has(file.key)) continue
      const note = this.#noteAt(file.name, file.key)
      if (note === null) continue
      const isGraph = file.name.startsWith(GRAPH_FILE)
      hits.set(file.key, {
        key: file.key,
        scope: this.text,
        score: Math.round(score * 1000) / 1000,
        file: join('memory', this.#below, isGraph ? GRAPH_FILE : file.name),
        line: row.line,
        content: note.body,
        outside: note.head.outside === true,
      })
      if (hits.size >= limit) break
    }
    return [...hits.values()]
  }

  /** Of the scope's folder, below the memory folder. */
  get #below(): string {
    return this.#folder.slice(this.#options.root.length + 1)
  }

  list(): readonly NoteInfo[] {
    if (this.#isEmpty()) return []
    return this.#synced()
      .files()
      .map(({ key, name, at, stamp }) => ({ key, name, modified: at, bytes: Number(stamp.split(':')[0]) }))
      .map(({ name, ...one }) => ({
        ...one,
        scope: this.text,
        bytes: name.startsWith(GRAPH_FILE) ? this.#graphBytes(one.key) : one.bytes,
      }))
      .sort((a, b) => (a.key < b.key ? -1 : 1))
  }

  read(rawKey: string): { readonly content: string; readonly outside: boolean } | null {
    if (this.#isEmpty()) return null
    const key = normalizeKey(rawKey)
    const file = this.#synced()
      .twins(key)
      .find((one) => one.key === key)
    const note = file === undefined ? null : this.#noteAt(file.name, key)
    return note === null ? null : { content: note.body, outside: note.head.outside === true }
  }

  /** The key that differs in case alone; undefined: there is none. */
  twinOf(rawKey: string): string | undefined {
    const key = normalizeKey(rawKey)
    const index = this.#isEmpty() ? null : this.#opened()
    return index
      ?.twins(key)
      .map((file) => file.key)
      .find((other) => other !== key)
  }

  /** Its text is kept as a version. false: there is no such note. */
  remove(rawKey: string, by: string): boolean {
    const found = this.#isEmpty() ? null : this.#fileOf(rawKey)
    if (found === null) return false
    const { key, name, index } = found
    noteChange(this.#folder, { action: 'remove', key, by }, this.#rawText(name), this.#options.now())
    removeNote(this.#folder, name)
    index.change(() => index.remove(name))
    return true
  }

  /** No word of it stays: not in versions, not in the index. */
  erase(rawKey: string): boolean {
    if (this.#isEmpty()) return false
    const found = this.#fileOf(rawKey)
    const key = normalizeKey(rawKey)
    const hadVersions = readChanges(this.#folder).some((change) => change.key === key)
    if (found === null && !hadVersions) return false
    if (found !== null) {
      removeNote(this.#folder, found.name)
      found.index.change(() => found.index.remove(found.name))
    }
    eraseChanges(this.#folder, key)
    this.#synced().erase()
    return true
  }

  changes(): readonly Change[] {
    return readChanges(this.#folder)
  }

  /** Puts back what a change replaced. */
  undo(change: Change, by: string): 'restored' | 'removed' {
    const index = this.#synced()
    const before = textBefore(this.#folder, change)
    const existing = index.twins(change.key).find((file) => file.key === change.key && !file.name.startsWith(GRAPH_FILE))
    const now = existing === undefined ? null : this.#rawText(existing.name)
    noteChange(this.#folder, { action: 'undo', key: change.key, by }, now, this.#options.now())
    const name = existing?.name ?? this.#newName(index, change.key).name
    if (before === null) removeNote(this.#folder, name)
    else writeNote(this.#folder, name, before, this.#options.now())
    index.change(() => this.#put(index, name))
    return before === null ? 'removed' : 'restored'
  }

  /** Everything of this scope goes: notes, versions, graph and index. */
  forget(): void {
    this.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  stats(): { readonly notes: number; readonly bytes: number; readonly indexBytes: number } {
    const notes = this.list()
    const indexBytes = statSync(join(this.#folder, INDEX_FILE), { throwIfNoEntry: false })?.size ?? 0
    return { notes: notes.length, bytes: notes.reduce((sum, { bytes }) => sum + bytes, 0), indexBytes }
  }

  rebuild(): number {
    this.close()
    removeIndex(join(this.#folder, INDEX_FILE))
    return this.#synced().files().length
  }

  close(): void {
    this.#index?.close()
    this.#index = null
  }

  #fileOf(rawKey: string): { key: string; name: string; index: NoteIndex } | null {
    const key = normalizeKey(rawKey)
    const index = this.#synced()
    const files = index.twins(key).filter((one) => one.key === key)
    const file = files.find(({ name }) => !name.startsWith(GRAPH_FILE))
    if (file !== undefined) return { key, name: file.name, index }
    if (files.length > 0) throw new Error(`That stands in ${join(this.#folder, GRAPH_FILE)}: take it out there.`)
    return null
  }

  #newName(index: NoteIndex, key: string): { name: string; header: string } {
    const [folder = '.'] = noteFolders(this.#options.scope)
    // Other keys that fold to the same file name.
    const isTaken = (name: string): boolean => {
      const found = keyOf(name, '')
      return found !== null && index.twins(found.key).some((other) => other.key !== key)
    }
    const { name, header } = fileNameOf(key, isTaken)
    return { name: join(folder, name), header }
  }

  #rawText(name: string): string {
    return readFileSync(join(this.#folder, name), 'utf8')
  }

  #noteAt(name: string, key: string): { head: Head; body: string } | null {
    if (name.startsWith(GRAPH_FILE)) {
      const entry = this.#graph.entries.get(key)
      return entry === undefined ? null : { head: {}, body: entry.content }
    }
    const note = readNote(this.#folder, name)
    return note === null ? null : splitHead(note.content)
  }

  #graphBytes(key: string): number {
    return Buffer.byteLength(this.#graph.entries.get(key)?.content ?? '')
  }

  /** The index as it is. One that was removed meanwhile, by another process, is made again. */
  #opened(): NoteIndex {
    const path = join(this.#folder, INDEX_FILE)
    const inode = statSync(path, { throwIfNoEntry: false })?.ino
    if (this.#index?.isStored === true && inode !== this.#inode) this.close()
    if (this.#index === null) {
      this.#index = this.#openIndex()
      this.#inode = statSync(path, { throwIfNoEntry: false })?.ino
      this.#scannedAt = 0
      this.#graph = { stamp: '', entries: new Map() }
    }
    return this.#index
  }

  /** When each of the folders last changed; a file that is added, renamed or removed changes it. */
  #folderTimes(): string {
    return noteFolders(this.#options.scope)
      .map((folder) => statSync(join(this.#folder, folder), { throwIfNoEntry: false })?.mtimeMs ?? 0)
      .join()
  }

  /** What was just written here needs no look at all files. */
  #seen(): void {
    if (this.#scannedAt !== 0) this.#times = this.#folderTimes()
  }

  /** The index, brought up to date: only files that changed are read. */
  #synced(): NoteIndex {
    const index = this.#opened()
    const times = this.#folderTimes()
    const isFresh = this.#fileCount > MANY && times === this.#times && Date.now() - this.#scannedAt < SCAN_MS
    if (!isFresh) this.#scan(index)
    this.#syncGraph(index)
    return index
  }

  #scan(index: NoteIndex): void {
    this.#times = this.#folderTimes()
    this.#scannedAt = Date.now()
    const names = noteNames(this.#folder, noteFolders(this.#options.scope))
    this.#fileCount = names.length
    const known = new Map(index.files().map((file) => [file.name, file]))
    const changed = names.filter((name) => known.get(name)?.stamp !== stampOf(join(this.#folder, name)))
    const present = new Set(names)
    const gone = [...known.keys()].filter((name) => !present.has(name) && !name.startsWith(GRAPH_FILE))
    for (let i = 0; i < changed.length; i += BATCH)
      index.change(() => {
        for (const name of changed.slice(i, i + BATCH)) this.#put(index, name)
      })
    if (gone.length > 0)
      index.change(() => {
        for (const name of gone) index.remove(name)
      })
  }

  #openIndex(): NoteIndex {
    const path = join(this.#folder, INDEX_FILE)
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
      return new NoteIndex(path)
    } catch (error) {
      this.#options.onProblem?.(`${path} cannot be used (${(error as Error).message}); notes are indexed in memory for now`)
      return new NoteIndex(':memory:')
    }
  }

  /** Within a change of the index. */
  #put(index: NoteIndex, name: string): void {
    const note = isMemoryFile(name.slice(name.lastIndexOf('/') + 1)) ? readNote(this.#folder, name) : null
    if (note === null) {
      index.remove(name)
      return
    }
    const before = index.hashOf(name)
    const { head, body, line } = splitHead(note.content)
    if (before !== undefined && Buffer.from(before).equals(note.hash)) {
      index.restamp(name, note.stamp, head.at ?? note.modified)
      return
    }
    this.#warnOfSize(name, note)
    const headerLines = note.content.length === 0 ? 0 : line - 1
    const passages = passagesOf(body).map((one) => ({ ...one, line: one.line + headerLines }))
    index.put({ name, key: note.key, stamp: note.stamp, hash: note.hash, at: head.at ?? note.modified, passages })
  }

  #warnOfSize(name: string, { bytes }: NoteFile): void {
    if (bytes <= MAX_BYTES) return
    this.#options.onProblem?.(
      `${join(this.#folder, name)} has ${bytes} bytes; only the first ${MAX_BYTES} are searched. Split it into several notes.`,
    )
  }

  #syncGraph(index: NoteIndex): void {
    const path = join(this.#folder, GRAPH_FILE)
    const stamp = stampOf(path) ?? ''
    if (stamp === this.#graph.stamp) return
    const entries = stamp === '' ? [] : this.#readGraph(path)
    this.#graph = { stamp, entries: new Map(entries.map((entry) => [graphKey(entry.id), entry])) }
    const names = new Set([...this.#graph.entries.keys()].map(graphName))
    index.change(() => {
      for (const { name } of index.files()) if (name.startsWith(GRAPH_FILE) && !names.has(name)) index.remove(name)
      for (const [key, { searched }] of this.#graph.entries) {
        const hash = Buffer.from(searched).subarray(0, 8)
        const passages = passagesOf(searched).map((one) => ({ ...one, line: 1 }))
        index.put({ name: graphName(key), key, stamp, hash, at: this.#options.now(), passages })
      }
    })
  }

  #readGraph(path: string): readonly GraphEntry[] {
    try {
      const text = readFileSync(path)
      if (text.length > MAX_GRAPH_BYTES) throw new Error(`it may have ${MAX_GRAPH_BYTES} bytes at most`)
      return readGraph(text.toString('utf8').replace(/^\uFEFF/, ''))
    } catch (error) {
      this.#options.onProblem?.(`${path} is not used: ${(error as Error).message}`)
      return []
    }
  }
}

const graphKey = (id: string): string => `${GRAPH_FILE}: ${id}`.normalize('NFC')
const graphName = (key: string): string => `${GRAPH_FILE}#${foldKey(key)}`

/** A note keeps its file; one whose name says only a part of the key has the key in its first line. */
const sameName = (name: string, key: string): { name: string; header: string } => ({
  name,
  header: name.includes('~') ? fileNameOf(key, () => true).header : '',
})
