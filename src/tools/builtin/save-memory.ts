// save_memory: one note in the memory all agents share.

import type { ToolContext, ToolResult } from '../port.ts'

export async function run(input: { key: string; content: string }, { memory, agent }: ToolContext): Promise<ToolResult> {
  const saved = await memory.save(input.key, input.content, { agentId: agent.id })
  return { content: `Saved to memory: ${saved.key}${saved.replaced ? ' (replaced what stood there)' : ''}` }
}
