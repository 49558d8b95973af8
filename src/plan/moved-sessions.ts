// Two Plans → sessions that would get another key, or that nobody would write to any more: what was said there is no longer
// remembered.

import type { AgentPlan, Plan } from './plan.ts'
import { heartbeatSessionKey, sessionKey } from './session-key.ts'

export interface SessionMove {
  /** `*`: every agent. */
  readonly agentId: string
  /** Keys, with `<userId>` and the like where one entry stands for many. */
  readonly before: string
  /** Null: there is no such session any more; its transcript stays where it is. */
  readonly after: string | null
  readonly reason: string
}

const ANYONE = { channelId: '<channelId>', userId: '<userId>' }

/** Splits an identity at its first colon: user ids may hold more. */
function speakerOf(identity: string): { channelId: string; userId: string } {
  const at = identity.indexOf(':')
  return { channelId: identity.slice(0, at), userId: identity.slice(at + 1) }
}

function byLinks(before: Plan, after: Plan, agent: AgentPlan): readonly SessionMove[] {
  if (agent.sessionScope !== 'per-peer') return []
  const identities = new Set([...before.linkOf.keys(), ...after.linkOf.keys()])
  return [...identities].flatMap((identity) => {
    const [was, is] = [before, after].map((plan) => sessionKey(plan, agent.id, speakerOf(identity)))
    if (was === undefined || is === undefined || was === is) return []
    return [{ agentId: agent.id, before: was, after: is, reason: `identityLinks of ${identity} changed` }]
  })
}

/** Of what is gone: an agent, a channel, a heartbeat. */
function orphaned(before: Plan, after: Plan): readonly SessionMove[] {
  const agents = [...before.agents.keys()].filter((id) => !after.agents.has(id))
  const channels = [...before.channels.keys()].filter((id) => !after.channels.has(id))
  const heartbeats = before.heartbeats.filter(({ name }) => !after.heartbeats.some((one) => one.name === name))
  return [
    ...agents.map((id) => ({ agentId: id, before: `agent:${id}:…`, after: null, reason: `the agent ${id} is gone` })),
    ...channels.map((id) => ({
      agentId: '*',
      before: `agent:<agentId>:${id}:…`,
      after: null,
      reason: `the channel ${id} is gone`,
    })),
    ...heartbeats.map(({ agentId, name }) => ({
      agentId,
      before: heartbeatSessionKey(name),
      after: null,
      reason: `the heartbeat ${name} is gone`,
    })),
  ]
}

export function movedSessions(before: Plan, after: Plan): readonly SessionMove[] {
  const moves: SessionMove[] = [...orphaned(before, after)]
  for (const agent of after.agents.values()) {
    const was = before.agents.get(agent.id)
    if (was === undefined) continue
    if (was.sessionScope !== agent.sessionScope) {
      const [from, to] = [before, after].map((plan) => sessionKey(plan, agent.id, ANYONE)) as [string, string]
      const reason = `sessionScope went from ${was.sessionScope} to ${agent.sessionScope}`
      moves.push({
        agentId: agent.id,
        before: was.sessionScope === 'per-peer' ? `${from}, or the link's` : from,
        after: to,
        reason,
      })
    } else moves.push(...byLinks(before, after, agent))
    for (const channel of after.channels.values()) {
      const old = before.channels.get(channel.id)
      if (old === undefined || old.groups.session === channel.groups.session) continue
      const at = { channelId: channel.id, userId: '<userId>', groupId: '<groupId>' }
      const reason = `groups.session of ${channel.id} went from ${old.groups.session} to ${channel.groups.session}`
      moves.push({ agentId: agent.id, before: sessionKey(before, agent.id, at), after: sessionKey(after, agent.id, at), reason })
    }
  }
  return moves
}
