// Slack in socket mode, on the clients that Bolt is made of. Enters: envelopes, acknowledged once the message is stored.
// Leaves: messages in mrkdwn. After each connection the history of known conversations is asked for what was missed.

import { join } from 'node:path'
import { SocketModeClient } from '@slack/socket-mode'
import { WebClient } from '@slack/web-api'
import { messageOf } from '../../errors.ts'
import { readCallback } from '../approval-buttons.ts'
import { createChannelHealth } from '../channel-health.ts'
import { createChatQueues } from '../chat-sender.ts'
import { type ConnectionEnd, keepConnected } from '../connection-loop.ts'
import type { SlackSettings } from '../generated/settings.ts'
import { type FileToFetch, readBody, withFiles } from '../media.ts'
import type { Channel, ChannelHost } from '../port.ts'
import { openPositions, type Positions } from '../positions.ts'
import { storeOrRetry } from '../store-or-retry.ts'
import { createCatchUp } from './catch-up.ts'
import { AUTH_ERRORS, platformError, tokenRefused } from './errors.ts'
import {
  conversationOf,
  isDirect,
  readCommand,
  readMessage,
  type Self,
  type SlackFile,
  type SlackMessage,
  type SlashPayload,
} from './intake.ts'
import { createSender } from './send.ts'

interface Envelope {
  readonly type: string
  readonly body: unknown
  ack(response?: Record<string, unknown>): Promise<void>
}

interface Press {
  readonly type?: string
  readonly user?: { readonly id?: string }
  readonly channel?: { readonly id?: string }
  readonly container?: { readonly thread_ts?: string }
  readonly actions?: readonly { readonly value?: string }[]
}

