// Azure Bot Service and Teams for tests: tokens both ways, with keys of its own; conversations; calls to the bot in order for each,
// and again when it is not taken, as a patient service would.

import { generateKeyPairSync } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { exportJWK, SignJWT } from 'jose'
import { json, serve } from '../../kit/fake-server.ts'

export interface TeamsPosted {
  readonly id: string
  readonly conversation: string
  text: string
  attachments: readonly {
    readonly contentType: string
    readonly contentUrl?: string
    readonly name?: string
    readonly content?: CardContent
  }[]
  edits: number
  deleted: boolean
}

interface CardContent {
  readonly body: readonly { readonly inlines: readonly { readonly text: string }[] }[]
  readonly actions: readonly { readonly title: string; readonly data: object }[]
}

interface Fault {
  readonly path: RegExp
  readonly status?: number
  readonly retryAfter?: number
  readonly after?: boolean
  times: number
}

const ACTIVITIES = /^\/v3\/conversations\/([^/]+)\/activities(?:\/([^/]+))?$/

export async function createFakeTeams() {
  const appId = '11111111-2222-3333-4444-555555555555'
  const password = 'teams-password'
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const foreign = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const posts: TeamsPosted[] = []
  const sends: { at: number; ok: boolean }[] = []
  const files = new Map<string, Buffer>()
  const blocked = new Set<string>()
  const tails = new Map<string, Promise<void>>()
  let faults: Fault[] = []
  let target = ''
  let counter = 0
  let typed = 0
  let tokens = 0
  let stopped = false

  const act = (method: string, conversation: string, id: string | undefined, body: Buffer): [number, object] => {
    if (blocked.has(conversation))
      return [403, { error: { code: 'ConversationBlockedByUser', message: 'User blocked the conversation with the bot.' } }]
    const post = posts.find((one) => one.id === id)
    if (method === 'DELETE') {
      if (post !== undefined) post.deleted = true
      return [200, {}]
    }
    const fields = JSON.parse(body.toString()) as { type: string; text?: string; attachments?: TeamsPosted['attachments'] }
    if (fields.type === 'typing') {
      typed++
      return [201, { id: 'typing' }]
    }
    if (body.length > 2_000_000) return [413, { error: { message: 'Request Entity Too Large' } }]
    if (post !== undefined) {
      post.text = fields.text ?? ''
      post.attachments = fields.attachments ?? []
      post.edits++
      return [200, { id: post.id }]
    }
    const fresh: TeamsPosted = {
      id: String(++counter),
      conversation,
      text: fields.text ?? '',
      attachments: fields.attachments ?? [],
      edits: 0,
      deleted: false,
    }
    posts.push(fresh)
    return [201, { id: fresh.id }]
  }

  const handle = async (request: IncomingMessage, response: ServerResponse, body: Buffer): Promise<void> => {
    const path = new URL(request.url ?? '', 'http://x').pathname
    const method = request.method ?? 'GET'
    const isSend = method === 'POST' && ACTIVITIES.test(path) && !body.includes('"type":"typing"')
    const fault = faults.find((one) => one.times > 0 && one.path.test(path) && (one.after !== true || isSend))
    if (fault !== undefined) fault.times--
    if (fault !== undefined && fault.after !== true) {
      if (isSend) sends.push({ at: Date.now(), ok: false })
      const wait = fault.retryAfter === undefined ? {} : { 'retry-after': String(Math.ceil(fault.retryAfter)) }
      return json(response, fault.status ?? 500, { error: { message: 'trouble' } }, wait)
    }
    if (path.endsWith('/oauth2/v2.0/token')) {
      const given = new URLSearchParams(body.toString()).get('client_secret')
      if (given !== password) return json(response, 401, { error: 'invalid_client' })
      return json(response, 200, { access_token: `bot-token-${++tokens}`, expires_in: 3600, token_type: 'Bearer' })
    }
    if (path.endsWith('/openidconfiguration'))
      return json(response, 200, { issuer: 'https://api.botframework.com', jwks_uri: `${server.url}/keys` })
    if (path === '/keys')
      return json(response, 200, { keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', use: 'sig', alg: 'RS256' }] })
    if (files.has(path)) return void response.writeHead(200).end(files.get(path))
    const [, conversation = '', id] = ACTIVITIES.exec(path) ?? []
    if (!/^Bearer bot-token-\d+$/.test(request.headers.authorization ?? ''))
      return json(response, 401, { error: { message: 'unauthorized' } })
    const [status, answer] = act(method, decodeURIComponent(conversation), id, body)
    if (isSend) sends.push({ at: Date.now(), ok: status < 300 })
    if (fault?.after === true) return void request.socket.destroy()
    json(response, status, answer)
  }
  const server = await serve(handle)

  const tokenFor = (serviceurl: string, key = privateKey, audience = appId): Promise<string> =>
    new SignJWT({ serviceurl })
      .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
      .setIssuer('https://api.botframework.com')
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(key)

  const call = async (
    activity: unknown,
    authorization?: string,
  ): Promise<{ status: number; answer: Record<string, unknown> }> => {
    const headers = { 'content-type': 'application/json', authorization: authorization ?? `Bearer ${await tokenFor(server.url)}` }
    const response = await fetch(target, { method: 'POST', headers, body: JSON.stringify(activity) })
    return { status: response.status, answer: (await response.json().catch(() => ({}))) as Record<string, unknown> }
  }
  const activity = (fields: object): object => ({
    type: 'message',
    id: String(++counter),
    timestamp: new Date().toISOString(),
    serviceUrl: server.url,
    channelId: 'msteams',
    recipient: { id: `28:${appId}`, name: 'claw' },
    ...fields,
  })
  const conversationOf = (user: string): string => `a:${user}`

  return {
    url: server.url,
    appId,
    password,
    sends,
    call,
    activity,
    tokenFor,
    foreignKey: foreign.privateKey,
    conversationOf,
    sent: (conversation: string): readonly TeamsPosted[] =>
      posts.filter((one) => one.conversation === conversation && !one.deleted),
    target: (url: string): void => {
      target = url
    },
    say(options: {
      from: string
      group?: string
      thread?: string
      text: string
      mention?: boolean
      answers?: TeamsPosted
      bot?: boolean
      file?: { data: Buffer; name: string; mediaType: string }
    }): string {
      const { from, group, thread, mention, answers, bot, file } = options
      const conversation =
        group === undefined ? conversationOf(from) : thread === undefined ? group : `${group};messageid=${thread}`
      const path = `/file/${++counter}`
      if (file !== undefined) files.set(path, file.data)
      const attachments = [
        ...(file === undefined
          ? []
          : file.mediaType.startsWith('image/')
            ? [{ contentType: file.mediaType, contentUrl: server.url + path, name: file.name }]
            : [
                {
                  contentType: 'application/vnd.microsoft.teams.file.download.info',
                  name: file.name,
                  content: { downloadUrl: server.url + path },
                },
              ]),
        ...(answers === undefined
          ? []
          : [
              {
                contentType: 'messageReference',
                content: JSON.stringify({
                  messageId: answers.id,
                  messagePreview: answers.text,
                  messageSender: { application: { id: appId } },
                }),
              },
            ]),
      ]
      const full = activity({
        from: {
          id: bot === true ? `28:${from}` : `29:${from}`,
          aadObjectId: from,
          name: `name of ${from}`,
          ...(bot === true ? { role: 'bot' } : {}),
        },
        conversation: { id: conversation, conversationType: group === undefined ? 'personal' : 'channel' },
        text: mention === true ? `<at>claw</at> ${options.text}` : options.text,
        ...(mention === true ? { entities: [{ type: 'mention', mentioned: { id: `28:${appId}` }, text: '<at>claw</at>' }] } : {}),
        attachments,
      }) as { id: string }
      const before = tails.get(conversation) ?? Promise.resolve()
      tails.set(
        conversation,
        before.then(async () => {
          while (!stopped && (await call(full).catch(() => ({ status: 0 }))).status !== 200)
            await new Promise((resolve) => setTimeout(resolve, 5))
        }),
      )
      return full.id
    },
    async press(post: TeamsPosted, label: string, from: string): Promise<string> {
      const button = post.attachments[0]?.content?.actions.find(({ title }) => title === label)
      const conversation = {
        id: post.conversation,
        conversationType: post.conversation.startsWith('a:') ? 'personal' : 'channel',
      }
      const value = { action: { type: 'Action.Execute', verb: 'approval', data: button?.data } }
      const { answer } = await call(
        activity({
          type: 'invoke',
          name: 'adaptiveCard/action',
          from: { id: `29:${from}`, aadObjectId: from },
          conversation,
          value,
        }),
      )
      return String(answer['value'] ?? '')
    },
    post: (id: string) => posts.find((one) => one.id === id),
    typed: () => typed,
    tokens: () => tokens,
    fail: (fault: Omit<Fault, 'times'> & { times?: number }): void => void faults.push({ times: 1, ...fault }),
    heal(): void {
      faults = []
    },
    block: (conversation: string): void => void blocked.add(conversation),
    dropConnections: (): number => server.dropConnections(),
    async stop() {
      stopped = true
      await server.stop()
    },
  }
}
