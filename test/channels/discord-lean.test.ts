// Discord where it is written another way, and servers that speak the least of it.

import t from 'tap'
import { type WebSocket, WebSocketServer } from 'ws'
import { type FakeServer, json, serve } from '../../src/channels/kit/fake-server.ts'
import { discord } from '../../src/channels/registry.ts'
import { Secret } from '../../src/plan/plan.ts'
import { systemClock } from '../../src/ports.ts'
import { createChannelHost, deliver, until } from '../support/channel-host.ts'
import { testdir } from '../support/testdir.ts'

type Test = Pick<typeof t, 'teardown' | 'testdir'>

interface Lean {
  readonly url: string
  /** Requests in order, as `GET /api/v10/gateway/bot`. */
  readonly asked: string[]
  readonly sent: { readonly at: number; readonly path: string; readonly fields: Record<string, unknown> }[]
  emit(type: string, data: object): void
  /** The next send is answered so. */
  refuse(status: number, body: object): void
}

/** The API under `prefix` alone: where the gateway is, an answer to sends, and nothing else. */
async function lean(test: Pick<typeof t, 'teardown'>, prefix: string, knowsGateway = true): Promise<Lean> {
  const asked: string[] = []
  const sent: Lean['sent'] = []
  const refusals: { status: number; body: object }[] = []
  const sockets = new WebSocketServer({ noServer: true })
  let live: WebSocket | null = null
  let sequence = 0
  const emit = (type: string, d: object): void => live?.send(JSON.stringify({ op: 0, t: type, s: ++sequence, d }))
  const server: FakeServer = await serve((request, response, body) => {
    const url = request.url ?? ''
    asked.push(`${request.method} ${url}`)
    const path = url.startsWith(prefix) ? url.slice(prefix.length) : ''
    if (path === '/gateway/bot' && knowsGateway) return json(response, 200, { url: server.url.replace('http', 'ws') })
    if (request.method !== 'POST') return json(response, 404, { message: '404: Not Found', code: 0 })
    sent.push({ at: Date.now(), path, fields: JSON.parse(body.toString()) as Record<string, unknown> })
    const refusal = refusals.shift()
    if (refusal !== undefined) return json(response, refusal.status, refusal.body)
    json(response, path === '' ? 404 : 200, { id: String(9000 + sent.length) })
  })
  server.server.on('upgrade', (request, socket, head) =>
    sockets.handleUpgrade(request, socket, head, (client) => {
      live = client
      client.send(JSON.stringify({ op: 10, d: { heartbeat_interval: 41_250 } }))
      client.on('message', (raw) => {
        if ((JSON.parse(String(raw)) as { op: number }).op === 2)
          emit('READY', { user: { id: '99', username: 'lean' }, session_id: 'one' })
      })
    }),
  )
  test.teardown(async () => {
    for (const client of sockets.clients) client.terminate()
    await server.stop()
  })
  return { url: server.url, asked, sent, emit, refuse: (status, body) => refusals.push({ status, body }) }
}

async function begin(test: Test, apiRoot: string, settings: Record<string, unknown> = {}) {
  const host = createChannelHost({
    type: 'discord',
    clock: systemClock,
    stateFolder: testdir(test),
    apiRoot,
    settings: { token: new Secret('x'), ...settings },
    prefixes: ['/research'],
  })
  const channel = (await discord.load())(host)
  test.teardown(() => channel.stop())
  await channel.start()
  return { host, channel }
}

t.test('apiRoot with and without /api, with a version, or at a root of its own', async (t) => {
  for (const [prefix, written] of [
    ['/api/v10', ''],
    ['/api/v10', '/'],
    ['/api/v10', '/api'],
    ['/api/v10', '/api/v10/'],
    ['/api/v9', '/api/v9'],
    ['/v10', ''],
    ['/here/v10', '/here'],
  ] as const)
    await t.test(`${prefix} written as "${written}"`, async (t) => {
      const server = await lean(t, prefix)
      const { host, channel } = await begin(t, `${server.url}${written}`)
      await host.until('connected', () => host.state.state === 'connected')
      await deliver(channel, host, { content: 'hi', groupId: '1', threadId: '2' })
      t.match(server.sent.at(-1), { path: '/channels/2/messages', fields: { content: 'hi' } })
      const found = server.asked.filter((one) => one.startsWith('GET') && one.includes('/gateway/bot')).length
      t.ok(found <= 2, 'the other form is tried once')
    })
})

