// What stands in a folder, kept until the folder changes. A path comes in, its entries leave; reading is bounded.

import { type BigIntStats, type Dirent, opendirSync, statSync } from 'node:fs'
import { isProtectedName } from './protected.ts'

export interface Entry {
  readonly name: string
  readonly link: boolean
  readonly folder: boolean
  /** No link, no protected name, and nothing but letters with ink in it. */
  readonly ordinary: boolean
}

interface Listing {
  readonly entries: readonly Entry[]
  readonly state: string
  /** Whether the folder had been left alone for a while when it was read: a change in the same tick of its clock does not show. */
  readonly settled: boolean
}

/** A folder with more names is not looked through. */
const MOST_NAMES = 20_000
const MOST_FOLDERS_KEPT = 64
const TICK_MS = 100

const kept = new Map<string, Listing>()

const stateOf = (info: BigIntStats): string => `${info.dev}:${info.ino}:${info.ctimeNs}:${info.mtimeNs}`

/** The entries of a folder; none where there is none that can be read; undefined where there are too many. */
export function entriesOf(folder: string): readonly Entry[] | undefined {
  const info = statOf(folder)
  if (info?.isDirectory() !== true) return []
  const state = stateOf(info)
  const known = kept.get(folder)
  if (known?.settled === true && known.state === state) return known.entries
  const settled = Date.now() - Number(info.ctimeNs / 1_000_000n) > TICK_MS
  const entries = read(folder)
  if (entries === undefined) return undefined
  kept.delete(folder)
  if (kept.size >= MOST_FOLDERS_KEPT) kept.delete(kept.keys().next().value as string)
  kept.set(folder, { entries, state, settled })
  return entries
}

function statOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

function read(folder: string): readonly Entry[] | undefined {
  let open: ReturnType<typeof opendirSync>
  try {
    open = opendirSync(folder, { bufferSize: 512 })
  } catch {
    return []
  }
  try {
    const entries: Entry[] = []
    for (let entry: Dirent | null = open.readSync(); entry !== null; entry = open.readSync()) {
      if (entries.length >= MOST_NAMES) return undefined
      const { name } = entry
      const link = entry.isSymbolicLink()
      const ordinary = !link && /^[\w.+@=, -]+$/.test(name) && name !== '.git' && !isProtectedName(name)
      entries.push({ name, link, folder: entry.isDirectory(), ordinary })
    }
    return entries
  } finally {
    open.closeSync()
  }
}
