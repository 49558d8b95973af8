// What the watched files hold, by content: paths in, a hash each out. Files whose numbers haven't moved aren't read again.

import { createHash } from 'node:crypto'
import type { BigIntStats } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { readOrdinaryFile } from '../ordinary-file.ts'

/** `null`: there is no such file, or it can't be read. */
export interface FileState {
  readonly hash: string | null
  readonly empty: boolean
  /** The last change of the file or its names, in ms; of a missing one, that of the folder it is missing from, or 0. */
  readonly changedAt: number
}

export interface StateReader {
  read(path: string): Promise<FileState>
  forget(kept: ReadonlySet<string>): void
}

/** Times of files move in steps; a file that changed this shortly before it was read may have changed after, too. */
const STEP_MS = 50
const MOST_TRIES = 4

const changeOf = (folder: string): Promise<number> =>
  stat(folder).then(
    ({ ctimeMs }) => ctimeMs,
    () => 0,
  )

const numbersOf = (path: string): Promise<BigIntStats> => stat(path, { bigint: true })

const keyOf = ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string => `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`

interface Content {
  readonly bytes: Buffer | string
  /** Of the file as it was read; when saves never paused, as it was a moment later. */
  readonly numbers: BigIntStats
  readonly startedAt: number
}

/** A save between the numbers and the reading would stand as long known, and never be told: so both are taken until they fit. */
async function readContent(path: string, first: BigIntStats, readBytes: ReadBytes): Promise<Content> {
  for (let numbers = first, tries = 1; ; tries++) {
    const startedAt = Date.now()
    const bytes = numbers.isDirectory() ? (await readdir(path)).sort().join('\n') : await readBytes(path)
    const after = await numbersOf(path)
    if (keyOf(after) === keyOf(numbers) || tries === MOST_TRIES) return { bytes, numbers: after, startedAt }
    numbers = after
  }
}

type ReadBytes = (path: string) => Promise<Buffer>

export function createStateReader(readBytes: ReadBytes = (path) => readOrdinaryFile(path)): StateReader {
  const known = new Map<string, { readonly key: string; readonly state: FileState }>()
  return {
    async read(path) {
      try {
        const first = await numbersOf(path)
        const before = known.get(path)
        if (before?.key === keyOf(first)) return before.state
        const { bytes, numbers, startedAt } = await readContent(path, first, readBytes)
        const key = keyOf(numbers)
        const changedAt = Number(numbers.ctimeMs)
        const state = { hash: createHash('sha256').update(bytes).digest('base64'), empty: bytes.length === 0, changedAt }
        if (startedAt - changedAt > STEP_MS) known.set(path, { key, state })
        else known.delete(path)
        return state
      } catch {
        known.delete(path)
        return { hash: null, empty: false, changedAt: await changeOf(dirname(path)) }
      }
    },
    forget(kept) {
      for (const path of known.keys()) if (!kept.has(path)) known.delete(path)
    },
  }
}