export function createSlack(host: ChannelHost<SlackSettings>): Channel {
  const { settings } = host.spec
  const botToken = settings.botToken.reveal().trim()
  const appToken = settings.appToken.reveal().trim()
  const root = (host.spec.apiRoot ?? 'https://slack.com').replace(/\/+$/, '').replace(/\/api$/, '')
  const quiet = quietLogger(host)
  const options = {
    slackApiUrl: `${root}/api/`,
    logger: quiet,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: 30_000,
  }
  const web = new WebClient(botToken, options)
  const stopping = new AbortController()
  const queues = createChatQueues()
  const health = createChannelHealth(host)
  const { idle, learn, ...sending } = createSender({ host, web, health })
  let positions: Positions | null = null
  let self: Self | null = null
  let socket: SocketModeClient | null = null
  let running: Promise<void> | null = null

  const toFetch = (file: SlackFile): FileToFetch => ({
    mediaType: file.mimetype ?? 'application/octet-stream',
    ...(file.name === undefined ? {} : { name: file.name }),
    ...(file.size === undefined ? {} : { bytes: file.size }),
    fetch: async (maxBytes, signal) => {
      const url = new URL(file.url_private_download ?? file.url_private ?? '')
      // The token goes to Slack's own hosts only; files kept elsewhere are not fetched.
      if (url.origin !== new URL(root).origin && !(url.protocol === 'https:' && url.hostname.endsWith('.slack.com')))
        throw new Error('a file outside Slack')
      return readBody(await fetch(url, { signal, headers: { authorization: `Bearer ${botToken}` } }), maxBytes)
    },
  })

  /** In its conversation's turn; false: it was not stored, so it is not acknowledged. */
  const take = async (message: SlackMessage): Promise<boolean> => {
    const key = conversationOf(message)
    const last = positions?.get(key)
    if (stopping.signal.aborted || self === null) return false
    if (message.ts === undefined || (last !== undefined && message.ts <= last)) return true
    const intake = readMessage(message, self, host.plan, host.spec.id)
    if (intake !== null) {
      if (intake.message.groupId === undefined) learn(intake.message.userId, String(message.channel))
      const whole = await withFiles(host.spec, intake.message, intake.files.map(toFetch))
      const receipt = await storeOrRetry(host, whole, stopping.signal)
      if (receipt === null) return false
    }
    if (message.channel !== undefined && /^\d+\.\d+$/.test(message.ts)) positions?.set(key, message.ts)
    return true
  }

  const onEnvelope = async ({ type, body, ack }: Envelope): Promise<void> => {
    if (type === 'events_api') {
      const event = (body as { event?: SlackMessage }).event ?? {}
      const spoken = event.type === 'message' || event.type === 'app_mention'
      if (spoken) {
        const key = conversationOf(event)
        await catchUp.before(key)
        if (!(await queues.run(key, () => take(event)))) return
      }
      await ack()
      return
    }
    if (type === 'slash_commands') {
      const payload = body as SlashPayload
      const message = readCommand(payload, host.spec.id)
      if (message === null) return ack()
      if (isDirect(String(payload.channel_id))) learn(message.userId, String(payload.channel_id))
      const receipt = await host.receive(message)
      // The command becomes visible to the channel, so that the answer has its question.
      await ack(receipt.accepted ? { response_type: 'in_channel' } : { text: receipt.reason ?? 'Not for this bot.' })
      return
    }
    if (type === 'interactive') await onPress(body as Press)
    await ack()
  }

  const onPress = async (press: Press): Promise<void> => {
    const chosen = readCallback(press.actions?.[0]?.value)
    const user = press.user?.id
    const channel = press.channel?.id
    if (press.type !== 'block_actions' || chosen === null || user === undefined || channel === undefined) return
    const text = await host.answerApproval({ ...chosen, userId: user })
    const thread = press.container?.thread_ts
    await web.chat.postEphemeral({ channel, user, text, ...(thread === undefined ? {} : { thread_ts: thread }) })
  }

  const catchUp = createCatchUp({ host, web, queues, signal: stopping.signal, positions: () => positions, take })

  /** One connection, from opening to its end. @throws when it could not be opened */
  const connectOnce = async (): Promise<void> => {
    if (self === null) {
      const me = await web.auth.test()
      self = { userId: me.user_id ?? '', ...(me.bot_id === undefined ? {} : { botId: me.bot_id }) }
    }
    // The library's own reconnecting throws outside of any promise when the platform is away, so the loop is ours.
    const client = new SocketModeClient({ appToken, autoReconnectEnabled: false, logger: quiet, clientOptions: options })
    socket = client
    // An event may come before `start` resolves. What was missed is older than it, so it waits until that is asked for.
    let begin: () => void = () => undefined
    const begun = new Promise<void>((resolve) => {
      begin = resolve
    })
    client.on('slack_event', (envelope: Envelope) => {
      begun
        .then(() => onEnvelope(envelope))
        .catch((error: unknown) => {
          // Not acknowledged: the platform sends it again.
          host.log.warn({ error: messageOf(error) }, 'slack event was not taken')
        })
    })
    const closed = new Promise<void>((resolve) => client.once('disconnected', () => resolve()))
    const leave = (): void => void client.disconnect().catch(() => undefined)
    stopping.signal.addEventListener('abort', leave, { once: true })
    try {
      await client.start()
      health.set({ state: 'connected' })
      catchUp.connected()
      begin()
      await closed
    } finally {
      stopping.signal.removeEventListener('abort', leave)
    }
  }

  const connection = async (): Promise<ConnectionEnd> => {
    try {
      await connectOnce()
      return { detail: 'Slack closed the connection.' }
    } catch (error) {
      const word = platformError(error)
      if (word !== null && AUTH_ERRORS.has(word))
        return { detail: tokenRefused(self === null ? 'botToken' : 'appToken', word), final: true }
      host.log.warn({ error: messageOf(error) }, 'slack could not be connected')
      return { detail: word === null ? 'Slack cannot be reached.' : `Slack answers ${word}.` }
    }
  }

  const connect = async (): Promise<void> => {
    positions = await openPositions(join(await host.stateFolder(), 'slack.json'), host)
    await keepConnected(host, health, stopping.signal, connection)
  }

  return {
    async start() {
      health.set({ state: 'starting' })
      if (botToken === '' || appToken === '') {
        health.set({ state: 'failed', detail: `No ${botToken === '' ? 'botToken' : 'appToken'} is set.` })
        return
      }
      running = connect().catch((error: unknown) => health.set({ state: 'failed', detail: messageOf(error) }))
    },
    async stop() {
      stopping.abort()
      await Promise.race([running, new Promise((resolve) => setTimeout(resolve, 2000).unref())])
      socket?.removeAllListeners()
      await queues.idle()
      await idle()
      await positions?.flush()
      health.set({ state: 'stopped' })
    },
    ...sending,
  }
}

/** The clients' own words go to our log, at debug. */
function quietLogger(host: ChannelHost) {
  const say = (...words: unknown[]): void => host.log.debug({}, `slack: ${words.map(String).join(' ')}`)
  return {
    debug() {},
    info: say,
    warn: say,
    error: say,
    setLevel() {},
    getLevel: () => 'info' as never,
    setName() {},
  }
}
