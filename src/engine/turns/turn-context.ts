// A claim in, the turn that its rows ask for out: which tools and rights it has, bounded by those of the agents that started it,
// and whom its tokens are counted for.

import type { Turn } from '../../agent/port.ts'
import type { AgentPlan, Plan } from '../../plan/plan.ts'
import { boundedAgent, toolsFor } from '../../plan/tool-rights.ts'
import type { Claim, InboxRow } from '../../storage/ports.ts'
import type { SessionRef, Spawn, ToolDefinition } from '../../tools/port.ts'
import type { SessionId } from '../flow/session-labels.ts'
import type { ApprovalPayload, HeartbeatPayload, MessagePayload, SpawnPayload } from './inbox-work.ts'

/** A turn with what the gate needs to know of who stands behind it. */
export interface TurnContext extends Turn {
  /** Agents that started this one, outermost first. */
  readonly parents: readonly string[]
  readonly askedByOwner: boolean
  /** Sessions that started this one, the nearest first. */
  readonly askers: readonly SessionId[]
  /** How a call of this turn starts a sub-agent. */
  spawn(turn: TurnContext, idempotencyKey: string): Spawn
}

interface TurnMeans extends Pick<TurnContext, 'signal' | 'spawn'> {
  /** Every tool there is. */
  readonly tools: readonly ToolDefinition[]
  /** Names of those that are not offered just now. */
  readonly withheld: ReadonlySet<string>
}

export function turnContext(
  plan: Plan,
  agent: AgentPlan,
  claim: Claim,
  { tools, withheld, signal, spawn }: TurnMeans,
): TurnContext {
  const [first] = claim.rows as readonly [InboxRow]
  const { parents, askedByOwner } = authorityOf(claim)
  const { message } = first
  const session: SessionRef = {
    key: first.session,
    ...(message === undefined ? {} : { channelId: message.channelId, userId: message.userId }),
    ...(message?.groupId === undefined ? {} : { groupId: message.groupId }),
    ...(message?.threadId === undefined ? {} : { threadId: message.threadId }),
  }
  const offered = parents.length === 0 ? ownTools(plan, agent, tools) : toolsFor(plan, agent, parents, tools)
  return {
    plan,
    agent: parents.length === 0 ? scheduledAgent(plan, agent, first) : boundedAgent(plan, agent, parents),
    claim,
    session,
    tools: withheld.size === 0 ? offered : offered.filter(({ name }) => !withheld.has(name)),
    signal,
    parents,
    askedByOwner,
    askers: (first.payload as Partial<SpawnPayload> | undefined)?.askers ?? NO_ASKERS,
    // Here, as a field that is added to a copy gives each turn a hidden class of its own.
    attachments: [],
    spender: spenderOf(plan, first),
    spawn,
  }
}

const NO_ASKERS: TurnContext['askers'] = []

/** A heartbeat may run on a model of its own; the agent's models stand behind it. */
function scheduledAgent(plan: Plan, agent: AgentPlan, { kind, payload }: InboxRow): AgentPlan {
  if (kind !== 'heartbeat') return agent
  const { name } = payload as HeartbeatPayload
  const model = plan.heartbeats.find((one) => one.name === name)?.model
  return model === undefined ? agent : { ...agent, model, fallbacks: [agent.model, ...agent.fallbacks] }
}

/** An agent of a plan has the same tools in every turn that nobody else started. */
const own = new WeakMap<AgentPlan, readonly ToolDefinition[]>()

function ownTools(plan: Plan, agent: AgentPlan, all: readonly ToolDefinition[]): readonly ToolDefinition[] {
  const known = own.get(agent)
  if (known !== undefined) return known
  const tools = toolsFor(plan, agent, [], all)
  own.set(agent, tools)
  return tools
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
