// Matrix as a user of a homeserver: /sync for what comes in, calls for what goes out. The position is kept once all before it is
// taken, so what was said while the bot was away comes with the next /sync.

import { join } from 'node:path'
import { messageOf } from '../../errors.ts'
import { createChannelHealth } from '../channel-health.ts'
import { createChatQueues } from '../chat-sender.ts'
import { type ConnectionEnd, keepConnected } from '../connection-loop.ts'
import type { MatrixSettings } from '../generated/settings.ts'
import { createJsonApi } from '../json-api.ts'
import { readBody, withFiles } from '../media.ts'
import { type Channel, ChannelError, type ChannelHost, RefusedError } from '../port.ts'
import { openPositions, type Positions } from '../positions.ts'
import { storeOrRetry } from '../store-or-retry.ts'
import type { JoinedRoom, RoomEvent, SyncAnswer } from './events.ts'
import { answeredId, fileOf, type MatrixFile, readEvent, reasonToIgnore, type Self, threadOf } from './intake.ts'
import { createRooms } from './rooms.ts'
import { createSender } from './send.ts'

const SINCE = 'since'
const POLL_MS = 30_000
const REFUSED = 'The homeserver refused accessToken. Log the bot in again and set the new one.'
/** Only messages and who is in a room; no presence, no receipts. */
const FILTER = {
  presence: { types: [] },
  account_data: { types: [] },
  room: { timeline: { limit: 100 }, state: { lazy_load_members: true }, ephemeral: { types: [] }, account_data: { types: [] } },
}
/** A gap longer than this many pages of 100 is read from its newest end. */
const MOST_PAGES = 10

