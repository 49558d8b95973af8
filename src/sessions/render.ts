// Entries in, plain text for a summary out: who said what, which tool gave what.

import type { ContentBlock, ToolResultBlock } from '../models/port.ts'
import type { TranscriptEntry } from '../storage/ports.ts'

/** Of a long result its beginning and its end tell most. */
const RESULT_CHARS = 4_000

export const renderUnit = (unit: readonly TranscriptEntry[]): string => unit.map(renderEntry).join('\n')

function renderEntry({ role, content, userId }: TranscriptEntry): string {
  const who = role === 'assistant' ? 'Assistant' : userId === undefined ? 'User' : `User ${userId}`
  if (typeof content === 'string') return `${who}: ${content}`
  return content
    .map((block) => renderBlock(who, block))
    .filter((text) => text !== '')
    .join('\n')
}

function renderBlock(who: string, block: ContentBlock): string {
  switch (block.type) {
    case 'text':
      return `${who}: ${block.text}`
    case 'tool_use':
      return `${who} calls ${block.name}: ${JSON.stringify(block.input)}`
    case 'tool_result':
      return `${block.is_error === true ? 'Error' : 'Result'}: ${shortened(resultText(block))}`
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

function shortened(text: string): string {
  if (text.length <= RESULT_CHARS) return text
  return `${text.slice(0, RESULT_CHARS * 0.75)}\n[… ${text.length - RESULT_CHARS} characters …]\n${text.slice(-RESULT_CHARS * 0.25)}`
}
