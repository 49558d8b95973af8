// A server that answers as OpenAI's chat completions do: real sockets, strict about requests, replies and faults on demand.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { checkChatMedia } from './media-rules.ts'

export interface ChatRequest {
  readonly model: string
  readonly messages: readonly { readonly role: string; readonly content?: unknown; readonly [key: string]: unknown }[]
  readonly tools?: readonly { readonly type: string; readonly function: { readonly name: string } }[]
  readonly stream?: boolean
  readonly [key: string]: unknown
}

export interface FakeChatReply {
  readonly text?: string
  readonly refusal?: string
  readonly toolCalls?: readonly { readonly name: string; readonly input: unknown; readonly id?: string }[]
  readonly finishReason?: string
  readonly usage?: Readonly<Record<string, unknown>>
  /** Whole calls in one chunk and without an index, as some servers send them. */
  readonly sloppyCalls?: boolean
  readonly fault?:
    | {
        readonly status: number
        readonly type?: string
        readonly code?: string
        readonly message?: string
        readonly retryAfter?: number
      }
    /** The connection is cut after so many chunks. */
    | { readonly cut: number }
    /** Nothing more comes after so many chunks. */
    | { readonly hang: number }
    /** An error in the stream. */
    | { readonly error: string; readonly message?: string }
}

export interface FakeChatCompletions {
  /** With `/v1`. */
  readonly url: string
  readonly requests: { readonly body: ChatRequest; readonly headers: IncomingMessage['headers']; readonly status: number }[]
  enqueue(...replies: readonly (FakeChatReply | string)[]): void
  close(): Promise<void>
}

export interface FakeChatOptions {
  readonly port?: number
  readonly apiKey?: string
  /** Media are held to the service's limits, and really decoded. */
  readonly strictMedia?: boolean
  /** What it answers when nothing is enqueued; default: says back what was said last. */
  readonly reply?: (body: ChatRequest) => FakeChatReply
  /** Refuses a request that is well formed. */
  readonly refuse?: (body: ChatRequest) => { readonly status: number; readonly message: string } | null
}

export async function startFakeChatCompletions(options: FakeChatOptions = {}): Promise<FakeChatCompletions> {
  const requests: { body: ChatRequest; headers: IncomingMessage['headers']; status: number }[] = []
  const queue: (FakeChatReply | string)[] = []
  const sockets = new Set<Socket>()

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const raw = Buffer.concat(parts).toString('utf8')
    const body = JSON.parse(raw) as ChatRequest
    const refusal: Refusal | null = refuse(request, body, options) ?? refuseBytes(raw) ?? options.refuse?.(body) ?? null
    const next = refusal === null ? (queue.shift() ?? options.reply?.(body) ?? `You said: ${lastText(body)}`) : ''
    const reply: FakeChatReply = typeof next === 'string' ? { text: next } : next
    const fault = refusal ?? reply.fault
    const status = fault !== undefined && 'status' in fault ? fault.status : 200
    requests.push({ body, headers: request.headers, status })
    if (fault !== undefined && 'status' in fault) {
      if (fault.retryAfter !== undefined) response.setHeader('retry-after', String(fault.retryAfter))
      const error = {
        message: fault.message ?? 'error',
        type: fault.type ?? 'invalid_request_error',
        param: null,
        code: fault.code ?? null,
      }
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ error }))
      return
    }
    await stream(response, body, reply)
  }

  const server = createServer((request, response) => {
    response.on('error', () => {})
    handle(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)))
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    enqueue: (...replies) => void queue.push(...replies),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

function lastText(body: ChatRequest): string {
  const content = body.messages.at(-1)?.content
  return typeof content === 'string' ? content : JSON.stringify(content)
}

type Refusal = {
  readonly status: number
  readonly type?: string
  readonly code?: string
  readonly message: string
  readonly retryAfter?: number
}

function refuse(request: IncomingMessage, body: ChatRequest, { apiKey, strictMedia = false }: FakeChatOptions): Refusal | null {
  if (request.method !== 'POST' || request.url !== '/v1/chat/completions')
    return { status: 404, message: `Unknown: ${request.url}` }
  if (apiKey !== undefined && request.headers.authorization !== `Bearer ${apiKey}`) {
    return { status: 401, code: 'invalid_api_key', message: `Incorrect API key provided: ${request.headers.authorization}` }
  }
  const problem = checkChatRequest(body) ?? (strictMedia ? checkChatMedia(body) : null)
  return problem === null ? null : { status: 400, message: problem }
}

function refuseBytes(raw: string): Refusal | null {
  if (Buffer.byteLength(raw) > 50 * 1024 * 1024) return { status: 413, message: 'Payload too large' }
  // JSON.stringify escapes halves of characters alone, and doubles what backslashes the text has.
  const isHalf = JSON.stringify(JSON.parse(raw)).replaceAll('\\\\', '').includes('\\ud')
  return isHalf ? { status: 400, message: 'We could not parse the JSON body of your request.' } : null
}

