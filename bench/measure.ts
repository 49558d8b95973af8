// Samples in, medians and spreads out; and how busy the machine was with other things meanwhile.

import { readFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'

export interface Sample {
  readonly median: number
  readonly min: number
  readonly max: number
  readonly count: number
}

export function sample(values: readonly number[]): Sample {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const median = sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
  return { median, min: sorted[0] ?? 0, max: sorted.at(-1) ?? 0, count: sorted.length }
}

/** One figure, beside the floor's where there is one. */
export interface Row {
  readonly part: string
  readonly name: string
  readonly unit: string
  readonly ours: Sample
  readonly floor?: Sample
  /** What must be reached: of the ratio where there is a floor, else of the median. */
  readonly target?: { readonly kind: 'ratio' | 'most' | 'least'; readonly value: number }
  /** Why no ratio may be printed. */
  readonly doubt?: string
}

/** The ratio of medians; null without a floor or with a doubt. */
export const ratioOf = ({ ours, floor, doubt }: Row): number | null =>
  floor === undefined || doubt !== undefined || floor.median === 0 ? null : ours.median / floor.median

export function reached(row: Row): boolean | null {
  if (row.target === undefined) return null
  const { kind, value } = row.target
  if (kind === 'ratio') {
    const ratio = ratioOf(row)
    return ratio === null ? null : ratio <= value
  }
  return kind === 'most' ? row.ours.median <= value : row.ours.median >= value
}

/** Resident memory of a process, MiB. */
export function residentMiB(pid: number): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(line?.[1] ?? 0) / 1024
}

/** CPU time of a process so far, ms. */
export function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

export const machine = (): string =>
  `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}, load ${loadavg()[0]?.toFixed(2)}`

/** Busy cores, all of the machine, since the mark. */
export function busyMark(): () => number {
  const read = (): { busy: number; at: number } => {
    const fields = readFileSync('/proc/stat', 'utf8').split('\n')[0]?.trim().split(/\s+/).slice(1).map(Number) ?? []
    const idle = (fields[3] ?? 0) + (fields[4] ?? 0)
    return { busy: fields.reduce((sum, value) => sum + value, 0) - idle, at: performance.now() }
  }
  const start = read()
  return () => {
    const end = read()
    return ((end.busy - start.busy) * 10) / Math.max(1, end.at - start.at)
  }
}
