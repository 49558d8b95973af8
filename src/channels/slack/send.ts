// Replies on their way to Slack: mrkdwn, parts, files, a message that grows, approvals as buttons.

import type { WebClient } from '@slack/web-api'
import { messageOf } from '../../errors.ts'
import { approvalHead, buttonsOf, createShown } from '../approvals.ts'
import { sleep } from '../backoff.ts'
import { createChains } from '../chain.ts'
import { createEditStream } from '../edit-stream.ts'
import { createPartSender, REPEAT_NOTE, RefusedError, UnsureError } from '../parts.ts'
import type { ApprovalPrompt, ChannelHost, OutboundMessage, ReplyStream, ReplyTarget, SendContext, SendResult } from '../port.ts'
import { ChannelError } from '../port.ts'
import type { Standing } from '../standing.ts'
import { renderMarkdown, SLACK_MRKDWN } from '../text/markdown.ts'
import { clampText, splitRendered, splitText } from '../text/split.ts'
import { messageId, timestampOf } from './intake.ts'

const MAX_CHARS = 4000
const MOST_PARTS = 12
const WAIT_HERE_MS = 15_000

/** What Slack says is wrong with the credentials. */
export const AUTH_ERRORS = new Set([
  'invalid_auth',
  'not_authed',
  'account_inactive',
  'token_revoked',
  'token_expired',
  'not_allowed_token_type',
])
export const tokenRefused = (which: 'botToken' | 'appToken', word: string | null): string =>
  `Slack refused the ${which} (${word}). Check it at api.slack.com/apps.`

const PASSING = new Set([
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'ratelimited',
  'rate_limited',
  'team_added_to_org',
])

interface SlackFault {
  readonly code?: string
  readonly data?: { readonly error?: string }
  readonly retryAfter?: number
  readonly statusCode?: number
  readonly original?: { readonly code?: string; readonly cause?: { readonly code?: string } }
}

/** Slack's word for an error of the platform, or null. Some of the client's errors are nothing at all. */
export const platformError = (error: unknown): string | null => (error as SlackFault | undefined)?.data?.error ?? null

export function toChannelError(error: unknown): ChannelError {
  if (error instanceof ChannelError) return error
  const fault = (error ?? {}) as SlackFault
  if (fault.retryAfter !== undefined)
    return new ChannelError('Slack asks to wait.', { retry: true, retryAfterMs: fault.retryAfter * 1000, cause: error })
  if (fault.statusCode !== undefined)
    return new ChannelError(`Slack has trouble (${fault.statusCode}).`, { retry: fault.statusCode >= 500, cause: error })
  const word = platformError(error)
  if (word !== null) {
    if (AUTH_ERRORS.has(word)) return new RefusedError('Slack', error)
    return new ChannelError(`Slack refused: ${word}`, { retry: PASSING.has(word), cause: error })
  }
  const reason = fault.original?.cause?.code ?? fault.original?.code
  const words = 'Slack could not be reached.'
  return reason === 'ECONNREFUSED' || reason === 'ENOTFOUND' || reason === 'EAI_AGAIN'
    ? new ChannelError(words, { retry: true, notSent: true, cause: error })
    : new UnsureError(words, error)
}

interface SenderWorld {
  readonly host: ChannelHost
  readonly web: WebClient
  readonly standing: Standing
}

/** Waits out short rate limits; longer ones are left to the engine's outbox. */
async function call<T>({ host, standing }: SenderWorld, make: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      const answer = await make()
      standing.taken()
      return answer
    } catch (error) {
      const failed = toChannelError(error)
      if (failed instanceof RefusedError) standing.refused(tokenRefused('botToken', platformError(error)))
      if (failed.retryAfterMs === undefined || failed.retryAfterMs > WAIT_HERE_MS || attempt >= 3) throw failed
      await sleep(host.clock, failed.retryAfterMs, signal)
      if (signal?.aborted === true) throw failed
    }
  }
}

type Job = { readonly text: string } | { readonly data: Buffer; readonly name: string }

