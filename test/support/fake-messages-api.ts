// A server that answers as the Messages API does: real sockets, strict about requests, replies and faults on demand.
// In a test: `const api = await startFakeMessagesApi()`; by itself: `node dist/test/support/fake-messages-api.js --port 4010`.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { checkMedia } from './media-rules.ts'
import { checkRequest, type MessagesRequest } from './messages-rules.ts'
import { createPrefixCache } from './prefix-cache.ts'

export type { MessagesRequest } from './messages-rules.ts'

/** One answer. Without `text`, `toolCalls` and `content` the answer is empty. */
export interface FakeReply {
  readonly text?: string
  readonly toolCalls?: readonly { readonly name: string; readonly input: unknown; readonly id?: string }[]
  /** Blocks as they are, in place of `text` and `toolCalls`; unknown kinds are sent whole in content_block_start. */
  readonly content?: readonly { readonly type: string; readonly [key: string]: unknown }[]
  readonly stopReason?: string
  readonly usage?: Readonly<Record<string, number>>
  /** Before the first byte. */
  readonly delayMs?: number
  /** Between pieces; default 0: all at once. */
  readonly chunkDelayMs?: number
  /** Characters a piece; default 16. */
  readonly chunkSize?: number
  readonly fault?: Fault
}

export type Fault =
  /** An error answer, such as 401, 429, 500 or 529; `retryAfter` in seconds. */
  | { readonly status: number; readonly type?: string; readonly message?: string; readonly retryAfter?: number }
  /** An `error` event in the stream, after the pieces of the reply. */
  | { readonly event: string; readonly message?: string }
  /** The connection is cut: at once, or after `after` pieces. */
  | { readonly cut: true; readonly after?: number }
  /** Nothing more comes: from the start, or after `after` pieces. */
  | { readonly hang: true; readonly after?: number }
  /** 200 with a body that is no event stream. */
  | { readonly garbage: string }

export type ReplyFunction = (request: MessagesRequest, index: number) => FakeReply | string | Promise<FakeReply | string>

export interface RecordedRequest {
  readonly body: MessagesRequest
  /** Bytes as they came. */
  readonly raw: string
  readonly headers: IncomingMessage['headers']
  readonly status: number
  /** Tokens of the prefix that an earlier request had marked for the cache. */
  readonly cacheRead: number
  readonly cacheWrite: number
  readonly at: number
}

export interface FakeMessagesApi {
  readonly url: string
  readonly port: number
  /** All requests in order, refused ones too. */
  readonly requests: RecordedRequest[]
  /** The next replies, each used once, before `reply` is asked again. */
  enqueue(...replies: readonly (FakeReply | string)[]): void
  setReply(reply: ReplyFunction): void
  /** Sockets open now. */
  connections(): number
  close(): Promise<void>
}

export interface FakeMessagesOptions {
  readonly port?: number
  /** Default: says back what the user said last. */
  readonly reply?: ReplyFunction
  /** Only this key is accepted, as x-api-key or bearer token; default: any. */
  readonly apiKey?: string
  /** Media are held to the service's limits, and really decoded. */
  readonly strictMedia?: boolean
  /** false: bodies and headers are not recorded, for long runs. */
  readonly record?: boolean
}

export async function startFakeMessagesApi(options: FakeMessagesOptions = {}): Promise<FakeMessagesApi> {
  const requests: RecordedRequest[] = []
  const queue: (FakeReply | string)[] = []
  const sockets = new Set<Socket>()
  const cache = createPrefixCache()
  let reply = options.reply ?? echo
  let count = 0

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const raw = await readBody(request)
    const index = count++
    const refusal = refuse(request, raw, options)
    const body = parse(raw)
    const tokens = refusal === null && body !== null ? cache.read(body) : { read: 0, written: 0, rest: 0 }
    const next: FakeReply | string = refusal === null && body !== null ? (queue.shift() ?? (await reply(body, index))) : ''
    const answer: FakeReply = typeof next === 'string' ? { text: next } : next
    const fault = answer.fault
    const status = refusal?.status ?? (fault !== undefined && 'status' in fault ? fault.status : 200)
    if (options.record !== false) {
      const { read: cacheRead, written: cacheWrite } = tokens
      requests.push({
        body: body as MessagesRequest,
        raw,
        headers: request.headers,
        status,
        cacheRead,
        cacheWrite,
        at: Date.now(),
      })
    }
    const id = `msg_${String(index).padStart(6, '0')}`
    response.setHeader('request-id', `req_${String(index).padStart(6, '0')}`)
    if (refusal !== null || body === null) return sendError(response, refusal ?? { status: 400, message: 'Invalid JSON' })
    if (answer.delayMs !== undefined) await pause(answer.delayMs)
    if (fault !== undefined && 'status' in fault) return sendError(response, fault)
    const usage = {
      input_tokens: tokens.rest,
      cache_creation_input_tokens: tokens.written,
      cache_read_input_tokens: tokens.read,
      ...answer.usage,
    }
    const message = { id, type: 'message', role: 'assistant', model: body.model, ...completed(answer, index, usage) }
    if (body.stream === true) await stream(response, message, answer)
    else if (fault === undefined) sendJson(response, 200, message)
    else if ('cut' in fault) response.destroy()
    else if ('garbage' in fault) response.end(fault.garbage)
  }

  const server = createServer((request, response) => {
    response.on('error', () => {})
    handle(request, response).catch((error: unknown) => {
      if (!response.headersSent) sendError(response, { status: 500, message: `The fake failed: ${String(error)}` })
      else response.destroy()
    })
  })
  server.keepAliveTimeout = 60_000
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo

  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    enqueue: (...replies) => void queue.push(...replies),
    setReply: (next) => {
      reply = next
    },
    connections: () => sockets.size,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

