import { once } from 'node:events'
import t from 'tap'
import { startGateway } from '../../src/gateway/server.ts'
import type { ChannelPlan } from '../../src/plan/plan.ts'
import { silentLogger, systemClock } from '../../src/ports.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createFakeEngine, fakePlan } from '../support/fake-engine.ts'
import { openSocket } from '../support/socket-client.ts'
import { OWNER, started } from './start.ts'

t.test('hello, a message, its chunks and its answer', async (t) => {
  const { gateway } = await started(t)
  const client = await openSocket(gateway.url)
  client.send('hello', { channelId: 'http' })
  t.match((await client.next('hello_ok')).data, { protocol: 2, generation: 1 })
  client.send('inbound_message', {
    channelId: 'http',
    userId: 'ann',
    content: 'tell me more',
    messageId: 'm1',
    timestamp: '2026-01-02T03:04:05Z',
  })
  const out = await client.next('outbound_message')
  t.match(out.data, {
    channelId: 'http',
    target: 'ann',
    content: 'You said: tell me more',
    sessionId: 'agent:main:http:ann',
    replyTo: 'm1',
  })
  const chunks = client.frames.filter((one) => one.type === 'agent_response_chunk')
  t.equal(chunks.map((one) => one.data['chunk']).join(''), 'You said: tell me more')
  t.match(chunks[0]?.data, { sessionId: 'agent:main:http:ann', sequenceId: 0 })
  client.send('inbound_message', { userId: 'ann', content: 'different', messageId: 'm1' })
  t.match(
    (await client.next('outbound_message')).data,
    { content: 'You said: tell me more' },
    'the same message again gets the first answer',
  )
  client.send('inbound_message', { userId: 'ann', content: 'in a group', groupId: 'g1', threadId: 't1' })
  t.match((await client.next('outbound_message')).data, { target: 'g1', sessionId: 'agent:main:http:g1:t1:ann' })
  await client.close()
})

t.test('who holds the secret of this start is told the owner’s own id there, and nobody else is', async (t) => {
  const { gateway } = await started(t)
  const greet = async (data: object): Promise<unknown> => {
    const client = await openSocket(gateway.url)
    client.send('hello', data)
    const ok = await client.next('hello_ok')
    await client.close()
    return ok.data['ownUserId']
  }
  t.equal(await greet({ channelId: 'webchat', token: OWNER }), 'mehdi')
  t.equal(await greet({ channelId: 'http', token: OWNER }), undefined, 'no owner is known by an id there')
  t.equal(await greet({ channelId: 'webchat' }), undefined)
})

t.test('a page names no channel: it gets the one that is its own, and without one an owner watches and decides', async (t) => {
  const page = async (channels: readonly ChannelPlan[], hello: object) => {
    const plan = { ...fakePlan({}), channels: new Map(channels.map((one) => [one.id, one])) }
    const engine = createFakeEngine(plan)
    const gateway = await startGateway({ engine, clock: systemClock, log: silentLogger, ownerSecret: OWNER })
    t.teardown(() => gateway.close({ graceMs: 100 }))
    const client = await openSocket(gateway.url)
    t.teardown(() => client.close())
    client.send('hello', { live: true, ...hello })
    return { client, engine, gateway }
  }
  const [http, webchat] = [...fakePlan({}).channels.values()].filter((one) => ['http', 'webchat'].includes(one.type))
  if (http === undefined || webchat === undefined) throw new Error('the fake has both')
  const site = await page([http, { ...webchat, id: 'site' }], { userId: 'ann' })
  t.match((await site.client.next('hello_ok')).data, { channelId: 'site' })
  site.client.send('inbound_message', { userId: 'ann', content: 'hi', messageId: 'm1' })
  t.match((await site.client.next('outbound_message')).data, { channelId: 'site', content: 'You said: hi' })

  const off = { ...webchat, enabled: false }
  const guest = await page([http, off], { userId: 'ann' })
  t.match((await guest.client.next('error')).data, { code: 'unknown_channel', message: /webchat: \{\}/ })

  const owner = await page([http, off], { token: OWNER })
  t.equal((await owner.client.next('hello_ok')).data['channelId'], undefined)
  owner.client.send('inbound_message', { userId: 'ann', content: 'hi', messageId: 'm1' })
  t.match((await owner.client.next('error')).data, { code: 'unknown_channel', messageId: 'm1' })
  void fetch(`${owner.gateway.url}/chat`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user_id: 'bob', message: 'run make install' }),
  }).catch(() => undefined)
  const { id } = (await owner.client.next('approval_request')).data
  owner.client.send('approval_decision', { id, decision: 'deny', userId: 'x' })
  t.match((await owner.client.next('error')).data, { code: 'invalid_field' })
  owner.client.send('approval_decision', { id, decision: 'deny' })
  t.match((await owner.client.next('approval_decision')).data, { decision: 'deny' })
})

