import { connect } from 'node:net'
import t from 'tap'
import { createAuth } from '../../src/gateway/auth.ts'
import { startGateway } from '../../src/gateway/server.ts'
import { Secret } from '../../src/plan/plan.ts'
import { silentLogger, systemClock } from '../../src/ports.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createFakeEngine, fakePlan } from '../support/fake-engine.ts'
import { openSocket } from '../support/socket-client.ts'
import { OWNER, started } from './start.ts'

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` })
const hi = { user_id: 'ann', message: 'hi' }

t.test('with a token, everything but liveness wants it', async (t) => {
  const { ask, post } = await started(t, { tokenText: 'right-token' })
  for (const path of ['/', '/status', '/metrics', '/v1/models', '/api/agents', '/api/sessions', '/nothing']) {
    t.equal((await ask('GET', path)).status, 401, `${path} without`)
    t.equal((await ask('GET', path, { headers: bearer('wrong') })).status, 401, `${path} with a wrong one`)
  }
  t.equal((await post('/chat', hi)).status, 401)
  t.equal((await post('/chat', hi, bearer('right-toke'))).status, 401)
  t.match((await post('/chat', hi)).json(), { error: { code: 'unauthorized' } })
  t.equal((await post('/chat', hi, bearer('right-token'))).status, 200)
  t.equal((await post('/chat', hi, bearer(OWNER))).status, 200)
  t.equal((await ask('GET', '/api/agents', { headers: bearer('right-token') })).status, 200)
  for (const path of ['/healthz', '/readyz']) t.equal((await ask('GET', path)).status, 200, path)
  t.equal((await ask('GET', '/status?token=right-token')).status, 401, 'no token in an address')
  t.match((await ask('GET', '/')).headers['content-type'], 'text/html', 'the page comes all the same and asks for the token')
})

t.test('without a token on loopback, callers only claim who they are', async (t) => {
  const { ask, post } = await started(t)
  t.equal((await post('/chat', hi)).status, 200)
  t.equal((await ask('GET', '/status')).status, 200)
  for (const path of ['/api/agents', '/api/sessions', '/api/approvals', '/api/reloads', '/api/usage']) {
    t.equal((await ask('GET', path)).status, 403, path)
    t.equal((await ask('GET', path, { headers: bearer('guess') })).status, 403, path)
    t.equal((await ask('GET', path, { headers: bearer(OWNER) })).status, 200, path)
  }
  t.equal((await post('/api/stop', {})).status, 403)
})

t.test('Origin holds even with the right token', async (t) => {
  const { ask, post, gateway } = await started(t, { tokenText: 'right-token', allowedOrigins: ['https://chat.example.org'] })
  const foreign = [
    'https://evil.example',
    'null',
    'http://localhost:3000',
    `http://localhost.evil.example:${gateway.port}`,
    'file://',
    `https://evil.example:${gateway.port}`,
  ]
  for (const origin of foreign) {
    t.equal((await post('/chat', hi, { ...bearer('right-token'), origin })).status, 403, origin)
    t.equal((await ask('GET', '/status', { headers: { ...bearer('right-token'), origin } })).status, 403, origin)
    await t.rejects(openSocket(gateway.url, { headers: { origin, ...bearer('right-token') } }), /403/, `socket from ${origin}`)
  }
  for (const origin of [
    `http://127.0.0.1:${gateway.port}`,
    `http://localhost:${gateway.port}`,
    `http://[::1]:${gateway.port}`,
    'https://chat.example.org',
  ]) {
    const reply = await post('/chat', hi, { ...bearer('right-token'), origin })
    t.equal(reply.status, 200, origin)
    t.equal(reply.headers['access-control-allow-origin'], origin)
  }
  const preflight = await ask('OPTIONS', '/chat', {
    headers: { origin: 'https://chat.example.org', 'access-control-request-method': 'POST' },
  })
  t.match(preflight, { status: 204, headers: { 'access-control-allow-headers': /authorization/ } })
  t.equal((await ask('OPTIONS', '/chat', { headers: { origin: 'https://evil.example' } })).status, 403)
  t.equal(
    (
      await ask('GET', '/status', {
        headers: { ...bearer('right-token'), 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
      })
    ).status,
    403,
  )
  t.equal((await ask('GET', '/status', { headers: { ...bearer('right-token'), 'sec-fetch-site': 'same-origin' } })).status, 200)
})

