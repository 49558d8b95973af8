// Enters: a Plan. Leaves: an index that gives the same winner as the plain scan, at the speed of a few hash look-ups.
// Rules without a text condition first; the text is looked at only where a rule about it could still win.

import { inSlices } from '../slices.ts'
import { createFieldIndex, type FieldIndex, indexFields, type Ranked } from './field-index.ts'
import { createLiteralIndex, type LiteralIndex } from './literal-index.ts'
import { plainPatterns } from './plain-pattern.ts'
import type { Plan, RouteInput, RulePlan } from './plan.ts'
import type { Router } from './route.ts'
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

function group<K>(items: readonly (readonly [K, Ranked])[]): Map<K, Ranked[]> {
  const groups = new Map<K, Ranked[]>()
  for (const [key, item] of items) {
    const list = groups.get(key)
    if (list === undefined) groups.set(key, [item])
    else list.push(item)
  }
  return groups
}

/** Builds each part's index when it is first needed: most texts contain few of the literals. */
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

function indexPrefixes(ranked: readonly Ranked[]): PrefixIndex {
  const groups = group(ranked.map((item) => [prefixText(item.rule.prefix ?? ''), item] as const))
  return {
    best: ranked[0]?.rank ?? NONE,
    lengths: [...new Set([...groups.keys()].map((prefix) => prefix.length))].sort((a, b) => a - b),
    byPrefix: new Map([...groups].map(([prefix, items]) => [prefix, lazily(items)])),
  }
}

function indexPatterns(ranked: readonly Ranked[], patterns: Patterns): PatternIndex {
  const pairs: (readonly [string, Ranked])[] = []
  const rest: Ranked[] = []
  for (const item of ranked) {
    const { literals } = patterns.analyse(item.rule.pattern ?? '')
    if (literals.length === 0) rest.push(item)
    for (const literal of literals) pairs.push([literal, item])
  }
  const groups = [...group(pairs)]
  return {
    best: ranked[0]?.rank ?? NONE,
    literals: createLiteralIndex(groups.map(([literal]) => literal)),
    byLiteral: groups.map(([, items]) => lazily(items)),
    rest: lazily(rest),
  }
}

/** The index at once. `patterns` come from `loadPatterns`; without them only plain patterns may occur. */
export function indexRules(
  plan: Pick<Plan, 'rules'>,
  patterns: Patterns = plainPatterns,
  ids: FieldIndex = lazily(rankedOf(plan).filter(isByIds)),
): IndexedRouter {
  const ranked = rankedOf(plan)
  const prefixed = ranked.filter(({ rule }) => rule.prefix !== undefined)
  const patterned = ranked.filter(({ rule }) => rule.prefix === undefined && rule.pattern !== undefined)
  /** Compiled patterns by rank, each when it is first tried. */
  const tests: (PatternTest | undefined)[] = new Array(ranked.length)
  let prefixIndex: PrefixIndex | undefined
  let patternIndex: PatternIndex | undefined
  const textBest = Math.min(prefixed[0]?.rank ?? NONE, patterned[0]?.rank ?? NONE)

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
      if (rule.pattern === undefined) return true
      let test = tests[rank]
      if (test === undefined) {
        test = patterns.compile(rule.pattern)
        tests[rank] = test
      }
      return test(text)
    }

    if ((prefixed[0]?.rank ?? NONE) < limit) {
      prefixIndex ??= indexPrefixes(prefixed)
      for (const length of prefixIndex.lengths) {
        if (length > text.length) break
        const head = text.slice(0, length)
        const index = prefixIndex.byPrefix.get(head)
        if (index !== undefined && index.best < limit && hasPrefix(text, head)) take(index.find(input, limit, matches))
      }
    }
    if ((patterned[0]?.rank ?? NONE) < limit) {
      patternIndex ??= indexPatterns(patterned, patterns)
      const { literals, byLiteral, rest } = patternIndex
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
      const byId = ids.find(input, NONE, anyRule)
      const bound = byId?.rank ?? NONE
      return ((textBest < bound ? matchText(input, bound) : null) ?? byId)?.rule ?? null
    },
  }
}

const rankedOf = (plan: Pick<Plan, 'rules'>): readonly Ranked[] => byRank(plan.rules).map((rule, rank) => ({ rank, rule }))

const isByIds = ({ rule }: Ranked): boolean => rule.prefix === undefined && rule.pattern === undefined

/** An index over the rules of a Plan, with what its patterns need loaded, and its largest part made before a message waits. */
export async function createRouter(plan: Pick<Plan, 'rules'>): Promise<IndexedRouter> {
  const ids = await inSlices(indexFields(rankedOf(plan).filter(isByIds)))
  return indexRules(plan, await patternsOf(plan), ids)
}
