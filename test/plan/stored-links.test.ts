import t from 'tap'
import { sessionKey } from '../../src/plan/session-key.ts'
import { withStoredLinks } from '../../src/plan/stored-links.ts'
import { makePlan } from '../support/make-plan.ts'

const plan = makePlan({
  agents: { main: { sessionScope: 'per-peer' } },
  channels: { tg: {}, dc: {}, http: {} },
  links: { mehdi: ['tg:1'], ada: ['tg:2'] },
})
const keyOf = (pairs: readonly (readonly [string, string])[], channelId: string, userId: string): string =>
  sessionKey(withStoredLinks(plan, pairs), 'main', { channelId, userId })

t.test('two strangers who linked are one person', async (t) => {
  const pairs = [['tg:9', 'dc:9']] as const
  t.equal(keyOf(pairs, 'tg', '9'), keyOf(pairs, 'dc', '9'))
  t.not(keyOf([], 'tg', '9'), keyOf([], 'dc', '9'))
})

t.test('a new identity joins the configured person', async (t) => {
  t.equal(keyOf([['dc:5', 'tg:1']], 'dc', '5'), 'agent:main:mehdi')
})

t.test('chains join, in whatever order', async (t) => {
  const pairs = [
    ['tg:9', 'dc:9'],
    ['http:9', 'dc:9'],
    ['http:9', 'tg:1'],
  ] as const
  for (const [channel, user] of [
    ['tg', '9'],
    ['dc', '9'],
    ['http', '9'],
    ['tg', '1'],
  ] as const) {
    t.equal(keyOf(pairs, channel, user), 'agent:main:mehdi', `${channel}:${user}`)
  }
})

t.test('configuration wins: two configured people stay two', async (t) => {
  const pairs = [['tg:1', 'tg:2']] as const
  t.equal(keyOf(pairs, 'tg', '1'), 'agent:main:mehdi')
  t.equal(keyOf(pairs, 'tg', '2'), 'agent:main:ada')
})

t.test('rights do not grow by a link', async (t) => {
  const owned = makePlan({ channels: { tg: {}, dc: {} }, links: { mehdi: ['tg:1'] }, owners: ['tg:1'] })
  t.strictSame(withStoredLinks(owned, [['tg:1', 'dc:5']]).owners, ['tg:1'])
})
