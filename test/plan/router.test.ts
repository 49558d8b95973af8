import fc from 'fast-check'
import t from 'tap'
import { createLiteralIndex } from '../../src/plan/literal-index.ts'
import { fold } from '../../src/plan/plain-pattern.ts'
import type { RouteInput } from '../../src/plan/plan.ts'
import { createRouter, indexRules } from '../../src/plan/router.ts'
import { byRank, scan } from '../../src/plan/scan.ts'
import { loadPatterns } from '../../src/plan/text-match.ts'
import { makePlan } from '../support/make-plan.ts'

const channel = fc.constantFrom('telegram', 'slack', 'http')
const id = fc.constantFrom('1', '2', '3', '\u0000', '1\u0000')
const some = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.uniqueArray(value, { minLength: 1, maxLength: 3 })
const PATTERNS = ['a', '^a', 'b$', '^ab$', 'a.b', '(?i)AB', 'a|b', '[ab]c', '\\d', '^(a|b)+c', 'ab.*c', '(ab)+', 'c?', '!a']
const rule = fc.record(
  {
    agentId: fc.constantFrom('x', 'y'),
    priority: fc.constantFrom(0, 1, 5, -1, 0.5),
    channelId: some(channel),
    userId: some(id),
    groupId: some(id),
    threadId: some(id),
    prefix: fc.constantFrom('/a', '/ab', 'a', 'a b', '!', '/a '),
    pattern: fc.constantFrom(...PATTERNS),
  },
  { requiredKeys: ['agentId'] },
)
const message: fc.Arbitrary<RouteInput> = fc.record(
  {
    channelId: channel,
    userId: id,
    groupId: id,
    threadId: id,
    content: fc.string({ maxLength: 7, unit: fc.constantFrom('a', 'b', 'c', 'A', 'B', ' ', '!', '/', '1') }),
  },
  { requiredKeys: ['channelId', 'userId', 'content'] },
)

t.test('the index gives what the plain scan gives', async () => {
  const patterns = await loadPatterns(PATTERNS)
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 25 }), fc.array(message, { minLength: 5, maxLength: 20 }), (rules, messages) => {
      const plan = makePlan({ agents: { x: {}, y: {} }, rules })
      const router = indexRules(plan, patterns)
      const ranked = byRank(plan.rules)
      return messages.every((input) => router.match(input)?.index === scan(ranked, input, patterns)?.index)
    }),
    { numRuns: 400 },
  )
})

t.test('long lists of ids in several fields', async (t) => {
  const ids = (prefix: string): string[] => Array.from({ length: 20 }, (_, at) => `${prefix}${at}`)
  const plan = makePlan({
    rules: [
      { agentId: 'main', channelId: ['telegram', 'slack'], groupId: ids('g'), userId: ids('u') },
      { agentId: 'main', groupId: ids('g') },
    ],
  })
  const router = indexRules(plan)
  t.equal(router.match({ channelId: 'slack', groupId: 'g3', userId: 'u19', content: '' })?.index, 0)
  t.equal(router.match({ channelId: 'http', groupId: 'g3', userId: 'u19', content: '' })?.index, 1)
  t.equal(router.match({ channelId: 'slack', groupId: 'g3', userId: 'u20', content: '' })?.index, 1)
  t.equal(router.match({ channelId: 'slack', userId: 'u1', content: '' }), null)
})

t.test('priority, then file order', async (t) => {
  const plan = makePlan({
    rules: [{ agentId: 'main' }, { agentId: 'main', userId: ['1'], priority: 1 }, { agentId: 'main', prefix: '/x', priority: 1 }],
  })
  const router = indexRules(plan)
  t.equal(router.match({ channelId: 'http', userId: '1', content: '/x' })?.index, 1)
  t.equal(router.match({ channelId: 'http', userId: '2', content: '/x' })?.index, 2)
  t.equal(router.match({ channelId: 'http', userId: '2', content: '/xy' })?.index, 0)
})

t.test('a pattern beyond plain literals wants its engine', async (t) => {
  const plan = makePlan({ rules: [{ agentId: 'main', pattern: 'a+b' }] })
  t.throws(() => indexRules(plan).match({ channelId: 'http', userId: '1', content: 'aab' }), /loadPatterns/)
  const router = await createRouter(plan)
  t.equal(router.match({ channelId: 'http', userId: '1', content: 'aab' })?.index, 0)
})

t.test('the literal index finds every literal that stands in a text', async (t) => {
  const word = fc.string({ minLength: 1, maxLength: 5, unit: fc.constantFrom('a', 'b', 'é') })
  fc.assert(
    fc.property(
      fc.uniqueArray(word, { maxLength: 12 }),
      fc.array(fc.string({ maxLength: 20, unit: fc.constantFrom('a', 'b', 'B', 'é', 'c') }), { maxLength: 4 }),
      (literals, texts) => {
        const index = createLiteralIndex(literals)
        return texts.every((text) => {
          const seen: number[] = []
          index.search(text, (number) => seen.push(number))
          const wanted = literals.flatMap((literal, number) => (fold(text).includes(literal) ? [number] : []))
          return JSON.stringify(seen.sort((a, b) => a - b)) === JSON.stringify(wanted)
        })
      },
    ),
  )
  const found: number[] = []
  createLiteralIndex(['abcdefghijklmnop', 'abcdefghijklXXXX']).search('_abcdefghijklm', (number) => found.push(number))
  t.same(found, [0, 1], 'long ones by their beginning; the pattern verifies')
})
