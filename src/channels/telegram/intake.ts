// A Telegram message in, the engine's message out: who wrote, where, what for the bot, what is quoted, which files hang on it.

import type { Message, MessageEntity, UserFromGetMe } from 'grammy/types'
import type { Plan } from '../../plan/plan.ts'
import { cleanName } from '../../text-cut.ts'
import { isCommandFor } from '../commands.ts'
import type { InboundMessage } from '../port.ts'

/** A file to ask the platform for. */
export interface FileRef {
  readonly fileId: string
  readonly mediaType: string
  readonly name?: string
  readonly bytes?: number
}

export interface Intake {
  readonly message: InboundMessage
  readonly files: readonly FileRef[]
}

/** Message ids are unique in a chat only, so the chat is part of ours. */
export const messageId = (chatId: number | string, id: number): string => `${chatId}/${id}`
/** The platform's own number in one of our ids; null when it is none. */
export function platformMessageId(id: string): number | null {
  const number = Number(id.slice(id.lastIndexOf('/') + 1))
  return Number.isSafeInteger(number) && number > 0 ? number : null
}

/** null: nothing for the bot (a bot's, a channel's, or a service message). */
export function readMessage(message: Message, me: UserFromGetMe, plan: Plan, channelId: string): Intake | null {
  const direct = isDirect(message.chat)
  const from = message.from ?? (direct ? { id: message.chat.id, is_bot: false, first_name: '' } : undefined)
  // Other bots, anonymous admins and channels that post in a group: none is a person who can be answered for.
  if (from === undefined || from.is_bot || message.sender_chat !== undefined) return null
  const described = describe(message)
  const raw = message.text ?? message.caption
  if (raw === undefined && described === null) return null
  const entities = message.entities ?? message.caption_entities ?? unmarked(raw ?? '', me)
  const { text, mentioned } = stripMention(raw ?? '', entities, me)
  const answered = message.reply_to_message
  const toBot = answered?.from !== undefined && answered.from.id === me.id
  const content = text === '' ? (described?.note ?? '') : text
  const shown = answered === undefined ? null : describe(answered as Message)
  const quoted = message.quote?.text ?? quotedText(shown, answered?.text ?? answered?.caption)
  const quotedUser = answered?.from?.id
  const name = [from.first_name, from.last_name].filter(Boolean).join(' ')
  return {
    // What is asked about a photo is seldom of use without it.
    files: [...(described?.files ?? []), ...(shown?.files ?? [])],
    message: {
      channelId,
      userId: String(from.id),
      ...(direct ? {} : { groupId: String(message.chat.id) }),
      ...(inTopic(message) ? { threadId: String(message.message_thread_id) } : {}),
      ...(message.message_id === undefined ? {} : { messageId: messageId(message.chat.id, message.message_id) }),
      content,
      ...(message.date === undefined ? {} : { timestamp: new Date(message.date * 1000).toISOString() }),
      ...(direct ? {} : { mentionsBot: mentioned || toBot || isCommandFor(plan, channelId, content) }),
      ...(quoted === undefined
        ? {}
        : { quoted: { content: quoted, ...(quotedUser === undefined ? {} : { userId: String(quotedUser) }) } }),
      ...(name === '' ? {} : { displayName: cleanName(name) }),
    },
  }
}

/** What an answered message says: the kind of what hangs on it, and its words. */
function quotedText(shown: Described | null, words: string | undefined): string | undefined {
  const said = [shown?.note, words].filter((text) => text !== undefined && text !== '')
  return said.length === 0 ? undefined : said.join(' ')
}

// Servers that imitate the Bot API leave out what the platform always sends. What is plain without it is read all the same.

/** A person's own chat has that person's id; groups have negative ones. */
const isDirect = (chat: { readonly id: number; readonly type?: string }): boolean =>
  chat.type === undefined ? chat.id > 0 : chat.type === 'private'

/** An answer outside topics has a thread id too, which is no topic. */
const inTopic = (message: Message): boolean =>
  message.message_thread_id !== undefined && (message.is_topic_message ?? message.reply_to_message === undefined)

/** The bot's own name in a text that came without any marks. */
function unmarked(raw: string, me: Pick<UserFromGetMe, 'username'>): MessageEntity[] {
  if (me.username === undefined) return []
  const name = new RegExp(`(?<![\\w@])(/\\w+)?@${me.username}(?!\\w)`, 'gi')
  return [...raw.matchAll(name)].map((found) => ({
    type: found[1] === undefined ? 'mention' : 'bot_command',
    offset: found.index,
    length: found[0].length,
  }))
}

