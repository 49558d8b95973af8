// What the tests touched of a plan: rules that won, agents that answered, limits that were reached, grants that decided,
// heartbeats that ran; and what no test touched, with its line.

import type { EngineEvent } from '../agent/events.ts'
import { judgeTool } from '../permissions/policy.ts'
import type { AgentPlan, Place, Plan } from '../plan/plan.ts'
import { runsCommands, type ToolDefinition } from '../tools/port.ts'
import type { Seen } from './expect.ts'
import type { Step } from './spec.ts'

export interface CoverageKind {
  readonly total: number
  readonly touched: number
  readonly missing: readonly { readonly id: string; readonly file: string; readonly line: number }[]
}
export type Coverage = Readonly<Record<'rules' | 'agents' | 'limits' | 'grants' | 'heartbeats', CoverageKind>>

export const COVERAGE_KINDS = ['rules', 'agents', 'limits', 'grants', 'heartbeats'] as const satisfies readonly (keyof Coverage)[]

/** Share of what there is that was touched, in percent; of nothing, all. */
export const percentOf = ({ total, touched }: CoverageKind): number => (total === 0 ? 100 : (touched / total) * 100)

/** Where the parts of a configuration stand. */
export interface Places {
  /** Of what is at the path, or nearest above it. */
  place(path: readonly (string | number)[]): Place
  /** Whether anything stands at the path itself. */
  written(path: readonly (string | number)[]): boolean
}

interface Item {
  readonly id: string
  readonly file: string
  readonly line: number
}

/** `see`: one step, what it showed, and all that happened in it. */
export function createCoverage(
  plan: Plan,
  tools: readonly ToolDefinition[],
  places: Places,
): { see(step: Step, seen: Seen, events: readonly EngineEvent[]): void; report(): Coverage } {
  const items = itemsOf(plan, places)
  const touched: Record<keyof Coverage, Set<string>> = {
    rules: new Set(),
    agents: new Set(),
    limits: new Set(),
    grants: new Set(),
    heartbeats: new Set(),
  }

  return {
    see(step, seen, events) {
      if (step.message !== undefined && seen.agentId != null) {
        touched.agents.add(seen.agentId)
        if (seen.rule != null) touched.rules.add(String(seen.rule))
      }
      const limit = /^limit (\w+) reached/.exec(seen.refused ?? '')?.[1]
      if (limit !== undefined) touched.limits.add(`${answeredBy(seen)}.${limit}`)
      for (const event of events) {
        if (isHeartbeatRun(event)) touched.heartbeats.add(event.name)
        else if (event.type === 'turn_end') {
          touched.agents.add(event.agentId)
          if (event.limit !== undefined) touched.limits.add(`${event.agentId}.${event.limit}`)
        } else if (event.type === 'tool_execute') {
          seeCall(
            event.agentId,
            tools.find(({ name }) => name === event.toolName),
            event.input,
          )
        }
      }
      if (step.command !== undefined) seeCall(step.command.agentId, tools.find(runsCommands), step.command)
    },
    report() {
      const of = (kind: keyof Coverage): CoverageKind => {
        const missing = items[kind].filter((item) => !touched[kind].has(item.id))
        return { total: items[kind].length, touched: items[kind].length - missing.length, missing }
      }
      return {
        rules: of('rules'),
        agents: of('agents'),
        limits: of('limits'),
        grants: of('grants'),
        heartbeats: of('heartbeats'),
      }
    },
  }

  /** A grant is touched by a call that it, alone, would decide. */
  function seeCall(agentId: string, tool: ToolDefinition | undefined, input: unknown): void {
    const agent = plan.agents.get(agentId)
    if (agent === undefined || tool === undefined) return
    const { allow, deny } = agent.permissions
    for (const pattern of allow)
      if (decides(agent, tool, input, { allow: [pattern], deny: [] }, 'allow')) touched.grants.add(`${agentId} allow ${pattern}`)
    for (const pattern of deny)
      if (decides(agent, tool, input, { allow: [], deny: [pattern] }, 'deny')) touched.grants.add(`${agentId} deny ${pattern}`)
  }

  /** Who would have answered, had the limit not been reached. */
  function answeredBy(seen: Seen): string | undefined {
    const rule = seen.rule == null ? undefined : plan.rules.find((one) => one.index === seen.rule)
    return rule?.agentId ?? plan.defaultAgent
  }
}

export const isHeartbeatRun = (event: EngineEvent): event is EngineEvent & { type: 'heartbeat' } =>
  event.type === 'heartbeat' && (event.outcome === 'ran' || event.outcome === 'silent' || event.outcome === 'failed')

function decides(
  agent: AgentPlan,
  tool: ToolDefinition,
  input: unknown,
  grants: { readonly allow: readonly string[]; readonly deny: readonly string[] },
  by: 'allow' | 'deny',
): boolean {
  const verdict = judgeTool({
    // As if it asked: whether a grant fits is what counts.
    tool: { ...tool, traits: { asks: true } },
    input,
    agent: {
      permissions: { ...agent.permissions, ...grants, mode: 'ask', askInSandbox: 'always' },
      sandbox: 'off',
      workspace: agent.workspace,
    },
    remembered: { allowed: [], denied: [] },
    sandboxed: false,
    protectedPaths: [],
    cwd: agent.workspace[0]?.path ?? '/',
  })
  return verdict.by === by || (by === 'allow' && verdict.parts?.some((part) => part.by === by) === true)
}

function itemsOf(plan: Plan, places: Places): Readonly<Record<keyof Coverage, readonly Item[]>> {
  const agents = [...plan.agents.values()]
  const at = ({ file, line }: Place) => ({ file, line })
  /** An agent has it from its own section, or from what all agents start from. */
  const partOf = (agent: AgentPlan, key: readonly string[], index: readonly number[] = []): Place => {
    const own = ['agents', agent.id, ...key]
    return places.place([...(places.written(own) ? own : ['defaults', ...key]), ...index])
  }
  const grantsOf = (agent: AgentPlan, kind: 'allow' | 'deny'): readonly Item[] =>
    agent.permissions[kind].map((pattern, index) => ({
      id: `${agent.id} ${kind} ${pattern}`,
      ...at(partOf(agent, ['permissions', kind], [index])),
    }))
  return {
    rules: plan.rules.map((rule) => ({ id: String(rule.index), ...at(rule.place) })),
    agents: agents.map((agent) => ({ id: agent.id, ...at(agent.place) })),
    limits: agents.flatMap((agent) =>
      Object.keys(agent.rateLimit).map((name) => ({ id: `${agent.id}.${name}`, ...at(partOf(agent, ['rateLimit', name])) })),
    ),
    grants: agents.flatMap((agent) => [...grantsOf(agent, 'allow'), ...grantsOf(agent, 'deny')]),
    heartbeats: plan.heartbeats.filter((one) => one.enabled).map((heartbeat) => ({ id: heartbeat.name, ...at(heartbeat.place) })),
  }
}
