// A message in; stored and queued, or refused with a reason, out. Order: channel, size, sender, command, halt, route,
// repeat, backlog, limits, store. What comes back is known before anything runs.

import type { InboundMessage, ReplyTarget } from '../../channels/port.ts'
import { admission, identityOf } from '../../plan/admission.ts'
import type { Plan } from '../../plan/plan.ts'
import { routeMessage } from '../../plan/route.ts'
import { sessionKey } from '../../plan/session-key.ts'
import type { NewInboxRow } from '../../storage/ports.ts'
import type { Accepted, Caller, Refused } from '../port.ts'
import type { MessagePayload } from '../turns/payloads.ts'
import type { TurnRunner } from '../turns/turn-runner.ts'
import type { World } from '../world.ts'
import { parseCommand } from './chat-commands.ts'
import type { Commands } from './command-actions.ts'
import { withinLimits } from './media.ts'

export interface Intake {
  receive(message: InboundMessage, caller: Caller, options?: { readonly agentId?: string }): Promise<Accepted | Refused>
}

type Refusal = Omit<Refused, 'accepted' | 'messageId'>

export function createIntake(world: World, turns: TurnRunner, commands: Commands): Intake {
  const { storage, limits, clock, random, log } = world

  async function receive(
    raw: InboundMessage,
    caller: Caller,
    options: { readonly agentId?: string } = {},
  ): Promise<Accepted | Refused> {
    const message = isIdentified(raw) ? raw : { ...raw, messageId: random.id() }
    const { plan, router } = world.current()
    const barred = bar(plan, message, caller)
    if (barred !== null) return refuse(message, barred)

    const command = parseCommand(message.content)
    if (command !== null) {
      const routed = routeMessage(plan, router, { ...message, content: '' })
      const agentId = options.agentId ?? routed.agentId
      const reply = await commands.run(command, {
        plan,
        message,
        caller,
        session: agentId === null ? null : { agentId, key: sessionKey(plan, agentId, message) },
      })
      return { accepted: false, code: 'command', reason: 'chat command', reply, messageId: message.messageId }
    }

    const routed = options.agentId === undefined ? routeMessage(plan, router, message) : routeTo(plan, options.agentId, message)
    if (routed.agentId === null) return refuse(message, { code: 'no_route', reason: routed.reason })
    const agent = plan.agents.get(routed.agentId)
    if (agent === undefined) return refuse(message, { code: 'no_route', reason: `There is no agent "${routed.agentId}".` })
    const accepted = { accepted: true, agentId: agent.id, sessionKey: routed.sessionKey, messageId: message.messageId } as const

    const key = idempotencyKey(message)
    const known = await storage.sessions.known(key)
    if (known !== null) return { ...accepted, agentId: known.agentId, sessionKey: known.session, duplicate: true }
    const halted = storage.halts.isHalted(agent.id)
    if (halted)
      return refuse(message, {
        code: 'stopped',
        reason: `${agent.name} is stopped.`,
        reply: `${agent.name} is stopped. The owner can resume it.`,
      })
    if (storage.sessions.waiting(routed.sessionKey) >= agent.queue.maxBacklog) {
      return refuse(message, {
        code: 'backlog',
        reason: 'too many messages wait in this session',
        reply: 'Too many messages are waiting here. Please give me a moment.',
      })
    }
    const who = whoOf(plan, message)
    const admitted = limits.admit(agent, who, clock.now())
    if (!admitted.ok) {
      const minutes = Math.max(1, Math.ceil((admitted.retryAt - clock.now()) / 60_000))
      const reply = `That is the limit for now. Please try again in ${minutes} minute${minutes === 1 ? '' : 's'}.`
      return refuse(message, {
        code: 'rate_limit',
        reason: `limit ${admitted.limit} reached; try again in ${minutes} min`,
        ...(admitted.tell ? { reply } : {}),
      })
    }

    const channel = plan.channels.get(message.channelId)
    const media = channel === undefined ? undefined : message.media?.map((one) => withinLimits(channel, one))
    const payload: MessagePayload = caller.kind === 'owner' ? { asOwner: true } : {}
    const row: NewInboxRow = {
      session: routed.sessionKey,
      agentId: agent.id,
      lane: 'realtime',
      messageId: message.messageId,
      content: routed.content,
      message: media === undefined ? message : { ...message, media },
      replyTo: replyTarget(message),
      kind: 'message',
      payload,
      receivedAt: clock.now(),
    }
    const { duplicate } = await storage.sessions.post(row, key)
    if (duplicate) {
      limits.refund(agent, who)
      return { duplicate: true, ...accepted }
    }
    turns.enqueue(agent, row)
    const { channelId, userId, groupId } = message
    world.emit({
      type: 'inbound',
      sessionKey: row.session,
      agentId: agent.id,
      channelId,
      userId,
      messageId: message.messageId,
      content: message.content,
      at: row.receivedAt,
      ...(groupId === undefined ? {} : { groupId }),
    })
    return { duplicate: false, ...accepted }
  }

  /** Size and sender; null: neither stands in the way. */
  function bar(plan: Plan, message: InboundMessage & { messageId: string }, caller: Caller): Refusal | null {
    const door = admission(plan, message)
    const channel = plan.channels.get(message.channelId)
    if (channel === undefined || (!door.admitted && door.code === 'unknown_channel')) {
      return { code: 'unknown_channel', reason: door.admitted ? 'unknown channel' : door.reason }
    }
    if (message.content.length > channel.maxMessageChars) {
      return {
        code: 'too_long',
        reason: `the message has ${message.content.length} characters, ${channel.maxMessageChars} are taken`,
        reply: 'That message is too long for me.',
      }
    }
    if (door.admitted || caller.kind === 'owner') return null
    if (door.code !== 'stranger') return { code: door.code, reason: door.reason }
    const identity = identityOf(message)
    if (storage.people.isPaired(identity)) return null
    if (channel.strangers === 'ignore') return { code: 'stranger', reason: door.reason }
    if (channel.strangers === 'refuse')
      return { code: 'stranger', reason: door.reason, reply: 'Sorry, I only talk to people my owner has let in.' }
    const code = commands.pairingCode(identity, message.displayName)
    const reply =
      code === null
        ? 'I don’t know you yet, and too many people wait for my owner already. Please try again tomorrow.'
        : `I don’t know you yet. Ask my owner to approve this code: ${code}`
    return { code: 'stranger', reason: door.reason, reply }
  }

  function refuse(message: InboundMessage & { messageId: string }, refusal: Refusal): Refused {
    const { channelId, userId, groupId, messageId } = message
    if (refusal.code !== 'not_addressed')
      log.info({ channel: channelId, user: userId, code: refusal.code, reason: refusal.reason }, 'message refused')
    world.emit({
      type: 'refused',
      channelId,
      userId,
      reason: refusal.reason,
      at: clock.now(),
      ...(groupId === undefined ? {} : { groupId }),
    })
    return { accepted: false, messageId, ...refusal }
  }

  return { receive }
}

const isIdentified = (message: InboundMessage): message is InboundMessage & { messageId: string } =>
  message.messageId !== undefined

/** The same message of a platform, however often it is delivered; platforms count ids by chat. */
function idempotencyKey(message: InboundMessage & { messageId: string }): string {
  return JSON.stringify([message.channelId, message.groupId ?? null, message.threadId ?? null, message.userId, message.messageId])
}

/** A person as limits and spend count them: by link, else by identity. */
function whoOf(plan: Plan, message: Pick<InboundMessage, 'channelId' | 'userId'>): string {
  const identity = identityOf(message)
  return plan.linkOf.get(identity) ?? identity
}

function routeTo(plan: Plan, agentId: string, message: InboundMessage): { agentId: string; sessionKey: string; content: string } {
  return { agentId, sessionKey: sessionKey(plan, agentId, message), content: message.content }
}

function replyTarget(message: InboundMessage & { messageId: string }): ReplyTarget {
  const { channelId, userId, groupId, threadId, messageId } = message
  return {
    channelId,
    userId,
    replyTo: messageId,
    ...(groupId === undefined ? {} : { groupId }),
    ...(threadId === undefined ? {} : { threadId }),
  }
}
