// WhatsApp by the Cloud API. Enters: signed webhooks, answered 200 once stored. Leaves: one message at the end; a template
// where the 24-hour window is closed.

import { messageOf } from '../../errors.ts'
import { headOf } from '../../text-cut.ts'
import { approvalHead, buttonsOf, readCallback } from '../approvals.ts'
import { createBackoff } from '../backoff.ts'
import { createChains } from '../chain.ts'
import type { WhatsappSettings } from '../generated/settings.ts'
import { attach, readBody, worthFetching } from '../media.ts'
import { createPartSender, REPEAT_NOTE } from '../parts.ts'
import type { Attachment, Channel, ChannelHost, OutboundMessage, ReplyTarget, WebhookRequest, WebhookResponse } from '../port.ts'
import { ChannelError } from '../port.ts'
import { sameText, sign, signatureFits } from '../signature.ts'
import { createStanding } from '../standing.ts'
import { renderMarkdown, WHATSAPP } from '../text/markdown.ts'
import { clampText, splitRendered } from '../text/split.ts'
import { createGraph, isRefusal, REFUSED } from './graph.ts'
import { type FileRef, readCall, readMessage, type WaMessage, type WaValue } from './intake.ts'

const MAX_CHARS = 4096
const MOST_PARTS = 12
/** A sign lasts 25 seconds; asking again sooner changes nothing. */
const SIGN_MS = 20_000

/** Codes of the platform: https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes */
const WINDOW_CLOSED = 131_047

