// The files of one scope's notes: read, written and removed one at a time, and nothing outside of their folders.

import { createHash } from 'node:crypto'
import { closeSync, lstatSync, mkdirSync, openSync, readdirSync, readSync, rmSync, type Stats, utimesSync } from 'node:fs'
import { dirname, join } from 'node:path'
import writeFileAtomic from 'write-file-atomic'
import { isMemoryFile, keyOf } from './keys.ts'

/** A note larger than this is refused on saving, and read only so far where a person wrote it. */
export const MAX_BYTES = 1_000_000

export interface NoteFile {
  readonly key: string
  readonly content: string
  readonly stamp: string
  readonly bytes: number
  readonly modified: number
  readonly hash: Uint8Array
}

/** Names below `root`, as `shared/x.md`. Links are not followed: what may be searched must not depend on where one points. */
export function noteNames(root: string, folders: readonly string[]): readonly string[] {
  return folders.flatMap((folder) => {
    try {
      return readdirSync(join(root, folder), { withFileTypes: true })
        .filter((entry) => entry.isFile() && isMemoryFile(entry.name))
        .map(({ name }) => join(folder, name))
        .sort()
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return []
      throw error
    }
  })
}

/** Changes whenever the file does; null: no plain file is there. */
export function stampOf(path: string): string | null {
  const stat = plainFile(path)
  return stat === null ? null : stampFrom(stat)
}

/** Its size and the time of its last change, which no edit leaves as it was. Short, as the index holds one for each note. */
const stampFrom = ({ size, ctimeMs }: Stats): string => `${size}:${Math.round(ctimeMs * 1000).toString(36)}`

function plainFile(path: string): Stats | null {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  return stat?.isFile() === true ? stat : null
}

export function readNote(root: string, name: string): NoteFile | null {
  const path = join(root, name)
  const stat = plainFile(path)
  if (stat === null) return null
  const text = readText(path, MAX_BYTES)
  const found = keyOf(name.slice(name.lastIndexOf('/') + 1), text.toString('utf8').replace(/^\uFEFF/, ''))
  if (found === null) return null
  const hash = createHash('sha256').update(text).digest().subarray(0, 8)
  return { ...found, stamp: stampFrom(stat), bytes: stat.size, modified: stat.mtimeMs, hash }
}

function readText(path: string, max: number): Buffer {
  const file = openSync(path, 'r')
  try {
    const buffer = Buffer.allocUnsafe(Math.min(max, 64 * 1024))
    const parts: Buffer[] = []
    for (let total = 0; total < max; ) {
      const read = readSync(file, buffer, 0, Math.min(buffer.length, max - total), null)
      if (read === 0) break
      parts.push(Buffer.from(buffer.subarray(0, read)))
      total += read
    }
    return Buffer.concat(parts)
  } finally {
    closeSync(file)
  }
}

export function writeNote(root: string, name: string, text: string, at: number): void {
  const path = join(root, name)
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  if (lstatSync(path, { throwIfNoEntry: false })?.isFile() === false)
    throw new Error(`${name} in the memory folder is no plain file.`)
  writeFileAtomic.sync(path, text, { mode: 0o600, fsync: false })
  utimesSync(path, at / 1000, at / 1000)
}

export const removeNote = (root: string, name: string): void => rmSync(join(root, name), { force: true })