/** Cuts `@bot` (as a mention, a name without @, or behind a command) out of the text. A command for another bot is not ours. */
export function stripMention(
  raw: string,
  entities: readonly MessageEntity[],
  me: Pick<UserFromGetMe, 'id' | 'username'>,
): { text: string; mentioned: boolean } {
  const own = `@${me.username}`.toLowerCase()
  const cuts: { from: number; to: number }[] = []
  for (const entity of entities) {
    const end = entity.offset + entity.length
    const part = raw.slice(entity.offset, end)
    if (entity.type === 'mention' && part.toLowerCase() === own) cuts.push({ from: entity.offset, to: end })
    else if (entity.type === 'text_mention' && entity.user.id === me.id) cuts.push({ from: entity.offset, to: end })
    else if (entity.type === 'bot_command' && part.toLowerCase().endsWith(own)) cuts.push({ from: end - own.length, to: end })
  }
  let text = raw
  for (const cut of cuts.sort((a, b) => b.from - a.from)) {
    const before = text.slice(0, cut.from)
    const after = text.slice(cut.to)
    // "hey @bot, look": the blank before goes with the name; at the start the blank or comma after it does.
    text =
      before.trim() === ''
        ? after.replace(/^[\s,:;–—-]+/, '')
        : /^[\s,.;:!?]/.test(after)
          ? before.trimEnd() + after
          : before + after
  }
  return { text: text.trim(), mentioned: cuts.length > 0 }
}

interface Described {
  readonly note: string
  readonly files: readonly FileRef[]
}

const optional = (name: string | undefined, bytes: number | undefined): { name?: string; bytes?: number } => ({
  ...(name === undefined ? {} : { name }),
  ...(bytes === undefined ? {} : { bytes }),
})

/** What hangs on a message besides text, and words for it where there is no text. */
function describe(message: Message): Described | null {
  const one = (note: string, file: FileRef): Described => ({ note, files: [file] })
  const photo = message.photo?.at(-1)
  if (photo !== undefined)
    return one('[photo]', { fileId: photo.file_id, mediaType: 'image/jpeg', ...optional(undefined, photo.file_size) })
  const { animation, document, audio, voice, video, video_note: round, sticker } = message
  if (animation !== undefined)
    return one('[animation]', {
      fileId: animation.file_id,
      mediaType: animation.mime_type ?? 'video/mp4',
      ...optional(animation.file_name, animation.file_size),
    })
  if (document !== undefined)
    return one(`[file ${cleanName(document.file_name ?? '')}]`, {
      fileId: document.file_id,
      mediaType: document.mime_type ?? 'application/octet-stream',
      ...optional(document.file_name, document.file_size),
    })
  if (audio !== undefined)
    return one('[audio]', {
      fileId: audio.file_id,
      mediaType: audio.mime_type ?? 'audio/mpeg',
      ...optional(audio.file_name, audio.file_size),
    })
  if (voice !== undefined)
    return one(`[voice message, ${voice.duration} s]`, {
      fileId: voice.file_id,
      mediaType: voice.mime_type ?? 'audio/ogg',
      ...optional(undefined, voice.file_size),
    })
  if (video !== undefined)
    return one('[video]', {
      fileId: video.file_id,
      mediaType: video.mime_type ?? 'video/mp4',
      ...optional(video.file_name, video.file_size),
    })
  if (round !== undefined)
    return one('[video message]', { fileId: round.file_id, mediaType: 'video/mp4', ...optional(undefined, round.file_size) })
  if (sticker !== undefined) return { note: `[sticker ${sticker.emoji ?? ''}]`.replace(' ]', ']'), files: [] }
  if (message.location !== undefined)
    return { note: `[location ${message.location.latitude}, ${message.location.longitude}]`, files: [] }
  if (message.contact !== undefined) return { note: `[contact ${cleanName(message.contact.first_name)}]`, files: [] }
  if (message.poll !== undefined) return { note: `[poll: ${message.poll.question}]`, files: [] }
  if (message.dice !== undefined) return { note: `[${message.dice.emoji} ${message.dice.value}]`, files: [] }
  return null
}
