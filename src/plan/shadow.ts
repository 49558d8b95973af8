// Enters: rules. Leaves: those that can never win, each with the rules of higher rank that take all its messages.
// A rule is covered when for each combination of ids it names, some higher rule takes every text it would take.

import { atOnce, type Sliced } from '../slices.ts'
import { coversExtras, FIELDS, type Field } from './conditions.ts'
import { createFieldIndex, type FieldIndex, indexFields, type Ranked } from './field-index.ts'
import { indexLiterals } from './literal-index.ts'
import { analysePlain, fold, type PatternAnalysis } from './plain-pattern.ts'
import type { RouteInput, RulePlan } from './plan.ts'
import { byRank } from './scan.ts'
import { hasPrefix, prefixText } from './text-match.ts'

type Plain = NonNullable<PatternAnalysis['plain']>

type TextConditions = Pick<RulePlan, 'prefix' | 'pattern'>

/** Patterns that match every text. */
const ANYTHING = new Set(['.*', '^.*', '.*?', '^', '$', '(?:)', '[^]*', '^[^]*$', '[\\s\\S]*', '^[\\s\\S]*$', '(?i).*'])

/** Combinations of ids looked at one by one; a rule with more has to be covered by one rule as a whole. */
const MAX_COMBINATIONS = 256

const plainOf = (pattern: string | undefined): Plain | null =>
  pattern === undefined ? null : (analysePlain(pattern)?.plain ?? null)

/** Texts known to stand in whatever `rule` matches, each with what is known of its place. */
function known(rule: TextConditions): readonly Plain[] {
  const texts: Plain[] = []
  if (rule.prefix !== undefined) texts.push({ text: prefixText(rule.prefix), start: true, end: false })
  const plain = plainOf(rule.pattern)
  if (plain !== null) texts.push(plain)
  return texts
}

/** Whether every text with `known` in it matches the plain pattern `wanted`. */
function gives(known: Plain, wanted: Plain): boolean {
  if (wanted.start && wanted.end) return known.start && known.end && known.text === wanted.text
  if (wanted.start) return known.start && known.text.startsWith(wanted.text)
  if (wanted.end) return known.end && known.text.endsWith(wanted.text)
  return known.text.includes(wanted.text)
}

/** Whether every text `rule` takes begins with `prefix` as a word of its own. */
function givesPrefix(rule: TextConditions, prefix: string): boolean {
  if (rule.prefix !== undefined && hasPrefix(prefixText(rule.prefix), prefix)) return true
  const plain = plainOf(rule.pattern)
  if (plain === null || !plain.start || !hasPrefix(plain.text, prefix)) return false
  // `^/x` also matches `/xy`: the word has to end inside the pattern, or the text with it.
  return plain.end || plain.text.length > prefixText(prefix).length
}

/** Whether every text that `rule` takes is also taken by `other`. */
export function coversText(other: TextConditions, rule: TextConditions): boolean {
  if (other.prefix !== undefined && !givesPrefix(rule, other.prefix)) return false
  if (other.pattern === undefined || other.pattern === rule.pattern || ANYTHING.has(other.pattern)) return true
  const wanted = plainOf(other.pattern)
  return wanted !== null && known(rule).some((text) => gives(text, wanted))
}

/** Whether `other` names all the ids that `rule` does, field by field. */
const coversFields = (other: RulePlan, rule: RulePlan): boolean =>
  FIELDS.every((field) => other[field] === undefined || (rule[field]?.every((id) => other[field]?.includes(id)) ?? false))

type Ids = { readonly [K in Field]?: string }

/** The rule for one combination of the ids it names. */
const narrowed = (rule: RulePlan, ids: Ids): RulePlan => ({
  ...rule,
  ...Object.fromEntries(Object.entries(ids).map(([field, id]) => [field, [id]])),
})

function combinations(rule: RulePlan): readonly Ids[] {
  let all: Ids[] = [{}]
  for (const field of FIELDS) {
    const ids = rule[field]
    if (ids === undefined) continue
    all = all.flatMap((one) => ids.map((id) => ({ [field]: id, ...one })))
    if (all.length > MAX_COMBINATIONS) return []
  }
  return all
}

