// Feishu's open platform for tests: tokens, messages, files. It calls the app with encrypted and signed events, in order for each
// chat, and again when an event is not taken.

import { createCipheriv, createHash, randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { json, readForm, serve } from '../../kit/fake-server.ts'

interface Card {
  readonly body: {
    readonly elements: readonly { tag: string; content?: string; text?: { content: string }; behaviors?: { value: object }[] }[]
  }
}

export interface FeishuPosted {
  readonly id: string
  readonly chat: string
  readonly fromBot: boolean
  readonly user: string
  type: string
  content: string
  readonly root: string | undefined
  readonly answers: boolean
  edits: number
  deleted: boolean
}

interface Fault {
  readonly path: RegExp
  readonly status?: number
  readonly code?: number
  readonly resetSeconds?: number
  readonly after?: boolean
  times: number
}

const SEND = /^\/open-apis\/im\/v1\/messages(?:\/[^/]+\/reply)?$/

export async function createFakeFeishu() {
  const appId = 'cli_fake'
  const appSecret = 'feishu-secret'
  const verificationToken = 'feishu-verification'
  const encryptKey = 'feishu-encrypt'
  const botId = 'ou_bot'
  const posts: FeishuPosted[] = []
  const files = new Map<string, { name: string; data: Buffer }>()
  const keys = new Map<string, string>()
  const sends: { at: number; ok: boolean }[] = []
  const blocked = new Set<string>()
  const tails = new Map<string, Promise<void>>()
  let faults: Fault[] = []
  let target = ''
  let counter = 0
  let tokens = 0
  let stopped = false
  const newId = (prefix: string): string => `${prefix}_${++counter}`

  const post = (chat: string, fields: Record<string, unknown>, answersTo: string | undefined): [number, object] => {
    if (blocked.has(chat)) return [400, { code: 230002, msg: 'The bot can not be outside the group.' }]
    const known = keys.get(String(fields['uuid']))
    if (known !== undefined) return [200, { code: 0, data: { message_id: known } }]
    if (String(fields['content']).length > 100_000)
      return [400, { code: 230025, msg: 'The length of the message content reaches its limit.' }]
    const message: FeishuPosted = {
      id: newId('om'),
      chat,
      fromBot: true,
      user: botId,
      type: String(fields['msg_type']),
      content: String(fields['content']),
      root: fields['reply_in_thread'] === true ? answersTo : undefined,
      answers: answersTo !== undefined,
      edits: 0,
      deleted: false,
    }
    posts.push(message)
    keys.set(String(fields['uuid']), message.id)
    return [200, { code: 0, data: { message_id: message.id } }]
  }

  const act = async (request: IncomingMessage, url: URL, body: Buffer): Promise<[number, object]> => {
    const path = url.pathname.replace('/open-apis', '')
    if (path === '/bot/v3/info') return [200, { code: 0, bot: { open_id: botId, app_name: 'claw' } }]
    if (path === '/im/v1/images' || path === '/im/v1/files') {
      const { fields, files: given } = await readForm(request, body)
      const file = Object.values(given)[0]
      const key = newId(path.endsWith('images') ? 'img' : 'file')
      files.set(key, { name: String(fields['file_name'] ?? file?.name), data: file?.data ?? Buffer.alloc(0) })
      return [200, { code: 0, data: path.endsWith('images') ? { image_key: key } : { file_key: key } }]
    }
    const fields = body.length === 0 ? {} : (JSON.parse(body.toString()) as Record<string, unknown>)
    if (path === '/im/v1/messages') return post(String(fields['receive_id']), fields, undefined)
    const [, id = '', reply] = /^\/im\/v1\/messages\/([^/]+)(\/reply)?$/.exec(path) ?? []
    const message = posts.find((one) => one.id === id)
    if (message === undefined) return [400, { code: 230011, msg: 'The message was withdrawn.' }]
    if (reply !== undefined) return post(message.chat, fields, id)
    if (request.method === 'GET') {
      const sender = message.fromBot ? { id: appId, sender_type: 'app' } : { id: message.user, sender_type: 'user' }
      return [200, { code: 0, data: { items: [{ msg_type: message.type, body: { content: message.content }, sender }] } }]
    }
    if (request.method === 'DELETE') message.deleted = true
    else {
      message.content = String(fields['content'])
      message.edits++
    }
    return [200, { code: 0 }]
  }

  const handle = async (request: IncomingMessage, response: ServerResponse, body: Buffer): Promise<void> => {
    const url = new URL(request.url ?? '', 'http://x')
    const isSend = SEND.test(url.pathname) && request.method === 'POST'
    const fault = faults.find((one) => one.times > 0 && one.path.test(url.pathname))
    if (fault !== undefined) fault.times--
    if (fault !== undefined && fault.after !== true) {
      if (isSend) sends.push({ at: Date.now(), ok: false })
      const wait = fault.resetSeconds === undefined ? {} : { 'x-ogw-ratelimit-reset': String(Math.ceil(fault.resetSeconds)) }
      return json(response, fault.status ?? 500, { code: fault.code ?? 1, msg: 'trouble' }, wait)
    }
    if (url.pathname.includes('/auth/')) {
      const { app_secret: given } = JSON.parse(body.toString()) as { app_secret: string }
      if (given !== appSecret) return json(response, 200, { code: 10014, msg: 'app secret invalid' })
      return json(response, 200, { code: 0, tenant_access_token: `t-${++tokens}`, expire: 7200 })
    }
    if (!/^Bearer t-\d+$/.test(request.headers.authorization ?? ''))
      return json(response, 400, { code: 99991661, msg: 'Missing access token' })
    const resource = /\/resources\/([^/]+)$/.exec(url.pathname)?.[1]
    if (resource !== undefined) return void response.writeHead(files.has(resource) ? 200 : 404).end(files.get(resource)?.data)
    const [status, answer] = await act(request, url, body)
    if (isSend) sends.push({ at: Date.now(), ok: status === 200 })
    if (fault?.after === true) return void request.socket.destroy()
    json(response, status, answer)
  }
  const server = await serve(handle)

  /** As the platform does where the app has an encrypt key. */
  const call = async (value: unknown, key = encryptKey): Promise<{ status: number; answer: Record<string, unknown> }> => {
    const iv = randomBytes(16)
    const cipher = createCipheriv('aes-256-cbc', createHash('sha256').update(key).digest(), iv)
    const encrypt = Buffer.concat([iv, cipher.update(JSON.stringify(value) ?? 'null'), cipher.final()]).toString('base64')
    const body = JSON.stringify({ encrypt })
    const [stamp, nonce] = [String(Date.now()), randomBytes(4).toString('hex')]
    const signature = createHash('sha256').update(`${stamp}${nonce}${key}${body}`).digest('hex')
    const headers = { 'x-lark-request-timestamp': stamp, 'x-lark-request-nonce': nonce, 'x-lark-signature': signature }
    const response = await fetch(target, { method: 'POST', headers, body })
    return { status: response.status, answer: (await response.json().catch(() => ({}))) as Record<string, unknown> }
  }
  const event = (type: string, content: object, token = verificationToken): object => ({
    schema: '2.0',
    header: { event_id: newId('e'), event_type: type, token, app_id: appId },
    event: content,
  })

  return {
    url: server.url,
    appId,
    appSecret,
    verificationToken,
    encryptKey,
    sends,
    call,
    event,
    sent: (chat: string): readonly FeishuPosted[] => posts.filter((one) => one.fromBot && one.chat === chat && !one.deleted),
    file: (key: string) => files.get(key),
    target: (url: string): void => {
      target = url
    },
    say(options: {
      from: string
      chat?: string
      text: string
      mention?: boolean
      thread?: string
      answers?: string
      bot?: boolean
      /** Said before the bot was there. */
      earlier?: boolean
      file?: { data: Buffer; name: string; mediaType: string }
    }): string {
      const { from, chat, mention, thread, answers, file } = options
      const id = newId('om')
      const text = mention === true ? `@_user_1 ${options.text}` : options.text
      const isImage = file?.mediaType.startsWith('image/') === true
      const key = newId(isImage ? 'img' : 'file')
      if (file !== undefined) files.set(key, file)
      const [type, content] =
        file === undefined
          ? ['text', { text }]
          : isImage
            ? ['post', { title: '', content: [[{ tag: 'text', text }], [{ tag: 'img', image_key: key }]] }]
            : ['file', { file_key: key, file_name: file.name }]
      posts.push({
        id,
        chat: chat ?? from,
        fromBot: false,
        user: from,
        type: type as string,
        content: JSON.stringify(content),
        root: thread,
        answers: false,
        edits: 0,
        deleted: false,
      })
      if (options.earlier === true) return id
      const message = {
        message_id: id,
        chat_id: chat ?? `oc_${from}`,
        chat_type: chat === undefined ? 'p2p' : 'group',
        create_time: String(Date.now()),
        message_type: type,
        content: JSON.stringify(content),
        ...(mention === true ? { mentions: [{ key: '@_user_1', name: 'claw', id: { open_id: botId } }] } : {}),
        ...(thread === undefined ? {} : { thread_id: 'omt_1', root_id: thread }),
        ...(answers === undefined ? {} : { parent_id: answers, root_id: answers }),
      }
      const sender = { sender_id: { open_id: from }, sender_type: options.bot === true ? 'app' : 'user' }
      const full = event('im.message.receive_v1', { sender, message })
      const before = tails.get(message.chat_id) ?? Promise.resolve()
      tails.set(
        message.chat_id,
        before.then(async () => {
          while (!stopped && (await call(full).catch(() => ({ status: 0 }))).status !== 200)
            await new Promise((resolve) => setTimeout(resolve, 5))
        }),
      )
      return id
    },
    async press(id: string, label: string, from: string): Promise<string> {
      const button = cardParts(posts.find((one) => one.id === id)).find((part) => part.text?.content === label)
      const action = { tag: 'button', value: button?.behaviors?.[0]?.value }
      const { answer } = await call(
        event('card.action.trigger', { operator: { open_id: from }, action, context: { open_message_id: id } }),
      )
      return String((answer['toast'] as { content?: string } | undefined)?.content ?? '')
    },
    tokens: () => tokens,
    fail: (fault: Omit<Fault, 'times'> & { times?: number }): void => void faults.push({ times: 1, ...fault }),
    heal(): void {
      faults = []
    },
    block: (chat: string): void => void blocked.add(chat),
    dropConnections: (): number => server.dropConnections(),
    async stop() {
      stopped = true
      await server.stop()
    },
  }
}

/** The elements of a card; of other messages none. */
export const cardParts = (message: FeishuPosted | undefined): Card['body']['elements'] =>
  message?.type === 'interactive' ? (JSON.parse(message.content) as Card).body.elements : []
