// Enters: a Plan. Leaves: an index that gives the same winner as the plain scan, at the speed of a few hash look-ups.
// Rules without a text condition first; the text is looked at only where a rule about it could still win.

import { atOnce, inSlices, type Sliced } from '../slices.ts'
import type { Router } from './admission.ts'
import { hasExtras, meetsExtras } from './conditions.ts'
import { createFieldIndex, type FieldIndex, indexFields, type Ranked } from './field-index.ts'
import { indexLiterals, type LiteralIndex } from './literal-index.ts'
import { plainPatterns } from './plain-pattern.ts'
import type { Plan, RouteInput, RulePlan } from './plan.ts'
import { byRank } from './scan.ts'
import { hasPrefix, type Patterns, type PatternTest, patternsOf, prefixText } from './text-match.ts'

export interface IndexedRouter extends Router {
  readonly patterns: Patterns
}

const NONE = Number.POSITIVE_INFINITY
const anyRule = (): boolean => true

/** Rules with a prefix: looked up by the beginnings of the text that end before a blank. */
interface PrefixIndex {
  readonly best: number
  readonly lengths: readonly number[]
  readonly byPrefix: ReadonlyMap<string, FieldIndex>
}

/** Rules with a pattern: by the literals that must stand in the text, and the few without any. */
interface PatternIndex {
  readonly best: number
  readonly literals: LiteralIndex
  readonly byLiteral: readonly FieldIndex[]
  readonly rest: FieldIndex
}

function add<K>(groups: Map<K, Ranked[]>, key: K, item: Ranked): void {
  const list = groups.get(key)
  if (list === undefined) groups.set(key, [item])
  else list.push(item)
}

/** Builds a part's index when it is first needed: most texts contain few of the literals. */
function lazily(ranked: readonly Ranked[]): FieldIndex {
  let index: FieldIndex | undefined
  return {
    best: ranked[0]?.rank ?? NONE,
    find(input, bound, accept) {
      index ??= createFieldIndex(ranked)
      return index.find(input, bound, accept)
    },
  }
}

function* indexPrefixes(ranked: readonly Ranked[]): Sliced<PrefixIndex> {
  const groups = new Map<string, Ranked[]>()
  for (const item of ranked) {
    yield
    add(groups, prefixText(item.rule.prefix ?? ''), item)
  }
  return {
    best: ranked[0]?.rank ?? NONE,
    lengths: [...new Set([...groups.keys()].map((prefix) => prefix.length))].sort((a, b) => a - b),
    byPrefix: new Map([...groups].map(([prefix, items]) => [prefix, lazily(items)])),
  }
}

function* indexPatterns(ranked: readonly Ranked[], patterns: Patterns): Sliced<PatternIndex> {
  const groups = new Map<string, Ranked[]>()
  const rest: Ranked[] = []
  for (const item of ranked) {
    yield
    const { literals } = patterns.analyse(item.rule.pattern ?? '')
    if (literals.length === 0) rest.push(item)
    for (const literal of literals) add(groups, literal, item)
  }
  return {
    best: ranked[0]?.rank ?? NONE,
    literals: yield* indexLiterals([...groups.keys()]),
    byLiteral: [...groups.values()].map(lazily),
    rest: yield* indexFields(rest),
  }
}

/** The index at once. `patterns` come from `loadPatterns`; without them only plain patterns may occur. */
export const indexRules = (plan: Pick<Plan, 'rules'>, patterns: Patterns = plainPatterns): IndexedRouter =>
  atOnce(indexed(plan, patterns))

function* indexed(plan: Pick<Plan, 'rules'>, patterns: Patterns): Sliced<IndexedRouter> {
  const ranked = byRank(plan.rules).map((rule, rank): Ranked => ({ rank, rule }))
  const ids = yield* indexFields(ranked.filter(({ rule }) => rule.prefix === undefined && rule.pattern === undefined))
  const prefixes = yield* indexPrefixes(ranked.filter(({ rule }) => rule.prefix !== undefined))
  const patterned = ranked.filter(({ rule }) => rule.prefix === undefined && rule.pattern !== undefined)
  const byPattern = yield* indexPatterns(patterned, patterns)
  const textBest = Math.min(prefixes.best, byPattern.best)
  /** Compiled patterns by rank, each when it is first tried. */
  const tests: (PatternTest | undefined)[] = new Array(ranked.length)
  const extras: readonly boolean[] = ranked.map(({ rule }) => hasExtras(rule))
  const noExtras = !extras.includes(true)

  function matchText(input: RouteInput, bound: number): Ranked | null {
    const text = input.content
    let winner: Ranked | null = null
    let limit = bound
    const take = (found: Ranked | null): void => {
      if (found === null) return
      winner = found
      limit = found.rank
    }
    const matches = ({ rank, rule }: Ranked): boolean => {
      if (extras[rank] === true && !meetsExtras(rule, input, patterns)) return false
      if (rule.pattern === undefined) return true
      let test = tests[rank]
      if (test === undefined) {
        test = patterns.compile(rule.pattern)
        tests[rank] = test
      }
      return test(text)
    }

    if (prefixes.best < limit) {
      for (const length of prefixes.lengths) {
        if (length > text.length) break
        const head = text.slice(0, length)
        const index = prefixes.byPrefix.get(head)
        if (index !== undefined && index.best < limit && hasPrefix(text, head)) take(index.find(input, limit, matches))
      }
    }
    if (byPattern.best < limit) {
      const { literals, byLiteral, rest } = byPattern
      literals.search(text, (literal) => {
        const index = byLiteral[literal]
        if (index !== undefined && index.best < limit) take(index.find(input, limit, matches))
      })
      if (rest.best < limit) take(rest.find(input, limit, matches))
    }
    return winner
  }

  return {
    patterns,
    match(input): RulePlan | null {
      const accept = noExtras ? anyRule : ({ rank, rule }: Ranked) => extras[rank] !== true || meetsExtras(rule, input, patterns)
      const byId = ids.best === NONE ? null : ids.find(input, NONE, accept)
      const bound = byId?.rank ?? NONE
      return ((textBest < bound ? matchText(input, bound) : null) ?? byId)?.rule ?? null
    },
  }
}

/** An index over the rules of a Plan, with what its patterns need loaded: made before a message waits, and in slices. */
export const createRouter = async (plan: Pick<Plan, 'rules'>): Promise<IndexedRouter> =>
  await inSlices(indexed(plan, await patternsOf(plan)))