/** The text of the last user message, tool results included. */
export function lastUserText(request: MessagesRequest): string {
  const last = request.messages.findLast((message) => message.role === 'user')
  if (last === undefined) return ''
  if (typeof last.content === 'string') return last.content
  return last.content
    .map((block) => (block.type === 'tool_result' ? resultText(block['content']) : String(block['text'] ?? '')))
    .join('\n')
}

const resultText = (content: unknown): string =>
  Array.isArray(content) ? content.map((block: { text?: string }) => block.text ?? '').join('\n') : String(content ?? '')

const echo: ReplyFunction = (request) => `You said: ${lastUserText(request)}`

function refuse(
  request: IncomingMessage,
  raw: string,
  { apiKey, strictMedia = false }: FakeMessagesOptions,
): { status: number; message: string } | null {
  const path = request.url?.split('?')[0]
  if (request.method !== 'POST' || path !== '/v1/messages')
    return { status: 404, message: `Not found: ${request.method} ${path}` }
  const bearer = request.headers.authorization?.replace(/^Bearer /, '')
  const given = [request.headers['x-api-key'], bearer].filter((key) => key !== undefined && key !== '')
  if (apiKey !== undefined && given.length === 0) return { status: 401, message: 'x-api-key header is required' }
  if (apiKey !== undefined && !given.includes(apiKey)) return { status: 401, message: 'invalid x-api-key' }
  if (request.headers['anthropic-version'] === undefined) return { status: 400, message: 'anthropic-version: header is required' }
  if (Buffer.byteLength(raw) > 32 * 1024 * 1024) return { status: 413, message: 'Request exceeds the maximum size' }
  const half = HALF_A_CHARACTER.exec(raw)
  if (half !== null) {
    const column = half.index
    return { status: 400, message: `The request body is not valid JSON: no low surrogate in string: line 1 column ${column}` }
  }
  const body = parse(raw)
  if (body === null) return { status: 400, message: 'The request body is not valid JSON' }
  const problem = checkRequest(body) ?? (strictMedia ? checkMedia(body) : null)
  return problem === null ? null : { status: 400, message: problem }
}

/** An escape of a high surrogate without its low one, or of a low one alone. */
const HALF_A_CHARACTER = /(?<!\\)(?:\\\\)*(?:\\ud[89ab][0-9a-f]{2}(?!\\ud[c-f])|(?<!\\ud[89ab][0-9a-f]{2})\\ud[c-f][0-9a-f]{2})/i

const ERROR_TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  500: 'api_error',
  529: 'overloaded_error',
}

