// A sender in, admitted or not out: by `allowFrom`, owners, pairing and the group rules of the channel. Pure over the plan.

import type { InboundMessage } from '../channels/port.ts'
import type { ChannelPlan, Plan } from '../plan/plan.ts'

export type Admission = { readonly kind: 'admitted' } | { readonly kind: 'not_addressed'; readonly reason: string } | { readonly kind: 'stranger'; readonly answer: 'ignore' | 'refuse' | 'pair' }

export const identityOf = (channelId: string, userId: string): string => `${channelId}:${userId}`

/** Whether the identity is one of these, itself or by a link. */
export function isAmong(plan: Plan, identity: string, identities: readonly string[]): boolean {
  if (identities.includes(identity)) return true
  const link = plan.linkOf.get(identity)
  return link !== undefined && identities.some((one) => one === link || plan.linkOf.get(one) === link)
}

export const isOwner = (plan: Plan, identity: string): boolean => isAmong(plan, identity, plan.owners)

/** Whether a message is for the bot and its sender may write. `paired`: identities an owner let in by a code. */
export function admit(plan: Plan, channel: ChannelPlan, message: InboundMessage, paired: (identity: string) => boolean): Admission {
  if (message.groupId !== undefined) {
    const { respond, allow } = channel.groups
    if (allow !== undefined && !allow.includes(message.groupId)) return { kind: 'not_addressed', reason: `group ${message.groupId} is not served` }
    if (respond === 'never') return { kind: 'not_addressed', reason: 'groups are not answered on this channel' }
    if (respond === 'mention' && message.mentionsBot === false) return { kind: 'not_addressed', reason: 'the bot was not mentioned' }
  }
  if (channel.allowFrom === undefined) return { kind: 'admitted' }
  const identity = identityOf(channel.id, message.userId)
  if (isAmong(plan, identity, channel.allowFrom) || isOwner(plan, identity) || paired(identity)) return { kind: 'admitted' }
  return { kind: 'stranger', answer: channel.strangers }
}
