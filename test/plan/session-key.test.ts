import fc from 'fast-check'
import t from 'tap'
import {
  decodeKeyFromFile,
  encodeKeyForFile,
  heartbeatSessionKey,
  parseSessionKey,
  sessionKey,
  spawnSessionKey,
} from '../../src/plan/session-key.ts'
import { makePlan } from '../support/make-plan.ts'

const plan = makePlan({
  agents: { a: { sessionScope: 'main' }, b: { sessionScope: 'per-peer' }, c: { sessionScope: 'per-channel-peer' } },
  channels: { telegram: {}, discord: {}, slack: { groups: { respond: 'always', session: 'shared' } } },
  links: { mehdi: ['telegram:123', 'discord:456'], 'telegram:9': ['telegram:9', 'discord:9'] },
})

t.test('the keys of the three scopes', async (t) => {
  const at = { channelId: 'telegram', userId: '123' }
  t.equal(sessionKey(plan, 'a', at), 'agent:a:main')
  t.equal(sessionKey(plan, 'b', at), 'agent:b:mehdi')
  t.equal(sessionKey(plan, 'b', { channelId: 'discord', userId: '456' }), 'agent:b:mehdi')
  t.equal(sessionKey(plan, 'b', { channelId: 'telegram', userId: '5' }), 'agent:b:telegram:5')
  t.equal(sessionKey(plan, 'c', at), 'agent:c:telegram:123')
  t.equal(
    sessionKey(plan, 'b', { channelId: 'discord', userId: '9' }),
    'agent:b:telegram%3A9',
    'a link named by an identity is one part',
  )
})

t.test('groups have one form under every scope', async (t) => {
  for (const agent of ['a', 'b', 'c']) {
    const at = { channelId: 'telegram', userId: '123', groupId: '-100' }
    t.equal(sessionKey(plan, agent, at), `agent:${agent}:telegram:-100:123`)
    t.equal(sessionKey(plan, agent, { ...at, threadId: '7' }), `agent:${agent}:telegram:-100:7:123`)
    t.equal(sessionKey(plan, agent, { ...at, channelId: 'slack' }), `agent:${agent}:slack:-100:*`)
  }
  t.equal(
    sessionKey(plan, 'a', { channelId: 'telegram', userId: '1', threadId: '7' }),
    'agent:a:main',
    'a thread alone is no group',
  )
})

t.test('heartbeats and sub-agents', async (t) => {
  t.equal(heartbeatSessionKey('morning-check'), 'cron:morning-check')
  t.equal(spawnSessionKey('scout', '01x'), 'agent:scout:spawn:01x')
})

t.test('parts are encoded where they could be mistaken', async (t) => {
  t.equal(sessionKey(plan, 'c', { channelId: 'telegram', userId: 'a:b%c' }), 'agent:c:telegram:a%3Ab%25c')
  t.equal(sessionKey(plan, 'c', { channelId: 'slack', groupId: 'g', userId: 'u' }), 'agent:c:slack:g:*')
  t.equal(sessionKey(plan, 'c', { channelId: 'telegram', groupId: 'g', userId: '*' }), 'agent:c:telegram:g:%2A')
  t.not(sessionKey(plan, 'c', { channelId: 'spawn', userId: 'x' }), spawnSessionKey('c', 'x'))
})

const id = fc.oneof(
  fc.constantFrom('main', 'spawn', 'cron', '*', ':', '%', '%3A', '', 'telegram', 'telegram:123', '123', '%2A', 'mehdi'),
  fc.string({ maxLength: 6, unit: fc.constantFrom('a', ':', '%', '*', '2', 'A', '3') }),
)
const speaker = fc.record(
  { channelId: fc.oneof(id, fc.constantFrom('telegram', 'slack')), userId: id, groupId: id, threadId: id },
  { requiredKeys: ['channelId', 'userId'] },
)
const agent = fc.constantFrom('a', 'b', 'c', 'x:y', 'main', 'spawn')

