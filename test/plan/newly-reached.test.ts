import fc from 'fast-check'
import t from 'tap'
import { admission, routeMessage } from '../../src/plan/admission.ts'
import { diffPlans } from '../../src/plan/diff.ts'
import { newlyReached } from '../../src/plan/newly-reached.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { indexRules } from '../../src/plan/router.ts'
import { makePlan, type PlanParts } from '../support/make-plan.ts'

type Rules = NonNullable<PlanParts['rules']>

const plan = (rules: Rules, more: PlanParts = {}): Plan =>
  makePlan({ agents: { main: {}, a: {}, b: {} }, channels: { x: {}, y: {} }, defaultAgent: 'main', rules, ...more })
const newly = (before: Plan, after: Plan): readonly string[] =>
  newlyReached(before, after).map(({ agentId, channelId, who }) => `${channelId}: ${who} → ${agentId}`)

t.test('a rule that lets in more, or comes before another', async (t) => {
  const one: Rules = [{ agentId: 'a', channelId: ['x'], userId: ['1'], prefix: '/a' }]
  t.same(newly(plan(one), plan([{ ...one[0], agentId: 'a', userId: ['1', '2', '3', '4', '5'] }])), [
    'x: user 2, 3, 4 and 1 more → a',
    'x: user 2, 3, 4 and 1 more in any other group → a',
  ])
  t.same(newly(plan(one), plan([{ agentId: 'a', channelId: ['x'], groupId: ['g'], prefix: '/a' }])), ['x: anyone in group g → a'])
  t.same(newly(plan(one), plan([{ agentId: 'a', channelId: ['x'], userId: ['1'], pattern: 'b' }])), [], 'a text is no bound')
  t.same(newly(plan(one), plan([])), [], 'who is let in less')
})

t.test('a rule that goes uncovers what stood behind it', async (t) => {
  const behind: Rules = [
    { agentId: 'a', channelId: ['x'], userId: ['1'], prefix: '!' },
    { agentId: 'b', channelId: ['x'], userId: ['1', '2'], prefix: '!' },
  ]
  t.same(newly(plan(behind), plan(behind.slice(1))), ['x: user 1 → b', 'x: user 1 in any other group → b'])
  t.same(newly(plan(behind), plan([behind[1], behind[0]] as unknown as Rules)), [
    'x: user 1 → b',
    'x: user 1 in any other group → b',
  ])
  const everyone: Rules = [{ agentId: 'a', channelId: ['y'], groupId: ['g'] }]
  t.same(newly(plan(everyone), plan([])), ['y: anyone in group g → main'])
})

t.test('threads count where a rule speaks of them, another default agent everywhere', async (t) => {
  const rule = (threadId: string[]): Rules => [{ agentId: 'a', channelId: ['x'], groupId: ['g'], threadId }]
  t.same(newly(plan(rule(['1'])), plan(rule(['1', '2']))), ['x: anyone in group g in thread 2 → a'])
  t.same(newly(plan([{ agentId: 'b', channelId: ['x'] }]), plan([{ agentId: 'b', channelId: ['x'] }], { defaultAgent: 'a' })), [
    'y: anyone → a',
    'y: anyone in any other group → a',
  ])
})

t.test('who is not let in reaches nobody; in a closed channel its own people are meant', async (t) => {
  const channels = {
    x: { allowFrom: ['x:1', 'y:7'], groups: { respond: 'mention', session: 'per-user', allow: ['g'] } as const },
  }
  t.same(newly(plan([], { channels }), plan([{ agentId: 'a', channelId: ['x'] }], { channels })), [
    'x: user 1 → a',
    'x: user 1 in group g → a',
  ])
})

t.test('anyone who is newly answered by an agent is told', async () => {
  const id = fc.constantFrom('1', '2', '3')
  const some = fc.uniqueArray(id, { minLength: 1, maxLength: 2 })
  const rule = fc.record(
    {
      agentId: fc.constantFrom('main', 'a', 'b'),
      priority: fc.constantFrom(0, 1),
      channelId: fc.uniqueArray(fc.constantFrom('x', 'y'), { minLength: 1 }),
      userId: some,
      groupId: some,
      threadId: some,
      prefix: fc.constantFrom('!', '!!'),
      pattern: fc.constantFrom('a', '^!'),
    },
    { requiredKeys: ['agentId'] },
  )
  const identity = fc.tuple(fc.constantFrom('x', 'y'), id).map(([channel, user]) => `${channel}:${user}`)
  const channel = fc.record(
    {
      allowFrom: fc.array(identity, { maxLength: 3 }),
      groups: fc.constantFrom(
        { respond: 'always', session: 'per-user' } as const,
        { respond: 'never', session: 'per-user' } as const,
        { respond: 'mention', session: 'per-user', allow: ['1', '2'] } as const,
      ),
    },
    { requiredKeys: [] },
  )
  const parts = fc.record({
    rules: fc.array(rule, { maxLength: 4 }),
    x: channel,
    y: channel,
    owners: fc.array(identity, { maxLength: 1 }),
    defaultAgent: fc.constantFrom('main', 'a', undefined),
  })
  const texts = ['', '!', '! a', '!!', '!! a', 'a', '!a', '!z', 'z']
  const answered = ({ rules, x, y, owners, defaultAgent }: Parts): [Plan, ReadonlySet<string>] => {
    const made = plan(rules, { channels: { x, y }, owners, defaultAgent })
    const router = indexRules(made)
    const found = new Set<string>()
    for (const channelId of ['x', 'y'])
      for (const userId of ['1', '2', '3', '4'])
        for (const groupId of [undefined, '1', '2', '3', '4'])
          for (const threadId of [undefined, '1', '4'])
            for (const content of texts) {
              const more = { ...(groupId === undefined ? {} : { groupId }), ...(threadId === undefined ? {} : { threadId }) }
              const input = { channelId, userId, ...more, content }
              if (!admission(made, input).admitted) continue
              const { agentId } = routeMessage(made, router, input)
              if (agentId !== null) found.add([agentId, channelId, userId, groupId, threadId].join('|'))
            }
    return [made, found]
  }
  // One edit at a time as well as everything at once.
  const pair = fc.oneof(
    fc.tuple(parts, parts),
    fc.tuple(parts, fc.array(rule, { maxLength: 5 })).map(([one, rules]) => [one, { ...one, rules }] as const),
    fc
      .tuple(parts, fc.nat(3))
      .map(([one, at]) => [one, { ...one, rules: one.rules.filter((_, index) => index !== at) }] as const),
  )
  fc.assert(
    fc.property(pair, ([one, other]) => {
      const [before, was] = answered(one as Parts)
      const [after, is] = answered(other as Parts)
      const told = new Set(diffPlans(before, after).widened.map(({ agentId }) => agentId))
      return [...is].every((key) => was.has(key) || told.has('*') || told.has(key.split('|')[0] ?? ''))
    }),
    { numRuns: 300 },
  )
})

interface Parts {
  readonly rules: Rules
  readonly x: NonNullable<PlanParts['channels']>[string]
  readonly y: NonNullable<PlanParts['channels']>[string]
  readonly owners: readonly string[]
  readonly defaultAgent: string | undefined
}
