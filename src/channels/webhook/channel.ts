// Signed HTTP in and out. Enters: a JSON call with an HMAC of its exact bytes. Leaves: the reply as a signed call to `url`,
// or, where there is no `url`, as the response to the call that asked.

import { messageOf } from '../../errors.ts'
import { createChatQueues } from '../chat-sender.ts'
import type { WebhookSettings } from '../generated/settings.ts'
import { withCallSignal } from '../platform-calls.ts'
import {
  type Channel,
  ChannelError,
  type ChannelHost,
  type OutboundFile,
  type OutboundMessage,
  UnsureError,
  type WebhookRequest,
  type WebhookResponse,
} from '../port.ts'
import { sign, signatureFits } from '../signature.ts'
import { createAsked } from './asked.ts'
import { fillJson, read } from './template.ts'

/** How long a call waits for its answer where the answer is the response. */
const ANSWER_MS = 120_000

export function createWebhook(host: ChannelHost<WebhookSettings>): Channel {
  const { settings } = host.spec
  const secret = settings.secret.reveal()
  const signatureHeader = settings.signatureHeader.toLowerCase()
  const timestampHeader = settings.timestampHeader?.toLowerCase()
  const maxAge = settings.maxAge
  const queues = createChatQueues()
  const asked = createAsked(host.clock, ANSWER_MS)
  let open = false

  /** null: the call is ours; else why not. */
  const refusal = (request: WebhookRequest): WebhookResponse | null => {
    const given = request.headers[signatureHeader] ?? ''
    const stamp = timestampHeader === undefined ? undefined : (request.headers[timestampHeader] ?? '')
    // With a timestamp it is signed too, else it could be replaced.
    const expected = stamp === undefined ? sign(secret, request.body) : sign(secret, `${stamp}.`, request.body)
    if (given === '' || !signatureFits(given, expected)) return { status: 401, body: 'wrong signature' }
    if (stamp !== undefined) {
      const seconds = /^\d+$/.test(stamp) ? Number(stamp) * (stamp.length > 11 ? 1 : 1000) : Date.parse(stamp)
      if (!(Math.abs(Date.now() - seconds) <= maxAge)) return { status: 401, body: 'too old' }
    }
    return null
  }

  const webhook = async (request: WebhookRequest): Promise<WebhookResponse> => {
    if (request.method !== 'POST') return { status: 405, body: 'POST only' }
    if (!open) return { status: 503, body: 'stopped' }
    const refused = refusal(request)
    if (refused !== null) return refused
    let call: unknown
    try {
      call = JSON.parse(request.body.toString('utf8'))
    } catch {
      return { status: 400, body: 'not JSON' }
    }
    const userId = read(settings.userId, call)
    const content = read(settings.content, call)
    const given = read(settings.messageId, call)
    if (userId === '' || content === '') return { status: 422, body: `no ${userId === '' ? 'user id' : 'content'} in the call` }
    // Without an id of its own a repeated call is known by its bytes and its time.
    const messageId = given !== '' ? given : sign('id', request.headers[timestampHeader ?? ''] ?? host.random.id(), request.body)
    try {
      const take = () =>
        host.receive({ channelId: host.spec.id, userId, messageId, content, timestamp: new Date().toISOString() })
      if (settings.url !== undefined) {
        const receipt = await queues.run(userId, take)
        return json(receipt.accepted ? 202 : 403, {
          accepted: receipt.accepted,
          messageId,
          ...(receipt.reason === undefined ? {} : { reason: receipt.reason }),
        })
      }
      const known = asked.knows(messageId)
      const waiting = asked.wait(messageId)
      try {
        const receipt = await queues.run(userId, take)
        if (!receipt.accepted) return json(403, { accepted: false, messageId, reason: receipt.reason })
        const repeat = receipt.duplicate === true ? { duplicate: true } : {}
        // A repeat of a call that an earlier process took: its answer is not known here.
        if (receipt.duplicate === true && !known) return json(200, { accepted: true, ...repeat, messageId })
        const content = await waiting.answer
        return json(content === null ? 202 : 200, {
          accepted: true,
          ...repeat,
          messageId,
          ...(content === null ? {} : { content }),
        })
      } finally {
        waiting.end()
      }
    } catch (error) {
      host.log.error({ error: messageOf(error) }, 'webhook call was not stored')
      return { status: 503, body: 'not stored; call again' }
    }
  }

  const post = async (url: string, message: OutboundMessage, key: string, signal: AbortSignal): Promise<void> => {
    const values = {
      content: message.content,
      target: { userId: message.userId, groupId: message.groupId, threadId: message.threadId, replyTo: message.replyTo },
      userId: message.userId,
      replyTo: message.replyTo,
      sessionKey: message.sessionKey,
      agentId: message.agentId,
      attachments: (message.attachments ?? []).map(inJson),
    }
    const body = JSON.stringify(
      fillJson(settings.reply ?? { content: '{{content}}', target: '{{target}}', attachments: '{{attachments}}' }, values),
    )
    const stamp = String(Math.floor(Date.now() / 1000))
    const headers: Record<string, string> = {
      'content-type': 'application/json',
      'idempotency-key': key,
      [signatureHeader]: `sha256=${timestampHeader === undefined ? sign(secret, body) : sign(secret, `${stamp}.`, body)}`,
      ...(timestampHeader === undefined ? {} : { [timestampHeader]: stamp }),
    }
    let response: Response
    try {
      response = await withCallSignal(signal, 30_000, async (own) => {
        const answer = await fetch(url, { method: 'POST', headers, body, redirect: 'error', signal: own })
        await answer.body?.cancel()
        return answer
      })
    } catch (error) {
      throw new UnsureError(`The webhook's receiver could not be reached: ${messageOf(error)}`, error)
    }
    if (response.ok) return
    const after = Number(response.headers.get('retry-after'))
    throw new ChannelError(`The webhook's receiver answered ${response.status}.`, {
      retry: response.status >= 500 || response.status === 429 || response.status === 408,
      ...(after > 0 ? { retryAfterMs: after * 1000 } : {}),
    })
  }

  return {
    async start() {
      if (secret === '') {
        host.setState({ state: 'failed', detail: 'No secret is set; calls could not be told from forged ones.' })
        return
      }
      host.setState({ state: 'starting' })
      open = true
      host.setState({ state: 'connected' })
    },
    async stop() {
      open = false
      asked.close()
      await queues.idle()
      host.setState({ state: 'stopped' })
    },
    async send(message, context) {
      if (settings.url !== undefined) {
        await queues.run(`out ${message.userId ?? ''}`, () =>
          post(settings.url as string, message, context.idempotencyKey, context.signal),
        )
        return { messageIds: [context.idempotencyKey] }
      }
      if (!asked.give(message.replyTo ?? '', message.content))
        throw new ChannelError('The call that asked is over, and there is no url to send to.', { retry: false })
      return { messageIds: [context.idempotencyKey] }
    },
    webhook,
  }
}

/** A file as JSON carries it. */
const inJson = ({ name, kind, mediaType, data }: OutboundFile) => ({
  name,
  kind,
  mimeType: mediaType,
  data: data.toString('base64'),
})

const json = (status: number, value: object): WebhookResponse => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
})