function checkChatRequest(body: ChatRequest): string | null {
  if (typeof body.model !== 'string') return "Missing required parameter: 'model'."
  if (!Array.isArray(body.messages) || body.messages.length === 0) return "Missing required parameter: 'messages'."
  for (const tool of body.tools ?? []) {
    if (tool.type !== 'function' || !/^[a-zA-Z0-9_-]{1,64}$/.test(tool.function.name))
      return `Invalid 'tools[0].function.name': string does not match pattern.`
  }
  let open: string[] = []
  for (const [i, message] of body.messages.entries()) {
    if (!['system', 'developer', 'user', 'assistant', 'tool'].includes(message.role)) return `Invalid value: messages[${i}].role`
    if (message.role === 'tool') {
      const id = String(message['tool_call_id'])
      if (!open.includes(id)) return "messages with role 'tool' must be a response to a preceding message with 'tool_calls'."
      if (typeof message.content !== 'string') return `Invalid type for messages[${i}].content`
      open = open.filter((other) => other !== id)
      continue
    }
    if (open.length > 0)
      return `An assistant message with 'tool_calls' must be followed by tool messages. Missing: ${open.join(', ')}`
    const calls = message['tool_calls'] as { id: string; function: { name: string; arguments: unknown } }[] | undefined
    if (message.role === 'assistant' && message.content === null && calls === undefined)
      return `messages[${i}]: content or tool_calls is needed`
    if (message.role === 'user' && typeof message.content !== 'string') {
      for (const part of message.content as { type: string }[]) {
        if (!['text', 'image_url', 'file', 'input_audio'].includes(part.type)) return `Invalid value: '${part.type}'.`
      }
    }
    for (const [j, call] of (calls ?? []).entries()) {
      if (!/^[a-zA-Z0-9_-]{1,64}$/.test(call.function.name))
        return `Invalid 'messages[${i}].tool_calls[${j}].function.name': string does not match pattern.`
      if (call.id.length > 40) return `Invalid 'messages[${i}].tool_calls[${j}].id': string too long. Maximum length 40.`
      if (typeof call.function.arguments !== 'string') return `messages[${i}]: arguments must be a string`
      JSON.parse(call.function.arguments)
    }
    open = (calls ?? []).map((call) => call.id)
  }
  return open.length > 0 ? `No tool message for: ${open.join(', ')}` : null
}

async function stream(response: ServerResponse, body: ChatRequest, reply: FakeChatReply): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.flushHeaders()
  const { fault } = reply
  const stopAfter =
    fault !== undefined && 'cut' in fault ? fault.cut : fault !== undefined && 'hang' in fault ? fault.hang : undefined
  const base = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: body.model }
  let sent = 0
  for (const chunk of chunksOf(reply, body)) {
    if (stopAfter !== undefined && sent++ >= stopAfter) {
      if (fault !== undefined && 'hang' in fault) return
      await new Promise((resolve) => setTimeout(resolve, 5))
      response.destroy()
      return
    }
    response.write(`data: ${JSON.stringify({ ...base, ...chunk })}\n\n`)
  }
  if (fault !== undefined && 'error' in fault) {
    response.end(`data: ${JSON.stringify({ error: { type: fault.error, message: fault.message ?? fault.error } })}\n\n`)
  } else response.end('data: [DONE]\n\n')
}

function* chunksOf(reply: FakeChatReply, body: ChatRequest): Generator<object> {
  const choice = (delta: object, finish: string | null = null) => ({ choices: [{ index: 0, delta, finish_reason: finish }] })
  yield choice({ role: 'assistant', content: '' })
  for (const piece of (reply.text ?? '').match(/[\s\S]{1,8}/g) ?? []) yield choice({ content: piece })
  if (reply.refusal !== undefined) yield choice({ refusal: reply.refusal })
  for (const [index, call] of (reply.toolCalls ?? []).entries()) {
    const id = call.id ?? `call_${body.messages.length}_${index}`
    const json = JSON.stringify(call.input)
    if (reply.sloppyCalls)
      yield choice({ tool_calls: [{ id, type: 'function', function: { name: call.name, arguments: json } }] })
    else {
      yield choice({ tool_calls: [{ index, id, type: 'function', function: { name: call.name, arguments: '' } }] })
      // Long inputs in longer pieces: so many are enough.
      const size = Math.max(5, Math.ceil(json.length / 400))
      for (const piece of json.match(new RegExp(`[\\s\\S]{1,${size}}`, 'g')) ?? [])
        yield choice({ tool_calls: [{ index, function: { arguments: piece } }] })
    }
  }
  if (reply.fault !== undefined && 'error' in reply.fault) return
  yield choice({}, reply.finishReason ?? ((reply.toolCalls ?? []).length > 0 ? 'tool_calls' : 'stop'))
  yield {
    choices: [],
    usage: reply.usage ?? { prompt_tokens: 10, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 4 } },
  }
}
