// Who a sender is to the bot, and whether a channel lets a message in at all. Pure: pairing and limits come on top of it.

import type { ChannelPlan, Plan } from './plan.ts'

/** Owners first; `linked` is a known person, `allow-listed` is named by the channel alone. */
export type SenderClass = 'owner' | 'linked' | 'allow-listed' | 'stranger'

export const identityOf = (speaker: { readonly channelId: string; readonly userId: string }): string =>
  `${speaker.channelId}:${speaker.userId}`

/** The first owner's id on a channel. */
export const ownerIdOn = (plan: Pick<Plan, 'owners'>, channelId: string): string | undefined =>
  plan.owners.find((identity) => identity.startsWith(`${channelId}:`))?.slice(channelId.length + 1)

/** Whether the channel's `allowFrom` names this sender; no `allowFrom` names everyone. */
const isNamed = (channel: ChannelPlan, identity: string): boolean => channel.allowFrom?.includes(identity) ?? true

export function senderClass(plan: Plan, speaker: { readonly channelId: string; readonly userId: string }): SenderClass {
  const identity = identityOf(speaker)
  if (plan.owners.includes(identity)) return 'owner'
  if (plan.linkOf.has(identity)) return 'linked'
  return plan.channels.get(speaker.channelId)?.allowFrom?.includes(identity) === true ? 'allow-listed' : 'stranger'
}

export type Admission =
  | { readonly admitted: true }
  | { readonly admitted: false; readonly code: 'unknown_channel' | 'stranger' | 'not_addressed'; readonly reason: string }

const refused = (code: 'unknown_channel' | 'stranger' | 'not_addressed', reason: string): Admission => ({
  admitted: false,
  code,
  reason,
})

/** Whether a message gets past its channel. An owner always may write; `mentionsBot` absent counts as mentioned. */
export function admission(
  plan: Plan,
  message: { readonly channelId: string; readonly userId: string; readonly groupId?: string; readonly mentionsBot?: boolean },
): Admission {
  const channel = plan.channels.get(message.channelId)
  if (channel === undefined) return refused('unknown_channel', `There is no channel ${message.channelId}.`)
  if (!channel.enabled) return refused('unknown_channel', `The channel ${channel.id} is switched off.`)
  const identity = identityOf(message)
  if (!isNamed(channel, identity) && !plan.owners.includes(identity)) {
    return refused('stranger', `${identity} is not in allowFrom of the channel ${channel.id} (strangers: ${channel.strangers}).`)
  }
  if (message.groupId === undefined) return { admitted: true }
  const { respond, allow } = channel.groups
  if (respond === 'never') return refused('not_addressed', `The channel ${channel.id} does not answer in groups.`)
  if (allow !== undefined && !allow.includes(message.groupId)) {
    return refused('not_addressed', `The group ${message.groupId} is not in groups.allow of the channel ${channel.id}.`)
  }
  if (respond === 'mention' && message.mentionsBot === false) {
    return refused('not_addressed', `In groups of the channel ${channel.id} the bot answers when it is mentioned.`)
  }
  return { admitted: true }
}