t.test('a rebound Host is refused, whatever the token', async (t) => {
  const { ask, gateway } = await started(t, { tokenText: 'right-token', allowedHosts: ['bot.example.org'] })
  const status = async (host: string, more: Record<string, string> = {}): Promise<number> =>
    (await ask('GET', '/status', { headers: { ...bearer('right-token'), host, ...more } })).status
  for (const host of [
    'evil.example',
    `evil.example:${gateway.port}`,
    'localhost.evil.example',
    '127.0.0.1.nip.io',
    'a@127.0.0.1',
    '10.0.0.9',
  ]) {
    t.equal(await status(host), 403, host)
    await t.rejects(openSocket(gateway.url, { headers: { host, ...bearer('right-token') } }), /403|400/, `socket to ${host}`)
  }
  for (const host of [
    `127.0.0.1:${gateway.port}`,
    `LOCALHOST:${gateway.port}`,
    `[::1]:${gateway.port}`,
    'bot.example.org',
    'bot.example.org:443',
  ]) {
    t.equal(await status(host), 200, host)
  }
  t.equal(await status('bot.example.org', { origin: 'https://bot.example.org' }), 200, 'the page behind a proxy')
  t.equal(await status('evil.example', { origin: 'http://evil.example' }), 403, 'a rebound page is same-origin with itself')
})

t.test('proxy headers are not believed', async (t) => {
  const { ask } = await started(t, { tokenText: 'right-token' })
  const claims = {
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-host': '127.0.0.1',
    'x-real-ip': '127.0.0.1',
    forwarded: 'for=127.0.0.1;host=localhost',
    'x-forwarded-proto': 'https',
  }
  t.equal((await ask('GET', '/status', { headers: claims })).status, 401)
  t.equal((await ask('GET', '/status', { headers: { ...claims, ...bearer('right-token'), host: 'evil.example' } })).status, 403)
  t.equal(
    (await ask('GET', '/status', { headers: { ...claims, ...bearer('right-token'), 'x-forwarded-for': '203.0.113.9' } })).status,
    200,
  )
})

t.test('a simple POST, as any page may send, does nothing', async (t) => {
  const { ask, engine } = await started(t)
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/plain; application/json',
    undefined,
  ]) {
    const headers = type === undefined ? {} : { 'content-type': type }
    for (const path of ['/chat', '/v1/chat/completions', '/api/stop', '/api/reload']) {
      const reply = await ask('POST', path, { headers: { ...headers, ...bearer(OWNER) }, body: JSON.stringify(hi) })
      t.equal(reply.status, 415, `${path} as ${type}`)
    }
  }
  t.equal(engine.turns, 0)
})

t.test('GET has no side effects', async (t) => {
  const { ask, post, engine } = await started(t)
  await post('/chat', hi)
  const before = engine.generation
  const query = '?user_id=ann&message=hi&decision=once'
  for (const path of [
    '/chat',
    '/v1/chat/completions',
    '/api/stop',
    '/api/resume',
    '/api/reload',
    '/api/heartbeats/morning-check/run',
    '/api/approvals/ap1',
    `/api/sessions/${encodeURIComponent('agent:main:http:ann')}/reset`,
  ]) {
    t.equal((await ask('GET', path + query, { headers: bearer(OWNER) })).status, 404, path)
  }
  t.equal(engine.turns, 1)
  t.equal(engine.generation, before)
  t.equal((await engine.status()).stopped, false)
  t.equal((await engine.transcript('agent:main:http:ann')).length, 2)
})

