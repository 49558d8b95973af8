// Two Plans → sessions that would get another key, or that nobody would write to any more: what was said there is no longer
// remembered.

import { groupSettings } from './group-settings.ts'
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

/** Of people whom a link of either plan names. */
function byLinks(before: Plan, after: Plan, agentId: string, reason: (identity: string) => string): readonly SessionMove[] {
  const identities = new Set([...before.linkOf.keys(), ...after.linkOf.keys()])
  return [...identities].flatMap((identity) => {
    const [was, is] = [before, after].map((plan) => sessionKey(plan, agentId, speakerOf(identity)))
    if (was === undefined || is === undefined || was === is) return []
    return [{ agentId, before: was, after: is, reason: reason(identity) }]
  })
}

function byScope(before: Plan, after: Plan, was: AgentPlan, is: AgentPlan): readonly SessionMove[] {
  if (was.sessionScope === is.sessionScope)
    return is.sessionScope === 'per-peer'
      ? byLinks(before, after, is.id, (identity) => `identityLinks of ${identity} changed`)
      : []
  const reason = `sessionScope went from ${was.sessionScope} to ${is.sessionScope}`
  // Between the two scopes that tell people apart, only those with a link move: the others have the same key in both.
  if (was.sessionScope !== 'main' && is.sessionScope !== 'main') return byLinks(before, after, is.id, () => reason)
  const [from, to] = [[before, was] as const, [after, is] as const].map(([plan, { id, sessionScope }]) => {
    const key = sessionKey(plan, id, ANYONE)
    return sessionScope === 'per-peer' ? `${key}, or the link's` : key
  }) as [string, string]
  return [{ agentId: is.id, before: from, after: to, reason }]
}

/** Of what is gone: an agent, a channel, a heartbeat. */
function orphaned(before: Plan, after: Plan): readonly SessionMove[] {
  const agents = [...before.agents.keys()].filter((id) => !after.agents.has(id))
  const channels = [...before.channels.keys()].filter((id) => !after.channels.has(id))
  const runAs = new Map(after.heartbeats.map(({ name, agentId }) => [name, agentId]))
  const heartbeats = before.heartbeats.filter(({ name, agentId }) => runAs.get(name) !== agentId)
  return [
    ...agents.map((id) => ({ agentId: id, before: `agent:${id}:…`, after: null, reason: `the agent ${id} is gone` })),
    ...channels.map((id) => ({
      agentId: '*',
      before: `agent:<agentId>:${id}:…`,
      after: null,
      reason: `the channel ${id} is gone`,
    })),
    ...heartbeats.map(({ agentId, name }) => {
      const now = runAs.get(name)
      return {
        agentId,
        before: heartbeatSessionKey(name),
        after: null,
        reason: now === undefined ? `the heartbeat ${name} is gone` : `the heartbeat ${name} went to the agent ${now}`,
      }
    }),
  ]
}

export function movedSessions(before: Plan, after: Plan): readonly SessionMove[] {
  const moves: SessionMove[] = [...orphaned(before, after)]
  for (const agent of after.agents.values()) {
    const was = before.agents.get(agent.id)
    if (was === undefined) continue
    moves.push(...byScope(before, after, was, agent))
    for (const channel of after.channels.values()) {
      const old = before.channels.get(channel.id)
      if (old === undefined) continue
      const named = new Set([...Object.keys(old.groups.named ?? {}), ...Object.keys(channel.groups.named ?? {})])
      for (const groupId of ['<groupId>', ...named]) {
        const at = { channelId: channel.id, userId: '<userId>', groupId }
        const [from, to] = [groupSettings(old, at).session, groupSettings(channel, at).session]
        if (from === to) continue
        const key = groupId === '<groupId>' ? 'groups.session' : `groups.${groupId}.session`
        const reason = `${key} of ${channel.id} went from ${from} to ${to}`
        moves.push({
          agentId: agent.id,
          before: sessionKey(before, agent.id, at),
          after: sessionKey(after, agent.id, at),
          reason,
        })
      }
    }
  }
  return moves
}
