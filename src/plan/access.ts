// A proof over the Plan: for every channel, kind of sender and kind of chat, which agents can answer, and with which tools.
// Nothing is tried out: a rule counts wherever a message could exist that it wins.

import { atOnce, type Sliced } from '../slices.ts'
import { isGated, type ToolDefinition, traitsOf } from '../tools/port.ts'
import type { SenderClass } from './admission.ts'
import type { AgentPlan, ChannelPlan, ChatType, PermissionMode, Plan, RulePlan } from './plan.ts'
import { byRank } from './scan.ts'
import { type Shadowed, shadowedRules } from './shadow.ts'

/** What has to be known of the tools there are; the registry knows more. */
export interface KnownTools {
  readonly tools: readonly Pick<ToolDefinition, 'name' | 'traits'>[]
}

export interface ReachableTool {
  readonly name: string
  /** What it can do to the world: runs, writes, sends, spends. `unknown`: brought by a skill, nothing is known. */
  readonly traits: readonly string[]
  /** What stands before each call: the agent's mode, or nothing. */
  readonly mode: PermissionMode | 'free'
}

/** One way to an agent. `rule` null: the default agent. `when`: what a message must have, in words; '' is anything. */
export interface Way {
  readonly rule: { readonly index: number; readonly file: string; readonly line: number } | null
  readonly when: string
}

export interface AccessRow {
  readonly channelId: string
  readonly sender: SenderClass
  readonly chatType: ChatType
  readonly agentId: string
  /** The first of `ways`. */
  readonly rule: Way['rule']
  readonly ways: readonly Way[]
  readonly tools: readonly ReachableTool[]
  /** Names of tools that write, run or spend. */
  readonly dangerous: readonly string[]
  readonly sandbox: AgentPlan['sandbox']
}

const SENDERS: readonly SenderClass[] = ['stranger', 'allow-listed', 'linked', 'owner']
const TRAITS = ['runs', 'writes', 'sends', 'spends'] as const

/** Whether `access` and the checks call a tool dangerous in a stranger's hands. */
const isDangerous = (tool: ReachableTool): boolean =>
  tool.traits.some((trait) => trait === 'runs' || trait === 'writes' || trait === 'spends' || trait === 'unknown')

function reachableTools(agent: AgentPlan, registry: KnownTools): readonly ReachableTool[] {
  const known = new Map(registry.tools.map((tool) => [tool.name, tool]))
  return agent.tools.map((name) => {
    const tool = known.get(name)
    if (tool === undefined) return { name, traits: ['unknown'], mode: agent.permissions.mode }
    const traits = traitsOf(tool)
    return {
      name,
      traits: TRAITS.filter((trait) => traits[trait] === true),
      mode: isGated(tool) ? agent.permissions.mode : 'free',
    }
  })
}

/** User ids on one channel by class; `strangers`: whether anyone else gets in. */
interface Members {
  readonly ids: Readonly<Record<SenderClass, ReadonlySet<string>>>
  readonly strangers: boolean
}

function membersOf(plan: Plan, channel: ChannelPlan): Members {
  const here = (identities: Iterable<string>): readonly string[] =>
    [...identities]
      .filter((identity) => identity.startsWith(`${channel.id}:`))
      .map((identity) => identity.slice(channel.id.length + 1))
  const owner = new Set(here(plan.owners))
  const named = channel.allowFrom === undefined ? null : new Set(here(channel.allowFrom))
  const linked = new Set(here(plan.linkOf.keys()).filter((id) => !owner.has(id) && (named === null || named.has(id))))
  const listed = new Set([...(named ?? [])].filter((id) => !owner.has(id) && !linked.has(id)))
  const ids = { owner, linked, 'allow-listed': listed, stranger: new Set<string>() }
  return { ids, strangers: named === null }
}

/** Whether some sender of the class can meet the rule's `userId`; `all`: whether every one does. */
function meetsUser(rule: RulePlan, sender: SenderClass, members: Members): { some: boolean; all: boolean } {
  const wanted = rule.userId
  if (wanted === undefined) return { some: true, all: true }
  if (sender !== 'stranger') {
    const ids = [...members.ids[sender]]
    return { some: ids.some((id) => wanted.includes(id)), all: ids.every((id) => wanted.includes(id)) }
  }
  const { owner, linked } = members.ids
  return { some: wanted.some((id) => !owner.has(id) && !linked.has(id)), all: false }
}