t.test('too many wrong tokens from one address', async (t) => {
  const { ask } = await started(t, { tokenText: 'right-token' })
  const wrong = await Promise.all(Array.from({ length: 40 }, (_, i) => ask('GET', '/status', { headers: bearer(`guess-${i}`) })))
  t.same([...new Set(wrong.map((one) => one.status))].sort(), [401, 429])
  const locked = await ask('GET', '/status', { headers: bearer('right-token') })
  t.equal(locked.status, 429, 'even a right guess is not told for a while')
  t.ok(locked.headers['retry-after'])
  t.equal((await ask('GET', '/status', { headers: bearer(OWNER) })).status, 200, 'the owner’s secret is beyond guessing')
})

t.test('who knows a token that is too long to guess comes in, whatever others of the address tried', async (t) => {
  const token = 'a-token-nobody-will-guess'
  const { ask } = await started(t, { tokenText: token })
  for (let i = 0; i < 40; i++) await ask('GET', '/status', { headers: bearer(`guess-${i}`) })
  t.equal((await ask('GET', '/status', { headers: bearer('another-guess') })).status, 429)
  t.equal((await ask('GET', '/status', { headers: bearer(token) })).status, 200)
  t.equal((await ask('GET', '/status', { headers: bearer(`${token}x`) })).status, 429, 'and those who do not are still slowed')
})

t.test('wrong tokens are counted by network, and no flood of addresses makes them forgotten', async (t) => {
  const clock = createFakeClock(0)
  const { gateway } = fakePlan({ tokenText: 'right-token' })
  const auth = createAuth({ plan: gateway, ownerSecret: OWNER, clock, port: () => 1 })
  const refused = (address: string): boolean => typeof auth.authenticate('wrong', address) !== 'string'
  const wrong = (address: string, times: number): void => {
    for (let i = 0; i < times; i++) auth.authenticate(`wrong-${i}`, address)
  }
  wrong('192.0.2.1', 30)
  t.ok(refused('192.0.2.1'))
  t.notOk(refused('192.0.2.2'), 'others may')
  for (let i = 0; i < 25_000; i++) {
    auth.authenticate('wrong', `10.0.${i >> 8}.${i & 255}`)
    if (i % 5_000 === 0) t.ok(refused('192.0.2.1'), 'still')
  }
  for (let i = 0; i < 30; i++) auth.authenticate('wrong', `2001:db8:1:2:${i.toString(16)}::1`)
  t.ok(refused('2001:db8:1:2::ffff'), 'one machine has a whole network')
  t.ok(refused('2001:db8:1:2:0:0:0:1'))
  t.notOk(refused('2001:db8:1:3::1'))
  const secret = new Secret('short')
  t.match(auth.matches(secret, 'short', '192.0.2.1'), { status: 429 }, 'a short one is not told')
  t.equal(auth.matches(secret, 'short', '192.0.2.7'), true)
  t.equal(auth.matches(new Secret(''), '', '192.0.2.7'), false, 'one that is not set is met by nothing')
  await clock.advance(61_000)
  t.notOk(refused('192.0.2.1'), 'a minute later')
})

t.test('a token changed by reload: the old one is refused at once', async (t) => {
  const { ask, gateway, engine } = await started(t, { tokenText: 'old-token' })
  const client = await openSocket(gateway.url, { hello: { channelId: 'http', token: 'old-token' } })
  const owner = await openSocket(gateway.url, { hello: { channelId: 'webchat', token: OWNER } })
  const next = fakePlan({ tokenText: 'new-token' })
  engine.setPlan(next)
  await gateway.applyPlan(next)
  t.equal(await client.closed, 4401)
  t.equal((await ask('GET', '/status', { headers: bearer('old-token') })).status, 401)
  t.equal((await ask('GET', '/status', { headers: bearer('new-token') })).status, 200)
  t.equal(owner.ws.readyState, owner.ws.OPEN)
  await owner.close()
})

