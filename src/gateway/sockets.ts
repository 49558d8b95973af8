// WebSocket clients: pages, terminals and channels written elsewhere. Frames enter and leave; a wrong one gets an `error`
// and the connection lives on. Who is no owner sees the turns of messages it sent, and nothing else.

import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocketServer } from 'ws'
import type { EngineEvent } from '../agent/events.ts'
import type { Engine } from '../engine/port.ts'
import { messageOf } from '../errors.ts'
import { ownerIdOn } from '../plan/admission.ts'
import type { ChannelPlan, Plan } from '../plan/plan.ts'
import type { Clock, Logger, Random } from '../ports.ts'
import { headOf } from '../text-cut.ts'
import type { Auth, Rights } from './auth.ts'
import { id, optionalBoolean, optionalId } from './fields.ts'
import { activityFrame, approvalFrame, errorFrame, type Frame, PROTOCOL } from './frames.ts'
import { gatewayChannel, pageChannel } from './inbound.ts'
import type { OutputBuffers } from './output-buffers.ts'
import { createPushes } from './pushes.ts'
import { RequestProblem, sayable } from './replies.ts'
import { CLOSE, type Client, createClient, createSend, isOperator, type SocketSession } from './socket-client.ts'
import { createSocketIntake } from './socket-intake.ts'
import type { TurnTracker } from './turn-tracker.ts'

