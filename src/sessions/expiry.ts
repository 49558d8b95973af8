// When a transcript file was last written to by its own lines, and a copy of it without the old ones.

import {
  closeSync,
  constants,
  createReadStream,
  createWriteStream,
  fstatSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { parseEntry } from './entry.ts'
import { linesBackward, linesForward } from './lines.ts'

/** A file is copied only to make it smaller by this share. */
const LEAST_SHARE = 0.25
const READ = constants.O_RDONLY | constants.O_NOFOLLOW

/** The time of the last line that is an entry, and the file's size; null: there is no file, or no entry in it. */
export function lastLineAt(path: string): { readonly at: number; readonly size: number } | null {
  let fd: number
  try {
    fd = openSync(path, READ)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  try {
    const { size } = fstatSync(fd)
    for (const { bytes } of linesBackward(fd, size)) {
      const entry = parseEntry(bytes.toString('utf8'))
      if (entry !== null) return { at: Date.parse(entry.timestamp), size }
    }
    return null
  } finally {
    closeSync(fd)
  }
}

/**
 * Removes the lines older than `before` in front of the offset `until`, where that is worth a copy. What is appended meanwhile is
 * kept: the end of the copy and its move to the old name happen at once. Gives the bytes that went.
 */
export async function cutLines(
  path: string,
  { before, until }: { readonly before: number; readonly until: number },
  beforeMove: () => void,
): Promise<number> {
  const offset = await endOfOld(path, before, until)
  const fd = openSync(path, READ)
  const copy = `${path}.cut`
  try {
    const { size } = fstatSync(fd)
    // Text that is no UTF-8 has another length once it is read: then the offset is not the start of a line.
    if (offset < size * LEAST_SHARE || byteAt(fd, offset - 1) !== 10) return 0
    rmSync(copy, { force: true })
    if (offset < size)
      await pipeline(
        createReadStream(path, { start: offset, end: size - 1 }),
        createWriteStream(copy, { flags: 'wx', mode: 0o600 }),
      )
    appendRest(fd, copy, size)
    beforeMove()
    renameSync(copy, path)
    return offset
  } catch (error) {
    rmSync(copy, { force: true })
    throw error
  } finally {
    closeSync(fd)
  }
}

/** Offset of the first line that is young, or `until`. */
async function endOfOld(path: string, before: number, until: number): Promise<number> {
  let offset = 0
  if (until === 0) return 0
  for await (const line of linesForward(path)) {
    const entry = parseEntry(line)
    if (entry !== null && Date.parse(entry.timestamp) >= before) break
    const next = offset + Buffer.byteLength(line) + 1
    if (next > until) break
    offset = next
  }
  return offset
}

function byteAt(fd: number, position: number): number | undefined {
  const byte = Buffer.alloc(1)
  return position >= 0 && readSync(fd, byte, 0, 1, position) === 1 ? byte[0] : undefined
}

function appendRest(from: number, copy: string, position: number): void {
  const rest = Buffer.alloc(fstatSync(from).size - position)
  const to = openSync(copy, 'a', 0o600)
  try {
    readSync(from, rest, 0, rest.length, position)
    for (let written = 0; written < rest.length; ) written += writeSync(to, rest, written)
  } finally {
    closeSync(to)
  }
}