export function createWhatsApp(host: ChannelHost<WhatsappSettings>): Channel {
  const { settings } = host.spec
  const root = (host.spec.apiRoot ?? 'https://graph.facebook.com/v23.0').replace(/\/+$/, '')
  const token = settings.accessToken.reveal().trim()
  const stopping = new AbortController()
  const chains = createChains()
  const standing = createStanding(host, { state: 'connected' })
  const graph = createGraph({ root, token, standing })
  const parts = createPartSender()
  const signs = new Map<string, number>()
  let running: Promise<void> | null = null

  const post = async (to: string, body: Record<string, unknown>, signal?: AbortSignal): Promise<string> => {
    const answer = await graph(
      `${settings.phoneNumberId}/messages`,
      {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ messaging_product: 'whatsapp', recipient_type: 'individual', to, ...body }),
      },
      signal,
    )
    return (answer['messages'] as { id?: string }[] | undefined)?.[0]?.id ?? ''
  }

  const sendText = async (to: string, text: string, replyTo: string | undefined, signal: AbortSignal): Promise<string> => {
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

  const sendFile = async (to: string, file: Attachment, data: string, signal: AbortSignal): Promise<string> => {
    const form = new FormData()
    const name = file.name ?? 'file'
    form.set('messaging_product', 'whatsapp')
    form.set('type', file.mediaType)
    form.set('file', new Blob([Buffer.from(data, 'base64')], { type: file.mediaType }), name)
    const { id } = await graph(`${settings.phoneNumberId}/media`, { method: 'POST', body: form }, signal)
    const asImage = /^image\/(png|jpeg)$/.test(file.mediaType)
    return post(to, asImage ? { type: 'image', image: { id } } : { type: 'document', document: { id, filename: name } }, signal)
  }

  const recipient = (target: ReplyTarget): string => {
    if (target.userId === undefined) throw new ChannelError('Nobody to send to.', { retry: false })
    return target.userId
  }

  const jobsOf = (message: OutboundMessage): (string | Attachment)[] => {
    const { text, cut } = clampText(message.content, MAX_CHARS, MOST_PARTS)
    const texts = splitRendered(text, MAX_CHARS, (source) => renderMarkdown(source, WHATSAPP)).map((part) => part.rendered)
    const whole: Attachment = {
      kind: 'document',
      mediaType: 'text/plain',
      name: 'answer.txt',
      data: Buffer.from(message.content).toString('base64'),
    }
    return [
      ...(cut ? texts.slice(0, 1) : texts),
      ...(cut ? [whole] : []),
      ...(message.media ?? []).filter((file) => file.data !== undefined),
    ]
  }

  const fetchFile =
    (file: FileRef) =>
    async (maxBytes: number, signal: AbortSignal): Promise<Buffer | null> => {
      const { url, file_size: size } = (await graph(file.id, {}, signal)) as { url?: string; file_size?: number }
      if ((size ?? 0) > maxBytes) return null
      const at = new URL(url ?? '')
      // The token goes to the platform's own hosts only.
      if (
        at.origin !== new URL(root).origin &&
        !(at.protocol === 'https:' && /\.(facebook\.com|fbsbx\.com|fbcdn\.net|whatsapp\.net)$/.test(at.hostname))
      )
        throw new Error('a file elsewhere')
      return readBody(await fetch(at, { signal, headers: { authorization: `Bearer ${token}` } }), maxBytes)
    }

  /** Rejects when it could not be stored. */
  const take = async (message: WaMessage, value: WaValue): Promise<void> => {
    const chosen = readCallback(message.interactive?.button_reply?.id)
    if (chosen !== null && typeof message.from === 'string') {
      const text = await host.answerApproval({ ...chosen, userId: message.from })
      await post(message.from, { type: 'text', text: { body: text } }).catch((error: unknown) =>
        host.log.warn({ error: messageOf(error) }, 'whatsapp: the one who pressed was not told'),
      )
      return
    }
    const read = readMessage(message, value, host.spec.id)
    if (read === null) return
    const worth = worthFetching(host.spec, read.message)
    const media = read.file === null ? [] : [await attach({ ...read.file, fetch: fetchFile(read.file) }, host.spec, worth)]
    await host.receive({ ...read.message, ...(media.length === 0 ? {} : { media }) })
  }

  const webhook = async (request: WebhookRequest): Promise<WebhookResponse> => {
    if (request.method === 'GET') {
      const verify = settings.verifyToken.reveal()
      const right = verify !== '' && sameText(request.query.get('hub.verify_token') ?? '', verify)
      return right && request.query.get('hub.mode') === 'subscribe'
        ? { status: 200, headers: { 'content-type': 'text/plain' }, body: request.query.get('hub.challenge') ?? '' }
        : { status: 403 }
    }
    if (request.method !== 'POST') return { status: 405 }
    const secret = settings.appSecret.reveal()
    if (secret === '' || !signatureFits(request.headers['x-hub-signature-256'] ?? '', sign(secret, request.body)))
      return { status: 401 }
    if (stopping.signal.aborted) return { status: 503 }
    let values: WaValue[]
    try {
      values = readCall(JSON.parse(request.body.toString('utf8')))
    } catch {
      return { status: 400 }
    }
    try {
      for (const value of values) {
        if (value.metadata?.phone_number_id !== settings.phoneNumberId) continue
        for (const status of value.statuses ?? [])
          if (status.status === 'failed')
            host.log.warn({ id: status.id, why: status.errors?.[0]?.title }, 'whatsapp did not deliver')
        for (const message of value.messages ?? []) await chains.run(`in ${message.from}`, () => take(message, value))
      }
      return { status: 200 }
    } catch (error) {
      host.log.error({ error: messageOf(error) }, 'whatsapp message was not stored; it will come again')
      return { status: 500 }
    }
  }

  /** Asks the platform who we are until it answers. */
  const check = async (): Promise<void> => {
    const backoff = createBackoff(host)
    while (!stopping.signal.aborted) {
      try {
        await graph(`${settings.phoneNumberId}?fields=id`, {}, stopping.signal)
        standing.set({ state: 'connected' })
        return
      } catch (error) {
        if (stopping.signal.aborted) return
        const { status = 0, code } = ((error as Error).cause ?? {}) as { status?: number; code?: number }
        if (isRefusal(status, code)) {
          standing.refused(REFUSED)
          return
        }
        if (status >= 400 && status < 500 && status !== 429) {
          // A server that merely imitates the platform does not know this question: sending will tell.
          host.log.info({ status }, 'whatsapp: accessToken and phoneNumberId could not be checked')
          standing.set({ state: 'connected' })
          return
        }
        standing.set({ state: 'reconnecting', detail: 'WhatsApp cannot be reached.' })
        await backoff.wait(stopping.signal)
      }
    }
  }

  return {
    async start() {
      host.setState({ state: 'starting' })
      if (token === '' || !settings.appSecret.isSet) {
        standing.set({ state: 'failed', detail: `No ${token === '' ? 'accessToken' : 'appSecret'} is set.` })
        return
      }
      running = check()
    },
    async stop() {
      stopping.abort()
      await running
      await chains.idle()
      standing.set({ state: 'stopped' })
    },
    async send(message, context) {
      const to = recipient(message)
      return chains.run(`out ${to}`, () =>
        parts.sendAll(jobsOf(message), context, (job, index, unsure) =>
          typeof job === 'string'
            ? sendText(to, unsure ? `_${REPEAT_NOTE}_\n${job}` : job, index === 0 ? message.replyTo : undefined, context.signal)
            : sendFile(to, job, job.data ?? '', context.signal),
        ),
      )
    },
    typing(target) {
      // The sign belongs to a message that is being answered, which it also marks as read.
      if (target.replyTo === undefined || (signs.get(target.replyTo) ?? 0) > host.clock.now()) return
      signs.set(target.replyTo, host.clock.now() + SIGN_MS)
      if (signs.size > 1000) signs.delete(signs.keys().next().value as string)
      const body = {
        messaging_product: 'whatsapp',
        status: 'read',
        message_id: target.replyTo,
        typing_indicator: { type: 'text' },
      }
      graph(`${settings.phoneNumberId}/messages`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }).catch((error: unknown) => host.log.debug({ error: messageOf(error) }, 'whatsapp typing sign failed'))
    },
    async askApproval(target, prompt) {
      const text = `*${approvalHead(prompt)}*\n\`\`\`\n${prompt.text}\n\`\`\``
      // An interactive body takes 1024 characters; a longer input is asked about in plain text instead.
      if (text.length > 1024) return false
      const buttons = buttonsOf(prompt).map((b) => ({ type: 'reply', reply: { id: b.data, title: b.label } }))
      try {
        await post(recipient(target), {
          type: 'interactive',
          interactive: { type: 'button', body: { text }, action: { buttons } },
        })
        return true
      } catch (error) {
        host.log.warn({ error: messageOf(error) }, 'whatsapp approval buttons were not sent')
        return false
      }
    },
    webhook,
  }
}
