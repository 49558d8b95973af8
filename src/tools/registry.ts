// The tools that ship, as data: names, descriptions, input schemas and traits. A tool's code loads when it is first called.

import type { ToolDefinition } from './port.ts'

type Field = Readonly<Record<string, unknown>>

const text = (description: string): Field => ({ type: 'string', minLength: 1, description })

/** An input schema: an object of these fields and no other. Fields are required unless named in `optional`. */
function fields(properties: Readonly<Record<string, Field>>, optional: readonly string[] = []): Field {
  const required = Object.keys(properties).filter((name) => !optional.includes(name))
  return { type: 'object', properties, required, additionalProperties: false }
}

const MINUTE = 60_000

/** Longest wait for a sub-agent, in seconds. */
const MAX_SPAWN_SECONDS = 3600

export const builtinTools: readonly ToolDefinition[] = [
  {
    name: 'bash',
    description:
      'Run a bash command in your workspace folder and get its output and exit code. Each call starts afresh: no folder or variable carries over. Plain commands run at once; others may wait for a person to approve them.',
    inputSchema: fields({ command: text('The command') }),
    traits: { runs: true, writes: true, asks: true, outside: true },
    timeoutMs: 2 * MINUTE + 10_000,
    load: async () => (await import('./builtin/bash.ts')).run,
  },
  {
    name: 'read_file',
    description: 'Read a text file of your workspace.',
    inputSchema: fields({ path: text('Path, relative to the workspace') }),
    traits: { idempotent: true, outside: true },
    load: async () => (await import('./builtin/read-file.ts')).run,
  },
  {
    name: 'write_file',
    description: 'Write a text file in your workspace. Folders are made as needed; a file that stands there is replaced.',
    inputSchema: fields({
      path: text('Path, relative to the workspace'),
      content: { type: 'string', description: 'The whole new content' },
    }),
    traits: { writes: true, idempotent: true },
    load: async () => (await import('./builtin/write-file.ts')).run,
  },
  {
    name: 'web_fetch',
    description: 'Fetch a public web page and read it as Markdown. JSON and plain text come as they are.',
    inputSchema: fields({ url: text('An http or https address') }),
    traits: { sends: true, idempotent: true, outside: true },
    load: async () => (await import('./builtin/web-fetch.ts')).run,
  },
  {
    name: 'web_search',
    description: 'Search the web: titles, addresses and excerpts. Read a result in full with web_fetch.',
    inputSchema: fields({ query: text('What to search for') }),
    traits: { sends: true, idempotent: true, outside: true },
    load: async () => (await import('./builtin/web-search.ts')).run,
  },
  {
    name: 'save_memory',
    description:
      'Save something worth knowing in later conversations: preferences, facts, decisions, findings. Saving under the same key replaces what stood there.',
    inputSchema: fields({
      key: { ...text('Short label, such as user-preferences'), maxLength: 500 },
      content: text('What to remember, in full sentences'),
    }),
    traits: { writes: true, idempotent: true },
    load: async () => (await import('./builtin/save-memory.ts')).run,
  },
  {
    name: 'memory_search',
    description: 'Search what was saved with save_memory, by you or another agent. Do so when earlier conversations may matter.',
    inputSchema: fields({ query: text('Words to look for') }),
    traits: { idempotent: true, outside: true },
    load: async () => (await import('./builtin/memory-search.ts')).run,
  },
  {
    name: 'sessions_spawn',
    description:
      'Give a task to another agent and wait for its answer. It knows nothing of this conversation, so say all it needs in the prompt.',
    inputSchema: fields(
      {
        agent: text('Id of the agent'),
        prompt: text('The task'),
        timeout: { type: 'integer', minimum: 1, maximum: MAX_SPAWN_SECONDS, description: 'Seconds to wait, 300 unless given' },
      },
      ['timeout'],
    ),
    traits: { spends: true, outside: true },
    timeoutMs: MAX_SPAWN_SECONDS * 1000 + 30_000,
    load: async () => (await import('./builtin/sessions-spawn.ts')).run,
  },
]