export interface SocketDeps {
  readonly engine: Engine
  readonly tracker: TurnTracker
  readonly auth: Auth
  readonly buffers: OutputBuffers
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

export interface Sockets {
  /** Takes an authorized upgrade. `rights`: what its Authorization header is worth. */
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
const PING_MS = 10_000
/** A line that answered none of so many pings is dead. */
const MAX_UNANSWERED = 3
/** Frames of one client that wait to be handed in. */
const MAX_QUEUED = 1000
/** Frames up to so many times the limit are read and answered by an `error`; larger ones end the connection. */
const READ_FACTOR = 4

export function createSockets(deps: SocketDeps): Sockets {
  const { engine, tracker, auth, buffers, clock, random, log } = deps
  const clients = new Set<Client>()
  const send = createSend(log, buffers)
  const pushes = createPushes({ engine, tracker, clients, send })
  const intake = createSocketIntake({ engine, tracker, random, pushes, send })
  const payload = (plan: Plan): number => plan.gateway.maxBodyBytes * READ_FACTOR + 1024
  let server: Promise<WebSocketServer> | undefined
  const off = engine.on(onEvent)
  let stopPing = clock.after(PING_MS, ping)

  /** Its library loads for the first socket: many bots have none. */
  async function openServer(): Promise<WebSocketServer> {
    const { WebSocketServer: Server } = await import('./ws.ts')
    return new Server({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: payload(engine.plan),
    })
  }

  function ping(): void {
    for (const client of clients) {
      if (client.unanswered >= MAX_UNANSWERED) client.ws.terminate()
      client.unanswered++
      client.ws.ping()
    }
    stopPing = clock.after(PING_MS, ping)
  }

  function onEvent(event: EngineEvent): void {
    if (event.type === 'outbound') {
      pushes.push(event.message, event.answers)
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

  function hello(client: Client, data: Frame['data']): void {
    const live = optionalBoolean(data, 'live') ?? false
    const channel = live && data['channelId'] === undefined ? pageChannel(engine.plan) : namedChannel(data)
    // An empty token is what programs send that were given none.
    const token = data['token'] === '' ? undefined : optionalId(data, 'token')
    const userId = optionalId(data, 'userId')
    const receipts = optionalBoolean(data, 'receipts') ?? false
    const acks = optionalBoolean(data, 'acks') ?? false
    const rights = rightsFor(client, channel, token)
    if (rights === 'none') {
      send(client, errorFrame('unauthorized', 'The token is missing or wrong.'))
      client.ws.close(CLOSE.unauthorized, 'unauthorized')
      return
    }
    const operator = rights === 'owner' || rights === 'trusted'
    if (channel === null && !operator)
      throw new RequestProblem(404, 'unknown_channel', 'No channel is the page’s; write "webchat: {}" under channels.')
    client.session = { channelId: channel?.id ?? null, rights, acks, receipts, live: live && operator }
    if (userId !== undefined) client.userIds.add(userId)
    const ownUserId = operator && channel !== null ? ownerIdOn(engine.plan, channel.id) : undefined
    // Who sits at this machine gets what is delivered to its owner, under whatever name they write.
    if (rights === 'owner' && ownUserId !== undefined) client.userIds.add(ownUserId)
    const where = channel === null ? {} : { channelId: channel.id }
    const own = ownUserId === undefined ? {} : { ownUserId }
    const { generation } = engine
    send(client, { type: 'hello_ok', data: { protocol: PROTOCOL, generation, ...where, rights, ...own } })
    if (channel?.type === 'socket') engine.setPresence(channel.id, true)
  }

  const isProgram = (channelId: string): boolean => engine.plan.channels.get(channelId)?.type === 'socket'
  const isPresent = (channelId: string): boolean => [...clients].some(({ session }) => session?.channelId === channelId)

  const namedChannel = (data: Frame['data']): ChannelPlan => gatewayChannel(engine.plan, id(data, 'channelId'), 'sockets')

  function rightsFor(client: Client, channel: ChannelPlan | null, token: string | undefined): Rights | 'bridge' {
    const secret = channel?.settings['secret'] as { readonly isSet: boolean } | undefined
    if (channel?.type === 'socket' && secret?.isSet) {
      const fits = auth.matches(secret as Parameters<Auth['matches']>[0], token, client.address)
      if (typeof fits === 'object') throw new RequestProblem(fits.status, fits.code, fits.message)
      if (fits) return 'bridge'
      const others = token === undefined ? client.headerRights : auth.authenticate(token, client.address)
      return others === 'owner' || others === 'trusted' ? others : 'none'
    }
    const rights = token === undefined ? client.headerRights : auth.authenticate(token, client.address)
    if (typeof rights === 'object') throw new RequestProblem(rights.status, rights.code, rights.message)
    return rights
  }

  function queue(client: Client, data: Frame['data'], fail: (error: unknown) => void): void {
    if (client.queued >= MAX_QUEUED) throw new RequestProblem(429, 'busy', 'Too many messages at once; send this one again.')
    client.queued++
    client.intake = client.intake
      .then(() => intake.message(client, data))
      .catch(fail)
      .finally(() => {
        client.queued--
      })
  }

  function onFrame(client: Client, raw: Buffer, isBinary: boolean): void {
    let messageId: string | undefined
    const fail = (error: unknown): void => {
      const about = messageId === undefined ? {} : { messageId }
      const known = sayable(error, isOperator(client))
      if (known !== error) log.error({ error: messageOf(error) }, 'a frame failed')
      const { code, message } = known ?? { code: 'internal', message: 'This message could not be taken; try again.' }
      send(client, errorFrame(code, message, about))
    }
    try {
      const frame = parseFrame(raw, isBinary, engine.plan.gateway.maxBodyBytes)
      if (typeof frame.data['messageId'] === 'string') messageId = frame.data['messageId']
      if (frame.type === 'hello') hello(client, frame.data)
      else if (frame.type === 'approval_decision') void intake.decision(client, frame.data).catch(fail)
      else if (frame.type === 'ack') client.acknowledgements.onAck(id(frame.data, 'key'))
      else if (frame.type === 'inbound_message') queue(client, frame.data, fail)
      else throw new RequestProblem(400, 'unknown_type', `There is no frame of type "${headOf(frame.type, 64)}" from a client.`)
    } catch (error) {
      fail(error)
    }
  }

  function take(client: Client): void {
    const { ws } = client
    clients.add(client)
    const untrack = buffers.track({
      address: client.address,
      unread: () => ws.bufferedAmount,
      cutOff: () => ws.terminate(),
    })
    const stopWaiting = clock.after(HELLO_MS, () => {
      if (client.session === null) ws.close(CLOSE.noHello, 'no hello')
    })
    ws.on('message', (data, isBinary) => onFrame(client, data as Buffer, isBinary))
    ws.on('pong', (payload) => {
      client.unanswered = 0
      client.acknowledgements.onPong(payload)
    })
    ws.on('error', (error) => log.debug({ error: messageOf(error) }, 'socket error'))
    ws.on('close', () => {
      stopWaiting()
      untrack()
      clients.delete(client)
      client.gone = true
      for (const wait of client.waits) wait.abort()
      client.acknowledgements.onClose()
      const channelId = client.session?.channelId
      if (channelId != null && isProgram(channelId) && !isPresent(channelId)) engine.setPresence(channelId, false)
      pushes.forget(client)
    })
  }

  return {
    accept(request, socket, head, headerRights) {
      server ??= openServer()
      void server.then((open) =>
        open.handleUpgrade(request, socket, head, (ws) => take(createClient(ws, auth.addressOf(request), headerRights, clock))),
      )
    },
    count: (address) => (address === undefined ? clients.size : [...clients].filter((one) => one.address === address).length),
    applyPlan(before, next) {
      void server?.then((open) => {
        open.options.maxPayload = payload(next)
      })
      const rotated = tokenOf(before) !== tokenOf(next)
      for (const client of clients) {
        const rights = client.session?.rights ?? client.headerRights
        // Also those that have not said hello yet: what their header was worth is worth nothing now.
        if (rotated && rights !== 'owner' && rights !== 'bridge') client.ws.close(CLOSE.unauthorized, 'token changed')
        else if (client.session !== null && hasChanged(client.session)) client.ws.close(CLOSE.changed, 'channel changed')
      }
      function hasChanged({ channelId, rights }: SocketSession): boolean {
        if (channelId === null) return pageChannel(next) !== null
        const now = next.channels.get(channelId)
        return now?.enabled !== true || (rights === 'bridge' && now.fingerprint !== before.channels.get(channelId)?.fingerprint)
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