export function createMatrix(host: ChannelHost<MatrixSettings>): Channel {
  const { settings } = host.spec
  const token = settings.accessToken.reveal().trim()
  const root = (host.spec.apiRoot ?? settings.homeserver ?? '').replace(/\/+$/, '')
  const authorization = { authorization: `Bearer ${token}` }
  const stopping = new AbortController()
  const queues = createChatQueues()
  const health = createChannelHealth(host)
  const api = createJsonApi({
    host,
    health,
    platform: 'Matrix',
    root,
    headers: () => authorization,
    messageOf: ({ errcode, error }) => [errcode, error].filter((word) => typeof word === 'string').join(': ') || undefined,
    waitMsOf: ({ retry_after_ms: ms }) => (typeof ms === 'number' ? ms : undefined),
    refusal: REFUSED,
    callMs: POLL_MS + 30_000,
  })
  const rooms = createRooms(api)
  let self: Self | null = null
  const { idle, learn, ...sending } = createSender({ host, api, health, self: () => self?.userId ?? null })
  let positions: Positions | null = null
  let running: Promise<void> | null = null

  const toFetch = ({ url, name, mediaType, bytes }: MatrixFile) => ({
    name,
    mediaType: mediaType ?? 'application/octet-stream',
    ...(bytes === undefined ? {} : { bytes }),
    fetch: async (maxBytes: number, signal: AbortSignal) => {
      const place = /^mxc:\/\/([^/?#]+)\/([\w-]+)$/.exec(url)
      if (place === null) throw new Error('no address of Matrix media')
      const [, server = '', id = ''] = place
      const path = `${root}/_matrix/client/v1/media/download/${encodeURIComponent(server)}/${id}`
      return readBody(await fetch(path, { headers: authorization, signal }), maxBytes)
    },
  })

  /** In its room's turn; false: it was not stored. */
  const take = async (roomId: string, event: RoomEvent): Promise<boolean> => {
    if (self === null) return false
    if (event.type === 'm.room.member') rooms.forget(roomId)
    const why = reasonToIgnore(event, self)
    if (why !== null) {
      host.log.debug({ channel: host.spec.id, event: event.event_id, why }, 'an event was ignored')
      return true
    }
    const sender = event.sender as string
    const room = await rooms.roomOf(roomId)
    const answers = answeredId(event.content) ?? (room.isDirect ? undefined : threadOf(event.content))
    const [displayName, answered] = await Promise.all([
      rooms.nameOf(roomId, sender),
      answers === undefined ? undefined : rooms.messageOf(roomId, answers),
    ])
    if (room.isDirect) learn(sender, roomId)
    const message = readEvent(event, self, room, { answered, displayName }, host.plan, host.spec.id)
    const file = fileOf(event.content)
    const whole = await withFiles(host.spec, message, file === null ? [] : [toFetch(file)])
    const receipt = await storeOrRetry(host, whole, stopping.signal)
    if (receipt?.accepted === true && receipt.duplicate !== true) seen(roomId, event.event_id as string)
    return receipt !== null
  }

  /** Shows people that their message was read; nothing hangs on it. */
  const seen = (roomId: string, eventId: string): void => {
    const path = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/receipt/m.read/${encodeURIComponent(eventId)}`
    api.call(path, { json: {} }).catch((error: unknown) => host.log.debug({ error: messageOf(error) }, 'no receipt was sent'))
  }

  /** What lies between the last position and a timeline that leaves a gap, oldest first. */
  const missed = async (roomId: string, from: string, to: string): Promise<readonly RoomEvent[]> => {
    const found: RoomEvent[] = []
    let at: string | undefined = from
    for (let page = 0; page < MOST_PAGES && at !== undefined; page++) {
      const query: URLSearchParams = new URLSearchParams({ dir: 'b', from: at, to, limit: '100' })
      const path = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/messages?${query}`
      const { chunk = [], end }: { chunk?: RoomEvent[]; end?: string } = await api.call(path)
      found.push(...chunk)
      at = chunk.length === 0 || end === to ? undefined : end
    }
    if (at !== undefined) host.log.warn({ channel: host.spec.id, room: roomId }, 'older messages of a long absence are not read')
    return found.reverse()
  }

  const takeRoom = async (roomId: string, { timeline = {} }: JoinedRoom, since: string): Promise<boolean> => {
    const gap =
      timeline.limited === true && timeline.prev_batch !== undefined ? await missed(roomId, timeline.prev_batch, since) : []
    for (const event of [...gap, ...(timeline.events ?? [])]) {
      const taken = await take(roomId, event).catch((error: unknown) => {
        if (error instanceof ChannelError && error.retry) throw error
        host.log.warn({ channel: host.spec.id, event: event.event_id, error: messageOf(error) }, 'an event was not taken')
        return true
      })
      if (!taken) return false
    }
    return true
  }

  /** Follows invitations of those it may answer. */
  const answerInvites = async ({ rooms: { invite = {} } = {} }: SyncAnswer): Promise<void> => {
    for (const [roomId, { invite_state: state }] of Object.entries(invite)) {
      const by = state?.events?.find((one) => one.type === 'm.room.member' && one.state_key === self?.userId)?.sender
      const { allowFrom, groups, id } = host.spec
      const isOpen = allowFrom === undefined && groups.allow === undefined
      const isAllowed = isOpen || allowFrom?.includes(`${id}:${by}`) === true || groups.allow?.includes(roomId) === true
      if (settings.join === 'none' || (settings.join === 'allowed' && !isAllowed)) {
        host.log.debug({ channel: id, room: roomId, by, why: 'not among those it may follow' }, 'an invitation was ignored')
        continue
      }
      await api
        .call(`/_matrix/client/v3/join/${encodeURIComponent(roomId)}`, { json: {} })
        .catch((error: unknown) =>
          host.log.warn({ channel: id, room: roomId, error: messageOf(error) }, 'an invitation was not followed'),
        )
    }
  }

  /** Asks until it is stopped. @throws when the homeserver cannot be reached */
  const poll = async (kept: Positions): Promise<void> => {
    const { user_id: userId } = await api.call<{ user_id: string }>('/_matrix/client/v3/account/whoami', {
      signal: stopping.signal,
    })
    const profile = `/_matrix/client/v3/profile/${encodeURIComponent(userId)}/displayname`
    const { displayname } = await api.call<{ displayname?: string }>(profile).catch(() => ({ displayname: undefined }))
    self = { userId, displayName: displayname }
    for (let first = true; !stopping.signal.aborted; first = false) {
      const since = kept.get(SINCE)
      const query = new URLSearchParams({ filter: JSON.stringify(FILTER), timeout: String(first ? 0 : POLL_MS) })
      if (since !== undefined) query.set('since', since)
      const answer = await api.call<SyncAnswer>(`/_matrix/client/v3/sync?${query}`, { signal: stopping.signal })
      if (first) health.set({ state: 'connected' })
      await answerInvites(answer)
      // At the very first start the past is not answered.
      const joined = since === undefined ? [] : Object.entries(answer.rooms?.join ?? {})
      const taken = await Promise.all(joined.map(([id, room]) => queues.run(id, () => takeRoom(id, room, since ?? ''))))
      if (taken.includes(false)) return
      kept.set(SINCE, answer.next_batch)
    }
  }

  const connection = async (kept: Positions): Promise<ConnectionEnd> => {
    try {
      await poll(kept)
      return { detail: 'The homeserver closed the connection.' }
    } catch (error) {
      if (error instanceof RefusedError) return { detail: REFUSED, final: true }
      if (!stopping.signal.aborted)
        host.log.warn({ channel: host.spec.id, error: messageOf(error) }, 'matrix could not be reached')
      const waitMs = error instanceof ChannelError ? error.retryAfterMs : undefined
      return { detail: `The homeserver cannot be reached: ${messageOf(error)}`, ...(waitMs === undefined ? {} : { waitMs }) }
    }
  }

  return {
    async start() {
      health.set({ state: 'starting' })
      if (token === '' || root === '') {
        health.set({ state: 'failed', detail: `No ${token === '' ? 'accessToken' : 'homeserver'} is set.` })
        return
      }
      const kept = await openPositions(join(await host.stateFolder(), 'matrix.json'), host)
      positions = kept
      running = keepConnected(host, health, stopping.signal, () => connection(kept))
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
