// memory_search: the notes that fit a query, best first.

import type { ToolContext, ToolResult } from '../port.ts'

const LIMIT = 8

export async function run(input: { query: string }, { memory }: ToolContext): Promise<ToolResult> {
  const found = await memory.search(input.query, LIMIT)
  if (found.length === 0) return { content: 'No memory matches.' }
  return { content: found.map(({ key, content }) => `--- ${key} ---\n${content.trim()}`).join('\n\n') }
}
