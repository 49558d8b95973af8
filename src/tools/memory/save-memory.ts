// save_memory: one note of the person the turn works for, or of the scope that the agent writes to.

import { fields, text } from '../input-fields.ts'
import type { ToolDefinition } from '../port.ts'

export const saveMemory: ToolDefinition<{ key: string; content: string }> = {
  name: 'save_memory',
  description:
    'Save something worth knowing in later conversations: preferences, facts, decisions, findings. Saving under the same key replaces what stood there.',
  inputSchema: fields({
    key: { ...text('Short label, such as user-preferences'), maxLength: 500 },
    content: text('What to remember, in full sentences'),
  }),
  traits: { writes: true, idempotent: true },
  memory: ['write'],
  async run({ key, content }, { memory, agent }) {
    const saved = await memory.save(key, content, { agentId: agent.id })
    return { content: `Saved to memory: ${saved.key}${saved.replaced ? ' (replaced what stood there)' : ''}` }
  },
}
