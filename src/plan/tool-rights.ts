// What an agent may do to the world in one turn: its own tools, bounded by the rights of the agents that started it.

import { type ToolDefinition, traitsOf } from '../tools/port.ts'
import type { AgentPlan, PermissionMode, Plan } from './plan.ts'
import type { ToolTraits } from './traits.ts'

/** What has to be known of a tool here; the registry knows more. */
export type KnownTool = Pick<ToolDefinition, 'name' | 'traits' | 'memory'>

/** Traits that are rights. Reading is one too: what a sub-agent reads, it tells the agent that asked. */
const RIGHTS = ['runs', 'writes', 'sends', 'spends', 'private'] as const satisfies readonly (keyof ToolTraits)[]

/** The agent's tools, in the registry's order, so that a request's prefix never changes by itself. */
const ownTools = <T extends KnownTool>(agent: AgentPlan, registry: readonly T[]): readonly T[] =>
  registry.filter((tool) => agent.tools.includes(tool.name))

/**
 * Tools of a turn. A sub-agent has a tool only where every agent above it could do the same kind of thing to the world:
 * all the tool's rights must be among those of each parent's own tools, and none of them denies the tool.
 */
export function toolsFor<T extends KnownTool>(
  plan: Pick<Plan, 'agents'>,
  agent: AgentPlan,
  parents: readonly string[],
  registry: readonly T[],
): readonly T[] {
  const own = ownTools(agent, registry)
  if (parents.length === 0) return own
  const bounds = parents.map((id) => {
    const parent = plan.agents.get(id)
    return parent === undefined ? new Set<string>() : rightsOf(ownTools(parent, registry))
  })
  const denied = new Set(parents.flatMap((id) => plan.agents.get(id)?.permissions.deniedTools ?? []))
  return own.filter(
    (tool) =>
      !denied.has(tool.name) &&
      bounds.every((bound) => RIGHTS.every((right) => traitsOf(tool)[right] !== true || bound.has(right))),
  )
}

const rightsOf = (tools: readonly KnownTool[]): Set<string> =>
  new Set(tools.flatMap((tool) => RIGHTS.filter((right) => traitsOf(tool)[right] === true)))

const above = (plan: Pick<Plan, 'agents'>, parents: readonly string[]): readonly AgentPlan[] =>
  parents.flatMap((id) => plan.agents.get(id) ?? [])

const SANDBOXES = ['off', 'auto', 'required'] as const
const MODES = ['ignore', 'record', 'ask'] as const

/** The later of the two in a list from loose to strict. */
const stricter = <T>(order: readonly T[], a: T, b: T): T => (order.indexOf(b) > order.indexOf(a) ? b : a)

/** The strictest sandbox of an agent and those above it. */
export const boundedSandbox = (plan: Pick<Plan, 'agents'>, agent: AgentPlan, parents: readonly string[]): AgentPlan['sandbox'] =>
  above(plan, parents).reduce((sandbox, one) => stricter(SANDBOXES, sandbox, one.sandbox), agent.sandbox)

/** The strictest mode of an agent and those above it: each of them judges every call. */
export const boundedMode = (plan: Pick<Plan, 'agents'>, agent: AgentPlan, parents: readonly string[]): PermissionMode =>
  above(plan, parents).reduce((mode, one) => stricter(MODES, mode, one.permissions.mode), agent.permissions.mode)

/**
 * Whose notes it reads: those that every agent above it reads, too. It writes where all of them write, else to the notes of the
 * person.
 */
export function boundedMemory(plan: Pick<Plan, 'agents'>, agent: AgentPlan, parents: readonly string[]): AgentPlan['memory'] {
  const bounds = above(plan, parents)
  return {
    write: bounds.every(({ memory }) => memory.write === agent.memory.write) ? agent.memory.write : 'person',
    read: agent.memory.read.filter((scope) => bounds.every(({ memory }) => memory.read.includes(scope))),
  }
}

/** The agent within the bounds of those above it: the strictest sandbox, hosts that all of them may reach, hosts that none may. */
export function boundedAgent(plan: Pick<Plan, 'agents'>, agent: AgentPlan, parents: readonly string[]): AgentPlan {
  const bounds = above(plan, parents)
  if (bounds.length === 0) return agent
  const { allowHosts: own, ...rest } = agent
  // By the pattern as it is written: whether one pattern lies within another is not guessed at.
  const allowHosts = bounds.reduce(
    (list, one) =>
      one.allowHosts === undefined ? list : (list ?? one.allowHosts).filter((host) => one.allowHosts?.includes(host)),
    own,
  )
  return {
    ...rest,
    sandbox: boundedSandbox(plan, agent, parents),
    memory: boundedMemory(plan, agent, parents),
    network: agent.network.filter((host) => bounds.every((one) => one.network.includes(host))),
    denyHosts: [...new Set([...agent.denyHosts, ...bounds.flatMap((one) => one.denyHosts)])],
    ...(allowHosts === undefined ? {} : { allowHosts }),
  }
}
