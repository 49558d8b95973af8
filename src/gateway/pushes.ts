// Replies that nobody waits for: a heartbeat's text, a late result, the answer to a client that went away. They go to whom
// they are for, if that one is here. Those of a channel program wait in the outbox until it is.

import type { SaidMessage } from '../agent/events.ts'
import { ChannelError } from '../channels/port.ts'
import { saidOf } from '../engine/outbound/outgoing-files.ts'
import type { Engine } from '../engine/port.ts'
import { outboundFrame } from './frames.ts'
import { type Client, isOperator, type Send } from './socket-client.ts'
import type { TurnTracker } from './turn-tracker.ts'

type Sender = Pick<SaidMessage, 'channelId' | 'userId' | 'groupId' | 'threadId'>

export interface Pushes {
  push(message: SaidMessage, answers?: readonly string[]): void
  /** Remembers who wrote last in a session and as this sender: late results of theirs, and of agents they set to work, go there. */
  spoke(client: Client, sessionKey: string, sender: Sender): void
  forget(client: Client): void
}

export function createPushes(deps: { engine: Engine; tracker: TurnTracker; clients: ReadonlySet<Client>; send: Send }): Pushes {
  const { engine, tracker, clients, send } = deps
  /** By session, and by sender for what another session answers them. */
  const lastSpeaker = new Map<string, Client>()

  engine.setPusher(async (message, { idempotencyKey, possiblyRepeated }) => {
    const bridge = [...clients].findLast(
      (client) => client.session?.channelId === message.channelId && client.ws.readyState === client.ws.OPEN,
    )
    if (bridge === undefined)
      throw new ChannelError(`nothing is connected as ${message.channelId}`, { retry: true, notSent: true })
    const { type, data } = outboundFrame(saidOf(message), engine.plan)
    const repeated = possiblyRepeated ? { possiblyRepeated } : {}
    send(bridge, { type, data: { ...data, key: idempotencyKey, idempotencyKey, ...repeated } })
    // The ping goes out behind the frame, so that its answer says that the frame was read.
    await bridge.acknowledgements.wait(idempotencyKey, bridge.session?.acks === true ? 'ack' : 'ping')
  })

  return {
    push(message, answers) {
      if (tracker.isWaitedFor(message, answers)) return
      const type = engine.plan.channels.get(message.channelId)?.type ?? ''
      if (type !== 'http' && type !== 'webchat') return
      const here = [...clients].filter((client) => client.session?.channelId === message.channelId)
      const frame = outboundFrame(message, engine.plan)
      const answered = message.replyTo === undefined ? undefined : lastSpeaker.get(senderKey(message))
      const speaker = lastSpeaker.get(message.sessionKey) ?? answered
      for (const client of here) {
        const own = isOperator(client) && message.userId !== undefined && client.userIds.has(message.userId)
        if (own || client === speaker) send(client, frame)
      }
    },
    spoke(client, sessionKey, sender) {
      lastSpeaker.set(sessionKey, client)
      lastSpeaker.set(senderKey(sender), client)
    },
    forget(client) {
      for (const [key, one] of lastSpeaker) if (one === client) lastSpeaker.delete(key)
    },
  }
}

const senderKey = ({ channelId, userId, groupId, threadId }: Sender): string =>
  JSON.stringify([channelId, userId, groupId ?? null, threadId ?? null])
