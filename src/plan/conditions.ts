// What a rule asks of a message besides ids and text: the kind of chat, a mention, roles, and `not`. Pure questions over conditions:
// does a message meet them, and does one set of conditions take every message that another takes.

import type { RouteInput, RuleConditions, RulePlan } from './plan.ts'
import { hasPrefix, type Patterns } from './text-match.ts'

/** The conditions that name ids, in the order in which they are looked at. */
export const FIELDS = ['channelId', 'userId', 'groupId', 'threadId'] as const
export type Field = (typeof FIELDS)[number]

/** All conditions, in the order in which they are looked at. */
export const CONDITIONS = [...FIELDS, 'chat', 'mentioned', 'role', 'prefix', 'pattern'] as const
export type Condition = (typeof CONDITIONS)[number]

/** Each message comes from exactly one of these. A rule for groups takes threads too: a thread is part of its group. */
type Spot = 'direct' | 'group' | 'thread'
const SPOTS: readonly Spot[] = ['direct', 'group', 'thread']
const SPOTS_OF = { direct: ['direct'], group: ['group', 'thread'], thread: ['thread'] } as const

type Origin = Pick<RouteInput, 'groupId' | 'threadId' | 'mentionsBot'>

const spotOf = ({ groupId, threadId }: Origin): Spot =>
  groupId === undefined ? 'direct' : threadId === undefined ? 'group' : 'thread'

/** What is said to the bot alone counts as a mention, and so does a message that does not say. */
export const isMentioned = ({ groupId, mentionsBot }: Origin): boolean => groupId === undefined || mentionsBot !== false

const takesSpot = (chat: NonNullable<RuleConditions['chat']>, spot: Spot): boolean =>
  (SPOTS_OF[chat] as readonly Spot[]).includes(spot)

/** Whether a message meets one condition; a condition that is not set is met. */
export function meetsCondition(name: Condition, rule: RuleConditions, input: RouteInput, patterns: Patterns): boolean {
  switch (name) {
    case 'chat':
      return rule.chat === undefined || takesSpot(rule.chat, spotOf(input))
    case 'mentioned':
      return rule.mentioned === undefined || rule.mentioned === isMentioned(input)
    case 'role':
      return rule.role === undefined || rule.role.some((role) => input.roles?.includes(role) === true)
    case 'prefix':
      return rule.prefix === undefined || hasPrefix(input.content, rule.prefix)
    case 'pattern':
      return rule.pattern === undefined || patterns.compile(rule.pattern)(input.content)
    default: {
      const expected = rule[name]
      const given = input[name]
      return expected === undefined || (given !== undefined && expected.includes(given))
    }
  }
}

/** Whether a rule asks for something that no index of ids and texts knows. */
export const hasExtras = ({ chat, mentioned, role, not }: RulePlan): boolean =>
  chat !== undefined || mentioned !== undefined || role !== undefined || not !== undefined

/** Whether a message meets what `hasExtras` speaks of. */
export const meetsExtras = (rule: RulePlan, input: RouteInput, patterns: Patterns): boolean =>
  meetsCondition('chat', rule, input, patterns) &&
  meetsCondition('mentioned', rule, input, patterns) &&
  meetsCondition('role', rule, input, patterns) &&
  (rule.not === undefined || !isExcepted(rule.not, input, patterns))

/** Whether a message is what a rule's `not` describes: all its conditions hold. */
export const isExcepted = (not: RuleConditions, input: RouteInput, patterns: Patterns): boolean =>
  CONDITIONS.every((name) => meetsCondition(name, not, input, patterns))

/** Where messages that these conditions take can come from. */
function spotsOf(rule: RuleConditions): readonly Spot[] {
  return SPOTS.filter(
    (spot) =>
      (rule.chat === undefined || takesSpot(rule.chat, spot)) &&
      (rule.groupId === undefined || spot !== 'direct') &&
      (rule.threadId === undefined || spot !== 'group') &&
      (rule.mentioned !== false || spot !== 'direct'),
  )
}

