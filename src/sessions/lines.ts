// The lines of a file, from its end to its beginning and from its beginning to its end, without holding the whole.

import { constants, createReadStream, openSync, readSync } from 'node:fs'

const FIRST_BLOCK = 64 * 1024
const LARGEST_BLOCK = 1024 * 1024
const NEWLINE = 10

export interface Line {
  /** Offset of its first byte. */
  readonly start: number
  readonly bytes: Buffer
}

/** Lines without their newline, last first. A file that doesn't end in a newline gives its unfinished end first. */
export function* linesBackward(fd: number, size: number): Generator<Line> {
  let position = size
  let blockSize = FIRST_BLOCK
  // Pieces of the line whose beginning is not read yet, last piece first.
  let pieces: Buffer[] = []
  let atEnd = true
  while (position > 0) {
    const length = Math.min(blockSize, position)
    blockSize = Math.min(blockSize * 2, LARGEST_BLOCK)
    position -= length
    const block = readBlock(fd, position, length)
    let end = block.length
    for (let at = block.lastIndexOf(NEWLINE); at !== -1; at = end === 0 ? -1 : block.lastIndexOf(NEWLINE, end - 1)) {
      const bytes = joined(block.subarray(at + 1, end), pieces)
      pieces = []
      if (!atEnd || bytes.length > 0) yield { start: position + at + 1, bytes }
      atEnd = false
      end = at
    }
    pieces.push(block.subarray(0, end))
  }
  if (size > 0) yield { start: 0, bytes: joined(Buffer.alloc(0), pieces) }
}

const joined = (first: Buffer, pieces: readonly Buffer[]): Buffer =>
  pieces.length === 0 ? first : Buffer.concat([first, ...pieces.toReversed()])

function readBlock(fd: number, position: number, length: number): Buffer {
  const block = Buffer.allocUnsafe(length)
  let filled = 0
  while (filled < length) {
    const read = readSync(fd, block, filled, length - filled, position + filled)
    if (read === 0) break
    filled += read
  }
  return block.subarray(0, filled)
}

/** Lines as text, first to last; an unfinished last one too. */
export async function* linesForward(path: string): AsyncGenerator<string> {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  let pieces: Buffer[] = []
  for await (const chunk of createReadStream(path, { fd, highWaterMark: LARGEST_BLOCK }) as AsyncIterable<Buffer>) {
    let from = 0
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
      yield Buffer.concat([...pieces, chunk.subarray(from, at)]).toString('utf8')
      pieces = []
      from = at + 1
    }
    if (from < chunk.length) pieces.push(chunk.subarray(from))
  }
  if (pieces.length > 0) yield Buffer.concat(pieces).toString('utf8')
}
