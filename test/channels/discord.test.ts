// Discord beyond the kit: slash commands, intents, a long absence, deliveries nobody asked for.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { createFakeDiscord, type FakeDiscord, type FakeGuild } from '../../src/channels/discord/fake/server.ts'
import type { Channel } from '../../src/channels/port.ts'
import { discord } from '../../src/channels/registry.ts'
import { Secret } from '../../src/plan/plan.ts'
import { createChannelHost, deliver, fastClock, type TestChannelHost, until } from '../support/channel-host.ts'

const clock = fastClock(50)
const user = '700000000000000011'
const guild = '800000000000000001'
const channelId = '800000000000000002'

interface Trial {
  readonly fake: FakeDiscord
  start(): Promise<{ host: TestChannelHost; channel: Channel }>
}

async function trial(test: Pick<typeof t, 'teardown'>, guilds: readonly FakeGuild[] = []): Promise<Trial> {
  const fake = await createFakeDiscord({ guilds })
  const folder = await mkdtemp(join(tmpdir(), 'claw-discord-'))
  const open: Channel[] = []
  test.teardown(async () => {
    for (const channel of open) await channel.stop()
    await fake.stop()
    await rm(folder, { recursive: true, force: true })
  })
  return {
    fake,
    async start() {
      const host = createChannelHost({
        type: 'discord',
        clock,
        stateFolder: folder,
        apiRoot: `${fake.url}/api`,
        settings: { token: new Secret(fake.token) },
        prefixes: ['/research', '/Not A Name', '!x'],
      })
      const channel = (await discord.load())(host)
      open.push(channel)
      await channel.start()
      return { host, channel }
    },
  }
}

const connected = (host: TestChannelHost): Promise<void> => host.until('connected', () => host.state.state === 'connected')

t.test('routing prefixes are slash commands', async (t) => {
  const { fake, start } = await trial(t)
  const { host, channel } = await start()
  await until('the commands', () => fake.commands.length > 0)
  t.match(fake.commands, [{ name: 'research', options: [{ name: 'text', type: 3 }] }])
  t.equal(fake.commands.length, 1, 'what is no name for a command is none')
  const shown = await fake.slash({ name: 'research', text: 'sushi', from: user, channel: channelId, guild })
  t.same(shown, { content: '/research sushi', ephemeral: false })
  t.match(host.received, [{ content: '/research sushi', userId: user, groupId: guild, threadId: channelId, mentionsBot: true }])
  await deliver(channel, host, {
    content: 'found',
    groupId: guild,
    threadId: channelId,
    replyTo: host.received[0]?.messageId as string,
  })
  t.match(fake.messages(channelId), [{ content: 'found' }])
  host.failReceives(1)
  t.match(await fake.slash({ name: 'research', text: 'x', from: user, channel: channelId, guild }), {
    content: /try again/,
    ephemeral: true,
  })
})

t.test('without the message content intent the state says what to switch on', async (t) => {
  const { fake, start } = await trial(t)
  fake.withoutContentIntent()
  const { host } = await start()
  await host.until('failed', () => host.state.state === 'failed')
  t.match(host.state, { detail: /Message Content Intent/ })
})

t.test('after a long absence everything said comes in, in order, before what is said now', async (t) => {
  const { fake, start } = await trial(t)
  const first = await start()
  await connected(first.host)
  fake.say({ from: user, text: 'hello' })
  fake.say({ from: user, text: 'talk', channel: channelId, guild })
  await first.host.until('both', () => first.host.received.length === 2)
  await first.channel.stop()
  const said = Array.from({ length: 230 }, (_, i) => `away ${i}`)
  for (const text of said) fake.say({ from: user, text })
  fake.say({ from: user, text: 'in the guild', channel: channelId, guild })
  const second = await start()
  await connected(second.host)
  fake.say({ from: user, text: 'now' })
  await second.host.until('all', () => second.host.received.length === said.length + 2)
  t.same(
    second.host.received.filter((m) => m.groupId === undefined).map((m) => m.content),
    [...said, 'now'],
  )
  t.match(
    second.host.received.find((m) => m.groupId !== undefined),
    { content: 'in the guild', groupId: guild, threadId: channelId },
  )
})

t.test('a channel that is gone, or closed to the bot, gives up at once and holds up nobody else', async (t) => {
  const { fake, start } = await trial(t)
  const { host, channel } = await start()
  await connected(host)
  for (const [status, code] of [
    [404, 10_003],
    [403, 50_001],
    [403, 50_007],
  ] as const) {
    const before = fake.sends.length
    fake.fail({ status, code, path: /POST .*messages/ })
    const gone = deliver(channel, host, { content: 'anyone?', groupId: guild, threadId: channelId })
    await t.rejects(gone, { retry: false } as never, String(code))
    t.equal(fake.sends.length, before + 1, 'tried once')
  }
  await deliver(channel, host, { content: 'still here', userId: user })
  t.match(fake.messages(fake.direct(user)), [{ content: 'still here' }])
  t.equal(host.state.state, 'connected')
})

