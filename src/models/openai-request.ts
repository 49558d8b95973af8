// ModelRequest → body for chat completions. Tool results become messages of their own; media that such a message can't
// carry follow in a user's message.

import { createHash } from 'node:crypto'
import type { ChatParameters } from './chat-parameters.ts'
import type { ContentBlock, MediaBlock, ModelMessage, ModelRequest, RequestPlace, ToolResultBlock } from './port.ts'
import type { WirePlace } from './refusal.ts'
import { legalName } from './tool-names.ts'

type Part = { readonly type: string; readonly [key: string]: unknown }
type ChatMessage = { readonly role: string; readonly [key: string]: unknown }

/** `from`: names the service and its model, as in the blocks that it made. */
export function toChatRequest(request: ModelRequest, { limit, without }: ChatParameters, from: string) {
  const tools = request.tools.map((tool) => ({
    type: 'function',
    function: { name: legalName(tool.name), description: tool.description, parameters: tool.input_schema },
  }))
  const ids = callIds(request.messages, from)
  return {
    model: request.model,
    [limit]: request.maxTokens,
    ...(request.effort === undefined || without.has('reasoning_effort') ? {} : { reasoning_effort: request.effort }),
    stream: true,
    ...(without.has('stream_options') ? {} : { stream_options: { include_usage: true } }),
    ...(tools.length === 0 ? {} : { tools }),
    ...(request.toolChoice === undefined
      ? {}
      : { tool_choice: { type: 'function', function: { name: legalName(request.toolChoice) } } }),
    messages: [
      ...(request.system.trim() === '' ? [] : [{ role: 'system', content: request.system }]),
      ...request.messages.flatMap((message) =>
        message.role === 'assistant' ? fromAssistant(message, ids, from) : fromUser(message, ids),
      ),
    ],
  }
}

const blocksOf = (message: ModelMessage): readonly ContentBlock[] =>
  typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : message.content

/**
 * Ids as they are sent. A service gets back its own; those of others become nine letters and digits, which is all that the
 * strictest service takes.
 */
function callIds(messages: readonly ModelMessage[], from: string): ReadonlyMap<string, string> {
  const ids = new Map<string, string>()
  for (const message of messages) {
    if (message.role !== 'assistant' || typeof message.content === 'string') continue
    for (const block of message.content) {
      if (block.type !== 'tool_use') continue
      const sent = block.fields?.['id']
      ids.set(block.id, block.from === from ? (typeof sent === 'string' && sent !== '' ? sent : block.id) : shortId(block.id))
    }
  }
  return ids
}

const shortId = (id: string): string => createHash('sha256').update(id).digest('hex').slice(0, 9)

function fromAssistant(message: ModelMessage, ids: ReadonlyMap<string, string>, from: string): readonly ChatMessage[] {
  const blocks = blocksOf(message)
  const text = blocks.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('')
  const calls = blocks.flatMap((block) => {
    if (block.type !== 'tool_use') return []
    const { id: _, function: inside, ...beside } = block.from === from ? (block.fields ?? {}) : {}
    const called = { name: legalName(block.name), arguments: argumentsOf(block.input), ...(inside as object | undefined) }
    return [{ id: ids.get(block.id), type: 'function', function: called, ...beside }]
  })
  if (text === '' && calls.length === 0) return []
  return [
    {
      role: 'assistant',
      content: text === '' ? null : text,
      ...thoughtsOf(blocks, from, calls.length > 0),
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
    },
  ]
}

/**
 * What the service thought goes back to it as it was sent. Thoughts in words go with calls alone: that is where services
 * want them, and some refuse them elsewhere.
 */
function thoughtsOf(blocks: readonly ContentBlock[], from: string, withCalls: boolean): object {
  const own = blocks.flatMap((block) => (block.type === 'thinking' && block['from'] === from ? [block] : []))
  const fields = Object.assign({}, ...own.map((block) => block['fields'])) as object
  const [first] = own
  const field = first?.['field']
  if (!withCalls || typeof field !== 'string') return fields
  return { [field]: own.map((block) => block['thinking']).join(''), ...fields }
}

