// Rows of `access` in; out: for each agent, kind of sender, channel and door, whether outside text, private data and a way out can
// meet there, and what stands between.

import { runsCommands, type ToolDefinition, traitsOf } from '../tools/port.ts'
import type { AccessRow } from './access.ts'
import type { SenderClass } from './admission.ts'
import type { Door } from './doors.ts'
import type { AgentPlan, FlowMode, Plan } from './plan.ts'

export interface FlowRow {
  readonly agentId: string
  readonly senderClass: SenderClass
  readonly channel: string
  readonly door: Door
  /** Tools that bring text others wrote, those of agents it starts too. */
  readonly outside: readonly string[]
  /** Tools that read what is not for everyone. */
  readonly private: readonly string[]
  /** Tools that can send something, to whomever. */
  readonly sends: readonly string[]
  /** `open`: all three meet and nobody is asked; `guarded`: a person is asked first; `closed`: they never meet. */
  readonly verdict: 'open' | 'guarded' | 'closed'
  /** A sentence. */
  readonly why: string
}

export type FlowTool = Pick<ToolDefinition, 'name' | 'traits' | 'commandOf' | 'sendingOf' | 'settings'>

/** What an agent's tools do, and those of the agents it starts. */
type Legs = Pick<FlowRow, 'outside' | 'private' | 'sends'> & { readonly waysOut: readonly string[] }

export function flowsOf(plan: Plan, rows: readonly AccessRow[], tools: readonly FlowTool[]): readonly FlowRow[] {
  const known = new Map(tools.map((tool) => [tool.name, tool]))
  const found = new Map<string, { readonly row: AccessRow; readonly names: Set<string>; readonly agents: Set<string> }>()
  for (const row of rows) {
    const agentId = row.via[0] ?? row.agentId
    const key = JSON.stringify([agentId, row.sender, row.channelId, row.door])
    const entry = found.get(key) ?? { row: { ...row, agentId }, names: new Set(), agents: new Set() }
    for (const { name } of row.tools) entry.names.add(name)
    entry.agents.add(row.agentId)
    found.set(key, entry)
  }
  return [...found.values()].map(({ row, names, agents }): FlowRow => {
    const legs = legsOf(plan.agents.get(row.agentId), [...names], known)
    const reached = [...agents].flatMap((id) => plan.agents.get(id) ?? [])
    const mode = modeOf(plan.agents.get(row.agentId), reached)
    const { outside, private: hidden, sends } = legs
    const place = { agentId: row.agentId, senderClass: row.sender, channel: row.channelId, door: row.door }
    return { ...place, outside, private: hidden, sends, ...verdictOf(legs, mode) }
  })
}

/** An agent's setting binds those it starts. `ask` refuses where none of them asks anybody. */
function modeOf(agent: AgentPlan | undefined, reached: readonly AgentPlan[]): FlowMode {
  const flow = agent?.permissions.flow ?? 'ask'
  const asks = reached.some(({ permissions }) => permissions.mode === 'ask')
  return flow === 'ask' && !asks ? 'refuse' : flow
}

function legsOf(agent: AgentPlan | undefined, names: readonly string[], known: ReadonlyMap<string, FlowTool>): Legs {
  // Nothing leaves a sandbox that must work and has no network.
  const isShut = agent?.sandbox === 'required' && agent.network.length === 0
  const having = (has: (tool: FlowTool | undefined) => boolean): readonly string[] =>
    names.filter((name) => has(known.get(name))).sort()
  // Of a tool that is not known everything is assumed.
  const sends = (tool: FlowTool | undefined): boolean =>
    tool === undefined || traitsOf(tool).sends === true || (runsCommands(tool) && !isShut)
  return {
    outside: having((tool) => tool === undefined || traitsOf(tool).outside === true),
    private: having((tool) => tool === undefined || traitsOf(tool).private === true),
    sends: having(sends),
    waysOut: having((tool) => sends(tool) && tool?.settings !== 'search'),
  }
}

function verdictOf({ outside, private: hidden, waysOut }: Legs, mode: FlowMode): Pick<FlowRow, 'verdict' | 'why'> {
  if (hidden.length === 0) return { verdict: 'closed', why: 'No tool reads private data.' }
  if (waysOut.length === 0) return { verdict: 'closed', why: 'No tool sends to a receiver that a text could choose.' }
  const source = outside.length === 0 ? 'Quoted, forwarded and received text' : outside.join(', ')
  const meet = `${source} can bring outside text, ${hidden.join(', ')} private data, and ${waysOut.join(', ')} can send it`
  if (mode === 'allow') return { verdict: 'open', why: `${meet}; permissions.flow allows that.` }
  if (mode === 'ask') return { verdict: 'guarded', why: `${meet}; a person is asked before.` }
  return { verdict: 'closed', why: `${meet}; permissions.flow refuses that.` }
}
