// SMS by Twilio: signed form calls in, calls out.

import { createHmac } from 'node:crypto'
import { messageOf } from '../../errors.ts'
import { createCallIn } from '../call-in.ts'
import { createChannelHealth } from '../channel-health.ts'
import { type ChatPlatform, createChatQueues, createChatSender, REPEAT_NOTE } from '../chat-sender.ts'
import { type ConnectionEnd, keepConnected } from '../connection-loop.ts'
import type { SmsSettings } from '../generated/settings.ts'
import { createJsonApi } from '../json-api.ts'
import { type FileToFetch, readBody, withFiles } from '../media.ts'
import { type Channel, ChannelError, type ChannelHost, type InboundMessage, RefusedError, type WebhookRequest } from '../port.ts'
import { sameText } from '../signature.ts'
import { PLAIN, renderMarkdown } from '../text/markdown.ts'
import { splitRendered } from '../text/split.ts'

const MAX_CHARS = 1600
const REFUSED = 'Twilio refused accountSid or authToken. Check both in the console.'

export function createSms(host: ChannelHost<SmsSettings>): Channel {
  const { settings } = host.spec
  const { accountSid, from } = settings
  const token = settings.authToken.reveal().trim()
  const root = (host.spec.apiRoot ?? 'https://api.twilio.com').replace(/\/+$/, '')
  const account = `/2010-04-01/Accounts/${encodeURIComponent(accountSid)}`
  const authorization = { authorization: `Basic ${Buffer.from(`${accountSid}:${token}`).toString('base64')}` }
  const stopping = new AbortController()
  const queues = createChatQueues()
  const health = createChannelHealth(host)
  let running: Promise<void> | null = null
  const api = createJsonApi({
    host,
    health,
    platform: 'Twilio',
    root,
    headers: () => authorization,
    messageOf: ({ message }) => (typeof message === 'string' ? message : undefined),
    refusal: REFUSED,
  })

  const platform: ChatPlatform = {
    name: 'SMS',
    limits: { maxChars: MAX_CHARS, maxChunks: 6, maxFileBytes: 0 },
    queueOf: ({ userId = '' }) => userId,
    chunks: (text) => splitRendered(text, MAX_CHARS, (source) => renderMarkdown(source, PLAIN)),
    repeatNote: REPEAT_NOTE,
    async sendText({ userId }, { rendered }, { signal }) {
      if (userId === undefined) throw new ChannelError('No number to send to.', { retry: false })
      const sender = from.startsWith('MG') ? { MessagingServiceSid: from } : { From: from }
      const form = new URLSearchParams({ To: userId, Body: rendered, ...sender }).toString()
      const headers = { 'content-type': 'application/x-www-form-urlencoded' }
      const sent = await api.call<{ sid: string }>(`${account}/Messages.json`, {
        body: new TextEncoder().encode(form),
        headers,
        signal,
      })
      return sent.sid
    },
  }
  const { idle, ...sending } = createChatSender(host, platform)

  /** The address is part of what is signed; behind a proxy it is the one people see. */
  const addressOf = ({ headers, path }: WebhookRequest): string => {
    const proto = headers['x-forwarded-proto']?.split(',')[0]?.trim() ?? 'https'
    return settings.webhookUrl ?? `${proto}://${headers['x-forwarded-host'] ?? headers['host'] ?? ''}${path}`
  }

  const isSigned = (request: WebhookRequest): boolean => {
    const fields = [...new URLSearchParams(request.body.toString('utf8'))].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    const text = addressOf(request) + fields.map(([key, value]) => key + value).join('')
    return sameText(request.headers['x-twilio-signature'] ?? '', createHmac('sha1', token).update(text).digest('base64'))
  }

  const toFetch = (url: string, mediaType: string): FileToFetch => ({
    mediaType,
    fetch: async (maxBytes, signal) => {
      const at = new URL(url)
      // The token goes to the platform's own hosts only; it answers with an address that needs none.
      if (at.origin !== new URL(root).origin && !(at.protocol === 'https:' && at.hostname.endsWith('.twilio.com')))
        throw new Error('a file elsewhere')
      const first = await fetch(at, { headers: authorization, signal, redirect: 'manual' })
      const moved = first.headers.get('location')
      return readBody(moved === null ? first : await fetch(moved, { signal }), maxBytes)
    },
  })

  const take = async (fields: URLSearchParams): Promise<void> => {
    const [id, userId] = [fields.get('MessageSid') ?? fields.get('SmsSid'), fields.get('From')]
    if (id === null || userId === null) {
      host.log.debug({ channel: host.spec.id, why: 'no message: neither MessageSid nor From' }, 'a call was ignored')
      return
    }
    const files = Array.from({ length: Math.min(Number(fields.get('NumMedia') ?? 0) || 0, 10) }, (_, n) =>
      toFetch(fields.get(`MediaUrl${n}`) ?? '', fields.get(`MediaContentType${n}`) ?? 'application/octet-stream'),
    )
    const body = (fields.get('Body') ?? '').trim()
    const message: InboundMessage = {
      channelId: host.spec.id,
      userId,
      messageId: id,
      content: body === '' ? (files.length > 0 ? '[file]' : '[empty message]') : body,
      timestamp: new Date(host.clock.now()).toISOString(),
    }
    await host.receive(await withFiles(host.spec, message, files))
  }

  const webhook = createCallIn<URLSearchParams>({
    host,
    queues,
    stopping: stopping.signal,
    check: (request) => (request.method === 'POST' && isSigned(request) ? null : { status: 403 }),
    read: (request) => [new URLSearchParams(request.body.toString('utf8'))],
    chatOf: (fields) => fields.get('From') ?? '',
    take,
    // No answer in place: replies are messages of their own.
    thanks: { status: 200, headers: { 'content-type': 'text/xml' }, body: '<Response/>' },
  })

  const check = async (): Promise<ConnectionEnd | null> => {
    try {
      await api.call(`${account}.json`, { signal: stopping.signal })
      health.set({ state: 'connected' })
      return null
    } catch (error) {
      return error instanceof RefusedError ? null : { detail: `Twilio cannot be reached: ${messageOf(error)}` }
    }
  }

  return {
    async start() {
      health.set({ state: 'starting' })
      if (token === '') return health.set({ state: 'failed', detail: 'No authToken is set.' })
      running = keepConnected(host, health, stopping.signal, check)
    },
    async stop() {
      stopping.abort()
      await running
      await queues.idle()
      await idle()
      health.set({ state: 'stopped' })
    },
    ...sending,
    webhook,
  }
}
