// A proof over the Plan: who can reach which agent through which door, and with which tools. A row for each channel, door, kind
// of sender and kind of chat; rows of their own for agents that are started by others and for heartbeats.

import { atOnce, type Sliced } from '../slices.ts'
import { isGated, traitsOf } from '../tools/port.ts'
import { choosesAgent, type SenderClass } from './admission.ts'
import { type Door, doorsOf, GATEWAY_DOORS, isGatewayDoor } from './doors.ts'
import { answersGroups } from './group-settings.ts'
import { type MemoryAccess, memoryAccess } from './memory-access.ts'
import type { AgentPlan, ChannelPlan, ChatType, PermissionMode, Plan } from './plan.ts'
import { CHAT_TYPES, findReach, livingRules, type Reach, type RulesOn, reachAsAnyone, sendersOn, type Way } from './reach.ts'
import { type Shadowed, shadowedRules } from './shadow.ts'
import { subAgentsOf } from './sub-agents.ts'
import { boundedMemory, boundedMode, boundedSandbox, type KnownTool } from './tool-rights.ts'

export type { Way } from './reach.ts'

/** What has to be known of the tools there are; the registry knows more. */
export interface KnownTools {
  readonly tools: readonly KnownTool[]
}

export interface ReachableTool {
  readonly name: string
  /** What it can do to the world: runs, writes, sends, spends. `unknown`: brought by a skill, nothing is known. */
  readonly traits: readonly string[]
  /** What stands before each call: the agent's mode, or nothing. */
  readonly mode: PermissionMode | 'free'
}

/** What an agent can do for the one who reaches it. */
interface Powers {
  readonly agentId: string
  readonly tools: readonly ReachableTool[]
  /** Names of tools that write, run or spend. */
  readonly dangerous: readonly string[]
  readonly sandbox: AgentPlan['sandbox']
  readonly memory: MemoryAccess
  /** The agents through which it is reached, the outermost first; none: it answers itself. */
  readonly via: readonly string[]
}

export interface AccessRow extends Powers {
  /** `heartbeat`: none, a schedule starts it. */
  readonly channelId: string
  readonly door: Door
  readonly sender: SenderClass
  readonly chatType: ChatType
  /** The first of `ways`. */
  readonly rule: Way['rule']
  readonly ways: readonly Way[]
}

const TRAITS = ['runs', 'writes', 'sends', 'spends'] as const

/** Whether `access` and the checks call a tool dangerous in a stranger's hands. */
const isDangerous = (tool: ReachableTool): boolean =>
  tool.traits.some((trait) => trait === 'runs' || trait === 'writes' || trait === 'spends' || trait === 'unknown')

function reachableTool(tool: KnownTool, mode: PermissionMode): ReachableTool {
  const traits = traitsOf(tool)
  return { name: tool.name, traits: TRAITS.filter((trait) => traits[trait] === true), mode: isGated(tool) ? mode : 'free' }
}

function powers(
  plan: Plan,
  agent: AgentPlan,
  via: readonly string[],
  tools: readonly ReachableTool[],
  registry: KnownTools,
): Powers {
  return {
    agentId: agent.id,
    tools,
    dangerous: tools.filter(isDangerous).map(({ name }) => name),
    sandbox: boundedSandbox(plan, agent, via),
    memory: memoryAccess(
      registry.tools.filter((tool) => tools.some(({ name }) => name === tool.name)),
      { memory: boundedMemory(plan, agent, via) },
    ),
    via,
  }
}

/** What an agent can do itself. */
function ownPowers(plan: Plan, agent: AgentPlan, registry: KnownTools): Powers {
  const known = new Map(registry.tools.map((tool) => [tool.name, tool]))
  const { mode } = agent.permissions
  const tools = agent.tools.map((name): ReachableTool => {
    const tool = known.get(name)
    return tool === undefined ? { name, traits: ['unknown'], mode } : reachableTool(tool, mode)
  })
  return powers(plan, agent, [], tools, registry)
}

/** What it can do, and what the agents can do that it starts. */
function* allPowers(plan: Plan, agent: AgentPlan, registry: KnownTools): Sliced<readonly Powers[]> {
  const all = [ownPowers(plan, agent, registry)]
  for (const { agent: child, via, tools } of subAgentsOf(plan, agent.id, registry.tools)) {
    yield
    const mode = boundedMode(plan, child, via)
    all.push(
      powers(
        plan,
        child,
        via,
        tools.map((tool) => reachableTool(tool, mode)),
        registry,
      ),
    )
  }
  return all
}

/** Whether any agent has a tool that a stranger should not reach: where none has, the proof needs no table. */
export const hasDangers = (plan: Plan, registry: KnownTools): boolean =>
  [...plan.agents.values()].some((agent) => ownPowers(plan, agent, registry).dangerous.length > 0)

/** Every cell of the table; strangers who reach a dangerous tool stand first. */
export const accessOf = (plan: Plan, registry: KnownTools): readonly AccessRow[] =>
  atOnce(findAccess(plan, registry, shadowedRules(plan.rules)))