t.test('wrong frames get an error and the connection lives', async (t) => {
  const { gateway } = await started(t)
  const client = await openSocket(gateway.url)
  const wrong = async (raw: string | Buffer, code: string, message?: RegExp): Promise<void> => {
    client.ws.send(raw)
    const frame = await client.next('error')
    t.equal(frame.data['code'], code, String(raw).slice(0, 60))
    if (message !== undefined) t.match(frame.data['message'], message)
  }
  const frame = (type: unknown, data?: unknown): string => JSON.stringify({ type, data })
  await wrong(frame('inbound_message', { userId: 'ann', content: 'hi' }), 'hello_first')
  await wrong(frame('approval_decision', { id: 'x', decision: 'once' }), 'hello_first')
  await wrong(frame('hello', { channelId: 'nowhere' }), 'unknown_channel')
  await wrong(frame('hello', { channelId: 'telegram' }), 'unknown_channel', /type telegram/)
  await wrong(frame('hello', {}), 'invalid_field', /"channelId" is missing/)
  client.send('hello', { channelId: 'http' })
  await client.next('hello_ok')
  await wrong('not json', 'malformed_frame')
  await wrong('[]', 'malformed_frame')
  await wrong('null', 'malformed_frame')
  await wrong('{"type": 5}', 'malformed_frame')
  await wrong(frame('inbound_message', 'text'), 'malformed_frame')
  await wrong(Buffer.from([1, 2, 3]), 'malformed_frame')
  await wrong(frame('hello_ok', {}), 'unknown_type')
  await wrong(frame('inbound_message', { userId: 5, content: 'hi' }), 'invalid_field', /"userId" must be a string/)
  await wrong(frame('inbound_message', { userId: 'ann' }), 'invalid_field', /"content" is missing/)
  await wrong(frame('inbound_message', { userId: 'ann', content: 'x', timestamp: 'yesterday' }), 'invalid_field', /timestamp/)
  await wrong(
    frame('inbound_message', { userId: 'ann', content: 'x', media: [{ kind: 'virus', mediaType: 'a/b' }] }),
    'invalid_field',
    /media\[0\]\.kind/,
  )
  await wrong(frame('inbound_message', { userId: 'ann', content: 'x', channelId: 'webchat' }), 'wrong_channel')
  await wrong(frame('inbound_message', { userId: 'ann', content: 'x', agentId: 'researcher' }), 'forbidden')
  await wrong(frame('inbound_message', { userId: 'ann', content: 'x'.repeat(70_000) }), 'too_large')
  await wrong(frame('approval_decision', { id: 'x', decision: 'once' }), 'forbidden')
  await wrong(
    frame('inbound_message', { userId: 'ann', content: 'refuse rate_limit', messageId: 'm9' }),
    'rate_limit',
    /in 12 minutes/,
  )
  client.send('inbound_message', { userId: 'ann', content: 'still here' })
  t.match((await client.next('outbound_message')).data, { content: 'You said: still here' })
  await client.close()
})

t.test('nobody sees the turns of another', async (t) => {
  const { gateway, post } = await started(t)
  const ann = await openSocket(gateway.url, { hello: { channelId: 'http', live: true } })
  const eve = await openSocket(gateway.url, { hello: { channelId: 'http', live: true, userId: 'ann' } })
  ann.send('inbound_message', { userId: 'ann', content: 'my secret', messageId: 'm1' })
  await ann.next('outbound_message')
  // The same message id of another person is another message.
  eve.send('inbound_message', { userId: 'eve', content: 'hello', messageId: 'm1' })
  t.match((await eve.next('outbound_message')).data, { content: 'You said: hello' })
  await post('/chat', { user_id: 'ann', message: 'another secret' })
  eve.send('inbound_message', { userId: 'eve', content: 'last' })
  await eve.next('outbound_message')
  t.notMatch(JSON.stringify(eve.frames), 'secret')
  t.notMatch(JSON.stringify(ann.frames), 'another')
  await Promise.all([ann.close(), eve.close()])
})