/** The beginnings of a text that end before a blank or at its end: the prefixes it could have. */
function heads(text: string): readonly string[] {
  const found: string[] = [text]
  for (const match of text.matchAll(/\s/g)) found.push(text.slice(0, match.index))
  return found
}

/** Rules that could cover another, found by what their text conditions share. */
function* createCandidates(ranked: readonly Ranked[]): Sliced<(rule: RulePlan) => readonly FieldIndex[]> {
  const open: Ranked[] = []
  const byPrefix = new Map<string, Ranked[]>()
  const byPattern = new Map<string, Ranked[]>()
  for (const item of ranked) {
    yield
    const { prefix, pattern } = item.rule
    const anything = pattern === undefined || ANYTHING.has(pattern)
    if (prefix === undefined && anything) open.push(item)
    else {
      const [map, key] = prefix !== undefined ? [byPrefix, prefixText(prefix)] : [byPattern, pattern ?? '']
      const list = map.get(key)
      if (list === undefined) map.set(key, [item])
      else list.push(item)
    }
  }
  // The others are small, and made when one asks for them.
  const indexes = new Map<readonly Ranked[], FieldIndex>([[open, yield* indexFields(open)]])
  const indexOf = (items: readonly Ranked[]): FieldIndex => {
    const index = indexes.get(items) ?? createFieldIndex(items)
    indexes.set(items, index)
    return index
  }
  const plain = [...byPattern.keys()].filter((pattern) => plainOf(pattern) !== null)
  const literals = yield* indexLiterals(plain.map((pattern) => fold(plainOf(pattern)?.text ?? '')))
  return (rule) => {
    const found = new Set<readonly Ranked[]>([open])
    const add = (items: readonly Ranked[] | undefined): void => void (items !== undefined && found.add(items))
    if (rule.pattern !== undefined) add(byPattern.get(rule.pattern))
    for (const { text, start } of known(rule)) {
      if (start) for (const head of heads(text)) add(byPrefix.get(head))
      literals.search(text, (number) => add(byPattern.get(plain[number] ?? '')))
    }
    return [...found].map(indexOf)
  }
}

export interface Shadowed {
  readonly rule: RulePlan
  /** The rules that take its messages, best rank first. */
  readonly by: readonly RulePlan[]
}

/** Rules that can never win, in file order. */
export const shadowedRules = (rules: readonly RulePlan[]): readonly Shadowed[] => atOnce(findShadowed(rules))

export function* findShadowed(rules: readonly RulePlan[]): Sliced<readonly Shadowed[]> {
  const ranked = byRank(rules).map((rule, rank) => ({ rank, rule }))
  const candidatesFor = yield* createCandidates(ranked)
  const shadowed: Shadowed[] = []
  for (const { rank, rule } of ranked) {
    yield
    const candidates = candidatesFor(rule)
    const takes = (ids: Ids, whole: boolean): Ranked | null => {
      const input = { content: '', ...ids } as RouteInput
      let best = null as Ranked | null
      for (const index of candidates) {
        const accept = (other: Ranked): boolean =>
          coversText(other.rule, rule) &&
          (!whole || coversFields(other.rule, rule)) &&
          coversExtras(other.rule, narrowed(rule, ids))
        best = index.find(input, best?.rank ?? rank, accept) ?? best
      }
      return best
    }
    const each = combinations(rule)
    const found =
      each.length > 0
        ? each.map((ids) => takes(ids, false))
        : [takes(Object.fromEntries(FIELDS.flatMap((field) => (rule[field] ? [[field, rule[field][0]]] : []))), true)]
    if (found.some((one) => one === null)) continue
    const by = [...new Set(found as Ranked[])].sort((a, b) => a.rank - b.rank).map((one) => one.rule)
    shadowed.push({ rule, by: [...new Set(by)] })
  }
  return shadowed.sort((a, b) => a.rule.index - b.rule.index)
}
