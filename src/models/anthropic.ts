// The Messages API through Anthropic's client: a ModelRequest in, the answer out, text on the way. A body has its cache marks set,
// and nothing in it that the service would refuse. Also for servers that imitate
// the API: see `baseURL` and a key of `none`.

import type { ProviderSpec } from '../plan/plan.ts'
import type { Clock, Random } from '../ports.ts'
import { abortSignal } from '../stop.ts'
import { wellFormedJson } from '../text-cut.ts'
import { readAnswer } from './answer-body.ts'
import { createMessageReader, type StreamEvent } from './anthropic-stream.ts'
import { createClientProvider } from './client-provider.ts'
import { MESSAGES_LIMITS } from './media-limits.ts'
import { listOf } from './model-list.ts'
import type {
  ContentBlock,
  MediaBlock,
  ModelMessage,
  ModelProvider,
  ModelRequest,
  OfferedModel,
  RequestPlace,
  TextBlock,
} from './port.ts'
import type { WirePlace } from './refusal.ts'
import { legalName } from './tool-names.ts'

const JSON_TEXT = { 'content-type': 'application/json', accept: 'text/event-stream' }

export const createAnthropicProvider = (spec: ProviderSpec, world: { clock: Clock; random: Random }): ModelProvider =>
  createClientProvider(spec, world, {
    keyHeaders: ['authorization', 'x-api-key'],
    keyVariable: 'ANTHROPIC_API_KEY',
    limits: MESSAGES_LIMITS,
    locate: locateInMessages,
    async load({ apiKey, keyless, headers, options }) {
      const { default: Anthropic } = await import('@anthropic-ai/sdk')
      const base = spec.baseURL ?? process.env['ANTHROPIC_BASE_URL']
      // The client sends the key as a bearer token; servers that imitate the API often look for x-api-key.
      const imitation = base !== undefined && new URL(base).hostname !== 'api.anthropic.com'
      return new Anthropic({
        ...options,
        apiKey,
        authToken: null,
        ...(base === undefined ? {} : { baseURL: base.replace(/\/+(?:v1\/*)?$/, '') }),
        defaultHeaders: {
          ...(keyless ? { authorization: null } : {}),
          ...(imitation && !keyless ? { 'x-api-key': apiKey } : {}),
          ...headers,
        },
      })
    },
    async list(api, signal) {
      const offered: OfferedModel[] = []
      for (let after: string | undefined; ; ) {
        const query = { limit: 1000, after_id: after }
        const page = await listOf(await api.get('/v1/models', { query, signal: abortSignal(signal) }).asResponse())
        offered.push(...page.models)
        if (page.next === undefined) return offered
        after = page.next
      }
    },
    prepare(api, request, calls, { onText }) {
      const body = messagesBody(request)
      return async (signal, began) => {
        // Not `messages.create`: that writes a notice to the console at every call of an older model. Blocks of kinds the
        // client doesn't know pass this way, too.
        const response = await calls.post(body, signal, (fetchOptions) =>
          api
            .post('/v1/messages', { body, headers: JSON_TEXT, stream: true, signal: abortSignal(signal), fetchOptions })
            .asResponse(),
        )
        began()
        const reader = createMessageReader(onText)
        await readAnswer<StreamEvent>(response, reader)
        return reader.result(request.model)
      }
    },
  })

type Block = { readonly type: string; readonly [key: string]: unknown }

const MARK = { cache_control: { type: 'ephemeral' } } as const

/** The body as text. What stays the same from call to call is written once: the prefix, and each message. */
export function messagesBody(request: ModelRequest): string {
  const head = `{"model":${JSON.stringify(request.model)},"max_tokens":${request.maxTokens},"stream":true`
  const effort = request.effort === undefined ? '' : `,"output_config":{"effort":"${request.effort}"}`
  const forced =
    request.toolChoice === undefined
      ? ''
      : `,"tool_choice":${JSON.stringify({ type: 'tool', name: legalName(request.toolChoice) })}`
  return `${head}${effort}${forced}${prefixText(request)},"messages":[${messageTexts(request.messages).join(',')}]}`
}

const prefixTexts = new WeakMap<ModelRequest['tools'], { readonly system: string; readonly text: string }>()

function prefixText({ system, tools }: ModelRequest): string {
  const known = prefixTexts.get(tools)
  if (known?.system === system) return known.text
  const list = tools.map((tool, i) => ({
    name: legalName(tool.name),
    description: tool.description,
    input_schema: tool.input_schema,
    ...(i === tools.length - 1 ? MARK : {}),
  }))
  const text =
    (system.trim() === '' ? '' : `,"system":${wellFormedJson([{ type: 'text', text: system, ...MARK }])}`) +
    (list.length === 0 ? '' : `,"tools":${wellFormedJson(list)}`)
  prefixTexts.set(tools, { system, text })
  return text
}

/** Messages stay the same objects from turn to turn, so each is written once. '': nothing of it may be sent. */
const written = new WeakMap<ModelMessage, string>()

function textOf(message: ModelMessage): string {
  const known = written.get(message)
  if (known !== undefined) return known
  const content = contentOf(message)
  const text = content.length === 0 ? '' : wellFormedJson({ role: message.role, content })
  written.set(message, text)
  return text
}

const contentOf = (message: ModelMessage): readonly Block[] => blocksOf(message).flatMap(toBlock)
const EMPTY: ModelMessage = { role: 'user', content: [{ type: 'text', text: '(empty message)' }] }

const isSent = (message: ModelMessage): boolean => textOf(message) !== '' || message.role === 'user'

/** Where a place of the body is in the request's messages; null: nowhere. */
export function locateInMessages({ messages }: ModelRequest, { message, part, inner }: WirePlace): RequestPlace | null {
  const found = messages.filter(isSent)[message]
  if (found === undefined) return null
  const blocks = blocksOf(found)
  const block = part === undefined ? undefined : sourcesOf(blocks)[part]
  const result = block === undefined ? undefined : blocks[block]
  const isInside = inner !== undefined && result?.type === 'tool_result' && typeof result.content !== 'string'
  return { message: messages.indexOf(found), block, inner: isInside ? sourcesOf(result.content)[inner] : undefined }
}

/** Of each block that is sent, the index of what it was made of. */
const sourcesOf = (blocks: readonly ContentBlock[]): readonly number[] =>
  blocks.flatMap((block, index) => toBlock(block).map(() => index))

/**
 * The end of the last message is marked, so that the whole conversation is cached for the next call, and the end of the user's
 * message before it, which is where the call before left its mark: the service looks back only so many blocks.
 */
function messageTexts(messages: readonly ModelMessage[]): readonly string[] {
  const sent = messages.filter(isSent).map((message) => (textOf(message) === '' ? EMPTY : message))
  const last = sent.length - 1
  const before = sent.findLastIndex((message, i) => i < last && message.role === 'user')
  return sent.map((message, i) => {
    if (i === last) return marked(message.role, trimmed(message.role, contentOf(message)))
    return i === before ? marked(message.role, contentOf(message)) : textOf(message)
  })
}

function marked(role: ModelMessage['role'], content: readonly Block[]): string {
  const at = content.findLastIndex((block) => block.type !== 'thinking' && block.type !== 'redacted_thinking')
  return wellFormedJson({ role, content: content.map((block, i) => (i === at ? Object.assign({}, block, MARK) : block)) })
}

const blocksOf = (message: ModelMessage): readonly ContentBlock[] =>
  typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : message.content

/** An assistant's message at the end is one to go on with; it must not end in white space. */
function trimmed(role: ModelMessage['role'], content: readonly Block[]): readonly Block[] {
  const last = content.at(-1)
  if (role !== 'assistant' || last?.type !== 'text') return content
  return [...content.slice(0, -1), { ...last, text: String(last['text']).trimEnd() }]
}

function toBlock(block: ContentBlock): readonly Block[] {
  switch (block.type) {
    case 'text':
      return isBlank(block.text) ? [] : [{ ...block }]
    case 'thinking':
      // A block that the service did not sign came from another service.
      return typeof block['signature'] === 'string' && block['signature'] !== '' ? [block] : []
    case 'tool_use':
      return [{ type: 'tool_use', id: safeId(block.id), name: legalName(block.name), input: toInput(block.input) }]
    case 'tool_result':
      return [{ ...block, tool_use_id: safeId(block.tool_use_id), content: toResult(block.content) }]
    case 'image':
    case 'document':
      return [toMedia(block)]
    default:
      return [block]
  }
}

const isBlank = (text: string): boolean => text.trim() === ''

const safeId = (id: string): string => id.replace(/[^a-zA-Z0-9_-]/g, '_')

/** An input that was cut short stands as a text in the transcript; the service takes maps only. */
function toInput(input: unknown): object {
  return typeof input === 'object' && input !== null && !Array.isArray(input) ? input : { unreadable: input ?? null }
}

function toResult(content: string | readonly (TextBlock | MediaBlock)[]): string | readonly Block[] {
  return typeof content === 'string' ? content : content.flatMap(toBlock)
}

function toMedia(block: MediaBlock): Block {
  const { source } = block
  return source.type === 'text' ? { ...block, source: { ...source, media_type: 'text/plain' } } : { ...block }
}
