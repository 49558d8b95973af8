// Telegram, on grammY's client. Enters: updates by long polling or webhook. Leaves: messages with the platform's formatting.

import { createHash } from 'node:crypto'
import { Api, InputFile } from 'grammy'
import type { CallbackQuery, Update, UserFromGetMe } from 'grammy/types'
import { messageOf } from '../../errors.ts'
import { headOf } from '../../text-cut.ts'
import { readCallback } from '../approval-buttons.ts'
import { createChannelHealth } from '../channel-health.ts'
import { createChatQueues } from '../chat-sender.ts'
import { keepConnected } from '../connection-loop.ts'
import type { TelegramSettings } from '../generated/settings.ts'
import { readBody, withFiles } from '../media.ts'
import { withCallSignal } from '../platform-calls.ts'
import type { Channel, ChannelHost, WebhookRequest, WebhookResponse } from '../port.ts'
import { sameText } from '../signature.ts'
import { apiSignal, createCalls } from './api.ts'
import { type FileRef, readMessage } from './intake.ts'
import { ALLOWED_UPDATES, chatOf, endOf, type Memory, openMemory, poll } from './poll.ts'
import { createSender } from './send.ts'

const SERVICE = 'https://api.telegram.org'

export function createTelegram(host: ChannelHost<TelegramSettings>): Channel {
  const { settings } = host.spec
  const token = settings.token.reveal().trim()
  const root = (host.spec.apiRoot ?? SERVICE).replace(/\/+$/, '')
  const api = new Api(token, { apiRoot: root })
  const stopping = new AbortController()
  const queues = createChatQueues()
  const health = createChannelHealth(host)
  let me: UserFromGetMe | null = null
  let memory: Memory | null = null
  let running: Promise<void> | null = null

  const { idle, ...sending } = createSender({
    host,
    api,
    calls: createCalls(host, health),
    memory: () => memory,
    file: (data, name) => new InputFile(data, name),
  })

  const identify = async (): Promise<Memory> => {
    me = await withCallSignal(stopping.signal, 30_000, (signal) => api.raw.getMe(apiSignal(signal)))
    memory ??= await openMemory(host, me.id)
    return memory
  }

  const fetchFile =
    (ref: FileRef) =>
    async (maxBytes: number, signal: AbortSignal): Promise<Buffer | null> => {
      const { file_path: path, file_size: size } = await api.raw.getFile({ file_id: ref.fileId }, apiSignal(signal))
      if (path === undefined) throw new Error('no path')
      if ((size ?? 0) > maxBytes) return null
      return readBody(await fetch(`${root}/file/bot${token}/${path}`, { signal }), maxBytes)
    }

  const handle = async (update: Update): Promise<void> => {
    if (update.callback_query !== undefined) return press(update.callback_query)
    // An edited message is not asked for: the answer stands to what was first said.
    const { message } = update
    if (message === undefined || me === null) return
    if (message.migrate_to_chat_id !== undefined) {
      await memory?.setMoved(String(message.chat.id), String(message.migrate_to_chat_id))
      return
    }
    const intake = readSafely(() => readMessage(message, me as UserFromGetMe, host.plan, host.spec.id))
    if (intake === null) return
    const { message: received, files: refs } = intake
    const files = refs.map((ref) => ({ ...ref, fetch: fetchFile(ref) }))
    await host.receive(files.length === 0 ? received : await withFiles(host.spec, received, files))
  }

  const press = async (query: CallbackQuery): Promise<void> => {
    const chosen = readCallback(query.data)
    const presser = readSafely(() => (query.from.is_bot ? null : String(query.from.id)))
    let text = 'This button is of no use any more.'
    if (chosen !== null && presser !== null) text = await host.answerApproval({ ...chosen, userId: presser })
    try {
      await api.raw.answerCallbackQuery({ callback_query_id: query.id, text: headOf(text, 200) })
    } catch (error) {
      // Too old to be answered: the decision stands all the same.
      host.log.debug({ error: messageOf(error) }, 'telegram button was not answered')
    }
  }

  const startPolling = (): Promise<void> =>
    poll({
      host,
      health,
      api,
      signal: stopping.signal,
      handle,
      connect: identify,
      removeWebhook: async () => {
        await withCallSignal(stopping.signal, 30_000, (own) =>
          api.raw.deleteWebhook({ drop_pending_updates: false }, apiSignal(own)),
        )
      },
    })

  /** A shape we do not know must not stop the queue; a message that could not be stored must. */
  const readSafely = <T>(read: () => T): T | null => {
    try {
      return read()
    } catch (error) {
      host.log.warn({ error: messageOf(error) }, 'telegram message has an unknown shape; skipped')
      return null
    }
  }

  // Without a secret of the owner's own, one is drawn from the token: calls are never taken on trust.
  const webhookSecret =
    settings.webhookSecret?.isSet === true
      ? settings.webhookSecret.reveal()
      : createHash('sha256').update(`claw webhook ${token}`).digest('hex')

  const startWebhook = (): Promise<void> =>
    keepConnected(host, health, stopping.signal, async () => {
      try {
        await identify()
        const url = settings.webhookUrl
        const wanted = { url: url ?? '', secret_token: webhookSecret, allowed_updates: ALLOWED_UPDATES }
        if (url !== undefined) await api.raw.setWebhook(wanted, apiSignal(stopping.signal))
        health.set({ state: 'connected' })
        return null
      } catch (error) {
        return endOf(error)
      }
    })

  const webhook = async (request: WebhookRequest): Promise<WebhookResponse> => {
    if (request.method !== 'POST') return { status: 405 }
    if (!sameText(request.headers['x-telegram-bot-api-secret-token'] ?? '', webhookSecret)) return { status: 401 }
    let update: Update
    try {
      update = JSON.parse(request.body.toString('utf8')) as Update
      if (typeof update !== 'object' || update === null || typeof update.update_id !== 'number') throw new Error('no update')
    } catch {
      return { status: 400 }
    }
    if (me === null || stopping.signal.aborted) return { status: 503 }
    try {
      await queues.run(chatOf(update), () => handle(update))
      return { status: 200 }
    } catch (error) {
      host.log.error({ update: update.update_id, error: messageOf(error) }, 'telegram update was not stored; it will come again')
      return { status: 500 }
    }
  }

  const byWebhook = settings.mode === 'webhook'
  return {
    async start() {
      health.set({ state: 'starting' })
      if (token === '') {
        health.set({ state: 'failed', detail: 'No token is set.' })
        return
      }
      running = byWebhook ? startWebhook() : startPolling()
    },
    async stop() {
      stopping.abort()
      await running
      await queues.idle()
      await idle()
      await memory?.flush()
      health.set({ state: 'stopped' })
    },
    ...sending,
    ...(byWebhook ? { webhook } : {}),
  }
}
