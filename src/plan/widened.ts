// Two Plans → every right that grew: a tool, a looser mode, a broader grant, a person who may approve or write. Doubt
// counts as wider: a grant is taken as no wider only where an older one provably covers it.

import { mcpToolName } from './mcp-tool-name.ts'
import { meaningOf } from './meaning.ts'
import { type Newcomer, newlyReached } from './newly-reached.ts'
import type { AgentPlan, ChannelPlan, Plan } from './plan.ts'
import { type Reach, reachOf } from './reach.ts'

export interface Widening {
  /** `*`: every agent. */
  readonly agentId: string
  readonly what: string
}

const MODES = ['ask', 'record', 'ignore'] as const
const FLOWS = ['refuse', 'ask', 'allow'] as const
const SANDBOXES = ['required', 'auto', 'off'] as const
const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost'])

const added = (before: readonly string[], after: readonly string[]): readonly string[] =>
  after.filter((item) => !before.includes(item))

/** Whether everything the narrow command pattern means is also meant by the wide one: word by word, a final `*` is any rest. */
function coversGrant(wide: string, narrow: string): boolean {
  const [w, n] = [wide.trim().split(/ +/), narrow.trim().split(/ +/)]
  const open = w.length > 1 && w[w.length - 1] === '*'
  if (open ? n.length < w.length - 1 : n.length !== w.length) return false
  return (open ? w.slice(0, -1) : w).every((word, at) => word === n[at])
}

/** Whether a host pattern covers another: the same, everything, or `*.domain`. */
const coversHost = (wide: string, narrow: string): boolean =>
  wide === narrow || wide === '*' || (wide.startsWith('*.') && narrow.endsWith(wide.slice(1)) && narrow.length > wide.length - 1)

function uncovered(
  before: readonly string[],
  after: readonly string[],
  covers: (wide: string, narrow: string) => boolean,
): readonly string[] {
  return after.filter((item) => !before.some((old) => covers(old, item)))
}

/** Tools of MCP servers that were accepted in another form. */
function changedTools(before: Plan, after: Plan): readonly string[] {
  return [...after.mcpServers.values()].flatMap((server) => {
    const known = new Map(before.mcpServers.get(server.name)?.tools.map(({ name, digest }) => [name, digest]))
    const changed = server.tools.filter(({ name, digest }) => known.has(name) && known.get(name) !== digest)
    return changed.map(({ name }) => mcpToolName(server.name, name))
  })
}

function agentRights(before: Plan, old: AgentPlan, after: Plan, agent: AgentPlan): readonly string[] {
  const [was, is] = [old.permissions, agent.permissions]
  const what: string[] = []
  const each = (items: readonly string[], words: (item: string) => string): void => void what.push(...items.map(words))
  each(added(old.tools, agent.tools), (tool) => `new tool ${tool}`)
  each(
    changedTools(before, after).filter((tool) => old.tools.includes(tool) && agent.tools.includes(tool)),
    (tool) => `changed tool ${tool}`,
  )
  if (MODES.indexOf(is.mode) > MODES.indexOf(was.mode)) what.push(`mode ${was.mode} → ${is.mode}`)
  each(uncovered(was.allow, is.allow, coversGrant), (grant) => `allow ${grant}`)
  each(uncovered(is.deny, was.deny, coversGrant), (grant) => `deny ${grant} removed`)
  each(added(was.approvers, is.approvers), (approver) => `new approver ${approver}`)
  if (was.askInSandbox === 'always' && is.askInSandbox === 'never') what.push('no longer asks in a sandbox')
  if (FLOWS.indexOf(is.flow) > FLOWS.indexOf(was.flow)) what.push(`flow ${was.flow} → ${is.flow}`)
  if (SANDBOXES.indexOf(agent.sandbox) > SANDBOXES.indexOf(old.sandbox)) what.push(`sandbox ${old.sandbox} → ${agent.sandbox}`)
  each(uncovered(old.network, agent.network, coversHost), (host) => `network ${host} in the sandbox`)
  if (old.allowHosts !== undefined && agent.allowHosts === undefined) what.push('allowHosts removed: any public host')
  else if (old.allowHosts !== undefined) {
    each(uncovered(old.allowHosts, agent.allowHosts ?? [], coversHost), (host) => `allowHosts ${host}`)
  }
  each(uncovered(agent.denyHosts, old.denyHosts, coversHost), (host) => `denyHosts ${host} removed`)
  each(added(old.subagents, agent.subagents), (id) => `may start ${id}`)
  const roots = (plan: Plan, of: AgentPlan): readonly string[] =>
    of.workspace.map((root) => `${root.access} ${meaningOf(plan, { path: root.path }).get('path')}`)
  const known = roots(before, old)
  agent.workspace.forEach((root, at) => {
    if (!known.includes(roots(after, agent)[at] ?? '')) what.push(`workspace ${root.path} (${root.access})`)
  })
  return what
}

