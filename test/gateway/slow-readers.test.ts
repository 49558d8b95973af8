// Clients that hang: they never read, never end, or hold connections. Real sockets against a real gateway.

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import { createAddressOf } from '../../src/gateway/client-address.ts'
import { createOutputBuffers } from '../../src/gateway/output-buffers.ts'
import { silentLogger } from '../../src/ports.ts'
import { started } from './start.ts'

type Started = Awaited<ReturnType<typeof started>>

async function open(t: { teardown(fn: () => void): void }, { gateway }: Started): Promise<Socket> {
  const socket = connect(gateway.port, '127.0.0.1')
  socket.on('error', () => {})
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

/** However it ends. */
const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    if (socket.destroyed) resolve()
    else socket.once('close', () => resolve())
  })

t.test('the slowest readers are cut off once all unread bytes together are too many', async (t) => {
  const buffers = createOutputBuffers(silentLogger, 1_000_000)
  const cut: string[] = []
  for (const [address, unread] of [
    ['a', 600_000],
    ['b', 300_000],
    ['c', 500_000],
    ['d', 1_000],
  ] as const)
    buffers.track({ address, unread: () => unread, cutOff: () => void cut.push(address) })
  buffers.check()
  t.same(cut, ['a'])
  buffers.check()
  t.same(cut, ['a'], 'what is left is within the bound')
})

t.test('callers that never read large answers do not fill the memory', async (t) => {
  const own = await started(t, { maxBodyBytes: 8_000_000 })
  const big = 'x'.repeat(7_000_000)
  const body = JSON.stringify({ user_id: 'ann', message: big })
  const sockets: Socket[] = []
  for (let n = 0; n < 30; n++) {
    const socket = await open(t, own)
    socket.pause()
    const accept = n % 2 === 0 ? 'text/event-stream' : 'application/json'
    socket.write(
      `POST /chat HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: ${accept}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    )
    sockets.push(socket)
  }
  for (let n = 0; own.engine.turns < 30 && n < 400; n++) await new Promise((resolve) => setTimeout(resolve, 50))
  t.equal(own.engine.turns, 30)
  await new Promise((resolve) => setTimeout(resolve, 200))
  const { status } = await fetch(`${own.gateway.url}/healthz`)
  t.equal(status, 200)
  for (const socket of sockets) socket.resume()
  await Promise.race([Promise.all(sockets.map(closed)), new Promise((resolve) => setTimeout(resolve, 1_000))])
  const cut = sockets.filter((socket) => socket.destroyed).length
  t.ok(cut >= 5, `${cut} of 30 were cut off`)
})

t.test('idle connections make room for new ones, so nobody is held out', async (t) => {
  const own = await started(t, { maxConnections: 1 })
  const idle: Socket[] = []
  for (let n = 0; n < 40; n++) idle.push(await open(t, own))
  const { status } = await fetch(`${own.gateway.url}/healthz`)
  t.equal(status, 200)
  t.ok(idle.filter((socket) => socket.destroyed).length >= 24, 'the longest idle were closed')
})

t.test('a connection that sends nonsense and ignores the end is cut off', async (t) => {
  const own = await started(t)
  const socket = connect({ port: own.gateway.port, host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.write('nonsense\r\n\r\n')
  socket.resume()
  await once(socket, 'end')
  // Nothing tells this side that the other one is gone, until it writes.
  const poke = setInterval(() => socket.write('more'), 100)
  await closed(socket)
  clearInterval(poke)
  t.ok(socket.destroyed)
})

t.test('who a caller is behind proxies', (t) => {
  const request = (remoteAddress: string, forwarded?: string) =>
    ({ socket: { remoteAddress }, headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded } }) as never
  const direct = createAddressOf([])
  t.equal(direct(request('203.0.113.9', '1.2.3.4')), '203.0.113.9', 'headers of anybody are not believed')
  const behind = createAddressOf(['127.0.0.1', '10.0.0.0/8', '::1'])
  t.equal(behind(request('203.0.113.9', '1.2.3.4')), '203.0.113.9')
  t.equal(behind(request('127.0.0.1', '1.2.3.4')), '1.2.3.4')
  t.equal(behind(request('::ffff:127.0.0.1', '1.2.3.4:5555')), '1.2.3.4')
  t.equal(behind(request('10.1.2.3', '6.6.6.6, 1.2.3.4, 10.9.9.9')), '1.2.3.4', 'what the caller wrote itself stands before')
  t.equal(behind(request('::1', '[2001:db8::7]:443')), '2001:db8::7')
  t.equal(behind(request('127.0.0.1', 'unknown')), '127.0.0.1')
  t.equal(behind(request('127.0.0.1')), '127.0.0.1')
  t.end()
})

t.test('bodies that cannot be read are said to be so', async (t) => {
  const own = await started(t)
  const post = (headers: Record<string, string>) =>
    fetch(`${own.gateway.url}/chat`, { method: 'POST', headers, body: JSON.stringify({ user_id: 'u', message: 'hi' }) })
  t.equal((await post({ 'content-type': 'application/json', 'content-encoding': 'gzip' })).status, 415)
  t.equal((await post({ 'content-type': 'application/json; charset=iso-8859-1' })).status, 415)
  t.equal((await post({ 'content-type': 'application/json; charset=UTF-8' })).status, 200)
})

t.test('an event stream tells proxies not to hold it back', async (t) => {
  const own = await started(t)
  const response = await fetch(`${own.gateway.url}/chat`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ user_id: 'u', message: 'hi' }),
  })
  t.equal(response.headers.get('x-accel-buffering'), 'no')
  t.ok((await response.text()).includes('event: outbound_message'))
})