/** Whether messages of these conditions can come from a chat of this type. */
export const canBeIn = (rule: RuleConditions, chatType: 'direct' | 'group'): boolean =>
  spotsOf(rule).some((spot) => (spot === 'direct') === (chatType === 'direct'))

/** Whether no message meets both: they name other ids, other kinds of chat, or the opposite mention. */
export function areApart(one: RuleConditions, other: RuleConditions): boolean {
  const ids = FIELDS.some((field) => one[field] !== undefined && other[field]?.every((id) => !one[field]?.includes(id)) === true)
  if (ids) return true
  const spots = spotsOf(one).filter((spot) => spotsOf(other).includes(spot))
  if (spots.length === 0) return true
  return one.mentioned !== undefined && other.mentioned !== undefined && one.mentioned !== other.mentioned
}

/** Whether no message can meet the rule: its own conditions exclude each other, or its `not` takes all of them. */
export const isEmpty = (rule: RulePlan): boolean =>
  spotsOf(rule).length === 0 || (rule.not !== undefined && implies(rule, rule.not))

/** Whether every message that meets `rule` meets `wanted`, as far as it can be told. */
function implies(rule: RuleConditions, wanted: RuleConditions): boolean {
  const ids = FIELDS.every(
    (field) => wanted[field] === undefined || rule[field]?.every((id) => wanted[field]?.includes(id)) === true,
  )
  if (!ids) return false
  if (wanted.prefix !== undefined && wanted.prefix !== rule.prefix) return false
  if (wanted.pattern !== undefined && wanted.pattern !== rule.pattern) return false
  return impliesExtras(rule, wanted)
}

function impliesExtras(rule: RuleConditions, wanted: RuleConditions): boolean {
  const spots = spotsOf(rule)
  const { chat, mentioned, role } = wanted
  if (chat !== undefined && !spots.every((spot) => takesSpot(chat, spot))) return false
  if (mentioned !== undefined && rule.mentioned !== mentioned && !(mentioned && spots.every((spot) => spot === 'direct')))
    return false
  return role === undefined || rule.role?.every((one) => role.includes(one)) === true
}

/** Whether what `other` asks beyond ids and text holds of every message that `rule` takes. */
export function coversExtras(other: RulePlan, rule: RulePlan): boolean {
  if (!hasExtras(other)) return true
  if (!impliesExtras(rule, other)) return false
  if (other.not === undefined) return true
  return areApart(rule, other.not) || (rule.not !== undefined && implies(other.not, rule.not))
}

const list = (values: readonly string[]): string => (values.length > 3 ? `one of ${values.length}` : values.join(' or '))

const ID_WORDS = { channelId: 'channel', userId: 'user', groupId: 'group', threadId: 'thread' } as const

/** Conditions in words. `known`: those that go without saying. */
export function conditionWords(rule: RuleConditions, known: readonly Condition[] = []): readonly string[] {
  const words: Readonly<Record<Condition, () => string>> = {
    channelId: () => `${ID_WORDS.channelId} is ${list(rule.channelId ?? [])}`,
    userId: () => `${ID_WORDS.userId} is ${list(rule.userId ?? [])}`,
    groupId: () => `${ID_WORDS.groupId} is ${list(rule.groupId ?? [])}`,
    threadId: () => `${ID_WORDS.threadId} is ${list(rule.threadId ?? [])}`,
    chat: () => (rule.chat === 'direct' ? 'in a direct chat' : `in a ${rule.chat}`),
    mentioned: () => (rule.mentioned === true ? 'the bot is mentioned' : 'the bot is not mentioned'),
    role: () => `role is ${list(rule.role ?? [])}`,
    prefix: () => `text starts with "${rule.prefix}"`,
    pattern: () => `text matches /${rule.pattern}/`,
  }
  return CONDITIONS.filter((name) => rule[name] !== undefined && !known.includes(name)).map((name) => words[name]())
}

/** The same on one line, as `plan` names a rule. */
export function conditionTerms(rule: RuleConditions): string {
  const term = (name: Condition): string => {
    const value = rule[name]
    return value === undefined ? '' : `${name}=${Array.isArray(value) ? value.join('|') : String(value)}`
  }
  return CONDITIONS.map(term).filter(Boolean).join(' ')
}