const CLASS = {
  owner: 'owners',
  linked: 'linked people',
  'allow-listed': 'those in allowFrom',
  paired: 'paired people',
  stranger: 'strangers',
} as const

const keyOf = (one: Newcomer): string => JSON.stringify([one.agentId, one.channelId, one.sender, one.chatType])

const senders = (reaches: readonly Reach[]): ReadonlyMap<string, Reach> =>
  new Map(reaches.map((one) => [JSON.stringify([one.agentId, one.channel.id, one.sender, one.chatType]), one] as const))

/** Who newly gets into a channel by name: everyone who answers there is reached by them. */
function newcomers(old: ChannelPlan, channel: ChannelPlan): readonly string[] {
  const what: string[] = []
  if (old.allowFrom !== undefined && channel.allowFrom === undefined)
    what.push(`allowFrom of ${channel.id} removed: anyone may write`)
  else if (old.allowFrom !== undefined) {
    // The names of a link hold on every channel: who may write here are those of this one.
    const here = added(old.allowFrom, channel.allowFrom ?? []).filter((who) => who.startsWith(`${channel.id}:`))
    what.push(...here.map((who) => `${who} may write on ${channel.id}`))
  }
  if (old.groups.allow !== undefined && channel.groups.allow === undefined) what.push(`any group on ${channel.id}`)
  else if (old.groups.allow !== undefined) {
    what.push(...added(old.groups.allow, channel.groups.allow ?? []).map((group) => `group ${group} on ${channel.id}`))
  }
  return what
}

function doors(before: Plan, after: Plan): readonly string[] {
  const [was, is] = [before.gateway, after.gateway]
  const what: string[] = []
  if (LOOPBACK.has(was.host) && !LOOPBACK.has(is.host)) what.push(`gateway open to other machines (${is.host})`)
  if (was.token?.isSet === true && is.token?.isSet !== true) what.push('gateway token removed')
  what.push(...added(was.allowedOrigins, is.allowedOrigins).map((origin) => `gateway takes calls from ${origin}`))
  what.push(...added(was.allowedHosts, is.allowedHosts).map((host) => `gateway answers to ${host}`))
  what.push(...added(was.trustedProxies, is.trustedProxies).map((proxy) => `gateway believes the proxy ${proxy}`))
  what.push(...added(before.owners, after.owners).map((owner) => `new owner ${owner}`))
  return what
}

export function widenedRights(before: Plan, after: Plan): readonly Widening[] {
  const all: Widening[] = doors(before, after).map((what) => ({ agentId: '*', what }))
  for (const agent of after.agents.values()) {
    const old = before.agents.get(agent.id)
    const grown =
      old === undefined ? agent.tools.map((tool) => `new agent with tool ${tool}`) : agentRights(before, old, after, agent)
    all.push(...grown.map((what) => ({ agentId: agent.id, what })))
  }
  const known = senders(reachOf(before))
  const reaches = reachOf(after)
  for (const [key, row] of senders(reaches)) {
    if (known.has(key) || !before.agents.has(row.agentId)) continue
    all.push({ agentId: row.agentId, what: `${CLASS[row.sender]} reach it on ${row.channel.id} (${row.chatType})` })
  }
  for (const one of newlyReached(before, after)) {
    // Where a whole class is new, its members are.
    if (known.has(keyOf(one)))
      all.push({ agentId: one.agentId, what: `${one.who} reaches it on ${one.channelId} (${one.chatType})` })
  }
  for (const channel of after.channels.values()) {
    const old = before.channels.get(channel.id)
    if (old === undefined) continue
    const reached = new Set(reaches.filter((one) => one.channel === channel).map((row) => row.agentId))
    for (const what of newcomers(old, channel)) for (const agentId of reached) all.push({ agentId, what })
  }
  return all
}
