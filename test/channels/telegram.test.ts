// Telegram beyond the kit: conflicts, revoked tokens, moved groups, forged webhooks, formatting that is refused.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { readCallback } from '../../src/channels/approval-buttons.ts'
import { json, serve } from '../../src/channels/kit/fake-server.ts'
import type { Channel } from '../../src/channels/port.ts'
import * as channels from '../../src/channels/registry.ts'
import { telegram } from '../../src/channels/registry.ts'
import { createFakeTelegram, type FakeTelegram } from '../../src/channels/telegram/fake/server.ts'
import { readMessage, stripMention } from '../../src/channels/telegram/intake.ts'
import { type ChannelPlan, type Plan, Secret } from '../../src/plan/plan.ts'
import { systemClock } from '../../src/ports.ts'
import { createChannelHost, deliver, fastClock, type TestChannelHost, until } from '../support/channel-host.ts'
import { testdir } from '../support/testdir.ts'

const clock = fastClock(50)

async function begin(
  test: Pick<typeof t, 'teardown'>,
  options: { settings?: Record<string, unknown>; spec?: Partial<ChannelPlan>; fake?: FakeTelegram; folder?: string } = {},
): Promise<{ fake: FakeTelegram; host: TestChannelHost; channel: Channel }> {
  const fake = options.fake ?? (await createFakeTelegram({ clock }))
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'claw-telegram-')))
  const host = createChannelHost({
    type: 'telegram',
    clock,
    stateFolder: folder,
    apiRoot: fake.url,
    settings: { token: new Secret(fake.token), ...options.settings },
    ...(options.spec === undefined ? {} : { spec: options.spec }),
  })
  const channel = (await telegram.load())(host)
  await channel.start()
  test.teardown(async () => {
    await channel.stop()
    await fake.stop()
    await rm(folder, { recursive: true, force: true })
  })
  return { fake, host, channel }
}

const connected = (host: TestChannelHost): Promise<void> => host.until('connected', () => host.state.state === 'connected')

t.test('two programs with one token: said in clear words, and neither crashes', async (t) => {
  const first = await begin(t)
  await connected(first.host)
  const second = await begin(t, { fake: first.fake })
  await until('a conflict', () =>
    [...first.host.states, ...second.host.states].some((s) => s.state === 'reconnecting' && /another program/i.test(s.detail)),
  )
})

t.test('a revoked token ends in a failed state', async (t) => {
  const { fake, host, channel } = await begin(t)
  await connected(host)
  fake.setToken('123456:NEW')
  fake.dropConnections()
  await host.until('failed', () => host.state.state === 'failed')
  const error = await deliver(channel, host, { content: 'x', userId: '11' }, { attempts: 1 }).catch((e: unknown) => e)
  t.match(error, { name: 'RefusedError', retry: true }, 'the reply waits for a new token')
})

for (const description of ['Bad Request: message thread not found', 'Bad Request: TOPIC_DELETED', 'Bad Request: TOPIC_CLOSED']) {
  t.test(`a topic that cannot be sent to (${description}): the answer goes to its group`, async (t) => {
    const { fake, host, channel } = await begin(t)
    await connected(host)
    fake.fail({ method: 'sendMessage', code: 400, description, times: 1 })
    await deliver(channel, host, { content: 'here', groupId: '-3', threadId: '1' }, { attempts: 1 })
    const [sent, ...more] = fake.chat(-3).filter(({ fromBot }) => fromBot)
    t.equal(sent?.text, 'here')
    t.same(more, [], 'once')
    fake.fail({ method: 'sendMessage', code: 400, description: 'Bad Request: chat not found', times: 1 })
    await t.rejects(deliver(channel, host, { content: 'x', groupId: '-3', threadId: '1' }, { attempts: 1 }))
  })
}

