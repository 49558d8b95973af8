// How a rule reads a text: the prefix and what is left without it, and the door to the pattern language.

import { analysePlain, type Patterns, plainPatterns } from './plain-pattern.ts'
import type { Plan } from './plan.ts'

export type { PatternAnalysis, Patterns, PatternTest } from './plain-pattern.ts'

const BLANK = /\s/

/** The prefix as it is compared: blanks at its end are what follows it anyway. */
export const prefixText = (prefix: string): string => prefix.trimEnd() || prefix

/** Whether the text starts with the prefix, followed by a blank or the end. */
export function hasPrefix(text: string, prefix: string): boolean {
  const head = prefixText(prefix)
  return text.startsWith(head) && (text.length === head.length || BLANK.test(text.charAt(head.length)))
}

/** The text as the agent sees it: without the prefix and the blanks after it. */
export const cutPrefix = (text: string, prefix: string): string => text.slice(prefixText(prefix).length).trimStart()

/** Patterns able to handle all of `sources`; the parser of regular expressions loads only where one needs it. */
export async function loadPatterns(sources: Iterable<string>): Promise<Patterns> {
  const rest = [...new Set(sources)].filter((source) => analysePlain(source) === null)
  if (rest.length === 0) return plainPatterns
  return (await import('./pattern.ts')).createPatterns(rest)
}

/** The patterns of all rules of a Plan. */
export const patternsOf = (plan: Pick<Plan, 'rules'>): Promise<Patterns> =>
  loadPatterns(plan.rules.flatMap(({ pattern, not }) => [pattern, not?.pattern].filter((one) => one !== undefined)))
