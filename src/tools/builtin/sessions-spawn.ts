// sessions_spawn: hands a task to another agent, in a session of its own, and gives back its answer.

import type { ToolContext, ToolResult } from '../port.ts'

const DEFAULT_SECONDS = 300

export async function run(
  input: { agent: string; prompt: string; timeout?: number },
  { spawn }: ToolContext,
): Promise<ToolResult> {
  const answer = await spawn({
    agent: input.agent,
    prompt: input.prompt,
    timeoutMs: (input.timeout ?? DEFAULT_SECONDS) * 1000,
  })
  return { content: answer.text === '' ? '[no answer]' : answer.text, ...(answer.isError ? { isError: true } : {}) }
}
