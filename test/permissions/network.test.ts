import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { addressProblem } from '../../src/permissions/addresses.ts'
import { createNetworkGate, type NetworkGateOptions } from '../../src/permissions/network.ts'
import { GateError, type NetworkGate } from '../../src/permissions/port.ts'

interface Stage {
  readonly gate: NetworkGate
  readonly port: number
  readonly seen: { readonly host: string; readonly method: string; readonly headers: IncomingMessage['headers']; body: string }[]
}

/** A server that stands for the whole public network. */
async function stage(
  t: Test,
  handler: (request: IncomingMessage, answer: ServerResponse) => void,
  more: Partial<NetworkGateOptions> = {},
): Promise<Stage> {
  const seen: Stage['seen'] = []
  const server = createServer((request, answer) => {
    const entry = { host: request.headers.host ?? '', method: request.method ?? '', headers: request.headers, body: '' }
    seen.push(entry)
    request.on('data', (chunk: Buffer) => {
      entry.body += chunk.toString()
    })
    request.on('end', () => handler(request, answer))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const gate = createNetworkGate({
    denyHosts: [],
    resolve: async () => ['93.184.215.14'],
    dial: () => ({ host: '127.0.0.1', port, secure: false }),
    ...more,
  })
  return { gate, port, seen }
}

t.test('a page comes back with its address, status and type', async (t) => {
  const { gate, seen } = await stage(t, (_, answer) =>
    answer.writeHead(404, { 'content-type': 'text/html; charset=utf-8' }).end('<p>no'),
  )
  const page = await gate.fetch('https://a.example.com/x?y=1')
  t.match(
    { ...page, body: page.body.toString() },
    { url: 'https://a.example.com/x?y=1', status: 404, contentType: 'text/html; charset=utf-8', body: '<p>no', truncated: false },
  )
  t.equal(seen[0]?.host, 'a.example.com')
})

t.test('sizes, packing and types', async (t) => {
  const { gate } = await stage(t, (request, answer) => {
    if (request.url === '/gzip') answer.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('x'.repeat(100_000)))
    else if (request.url === '/odd') answer.writeHead(200, { 'content-encoding': 'odd' }).end('x')
    else if (request.url === '/image') answer.writeHead(200, { 'content-type': 'image/png' }).end('x')
    else answer.writeHead(200, { 'content-type': 'application/ld+json' }).end('x'.repeat(50_000))
  })
  const big = await gate.fetch('http://a.example.com/', { maxBytes: 1000 })
  t.same([big.body.length, big.truncated], [1000, true])
  const packed = await gate.fetch('http://a.example.com/gzip', { maxBytes: 5000 })
  t.same([packed.body.toString(), packed.truncated], ['x'.repeat(5000), true])
  await t.rejects(gate.fetch('http://a.example.com/odd'), /packed as odd/)
  await t.rejects(gate.fetch('http://a.example.com/image', { accept: ['text/*', 'application/json'] }), /type image\/png/)
  t.ok(await gate.fetch('http://a.example.com/', { accept: ['application/*+json'] }))
})

t.test('a server that never ends is left after the time limit', async (t) => {
  const { gate } = await stage(t, (_, answer) => answer.writeHead(200).write('x'))
  await t.rejects(gate.fetch('http://a.example.com/', { timeoutMs: 200 }), GateError)
  const controller = new AbortController()
  setTimeout(() => controller.abort(), 50)
  await t.rejects(gate.fetch('http://a.example.com/', { signal: controller.signal }), GateError)
  const slow = createNetworkGate({ denyHosts: [], resolve: () => new Promise(() => {}) })
  const alive = setTimeout(() => {}, 5000)
  await t.rejects(slow.fetch('http://a.example.com/', { timeoutMs: 100 }), GateError)
  clearTimeout(alive)
})

t.test('credentials do not travel to another host, bodies neither', async (t) => {
  const { gate, seen } = await stage(t, (request, answer) => {
    if (request.headers.host === 'a.example.com' && request.url !== '/end') {
      const [status = '302', to = ''] = (request.url ?? '').slice(1).split('-')
      answer.writeHead(Number(status), { location: to === 'b' ? 'https://b.example.com/' : '/end' }).end()
    } else answer.end('ok')
  })
  const headers = {
    authorization: 'Bearer key',
    'x-subscription-token': 'key',
    cookie: 'a=b',
    accept: 'text/plain',
    host: 'evil',
  }
  await gate.fetch('https://a.example.com/302-b', { headers })
  t.match(seen[0]?.headers, { authorization: 'Bearer key', host: 'a.example.com' })
  t.equal(seen[1]?.headers.authorization, undefined)
  t.equal(seen[1]?.headers.cookie, undefined)
  t.equal(seen[1]?.headers['x-subscription-token'], undefined)
  t.equal(seen[1]?.headers.accept, 'text/plain')
  seen.length = 0
  await gate.fetch('https://a.example.com/307-a', { method: 'POST', body: 'data', headers })
  t.match(seen[1], { method: 'POST', body: 'data' })
  t.equal(seen[1]?.headers.authorization, 'Bearer key')
  seen.length = 0
  await gate.fetch('https://a.example.com/303-b', { method: 'POST', body: 'data' })
  t.match(seen[1], { method: 'GET', body: '' })
  await t.rejects(gate.fetch('https://a.example.com/307-b', { method: 'POST', body: 'data' }), /redirects a request with a body/)
})

t.test('allowHosts and denyHosts, on every hop', async (t) => {
  const { gate } = await stage(
    t,
    (request, answer) =>
      request.url === '/go' ? answer.writeHead(302, { location: 'https://evil.example/' }).end() : answer.end('ok'),
    {
      allowHosts: ['*.example.com'],
      denyHosts: ['bad.*'],
    },
  )
  t.ok(await gate.fetch('https://a.example.com/'))
  await t.rejects(gate.fetch('https://example.org/'), /not among those/)
  await t.rejects(gate.fetch('https://BAD.example.com/'), /denied/)
  await t.rejects(gate.fetch('https://a.example.com/go'), /not among those/)
})

t.test('this machine’s own public address is not reached', async (t) => {
  const { gate } = await stage(t, (_, answer) => answer.end('ok'), { localAddresses: () => ['93.184.215.14'] })
  await t.rejects(gate.fetch('http://a.example.com/'), /this machine itself/)
})

t.test('a configured address may be local; where it redirects to may not', async (t) => {
  const { port } = await stage(t, (request, answer) =>
    request.url === '/away' ? answer.writeHead(302, { location: `http://localhost:${port}/` }).end() : answer.end('local'),
  )
  const gate = createNetworkGate({ denyHosts: [], allowHosts: ['*.example.com'] })
  t.equal((await gate.fetch(`http://127.0.0.1:${port}/`, { configured: true })).body.toString(), 'local')
  await t.rejects(gate.fetch(`http://127.0.0.1:${port}/`), GateError)
  await t.rejects(gate.fetch(`http://127.0.0.1:${port}/away`, { configured: true }), GateError)
  await t.rejects(gate.fetch('file:///etc/passwd', { configured: true }), GateError)
})

t.test('further addresses', (t) => {
  for (const address of [
    '8.8.8.8',
    '2606:4700:4700::1111',
    '2002:808:808::1',
    '64:ff9b::808:808',
    '::ffff:8.8.8.8',
    '172.32.0.1',
  ])
    t.equal(addressProblem(address), undefined, address)
  for (const address of [
    '2002:7f00:1::',
    '2002:a00:1::1',
    '::ffff:10.0.0.1',
    '3fff::1',
    '2001:10::1',
    'fe80::1',
    'fe80::1%eth0',
    'ff02::1',
    '5f00::1',
    '255.255.255.255',
    '0.1.2.3',
    'x',
    '',
    '1.2.3',
  ])
    t.ok(addressProblem(address), address)
  t.end()
})

t.test('an IPv4 address inside an IPv6 one counts, however it got there', async (t) => {
  for (const address of [
    '::ffff:10.0.0.1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '2001:470:1::5efe:7f00:1',
    '2001:470:1::200:5efe:a00:1',
  ])
    t.ok(addressProblem(address), address)
  for (const address of ['2001:470:1::5efe:101:101', '2001:470:1::5eff:7f00:1', '2606:4700::1'])
    t.equal(addressProblem(address), undefined, address)
})
