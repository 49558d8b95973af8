// Mattermost as a bot account: events over its WebSocket, calls over its REST API. After each connection the channels that have
// newer posts than were taken are asked for what was missed.

import { join } from 'node:path'
import { WebSocket } from 'ws'
import { messageOf } from '../../errors.ts'
import { createChannelHealth } from '../channel-health.ts'
import { createChatQueues } from '../chat-sender.ts'
import { type ConnectionEnd, keepConnected } from '../connection-loop.ts'
import type { MattermostSettings } from '../generated/settings.ts'
import { createJsonApi } from '../json-api.ts'
import { type FileToFetch, readBody, withFiles } from '../media.ts'
import { type Channel, ChannelError, type ChannelHost, RefusedError } from '../port.ts'
import { openPositions, type Positions } from '../positions.ts'
import { storeOrRetry } from '../store-or-retry.ts'
import { type MattermostFile, type Post, readPost, reasonToIgnore, type Self } from './intake.ts'
import { createSender } from './send.ts'

/** The position of channels that were never seen: up to when all was taken. */
const ALL = '*'
/** The server drops a line that is silent, and so do proxies; it answers each ping. */
const PING_MS = 30_000
const REFUSED = 'Mattermost refused the token. Check the bot account under Integrations → Bot Accounts.'

interface ServerEvent {
  readonly event?: string
  readonly data?: { readonly post?: string; readonly channel_type?: string; readonly sender_name?: string }
}

interface KnownChannel {
  readonly id: string
  readonly type: string
  readonly last_post_at: number
}

const isDirectType = (type: string | undefined): boolean => type === 'D'

