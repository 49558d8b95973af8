// Replies that nobody waits for: a heartbeat's text, a late result, the answer to a client that went away. They go to whom
// they are for, if that one is here; those of a channel program wait until it comes back.

import type { OutboundMessage } from '../channels/port.ts'
import type { Engine } from '../engine/port.ts'
import type { Desk } from './desk.ts'
import { outboundFrame } from './frames.ts'
import { type Client, isOperator, type Send } from './socket-client.ts'

export interface Pushes {
  push(message: OutboundMessage): void
  /** Remembers who wrote last in a session: late results of it are theirs. */
  spoke(client: Client, sessionKey: string): void
  /** Gives a channel program what came while it was away. */
  greet(client: Client, channelId: string): void
  forget(client: Client): void
}

/** Messages kept for one channel program that is away; the oldest go first. */
const MAX_HELD = 1000

export function createPushes(deps: { engine: Engine; desk: Desk; clients: ReadonlySet<Client>; send: Send }): Pushes {
  const { engine, desk, clients, send } = deps
  const lastSpeaker = new Map<string, Client>()
  const held = new Map<string, OutboundMessage[]>()

  function hold(message: OutboundMessage): void {
    const list = held.get(message.channelId) ?? []
    if (list.length >= MAX_HELD) list.shift()
    list.push(message)
    held.set(message.channelId, list)
  }

  return {
    push(message) {
      if (desk.isWaitedFor(message)) return
      const type = engine.plan.channels.get(message.channelId)?.type ?? ''
      if (!['http', 'webchat', 'socket'].includes(type)) return
      const here = [...clients].filter((client) => client.session?.channelId === message.channelId)
      const frame = outboundFrame(message, engine.plan)
      if (type === 'socket') {
        const bridge = here[here.length - 1]
        if (bridge === undefined) hold(message)
        else send(bridge, frame)
        return
      }
      const speaker = lastSpeaker.get(message.sessionKey)
      for (const client of here) {
        const own = isOperator(client) && message.userId !== undefined && client.userIds.has(message.userId)
        if (own || client === speaker) send(client, frame)
      }
    },
    spoke(client, sessionKey) {
      lastSpeaker.set(sessionKey, client)
    },
    greet(client, channelId) {
      for (const message of held.get(channelId) ?? []) send(client, outboundFrame(message, engine.plan))
      held.delete(channelId)
    },
    forget(client) {
      for (const [key, one] of lastSpeaker) if (one === client) lastSpeaker.delete(key)
    },
  }
}
