// What is Telegram's own about sending: HTML with a fallback to plain text, topics, photos and documents, buttons below a message.

import type { Api } from 'grammy'
import { messageOf } from '../../errors.ts'
import { approvalHead, type Button, callbackData } from '../approval-buttons.ts'
import { type ChatPlatform, type ChatSender, createChatSender, REPEAT_NOTE, type SendOptions } from '../chat-sender.ts'
import type { PlatformCalls } from '../platform-calls.ts'
import { ChannelError, type ChannelHost, type OutboundFile, type ReplyTarget } from '../port.ts'
import { htmlLength, plainHtml, renderMarkdown, TELEGRAM_HTML } from '../text/markdown.ts'
import { type RenderedChunk, splitRendered, splitText } from '../text/split.ts'
import { type ApiSignal, faultOf } from './api.ts'
import { messageId, platformMessageId } from './intake.ts'
import type { Memory } from './poll.ts'

const MAX_CHARS = 4096
const MAX_PHOTO_BYTES = 10_000_000
const MAX_CALLBACK_BYTES = 64

export interface SenderWorld {
  readonly host: ChannelHost
  readonly api: Api
  readonly calls: PlatformCalls<ApiSignal>
  memory(): Memory | null
  /** grammY's InputFile, loaded with the client. */
  file(data: Buffer, name: string): unknown
}

/** Chats have numbers, public ones names too. */
const wireId = (chat: string): number | string => (/^-?\d{1,15}$/.test(chat) ? Number(chat) : chat)

/** What was sent has arrived, whatever the answer leaves out. */
const sentId = (
  chat: string,
  sent: { readonly chat?: { readonly id: number }; readonly message_id?: number } | undefined,
): string => messageId(sent?.chat?.id ?? chat, sent?.message_id ?? 0)

const render = (markdown: string): string => renderMarkdown(markdown, TELEGRAM_HTML)

/** Where in the chat a message goes, and what it answers. */
function place(target: ReplyTarget, first: boolean) {
  const thread = Number(target.threadId)
  const reply = first && target.groupId !== undefined ? platformMessageId(target.replyTo ?? '') : null
  return {
    ...(Number.isSafeInteger(thread) && thread > 0 ? { message_thread_id: thread } : {}),
    ...(reply === null ? {} : { reply_parameters: { message_id: reply, allow_sending_without_reply: true } }),
  }
}

const keyboard = (buttons: readonly Button[]) => ({
  inline_keyboard: [buttons.map(({ label, data }) => ({ text: label, callback_data: data }))],
})

