// Makes attempts by grammar, family after family, and tries each. What falls is kept, so that it can become a case.

import { Random } from './random.ts'

/** One way to attack. `make` writes an attempt by its grammar, `attempt` tries it: a sentence says what fell, undefined: it held. */
export interface Family<Attempt = unknown> {
  readonly name: string
  make(random: Random): Attempt | Promise<Attempt>
  attempt(made: Attempt): Promise<Outcome>
  /** What of an attempt is written to a case file. */
  show(made: Attempt): Readonly<Record<string, unknown>>
  /** Ends what it started. */
  close?(): Promise<void>
}

export interface Outcome {
  /** What fell; undefined: nothing. */
  readonly fell: string | undefined
  /** How it was decided, to count by. */
  readonly decided: string
}

export interface Fall {
  readonly family: string
  readonly seed: number
  /** The attempt's number within the run. */
  readonly index: number
  readonly what: string
  readonly attempt: Readonly<Record<string, unknown>>
}

export interface RunResult {
  readonly attempts: number
  readonly falls: readonly Fall[]
  /** Attempts by family and decision. */
  readonly counts: Readonly<Record<string, Readonly<Record<string, number>>>>
}

export interface RunOptions {
  readonly seed: number
  /** Whether another attempt is made; asked before each. */
  readonly goesOn: (made: number) => boolean
  readonly onFall?: (fall: Fall) => void
}

/** Families take turns; each attempt has a seed of its own, so that it can be made again alone. */
export async function runFamilies(families: readonly Family[], { seed, goesOn, onFall }: RunOptions): Promise<RunResult> {
  const falls: Fall[] = []
  const counts: Record<string, Record<string, number>> = {}
  let index = 0
  for (; goesOn(index); index++) {
    const family = families[index % families.length] as Family
    const own = attemptSeed(seed, index)
    const made = await family.make(new Random(own))
    const { fell, decided } = await family.attempt(made)
    counts[family.name] ??= {}
    const counted = counts[family.name] as Record<string, number>
    counted[decided] = (counted[decided] ?? 0) + 1
    if (fell === undefined) continue
    const fall = { family: family.name, seed, index, what: fell, attempt: family.show(made) }
    falls.push(fall)
    onFall?.(fall)
  }
  return { attempts: index, falls, counts }
}

export const attemptSeed = (seed: number, index: number): number =>
  (Math.imul(seed, 2654435761) + Math.imul(index + 1, 40503)) | 0
