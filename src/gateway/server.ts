// The one port. Starts listening, authenticates each request, then sends it to its route or to a socket.

import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Engine } from '../engine/port.ts'
import { ClawError, diagnostic, EXIT, messageOf } from '../errors.ts'
import { isLoopback } from '../plan/loopback.ts'
import type { GatewayPlan, Plan } from '../plan/plan.ts'
import { type Clock, type Logger, type Random, systemRandom } from '../ports.ts'
import { createAuth, type Refusal, type Rights, refusal, type Verdict } from './auth.ts'
import { boundConnections, endSocket } from './connections.ts'
import { answerHealth, isHealth } from './health.ts'
import type { Listener } from './http.ts'
import { createOutputBuffers } from './output-buffers.ts'
import { createSockets } from './sockets.ts'
import { createTurnTracker } from './turn-tracker.ts'

export interface GatewayOptions {
  readonly engine: Engine
  readonly clock: Clock
  readonly log: Logger
  /** New at each start; who shows it is the owner. */
  readonly ownerSecret: string
  readonly random?: Random
  /** For an engine that nobody else is to find: where the port is taken, any free one does. */
  readonly anyPort?: boolean
}

export interface Gateway {
  /** With the name that loopback clients use; changes when a reload moves the port. */
  readonly url: string
  readonly port: number
  /** Takes a new plan over: tokens and limits at once; a new host or port before the old one is let go. @throws ClawError, the old stays */
  applyPlan(plan: Plan): Promise<void>
  /** Refuses what is new, waits at most `graceMs` for what runs, then closes. */
  close(options?: { graceMs?: number }): Promise<void>
}

/** Plain connections of one address, as a multiple of its sockets: a proxy in front of us is one address too. */
const CONNECTIONS_PER_SOCKET = 16
/** How long a socket's other side may take to say goodbye. */
const GOODBYE_MS = 1000

export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { engine, clock, log, ownerSecret, random = systemRandom } = options
  let plan = engine.plan
  let closing = false
  let port = 0
  const auth = createAuth({ plan: plan.gateway, ownerSecret, clock, port: () => port })
  const tracker = createTurnTracker(engine)
  const buffers = createOutputBuffers(log)
  const sockets = createSockets({ engine, tracker, auth, buffers, clock, random, log })
  const rightsOf = new WeakMap<IncomingMessage, Rights>()
  let routes: Promise<Listener> | undefined

  function onRequest(request: IncomingMessage, response: ServerResponse): void {
    for (const [name, value] of SECURITY_HEADERS) response.setHeader(name, value)
    const verdict = auth.authorize(request)
    if (!verdict.ok) {
      refuseRequest(request, response, verdict)
      return
    }
    if (isHealth(request)) {
      void answerHealth(request, response, { engine, isClosing: () => closing })
      return
    }
    if (closing) {
      refuseRequest(request, response, STOPPING)
      return
    }
    if (verdict.origin !== undefined) {
      response.setHeader('access-control-allow-origin', verdict.origin)
      response.setHeader('vary', 'origin')
      if (request.method === 'OPTIONS') {
        preflight(response)
        return
      }
    }
    rightsOf.set(request, verdict.rights)
    routes ??= openRoutes()
    void routes.then((listener) => listener(request, response))
  }

  async function openRoutes(): Promise<Listener> {
    const { createListener } = await import('./http.ts')
    return createListener({
      engine,
      tracker,
      random,
      log,
      clock,
      requestNames: new Set(),
      buffers,
      addressOf: auth.addressOf,
      rightsOf: (request) => rightsOf.get(request) ?? 'none',
      sockets: () => sockets.count(),
    })
  }

  function onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy())
    const verdict = admitUpgrade(request)
    if (verdict.ok) sockets.accept(request, socket, head, verdict.rights)
    else refuseUpgrade(socket, verdict)
  }

  function admitUpgrade(request: IncomingMessage): Verdict {
    if (closing) return STOPPING
    if (request.url?.split('?')[0] !== '/') return refusal(404, 'not_found', 'Sockets are at /.')
    if (sockets.count(auth.addressOf(request)) >= plan.gateway.maxConnections) {
      return refusal(429, 'too_many_connections', 'Too many sockets from this address.')
    }
    return auth.authorize(request)
  }

  async function listen(gateway: GatewayPlan): Promise<Server> {
    if (!isLoopback(gateway.host) && !gateway.token?.isSet) {
      throw new ClawError(`The gateway may not listen on ${gateway.host} without a token.`, {
        exitCode: EXIT.invalid,
        diagnostics: [
          diagnostic('CLAW401', `gateway.host is ${gateway.host}`, { path: '/gateway' }, { hint: 'Set gateway.auth.token.' }),
        ],
      })
    }
    const server = createServer({ requestTimeout: 60_000, headersTimeout: 20_000, keepAliveTimeout: 10_000 }, onRequest)
    server.on('upgrade', onUpgrade)
    server.on('clientError', (_, socket) =>
      endSocket(socket as Socket, 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'),
    )
    boundConnections(server, () => plan.gateway.maxConnections * CONNECTIONS_PER_SOCKET)
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => reject(listenProblem(error, gateway)))
      server.listen({ port: gateway.port, host: gateway.host.replace(/^\[|\]$/g, '') }, resolve)
    })
    server.on('error', (error) => log.error({ error: messageOf(error) }, 'the gateway’s server failed'))
    return server
  }

  const taken = (error: unknown): boolean => ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code === 'EADDRINUSE'
  let server = await listen(plan.gateway)
    .catch((error: unknown) => {
      if (options.anyPort !== true || !taken(error)) throw error
      return listen({ ...plan.gateway, port: 0 })
    })
    .catch((error: unknown) => {
      sockets.close()
      tracker.close()
      throw error
    })
  port = (server.address() as AddressInfo).port

  return {
    get url() {
      return `http://${urlHost(plan.gateway.host)}:${port}`
    },
    get port() {
      return port
    },
    async applyPlan(next) {
      const before = plan
      const moved = before.gateway.host !== next.gateway.host || before.gateway.port !== next.gateway.port
      const old = server
      if (moved) {
        // Nobody gets in by the new address before the new plan holds: connections wait for the event loop, this doesn't.
        const fresh = await listen(next.gateway)
        server = fresh
        port = (fresh.address() as AddressInfo).port
      }
      plan = next
      auth.setPlan(next.gateway)
      sockets.applyPlan(before, next)
      if (moved) {
        old.close()
        old.closeIdleConnections()
      }
    },
    async close({ graceMs = 5000 } = {}) {
      closing = true
      sockets.close()
      const ended = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      // A connection kept alive becomes idle only when its answer is out.
      const sweep = setInterval(() => server.closeIdleConnections(), 50)
      const cancels = [
        clock.after(Math.min(graceMs, GOODBYE_MS), () => sockets.terminate()),
        clock.after(graceMs, () => server.closeAllConnections()),
      ]
      await ended
      clearInterval(sweep)
      for (const cancel of cancels) cancel()
      tracker.close()
    },
  }
}

