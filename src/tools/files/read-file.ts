// read_file: the text of a file that the path gate lets this agent read.

import { fields, text } from '../input-fields.ts'
import type { ToolDefinition } from '../port.ts'

/** Far more than a result may hold, so that the cut is made (and said) in one place where the file is of common size. */
const MAX_BYTES = 1_000_000

export const readFile: ToolDefinition<{ path: string }> = {
  name: 'read_file',
  description: 'Read a text file of your workspace.',
  inputSchema: fields({ path: text('Path, relative to the workspace') }),
  traits: { idempotent: true, outside: true, private: true },
  async run({ path }, { paths, isOutsideFile }) {
    const file = await paths.readText(path, { maxBytes: MAX_BYTES })
    if (file.bytes === 0) return { content: '[the file is empty]', labels: {} }
    const labels = { private: true, outside: await isOutsideFile(file) }
    return {
      labels,
      content: file.truncated ? `${file.text}\n[only the first ${MAX_BYTES} of ${file.bytes} bytes were read]` : file.text,
    }
  },
}
