// Whose notes a turn may read and write: the person it works for, the scopes of its agent, and what `access` says of both.

import { isLoopback } from './loopback.ts'
import type { AgentPlan, Plan } from './plan.ts'
import type { Speaker } from './session-key.ts'
import type { KnownTool } from './tool-rights.ts'

/** `person`: the one a turn works for. `agent`: the agent itself, no matter who asks. `shared`: everyone. */
export type MemoryScope = 'person' | 'agent' | 'shared'

export interface MemoryAccess {
  readonly read: readonly MemoryScope[]
  readonly write: readonly MemoryScope[]
}

/** A tool that says nothing of itself may do both. */
export function memoryAccess(tools: readonly KnownTool[], { memory }: Pick<AgentPlan, 'memory'>): MemoryAccess {
  const can = (what: 'read' | 'write'): boolean => tools.some((tool) => tool.memory?.includes(what) ?? tool.traits === undefined)
  return { read: can('read') ? memory.read : [], write: can('write') ? [memory.write] : [] }
}

/** Whether a name in front of the id tells a group or a claim from a person: no channel's name and no plain link holds a slash. */
const GROUP = 'group/'
const CLAIMED = 'claimed/'

/**
 * The name under which notes about a sender are kept: the link, or the identity. In a conversation that a whole group shares
 * it is the group. `claimed`: nobody vouches for the id, so it gets notes of its own, apart from those of the one it names.
 */
export function memoryPerson(plan: Pick<Plan, 'channels' | 'linkOf' | 'gateway'>, speaker: Speaker, claimed: boolean): string {
  const { channelId, userId, groupId } = speaker
  const channel = plan.channels.get(channelId)
  const identity = `${channelId}:${userId}`
  const believed = !claimed || (channel?.allowFrom?.includes(identity) === true && isLoopback(plan.gateway.host))
  const mark = believed ? '' : CLAIMED
  if (groupId !== undefined && channel?.groups.session === 'shared') return `${mark}${GROUP}${channelId}:${groupId}`
  return believed ? (plan.linkOf.get(identity) ?? identity) : `${mark}${identity}`
}

/** The person that a name or an identity stands for. */
export const personNamed = (plan: Pick<Plan, 'linkOf'>, text: string): string => plan.linkOf.get(text) ?? text

/** Whom a heartbeat works for: the one it names, else the first owner. null: there is none. */
export function heartbeatPerson(plan: Pick<Plan, 'owners' | 'linkOf' | 'heartbeats'>, name: string): string | null {
  const person = plan.heartbeats.find((one) => one.name === name)?.for ?? plan.owners[0]
  return person === undefined ? null : personNamed(plan, person)
}

/** Every name under which notes of a person may lie: the link, its identities, and those that somebody claimed to be. */
export function personScopes(plan: Pick<Plan, 'links' | 'linkOf'>, text: string): readonly string[] {
  const name = personNamed(plan, text)
  const identities = plan.links.find((link) => link.name === name)?.identities ?? [text]
  return [...new Set([name, ...identities, ...identities.map((identity) => CLAIMED + identity)])]
}
