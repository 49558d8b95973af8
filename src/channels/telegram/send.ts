// Replies on their way to a chat: dialect, parts, files, a message that grows, and approvals as buttons.

import type { Api } from 'grammy'
import { messageOf } from '../../errors.ts'
import { approvalHead, buttonsOf, callbackData, createShown } from '../approvals.ts'
import { createChains } from '../chain.ts'
import { createEditStream } from '../edit-stream.ts'
import { createPartSender, REPEAT_NOTE } from '../parts.ts'
import type {
  ApprovalPrompt,
  Attachment,
  ChannelHost,
  OutboundMessage,
  ReplyStream,
  ReplyTarget,
  SendContext,
  SendResult,
} from '../port.ts'
import { ChannelError } from '../port.ts'
import { htmlLength, plainHtml, renderMarkdown, TELEGRAM_HTML } from '../text/markdown.ts'
import { clampText, type RenderedPart, splitRendered, splitText } from '../text/split.ts'
import { type ApiSignal, type Caller, faultOf } from './api.ts'
import { messageId, platformMessageId } from './intake.ts'
import type { Memory } from './memory.ts'

const MAX_CHARS = 4096
/** A longer answer is sent as one file behind its beginning. */
const MOST_PARTS = 12

export interface SenderWorld {
  readonly host: ChannelHost
  readonly api: Api
  readonly caller: Caller
  memory(): Memory | null
  /** grammY's InputFile, loaded with the client. */
  file(data: Buffer, name: string): unknown
}

type Job =
  | { readonly kind: 'text'; readonly part: RenderedPart }
  | { readonly kind: 'file'; readonly file: Attachment; readonly data: Buffer; readonly name: string }

/** Chats have numbers, public ones names too. */
const wireId = (chat: string): number | string => (/^-?\d{1,15}$/.test(chat) ? Number(chat) : chat)

/** What was sent has arrived, whatever the answer leaves out. */
const sentId = (
  chat: string,
  sent: { readonly chat?: { readonly id: number }; readonly message_id?: number } | undefined,
): string => messageId(sent?.chat?.id ?? chat, sent?.message_id ?? 0)

const render = (markdown: string): string => renderMarkdown(markdown, TELEGRAM_HTML)
const renderParts = (text: string): RenderedPart[] => splitRendered(text, MAX_CHARS, render, htmlLength)

