// What of a transcript the next turn needs: from its last reset or what its last summary keeps. Read from the end of the file,
// so that a long past costs nothing.

import { closeSync, constants, openSync, truncateSync, writeSync } from 'node:fs'
import type { TranscriptEntry } from '../storage/ports.ts'
import { parseEntry } from './entry.ts'
import { linesBackward } from './lines.ts'

export interface Window {
  readonly entries: readonly TranscriptEntry[]
  /** Offset of each entry's line. */
  readonly starts: readonly number[]
  /** Ids an append must not write again: those of the window and of the run that wrote last. */
  readonly ids: ReadonlySet<string>
  readonly damage: readonly string[]
  /** Bytes of the file once what was torn is set aside. */
  readonly size: number
  /** The last line stands without its newline: the next append has to begin with one. */
  readonly needsNewline: boolean
}

/** Reads back as far as needed. A torn end is moved to `<path>.torn`; lines that are no entries are passed over and reported. */
export function readWindow(fd: number, path: string, fileSize: number): Window {
  const found: { entry: TranscriptEntry; start: number }[] = []
  const damage: string[] = []
  const ids = new Set<string>()
  let size = fileSize
  let needsNewline = false
  let lastRun: string | undefined
  let summaryAt: number | undefined
  let keepFrom: string | undefined
  let bounded = false
  let first = true

  for (const { start, bytes } of linesBackward(fd, fileSize)) {
    const unfinished = first && start + bytes.length === fileSize
    first = false
    const text = bytes.toString('utf8')
    const entry = parseEntry(text)
    if (entry === null) {
      if (unfinished) {
        if (setAside(path, bytes, start)) size = start
        else needsNewline = true
        damage.push(`The last line was torn (${bytes.length} bytes); it was set aside in ${path}.torn.`)
      } else if (!bounded && text.replaceAll('\0', '').trim() !== '')
        damage.push(`The line at byte ${start} is no entry; it was passed over.`)
      continue
    }
    if (unfinished) needsNewline = true
    lastRun ??= entry.run
    if (bounded) {
      // Before the window only the ids of the run that wrote last matter: an append of it may come again after a crash.
      if (entry.run === undefined || entry.run !== lastRun) break
      ids.add(entry.id)
      continue
    }
    if (ids.has(entry.id)) {
      damage.push(`The line at byte ${start} repeats the id ${entry.id}; it was passed over.`)
      continue
    }
    ids.add(entry.id)
    found.push({ entry, start })
    if (entry.kind === 'summary' && summaryAt === undefined) {
      summaryAt = found.length
      keepFrom = entry.keepFrom
      bounded = keepFrom === undefined
    } else if (entry.kind === 'reset' || entry.id === keepFrom) bounded = true
  }
  // Nothing is where the summary points: it stands for all that came before it.
  const lost = summaryAt !== undefined && keepFrom !== undefined && found.at(-1)?.entry.id !== keepFrom
  if (lost) damage.push(`The summary keeps what follows ${keepFrom}, which is not in the file; it stands for all before it.`)
  const window = (lost ? found.slice(0, summaryAt) : found).toReversed()
  return {
    entries: window.map((one) => one.entry),
    starts: window.map((one) => one.start),
    ids,
    damage: damage.toReversed(),
    size,
    needsNewline,
  }
}

/** Index of the first entry the next turn needs, by the same rules, of entries that are in memory already. */
export function windowStart(entries: readonly TranscriptEntry[]): number {
  for (let at = entries.length - 1; at >= 0; at--) {
    const entry = entries[at]
    if (entry?.kind === 'reset') return at
    if (entry?.kind !== 'summary') continue
    if (entry.keepFrom === undefined) return at
    for (let kept = at - 1; kept >= 0; kept--) {
      if (entries[kept]?.id === entry.keepFrom) return kept
      if (entries[kept]?.kind === 'reset') break
    }
    return at
  }
  return 0
}

/** No link is followed. */
const ASIDE = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW

function setAside(path: string, bytes: Buffer, start: number): boolean {
  try {
    const fd = openSync(`${path}.torn`, ASIDE, 0o600)
    try {
      writeSync(fd, Buffer.concat([bytes, Buffer.from('\n')]))
    } finally {
      closeSync(fd)
    }
    truncateSync(path, start)
    return true
  } catch {
    return false
  }
}
