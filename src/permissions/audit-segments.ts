// The files of an audit log: the one that is written, and those set aside before it, each named by the number of its last line.

import { type FileHandle, open, readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

export interface AuditSegment {
  readonly path: string
  /** Number of its last line. */
  readonly seq: number
  /** When that line was written, ms. */
  readonly lastAt: number
}

const DIGITS = 15
const TIME = /"at":"([^"]+)"/
/** What a record may be long, as far as its time is looked for. */
const BLOCK = 1024 * 1024

/** Names sort by number: `audit.000000000001234.jsonl` beside `audit.jsonl`. */
export const segmentName = (file: string, seq: number): string => `${stemOf(file)}.${String(seq).padStart(DIGITS, '0')}.jsonl`

/** Oldest first. */
export async function segmentsOf(file: string): Promise<readonly AuditSegment[]> {
  const found: AuditSegment[] = []
  for (const path of await segmentPaths(file)) {
    const seq = Number(basename(path).split('.').at(-2))
    found.push({ path, seq, lastAt: (await timeIn(path, 'end')) ?? Number.POSITIVE_INFINITY })
  }
  return found
}

/** Every file of the log that there is, in the order of its lines. */
export async function auditFiles(file: string): Promise<readonly string[]> {
  const names = await namesIn(file)
  return [...(await segmentPaths(file)), ...(names.includes(basename(file)) ? [file] : [])]
}

/** When the first line of the file was written, ms; null: it has none. */
export const firstLineAt = (file: string): Promise<number | null> => timeIn(file, 'start')

const stemOf = (file: string): string => file.slice(0, -'.jsonl'.length)

async function segmentPaths(file: string): Promise<readonly string[]> {
  const stem = basename(stemOf(file))
  const isSegment = (name: string): boolean =>
    name.startsWith(`${stem}.`) && /^[0-9]{15}\.jsonl$/.test(name.slice(stem.length + 1))
  return (await namesIn(file))
    .filter(isSegment)
    .sort()
    .map((name) => join(dirname(file), name))
}

async function namesIn(file: string): Promise<readonly string[]> {
  try {
    return await readdir(dirname(file))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

async function timeIn(path: string, side: 'start' | 'end'): Promise<number | null> {
  let handle: FileHandle
  try {
    handle = await open(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  try {
    const { size } = await handle.stat()
    const length = Math.min(BLOCK, size)
    const { buffer } = await handle.read(Buffer.alloc(length), 0, length, side === 'start' ? 0 : size - length)
    const lines = buffer.toString('utf8').split('\n')
    const times = lines.flatMap((line) => Date.parse(TIME.exec(line)?.[1] ?? '') || [])
    return (side === 'start' ? times[0] : times.at(-1)) ?? null
  } finally {
    await handle.close()
  }
}
