// What is LINE's own about sending: the free reply to a fresh message, pushes under a retry key, buttons as quick replies.

import { createHash } from 'node:crypto'
import { approvalHead } from '../approval-buttons.ts'
import type { ChannelHealth } from '../channel-health.ts'
import { type ChatPlatform, type ChatSender, createChatSender, type SendOptions } from '../chat-sender.ts'
import { type JsonApi, JsonApiError } from '../json-api.ts'
import { ChannelError, type ChannelHost, type ReplyTarget } from '../port.ts'
import { PLAIN, renderMarkdown } from '../text/markdown.ts'
import { splitRendered, splitText } from '../text/split.ts'

const MAX_CHARS = 5000
/** A token is good for about a minute, and for one call. */
const TOKEN_MS = 50_000
const KEEP = 500

export interface LineSender extends ChatSender {
  /** A message that may be replied to without a push. */
  learn(messageId: string, replyToken: string): void
}

export function createSender(world: {
  readonly host: ChannelHost
  readonly api: JsonApi
  readonly health: ChannelHealth
}): LineSender {
  const { host, api } = world
  const tokens = new Map<string, { readonly token: string; readonly at: number }>()

  const tokenFor = (replyTo: string | undefined): string | undefined => {
    const known = tokens.get(replyTo ?? '')
    tokens.delete(replyTo ?? '')
    return known !== undefined && host.clock.now() - known.at < TOKEN_MS ? known.token : undefined
  }

  const push = async (to: string, messages: readonly object[], { key, signal }: SendOptions): Promise<string> => {
    const headers = key === undefined ? {} : { 'x-line-retry-key': uuidOf(key) }
    try {
      const sent = await api.call<{ sentMessages?: { id: string }[] }>('/v2/bot/message/push', {
        json: { to, messages },
        headers,
        signal,
      })
      return sent.sentMessages?.[0]?.id ?? ''
    } catch (error) {
      // It was taken by an earlier attempt.
      if (error instanceof ChannelError && error.cause instanceof JsonApiError && error.cause.status === 409) return ''
      throw error
    }
  }

  const send = async (target: ReplyTarget, messages: readonly object[], options: SendOptions): Promise<string> => {
    const to = target.groupId ?? target.userId
    if (to === undefined) throw new ChannelError('No LINE chat to send to.', { retry: false })
    const replyToken = options.first ? tokenFor(target.replyTo) : undefined
    if (replyToken === undefined) return push(to, messages, options)
    try {
      const json = { replyToken, messages }
      const sent = await api.call<{ sentMessages?: { id: string }[] }>('/v2/bot/message/reply', { json, signal: options.signal })
      return sent.sentMessages?.[0]?.id ?? ''
    } catch (error) {
      // The token is used or too old: the message goes as a push, which counts.
      if (error instanceof ChannelError && error.cause instanceof JsonApiError && error.cause.status === 400)
        return push(to, messages, options)
      throw error
    }
  }

  const platform: ChatPlatform = {
    name: 'LINE',
    limits: { maxChars: MAX_CHARS, maxChunks: 10, maxFileBytes: 0 },
    queueOf: (target) => target.groupId ?? target.userId ?? '',
    chunks: (text) => splitRendered(text, MAX_CHARS, (source) => renderMarkdown(source, PLAIN)),
    sendText: (target, { rendered: text }, options) => send(target, [{ type: 'text', text }], options),
    approvals: {
      question(prompt) {
        const chunks = splitText(prompt.text, 4000).map((source) => ({ source, rendered: source }))
        const last = chunks.pop()
        if (last === undefined) return null
        return [...chunks, { source: last.source, rendered: `${approvalHead(prompt)}\n${last.rendered}` }]
      },
      ask(target, { rendered: text }, buttons) {
        const items = buttons.map(({ label, data }) => ({
          type: 'action',
          action: { type: 'postback', label, data, displayText: label },
        }))
        return send(target, [{ type: 'text', text, quickReply: { items } }], { first: false, key: host.random.id() })
      },
    },
    typing: {
      lastsMs: 18_000,
      keyOf: (target) => (target.groupId === undefined ? target.userId : undefined),
      show: (target) => api.call('/v2/bot/chat/loading/start', { json: { chatId: target.userId, loadingSeconds: 20 } }),
    },
  }
  return {
    ...createChatSender(host, platform),
    learn(messageId, token) {
      tokens.set(messageId, { token, at: host.clock.now() })
      if (tokens.size > KEEP) tokens.delete(tokens.keys().next().value as string)
    },
  }
}

/** The platform wants a UUID; the same for every attempt. */
function uuidOf(key: string): string {
  const hex = createHash('sha256').update(key).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
