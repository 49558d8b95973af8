// Discord for tests: the REST API and the gateway socket (hello, identify, heartbeat, resume with replay), with people who write.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { WebSocket, WebSocketServer } from 'ws'
import { type FakeServer, json, readForm, serve, type UploadedFile } from '../../kit/fake-server.ts'

export interface DiscordMessage {
  readonly id: string
  readonly channel: string
  readonly author: string
  readonly fromBot: boolean
  content: string
  readonly reference?: string
  readonly nonce?: string
  readonly files: readonly UploadedFile[]
  components: readonly { label: string; custom_id: string }[]
  edits: number
  deleted: boolean
  readonly shape: Record<string, unknown>
}

export interface FakeDiscord {
  readonly url: string
  readonly token: string
  readonly botId: string
  readonly commands: readonly Record<string, unknown>[]
  readonly sends: { readonly at: number; ok: boolean }[]
  say(options: {
    from: string
    channel?: string
    guild?: string
    text: string
    bot?: boolean
    name?: string
    replyTo?: string
    file?: { data: Buffer; mediaType: string; name: string }
    raw?: Record<string, unknown>
  }): DiscordMessage
  edit(id: string, text: string): void
  press(options: { message: string; label: string; from: string }): Promise<string>
  slash(options: {
    name: string
    text: string
    from: string
    channel: string
    guild?: string
  }): Promise<{ content: string; ephemeral: boolean }>
  dispatch(type: string, data: unknown): void
  messages(channel: string): DiscordMessage[]
  /** Called with each message of the bot as it arrives. */
  onSent(listener: (message: DiscordMessage) => void): void
  direct(user: string): string
  typing(channel: string): number
  /** `status` 429 wants `retryAfter` in seconds. */
  fail(fault: { status: number; code?: number; retryAfter?: number; times?: number; path?: RegExp; after?: boolean }): void
  heal(): void
  setToken(token: string): void
  /** Refuses the privileged intent, as when it is switched off. */
  withoutContentIntent(): void
  dropConnections(): number
  /** The session can be resumed no more, as after some minutes. */
  forgetSession(): void
  /** Any event of the gateway. */
  emit(type: string, data: object): void
  /** How often a client has started from scratch (identified, not resumed). */
  identified(): number
  connected(): boolean
  stop(): Promise<void>
}

const EPOCH = 1_420_070_400_000

/** A server that the bot is in. */
export interface FakeGuild {
  readonly id: string
  readonly name: string
  readonly channels: readonly { readonly id: string; readonly name: string; readonly type?: number }[]
  readonly roles: readonly { readonly id: string; readonly name: string }[]
  readonly threads?: readonly { readonly id: string; readonly name: string; readonly parent_id: string }[]
}

/** As the platform tells it: most of it is of no use to a bot. */
const guildCreate = ({ channels, roles, threads = [], ...guild }: FakeGuild): Record<string, unknown> => ({
  ...guild,
  owner_id: '1',
  features: [],
  joined_at: new Date().toISOString(),
  member_count: 3,
  members: [{ user: { id: '1', username: 'owner', discriminator: '0' }, roles: [], joined_at: new Date().toISOString() }],
  presences: [{ user: { id: '1' }, status: 'online', activities: [] }],
  voice_states: [],
  emojis: [{ id: '3', name: 'party', roles: [] }],
  stickers: [],
  roles: roles.map((role) => ({ ...role, color: 0, hoist: false, position: 1, permissions: '1071698660929', managed: false })),
  channels: channels.map((channel) => ({
    ...channel,
    type: channel.type ?? 0,
    position: 1,
    topic: 'words about it',
    permission_overwrites: [{ id: guild.id, type: 0, allow: '0', deny: '1024' }],
  })),
  threads: threads.map((thread) => ({ ...thread, type: 11, guild_id: guild.id, thread_metadata: { archived: false } })),
})

