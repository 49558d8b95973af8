// A Slack message event in, the engine's message out.

import type { Plan } from '../../plan/plan.ts'
import { cleanName } from '../../text-cut.ts'
import { isCommandFor } from '../commands.ts'
import type { InboundMessage } from '../port.ts'

export interface SlackFile {
  readonly name?: string
  readonly mimetype?: string
  readonly size?: number
  readonly url_private_download?: string
  readonly url_private?: string
}

/** The fields of a message that matter, in events and in history. */
export interface SlackMessage {
  readonly type?: string
  readonly subtype?: string
  readonly channel?: string
  readonly user?: string
  readonly bot_id?: string
  readonly text?: string
  readonly ts?: string
  readonly thread_ts?: string
  readonly parent_user_id?: string
  readonly files?: readonly SlackFile[]
}

export interface Self {
  readonly userId: string
  readonly botId?: string
}

export interface Intake {
  readonly message: InboundMessage
  readonly files: readonly SlackFile[]
}

/** Subtypes people write by hand; joins, edits, deletions and bots are others. */
const SPOKEN = new Set([undefined, 'file_share', 'thread_broadcast', 'me_message'])

/** Timestamps are unique in a channel only, so the channel is part of our ids. */
export const messageId = (channel: string, ts: string): string => `${channel}/${ts}`
export const timestampOf = (id: string): string => id.slice(id.lastIndexOf('/') + 1)
export const isDirect = (channel: string): boolean => channel.startsWith('D')

/** Where a message belongs: its thread when it is in one, else its channel. */
export const conversationOf = (message: SlackMessage): string =>
  message.thread_ts !== undefined && message.thread_ts !== message.ts
    ? `${message.channel}/${message.thread_ts}`
    : String(message.channel)

/** null: a bot's or a system message. */
export function readMessage(message: SlackMessage, self: Self, plan: Plan, channelId: string): Intake | null {
  const { channel, user, ts } = message
  if (channel === undefined || user === undefined || ts === undefined || !/^\d+\.\d+$/.test(ts)) return null
  if (message.bot_id !== undefined || user === self.userId || !SPOKEN.has(message.subtype)) return null
  const { text, mentioned } = readText(message.text ?? '', self.userId)
  const files = message.files ?? []
  if (text === '' && files.length === 0) return null
  const content = text !== '' ? text : files.map((file) => `[file ${cleanName(file.name ?? '')}]`).join(' ')
  const inThread = message.thread_ts !== undefined && message.thread_ts !== ts
  const direct = isDirect(channel)
  return {
    files,
    message: {
      channelId,
      userId: user,
      ...(direct ? {} : { groupId: channel }),
      ...(inThread ? { threadId: message.thread_ts as string } : {}),
      messageId: messageId(channel, ts),
      content,
      timestamp: new Date(Number(ts) * 1000).toISOString(),
      ...(direct
        ? {}
        : { mentionsBot: mentioned || message.parent_user_id === self.userId || isCommandFor(plan, channelId, content) }),
    },
  }
}

/** Slack's escapes undone, links made readable, the bot's own name cut. */
export function readText(raw: string, selfId: string): { text: string; mentioned: boolean } {
  const own = new RegExp(`<@${selfId}(\\|[^>]*)?>`, 'g')
  const mentioned = own.test(raw)
  const named = raw
    .replace(own, '\u0000')
    .replace(/^\s*\0[\s,:;–—-]*/u, '')
    .replace(/\s*\0(?=[\s,.;:!?]|$)/gu, '')
    .replace(/\0/gu, '')
    .replace(/<#([A-Z0-9]+)\|([^>]*)>/g, '#$2')
    .replace(/<(?!@|#|!)([^|>]+)\|([^>]+)>/g, (_, href: string, label: string) => (label === href ? href : `${label} (${href})`))
    .replace(/<(?!@|#|!)([^|>]+)>/g, '$1')
  return { text: named.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&').trim(), mentioned }
}

export interface SlashPayload {
  readonly command?: string
  readonly text?: string
  readonly user_id?: string
  readonly channel_id?: string
  readonly trigger_id?: string
}

/** A slash command as the text a person would have typed. */
export function readCommand(payload: SlashPayload, channelId: string): InboundMessage | null {
  const { command, user_id: user, channel_id: channel } = payload
  if (command === undefined || user === undefined || channel === undefined) return null
  return {
    channelId,
    userId: user,
    ...(isDirect(channel) ? {} : { groupId: channel, mentionsBot: true }),
    ...(payload.trigger_id === undefined ? {} : { messageId: `command/${payload.trigger_id}` }),
    content: `${command} ${payload.text ?? ''}`.trim(),
  }
}