/** An input that was cut short stands as a text in the transcript; servers parse the arguments again, so they stay JSON. */
const argumentsOf = (input: unknown): string =>
  JSON.stringify(typeof input === 'object' && input !== null ? input : { unreadable: input ?? null })

function fromUser(message: ModelMessage, ids: ReadonlyMap<string, string>): readonly ChatMessage[] {
  const results: ChatMessage[] = []
  const parts: Part[] = []
  for (const block of blocksOf(message)) {
    if (block.type === 'tool_result') {
      results.push({ role: 'tool', tool_call_id: ids.get(block.tool_use_id) ?? block.tool_use_id, content: resultText(block) })
      if (typeof block.content !== 'string')
        parts.push(...block.content.flatMap((inner) => (inner.type === 'text' ? [] : [toPart(inner)])))
    } else if (block.type === 'text') {
      if (block.text !== '') parts.push({ type: 'text', text: block.text })
    } else if (block.type === 'image' || block.type === 'document') parts.push(toPart(block))
  }
  if (parts.length === 0) return results.length > 0 ? results : [{ role: 'user', content: '(empty message)' }]
  // Servers with text alone refuse lists of parts, so a plain text stays plain.
  const plain = parts.every((part) => part.type === 'text')
  return [...results, { role: 'user', content: plain ? parts.map((part) => part['text']).join('\n') : parts }]
}

function resultText(result: ToolResultBlock): string {
  const { content } = result
  const text =
    typeof content === 'string'
      ? content
      : content.map((block) => (block.type === 'text' ? block.text : `(${block.title ?? block.type}: see below)`)).join('\n')
  const said = result.is_error === true ? `Error: ${text}` : text
  return said.trim() === '' ? '(no output)' : said
}

function toPart(block: MediaBlock): Part {
  const { source, title } = block
  if (source.type === 'text') return { type: 'text', text: title === undefined ? source.data : `${title}:\n${source.data}` }
  const url = `data:${source.media_type};base64,${source.data}`
  if (block.type === 'image') return { type: 'image_url', image_url: { url } }
  return { type: 'file', file: { filename: title ?? 'document.pdf', file_data: url } }
}

type Source = Omit<RequestPlace, 'message'>

/** Where a place of the body is in the request's messages; null: nowhere. */
export function locateInChat({ system, messages }: ModelRequest, { message, part, call }: WirePlace): RequestPlace | null {
  let at = message - (system.trim() === '' ? 0 : 1)
  for (const [index, one] of messages.entries()) {
    const sources = one.role === 'assistant' ? assistantSources(one) : userSources(one)
    if (at >= sources.length) {
      at -= sources.length
      continue
    }
    const source = sources[at]?.[part ?? call ?? 0]
    const isOne = part !== undefined || call !== undefined || sources[at]?.length === 1
    return at < 0 ? null : { message: index, ...(isOne ? source : undefined) }
  }
  return null
}

/** Of the one message that is made of an assistant's: where its calls come from. */
function assistantSources(message: ModelMessage): readonly (readonly Source[])[] {
  const blocks = blocksOf(message)
  const calls = blocks.flatMap((block, index) => (block.type === 'tool_use' ? [{ block: index }] : []))
  const isSaid = calls.length > 0 || blocks.some((block) => block.type === 'text' && block.text !== '')
  return isSaid ? [calls] : []
}

/** Of each message that is made of a user's: where its parts come from. */
function userSources(message: ModelMessage): readonly (readonly Source[])[] {
  const results: (readonly Source[])[] = []
  const parts: Source[] = []
  for (const [index, block] of blocksOf(message).entries()) {
    if (block.type === 'tool_result') {
      results.push([{ block: index }])
      if (typeof block.content !== 'string')
        parts.push(...block.content.flatMap((one, inner) => (one.type === 'text' ? [] : [{ block: index, inner }])))
    } else if (block.type !== 'text' || block.text !== '') parts.push({ block: index })
  }
  return parts.length === 0 && results.length > 0 ? results : [...results, parts]
}
