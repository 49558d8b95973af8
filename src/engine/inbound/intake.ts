// A message in; stored and queued, or refused with a reason, out. Order: channel, size, sender, command, route, repeat, halt,
// backlog, limits, store. What comes back is known before anything runs.

import type { InboundMessage, Receipt, ReplyTarget } from '../../channels/port.ts'
import type { Admission as LimitAdmission, Limits } from '../../limits/port.ts'
import { type Admission, admission, identityOf, routeMessage, type Standing, takesPairs } from '../../plan/admission.ts'
import { parseCommand } from '../../plan/chat-commands.ts'
import { groupSettings } from '../../plan/group-settings.ts'
import type { AgentPlan, ChannelPlan, Plan } from '../../plan/plan.ts'
import { sessionKey, spawnSessionKey } from '../../plan/session-key.ts'
import type { NewInboxRow } from '../../storage/ports.ts'
import { wellFormed } from '../../text-cut.ts'
import type { Notifications } from '../outbound/notifications.ts'
import type { Accepted, Caller, CallerMessage, ReceiveOptions, Refused } from '../port.ts'
import type { MessagePayload } from '../turns/inbox-work.ts'
import type { TurnRunner } from '../turns/turn-runner.ts'
import type { Generation, World } from '../world.ts'
import type { Commands } from './command-actions.ts'
import { GroupHistory } from './group-history.ts'
import { withinLimits } from './media.ts'
import { withWholeCharacters } from './whole-characters.ts'

export interface IntakeParts {
  readonly limits: Pick<Limits, 'admit' | 'refund'>
  readonly turns: Pick<TurnRunner, 'enqueue'>
  readonly commands: Commands
  readonly notifications: Pick<Notifications, 'reply'>
}

type Refusal = Omit<Refused, 'accepted' | 'messageId'>
type Admitted = Extract<Admission, { admitted: true }>
type Identified = InboundMessage & { readonly messageId: string }
/** Who answers, in which session, with which text. */
interface Routed {
  readonly agentId: string
  readonly sessionKey: string
  readonly content: string
}

const BY_CHANNEL: Caller = { kind: 'channel' }

export class Intake {
  readonly #world: World
  readonly #parts: IntakeParts
  readonly #history = new GroupHistory()

  constructor(world: World, parts: IntakeParts) {
    this.#world = world
    this.#parts = parts
  }

