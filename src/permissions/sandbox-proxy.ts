// The one way out of a sandbox that has a host list: a proxy on a socket of the host, which looks at every name and address as
// the network gate does, and a small forwarder inside that programs reach as their HTTP proxy.

import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, request as httpRequest, type Server } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { messageOf } from '../errors.ts'
import { checkTarget, type TargetCheck } from './targets.ts'

export interface SandboxProxy {
  readonly socket: string
  close(): Promise<void>
}

/** Starts the proxy. Every refusal is answered with 403 and a sentence. */
export async function startSandboxProxy(hosts: readonly string[], options: Partial<TargetCheck> = {}): Promise<SandboxProxy> {
  const folder = await mkdtemp(join(tmpdir(), 'claw-proxy-'))
  const socket = join(folder, 'proxy.sock')
  const check = (url: string): ReturnType<typeof checkTarget> =>
    checkTarget(url, { ...options, allowHosts: hosts, denyHosts: [] })
  const server: Server = createServer((incoming, answer) => {
    void (async () => {
      const target = await check(incoming.url ?? '')
      const { host: _, connection: __, 'proxy-connection': ___, ...headers } = incoming.headers
      const real = options.dial?.(target.addresses[0] as string, Number(target.url.port || 80), false)
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
      const real = options.dial?.(target.addresses[0] as string, port, true)
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
  await new Promise<void>((done, fail) => {
    server.once('error', fail)
    server.listen(socket, done)
  })
  server.unref()
  return {
    socket,
    async close() {
      server.closeAllConnections()
      await new Promise<void>((done) => server.close(() => done()))
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Runs inside, under Node: listens on loopback, hands everything to the socket, starts the command and ends with it. */
const FORWARDER = `
const net = require('node:net'), { spawn } = require('node:child_process')
const [socket, ...argv] = process.argv.slice(1)
const server = net.createServer((a) => {
  const b = net.connect(socket)
  a.on('error', () => b.destroy()); b.on('error', () => a.destroy())
  a.pipe(b); b.pipe(a)
})
server.listen(0, '127.0.0.1', () => {
  const proxy = 'http://127.0.0.1:' + server.address().port
  const env = { ...process.env }
  for (const name of ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'all_proxy']) env[name] = proxy
  const child = spawn(argv[0], argv.slice(1), { stdio: 'inherit', env })
  child.on('exit', (code, signal) => process.exit(code === null ? 128 : code))
  child.on('error', () => process.exit(127))
})`

/** The command line inside the sandbox for `argv` behind the proxy. */
export const behindProxy = (argv: readonly string[], socketInside: string): readonly string[] => [
  process.execPath,
  '-e',
  FORWARDER,
  socketInside,
  ...argv,
]
