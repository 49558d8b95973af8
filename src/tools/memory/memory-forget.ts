// memory_forget: one note goes, with all that is kept of it.

import { fields, text } from '../input-fields.ts'
import type { ToolDefinition } from '../port.ts'

export const memoryForget: ToolDefinition<{ key: string }> = {
  name: 'memory_forget',
  description: 'Forget one saved note for good, when the user asks for it or it is wrong. It cannot be brought back.',
  inputSchema: fields({ key: text('The key, as memory_search shows it') }),
  traits: { writes: true, idempotent: true },
  memory: ['write'],
  async run({ key }, { memory }) {
    return { content: (await memory.forget(key)) ? `Forgot ${key}.` : `No memory of yours is called ${key}.` }
  },
}
