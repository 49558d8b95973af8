import t from 'tap'
import { diffPlans } from '../../src/plan/diff.ts'
import { movedFireTimes } from '../../src/plan/fire-times.ts'
import { type Plan, Secret } from '../../src/plan/plan.ts'
import { makeAgent, makePlan, type PlanParts } from '../support/make-plan.ts'

const base: PlanParts = {
  defaultAgent: 'main',
  agents: {
    main: { tools: ['read_file'], rateLimit: { maxMessagesPerHour: 5 }, sessionScope: 'per-peer' },
    scout: {},
  },
  channels: { telegram: { allowFrom: ['telegram:1'], settings: { token: new Secret('a') } }, http: {} },
  rules: [
    { agentId: 'scout', prefix: '/a' },
    { agentId: 'scout', prefix: '/b' },
    { agentId: 'main', prefix: '/c' },
    { agentId: 'main', channelId: ['http'] },
  ],
  links: { mehdi: ['telegram:1'] },
  heartbeats: [{ name: 'morning', agentId: 'main' }],
}
const before = makePlan(base)

const shown = (after: Plan): unknown[] =>
  diffPlans(before, after).changes.map(({ action, kind, id, fields }) => [action, `${kind}:${id}`, ...fields])
const widened = (after: Plan, from = before): string[] =>
  diffPlans(from, after).widened.map(({ agentId, what }) => `${agentId}: ${what}`)
const withMain = (main: NonNullable<PlanParts['agents']>[string]): Plan =>
  makePlan({ ...base, agents: { ...base.agents, main: { ...base.agents?.['main'], ...main } } })
const permissions = (more: object) => ({ ...makeAgent('x').permissions, ...more })

t.test('the same meaning is no change', async (t) => {
  const elsewhere = makePlan({
    ...base,
    agents: { scout: {}, main: { ...base.agents?.['main'], place: { file: '/x', line: 99, column: 1 } } },
  })
  const diff = diffPlans(before, elsewhere)
  t.same(diff.changes, [])
  t.same(diff.widened, [])
  t.same(diff.restarts, [])
  t.same(diff.sessions, [])
})

t.test('a copy in another folder is no change', async (t) => {
  const at = (folder: string): Plan =>
    makePlan({
      file: `${folder}/openclaw.yaml`,
      stateDir: `${folder}/.openclaw`,
      agents: {
        main: { workspace: [{ path: `${folder}/work`, access: 'write' }], soul: { text: 'x', path: `${folder}/SOUL.md` } },
      },
    })
  const diff = diffPlans(at('/bot/.openclaw/last-good'), at('/bot'))
  t.same(diff.changes, [])
  t.same(diff.widened, [])
})

t.test('objects, field by field', async (t) => {
  t.same(shown(withMain({ soul: { text: 'other' }, permissions: permissions({ mode: 'record', timeoutMs: 5 }) })), [
    ['change', 'agent:main', 'permissions.mode', 'permissions.timeout', 'soul'],
  ])
  t.same(shown(withMain({ rateLimit: { maxMessagesPerHour: 6 } })), [['change', 'limit:main', 'maxMessagesPerHour']])
  t.same(shown(withMain({ rateLimit: {} })), [['remove', 'limit:main']])
  t.same(
    shown(makePlan({ ...base, agents: { main: base.agents?.['main'] ?? {}, other: { rateLimit: { maxTokensPerDay: 1 } } } })),
    [
      ['add', 'agent:other'],
      ['remove', 'agent:scout'],
    ],
  )
  t.same(shown(makePlan({ ...base, links: { mehdi: ['telegram:1', 'http:m'] } })), [
    ['change', 'identityLink:mehdi', 'identities'],
  ])
  t.same(shown(makePlan({ ...base, heartbeats: [{ name: 'morning', agentId: 'scout' }] })), [
    ['change', 'heartbeat:morning', 'agent'],
  ])
  t.same(shown(makePlan({ ...base, defaultAgent: undefined })), [['remove', 'rule:defaultAgent']])
  t.same(shown(makePlan({ ...base, gateway: { port: 9 } })), [['change', 'gateway:gateway', 'port']])
  t.same(shown(makePlan({ ...base, owners: ['telegram:1'] })), [['change', 'gateway:owners', 'owners']])
})

t.test('channels that would reconnect', async (t) => {
  const after = makePlan({
    ...base,
    channels: { ...base.channels, telegram: { allowFrom: ['telegram:1'], settings: { token: new Secret('b') } } },
  })
  t.same(shown(after), [['change', 'channel:telegram', 'token']])
  t.same(diffPlans(before, after).restarts, ['channel:telegram'])
  t.same(diffPlans(before, makePlan({ ...base, gateway: { token: new Secret('x') } })).restarts, ['gateway:gateway'])
  t.notOk(JSON.stringify(diffPlans(before, after)).includes('"b"'))
})

