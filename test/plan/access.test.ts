import fc from 'fast-check'
import t from 'tap'
import { builtinRegistry } from '../../src/builtin.ts'
import { accessOf } from '../../src/plan/access.ts'
import { admission, routeMessage, type Standing, senderClass, type Vouched } from '../../src/plan/admission.ts'
import { doorsOf, GATEWAY_DOORS, isGatewayDoor } from '../../src/plan/doors.ts'
import { type Plan, type RouteInput, Secret } from '../../src/plan/plan.ts'
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
  const rows = accessOf(plan, TOOLS).filter(({ sender, door }) => sender === 'stranger' && door === '/chat')
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

t.test('a row for each door; what an owner or the gateway token may name', async (t) => {
  const parts = { agents: { main: {}, vault: {} }, channels: { http: {}, telegram: {}, lines: { type: 'socket' } } }
  const named = (plan: Plan): string[] =>
    accessOf(plan, TOOLS)
      .filter(({ ways }) => ways.some(({ kind }) => kind === 'named'))
      .map(({ sender, door, channelId, chatType, agentId }) => `${sender} ${door} ${channelId} ${chatType} ${agentId}`)
  const doors = new Set(accessOf(makePlan(parts), TOOLS).map(({ channelId, door }) => `${channelId} ${door}`))
  t.same([...doors].sort(), ['http /chat', 'http /v1', 'http socket', 'lines socket', 'telegram telegram'])
  t.same(new Set(named(makePlan(parts)).map((row) => row.split(' ')[0])), new Set(['owner']))
  t.ok(named(makePlan(parts)).includes('owner /v1 http direct vault'))
  t.notOk(named(makePlan(parts)).some((row) => row.includes('/chat') || row.includes('telegram')))
  t.ok(named(makePlan({ ...parts, gateway: { token: new Secret('t') } })).includes('stranger socket lines group vault'))
})

t.test('paired people have rows while the channel pairs, and the rules for groups hold for them', async (t) => {
  const rows = (channel: object): string[] =>
    brief(makePlan({ channels: { telegram: { allowFrom: ['telegram:1'], ...channel } } })).filter((row) =>
      row.startsWith('paired'),
    )
  const silent = { groups: { respond: 'never', session: 'per-user' } }
  t.same(rows({ strangers: 'pair' }), ['paired telegram direct main default', 'paired telegram group main default'])
  t.same(rows({ strangers: 'pair', ...silent }), ['paired telegram direct main default'])
  t.same(rows({ strangers: 'ignore' }), [])
  t.same(rows({ strangers: 'pair', allowFrom: undefined }), [], 'where everyone may write nobody is paired')
})

t.test('agents that are started by others, with the tools and rules that are left to them', async (t) => {
  const ask = makePlan().agents.get('main')?.permissions
  const plan = makePlan({
    agents: {
      main: { tools: ['bash', 'web_fetch'], subagents: ['ops', 'idle'], sandbox: 'required' },
      ops: { tools: ['bash', 'look'], subagents: ['deep'], ...(ask && { permissions: { ...ask, mode: 'ignore' } }) },
      deep: { tools: ['look', 'web_fetch'] },
      idle: {},
      alone: {},
    },
    channels: { irc: {} },
    heartbeats: [
      { name: 'daily', agentId: 'ops' },
      { name: 'off', agentId: 'alone', enabled: false },
    ],
  })
  const tools = [...TOOLS.tools, { name: 'look', traits: { private: true } }] as const
  const rows = accessOf(plan, { tools })
  const direct = rows.filter(({ chatType, door }) => chatType === 'direct' && door === 'irc')
  t.same(
    direct.map(({ agentId, via, tools }) => [agentId, via.join('>'), ...tools.map(({ name, mode }) => `${name} ${mode}`)]),
    [
      ['main', '', 'bash ask', 'web_fetch free'],
      ['ops', 'main', 'bash ask'],
      ['idle', 'main'],
      ['deep', 'main>ops'],
    ],
    'nobody reads or sends by another what one above may not',
  )
  t.match(direct[1], { sandbox: 'required', ways: [{ kind: 'started', when: 'main starts it' }], dangerous: ['bash'] })
  const byClock = rows.filter(({ door }) => door === 'heartbeat')
  t.same(
    byClock.map(({ agentId, via, ways }) => [agentId, ...via, ways[0]?.when]),
    [
      ['ops', 'heartbeat daily'],
      ['deep', 'ops', 'ops starts it'],
    ],
  )
})

t.test('what of the memory is read and written', async (t) => {
  const plan = makePlan({ agents: { main: { tools: ['memory_search'] } }, channels: { irc: {} } })
  t.match(accessOf(plan, builtinRegistry)[0], { memory: { read: ['person', 'shared'], write: [] } })
})

t.test('it is a proof: anyone who is answered has a row', async () => {
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
      strangers: fc.constantFrom('pair' as const, 'ignore' as const),
      type: fc.constantFrom('http', 'webchat', 'socket', 'irc'),
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
      fc.boolean(),
      (rules, x, y, owners, linked, messages, defaultAgent, hasToken) => {
        const plan = makePlan({
          agents: { a: {}, b: {}, c: {} },
          channels: { x, y },
          rules,
          owners,
          links: { someone: linked },
          defaultAgent,
          gateway: { token: hasToken ? new Secret('t') : undefined },
        })
        const rows = accessOf(plan, TOOLS)
        const router = indexRules(plan)
        const isSaid = (input: RouteInput, standing: Standing, door: string): boolean => {
          const admitted = admission(plan, input, standing)
          if (!admitted.admitted) return true
          const routed = routeMessage(plan, router, input)
          const agentId = admitted.agentId ?? routed.agentId
          if (agentId === null) return true
          const byRouting = routed.agentId === null ? 'none' : (routed.rule?.index ?? 'default')
          const way = admitted.agentId === undefined ? byRouting : 'named'
          return rows.some(
            (row) =>
              row.channelId === input.channelId &&
              row.door === door &&
              row.chatType === (input.groupId === undefined ? 'direct' : 'group') &&
              row.sender === senderClass(plan, input, standing) &&
              row.agentId === agentId &&
              row.ways.some(({ kind, rule }) => (kind === 'rule' ? rule?.index : kind) === way),
          )
        }
        return messages.every((input) => {
          const channel = plan.channels.get(input.channelId)
          return (channel === undefined ? [] : doorsOf(channel)).every((door) => {
            if (isGatewayDoor(door) && !GATEWAY_DOORS[door].groups && input.groupId !== undefined) return true
            const vouchers: readonly Vouched[] = !isGatewayDoor(door)
              ? ['channel']
              : hasToken
                ? ['owner', 'trusted']
                : ['owner', 'claimed']
            return vouchers.every((vouched) =>
              [true, false].every((paired) => {
                const wishes = isGatewayDoor(door) && GATEWAY_DOORS[door].names ? [undefined, 'c'] : [undefined]
                return wishes.every((wish) => isSaid(input, { vouched, paired, ...(wish === undefined ? {} : { wish }) }, door))
              }),
            )
          })
        })
      },
    ),
    { numRuns: 500 },
  )
})
