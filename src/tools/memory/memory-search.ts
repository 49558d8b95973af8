// memory_search: the notes that fit a query, best first.

import { fields, text } from '../input-fields.ts'
import type { ToolDefinition } from '../port.ts'

const LIMIT = 8

export const memorySearch: ToolDefinition<{ query: string }> = {
  name: 'memory_search',
  description: 'Search what was saved with save_memory, by you or another agent. Do so when earlier conversations may matter.',
  inputSchema: fields({ query: text('Words to look for') }),
  traits: { idempotent: true, outside: true, private: true },
  memory: ['read'],
  async run({ query }, { memory }) {
    const found = await memory.search(query, LIMIT)
    if (found.length === 0) return { content: 'No memory matches.', labels: {} }
    const labels = { private: true, outside: found.some(({ outside }) => outside === true) }
    return { labels, content: found.map(({ key, content }) => `--- ${key} ---\n${content.trim()}`).join('\n\n') }
  },
}
