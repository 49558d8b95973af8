// What else the machine did while a part was measured, and what a process used. Reads /proc; elsewhere the answers are null.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
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
export function cpuOf(pid: number | 'self'): { readonly own: number; readonly children: number } | null {
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

/** Busy milliseconds of all cores since boot. */
function busyMs(): number | null {
  const line = read('/proc/stat')?.split('\n')[0]
  if (line === undefined) return null
  const [user = 0, nice = 0, system = 0, , , irq = 0, soft = 0, steal = 0] = line.trim().split(/\s+/).slice(1).map(Number)
  return (user + nice + system + irq + soft + steal) * TICK_MS
}

export interface Watch {
  /** Tells it of a process whose use is ours. Those it waits for to end are counted by themselves. */
  add(pid: number): void
  /** Cores that others kept busy since the start, on average; null: unknown here. */
  foreignCores(): number | null
}

/** Starts watching what others do. A process that was added must be alive when the answer is asked, or have been waited for. */
export function watchOthers(): Watch {
  const from = performance.now()
  const busy = busyMs()
  const self = cpuOf('self')
  const added = new Map<number, number>()
  return {
    add: (pid) => void added.set(pid, cpuOf(pid)?.own ?? 0),
    foreignCores() {
      const [busyNow, selfNow] = [busyMs(), cpuOf('self')]
      if (busy === null || busyNow === null || self === null || selfNow === null) return null
      let ours = selfNow.own - self.own + (selfNow.children - self.children)
      for (const [pid, before] of added) {
        const now = cpuOf(pid)
        if (now !== null) ours += now.own - before
      }
      return Math.max(0, (busyNow - busy - ours) / (performance.now() - from))
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
