// Two lists of rules → what was added, removed and moved. Rules are told apart by content, so that one put in the middle
// moves nobody: only those that changed order among the ones that stayed count as moved.

import type { Change } from './change.ts'
import { CONDITIONS, conditionTerms } from './conditions.ts'
import type { RulePlan } from './plan.ts'
import { byRank } from './scan.ts'

/** A rule in words, for people and for telling rules apart. */
function ruleName(rule: RulePlan): string {
  const terms = conditionTerms(rule)
  const not = rule.not === undefined ? '' : `not(${conditionTerms(rule.not)})`
  return `${[terms, not].filter(Boolean).join(' ') || 'any'} → ${rule.agentId}`
}

/** What a rule says, without where it stands and how it ranks. */
const contentOf = (rule: RulePlan): string =>
  JSON.stringify([rule.agentId, ...CONDITIONS.map((name) => rule[name] ?? null), rule.not ?? null])

/** Positions of a longest increasing run of numbers: those that kept their order. */
function inOrder(numbers: readonly number[]): ReadonlySet<number> {
  const ends: number[] = []
  const previous: number[] = []
  numbers.forEach((number, at) => {
    let low = 0
    for (let high = ends.length; low < high; ) {
      const middle = (low + high) >> 1
      if ((numbers[ends[middle] ?? 0] ?? 0) < number) low = middle + 1
      else high = middle
    }
    previous[at] = low === 0 ? -1 : (ends[low - 1] ?? -1)
    ends[low] = at
  })
  const kept = new Set<number>()
  for (let at = ends[ends.length - 1] ?? -1; at >= 0; at = previous[at] ?? -1) kept.add(at)
  return kept
}

/** One rule that came, went or ranks otherwise; of one that went, as it was. */
export interface RuleEdit {
  readonly action: Change['action']
  readonly rule: RulePlan
  readonly fields: readonly string[]
}

export function ruleEdits(before: readonly RulePlan[], after: readonly RulePlan[]): readonly RuleEdit[] {
  // What both lists begin and end with is the same rules in the same order: most of the file, after most edits.
  let start = 0
  while (start < before.length && start < after.length && before[start]?.fingerprint === after[start]?.fingerprint) start++
  let tail = 0
  const most = Math.min(before.length, after.length) - start
  while (tail < most && before[before.length - 1 - tail]?.fingerprint === after[after.length - 1 - tail]?.fingerprint) tail++
  const old = byRank(before.slice(start, before.length - tail))
  const fresh = byRank(after.slice(start, after.length - tail))

  const waiting = new Map<string, number[]>()
  old.forEach((rule, at) => {
    const key = contentOf(rule)
    const list = waiting.get(key)
    if (list === undefined) waiting.set(key, [at])
    else list.push(at)
  })
  const pairs: { readonly from: number; readonly rule: RulePlan }[] = []
  const edits: RuleEdit[] = []
  for (const rule of fresh) {
    const from = waiting.get(contentOf(rule))?.shift()
    if (from === undefined) edits.push({ action: 'add', rule, fields: [] })
    else pairs.push({ from, rule })
  }
  const kept = inOrder(pairs.map(({ from }) => from))
  pairs.forEach(({ from, rule }, at) => {
    const fields = old[from]?.priority === rule.priority ? (kept.has(at) ? [] : ['rank']) : ['priority', 'rank']
    if (fields.length > 0) edits.push({ action: 'change', rule, fields })
  })
  for (const at of [...waiting.values()].flat()) {
    const rule = old[at]
    if (rule !== undefined) edits.push({ action: 'remove', rule, fields: [] })
  }
  return edits.sort((a, b) => a.rule.place.line - b.rule.place.line)
}

export const diffRules = (before: readonly RulePlan[], after: readonly RulePlan[]): readonly Change[] =>
  ruleEdits(before, after).map(({ action, rule, fields }) => {
    const { file, line } = rule.place
    return { action, kind: 'rule', id: ruleName(rule), fields, file, line }
  })
