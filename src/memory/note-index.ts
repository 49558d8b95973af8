// The search index of one scope: files of notes in, rows that a search reads out. SQLite with FTS5; it can be rebuilt from the
// files at any time, so a damaged one is thrown away.

import { mkdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import type { Passage } from './passages.ts'
import { monthsIn } from './time-words.ts'
import { packWords, unpackWords } from './word-lists.ts'
import { stem, wordsOf } from './words.ts'

/** Changes with what is stored; an index of another version is built from scratch. */
const VERSION = 3

/** `detail=none` and no content: the list of passages for each stem, and nothing else. */
const SCHEMA = `
CREATE TABLE file (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, key TEXT NOT NULL, twin INTEGER NOT NULL, stamp TEXT NOT NULL, hash BLOB NOT NULL, at REAL NOT NULL);
CREATE INDEX file_twin ON file (twin);
CREATE TABLE passage (id INTEGER PRIMARY KEY, file INTEGER NOT NULL, line INTEGER NOT NULL, grp INTEGER NOT NULL, pos REAL NOT NULL, speaker TEXT, marks INTEGER NOT NULL, words BLOB NOT NULL);
CREATE INDEX passage_file ON passage (file);
CREATE INDEX passage_place ON passage (grp, pos);
CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE total (passages INTEGER NOT NULL, words INTEGER NOT NULL);
INSERT INTO total VALUES (0, 0);
CREATE VIRTUAL TABLE stems USING fts5(text, content='', detail=none, columnsize=0, tokenize="unicode61 remove_diacritics 0");
INSERT INTO stems(stems, rank) VALUES('secure-delete', 1);
CREATE VIRTUAL TABLE frequency USING fts5vocab(stems, row);
PRAGMA user_version = ${VERSION};`

export interface FileRow {
  readonly id: number
  readonly name: string
  readonly key: string
  readonly stamp: string
  readonly at: number
}

export interface PassageRow {
  readonly id: number
  readonly file: number
  readonly line: number
  readonly grp: number
  readonly pos: number
  readonly speaker: string | null
  readonly marks: number
  readonly words: Uint8Array
}

/** A note as it is put into the index. */
export interface IndexedNote {
  readonly name: string
  readonly key: string
  readonly stamp: string
  readonly hash: Uint8Array
  readonly at: number
  readonly passages: readonly Passage[]
}

export const MARK = { asks: 1, tellsTime: 2, months: 2 } as const

type Bound = string | number | null | Uint8Array
interface Statement {
  run(...values: readonly Bound[]): { readonly lastInsertRowid: number | bigint }
  get(...values: readonly Bound[]): unknown
  all(...values: readonly Bound[]): unknown
}

export class NoteIndex {
  readonly #path: string
  #db: InstanceType<typeof DatabaseSync>
  #statements = new Map<string, Statement>()
  #words = new Map<string, number>()
  #texts: string[] = []
  /** Grows with each change; what a search derived from the rows holds only for one of them. */
  version = 0

  /** `path`: ':memory:' keeps it in memory alone. */
  constructor(path: string) {
    this.#path = path
    this.#db = this.#open()
    this.#loadWords()
  }

  #open(): InstanceType<typeof DatabaseSync> {
    try {
      return opened(this.#path)
    } catch {
      // Damaged, or no database at all: the files hold everything.
      removeIndex(this.#path)
      return opened(this.#path)
    }
  }

  #sql(text: string): Statement {
    const known = this.#statements.get(text)
    if (known !== undefined) return known
    const statement: Statement = this.#db.prepare(text)
    this.#statements.set(text, statement)
    return statement
  }

  #loadWords(): void {
    for (const { id, text } of this.#sql('SELECT id, text FROM word').all() as readonly { id: number; text: string }[]) {
      this.#words.set(text, id)
      this.#texts[id] = text
    }
  }

  /** Other processes write too: an id that is not known is read. */
  wordOf(id: number): string {
    const known = this.#texts[id]
    if (known !== undefined) return known
    const row = this.#sql('SELECT text FROM word WHERE id = ?').get(id) as { text: string } | undefined
    const text = row?.text ?? ''
    this.#texts[id] = text
    return text
  }

  #idOf(word: string): number {
    const known = this.#words.get(word)
    if (known !== undefined) return known
    this.#sql('INSERT INTO word (text) VALUES (?) ON CONFLICT DO NOTHING').run(word)
    const { id } = this.#sql('SELECT id FROM word WHERE text = ?').get(word) as { id: number }
    this.#words.set(word, id)
    this.#texts[id] = word
    return id
  }

  /** Runs `work` in one transaction; what fails changes nothing. */
  change<T>(work: () => T): T {
    this.#db.exec('BEGIN IMMEDIATE')
    try {
      const result = work()
      this.#db.exec('COMMIT')
      this.version += 1
      return result
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
      // Words that were added are gone again.
      this.#words.clear()
      this.#texts = []
      this.#loadWords()
      throw error
    }
  }

  files(): readonly FileRow[] {
    return this.#sql('SELECT id, name, key, stamp, at FROM file').all() as readonly FileRow[]
  }

  fileOf(name: string): FileRow | undefined {
    return this.#sql('SELECT id, name, key, stamp, at FROM file WHERE name = ?').get(name) as FileRow | undefined
  }

  fileById(id: number): FileRow | undefined {
    return this.#sql('SELECT id, name, key, stamp, at FROM file WHERE id = ?').get(id) as FileRow | undefined
  }

  /** Files whose key or name is the same but for case. */
  twins(key: string): readonly FileRow[] {
    const folded = foldKey(key)
    const rows = this.#sql('SELECT id, name, key, stamp, at FROM file WHERE twin = ? ORDER BY name').all(numberOf(folded))
    return (rows as readonly FileRow[]).filter((file) => foldKey(file.key) === folded)
  }

  hashOf(name: string): Uint8Array | undefined {
    return (this.#sql('SELECT hash FROM file WHERE name = ?').get(name) as { hash: Uint8Array } | undefined)?.hash
  }

  restamp(name: string, stamp: string, at: number): void {
    this.#sql('UPDATE file SET stamp = ?, at = ? WHERE name = ?').run(stamp, at, name)
  }

  /** Within `change`. */
  put(note: IndexedNote): void {
    this.remove(note.name)
    const { lastInsertRowid } = this.#sql('INSERT INTO file (name, key, twin, stamp, hash, at) VALUES (?, ?, ?, ?, ?, ?)').run(
      note.name,
      note.key,
      numberOf(foldKey(note.key)),
      note.stamp,
      note.hash,
      note.at,
    )
    const file = Number(lastInsertRowid)
    const keyStems = keyStemsOf(note.key)
    const { group, pos } = placeOf(note)
    let words = 0
    for (const [i, passage] of note.passages.entries()) {
      const months = [new Date(note.at).getUTCMonth(), ...monthsIn(passage.words)]
      const marks =
        (passage.asks ? MARK.asks : 0) |
        (passage.tellsTime ? MARK.tellsTime : 0) |
        months.reduce((bits, month) => bits | (1 << (month + MARK.months)), 0)
      const { lastInsertRowid: id } = this.#sql(
        'INSERT INTO passage (file, line, grp, pos, speaker, marks, words) VALUES (?, ?, ?, ?, ?, ?, ?)',
      ).run(
        file,
        passage.line,
        note.passages.length > 1 ? -file : group,
        note.passages.length > 1 ? i : pos,
        passage.speaker === '' ? null : passage.speaker,
        marks,
        packWords(passage.words.map((word) => this.#idOf(word))),
      )
      this.#sql('INSERT INTO stems (rowid, text) VALUES (?, ?)').run(Number(id), stemsText(passage.words, keyStems))
      words += passage.words.length
    }
    this.#sql('UPDATE total SET passages = passages + ?, words = words + ?').run(note.passages.length, words)
  }

  /** Within `change`. */
  remove(name: string): void {
    const file = this.fileOf(name)
    if (file === undefined) return
    const rows = this.#sql('SELECT id, words FROM passage WHERE file = ?').all(file.id) as readonly PassageRow[]
    const keyStems = keyStemsOf(file.key)
    let count = 0
    for (const row of rows) {
      const words = unpackWords(row.words).map((id) => this.wordOf(id))
      count += words.length
      this.#sql("INSERT INTO stems (stems, rowid, text) VALUES ('delete', ?, ?)").run(row.id, stemsText(words, keyStems))
    }
    this.#sql('DELETE FROM passage WHERE file = ?').run(file.id)
    this.#sql('DELETE FROM file WHERE id = ?').run(file.id)
    this.#sql('UPDATE total SET passages = passages - ?, words = words - ?').run(rows.length, count)
  }

  /** No word of what was removed stays, in free pages neither. */
  erase(): void {
    this.#db.exec("INSERT INTO stems(stems) VALUES('optimize')")
    const rows = this.#sql('SELECT words FROM passage').all() as readonly Pick<PassageRow, 'words'>[]
    const used = new Set(rows.flatMap(({ words }) => unpackWords(words)))
    for (const id of this.#words.values()) if (!used.has(id)) this.#sql('DELETE FROM word WHERE id = ?').run(id)
    this.#words.clear()
    this.#texts = []
    this.#db.exec('VACUUM')
    this.#loadWords()
    this.version += 1
  }

  total(): { readonly passages: number; readonly words: number } {
    return this.#sql('SELECT passages, words FROM total').get() as { passages: number; words: number }
  }

  /** In how many passages the stem is. */
  frequencyOf(term: string): number {
    const row = this.#sql('SELECT doc FROM frequency WHERE term = ?').get(term) as { doc: number } | undefined
    return row?.doc ?? 0
  }

  /** Ids of passages with the stem, the newest first. */
  passagesWith(term: string, limit: number): readonly number[] {
    const quoted = `"${term.replaceAll('"', '""')}"`
    const row = this.#sql(
      'SELECT group_concat(rowid) AS ids FROM (SELECT rowid FROM stems WHERE stems MATCH ? ORDER BY rowid DESC LIMIT ?)',
    ).get(quoted, limit) as { ids: string | null }
    return row.ids === null ? [] : row.ids.split(',').map(Number)
  }

  passage(id: number): PassageRow | undefined {
    return this.#sql('SELECT * FROM passage WHERE id = ?').get(id) as PassageRow | undefined
  }

  /** Up to `count` neighbours on one side, the nearest first. */
  neighbours({ grp, pos, id }: PassageRow, side: 'before' | 'after', count: number): readonly PassageRow[] {
    const text =
      side === 'before'
        ? 'SELECT * FROM passage WHERE grp = ? AND (pos, id) < (?, ?) ORDER BY pos DESC, id DESC LIMIT ?'
        : 'SELECT * FROM passage WHERE grp = ? AND (pos, id) > (?, ?) ORDER BY pos, id LIMIT ?'
    return this.#sql(text).all(grp, pos, id, count) as readonly PassageRow[]
  }

  /** Who speaks in at least `least` passages. */
  speakers(least: number): readonly string[] {
    const rows = this.#sql(
      'SELECT speaker FROM passage WHERE speaker IS NOT NULL GROUP BY speaker HAVING count(*) >= ? ORDER BY count(*) DESC LIMIT 50',
    ).all(least) as readonly { speaker: string }[]
    return rows.map(({ speaker }) => speaker)
  }

  /** Each word there is. */
  vocabulary(): Iterable<string> {
    return this.#words.keys()
  }

  get isStored(): boolean {
    return this.#path !== ':memory:'
  }

  close(): void {
    this.#statements.clear()
    this.#db.close()
  }
}

