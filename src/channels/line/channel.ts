// LINE's Messaging API: signed calls in, calls out.

import { createHmac } from 'node:crypto'
import { messageOf } from '../../errors.ts'
import { readCallback } from '../approval-buttons.ts'
import { createCallIn } from '../call-in.ts'
import { createChannelHealth } from '../channel-health.ts'
import { createChatQueues } from '../chat-sender.ts'
import { type ConnectionEnd, keepConnected } from '../connection-loop.ts'
import type { LineSettings } from '../generated/settings.ts'
import { createJsonApi } from '../json-api.ts'
import { readBody, withFiles } from '../media.ts'
import { type Channel, type ChannelHost, RefusedError } from '../port.ts'
import { sameText } from '../signature.ts'
import { chatOf, groupOf, type LineEvent, type LineFile, readCall, readEvent } from './intake.ts'
import { createSender } from './send.ts'

const REFUSED = 'LINE refused channelAccessToken. Issue a new one under Messaging API in the developers console.'

export function createLine(host: ChannelHost<LineSettings>): Channel {
  const { settings, apiRoot } = host.spec
  const token = settings.channelAccessToken.reveal().trim()
  const secret = settings.channelSecret.reveal().trim()
  const root = (apiRoot ?? 'https://api.line.me').replace(/\/+$/, '')
  const contentRoot = apiRoot === undefined ? 'https://api-data.line.me' : root
  const authorization = { authorization: `Bearer ${token}` }
  const stopping = new AbortController()
  const queues = createChatQueues()
  const health = createChannelHealth(host)
  const api = createJsonApi({
    host,
    health,
    platform: 'LINE',
    root,
    headers: () => authorization,
    messageOf: ({ message }) => (typeof message === 'string' ? message : undefined),
    refusal: REFUSED,
  })
  const { idle, learn, ...sending } = createSender({ host, api, health })
  const names = new Map<string, string | undefined>()
  let running: Promise<void> | null = null

  const toFetch = ({ messageId, mediaType, name, bytes }: LineFile) => ({
    mediaType,
    ...(name === undefined ? {} : { name }),
    ...(bytes === undefined ? {} : { bytes }),
    fetch: async (maxBytes: number, signal: AbortSignal) =>
      readBody(await fetch(`${contentRoot}/v2/bot/message/${messageId}/content`, { headers: authorization, signal }), maxBytes),
  })

  const nameOf = async (event: LineEvent): Promise<string | undefined> => {
    const { userId = '', groupId, roomId } = event.source ?? {}
    const path =
      groupId !== undefined
        ? `group/${groupId}/member/${userId}`
        : roomId !== undefined
          ? `room/${roomId}/member/${userId}`
          : `profile/${userId}`
    if (!names.has(path)) {
      const profile = await api.call<{ displayName?: string }>(`/v2/bot/${path}`).catch(() => null)
      names.set(path, profile?.displayName)
      if (names.size > 1000) names.delete(names.keys().next().value as string)
    }
    return names.get(path)
  }

  const take = async (event: LineEvent): Promise<void> => {
    const chosen = event.type === 'postback' ? readCallback(event.postback?.data) : null
    const userId = event.source?.userId
    if (chosen !== null && userId !== undefined) return await answer(chosen, userId, event)
    const intake = readEvent(event, host.plan, host.spec.id)
    if (intake === null) {
      host.log.debug({ channel: host.spec.id, event: event.type, why: 'no message of a person' }, 'an event was ignored')
      return
    }
    if (event.replyToken !== undefined) learn(intake.message.messageId as string, event.replyToken)
    const displayName = await nameOf(event)
    const message = { ...intake.message, ...(displayName === undefined ? {} : { displayName }) }
    await host.receive(await withFiles(host.spec, message, intake.file === null ? [] : [toFetch(intake.file)]))
  }

  const answer = async (
    chosen: { id: string; decision: 'once' | 'always' | 'deny' },
    userId: string,
    event: LineEvent,
  ): Promise<void> => {
    const text = await host.answerApproval({ ...chosen, userId })
    const json = { replyToken: event.replyToken, messages: [{ type: 'text', text }] }
    await api
      .call('/v2/bot/message/reply', { json })
      .catch((error: unknown) =>
        host.log.warn({ channel: host.spec.id, error: messageOf(error) }, 'the one who pressed was not told'),
      )
  }

  const webhook = createCallIn<LineEvent>({
    host,
    queues,
    stopping: stopping.signal,
    check(request) {
      const expected = createHmac('sha256', secret).update(request.body).digest('base64')
      return secret !== '' && sameText(request.headers['x-line-signature'] ?? '', expected) ? null : { status: 401 }
    },
    read: (request) => readCall(request.body),
    chatOf: (event) => `${groupOf(event) ?? ''} ${chatOf(event)}`,
    take,
  })

  /** Asks the platform who we are. */
  const check = async (): Promise<ConnectionEnd | null> => {
    try {
      await api.call('/v2/bot/info', { signal: stopping.signal })
      health.set({ state: 'connected' })
      return null
    } catch (error) {
      // What sends later may find it taken again.
      return error instanceof RefusedError ? null : { detail: `LINE cannot be reached: ${messageOf(error)}` }
    }
  }

  return {
    async start() {
      health.set({ state: 'starting' })
      if (token === '' || secret === '') {
        health.set({ state: 'failed', detail: `No ${token === '' ? 'channelAccessToken' : 'channelSecret'} is set.` })
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
