// WhatsApp by the Cloud API. Enters: signed webhooks, answered 200 once stored. Leaves: one message at the end; a template
// where the 24-hour window is closed.

import { messageOf } from '../../errors.ts'
import { readCallback } from '../approval-buttons.ts'
import { createChannelHealth } from '../channel-health.ts'
import { createChatQueues } from '../chat-sender.ts'
import { type ConnectionEnd, keepConnected } from '../connection-loop.ts'
import type { WhatsappSettings } from '../generated/settings.ts'
import { readBody, withFiles } from '../media.ts'
import type { Channel, ChannelHost, WebhookRequest, WebhookResponse } from '../port.ts'
import { sameText, sign, signatureFits } from '../signature.ts'
import { createGraph, GraphFault, isRefusal, REFUSED } from './graph.ts'
import { type FileRef, readCall, readMessage, speakerOf, type WaMessage, type WaValue } from './intake.ts'
import { createSender } from './send.ts'

export function createWhatsApp(host: ChannelHost<WhatsappSettings>): Channel {
  const { settings } = host.spec
  const root = (host.spec.apiRoot ?? 'https://graph.facebook.com/v23.0').replace(/\/+$/, '')
  const token = settings.accessToken.reveal().trim()
  const stopping = new AbortController()
  const queues = createChatQueues()
  const health = createChannelHealth(host, { state: 'connected' })
  const graph = createGraph({ host, health, root, token })
  const { idle, tell, ...sending } = createSender(host, graph)
  let running: Promise<void> | null = null

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
    const userId = speakerOf(message, value)
    if (chosen !== null && userId !== '') {
      const text = await host.answerApproval({ ...chosen, userId })
      await tell(userId, text).catch((error: unknown) =>
        host.log.warn({ error: messageOf(error) }, 'whatsapp: the one who pressed was not told'),
      )
      return
    }
    const read = readMessage(message, value, host.spec.id)
    if (read === null) return
    const files = read.file === null ? [] : [{ ...read.file, fetch: fetchFile(read.file) }]
    await host.receive(await withFiles(host.spec, read.message, files))
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
        for (const message of value.messages ?? [])
          await queues.run(`in ${speakerOf(message, value)}`, () => take(message, value))
      }
      return { status: 200 }
    } catch (error) {
      host.log.error({ error: messageOf(error) }, 'whatsapp message was not stored; it will come again')
      return { status: 500 }
    }
  }

  /** Asks the platform who we are. */
  const check = async (): Promise<ConnectionEnd | null> => {
    try {
      await graph(`${settings.phoneNumberId}?fields=id`, {}, stopping.signal)
      health.set({ state: 'connected' })
      return null
    } catch (error) {
      const { cause } = error as Error
      const { status = 0, code } = cause instanceof GraphFault ? cause : {}
      if (isRefusal(status, code)) {
        health.refused(REFUSED)
        return null
      }
      if (status < 400 || status >= 500 || status === 429) return { detail: 'WhatsApp cannot be reached.' }
      // A server that merely imitates the platform does not know this question: sending will tell.
      host.log.info({ status }, 'whatsapp: accessToken and phoneNumberId could not be checked')
      health.set({ state: 'connected' })
      return null
    }
  }

  return {
    async start() {
      host.setState({ state: 'starting' })
      if (token === '' || !settings.appSecret.isSet) {
        health.set({ state: 'failed', detail: `No ${token === '' ? 'accessToken' : 'appSecret'} is set.` })
        return
      }
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
