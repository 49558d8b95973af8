// One WebSocket client: who it is, what it waits for, and how frames are written to it without piling up.

import type { WebSocket } from 'ws'
import type { Clock, Logger } from '../ports.ts'
import type { Stop } from '../stop.ts'
import { type Acknowledgements, createAcknowledgements } from './acknowledgements.ts'
import type { Rights } from './auth.ts'
import type { Frame } from './frames.ts'
import type { OutputBuffers } from './output-buffers.ts'

/** Beyond the first, text that can be missed is; beyond the second, the reader is too slow to keep. */
const SLOW_BYTES = 1_000_000
const STUCK_BYTES = 16_000_000

/** Reasons to close, as the other side reads them. */
export const CLOSE = { away: 1001, unauthorized: 4401, noHello: 4408, changed: 4409 } as const

/** After `hello`. `bridge`: by the secret of a socket channel, believed about its own users and nothing else. */
export interface SocketSession {
  /** null: an owner's page where no channel is the page's; it watches and decides, and says nothing. */
  readonly channelId: string | null
  readonly rights: Exclude<Rights, 'none'> | 'bridge'
  /** Wants to see all that happens; for operators. */
  readonly live: boolean
  /** Acknowledges each reply by an `ack` frame. */
  readonly acks: boolean
  /** Wants a `receipt` when a message is stored, so that a platform can be acknowledged. */
  readonly receipts: boolean
}

export interface Client {
  readonly ws: WebSocket
  readonly address: string
  /** Of the Authorization header. */
  readonly headerRights: Rights
  session: SocketSession | null
  /** Whom it speaks for. */
  readonly userIds: Set<string>
  /** Ids of messages whose answer it waits for. */
  readonly pending: Set<string>
  /** Of each of these: aborted when the client goes. */
  readonly waits: Set<Stop>
  /** Turns whose answer this client has: messages that were collected into one turn share one. */
  readonly answeredRuns: Set<string>
  /** Questions it was shown. */
  readonly asked: Set<string>
  /** Messages are handed in one after the other, so that their order holds. */
  intake: Promise<void>
  queued: number
  gone: boolean
  /** Pings in a row that it did not answer. */
  unanswered: number
  /** Replies of a channel program that it has not taken yet. */
  readonly acknowledgements: Acknowledgements
}

export function createClient(ws: WebSocket, address: string, headerRights: Rights, clock: Clock): Client {
  return {
    ws,
    address,
    headerRights,
    session: null,
    userIds: new Set(),
    pending: new Set(),
    waits: new Set(),
    answeredRuns: new Set(),
    asked: new Set(),
    intake: Promise.resolve(),
    queued: 0,
    gone: false,
    unanswered: 0,
    acknowledgements: createAcknowledgements(clock, (payload) => ws.ping(payload)),
  }
}

/** May see and answer what is not its own. */
export const isOperator = ({ session }: Client): boolean => session?.rights === 'owner' || session?.rights === 'trusted'

export type Send = (client: Client, frame: Frame, canBeMissed?: boolean) => void

export function createSend(log: Logger, buffers: Pick<OutputBuffers, 'check'>): Send {
  return ({ ws, address }, frame, canBeMissed = false) => {
    if (ws.readyState !== ws.OPEN) return
    if (canBeMissed && ws.bufferedAmount > SLOW_BYTES) return
    if (ws.bufferedAmount > STUCK_BYTES) {
      log.warn({ address }, 'a socket client reads too slowly; closed')
      ws.terminate()
      return
    }
    ws.send(JSON.stringify(frame))
    if (ws.bufferedAmount > SLOW_BYTES) buffers.check()
  }
}
