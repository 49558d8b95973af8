import fc from 'fast-check'
import t from 'tap'
import { accessOf } from '../../src/plan/access.ts'
import { admission, senderClass } from '../../src/plan/admission.ts'
import type { Plan, RouteInput } from '../../src/plan/plan.ts'
import { routeMessage } from '../../src/plan/route.ts'
import { indexRules } from '../../src/plan/router.ts'
import { makePlan } from '../support/make-plan.ts'

const TOOLS = {
  tools: [
    { name: 'bash', traits: { runs: true, writes: true, asks: true } },
    { name: 'read_file', traits: {} },
    { name: 'web_fetch', traits: { sends: true } },
  ],
} as const

const brief = (plan: Plan): string[] =>
  accessOf(plan, TOOLS).map(
    (row) =>
      `${row.sender} ${row.channelId} ${row.chatType} ${row.agentId} ${row.ways.map((way) => way.rule?.index ?? 'default').join('+')}`,
  )

t.test('a cell for each channel, kind of sender and kind of chat', async (t) => {
  const plan = makePlan({
    agents: { main: {}, ops: {} },
    channels: {
      telegram: { allowFrom: ['telegram:1', 'telegram:2', 'telegram:3'] },
      open: { groups: { respond: 'never', session: 'per-user' } },
      off: { enabled: false },
    },
    links: { mehdi: ['telegram:1'], ana: ['telegram:2'], out: ['telegram:8'] },
    owners: ['telegram:1'],
    rules: [{ agentId: 'ops', channelId: ['telegram'], userId: ['1'] }],
  })
  t.same(brief(plan).sort(), [
    'allow-listed telegram direct main default',
    'allow-listed telegram group main default',
    'linked telegram direct main default',
    'linked telegram group main default',
    'owner telegram direct ops 0',
    'owner telegram group ops 0',
    'stranger open direct main default',
  ])
})

t.test('conditions are told, and what stands behind an unconditional rule is not reached', async (t) => {
  const plan = makePlan({
    agents: { main: {}, a: {}, b: {} },
    channels: { http: {} },
    rules: [
      { agentId: 'a', prefix: '/a' },
      { agentId: 'a', groupId: ['g'], userId: ['5'] },
      { agentId: 'b' },
      { agentId: 'main' },
    ],
  })
  const rows = accessOf(plan, TOOLS)
  t.same(
    rows.map(({ agentId, chatType, ways }) => [agentId, chatType, ...ways.map((way) => way.when)]),
    [
      ['a', 'direct', 'text starts with "/a"'],
      ['b', 'direct', ''],
      ['a', 'group', 'text starts with "/a"', 'user is 5, group is g'],
      ['b', 'group', ''],
    ],
  )
  t.same(rows[0]?.rule, { index: 0, file: '/bot/openclaw.yaml', line: 10 })
})

t.test('tools with what they can do, and strangers with dangerous ones first', async (t) => {
  const plan = makePlan({
    agents: { main: { tools: ['read_file'] }, ops: { tools: ['bash', 'web_fetch', 'mystery'], sandbox: 'off' } },
    channels: { a: { allowFrom: ['a:1'] }, b: {} },
    rules: [{ agentId: 'ops', prefix: '!' }],
  })
  const [first] = accessOf(plan, TOOLS)
  t.match(first, { sender: 'stranger', channelId: 'b', agentId: 'ops', sandbox: 'off', dangerous: ['bash', 'mystery'] })
  t.same(first?.tools, [
    { name: 'bash', traits: ['runs', 'writes'], mode: 'ask' },
    { name: 'web_fetch', traits: ['sends'], mode: 'free' },
    { name: 'mystery', traits: ['unknown'], mode: 'ask' },
  ])
})

t.test('it is a proof: whoever is answered has a row', async () => {
  const id = fc.constantFrom('1', '2', '3', '4')
  const some = fc.uniqueArray(id, { minLength: 1, maxLength: 2 })
  const channel = fc.constantFrom('x', 'y')
  const rule = fc.record(
    {
      agentId: fc.constantFrom('a', 'b', 'c'),
      priority: fc.constantFrom(0, 1),
      channelId: fc.uniqueArray(channel, { minLength: 1 }),
      userId: some,
      groupId: some,
      prefix: fc.constantFrom('!', '!!'),
      pattern: fc.constantFrom('a', '^!'),
    },
    { requiredKeys: ['agentId'] },
  )
  const identity = fc.tuple(channel, id).map(([a, b]) => `${a}:${b}`)
  const setting = fc.record(
    {
      allowFrom: fc.array(identity, { maxLength: 3 }),
      groups: fc.constantFrom(
        { respond: 'always', session: 'per-user' } as const,
        { respond: 'mention', session: 'per-user', allow: ['1', '2'] } as const,
      ),
    },
    { requiredKeys: [] },
  )
  const message: fc.Arbitrary<RouteInput> = fc.record(
    { channelId: channel, userId: id, groupId: id, content: fc.constantFrom('', '!', '! a', 'a', '!a') },
    { requiredKeys: ['channelId', 'userId', 'content'] },
  )
  fc.assert(
    fc.property(
      fc.array(rule, { maxLength: 5 }),
      setting,
      setting,
      fc.array(identity, { maxLength: 2 }),
      fc.uniqueArray(identity, { maxLength: 3 }),
      fc.array(message, { minLength: 20, maxLength: 20 }),
      fc.constantFrom('a', undefined),
      (rules, x, y, owners, linked, messages, defaultAgent) => {
        const plan = makePlan({
          agents: { a: {}, b: {}, c: {} },
          channels: { x, y },
          rules,
          owners,
          links: { someone: linked },
          defaultAgent,
        })
        const rows = accessOf(plan, TOOLS)
        const router = indexRules(plan)
        return messages.every((input) => {
          const routed = routeMessage(plan, router, input)
          if (!admission(plan, input).admitted || routed.agentId === null) return true
          const chatType = input.groupId === undefined ? 'direct' : 'group'
          const index = routed.rule?.index ?? null
          return rows.some(
            (row) =>
              row.channelId === input.channelId &&
              row.chatType === chatType &&
              row.sender === senderClass(plan, input) &&
              row.agentId === routed.agentId &&
              row.ways.some((way) => (way.rule?.index ?? null) === index),
          )
        })
      },
    ),
    { numRuns: 500 },
  )
})
