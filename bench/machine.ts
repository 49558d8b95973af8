// What else the machine did while a part was measured, and what a process used. Reads /proc; elsewhere the answers are null.

import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'

const TICK_MS = 10

export interface Machine {
  readonly node: string
  readonly cores: number
  readonly cpu: string
  readonly memoryGb: number
  readonly load: readonly number[]
  readonly system: string
}

export const machine = (): Machine => ({
  node: process.version,
  cores: cpus().length,
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  memoryGb: Math.round(totalmem() / 2 ** 30),
  load: loadavg().map((one) => Math.round(one * 100) / 100),
  system: `${process.platform} ${process.arch}`,
})

const read = (path: string): string | null => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

/** CPU milliseconds a live process used so far, its threads included; waited-for children apart. */
export function cpuOf(pid: number): { readonly own: number; readonly children: number } | null {
  const text = read(`/proc/${pid}/stat`)
  if (text === null) return null
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const ticks = (from: number): number => (Number(fields[from]) + Number(fields[from + 1])) * TICK_MS
  return { own: ticks(11), children: ticks(13) }
}

export function residentMb(pid: number): number {
  const kb = /VmRSS:\s+(\d+)/.exec(read(`/proc/${pid}/status`) ?? '')?.[1]
  return kb === undefined ? Number.NaN : Number(kb) / 1024
}

/** Bytes and calls a process wrote so far, to files and sockets alike. */
export function writesOf(pid: number): { readonly bytes: number; readonly calls: number } | null {
  const text = read(`/proc/${pid}/io`)
  if (text === null) return null
  const field = (name: string): number => Number(new RegExp(`^${name}: (\\d+)`, 'm').exec(text)?.[1])
  return { bytes: field('wchar'), calls: field('syscw') }
}

/** Milliseconds that the machine below took from this one since boot. */
function stolenMs(): number {
  const fields = read('/proc/stat')?.split('\n')[0]?.trim().split(/\s+/) ?? []
  return Number(fields[8] ?? 0) * TICK_MS
}

/**
 * CPU milliseconds of all processes but ours, with those of children they waited for; null: unknown here. Counted process by
 * process: the system's own sums are sampled, and miss much of what runs in short bursts.
 */
function foreignMs(ours: ReadonlySet<number>): number | null {
  let names: string[]
  try {
    names = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  } catch {
    return null
  }
  if (names.length === 0) return null
  let sum = stolenMs()
  for (const name of names) {
    const used = ours.has(Number(name)) ? null : cpuOf(Number(name))
    if (used !== null) sum += used.own + used.children
  }
  return sum
}

export interface Watch {
  /** Tells it of a process of ours. */
  add(pid: number): void
  /** Cores that others kept busy since the start, on average; null: unknown here. */
  foreignCores(): number | null
}

/** Starts watching what others do. */
export function watchOthers(): Watch {
  const from = performance.now()
  const ours = new Set([process.pid])
  const before = foreignMs(ours)
  return {
    add: (pid) => void ours.add(pid),
    foreignCores() {
      const now = foreignMs(ours)
      return before === null || now === null ? null : Math.max(0, (now - before) / (performance.now() - from))
    },
  }
}

/** The commit that is measured, for the report. */
export function commit(folder: string): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return 'unknown'
  }
}
