// Slack beyond the kit: threads of the bot, slash commands, escapes, a long absence, files elsewhere.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Channel } from '../../src/channels/port.ts'
import { slack } from '../../src/channels/registry.ts'
import { meaningOf } from '../../src/channels/slack/errors.ts'
import { createFakeSlack, type FakeSlack } from '../../src/channels/slack/fake/server.ts'
import { conversationOf, readText } from '../../src/channels/slack/intake.ts'
import { Secret } from '../../src/plan/plan.ts'
import { createChannelHost, deliver, fastClock, type TestChannelHost } from '../support/channel-host.ts'

const clock = fastClock(50)

async function trial(test: Pick<typeof t, 'teardown'>) {
  const fake: FakeSlack = await createFakeSlack()
  const folder = await mkdtemp(join(tmpdir(), 'claw-slack-'))
  const open: Channel[] = []
  test.teardown(async () => {
    for (const channel of open) await channel.stop()
    await fake.stop()
    await rm(folder, { recursive: true, force: true })
  })
  const start = async (appToken = fake.appToken): Promise<{ host: TestChannelHost; channel: Channel }> => {
    const host = createChannelHost({
      type: 'slack',
      clock,
      stateFolder: folder,
      apiRoot: fake.url,
      settings: { botToken: new Secret(fake.botToken), appToken: new Secret(appToken) },
    })
    const channel = (await slack.load())(host)
    open.push(channel)
    await channel.start()
    if (appToken === fake.appToken) await host.until('connected', () => host.state.state === 'connected')
    return { host, channel }
  }
  return { fake, start }
}

t.test('a wrong app token is named', async (t) => {
  const { start } = await trial(t)
  const { host } = await start('xapp-wrong')
  await host.until('failed', () => host.state.state === 'failed')
  t.match(host.state, { detail: /appToken/ })
})

t.test('an answer in a thread the bot began is for the bot', async (t) => {
  const { fake, start } = await trial(t)
  const { host, channel } = await start()
  await deliver(channel, host, { content: 'good morning, all', groupId: 'C1' })
  const [root] = fake.messages('C1')
  fake.say({ from: 'U1', channel: 'C1', text: 'good morning', thread: root?.ts as string })
  await host.until('it', () => host.received.length === 1)
  t.match(host.received, [{ mentionsBot: true, groupId: 'C1', threadId: root?.ts }])
})

t.test('slash commands become text and are shown to the channel', async (t) => {
  const { fake, start } = await trial(t)
  const { host } = await start()
  const answer = await fake.slash({ command: '/research', text: 'sushi', from: 'U1', channel: 'C1' })
  t.match(answer, { response_type: 'in_channel' })
  t.match(host.received, [{ content: '/research sushi', userId: 'U1', groupId: 'C1', mentionsBot: true }])
})

t.test('what was said while away comes in, in order, threads too', async (t) => {
  const { fake, start } = await trial(t)
  const first = await start()
  fake.say({ from: 'U1', text: 'hello' })
  const root = fake.say({ from: 'U1', text: 'root', channel: 'C1' })
  fake.say({ from: 'U1', text: 'first in thread', channel: 'C1', thread: root.ts })
  await first.host.until('all', () => first.host.received.length === 3)
  await first.channel.stop()
  const said = Array.from({ length: 450 }, (_, i) => `away ${i}`)
  for (const text of said) fake.say({ from: 'U1', text })
  fake.say({ from: 'U1', text: 'second in thread', channel: 'C1', thread: root.ts })
  const second = await start()
  fake.say({ from: 'U1', text: 'now' })
  await second.host.until('all', () => second.host.received.length === said.length + 2)
  t.same(
    second.host.received.filter((m) => m.groupId === undefined).map((m) => m.content),
    [...said, 'now'],
  )
  t.match(
    second.host.received.find((m) => m.groupId !== undefined),
    { content: 'second in thread', threadId: root.ts },
  )
})

t.test('the first words of someone new, said while away, are found, and later ones wait behind them', async (t) => {
  const { fake, start } = await trial(t)
  const first = await start()
  await first.channel.stop()
  fake.say({ from: 'U7', text: 'is anybody there?' })
  const second = await start()
  fake.say({ from: 'U7', text: 'hello?' })
  await second.host.until('both', () => second.host.received.length === 2)
  t.match(second.host.received, [
    { userId: 'U7', content: 'is anybody there?' },
    { userId: 'U7', content: 'hello?' },
  ])
})

