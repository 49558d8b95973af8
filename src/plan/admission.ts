// Who may reach which agent: the one answer for every door. Senders of messages, callers that name an agent, agents that start
// others; and which agent answers where none was named. Pure: limits, halts and the store of paired people are asked elsewhere.

import { groupSettings } from './group-settings.ts'
import type { ChannelPlan, Plan, RouteInput, RulePlan } from './plan.ts'
import { sessionKey } from './session-key.ts'
import { cutPrefix } from './text-match.ts'

/**
 * Owners first. `linked`: a known person. `allow-listed`: named by the channel alone. `paired`: let in by an owner's word, not
 * by the file. `stranger`: everyone else.
 */
export type SenderClass = 'owner' | 'linked' | 'allow-listed' | 'paired' | 'stranger'

/**
 * Who vouches for a sender's id. `owner`: the secret of this start. `trusted`: the gateway token. `channel`: the platform, or a
 * program with its channel's secret. `claimed`: nobody, it is what a request says.
 */
export type Vouched = 'owner' | 'trusted' | 'channel' | 'claimed'

interface Identified {
  readonly channelId: string
  readonly userId: string
}

/** Where a message comes from. `mentionsBot` absent: it counts as mentioned. */
export interface Origin extends Identified {
  readonly groupId?: string
  readonly threadId?: string
  readonly mentionsBot?: boolean
}

/** What is known of a sender besides the id. */
export interface Standing {
  /** Default: channel. */
  readonly vouched?: Vouched
  /** An owner has let this identity in with `/pair`. */
  readonly paired?: boolean
  /** The agent that the caller names. */
  readonly wish?: string
}

export const identityOf = (speaker: Identified): string => `${speaker.channelId}:${speaker.userId}`

/** The first owner's id on a channel. */
export const ownerIdOn = (plan: Pick<Plan, 'owners'>, channelId: string): string | undefined =>
  plan.owners.find((identity) => identity.startsWith(`${channelId}:`))?.slice(channelId.length + 1)

/** Whether the channel's `allowFrom` names this sender; no `allowFrom` names everyone. */
const isNamed = (channel: ChannelPlan, identity: string): boolean => channel.allowFrom?.includes(identity) ?? true

/** Whether `/pair` lets anyone in here. It holds only while the channel says so. */
export const takesPairs = (channel: ChannelPlan): boolean => channel.strangers === 'pair' && channel.allowFrom !== undefined

export function senderClass(plan: Plan, speaker: Identified, { vouched, paired = false }: Standing = {}): SenderClass {
  const identity = identityOf(speaker)
  if (vouched === 'owner' || plan.owners.includes(identity)) return 'owner'
  const channel = plan.channels.get(speaker.channelId)
  if (paired && channel !== undefined && takesPairs(channel) && !isNamed(channel, identity)) return 'paired'
  if (plan.linkOf.has(identity)) return 'linked'
  return channel?.allowFrom?.includes(identity) === true ? 'allow-listed' : 'stranger'
}

export type AdmissionCode = 'unknown_channel' | 'stranger' | 'not_addressed' | 'unknown_agent'

export type Admission =
  /** `agentId`: the agent that was named, where naming counts; absent: routing decides. */
  | { readonly admitted: true; readonly agentId?: string }
  | { readonly admitted: false; readonly code: AdmissionCode; readonly reason: string }

const ADMITTED: Admission = { admitted: true }

const refused = (code: AdmissionCode, reason: string): Admission => ({ admitted: false, code, reason })

/** Whether a caller chooses the agent by naming it: an owner, or a caller with the gateway token. For others routing decides. */
export const choosesAgent = (vouched: Vouched): boolean => vouched === 'owner' || vouched === 'trusted'