export function createMattermost(host: ChannelHost<MattermostSettings>): Channel {
  const token = host.spec.settings.token.reveal().trim()
  const server = (host.spec.apiRoot ?? host.spec.settings.url ?? '').replace(/\/+$/, '').replace(/\/api\/v4$/, '')
  const root = `${server}/api/v4`
  const stopping = new AbortController()
  const queues = createChatQueues()
  const health = createChannelHealth(host)
  const authorization = { authorization: `Bearer ${token}` }
  const api = createJsonApi({
    host,
    health,
    platform: 'Mattermost',
    root,
    headers: () => authorization,
    messageOf: ({ message }) => (typeof message === 'string' ? message : undefined),
    refusal: REFUSED,
  })
  let self: Self | null = null
  const { idle, learn, ...sending } = createSender({ host, api, health, self: () => self?.id ?? null })
  let positions: Positions | null = null
  let running: Promise<void> | null = null
  const rootAuthors = new Map<string, string | undefined>()

  const toFetch = (file: MattermostFile): FileToFetch => ({
    mediaType: file.mime_type ?? 'application/octet-stream',
    ...(file.name === undefined ? {} : { name: file.name }),
    ...(file.size === undefined ? {} : { bytes: file.size }),
    fetch: async (maxBytes, signal) =>
      readBody(await fetch(`${root}/files/${file.id}`, { headers: authorization, signal, redirect: 'error' }), maxBytes),
  })

  /** Who began a thread; undefined: it cannot be known. */
  const rootAuthorOf = async (post: Post): Promise<string | undefined> => {
    const id = post.root_id ?? ''
    if (id === '') return undefined
    if (!rootAuthors.has(id)) {
      const begun = await api.call<Post>(`/posts/${id}`).catch(() => null)
      rootAuthors.set(id, begun?.user_id)
      if (rootAuthors.size > 1000) rootAuthors.delete(rootAuthors.keys().next().value as string)
    }
    return rootAuthors.get(id)
  }

  /** In its channel's turn. */
  const take = async (post: Post, isDirect: boolean, senderName?: string): Promise<void> => {
    if (self === null || stopping.signal.aborted) return
    const why = reasonToIgnore(post, self)
    const channel = String(post.channel_id)
    if (why !== null) host.log.debug({ channel: host.spec.id, post: post.id, why }, 'a post was ignored')
    else {
      const rootAuthor = isDirect ? undefined : await rootAuthorOf(post)
      const intake = readPost(post, self, { isDirect, rootAuthor, senderName }, host.plan, host.spec.id)
      if (isDirect) learn(intake.message.userId, channel)
      const whole = await withFiles(host.spec, intake.message, intake.files.map(toFetch))
      if ((await storeOrRetry(host, whole, stopping.signal)) === null) return
    }
    if (typeof post.create_at === 'number' && why !== 'no post') note(channel, post.create_at)
  }

  const note = (channel: string, at: number): void => {
    for (const key of [channel, ALL]) if (at > Number(positions?.get(key) ?? 0)) positions?.set(key, String(at))
  }

  const onEvent = async ({ event, data }: ServerEvent): Promise<void> => {
    if (event !== 'posted' || typeof data?.post !== 'string') {
      host.log.debug({ channel: host.spec.id, event }, 'an event was ignored')
      return
    }
    const post = JSON.parse(data.post) as Post
    await queues.run(String(post.channel_id), () => take(post, isDirectType(data.channel_type), data.sender_name))
  }

  /** What was said since the last post that was taken, channel by channel. The newest again, under the same id: two posts may share a time. */
  const catchUp = async (own: Self): Promise<void> => {
    const since = Number(positions?.get(ALL) ?? 0)
    if (since === 0) {
      positions?.set(ALL, String(host.clock.now()))
      return
    }
    const channels = await api.call<KnownChannel[]>(`/users/${own.id}/channels`)
    for (const { id, type, last_post_at: newest } of channels) {
      const from = Number(positions?.get(id) ?? since)
      if (newest < from) continue
      const { order = [], posts = {} } = await api.call<{ order?: string[]; posts?: Record<string, Post> }>(
        `/channels/${id}/posts?since=${from}`,
      )
      const missed = order.flatMap((postId) => posts[postId] ?? []).filter((post) => (post.create_at ?? 0) >= from)
      missed.sort((a, b) => (a.create_at ?? 0) - (b.create_at ?? 0))
      for (const post of missed) await queues.run(id, () => take(post, isDirectType(type)))
    }
  }

  /** One connection, from opening to its end. @throws when it could not be opened */
  const connectOnce = async (): Promise<void> => {
    const me = await api.call<{ id: string; username: string }>('/users/me')
    self = me
    const socket = new WebSocket(`${root.replace(/^http/, 'ws')}/websocket`, { headers: authorization, handshakeTimeout: 15_000 })
    const leave = (): void => socket.terminate()
    stopping.signal.addEventListener('abort', leave, { once: true })
    // What comes live waits until what was missed is taken: it is newer.
    let begin: (ready: boolean) => void = () => undefined
    const begun = new Promise<boolean>((resolve) => {
      begin = resolve
    })
    socket.on('message', (data) => {
      begun
        .then((ready) => (ready ? onEvent(JSON.parse(String(data)) as ServerEvent) : undefined))
        .catch((error: unknown) => host.log.warn({ channel: host.spec.id, error: messageOf(error) }, 'an event was not taken'))
    })
    let isAlive = true
    socket.on('pong', () => {
      isAlive = true
    })
    const pings = setInterval(() => {
      if (!isAlive) return socket.terminate()
      isAlive = false
      socket.ping()
    }, PING_MS)
    pings.unref()
    try {
      await new Promise<void>((resolve, reject) => socket.once('open', resolve).once('error', reject))
      socket.on('error', () => undefined)
      const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
      await catchUp(me)
      health.set({ state: 'connected' })
      begin(true)
      await closed
    } finally {
      clearInterval(pings)
      begin(false)
      socket.on('error', () => undefined)
      socket.terminate()
      stopping.signal.removeEventListener('abort', leave)
    }
  }

  const connection = async (): Promise<ConnectionEnd> => {
    try {
      await connectOnce()
      return { detail: 'Mattermost closed the connection.' }
    } catch (error) {
      if (error instanceof RefusedError) return { detail: REFUSED, final: true }
      host.log.warn({ channel: host.spec.id, error: messageOf(error) }, 'mattermost could not be connected')
      const waitMs = error instanceof ChannelError ? error.retryAfterMs : undefined
      return { detail: `Mattermost cannot be reached: ${messageOf(error)}`, ...(waitMs === undefined ? {} : { waitMs }) }
    }
  }

  const connect = async (): Promise<void> => {
    positions = await openPositions(join(await host.stateFolder(), 'mattermost.json'), host)
    await keepConnected(host, health, stopping.signal, connection)
  }

  return {
    async start() {
      health.set({ state: 'starting' })
      if (token === '' || server === '') {
        health.set({ state: 'failed', detail: `No ${token === '' ? 'token' : 'url'} is set.` })
        return
      }
      running = connect().catch((error: unknown) => health.set({ state: 'failed', detail: messageOf(error) }))
    },
    async stop() {
      stopping.abort()
      await running
      await queues.idle()
      await idle()
      await positions?.flush()
      health.set({ state: 'stopped' })
    },
    ...sending,
  }
}
