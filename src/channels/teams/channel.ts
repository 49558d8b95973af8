// Microsoft Teams by the Bot Framework: activities call in under the platform's token, answers go to the service they came from.

import { join } from 'node:path'
import { messageOf } from '../../errors.ts'
import { readCallback } from '../approval-buttons.ts'
import { createCallIn } from '../call-in.ts'
import { createChannelHealth } from '../channel-health.ts'
import { createChatQueues } from '../chat-sender.ts'
import { type ConnectionEnd, keepConnected } from '../connection-loop.ts'
import type { TeamsSettings } from '../generated/settings.ts'
import { createJsonApi, type JsonApi } from '../json-api.ts'
import { readBody, withFiles } from '../media.ts'
import { type Channel, type ChannelHost, RefusedError, type WebhookRequest, type WebhookResponse } from '../port.ts'
import { openPositions, type Positions } from '../positions.ts'
import { type Activity, placeOf, userIdOf } from './activity.ts'
import { readActivity, reasonToIgnore, type TeamsFile } from './intake.ts'
import { createSender, type Reference } from './send.ts'
import { createTokens, LoginRefused, placesOf } from './tokens.ts'

const REFUSED = 'Microsoft refused appId or appPassword. Check the secret of the application; it may have ended.'
const KEEP = 5000

export function createTeams(host: ChannelHost<TeamsSettings>): Channel {
  const { settings } = host.spec
  const { appId } = settings
  const password = settings.appPassword.reveal().trim()
  const apiRoot = host.spec.apiRoot?.replace(/\/+$/, '')
  const tokens = createTokens(host, placesOf(apiRoot, settings.tenantId), { id: appId, password })
  const stopping = new AbortController()
  const queues = createChatQueues()
  const health = createChannelHealth(host)
  const apis = new Map<string, JsonApi>()
  /** Where people and groups were last heard from: a bot may write only there. */
  let references: Positions | null = null
  let running: Promise<void> | null = null

  const headers = async (): Promise<Readonly<Record<string, string>>> => {
    try {
      return { authorization: `Bearer ${await tokens.current()}` }
    } catch (error) {
      if (!(error instanceof LoginRefused)) throw error
      health.refused(REFUSED)
      throw new RefusedError('Microsoft', error)
    }
  }
  const apiOf = (serviceUrl: string): JsonApi => {
    const known = apis.get(serviceUrl)
    if (known !== undefined) return known
    const api = createJsonApi({
      host,
      health,
      platform: 'Teams',
      root: serviceUrl.replace(/\/+$/, ''),
      headers,
      messageOf: ({ error }) => (error as { message?: string } | undefined)?.message,
      // A token that ended early is asked for again with the next attempt.
      isPassing({ status }) {
        if (status === 401) tokens.forget()
        return status === 401
      },
      refusal: REFUSED,
    })
    apis.set(serviceUrl, api)
    return api
  }
  const find = (id: string): Reference | undefined => {
    const text = references?.get(id)
    return text === undefined ? undefined : (JSON.parse(text) as Reference)
  }
  const { idle, ...sending } = createSender({ host, apiOf, find })

  const learn = (activity: Activity, serviceUrl: string): void => {
    const { groupId } = placeOf(activity)
    const reference: Reference = { serviceUrl, conversationId: groupId ?? activity.conversation?.id ?? '' }
    const [id, text] = [groupId ?? userIdOf(activity), JSON.stringify(reference)]
    if (id !== '' && references?.get(id) !== text) references?.set(id, text)
  }

  const toFetch = ({ url, mediaType, name, needsToken }: TeamsFile, serviceUrl: string) => ({
    mediaType,
    ...(name === undefined ? {} : { name }),
    fetch: async (maxBytes: number, signal: AbortSignal) => {
      // The token goes to the service itself only.
      const isOwn = new URL(url).origin === new URL(serviceUrl).origin
      return readBody(await fetch(url, { headers: needsToken && isOwn ? await headers() : {}, signal }), maxBytes)
    },
  })

  interface Call {
    readonly activity: Activity
    readonly serviceUrl: string
  }

  const take = async ({ activity, serviceUrl }: Call): Promise<void> => {
    const why = reasonToIgnore(activity)
    if (why !== null) {
      host.log.debug({ channel: host.spec.id, activity: activity.id, why }, 'an activity was ignored')
      return
    }
    const { message, files } = readActivity(activity, appId, host.plan, host.spec.id)
    await host.receive(
      await withFiles(
        host.spec,
        message,
        files.map((file) => toFetch(file, serviceUrl)),
      ),
    )
  }

  const messages = createCallIn<Call>({
    host,
    queues,
    stopping: stopping.signal,
    check: () => null,
    read: (request) => [{ activity: activityOf(request), serviceUrl: activityOf(request).serviceUrl ?? '' }],
    chatOf: ({ activity }) => activity.conversation?.id ?? '',
    take,
  })

  const webhook = async (request: WebhookRequest): Promise<WebhookResponse> => {
    let serviceUrl: string | null
    try {
      serviceUrl = await tokens.serviceOf(request.headers['authorization'])
    } catch (error) {
      host.log.warn({ channel: host.spec.id, error: messageOf(error) }, 'a call could not be checked; it will come again')
      return { status: 503 }
    }
    if (serviceUrl === null) return { status: 401 }
    let activity: Activity
    try {
      activity = activityOf(request)
    } catch {
      return { status: 400 }
    }
    // What is answered goes to that address with our token, so it must be the one that the platform signed.
    if (activity.serviceUrl?.replace(/\/+$/, '') !== serviceUrl.replace(/\/+$/, '')) return { status: 403 }
    learn(activity, serviceUrl)
    return activity.type === 'invoke' ? await press(activity) : await messages(request)
  }

  const press = async (activity: Activity): Promise<WebhookResponse> => {
    const { action } = (activity.value ?? {}) as { action?: { data?: { approval?: string } } }
    const chosen = readCallback(action?.data?.approval)
    const userId = userIdOf(activity)
    if (chosen === null || userId === '') return json({ statusCode: 400 })
    const text = await host.answerApproval({ ...chosen, userId })
    return json({ statusCode: 200, type: 'application/vnd.microsoft.activity.message', value: text })
  }

  const check = async (): Promise<ConnectionEnd | null> => {
    try {
      await tokens.current(stopping.signal)
      health.set({ state: 'connected' })
      return null
    } catch (error) {
      if (!(error instanceof LoginRefused)) return { detail: `Microsoft cannot be reached: ${messageOf(error)}` }
      health.refused(REFUSED)
      return null
    }
  }

  return {
    async start() {
      health.set({ state: 'starting' })
      if (password === '') return health.set({ state: 'failed', detail: 'No appPassword is set.' })
      references = await openPositions(join(await host.stateFolder(), 'teams.json'), host, KEEP)
      running = keepConnected(host, health, stopping.signal, check)
    },
    async stop() {
      stopping.abort()
      await running
      await queues.idle()
      await idle()
      await references?.flush()
      health.set({ state: 'stopped' })
    },
    ...sending,
    webhook,
  }
}

/** @throws when the body is no JSON object */
function activityOf({ body }: WebhookRequest): Activity {
  const value = JSON.parse(body.toString('utf8')) as unknown
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('no activity')
  return value as Activity
}

const json = (value: object): WebhookResponse => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
})
