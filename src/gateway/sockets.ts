// WebSocket clients: pages, terminals and channels written elsewhere. Frames enter and leave; a wrong one gets an `error`
// and the connection lives on. Who is no owner sees the turns of messages it sent, and nothing else.

import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { EngineEvent } from '../agent/events.ts'
import type { OutboundMessage } from '../channels/port.ts'
import type { Engine } from '../engine/port.ts'
import { messageOf } from '../errors.ts'
import type { Plan } from '../plan/plan.ts'
import type { Clock, Logger, Random } from '../ports.ts'
import { answerFrame, type Desk } from './desk.ts'
import { addressOf, callerOf, type Doors, type Rights } from './doors.ts'
import { id, oneOf, optionalBoolean, optionalId } from './fields.ts'
import { activityFrame, approvalFrame, errorFrame, type Frame, outboundFrame, PROTOCOL } from './frames.ts'
import { frameMessage, gatewayChannel } from './inbound.ts'
import { RequestProblem, textOfRefusal } from './replies.ts'

export interface SocketDeps {
  readonly engine: Engine
  readonly desk: Desk
  readonly doors: Doors
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

export interface Sockets {
  /** Takes an upgrade that the doors let through. `rights`: what its Authorization header is worth. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, rights: Rights): void
  /** Open connections, of one address where it is given. */
  count(address?: string): number
  /** Closes those whose credentials the next plan no longer takes. */
  applyPlan(before: Plan, next: Plan): void
  /** Says goodbye; who does not answer is cut off by `terminate`. */
  close(): void
  terminate(): void
}

const HELLO_MS = 10_000
const PING_MS = 30_000
const MAX_IN_FLIGHT = 64
/** Beyond the first, text that can be missed is; beyond the second, the reader is too slow to keep. */
const SLOW_BYTES = 1_000_000
const STUCK_BYTES = 16_000_000
/** Messages kept for a channel program that is away. */
const MAX_HELD = 1000
/** Frames up to so many times the limit are read and answered by an `error`; larger ones end the connection. */
const READ_FACTOR = 4

const CLOSE = { away: 1001, slow: 1013, unauthorized: 4401, noHello: 4408, changed: 4409 } as const

interface Client {
  readonly ws: WebSocket
  readonly address: string
  /** Of the Authorization header. */
  readonly headerRights: Rights
  /** After `hello`; `bridge`: by the secret of a socket channel, believed about its own users and nothing else. */
  session: {
    readonly channelId: string
    readonly rights: Exclude<Rights, 'none'> | 'bridge'
    readonly live: boolean
    readonly receipts: boolean
  } | null
  readonly userIds: Set<string>
  /** Of each message that waits: aborted when the client goes. */
  readonly waits: Set<AbortController>
  gone: boolean
  /** Turns whose answer this client has: messages that were collected into one turn share one. */
  readonly answeredRuns: Set<string>
  readonly pending: Set<string>
  readonly asked: Set<string>
  intake: Promise<void>
  alive: boolean
}

const isOperator = (client: Client): boolean => client.session?.rights === 'owner' || client.session?.rights === 'trusted'

export function createSockets(deps: SocketDeps): Sockets {
  const { engine, desk, doors, clock, random, log } = deps
  const clients = new Set<Client>()
  /** Who last wrote in a session, for replies that answer no message (late approvals). */
  const lastSpeaker = new Map<string, Client>()
  const held = new Map<string, OutboundMessage[]>()
  const payload = (plan: Plan): number => plan.gateway.maxBodyBytes * READ_FACTOR + 1024
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: payload(engine.plan),
  })
  const off = engine.on(onEvent)
  let stopPing = clock.after(PING_MS, ping)

  function ping(): void {
    for (const client of clients) {
      if (!client.alive) client.ws.terminate()
      client.alive = false
      client.ws.ping()
    }
    stopPing = clock.after(PING_MS, ping)
  }

  function send(client: Client, frame: Frame, canBeMissed = false): void {
    const { ws } = client
    if (ws.readyState !== ws.OPEN) return
    if (canBeMissed && ws.bufferedAmount > SLOW_BYTES) return
    if (ws.bufferedAmount > STUCK_BYTES) {
      log.warn({ address: client.address }, 'socket client reads too slowly; closed')
      ws.terminate()
      return
    }
    ws.send(JSON.stringify(frame))
  }

  function onEvent(event: EngineEvent): void {
    if (event.type === 'outbound') {
      push(event.message)
      return
    }
    for (const client of clients) {
      if (client.session === null) continue
      if (event.type === 'reload') send(client, reloadFrame(event, isOperator(client)))
      else if (event.type === 'approval_request' && isOperator(client)) send(client, approvalFrame(event.approval))
      else if (event.type === 'approval_decision' && (isOperator(client) || client.asked.delete(event.id))) {
        const { type, ...data } = event
        send(client, { type, data })
      } else if (client.session.live) {
        const frame = activityFrame(event)
        if (frame !== null) send(client, frame, true)
      }
    }
  }

  /** A reply that nobody waits for: a heartbeat's text, a late result, or the answer to a client that went away. */
  function push(message: OutboundMessage): void {
    if (desk.isWaitedFor(message)) return
    const channel = engine.plan.channels.get(message.channelId)
    if (channel === undefined || !['http', 'webchat', 'socket'].includes(channel.type)) return
    const here = [...clients].filter((client) => client.session?.channelId === message.channelId)
    const speaker = lastSpeaker.get(message.sessionKey)
    const frame = outboundFrame(message, engine.plan)
    if (channel.type === 'socket') {
      const bridge = here[here.length - 1]
      if (bridge !== undefined) send(bridge, frame)
      else hold(message)
      return
    }
    for (const client of here) {
      const own = isOperator(client) && message.userId !== undefined && client.userIds.has(message.userId)
      if (own || client === speaker) send(client, frame)
    }
  }

  function hold(message: OutboundMessage): void {
    const list = held.get(message.channelId) ?? []
    if (list.length >= MAX_HELD) list.shift()
    list.push(message)
    held.set(message.channelId, list)
  }

  function hello(client: Client, data: Frame['data']): void {
    const channel = gatewayChannel(engine.plan, id(data, 'channelId'), ['http', 'webchat', 'socket'])
    const token = optionalId(data, 'token')
    const userId = optionalId(data, 'userId')
    const live = optionalBoolean(data, 'live') ?? false
    const receipts = optionalBoolean(data, 'receipts') ?? false
    const rights = rightsFor(client, channel, token)
    if (rights === 'none') {
      send(client, errorFrame('unauthorized', 'The token is missing or wrong.'))
      client.ws.close(CLOSE.unauthorized, 'unauthorized')
      return
    }
    client.session = { channelId: channel.id, rights, receipts, live: live && (rights === 'owner' || rights === 'trusted') }
    if (userId !== undefined) client.userIds.add(userId)
    send(client, { type: 'hello_ok', data: { protocol: PROTOCOL, generation: engine.generation, channelId: channel.id, rights } })
    for (const message of held.get(channel.id) ?? []) send(client, outboundFrame(message, engine.plan))
    held.delete(channel.id)
  }

  function rightsFor(client: Client, channel: ReturnType<typeof gatewayChannel>, token: string | undefined): Rights | 'bridge' {
    const secret = channel.settings['secret'] as { readonly isSet: boolean } | undefined
    if (channel.type === 'socket' && secret?.isSet) {
      const fits = doors.matches(secret as Parameters<Doors['matches']>[0], token, client.address)
      if (typeof fits === 'object') throw new RequestProblem(fits.status, fits.code, fits.message)
      if (fits) return 'bridge'
      const others = token === undefined ? client.headerRights : doors.identify(token, client.address)
      return others === 'owner' || others === 'trusted' ? others : 'none'
    }
    const rights = token === undefined ? client.headerRights : doors.identify(token, client.address)
    if (typeof rights === 'object') throw new RequestProblem(rights.status, rights.code, rights.message)
    return rights
  }

  async function inbound(client: Client, data: Frame['data']): Promise<void> {
    const { session } = client
    if (session === null) throw new RequestProblem(401, 'hello_first', 'Say hello first.')
    const message = frameMessage(data, session.channelId, random)
    const agentId = optionalId(data, 'agentId')
    if (agentId !== undefined) {
      if (!isOperator(client)) throw new RequestProblem(403, 'forbidden', 'Only an owner may name the agent; others are routed.')
      if (!engine.plan.agents.has(agentId)) throw new RequestProblem(404, 'unknown_agent', `There is no agent "${agentId}".`)
    }
    if (client.pending.size >= MAX_IN_FLIGHT)
      throw new RequestProblem(429, 'busy', `At most ${MAX_IN_FLIGHT} messages may wait for an answer.`)
    const caller = callerOf(session.rights === 'bridge' ? 'trusted' : session.rights)
    const { messageId } = message
    // The same message again while its answer is on the way: the one answer serves both.
    const repeated = client.pending.has(messageId)
    client.pending.add(messageId)
    const wait = new AbortController()
    if (client.gone) wait.abort()
    client.waits.add(wait)
    const settle = (): void => {
      client.waits.delete(wait)
      if (!repeated) client.pending.delete(messageId)
    }
    const follow = (frame: Frame): void => {
      if (frame.type === 'approval_request') {
        if (isOperator(client)) return
        client.asked.add(String(frame.data['id']))
      }
      send(client, frame, frame.type === 'agent_response_chunk')
    }
    const options = {
      signal: wait.signal,
      follow: repeated ? () => {} : follow,
      ...(agentId === undefined ? {} : { agentId }),
    }
    let ticket: Awaited<ReturnType<Desk['hand']>>
    try {
      ticket = await desk.hand(message, caller, options)
    } catch (error) {
      settle()
      throw error
    }
    if ('refused' in ticket) {
      settle()
      const { refused } = ticket
      if (refused.code !== 'command') {
        send(client, errorFrame(refused.code, textOfRefusal(refused), { messageId }))
        return
      }
      const { channelId, userId } = message
      send(client, {
        type: 'outbound_message',
        data: {
          channelId,
          target: message.groupId ?? userId,
          content: textOfRefusal(refused),
          sessionId: null,
          replyTo: messageId,
        },
      })
      return
    }
    const { accepted, answer } = ticket
    client.userIds.add(message.userId)
    lastSpeaker.delete(accepted.sessionKey)
    lastSpeaker.set(accepted.sessionKey, client)
    if (session.receipts) {
      send(client, {
        type: 'receipt',
        data: { messageId, sessionId: accepted.sessionKey, agentId: accepted.agentId, duplicate: accepted.duplicate },
      })
    }
    // Not awaited: the next message of this client may be handed in while this one is worked on.
    void answer.then(
      ({ stored, run }) => {
        settle()
        // A message sent again asks for its answer again.
        if (repeated || (!accepted.duplicate && client.answeredRuns.has(run))) return
        client.answeredRuns.add(run)
        if (client.answeredRuns.size > MAX_IN_FLIGHT * 4)
          client.answeredRuns.delete(client.answeredRuns.values().next().value as string)
        send(client, answerFrame(message, stored, engine.plan))
      },
      (error: unknown) => {
        settle()
        if (!client.gone) send(client, errorFrame('stopping', messageOf(error), { messageId }))
      },
    )
  }

  async function decide(client: Client, data: Frame['data']): Promise<void> {
    const { session } = client
    if (session === null) throw new RequestProblem(401, 'hello_first', 'Say hello first.')
    const approval = id(data, 'id')
    const decision = oneOf(data, 'decision', ['once', 'always', 'deny'])
    const userId = optionalId(data, 'userId')
    if (session.rights === 'claimed')
      throw new RequestProblem(403, 'forbidden', 'Approving wants the gateway token or the owner’s page.')
    if (session.rights === 'bridge' && userId === undefined)
      throw new RequestProblem(400, 'invalid_field', '"userId" is missing: say who pressed.')
    const result = await engine.decide(approval, decision, {
      caller: callerOf(session.rights === 'bridge' ? 'claimed' : session.rights),
      ...(userId === undefined ? {} : { identity: `${session.channelId}:${userId}` }),
    })
    if (!result.ok) throw new RequestProblem(409, 'approval', result.message)
  }

  function onFrame(client: Client, raw: Buffer, isBinary: boolean): void {
    let messageId: string | undefined
    const fail = (error: unknown): void => {
      const about = messageId === undefined ? {} : { messageId }
      if (error instanceof RequestProblem) {
        send(client, errorFrame(error.code, error.message, about))
        return
      }
      log.error({ error: messageOf(error) }, 'a frame failed')
      send(client, errorFrame('internal', 'This message could not be taken; try again.', about))
    }
    try {
      const frame = parseFrame(raw, isBinary, engine.plan.gateway.maxBodyBytes)
      if (typeof frame.data['messageId'] === 'string') messageId = frame.data['messageId']
      if (frame.type === 'hello') hello(client, frame.data)
      else if (frame.type === 'approval_decision') void decide(client, frame.data).catch(fail)
      // One after the other, so that the order of a client's messages holds.
      else if (frame.type === 'inbound_message') client.intake = client.intake.then(() => inbound(client, frame.data)).catch(fail)
      else throw new RequestProblem(400, 'unknown_type', `There is no frame of type "${frame.type.slice(0, 64)}" from a client.`)
    } catch (error) {
      fail(error)
    }
  }

  return {
    accept(request, socket, head, headerRights) {
      server.handleUpgrade(request, socket, head, (ws) => {
        const client: Client = {
          ws,
          address: addressOf(request),
          headerRights,
          session: null,
          userIds: new Set(),
          waits: new Set(),
          gone: false,
          answeredRuns: new Set(),
          pending: new Set(),
          asked: new Set(),
          intake: Promise.resolve(),
          alive: true,
        }
        clients.add(client)
        const stopWaiting = clock.after(HELLO_MS, () => {
          if (client.session === null) ws.close(CLOSE.noHello, 'no hello')
        })
        ws.on('message', (data, isBinary) => onFrame(client, data as Buffer, isBinary))
        ws.on('pong', () => {
          client.alive = true
        })
        ws.on('error', (error) => log.debug({ error: messageOf(error) }, 'socket error'))
        ws.on('close', () => {
          stopWaiting()
          clients.delete(client)
          client.gone = true
          for (const wait of client.waits) wait.abort()
          for (const [key, one] of lastSpeaker) if (one === client) lastSpeaker.delete(key)
        })
      })
    },
    count: (address) => (address === undefined ? clients.size : [...clients].filter((one) => one.address === address).length),
    applyPlan(before, next) {
      server.options.maxPayload = payload(next)
      const rotated = tokenOf(before) !== tokenOf(next)
      for (const client of clients) {
        const { session } = client
        if (session === null) continue
        const fingerprint = (plan: Plan): string | undefined => plan.channels.get(session.channelId)?.fingerprint
        if (rotated && session.rights !== 'owner' && session.rights !== 'bridge')
          client.ws.close(CLOSE.unauthorized, 'token changed')
        else if (
          next.channels.get(session.channelId)?.enabled !== true ||
          (session.rights === 'bridge' && fingerprint(before) !== fingerprint(next))
        ) {
          client.ws.close(CLOSE.changed, 'channel changed')
        }
      }
    },
    close() {
      off()
      stopPing()
      for (const client of clients) client.ws.close(CLOSE.away, 'going away')
    },
    terminate() {
      for (const client of clients) client.ws.terminate()
    },
  }
}

