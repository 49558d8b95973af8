// What is Mattermost's own about sending: direct channels that are opened, files that are uploaded first.

import type { ChannelHealth } from '../channel-health.ts'
import { type ChatPlatform, type ChatSender, createChatSender, REPEAT_NOTE } from '../chat-sender.ts'
import type { JsonApi } from '../json-api.ts'
import { ChannelError, type ChannelHost, type OutboundFile, type ReplyTarget } from '../port.ts'
import { splitText } from '../text/split.ts'

const MAX_CHARS = 16_000
const FILES_A_POST = 10

export interface MattermostSender extends ChatSender {
  /** A direct channel seen in a post. */
  learn(userId: string, channel: string): void
}

export function createSender(world: {
  readonly host: ChannelHost
  readonly api: JsonApi
  readonly health: ChannelHealth
  /** The bot's own id; null until it is known. */
  self(): string | null
}): MattermostSender {
  const { host, api, self } = world
  const directs = new Map<string, string>()

  const channelOf = async (target: ReplyTarget): Promise<string> => {
    if (target.groupId !== undefined) return target.groupId
    const { userId } = target
    if (userId === undefined) throw new ChannelError('No Mattermost channel to send to.', { retry: false })
    const known = directs.get(userId)
    if (known !== undefined) return known
    const own = self()
    if (own === null) throw new ChannelError('Mattermost is not connected yet.', { retry: true, notSent: true })
    const { id } = await api.call<{ id: string }>('/channels/direct', { json: [own, userId] })
    directs.set(userId, id)
    return id
  }

  const post = async (target: ReplyTarget, fields: object, key: string | undefined, signal?: AbortSignal): Promise<string> => {
    const channel_id = await channelOf(target)
    const thread = target.threadId === undefined ? {} : { root_id: target.threadId }
    // The server answers a repeat with the post it made, for half a minute.
    const pending = key === undefined ? {} : { pending_post_id: key }
    const sent = await api.call<{ id: string }>('/posts', { json: { channel_id, ...fields, ...thread, ...pending }, signal })
    return sent.id
  }

  const upload = async (target: ReplyTarget, file: OutboundFile, signal?: AbortSignal): Promise<string> => {
    const form = new FormData()
    form.set('channel_id', await channelOf(target))
    form.set('files', new Blob([new Uint8Array(file.data)], { type: file.mediaType }), file.name)
    const { file_infos: [info] = [] } = await api.call<{ file_infos?: { id: string }[] }>('/files', { body: form, signal })
    if (info === undefined) throw new ChannelError('Mattermost took no file.', { retry: false })
    return info.id
  }

  const platform: ChatPlatform = {
    name: 'Mattermost',
    limits: { maxChars: MAX_CHARS, maxChunks: 10, maxFileBytes: 100_000_000, filesAtOnce: FILES_A_POST },
    queueOf: (target) => `${target.groupId ?? target.userId ?? ''}/${target.threadId ?? ''}`,
    chunks: (text) => splitText(text, MAX_CHARS).map((source) => ({ source, rendered: quiet(source) })),
    repeatNote: `_${REPEAT_NOTE}_`,
    sendText: (target, { rendered: message }, { key, signal }) => post(target, { message }, key, signal),
    async sendFiles(target, files, { key, signal }) {
      const file_ids: string[] = []
      for (const file of files) file_ids.push(await upload(target, file, signal))
      return post(target, { message: '', file_ids }, key, signal)
    },
    edits: {
      intervalMs: () => 1000,
      edit: async (_target, id, { rendered: message }, signal) => {
        await api.call(`/posts/${id}/patch`, { method: 'PUT', json: { message }, signal })
      },
      remove: async (_target, id) => {
        await api.call(`/posts/${id}`, { method: 'DELETE' })
      },
    },
    typing: {
      lastsMs: 4000,
      keyOf: (target) => `${target.groupId ?? target.userId ?? ''}/${target.threadId ?? ''}`,
      show: async (target) => {
        const own = self()
        if (own === null) return
        const parent = target.threadId === undefined ? {} : { parent_id: target.threadId }
        await api.call(`/users/${own}/typing`, { json: { channel_id: await channelOf(target), ...parent } })
      },
    },
  }
  return { ...createChatSender(host, platform), learn: (userId, channel) => void directs.set(userId, channel) }
}

/** Words of the model must not call everyone: `@channel`, `@all` and `@here` stay text. */
const quiet = (text: string): string => text.replaceAll(/@(?=(?:channel|all|here)\b)/gi, '@\u200b')
