// Two Plans → people, groups and threads that newly reach an agent because a rule came, went or moved. What a text must be is
// no bound: anyone can type it. Looked at are those that a changed rule speaks of; nobody else goes another way.

import { admission, type SenderClass, senderClass } from './admission.ts'
import { CONDITIONS, type FIELDS, isExcepted, meetsCondition } from './conditions.ts'
import { ruleEdits } from './diff-rules.ts'
import { plainPatterns } from './plain-pattern.ts'
import type { ChatType, Plan, RulePlan } from './plan.ts'
import { byRank } from './scan.ts'
import { coversText } from './shadow.ts'

export interface Newcomer {
  readonly agentId: string
  readonly channelId: string
  readonly sender: SenderClass
  readonly chatType: ChatType
  /** In words: `user 5, 6 in group g`. */
  readonly who: string
}

/** Where a message comes from; undefined: not in a group, or not in a thread. */
interface Origin {
  readonly channelId: string
  readonly userId: string
  readonly groupId?: string
  readonly threadId?: string
  readonly mentionsBot?: boolean
  readonly roles?: readonly string[]
}

/** Stands for everybody, or every group or thread, that no rule names. */
const ANY = '\u0000any'

/** Origins looked at for one changed rule; of a rule that speaks of more, the first. */
const MOST_ORIGINS = 2_000

type Conditions = Pick<RulePlan, (typeof FIELDS)[number] | 'role'>

export function newlyReached(before: Plan, after: Plan): readonly Newcomer[] {
  const changed: Conditions[] = ruleEdits(before.rules, after.rules).map(({ rule }) => rule)
  if (before.defaultAgent !== after.defaultAgent) changed.push({})
  if (changed.length === 0) return []
  const [old, fresh] = [byRank(before.rules), byRank(after.rules)]
  const found = new Map<string, Omit<Newcomer, 'who'> & { readonly origin: Origin; readonly users: Set<string> }>()
  for (const conditions of changed) {
    let left = MOST_ORIGINS
    for (const origin of originsOf(conditions, before, after)) {
      if (left-- === 0) break
      if (!admission(after, origin).admitted) continue
      const was = admission(before, origin).admitted ? reached(before, old, origin) : new Set<string>()
      const { channelId, userId, groupId, threadId, mentionsBot, roles } = origin
      const chatType = groupId === undefined ? 'direct' : 'group'
      const sender = senderClass(after, origin)
      for (const agentId of reached(after, fresh, origin)) {
        if (was.has(agentId) || !before.agents.has(agentId)) continue
        const key = JSON.stringify([agentId, channelId, sender, groupId, threadId, mentionsBot, roles])
        const known = found.get(key)
        if (known === undefined) found.set(key, { agentId, channelId, sender, chatType, origin, users: new Set([userId]) })
        else known.users.add(userId)
      }
    }
  }
  return [...found.values()].map(({ origin, users, ...one }) => ({ ...one, who: wordsFor(users, origin) }))
}

const WITHOUT_TEXT = CONDITIONS.filter((name) => name !== 'prefix' && name !== 'pattern')

/** Agents that can answer there, by some text that no better rule takes. */
function reached(plan: Plan, ranked: readonly RulePlan[], origin: Origin): ReadonlySet<string> {
  const agents = new Set<string>()
  const better: RulePlan[] = []
  const isTaken = (rule: Pick<RulePlan, 'prefix' | 'pattern'>): boolean => better.some((other) => coversText(other, rule))
  const input = { ...origin, content: '' }
  for (const rule of ranked) {
    if (!WITHOUT_TEXT.every((name) => meetsCondition(name, rule, input, plainPatterns))) continue
    // Anyone can write a text that `not` does not speak of.
    const aboutText = rule.not?.prefix !== undefined || rule.not?.pattern !== undefined
    if (rule.not !== undefined && !aboutText && isExcepted(rule.not, input, plainPatterns)) continue
    if (!agents.has(rule.agentId) && !isTaken(rule)) agents.add(rule.agentId)
    if (aboutText) continue
    if (rule.prefix === undefined && rule.pattern === undefined) return agents
    better.push(rule)
  }
  if (plan.defaultAgent !== undefined && !isTaken({})) agents.add(plan.defaultAgent)
  return agents
}

/** Every kind of origin that meets the conditions: the ids they name, or else those known on the channel, and one for all others. */
function* originsOf(conditions: Conditions, before: Plan, after: Plan): Generator<Origin> {
  for (const channelId of conditions.channelId ?? after.channels.keys()) {
    const rules = [...before.rules, ...after.rules].filter((rule) => rule.channelId?.includes(channelId) ?? true)
    const channel = after.channels.get(channelId)
    const people = [...after.owners, ...(channel?.allowFrom ?? [])]
      .filter((identity) => identity.startsWith(`${channelId}:`))
      .map((identity) => identity.slice(channelId.length + 1))
    const known = (field: 'userId' | 'groupId' | 'threadId', more: readonly string[]): readonly string[] =>
      conditions[field] ?? [
        ...new Set([ANY, ...more, ...rules.flatMap((rule) => [...(rule[field] ?? []), ...(rule.not?.[field] ?? [])])]),
      ]
    const users = known('userId', people)
    const groups = conditions.groupId ?? [undefined, ...known('groupId', channel?.groups.allow ?? [])]
    // Where no rule speaks of threads, all are one.
    const named = known('threadId', [])
    const threads: (string | undefined)[] = [...(conditions.threadId ?? (named.length > 1 ? [undefined, ...named] : [undefined]))]
    const conditional = [...rules, ...rules.flatMap((rule) => rule.not ?? [])]
    const speaksOf = (name: 'mentioned' | 'role' | 'chat'): boolean => conditional.some((rule) => rule[name] !== undefined)
    if (speaksOf('chat') && conditions.threadId === undefined && threads.length === 1) threads.push(ANY)
    const mentions = speaksOf('mentioned') ? [true, false] : [undefined]
    const roles = speaksOf('role')
      ? (conditions.role ?? [undefined, ...new Set(conditional.flatMap((rule) => rule.role ?? []))])
      : [undefined]
    for (const groupId of groups)
      for (const threadId of threads)
        for (const mentionsBot of groupId === undefined ? [undefined] : mentions)
          for (const role of groupId === undefined ? [undefined] : roles)
            for (const userId of users)
              yield {
                channelId,
                userId,
                ...(groupId === undefined ? {} : { groupId }),
                ...(threadId === undefined ? {} : { threadId }),
                ...(mentionsBot === undefined ? {} : { mentionsBot }),
                ...(role === undefined ? {} : { roles: [role] }),
              }
  }
}

/** Names told in full; more are counted. */
const SHOWN = 3

function wordsFor(users: ReadonlySet<string>, { groupId, threadId, mentionsBot, roles }: Origin): string {
  const names = [...users].slice(0, SHOWN).join(', ')
  const more = users.size > SHOWN ? ` and ${users.size - SHOWN} more` : ''
  const user = users.has(ANY) ? 'anyone' : `user ${names}${more}`
  const group = groupId === undefined ? '' : groupId === ANY ? ' in any other group' : ` in group ${groupId}`
  const thread = threadId === undefined ? '' : threadId === ANY ? ' in any other thread' : ` in thread ${threadId}`
  const mention = mentionsBot === undefined ? '' : mentionsBot ? ', mentioning the bot' : ', not mentioning the bot'
  const role = roles === undefined ? '' : ` with role ${roles.join(', ')}`
  return user + role + group + thread + mention
}
