// read_file: the text of a file that the path gate lets this agent read.

import type { ToolContext, ToolResult } from '../port.ts'

/** Far more than a result may hold, so that the cut is made (and said) in one place where the file is of common size. */
const MAX_BYTES = 1_000_000

export async function run(input: { path: string }, { paths }: ToolContext): Promise<ToolResult> {
  const file = await paths.readText(input.path, { maxBytes: MAX_BYTES })
  if (file.bytes === 0) return { content: '[the file is empty]' }
  return { content: file.truncated ? `${file.text}\n[only the first ${MAX_BYTES} of ${file.bytes} bytes were read]` : file.text }
}