/** Whether a message gets past its channel, and to which agent where the caller may name it. */
export function admission(plan: Plan, message: Origin, standing: Standing = {}): Admission {
  const channel = plan.channels.get(message.channelId)
  if (channel === undefined) return refused('unknown_channel', `There is no channel ${message.channelId}.`)
  if (!channel.enabled) return refused('unknown_channel', `The channel ${channel.id} is switched off.`)
  const { vouched = 'channel', paired = false, wish } = standing
  const barred = vouched === 'owner' ? null : (barredSender(plan, channel, message, paired) ?? barredGroup(channel, message))
  if (barred !== null) return barred
  if (wish === undefined || !choosesAgent(vouched)) return ADMITTED
  return plan.agents.has(wish) ? { admitted: true, agentId: wish } : refused('unknown_agent', `There is no agent "${wish}".`)
}

function barredSender(plan: Plan, channel: ChannelPlan, message: Origin, paired: boolean): Admission | null {
  const identity = identityOf(message)
  if (isNamed(channel, identity) || plan.owners.includes(identity)) return null
  if (paired && takesPairs(channel)) return null
  return refused('stranger', `${identity} is not in allowFrom of the channel ${channel.id} (strangers: ${channel.strangers}).`)
}

/** The rules for groups hold for everyone but the owner's own terminal and page. */
function barredGroup(channel: ChannelPlan, { groupId, threadId, mentionsBot }: Origin): Admission | null {
  if (groupId === undefined) return null
  const { allow } = channel.groups
  const { respond } = groupSettings(channel, { groupId, threadId })
  if (respond === 'never') {
    const where = respond === channel.groups.respond ? 'in groups' : `in the group ${groupId}`
    return refused('not_addressed', `The channel ${channel.id} does not answer ${where}.`)
  }
  if (allow !== undefined && !allow.includes(groupId))
    return refused('not_addressed', `The group ${groupId} is not in groups.allow of the channel ${channel.id}.`)
  if (respond === 'mention' && mentionsBot === false)
    return refused('not_addressed', `In groups of the channel ${channel.id} the bot answers when it is mentioned.`)
  return null
}

/** So many agents may stand above a sub-agent. */
export const MAX_SPAWN_DEPTH = 3

/** Whether the last agent of a chain may start another. `chain`: who started whom, outermost first. */
export function subAgentAdmission(plan: Pick<Plan, 'agents'>, chain: readonly string[], agentId: string): Admission {
  const startable = plan.agents.get(chain.at(-1) ?? '')?.subagents ?? []
  if (!startable.includes(agentId))
    return refused('unknown_agent', `You may not start "${agentId}". You may start: ${startable.join(', ') || 'nobody'}.`)
  if (!plan.agents.has(agentId)) return refused('unknown_agent', `There is no agent "${agentId}".`)
  if (chain.length > MAX_SPAWN_DEPTH)
    return refused('unknown_agent', `Agents may start each other ${MAX_SPAWN_DEPTH} deep; this would be one more.`)
  return { admitted: true, agentId }
}

/** What an index over the rules can say; `createRouter` makes one. */
export interface Router {
  /** The winning rule; null: none matches. */
  match(input: RouteInput): RulePlan | null
}

export type Routed =
  | { readonly agentId: string; readonly sessionKey: string; readonly content: string; readonly rule: RulePlan | null }
  | { readonly agentId: null; readonly reason: string }

const NO_ROUTE = 'No rule matches and there is no routing.defaultAgent.'

/** The answer of the rule that won, or of the default agent. */
export function settle(plan: Plan, rule: RulePlan | null, input: RouteInput): Routed {
  const agentId = rule?.agentId ?? plan.defaultAgent
  if (agentId === undefined) return { agentId: null, reason: NO_ROUTE }
  const content = rule?.prefix === undefined ? input.content : cutPrefix(input.content, rule.prefix)
  return { agentId, sessionKey: sessionKey(plan, agentId, input), content, rule }
}

/** Who answers. Takes the message as admitted: `admission` and limits are asked elsewhere. */
export const routeMessage = (plan: Plan, router: Router, input: RouteInput): Routed =>
  settle(plan, plan.rules.length === 0 ? null : router.match(input), input)