t.test(
  'a reply that is sent before anything is known about the address arrives, and a 404 of the platform stays one',
  async (t) => {
    const server = await lean(t, '/v10', false)
    const { host, channel } = await begin(t, server.url)
    await deliver(channel, host, { content: 'hi', groupId: '1', threadId: '2' })
    t.equal(server.sent.at(-1)?.path, '/channels/2/messages')
    server.refuse(404, { message: 'Unknown Channel', code: 10003 })
    await t.rejects(deliver(channel, host, { content: 'x', groupId: '1', threadId: '3' }, { attempts: 1 }), {
      message: /Unknown Channel/,
      retry: false,
    })
    await host.until('trouble', () => host.state.state === 'reconnecting')
    t.match(host.state, { detail: 'Discord answers 404.' })
  },
)

t.test('messages, commands and buttons with the least in them', async (t) => {
  const server = await lean(t, '/api/v10')
  const { host, channel } = await begin(t, server.url)
  await host.until('connected', () => host.state.state === 'connected')
  const author = { id: '11', username: 'ada' }
  server.emit('MESSAGE_CREATE', { id: 'first', channel_id: '5', author, content: 'hello' })
  server.emit('MESSAGE_CREATE', { id: 'second', channel_id: '5', author: { id: '11' }, content: 'again' })
  server.emit('MESSAGE_CREATE', { id: '7', channel_id: '6', guild_id: '1', author, content: '<@99> in a guild' })
  server.emit('MESSAGE_CREATE', { id: '8', channel_id: '6', guild_id: '1', author: { id: '99' }, content: 'my own words' })
  await host.until('the messages', () => host.received.length === 3)
  const received = host.received.toSorted((a, b) => (a.threadId ?? '').localeCompare(b.threadId ?? ''))
  t.match(received, [
    { userId: '11', messageId: 'first', content: 'hello', displayName: 'ada' },
    { userId: '11', messageId: 'second', content: 'again', displayName: undefined },
    { userId: '11', groupId: '1', threadId: '6', content: 'in a guild', mentionsBot: true },
  ])
  const head = { token: 't', channel_id: '5', user: author }
  server.emit('INTERACTION_CREATE', { ...head, id: '21', type: 2, data: { name: 'research', type: 1 } })
  await host.until('the command', () => host.received.length === 4)
  t.match(host.received[3], { messageId: '21', content: '/research', userId: '11' })
  server.emit('INTERACTION_CREATE', { ...head, id: '22', type: 3, data: { custom_id: 'ap:once:abc' } })
  await host.until('the press', () => host.answers.length === 1)
  await until('its answer', () => server.sent.some(({ path }) => path === '/interactions/22/t/callback'))
  await deliver(channel, host, { content: 'back', userId: '11' })
  t.equal(server.sent.at(-1)?.path, '/channels/5/messages', 'the direct channel is known')
})

t.test('gatewayUrl is where the socket is; nobody is asked for it', async (t) => {
  const server = await lean(t, '/api/v10', false)
  const { host } = await begin(t, server.url, { gatewayUrl: server.url.replace('http', 'ws') })
  await host.until('connected', () => host.state.state === 'connected')
  t.notOk(server.asked.some((one) => one.includes('/gateway/bot')))
})

t.test('a wait that stands in the body alone is kept', async (t) => {
  const server = await lean(t, '/api/v10')
  const { host, channel } = await begin(t, server.url)
  await host.until('connected', () => host.state.state === 'connected')
  server.refuse(429, { message: 'You are being rate limited.', retry_after: 0.3, global: false })
  await deliver(channel, host, { content: 'patient', groupId: '1', threadId: '2' })
  const [first, second, ...more] = server.sent
  t.ok((second?.at ?? 0) - (first?.at ?? 0) >= 290)
  t.same(more, [])
})

t.test('a refused token is a state until a call is taken again', async (t) => {
  const server = await lean(t, '/api/v10')
  const { host, channel } = await begin(t, server.url)
  await host.until('connected', () => host.state.state === 'connected')
  server.refuse(401, { message: '401: Unauthorized', code: 0 })
  const target = { groupId: '1', threadId: '2' }
  await t.rejects(deliver(channel, host, { content: 'x', ...target }, { attempts: 1 }), { name: 'RefusedError' })
  t.match(host.state, { state: 'failed' })
  await deliver(channel, host, { content: 'x', ...target })
  t.same(host.state, { state: 'connected' })
})
