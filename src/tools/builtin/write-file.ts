// write_file: a text file where the path gate lets this agent write.

import type { ToolContext, ToolResult } from '../port.ts'

export async function run(input: { path: string; content: string }, { paths }: ToolContext): Promise<ToolResult> {
  const done = await paths.writeText(input.path, input.content)
  return { content: `${done.created ? 'Wrote' : 'Replaced'} ${input.path} (${done.bytes} bytes)` }
}
