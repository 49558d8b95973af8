// Heartbeats due in, turns in sessions of their own out, and their answers delivered where the plan says.

import type { TurnOutcome } from '../../agent/port.ts'
import type { ReplyTarget } from '../../channels/port.ts'
import type { DeliveryTarget, HeartbeatPlan, Plan } from '../../plan/plan.ts'
import { heartbeatSessionKey, sessionKey } from '../../plan/session-key.ts'
import type { NewInboxRow, NewOutboxRow } from '../../storage/ports.ts'
import { replyPrefix } from '../outbound/reply-prefix.ts'
import type { World } from '../world.ts'
import type { HeartbeatPayload } from './payloads.ts'
import type { TurnRunner } from './turn-runner.ts'

export type HeartbeatOutcome = 'ran' | 'silent' | 'failed'

export interface HeartbeatTurns {
  /** Runs one due slot to its end. Must not throw. */
  fire(heartbeat: HeartbeatPlan, slot: string): Promise<HeartbeatOutcome>
  /** What a finished heartbeat turn sends: called within the turn's end, so that both are stored together. */
  deliveries(payload: HeartbeatPayload, outcome: TurnOutcome): Promise<readonly NewOutboxRow[]>
}

export function createHeartbeatTurns(
  world: World,
  turns: () => TurnRunner,
  enqueueRow: (row: NewInboxRow) => Promise<void>,
): HeartbeatTurns {
  const { storage, clock, log } = world
  const find = (name: string): HeartbeatPlan | undefined => world.current().plan.heartbeats.find((one) => one.name === name)

  const isSilent = (heartbeat: HeartbeatPlan, text: string): boolean =>
    text.trim() === '' || text.trim() === heartbeat.silentToken

  return {
    async fire(heartbeat, slot) {
      const { agentId, name, prompt } = heartbeat
      const session = heartbeatSessionKey(name)
      if (storage.halts.isHalted(agentId)) return 'failed'
      const messageId = `${name}@${slot}`
      const payload: HeartbeatPayload = { name, slot }
      world.emit({ type: 'heartbeat', name, outcome: 'started', at: clock.now() })
      try {
        const row: NewInboxRow = {
          session,
          agentId,
          lane: 'scheduled',
          messageId,
          content: prompt,
          kind: 'heartbeat',
          payload,
          receivedAt: clock.now(),
        }
        await enqueueRow(row)
        const answer = await turns().waitForAnswer(session, messageId)
        const outcome = answer.isError === true ? 'failed' : isSilent(heartbeat, answer.response) ? 'silent' : 'ran'
        world.emit({ type: 'heartbeat', name, outcome, at: clock.now() })
        return outcome
      } catch (error) {
        log.error({ heartbeat: name, error: String(error) }, 'a heartbeat failed')
        world.emit({ type: 'heartbeat', name, outcome: 'failed', at: clock.now(), detail: String(error) })
        return 'failed'
      }
    },
    async deliveries({ name, slot }, outcome) {
      const heartbeat = find(name)
      if (heartbeat?.deliverTo === undefined || outcome.isError || isSilent(heartbeat, outcome.text)) return []
      const { plan } = world.current()
      const key = `heartbeat:${name}@${slot}`
      const receiving = receivingSession(plan, heartbeat.agentId, heartbeat.deliverTo)
      if (receiving !== null) {
        const { agentId } = heartbeat
        const row: NewInboxRow = {
          session: receiving,
          agentId,
          lane: 'scheduled',
          messageId: key,
          content: outcome.text,
          kind: 'deliver',
          receivedAt: clock.now(),
        }
        await enqueueRow(row)
      }
      const target: ReplyTarget = heartbeat.deliverTo
      const content = `${replyPrefix(plan.agents.get(heartbeat.agentId))}${outcome.text}`
      return [{ key, session: receiving ?? heartbeatSessionKey(name), agentId: heartbeat.agentId, target, content }]
    },
  }
}

/** The session in which an answer to the delivered text would arrive; null: a group without a shared session has none. */
function receivingSession(plan: Plan, agentId: string, to: DeliveryTarget): string | null {
  if (to.groupId === undefined)
    return to.userId === undefined ? null : sessionKey(plan, agentId, { channelId: to.channelId, userId: to.userId })
  if (plan.channels.get(to.channelId)?.groups.session !== 'shared') return null
  return sessionKey(plan, agentId, { channelId: to.channelId, userId: '*', groupId: to.groupId, threadId: to.threadId })
}
