// Heartbeats due in, turns in sessions of their own out, and their answers delivered where the plan says.

import type { TurnOutcome } from '../../agent/port.ts'
import type { DeliveryTarget, HeartbeatPlan, Plan } from '../../plan/plan.ts'
import { heartbeatSessionKey, sessionKey, sharesSession } from '../../plan/session-key.ts'
import type { NewOutboxRow } from '../../storage/ports.ts'
import type { Notifications } from '../outbound/notifications.ts'
import type { World } from '../world.ts'
import type { Answers } from './answers.ts'
import { enqueueWork, type HeartbeatPayload } from './inbox-work.ts'
import { spoken } from './silence.ts'
import { replyPrefix } from './turn-context.ts'

export type HeartbeatOutcome = 'ran' | 'silent' | 'failed'

/** Runs one due slot to its end. Must not throw. */
export type FireHeartbeat = (heartbeat: HeartbeatPlan, slot: string) => Promise<HeartbeatOutcome>

/** Failed runs in a row after which owners are told. */
const MOST_FAILURES = 3
const FIRST_RETRY_MS = 60_000

export interface HeartbeatTurnsParts {
  readonly answers: Pick<Answers, 'wait'>
  readonly notifications: Pick<Notifications, 'tellOwners'>
}

export function createHeartbeatTurns(world: World, { answers, notifications }: HeartbeatTurnsParts): FireHeartbeat {
  const { storage, clock, log } = world

  return async (heartbeat, slot) => {
    const { agentId, name } = heartbeat
    if (storage.halts.cached.stopped.has(agentId)) return 'failed'
    world.emit({ type: 'heartbeat', name, outcome: 'started', at: clock.now() })
    try {
      const outcome = await runWithRetries(heartbeat, slot)
      world.emit({ type: 'heartbeat', name, outcome, at: clock.now() })
      if (outcome === 'failed') await tellAfterFailures(heartbeat)
      return outcome
    } catch (error) {
      log.error({ heartbeat: name, error: String(error) }, 'a heartbeat failed')
      world.emit({ type: 'heartbeat', name, outcome: 'failed', at: clock.now(), detail: String(error) })
      return 'failed'
    }
  }

  async function runWithRetries(heartbeat: HeartbeatPlan, slot: string): Promise<HeartbeatOutcome> {
    for (let attempt = 0; ; attempt++) {
      const outcome = await runOnce(heartbeat, slot, attempt)
      if (outcome !== 'failed' || attempt >= (heartbeat.retry ?? 0)) return outcome
      const wait = FIRST_RETRY_MS * 2 ** attempt
      log.warn({ heartbeat: heartbeat.name, attempt: attempt + 1, retryInMs: wait }, 'a heartbeat failed and is tried again')
      await new Promise<void>((resolve) => void clock.after(wait, resolve))
    }
  }

  async function runOnce(heartbeat: HeartbeatPlan, slot: string, attempt: number): Promise<HeartbeatOutcome> {
    const { agentId, name, prompt } = heartbeat
    const session = heartbeatSessionKey(name)
    const messageId = attempt === 0 ? `${name}@${slot}` : `${name}@${slot}#${attempt}`
    const payload: HeartbeatPayload = { name, slot }
    await enqueueWork(storage, {
      session,
      agentId,
      lane: 'scheduled',
      messageId,
      content: prompt,
      kind: 'heartbeat',
      payload,
      receivedAt: clock.now(),
    })
    const answer = await answers.wait(session, messageId)
    if (answer.isError === true) return 'failed'
    return isSilent(heartbeat, { ...answer, text: answer.response }) ? 'silent' : 'ran'
  }

  /** The slot that has just failed is not among those that have ended. */
  async function tellAfterFailures({ name }: HeartbeatPlan): Promise<void> {
    const ended = (await storage.slots.list(name, LOOK_BACK)).filter(({ state }) => ENDS.has(state))
    const before = ended.findIndex(({ state }) => state !== 'failed')
    const failures = (before === -1 ? ended.length : before) + 1
    if (failures === MOST_FAILURES)
      notifications.tellOwners(`The heartbeat ${name} has failed ${MOST_FAILURES} times in a row. The log has the reasons.`)
  }
}

const ENDS: ReadonlySet<string> = new Set(['ran', 'silent', 'failed'])
/** Due times looked at; those that did not run count for nothing. */
const LOOK_BACK = 100

/** What a finished heartbeat turn sends: asked for within the turn's end, so that both are stored together. */
export async function heartbeatDeliveries(
  { storage, clock, generations }: World,
  { name, slot }: HeartbeatPayload,
  outcome: TurnOutcome,
): Promise<readonly NewOutboxRow[]> {
  const { plan } = generations.now
  const heartbeat = plan.heartbeats.find((one) => one.name === name)
  if (heartbeat?.deliverTo === undefined || outcome.isError || isSilent(heartbeat, outcome)) return []
  const text = spoken(outcome.text, heartbeat.silentToken)
  const { agentId, deliverTo } = heartbeat
  const key = `heartbeat:${name}@${slot}`
  const receiving = receivingSession(plan, agentId, deliverTo)
  if (receiving !== null) {
    await enqueueWork(storage, {
      session: receiving,
      agentId,
      lane: 'scheduled',
      messageId: key,
      content: text === '' ? namesOf(outcome) : text,
      kind: 'deliver',
      receivedAt: clock.now(),
    })
  }
  const content = text === '' ? '' : `${replyPrefix(plan.agents.get(agentId))}${text}`
  const { attachments } = outcome
  const row = { key, session: receiving ?? heartbeatSessionKey(name), agentId, target: deliverTo, content }
  return [attachments === undefined || attachments.length === 0 ? row : { ...row, attachments }]
}

const namesOf = ({ attachments = [] }: TurnOutcome): string => `[sent ${attachments.map(({ name }) => name).join(', ')}]`

/** Files alone are something to say; next to the silent word they are not. */
const isSilent = (heartbeat: HeartbeatPlan, { text, attachments = [] }: Pick<TurnOutcome, 'text' | 'attachments'>): boolean =>
  text.trim() === '' ? attachments.length === 0 : spoken(text, heartbeat.silentToken) === ''

/** The session in which an answer to the delivered text would arrive; null: a group without a shared session has none. */
function receivingSession(plan: Plan, agentId: string, to: DeliveryTarget): string | null {
  if (to.groupId === undefined)
    return to.userId === undefined ? null : sessionKey(plan, agentId, { channelId: to.channelId, userId: to.userId })
  if (!sharesSession(plan.channels.get(to.channelId), to)) return null
  return sessionKey(plan, agentId, { channelId: to.channelId, userId: '*', groupId: to.groupId, threadId: to.threadId })
}
