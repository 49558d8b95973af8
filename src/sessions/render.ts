// Entries in, plain text for a summary out: who said what, which tool gave what.

import type { ContentBlock, ToolResultBlock } from '../models/port.ts'
import type { TranscriptEntry } from '../storage/ports.ts'
import { withoutMiddle } from '../text-cut.ts'

/** Of a long result its beginning and its end tell most. */
const RESULT_CHARS = 4_000

export const renderUnit = (unit: readonly TranscriptEntry[]): string => unit.map(renderEntry).join('\n')

function renderEntry({ role, content, userId }: TranscriptEntry): string {
  const who = role === 'assistant' ? 'Assistant' : userId === undefined ? 'User' : `User ${userId}`
  if (typeof content === 'string') return `${who}: ${content}`
  return content
    .map((block) => renderBlock(block, who))
    .filter((text) => text !== '')
    .join('\n')
}

export function renderBlock(block: ContentBlock, who = 'Assistant'): string {
  switch (block.type) {
    case 'text':
      return `${who}: ${block.text}`
    case 'tool_use':
      return `${who} calls ${block.name}: ${withoutMiddle(JSON.stringify(block.input) ?? '', RESULT_CHARS)}`
    case 'tool_result':
      return `${block.is_error === true ? 'Error' : 'Result'}: ${withoutMiddle(resultText(block), RESULT_CHARS)}`
    case 'image':
    case 'document':
      return `${who} shows ${block.title === undefined ? `an attachment (${block.type})` : `“${block.title}”`}`
    default:
      return ''
  }
}

const resultText = ({ content }: ToolResultBlock): string =>
  typeof content === 'string'
    ? content
    : (content ?? []).map((block) => (block.type === 'text' ? block.text : `[${block.type}]`)).join('\n')
