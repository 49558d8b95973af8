// Replies on their way to Discord: parts, files, a message that grows, approvals as buttons. A nonce keeps repeats from doubling.

import { createHash } from 'node:crypto'
import type { RawFile, REST } from '@discordjs/rest'
import type { APIMessage } from 'discord-api-types/v10'
import { messageOf } from '../../errors.ts'
import { headOf } from '../../text-cut.ts'
import { approvalHead, buttonsOf, createShown } from '../approvals.ts'
import { withCallSignal } from '../call-signal.ts'
import { createChains } from '../chain.ts'
import { createEditStream } from '../edit-stream.ts'
import { createPartSender, RefusedError } from '../parts.ts'
import type {
  ApprovalPrompt,
  Attachment,
  ChannelHost,
  OutboundMessage,
  ReplyStream,
  ReplyTarget,
  SendContext,
  SendResult,
} from '../port.ts'
import { ChannelError } from '../port.ts'
import type { Standing } from '../standing.ts'
import { toDiscord } from '../text/markdown.ts'
import { clampText, splitRendered } from '../text/split.ts'

const MAX_CHARS = 2000
const MOST_PARTS = 12
/** The client waits out rate limits by itself, so a call may take long. */
export const CALL_MS = 120_000

export const TOKEN_REFUSED = 'Discord refused the token. Reset it in the developer portal under Bot.'

/** What an error of the REST client means for a reply. */
function toChannelError(error: unknown): ChannelError {
  if (error instanceof ChannelError) return error
  const status = Number((error as { status?: unknown }).status)
  if (status === 401) return new RefusedError('Discord', error)
  if (status >= 400 && status < 500 && status !== 429)
    return new ChannelError(`Discord refused: ${messageOf(error)}`, { retry: false, cause: error })
  return new ChannelError(status >= 500 ? `Discord has trouble (${status}).` : 'Discord could not be reached.', {
    retry: true,
    cause: error,
  })
}

type Job = { readonly text: string } | { readonly files: readonly RawFile[] }