t.test('a token that was refused to one call alone is a state until the next is taken', async (t) => {
  const { fake, host, channel } = await begin(t)
  await connected(host)
  fake.fail({ method: 'sendMessage', code: 401, description: 'Unauthorized' })
  await t.rejects(deliver(channel, host, { content: 'x', userId: '11' }, { attempts: 1 }), { name: 'RefusedError' })
  t.match(host.state, { state: 'failed' })
  await deliver(channel, host, { content: 'x', userId: '11' })
  t.same(host.state, { state: 'connected' })
})

t.test('no token at all is a failed state', async (t) => {
  const { host } = await begin(t, { settings: { token: new Secret('') } })
  t.equal(host.state.state, 'failed')
})

t.test('a chat that is gone, or closed to the bot, gives up at once and holds up nobody else', async (t) => {
  const { fake, host, channel } = await begin(t)
  await connected(host)
  for (const [code, description] of [
    [400, 'Bad Request: chat not found'],
    [403, 'Forbidden: user is deactivated'],
    [403, 'Forbidden: bot was kicked from the supergroup chat'],
    [403, 'Forbidden: bot is not a member of the channel chat'],
    [400, 'Bad Request: TOPIC_CLOSED'],
  ] as const) {
    fake.fail({ method: 'sendMessage', code, description })
    await t.rejects(deliver(channel, host, { content: 'anyone?', groupId: '-55' }), { retry: false } as never, description)
    t.equal(fake.calls.filter((call) => call.method === 'sendmessage').length, 1, 'tried once')
    fake.calls.splice(0)
  }
  await deliver(channel, host, { content: 'still here', userId: '11' })
  t.equal(fake.chat(11).at(-1)?.text, 'still here')
  t.equal(host.state.state, 'connected')
})

t.test('a group that became a supergroup still gets its replies', async (t) => {
  const { fake, host, channel } = await begin(t)
  await connected(host)
  const to = fake.migrate(-55)
  await deliver(channel, host, { content: 'to the old id', groupId: '-55' })
  t.equal(fake.chat(to).at(-1)?.text, 'to the old id')
})

t.test('refused formatting goes out as plain text', async (t) => {
  const { fake, host, channel } = await begin(t)
  await connected(host)
  fake.fail({ method: 'sendMessage', code: 400, description: "Bad Request: can't parse entities: whatever" })
  await deliver(channel, host, { content: 'some **bold**', userId: '11' })
  t.match(fake.chat(11), [{ text: 'some **bold**', entities: [] }])
})

t.test('a reply that breaks off in the middle goes on where it stopped', async (t) => {
  const { fake, host, channel } = await begin(t)
  await connected(host)
  const content = ['a', 'b', 'c'].map((letter) => letter.repeat(3000)).join('\n\n')
  fake.fail({ method: 'sendMessage', code: 500, skip: 1 })
  await deliver(channel, host, { content, userId: '11' })
  t.same(
    fake.chat(11).map((m) => m.text.charAt(0)),
    ['a', 'b', 'c'],
  )
})

t.test('the kept offset belongs to one bot', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'claw-telegram-'))
  await writeFile(join(folder, 'telegram.json'), JSON.stringify({ botId: 1, offset: 999_999_999, at: clock.now(), moved: {} }))
  const { fake, host } = await begin(t, { folder })
  fake.say({ from: 11, text: 'hello' })
  await host.until('the message', () => host.received.length === 1)
})

t.test('a damaged state file costs nothing', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'claw-telegram-'))
  await writeFile(join(folder, 'telegram.json'), '{"botId": 12')
  const { fake, host } = await begin(t, { folder })
  fake.say({ from: 11, text: 'hello' })
  await host.until('the message', () => host.received.length === 1)
})

