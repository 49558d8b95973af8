// For every channel, kind of sender and kind of chat: which agents routing can lead to, and by which rules. Nothing is tried out:
// a rule counts wherever a message could exist that it wins.

import { atOnce, type Sliced } from '../slices.ts'
import { type SenderClass, takesPairs } from './admission.ts'
import { type Condition, canBeIn, conditionWords } from './conditions.ts'
import { answersGroups, answersUnmentioned } from './group-settings.ts'
import type { ChannelPlan, ChatType, Plan, RuleConditions, RulePlan } from './plan.ts'
import { byRank } from './scan.ts'
import { type Shadowed, shadowedRules } from './shadow.ts'

/**
 * One way to an agent. `rule` null: none leads there. `when`: what a message must have, in words; '' is anything.
 * `kind`: a rule, the default agent, the caller's naming it, another agent's starting it, or its own schedule.
 */
export interface Way {
  readonly kind: 'rule' | 'default' | 'named' | 'started' | 'scheduled'
  readonly rule: { readonly index: number; readonly file: string; readonly line: number } | null
  readonly when: string
}

/** Senders of one class, in one kind of chat on one channel, who reach an agent by routing. */
export interface Reach {
  readonly channel: ChannelPlan
  readonly sender: SenderClass
  readonly chatType: ChatType
  readonly agentId: string
  readonly ways: readonly Way[]
}

const SENDERS: readonly SenderClass[] = ['stranger', 'paired', 'allow-listed', 'linked', 'owner']

export const CHAT_TYPES: readonly ChatType[] = ['direct', 'group']

/** What the channel says of all messages from there that are answered. */
const placeOn = (channel: ChannelPlan, chatType: ChatType): Place => ({
  channelId: channel.id,
  chatType,
  served: channel.groups.allow,
  mentioned: chatType === 'direct' || !answersUnmentioned(channel),
})

/** User ids on one channel by class. `named`: all ids that the file lets in; null: everyone. */
interface Members {
  readonly ids: Readonly<Record<'owner' | 'linked' | 'allow-listed', ReadonlySet<string>>>
  readonly named: ReadonlySet<string> | null
  readonly pairs: boolean
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
  return { ids: { owner, linked, 'allow-listed': listed }, named, pairs: takesPairs(channel) }
}

/** Whether the channel lets anyone of the class in. */
function isThere(sender: SenderClass, { ids, named, pairs }: Members): boolean {
  if (sender === 'stranger') return named === null
  return sender === 'paired' ? pairs : ids[sender].size > 0
}

/** The classes of senders whom the file lets in on a channel. */
export function sendersOn(plan: Plan, channel: ChannelPlan): readonly SenderClass[] {
  const members = membersOf(plan, channel)
  return SENDERS.filter((sender) => isThere(sender, members))
}

/** Whether some sender of the class can meet the rule's `userId`; `all`: whether every one does. */
function meetsUser(rule: RuleConditions, sender: SenderClass, { ids, named }: Members): { some: boolean; all: boolean } {
  const expected = rule.userId
  if (expected === undefined) return { some: true, all: true }
  if (sender === 'stranger') return { some: expected.some((id) => !ids.owner.has(id) && !ids.linked.has(id)), all: false }
  if (sender === 'paired') return { some: expected.some((id) => !ids.owner.has(id) && named?.has(id) !== true), all: false }
  const members = [...ids[sender]]
  return { some: members.some((id) => expected.includes(id)), all: members.every((id) => expected.includes(id)) }
}

/** What is known of all messages of some senders in one kind of chat on one channel. */
interface Place {
  readonly channelId: string
  readonly chatType: ChatType
  /** Group ids served; absent: all. */
  readonly served: readonly string[] | undefined
  /** Every message that is answered mentions the bot. */
  readonly mentioned: boolean
}