const STOPPING = refusal(503, 'stopping', 'The gateway is stopping.')

const SECURITY_HEADERS: readonly (readonly [string, string])[] = [
  [
    'content-security-policy',
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  ],
  ['x-content-type-options', 'nosniff'],
  ['x-frame-options', 'DENY'],
  ['referrer-policy', 'no-referrer'],
  ['cross-origin-opener-policy', 'same-origin'],
  ['cross-origin-resource-policy', 'same-origin'],
  ['permissions-policy', 'camera=(), microphone=(), geolocation=()'],
]

function refuseRequest(request: IncomingMessage, response: ServerResponse, verdict: Refusal): void {
  const headers: Record<string, string> = { 'content-type': 'application/json; charset=utf-8' }
  if (verdict.status === 429) headers['retry-after'] = '60'
  // What a refused caller still wants to send is not read.
  if (request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined)
    headers['connection'] = 'close'
  response.writeHead(verdict.status, headers)
  response.end(JSON.stringify({ error: { code: verdict.code, message: verdict.message } }))
}

function refuseUpgrade(socket: Duplex, verdict: Refusal): void {
  const body = JSON.stringify({ error: { code: verdict.code, message: verdict.message } })
  const head = [
    `HTTP/1.1 ${verdict.status} ${STATUS_CODES[verdict.status] ?? ''}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  endSocket(socket as Socket, `${head.join('\r\n')}\r\n\r\n${body}`)
}

function preflight(response: ServerResponse): void {
  response.writeHead(204, {
    'access-control-allow-methods': 'GET, POST',
    'access-control-allow-headers': 'authorization, content-type, x-claw-user',
    'access-control-max-age': '600',
  })
  response.end()
}

const urlHost = (host: string): string => {
  if (host === '0.0.0.0' || host === '::' || host === '[::]') return '127.0.0.1'
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
}

function listenProblem(error: NodeJS.ErrnoException, gateway: GatewayPlan): Error {
  const { host, port } = gateway
  if (error.code === 'EADDRINUSE') {
    const message = `Port ${port} on ${host} is in use.`
    const hint = 'Stop the program that holds it, or change gateway.port (0 takes any free port).'
    return new ClawError(`${message} ${hint}`, {
      exitCode: EXIT.invalid,
      diagnostics: [diagnostic('CLAW502', message, { path: '/gateway/port' }, { hint })],
      cause: error,
    })
  }
  return new ClawError(
    `The gateway can't listen on ${host}:${port} (${error.code ?? messageOf(error)}); see gateway.host and gateway.port.`,
    {
      exitCode: EXIT.invalid,
      cause: error,
    },
  )
}
