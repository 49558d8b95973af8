// bash: one command, through the runner that executes exactly what was checked.

import type { ToolContext, ToolResult } from '../port.ts'

const TIMEOUT_MS = 120_000

export async function run(input: { command: string }, { shell, signal }: ToolContext): Promise<ToolResult> {
  const result = await shell.run(input.command, { signal, timeoutMs: TIMEOUT_MS })
  const notes: string[] = []
  if (result.truncatedBytes > 0) notes.push(`[${result.truncatedBytes} bytes of output left out]`)
  if (result.timedOut) notes.push(`[stopped: it ran longer than ${TIMEOUT_MS / 1000} seconds]`)
  else if (result.exitCode === null) notes.push('[stopped before it ended]')
  else if (result.exitCode !== 0) notes.push(`[exit code ${result.exitCode}]`)
  const output = result.output.trimEnd()
  const content = [...(output === '' ? [] : [output]), ...notes].join('\n')
  const failed = result.exitCode !== 0
  return { content: content === '' ? '[no output]' : content, ...(failed ? { isError: true } : {}) }
}
