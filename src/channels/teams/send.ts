// What is Teams' own about sending: activities to the conversation a message came from, Adaptive Cards with buttons.

import { approvalHead, type Button } from '../approval-buttons.ts'
import { type ChatPlatform, type ChatSender, createChatSender, REPEAT_NOTE } from '../chat-sender.ts'
import type { JsonApi } from '../json-api.ts'
import { ChannelError, type ChannelHost, type OutboundFile, type ReplyTarget } from '../port.ts'
import { toDiscord } from '../text/markdown.ts'
import { splitText } from '../text/split.ts'

const MAX_CHARS = 12_000
/** Pictures travel within the activity. */
const MAX_PICTURE = 1_000_000

export interface Reference {
  readonly serviceUrl: string
  readonly conversationId: string
}

export function createSender(world: {
  readonly host: ChannelHost
  /** Under the address of a service. */
  apiOf(serviceUrl: string): JsonApi
  /** Where a person or a group was last heard from. */
  find(id: string): Reference | undefined
}): ChatSender {
  const { host, apiOf, find } = world

  const placeFor = (target: ReplyTarget): { api: JsonApi; path: string } => {
    const known = find(target.groupId ?? target.userId ?? '')
    if (known === undefined)
      throw new ChannelError('Teams lets a bot write only where it was written to before.', { retry: false })
    const conversation = target.threadId === undefined ? known.conversationId : `${target.groupId};messageid=${target.threadId}`
    return { api: apiOf(known.serviceUrl), path: `/v3/conversations/${encodeURIComponent(conversation)}/activities` }
  }

  const post = async (target: ReplyTarget, activity: object, signal?: AbortSignal): Promise<string> => {
    const { api, path } = placeFor(target)
    const { id } = await api.call<{ id?: string }>(path, { json: { type: 'message', ...activity }, signal })
    return id ?? ''
  }
  const put = async (target: ReplyTarget, id: string, activity: object, signal?: AbortSignal): Promise<void> => {
    const { api, path } = placeFor(target)
    await api.call(`${path}/${encodeURIComponent(id)}`, { method: 'PUT', json: { type: 'message', id, ...activity }, signal })
  }

  const platform: ChatPlatform = {
    name: 'Teams',
    limits: { maxChars: MAX_CHARS, maxChunks: 8, maxFileBytes: MAX_PICTURE },
    queueOf: (target) => `${target.groupId ?? target.userId ?? ''}/${target.threadId ?? ''}`,
    chunks: (text) => splitText(text, MAX_CHARS).map((source) => ({ source, rendered: toDiscord(source) })),
    repeatNote: `_${REPEAT_NOTE}_`,
    sendText: (target, { rendered: text }, { signal }) => post(target, { text, textFormat: 'markdown' }, signal),
    sendFiles(target, [file], { signal }) {
      const { name, mediaType, data } = file as OutboundFile
      if (!/^image\/(?:png|jpeg|gif)$/.test(mediaType))
        throw new ChannelError('Teams takes only pictures from bots without further rights.', { retry: false })
      const contentUrl = `data:${mediaType};base64,${data.toString('base64')}`
      return post(target, { attachments: [{ contentType: mediaType, contentUrl, name }] }, signal)
    },
    edits: {
      intervalMs: () => 1500,
      edit: (target, id, { rendered: text }, signal) => put(target, id, { text, textFormat: 'markdown' }, signal),
      remove: async (target, id) => {
        const { api, path } = placeFor(target)
        await api.call(`${path}/${encodeURIComponent(id)}`, { method: 'DELETE' })
      },
    },
    approvals: {
      question(prompt) {
        const chunks = splitText(prompt.text, 3000).map((source) => ({ source, rendered: source }))
        const last = chunks.pop()
        return last === undefined
          ? null
          : [...chunks, { source: last.source, rendered: `${approvalHead(prompt)}\n${last.rendered}` }]
      },
      ask: (target, { rendered }, buttons) => post(target, { attachments: [cardOf(rendered, buttons)] }),
      close: (target, id, { rendered }, outcome) => put(target, id, { attachments: [cardOf(`${rendered}\n${outcome}`, [])] }),
    },
    typing: {
      lastsMs: 3000,
      keyOf: (target) => `${target.groupId ?? target.userId ?? ''}/${target.threadId ?? ''}`,
      show: (target) => {
        const { api, path } = placeFor(target)
        return api.call(path, { json: { type: 'typing' } })
      },
    },
  }
  return createChatSender(host, platform)
}

/** The text is shown as it stands: in a block of fixed width nothing of it is formatting. */
const cardOf = (text: string, buttons: readonly Button[]): object => ({
  contentType: 'application/vnd.microsoft.card.adaptive',
  content: {
    type: 'AdaptiveCard',
    version: '1.4',
    body: [{ type: 'RichTextBlock', inlines: [{ type: 'TextRun', text, fontType: 'Monospace' }] }],
    actions: buttons.map(({ label, data, decision }) => ({
      type: 'Action.Execute',
      title: label,
      verb: 'approval',
      data: { approval: data },
      style: decision === 'deny' ? 'destructive' : 'positive',
    })),
  },
})
