// A Bot API server for tests, faithful where the adapter can tell: long polls, offsets, conflicts, HTML, limits, files, webhooks.
// People act through `say` and `press`; what they see is in `chat`. As a program: `node fake-telegram.js [port]`.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { pathToFileURL } from 'node:url'
import type { Clock } from '../../../ports.ts'
import { systemClock } from '../../../ports.ts'
import { type FakeServer, json, readForm, serve, type UploadedFile } from '../../kit/fake-server.ts'
import { parseTelegramHtml } from './html.ts'

export interface FakePerson {
  readonly id: number
  readonly is_bot?: boolean
  readonly first_name?: string
  readonly username?: string
}

export interface SayOptions {
  readonly from: number | FakePerson
  /** Group id (negative); absent: the direct chat. */
  readonly chat?: number
  readonly thread?: number
  readonly text?: string
  readonly replyTo?: number
  readonly file?: {
    readonly kind: 'photo' | 'document' | 'voice' | 'video' | 'sticker'
    readonly data: Buffer
    readonly mediaType?: string
    readonly name?: string
  }
  /** Merged over the message as built: malformed and rare shapes. */
  readonly raw?: Record<string, unknown>
  readonly kind?: 'message' | 'edited_message'
  readonly messageId?: number
}

export interface FakeMessage {
  readonly message_id: number
  readonly chat: number
  readonly fromBot: boolean
  readonly from: number
  text: string
  entities: readonly { type: string; offset: number; length: number; url?: string; language?: string }[]
  readonly thread?: number
  readonly replyTo?: number
  readonly file?: UploadedFile & { readonly method: string }
  buttons: readonly { text: string; data: string }[]
  edits: number
  deleted: boolean
}

interface Fault {
  readonly method: string
  /** Calls of the method that go through before it strikes. */
  skip?: number
  times: number
  readonly code: number
  readonly description?: string
  readonly retryAfter?: number
  /** 'after': carried out, then the connection is cut before the answer. */
  readonly cut?: 'before' | 'after'
}

export interface FakeTelegram {
  readonly url: string
  readonly token: string
  readonly bot: { readonly id: number; readonly username: string }
  readonly calls: { readonly method: string; readonly payload: Record<string, unknown>; readonly at: number; ok: boolean }[]
  say(options: SayOptions): FakeMessage
  /** Any update at all. */
  push(update: Record<string, unknown>): void
  /** What stands in a chat, deleted messages left out. */
  chat(id: number): FakeMessage[]
  /** Called with each message of the bot as it arrives. */
  onSent(listener: (message: FakeMessage) => void): void
  press(options: { chat: number; message: number; button: string; from: number }): Promise<string>
  typing(chat: number): number
  fail(fault: Omit<Fault, 'times'> & { times?: number }): void
  heal(): void
  setToken(token: string): void
  /** The bot was blocked or kicked there. */
  block(chat: number): void
  /** The group becomes a supergroup; gives its new id. */
  migrate(chat: number): number
  dropConnections(): number
  /** Updates not yet confirmed. */
  pending(): number
  webhookUrl(): string
  stop(): Promise<void>
}

const ALL_DEFAULT = ['message', 'edited_message', 'callback_query', 'my_chat_member']