t.test('the owner watches, approves and is told of reloads', async (t) => {
  const { gateway, engine, post } = await started(t)
  const owner = await openSocket(gateway.url, { hello: { channelId: 'webchat', token: OWNER, live: true } })
  const plain = await openSocket(gateway.url, { hello: { channelId: 'http' } })
  plain.send('inbound_message', { userId: 'ann', content: 'run rm -rf build' })
  t.match((await plain.next('tool_execute')).data, {
    sessionId: 'agent:main:http:ann',
    toolName: 'bash',
    input: { command: 'rm -rf build' },
  })
  const asked = await owner.next('approval_request')
  t.match(asked.data, {
    agentId: 'main',
    toolName: 'bash',
    input: { command: 'rm -rf build' },
    reason: String,
    expiresAt: /^20\d\d-/,
  })
  t.match((await plain.next('approval_request')).data['id'], asked.data['id'], 'the one who waits sees that it waits')
  plain.send('approval_decision', { id: asked.data['id'], decision: 'once' })
  t.match((await plain.next('error')).data, { code: 'forbidden' })
  owner.send('approval_decision', { id: asked.data['id'], decision: 'perhaps' })
  t.match((await owner.next('error')).data, { code: 'invalid_field' })
  owner.send('approval_decision', { id: asked.data['id'], decision: 'once' })
  t.match((await owner.next('approval_decision')).data, { decision: 'once' })
  await plain.next('approval_decision')
  t.match((await plain.next('tool_result')).data, { toolName: 'bash', isError: false })
  t.match((await plain.next('outbound_message')).data, { content: 'Ran `rm -rf build` (once).' })
  t.match((await owner.next('activity', (data) => data['type'] === 'turn_end')).data, { text: 'Ran `rm -rf build` (once).' })
  owner.send('approval_decision', { id: asked.data['id'], decision: 'once' })
  t.match((await owner.next('error')).data, { code: 'approval' }, 'a question is answered once')
  engine.setPlan(engine.plan)
  t.match((await owner.next('reload')).data, { generation: 2, ok: true, changes: [{ kind: 'gateway' }] })
  t.match((await plain.next('reload')).data, { generation: 2, ok: true, changes: [] })
  owner.send('inbound_message', { userId: 'mehdi', content: 'hi', agentId: 'researcher' })
  t.match((await owner.next('outbound_message')).data, { sessionId: 'agent:researcher:webchat:mehdi' })
  owner.send('inbound_message', { userId: 'mehdi', content: 'hi', agentId: 'nobody' })
  t.match((await owner.next('error')).data, { code: 'unknown_agent' })
  await post('/api/heartbeats/morning-check/run', {}, { authorization: `Bearer ${OWNER}` })
  t.match((await owner.next('outbound_message')).data, { content: 'Three meetings today.', target: 'mehdi' })
  await Promise.all([owner.close(), plain.close()])
})

t.test('credentials of a socket', async (t) => {
  const { gateway } = await started(t, { tokenText: 'right-token' })
  for (const hello of [
    { channelId: 'http' },
    { channelId: 'http', token: 'wrong' },
    { channelId: 'bridge', token: 'wrong' },
    { channelId: 'http', token: 'bridge-secret' },
  ]) {
    const client = await openSocket(gateway.url)
    client.send('hello', hello)
    t.match((await client.next('error')).data, { code: 'unauthorized' }, JSON.stringify(hello))
    t.equal(await client.closed, 4401)
  }
  for (const [hello, headers] of [
    [{ channelId: 'http', token: 'right-token' }, {}],
    [{ channelId: 'http' }, { authorization: 'Bearer right-token' }],
    [{ channelId: 'bridge', token: 'bridge-secret' }, {}],
    [{ channelId: 'bridge', token: 'right-token' }, {}],
    [{ channelId: 'webchat', token: OWNER }, {}],
  ] as const) {
    const client = await openSocket(gateway.url, { hello, headers })
    await client.close()
  }
  t.pass('all others came in')
})

t.test('a token that changes between upgrade and hello', async (t) => {
  const { gateway, engine } = await started(t, { tokenText: 'old-token' })
  const client = await openSocket(gateway.url, { headers: { authorization: 'Bearer old-token' } })
  const next = fakePlan({ tokenText: 'new-token' })
  engine.setPlan(next)
  await gateway.applyPlan(next)
  t.equal(await client.closed, 4401)
})

