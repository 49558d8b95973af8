// What is Discord's own about sending: channels opened for direct messages, nonces that keep repeats from doubling, files in one
// message, buttons in rows.

import { createHash } from 'node:crypto'
import type { APIMessage, RawFile, REST } from 'discord.js'
import { messageOf } from '../../errors.ts'
import { headOf } from '../../text-cut.ts'
import { approvalHead } from '../approval-buttons.ts'
import type { ChannelHealth } from '../channel-health.ts'
import { type ChatPlatform, type ChatSender, createChatSender, type SendOptions } from '../chat-sender.ts'
import { createPlatformCalls } from '../platform-calls.ts'
import { ChannelError, type ChannelHost, RefusedError, type ReplyTarget } from '../port.ts'
import { toDiscord } from '../text/markdown.ts'
import { type RenderedChunk, splitRendered } from '../text/split.ts'

const MAX_CHARS = 2000
/** The client waits out rate limits by itself, so a call may take long. */
export const CALL_MS = 120_000

export const TOKEN_REFUSED = 'Discord refused the token. Reset it in the developer portal under Bot.'

/** What an error of the REST client means for a reply. */
function meaningOf(error: unknown): ChannelError {
  const status = Number((error as { status?: unknown }).status)
  if (status === 401) return new RefusedError('Discord', error)
  if (status >= 400 && status < 500 && status !== 429)
    return new ChannelError(`Discord refused: ${messageOf(error)}`, { retry: false, cause: error })
  return new ChannelError(status >= 500 ? `Discord has trouble (${status}).` : 'Discord could not be reached.', {
    retry: true,
    cause: error,
  })
}

const BUTTON_STYLES = { once: 3, always: 1, deny: 4 } as const

export interface SenderWorld {
  readonly host: ChannelHost
  readonly rest: REST
  readonly health: ChannelHealth
  /** The guild channel heard last, for deliveries that name only the guild. */
  lastChannel(guildId: string): string | undefined
}

export interface DiscordSender extends ChatSender {
  /** A direct channel seen in an event. */
  learn(userId: string, channelId: string): void
}

export function createSender({ host, rest, health, lastChannel }: SenderWorld): DiscordSender {
  const options = { host, health, platform: 'Discord', meaningOf, refusal: () => TOKEN_REFUSED, callMs: CALL_MS }
  const { call } = createPlatformCalls(options)
  const directs = new Map<string, string>()

  const channelOf = async (target: ReplyTarget, signal?: AbortSignal): Promise<string> => {
    const inGuild = target.threadId ?? (target.groupId === undefined ? undefined : lastChannel(target.groupId))
    if (inGuild !== undefined) return inGuild
    if (target.groupId !== undefined || target.userId === undefined)
      throw new ChannelError('No Discord channel to send to: name it as threadId.', { retry: false })
    const known = directs.get(target.userId)
    if (known !== undefined) return known
    const body = { recipient_id: target.userId }
    const opened = await call((own) => rest.post('/users/@me/channels', { body, signal: own }), { signal })
    const { id } = opened as { id: string }
    directs.set(target.userId, id)
    return id
  }

  const post = async (
    target: ReplyTarget,
    body: Record<string, unknown>,
    { first, key, signal }: SendOptions,
    files: readonly RawFile[] = [],
  ): Promise<string> => {
    const channel = await channelOf(target, signal)
    const answers = first && target.groupId !== undefined ? target.replyTo : undefined
    const nonce = key === undefined ? undefined : createHash('sha256').update(key).digest('base64url').slice(0, 25)
    const message = {
      ...body,
      ...(answers === undefined ? {} : { message_reference: { message_id: answers, fail_if_not_exists: false } }),
      // A reply pings the one it answers and nobody else, whatever the text says.
      allowed_mentions: { parse: [], replied_user: true },
      ...(nonce === undefined ? {} : { nonce, enforce_nonce: true }),
    }
    const sent = await call(
      (own) => rest.post(`/channels/${channel}/messages`, { body: message, files: [...files], signal: own }),
      { signal },
    )
    return (sent as APIMessage).id
  }

  const sendText = (target: ReplyTarget, chunk: RenderedChunk, options: SendOptions): Promise<string> =>
    post(target, { content: chunk.rendered }, options)

  const urlOf = async (target: ReplyTarget, id: string): Promise<`/${string}`> =>
    `/channels/${await channelOf(target)}/messages/${id}`

  const edit = async (target: ReplyTarget, id: string, body: Record<string, unknown>): Promise<void> => {
    const url = await urlOf(target, id)
    await call(() => rest.patch(url, { body: { ...body, allowed_mentions: { parse: [] } } }))
  }

  const chunks = (text: string): RenderedChunk[] => splitRendered(text, MAX_CHARS, toDiscord)

  const platform: ChatPlatform = {
    name: 'Discord',
    limits: { maxChars: MAX_CHARS, maxChunks: 12, maxFileBytes: 10_000_000, filesAtOnce: 10 },
    queueOf: (target) => target.threadId ?? target.groupId ?? target.userId ?? '',
    chunks,
    sendText,
    sendFiles: (target, files, options) =>
      post(
        target,
        {},
        options,
        files.map(({ data, name, mediaType }) => ({ data, name, contentType: mediaType })),
      ),
    edits: {
      intervalMs: () => 1200,
      edit: (target, id, chunk) => edit(target, id, { content: chunk.rendered }),
      remove: async (target, id) => {
        const url = await urlOf(target, id)
        await call(() => rest.delete(url))
      },
    },
    approvals: {
      question(prompt) {
        const fence = '`'.repeat(Math.max(3, ...(prompt.text.match(/`+/g) ?? []).map((run) => run.length + 1)))
        return chunks(`**${approvalHead(prompt)}**\n\n${fence}\n${prompt.text}\n${fence}`)
      },
      ask(target, chunk, buttons) {
        const row = buttons.map((b) => ({ type: 2, style: BUTTON_STYLES[b.decision], label: b.label, custom_id: b.data }))
        return post(target, { content: chunk.rendered, components: [{ type: 1, components: row }] }, { first: true })
      },
      close: (target, id, chunk, outcome) =>
        edit(target, id, { content: headOf(`${chunk.rendered}\n*${outcome}*`, MAX_CHARS), components: [] }),
    },
    typing: {
      // The platform shows it for ten seconds.
      lastsMs: 8000,
      keyOf: (target) => target.threadId ?? target.groupId ?? target.userId,
      show: async (target) => rest.post(`/channels/${await channelOf(target)}/typing`),
    },
  }
  return { ...createChatSender(host, platform), learn: (userId, channelId) => void directs.set(userId, channelId) }
}