/** Whether messages from there can meet conditions, and which of these go without saying there. */
function fits(rule: RuleConditions, at: Place, allUsers: boolean): { some: boolean; known: readonly Condition[] } {
  const never = { some: false, known: [] }
  if (rule.channelId?.includes(at.channelId) === false || !canBeIn(rule, at.chatType)) return never
  if (at.chatType === 'group' && rule.groupId !== undefined && at.served !== undefined) {
    if (!rule.groupId.some((id) => at.served?.includes(id))) return never
  }
  if (at.mentioned && rule.mentioned === false) return never
  const known: Condition[] = ['channelId']
  if (allUsers) known.push('userId')
  if (rule.chat !== 'thread') known.push('chat')
  if (at.mentioned) known.push('mentioned')
  return { some: true, known }
}

/** The ways that some senders have, by agent, in rank order. `meets`: whether some and whether all of them fit a rule's users. */
function waysOf(
  plan: Plan,
  rules: readonly RulePlan[],
  at: Place,
  meets: (rule: RuleConditions) => { some: boolean; all: boolean },
): Map<string, Way[]> {
  const ways = new Map<string, Way[]>()
  const add = (agentId: string, way: Way): void => {
    const list = ways.get(agentId)
    if (list === undefined) ways.set(agentId, [way])
    else list.push(way)
  }
  for (const rule of rules) {
    const user = meets(rule)
    const fit = fits(rule, at, user.all)
    if (!user.some || !fit.some) continue
    const words = [...conditionWords(rule, fit.known)]
    if (rule.not !== undefined) {
      const excepted = meets(rule.not)
      const exception = fits(rule.not, at, excepted.all)
      if (excepted.some && exception.some) {
        const left = conditionWords(rule.not, exception.known)
        // All that can come from there is excepted.
        if (left.length === 0) continue
        words.push(`not (${left.join(', ')})`)
      }
    }
    const when = words.join(', ')
    add(rule.agentId, { kind: 'rule', rule: { index: rule.index, file: rule.place.file, line: rule.place.line }, when })
    if (when === '') return ways
  }
  if (plan.defaultAgent !== undefined) add(plan.defaultAgent, { kind: 'default', rule: null, when: '' })
  return ways
}

/** Rules that can win on a channel, by rank. */
export type RulesOn = (channel: ChannelPlan) => readonly RulePlan[]

export function livingRules(plan: Plan, shadowed: readonly Shadowed[]): RulesOn {
  const dead = new Set(shadowed.map(({ rule }) => rule))
  const living = byRank(plan.rules).filter((rule) => !dead.has(rule))
  const isGeneral = living.every((rule) => rule.channelId === undefined)
  return (channel) => (isGeneral ? living : living.filter((rule) => rule.channelId?.includes(channel.id) ?? true))
}

/** Everyone whom the file lets in, by what they are on each channel. */
export function* findReach(plan: Plan, rulesOn: RulesOn): Sliced<readonly Reach[]> {
  const reaches: Reach[] = []
  for (const channel of plan.channels.values()) {
    if (!channel.enabled) continue
    const rules = rulesOn(channel)
    const members = membersOf(plan, channel)
    for (const sender of SENDERS) {
      if (!isThere(sender, members)) continue
      for (const chatType of CHAT_TYPES) {
        yield
        if (chatType === 'group' && !answersGroups(channel)) continue
        const ways = waysOf(plan, rules, placeOn(channel, chatType), (rule) => meetsUser(rule, sender, members))
        for (const [agentId, way] of ways)
          if (plan.agents.has(agentId)) reaches.push({ channel, sender, chatType, agentId, ways: way })
      }
    }
  }
  return reaches
}

/** Who speaks under any name and in any group, as the owner's terminal and page may: the agents that some message leads to. */
export function reachAsAnyone(
  plan: Plan,
  channel: ChannelPlan,
  rules: readonly RulePlan[],
  chatType: ChatType,
): ReadonlyMap<string, readonly Way[]> {
  const anywhere: Place = { channelId: channel.id, chatType, served: undefined, mentioned: chatType === 'direct' }
  return waysOf(plan, rules, anywhere, ({ userId }) => ({ some: true, all: userId === undefined }))
}

/** The same at once. */
export const reachOf = (plan: Plan): readonly Reach[] => atOnce(findReach(plan, livingRules(plan, shadowedRules(plan.rules))))