t.test('who says nothing is sent away, who does not answer is dropped', async (t) => {
  const clock = createFakeClock()
  const engine = createFakeEngine(fakePlan())
  const gateway = await startGateway({ engine, clock, log: silentLogger, ownerSecret: OWNER })
  const silent = await openSocket(gateway.url)
  const greeted = await openSocket(gateway.url, { hello: { channelId: 'http' } })
  await clock.advance(10_000)
  t.equal(await silent.closed, 4408)
  const deaf = await openSocket(gateway.url, { hello: { channelId: 'http' }, autoPong: false })
  const pinged = new Promise((resolve) => greeted.ws.once('ping', resolve))
  await clock.advance(20_000)
  await pinged
  // A message after the pong: when its answer is here, the pong was seen.
  greeted.send('inbound_message', { userId: 'ann', content: 'hi' })
  await greeted.next('outbound_message')
  await clock.advance(30_000)
  t.equal(await deaf.closed, 1006)
  t.equal(greeted.ws.readyState, greeted.ws.OPEN)
  const closing = gateway.close()
  t.equal(await greeted.closed, 1001)
  await closing
})

t.test('a channel in another process', async (t) => {
  const { gateway, engine } = await started(t)
  const outbound = { channelId: 'bridge', userId: 'u7', content: 'good morning', sessionKey: 'cron:x', agentId: 'main' }
  engine.emit({ type: 'outbound', message: outbound, at: 0 })
  const bridge = await openSocket(gateway.url, {
    hello: { channelId: 'bridge', token: 'bridge-secret', receipts: true, live: true },
  })
  t.match((await bridge.next('outbound_message')).data, { content: 'good morning', target: 'u7' }, 'what came while it was away')
  const refused = await openSocket(gateway.url)
  refused.send('hello', { channelId: 'bridge' })
  t.equal(await refused.closed, 4401)
  bridge.send('inbound_message', { userId: 'u7', content: 'hi', messageId: 'p1' })
  t.match((await bridge.next('receipt')).data, { messageId: 'p1', duplicate: false })
  await bridge.next('outbound_message')
  bridge.send('inbound_message', { userId: 'u7', content: 'hi', messageId: 'p1' })
  t.match((await bridge.next('receipt')).data, { messageId: 'p1', duplicate: true })
  bridge.send('inbound_message', { userId: 'u7', content: 'run ls' })
  const asked = await bridge.next('approval_request')
  bridge.send('approval_decision', { id: asked.data['id'], decision: 'once' })
  t.match((await bridge.next('error')).data, { message: /userId/ }, 'it must say who pressed')
  bridge.send('approval_decision', { id: asked.data['id'], decision: 'once', userId: 'u7' })
  t.match((await bridge.next('error')).data, { code: 'approval' }, 'its user is no approver')
  bridge.send('approval_decision', { id: asked.data['id'], decision: 'once', userId: 'boss' })
  t.match((await bridge.next('outbound_message')).data, { content: 'Ran `ls` (once).' }, 'but this one is')
  t.notOk(bridge.frames.some((one) => one.type === 'activity'))
  // The answer of a message whose client went away goes to the one that comes next.
  const release = engine.hold()
  bridge.send('inbound_message', { userId: 'u8', content: 'are you there', messageId: 'p2' })
  await bridge.next('receipt')
  await bridge.close()
  release()
  await once(t, 'never', { signal: AbortSignal.timeout(50) }).catch(() => {})
  const next = await openSocket(gateway.url, { hello: { channelId: 'bridge', token: 'bridge-secret' } })
  t.match((await next.next('outbound_message')).data, { content: 'You said: are you there', replyTo: 'p2' })
  await next.close()
})

t.test('many messages at once keep their order and are bounded', async (t) => {
  const { gateway, engine } = await started(t)
  const client = await openSocket(gateway.url, { hello: { channelId: 'http' } })
  const release = engine.hold()
  for (let i = 0; i < 70; i++) client.send('inbound_message', { userId: 'ann', content: `number ${i}` })
  t.match((await client.next('error')).data, { code: 'busy' })
  release()
  const got: unknown[] = []
  for (let i = 0; i < 64; i++) got.push((await client.next('outbound_message')).data['content'])
  t.same(
    got,
    Array.from({ length: 64 }, (_, i) => `You said: number ${i}`),
  )
  await client.close()
})
