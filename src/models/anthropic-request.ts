// ModelRequest → body text for the Messages API: cache marks set, and what the service would refuse mended.

import type { ContentBlock, MediaBlock, ModelMessage, ModelRequest, TextBlock } from './port.ts'

type Block = { readonly type: string; readonly [key: string]: unknown }
interface Message {
  readonly role: 'user' | 'assistant'
  readonly content: readonly Block[]
}

const MARK = { cache_control: { type: 'ephemeral' } } as const

/** The body as text. What stays the same from call to call is written once: the prefix, and each message. */
export function messagesBody(request: ModelRequest): string {
  const head = `{"model":${JSON.stringify(request.model)},"max_tokens":${request.maxTokens},"stream":true`
  const { items, last, before } = toMessages(request.messages)
  const texts = items.map((item, i) => (i === last || i === before ? marked(item) : item.text))
  return `${head}${prefixText(request)},"messages":[${texts.join(',')}]}`
}

const prefixTexts = new WeakMap<ModelRequest['tools'], { readonly system: string; readonly text: string }>()

function prefixText({ system, tools }: ModelRequest): string {
  const known = prefixTexts.get(tools)
  if (known?.system === system) return known.text
  const list = tools.map((tool, i) => ({
    name: tool.name,
    description: tool.description,
    input_schema: tool.input_schema,
    ...(i === tools.length - 1 ? MARK : {}),
  }))
  const text =
    (system.trim() === '' ? '' : `,"system":${JSON.stringify([{ type: 'text', text: system, ...MARK }])}`) +
    (list.length === 0 ? '' : `,"tools":${JSON.stringify(list)}`)
  prefixTexts.set(tools, { system, text })
  return text
}

interface Item extends Message {
  readonly text: string
}
/** Messages stay the same objects from turn to turn, so what was made of one is made once. */
const made = new WeakMap<ModelMessage, Item>()

function itemOf(message: ModelMessage): Item {
  const known = made.get(message)
  if (known !== undefined) return known
  const item = toItem(message.role, blocksOf(message).flatMap(toBlock))
  made.set(message, item)
  return item
}

const toItem = (role: Message['role'], content: readonly Block[]): Item => ({
  role,
  content,
  text: JSON.stringify({ role, content }),
})

const EMPTY = toItem('user', [{ type: 'text', text: '(empty message)' }])

/**
 * With the places to mark: the end of the last message, so that the whole conversation is cached for the next call, and the
 * end of the user's message before it, which is where the call before left its mark: the service looks back only so many blocks.
 */
function toMessages(messages: readonly ModelMessage[]): { items: readonly Item[]; last: number; before: number } {
  const items: Item[] = []
  for (const [i, message] of messages.entries()) {
    const item = itemOf(message)
    if (item.content.length === 0) {
      if (message.role === 'user') items.push(EMPTY)
    } else items.push(i === messages.length - 1 ? trimmed(item) : item)
  }
  const last = items.length - 1
  return { items, last, before: items.findLastIndex((item, i) => i < last && item.role === 'user') }
}

function marked({ role, content }: Message): string {
  const at = content.findLastIndex((block) => block.type !== 'thinking' && block.type !== 'redacted_thinking')
  return JSON.stringify({ role, content: content.map((block, i) => (i === at ? { ...block, ...MARK } : block)) })
}

const blocksOf = (message: ModelMessage): readonly ContentBlock[] =>
  typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : message.content

/** An assistant's message at the end is one to go on with; it must not end in white space. */
function trimmed(item: Item): Item {
  const last = item.content.at(-1)
  if (item.role !== 'assistant' || last?.type !== 'text') return item
  return toItem(item.role, [...item.content.slice(0, -1), { ...last, text: String(last['text']).trimEnd() }])
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