t.test(
  'at the very first start nothing old is answered, and an app without the right to list is served all the same',
  async (t) => {
    const { fake, start } = await trial(t)
    fake.say({ from: 'U7', text: 'long before' })
    const first = await start()
    fake.say({ from: 'U7', text: 'now' })
    await first.host.until('it', () => first.host.received.length === 1)
    t.match(first.host.received, [{ content: 'now' }])
    await first.channel.stop()
    fake.fail({ method: /users/, error: 'missing_scope' })
    const second = await start()
    fake.say({ from: 'U8', text: 'hello' })
    await second.host.until('it', () => second.host.received.length === 1)
    t.match(second.host.received, [{ userId: 'U8', content: 'hello' }])
  },
)

t.test('text as people meant it', async (t) => {
  t.same(readText('&lt;b&gt; &amp; <https://x.org|the site> <https://y.org>', 'UBOT'), {
    text: '<b> & the site (https://x.org) https://y.org',
    mentioned: false,
  })
  t.same(readText('<@UBOT>: do it in <#C5|general> for <@U7>', 'UBOT'), { text: 'do it in #general for <@U7>', mentioned: true })
  t.same(readText('hey <@UBOT|claw>, look', 'UBOT'), { text: 'hey, look', mentioned: true })
})

t.test('history that cannot be read at first is asked for again, and what is new waits behind it', async (t) => {
  const { fake, start } = await trial(t)
  const first = await start()
  fake.say({ from: 'U1', text: 'hello' })
  await first.host.until('it', () => first.host.received.length === 1)
  await first.channel.stop()
  fake.say({ from: 'U1', text: 'while away' })
  fake.fail({ method: /history/, status: 500, times: 2 })
  fake.fail({ method: /history/, retryAfter: 1 })
  const second = await start()
  fake.say({ from: 'U1', text: 'now' })
  await second.host.until('both', () => second.host.received.length === 2)
  t.same(
    second.host.received.map((m) => m.content),
    ['while away', 'now'],
  )
})

t.test('a socket that cannot be opened is tried again', async (t) => {
  const { fake, start } = await trial(t)
  const { host } = await start()
  fake.fail({ method: /^socket$/, status: 500, times: 1000 })
  fake.dropConnections()
  await host.until('reconnecting', () => host.state.state === 'reconnecting')
  await new Promise((resolve) => setTimeout(resolve, 100))
  fake.heal()
  await host.until('connected', () => host.state.state === 'connected')
})

t.test('a bot token that is revoked while the socket lives is a state', async (t) => {
  const { fake, start } = await trial(t)
  const { host, channel } = await start()
  fake.fail({ method: /postMessage/, error: 'token_revoked' })
  await t.rejects(deliver(channel, host, { content: 'x', userId: 'U1' }, { attempts: 1 }), { name: 'RefusedError' })
  t.match(host.state, { state: 'failed', detail: /botToken.*token_revoked/ })
  fake.heal()
  await deliver(channel, host, { content: 'x', userId: 'U1' })
  t.same(host.state, { state: 'connected' })
})

t.test('conversations', async (t) => {
  t.equal(conversationOf({ channel: 'C1', ts: '2.0' }), 'C1')
  t.equal(conversationOf({ channel: 'C1', ts: '2.0', thread_ts: '2.0' }), 'C1', 'the root belongs to the channel')
  t.equal(conversationOf({ channel: 'C1', ts: '3.0', thread_ts: '2.0' }), 'C1/2.0')
})

t.test('errors say whether trying again can help', async (t) => {
  for (const error of ['channel_not_found', 'not_in_channel', 'is_archived', 'user_not_found', 'cannot_dm_bot'])
    t.match(meaningOf({ data: { error } }), { retry: false }, error)
  t.match(meaningOf({ data: { error: 'internal_error' } }), { retry: true })
  t.match(meaningOf({ data: { error: 'token_revoked' } }), { name: 'RefusedError', retry: true })
  t.match(meaningOf({ retryAfter: 7 }), { retry: true, retryAfterMs: 7000 })
  t.match(meaningOf({ statusCode: 503 }), { retry: true, name: 'ChannelError' })
  t.match(meaningOf({ original: { code: 'ECONNREFUSED' } }), { name: 'ChannelError', retry: true })
  t.match(meaningOf(new Error('socket hang up')), { name: 'UnsureError', retry: true })
})