/** What a key has to tell: two speakers share a session only when these are equal. */
function meaning(agentId: string, s: { channelId: string; userId: string; groupId?: string; threadId?: string }): unknown[] {
  const shared = plan.channels.get(s.channelId)?.groups.session === 'shared'
  if (s.groupId !== undefined) return ['group', agentId, s.channelId, s.groupId, s.threadId ?? null, shared ? null : s.userId]
  const scope = plan.agents.get(agentId)?.sessionScope ?? 'per-channel-peer'
  if (scope === 'main') return ['main', agentId]
  const link = scope === 'per-peer' ? plan.linkOf.get(`${s.channelId}:${s.userId}`) : undefined
  return link === undefined ? ['direct', agentId, s.channelId, s.userId] : ['link', agentId, link]
}

t.test('keys are equal exactly when their meaning is', async () => {
  fc.assert(
    fc.property(agent, speaker, agent, speaker, (a, s, b, r) => {
      const same = JSON.stringify(meaning(a, s)) === JSON.stringify(meaning(b, r))
      return same === (sessionKey(plan, a, s) === sessionKey(plan, b, r))
    }),
    { numRuns: 3000 },
  )
})

t.test('no speaker can make the key of a heartbeat or a sub-agent', async () => {
  fc.assert(
    fc.property(agent, speaker, agent, id, (a, s, b, name) => {
      const key = sessionKey(plan, a, s)
      return key !== heartbeatSessionKey(name) && key !== spawnSessionKey(b, name)
    }),
    { numRuns: 2000 },
  )
})

t.test('a key reads back as what it was made from', async (t) => {
  fc.assert(
    fc.property(agent, speaker, (a, s) => {
      const parts = parseSessionKey(sessionKey(plan, a, s))
      const [kind, ...rest] = meaning(a, s)
      if (parts === null || parts.kind !== kind) return false
      switch (parts.kind) {
        case 'group':
          return (
            JSON.stringify([parts.agentId, parts.channelId, parts.groupId, parts.threadId ?? null, parts.userId]) ===
            JSON.stringify(rest)
          )
        case 'direct':
          return JSON.stringify([parts.agentId, parts.channelId, parts.userId]) === JSON.stringify(rest)
        case 'link':
          return JSON.stringify([parts.agentId, parts.link]) === JSON.stringify(rest)
        default:
          return parts.kind === 'main' && parts.agentId === rest[0]
      }
    }),
    { numRuns: 2000 },
  )
  t.same(parseSessionKey('cron:a%3Ab'), { kind: 'cron', name: 'a:b' })
  t.same(parseSessionKey('agent:a:spawn:1'), { kind: 'spawn', agentId: 'a', id: '1' })
  for (const bad of ['', 'x', 'agent:a', 'cron', 'cron:a:b', 'agent:a:b:c:d:e:f']) t.equal(parseSessionKey(bad), null, bad)
})

t.test('file names', async (t) => {
  t.equal(encodeKeyForFile('agent:main:http:u1'), 'agent%3Amain%3Ahttp%3Au1')
  t.equal(encodeKeyForFile('agent:a:slack:C01:*'), 'agent%3Aa%3Aslack%3A%4301%3A%2A')
  t.equal(encodeKeyForFile('..'), '%2E.', 'never a folder')
  t.equal(encodeKeyForFile('../x'), '%2E.%2Fx')
  const long = encodeKeyForFile(`agent:main:http:${'é'.repeat(300)}`)
  t.ok(Buffer.byteLength(long) <= 200)
  t.equal(decodeKeyFromFile(long), null)
  t.not(encodeKeyForFile(`agent:main:http:${'é'.repeat(301)}`), long)
  t.equal(decodeKeyFromFile('Agent'), null, 'no key has this name')
  const text = fc.string({ unit: 'binary', maxLength: 40 })
  fc.assert(
    fc.property(text, text, (a, b) => {
      const [x, y] = [encodeKeyForFile(a), encodeKeyForFile(b)]
      const plain = /^[a-zA-Z0-9._%~-]*$/.test(x) && Buffer.byteLength(x) <= 200
      return plain && (a === b) === (x.toLowerCase() === y.toLowerCase()) && (x.includes('~') || decodeKeyFromFile(x) === a)
    }),
  )
  t.not(encodeKeyForFile('\ud800'), encodeKeyForFile('\udc00'))
})
