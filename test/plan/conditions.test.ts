import fc from 'fast-check'
import t from 'tap'
import { areApart, coversExtras, isEmpty } from '../../src/plan/conditions.ts'
import type { RouteInput, RuleConditions, RulePlan } from '../../src/plan/plan.ts'
import { explainRoute } from '../../src/plan/route.ts'
import { createRouter } from '../../src/plan/router.ts'
import { byRank, failing, scan } from '../../src/plan/scan.ts'
import { shadowedRules } from '../../src/plan/shadow.ts'
import { patternsOf } from '../../src/plan/text-match.ts'
import { makePlan } from '../support/make-plan.ts'

const ids = fc.uniqueArray(fc.constantFrom('1', '2'), { minLength: 1, maxLength: 2 })
const conditions = fc.record(
  {
    channelId: fc.uniqueArray(fc.constantFrom('x', 'y'), { minLength: 1, maxLength: 2 }),
    userId: ids,
    groupId: ids,
    threadId: ids,
    chat: fc.constantFrom('direct', 'group', 'thread'),
    mentioned: fc.boolean(),
    role: ids,
    prefix: fc.constantFrom('!', '!a'),
    pattern: fc.constantFrom('a', '^!', '.*'),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<RuleConditions>

const rules = fc
  .array(fc.tuple(conditions, fc.option(conditions, { nil: undefined }), fc.constantFrom(0, 1)), { minLength: 1, maxLength: 6 })
  .map((list) =>
    list.map(
      ([own, not, priority], index): RulePlan => ({
        ...own,
        ...(not === undefined ? {} : { not }),
        index,
        priority,
        agentId: `a${index}`,
        fingerprint: '',
        place: { file: 'f', line: index + 1, column: 1 },
      }),
    ),
  )

const input: fc.Arbitrary<RouteInput> = fc.record(
  {
    channelId: fc.constantFrom('x', 'y', 'z'),
    userId: fc.constantFrom('1', '2', '3'),
    groupId: fc.constantFrom('1', '2', '3'),
    threadId: fc.constantFrom('1', '2', '3'),
    content: fc.constantFrom('', 'a', '! a', '!a b', 'b'),
    mentionsBot: fc.boolean(),
    roles: fc.subarray(['1', '2', '3']),
  },
  { requiredKeys: ['channelId', 'userId', 'content'] },
)

t.test('the index gives the winner of the plain scan', async () => {
  await fc.assert(
    fc.asyncProperty(rules, fc.array(input, { minLength: 5, maxLength: 20 }), async (rules, inputs) => {
      const [router, patterns] = [await createRouter({ rules }), await patternsOf({ rules })]
      for (const one of inputs) if (router.match(one) !== scan(byRank(rules), one, patterns)) return false
      return true
    }),
    { numRuns: 300 },
  )
})

t.test('what is called shadowed, apart, empty or covered is so for every message', async () => {
  await fc.assert(
    fc.asyncProperty(rules, fc.array(input, { minLength: 20, maxLength: 60 }), async (rules, inputs) => {
      const patterns = await patternsOf({ rules })
      const dead = new Set(shadowedRules(rules).map(({ rule }) => rule))
      const [first, second] = [rules[0] as RulePlan, rules[1]]
      const meets = (rule: RulePlan, one: RouteInput): boolean => failing(rule, one, patterns) === null
      for (const one of inputs) {
        const winner = scan(byRank(rules), one, patterns)
        if (winner !== null && dead.has(winner)) return false
        if (isEmpty(first) && meets(first, one)) return false
        if (second === undefined) continue
        if (areApart(first, second) && meets(first, one) && meets(second, one)) return false
        // Of the same ids and text, a rule covers what its further conditions cover.
        const wider = { ...first, chat: second.chat, mentioned: second.mentioned, role: second.role, not: second.not } as RulePlan
        if (coversExtras(wider, first) && meets(first, one) && !meets(wider, one)) return false
      }
      return true
    }),
    { numRuns: 300 },
  )
})

t.test('a thread is part of its group; a direct message mentions the bot', async (t) => {
  const plan = makePlan({
    agents: { d: {}, t: {}, q: {}, g: {} },
    channels: { x: { groups: { respond: 'always', session: 'per-user' } } },
  })
  const at = { fingerprint: '', place: { file: 'f', line: 1, column: 1 }, priority: 0 }
  const rules: readonly RulePlan[] = [
    { ...at, index: 0, agentId: 'd', chat: 'direct', mentioned: true },
    { ...at, index: 1, agentId: 't', chat: 'thread' },
    { ...at, index: 2, agentId: 'q', mentioned: false, not: { userId: ['1'] } },
    { ...at, index: 3, agentId: 'g', chat: 'group', role: ['7'] },
  ]
  const router = await createRouter({ rules })
  const who = (more: Partial<RouteInput>): string | undefined =>
    router.match({ channelId: 'x', userId: '2', content: '', ...more })?.agentId
  t.equal(who({}), 'd')
  t.equal(who({ groupId: 'g', threadId: 't' }), 't')
  t.equal(who({ groupId: 'g', mentionsBot: false }), 'q')
  t.equal(who({ groupId: 'g', mentionsBot: false, userId: '1' }), undefined)
  t.equal(who({ groupId: 'g', roles: ['6', '7'] }), 'g')
  t.equal(who({ groupId: 'g' }), undefined)
  const told = explainRoute(
    { ...plan, rules },
    { channelId: 'x', userId: '1', groupId: 'g', content: 'hi', mentioned: false },
    router.patterns,
  )
  t.strictSame(
    told.considered.map(({ reason }) => reason),
    [
      'a group, rule wants chat: direct',
      'a group, rule wants chat: thread',
      'its `not` holds: user is 1',
      'sender has no role, rule wants 7',
    ],
  )
})
