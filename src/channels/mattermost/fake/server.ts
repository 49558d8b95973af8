// Mattermost for tests: the REST API (v4) and the WebSocket, as far as a bot account uses them. Events go to who is connected at
// that moment; posts stay.

import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { WebSocket, WebSocketServer } from 'ws'
import { json, readForm, serve } from '../../kit/fake-server.ts'

export interface FakePost {
  readonly id: string
  readonly create_at: number
  update_at: number
  delete_at: number
  readonly user_id: string
  readonly channel_id: string
  readonly root_id: string
  message: string
  readonly type: string
  readonly props: Record<string, unknown>
  readonly file_ids: readonly string[]
  edits: number
}

interface Fault {
  readonly path: RegExp
  readonly status?: number
  readonly retryAfter?: number
  /** Carried out, and its answer lost. */
  readonly after?: boolean
  times: number
}

export const newId = (): string => randomBytes(13).toString('hex')

export async function createFakeMattermost() {
  const token = 'bot-token-1'
  const bot = { id: newId(), username: 'claw' }
  const names = new Map<string, string>([[bot.id, bot.username]])
  const channels = new Map<string, { id: string; type: 'D' | 'O'; members: string[]; last_post_at: number }>()
  const posts: FakePost[] = []
  const files = new Map<string, { id: string; name: string; mime_type: string; size: number; data: Buffer }>()
  const pending = new Map<string, string>()
  const sends: { at: number; ok: boolean }[] = []
  const sockets = new WebSocketServer({ noServer: true })
  let faults: Fault[] = []
  let typed = 0
  let lastAt = 0
  const kicked = new Set<string>()

  const channelOf = (members: string[]): string => {
    const id = [...channels.values()].find((one) => one.type === 'D' && members.every((who) => one.members.includes(who)))?.id
    if (id !== undefined) return id
    const fresh = newId()
    channels.set(fresh, { id: fresh, type: 'D', members, last_post_at: 0 })
    return fresh
  }

  const broadcast = (event: string, data: object): void => {
    for (const client of sockets.clients)
      if (client.readyState === WebSocket.OPEN) client.send(JSON.stringify({ event, data, broadcast: {}, seq: 1 }))
  }

  const shown = (post: FakePost) => ({
    ...post,
    metadata: { files: post.file_ids.flatMap((id) => files.get(id) ?? []).map(({ data: _, ...info }) => info) },
  })

  const add = (fields: Pick<FakePost, 'user_id' | 'channel_id' | 'message'> & Partial<FakePost>): FakePost => {
    // Times of a channel never go back, and two posts rarely share one.
    lastAt = Math.max(Date.now(), lastAt + 1)
    const post: FakePost = {
      id: newId(),
      create_at: lastAt,
      update_at: lastAt,
      delete_at: 0,
      root_id: '',
      type: '',
      props: {},
      file_ids: [],
      edits: 0,
      ...fields,
    }
    posts.push(post)
    const channel = channels.get(post.channel_id)
    if (channel !== undefined) channel.last_post_at = post.create_at
    broadcast('posted', {
      channel_type: channel?.type,
      sender_name: `@${names.get(post.user_id) ?? ''}`,
      post: JSON.stringify(shown(post)),
    })
    return post
  }

  const act = async (method: string, path: string, request: IncomingMessage, body: Buffer): Promise<[number, unknown]> => {
    const [, kind = '', id = '', more = ''] = path.split('/')
    const fields = method === 'GET' ? {} : (await readForm(request, body)).fields
    if (path === '/users/me') return [200, bot]
    if (kind === 'users' && more === 'channels') return [200, [...channels.values()]]
    if (kind === 'users' && more === 'typing') {
      typed++
      return [200, { status: 'OK' }]
    }
    if (path === '/channels/direct') return [201, { id: channelOf(JSON.parse(body.toString()) as string[]), type: 'D' }]
    if (kind === 'channels' && more === 'posts') {
      const since = Number(new URL(request.url ?? '', 'http://x').searchParams.get('since'))
      const found = posts.filter((post) => post.channel_id === id && post.update_at >= since)
      return [
        200,
        { order: found.map((post) => post.id).reverse(), posts: Object.fromEntries(found.map((post) => [post.id, shown(post)])) },
      ]
    }
    if (path === '/files') {
      const { files: given } = await readForm(request, body)
      const file = Object.values(given)[0]
      if (file === undefined) return [400, { message: 'no file' }]
      const info = { id: newId(), name: file.name, mime_type: file.mediaType, size: file.data.length, data: file.data }
      files.set(info.id, info)
      return [201, { file_infos: [{ id: info.id, name: info.name }] }]
    }
    if (path === '/posts') {
      const { channel_id: channel, message, pending_post_id: key } = fields as Record<string, string>
      if (kicked.has(String(channel))) return [403, { message: 'You do not have the appropriate permissions.' }]
      const known = posts.find((post) => post.id === pending.get(String(key)))
      if (known !== undefined) return [201, shown(known)]
      if ([...String(message)].length > 16_383) return [400, { message: 'Post Message property is longer than the maximum.' }]
      const post = add({
        user_id: bot.id,
        channel_id: String(channel),
        message: String(message),
        root_id: String(fields['root_id'] ?? ''),
        file_ids: (fields['file_ids'] as string[] | undefined) ?? [],
        props: { from_bot: 'true' },
      })
      if (key !== undefined) pending.set(String(key), post.id)
      return [201, shown(post)]
    }
    const post = posts.find((one) => one.id === id)
    if (kind !== 'posts' || post === undefined) return [404, { message: 'Unable to find it.' }]
    if (method === 'GET') return [200, shown(post)]
    if (method === 'DELETE') post.delete_at = Date.now()
    else {
      post.message = String(fields['message'])
      post.update_at = Date.now()
      post.edits++
    }
    return [200, shown(post)]
  }

  const handle = async (request: IncomingMessage, response: ServerResponse, body: Buffer): Promise<void> => {
    const path = new URL(request.url ?? '', 'http://x').pathname.replace(/^\/api\/v4/, '')
    const method = request.method ?? 'GET'
    const isSend = method === 'POST' && path === '/posts'
    if (request.headers.authorization !== `Bearer ${token}`)
      return json(response, 401, { message: 'Invalid or expired session, please login again.' })
    const fault = faults.find((one) => one.times > 0 && one.path.test(path) && (!one.after || isSend))
    if (fault !== undefined) fault.times--
    if (fault !== undefined && fault.after !== true) {
      if (isSend) sends.push({ at: Date.now(), ok: false })
      return json(
        response,
        fault.status ?? 500,
        { message: 'trouble' },
        fault.retryAfter === undefined ? {} : { 'retry-after': String(Math.ceil(fault.retryAfter)) },
      )
    }
    if (/^\/files\/[^/]+$/.test(path)) {
      const file = files.get(path.split('/')[2] ?? '')
      response.writeHead(file === undefined ? 404 : 200)
      response.end(file?.data)
      return
    }
    const [status, answer] = await act(method, path, request, body)
    if (isSend) sends.push({ at: Date.now(), ok: status === 201 })
    if (fault?.after === true) return void request.socket.destroy()
    json(response, status, answer)
  }

  const server = await serve(handle)
  server.server.on('upgrade', (request, socket, head) => {
    if (request.headers.authorization !== `Bearer ${token}` || faults.some((one) => one.times > 0 && one.path.test('/websocket')))
      return void socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n')
    sockets.handleUpgrade(request, socket, head, (client) => {
      client.on('error', () => undefined)
      client.send(JSON.stringify({ event: 'hello', data: { server_version: '10.5.0' }, seq: 0 }))
    })
  })

  return {
    url: server.url,
    token,
    bot,
    sends,
    user(username: string): string {
      const id = newId()
      names.set(id, username)
      return id
    },
    group(): string {
      const id = newId()
      channels.set(id, { id, type: 'O', members: [bot.id], last_post_at: 0 })
      return id
    },
    direct: (user: string): string => channelOf([bot.id, user]),
    say: add,
    keepFile(file: { data: Buffer; mediaType: string; name: string }): string {
      const id = newId()
      files.set(id, { id, name: file.name, mime_type: file.mediaType, size: file.data.length, data: file.data })
      return id
    },
    edit(id: string, message: string): void {
      const post = posts.find((one) => one.id === id)
      if (post === undefined) return
      post.message = message
      post.update_at = Date.now()
      broadcast('post_edited', { post: JSON.stringify(shown(post)) })
    },
    event: broadcast,
    /** The bot's posts of a channel. */
    sent: (channel: string): readonly FakePost[] =>
      posts.filter((post) => post.channel_id === channel && post.user_id === bot.id && post.delete_at === 0),
    file: (id: string) => files.get(id),
    typed: () => typed,
    fail: (fault: Omit<Fault, 'times'> & { times?: number }): void => void faults.push({ times: 1, ...fault }),
    heal(): void {
      faults = []
    },
    kick: (channel: string): void => void kicked.add(channel),
    isConnected: (): boolean => [...sockets.clients].some((client) => client.readyState === WebSocket.OPEN),
    dropConnections: (): number => server.dropConnections(),
    async stop() {
      for (const client of sockets.clients) client.terminate()
      await server.stop()
    },
  }
}
export type FakeMattermost = Awaited<ReturnType<typeof createFakeMattermost>>