function sendError(
  response: ServerResponse,
  error: { status: number; type?: string; message?: string; retryAfter?: number },
): void {
  if (error.retryAfter !== undefined) response.setHeader('retry-after', String(error.retryAfter))
  const type = error.type ?? ERROR_TYPES[error.status] ?? 'api_error'
  sendJson(response, error.status, {
    type: 'error',
    error: { type, message: error.message ?? type },
    request_id: response.getHeader('request-id'),
  })
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

type Block = { readonly type: string; readonly [key: string]: unknown }

function completed(answer: FakeReply, index: number, usage: Readonly<Record<string, number>>) {
  const calls = (answer.toolCalls ?? []).map((call, i) => ({
    type: 'tool_use',
    id: call.id ?? `toolu_${index}_${i}`,
    name: call.name,
    input: call.input,
  }))
  const content: readonly Block[] = answer.content ?? [
    ...(answer.text === undefined || answer.text === '' ? [] : [{ type: 'text', text: answer.text }]),
    ...calls,
  ]
  const stop = answer.stopReason ?? (content.some((block) => block.type === 'tool_use') ? 'tool_use' : 'end_turn')
  const output = Math.ceil(Buffer.byteLength(JSON.stringify(content)) / 4)
  return { content, stop_reason: stop, stop_sequence: null, usage: { output_tokens: output, ...usage } }
}

type Completed = ReturnType<typeof completed> & {
  readonly id: string
  readonly type: string
  readonly role: string
  readonly model: string
}

async function stream(response: ServerResponse, message: Completed, answer: FakeReply): Promise<void> {
  const fault = answer.fault
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
  if (fault !== undefined && 'garbage' in fault) return void response.end(fault.garbage)
  const stopAfter = fault !== undefined && ('cut' in fault || 'hang' in fault) ? (fault.after ?? 0) : Number.POSITIVE_INFINITY
  let sent = 0
  let held = ''
  const send = (event: Record<string, unknown>): void => {
    held += `event: ${event['type']}\ndata: ${JSON.stringify(event)}\n\n`
  }
  const flush = (): void => {
    if (held !== '' && !response.destroyed) response.write(held)
    held = ''
  }

  send({
    type: 'message_start',
    message: { ...message, content: [], stop_reason: null, usage: { ...message.usage, output_tokens: 1 } },
  })
  send({ type: 'ping' })
  for (const event of deltas(message.content, answer.chunkSize ?? 16)) {
    if (event['type'] === 'content_block_delta') {
      if (sent >= stopAfter) break
      sent++
    }
    send(event)
    if ((answer.chunkDelayMs ?? 0) > 0 && event['type'] === 'content_block_delta') {
      flush()
      await pause(answer.chunkDelayMs ?? 0)
      if (response.destroyed) return
    }
  }
  if (fault !== undefined && 'hang' in fault) return flush()
  if (fault !== undefined && 'cut' in fault) {
    flush()
    // The pieces must leave before the cut, or the client sees none of them.
    await pause(5)
    return void response.destroy()
  }
  if (fault !== undefined && 'event' in fault) {
    send({ type: 'error', error: { type: fault.event, message: fault.message ?? fault.event } })
    flush()
    return void response.end()
  }
  send({
    type: 'message_delta',
    delta: { stop_reason: message.stop_reason, stop_sequence: message.stop_sequence },
    usage: message.usage,
  })
  send({ type: 'message_stop' })
  flush()
  response.end()
}

function* deltas(content: readonly Block[], size: number): Generator<Record<string, unknown>> {
  for (const [index, block] of content.entries()) {
    const { start, pieces } = splitBlock(block, size)
    yield { type: 'content_block_start', index, content_block: start }
    for (const delta of pieces) yield { type: 'content_block_delta', index, delta }
    yield { type: 'content_block_stop', index }
  }
}

function splitBlock(block: Block, size: number): { start: Block; pieces: readonly Record<string, unknown>[] } {
  const cut = (text: string): string[] => {
    const list: string[] = []
    for (let i = 0; i < text.length; i += size) list.push(text.slice(i, i + size))
    return list
  }
  if (block.type === 'text') {
    return { start: { ...block, text: '' }, pieces: cut(String(block['text'])).map((text) => ({ type: 'text_delta', text })) }
  }
  if (block.type === 'thinking') {
    const thinking = cut(String(block['thinking'])).map((piece) => ({ type: 'thinking_delta', thinking: piece }))
    return {
      start: { ...block, thinking: '', signature: '' },
      pieces: [...thinking, { type: 'signature_delta', signature: String(block['signature'] ?? '') }],
    }
  }
  if (block.type === 'tool_use') {
    const json = cut(JSON.stringify(block['input'])).map((piece) => ({ type: 'input_json_delta', partial_json: piece }))
    return { start: { ...block, input: {} }, pieces: [{ type: 'input_json_delta', partial_json: '' }, ...json] }
  }
  return { start: block, pieces: [] }
}

function parse(raw: string): MessagesRequest | null {
  try {
    const value: unknown = JSON.parse(raw)
    return typeof value === 'object' && value !== null ? (value as MessagesRequest) : null
  } catch {
    return null
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString('utf8')
}

// The server keeps the process alive, not what it still had to say.
const pause = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms).unref())

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({
    options: { port: { type: 'string' }, reply: { type: 'string' }, delay: { type: 'string' }, key: { type: 'string' } },
  })
  const delayMs = Number(values.delay ?? 0)
  const api = await startFakeMessagesApi({
    port: Number(values.port ?? 0),
    record: false,
    ...(values.key === undefined ? {} : { apiKey: values.key }),
    reply: async (request, index) => {
      const text = values.reply ?? (await echo(request, index))
      return { ...(typeof text === 'string' ? { text } : text), ...(delayMs > 0 ? { delayMs } : {}) }
    },
  })
  console.log(api.url)
  process.once('SIGTERM', () => void api.close())
  process.once('SIGINT', () => void api.close())
}