function conditions(rule: RulePlan, userBinds: boolean): string {
  const parts: string[] = []
  const ids = (name: string, values: readonly string[] | undefined): void => {
    if (values !== undefined) parts.push(`${name} is ${values.length > 3 ? `one of ${values.length}` : values.join(' or ')}`)
  }
  if (userBinds) ids('user', rule.userId)
  ids('group', rule.groupId)
  ids('thread', rule.threadId)
  if (rule.prefix !== undefined) parts.push(`text starts with "${rule.prefix}"`)
  if (rule.pattern !== undefined) parts.push(`text matches /${rule.pattern}/`)
  return parts.join(', ')
}

/** The ways that senders of one class have in one kind of chat on one channel, by agent, in rank order. */
function waysOf(
  plan: Plan,
  rules: readonly RulePlan[],
  channel: ChannelPlan,
  sender: SenderClass,
  chatType: ChatType,
  members: Members,
): Map<string, Way[]> {
  const ways = new Map<string, Way[]>()
  const add = (agentId: string, way: Way): void => {
    const list = ways.get(agentId)
    if (list === undefined) ways.set(agentId, [way])
    else list.push(way)
  }
  for (const rule of rules) {
    if (rule.groupId !== undefined) {
      if (chatType === 'direct') continue
      const served = channel.groups.allow
      if (served !== undefined && !rule.groupId.some((id) => served.includes(id))) continue
    }
    const user = meetsUser(rule, sender, members)
    if (!user.some) continue
    const when = conditions(rule, !user.all)
    add(rule.agentId, { rule: { index: rule.index, file: rule.place.file, line: rule.place.line }, when })
    if (when === '') return ways
  }
  if (plan.defaultAgent !== undefined) add(plan.defaultAgent, { rule: null, when: '' })
  return ways
}

/** Whether any agent has a tool that a stranger should not reach: where none has, the proof needs no table. */
export const hasDangers = (plan: Plan, registry: KnownTools): boolean =>
  [...plan.agents.values()].some((agent) => reachableTools(agent, registry).some(isDangerous))

/** Every cell of the table; strangers who reach a dangerous tool stand first. */
export const accessOf = (plan: Plan, registry: KnownTools): readonly AccessRow[] =>
  atOnce(findAccess(plan, registry, shadowedRules(plan.rules)))

/** `shadowed`: the rules that can never win. */
export function* findAccess(plan: Plan, registry: KnownTools, shadowed: readonly Shadowed[]): Sliced<readonly AccessRow[]> {
  const dead = new Set(shadowed.map(({ rule }) => rule))
  const living = byRank(plan.rules).filter((rule) => !dead.has(rule))
  const everywhere = living.filter((rule) => rule.channelId === undefined)
  const tools = new Map<string, readonly ReachableTool[]>()
  for (const agent of plan.agents.values()) {
    tools.set(agent.id, reachableTools(agent, registry))
    yield
  }
  const rows: AccessRow[] = []
  for (const channel of plan.channels.values()) {
    if (!channel.enabled) continue
    const rules =
      living.length === everywhere.length ? everywhere : living.filter((rule) => rule.channelId?.includes(channel.id) ?? true)
    const members = membersOf(plan, channel)
    for (const sender of SENDERS) {
      if (sender === 'stranger' ? !members.strangers : members.ids[sender].size === 0) continue
      for (const chatType of ['direct', 'group'] as const) {
        yield
        if (chatType === 'group' && (channel.groups.respond === 'never' || channel.groups.allow?.length === 0)) continue
        for (const [agentId, ways] of waysOf(plan, rules, channel, sender, chatType, members)) {
          const agent = plan.agents.get(agentId)
          if (agent === undefined) continue
          const reached = tools.get(agentId) ?? []
          rows.push({
            channelId: channel.id,
            sender,
            chatType,
            agentId,
            rule: ways[0]?.rule ?? null,
            ways,
            tools: reached,
            dangerous: reached.filter(isDangerous).map((tool) => tool.name),
            sandbox: agent.sandbox,
          })
        }
      }
    }
  }
  const weight = (row: AccessRow): number => (row.sender === 'stranger' && row.dangerous.length > 0 ? 0 : 1)
  return rows.sort((a, b) => weight(a) - weight(b))
}

/** What the table takes for granted, in sentences. */
export function accessNotes(plan: Plan): readonly string[] {
  const claimed = [...plan.channels.values()].filter(
    (channel) => channel.enabled && (channel.type === 'http' || channel.type === 'webchat'),
  )
  if (claimed.length === 0) return []
  const names = claimed.map((channel) => channel.id).join(' and ')
  const who =
    plan.gateway.token?.isSet === true ? 'whoever holds the gateway token' : `any program that reaches ${plan.gateway.host}`
  return [
    `On ${names} the user id is what the caller says: ${who} can take the part of any sender there. It approves nothing by that.`,
  ]
}
