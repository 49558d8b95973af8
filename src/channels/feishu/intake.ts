// An im.message.receive_v1 event in, the engine's message out.

import type { Plan } from '../../plan/plan.ts'
import { cleanName } from '../../text-cut.ts'
import { isCommandFor } from '../commands.ts'
import type { InboundMessage } from '../port.ts'

export interface FeishuMention {
  readonly key?: string
  readonly name?: string
  readonly id?: { readonly open_id?: string }
}

export interface FeishuMessage {
  readonly message_id?: string
  readonly root_id?: string
  readonly parent_id?: string
  readonly thread_id?: string
  /** Milliseconds, as text. */
  readonly create_time?: string
  readonly chat_id?: string
  readonly chat_type?: string
  readonly message_type?: string
  /** JSON, of a form that depends on the type. */
  readonly content?: string
  readonly mentions?: readonly FeishuMention[]
}

export interface MessageEvent {
  readonly sender?: { readonly sender_id?: { readonly open_id?: string }; readonly sender_type?: string }
  readonly message?: FeishuMessage
}

export interface FeishuFile {
  readonly messageId: string
  readonly key: string
  readonly type: 'image' | 'file'
  readonly mediaType: string
  readonly name?: string
}

export interface Answered {
  readonly userId: string | undefined
  readonly isOurs: boolean
  readonly content: string
}

export interface Intake {
  readonly message: InboundMessage
  readonly files: readonly FeishuFile[]
}

/** Why an event is not for the engine; null: it is. */
export function reasonToIgnore({ sender, message }: MessageEvent): string | null {
  if (typeof message?.message_id !== 'string' || typeof message.chat_id !== 'string') return 'no message'
  if (sender?.sender_type !== 'user') return `sent by ${sender?.sender_type ?? 'nobody'}`
  if (typeof sender.sender_id?.open_id !== 'string') return 'a message without a sender'
  return typeof message.content === 'string' ? null : 'a message without a content'
}

/** `event` must be one that `reasonToIgnore` lets through. */
export function readEvent(
  event: MessageEvent,
  botId: string,
  answered: Answered | undefined,
  plan: Plan,
  channelId: string,
): Intake {
  const message = event.message as FeishuMessage
  const { text, files } = readContent(message)
  const named = (message.mentions ?? []).some(({ id }) => id?.open_id === botId)
  const content = withNames(text, message.mentions ?? [], botId)
  const isDirect = message.chat_type === 'p2p'
  const threadId = message.thread_id === undefined ? undefined : (message.root_id ?? message.message_id)
  return {
    files,
    message: {
      channelId,
      userId: event.sender?.sender_id?.open_id as string,
      ...(isDirect
        ? {}
        : {
            groupId: message.chat_id as string,
            mentionsBot: named || answered?.isOurs === true || isCommandFor(plan, channelId, content),
          }),
      ...(threadId === undefined ? {} : { threadId }),
      messageId: message.message_id as string,
      content: content === '' ? '[empty message]' : content,
      timestamp: new Date(Number(message.create_time) || 0).toISOString(),
      ...(answered === undefined
        ? {}
        : { quoted: { ...(answered.userId === undefined ? {} : { userId: answered.userId }), content: answered.content } }),
    },
  }
}

/** Placeholders (`@_user_1`) become names; the bot's own goes. */
function withNames(text: string, mentions: readonly FeishuMention[], botId: string): string {
  let named = text
  for (const { key, name = '', id } of mentions)
    if (key !== undefined)
      named = named.replaceAll(new RegExp(`${key}(?!\\d)`, 'g'), id?.open_id === botId ? '\u0000' : `@${cleanName(name)}`)
  return named
    .replace(/^\s*\0[\s,:;–—-]*/u, '')
    .replace(/\s*\0(?=[\s,.;:!?]|$)/gu, '')
    .replace(/\0/gu, '')
    .trim()
}

interface Part {
  readonly tag?: string
  readonly text?: string
  readonly href?: string
  readonly user_id?: string
  readonly image_key?: string
  readonly file_key?: string
}

/** The text and the files of a message's content; kinds that have neither are a note. */
export function readContent({ message_id: messageId = '', message_type: type = '', content = '' }: FeishuMessage): {
  text: string
  files: readonly FeishuFile[]
} {
  const read = parsed(content)
  const file = (key: unknown, kind: 'image' | 'file', mediaType: string, name?: unknown): FeishuFile[] =>
    typeof key === 'string' ? [{ messageId, key, type: kind, mediaType, ...(typeof name === 'string' ? { name } : {}) }] : []
  switch (type) {
    case 'text':
      return { text: String(read['text'] ?? ''), files: [] }
    case 'post': {
      const parts = (Array.isArray(read['content']) ? (read['content'] as unknown[]) : []).map((row) =>
        Array.isArray(row) ? (row as Part[]) : [],
      )
      const lines = parts.map((row) => row.map(partText).join(''))
      const title = typeof read['title'] === 'string' && read['title'] !== '' ? [read['title']] : []
      return {
        text: [...title, ...lines].join('\n').trim(),
        files: parts.flat().flatMap(({ image_key: key }) => file(key, 'image', 'image/png')),
      }
    }
    case 'interactive':
      return { text: cardText(read['elements'] ?? (read['body'] as { elements?: unknown } | undefined)?.elements), files: [] }
    case 'image':
      return { text: '[image]', files: file(read['image_key'], 'image', 'image/png') }
    case 'file':
    case 'audio':
    case 'media': {
      const mediaType = type === 'audio' ? 'audio/ogg' : type === 'media' ? 'video/mp4' : 'application/octet-stream'
      const name = read['file_name']
      const note =
        type === 'file' ? `[file ${cleanName(String(name ?? 'file'))}]` : type === 'audio' ? '[voice message]' : '[video]'
      return { text: note, files: file(read['file_key'], 'file', mediaType, name) }
    }
    default:
      return { text: `[${type.replaceAll('_', ' ') || 'message'}]`, files: [] }
  }
}

/** Of a card as it was sent, and of the short form in which the platform gives it back. */
function cardText(elements: unknown): string {
  const parts = (Array.isArray(elements) ? elements : []).flat() as readonly {
    readonly content?: unknown
    readonly text?: unknown
  }[]
  const texts = parts.flatMap(({ content, text }) => [content, text]).filter((text) => typeof text === 'string')
  return texts.join('\n') || '[card]'
}

function partText({ tag, text = '', href, user_id: user }: Part): string {
  if (tag === 'a') return href === undefined || href === text ? text : `${text} (${href})`
  if (tag === 'at') return user ?? ''
  return tag === 'img' || tag === 'media' ? '' : text
}

function parsed(content: string): Readonly<Record<string, unknown>> {
  try {
    const value = JSON.parse(content) as unknown
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
