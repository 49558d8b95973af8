// What the tests touched of a plan: rules that won, agents that answered, limits that were reached, grants that decided,
// heartbeats that ran; and what no test touched, with its line.

import { judgeCommand } from '../permissions/shell/verdict.ts'
import type { AgentPlan, Plan } from '../plan/plan.ts'
import type { Seen } from './expect.ts'
import type { Step } from './spec.ts'
import type { Stage } from './stage.ts'

export interface CoverageKind {
  readonly total: number
  readonly touched: number
  readonly missing: readonly { readonly id: string; readonly file: string; readonly line: number }[]
}
export type Coverage = Readonly<Record<'rules' | 'agents' | 'limits' | 'grants' | 'heartbeats', CoverageKind>>

interface Item {
  readonly id: string
  readonly file: string
  readonly line: number
}

export function createCoverage(plan: Plan): { see(stage: Stage, step: Step, seen: Seen): void; report(): Coverage } {
  const items = itemsOf(plan)
  const touched: Record<keyof Coverage, Set<string>> = {
    rules: new Set(),
    agents: new Set(),
    limits: new Set(),
    grants: new Set(),
    heartbeats: new Set(),
  }

  return {
    see(stage, step, seen) {
      if (seen.agentId != null) {
        touched.agents.add(seen.agentId)
        if (seen.rule != null) touched.rules.add(String(seen.rule))
      }
      const limit = /^limit (\w+) reached/.exec(seen.refused ?? '')?.[1]
      const refusedAgent = limit === undefined ? undefined : agentOf(stage, step, seen)
      if (refusedAgent !== undefined) touched.limits.add(`${refusedAgent}.${limit}`)
      for (const event of stage.events) {
        if (event.type === 'heartbeat' && event.outcome !== 'started') touched.heartbeats.add(event.name)
        if (event.type === 'turn_end') touched.agents.add(event.agentId)
        if (event.type === 'tool_execute' && event.toolName === 'bash')
          seeCommand(event.agentId, (event.input as { command?: string }).command ?? '')
      }
      if (step.command !== undefined) seeCommand(step.command.agentId, step.command.command)
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

  /** A grant is touched by a command that it, alone, would decide. */
  function seeCommand(agentId: string, command: string): void {
    const agent = plan.agents.get(agentId)
    if (agent === undefined) return
    for (const pattern of agent.permissions.allow)
      if (decides(agent, command, [pattern], []) === 'allow') touched.grants.add(`${agentId} allow ${pattern}`)
    for (const pattern of agent.permissions.deny)
      if (decides(agent, command, [], [pattern]) === 'deny') touched.grants.add(`${agentId} deny ${pattern}`)
  }
}

function decides(agent: AgentPlan, command: string, allow: readonly string[], deny: readonly string[]): string | undefined {
  const verdict = judgeCommand(command, {
    mode: 'ask',
    allow,
    deny,
    remembered: { allowed: [], denied: [] },
    sandboxed: false,
    sandbox: 'off',
    askInSandbox: 'always',
    protectedPaths: [],
    cwd: agent.workspace[0]?.path ?? '/',
  })
  if (deny.length > 0) return verdict.by
  return verdict.parts?.some((part) => part.by === 'allow') === true ? 'allow' : verdict.by
}

/** Who would have answered, had the limit not been reached. */
function agentOf(stage: Stage, step: Step, seen: Seen): string | undefined {
  if (step.message === undefined) return undefined
  const rule = seen.rule == null ? undefined : stage.plan.rules.find((one) => one.index === seen.rule)
  return rule?.agentId ?? stage.plan.defaultAgent
}

function itemsOf(plan: Plan): Readonly<Record<keyof Coverage, readonly Item[]>> {
  const agents = [...plan.agents.values()]
  const at = ({ file, line }: { file: string; line: number }) => ({ file, line })
  const limited = (agent: AgentPlan) =>
    (['maxMessagesPerHour', 'maxMessagesPerUser'] as const).filter((name) => agent.rateLimit[name] !== undefined)
  return {
    rules: plan.rules.map((rule) => ({ id: String(rule.index), ...at(rule.place) })),
    agents: agents.map((agent) => ({ id: agent.id, ...at(agent.place) })),
    limits: agents.flatMap((agent) => limited(agent).map((name) => ({ id: `${agent.id}.${name}`, ...at(agent.place) }))),
    grants: agents.flatMap((agent) => [
      ...agent.permissions.allow.map((pattern) => ({ id: `${agent.id} allow ${pattern}`, ...at(agent.place) })),
      ...agent.permissions.deny.map((pattern) => ({ id: `${agent.id} deny ${pattern}`, ...at(agent.place) })),
    ]),
    heartbeats: plan.heartbeats.filter((one) => one.enabled).map((heartbeat) => ({ id: heartbeat.name, ...at(heartbeat.place) })),
  }
}
