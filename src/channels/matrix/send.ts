// What is Matrix's own about sending: rooms of two that are made when needed, media that is uploaded first, HTML beside the text.
// A repeat carries the same transaction id, so the homeserver tells it from a new message.

import { createHash } from 'node:crypto'
import type { ChannelHealth } from '../channel-health.ts'
import { type ChatPlatform, type ChatSender, createChatSender, type SendOptions } from '../chat-sender.ts'
import { type JsonApi, JsonApiError } from '../json-api.ts'
import { ChannelError, type ChannelHost, type OutboundFile, type ReplyTarget } from '../port.ts'
import { toMatrixHtml } from '../text/markdown.ts'
import { type RenderedChunk, splitText } from '../text/split.ts'

/** An event takes 65,536 bytes, and the text is in it twice. */
const MAX_CHARS = 8000

export interface MatrixSender extends ChatSender {
  /** A room of two, as seen in an event. */
  learn(userId: string, roomId: string): void
}

export function createSender(world: {
  readonly host: ChannelHost
  readonly api: JsonApi
  readonly health: ChannelHealth
  /** The bot's own id; null until it is known. */
  self(): string | null
}): MatrixSender {
  const { host, api, self } = world
  const directs = new Map<string, string>()

  const ownId = (): string => {
    const id = self()
    if (id === null) throw new ChannelError('Matrix is not connected yet.', { retry: true, notSent: true })
    return id
  }

  const roomOf = async (target: ReplyTarget): Promise<string> => {
    if (target.groupId !== undefined) return target.groupId
    const { userId } = target
    if (userId === undefined) throw new ChannelError('No Matrix room to send to.', { retry: false })
    const known = directs.get(userId)
    if (known !== undefined) return known
    const path = `/_matrix/client/v3/user/${encodeURIComponent(ownId())}/account_data/m.direct`
    const listed = await api.call<Record<string, string[]>>(path).catch(ifNone)
    const room = listed[userId]?.at(-1) ?? (await createDirect(userId, path, listed))
    directs.set(userId, room)
    return room
  }

  const createDirect = async (userId: string, path: string, listed: Record<string, string[]>): Promise<string> => {
    const room = { is_direct: true, invite: [userId], preset: 'trusted_private_chat' }
    const { room_id: id } = await api.call<{ room_id: string }>('/_matrix/client/v3/createRoom', { json: room })
    await api.call(path, { method: 'PUT', json: { ...listed, [userId]: [...(listed[userId] ?? []), id] } })
    return id
  }

  const put = async (target: ReplyTarget, content: object, key: string, signal?: AbortSignal): Promise<string> => {
    const room = encodeURIComponent(await roomOf(target))
    const path = `/_matrix/client/v3/rooms/${room}/send/m.room.message/${transactionOf(key)}`
    return (await api.call<{ event_id: string }>(path, { method: 'PUT', json: content, signal })).event_id
  }

  const upload = async (file: OutboundFile, signal?: AbortSignal): Promise<string> => {
    const path = `/_matrix/media/v3/upload?filename=${encodeURIComponent(file.name)}`
    const headers = { 'content-type': file.mediaType }
    const sent = await api.call<{ content_uri: string }>(path, { body: new Uint8Array(file.data), headers, signal })
    return sent.content_uri
  }

  const platform: ChatPlatform = {
    name: 'Matrix',
    limits: { maxChars: MAX_CHARS, maxChunks: 12, maxFileBytes: 50_000_000 },
    queueOf: (target) => `${target.groupId ?? target.userId ?? ''}/${target.threadId ?? ''}`,
    chunks: (text) => splitText(text, MAX_CHARS).map((source) => ({ source, rendered: toMatrixHtml(source) })),
    sendText: (target, chunk, options) =>
      put(target, { ...textOf(chunk), ...relationOf(target, options) }, keyOf(host, options), options.signal),
    async sendFiles(target, [file], options) {
      const { name, mediaType, kind, data } = file as OutboundFile
      const url = await upload(file as OutboundFile, options.signal)
      const msgtype = kind === 'document' ? 'm.file' : `m.${kind}`
      const info = { mimetype: mediaType, size: data.length }
      const content = { msgtype, body: name, filename: name, url, info, ...relationOf(target, options) }
      return put(target, content, keyOf(host, options), options.signal)
    },
    edits: {
      intervalMs: () => 1500,
      edit: async (target, id, chunk, signal) => {
        const text = textOf(chunk)
        const content = {
          ...text,
          body: `* ${text.body}`,
          'm.new_content': text,
          'm.relates_to': { rel_type: 'm.replace', event_id: id },
        }
        await put(target, content, host.random.id(), signal)
      },
      remove: async (target, id) => {
        const room = encodeURIComponent(await roomOf(target))
        const path = `/_matrix/client/v3/rooms/${room}/redact/${encodeURIComponent(id)}/${transactionOf(host.random.id())}`
        await api.call(path, { method: 'PUT', json: {} })
      },
    },
    typing: {
      lastsMs: 8000,
      keyOf: (target) => target.groupId ?? target.userId,
      show: async (target) => {
        const [room, own] = [await roomOf(target), ownId()].map(encodeURIComponent)
        const shown = { typing: true, timeout: 10_000 }
        await api.call(`/_matrix/client/v3/rooms/${room}/typing/${own}`, { method: 'PUT', json: shown })
      },
    },
  }
  return { ...createChatSender(host, platform), learn: (userId, roomId) => void directs.set(userId, roomId) }
}

/** There is no list yet; any other trouble must not make a second room. */
function ifNone(error: unknown): Record<string, string[]> {
  if (error instanceof ChannelError && error.cause instanceof JsonApiError && error.cause.status === 404) return {}
  throw error
}

/** Transaction ids are part of an address and of bounded length. */
const transactionOf = (key: string): string => createHash('sha256').update(key).digest('base64url')

const keyOf = (host: ChannelHost, { key }: SendOptions): string => key ?? host.random.id()

/** A notice, as bots write them: others do not answer it. `m.mentions` is empty, so that words of the model call nobody. */
const textOf = ({ source, rendered }: RenderedChunk) => ({
  msgtype: 'm.notice',
  body: source,
  format: 'org.matrix.custom.html',
  formatted_body: rendered,
  'm.mentions': {},
})

/** Where a message belongs: its thread, and what it answers. */
function relationOf(target: ReplyTarget, { first }: SendOptions): object {
  const answers = first && target.replyTo !== undefined ? { 'm.in_reply_to': { event_id: target.replyTo } } : {}
  if (target.threadId !== undefined) {
    const fallback = first ? answers : { 'm.in_reply_to': { event_id: target.threadId } }
    return { 'm.relates_to': { rel_type: 'm.thread', event_id: target.threadId, is_falling_back: true, ...fallback } }
  }
  return first && target.groupId !== undefined && target.replyTo !== undefined ? { 'm.relates_to': answers } : {}
}
