// Bodies and frames in, messages for the engine out, every field checked. @throws RequestProblem naming the field.

import type { InboundMessage } from '../channels/port.ts'
import { channelBehind } from '../plan/doors.ts'
import type { ChannelPlan, Plan } from '../plan/plan.ts'
import type { Random } from '../ports.ts'
import { id, optionalBoolean, optionalId, optionalMedia, optionalTimestamp, text } from './fields.ts'
import { RequestProblem } from './replies.ts'

export type Identified = InboundMessage & { readonly messageId: string }

/** The channel if one of these doors leads to it. @throws RequestProblem */
export function gatewayChannel(plan: Plan, channelId: string, doors: Parameters<typeof channelBehind>[2]): ChannelPlan {
  const channel = channelBehind(plan, channelId, doors)
  if ('reason' in channel) throw new RequestProblem(404, 'unknown_channel', channel.reason)
  return channel
}

/** Where the page chats: the channel that is named like its type, else the first of that type; null: it only watches. */
export function pageChannel(plan: Plan): ChannelPlan | null {
  const on = [...plan.channels.values()].filter((channel) => channel.enabled && channel.type === 'webchat')
  return on.find((channel) => channel.id === 'webchat') ?? on[0] ?? null
}

/** The body of `POST /chat`. */
export function chatMessage(body: Readonly<Record<string, unknown>>, plan: Plan, random: Random): Identified {
  const userId = id(body, 'user_id')
  const content = text(body, 'message')
  const channelId = optionalId(body, 'channel_id') ?? 'http'
  const groupId = optionalId(body, 'group_id')
  const threadId = optionalId(body, 'thread_id')
  const messageId = optionalId(body, 'message_id') ?? random.id()
  gatewayChannel(plan, channelId, ['/chat'])
  return {
    channelId,
    userId,
    content,
    messageId,
    ...(groupId === undefined ? {} : { groupId }),
    ...(threadId === undefined ? {} : { threadId }),
    // Who writes to the gateway means the bot: there is nobody else here.
    mentionsBot: true,
  }
}

/** The data of an `inbound_message` frame on a connection that said `hello` as `channelId`. */
export function frameMessage(data: Readonly<Record<string, unknown>>, channelId: string, random: Random): Identified {
  const named = optionalId(data, 'channelId')
  if (named !== undefined && named !== channelId) {
    throw new RequestProblem(403, 'wrong_channel', `This connection said hello as "${channelId}"; it can't speak for "${named}".`)
  }
  const media = optionalMedia(data, 'media')
  const userId = id(data, 'userId')
  const content = media !== undefined && media.length > 0 && (data['content'] ?? '') === '' ? '' : text(data, 'content')
  const groupId = optionalId(data, 'groupId')
  const threadId = optionalId(data, 'threadId')
  const timestamp = optionalTimestamp(data, 'timestamp')
  const displayName = optionalId(data, 'displayName')
  const quoted = quotedText(data)
  return {
    channelId,
    userId,
    content,
    messageId: optionalId(data, 'messageId') ?? random.id(),
    mentionsBot: optionalBoolean(data, 'mentionsBot') ?? true,
    ...(groupId === undefined ? {} : { groupId }),
    ...(threadId === undefined ? {} : { threadId }),
    ...(timestamp === undefined ? {} : { timestamp }),
    ...(displayName === undefined ? {} : { displayName }),
    ...(media === undefined ? {} : { media }),
    ...(quoted === undefined ? {} : { quoted }),
  }
}

function quotedText(data: Readonly<Record<string, unknown>>): InboundMessage['quoted'] {
  const value = data['quoted']
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'object') throw new RequestProblem(400, 'invalid_field', '"quoted" must be an object.')
  const fields = value as Readonly<Record<string, unknown>>
  const userId = optionalId(fields, 'userId')
  return { content: text(fields, 'content'), ...(userId === undefined ? {} : { userId }) }
}
