// Feishu and Lark: events and presses of buttons call in, messages go out as cards.

import { messageOf } from '../../errors.ts'
import { readCallback } from '../approval-buttons.ts'
import { createCallIn } from '../call-in.ts'
import { createChannelHealth } from '../channel-health.ts'
import { createChatQueues } from '../chat-sender.ts'
import { type ConnectionEnd, keepConnected } from '../connection-loop.ts'
import type { FeishuSettings } from '../generated/settings.ts'
import { createJsonApi } from '../json-api.ts'
import { readBody, withFiles } from '../media.ts'
import { type Channel, type ChannelHost, RefusedError, type WebhookRequest, type WebhookResponse } from '../port.ts'
import { type Call, readCall } from './calls.ts'
import { type Answered, type FeishuFile, type MessageEvent, readContent, readEvent, reasonToIgnore } from './intake.ts'
import { createSender } from './send.ts'

const ROOTS = { feishu: 'https://open.feishu.cn', lark: 'https://open.larksuite.com' } as const
const REFUSED = 'Feishu refused appId or appSecret. Check both under Credentials & Basic Info of the app.'
/** A token is asked for again so long before it ends. */
const AHEAD_MS = 5 * 60_000

/** https://open.feishu.cn/document/server-docs/api-call-guide/generic-error-code */
const WRONG_SECRET = new Set([10003, 10014, 10012, 99991661, 99991664])
const TOKEN_ENDED = new Set([99991663, 99991668, 99991671])
const SLOW_DOWN = new Set([99991400, 11232, 230020])

interface Press {
  readonly operator?: { readonly open_id?: string }
  readonly action?: { readonly value?: { readonly approval?: string } }
}

