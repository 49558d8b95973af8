// A channel and a chat in, how the bot behaves in that group out: the channel's settings, over them those of the group, over them
// those of the thread.

import type { ChannelPlan, GroupSettings } from './plan.ts'

interface Chat {
  readonly groupId?: string | undefined
  readonly threadId?: string | undefined
}

export function groupSettings({ groups }: Pick<ChannelPlan, 'groups'>, { groupId, threadId }: Chat): GroupSettings {
  const { named } = groups
  if (named === undefined) return groups
  const ofGroup = groupId === undefined ? undefined : named[groupId]
  const ofThread = threadId === undefined ? undefined : named[threadId]
  if (ofGroup === undefined && ofThread === undefined) return groups
  const { allow: _, named: __, ...common } = groups
  return { ...common, ...ofGroup, ...ofThread }
}

/** The settings that hold in some group of the channel. */
const allSettings = ({ groups }: Pick<ChannelPlan, 'groups'>): readonly Pick<GroupSettings, 'respond'>[] => [
  groups,
  ...Object.values(groups.named ?? {}).map((one) => ({ respond: one.respond ?? groups.respond })),
]

/** Whether a message from some group of the channel is answered. */
export const answersGroups = (channel: Pick<ChannelPlan, 'groups'>): boolean =>
  channel.groups.allow?.length !== 0 && allSettings(channel).some(({ respond }) => respond !== 'never')

/** Whether some group's messages are answered without a mention. */
export const answersUnmentioned = (channel: Pick<ChannelPlan, 'groups'>): boolean =>
  allSettings(channel).some(({ respond }) => respond === 'always')
