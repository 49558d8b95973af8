// Blocks as a transcript keeps them in, blocks as a request may hold them out: with no field, type or text a service refuses.

import type { ContentBlock, MediaBlock, TextBlock, ToolResultBlock, ToolUseBlock } from '../models/port.ts'
import type { TranscriptEntry } from '../storage/ports.ts'
import { renderBlock } from './render.ts'

type Content = TranscriptEntry['content']

const hasWords = (text: string): boolean => /\S/.test(text)

/** What a user may say: text and media. Tool results are handled where their calls are known. */
export function userBlocks(content: Content): readonly (TextBlock | MediaBlock)[] {
  return asBlocks(content).flatMap((block) => sayable(block) ?? [])
}

/** What a user's entry says to the model: the line on when, where and by whom it was written stands in front. */
export function withContext({ context, content }: Pick<TranscriptEntry, 'context' | 'content'>): readonly ContentBlock[] {
  const blocks = userBlocks(content)
  if (context === undefined || blocks.length === 0) return blocks
  const [first, ...others] = blocks
  return first?.type === 'text'
    ? [{ type: 'text', text: `${context}\n${first.text}` }, ...others]
    : [{ type: 'text', text: context }, ...blocks]
}

/** What a model may have said, in its order. A message of nothing but thoughts says nothing. */
export function assistantBlocks(content: Content): readonly ContentBlock[] {
  const blocks = asBlocks(content).flatMap((block): readonly ContentBlock[] => {
    switch (block.type) {
      case 'text':
        return hasWords(block.text) ? [{ type: 'text', text: block.text }] : []
      case 'tool_use':
        return [toolUse(block)]
      case 'thinking':
        // Services refuse thoughts that are not theirs: each is signed, or says where it goes back to.
        return typeof block['thinking'] === 'string' && (isFilled(block['signature']) || isFilled(block['from'])) ? [block] : []
      case 'redacted_thinking':
        return typeof block['data'] === 'string' ? [block] : []
      default:
        return []
    }
  })
  return blocks.some((block) => block.type === 'text' || block.type === 'tool_use') ? blocks : []
}

function toolUse({ id, name, input, from, fields }: ToolUseBlock): ToolUseBlock {
  const block: ToolUseBlock = { type: 'tool_use', id, name, input: isObject(input) ? input : {} }
  if (typeof from !== 'string') return block
  return { ...block, from, ...(isObject(fields) ? { fields } : {}) }
}

const isFilled = (value: unknown): boolean => typeof value === 'string' && value !== ''

/** A line as text: calls and results are told in words, thoughts are left out; a user's media stay. */
export function plainBlocks({ role, content }: Pick<TranscriptEntry, 'role' | 'content'>): readonly (TextBlock | MediaBlock)[] {
  return asBlocks(content).flatMap((block) => {
    if (block.type === 'tool_use' || block.type === 'tool_result') return { type: 'text', text: `[${renderBlock(block)}]` }
    return role === 'user' || block.type === 'text' ? (sayable(block) ?? []) : []
  })
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
  const title = block.type === 'document' && typeof block.title === 'string' ? { title: block.title } : {}
  return { type: block.type, source: { type, media_type, data }, ...title }
}

const asBlocks = (content: Content): readonly ContentBlock[] =>
  typeof content === 'string' ? [{ type: 'text', text: content }] : content

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
