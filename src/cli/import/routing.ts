// Bindings → routing rules. What is more specific there stands higher here.

import type { Agents } from './agents.ts'
import type { Channels } from './channels.ts'
import type { Cursor } from './source.ts'

type Rule = Record<string, unknown>

export function readRules(root: Cursor, agents: Agents, channels: Channels): Rule[] {
  return root
    .at('bindings')
    .items()
    .flatMap((binding) => {
      const rule = readBinding(binding, agents, channels)
      return rule === null ? [] : [rule]
    })
}

function readBinding(binding: Cursor, agents: Agents, channels: Channels): Rule | null {
  const type = binding.at('type').text() ?? 'route'
  if (type !== 'route') {
    binding.drop(`there are no bindings of type "${type}"`)
    return null
  }
  const match = binding.at('match')
  const wanted = binding.at('agentId').text() ?? ''
  const agentId = agents.ids.get(wanted)
  if (agentId === undefined) {
    binding.drop(`there is no agent "${wanted}"`)
    return null
  }
  const channel = match.at('channel').text() ?? ''
  const account = match.at('accountId').text()
  const ids = channels.ids(channel, account)
  if (ids.length === 0) {
    binding.drop(`there is no channel for ${channel}${account === undefined ? '' : ` (account ${account})`}`)
    return null
  }
  const team = match.at('teamId')
  if (team.exists) team.drop('a Slack app is a channel of its own, so its workspace needs no condition')
  const { place, rank } = readPeer(match, channel)
  const priority = rank > 0 ? rank : account !== undefined && account !== '*' ? 10 : 0
  return {
    ...(priority === 0 ? {} : { priority }),
    channelId: ids.length === 1 ? ids[0] : ids,
    ...place,
    agentId,
  }
}

/** Who or where, and how specific that is. */
function readPeer(match: Cursor, channel: string): { place: Rule; rank: number } {
  const guild = match.at('guildId').text()
  const peer = match.at('peer')
  const kind = peer.at('kind').text()
  const rawId = peer.at('id').raw
  peer.at('id').use()
  const place: Rule = guild === undefined ? {} : { groupId: guild }
  if (rawId === undefined || rawId === null || String(rawId) === '*') {
    if (kind !== undefined) peer.note('changed', `"any ${kind}" has no counterpart; the rule holds for direct chats and groups`)
    return { place, rank: guild === undefined ? 0 : 30 }
  }
  const id = String(rawId).replace(/^(?:tg|telegram|discord|slack|user|channel|group):/i, '')
  if (kind === 'dm' || kind === 'direct') return { place: { ...place, userId: id }, rank: 40 }
  const [, group, topic] = /^(.+?):topic:(.+)$/.exec(id) ?? []
  if (group !== undefined && topic !== undefined) return { place: { groupId: group, threadId: topic }, rank: 40 }
  // On Discord the group is the guild, and what OpenClaw calls a channel is a thread of it.
  return { place: channel === 'discord' ? { ...place, threadId: id } : { ...place, groupId: id }, rank: 40 }
}