t.test('rules are told apart by content', async (t) => {
  const [a, b, c, d] = base.rules as [object, object, object, object]
  const rules = (...list: object[]): Plan => makePlan({ ...base, rules: list as NonNullable<PlanParts['rules']> })
  t.same(shown(rules({ agentId: 'main', userId: ['9'] }, a, b, c, d)), [['add', 'rule:userId=9 → main']], 'nobody else moved')
  t.same(shown(rules(a, c, d)), [['remove', 'rule:prefix=/b → scout']])
  t.same(shown(rules(b, c, d, a)), [['change', 'rule:prefix=/a → scout', 'rank']])
  t.same(shown(rules(a, b, { ...c, priority: 5 }, d)), [['change', 'rule:prefix=/c → main', 'priority', 'rank']])
  t.same(shown(rules(a, b, { ...c, agentId: 'scout' }, d)), [
    ['add', 'rule:prefix=/c → scout'],
    ['remove', 'rule:prefix=/c → main'],
  ])
  t.same(shown(rules(a, a, b, c, d)), [['add', 'rule:prefix=/a → scout']], 'a second copy is a rule of its own')
  t.equal(diffPlans(before, rules(a, b, d)).changes[0]?.line, 12)
})

t.test('nothing ran before: all is new, nothing is wider', async (t) => {
  const diff = diffPlans(null, before)
  t.ok(diff.changes.every((change) => change.action === 'add'))
  t.same(
    diff.changes.filter((change) => change.kind === 'agent' || change.kind === 'limit').map((change) => change.id),
    ['main', 'scout'],
  )
  t.equal(diff.changes.filter((change) => change.kind === 'rule').length, 5)
  t.same(diff.widened, [])
})

t.test('rights of an agent that grow, and those that shrink', async (t) => {
  t.same(widened(withMain({ tools: ['bash', 'read_file'] })), ['main: new tool bash'])
  t.same(widened(withMain({ tools: [] })), [])
  t.same(widened(withMain({ permissions: permissions({ mode: 'ignore' }) })), ['main: mode ask → ignore'])
  t.same(widened(withMain({ permissions: permissions({ approvers: ['telegram:7'] }) })), ['main: new approver telegram:7'])
  t.same(widened(withMain({ sandbox: 'off' })), ['main: sandbox auto → off'])
  t.same(widened(withMain({ sandbox: 'required' })), [])
  t.same(widened(withMain({ subagents: ['scout'] })), ['main: may start scout'])
  t.same(widened(withMain({ network: ['a.org'] })), ['main: network a.org in the sandbox'])
  t.same(widened(withMain({ workspace: [{ path: '/', access: 'read' }] })), ['main: workspace / (read)'])
  const grants = (allow: string[], deny: string[] = []): Plan => withMain({ permissions: permissions({ allow, deny }) })
  t.same(widened(grants(['git *']), grants(['git status'])), ['main: allow git *'])
  t.same(widened(grants(['git status', 'git log *']), grants(['git *'])), [], 'covered by what stood before')
  t.same(widened(grants(['gitk x']), grants(['git *'])), ['main: allow gitk x'])
  t.same(widened(grants([], []), grants([], ['rm *'])), ['main: deny rm * removed'])
  t.same(widened(grants([], ['rm *']), grants([], ['rm -rf *'])), [])
  const hosts = (allowHosts: string[] | undefined): Plan => withMain({ allowHosts })
  t.same(widened(hosts(undefined), hosts(['a.org'])), ['main: allowHosts removed: any public host'])
  t.same(widened(hosts(['*.a.org']), hosts(['x.a.org'])), ['main: allowHosts *.a.org'])
  t.same(widened(hosts(['x.a.org']), hosts(['*.a.org'])), [])
  t.same(widened(hosts(['x.a.org']), hosts(undefined)), [])
})