export function createSender(world: {
  readonly host: ChannelHost
  readonly rest: REST
  readonly standing: Standing
  /** The guild channel heard last, for deliveries that name only the guild. */
  lastChannel(guildId: string): string | undefined
}) {
  const { host, rest, standing } = world
  const chains = createChains()
  const parts = createPartSender()
  const directs = new Map<string, string>()

  const channelOf = async (target: ReplyTarget, signal?: AbortSignal): Promise<string> => {
    const inGuild = target.threadId ?? (target.groupId === undefined ? undefined : world.lastChannel(target.groupId))
    if (inGuild !== undefined) return inGuild
    if (target.groupId !== undefined || target.userId === undefined)
      throw new ChannelError('No Discord channel to send to: name it as threadId.', { retry: false })
    const known = directs.get(target.userId)
    if (known !== undefined) return known
    const opened = await call(
      (own) => rest.post('/users/@me/channels', { body: { recipient_id: target.userId }, signal: own }),
      signal,
    )
    const { id } = opened as { id: string }
    directs.set(target.userId, id)
    return id
  }

  const call = async <T>(make: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> => {
    try {
      const answer = await withCallSignal(signal, CALL_MS, make)
      standing.taken()
      return answer
    } catch (error) {
      const failed = toChannelError(error)
      if (failed instanceof RefusedError) standing.refused(TOKEN_REFUSED)
      throw failed
    }
  }

  const post = async (
    target: ReplyTarget,
    body: Record<string, unknown>,
    options: { first: boolean; nonce?: string; files?: readonly RawFile[]; signal?: AbortSignal },
  ): Promise<string> => {
    const channel = await channelOf(target, options.signal)
    const reference =
      options.first && target.groupId !== undefined && target.replyTo !== undefined
        ? { message_reference: { message_id: target.replyTo, fail_if_not_exists: false } }
        : {}
    const sent = await call(
      (signal) =>
        rest.post(`/channels/${channel}/messages`, {
          body: {
            ...body,
            ...reference,
            // A reply pings the one it answers and nobody else, whatever the text says.
            allowed_mentions: { parse: [], replied_user: true },
            ...(options.nonce === undefined ? {} : { nonce: options.nonce, enforce_nonce: true }),
          },
          ...(options.files === undefined ? {} : { files: [...options.files] }),
          signal,
        }),
      options.signal,
    )
    return (sent as APIMessage).id
  }

  const render = (text: string): string[] => splitRendered(text, MAX_CHARS, toDiscord).map((part) => part.rendered)

  const rawFile = (file: Attachment): RawFile[] =>
    file.data === undefined
      ? []
      : [{ data: Buffer.from(file.data, 'base64'), name: file.name ?? 'file', contentType: file.mediaType }]

  const jobsOf = (message: OutboundMessage): Job[] => {
    const { text, cut } = clampText(message.content, MAX_CHARS, MOST_PARTS)
    const texts = render(text)
    const jobs: Job[] = (cut ? texts.slice(0, 1) : texts).map((part) => ({ text: part }))
    const files = (message.media ?? []).flatMap(rawFile)
    if (cut)
      files.push({ data: Buffer.from(message.content).subarray(0, 9_000_000), name: 'answer.md', contentType: 'text/markdown' })
    for (let i = 0; i < files.length; i += 10) jobs.push({ files: files.slice(i, i + 10) })
    return jobs
  }

  const send = (message: OutboundMessage, context: SendContext): Promise<SendResult> =>
    chains.run(keyOf(message), () =>
      parts.sendAll(jobsOf(message), context, (job, index) => {
        const nonce = createHash('sha256').update(`${context.idempotencyKey} ${index}`).digest('base64url').slice(0, 25)
        const options = { first: index === 0, nonce, signal: context.signal }
        return 'text' in job ? post(message, { content: job.text }, options) : post(message, {}, { ...options, files: job.files })
      }),
    )

  const messageUrl = async (target: ReplyTarget, id: string): Promise<`/${string}`> =>
    `/channels/${await channelOf(target)}/messages/${id}`

  const stream = (target: ReplyTarget): ReplyStream =>
    createEditStream({
      host,
      intervalMs: 1200,
      maxChars: MAX_CHARS * MOST_PARTS,
      render,
      run: (work) => chains.run(keyOf(target), work),
      post: (text, first, signal) => post(target, { content: text }, { first, ...(signal === undefined ? {} : { signal }) }),
      edit: async (id, text) => {
        const url = await messageUrl(target, id)
        await call(() => rest.patch(url, { body: { content: text, allowed_mentions: { parse: [] } } }))
      },
      remove: async (id) => {
        const url = await messageUrl(target, id)
        await call(() => rest.delete(url))
      },
    })

  const asked = createShown<{ target: ReplyTarget; message: string; text: string }>()

  const askApproval = async (target: ReplyTarget, prompt: ApprovalPrompt): Promise<boolean> => {
    const buttons = buttonsOf(prompt)
    if (buttons.some((button) => button.data.length > 100)) return false
    const fence = '`'.repeat(Math.max(3, ...(prompt.text.match(/`+/g) ?? []).map((run) => run.length + 1)))
    const texts = render(`**${approvalHead(prompt)}**\n\n${fence}\n${prompt.text}\n${fence}`)
    const last = texts.pop() ?? ''
    const styles = { once: 3, always: 1, deny: 4 }
    try {
      return await chains.run(keyOf(target), async () => {
        for (const text of texts) await post(target, { content: text }, { first: false })
        const components = [
          {
            type: 1,
            components: buttons.map((b) => ({ type: 2, style: styles[b.decision], label: b.label, custom_id: b.data })),
          },
        ]
        const message = await post(target, { content: last, components }, { first: true })
        asked.add(prompt.id, { target, message, text: last })
        return true
      })
    } catch (error) {
      host.log.warn({ error: messageOf(error) }, 'discord approval buttons were not sent')
      return false
    }
  }

  const approvalClosed = async (id: string, outcome: string): Promise<void> => {
    for (const open of asked.take(id)) {
      try {
        const url = await messageUrl(open.target, open.message)
        await rest.patch(url, { body: { content: headOf(`${open.text}\n*${outcome}*`, MAX_CHARS), components: [] } })
      } catch (error) {
        host.log.debug({ error: messageOf(error) }, 'discord approval was not closed')
      }
    }
  }

  const typingUntil = new Map<string, number>()
  const typing = (target: ReplyTarget): void => {
    const key = keyOf(target)
    // The sign lasts ten seconds.
    if ((typingUntil.get(key) ?? 0) > host.clock.now()) return
    typingUntil.set(key, host.clock.now() + 8000)
    if (typingUntil.size > 1000) typingUntil.delete(typingUntil.keys().next().value as string)
    channelOf(target)
      .then((channel) => rest.post(`/channels/${channel}/typing`))
      .catch((error: unknown) => host.log.debug({ error: messageOf(error) }, 'discord typing sign failed'))
  }

  return {
    send,
    stream,
    askApproval,
    approvalClosed,
    typing,
    /** A direct channel seen in an event. */
    learn: (userId: string, channelId: string) => void directs.set(userId, channelId),
    idle: () => chains.idle(),
  }
}

const keyOf = (target: ReplyTarget): string => target.threadId ?? target.groupId ?? target.userId ?? ''
