import fc from 'fast-check'
import t from 'tap'
import { analysePlain } from '../../src/plan/plain-pattern.ts'
import type { RouteInput, RulePlan } from '../../src/plan/plan.ts'
import { byRank, failing, scan } from '../../src/plan/scan.ts'
import { shadowedRules } from '../../src/plan/shadow.ts'
import { loadPatterns } from '../../src/plan/text-match.ts'
import { makePlan, type PlanParts } from '../support/make-plan.ts'

type Rules = NonNullable<PlanParts['rules']>
const rulesOf = (rules: readonly Omit<Rules[number], 'agentId'>[]): readonly RulePlan[] =>
  makePlan({ rules: rules.map((rule) => ({ agentId: 'main', ...rule })) }).rules

/** [index of the shadowed rule, indexes of those that shadow it] */
const shadows = (rules: readonly Omit<Rules[number], 'agentId'>[]): unknown[] =>
  shadowedRules(rulesOf(rules)).map(({ rule, by }) => [rule.index, by.map((other) => other.index)])

t.test('fields', async (t) => {
  t.same(shadows([{}, { userId: ['1'] }]), [[1, [0]]])
  t.same(shadows([{ channelId: ['a', 'b'] }, { channelId: ['b'], userId: ['1'] }]), [[1, [0]]])
  t.same(shadows([{ channelId: ['a'] }, { channelId: ['a', 'b'] }]), [])
  t.same(shadows([{ channelId: ['a'] }, { userId: ['1'] }]), [])
  t.same(shadows([{ userId: ['1'] }, { userId: ['2'] }, { userId: ['2', '1'] }]), [[2, [0, 1]]], 'two together')
  t.same(shadows([{ userId: ['1'] }, { priority: 1 }]), [[0, [1]]], 'a higher one below')
  t.same(shadows([{ priority: 1, userId: ['1'] }, { priority: 5 }, { userId: ['1'] }]), [
    [0, [1]],
    [2, [1]],
  ])
  t.same(shadows([{ userId: ['1'] }, { userId: ['1'] }]), [[1, [0]]])
})

t.test('prefixes', async (t) => {
  t.same(shadows([{ prefix: '/a' }, { prefix: '/a' }]), [[1, [0]]])
  t.same(shadows([{ prefix: '/a' }, { prefix: '/a b' }]), [[1, [0]]])
  t.same(shadows([{ prefix: '/a' }, { prefix: '/ab' }]), [])
  t.same(shadows([{ prefix: '/a b' }, { prefix: '/a' }]), [])
  t.same(shadows([{ prefix: '/a' }, { pattern: '^/a b' }]), [[1, [0]]])
  t.same(shadows([{ prefix: '/a' }, { pattern: '^/a$' }]), [[1, [0]]])
  t.same(shadows([{ prefix: '/a' }, { pattern: '^/a' }]), [], '/ab matches it too')
  t.same(shadows([{ prefix: '/a', userId: ['1'] }, { prefix: '/a' }]), [])
  t.same(shadows([{}, { prefix: '/a' }]), [[1, [0]]])
})

t.test('patterns', async (t) => {
  t.same(shadows([{ pattern: 'a+b' }, { pattern: 'a+b', channelId: ['x'] }]), [[1, [0]]])
  t.same(shadows([{ pattern: 'ab' }, { pattern: 'cabd' }]), [[1, [0]]])
  t.same(shadows([{ pattern: '^ab' }, { pattern: '^abc$' }]), [[1, [0]]])
  t.same(shadows([{ pattern: '^ab' }, { pattern: 'abc' }]), [])
  t.same(shadows([{ pattern: 'Ab' }, { pattern: 'ab' }]), [], 'case counts')
  t.same(shadows([{ pattern: '^/a' }, { prefix: '/ab' }]), [[1, [0]]])
  t.same(shadows([{ pattern: '.*' }, { prefix: '/ab' }, {}]), [
    [1, [0]],
    [2, [0]],
  ])
  t.same(shadows([{ pattern: 'b$' }, { pattern: 'ab$' }, { pattern: 'ab' }]), [[1, [0]]])
  t.same(shadows([{ pattern: 'ab', prefix: '/x' }, { pattern: 'ab' }]), [])
})

t.test('a rule with very many ids', async (t) => {
  const ids = Array.from({ length: 300 }, (_, at) => String(at))
  t.same(shadows([{ userId: ids }, { userId: ids }]), [[1, [0]]])
  t.same(shadows([{ userId: ids.slice(1) }, { userId: ids }]), [])
})

const texts = ['', '/a', '/ab', '/a b', 'a', 'ab', 'b a', 'xab', '/a ab', 'ab b', 'b', '/ab b']
const value = fc.constantFrom('1', '2')
const some = fc.uniqueArray(value, { minLength: 1, maxLength: 2 })
const rule = fc.record(
  {
    priority: fc.constantFrom(0, 1),
    channelId: some,
    userId: some,
    groupId: some,
    prefix: fc.constantFrom('/a', '/ab', '/a b', 'a'),
    pattern: fc.constantFrom('a', 'ab', '^/a', '^/a b', 'b$', '^ab$', '.*', 'a b', '^/a$'),
  },
  { requiredKeys: [] },
)
const INPUTS: readonly RouteInput[] = ['1', '2', '3'].flatMap((channelId) =>
  ['1', '2', '3'].flatMap((userId) =>
    [undefined, '1', '2', '3'].flatMap((groupId) =>
      texts.map((content) => ({ channelId, userId, content, ...(groupId !== undefined && { groupId }) })),
    ),
  ),
)

t.test('a rule that is said never to win never wins', async (t) => {
  const patterns = await loadPatterns(['.*', 'a', 'ab'])
  t.ok(analysePlain('a b'))
  fc.assert(
    fc.property(fc.array(rule, { minLength: 1, maxLength: 6 }), (parts) => {
      const rules = rulesOf(parts)
      const ranked = byRank(rules)
      return shadowedRules(rules).every(({ rule, by }) =>
        INPUTS.every((input) => {
          if (scan(ranked, input, patterns) === rule) return false
          return failing(rule, input, patterns) !== null || by.some((other) => failing(other, input, patterns) === null)
        }),
      )
    }),
    { numRuns: 300 },
  )
})

t.test('without texts, every dead rule is found', async () => {
  const patterns = await loadPatterns([])
  const fieldsOnly = fc.record({ channelId: some, userId: some, groupId: some }, { requiredKeys: [] })
  fc.assert(
    fc.property(fc.array(fieldsOnly, { minLength: 1, maxLength: 6 }), (parts) => {
      const rules = rulesOf(parts)
      const ranked = byRank(rules)
      const alive = new Set(INPUTS.map((input) => scan(ranked, input, patterns)))
      const dead = new Set(shadowedRules(rules).map(({ rule }) => rule))
      return rules.every((one) => alive.has(one) !== dead.has(one))
    }),
    { numRuns: 300 },
  )
})