t.test('people and doors', async (t) => {
  const telegram = (allowFrom: string[] | undefined): Plan =>
    makePlan({ ...base, channels: { ...base.channels, telegram: { allowFrom, settings: { token: new Secret('a') } } } })
  t.ok(widened(telegram(undefined)).includes('main: strangers reach it on telegram (direct)'))
  t.ok(widened(telegram(undefined)).includes('main: allowFrom of telegram removed: anyone may write'))
  t.ok(widened(telegram(['telegram:1', 'telegram:2'])).includes('main: telegram:2 may write on telegram'))
  t.same(widened(telegram([])), [])
  t.same(widened(makePlan({ ...base, owners: ['telegram:1'] })), [
    '*: new owner telegram:1',
    ...widened(makePlan({ ...base, owners: ['telegram:1'] })).slice(1),
  ])
  t.same(widened(makePlan({ ...base, gateway: { host: '0.0.0.0' } })), ['*: gateway open to other machines (0.0.0.0)'])
  t.same(widened(makePlan({ ...base, agents: { ...base.agents, third: { tools: ['bash'] } } })), [
    'third: new agent with tool bash',
  ])
  const open = makePlan({ ...base, rules: [{ agentId: 'scout' }] })
  t.ok(widened(open).every((line) => line.startsWith('scout: ') || line.startsWith('main: ')))
})

t.test('sessions that would get another key', async (t) => {
  const moves = (after: Plan): unknown[] =>
    diffPlans(before, after).sessions.map(({ agentId, before, after }) => [agentId, before, after])
  t.same(moves(withMain({ sessionScope: 'main' })), [
    ['main', "agent:main:<channelId>:<userId>, or the link's", 'agent:main:main'],
  ])
  t.same(moves(withMain({ sessionScope: 'per-channel-peer' })), [['main', 'agent:main:mehdi', 'agent:main:telegram:1']])
  const nobody = { ...base, links: {} }
  t.same(
    diffPlans(makePlan(nobody), makePlan({ ...nobody, agents: { ...base.agents, main: { sessionScope: 'per-channel-peer' } } }))
      .sessions,
    [],
    'without a link nobody moves',
  )
  t.same(
    diffPlans(withMain({ sessionScope: 'main' }), before).sessions.map(({ before, after }) => [before, after]),
    [['agent:main:main', "agent:main:<channelId>:<userId>, or the link's"]],
  )
  t.same(moves(makePlan({ ...base, links: { mehdi: ['telegram:1', 'http:m'] } })), [
    ['main', 'agent:main:http:m', 'agent:main:mehdi'],
  ])
  t.same(moves(makePlan({ ...base, links: {} })), [['main', 'agent:main:mehdi', 'agent:main:telegram:1']])
  const shared = makePlan({
    ...base,
    channels: { ...base.channels, http: { groups: { respond: 'mention', session: 'shared' } } },
  })
  t.same(moves(shared)[0], ['main', 'agent:main:http:<groupId>:<userId>', 'agent:main:http:<groupId>:*'])
})

t.test('sessions of what is gone are left behind', async (t) => {
  const { http: _, ...channels } = base.channels ?? {}
  const after = makePlan({ ...base, agents: { main: base.agents?.['main'] ?? {} }, channels, heartbeats: [], rules: [] })
  t.same(diffPlans(before, after).sessions, [
    { agentId: 'scout', before: 'agent:scout:…', after: null, reason: 'the agent scout is gone' },
    { agentId: '*', before: 'agent:<agentId>:http:…', after: null, reason: 'the channel http is gone' },
    { agentId: 'main', before: 'cron:morning', after: null, reason: 'the heartbeat morning is gone' },
  ])
  const moved = makePlan({ ...base, heartbeats: (base.heartbeats ?? []).map((one) => ({ ...one, agentId: 'scout' })) })
  t.same(diffPlans(before, moved).sessions, [
    { agentId: 'main', before: 'cron:morning', after: null, reason: 'the heartbeat morning went to the agent scout' },
  ])
})

t.test('next fire times', async (t) => {
  const now = Date.UTC(2026, 0, 5, 6)
  const at = (schedule: string, more: object = {}): Plan =>
    makePlan({ ...base, heartbeats: [{ name: 'morning', agentId: 'main', schedule, ...more }] })
  t.same(await movedFireTimes(before, at('0 7 * * *'), now), [])
  t.same(await movedFireTimes(before, at('30 7 * * *'), now), [
    { name: 'morning', before: '2026-01-05T07:00:00.000Z', after: '2026-01-05T07:30:00.000Z' },
  ])
  t.same(await movedFireTimes(before, at('0 7 * * *', { timezone: 'Europe/Paris' }), now), [
    { name: 'morning', before: '2026-01-05T07:00:00.000Z', after: '2026-01-06T06:00:00.000Z' },
  ])
  t.same(await movedFireTimes(before, at('0 7 * * *', { enabled: false }), now), [
    { name: 'morning', before: '2026-01-05T07:00:00.000Z', after: null },
  ])
  t.same(await movedFireTimes(null, before, now), [{ name: 'morning', before: null, after: '2026-01-05T07:00:00.000Z' }])
})
