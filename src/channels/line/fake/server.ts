// LINE's Messaging API for tests. It calls the webhook with a signature, in order for each chat, and again when it is not taken.

import { createHmac } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { json, serve } from '../../kit/fake-server.ts'

export interface LineSent {
  readonly id: string
  readonly to: string
  readonly text: string
  readonly buttons: readonly { readonly label: string; readonly data: string }[]
  readonly byReply: boolean
}

interface Fault {
  readonly path: RegExp
  readonly status?: number
  readonly retryAfter?: number
  readonly after?: boolean
  times: number
}

type TextMessage = {
  type: string
  text?: string
  quickReply?: { items: { action: { label: string; data: string } }[] }
}

/** Pictures come without a name, files with theirs. */
const fileOf = (id: string, file: { data: Buffer; name: string; mediaType: string }): object =>
  file.mediaType.startsWith('image/')
    ? { id, type: 'image', contentProvider: { type: 'line' } }
    : { id, type: 'file', fileName: file.name, fileSize: file.data.length }

export async function createFakeLine() {
  const token = 'line-access-token'
  const secret = 'line-channel-secret'
  const sent: LineSent[] = []
  const sends: { at: number; ok: boolean }[] = []
  const files = new Map<string, Buffer>()
  const replyTokens = new Map<string, string>()
  const retryKeys = new Set<string>()
  const blocked = new Set<string>()
  let faults: Fault[] = []
  let target = ''
  let counter = 0
  let loading = 0
  let stopped = false
  const tails = new Map<string, Promise<void>>()

  const act = (request: IncomingMessage, path: string, body: Buffer): [number, object] => {
    if (path === '/v2/bot/info') return [200, { userId: `U${'b'.repeat(32)}`, displayName: 'claw' }]
    if (path.endsWith('/loading/start')) {
      loading++
      return [202, {}]
    }
    if (/\/(profile|member)\//.test(path)) return [200, { displayName: `name of ${path.split('/').at(-1)}` }]
    const fields = JSON.parse(body.toString()) as { to?: string; replyToken?: string; messages: TextMessage[] }
    const byReply = path.endsWith('/reply')
    const to = byReply ? replyTokens.get(fields.replyToken ?? '') : fields.to
    if (byReply) replyTokens.delete(fields.replyToken ?? '')
    if (to === undefined) return [400, { message: 'Invalid reply token' }]
    if (blocked.has(to)) return [400, { message: 'Failed to send messages' }]
    const key = String(request.headers['x-line-retry-key'] ?? '')
    if (key !== '' && retryKeys.has(key)) return [409, { message: 'The retry key is already accepted' }]
    retryKeys.add(key)
    if (fields.messages.some(({ text = '' }) => text === '' || text.length > 5000))
      return [400, { message: 'Length must be between 0 and 5000' }]
    const ids = fields.messages.map(({ text = '', quickReply }) => {
      const id = String(++counter)
      const buttons = (quickReply?.items ?? []).map(({ action }) => ({ label: action.label, data: action.data }))
      if (buttons.some(({ label }) => label.length > 20)) throw new Error('label too long')
      sent.push({ id, to, text, buttons, byReply })
      return { id }
    })
    return [200, { sentMessages: ids }]
  }

  const handle = async (request: IncomingMessage, response: ServerResponse, body: Buffer): Promise<void> => {
    const path = new URL(request.url ?? '', 'http://x').pathname
    const isSend = /\/message\/(push|reply)$/.test(path)
    if (request.headers.authorization !== `Bearer ${token}`) return json(response, 401, { message: 'Authentication failed' })
    const fault = faults.find((one) => one.times > 0 && one.path.test(path))
    if (fault !== undefined) fault.times--
    if (fault !== undefined && fault.after !== true) {
      if (isSend) sends.push({ at: Date.now(), ok: false })
      const wait = fault.retryAfter === undefined ? {} : { 'retry-after': String(Math.ceil(fault.retryAfter)) }
      return json(response, fault.status ?? 500, { message: 'trouble' }, wait)
    }
    const content = /^\/v2\/bot\/message\/(\d+)\/content$/.exec(path)?.[1]
    if (content !== undefined) {
      response.writeHead(files.has(content) ? 200 : 404)
      response.end(files.get(content))
      return
    }
    const [status, answer] = act(request, path, body)
    if (isSend) sends.push({ at: Date.now(), ok: status === 200 })
    if (fault?.after === true) return void request.socket.destroy()
    json(response, status, answer)
  }
  const server = await serve(handle)

  const call = async (value: unknown, key = secret): Promise<number> => {
    const body = JSON.stringify(value)
    const signature = createHmac('sha256', key).update(body).digest('base64')
    const response = await fetch(target, { method: 'POST', headers: { 'x-line-signature': signature }, body })
    await response.body?.cancel()
    return response.status
  }

  /** In order for each chat, and again until it is taken. */
  const deliver = (chat: string, event: object): void => {
    const before = tails.get(chat) ?? Promise.resolve()
    const tail = before.then(async () => {
      for (let redelivery = false; !stopped; redelivery = true) {
        const events = [{ ...event, mode: 'active', deliveryContext: { isRedelivery: redelivery } }]
        if ((await call({ destination: 'U', events }).catch(() => 0)) === 200) return
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    })
    tails.set(chat, tail)
  }

  return {
    url: server.url,
    token,
    secret,
    sends,
    call,
    sent: (to: string): readonly LineSent[] => sent.filter((one) => one.to === to),
    target: (url: string): void => {
      target = url
    },
    say({
      from,
      group,
      text,
      mention,
      file,
    }: {
      from: string
      group?: string
      text: string
      mention?: boolean
      file?: { data: Buffer; name: string; mediaType: string }
    }): string {
      const id = String(++counter)
      const replyToken = `reply-${id}`
      replyTokens.set(replyToken, group ?? from)
      if (file !== undefined) files.set(id, file.data)
      const words = mention === true ? `@claw ${text}` : text
      const said = {
        id,
        type: 'text',
        text: words,
        ...(mention === true ? { mention: { mentionees: [{ index: 0, length: 5, isSelf: true, type: 'user' }] } } : {}),
      }
      deliver(group ?? from, {
        type: 'message',
        webhookEventId: `e${id}`,
        timestamp: Date.now(),
        replyToken,
        source: {
          type: group === undefined ? 'user' : 'group',
          userId: from,
          ...(group === undefined ? {} : { groupId: group }),
        },
        message: file === undefined ? said : fileOf(id, file),
      })
      return id
    },
    press(from: string, data: string): void {
      const replyToken = `reply-${++counter}`
      replyTokens.set(replyToken, from)
      deliver(from, {
        type: 'postback',
        timestamp: Date.now(),
        replyToken,
        source: { type: 'user', userId: from },
        postback: { data },
      })
    },
    loading: () => loading,
    fail: (fault: Omit<Fault, 'times'> & { times?: number }): void => void faults.push({ times: 1, ...fault }),
    heal(): void {
      faults = []
    },
    block: (to: string): void => void blocked.add(to),
    /** Reply tokens end after a minute; here they end now. */
    endTokens: (): void => replyTokens.clear(),
    dropConnections: (): number => server.dropConnections(),
    async stop() {
      stopped = true
      await server.stop()
    },
  }
}
export type FakeLine = Awaited<ReturnType<typeof createFakeLine>>