t.test('a reload may move the port; a busy one leaves everything as it was', async (t) => {
  const { gateway, engine, post } = await started(t)
  const other = await started(t)
  await t.rejects(gateway.applyPlan(fakePlan({ port: other.gateway.port })), /in use.*gateway\.port/)
  t.equal((await post('/chat', hi)).status, 200)
  const first = gateway.port
  await other.gateway.close()
  const next = fakePlan({ port: other.gateway.port })
  engine.setPlan(next)
  await gateway.applyPlan(next)
  t.equal(gateway.port, other.gateway.port)
  t.not(gateway.port, first)
  t.equal((await fetch(`${gateway.url}/healthz`)).status, 200)
  await t.rejects(fetch(`http://127.0.0.1:${first}/healthz`))
})

t.test('what may not listen', async (t) => {
  const start = (gateway: Parameters<typeof fakePlan>[0]) =>
    startGateway({ engine: createFakeEngine(fakePlan(gateway)), clock: systemClock, log: silentLogger, ownerSecret: OWNER })
  await t.rejects(start({ host: '0.0.0.0' }), /without a token/)
  await t.rejects(start({ host: '0.0.0.0', token: new Secret('') }), /without a token/)
  const { gateway } = await started(t)
  await t.rejects(start({ port: gateway.port }), {
    message: /Port \d+ on 127\.0\.0\.1 is in use/,
    diagnostics: [{ code: 'CLAW502' }],
  })
})

t.test('open sockets of one address are counted', async (t) => {
  const { gateway } = await started(t, { maxConnections: 3 })
  const open = await Promise.all([1, 2, 3].map(() => openSocket(gateway.url, { hello: { channelId: 'http' } })))
  await t.rejects(openSocket(gateway.url), /429/)
  await open[0]?.close()
  const again = await openSocket(gateway.url, { hello: { channelId: 'http' } })
  await Promise.all([again, ...open.slice(1)].map((one) => one.close()))
})

t.test('odd requests are answered or cut, and the port stays up', async (t) => {
  const { gateway, ask } = await started(t)
  const raw = (text: string): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect(gateway.port, '127.0.0.1', () => socket.write(text))
      let got = ''
      socket.on('data', (part) => {
        got += String(part)
      })
      socket.on('error', () => {})
      socket.on('close', () => resolve(got))
    })
  const host = `Host: 127.0.0.1:${gateway.port}`
  for (const [text, status] of [
    ['nonsense\r\n\r\n', '400'],
    ['GET / HTTP/1.1\r\n\r\n', '400'],
    ['GET / HTTP/1.0\r\n\r\n', '403'],
    [`GET http://evil.example/status HTTP/1.1\r\n${host}\r\nConnection: close\r\n\r\n`, '400'],
    [`GET // HTTP/1.1\r\n${host}\r\nConnection: close\r\n\r\n`, ''],
    [`GET /%zz%00 HTTP/1.1\r\n${host}\r\nConnection: close\r\n\r\n`, ''],
    [`GET /assets/..%2f..%2fpackage.json HTTP/1.1\r\n${host}\r\nConnection: close\r\n\r\n`, '404'],
    [`GET /hooks/../api/agents HTTP/1.1\r\n${host}\r\nConnection: close\r\n\r\n`, '403'],
    [
      `GET // HTTP/1.1\r\n${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
      '404',
    ],
    [`GET / HTTP/1.1\r\n${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 99\r\n\r\n`, '400'],
    [`GET / HTTP/1.1\r\n${host}\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`, ''],
  ] as const) {
    t.match(await raw(text), new RegExp(status === '' ? '' : `^HTTP/1.1 ${status}`), JSON.stringify(text.slice(0, 40)))
  }
  t.equal((await ask('GET', '/healthz')).status, 200)
})
