// The plain scan: what routing means, with no index. Tests hold the router equal to it; `route` explains with it.

import { CONDITIONS, type Condition, isExcepted, meetsCondition } from './conditions.ts'
import type { RouteInput, RulePlan } from './plan.ts'
import type { Patterns } from './text-match.ts'

/** Rules by rank: higher priority first, then file order. */
export const byRank = (rules: readonly RulePlan[]): readonly RulePlan[] =>
  [...rules].sort((a, b) => b.priority - a.priority || a.index - b.index)

/** The condition of `rule` that the message does not meet; null: it matches. */
export function failing(rule: RulePlan, input: RouteInput, patterns: Patterns): Condition | 'not' | null {
  const lost = CONDITIONS.find((name) => !meetsCondition(name, rule, input, patterns))
  if (lost !== undefined) return lost
  return rule.not !== undefined && isExcepted(rule.not, input, patterns) ? 'not' : null
}

/** The winning rule by looking at each in turn; null: none. `ranked` comes from `byRank`. */
export const scan = (ranked: readonly RulePlan[], input: RouteInput, patterns: Patterns): RulePlan | null =>
  ranked.find((rule) => failing(rule, input, patterns) === null) ?? null
