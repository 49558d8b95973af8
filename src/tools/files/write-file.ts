// write_file: a text file where the path gate lets this agent write.

import { fields, text } from '../input-fields.ts'
import type { ToolDefinition } from '../port.ts'

export const writeFile: ToolDefinition<{ path: string; content: string }> = {
  name: 'write_file',
  description: 'Write a text file in your workspace. Folders are made as needed; a file that stands there is replaced.',
  inputSchema: fields({
    path: text('Path, relative to the workspace'),
    content: { type: 'string', description: 'The whole new content' },
  }),
  traits: { writes: true, idempotent: true },
  async run({ path, content }, { paths }) {
    const done = await paths.writeText(path, content)
    return { content: `${done.created ? 'Wrote' : 'Replaced'} ${path} (${done.bytes} bytes)` }
  },
}
