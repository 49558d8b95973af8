// Slack for tests: the Web API and a socket-mode server. What is said while no socket is open stands only in the history;
// what is not acknowledged comes again.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { WebSocket, WebSocketServer } from 'ws'
import { type FakeServer, json, readForm, serve } from '../../kit/fake-server.ts'

export interface SlackPosted {
  readonly ts: string
  readonly channel: string
  readonly user: string
  readonly fromBot: boolean
  text: string
  readonly thread?: string
  buttons: readonly { label: string; value: string }[]
  readonly file?: { readonly name: string; readonly data: Buffer }
  edits: number
  deleted: boolean
  readonly shape: Record<string, unknown>
}

export interface FakeSlack {
  readonly url: string
  readonly botToken: string
  readonly appToken: string
  readonly botUser: string
  readonly sends: { readonly at: number; ok: boolean }[]
  say(options: {
    from: string
    channel?: string
    text: string
    thread?: string
    bot?: boolean
    file?: { data: Buffer; mediaType: string; name: string }
  }): SlackPosted
  edit(ts: string, text: string): void
  press(options: { ts: string; label: string; from: string }): Promise<string>
  slash(options: { command: string; text: string; from: string; channel: string }): Promise<Record<string, unknown>>
  envelope(type: string, payload: unknown): void
  messages(channel: string): SlackPosted[]
  /** Called with each message of the bot as it arrives. */
  onSent(listener: (message: SlackPosted) => void): void
  direct(user: string): string
  /** The method `socket` is the opening of the socket itself. */
  fail(fault: { method: RegExp; status?: number; error?: string; retryAfter?: number; times?: number; after?: boolean }): void
  heal(): void
  setTokens(bot: string, app: string): void
  dropConnections(): number
  /** How often a client has asked for a socket. */
  opened(): number
  connected(): boolean
  stop(): Promise<void>
}

