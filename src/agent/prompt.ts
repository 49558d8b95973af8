// An agent's plan in, the stable prefix of its requests out: system text and tool list, byte-identical from turn to turn.
// Nothing that changes by itself (time, user, message) may stand here, or the service's cache never hits.

import type { ToolSpec } from '../models/port.ts'
import type { AgentPlan, Plan } from '../plan/plan.ts'
import { estimateText } from '../sessions/tokens.ts'
import type { ToolDefinition } from '../tools/port.ts'

export interface Prefix {
  readonly system: string
  readonly tools: readonly ToolSpec[]
}

const prefixes = new WeakMap<AgentPlan, Map<string, Prefix>>()

/** The prefix of an agent under a plan. `tools`: those it may use now (a sub-agent's may be fewer than its own). */
export function prefixOf(plan: Plan, agent: AgentPlan, tools: readonly ToolDefinition[]): Prefix {
  const key = tools.map((tool) => tool.name).join(' ')
  const known = prefixes.get(agent)?.get(key)
  if (known !== undefined) return known
  const prefix = buildPrefix(plan, agent, tools)
  const ofAgent = prefixes.get(agent) ?? new Map<string, Prefix>()
  prefixes.set(agent, ofAgent.set(key, prefix))
  return prefix
}

function buildPrefix(plan: Plan, agent: AgentPlan, tools: readonly ToolDefinition[]): Prefix {
  const parts = [agent.soul.text.trim()]
  for (const skill of agent.skills) parts.push(`# Skill: ${skill.name}\n${skill.text.trim()}`)
  const helpers = agent.subagents.flatMap((id) => plan.agents.get(id) ?? [])
  if (helpers.length > 0 && tools.some((tool) => tool.name === 'sessions_spawn')) {
    const lines = helpers.map((helper) => `- ${helper.id}: ${helper.description || helper.name}`)
    parts.push(`Agents you can start with sessions_spawn:\n${lines.join('\n')}`)
  }
  return {
    system: parts.filter((part) => part !== '').join('\n\n'),
    tools: tools.map((tool) => ({ name: tool.name, description: tool.description, input_schema: tool.inputSchema })),
  }
}

const tokens = new WeakMap<Prefix, number>()

/** What a prefix takes, by estimate. */
export function prefixTokens(prefix: Prefix): number {
  let counted = tokens.get(prefix)
  if (counted === undefined) {
    counted = estimateText(prefix.system) + estimateText(JSON.stringify(prefix.tools))
    tokens.set(prefix, counted)
  }
  return counted
}
