// A small registry for tests of the configuration: names and traits, nothing that runs.

import * as channels from '../../src/channels/registry.ts'
import { builtinProviders } from '../../src/models/registry.ts'
import type { Registry } from '../../src/registry.ts'
import type { ToolDefinition, ToolTraits } from '../../src/tools/port.ts'
import { bash } from '../../src/tools/shell/bash.ts'

const tool = (name: string, traits: ToolTraits = {}): ToolDefinition => ({
  name,
  description: name,
  inputSchema: { type: 'object' },
  traits,
  run: () => Promise.reject(new Error('not in this test')),
})

export const registry: Registry = {
  tools: [
    bash,
    tool('read_file'),
    tool('write_file', { writes: true }),
    tool('save_memory', { writes: true }),
    tool('memory_search'),
    tool('web_search', { sends: true }),
    tool('web_fetch', { sends: true }),
    tool('sessions_spawn', { spends: true }),
  ],
  channels: Object.values(channels),
  providers: builtinProviders,
}