export function createSender(world: SenderWorld) {
  const { host, api, caller } = world
  const chains = createChains()
  const parts = createPartSender()

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
    const chat = chatId(target)
    try {
      return await caller.call(chat, (s) => make(chat, s), signal)
    } catch (error) {
      const moved = faultOf((error as Error).cause).migratedTo
      if (moved === undefined) throw error
      await world.memory()?.setMoved(chat, moved)
      return caller.call(moved, (s) => make(moved, s), signal)
    }
  }

  const place = (target: ReplyTarget, first: boolean) => {
    const thread = Number(target.threadId)
    const reply = first && target.groupId !== undefined ? platformMessageId(target.replyTo ?? '') : null
    return {
      ...(Number.isSafeInteger(thread) && thread > 0 ? { message_thread_id: thread } : {}),
      ...(reply === null ? {} : { reply_parameters: { message_id: reply, allow_sending_without_reply: true } }),
    }
  }

  /** HTML where there is formatting, and plain text where the platform cannot read our HTML. */
  const formatted = async <T>(
    part: RenderedPart,
    make: (text: { text: string; parse_mode?: 'HTML' }) => Promise<T>,
  ): Promise<T> => {
    if (!part.rendered.includes('<')) return make({ text: plainHtml(part.rendered) })
    try {
      return await make({ text: part.rendered, parse_mode: 'HTML' })
    } catch (error) {
      if (!/can't parse entities/i.test(messageOf(error))) throw error
      host.log.warn({}, 'telegram could not read the formatting; sent as plain text')
      return make({ text: part.source })
    }
  }

  const sendText = async (
    target: ReplyTarget,
    part: RenderedPart,
    options: { first: boolean; signal?: AbortSignal; reply_markup?: ReturnType<typeof keyboard> },
  ): Promise<string> => {
    return formatted(part, (text) =>
      inChat(
        target,
        async (chat, s) => {
          const content = { ...text, ...place(target, options.first) }
          const buttons = options.reply_markup === undefined ? {} : { reply_markup: options.reply_markup }
          return sentId(chat, await api.raw.sendMessage({ chat_id: wireId(chat), ...content, ...buttons }, s))
        },
        options.signal,
      ),
    )
  }

  const editText = (target: ReplyTarget, id: string, part: RenderedPart, signal?: AbortSignal): Promise<void> =>
    formatted(part, async (text) => {
      try {
        await inChat(
          target,
          (chat, s) => api.raw.editMessageText({ chat_id: wireId(chat), message_id: platformMessageId(id) ?? 0, ...text }, s),
          signal,
        )
      } catch (error) {
        if (!/message is not modified/i.test(messageOf(error))) throw error
      }
    })

  const sendFile = async (
    target: ReplyTarget,
    job: Extract<Job, { kind: 'file' }>,
    first: boolean,
    signal: AbortSignal,
  ): Promise<string> => {
    const asPhoto = job.file.kind === 'image' && /png|jpe?g|webp/.test(job.file.mediaType) && job.data.length <= 10_000_000
    return inChat(
      target,
      async (chat, s) => {
        const input = world.file(job.data, job.name) as never
        const where = { chat_id: wireId(chat), ...place(target, first) }
        const sent = asPhoto
          ? await api.raw.sendPhoto({ ...where, photo: input }, s)
          : await api.raw.sendDocument({ ...where, document: input }, s)
        return sentId(chat, sent)
      },
      signal,
    )
  }

  const jobsOf = (message: OutboundMessage): Job[] => {
    const { text, cut } = clampText(message.content, MAX_CHARS, MOST_PARTS)
    const texts = cut ? renderParts(text).slice(0, 1) : renderParts(text)
    const jobs: Job[] = texts.map((part) => ({ kind: 'text', part }))
    if (cut) {
      const data = Buffer.from(message.content)
      const file: Attachment = { kind: 'document', mediaType: 'text/markdown' }
      jobs.push({ kind: 'file', file, data, name: 'answer.md' })
    }
    for (const file of message.media ?? [])
      if (file.data !== undefined)
        jobs.push({ kind: 'file', file, data: Buffer.from(file.data, 'base64'), name: file.name ?? 'file' })
    return jobs
  }

  const send = (message: OutboundMessage, context: SendContext): Promise<SendResult> =>
    chains.run(chatId(message), () =>
      parts.sendAll(jobsOf(message), context, (job, index, unsure) => {
        if (job.kind === 'file') return sendFile(message, job, index === 0, context.signal)
        const part = unsure ? noted(job.part) : job.part
        return sendText(message, part, { first: index === 0, signal: context.signal })
      }),
    )

  const stream = (target: ReplyTarget): ReplyStream => {
    const sources = new Map<string, RenderedPart>()
    const source = (rendered: string): RenderedPart => sources.get(rendered) ?? { rendered, source: rendered }
    return createEditStream({
      host,
      // Groups take fewer edits a minute than private chats.
      intervalMs: target.groupId === undefined ? 1000 : 3000,
      maxChars: MAX_CHARS * MOST_PARTS,
      render(text) {
        sources.clear()
        return renderParts(text).map((part) => {
          sources.set(part.rendered, part)
          return part.rendered
        })
      },
      run: (work) => chains.run(chatId(target), work),
      post: (text, first, signal) => sendText(target, source(text), { first, ...(signal === undefined ? {} : { signal }) }),
      edit: (id, text, signal) => editText(target, id, source(text), signal),
      remove: async (id) => {
        await inChat(target, (chat, s) =>
          api.raw.deleteMessage({ chat_id: wireId(chat), message_id: platformMessageId(id) ?? 0 }, s),
        )
      },
    })
  }

  const asked = createShown<{ target: ReplyTarget; message: string; text: string }>()

  const askApproval = async (target: ReplyTarget, prompt: ApprovalPrompt): Promise<boolean> => {
    if (Buffer.byteLength(callbackData('always', prompt.id)) > 64) return false
    // Room for escapes and the heading; the text itself is never cut.
    const pieces = splitText(prompt.text, 3500).map((text) => ({ source: text, rendered: TELEGRAM_HTML.pre(text, '') }))
    const last = pieces.pop()
    if (last === undefined) return false
    try {
      return await chains.run(chatId(target), async () => {
        for (const piece of pieces) await sendText(target, piece, { first: false })
        const head = approvalHead(prompt)
        const part = { source: `${head}\n${last.source}`, rendered: `<b>${TELEGRAM_HTML.text(head)}</b>\n${last.rendered}` }
        const message = await sendText(target, part, { first: true, reply_markup: keyboard(prompt) })
        asked.add(prompt.id, { target, message, text: part.rendered })
        return true
      })
    } catch (error) {
      host.log.warn({ error: messageOf(error) }, 'telegram approval buttons were not sent')
      return false
    }
  }

  /** Takes the buttons away and says what came of it. */
  const closeApproval = async (id: string, outcome: string): Promise<void> => {
    for (const open of asked.take(id)) {
      const rendered = `${open.text}\n<i>${TELEGRAM_HTML.text(outcome)}</i>`
      try {
        await editText(open.target, open.message, { rendered, source: outcome })
      } catch (error) {
        host.log.debug({ error: messageOf(error) }, 'telegram approval was not closed')
      }
    }
  }

  const typingUntil = new Map<string, number>()
  const typing = (target: ReplyTarget): void => {
    const chat = chatId(target)
    const now = host.clock.now()
    // The sign lasts five seconds.
    if ((typingUntil.get(chat) ?? 0) > now) return
    typingUntil.set(chat, now + 4000)
    if (typingUntil.size > 1000) typingUntil.delete(typingUntil.keys().next().value as string)
    const thread = place({ ...target, channelId: host.spec.id }, false)
    api.raw.sendChatAction({ chat_id: wireId(chat), action: 'typing', ...thread }).catch((error: unknown) => {
      host.log.debug({ error: messageOf(error) }, 'telegram typing sign failed')
    })
  }

  return { send, stream, askApproval, closeApproval, typing, idle: () => chains.idle() }
}

const noted = (part: RenderedPart): RenderedPart => ({
  source: `${REPEAT_NOTE}\n${part.source}`,
  rendered: `<i>${REPEAT_NOTE}</i>\n${part.rendered}`,
})

const keyboard = (prompt: ApprovalPrompt) => ({
  inline_keyboard: [buttonsOf(prompt).map(({ label, data }) => ({ text: label, callback_data: data }))],
})