t.test('webhook mode takes only calls that carry the secret', async (t) => {
  const { host, channel, fake } = await begin(t, {
    settings: { mode: 'webhook', webhookUrl: 'http://127.0.0.1:9/hooks/telegram', webhookSecret: new Secret('s3cret') },
  })
  await connected(host)
  t.equal(fake.webhookUrl(), 'http://127.0.0.1:9/hooks/telegram')
  const update = {
    update_id: 1,
    message: {
      message_id: 1,
      date: 1,
      chat: { id: 11, type: 'private' },
      from: { id: 11, is_bot: false, first_name: 'A' },
      text: 'hi',
    },
  }
  const call = (secret: string | undefined, body: string, method = 'POST') =>
    channel.webhook?.({
      method,
      path: '/hooks/telegram',
      query: new URLSearchParams(),
      headers: secret === undefined ? {} : { 'x-telegram-bot-api-secret-token': secret },
      body: Buffer.from(body),
    })
  t.match(await call(undefined, JSON.stringify(update)), { status: 401 })
  t.match(await call('wrong', JSON.stringify(update)), { status: 401 })
  t.match(await call('s3cret', '{'), { status: 400 })
  t.match(await call('s3cret', 'null'), { status: 400 })
  t.match(await call('s3cret', '', 'GET'), { status: 405 })
  t.equal(host.received.length, 0)
  t.match(await call('s3cret', JSON.stringify(update)), { status: 200 })
  t.match(host.received, [{ content: 'hi', userId: '11' }])
  host.failReceives(1)
  t.match(await call('s3cret', JSON.stringify(update)), { status: 500 }, 'what was not stored is asked for again')
})

t.test('files of strangers are not fetched', async (t) => {
  const { fake, host } = await begin(t, { spec: { allowFrom: ['telegram:11'] } })
  fake.say({ from: 66, file: { kind: 'document', data: Buffer.from('x'), mediaType: 'text/plain', name: 'a.txt' } })
  fake.say({ from: 11, file: { kind: 'voice', data: Buffer.from('OggS...') } })
  await host.until('both', () => host.received.length === 2)
  const by = (user: string) => host.received.find((m) => m.userId === user)
  t.match(by('66'), { content: '[file a.txt]', media: [{ note: /not for the bot/ }] })
  t.equal(by('66')?.media?.[0]?.data, undefined)
  t.match(by('11'), { content: '[voice message, 7 s]', media: [{ kind: 'audio', mediaType: 'audio/ogg', data: String }] })
  t.equal(fake.calls.filter((c) => c.method === 'getfile').length, 1)
})

t.test('what an answered message shows comes with the question about it', async (t) => {
  const { fake, host } = await begin(t)
  const photo = fake.say({
    from: 12,
    chat: -6,
    file: { kind: 'photo', data: Buffer.from('89504e470d0a1a0a0000', 'hex') },
    text: 'the old door',
  })
  const reply_to_message = {
    message_id: photo.message_id,
    from: { id: 12 },
    photo: [{ file_id: 'file-1', file_unique_id: 'u' }],
    caption: 'the old door',
  }
  fake.say({ from: 11, chat: -6, text: `@${fake.bot.username} what is this?`, raw: { reply_to_message } })
  await host.until('the question', () => host.received.some((m) => m.userId === '11'))
  const asked = host.received.find((m) => m.userId === '11')
  t.strictSame(asked?.quoted, { content: '[photo] the old door', userId: '12' })
  t.strictSame(
    asked?.media?.map(({ kind, data }) => [kind, typeof data]),
    [['image', 'string']],
  )
})

t.test('mentions', async (t) => {
  const me = { id: 7, username: 'claw_bot' }
  const cases: [string, { type: string; offset: number; length: number; user?: { id: number } }[], string, boolean][] = [
    ['@Claw_Bot, hi', [{ type: 'mention', offset: 0, length: 9 }], 'hi', true],
    ['hey @claw_bot, look', [{ type: 'mention', offset: 4, length: 9 }], 'hey, look', true],
    ['look @claw_bot now', [{ type: 'mention', offset: 5, length: 9 }], 'look now', true],
    ['/research@claw_bot sushi', [{ type: 'bot_command', offset: 0, length: 18 }], '/research sushi', true],
    ['/research@other_bot sushi', [{ type: 'bot_command', offset: 0, length: 19 }], '/research@other_bot sushi', false],
    ['Claw do it', [{ type: 'text_mention', offset: 0, length: 4, user: { id: 7 } }], 'do it', true],
    ['@other hi', [{ type: 'mention', offset: 0, length: 6 }], '@other hi', false],
  ]
  for (const [raw, entities, text, mentioned] of cases) t.same(stripMention(raw, entities as never, me), { text, mentioned }, raw)
})

