import t from 'tap'
import { admission, routeMessage, senderClass } from '../../src/plan/admission.ts'
import type { RouteInput } from '../../src/plan/plan.ts'
import { type AskedRoute, explainRoute } from '../../src/plan/route.ts'
import { createRouter } from '../../src/plan/router.ts'
import { patternsOf } from '../../src/plan/text-match.ts'
import { makePlan } from '../support/make-plan.ts'

const plan = makePlan({
  agents: {
    main: { tools: ['bash', 'read_file'], rateLimit: { maxMessagesPerHour: 20 } },
    researcher: { sessionScope: 'per-peer', permissions: { ...PERMISSIONS(), mode: 'record' } },
  },
  channels: {
    telegram: { allowFrom: ['telegram:123', 'telegram:9'] },
    slack: { groups: { respond: 'always', session: 'shared', allow: ['C01'] } },
    irc: { enabled: false },
    open: { groups: { respond: 'never', session: 'per-user' } },
  },
  links: { mehdi: ['telegram:123', 'slack:U1'] },
  owners: ['telegram:123', 'slack:U1'],
  rules: [
    { agentId: 'main', channelId: ['slack'], groupId: ['C01', 'C02'] },
    { agentId: 'researcher', prefix: '/research', priority: 100 },
    { agentId: 'main', pattern: '^!admin.*x', userId: ['123'], priority: 90 },
  ],
})

function PERMISSIONS() {
  return {
    mode: 'ask',
    allow: [],
    deny: [],
    approvers: [],
    timeoutMs: 1,
    approvalWaitMs: 1,
    askInSandbox: 'always',
    flow: 'ask',
  } as const
}

const say = (content: string, more: Partial<RouteInput> = {}): RouteInput => ({
  channelId: 'telegram',
  userId: '123',
  content,
  ...more,
})

t.test('agent, session and text', async (t) => {
  const router = await createRouter(plan)
  t.match(routeMessage(plan, router, say('/research  sushi')), {
    agentId: 'researcher',
    sessionKey: 'agent:researcher:mehdi',
    content: 'sushi',
    rule: { index: 1 },
  })
  t.same(routeMessage(plan, router, say('hello')), {
    agentId: 'main',
    sessionKey: 'agent:main:telegram:123',
    content: 'hello',
    rule: null,
  })
  t.match(routeMessage(plan, router, say('!admin x')), { rule: { index: 2 }, content: '!admin x' })
  const closed = makePlan({ defaultAgent: undefined })
  t.match(routeMessage(closed, await createRouter(closed), say('hello')), { agentId: null, reason: /no routing.defaultAgent/ })
})

t.test('the explanation lists higher rules that lost, and the winner', async (t) => {
  const patterns = await patternsOf(plan)
  t.same(explainRoute(plan, say('hi', { channelId: 'slack', userId: 'U1', groupId: 'C01' }), patterns), {
    agentId: 'main',
    sessionKey: 'agent:main:slack:C01:*',
    content: 'hi',
    rule: { index: 0, file: '/bot/openclaw.yaml', line: 10 },
    considered: [
      { index: 1, line: 11, matched: false, reason: 'text does not start with "/research" followed by a blank or the end' },
      { index: 2, line: 12, matched: false, reason: 'userId is U1, rule wants 123' },
      { index: 0, line: 10, matched: true, reason: 'channelId, groupId match' },
    ],
    tools: ['bash', 'read_file'],
    permissions: { mode: 'ask' },
    rateLimit: { maxMessagesPerHour: 20 },
  })
  const byDefault = explainRoute(plan, say('hi'), patterns)
  t.equal(byDefault.rule, null)
  t.same(
    byDefault.considered.map((rule) => [rule.index, rule.matched, rule.reason]),
    [
      [1, false, 'text does not start with "/research" followed by a blank or the end'],
      [2, false, 'text does not match /^!admin.*x/'],
      [0, false, 'channelId is telegram, rule wants slack'],
    ],
  )
  t.equal(explainRoute(plan, say('/research x'), patterns).permissions?.mode, 'record')
})

t.test('a message its channel does not let in is refused, with the reason', async (t) => {
  const patterns = await patternsOf(plan)
  const reason = (input: RouteInput): string | undefined => explainRoute(plan, input, patterns).reason
  t.match(reason(say('hi', { userId: '7' })), /telegram:7 is not in allowFrom.*strangers: ignore/)
  t.match(reason(say('hi', { channelId: 'irc' })), /switched off/)
  t.match(reason(say('hi', { channelId: 'nowhere' })), /no channel nowhere/)
  t.match(reason(say('hi', { channelId: 'open', groupId: 'g' })), /does not answer in groups/)
  t.match(reason(say('hi', { channelId: 'slack', groupId: 'C09' })), /not in groups.allow/)
  t.equal(explainRoute(plan, say('/research x', { userId: '7' }), patterns).rule?.index, 1, 'the rule it would have met')
  t.same(admission(plan, { channelId: 'telegram', userId: '9' }), { admitted: true })
  t.match(admission(plan, { channelId: 'telegram', userId: '9', groupId: 'g', mentionsBot: false }), { code: 'not_addressed' })
  t.same(admission(plan, { channelId: 'slack', userId: 'x', groupId: 'C01', mentionsBot: false }), { admitted: true })
})

t.test('what happens in a group, to commands and to paired people', async (t) => {
  const patterns = await patternsOf(plan)
  const ask = (input: AskedRoute, paired = false) => explainRoute(plan, input, patterns, { paired })
  const group = { channelId: 'telegram', userId: '9', groupId: 'g' }
  t.match(ask(say('hi', group)), { agentId: null, reason: /when it is mentioned/ })
  t.match(ask({ ...say('hi', group), mentioned: true }), { agentId: 'main' })
  t.match(ask(say('/research x', group)), { agentId: 'researcher' }, 'a prefix of a rule is for the bot')
  for (const input of [say('/status'), say(' /Stop all'), say('/status', group)])
    t.match(ask(input), { agentId: null, command: input.content.trim().split(' ')[0], reason: /the engine answers it/ })
  t.match(ask(say('/status of things')), { agentId: 'main' })
  t.notOk('command' in ask(say('/status', { userId: '7' })), 'a stranger commands nothing')

  const pairing = { ...plan, channels: new Map(plan.channels) }
  const telegram = plan.channels.get('telegram')
  if (telegram === undefined) throw new Error('no telegram')
  pairing.channels.set('telegram', { ...telegram, strangers: 'pair' })
  const stranger = say('hi', { userId: '7' })
  t.match(explainRoute(pairing, stranger, patterns, { paired: true }), { agentId: 'main' })
  t.match(explainRoute(pairing, { ...stranger, groupId: 'g' }, patterns, { paired: true }), { reason: /mentioned/ })
  t.match(ask(stranger, true), { agentId: null, reason: /not in allowFrom/ }, 'the channel pairs no more')
})

t.test('sender classes', async (t) => {
  t.equal(senderClass(plan, { channelId: 'telegram', userId: '123' }), 'owner')
  t.equal(senderClass(plan, { channelId: 'telegram', userId: '9' }), 'allow-listed')
  t.equal(senderClass(plan, { channelId: 'slack', userId: '9' }), 'stranger')
  t.equal(senderClass({ ...plan, owners: [] }, { channelId: 'slack', userId: 'U1' }), 'linked')
})
