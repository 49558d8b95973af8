// Whether a call fails now: by the seed in CLAW_FAULTS, while the file it names is there.

import { existsSync } from 'node:fs'
import { FAULTS, type FaultKind } from './faults.ts'

interface Setting {
  readonly kind: FaultKind
  readonly seed: number
  /** The share of calls that fail. */
  readonly rate: number
  /** Faults happen while this file exists. */
  readonly whileFile: string
  readonly folder: string
}

const setting = JSON.parse(process.env['CLAW_FAULTS'] ?? '{}') as Setting
const { seed, rate, whileFile } = setting
export const { kind, folder } = setting
export const { code, sqlite, calls } = FAULTS[kind]

let state = seed
/** Mulberry32. */
export function random(): number {
  state = (state + 0x6d2b79f5) | 0
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
}

export const strikes = (): boolean => existsSync(whileFile) && random() < rate
