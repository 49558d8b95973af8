// An HTTP proxy that looks at every address before it connects, and connects to what it looked at: the way out for programs that
// make their own requests.

import { createServer, request as httpRequest, type Server } from 'node:http'
import { connect } from 'node:net'
import { messageOf } from '../errors.ts'
import type { Target, TargetCheck } from './targets.ts'

/** Not listening yet. Every refusal of `check` is answered with 403 and its sentence. */
export function createCheckingProxy(check: (url: string) => Promise<Target>, dial?: TargetCheck['dial']): Server {
  const server = createServer((incoming, answer) => {
    void (async () => {
      const target = await check(incoming.url ?? '')
      const { host: _, connection: __, 'proxy-connection': ___, ...headers } = incoming.headers
      const real = dial?.(target.addresses[0] as string, Number(target.url.port || 80), false)
      const onward = httpRequest({
        host: real?.host ?? target.addresses[0],
        port: real?.port ?? Number(target.url.port || 80),
        method: incoming.method,
        path: `${target.url.pathname}${target.url.search}`,
        headers: { ...headers, host: target.url.host, connection: 'close' },
      })
      onward.on('response', (response) => {
        answer.writeHead(response.statusCode ?? 502, response.headers)
        response.pipe(answer)
      })
      onward.on('error', () => answer.destroy())
      answer.on('close', () => onward.destroy())
      incoming.pipe(onward)
    })().catch((error: unknown) => {
      if (!answer.headersSent) answer.writeHead(403, { 'content-type': 'text/plain' })
      answer.end(`${messageOf(error)}\n`)
    })
  })
  server.on('connect', (incoming, client, head) => {
    void (async () => {
      client.on('error', () => client.destroy())
      const target = await check(`https://${incoming.url ?? ''}/`)
      const port = Number(target.url.port || 443)
      const real = dial?.(target.addresses[0] as string, port, true)
      const onward = connect(real?.port ?? port, real?.host ?? (target.addresses[0] as string))
      onward.on('connect', () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n')
        onward.write(head)
        onward.pipe(client)
        client.pipe(onward)
      })
      onward.on('error', () => client.destroy())
      client.on('close', () => onward.destroy())
    })().catch((error: unknown) => {
      const text = `${messageOf(error)}\n`
      client.end(
        `HTTP/1.1 403 Forbidden\r\ncontent-type: text/plain\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
      )
    })
  })
  return server
}