/** `shadowed`: the rules that can never win. */
export function* findAccess(plan: Plan, registry: KnownTools, shadowed: readonly Shadowed[]): Sliced<readonly AccessRow[]> {
  const powersOf = new Map<string, readonly Powers[]>()
  for (const agent of plan.agents.values()) powersOf.set(agent.id, yield* allPowers(plan, agent, registry))
  const rulesOn = livingRules(plan, shadowed)
  const entries = [...(yield* entriesByRouting(plan, rulesOn)), ...scheduled(plan)]
  const rows = entries.flatMap(({ agentId, ...entry }) =>
    (powersOf.get(agentId) ?? []).map((reached): AccessRow => {
      const started: Way = { kind: 'started', rule: entry.rule, when: `${reached.via.at(-1)} starts it` }
      return reached.via.length === 0 ? { ...entry, ...reached } : { ...entry, ...reached, ways: [started] }
    }),
  )
  const weight = (row: AccessRow): number => (row.sender === 'stranger' && row.dangerous.length > 0 ? 0 : 1)
  return rows.sort((a, b) => weight(a) - weight(b))
}

/** Somebody at a door, and the agent that answers. */
type Entry = Omit<AccessRow, keyof Powers> & Pick<AccessRow, 'agentId'>

function* entriesByRouting(plan: Plan, rulesOn: RulesOn): Sliced<readonly Entry[]> {
  const reaches = yield* findReach(plan, rulesOn)
  const entries: Entry[] = []
  for (const channel of plan.channels.values()) {
    if (!channel.enabled) continue
    const here = reaches.filter((reach) => reach.channel === channel)
    for (const door of doorsOf(channel)) {
      yield
      entries.push(...entriesAt(plan, channel, door, here, rulesOn))
    }
  }
  return entries
}

function entriesAt(plan: Plan, channel: ChannelPlan, door: Door, here: readonly Reach[], rulesOn: RulesOn): readonly Entry[] {
  const ways = new Map<string, Way[]>()
  const add = (sender: SenderClass, chatType: ChatType, agentId: string, more: readonly Way[]): void => {
    const key = JSON.stringify([sender, chatType, agentId])
    const known = ways.get(key)
    if (known === undefined) ways.set(key, [...more])
    else known.push(...more.filter((way) => !known.some((one) => one.kind === way.kind && one.rule?.index === way.rule?.index)))
  }
  const chats = isGatewayDoor(door) && !GATEWAY_DOORS[door].groups ? CHAT_TYPES.slice(0, 1) : CHAT_TYPES
  for (const { sender, chatType, agentId, ways: routed } of here)
    if (chats.includes(chatType)) add(sender, chatType, agentId, routed)
  if (isGatewayDoor(door)) {
    for (const chatType of chats) {
      // With the owner's key one speaks under any name, in any group.
      for (const [agentId, routed] of reachAsAnyone(plan, channel, rulesOn(channel), chatType))
        add('owner', chatType, agentId, routed)
      const naming = GATEWAY_DOORS[door].names ? namers(plan, channel, chatType) : []
      for (const sender of naming) for (const agentId of plan.agents.keys()) add(sender, chatType, agentId, [NAMED])
    }
  }
  return [...ways].map(([key, list]) => {
    const [sender, chatType, agentId] = JSON.parse(key) as [SenderClass, ChatType, string]
    return { channelId: channel.id, door, sender, chatType, agentId, rule: list[0]?.rule ?? null, ways: list }
  })
}

const NAMED: Way = { kind: 'named', rule: null, when: 'the caller names it' }

/** Those who choose the agent by naming it: an owner, and where there is a gateway token anyone its holder speaks for. */
function namers(plan: Plan, channel: ChannelPlan, chatType: ChatType): readonly SenderClass[] {
  const owners: readonly SenderClass[] = choosesAgent('owner') ? ['owner'] : []
  if (!choosesAgent('trusted') || plan.gateway.token === undefined) return owners
  if (chatType === 'group' && !answersGroups(channel)) return owners
  return [...new Set([...owners, ...sendersOn(plan, channel)])]
}

/** Heartbeats work for the owner. */
const scheduled = (plan: Plan): readonly Entry[] =>
  plan.heartbeats
    .filter(({ enabled }) => enabled)
    .map(({ name, agentId }) => ({
      channelId: 'heartbeat',
      door: 'heartbeat',
      sender: 'owner',
      chatType: 'direct',
      agentId,
      rule: null,
      ways: [{ kind: 'scheduled', rule: null, when: `heartbeat ${name}` }],
    }))

/** What the table takes for granted, in sentences. */
export function accessNotes(plan: Plan): readonly string[] {
  const on = [...plan.channels.values()].filter((channel) => channel.enabled)
  const open = on.filter((channel) => doorsOf(channel).some(isGatewayDoor) && !hasSecret(channel))
  if (open.length === 0) return []
  const names = open.map((channel) => channel.id).join(' and ')
  const who =
    plan.gateway.token?.isSet === true ? 'anyone who holds the gateway token' : `any program that reaches ${plan.gateway.host}`
  return [
    `On ${names} the user id is what the caller says: ${who} can take the part of any sender there. It approves nothing by that.`,
  ]
}

/** Whether a program must show a secret of the channel's own. */
const hasSecret = ({ settings }: ChannelPlan): boolean =>
  (settings['secret'] as { readonly isSet?: boolean } | undefined)?.isSet === true
