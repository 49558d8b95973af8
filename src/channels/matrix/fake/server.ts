// A Matrix homeserver for tests: one log of events, /sync with long polls over it, rooms, media, as the specification (v1.11) has
// them. What is said while nobody polls comes with the next /sync.

import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { json, serve } from '../../kit/fake-server.ts'
import type { MessageContent, RoomEvent } from '../events.ts'

export interface FakeEvent extends RoomEvent {
  readonly event_id: string
  readonly room: string
  readonly sender: string
  readonly type: string
  readonly content: MessageContent & Readonly<Record<string, unknown>>
  edits: number
  newest: MessageContent & Readonly<Record<string, unknown>>
  redacted: boolean
}

interface Fault {
  readonly path: RegExp
  readonly status?: number
  readonly retryAfterMs?: number
  readonly after?: boolean
  times: number
}

const SEND = /\/rooms\/([^/]+)\/send\/m\.room\.message\/([^/]+)$/
const PAGE = 20

export async function createFakeHomeserver() {
  const token = 'syt_fake_token'
  const bot = '@claw:fake.test'
  const log: FakeEvent[] = []
  const members = new Map<string, string[]>()
  const invites = new Map<string, string>()
  const direct: Record<string, string[]> = {}
  const media = new Map<string, { data: Buffer; mediaType: string; name: string }>()
  const transactions = new Map<string, string>()
  const sends: { at: number; ok: boolean }[] = []
  const waiting = new Set<() => void>()
  const kicked = new Set<string>()
  let faults: Fault[] = []
  let typed = 0
  let receipts = 0
  let polls = 0
  let made = 0
  const newId = (sigil: string): string => `${sigil}${randomBytes(9).toString('base64url')}:fake.test`

  const add = (
    room: string,
    sender: string,
    content: FakeEvent['content'],
    type = 'm.room.message',
    more: object = {},
  ): FakeEvent => {
    const event: FakeEvent = {
      event_id: newId('$').replace(/:.*/, ''),
      room,
      sender,
      type,
      content,
      origin_server_ts: Date.now(),
      edits: 0,
      newest: content,
      redacted: false,
      ...more,
    }
    const relation = content['m.relates_to']
    const edited = relation?.rel_type === 'm.replace' ? log.find((one) => one.event_id === relation.event_id) : undefined
    if (edited !== undefined) {
      edited.edits++
      edited.newest = content['m.new_content'] as FakeEvent['newest']
    }
    log.push(event)
    for (const wake of waiting) wake()
    return event
  }

  const shown = ({ room: _, edits: __, newest: ___, redacted, ...event }: FakeEvent) =>
    redacted ? { ...event, content: {}, unsigned: { redacted_because: {} } } : event

  const makeRoom = (people: string[]): string => {
    const id = newId('!')
    members.set(id, people)
    return id
  }
  const directOf = (user: string): string => {
    const found = [...members].find(([, people]) => people.length === 2 && people.includes(user))
    return found?.[0] ?? makeRoom([bot, user])
  }

  const sync = async (query: URLSearchParams): Promise<object> => {
    const since = query.get('since')
    const from = since === null ? log.length : Number(since.slice(1))
    polls++
    if (since !== null && from >= log.length && invites.size === 0)
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          clearTimeout(timer)
          waiting.delete(wake)
          resolve()
        }
        const timer = setTimeout(wake, Math.min(Number(query.get('timeout') ?? 0), 500))
        waiting.add(wake)
      })
    const to = log.length
    const rooms: Record<string, object> = {}
    for (const id of members.keys()) {
      const events = log.slice(from, to).filter((event) => event.room === id)
      if (events.length === 0) continue
      const limited = events.length > PAGE
      const kept = limited ? events.slice(-PAGE) : events
      rooms[id] = { timeline: { events: kept.map(shown), limited, prev_batch: `s${log.indexOf(kept[0] as FakeEvent)}` } }
    }
    const invite = Object.fromEntries(
      [...invites].map(([room, by]) => [
        room,
        { invite_state: { events: [{ type: 'm.room.member', state_key: bot, sender: by, content: { membership: 'invite' } }] } },
      ]),
    )
    return { next_batch: `s${to}`, rooms: { join: rooms, invite } }
  }

  const act = async (request: IncomingMessage, url: URL, body: Buffer): Promise<[number, unknown]> => {
    const path = url.pathname.replace('/_matrix/client/v3', '')
    const method = request.method ?? 'GET'
    const room = decodeURIComponent(/^\/rooms\/([^/]+)/.exec(path)?.[1] ?? '')
    const fields = body.length === 0 || path.includes('/upload') ? {} : (JSON.parse(body.toString()) as Record<string, unknown>)
    if (path === '/account/whoami') return [200, { user_id: bot }]
    if (path.startsWith('/profile/')) return [200, { displayname: 'Claw' }]
    if (path === '/sync') return [200, await sync(url.searchParams)]
    if (path.endsWith('/account_data/m.direct')) {
      if (method === 'PUT') Object.assign(direct, fields)
      else if (Object.keys(direct).length === 0) return [404, { errcode: 'M_NOT_FOUND', error: 'Account data not found' }]
      return [200, direct]
    }
    if (path === '/createRoom') made++
    if (path === '/createRoom') return [200, { room_id: makeRoom([bot, ...(fields['invite'] as string[])]) }]
    if (path.startsWith('/join/')) {
      const joined = decodeURIComponent(path.slice(6))
      const by = invites.get(joined)
      invites.delete(joined)
      members.set(joined, [bot, ...(by === undefined ? [] : [by])])
      return [200, { room_id: joined }]
    }
    if (path.endsWith('/joined_members')) {
      const joined = (members.get(room) ?? []).map((user) => [user, { display_name: /^@([^:]+)/.exec(user)?.[1] }])
      return [200, { joined: Object.fromEntries(joined) }]
    }
    if (path.includes('/event/')) {
      const event = log.find((one) => one.room === room && one.event_id === decodeURIComponent(path.split('/event/')[1] ?? ''))
      return event === undefined ? [404, { errcode: 'M_NOT_FOUND', error: 'no such event' }] : [200, shown(event)]
    }
    if (path.endsWith('/messages')) {
      const [from, to] = ['from', 'to'].map((name) => Number((url.searchParams.get(name) ?? 's0').slice(1))) as [number, number]
      const older = log
        .slice(to, from)
        .map((event, index) => ({ event, at: to + index }))
        .filter(({ event }) => event.room === room)
        .reverse()
      const page = older.slice(0, Math.min(Number(url.searchParams.get('limit') ?? 10), 100))
      return [
        200,
        { chunk: page.map(({ event }) => shown(event)), end: page.length === older.length ? `s${to}` : `s${page.at(-1)?.at}` },
      ]
    }
    if (path.includes('/typing/')) {
      typed++
      return [200, {}]
    }
    if (path.includes('/receipt/')) {
      receipts++
      return [200, {}]
    }
    if (path.includes('/redact/')) {
      const event = log.find((one) => one.event_id === decodeURIComponent(path.split('/redact/')[1]?.split('/')[0] ?? ''))
      if (event !== undefined) event.redacted = true
      return [200, { event_id: newId('$') }]
    }
    if (url.pathname === '/_matrix/media/v3/upload') {
      const id = randomBytes(9).toString('base64url')
      media.set(id, {
        data: body,
        mediaType: request.headers['content-type'] ?? '',
        name: url.searchParams.get('filename') ?? '',
      })
      return [200, { content_uri: `mxc://fake.test/${id}` }]
    }
    if (SEND.test(path)) {
      if (kicked.has(room)) return [403, { errcode: 'M_FORBIDDEN', error: 'You are not in this room.' }]
      if (body.length > 65_000) return [413, { errcode: 'M_TOO_LARGE', error: 'event too large' }]
      const transaction = SEND.exec(path)?.[2] ?? ''
      const known = transactions.get(transaction)
      if (known !== undefined) return [200, { event_id: known }]
      const event = add(room, bot, fields as FakeEvent['content'])
      transactions.set(transaction, event.event_id)
      return [200, { event_id: event.event_id }]
    }
    return [404, { errcode: 'M_UNRECOGNIZED', error: path }]
  }

  const handle = async (request: IncomingMessage, response: ServerResponse, body: Buffer): Promise<void> => {
    const url = new URL(request.url ?? '', 'http://x')
    const isSend = SEND.test(url.pathname)
    if (request.headers.authorization !== `Bearer ${token}`)
      return json(response, 401, { errcode: 'M_UNKNOWN_TOKEN', error: 'Invalid access token passed.' })
    const fault = faults.find((one) => one.times > 0 && one.path.test(url.pathname))
    if (fault !== undefined) fault.times--
    if (fault !== undefined && fault.after !== true) {
      if (isSend) sends.push({ at: Date.now(), ok: false })
      const wait = fault.retryAfterMs === undefined ? {} : { errcode: 'M_LIMIT_EXCEEDED', retry_after_ms: fault.retryAfterMs }
      return json(response, fault.status ?? 500, { errcode: 'M_UNKNOWN', error: 'trouble', ...wait })
    }
    const download = /\/media\/download\/[^/]+\/([\w-]+)$/.exec(url.pathname)?.[1]
    if (download !== undefined) {
      const file = media.get(download)
      response.writeHead(file === undefined ? 404 : 200)
      response.end(file?.data)
      return
    }
    const [status, answer] = await act(request, url, body)
    if (isSend) sends.push({ at: Date.now(), ok: status === 200 })
    if (fault?.after === true) return void request.socket.destroy()
    json(response, status, answer)
  }
  const server = await serve(handle)

  return {
    url: server.url,
    token,
    bot,
    sends,
    room: makeRoom,
    direct: directOf,
    invite(by: string): string {
      const id = newId('!')
      invites.set(id, by)
      for (const wake of waiting) wake()
      return id
    },
    say: add,
    keepFile(file: { data: Buffer; mediaType: string; name: string }): string {
      const id = randomBytes(9).toString('base64url')
      media.set(id, file)
      return `mxc://fake.test/${id}`
    },
    media: (uri: string) => media.get(uri.split('/').at(-1) ?? ''),
    /** The bot's messages of a room as they show now; edits are no messages of their own. */
    sent: (room: string): readonly FakeEvent[] =>
      log.filter(
        (event) =>
          event.room === room &&
          event.sender === bot &&
          !event.redacted &&
          event.content['m.relates_to']?.rel_type !== 'm.replace',
      ),
    isIn: (room: string): boolean => members.get(room)?.includes(bot) === true,
    /** As a client marks a room of two. */
    list: (user: string, room: string): void => void Object.assign(direct, { [user]: [room] }),
    /** Rooms that the bot made. */
    made: () => made,
    typed: () => typed,
    receipts: () => receipts,
    isPolled: () => polls > 0 && waiting.size > 0,
    fail: (fault: Omit<Fault, 'times'> & { times?: number }): void => void faults.push({ times: 1, ...fault }),
    heal(): void {
      faults = []
    },
    kick: (room: string): void => void kicked.add(room),
    dropConnections(): number {
      return server.dropConnections()
    },
    async stop() {
      for (const wake of waiting) wake()
      await server.stop()
    },
  }
}
export type FakeHomeserver = Awaited<ReturnType<typeof createFakeHomeserver>>