export function createFeishu(host: ChannelHost<FeishuSettings>): Channel {
  const { settings } = host.spec
  const appSecret = settings.appSecret.reveal().trim()
  const keys = {
    verificationToken: settings.verificationToken.reveal().trim(),
    encryptKey: settings.encryptKey?.reveal().trim() ?? '',
  }
  const root = (host.spec.apiRoot ?? ROOTS[settings.domain]).replace(/\/+$/, '')
  const stopping = new AbortController()
  const queues = createChatQueues()
  const health = createChannelHealth(host)
  let token: { readonly text: string; readonly endsAt: number } | null = null
  let botId = ''
  let running: Promise<void> | null = null

  const codeOf = (answer: Readonly<Record<string, unknown>>): number => Number(answer['code'] ?? 0)
  const common = {
    host,
    health,
    platform: 'Feishu',
    root,
    isFailure: (answer: Readonly<Record<string, unknown>>) => codeOf(answer) !== 0,
    messageOf: (answer: Readonly<Record<string, unknown>>) =>
      codeOf(answer) === 0 ? undefined : `${String(answer['msg'] ?? '')} (${codeOf(answer)})`,
    isLimited: ({ answer }: { answer: Readonly<Record<string, unknown>> }) => SLOW_DOWN.has(codeOf(answer)),
    isPassing: ({ answer }: { answer: Readonly<Record<string, unknown>> }) => {
      if (!TOKEN_ENDED.has(codeOf(answer))) return false
      token = null
      return true
    },
    isRefused: ({ status, answer }: { status: number; answer: Readonly<Record<string, unknown>> }) =>
      status === 401 || WRONG_SECRET.has(codeOf(answer)),
    waitHeader: 'x-ogw-ratelimit-reset',
    refusal: REFUSED,
  }
  const login = createJsonApi({ ...common, headers: () => ({}) })
  const api = createJsonApi({ ...common, headers: async () => ({ authorization: `Bearer ${await currentToken()}` }) })
  const { idle, ...sending } = createSender({ host, api })

  const currentToken = async (): Promise<string> => {
    if (token !== null && token.endsAt - AHEAD_MS > host.clock.now()) return token.text
    const json = { app_id: settings.appId, app_secret: appSecret }
    const answer = await login.call<{ tenant_access_token: string; expire: number }>(
      '/open-apis/auth/v3/tenant_access_token/internal',
      { json },
    )
    token = { text: answer.tenant_access_token, endsAt: host.clock.now() + answer.expire * 1000 }
    return token.text
  }

  const toFetch = ({ messageId, key, type, mediaType, name }: FeishuFile) => ({
    mediaType,
    ...(name === undefined ? {} : { name }),
    fetch: async (maxBytes: number, signal: AbortSignal) => {
      const path = `/open-apis/im/v1/messages/${messageId}/resources/${encodeURIComponent(key)}?type=${type}`
      return readBody(
        await fetch(root + path, { headers: { authorization: `Bearer ${await currentToken()}` }, signal }),
        maxBytes,
      )
    },
  })

  interface Known {
    readonly msg_type?: string
    readonly sender?: { readonly id?: string; readonly sender_type?: string }
    readonly body?: { readonly content?: string }
  }

  /** What a message answers; undefined: nothing, or the platform does not give it. */
  const answeredBy = async (parent: string | undefined): Promise<Answered | undefined> => {
    if (parent === undefined) return undefined
    const found = await api.call<{ data?: { items?: Known[] } }>(`/open-apis/im/v1/messages/${parent}`).catch(() => null)
    const known = found?.data?.items?.[0]
    if (known === undefined) return undefined
    const { text } = readContent({ message_type: known.msg_type ?? '', content: known.body?.content ?? '' })
    const isApp = known.sender?.sender_type === 'app'
    return { content: text, isOurs: isApp && known.sender?.id === settings.appId, userId: isApp ? undefined : known.sender?.id }
  }

  const take = async (call: Call): Promise<void> => {
    const event = (call.event ?? {}) as MessageEvent
    const type = call.header?.event_type
    const why = type === 'im.message.receive_v1' ? reasonToIgnore(event) : `an event of another kind (${type})`
    if (why !== null) {
      host.log.debug({ channel: host.spec.id, event: call.header?.event_id, why }, 'an event was ignored')
      return
    }
    const answered = await answeredBy(event.message?.parent_id ?? event.message?.root_id)
    const { message, files } = readEvent(event, botId, answered, host.plan, host.spec.id)
    await host.receive(await withFiles(host.spec, message, files.map(toFetch)))
  }

  const events = createCallIn<Call>({
    host,
    queues,
    stopping: stopping.signal,
    check: () => null,
    read: (request) => [readCall(request, keys) ?? {}],
    chatOf: (call) => String((call.event as MessageEvent | undefined)?.message?.chat_id ?? ''),
    take,
    thanks: json({}),
  })

  const webhook = async (request: WebhookRequest): Promise<WebhookResponse> => {
    const call = request.method === 'POST' ? readCall(request, keys) : null
    if (call === null) return { status: 401 }
    if (call.type === 'url_verification') return json({ challenge: call.challenge ?? '' })
    if (call.header?.event_type !== 'card.action.trigger') return await events(request)
    const press = (call.event ?? {}) as Press
    const chosen = readCallback(press.action?.value?.approval)
    const userId = press.operator?.open_id
    if (chosen === null || userId === undefined) return json({})
    return json({ toast: { type: 'info', content: await host.answerApproval({ ...chosen, userId }) } })
  }

  const check = async (): Promise<ConnectionEnd | null> => {
    try {
      const { bot } = await api.call<{ bot?: { open_id?: string } }>('/open-apis/bot/v3/info', { signal: stopping.signal })
      botId = bot?.open_id ?? ''
      health.set({ state: 'connected' })
      return null
    } catch (error) {
      return error instanceof RefusedError ? null : { detail: `Feishu cannot be reached: ${messageOf(error)}` }
    }
  }

  return {
    async start() {
      health.set({ state: 'starting' })
      if (appSecret === '' || keys.verificationToken === '') {
        health.set({ state: 'failed', detail: `No ${appSecret === '' ? 'appSecret' : 'verificationToken'} is set.` })
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

const json = (value: object): WebhookResponse => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
})
