// The plain scan: what routing means, with no index. Tests hold the router equal to it; `route` explains with it.

import type { RouteInput, RulePlan } from './plan.ts'
import { hasPrefix, type Patterns } from './text-match.ts'

/** The conditions of a rule, in the order in which they are looked at. */
export const FIELDS = ['channelId', 'userId', 'groupId', 'threadId'] as const
export type Field = (typeof FIELDS)[number]

/** Rules by rank: higher priority first, then file order. */
export const byRank = (rules: readonly RulePlan[]): readonly RulePlan[] =>
  [...rules].sort((a, b) => b.priority - a.priority || a.index - b.index)

/** The condition of `rule` that the message does not meet; null: it matches. */
export function failing(rule: RulePlan, input: RouteInput, patterns: Patterns): Field | 'prefix' | 'pattern' | null {
  for (const field of FIELDS) {
    const wanted = rule[field]
    if (wanted === undefined) continue
    const given = input[field]
    if (given === undefined || !wanted.includes(given)) return field
  }
  if (rule.prefix !== undefined && !hasPrefix(input.content, rule.prefix)) return 'prefix'
  if (rule.pattern !== undefined && !patterns.compile(rule.pattern)(input.content)) return 'pattern'
  return null
}

/** The winning rule by looking at each in turn; null: none. `ranked` comes from `byRank`. */
export const scan = (ranked: readonly RulePlan[], input: RouteInput, patterns: Patterns): RulePlan | null =>
  ranked.find((rule) => failing(rule, input, patterns) === null) ?? null
