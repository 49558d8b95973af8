// A Matrix event in, the engine's message out.

import type { Plan } from '../../plan/plan.ts'
import { cleanName } from '../../text-cut.ts'
import { isCommandFor } from '../commands.ts'
import type { InboundMessage } from '../port.ts'
import type { MessageContent, RoomEvent } from './events.ts'

export interface Room {
  readonly id: string
  readonly isDirect: boolean
}

export interface Self {
  readonly userId: string
  readonly displayName: string | undefined
}

/** The message that an event answers. */
export interface Answered {
  readonly userId: string
  readonly content: string
}

export interface MatrixFile {
  readonly url: string
  readonly name: string
  readonly mediaType: string | undefined
  readonly bytes: number | undefined
}

const MEDIA = new Set(['m.image', 'm.audio', 'm.video', 'm.file'])
const TEXT = new Set(['m.text', 'm.emote'])

/** What people send that has no text the bot can read, as a short note. */
const NOTES: Readonly<Record<string, string>> = {
  'm.room.encrypted': '[encrypted message: this bot reads only rooms that are not encrypted]',
  'm.sticker': '[sticker]',
  'm.location': '[location]',
  'org.matrix.msc3381.poll.start': '[poll]',
  'm.poll.start': '[poll]',
}

/** Why an event is not for the engine; null: it is. */
export function reasonToIgnore(event: RoomEvent, self: Self): string | null {
  const { type, sender, event_id: id, content } = event
  if (typeof type !== 'string' || typeof sender !== 'string' || typeof id !== 'string') return 'no event of a room'
  if (sender === self.userId) return 'its own'
  if (event.state_key !== undefined) return `a state event (${type})`
  if (event.unsigned?.redacted_because !== undefined) return 'removed'
  if (type in NOTES) return null
  if (type !== 'm.room.message') return `an event of another kind (${type})`
  if (typeof content?.body !== 'string') return 'a message without a text'
  if (content['m.relates_to']?.rel_type === 'm.replace') return 'an edit'
  if (content.msgtype === 'm.notice') return 'a notice, as bots write them'
  return null
}

/** Of a thread's root, where the event is in a thread. */
export const threadOf = (content: MessageContent | undefined): string | undefined =>
  content?.['m.relates_to']?.rel_type === 'm.thread' ? content['m.relates_to'].event_id : undefined

/** Of the message it answers; what clients add for those that know no threads does not count. */
export function answeredId(content: MessageContent | undefined): string | undefined {
  const relation = content?.['m.relates_to']
  return relation?.is_falling_back === true ? undefined : relation?.['m.in_reply_to']?.event_id
}

export function fileOf(content: MessageContent | undefined): MatrixFile | null {
  if (content === undefined || !MEDIA.has(content.msgtype ?? '') || typeof content.url !== 'string') return null
  const name = content.filename ?? content.body ?? 'file'
  return { url: content.url, name, mediaType: content.info?.mimetype, bytes: content.info?.size }
}

/** `event` must be one that `reasonToIgnore` lets through. */
export function readEvent(
  event: RoomEvent,
  self: Self,
  room: Room,
  context: { readonly answered: Answered | undefined; readonly displayName: string | undefined },
  plan: Plan,
  channelId: string,
): InboundMessage {
  const { content = {} } = event
  const { text, mentioned } = readText(bodyOf(event), self)
  const { answered, displayName } = context
  const threadId = threadOf(content)
  const named = mentioned || (content['m.mentions']?.user_ids ?? []).includes(self.userId)
  const isForBot = named || answered?.userId === self.userId || isCommandFor(plan, channelId, text)
  return {
    channelId,
    userId: event.sender as string,
    ...(room.isDirect ? {} : { groupId: room.id, mentionsBot: isForBot }),
    ...(threadId === undefined ? {} : { threadId }),
    messageId: event.event_id as string,
    content: text === '' ? '[empty message]' : text,
    timestamp: new Date(event.origin_server_ts ?? 0).toISOString(),
    ...(answered === undefined ? {} : { quoted: answered }),
    ...(displayName === undefined ? {} : { displayName: cleanName(displayName) }),
  }
}

function bodyOf({ type = '', content = {} }: RoomEvent): string {
  const note = NOTES[type]
  if (note !== undefined) return typeof content.body === 'string' && content.body !== '' ? `${note} ${content.body}` : note
  const body = content.body ?? ''
  if (MEDIA.has(content.msgtype ?? '')) {
    // With a `filename` of its own the body is a caption.
    return content.filename === undefined || content.filename === body ? `[file ${cleanName(body)}]` : body
  }
  if (!TEXT.has(content.msgtype ?? '')) return `[${(content.msgtype ?? 'message').replace(/^m\./, '')}] ${body}`
  // Older clients repeat what they answer at the beginning.
  return answeredId(content) === undefined ? body : body.replace(/^(?:> .*\n)+\n?/, '')
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** The bot's name or id cut from a text. */
export function readText(raw: string, self: Self): { text: string; mentioned: boolean } {
  const local = /^@([^:]+):/.exec(self.userId)?.[1] ?? ''
  const names = [local, self.displayName ?? ''].filter((name) => name !== '').map(escaped)
  // A bare name counts only where it addresses, before a colon or comma at the beginning: elsewhere it may be talked about.
  const addressed = new RegExp(`^\\s*@?(?:${names.join('|')})\\s*[:,](?=\\s|$)\\s*`, 'iu')
  const named = new RegExp(`(?<![\\w@])(?:${escaped(self.userId)}|@(?:${names.join('|')}))(?![\\w:])`, 'giu')
  const mentioned = addressed.test(raw) || named.test(raw)
  const text = raw
    .replace(addressed, '')
    .replace(named, '\u0000')
    .replace(/^\s*\0[\s,:;–—-]*/u, '')
    .replace(/\s*\0(?=[\s,.;:!?]|$)/gu, '')
    .replace(/\0/gu, '')
  return { text: text.trim(), mentioned }
}
