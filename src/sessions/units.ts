// Entries in, what must stay together out: a message, or tool calls and their results; and where the recent ones begin.

import type { TranscriptEntry } from '../storage/ports.ts'
import { resultsIn } from './blocks.ts'

export type Unit = readonly TranscriptEntry[]

const isMessage = (entry: TranscriptEntry): boolean => entry.kind === undefined && entry.role !== 'system'

export function unitsOf(entries: readonly TranscriptEntry[]): readonly Unit[] {
  const units: TranscriptEntry[][] = []
  let open = 0
  for (const entry of entries.filter(isMessage)) {
    const results = entry.role === 'user' ? resultsIn(entry.content).length : 0
    const unit = units.at(-1)
    // Results belong to their calls, and so does whatever came in between.
    if (unit !== undefined && (results > 0 || open > 0) && !(entry.role === 'assistant' && entry.usage !== undefined)) {
      unit.push(entry)
      open = Math.max(0, open - results)
      continue
    }
    units.push([entry])
    open =
      entry.role === 'assistant' && typeof entry.content !== 'string'
        ? entry.content.filter((block) => block.type === 'tool_use').length
        : 0
  }
  return units
}

export interface Recent {
  /** As many messages as are kept word for word… */
  readonly keepRecent: number
  /** …and as many tokens at most; the last unit stays whatever it takes. */
  readonly maxTokens: number
  tokensOf(unit: Unit): number
}

/** Number of units before the recent ones; they begin with a user's word where one is near. */
export function cutBefore(units: readonly Unit[], { keepRecent, maxTokens, tokensOf }: Recent): number {
  let cut = units.length
  let tokens = 0
  for (let kept = 0; cut > 0 && kept < keepRecent; cut--) {
    const unit = units[cut - 1] ?? []
    tokens += tokensOf(unit)
    if (tokens > maxTokens && kept > 0) return startAfter(units, cut)
    kept += unit.length
  }
  const start = units.slice(0, cut + 1).findLastIndex(startsTurn)
  if (start <= 0 || cut - start > NEAR) return cut
  const more = units.slice(start, cut).reduce((sum, unit) => sum + tokensOf(unit), 0)
  return tokens + more > maxTokens ? cut : start
}

/** How many units more are kept so that the recent begin with a user's word. */
const NEAR = 6

const startsTurn = (unit: Unit): boolean => unit[0]?.role === 'user'

/** Fewer are kept rather than more; what was begun before the last user's word stays as it is. */
function startAfter(units: readonly Unit[], cut: number): number {
  const start = units.findIndex((unit, at) => at >= cut && startsTurn(unit))
  return start === -1 ? cut : start
}
