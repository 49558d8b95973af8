// ModelRequest → body for the Messages API: cache marks set, and what the service would refuse mended.

import type { ContentBlock, MediaBlock, ModelMessage, ModelRequest, TextBlock } from './port.ts'

type Block = { readonly type: string; readonly [key: string]: unknown }
interface Message {
  readonly role: 'user' | 'assistant'
  readonly content: readonly Block[]
}

const MARK = { cache_control: { type: 'ephemeral' } } as const

export function toMessagesRequest(request: ModelRequest) {
  const tools = request.tools.map((tool, i) => ({
    name: tool.name,
    description: tool.description,
    input_schema: tool.input_schema,
    ...(i === request.tools.length - 1 ? MARK : {}),
  }))
  return {
    model: request.model,
    max_tokens: request.maxTokens,
    ...(request.system.trim() === '' ? {} : { system: [{ type: 'text', text: request.system, ...MARK }] }),
    ...(tools.length === 0 ? {} : { tools }),
    messages: withMarks(toMessages(request.messages)),
  }
}

/** Messages stay the same objects from turn to turn, so what was made of one is made once. */
const made = new WeakMap<ModelMessage, readonly Block[]>()

function contentOf(message: ModelMessage): readonly Block[] {
  const known = made.get(message)
  if (known !== undefined) return known
  const content = blocksOf(message).flatMap(toBlock)
  made.set(message, content)
  return content
}

function toMessages(messages: readonly ModelMessage[]): Message[] {
  const list: Message[] = []
  for (const [i, message] of messages.entries()) {
    const content = contentOf(message)
    if (content.length > 0)
      list.push({ role: message.role, content: i === messages.length - 1 ? trimmed(message.role, content) : content })
    else if (message.role === 'user') list.push({ role: 'user', content: [{ type: 'text', text: '(empty message)' }] })
  }
  return list
}

const blocksOf = (message: ModelMessage): readonly ContentBlock[] =>
  typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : message.content

/** An assistant's message at the end is one to go on with; it must not end in white space. */
function trimmed(role: string, content: readonly Block[]): readonly Block[] {
  const last = content.at(-1)
  if (role !== 'assistant' || last?.type !== 'text') return content
  return [...content.slice(0, -1), { ...last, text: String(last['text']).trimEnd() }]
}

/**
 * Marks the end of the last message, so that the whole conversation is cached for the next call, and the end of the
 * user's message before it, which is where the call before left its mark: the service looks back only so many blocks.
 */
function withMarks(messages: readonly Message[]): readonly Message[] {
  const last = messages.length - 1
  const before = messages.findLastIndex((message, i) => i < last && message.role === 'user')
  return messages.map((message, i) => (i === last || i === before ? { ...message, content: marked(message.content) } : message))
}

function marked(content: readonly Block[]): readonly Block[] {
  const at = content.findLastIndex((block) => block.type !== 'thinking' && block.type !== 'redacted_thinking')
  return content.map((block, i) => (i === at ? { ...block, ...MARK } : block))
}

function toBlock(block: ContentBlock): readonly Block[] {
  switch (block.type) {
    case 'text':
      return isBlank(block.text) ? [] : [{ ...block }]
    case 'thinking':
      // A block that the service did not sign came from another service.
      return typeof block['signature'] === 'string' && block['signature'] !== '' ? [block] : []
    case 'tool_use':
      return [{ ...block, id: safeId(block.id), input: toInput(block.input) }]
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
