// Blocks as a transcript keeps them in, blocks as a request may hold them out: with no field, type or text a service refuses.

import type { ContentBlock, MediaBlock, TextBlock, ToolResultBlock, ToolUseBlock } from '../models/port.ts'
import type { TranscriptEntry } from '../storage/ports.ts'
import { renderBlock } from './render.ts'

type Content = TranscriptEntry['content']

/** Hears which block of a request was made of which block of a line. */
export type BlockListener = (block: ContentBlock, index: number) => void

/** Blocks made of a content's, each told of. */
function made<B extends ContentBlock>(
  content: Content,
  make: (block: ContentBlock) => B | null,
  onBlock?: BlockListener,
): readonly B[] {
  return asBlocks(content).flatMap((block, index) => {
    const now = make(block)
    if (now === null) return []
    onBlock?.(now, index)
    return [now]
  })
}

const hasWords = (text: string): boolean => /\S/.test(text)

/** What a user may say: text and media. Tool results are handled where their calls are known. */
export const userBlocks = (content: Content, onBlock?: BlockListener): readonly (TextBlock | MediaBlock)[] =>
  made(content, sayable, onBlock)

/** What a user's entry says to the model: the line on when, where and by whom it was written stands in front. */
export function withContext(
  { context, content }: Pick<TranscriptEntry, 'context' | 'content'>,
  onBlock?: BlockListener,
): readonly ContentBlock[] {
  let isBegun = context === undefined
  const blocks = made(
    content,
    (block): ContentBlock | null => {
      const said = sayable(block)
      if (isBegun || said === null) return said
      isBegun = true
      return said.type === 'text' ? { type: 'text', text: `${context}\n${said.text}` } : said
    },
    onBlock,
  )
  return context === undefined || blocks.length === 0 || blocks[0]?.type === 'text'
    ? blocks
    : [{ type: 'text', text: context }, ...blocks]
}

/** What a model may have said, in its order. A message of nothing but thoughts says nothing. */
export function assistantBlocks(content: Content, onBlock?: BlockListener): readonly ContentBlock[] {
  const blocks = made(content, spoken, onBlock)
  return blocks.some((block) => block.type === 'text' || block.type === 'tool_use') ? blocks : []
}

function spoken(block: ContentBlock): ContentBlock | null {
  switch (block.type) {
    case 'text':
      return hasWords(block.text) ? { type: 'text', text: block.text } : null
    case 'tool_use':
      return toolUse(block)
    case 'thinking':
      // Services refuse thoughts that are not theirs: each is signed, or says where it goes back to.
      return typeof block['thinking'] === 'string' && (isFilled(block['signature']) || isFilled(block['from'])) ? block : null
    case 'redacted_thinking':
      return typeof block['data'] === 'string' ? block : null
    default:
      return null
  }
}

function toolUse({ id, name, input, from, fields }: ToolUseBlock): ToolUseBlock {
  const block: ToolUseBlock = { type: 'tool_use', id, name, input: isObject(input) ? input : {} }
  if (typeof from !== 'string') return block
  return { ...block, from, ...(isObject(fields) ? { fields } : {}) }
}

const isFilled = (value: unknown): boolean => typeof value === 'string' && value !== ''

/** A line as text: calls and results are told in words, thoughts are left out; a user's media stay. */
export function plainBlocks(
  { role, content }: Pick<TranscriptEntry, 'role' | 'content'>,
  onBlock?: BlockListener,
): readonly (TextBlock | MediaBlock)[] {
  return made(
    content,
    (block) => {
      if (block.type === 'tool_use' || block.type === 'tool_result') return { type: 'text', text: `[${renderBlock(block)}]` }
      return role === 'user' || block.type === 'text' ? sayable(block) : null
    },
    onBlock,
  )
}

export const resultsIn = (content: Content): readonly ToolResultBlock[] =>
  asBlocks(content).filter((block): block is ToolResultBlock => block.type === 'tool_result')

/** A result for the call `id`. */
export function resultBlock(id: string, result: ToolResultBlock): ToolResultBlock {
  const error = result.is_error === true ? { is_error: true } : {}
  return { type: 'tool_result', tool_use_id: id, content: resultContent(result), ...error }
}

/** Stands where no result ever came. Always the same words, so that a request's beginning never changes. */
export const missingResult = (id: string): ToolResultBlock => ({
  type: 'tool_result',
  tool_use_id: id,
  content: 'There is no result: the engine stopped before this call ended. It may or may not have happened.',
  is_error: true,
})

function resultContent({ content, is_error }: ToolResultBlock): ToolResultBlock['content'] {
  const empty = is_error === true ? '(no message)' : ''
  if (typeof content === 'string') return hasWords(content) ? content : empty
  const blocks = (content ?? []).flatMap((block) => sayable(block) ?? [])
  return blocks.length === 0 ? empty : blocks
}

function sayable(block: ContentBlock): TextBlock | MediaBlock | null {
  if (block.type === 'text') return hasWords(block.text) ? { type: 'text', text: block.text } : null
  if (block.type !== 'image' && block.type !== 'document') return null
  const { type, media_type, data } = block.source
  if (data === '') return null
  // The same object where nothing has to go: what is known of a picture is known by it.
  const source = Object.keys(block.source).length === 3 ? block.source : { type, media_type, data }
  const title = block.type === 'document' && typeof block.title === 'string' ? { title: block.title } : {}
  return { type: block.type, source, ...title }
}

const asBlocks = (content: Content): readonly ContentBlock[] =>
  typeof content === 'string' ? [{ type: 'text', text: content }] : content

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