export function createSender(world: SenderWorld) {
  const { host, web } = world
  const chains = createChains()
  const parts = createPartSender()
  const directs = new Map<string, string>()
  const render = (text: string): string[] =>
    splitRendered(text, MAX_CHARS, (source) => renderMarkdown(source, SLACK_MRKDWN)).map((part) => part.rendered)

  const channelOf = async (target: ReplyTarget): Promise<string> => {
    if (target.groupId !== undefined) return target.groupId
    if (target.userId === undefined) throw new ChannelError('No Slack channel to send to.', { retry: false })
    const known = directs.get(target.userId)
    if (known !== undefined) return known
    const opened = await call(world, () => web.conversations.open({ users: target.userId as string }))
    const id = opened.channel?.id
    if (id === undefined) throw new ChannelError('Slack opened no direct channel.', { retry: false })
    directs.set(target.userId, id)
    return id
  }

  const thread = (target: ReplyTarget) => (target.threadId === undefined ? {} : { thread_ts: target.threadId })

  const post = async (target: ReplyTarget, text: string, blocks?: unknown[], signal?: AbortSignal): Promise<string> => {
    const channel = await channelOf(target)
    const more = blocks === undefined ? {} : { blocks: blocks as never }
    const sent = await call(
      world,
      () => web.chat.postMessage({ channel, text, ...thread(target), unfurl_links: false, unfurl_media: false, ...more }),
      signal,
    )
    return messageId(channel, sent.ts ?? '')
  }

  const upload = async (target: ReplyTarget, data: Buffer, name: string, signal: AbortSignal): Promise<string> => {
    const channel = await channelOf(target)
    const sent = await call(
      world,
      () =>
        web.filesUploadV2({ channel_id: channel, file: data, filename: name, ...thread(target) } as Parameters<
          WebClient['filesUploadV2']
        >[0]),
      signal,
    )
    const file = (sent as { files?: { files?: { id?: string }[] }[] }).files?.[0]?.files?.[0]?.id
    return messageId(channel, file ?? 'file')
  }

  const jobsOf = (message: OutboundMessage): Job[] => {
    const { text, cut } = clampText(message.content, MAX_CHARS, MOST_PARTS)
    const texts = render(text)
    const jobs: Job[] = (cut ? texts.slice(0, 1) : texts).map((part) => ({ text: part }))
    if (cut) jobs.push({ data: Buffer.from(message.content), name: 'answer.md' })
    for (const file of message.media ?? [])
      if (file.data !== undefined) jobs.push({ data: Buffer.from(file.data, 'base64'), name: file.name ?? 'file' })
    return jobs
  }

  const send = (message: OutboundMessage, context: SendContext): Promise<SendResult> =>
    chains.run(keyOf(message), () =>
      parts.sendAll(jobsOf(message), context, (job, _index, unsure) =>
        'text' in job
          ? post(message, unsure ? `_${REPEAT_NOTE}_\n${job.text}` : job.text, undefined, context.signal)
          : upload(message, job.data, job.name, context.signal),
      ),
    )

  const stream = (target: ReplyTarget): ReplyStream =>
    createEditStream({
      host,
      intervalMs: 1500,
      maxChars: MAX_CHARS * MOST_PARTS,
      render,
      run: (work) => chains.run(keyOf(target), work),
      post: (text, _first, signal) => post(target, text, undefined, signal),
      edit: async (id, text, signal) => {
        const channel = await channelOf(target)
        await call(world, () => web.chat.update({ channel, ts: timestampOf(id), text }), signal)
      },
      remove: async (id) => {
        const channel = await channelOf(target)
        await call(world, () => web.chat.delete({ channel, ts: timestampOf(id) }))
      },
    })

  const asked = createShown<{ channel: string; ts: string; text: string }>()

  const askApproval = async (target: ReplyTarget, prompt: ApprovalPrompt): Promise<boolean> => {
    const pieces = splitText(prompt.text, 1200).map((text) => SLACK_MRKDWN.pre(text, ''))
    const last = pieces.pop()
    // A section takes 3000 characters, escapes included.
    if (last === undefined || last.length > 2800) return false
    const text = `*${SLACK_MRKDWN.text(approvalHead(prompt))}*\n${last}`
    const styles = { once: { style: 'primary' }, always: {}, deny: { style: 'danger' } }
    const elements = buttonsOf(prompt).map((button) => ({
      type: 'button',
      text: { type: 'plain_text', text: button.label },
      action_id: `approval_${button.decision}`,
      value: button.data,
      ...styles[button.decision],
    }))
    try {
      return await chains.run(keyOf(target), async () => {
        for (const piece of pieces) await post(target, piece)
        const blocks = [
          { type: 'section', text: { type: 'mrkdwn', text } },
          { type: 'actions', elements },
        ]
        const id = await post(target, text, blocks)
        asked.add(prompt.id, { channel: await channelOf(target), ts: timestampOf(id), text })
        return true
      })
    } catch (error) {
      host.log.warn({ error: messageOf(error) }, 'slack approval buttons were not sent')
      return false
    }
  }

  const approvalClosed = async (id: string, outcome: string): Promise<void> => {
    for (const open of asked.take(id)) {
      const text = `${open.text}\n_${SLACK_MRKDWN.text(outcome)}_`
      try {
        const blocks = [{ type: 'section', text: { type: 'mrkdwn', text } }]
        await web.chat.update({ channel: open.channel, ts: open.ts, text, blocks: blocks as never })
      } catch (error) {
        host.log.debug({ error: messageOf(error) }, 'slack approval was not closed')
      }
    }
  }

  return {
    send,
    stream,
    askApproval,
    approvalClosed,
    learn: (userId: string, channel: string) => void directs.set(userId, channel),
    idle: () => chains.idle(),
  }
}

const keyOf = (target: ReplyTarget): string => `${target.groupId ?? target.userId ?? ''}/${target.threadId ?? ''}`
