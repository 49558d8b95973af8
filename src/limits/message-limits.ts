// Messages of the last hour, counted per agent and per person: in memory, with a log that survives a restart.

import type { AdmissionLog } from '../storage/ports.ts'
import type { Admission, Limited, MessageLimit } from './port.ts'
import { createTimes, type Times, WINDOW_MS } from './window.ts'

export interface MessageLimits {
  admit(agent: Limited, who: string, now: number): Admission
  refund(agent: Limited, who: string): void
}

/** People looked at per admission when those that went quiet are forgotten. */
const SWEEP = 4

/** Counts resume where the last process left them. `onLost`: an admission could not be stored. */
export async function createMessageLimits(
  log: AdmissionLog,
  startedAt: number,
  onLost: (error: unknown) => void,
): Promise<MessageLimits> {
  const agents = new Map<string, Times>()
  const people = new Map<string, Times>()
  /** Sender → when it may be told again. */
  const told = new Map<string, number>()
  for (const { agentId, who, at } of await log.since(startedAt - WINDOW_MS)) {
    timesOf(agents, agentId).add(at)
    timesOf(people, personKey(agentId, who)).add(at)
  }
  let sweep: IterableIterator<[string, Times]> = people.entries()

  /** A few at a time, so that a crowd of one-time visitors takes no room for ever and no message waits for the clean-up. */
  function forgetQuiet(now: number): void {
    for (let i = 0; i < SWEEP; i++) {
      const next = sweep.next()
      if (next.done === true) {
        sweep = people.entries()
        break
      }
      const [key, times] = next.value
      if (times.count(now) > 0) continue
      people.delete(key)
      if ((told.get(key) ?? 0) <= now) told.delete(key)
    }
  }

  function refusal(limit: MessageLimit, key: string, retryAt: number, now: number): Admission {
    const tell = (told.get(key) ?? 0) <= now
    if (tell) told.set(key, now + WINDOW_MS)
    return { ok: false, limit, retryAt, tell }
  }

  return {
    admit(agent, who, now) {
      const { maxMessagesPerHour, maxMessagesPerUser } = agent.rateLimit
      if (maxMessagesPerHour === undefined && maxMessagesPerUser === undefined) return { ok: true }
      const key = personKey(agent.id, who)
      const person = timesOf(people, key)
      const all = timesOf(agents, agent.id)
      if (maxMessagesPerUser !== undefined && person.count(now) >= maxMessagesPerUser) {
        return refusal('maxMessagesPerUser', key, person.freeAt(maxMessagesPerUser, now), now)
      }
      if (maxMessagesPerHour !== undefined && all.count(now) >= maxMessagesPerHour) {
        return refusal('maxMessagesPerHour', key, all.freeAt(maxMessagesPerHour, now), now)
      }
      person.add(now)
      all.add(now)
      log.add(agent.id, who, now).catch(onLost)
      forgetQuiet(now)
      return { ok: true }
    },
    refund(agent, who) {
      const at = people.get(personKey(agent.id, who))?.drop()
      if (at === undefined) return
      agents.get(agent.id)?.drop()
      log.remove(agent.id, who, at).catch(onLost)
    },
  }
}

const personKey = (agentId: string, who: string): string => `${agentId}\n${who}`

function timesOf(map: Map<string, Times>, key: string): Times {
  let times = map.get(key)
  if (times === undefined) {
    times = createTimes()
    map.set(key, times)
  }
  return times
}
