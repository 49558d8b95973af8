// An agent in; the agents that it can start out, one through another, each with the tools that are left to it there.

import { subAgentAdmission } from './admission.ts'
import type { AgentPlan, Plan } from './plan.ts'
import { type KnownTool, toolsFor } from './tool-rights.ts'

export interface SubAgent {
  readonly agent: AgentPlan
  /** Who starts whom, the outermost first. */
  readonly via: readonly string[]
  readonly tools: readonly KnownTool[]
}

/** Of several ways to the same agent with the same tools, the shortest. An agent without a tool starts nobody. */
export function subAgentsOf(plan: Plan, agentId: string, registry: readonly KnownTool[]): readonly SubAgent[] {
  const found = new Map<string, SubAgent>()
  let chains: readonly (readonly string[])[] = [[agentId]]
  while (chains.length > 0) {
    const next: string[][] = []
    for (const chain of chains) {
      const last = plan.agents.get(chain.at(-1) ?? '')
      if (last === undefined || toolsFor(plan, last, chain.slice(0, -1), registry).length === 0) continue
      for (const id of last.subagents) {
        const agent = plan.agents.get(id)
        if (agent === undefined || !subAgentAdmission(plan, chain, id).admitted) continue
        const tools = toolsFor(plan, agent, chain, registry)
        const key = JSON.stringify([id, tools.map((tool) => tool.name)])
        if (found.has(key)) continue
        found.set(key, { agent, via: chain, tools })
        next.push([...chain, id])
      }
    }
    chains = next
  }
  return [...found.values()]
}