/** `redeliverMs`: after how long an envelope that was not acknowledged comes again. */
export async function createFakeSlack({ redeliverMs = 40 }: { redeliverMs?: number } = {}): Promise<FakeSlack> {
  let botToken = 'xoxb-fake-token'
  let appToken = 'xapp-fake-token'
  const botUser = 'UBOT'
  let counter = 0
  const stamp = (): string => `${Math.floor(Date.now() / 1000)}.${String(++counter).padStart(6, '0')}`
  const posts: SlackPosted[] = []
  const directs = new Map<string, string>()
  const files = new Map<string, Buffer>()
  const uploads = new Map<string, { name: string; data: Buffer }>()
  const sends: FakeSlack['sends'] = []
  const listeners: ((message: SlackPosted) => void)[] = []
  const faults: { method: RegExp; status?: number; error?: string; retryAfter?: number; times: number; after?: boolean }[] = []
  const told: { user: string; resolve: (text: string) => void }[] = []
  const unacked = new Map<
    string,
    { packet: Record<string, unknown>; timer?: NodeJS.Timeout; done?: (payload: Record<string, unknown>) => void }
  >()
  let live: WebSocket | null = null
  let envelopes = 0
  let opened = 0

  const push = (id: string): void => {
    const waiting = unacked.get(id)
    if (waiting === undefined || live?.readyState !== WebSocket.OPEN) return
    live.send(JSON.stringify(waiting.packet))
    clearTimeout(waiting.timer)
    waiting.timer = setTimeout(() => push(id), redeliverMs)
    waiting.timer.unref()
  }

  const envelope = (type: string, payload: unknown, done?: (payload: Record<string, unknown>) => void): void => {
    // Nobody listens: the event is gone, the message stands in the history.
    if (live?.readyState !== WebSocket.OPEN) return
    const id = `envelope-${++envelopes}`
    unacked.set(id, {
      packet: { envelope_id: id, type, payload, accepts_response_payload: type === 'slash_commands' },
      ...(done === undefined ? {} : { done }),
    })
    push(id)
  }

  const sockets = new WebSocketServer({ noServer: true })
  sockets.on('connection', (socket) => {
    live = socket
    socket.on('error', () => undefined)
    socket.on('close', () => {
      if (live === socket) live = null
    })
    socket.on('message', (raw) => {
      const { envelope_id: id, payload } = JSON.parse(String(raw)) as { envelope_id: string; payload?: Record<string, unknown> }
      const waiting = unacked.get(id)
      clearTimeout(waiting?.timer)
      unacked.delete(id)
      waiting?.done?.(payload ?? {})
    })
    socket.send(JSON.stringify({ type: 'hello', num_connections: 1, connection_info: { app_id: 'A1' } }))
    for (const id of unacked.keys()) push(id)
  })

  const open = (user: string): string => {
    const known = directs.get(user)
    if (known !== undefined) return known
    const id = `D${user.slice(1)}`
    directs.set(user, id)
    return id
  }

  const add = (
    fields: Omit<SlackPosted, 'ts' | 'edits' | 'deleted' | 'shape'> & { raw?: Record<string, unknown> },
  ): SlackPosted => {
    const ts = stamp()
    const parent = posts.find((p) => p.ts === fields.thread)
    const shape: Record<string, unknown> = {
      type: 'message',
      ts,
      user: fields.user,
      text: fields.text,
      ...(fields.thread === undefined
        ? {}
        : { thread_ts: fields.thread, ...(parent === undefined ? {} : { parent_user_id: parent.user }) }),
      ...(fields.fromBot ? { bot_id: fields.user === botUser ? 'BBOT' : 'BOTHER' } : {}),
      ...fields.raw,
    }
    const post: SlackPosted = { ...fields, ts, edits: 0, deleted: false, shape }
    posts.push(post)
    envelope('events_api', {
      type: 'event_callback',
      event: { ...shape, channel: fields.channel, channel_type: fields.channel.startsWith('D') ? 'im' : 'channel', event_ts: ts },
    })
    return post
  }

  const buttonsOf = (raw: unknown): SlackPosted['buttons'] => {
    const blocks = (typeof raw === 'string' ? JSON.parse(raw) : (raw ?? [])) as {
      type: string
      text?: { text: string }
      elements?: { text: { text: string }; value: string }[]
    }[]
    for (const block of blocks) if ((block.text?.text.length ?? 0) > 3000) throw new Error('invalid_blocks')
    return blocks.flatMap((block) => (block.elements ?? []).map((e) => ({ label: e.text.text, value: e.value })))
  }

  const act = (method: string, fields: Record<string, unknown>): Record<string, unknown> => {
    const channel = String(fields.channel ?? '')
    const own = (): SlackPosted => {
      const found = posts.find((p) => p.channel === channel && p.ts === fields.ts && !p.deleted)
      if (found === undefined) throw new Error('message_not_found')
      return found
    }
    switch (method) {
      case 'auth.test':
        return { url: server.url, team: 'T', user: 'claw', team_id: 'T1', user_id: botUser, bot_id: 'BBOT' }
      case 'apps.connections.open':
        opened++
        return { url: `${server.url.replace('http', 'ws')}/link` }
      case 'conversations.open':
        return { channel: { id: open(String(fields.users)) } }
      case 'users.conversations': {
        const from = Number(fields.cursor ?? 0)
        const limit = Number(fields.limit ?? 100)
        const all = [...directs].map(([user, id], at) => ({ id, user, is_im: true, created: at }))
        const next = from + limit < all.length ? String(from + limit) : ''
        return { channels: all.slice(from, from + limit), response_metadata: { next_cursor: next } }
      }
      case 'chat.postMessage': {
        const text = String(fields.text ?? '')
        if (text === '') throw new Error('no_text')
        if (text.length > 40_000) throw new Error('msg_too_long')
        const post = add({
          channel,
          user: botUser,
          fromBot: true,
          text,
          buttons: buttonsOf(fields.blocks),
          ...(fields.thread_ts === undefined ? {} : { thread: String(fields.thread_ts) }),
        })
        for (const listener of listeners) listener(post)
        return { channel, ts: post.ts, message: post.shape }
      }
      case 'chat.update': {
        const post = own()
        post.text = String(fields.text ?? post.text)
        post.buttons = buttonsOf(fields.blocks)
        post.edits++
        return { channel, ts: post.ts, text: post.text }
      }
      case 'chat.delete':
        own().deleted = true
        return { channel, ts: fields.ts }
      case 'chat.postEphemeral': {
        const index = told.findIndex((t) => t.user === fields.user)
        told.splice(index, 1)[0]?.resolve(String(fields.text))
        return { message_ts: stamp() }
      }
      case 'conversations.history':
      case 'conversations.replies': {
        const oldest = String(fields.oldest ?? '0')
        const thread = method === 'conversations.replies' ? String(fields.ts) : undefined
        const found = posts.filter(
          (p) =>
            p.channel === channel &&
            !p.deleted &&
            (thread === undefined ? p.thread === undefined : p.thread === thread || p.ts === thread),
        )
        const later = found.filter((p) => p.ts > oldest)
        const newest = method === 'conversations.history' ? later.reverse() : later
        const from = Number(fields.cursor ?? 0)
        const limit = Number(fields.limit ?? 100)
        return {
          messages: newest.slice(from, from + limit).map((p) => p.shape),
          response_metadata: { next_cursor: from + limit < newest.length ? String(from + limit) : '' },
        }
      }
      case 'files.getUploadURLExternal': {
        const id = `F${uploads.size + 1}`
        uploads.set(id, { name: String(fields.filename), data: Buffer.alloc(0) })
        return { upload_url: `${server.url}/upload/${id}`, file_id: id }
      }
      case 'files.completeUploadExternal': {
        const listed = (typeof fields.files === 'string' ? JSON.parse(fields.files) : fields.files) as { id: string }[]
        for (const { id } of listed) {
          const file = uploads.get(id)
          if (file === undefined) throw new Error('file_not_found')
          add({
            channel: String(fields.channel_id),
            user: botUser,
            fromBot: true,
            text: '',
            buttons: [],
            file,
            ...(fields.thread_ts === undefined ? {} : { thread: String(fields.thread_ts) }),
          })
        }
        return { files: listed.map(({ id }) => ({ id, title: uploads.get(id)?.name })) }
      }
      default:
        throw new Error('unknown_method')
    }
  }

  const handle = async (request: IncomingMessage, response: ServerResponse, body: Buffer): Promise<void> => {
    const path = new URL(request.url ?? '/', 'http://x').pathname
    if (path.startsWith('/files/')) {
      const data = files.get(path.slice(7))
      const allowed = request.headers.authorization === `Bearer ${botToken}`
      response.writeHead(data !== undefined && allowed ? 200 : 403)
      response.end(allowed ? data : undefined)
      return
    }
    if (path.startsWith('/upload/')) {
      const file = uploads.get(path.slice(8))
      const form = await readForm(request, request.headers['content-type']?.startsWith('multipart') ? body : Buffer.alloc(0))
      if (file !== undefined) file.data = Object.values(form.files)[0]?.data ?? body
      response.end('OK')
      return
    }
    const method = path.replace(/^\/api\//, '')
    const call = { at: Date.now(), ok: false }
    if (method === 'chat.postMessage') sends.push(call)
    const fault = faults.find((f) => f.times > 0 && f.method.test(method))
    if (fault !== undefined && fault.after !== true) {
      fault.times--
      if (fault.retryAfter !== undefined)
        return json(response, 429, { ok: false, error: 'ratelimited' }, { 'retry-after': String(Math.ceil(fault.retryAfter)) })
      if (fault.status !== undefined) {
        response.writeHead(fault.status)
        response.end('trouble')
        return
      }
      return json(response, 200, { ok: false, error: fault.error ?? 'internal_error' })
    }
    const bearer = (request.headers.authorization ?? '').replace(/^Bearer /, '')
    const { fields } = await readForm(request, body)
    const token = bearer === '' ? String(fields.token ?? '') : bearer
    if (token !== (method === 'apps.connections.open' ? appToken : botToken))
      return json(response, 200, { ok: false, error: 'invalid_auth' })
    try {
      const result = act(method, fields)
      call.ok = true
      if (fault?.after === true) {
        fault.times--
        request.socket.destroy()
        return
      }
      json(response, 200, { ok: true, ...result })
    } catch (error) {
      json(response, 200, { ok: false, error: (error as Error).message })
    }
  }

  const server: FakeServer = await serve(handle)
  server.server.on('upgrade', (request, socket, head) => {
    if (faults.some((f) => f.times > 0 && f.status === 500 && f.method.test('socket'))) {
      socket.end('HTTP/1.1 500 Internal Server Error\r\n\r\n')
      return
    }
    sockets.handleUpgrade(request, socket, head, (ws) => sockets.emit('connection', ws))
  })

  const escaped = (text: string): string => text.replace(/&(?!\w+;)/g, '&amp;')

  return {
    url: server.url,
    get botToken() {
      return botToken
    },
    get appToken() {
      return appToken
    },
    botUser,
    sends,
    say({ from, channel, text, thread, bot, file }) {
      const key = `${files.size + 1}`
      if (file !== undefined) files.set(key, file.data)
      const shown =
        file === undefined
          ? {}
          : {
              subtype: 'file_share',
              files: [
                {
                  name: file.name,
                  mimetype: file.mediaType,
                  size: file.data.length,
                  url_private_download: `${server.url}/files/${key}`,
                },
              ],
            }
      return add({
        channel: channel ?? open(from),
        user: from,
        fromBot: bot === true,
        text: escaped(text),
        buttons: [],
        ...(thread === undefined ? {} : { thread }),
        raw: { ...shown, ...(bot === true ? { subtype: 'bot_message' } : {}) },
      })
    },
    edit(ts, text) {
      const post = posts.find((p) => p.ts === ts)
      if (post === undefined) return
      post.text = text
      post.shape.text = text
      envelope('events_api', {
        type: 'event_callback',
        event: {
          type: 'message',
          subtype: 'message_changed',
          channel: post.channel,
          ts: stamp(),
          message: { ...post.shape, edited: { user: post.user } },
        },
      })
    },
    press({ ts, label, from }) {
      const post = posts.find((p) => p.ts === ts)
      const value = post?.buttons.find((b) => b.label === label)?.value
      return new Promise((resolve) => {
        told.push({ user: from, resolve })
        envelope('interactive', {
          type: 'block_actions',
          user: { id: from },
          channel: { id: post?.channel },
          container: { message_ts: ts },
          actions: [{ action_id: 'a', value }],
        })
      })
    },
    slash: ({ command, text, from, channel }) =>
      new Promise((resolve) => {
        envelope('slash_commands', { command, text, user_id: from, channel_id: channel, trigger_id: stamp() }, resolve)
      }),
    envelope,
    messages: (channel) => posts.filter((p) => p.channel === channel && !p.deleted),
    onSent: (listener) => void listeners.push(listener),
    direct: open,
    fail: (fault) => void faults.push({ times: 1, ...fault }),
    heal: () => void faults.splice(0),
    setTokens(bot, app) {
      botToken = bot
      appToken = app
    },
    dropConnections: () => server.dropConnections(),
    opened: () => opened,
    connected: () => live !== null && live.readyState === WebSocket.OPEN,
    async stop() {
      for (const waiting of unacked.values()) clearTimeout(waiting.timer)
      for (const socket of sockets.clients) socket.terminate()
      sockets.close()
      await server.stop()
    },
  }
}