export async function createFakeTelegram(options: { clock?: Clock; token?: string; port?: number } = {}): Promise<FakeTelegram> {
  const clock = options.clock ?? systemClock
  let token = options.token ?? '123456:TEST-token'
  const bot = { id: 123456, is_bot: true, first_name: 'Claw', username: 'claw_test_bot' }
  let nextUpdate = 1000
  let nextMessage = 1
  let queue: { update_id: number; [kind: string]: unknown }[] = []
  let allowed: readonly string[] = ALL_DEFAULT
  let webhook: { url: string; secret: string } = { url: '', secret: '' }
  let delivering = false
  let stopped = false
  const messages: FakeMessage[] = []
  const files = new Map<string, { data: Buffer; path: string }>()
  const faults: Fault[] = []
  const calls: FakeTelegram['calls'] = []
  const blocked = new Set<number>()
  const moved = new Map<number, number>()
  const typed = new Map<number, number>()
  const callbacks = new Map<string, (text: string) => void>()
  const listeners: ((message: FakeMessage) => void)[] = []
  let waiting: { answer: (conflict: boolean) => void } | null = null

  class Refusal extends Error {
    readonly code: number
    readonly parameters: Record<string, unknown> | undefined
    constructor(code: number, description: string, parameters?: Record<string, unknown>) {
      super(description)
      this.code = code
      this.parameters = parameters
    }
  }

  const chatShape = (id: number): Record<string, unknown> =>
    id > 0
      ? { id, type: 'private', first_name: `User ${id}` }
      : { id, type: String(id).startsWith('-100') ? 'supergroup' : 'group', title: `Group ${id}` }

  const shape = (message: FakeMessage): Record<string, unknown> => ({
    message_id: message.message_id,
    date: Math.floor(Date.now() / 1000),
    chat: chatShape(message.chat),
    from: message.fromBot ? bot : { id: message.from, is_bot: false, first_name: `User ${message.from}` },
    ...(message.text === '' ? {} : { text: message.text }),
    ...(message.entities.length === 0 ? {} : { entities: message.entities }),
    ...(message.thread === undefined ? {} : { message_thread_id: message.thread, is_topic_message: true }),
  })

  const enqueue = (kind: string, value: unknown): void => {
    if (!allowed.includes(kind)) return
    queue.push({ update_id: nextUpdate++, [kind]: value })
    waiting?.answer(false)
    void deliverWebhook()
  }

  /** One at a time, again until it is taken, as the platform does. */
  const deliverWebhook = async (): Promise<void> => {
    if (webhook.url === '' || delivering) return
    delivering = true
    try {
      while (queue.length > 0 && webhook.url !== '' && !stopped) {
        const update = queue[0]
        const ok = await fetch(webhook.url, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            ...(webhook.secret === '' ? {} : { 'x-telegram-bot-api-secret-token': webhook.secret }),
          },
          body: JSON.stringify(update),
        }).then(
          (response) => response.ok,
          () => false,
        )
        if (ok) queue = queue.filter((other) => other !== update)
        else await new Promise((resolve) => setTimeout(resolve, 10))
      }
    } finally {
      delivering = false
    }
  }

  const getUpdates = (fields: Record<string, unknown>, request: IncomingMessage): Promise<unknown> => {
    if (webhook.url !== '')
      throw new Refusal(
        409,
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
      )
    if (Array.isArray(fields.allowed_updates))
      allowed = fields.allowed_updates.length === 0 ? ALL_DEFAULT : (fields.allowed_updates as string[])
    const offset = Number(fields.offset ?? 0)
    if (offset > 0) queue = queue.filter((update) => update.update_id >= offset)
    if (offset < 0) queue = queue.slice(offset)
    const limit = Math.min(100, Math.max(1, Number(fields.limit ?? 100)))
    waiting?.answer(true)
    const ready = (): unknown => queue.slice(0, limit)
    const timeout = Math.min(50, Number(fields.timeout ?? 0))
    if (queue.length > 0 || timeout <= 0) return Promise.resolve(ready())
    return new Promise((resolve, reject) => {
      const end = (): void => {
        cancel()
        request.socket.off('close', end)
        if (waiting === own) waiting = null
      }
      const own = {
        answer: (conflict: boolean): void => {
          end()
          if (conflict)
            reject(
              new Refusal(
                409,
                'Conflict: terminated by other getUpdates request; make sure that only one bot instance is running',
              ),
            )
          else resolve(ready())
        },
      }
      const cancel = clock.after(timeout * 1000, () => own.answer(false))
      request.socket.once('close', end)
      waiting = own
    })
  }

  const targetChat = (fields: Record<string, unknown>): number => {
    const id = Number(fields.chat_id)
    const to = moved.get(id)
    if (to !== undefined)
      throw new Refusal(400, 'Bad Request: group chat was upgraded to a supergroup chat', { migrate_to_chat_id: to })
    if (blocked.has(id))
      throw new Refusal(403, id > 0 ? 'Forbidden: bot was blocked by the user' : 'Forbidden: bot was kicked from the group chat')
    if (!Number.isSafeInteger(id) || id === 0) throw new Refusal(400, 'Bad Request: chat not found')
    return id
  }

  const textOf = (fields: Record<string, unknown>): Pick<FakeMessage, 'text' | 'entities'> => {
    const raw = String(fields.text ?? '')
    const parsed = fields.parse_mode === 'HTML' ? parseTelegramHtml(raw) : { text: raw, entities: [] }
    if ('error' in parsed) throw new Refusal(400, parsed.error)
    if (parsed.text.trim() === '') throw new Refusal(400, 'Bad Request: message text is empty')
    if (parsed.text.length > 4096) throw new Refusal(400, 'Bad Request: message is too long')
    return parsed
  }

  const buttonsOf = (fields: Record<string, unknown>): FakeMessage['buttons'] => {
    const markup = fields.reply_markup as { inline_keyboard?: { text: string; callback_data?: string }[][] } | undefined
    return (markup?.inline_keyboard ?? []).flat().map((button) => {
      if (Buffer.byteLength(button.callback_data ?? '') > 64) throw new Refusal(400, 'Bad Request: BUTTON_DATA_INVALID')
      return { text: button.text, data: button.callback_data ?? '' }
    })
  }

  const parseMaybe = (value: unknown): unknown => (typeof value === 'string' && /^[{[]/.test(value) ? JSON.parse(value) : value)

  const post = (fields: Record<string, unknown>, more: Partial<FakeMessage>): Record<string, unknown> => {
    const chat = targetChat(fields)
    const reply = parseMaybe(fields.reply_parameters) as
      | { message_id?: number; allow_sending_without_reply?: boolean }
      | undefined
    const message: FakeMessage = {
      message_id: nextMessage++,
      chat,
      fromBot: true,
      from: bot.id,
      text: '',
      entities: [],
      buttons: buttonsOf(fields),
      edits: 0,
      deleted: false,
      ...(fields.message_thread_id === undefined ? {} : { thread: Number(fields.message_thread_id) }),
      ...(reply?.message_id === undefined ? {} : { replyTo: reply.message_id }),
      ...more,
    }
    if (
      reply?.message_id !== undefined &&
      reply.allow_sending_without_reply !== true &&
      !messages.some((m) => m.chat === chat && m.message_id === reply.message_id)
    )
      throw new Refusal(400, 'Bad Request: message to be replied not found')
    messages.push(message)
    for (const listener of listeners) listener(message)
    return shape(message)
  }

  const own = (fields: Record<string, unknown>): FakeMessage => {
    const chat = targetChat(fields)
    const found = messages.find((m) => m.chat === chat && m.message_id === Number(fields.message_id) && m.fromBot && !m.deleted)
    if (found === undefined) throw new Refusal(400, 'Bad Request: message to edit not found')
    return found
  }

  const methods: Record<
    string,
    (fields: Record<string, unknown>, uploads: Record<string, UploadedFile>, request: IncomingMessage) => unknown
  > = {
    getme: () => ({ ...bot, can_join_groups: true, can_read_all_group_messages: false, supports_inline_queries: false }),
    getupdates: (fields, _, request) => getUpdates(fields, request),
    setwebhook: (fields) => {
      if (Array.isArray(fields.allowed_updates)) allowed = fields.allowed_updates as string[]
      webhook = { url: String(fields.url ?? ''), secret: String(fields.secret_token ?? '') }
      waiting?.answer(true)
      void deliverWebhook()
      return true
    },
    deletewebhook: (fields) => {
      webhook = { url: '', secret: '' }
      if (fields.drop_pending_updates === true) queue = []
      return true
    },
    getwebhookinfo: () => ({ url: webhook.url, has_custom_certificate: false, pending_update_count: queue.length }),
    setmycommands: () => true,
    sendmessage: (fields) => post(fields, textOf(fields)),
    editmessagetext: (fields) => {
      const message = own(fields)
      const next = textOf(fields)
      const buttons = buttonsOf(fields)
      if (
        next.text === message.text &&
        JSON.stringify([next.entities, buttons]) === JSON.stringify([message.entities, message.buttons])
      )
        throw new Refusal(
          400,
          'Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message',
        )
      Object.assign(message, next, { buttons })
      message.edits++
      return shape(message)
    },
    deletemessage: (fields) => {
      own(fields).deleted = true
      return true
    },
    sendchataction: (fields) => {
      const chat = targetChat(fields)
      typed.set(chat, (typed.get(chat) ?? 0) + 1)
      return true
    },
    answercallbackquery: (fields) => {
      const id = String(fields.callback_query_id)
      const answer = callbacks.get(id)
      if (answer === undefined)
        throw new Refusal(400, 'Bad Request: query is too old and response timeout expired or query ID is invalid')
      if (String(fields.text ?? '').length > 200) throw new Refusal(400, 'Bad Request: MESSAGE_TOO_LONG')
      callbacks.delete(id)
      answer(String(fields.text ?? ''))
      return true
    },
    getfile: (fields) => {
      const file = files.get(String(fields.file_id))
      if (file === undefined) throw new Refusal(400, 'Bad Request: invalid file_id')
      if (file.data.length > 20 * 1024 * 1024) throw new Refusal(400, 'Bad Request: file is too big')
      return {
        file_id: fields.file_id,
        file_unique_id: `u${String(fields.file_id)}`,
        file_size: file.data.length,
        file_path: file.path,
      }
    },
    sendphoto: (fields, uploads) => post(fields, upload(fields, uploads, 'photo')),
    senddocument: (fields, uploads) => post(fields, upload(fields, uploads, 'document')),
  }

  const upload = (
    fields: Record<string, unknown>,
    uploads: Record<string, UploadedFile>,
    field: string,
  ): Partial<FakeMessage> => {
    const named = String(fields[field] ?? '').replace(/^attach:\/\//, '')
    const file = uploads[named] ?? uploads[field]
    if (file === undefined) throw new Refusal(400, `Bad Request: there is no ${field} in the request`)
    return { file: { ...file, method: field }, text: String(fields.caption ?? '') }
  }

  const fault = (method: string, when: 'before' | 'after' | 'answer'): Fault | undefined => {
    const passes = (f: Fault): boolean => {
      if (f.skip === undefined || f.skip === 0) return false
      f.skip--
      return true
    }
    const found = faults.find(
      (f) => (f.method === '*' || f.method.toLowerCase() === method) && (f.cut ?? 'answer') === when && f.times > 0 && !passes(f),
    )
    if (found !== undefined) found.times--
    return found
  }

  const handle = async (request: IncomingMessage, response: ServerResponse, body: Buffer): Promise<void> => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://x').pathname)
    const asFile = /^\/file\/bot([^/]+)\/(.+)$/.exec(path)
    if (asFile !== null) {
      const file = [...files.values()].find((f) => f.path === asFile[2])
      if (asFile[1] !== token || file === undefined)
        return json(response, 404, { ok: false, error_code: 404, description: 'Not Found' })
      response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': file.data.length })
      response.end(file.data)
      return
    }
    const match = /^\/bot([^/]+)\/(\w+)$/.exec(path)
    const method = (match?.[2] ?? '').toLowerCase()
    const refuse = (code: number, description: string, parameters?: Record<string, unknown>): void =>
      json(response, code, { ok: false, error_code: code, description, ...(parameters === undefined ? {} : { parameters }) })
    if (match === null) return refuse(404, 'Not Found')
    if (match[1] !== token) return /^\d+:[\w-]+$/.test(match[1] ?? '') ? refuse(401, 'Unauthorized') : refuse(404, 'Not Found')
    const { fields, files: uploads } = await readForm(request, body)
    const call = { method, payload: fields, at: clock.now(), ok: false }
    calls.push(call)
    if (fault(method, 'before') !== undefined) {
      request.socket.destroy()
      return
    }
    const failing = fault(method, 'answer')
    if (failing !== undefined) {
      const retry = failing.retryAfter
      const words =
        failing.description ?? (retry === undefined ? `Error ${failing.code}` : `Too Many Requests: retry after ${retry}`)
      return refuse(failing.code, words, retry === undefined ? undefined : { retry_after: retry })
    }
    const run = methods[method]
    if (run === undefined) return refuse(404, 'Not Found: method not found')
    try {
      const result = await run(fields, uploads, request)
      call.ok = true
      if (fault(method, 'after') !== undefined) {
        request.socket.destroy()
        return
      }
      json(response, 200, { ok: true, result })
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      refuse(error.code, error.message, error.parameters)
    }
  }

  const server: FakeServer = await serve(handle, options.port ?? 0)

  const say = (said: SayOptions): FakeMessage => {
    const person = typeof said.from === 'number' ? { id: said.from } : said.from
    const chat = moved.get(said.chat ?? person.id) ?? said.chat ?? person.id
    const message: FakeMessage = {
      message_id: said.messageId ?? nextMessage++,
      chat,
      fromBot: false,
      from: person.id,
      text: said.text ?? '',
      entities: entitiesOf(said.text ?? ''),
      buttons: [],
      edits: 0,
      deleted: false,
      ...(said.thread === undefined ? {} : { thread: said.thread }),
    }
    if (said.kind !== 'edited_message') messages.push(message)
    const answered =
      said.replyTo === undefined ? undefined : messages.find((m) => m.chat === chat && m.message_id === said.replyTo)
    const base: Record<string, unknown> = {
      ...shape(message),
      from: { is_bot: false, first_name: `User ${person.id}`, ...person },
      ...(answered === undefined ? {} : { reply_to_message: shape(answered) }),
    }
    if (said.file !== undefined) {
      const { kind, data, mediaType, name } = said.file
      const fileId = `file-${files.size + 1}`
      files.set(fileId, { data, path: `${kind}s/${fileId}` })
      const file = { file_id: fileId, file_unique_id: `u${fileId}`, file_size: data.length }
      if (kind === 'photo')
        base.photo = [
          { ...file, file_id: `${fileId}-small`, width: 90, height: 90 },
          { ...file, width: 800, height: 800 },
        ]
      else if (kind === 'sticker')
        base.sticker = { ...file, emoji: '🙂', type: 'regular', width: 512, height: 512, is_animated: false, is_video: false }
      else
        base[kind] = {
          ...file,
          duration: 7,
          ...(mediaType === undefined ? {} : { mime_type: mediaType }),
          ...(name === undefined ? {} : { file_name: name }),
        }
      if (base.text !== undefined) {
        base.caption = base.text
        base.caption_entities = base.entities
        delete base.text
        delete base.entities
      }
    }
    enqueue(
      said.kind ?? 'message',
      said.kind === 'edited_message'
        ? { ...base, edit_date: Math.floor(Date.now() / 1000), ...said.raw }
        : { ...base, ...said.raw },
    )
    return message
  }

  return {
    url: server.url,
    get token() {
      return token
    },
    bot,
    calls,
    say,
    push(update) {
      for (const [kind, value] of Object.entries(update)) {
        queue.push({ update_id: nextUpdate++, [kind]: value })
        waiting?.answer(false)
      }
      void deliverWebhook()
    },
    chat: (id) => messages.filter((m) => m.chat === (moved.get(id) ?? id) && !m.deleted),
    onSent: (listener) => void listeners.push(listener),
    press({ chat, message, button, from }) {
      const on = messages.find((m) => m.chat === chat && m.message_id === message)
      const data = on?.buttons.find((b) => b.text === button || b.data === button)?.data ?? button
      const id = `cb-${nextUpdate}`
      return new Promise((resolve) => {
        callbacks.set(id, resolve)
        enqueue('callback_query', {
          id,
          from: { id: from, is_bot: false, first_name: `User ${from}` },
          chat_instance: '1',
          data,
          ...(on === undefined ? {} : { message: shape(on) }),
        })
      })
    },
    typing: (chat) => typed.get(chat) ?? 0,
    fail: (given) => void faults.push({ times: 1, ...given }),
    heal: () => void faults.splice(0),
    setToken(next) {
      token = next
    },
    block: (chat) => void blocked.add(chat),
    migrate(chat) {
      const to = Number(`-100${Math.abs(chat)}`)
      enqueue('message', { message_id: nextMessage++, date: 0, chat: chatShape(chat), from: bot, migrate_to_chat_id: to })
      moved.set(chat, to)
      return to
    },
    dropConnections: () => server.dropConnections(),
    pending: () => queue.length,
    webhookUrl: () => webhook.url,
    async stop() {
      stopped = true
      waiting?.answer(false)
      await server.stop()
    },
  }
}

/** The entities the platform would mark. */
function entitiesOf(text: string): FakeMessage['entities'] {
  const found: { type: string; offset: number; length: number }[] = []
  for (const match of text.matchAll(/(?<![\w@/])\/[a-z0-9_]+(@\w+)?/gi))
    found.push({ type: 'bot_command', offset: match.index, length: match[0].length })
  for (const match of text.matchAll(/(?<![\w/@]|\/\w*)@[a-z]\w{3,}/gi))
    found.push({ type: 'mention', offset: match.index, length: match[0].length })
  return found.sort((a, b) => a.offset - b.offset)
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const fake = await createFakeTelegram({ port: Number(process.argv[2] ?? 0) })
  process.stdout.write(`${JSON.stringify({ url: fake.url, token: fake.token, username: fake.bot.username })}\n`)
  // Lines on standard input act as people: {"from": 1, "text": "hello"}; what the bot answers is printed.
  let shown = 0
  setInterval(() => {
    const calls = fake.calls.slice(shown)
    shown = fake.calls.length
    for (const call of calls)
      if (!['getupdates', 'getme'].includes(call.method)) process.stdout.write(`${JSON.stringify(call)}\n`)
  }, 100)
  const { createInterface } = await import('node:readline')
  createInterface({ input: process.stdin }).on('line', (line) => {
    try {
      fake.say(JSON.parse(line) as SayOptions)
    } catch (error) {
      process.stderr.write(`${String(error)}\n`)
    }
  })
}
