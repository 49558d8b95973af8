// A claim in, the turn that its rows ask for out: which tools and rights it has, bounded by those of the agents that started it,
// and whom its tokens are counted for.

import type { Turn } from '../../agent/port.ts'
import { denyOfTool, readGrants } from '../../permissions/grants.ts'
import type { AgentPlan, Plan } from '../../plan/plan.ts'
import type { Claim, InboxRow } from '../../storage/ports.ts'
import { type SessionRef, type Spawn, type ToolDefinition, type ToolTraits, traitsOf } from '../../tools/port.ts'
import type { ApprovalPayload, HeartbeatPayload, MessagePayload, SpawnPayload } from './inbox-work.ts'

/** A turn with what the gate needs to know of who stands behind it. */
export interface TurnContext extends Turn {
  /** Agents that started this one, outermost first. */
  readonly parents: readonly string[]
  readonly askedByOwner: boolean
  /** How a call of this turn starts a sub-agent. */
  spawn(turn: TurnContext, idempotencyKey: string): Spawn
}

interface TurnMeans extends Pick<TurnContext, 'signal' | 'spawn'> {
  /** Every tool there is. */
  readonly tools: readonly ToolDefinition[]
}

export function turnContext(plan: Plan, agent: AgentPlan, claim: Claim, { tools, signal, spawn }: TurnMeans): TurnContext {
  const [first] = claim.rows as readonly [InboxRow]
  const { parents, askedByOwner } = authorityOf(claim)
  const { message } = first
  const session: SessionRef = {
    key: first.session,
    ...(message === undefined ? {} : { channelId: message.channelId, userId: message.userId }),
    ...(message?.groupId === undefined ? {} : { groupId: message.groupId }),
    ...(message?.threadId === undefined ? {} : { threadId: message.threadId }),
  }
  return {
    plan,
    agent: boundedAgent(plan, agent, parents),
    claim,
    session,
    tools: toolsFor(plan, agent, parents, tools),
    signal,
    parents,
    askedByOwner,
    spender: spenderOf(plan, first),
    spawn,
  }
}

/** Who answers, as a chat sees it in front of a reply. Sessions, callers of sub-agents and silence know the bare text. */
export const replyPrefix = (agent: AgentPlan | undefined): string => (agent?.replyPrefix === true ? `[${agent.name}] ` : '')

/** Whose rights bound the turn, and whether the owner's own terminal asked for it. */
function authorityOf(claim: Claim): Pick<TurnContext, 'parents' | 'askedByOwner'> {
  const payloads = claim.rows.map((row) => (row.payload ?? {}) as Partial<SpawnPayload> & MessagePayload)
  return {
    parents: payloads.find((payload) => payload.parents !== undefined)?.parents ?? [],
    // Several people's messages in one turn: the least trusted of them counts.
    askedByOwner: payloads.every((payload) => payload.asOwner === true || payload.askedByOwner === true),
  }
}

function spenderOf(plan: Plan, first: InboxRow): string {
  if (first.kind === 'heartbeat') return `heartbeat:${(first.payload as HeartbeatPayload).name}`
  const { by } = (first.payload ?? {}) as Partial<SpawnPayload & ApprovalPayload>
  if (by !== undefined) return by
  const { channelId, userId } = first.message ?? first.replyTo ?? {}
  const identity = `${channelId ?? ''}:${userId ?? ''}`
  return `user:${plan.linkOf.get(identity) ?? identity}`
}

const TRAITS = ['runs', 'writes', 'sends', 'spends'] as const satisfies readonly (keyof ToolTraits)[]

/** The agent's tools, in the registry's order, so that a request's prefix never changes by itself. */
const ownTools = (agent: AgentPlan, registry: readonly ToolDefinition[]): readonly ToolDefinition[] =>
  registry.filter((tool) => agent.tools.includes(tool.name))

/**
 * Tools of a turn. A sub-agent has a tool only where every agent above it could do the same kind of thing to the world:
 * all the tool's traits must be among those of the parent's own tools, and none of them denies the tool.
 */
export function toolsFor(
  plan: Plan,
  agent: AgentPlan,
  parents: readonly string[],
  registry: readonly ToolDefinition[],
): readonly ToolDefinition[] {
  if (parents.length === 0) return ownTools(agent, registry)
  const bounds = parents.map((id) => {
    const parent = plan.agents.get(id)
    return parent === undefined ? new Set<string>() : reachOf(ownTools(parent, registry))
  })
  const above = parents.flatMap((id) => plan.agents.get(id) ?? [])
  return ownTools(agent, registry).filter(
    (tool) =>
      !above.some(({ permissions: { deny, expanded } }) => denyOfTool(readGrants(deny, expanded), tool) !== undefined) &&
      bounds.every((bound) => TRAITS.every((trait) => traitsOf(tool)[trait] !== true || bound.has(trait))),
  )
}

const reachOf = (tools: readonly ToolDefinition[]): Set<string> =>
  new Set(tools.flatMap((tool) => TRAITS.filter((trait) => traitsOf(tool)[trait] === true)))

const SANDBOX_RANK = { off: 0, auto: 1, required: 2 } as const

/** The agent within the bounds of those above it: the strictest sandbox, hosts that all of them may reach, hosts that none may. */
export function boundedAgent(plan: Plan, agent: AgentPlan, parents: readonly string[]): AgentPlan {
  const above = parents.flatMap((id) => plan.agents.get(id) ?? [])
  if (above.length === 0) return agent
  const { allowHosts: own, ...rest } = agent
  const sandbox = above.reduce(
    (worst, one) => (SANDBOX_RANK[one.sandbox] > SANDBOX_RANK[worst] ? one.sandbox : worst),
    agent.sandbox,
  )
  // By the pattern as it is written: whether one pattern lies within another is not guessed at.
  const allowHosts = above.reduce(
    (list, one) =>
      one.allowHosts === undefined ? list : (list ?? one.allowHosts).filter((host) => one.allowHosts?.includes(host)),
    own,
  )
  return {
    ...rest,
    sandbox,
    network: agent.network.filter((host) => above.every((one) => one.network.includes(host))),
    denyHosts: [...new Set([...agent.denyHosts, ...above.flatMap((one) => one.denyHosts)])],
    ...(allowHosts === undefined ? {} : { allowHosts }),
  }
}
