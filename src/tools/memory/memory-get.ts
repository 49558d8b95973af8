// memory_get: one note, whole, by its key.

import { fields, text } from '../input-fields.ts'
import type { ToolDefinition } from '../port.ts'

export const memoryGet: ToolDefinition<{ key: string }> = {
  name: 'memory_get',
  description: 'Read one saved note by its key.',
  inputSchema: fields({ key: text('The key, as memory_search shows it') }),
  traits: { idempotent: true, outside: true, private: true },
  memory: ['read'],
  async run({ key }, { memory }) {
    const note = await memory.read(key)
    if (note === null) return { content: `No memory is called ${key}.`, isError: true }
    return { content: note.content, labels: { private: true, outside: note.outside } }
  },
}
