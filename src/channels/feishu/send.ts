// What is Feishu's own about sending: cards of Markdown, which can be changed and carry buttons; a key against repeats.

import { createHash } from 'node:crypto'
import { approvalHead, type Button } from '../approval-buttons.ts'
import { type ChatPlatform, type ChatSender, createChatSender, type SendOptions } from '../chat-sender.ts'
import type { JsonApi } from '../json-api.ts'
import { ChannelError, type ChannelHost, type OutboundFile, type ReplyTarget } from '../port.ts'
import { toDiscord } from '../text/markdown.ts'
import { splitText } from '../text/split.ts'

const MAX_CHARS = 8000
const IMAGES = /^image\/(?:png|jpeg|gif|webp|bmp)$/

const BUTTON_TYPES = { once: 'primary', always: 'default', deny: 'danger' } as const

export function createSender(world: { readonly host: ChannelHost; readonly api: JsonApi }): ChatSender {
  const { host, api } = world

  const send = async (target: ReplyTarget, type: string, content: object, options: SendOptions): Promise<string> => {
    const { threadId, groupId, userId } = target
    const message = { msg_type: type, content: JSON.stringify(content), uuid: keyOf(options.key ?? host.random.id()) }
    // In a thread every message answers its root; in a group the first answers what was asked.
    const answers = threadId ?? (groupId !== undefined && options.first ? target.replyTo : undefined)
    const receiver = groupId ?? userId
    if (receiver === undefined) throw new ChannelError('No Feishu chat to send to.', { retry: false })
    const type_ = groupId === undefined ? 'open_id' : 'chat_id'
    const [path, json] =
      answers === undefined
        ? [`/open-apis/im/v1/messages?receive_id_type=${type_}`, { receive_id: receiver, ...message }]
        : [
            `/open-apis/im/v1/messages/${answers}/reply`,
            { ...message, ...(threadId === undefined ? {} : { reply_in_thread: true }) },
          ]
    const { data } = await api.call<{ data?: { message_id?: string } }>(path, { json, signal: options.signal })
    return data?.message_id ?? ''
  }

  const upload = async (file: OutboundFile, signal: AbortSignal | undefined): Promise<[type: string, content: object]> => {
    const blob = new Blob([new Uint8Array(file.data)], { type: file.mediaType })
    const form = new FormData()
    const isImage = IMAGES.test(file.mediaType)
    form.set(isImage ? 'image_type' : 'file_type', isImage ? 'message' : 'stream')
    if (!isImage) form.set('file_name', file.name)
    form.set(isImage ? 'image' : 'file', blob, file.name)
    const { data } = await api.call<{ data?: { image_key?: string; file_key?: string } }>(
      `/open-apis/im/v1/${isImage ? 'images' : 'files'}`,
      {
        body: form,
        signal,
      },
    )
    return isImage ? ['image', { image_key: data?.image_key }] : ['file', { file_key: data?.file_key }]
  }

  const platform: ChatPlatform = {
    name: 'Feishu',
    limits: { maxChars: MAX_CHARS, maxChunks: 12, maxFileBytes: 30_000_000 },
    queueOf: (target) => `${target.groupId ?? target.userId ?? ''}/${target.threadId ?? ''}`,
    chunks: (text) => splitText(text, MAX_CHARS).map((source) => ({ source, rendered: quiet(toDiscord(source)) })),
    sendText: (target, { rendered }, options) => send(target, 'interactive', cardOf(rendered), options),
    async sendFiles(target, [file], options) {
      return send(target, ...(await upload(file as OutboundFile, options.signal)), options)
    },
    edits: {
      // A message takes five changes a second.
      intervalMs: () => 500,
      edit: async (_target, id, { rendered }, signal) => {
        const json = { content: JSON.stringify(cardOf(rendered)) }
        await api.call(`/open-apis/im/v1/messages/${id}`, { method: 'PATCH', json, signal })
      },
      remove: async (_target, id) => {
        await api.call(`/open-apis/im/v1/messages/${id}`, { method: 'DELETE' })
      },
    },
    approvals: {
      question(prompt) {
        const chunks = splitText(prompt.text, 3000).map((source) => ({ source, rendered: fenced(source) }))
        const last = chunks.pop()
        if (last === undefined) return null
        return [...chunks, { source: last.source, rendered: `**${approvalHead(prompt)}**\n${last.rendered}` }]
      },
      ask: (target, { rendered }, buttons) => send(target, 'interactive', cardOf(rendered, buttons), { first: false }),
      close: async (_target, id, { rendered }, outcome) => {
        const json = { content: JSON.stringify(cardOf(`${rendered}\n*${outcome}*`)) }
        await api.call(`/open-apis/im/v1/messages/${id}`, { method: 'PATCH', json })
      },
    },
  }
  return createChatSender(host, platform)
}

/** A fence that nothing within can close. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}\n${text}\n${fence}`
}

const cardOf = (markdown: string, buttons: readonly Button[] = []): object => ({
  schema: '2.0',
  config: { update_multi: true },
  body: {
    elements: [
      { tag: 'markdown', content: markdown },
      ...buttons.map(({ label, data, decision }) => ({
        tag: 'button',
        type: BUTTON_TYPES[decision],
        text: { tag: 'plain_text', content: label },
        behaviors: [{ type: 'callback', value: { approval: data } }],
      })),
    ],
  },
})

/** At most 50 characters; the same for every attempt. */
const keyOf = (key: string): string => createHash('sha256').update(key).digest('hex').slice(0, 40)

/** Words of the model must call nobody: tags of mentions stay text. */
const quiet = (text: string): string => text.replaceAll(/<(?=\/?(?:at|person)\b)/gi, '&lt;')
