// What is WhatsApp's own about sending: uploads before they are named, a template where the 24-hour window is closed, three buttons.

import { headOf } from '../../text-cut.ts'
import { approvalHead } from '../approval-buttons.ts'
import { type ChatPlatform, type ChatSender, createChatSender, REPEAT_NOTE } from '../chat-sender.ts'
import type { WhatsappSettings } from '../generated/settings.ts'
import { ChannelError, type ChannelHost, type OutboundFile, type ReplyTarget } from '../port.ts'
import { renderMarkdown, WHATSAPP } from '../text/markdown.ts'
import { splitRendered } from '../text/split.ts'
import type { Graph } from './graph.ts'

const MAX_CHARS = 4096
/** An interactive body takes so many characters; a longer question is asked in plain text. */
const MAX_QUESTION = 1024

/** Codes of the platform: https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes */
const WINDOW_CLOSED = 131_047

/** What is shown as what it is, and up to which size; all else goes as a document. */
const SHOWN = [
  { as: 'image', types: /^image\/(png|jpeg)$/, maxBytes: 5_000_000 },
  { as: 'audio', types: /^audio\/(aac|mp4|mpeg|amr|ogg)$/, maxBytes: 16_000_000 },
  { as: 'video', types: /^video\/(mp4|3gpp)$/, maxBytes: 16_000_000 },
] as const

/** People with a number are addressed by it; those without by the id they have for this business. */
const addressed = (userId: string) => (/^\+?\d+$/.test(userId) ? { to: userId } : { recipient: userId })

export type WhatsappSender = ChatSender & {
  /** A text outside of any reply. @throws ChannelError */
  tell(userId: string, text: string): Promise<void>
}

export function createSender(host: ChannelHost<WhatsappSettings>, graph: Graph): WhatsappSender {
  const { settings } = host.spec
  const messages = `${settings.phoneNumberId}/messages`

  const post = async (to: string, body: Record<string, unknown>, signal?: AbortSignal): Promise<string> => {
    const message = { messaging_product: 'whatsapp', recipient_type: 'individual', ...addressed(to), ...body }
    const answer = await graph(messages, { method: 'POST', json: message }, signal)
    return (answer['messages'] as { id?: string }[] | undefined)?.[0]?.id ?? ''
  }

  const sendText = async (to: string, text: string, replyTo: string | undefined, signal?: AbortSignal): Promise<string> => {
    const context = replyTo === undefined ? {} : { context: { message_id: replyTo } }
    try {
      return await post(to, { type: 'text', text: { body: text, preview_url: false }, ...context }, signal)
    } catch (error) {
      const closed = ((error as Error).cause as { code?: unknown } | undefined)?.code === WINDOW_CLOSED
      if (!closed || settings.template === undefined) throw error
      // Outside the window only an approved template may be sent; the text is its one parameter, on one line.
      const parameter = { type: 'text', text: headOf(text.replace(/\s+/g, ' '), 1000) }
      const language = { code: settings.templateLanguage }
      const template = { name: settings.template, language, components: [{ type: 'body', parameters: [parameter] }] }
      return post(to, { type: 'template', template }, signal)
    }
  }

  const sendFile = async (to: string, file: OutboundFile, signal?: AbortSignal): Promise<string> => {
    const form = new FormData()
    form.set('messaging_product', 'whatsapp')
    form.set('type', file.mediaType)
    form.set('file', new Blob([new Uint8Array(file.data)], { type: file.mediaType }), file.name)
    const { id } = await graph(`${settings.phoneNumberId}/media`, { method: 'POST', body: form }, signal)
    const shown = SHOWN.find(({ types, maxBytes }) => types.test(file.mediaType) && file.data.length <= maxBytes)
    if (shown !== undefined) return post(to, { type: shown.as, [shown.as]: { id } }, signal)
    return post(to, { type: 'document', document: { id, filename: file.name } }, signal)
  }

  const recipient = (target: ReplyTarget): string => {
    if (target.userId === undefined) throw new ChannelError('Nobody to send to.', { retry: false })
    return target.userId
  }

  const platform: ChatPlatform = {
    name: 'WhatsApp',
    limits: { maxChars: MAX_CHARS, maxChunks: 12, maxFileBytes: 100_000_000 },
    queueOf: recipient,
    chunks: (text) => splitRendered(text, MAX_CHARS, (source) => renderMarkdown(source, WHATSAPP)),
    repeatNote: `_${REPEAT_NOTE}_`,
    longAnswer: { name: 'answer.txt', mediaType: 'text/plain' },
    sendText: (target, chunk, { first, signal }) =>
      sendText(recipient(target), chunk.rendered, first ? target.replyTo : undefined, signal),
    sendFiles: (target, [file], { signal }) => sendFile(recipient(target), file as OutboundFile, signal),
    approvals: {
      question(prompt) {
        const text = `*${approvalHead(prompt)}*\n\`\`\`\n${prompt.text}\n\`\`\``
        return text.length > MAX_QUESTION ? null : [{ source: text, rendered: text }]
      },
      ask(target, { rendered }, buttons) {
        const action = { buttons: buttons.map((b) => ({ type: 'reply', reply: { id: b.data, title: b.label } })) }
        return post(recipient(target), { type: 'interactive', interactive: { type: 'button', body: { text: rendered }, action } })
      },
    },
    typing: {
      // The platform shows it for 25 seconds.
      lastsMs: 20_000,
      // It belongs to a message that is being answered, which it also marks as read.
      keyOf: ({ replyTo }) => replyTo,
      show: ({ replyTo }) => {
        const typing = { messaging_product: 'whatsapp', status: 'read', message_id: replyTo, typing_indicator: { type: 'text' } }
        return graph(messages, { method: 'POST', json: typing })
      },
    },
  }
  return {
    ...createChatSender(host, platform),
    tell: async (userId, text) => void (await post(userId, { type: 'text', text: { body: text } })),
  }
}
