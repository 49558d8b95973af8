// What an agent may do in one turn: its own rights, bounded by those of the agents that started it. Pure.

import { denyOfTool, readGrants } from '../../permissions/grants.ts'
import type { Decision, Verdict } from '../../permissions/port.ts'
import type { AgentPlan, Plan } from '../../plan/plan.ts'
import { type ToolDefinition, type ToolTraits, traitsOf } from '../../tools/port.ts'

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

const RANK: Record<Decision, number> = { run: 0, ask: 1, refuse: 2 }

/** The strictest of several verdicts on the same call. */
export function strictest(verdicts: readonly [Verdict, ...Verdict[]]): Verdict {
  const worst = verdicts.reduce((so, verdict) => (RANK[verdict.decision] > RANK[so.decision] ? verdict : so))
  if (worst.decision === 'run' && verdicts.some(({ script }) => script !== worst.script))
    return { decision: 'refuse', by: 'hard-deny', reason: 'The files it names changed while it was judged. Try it once more.' }
  return worst
}

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