export async function createFakeDiscord({ guilds = [] }: { guilds?: readonly FakeGuild[] } = {}): Promise<FakeDiscord> {
  let token = 'MTIz.fake.token'
  const botId = '900000000000000001'
  const application = '900000000000000002'
  let contentIntent = true
  let counter = 0n
  const snowflake = (): string => String((BigInt(Date.now() - EPOCH) << 22n) | (counter++ & 0x3fffffn))
  const messages: DiscordMessage[] = []
  const directs = new Map<string, string>()
  const files = new Map<string, Buffer>()
  const typed = new Map<string, number>()
  const listeners: ((message: DiscordMessage) => void)[] = []
  const sends: FakeDiscord['sends'] = []
  const faults: { status: number; code?: number; retryAfter?: number; times: number; path?: RegExp; after?: boolean }[] = []
  const callbacks = new Map<string, (answer: { content: string; ephemeral: boolean }) => void>()
  const commands: Record<string, unknown>[] = []

  // The gateway: one session, events numbered and kept for a resume.
  let session = ''
  let history: { op: 0; t: string; s: number; d: unknown }[] = []
  let live: WebSocket | null = null
  let identified = 0

  const emit = (t: string, d: unknown): void => {
    if (session === '') return
    const packet = { op: 0 as const, t, s: history.length + 1, d }
    history.push(packet)
    if (live?.readyState === WebSocket.OPEN) live.send(JSON.stringify(packet))
  }

  const sockets = new WebSocketServer({ noServer: true })
  sockets.on('connection', (socket) => {
    socket.send(JSON.stringify({ op: 10, d: { heartbeat_interval: 41_250 }, s: null, t: null }))
    socket.on('error', () => undefined)
    socket.on('close', () => {
      if (live === socket) live = null
    })
    socket.on('message', (raw) => {
      const packet = JSON.parse(String(raw)) as {
        op: number
        d: { token?: string; intents?: number; session_id?: string; seq?: number }
      }
      if (packet.op === 1) socket.send(JSON.stringify({ op: 11 }))
      else if (packet.op === 2) {
        if (packet.d.token !== token) return socket.close(4004, 'Authentication failed.')
        if (!contentIntent && ((packet.d.intents ?? 0) & (1 << 15)) !== 0) return socket.close(4014, 'Disallowed intent(s).')
        identified++
        session = `session-${snowflake()}`
        history = []
        live = socket
        emit('READY', {
          v: 10,
          user: { id: botId, username: 'claw', discriminator: '0', bot: true, avatar: null },
          guilds: guilds.map(({ id }) => ({ id, unavailable: true })),
          session_id: session,
          resume_gateway_url: server.url.replace('http', 'ws'),
          shard: [0, 1],
          application: { id: application, flags: 0 },
        })
        for (const guild of guilds) emit('GUILD_CREATE', guildCreate(guild))
      } else if (packet.op === 6) {
        if (packet.d.token !== token) return socket.close(4004, 'Authentication failed.')
        if (packet.d.session_id !== session) return socket.send(JSON.stringify({ op: 9, d: false }))
        live = socket
        for (const event of history.slice(packet.d.seq ?? 0)) socket.send(JSON.stringify(event))
        socket.send(JSON.stringify({ op: 0, t: 'RESUMED', s: history.length, d: {} }))
      }
    })
  })

  const user = (id: string, more: { bot?: boolean; name?: string } = {}): Record<string, unknown> => ({
    id,
    username: `user${id}`,
    discriminator: '0',
    global_name: more.name ?? `User ${id}`,
    avatar: null,
    ...(more.bot === true ? { bot: true } : {}),
  })

  const make = (
    fields: Omit<DiscordMessage, 'shape' | 'edits' | 'deleted' | 'id'> & { raw?: Record<string, unknown>; name?: string },
  ): DiscordMessage => {
    const id = snowflake()
    const referenced = messages.find((m) => m.id === fields.reference)
    const shape: Record<string, unknown> = {
      id,
      type: fields.reference === undefined ? 0 : 19,
      channel_id: fields.channel,
      author: user(fields.author, { bot: fields.fromBot, ...(fields.name === undefined ? {} : { name: fields.name }) }),
      content: fields.content,
      timestamp: new Date().toISOString(),
      edited_timestamp: null,
      tts: false,
      mention_everyone: false,
      mentions: [...fields.content.matchAll(/<@!?(\d+)>/g)].map((match) => user(match[1] ?? '')),
      mention_roles: [],
      attachments: fields.files.map((file, index) => {
        const key = `${id}-${index}`
        files.set(key, file.data)
        return {
          id: key,
          filename: file.name,
          size: file.data.length,
          content_type: file.mediaType,
          url: `${server.url}/cdn/${key}`,
          proxy_url: '',
        }
      }),
      embeds: [],
      pinned: false,
      ...(referenced === undefined
        ? {}
        : { referenced_message: referenced.shape, message_reference: { message_id: referenced.id } }),
      ...fields.raw,
    }
    const message: DiscordMessage = { ...fields, id, edits: 0, deleted: false, shape }
    messages.push(message)
    return message
  }

  const buttonsOf = (fields: Record<string, unknown>): DiscordMessage['components'] =>
    ((fields.components as { components: { label: string; custom_id: string }[] }[] | undefined) ?? []).flatMap(
      (row) => row.components,
    )

  const open = (who: string): string => {
    const known = directs.get(who)
    if (known !== undefined) return known
    const id = snowflake()
    directs.set(who, id)
    return id
  }

  const handle = async (request: IncomingMessage, response: ServerResponse, body: Buffer): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://x')
    if (url.pathname.startsWith('/cdn/')) {
      const data = files.get(url.pathname.slice(5))
      response.writeHead(data === undefined ? 404 : 200)
      response.end(data)
      return
    }
    const path = url.pathname.replace(/^(\/api)?\/v\d+/, '')
    const route = `${request.method} ${path}`
    const isSend = /^POST \/channels\/\d+\/messages$/.test(route)
    const call = { at: Date.now(), ok: false }
    if (isSend) sends.push(call)
    const fault = faults.find((f) => f.times > 0 && (f.path ?? /./).test(route))
    if (fault !== undefined && fault.after !== true) {
      fault.times--
      if (fault.status === 429)
        return json(
          response,
          429,
          { message: 'You are being rate limited.', retry_after: fault.retryAfter ?? 1, global: false },
          {
            'retry-after': String(fault.retryAfter ?? 1),
            'x-ratelimit-scope': 'user',
          },
        )
      return json(response, fault.status, { message: `Error ${fault.status}`, code: fault.code ?? 0 })
    }
    if (!path.startsWith('/interactions/') && request.headers.authorization !== `Bot ${token}`)
      return json(response, 401, { message: '401: Unauthorized', code: 0 })
    const form = await readForm(request, request.method === 'GET' ? Buffer.alloc(0) : body)
    const fields = (typeof form.fields.payload_json === 'string' ? JSON.parse(form.fields.payload_json) : form.fields) as Record<
      string,
      unknown
    >
    const answer = act(route, url, fields, Object.values(form.files))
    if ('error' in answer) return json(response, answer.error, { message: answer.message, code: answer.code })
    call.ok = true
    if (fault?.after === true) {
      fault.times--
      request.socket.destroy()
      return
    }
    if (answer.result === null) {
      response.writeHead(204)
      response.end()
    } else json(response, 200, answer.result)
  }

  const act = (
    route: string,
    url: URL,
    fields: Record<string, unknown>,
    uploads: readonly UploadedFile[],
  ): { result: unknown } | { error: number; message: string; code: number } => {
    if (route === 'GET /gateway/bot')
      return {
        result: {
          url: server.url.replace('http', 'ws'),
          shards: 1,
          session_start_limit: { total: 1000, remaining: 1000, reset_after: 0, max_concurrency: 1 },
        },
      }
    if (route === 'POST /users/@me/channels') return { result: { id: open(String(fields.recipient_id)), type: 1 } }
    if (/^PUT \/applications\/\d+\/commands$/.test(route)) {
      commands.splice(0, commands.length, ...Object.values(fields as Record<string, Record<string, unknown>>))
      return { result: commands }
    }
    const typing = /^POST \/channels\/(\d+)\/typing$/.exec(route)?.[1]
    if (typing !== undefined) {
      typed.set(typing, (typed.get(typing) ?? 0) + 1)
      return { result: null }
    }
    const callback = /^POST \/interactions\/(\d+)\/[^/]+\/callback$/.exec(route)?.[1]
    if (callback !== undefined) {
      const data = (fields.data ?? {}) as { content?: string; flags?: number }
      const waiting = callbacks.get(callback)
      if (waiting === undefined) return { error: 404, message: 'Unknown interaction', code: 10062 }
      callbacks.delete(callback)
      waiting({ content: data.content ?? '', ephemeral: ((data.flags ?? 0) & 64) !== 0 })
      return { result: null }
    }
    const listed = /^GET \/channels\/(\d+)\/messages$/.exec(route)?.[1]
    if (listed !== undefined) {
      const after = BigInt(url.searchParams.get('after') ?? '0')
      const found = messages.filter((m) => m.channel === listed && !m.deleted && BigInt(m.id) > after)
      return {
        result: found
          .slice(0, Number(url.searchParams.get('limit') ?? 50))
          .reverse()
          .map((m) => m.shape),
      }
    }
    const posted = /^POST \/channels\/(\d+)\/messages$/.exec(route)?.[1]
    if (posted !== undefined) {
      const content = String(fields.content ?? '')
      if (content.length > 2000) return { error: 400, message: 'Must be 2000 or fewer in length.', code: 50035 }
      if (content === '' && uploads.length === 0) return { error: 400, message: 'Cannot send an empty message', code: 50006 }
      const same = messages.find(
        (m) => m.fromBot && fields.enforce_nonce === true && m.nonce !== undefined && m.nonce === fields.nonce,
      )
      if (same !== undefined) return { result: same.shape }
      const reference = (fields.message_reference as { message_id?: string } | undefined)?.message_id
      const message = make({
        channel: posted,
        author: botId,
        fromBot: true,
        content,
        files: uploads,
        components: buttonsOf(fields),
        ...(reference === undefined ? {} : { reference }),
        ...(fields.nonce === undefined ? {} : { nonce: String(fields.nonce) }),
      })
      for (const listener of listeners) listener(message)
      emit('MESSAGE_CREATE', message.shape)
      return { result: message.shape }
    }
    const one = /^(PATCH|DELETE) \/channels\/(\d+)\/messages\/(\d+)$/.exec(route)
    if (one !== null) {
      const message = messages.find((m) => m.id === one[3] && m.channel === one[2] && !m.deleted)
      if (message === undefined) return { error: 404, message: 'Unknown Message', code: 10008 }
      if (one[1] === 'DELETE') {
        message.deleted = true
        return { result: null }
      }
      if (String(fields.content ?? '').length > 2000)
        return { error: 400, message: 'Must be 2000 or fewer in length.', code: 50035 }
      if (fields.content !== undefined) message.content = String(fields.content)
      if (fields.components !== undefined) message.components = buttonsOf(fields)
      message.shape.content = message.content
      message.edits++
      emit('MESSAGE_UPDATE', message.shape)
      return { result: message.shape }
    }
    return { error: 404, message: '404: Not Found', code: 0 }
  }

  const server: FakeServer = await serve(handle)
  server.server.on('upgrade', (request, socket, head) => {
    if (faults.some((f) => f.times > 0 && f.status === 500)) {
      socket.end('HTTP/1.1 500 Internal Server Error\r\n\r\n')
      return
    }
    sockets.handleUpgrade(request, socket, head, (ws) => sockets.emit('connection', ws))
  })

  const interact = (data: Record<string, unknown>): Promise<{ content: string; ephemeral: boolean }> => {
    const id = snowflake()
    return new Promise((resolve) => {
      callbacks.set(id, resolve)
      emit('INTERACTION_CREATE', { id, application_id: application, token: `tok${id}`, version: 1, ...data })
    })
  }

  return {
    url: server.url,
    get token() {
      return token
    },
    botId,
    commands,
    sends,
    say({ from, channel, guild, text, bot, name, replyTo, file, raw }) {
      const message = make({
        channel: channel ?? open(from),
        author: from,
        fromBot: bot === true,
        content: text,
        files: file === undefined ? [] : [file],
        components: [],
        ...(name === undefined ? {} : { name }),
        ...(replyTo === undefined ? {} : { reference: replyTo }),
        ...(raw === undefined ? {} : { raw }),
      })
      emit('MESSAGE_CREATE', { ...message.shape, ...(guild === undefined ? {} : { guild_id: guild }) })
      return message
    },
    edit(id, text) {
      const message = messages.find((m) => m.id === id)
      if (message === undefined) return
      message.content = text
      emit('MESSAGE_UPDATE', { ...message.shape, content: text, edited_timestamp: new Date().toISOString() })
    },
    async press({ message, label, from }) {
      const on = messages.find((m) => m.id === message)
      const custom = on?.components.find((c) => c.label === label)?.custom_id ?? label
      const answer = await interact({
        type: 3,
        data: { custom_id: custom, component_type: 2 },
        channel_id: on?.channel,
        user: user(from),
        message: on?.shape,
      })
      return answer.content
    },
    slash: ({ name, text, from, channel, guild }) =>
      interact({
        type: 2,
        data: { id: '1', type: 1, name, options: [{ name: 'text', type: 3, value: text }] },
        channel_id: channel,
        channel: { id: channel, type: guild === undefined ? 1 : 0 },
        ...(guild === undefined ? { user: user(from) } : { guild_id: guild, member: { user: user(from) } }),
      }),
    dispatch: emit,
    messages: (channel) => messages.filter((m) => m.channel === channel && !m.deleted),
    onSent: (listener) => void listeners.push(listener),
    direct: open,
    typing: (channel) => typed.get(channel) ?? 0,
    fail: (fault) => void faults.push({ times: 1, ...fault }),
    heal: () => void faults.splice(0),
    setToken(next) {
      token = next
    },
    withoutContentIntent() {
      contentIntent = false
    },
    dropConnections: () => server.dropConnections(),
    emit,
    forgetSession() {
      session = ''
    },
    identified: () => identified,
    connected: () => live !== null && live.readyState === WebSocket.OPEN,
    async stop() {
      for (const socket of sockets.clients) socket.terminate()
      sockets.close()
      await server.stop()
    },
  }
}