t.test('who is not a person is not read', async (t) => {
  const plan = { rules: [] } as unknown as Plan
  const me = { id: 7, is_bot: true, first_name: 'Claw', username: 'claw_bot' } as never
  const base = { message_id: 1, date: 1, chat: { id: -5, type: 'group', title: 'g' }, text: 'x' }
  const person = { id: 1, is_bot: false, first_name: 'A' }
  const read = (more: object) => readMessage({ ...base, ...more } as never, me, plan, 'telegram')
  t.equal(read({ from: { ...person, is_bot: true } }), null, 'a bot')
  t.equal(read({}), null, 'nobody')
  t.equal(read({ from: person, sender_chat: { id: -9, type: 'channel', title: 'c' } }), null, 'a channel')
  t.equal(read({ from: person, text: undefined, pinned_message: {} }), null, 'a service message')
  t.match(read({ from: person }), { message: { userId: '1', groupId: '-5', messageId: '-5/1' } })
})

t.test('a message with the least in it is read all the same', async (t) => {
  const plan = { rules: [], channels: [], agents: new Map() } as unknown as Plan
  const me = { id: 7, is_bot: true, first_name: 'Claw', username: 'claw_bot' } as never
  const read = (message: object) => readMessage(message as never, me, plan, 'telegram')?.message
  t.same(read({ message_id: 1, from: { id: 11 }, chat: { id: 11 }, text: 'hi' }), {
    channelId: 'telegram',
    userId: '11',
    messageId: '11/1',
    content: 'hi',
  })
  t.match(read({ message_id: 1, chat: { id: 11, type: 'private' }, text: 'hi' }), { userId: '11' })
  const group = { message_id: 2, from: { id: 11 }, chat: { id: -5 } }
  t.match(read({ ...group, text: '@claw_bot hi' }), { groupId: '-5', content: 'hi', mentionsBot: true })
  t.match(read({ ...group, text: '/research@Claw_Bot tides' }), { content: '/research tides', mentionsBot: true })
  t.match(read({ ...group, text: 'x@claw_bot.org, @claw_bots' }), { mentionsBot: false })
  t.match(read({ ...group, text: '`@claw_bot`', entities: [{ type: 'code', offset: 0, length: 11 }] }), { mentionsBot: false })
  t.match(read({ ...group, text: 'hi', message_thread_id: 3 }), { threadId: '3' })
  const answer = { ...group, text: 'hi', message_thread_id: 3, reply_to_message: { message_id: 1, from: { id: 9 } } }
  t.equal(read(answer)?.threadId, undefined, 'an answer outside topics is in no thread')
  const unknown = readMessage({ ...group, text: 'hi' } as never, {} as never, plan, 'telegram')
  t.equal(unknown?.message.mentionsBot, false, 'a bot that was not told who it is was not answered to')
})