export function createSender(world: SenderWorld): ChatSender {
  const { host, api, calls } = world

  const chatId = (target: ReplyTarget): string => {
    const id = target.groupId ?? target.userId
    if (id === undefined) throw new ChannelError('No chat to send to.', { retry: false })
    return world.memory()?.chat(id) ?? id
  }

  /** A call that follows a group to its new id. */
  const inChat = async <T>(
    target: ReplyTarget,
    make: (chat: string, signal: ApiSignal) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> => {
    const to = (chat: string): Promise<T> => calls.call((own) => make(chat, own), { chat, signal })
    const chat = chatId(target)
    try {
      return await to(chat)
    } catch (error) {
      const moved = faultOf((error as Error).cause).migratedTo
      if (moved === undefined) throw error
      await world.memory()?.setMoved(chat, moved)
      return to(moved)
    }
  }

  /** HTML where there is formatting, and plain text where the platform cannot read our HTML. */
  const formatted = async <T>(
    chunk: RenderedChunk,
    make: (text: { text: string; parse_mode?: 'HTML' }) => Promise<T>,
  ): Promise<T> => {
    if (!chunk.rendered.includes('<')) return make({ text: plainHtml(chunk.rendered) })
    try {
      return await make({ text: chunk.rendered, parse_mode: 'HTML' })
    } catch (error) {
      if (!/can't parse entities/i.test(messageOf(error))) throw error
      host.log.warn({}, 'telegram could not read the formatting; sent as plain text')
      return make({ text: chunk.source })
    }
  }

  const sendText = (
    target: ReplyTarget,
    chunk: RenderedChunk,
    { first, signal }: SendOptions,
    buttons: { reply_markup?: ReturnType<typeof keyboard> } = {},
  ): Promise<string> =>
    formatted(chunk, (text) =>
      inChat(
        target,
        async (chat, own) => {
          const content = { ...text, ...place(target, first), ...buttons }
          return sentId(chat, await api.raw.sendMessage({ chat_id: wireId(chat), ...content }, own))
        },
        signal,
      ),
    )

  const edit = (target: ReplyTarget, id: string, chunk: RenderedChunk, signal?: AbortSignal): Promise<void> =>
    formatted(chunk, async (text) => {
      try {
        const message = platformMessageId(id) ?? 0
        await inChat(
          target,
          (chat, own) => api.raw.editMessageText({ chat_id: wireId(chat), message_id: message, ...text }, own),
          signal,
        )
      } catch (error) {
        if (!/message is not modified/i.test(messageOf(error))) throw error
      }
    })

  const sendFile = (target: ReplyTarget, file: OutboundFile, { first, signal }: SendOptions): Promise<string> => {
    const asPhoto = /^image\/(png|jpe?g|webp)$/.test(file.mediaType) && file.data.length <= MAX_PHOTO_BYTES
    return inChat(
      target,
      async (chat, own) => {
        const input = world.file(file.data, file.name) as never
        const where = { chat_id: wireId(chat), ...place(target, first) }
        const sent = asPhoto
          ? await api.raw.sendPhoto({ ...where, photo: input }, own)
          : await api.raw.sendDocument({ ...where, document: input }, own)
        return sentId(chat, sent)
      },
      signal,
    )
  }

  const platform: ChatPlatform = {
    name: 'Telegram',
    limits: { maxChars: MAX_CHARS, maxChunks: 12, maxFileBytes: 50_000_000 },
    queueOf: chatId,
    chunks: (text) => splitRendered(text, MAX_CHARS, render, htmlLength),
    repeatNote: `<i>${REPEAT_NOTE}</i>`,
    sendText,
    sendFiles: (target, [file], options) => sendFile(target, file as OutboundFile, options),
    edits: {
      // Groups take fewer edits a minute than private chats.
      intervalMs: (target) => (target.groupId === undefined ? 1000 : 3000),
      edit,
      remove: async (target, id) => {
        const message = platformMessageId(id) ?? 0
        await inChat(target, (chat, own) => api.raw.deleteMessage({ chat_id: wireId(chat), message_id: message }, own))
      },
    },
    approvals: {
      question(prompt) {
        if (Buffer.byteLength(callbackData('always', prompt.id)) > MAX_CALLBACK_BYTES) return null
        // Room for escapes and the heading; the text itself is never cut.
        const chunks = splitText(prompt.text, 3500).map((source) => ({ source, rendered: TELEGRAM_HTML.pre(source, '') }))
        const last = chunks.pop()
        if (last === undefined) return null
        const head = approvalHead(prompt)
        const rendered = `<b>${TELEGRAM_HTML.text(head)}</b>\n${last.rendered}`
        return [...chunks, { source: `${head}\n${last.source}`, rendered }]
      },
      ask: (target, chunk, buttons) => sendText(target, chunk, { first: true }, { reply_markup: keyboard(buttons) }),
      close: (target, id, chunk, outcome) =>
        edit(target, id, { rendered: `${chunk.rendered}\n<i>${TELEGRAM_HTML.text(outcome)}</i>`, source: outcome }),
    },
    typing: {
      // The platform shows it for five seconds.
      lastsMs: 4000,
      keyOf: chatId,
      show: (target) => api.raw.sendChatAction({ chat_id: wireId(chatId(target)), action: 'typing', ...place(target, false) }),
    },
  }
  return createChatSender(host, platform)
}
