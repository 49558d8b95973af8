// What a part hands to the report: cells with both sides' samples, growth over sizes, and plain notes.

import type { Point } from './stats.ts'

export interface Cell {
  readonly name: string
  readonly unit: 'ms' | 'µs' | 'MB' | 'bytes' | 'tokens' | '/s' | '%' | 'count'
  readonly ours: readonly number[]
  /** The bare Node program on the same work. */
  readonly floor?: readonly number[]
  /** Both sides did the same work; when not, why. */
  readonly unequal?: string
  /** `more`: a larger figure is better. */
  readonly better?: 'less' | 'more'
  /** What is demanded: an own figure, a ratio to the floor, or both. */
  readonly target?: { readonly value?: number; readonly ratio?: number }
  /** A count that a busy machine does not change. */
  readonly steady?: boolean
}

export interface Growth {
  readonly name: string
  readonly unit: Cell['unit']
  /** What grows. */
  readonly over: string
  readonly points: readonly Point[]
  readonly beside?: { readonly name: string; readonly points: readonly Point[] }
}

export interface PartResult {
  readonly cells: readonly Cell[]
  readonly growth?: readonly Growth[]
  readonly notes?: readonly string[]
}

export interface PartContext {
  readonly quick: boolean
  /** An empty folder of this part's own. */
  readonly folder: string
  /** Processes of ours that live on, so that their use is not taken for others'. */
  own(pid: number): void
}

export interface Part {
  readonly name: string
  readonly about: string
  run(context: PartContext): Promise<PartResult>
}

/** How often to repeat: few in a quick run. */
export const rounds = (context: PartContext, quick: number, full: number): number => (context.quick ? quick : full)