t.test('a server with four methods and the least of answers is enough', async (t) => {
  const sent: Record<string, unknown>[] = []
  let polls = 0
  const updates = [
    { update_id: 7, message: { message_id: 1, from: { id: 11 }, chat: { id: 11 }, text: 'hello' } },
    { update_id: 9, chat_boost: {} },
  ]
  const server = await serve(async (request, response, body) => {
    const method = (request.url ?? '').split('/').at(-1) ?? ''
    const fields = JSON.parse(body.toString() || '{}') as Record<string, unknown>
    const ok = (result: unknown): void => json(response, 200, { ok: true, result })
    if (method === 'getMe') return ok({ id: 99, is_bot: true, first_name: 'B', username: 'lean_bot' })
    if (method === 'getUpdates') {
      polls++
      return ok(updates.filter((one) => one.update_id >= Number(fields['offset'] ?? 0)))
    }
    if (method === 'sendMessage' || method === 'editMessageText') {
      sent.push({ method, ...fields })
      if (fields['text'] === 'fish & chips') return ok(undefined)
      return ok(method === 'sendMessage' ? { message_id: sent.length } : true)
    }
    response.writeHead(404)
    response.end('no such thing')
  })
  t.teardown(() => server.stop())
  const host = createChannelHost({
    type: 'telegram',
    clock: systemClock,
    stateFolder: testdir(t),
    apiRoot: server.url,
    settings: { token: new Secret('1:x') },
    spec: { streaming: 'edit' },
  })
  const channel = (await telegram.load())(host)
  t.teardown(() => channel.stop())
  await channel.start()
  await host.until('the message', () => host.received.length === 1)
  t.equal(host.state.state, 'connected')
  channel.typing?.({ channelId: 'telegram', userId: '11' })
  await deliver(channel, host, { content: 'R&D is < *5* km', userId: '11' })
  await deliver(channel, host, { content: 'fish & chips', userId: '11' })
  const stream = channel.stream?.({ channelId: 'telegram', userId: '11' }, 'agent:main:telegram:11')
  stream?.update('one')
  await until('the preview', () => sent.length === 3)
  t.ok(await stream?.finish('one two', { idempotencyKey: 'k', possiblyRepeated: false, signal: new AbortController().signal }))
  t.same(sent, [
    { method: 'sendMessage', chat_id: 11, text: 'R&amp;D is &lt; <i>5</i> km', parse_mode: 'HTML' },
    { method: 'sendMessage', chat_id: 11, text: 'fish & chips' },
    { method: 'sendMessage', chat_id: 11, text: 'one' },
    { method: 'editMessageText', chat_id: 11, message_id: 3, text: 'one two' },
  ])
  const before = polls
  await new Promise((resolve) => setTimeout(resolve, 600))
  t.ok(polls - before < 10, 'polls that come back at once are paced')
})

t.test('a webhook that stands in the way of polling is removed, and nothing else is asked', async (t) => {
  const fake = await createFakeTelegram({ clock })
  const call = (method: string, body: object) =>
    fetch(`${fake.url}/bot${fake.token}/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  await call('setWebhook', { url: 'http://127.0.0.1:9/gone' })
  const { host } = await begin(t, { fake })
  await connected(host)
  t.equal(fake.webhookUrl(), '')
  fake.say({ from: 11, text: 'hello' })
  await host.until('the message', () => host.received.length === 1)
})

t.test('buttons carry ids only', async (t) => {
  t.same(readCallback('ap:once:01ab'), { decision: 'once', id: '01ab' })
  t.equal(readCallback('ap:forever:01ab'), null)
  t.equal(readCallback(undefined), null)
})

t.test('the registry loads nothing before it is asked', async (t) => {
  t.same(
    Object.entries(channels).map(([name, { type }]) => [name, type]),
    Object.keys(channels).map((name) => [name, name]),
    'each line is named by its type',
  )
  for (const type of ['http', 'webchat']) {
    const host = createChannelHost({ type, clock, stateFolder: testdir(t), settings: {} })
    const definition = Object.values(channels).find((d) => d.type === type)
    const channel = (await definition?.load())?.(host)
    await channel?.start()
    t.equal(host.state.state, 'connected')
    t.same((await deliver(channel as Channel, host, { content: 'x' }, { key: 'k1' })).messageIds, ['k1'])
    await channel?.stop()
    t.equal(host.state.state, 'stopped')
  }
})