  /** A message of a platform: what a refused sender is told goes out on its channel. */
  async receiveFromChannel(message: InboundMessage): Promise<Receipt> {
    const result = await this.receive(message, BY_CHANNEL)
    if (result.accepted) return { accepted: true, duplicate: result.duplicate }
    if (result.reply !== undefined && this.#world.generations.now.pushed.has(message.channelId))
      await this.#parts.notifications.reply(message, result.reply)
    return { accepted: false, reason: result.reason }
  }

  /** `agentId` takes the place of routing. Resolves when the message is stored. */
  async receive(
    raw: InboundMessage,
    caller: Caller,
    { agentId, conversation }: ReceiveOptions = {},
  ): Promise<Accepted | Refused> {
    const whole = isWhole(raw) ? raw : withWholeCharacters(raw)
    const message = isIdentified(whole) ? whole : { ...whole, messageId: this.#world.random.id() }
    const generation = this.#world.generations.now
    const { plan, router } = generation
    const admitted = await this.#admit(
      plan,
      message,
      agentId === undefined ? { vouched: caller.kind } : { vouched: caller.kind, wish: agentId },
    )
    if ('code' in admitted) {
      if (admitted.code === 'not_addressed') await this.#overhear(plan, message, caller)
      return this.#refuse(message, admitted)
    }
    const commanded = await this.#runCommand(generation, message, caller, admitted.agentId)
    if (commanded !== null) return commanded

    const routed = admitted.agentId === undefined ? routeMessage(plan, router, message) : routeTo(plan, admitted.agentId, message)
    if (routed.agentId === null) return this.#refuse(message, { code: 'no_route', reason: routed.reason })
    const agent = plan.agents.get(routed.agentId)
    if (agent === undefined) return this.#refuse(message, { code: 'no_route', reason: `There is no agent "${routed.agentId}".` })
    if (conversation === undefined) return await this.#take(plan, agent, routed, message, caller)
    const own = { ...routed, sessionKey: spawnSessionKey(agent.id, message.messageId) }
    return await this.#take(plan, agent, own, message, caller, conversation)
  }

  /** Talk among people is context of what they ask next, where the channel says so. */
  async #overhear(plan: Plan, message: Identified, caller: Caller): Promise<void> {
    const channel = plan.channels.get(message.channelId)
    if (channel === undefined || groupSettings(channel, message).history === undefined) return
    const paired = takesPairs(channel) && (await this.#world.storage.people.isPaired(identityOf(message)))
    this.#history.note(plan, message, { vouched: caller.kind, paired })
  }

  async isKnown(message: Identified): Promise<boolean> {
    return (await this.#world.storage.inbox.known(idempotencyKey(message))) !== null
  }

  /** Stores what is routed, unless it is a repeat or something stands against it. */
  async #take(
    plan: Plan,
    agent: AgentPlan,
    routed: Routed,
    message: Identified,
    caller: Caller,
    conversation?: readonly CallerMessage[],
  ): Promise<Accepted | Refused> {
    const { storage, clock } = this.#world
    const { limits, turns } = this.#parts
    const { messageId, channelId, userId, groupId } = message
    const key = idempotencyKey(message)
    const known = await storage.inbox.known(key)
    if (known !== null) return { accepted: true, duplicate: true, agentId: known.agentId, sessionKey: known.session, messageId }
    const busy = await this.#busy(agent, routed.sessionKey)
    if (busy !== null) return this.#refuse(message, busy)
    const who = whoOf(plan, message)
    const admitted = hasMessageLimit(agent) ? limits.admit(agent, who, clock.now()) : WITHIN_LIMITS
    if (!admitted.ok) return this.#refuse(message, overLimit(admitted, clock.now()))

    const row = this.#rowOf(plan, agent, routed, message, caller, conversation)
    const { duplicate } = await storage.inbox.post(row, key)
    const accepted = { accepted: true, duplicate, agentId: agent.id, sessionKey: routed.sessionKey, messageId } as const
    if (duplicate) {
      limits.refund(agent, who)
      return accepted
    }
    turns.enqueue(agent, row)
    this.#world.emit({
      type: 'inbound',
      sessionKey: row.session,
      agentId: agent.id,
      channelId,
      userId,
      messageId,
      content: message.content,
      at: row.receivedAt,
      ...(groupId === undefined ? {} : { groupId }),
    })
    return accepted
  }

  #rowOf(
    plan: Plan,
    agent: AgentPlan,
    routed: Routed,
    message: Identified,
    caller: Caller,
    conversation: readonly CallerMessage[] | undefined,
  ): NewInboxRow {
    const channel = plan.channels.get(message.channelId)
    const media = channel === undefined ? undefined : message.media?.map((one) => withinLimits(channel, one))
    const overheard = this.#history.take(message)
    const whole = overheard === undefined ? message : { ...message, overheard }
    const asOwner: MessagePayload =
      caller.kind === 'owner' ? { asOwner: true } : caller.kind === 'claimed' ? { claimed: true } : {}
    const payload: MessagePayload = conversation === undefined ? asOwner : { ...asOwner, conversation }
    return {
      session: routed.sessionKey,
      agentId: agent.id,
      lane: 'realtime',
      messageId: message.messageId,
      content: routed.content,
      message: media === undefined ? whole : { ...whole, media },
      replyTo: replyTarget(message),
      kind: 'message',
      payload,
      receivedAt: this.#world.clock.now(),
    }
  }

  /** What the command came to; null: the message is none. */
  async #runCommand(
    { plan, router }: Generation,
    message: Identified,
    caller: Caller,
    chosen: string | undefined,
  ): Promise<Refused | null> {
    const command = MAY_BE_COMMAND.test(message.content) ? parseCommand(message.content) : null
    if (command === null) return null
    const agentId = chosen ?? routeMessage(plan, router, { ...message, content: '' }).agentId
    const session = agentId === null ? null : { agentId, key: sessionKey(plan, agentId, message) }
    const reply = await this.#parts.commands.run(command, { plan, message, caller, session })
    return { accepted: false, code: 'command', reason: 'chat command', reply, messageId: message.messageId }
  }

  /** Channel, size, sender and the agent that was named. */
  async #admit(plan: Plan, message: Identified, standing: Standing): Promise<Admitted | Refusal> {
    // Without an id all such people would be one person, with one conversation.
    if (message.userId.trim() === '') return { code: 'no_user', reason: 'the message does not say who wrote it' }
    const admitted = admission(plan, message, standing)
    const channel = plan.channels.get(message.channelId)
    if (channel === undefined || (!admitted.admitted && admitted.code === 'unknown_channel'))
      return { code: 'unknown_channel', reason: admitted.admitted ? 'unknown channel' : admitted.reason }
    if (message.content.length > channel.maxMessageChars) {
      return {
        code: 'too_long',
        reason: `the message has ${message.content.length} characters, ${channel.maxMessageChars} are taken`,
        reply: 'That message is too long for me.',
      }
    }
    if (admitted.admitted) return admitted
    if (admitted.code !== 'stranger') return { code: admitted.code, reason: admitted.reason }
    if (!takesPairs(channel) || !(await this.#world.storage.people.isPaired(identityOf(message))))
      return await this.#refuseStranger(channel, message, admitted.reason)
    const paired = admission(plan, message, { ...standing, paired: true })
    return paired.admitted ? paired : { code: paired.code, reason: paired.reason }
  }

  async #refuseStranger({ strangers }: ChannelPlan, message: Identified, reason: string): Promise<Refusal> {
    if (strangers === 'ignore') return { code: 'stranger', reason }
    if (strangers === 'refuse') return { code: 'stranger', reason, reply: 'Sorry, I only talk to people my owner has let in.' }
    const code = await this.#parts.commands.pairingCode(identityOf(message), message.displayName)
    const reply =
      code === null
        ? 'I don’t know you yet, and too many people wait for my owner already. Please try again tomorrow.'
        : `I don’t know you yet. Ask my owner to approve this code: ${code}`
    return { code: 'stranger', reason, reply }
  }

  /** Halt and backlog; null: the agent takes more. */
  async #busy(agent: AgentPlan, session: string): Promise<Refusal | null> {
    const { storage } = this.#world
    if (storage.halts.cached.stopped.has(agent.id)) {
      const reason = `${agent.name} is stopped.`
      return { code: 'stopped', reason, reply: `${reason} The owner can resume it.` }
    }
    if ((await storage.inbox.waiting(session)) < agent.queue.maxBacklog) return null
    return {
      code: 'backlog',
      reason: 'too many messages wait in this session',
      reply: 'Too many messages are waiting here. Please give me a moment.',
    }
  }

  #refuse(message: Identified, refusal: Refusal): Refused {
    const { clock, log } = this.#world
    const { channelId, userId, groupId, messageId } = message
    if (refusal.code !== 'not_addressed')
      log.info({ channel: channelId, user: userId, code: refusal.code, reason: refusal.reason }, 'message refused')
    this.#world.emit({
      type: 'refused',
      channelId,
      userId,
      reason: refusal.reason,
      at: clock.now(),
      ...(groupId === undefined ? {} : { groupId }),
    })
    return { accepted: false, messageId, ...refusal }
  }
}