const tokenOf = (plan: Plan): string => plan.gateway.token?.reveal() ?? ''

function parseFrame(raw: Buffer, isBinary: boolean, maxBytes: number): Frame {
  if (raw.length > maxBytes) throw new RequestProblem(413, 'too_large', `A frame may have at most ${maxBytes} bytes.`)
  if (isBinary) throw new RequestProblem(400, 'malformed_frame', 'Frames are text.')
  let value: unknown
  try {
    value = JSON.parse(raw.toString('utf8'))
  } catch {
    throw new RequestProblem(400, 'malformed_frame', 'The frame is not valid JSON.')
  }
  const { type, data = {} } = (typeof value === 'object' && value !== null ? value : {}) as { type?: unknown; data?: unknown }
  if (typeof type !== 'string' || typeof data !== 'object' || data === null || Array.isArray(data)) {
    throw new RequestProblem(400, 'malformed_frame', 'A frame is {"type": string, "data": object}.')
  }
  return { type, data: data as Frame['data'] }
}

function reloadFrame(event: Extract<EngineEvent, { type: 'reload' }>, whole: boolean): Frame {
  const { generation, ok, changes, durationMs, diagnostics } = event
  return {
    type: 'reload',
    data: { generation, ok, changes: whole ? changes : [], ...(whole ? { durationMs, diagnostics } : {}) },
  }
}
