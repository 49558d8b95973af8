import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test as T } from 'tap'
import { createHttpFetch } from '../../src/models/http-fetch.ts'

async function serve(t: T, handler: RequestListener) {
  const server = createServer(handler)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const http = createHttpFetch()
  t.teardown(async () => {
    http.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/a?b=c`, fetch: http.fetch, server }
}

t.test('request and answer arrive as they are', async (t) => {
  const { url, fetch } = await serve(t, (request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part) => parts.push(part))
    request.on('end', () => {
      response.writeHead(418, { 'x-one': 'ä'.charCodeAt(0), 'set-cookie': ['a=1', 'b=2'] })
      response.end(`${request.method} ${request.url} ${request.headers['x-test']} ${Buffer.concat(parts)}`)
    })
  })
  const response = await fetch(url, { method: 'POST', headers: { 'X-Test': 'yes' }, body: 'grüße' })
  t.equal(response.status, 418)
  t.notOk(response.ok)
  t.equal(response.url, url)
  t.strictSame(response.headers.getSetCookie(), ['a=1', 'b=2'])
  t.equal(await response.text(), 'POST /a?b=c yes grüße')
  t.equal(await response.text(), 'POST /a?b=c yes grüße', 'an error can be read again')
  t.equal((await fetch(new URL(url))).status, 418)
})

t.test('a long error is cut', async (t) => {
  const { url, fetch } = await serve(t, (_, response) => response.writeHead(500).end('x'.repeat(1_000_000)))
  t.equal((await (await fetch(url)).text()).length, 65_536)
})

t.test('answers without a body', async (t) => {
  const { url, fetch } = await serve(t, (_, response) => response.writeHead(204).end())
  const response = await fetch(url)
  t.equal(await response.text(), '')
  t.equal((await fetch(url)).status, 204)
})

t.test('a large body waits for its reader', async (t) => {
  const size = 8 * 1024 * 1024
  let sent = 0
  const { url, fetch } = await serve(t, (_, response) => {
    const chunk = Buffer.alloc(65_536, 'x')
    const more = (): void => {
      while (sent < size) {
        sent += chunk.length
        if (!response.write(chunk)) return void response.once('drain', more)
      }
      response.end()
    }
    more()
  })
  const response = await fetch(url)
  await new Promise((resolve) => setTimeout(resolve, 50))
  t.ok(sent < size, 'the server was held back')
  let read = 0
  await response.read((text) => {
    read += text.length
  })
  t.equal(read, size)
})

t.test('letters cut in two by the network arrive whole; what the reader throws ends the call', async (t) => {
  const { url, fetch } = await serve(t, async (_, response) => {
    for (const byte of Buffer.from('grüße 😀')) {
      response.write(Buffer.from([byte]))
      await new Promise((resolve) => setImmediate(resolve))
    }
    response.end()
  })
  const pieces: string[] = []
  await (await fetch(url)).read((text) => void pieces.push(text))
  t.equal(pieces.join(''), 'grüße 😀')
  t.notOk(pieces.some((piece) => piece.includes('\uFFFD')))
  const thrown = (await fetch(url)).read(() => {
    throw new Error('no more')
  })
  await t.rejects(thrown, /no more/)
})

t.test('a connection cut short is an error, not an end', async (t) => {
  const { url, fetch } = await serve(t, (_, response) => {
    response.write('half')
    setTimeout(() => response.destroy(), 5)
  })
  const response = await fetch(url)
  await t.rejects(response.text())
})

t.test('aborts', async (t) => {
  const { url, fetch } = await serve(t, (request, response) => {
    if (request.headers['x-start']) response.write('half')
  })
  const early = new AbortController()
  const waiting = fetch(url, { signal: early.signal })
  setTimeout(() => early.abort(), 5)
  await t.rejects(waiting, { name: 'AbortError' })

  const late = new AbortController()
  const response = await fetch(url, { signal: late.signal, headers: { 'x-start': '1' } })
  late.abort()
  await t.rejects(response.text(), { name: 'AbortError' })
  await t.rejects(fetch(url, { signal: late.signal }), { name: 'AbortError' })
})

t.test('a kept connection that the server closed is replaced', async (t) => {
  let calls = 0
  const { url, fetch, server } = await serve(t, (request, response) => {
    calls++
    // From the second request on, a connection that is used again is dropped without an answer.
    if (calls === 2) return void request.socket.destroy()
    response.end('ok')
  })
  server.keepAliveTimeout = 60_000
  await (await fetch(url)).text()
  t.equal(await (await fetch(url, { method: 'POST', body: 'x' })).text(), 'ok')
  t.equal(calls, 3)
})

t.test('a refused connection keeps its reason', async (t) => {
  const { url, fetch, server } = await serve(t, () => {})
  await new Promise((resolve) => server.close(resolve))
  await t.rejects(fetch(url), { code: 'ECONNREFUSED' })
  await t.rejects(fetch('nonsense'), TypeError)
})