t.test('a restart within minutes loses not even the first words of someone new', async (t) => {
  const { fake, start } = await trial(t)
  const first = await start()
  await connected(first.host)
  fake.say({ from: user, text: 'hello' })
  await first.host.until('it', () => first.host.received.length === 1)
  await first.channel.stop()
  fake.say({ from: '700000000000000099', text: 'my first words ever' })
  fake.say({ from: user, text: 'back?' })
  const second = await start()
  await second.host.until('both', () => second.host.received.length === 2)
  t.same(second.host.received.map((m) => m.content).sort(), ['back?', 'my first words ever'])
  t.equal(fake.identified(), 1, 'the session went on')
  fake.say({ from: user, text: 'again' })
  await second.host.until('what is new', () => second.host.received.length === 3)
  await second.channel.stop()
  fake.forgetSession()
  fake.say({ from: user, text: 'and now?' })
  const third = await start()
  await third.host.until('what the history holds', () => third.host.received.length === 1)
  await until('a session that starts over', () => fake.identified() === 2)
})

t.test('a session the platform forgot starts over', async (t) => {
  const { fake, start } = await trial(t)
  const { host } = await start()
  await connected(host)
  fake.dropConnections()
  await host.until('reconnecting', () => host.state.state === 'reconnecting')
  await connected(host)
  fake.say({ from: user, text: 'still there?' })
  await host.until('the message', () => host.received.length === 1)
})

t.test('a delivery to a person opens the direct channel; to a guild alone it goes where it was heard last', async (t) => {
  const { fake, start } = await trial(t)
  const { host, channel } = await start()
  await connected(host)
  await deliver(channel, host, { content: 'good morning', userId: user })
  t.match(fake.messages(fake.direct(user)), [{ content: 'good morning' }])
  await t.rejects(deliver(channel, host, { content: 'x', groupId: guild }), { message: /threadId/ })
  fake.say({ from: user, text: 'hi all', channel: channelId, guild })
  await host.until('it', () => host.received.length === 1)
  await deliver(channel, host, { content: 'hi', groupId: guild })
  t.match(fake.messages(channelId).at(-1), { content: 'hi' })
})

t.test('names in the middle of a text', async (t) => {
  const { fake, start } = await trial(t)
  const { host } = await start()
  await connected(host)
  const me = `<@${fake.botId}>`
  for (const text of [`hey ${me}, look`, `${me}: do it`, `what ${me}`, `<@!${fake.botId}> hi`, 'nobody here'])
    fake.say({ from: user, text, channel: channelId, guild })
  await host.until('all', () => host.received.length === 5)
  t.same(
    host.received.map((m) => [m.content, m.mentionsBot]),
    [
      ['hey, look', true],
      ['do it', true],
      ['what', true],
      ['hi', true],
      ['nobody here', false],
    ],
  )
})

const TOWN: FakeGuild = {
  id: guild,
  name: 'Town',
  channels: [
    { id: channelId, name: 'square' },
    { id: '800000000000000003', name: 'library' },
  ],
  roles: [
    { id: guild, name: '@everyone' },
    { id: '800000000000000009', name: 'mayors' },
  ],
  threads: [{ id: '800000000000000004', name: 'lost cats', parent_id: channelId }],
}
const MENTIONS = 'ask <@&800000000000000009> or <@700000000000000022> in <#800000000000000003>, <#800000000000000004> or <#1>'

t.test('people, roles, channels and threads are read by their names, also in a session that is resumed', async (t) => {
  const { fake, start } = await trial(t, [TOWN])
  const first = await start()
  await connected(first.host)
  fake.say({ from: user, text: MENTIONS, channel: channelId, guild })
  const names = '@User 700000000000000022 in #library, #lost cats or <#1>'
  await first.host.until('it', () => first.host.received.length === 1)
  t.equal(first.host.received[0]?.content, `ask @mayors or ${names}`)
  fake.emit('CHANNEL_UPDATE', { id: '800000000000000003', guild_id: guild, name: 'archive', type: 0 })
  fake.emit('GUILD_ROLE_UPDATE', { guild_id: guild, role: { id: '800000000000000009', name: 'judges' } })
  fake.say({ from: user, text: MENTIONS, channel: channelId, guild })
  await first.host.until('the second', () => first.host.received.length === 2)
  const renamed = `ask @judges or ${names.replace('library', 'archive')}`
  t.equal(first.host.received[1]?.content, renamed)
  await first.channel.stop()
  const second = await start()
  await connected(second.host)
  fake.say({ from: user, text: MENTIONS, channel: channelId, guild })
  await second.host.until('the third', () => second.host.received.length === 1)
  t.equal(fake.identified(), 1, 'nobody said the names again')
  t.equal(second.host.received[0]?.content, renamed)
})

t.test('packets that no client can read cost nothing but what is in them', async (t) => {
  const { fake, start } = await trial(t, [TOWN])
  const { host } = await start()
  await connected(host)
  for (const type of ['GUILD_CREATE', 'GUILD_UPDATE', 'GUILD_ROLE_CREATE', 'CHANNEL_CREATE', 'THREAD_CREATE', 'THREAD_LIST_SYNC'])
    for (const data of [{}, { id: 1 }, { guild_id: guild }, { id: guild, channels: 'none', roles: null }]) fake.emit(type, data)
  fake.say({ from: user, text: 'still there?', channel: channelId, guild })
  await host.until('the message', () => host.received.length === 1)
  t.equal(host.state.state, 'connected')
})
