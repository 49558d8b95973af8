// Messages as a request would hold them in, what is wrong with them out: the service's own rules, and stricter ones of ours.

import type { ModelMessage } from '../../src/models/port.ts'
import { checkRequest, type MessagesRequest } from './messages-rules.ts'

/** The first thing wrong, or null. `last: 'user'` (default) also asks that a model may be called with them. */
export function checkMessages(messages: readonly ModelMessage[], options: { last?: 'user' | 'any' } = {}): string | null {
  const problem = checkRequest({ model: 'any', max_tokens: 1, messages: messages as unknown as MessagesRequest['messages'] })
  if (problem !== null) return problem
  for (const [i, message] of messages.entries()) {
    if (message.role !== (i % 2 === 0 ? 'user' : 'assistant')) return `messages.${i}: roles must alternate`
    if (typeof message.content === 'string' && message.content.trim() === '') return `messages.${i}: blank content`
    const extra =
      typeof message.content === 'string' ? undefined : message.content.find((block) => !FIELDS[block.type]?.has(shapeOf(block)))
    if (extra !== undefined) return `messages.${i}: unexpected block ${JSON.stringify(extra).slice(0, 200)}`
    if (message.role === 'assistant' && onlyThoughts(message)) return `messages.${i}: nothing but thoughts`
  }
  return (options.last ?? 'user') === 'user' && messages.at(-1)?.role !== 'user' ? 'the last message must be of the user' : null
}

const FIELDS: Readonly<Record<string, ReadonlySet<string>>> = {
  text: new Set(['text,type']),
  tool_use: new Set(['id,input,name,type']),
  tool_result: new Set(['content,tool_use_id,type', 'content,is_error,tool_use_id,type']),
  image: new Set(['source,type']),
  document: new Set(['source,type', 'source,title,type']),
  thinking: new Set(['signature,thinking,type']),
  redacted_thinking: new Set(['data,type']),
}

const shapeOf = (block: object): string => Object.keys(block).sort().join(',')

const onlyThoughts = ({ content }: ModelMessage): boolean =>
  typeof content !== 'string' && content.every((block) => block.type === 'thinking' || block.type === 'redacted_thinking')
