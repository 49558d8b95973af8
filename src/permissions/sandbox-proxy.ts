// The one way out of a sandbox that has a host list: a proxy on a socket of the host, which looks at every name and address as
// the network gate does, and a small forwarder inside that programs reach as their HTTP proxy.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCheckingProxy } from './checking-proxy.ts'
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
  const server = createCheckingProxy(check, options.dial)
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