function opened(path: string): InstanceType<typeof DatabaseSync> {
  if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const db = new DatabaseSync(path, { timeout: 10_000 })
  try {
    // Nothing here is worth waiting for the disk: after a power cut it is rebuilt.
    db.exec(
      'PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = OFF; PRAGMA secure_delete = ON; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY',
    )
    const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number }
    if (version === 0) db.exec(`BEGIN IMMEDIATE; ${SCHEMA}; COMMIT`)
    else if (version !== VERSION) throw new Error('an index of another version')
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

export function removeIndex(path: string): void {
  for (const ending of ['', '-journal', '-wal', '-shm']) rmSync(path + ending, { force: true })
}

/** File systems may fold case and compose accents. */
export const foldKey = (key: string): string => key.normalize('NFC').toLowerCase()

const DAY_MS = 86_400_000
/** Whether its neighbours are only of the same day, not of the same text or conversation. */
export const isOfDay = ({ grp }: Pick<PassageRow, 'grp'>): boolean => grp >= 0 && grp % 4096 === 0

const NUMBERED = /^(.*?)(\d{1,9})$/s

/** Notes of one day are neighbours: numbered keys by their number, others by their time. */
function placeOf({ key, at }: Pick<IndexedNote, 'key' | 'at'>): { group: number; pos: number } {
  const day = Math.floor(at / DAY_MS)
  const numbered = NUMBERED.exec(key)
  if (numbered === null) return { group: day * 4096, pos: at }
  return { group: day * 4096 + 1 + (numberOf(numbered[1] ?? '') % 4095), pos: Number(numbered[2]) }
}

function numberOf(text: string): number {
  let hash = 7
  for (let i = 0; i < text.length; i++) hash = (hash * 31 + text.charCodeAt(i)) >>> 0
  return hash
}

/** Words of a key; a number in it only counts. */
export const keyStemsOf = (key: string): readonly string[] =>
  wordsOf(key)
    .filter((word) => /\p{L}{2}/u.test(word))
    .map(stem)

/** What the index is told of a passage, the same when it is taken out again. */
const stemsText = (words: readonly string[], keyStems: readonly string[]): string =>
  [...new Set([...words.map(stem), ...keyStems])].join(' ')
