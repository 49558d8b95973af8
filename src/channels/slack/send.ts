// What is Slack's own about sending: mrkdwn, direct channels that are opened, uploads, blocks with buttons.

import type { WebClient } from '@slack/web-api'
import { approvalHead } from '../approval-buttons.ts'
import type { ChannelHealth } from '../channel-health.ts'
import { type ChatPlatform, type ChatSender, createChatSender, REPEAT_NOTE } from '../chat-sender.ts'
import { createPlatformCalls } from '../platform-calls.ts'
import { ChannelError, type ChannelHost, type OutboundFile, type ReplyTarget } from '../port.ts'
import { renderMarkdown, SLACK_MRKDWN } from '../text/markdown.ts'
import { splitRendered, splitText } from '../text/split.ts'
import { meaningOf, platformError, tokenRefused } from './errors.ts'
import { messageId, timestampOf } from './intake.ts'

const MAX_CHARS = 4000
/** A section takes 3000 characters, escapes included. */
const MAX_SECTION = 2800

const BUTTON_STYLES = { once: { style: 'primary' }, always: {}, deny: { style: 'danger' } } as const

export interface SlackSender extends ChatSender {
  /** A direct channel seen in an event. */
  learn(userId: string, channel: string): void
}

export function createSender(world: {
  readonly host: ChannelHost
  readonly web: WebClient
  readonly health: ChannelHealth
}): SlackSender {
  const { host, web, health } = world
  const refusal = (error: unknown): string => tokenRefused('botToken', platformError(error))
  const { call } = createPlatformCalls({ host, health, platform: 'Slack', meaningOf, refusal, callMs: 120_000 })
  const directs = new Map<string, string>()

  const channelOf = async (target: ReplyTarget): Promise<string> => {
    if (target.groupId !== undefined) return target.groupId
    if (target.userId === undefined) throw new ChannelError('No Slack channel to send to.', { retry: false })
    const known = directs.get(target.userId)
    if (known !== undefined) return known
    const users = target.userId
    const opened = await call(() => web.conversations.open({ users }))
    const id = opened.channel?.id
    if (id === undefined) throw new ChannelError('Slack opened no direct channel.', { retry: false })
    directs.set(target.userId, id)
    return id
  }

  const thread = (target: ReplyTarget) => (target.threadId === undefined ? {} : { thread_ts: target.threadId })

  const post = async (target: ReplyTarget, text: string, signal?: AbortSignal, blocks?: unknown[]): Promise<string> => {
    const channel = await channelOf(target)
    const message = { channel, text, ...thread(target), unfurl_links: false, unfurl_media: false }
    const more = blocks === undefined ? {} : { blocks: blocks as never }
    const sent = await call(() => web.chat.postMessage({ ...message, ...more }), { signal })
    return messageId(channel, sent.ts ?? '')
  }

  const upload = async (target: ReplyTarget, file: OutboundFile, signal: AbortSignal | undefined): Promise<string> => {
    const channel = await channelOf(target)
    const upload = { channel_id: channel, file: file.data, filename: file.name, ...thread(target) }
    const sent = await call(() => web.filesUploadV2(upload as Parameters<WebClient['filesUploadV2']>[0]), { signal })
    const { files } = sent as { files?: { files?: { id?: string }[] }[] }
    return messageId(channel, files?.[0]?.files?.[0]?.id ?? 'file')
  }

  const platform: ChatPlatform = {
    name: 'Slack',
    limits: { maxChars: MAX_CHARS, maxChunks: 12, maxFileBytes: 1_000_000_000 },
    queueOf: (target) => `${target.groupId ?? target.userId ?? ''}/${target.threadId ?? ''}`,
    chunks: (text) => splitRendered(text, MAX_CHARS, (source) => renderMarkdown(source, SLACK_MRKDWN)),
    repeatNote: `_${REPEAT_NOTE}_`,
    sendText: (target, chunk, { signal }) => post(target, chunk.rendered, signal),
    sendFiles: (target, [file], { signal }) => upload(target, file as OutboundFile, signal),
    edits: {
      intervalMs: () => 1500,
      edit: async (target, id, { rendered: text }, signal) => {
        const channel = await channelOf(target)
        await call(() => web.chat.update({ channel, ts: timestampOf(id), text }), { signal })
      },
      remove: async (target, id) => {
        const channel = await channelOf(target)
        await call(() => web.chat.delete({ channel, ts: timestampOf(id) }))
      },
    },
    approvals: {
      question(prompt) {
        const chunks = splitText(prompt.text, 1200).map((source) => ({ source, rendered: SLACK_MRKDWN.pre(source, '') }))
        const last = chunks.pop()
        if (last === undefined || last.rendered.length > MAX_SECTION) return null
        const rendered = `*${SLACK_MRKDWN.text(approvalHead(prompt))}*\n${last.rendered}`
        return [...chunks, { source: last.source, rendered }]
      },
      ask(target, { rendered: text }, buttons) {
        const elements = buttons.map((button) => ({
          type: 'button',
          text: { type: 'plain_text', text: button.label },
          action_id: `approval_${button.decision}`,
          value: button.data,
          ...BUTTON_STYLES[button.decision],
        }))
        return post(target, text, undefined, [section(text), { type: 'actions', elements }])
      },
      close: async (target, id, chunk, outcome) => {
        const channel = await channelOf(target)
        const text = `${chunk.rendered}\n_${SLACK_MRKDWN.text(outcome)}_`
        const blocks = [section(text)] as never
        await call(() => web.chat.update({ channel, ts: timestampOf(id), text, blocks }))
      },
    },
  }
  return { ...createChatSender(host, platform), learn: (userId, channel) => void directs.set(userId, channel) }
}

const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } })
