// sessions_spawn: hands a task to another agent, in a session of its own, and returns its answer.

import { fields, text } from '../input-fields.ts'
import type { ToolDefinition } from '../port.ts'

const DEFAULT_SECONDS = 300
const MAX_SECONDS = 3600

export const sessionsSpawn: ToolDefinition<{ agent: string; prompt: string; timeout?: number }> = {
  name: 'sessions_spawn',
  description:
    'Give a task to another agent and wait for its answer. It knows nothing of this conversation, so say all it needs in the prompt.',
  inputSchema: fields(
    {
      agent: text('Id of the agent'),
      prompt: text('The task'),
      timeout: { type: 'integer', minimum: 1, maximum: MAX_SECONDS, description: 'Seconds to wait, 300 unless given' },
    },
    ['timeout'],
  ),
  traits: { spends: true, outside: true },
  timeoutMs: MAX_SECONDS * 1000 + 30_000,
  async run({ agent, prompt, timeout = DEFAULT_SECONDS }, { spawn }) {
    const answer = await spawn({ agent, prompt, timeoutMs: timeout * 1000 })
    const { text, isError, attachments = [] } = answer
    // The engine takes the labels of the other session over.
    return { labels: {}, content: text === '' && attachments.length === 0 ? '[no answer]' : text, isError, attachments }
  },
}