const WITHIN_LIMITS: LimitAdmission = { ok: true }
const MAY_BE_COMMAND = /^\s*\//

/** Whether none of its texts holds half of a character. */
function isWhole({ content, displayName, quoted, media }: InboundMessage): boolean {
  const names = (media ?? []).flatMap(({ name, note }) => [name, note])
  return [content, displayName, quoted?.content, ...names].every((text) => text === undefined || text === wellFormed(text))
}

const isIdentified = (message: InboundMessage): message is Identified => message.messageId !== undefined

/** The same message of a platform, however often it is delivered; platforms count ids by chat. */
function idempotencyKey(message: Identified): string {
  return JSON.stringify([message.channelId, message.groupId ?? null, message.threadId ?? null, message.userId, message.messageId])
}

const hasMessageLimit = ({ rateLimit }: AgentPlan): boolean =>
  rateLimit.maxMessagesPerHour !== undefined || rateLimit.maxMessagesPerUser !== undefined

/** A person as limits and spend count them: by link, else by identity. */
function whoOf(plan: Plan, message: Pick<InboundMessage, 'channelId' | 'userId'>): string {
  const identity = identityOf(message)
  return plan.linkOf.get(identity) ?? identity
}

function routeTo(plan: Plan, agentId: string, message: InboundMessage): Routed {
  return { agentId, sessionKey: sessionKey(plan, agentId, message), content: message.content }
}

function overLimit(
  { limit, retryAt, tell }: { readonly limit: string; readonly retryAt: number; readonly tell: boolean },
  now: number,
): Refusal {
  const minutes = Math.max(1, Math.ceil((retryAt - now) / 60_000))
  const reply = `That is the limit for now. Please try again in ${minutes} minute${minutes === 1 ? '' : 's'}.`
  return {
    code: 'rate_limit',
    reason: `limit ${limit} reached; try again in ${minutes} min`,
    ...(tell ? { reply } : {}),
  }
}

function replyTarget(message: Identified): ReplyTarget {
  const { channelId, userId, groupId, threadId, messageId } = message
  return {
    channelId,
    userId,
    replyTo: messageId,
    ...(groupId === undefined ? {} : { groupId }),
    ...(threadId === undefined ? {} : { threadId }),
  }
}
