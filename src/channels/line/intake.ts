// A LINE webhook event in, the engine's message out.

import type { Plan } from '../../plan/plan.ts'
import { cleanName } from '../../text-cut.ts'
import { isCommandFor } from '../commands.ts'
import type { InboundMessage } from '../port.ts'

export interface LineMention {
  readonly index?: number
  readonly length?: number
  readonly userId?: string
  readonly isSelf?: boolean
}

export interface LineEvent {
  readonly type?: string
  readonly webhookEventId?: string
  readonly timestamp?: number
  readonly replyToken?: string
  readonly source?: { readonly type?: string; readonly userId?: string; readonly groupId?: string; readonly roomId?: string }
  readonly message?: {
    readonly id?: string
    readonly type?: string
    readonly text?: string
    readonly fileName?: string
    readonly fileSize?: number
    readonly title?: string
    readonly address?: string
    readonly keywords?: readonly string[]
    readonly quotedMessageId?: string
    readonly mention?: { readonly mentionees?: readonly LineMention[] }
    readonly contentProvider?: { readonly type?: string }
  }
  readonly postback?: { readonly data?: string }
}

/** What LINE says of a file's type: nothing but the kind. */
const MEDIA: Readonly<Record<string, string>> = {
  image: 'image/jpeg',
  video: 'video/mp4',
  audio: 'audio/mp4',
  file: 'application/octet-stream',
}

/** @throws when the call is of another form */
export function readCall(body: Buffer): readonly LineEvent[] {
  const { events } = JSON.parse(body.toString('utf8')) as { events?: unknown }
  if (!Array.isArray(events)) throw new Error('no events')
  return events.filter((event) => typeof event === 'object' && event !== null) as LineEvent[]
}

export const groupOf = ({ source = {} }: LineEvent): string | undefined => source.groupId ?? source.roomId
export const chatOf = (event: LineEvent): string => groupOf(event) ?? event.source?.userId ?? ''

export interface LineFile {
  readonly messageId: string
  readonly mediaType: string
  readonly name?: string
  readonly bytes?: number
}

export interface Intake {
  readonly message: InboundMessage
  readonly file: LineFile | null
}

/** Null: no message of a person; the event's type says what it is. */
export function readEvent(event: LineEvent, plan: Plan, channelId: string): Intake | null {
  const { message, source = {} } = event
  const { userId } = source
  if (event.type !== 'message' || typeof message?.id !== 'string' || typeof userId !== 'string') return null
  const mentionees = message.mention?.mentionees ?? []
  const content = message.type === 'text' ? textWithout(message.text ?? '', mentionees) : noteOf(message)
  const groupId = groupOf(event)
  const mediaType = MEDIA[message.type ?? '']
  const isFetched = mediaType !== undefined && (message.contentProvider?.type ?? 'line') === 'line'
  return {
    message: {
      channelId,
      userId,
      ...(groupId === undefined
        ? {}
        : { groupId, mentionsBot: mentionees.some(({ isSelf }) => isSelf === true) || isCommandFor(plan, channelId, content) }),
      messageId: message.id,
      content,
      timestamp: new Date(event.timestamp ?? 0).toISOString(),
    },
    file: isFetched
      ? {
          messageId: message.id,
          mediaType,
          ...(message.fileName === undefined ? {} : { name: message.fileName }),
          ...(message.fileSize === undefined ? {} : { bytes: message.fileSize }),
        }
      : null,
  }
}

/** The text without the bot's own name. */
function textWithout(text: string, mentionees: readonly LineMention[]): string {
  const own = mentionees.filter(({ isSelf, index, length }) => isSelf === true && index !== undefined && length !== undefined)
  let rest = text
  for (const { index = 0, length = 0 } of [...own].sort((a, b) => (b.index ?? 0) - (a.index ?? 0)))
    rest = `${rest.slice(0, index)}${rest.slice(index + length)}`
  const plain = own.length === 0 ? rest : rest.replaceAll(/ {2,}/g, ' ').replaceAll(/ (?=[,.;:!?])/g, '')
  return plain.trim() === '' ? '[empty message]' : plain.trim()
}

function noteOf(message: NonNullable<LineEvent['message']>): string {
  switch (message.type) {
    case 'location':
      return `[location] ${[message.title, message.address].filter((part) => part !== undefined).join(', ')}`.trim()
    case 'sticker':
      return `[sticker] ${(message.keywords ?? []).slice(0, 3).join(', ')}`.trim()
    case 'file':
      return `[file ${cleanName(message.fileName ?? 'file')}]`
    default:
      return `[${message.type ?? 'message'}]`
  }
}
