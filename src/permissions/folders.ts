// What stands in a folder, kept until the folder changes. A path comes in, its listing leaves; reading is bounded.

import { type BigIntStats, type Dirent, opendirSync, statSync } from 'node:fs'
import { isProtectedName } from './protected.ts'

export interface Entry {
  readonly name: string
  readonly link: boolean
  readonly folder: boolean
  /** No link, no protected name, and nothing but letters with ink in it. */
  readonly ordinary: boolean
  /** The folder it was listed in, as it was asked for. */
  readonly within: string
}

export interface Listing {
  /** In the order of a C.UTF-8 locale. */
  readonly entries: readonly Entry[]
  /** Every name is UTF-8. */
  readonly readable: boolean
  /** What patterns met, for who looks them up. */
  readonly met: Map<string, readonly Entry[]>
}

interface Kept {
  readonly listing: Listing
  readonly state: string
  /** Whether the folder had been left alone for a while when it was read: a change in the same tick of its clock does not show. */
  readonly settled: boolean
}

/** A folder with more names is not looked through. */
const MOST_NAMES = 20_000
const MOST_FOLDERS_KEPT = 64
const TICK_MS = 100
const EMPTY: Listing = { entries: [], readable: true, met: new Map() }

const kept = new Map<string, Kept>()

const stateOf = (info: BigIntStats): string => `${info.dev}:${info.ino}:${info.ctimeNs}:${info.mtimeNs}`

/** What stands in a folder; nothing where there is none that can be read; undefined where it is too much. */
export function listingOf(folder: string): Listing | undefined {
  const info = statOf(folder)
  if (info?.isDirectory() !== true) return EMPTY
  const state = stateOf(info)
  const known = kept.get(folder)
  if (known?.settled === true && known.state === state) return known.listing
  const settled = Date.now() - Number(info.ctimeNs / 1_000_000n) > TICK_MS
  const entries = read(folder)
  if (entries === undefined) return undefined
  const listing = { entries, readable: !entries.some((entry) => entry.name.includes('\ufffd')), met: new Map() }
  kept.delete(folder)
  if (kept.size >= MOST_FOLDERS_KEPT) kept.delete(kept.keys().next().value as string)
  kept.set(folder, { listing, state, settled })
  return listing
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
      entries.push({ name, link, folder: entry.isDirectory(), ordinary, within: folder })
    }
    return entries.sort((a, b) => compareNames(a.name, b.name))
  } finally {
    open.closeSync()
  }
}

/** The order of a C.UTF-8 locale: by code points, which is that of the bytes. */
export function compareNames(a: string, b: string): number {
  if (a === b) return 0
  const least = Math.min(a.length, b.length)
  let at = 0
  while (at < least && a.charCodeAt(at) === b.charCodeAt(at)) at++
  if (at === least) return a.length - b.length
  const [one, other] = [a.charCodeAt(at), b.charCodeAt(at)]
  // A surrogate is half of a character beyond all that take one unit.
  const high = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit)
  return high(one) - high(other)
}
