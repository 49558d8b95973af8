// bash: one command, through the runner that executes exactly what was checked.

import { fields, text } from '../input-fields.ts'
import type { ToolDefinition, ToolResult } from '../port.ts'

const TIMEOUT_MS = 120_000

export const bash: ToolDefinition<{ command: string }> = {
  name: 'bash',
  description:
    'Run a bash command in your workspace folder and get its output and exit code. Each call starts from scratch: no folder or variable carries over. Plain commands run at once; others may wait for a person to approve them.',
  inputSchema: fields({ command: text('The command') }),
  traits: { runs: true, writes: true, asks: true, outside: true, private: true },
  timeoutMs: TIMEOUT_MS + 10_000,
  judge: (input, policy) => policy.judgeCommand(commandOf(input)),
  commandOf,
  describe: (input) => commandOf(input) ?? JSON.stringify(input, null, 2),
  async run({ command }, { shell, signal }): Promise<ToolResult> {
    const result = await shell.run(command, { signal, timeoutMs: TIMEOUT_MS })
    const notes: string[] = []
    if (result.truncatedBytes > 0) notes.push(`[${result.truncatedBytes} bytes of output left out]`)
    if (result.timedOut) notes.push(`[stopped: it ran longer than ${TIMEOUT_MS / 1000} seconds]`)
    else if (result.exitCode === null) notes.push('[stopped before it ended]')
    else if (result.exitCode !== 0) notes.push(`[exit code ${result.exitCode}]`)
    const output = result.output.trimEnd()
    const content = [...(output === '' ? [] : [output]), ...notes].join('\n')
    return { content: content === '' ? '[no output]' : content, isError: result.exitCode !== 0 }
  },
}

function commandOf(input: unknown): string | undefined {
  const command = typeof input === 'object' && input !== null && 'command' in input ? input.command : undefined
  return typeof command === 'string' ? command : undefined
}
