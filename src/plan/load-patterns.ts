// Enters: the patterns of a Plan. Leaves: what runs them. The parser of regular expressions loads only where one needs it.

import type { Plan } from './plan.ts'
import { analysePlain, type Patterns, plainPatterns } from './text-match.ts'

/** Patterns able to handle all of `sources`. */
export async function loadPatterns(sources: Iterable<string>): Promise<Patterns> {
  const rest = [...new Set(sources)].filter((source) => analysePlain(source) === null)
  if (rest.length === 0) return plainPatterns
  return (await import('./pattern.ts')).createPatterns(rest)
}

/** The patterns of all rules of a Plan. */
export const patternsOf = (plan: Pick<Plan, 'rules'>): Promise<Patterns> =>
  loadPatterns(plan.rules.flatMap((rule) => (rule.pattern === undefined ? [] : [rule.pattern])))
